//! `loket import supabase` on a database as the system before Loket left it, from its address and
//! from a dump, with every odd row (see `old_supabase.sql`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: a test may panic")]

#[path = "../../../store/tests/support/cluster.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the store's own tests use the rest")]
mod cluster;
#[path = "../secrets/lab.rs"]
#[expect(dead_code, reason = "the tests of secrets use the rest")]
mod lab;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use lab::{Lab, Said, cluster, connect, empty_database, url_of};
use serde_json::Value;
use store::secrets::SecretRow;
use store::{Config, TenantId};

const OLD: &str = include_str!("old_supabase.sql");
const LINNEN: &str = "20000000-0000-4000-8000-000000000001";

async fn old_database() -> Config {
    let config = empty_database().await;
    connect(&config).await.batch_execute(OLD).await.unwrap();
    config
}

fn import(lab: &Lab, arguments: &[&str]) -> (Said, Value) {
    let report = lab.data_dir.join("report.json");
    let fixed = ["import", "supabase", "--json", "--report", report.to_str().unwrap()];
    let said = lab.loket(&[&fixed[..], arguments].concat(), "");
    assert!(said.ok, "{}", said.err);
    assert_eq!(fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);
    let report = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    (said, report)
}

/// `table taken/there` of a report.
fn counts(report: &Value) -> Vec<String> {
    let line = |table: &Value| {
        let name = table["table"].as_str().unwrap();
        format!("{name} {}/{}", table["taken"], table["there_already"])
    };
    report["tables"].as_array().unwrap().iter().map(line).collect()
}

/// `table id: what` of a part of a report.
fn lines(report: &Value, part: &str, what: &str) -> Vec<String> {
    let line = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap();
        format!("{} {}: {}", text("table"), text("id"), text(what))
    };
    report[part].as_array().unwrap().iter().map(line).collect()
}

/// Everything that was taken, without what differs from run to run: envelopes and moments of now.
async fn content(lab: &Lab) -> Vec<String> {
    let text = "
      select 'user ' || to_jsonb(t)::text from (
        select id, email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data from auth.users) t
      union all select 'identity ' || to_jsonb(t)::text from (
        select user_id, provider_id, provider from auth.identities) t
      union all select 'profile ' || to_jsonb(t)::text from (
        select user_id, email, role, tenant_id, tenant_role, full_name from public.profiles) t
      union all select 'tenant ' || (to_jsonb(t) - 'gmail_password_encrypted' - 'updated_at')::text from public.tenants t
      union all select 'mailbox ' || (to_jsonb(t) - 'secret_encrypted' - 'created_at' - 'paused_at')::text from public.mailboxes t
      union all select 'rule ' || (to_jsonb(t) - 'updated_at')::text from public.tenant_business_rules t
      union all select 'version ' || (to_jsonb(t) - 'created_at')::text from public.tenant_business_rule_versions t
      union all select 'thread ' || to_jsonb(t)::text from public.conversation_threads t
      union all select 'interaction ' || to_jsonb(t)::text from public.customer_interactions t
      union all select 'chat ' || to_jsonb(t)::text from public.chat_sessions t
      union all select 'message ' || to_jsonb(t)::text from public.chat_messages t
      union all select 'notification ' || to_jsonb(t)::text from public.notifications t
      union all select 'filter ' || (to_jsonb(t) - 'created_at')::text from public.email_filters t
      order by 1";
    lab.behind.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(lab: &Lab, query: &str) -> T {
    lab.behind.query_one(query, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_taken_is_taken_once_and_the_rest_is_refused_with_the_reason() {
    let lab = Lab::new().await;
    let url = url_of(&old_database().await);
    let nothing = content(&lab).await;
    let (said, dry) = import(&lab, &["--url", &url, "--dry-run"]);
    assert_eq!(content(&lab).await, nothing, "a dry run takes nothing");
    assert!(!lab.key_file().exists(), "nor does it make keys");

    let (_, report) = import(&lab, &["--url", &url]);
    assert_eq!(counts(&report), counts(&dry), "the dry run said what would happen");
    assert_eq!(report["refused"], dry["refused"]);
    assert_eq!(
        counts(&report),
        [
            "public.tenants 3/0",
            "auth.users 4/0",
            "auth.identities 1/0",
            "public.profiles 2/2",
            "public.tenant_business_rules 3/0",
            "public.mailboxes 3/0",
            "public.conversation_threads 2/0",
            "public.customer_interactions 3/0",
            "public.chat_sessions 1/0",
            "public.chat_messages 1/0",
            "public.notifications 1/0",
            "public.email_filters 2/1",
        ]
    );
    let refused = lines(&report, "refused", "reason");
    for expected in [
        "public.tenants 20000000-0000-4000-8000-000000000004: it has no bedrijfsnaam",
        "public.tenants 20000000-0000-4000-8000-000000000005: it has no gmail_email",
        "auth.users 10000000-0000-4000-8000-000000000005: it has no mail address",
        "auth.users 10000000-0000-4000-8000-000000000006: it was deleted",
        "auth.users 10000000-0000-4000-8000-000000000007: another person has the same address",
        "public.tenant_business_rules 5: it names none of the five rules",
        "public.tenant_business_rules 6: its shop is not taken",
        "public.customer_interactions 3: its thread_id is another shop's",
        "public.customer_interactions 5: it belongs to no conversation",
        "public.customer_interactions 6: it has no message_body",
        "public.chat_messages 3: its chat is not taken",
        "public.chat_messages 4: it breaks chat_messages_message_check",
        "public.notifications 2: its type nieuwsbrief is unknown",
        "public.notifications 3: its thread_id is another shop's",
        "public.email_filters 5: its filter_type misschien is unknown",
        "public.email_filters 6: it names both an address and a domain",
    ] {
        assert!(refused.iter().any(|line| line == expected), "{expected} of {refused:#?}");
    }
    let lawless = "public.tenant_business_rules 3: rule_config: withdrawal_days";
    assert!(refused.iter().any(|line| line.starts_with(lawless)), "{refused:#?}");
    assert_eq!(refused.len(), 26, "{refused:#?}");
    let kept = |entry: &Value| entry["row"]["rule_config"]["retourtermijn_dagen"] == 7;
    assert!(report["refused"].as_array().unwrap().iter().any(kept), "the row itself is kept");
    let remarks = lines(&report, "remarks", "what").join("\n");
    for expected in [
        "gmail_password_encrypted: no password in Base64",
        "status: bevroren is unknown",
        "maximaal_extra_compensatie: no percentage",
        "signature_html: has active parts",
        "api_key: not taken",
        "role: admin, taken as user",
        "encrypted_password: no bcrypt",
        "html_template: not taken",
        "escalation_level: outside 0 to 3, 3 instead",
        "customer_mood: woest is unknown",
        "compensatie_percentage: no percentage",
    ] {
        assert!(remarks.contains(expected), "{expected} of\n{remarks}");
    }
    for secret in ["sk_live_oud", "a2FuYXJpZSBpbiBsaW5uZW4", "kanarie", "$2a$10$N9qo"] {
        assert!(!report.to_string().contains(secret) && !said.out.contains(secret), "{secret}");
    }

    let before = content(&lab).await;
    let envelopes = "select string_agg(coalesce(gmail_password_encrypted, '-'), ' ' order by tenant_id) from public.tenants";
    let closed: String = one(&lab, envelopes).await;
    let (_, again) = import(&lab, &["--url", &url]);
    assert!(counts(&again).iter().all(|line| line.contains(" 0/")), "{:?}", counts(&again));
    assert_eq!(content(&lab).await, before, "a second run changes nothing");
    assert_eq!(one::<String>(&lab, envelopes).await, closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_works_in_loket() {
    let lab = Lab::new().await;
    let url = url_of(&old_database().await);
    import(&lab, &["--url", &url, "--with-admins"]);
    // The password is in an envelope that opens, and the mailbox waits for its owner.
    let vault = lab.vault().await;
    let tenant: TenantId = LINNEN.parse().unwrap();
    let row = SecretRow::of_tenant(tenant);
    let read = async |tx: &store::TenantTx| store::secrets::read(tx, row).await;
    let closed = lab.store.as_worker(tenant, read).await.unwrap().unwrap();
    assert_eq!(vault.open_envelope(row, &closed).unwrap().expose(), "kanarie in linnen");
    assert_eq!(store::mailboxes::active(&lab.store).await.unwrap(), []);
    let kinds: String =
        one(&lab, "select string_agg(kind, ' ' order by tenant_id) from public.mailboxes").await;
    assert_eq!(kinds, "gmail zoho imap");

    // Its owner owns it, the colleague works there, and both see what was theirs.
    let anna = "10000000-0000-4000-8000-000000000001".parse().unwrap();
    let profile = store::users::profile(&lab.store, anna).await.unwrap().unwrap();
    assert_eq!(profile.tenant_role, Some(store::users::TenantRole::Owner));
    let rules = async |tx: &store::TenantTx| store::rules::current(tx).await;
    let rules = lab.store.as_user(&profile.claims(), rules).await.unwrap();
    let load = async |tx: &store::TenantTx| store::shops::load(tx).await;
    let shop = lab.store.as_user(&profile.claims(), load).await.unwrap().unwrap();
    assert!(!shop.automatic_sending, "it begins with drafts");
    let ready = loket::shop::Shops::default().get(&shop, &rules).unwrap();
    assert_eq!(ready.terms.rules.retourbeleid_fashion.config.withdrawal_days, 30);
    assert!(ready.terms.rules.onderhandeling_logica.config.enabled);
    let threads = async |tx: &store::TenantTx| store::conversations::page(tx, None, None, 9).await;
    assert_eq!(lab.store.as_user(&profile.claims(), threads).await.unwrap().len(), 1);
    let mails: i32 = one(&lab, "select message_count from public.conversation_threads where tenant_id = '20000000-0000-4000-8000-000000000001'").await;
    assert_eq!(mails, 2);
    let body: String =
        one(&lab, "select message_body from public.customer_interactions where ladder_stap = 1")
            .await;
    assert!(body.contains("\n\tGroet \\ \"☃\""), "{body}");
    let claim: String = one(&lab, "select raw_app_meta_data ->> 'tenant_id' from auth.users where email = 'anna@linnen.example'").await;
    assert_eq!(claim, LINNEN);
    let admins = store::admin::platform_admins(&lab.store).await.unwrap();
    assert_eq!(admins[0].email, "admin@platform.example");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_gives_what_its_database_gives_however_it_was_written() {
    let old = old_database().await;
    let lab = Lab::new().await;
    import(&lab, &["--url", &url_of(&old)]);
    let wanted = content(&lab).await;
    for options in [&[][..], &["--column-inserts"][..]] {
        let lab = Lab::new().await;
        let file = lab.data_dir.join("old.sql");
        let mut text = cluster().dump_whole(old.get_dbname().unwrap(), options);
        text.push_str("\\! touch /tmp/this-would-be-bad\n");
        fs::write(&file, text).unwrap();
        let (_, report) = import(&lab, &["--dump", file.to_str().unwrap()]);
        assert_eq!(report["unread"].as_array().unwrap().len(), 0, "{}", report["unread"]);
        assert_eq!(content(&lab).await, wanted, "{options:?}");
    }
    let custom = lab.data_dir.join("old.dump");
    fs::write(&custom, b"PGDMP\x01").unwrap();
    let said = lab.loket(&["import", "supabase", "--dump", custom.to_str().unwrap()], "");
    assert!(!said.ok && said.err.contains("plain"), "{}", said.err);
    for wrong in [&["--dump", "a", "--url", "b"][..], &[][..]] {
        assert!(!lab.loket(&[&["import", "supabase"], wrong].concat(), "").ok);
    }
}

/// Somebody whom Loket let go, or whose role it took, is not brought back by importing again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn importing_again_brings_nobody_back() {
    let lab = Lab::new().await;
    let url = url_of(&old_database().await);
    import(&lab, &["--url", &url, "--with-admins"]);
    let let_go =
        "update public.profiles set tenant_id = null, tenant_role = 'viewer', role = 'user'";
    lab.behind.batch_execute(let_go).await.unwrap();
    let before = content(&lab).await;
    import(&lab, &["--url", &url, "--with-admins"]);
    assert_eq!(content(&lab).await, before);
}
