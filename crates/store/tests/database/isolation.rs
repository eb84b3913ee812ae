//! Who may do what to whose rows: a matrix that is really tried, and checked in (hazards A1, A3,
//! A4, A8, A11, A12, A13).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::{World, expect_file};

/// A kind of caller: its database role and what the door would set.
struct Caller {
    name: &'static str,
    role: &'static str,
    settings: Vec<(&'static str, String)>,
}

fn callers(world: &World, access: Uuid) -> Vec<Caller> {
    let claims = |user: String, tenant: Option<String>| {
        let app = tenant.map_or_else(|| json!({}), |tenant| json!({"tenant_id": tenant}));
        ("request.jwt.claims", json!({"sub": user, "app_metadata": app}).to_string())
    };
    let shop = |tenant: store::TenantId| ("app.tenant_id", tenant.to_string());
    let (a, b) = (world.a, world.b);
    let a_claims = claims(a.user.to_string(), Some(a.tenant.to_string()));
    let b_claims = claims(b.user.to_string(), Some(b.tenant.to_string()));
    let admin = claims(world.admin.to_string(), None);
    let opened = ("app.access_id", access.to_string());
    let member = |user: store::UserId| claims(user.to_string(), Some(a.tenant.to_string()));
    let key = |key: store::ApiKeyId| ("app.api_key_id", key.to_string());
    let nobody = ("request.jwt.claims", json!({"role": "authenticated"}).to_string());
    let caller = |name, role, settings| Caller { name, role, settings };
    vec![
        caller("anon", "anon", vec![]),
        caller("service_role", "service_role", vec![]),
        caller("no claims", "loket_user", vec![]),
        caller("pending", "loket_user", vec![claims(world.pending.to_string(), None)]),
        caller("user A", "loket_user", vec![shop(a.tenant), a_claims.clone()]),
        caller("user A, claims only", "authenticated", vec![a_claims]),
        caller("agent A", "loket_user", vec![shop(a.tenant), member(a.agent)]),
        caller("viewer A", "loket_user", vec![shop(a.tenant), member(a.viewer)]),
        caller("suspended A", "loket_user", vec![claims(a.suspended.to_string(), None)]),
        caller("suspended A, old token", "authenticated", vec![member(a.suspended)]),
        caller("API key A", "loket_user", vec![shop(a.tenant), nobody.clone(), key(a.api_key)]),
        caller("API key A, revoked", "loket_user", vec![nobody.clone(), key(a.revoked_key)]),
        caller("API key A, B named", "loket_user", vec![shop(b.tenant), nobody, key(a.api_key)]),
        caller("user B", "loket_user", vec![shop(b.tenant), b_claims.clone()]),
        caller("worker A", "loket_worker", vec![shop(a.tenant)]),
        caller("worker B", "loket_worker", vec![shop(b.tenant)]),
        caller("system", "loket_system", vec![]),
        caller("setup", "loket_setup", vec![]),
        caller("auth", "loket_auth", vec![]),
        caller("admin", "loket_admin", vec![admin.clone()]),
        caller("admin, A named", "loket_admin", vec![admin.clone(), shop(a.tenant)]),
        caller(
            "admin, A opened",
            "loket_admin",
            vec![admin.clone(), shop(a.tenant), opened.clone()],
        ),
        caller(
            "admin, A opened, B named",
            "loket_admin",
            vec![admin, shop(b.tenant), opened.clone()],
        ),
        caller("no admin, A opened", "loket_admin", vec![b_claims, shop(a.tenant), opened]),
    ]
}

/// What the new row has that its model has not, per table. A table missing here fails the test.
fn differences(world: &World) -> BTreeMap<&'static str, Value> {
    let id = Uuid::now_v7().to_string();
    let other_rule = "adreswijziging_policy";
    let actor = |role: &str| json!({"id": id, "actor_role": role, "actor_id": null});
    let user = json!({"id": id, "actor_role": "user", "actor_id": world.a.user.to_string()});
    BTreeMap::from([
        ("api_keys", json!({"id": id, "key_hash": "\\x".to_owned() + &"cd".repeat(32)})),
        (
            "tenant_invitations",
            json!({"id": id, "token_hash": "\\x".to_owned() + &"cd".repeat(32)}),
        ),
        ("attachments", json!({"id": id, "place": 2})),
        ("audit_log", user),
        ("audit_log as worker", actor("worker")),
        ("chat_messages", json!({"id": id})),
        ("chat_sessions", json!({"id": id})),
        ("conversation_threads", json!({"id": id})),
        ("customer_interactions", json!({"id": id, "raw_message_id": null})),
        ("email_filters", json!({"id": id, "domain": "nieuw.example"})),
        ("event_counters", json!({})),
        ("events", json!({"seq": 1000})),
        (
            "history_imports",
            json!({"id": id, "state": "stopped", "finished_at": "2026-01-01T00:00:00Z"}),
        ),
        ("jobs", json!({"id": id, "subject_id": id})),
        ("mailboxes", json!({"id": id, "address": "nieuw@a.example"})),
        ("master_business_rules", json!({"rule_key": other_rule})),
        ("message_views", json!({})),
        ("notifications", json!({"id": id})),
        ("offer_accounts", json!({"account_key": "customer:nieuw@x.example"})),
        ("offers", json!({"id": id})),
        ("outbox", json!({"id": id, "message_id": "nieuw@loket.example"})),
        ("person_answers", json!({"id": id, "sha256": "\\x".to_owned() + &"cd".repeat(32)})),
        ("profiles", json!({"user_id": id})),
        ("raw_messages", json!({"id": id, "uid": 1000})),
        ("receipts", json!({})),
        ("reconciliations", json!({"id": id})),
        ("sent_messages", json!({"uid": 1000})),
        ("tenant_business_rule_versions", json!({"id": id, "version": 1000})),
        ("tenant_business_rules", json!({"id": id, "rule_key": other_rule})),
        ("tenants", json!({"tenant_id": id})),
    ])
}

async fn tables(behind: &Client) -> Vec<String> {
    let text = "select relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm') order by 1";
    behind.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Tries a statement as a caller and rolls back. `✔` done, `·` no row seen, `✘` refused.
async fn attempt(behind: &Client, caller: &Caller, statement: &str) -> char {
    let mut text = String::from("begin;");
    for (name, value) in &caller.settings {
        write!(text, "select set_config('{name}', '{value}', true);").unwrap();
    }
    write!(text, "set local role {};", caller.role).unwrap();
    behind.batch_execute(&text).await.unwrap();
    let outcome = behind.simple_query(statement).await;
    behind.batch_execute("rollback").await.unwrap();
    match outcome {
        Ok(messages) => {
            let rows = messages.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                _ => None,
            });
            if rows == Some(0) { '·' } else { '✔' }
        }
        Err(error) => {
            let code = error.code().map_or("", |code| code.code());
            // A unique key is looked at only after row security let the row pass; tables with one
            // row per shop or mail cannot take a second.
            if code == "23505" {
                return '✔';
            }
            assert_eq!(code, "42501", "{statement} as {}: {error:?}", caller.name);
            '✘'
        }
    }
}

/// A column that this role may write, else any that is no key.
async fn column(behind: &Client, table: &str, role: &str, verb: &str) -> String {
    let text = "select quote_ident(a.attname) from pg_attribute a
                where a.attrelid = ('public.' || $1)::regclass and a.attnum > 0 and not a.attisdropped
                  and (a.attname not in ('tenant_id', 'id') and a.attgenerated = '' or $3 = 'select')
                order by has_column_privilege($2::text, a.attrelid, a.attnum, $3) desc, a.attnum desc limit 1";
    behind.query_one(text, &[&table, &role, &verb]).await.unwrap().get(0)
}

/// Inserts a row like A's, with the columns that this role may write, else with all.
async fn insert(behind: &Client, table: &str, role: &str, mine: &str, change: &Value) -> String {
    let row = format!("select to_jsonb(t) || $1 from public.{table} t where {mine} limit 1");
    let row: Value = behind.query_one(&row, &[change]).await.unwrap().get(0);
    let text = "select coalesce(
                  string_agg(quote_ident(attname), ', ' order by attnum)
                    filter (where has_column_privilege($2::text, attrelid, attnum, 'insert')),
                  string_agg(quote_ident(attname), ', ' order by attnum))
                from pg_attribute
                where attrelid = ('public.' || $1)::regclass and attnum > 0 and not attisdropped
                  and attgenerated = ''";
    let columns: String = behind.query_one(text, &[&table, &role]).await.unwrap().get(0);
    let row = row.to_string().replace('\'', "''");
    format!(
        "insert into public.{table} ({columns})
         select {columns} from jsonb_populate_record(null::public.{table}, '{row}')"
    )
}

async fn cells(behind: &Client, world: &World, table: &str, caller: &Caller) -> String {
    let mine = match table {
        "master_business_rules" => "true".to_owned(),
        _ => format!("tenant_id = '{}'", world.a.tenant),
    };
    let differences = differences(world);
    let key = match (table, caller.role) {
        ("audit_log", "loket_worker") => "audit_log as worker",
        _ => table,
    };
    let change = differences.get(key).unwrap_or_else(|| panic!("{table} is not in the matrix"));
    let shown = column(behind, table, caller.role, "select").await;
    let written = column(behind, table, caller.role, "update").await;
    let statements = [
        format!("select {shown} from public.{table} where {mine}"),
        insert(behind, table, caller.role, &mine, change).await,
        // Without reading the column: an unreadable one may be writable.
        format!(
            "update public.{table} set {written} = {} where {mine}",
            value_for(behind, table, &written).await
        ),
        format!("delete from public.{table} where {mine}"),
    ];
    let mut cells = String::new();
    for statement in statements {
        cells.push(attempt(behind, caller, &statement).await);
    }
    cells
}

/// The value that A's row has in this column, as a literal.
async fn value_for(behind: &Client, table: &str, column: &str) -> String {
    let text = format!("select quote_nullable({column}::text) from public.{table} limit 1");
    behind.query_one(&text, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_matrix_of_roles_tables_and_verbs_is_as_checked_in() {
    let world = World::new().await;
    let behind = &world.database.behind;
    let store = world.store();
    store
        .as_admin_in_shop(world.admin, world.a.tenant, "matrix test", async |_| Ok(()))
        .await
        .unwrap();
    let access: Uuid = behind
        .query_one("select id from public.audit_log where action = 'shop.opened'", &[])
        .await
        .unwrap()
        .get(0);
    let callers = callers(&world, access);
    let mut text = String::from(
        "Who may do what to the rows of shop A, each cell tried in SQL.\n\
         Columns: select insert update delete. ✔ done, · sees no row, ✘ refused.\n",
    );
    for table in tables(behind).await {
        write!(text, "\n{table}\n").unwrap();
        for caller in &callers {
            let cells = cells(behind, &world, &table, caller).await;
            writeln!(text, "  {:<26}{cells}", caller.name).unwrap();
        }
    }
    text.push_str(&columns(behind).await);
    text.push_str(&functions(behind).await);
    expect_file("db/isolation_matrix.txt", &text);
}

/// Which columns each role may write, where not all of them.
async fn columns(behind: &Client) -> String {
    let text = "select c.relname || ' ' || r.rolname || ' ' || v.verb || ': ' ||
                  string_agg(a.attname, ', ' order by a.attnum) as line
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public' and c.relkind = 'r'
                cross join (values ('authenticated'), ('loket_worker'), ('loket_admin')) as r(rolname)
                cross join (values ('select'), ('insert'), ('update')) as v(verb)
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                  and has_column_privilege(r.rolname, c.oid, a.attnum, v.verb)
                where not has_table_privilege(r.rolname, c.oid, v.verb)
                group by c.relname, r.rolname, v.verb
                order by c.relname, r.rolname, v.verb";
    lines("\nColumns, where not the whole table:\n", behind, text).await
}

/// Which functions each role may call; what is missing nobody may.
async fn functions(behind: &Client) -> String {
    let text = "select n.nspname || '.' || p.proname || case when p.prosecdef then ' (definer)' else '' end
                  || ': ' || string_agg(r.rolname, ', ' order by r.rolname) as line
                from pg_proc p
                join pg_namespace n on n.oid = p.pronamespace and n.nspname in ('public', 'private')
                cross join (values ('anon'), ('authenticated'), ('service_role'), ('loket_user'),
                  ('loket_worker'), ('loket_admin'), ('loket_system'), ('loket_setup'),
                  ('loket_auth')) as r(rolname)
                where has_function_privilege(r.rolname, p.oid, 'execute')
                group by n.nspname, p.proname, p.prosecdef
                order by 1";
    lines("\nFunctions:\n", behind, text).await
}

async fn lines(heading: &str, behind: &Client, query: &str) -> String {
    let mut text = heading.to_owned();
    for row in behind.query(query, &[]).await.unwrap() {
        writeln!(text, "  {}", row.get::<_, String>("line")).unwrap();
    }
    text
}

#[tokio::test]
async fn a_foreign_parent_looks_like_a_missing_one() {
    let world = World::new().await;
    let (store, a, b) = (world.store(), world.a, world.b);
    let mut seen = Vec::new();
    for thread in [b.thread, store::ThreadId::new()] {
        let chat = store::answer::NewNotification {
            id: store::NotificationId::new(),
            notification_type: domain::contract::NotificationType::Escalation,
            priority: domain::contract::Priority::High,
            action_required: true,
            detail: "x".to_owned(),
        };
        let error = store
            .as_user(&a.claims(), async |tx| {
                store::notifications::insert(tx, Some(thread), None, &chat).await
            })
            .await
            .unwrap_err();
        seen.push(error.to_string());
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].contains("Parent"), "{}", seen[0]);
}

#[tokio::test]
async fn after_a_transaction_the_shop_is_forgotten() {
    let world = World::with_pool(1).await;
    let (store, a) = (world.store(), world.a);
    let seen = |claims: store::Claims| async move {
        store
            .as_user(&claims, async |tx| store::conversations::page(tx, None, None, 10).await)
            .await
    };
    assert_eq!(seen(a.claims()).await.unwrap().len(), 1);
    let nobody = store::Claims { user_id: a.user, tenant_id: None };
    assert_eq!(seen(nobody).await.unwrap().len(), 0, "the only connection still knew its shop");
    let counts = store.as_user(&nobody, async |tx| store::conversations::counts(tx).await).await;
    assert_eq!(counts.unwrap().open_threads, 0);
}

#[tokio::test]
async fn nobody_makes_themselves_admin_or_moves_to_another_shop() {
    let world = World::new().await;
    let behind = &world.database.behind;
    let access = Uuid::nil();
    let callers = callers(&world, access);
    let user = callers.iter().find(|caller| caller.name == "user A").unwrap();
    let (mine, b) = (world.a.user, world.b.tenant);
    let mailbox = |kind: &str, config: &str| {
        format!(
            "select private.add_mailbox('{}', gen_random_uuid(), '{kind}', 'x@y.example', '{config}', null)",
            world.a.tenant
        )
    };
    // Without our server, an owner writes nothing that the server trusts.
    let bare = callers.iter().find(|caller| caller.name == "user A, claims only").unwrap();
    for attempted in [
        mailbox("imap", "{}"),
        "update public.mailboxes set secret_encrypted = 'TEsBonzin'".to_owned(),
        "update public.mailboxes set paused_reason = null".to_owned(),
        "delete from public.mailboxes".to_owned(),
        "update public.tenants set gmail_password_encrypted = 'onzin'".to_owned(),
    ] {
        assert_eq!(attempt(behind, bare, &attempted).await, '✘', "{attempted}");
        assert_eq!(attempt(behind, user, &attempted).await, '✔', "{attempted}, by the server");
    }
    for attempted in [
        format!("update public.profiles set role = 'admin' where user_id = '{mine}'"),
        format!("update public.profiles set tenant_id = '{b}' where user_id = '{mine}'"),
        format!("update public.profiles set user_id = '{}' where user_id = '{mine}'", world.b.user),
        format!("update public.profiles set email = 'x' where user_id = '{mine}'"),
        format!("insert into public.profiles (user_id, role) values ('{mine}', 'admin')"),
        "update public.tenants set status = 'approved'".to_owned(),
        "update public.tenants set active = true".to_owned(),
        "update public.tenants set api_key = 'x'".to_owned(),
        "update public.tenants set n8n_workflow_id = 'x'".to_owned(),
        "update public.tenants set maximaal_extra_compensatie = 100".to_owned(),
        "select gmail_password_encrypted from public.tenants".to_owned(),
        "select secret_encrypted from public.mailboxes".to_owned(),
        format!("update public.mailboxes set tenant_id = '{b}'"),
        // Another host would be given the password that is kept for this one.
        "update public.mailboxes set config = '{\"host\": \"evil.example\"}'".to_owned(),
        format!(
            "insert into public.mailboxes (tenant_id, id, kind, address)
             values ('{}', gen_random_uuid(), 'imap', 'x@y.example')",
            world.a.tenant
        ),
        mailbox("maildir", r#"{"host": "x"}"#),
        mailbox("imap", r#"{"directory": "/"}"#),
        mailbox("imap", r#"{"outgoing": "/"}"#),
        format!("select private.open_shop('{mine}', '{b}', 'nieuwsgierig')"),
        "select * from private.claim_jobs('ingest', 10, '1 minute', null)".to_owned(),
        "truncate public.jobs".to_owned(),
    ] {
        assert_eq!(attempt(behind, user, &attempted).await, '✘', "{attempted}");
    }
}

#[tokio::test]
async fn only_an_admin_of_this_moment_approves_and_only_once() {
    let world = World::new().await;
    let (store, behind) = (world.store(), &world.database.behind);
    let waiting = store::TenantId::new();
    let new = store::shops::NewShop {
        tenant_id: waiting,
        bedrijfsnaam: "Wachtende winkel".to_owned(),
        gmail_email: "wacht@c.example".to_owned(),
        shop_url: String::new(),
        sector: "fashion".to_owned(),
        taalvoorkeur: "EN".to_owned(),
        retouradres: String::new(),
    };
    let pending = store::Claims { user_id: world.pending, tenant_id: None };
    store.as_user(&pending, async |tx| store::shops::register(tx, &new).await).await.unwrap();
    let twice = store::shops::NewShop { tenant_id: store::TenantId::new(), ..new };
    let refused =
        store.as_user(&pending, async |tx| store::shops::register(tx, &twice).await).await;
    assert!(matches!(
        refused,
        Err(store::Error::Constraint { constraint: store::Constraint::OneShopPerPerson, .. })
    ));
    let approve = format!("select public.approve_tenant_v2('{waiting}')");
    for caller in callers(&world, Uuid::nil()) {
        if !caller.name.starts_with("admin") {
            assert_eq!(attempt(behind, &caller, &approve).await, '✘', "{}", caller.name);
        }
    }
    let suspend = "update public.profiles set suspended_at = $2 where user_id = $1";
    let now: Option<jiff::Timestamp> = Some("2026-01-01T00:00:00Z".parse().unwrap());
    behind.execute(suspend, &[&world.admin, &now]).await.unwrap();
    let done =
        store.as_admin(world.admin, async |tx| store::shops::approve(tx, waiting).await).await;
    assert!(matches!(done, Err(store::Error::Forbidden { .. })), "{done:?}");
    behind.execute(suspend, &[&world.admin, &None::<jiff::Timestamp>]).await.unwrap();
    for first in [true, false] {
        let done =
            store.as_admin(world.admin, async |tx| store::shops::approve(tx, waiting).await).await;
        assert_eq!(done.unwrap(), first);
    }
    let profile = store::users::profile(store, world.pending).await.unwrap().unwrap();
    assert_eq!(profile.tenant_id, Some(waiting));
    assert_eq!(profile.tenant.unwrap()["status"], "approved");
    let lines =
        "select count(*) from public.audit_log where tenant_id = $1 and action = 'shop.approved'";
    let lines: i64 = behind.query_one(lines, &[&waiting]).await.unwrap().get(0);
    assert_eq!(lines, 1);
    let claim = "select raw_app_meta_data ->> 'tenant_id' from auth.users where id = $1";
    let claim: String = behind.query_one(claim, &[&world.pending]).await.unwrap().get(0);
    assert_eq!(claim, waiting.to_string());
}

#[tokio::test]
async fn an_admin_reads_a_shop_only_with_a_reason_the_shop_can_see() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    let threads = async |reason: &str| {
        store
            .as_admin_in_shop(world.admin, a.tenant, reason, async |tx| {
                store::conversations::page(tx, None, None, 10).await
            })
            .await
    };
    let refused = threads("  ").await.unwrap_err();
    assert!(
        matches!(refused, store::Error::Constraint { constraint: store::Constraint::Reason, .. }),
        "{refused:?}"
    );
    assert_eq!(threads("klacht 123 nagaan").await.unwrap().len(), 1);
    let log = store
        .as_user(&a.claims(), async |tx| store::shops::audit_page(tx, None, 10).await)
        .await
        .unwrap();
    assert_eq!(log[0].action, "shop.opened");
    assert_eq!(log[0].reason.as_deref(), Some("klacht 123 nagaan"));
    assert_eq!(log[0].actor_id, Some(world.admin));
    let later = "update public.audit_log set created_at = created_at - interval '16 minutes'";
    world.database.behind.execute(later, &[]).await.unwrap();
    let user = world.a.user;
    let not_admin = store
        .as_admin_in_shop(user, a.tenant, "ik ben geen admin", async |_| Ok(()))
        .await
        .unwrap_err();
    assert!(matches!(not_admin, store::Error::Forbidden { .. }), "{not_admin:?}");
}
