//! What must hold of every table, policy and function, asked of the catalog (hazards A2, A11, A26),
//! and the files that are made from it.

use std::fmt::Write as _;

use store::{Config, Logins, Store};
use tokio_postgres::Client;

use crate::support::{Database, cluster, connect, expect_file};

/// Each rule and the query that lists what breaks it.
const RULES: &[(&str, &str)] = &[
    (
        "row security is on",
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('public', 'private', 'auth') and c.relkind in ('r', 'p') and not c.relrowsecurity",
    ),
    (
        "there are no views, materialised views or foreign tables",
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('public', 'private') and c.relkind in ('v', 'm', 'f')",
    ),
    (
        "each granted verb has exactly one policy, and each policy its grant",
        "with granted as (
           select distinct c.relname, r.rolname, v.verb
           from pg_class c
           join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public' and c.relkind = 'r'
           cross join (values ('anon'), ('service_role'), ('authenticated'), ('loket_worker'),
             ('loket_admin'), ('loket_system'), ('loket_setup'), ('loket_auth'),
             ('loket_user')) as r(rolname)
           cross join (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) as v(verb)
           where (has_table_privilege(r.rolname, c.oid, v.verb)
               or (v.verb <> 'DELETE' and has_any_column_privilege(r.rolname, c.oid, v.verb)))
             -- Of a member of authenticated, what it has beyond that.
             and not (r.rolname = 'loket_user' and (has_table_privilege('authenticated', c.oid, v.verb)
               or (v.verb <> 'DELETE' and has_any_column_privilege('authenticated', c.oid, v.verb))))),
         policy as (
           select tablename, unnest(roles)::text as rolname, cmd as verb, count(*) as policies
           from pg_policies where schemaname = 'public' group by 1, 2, 3)
         select coalesce(g.relname, p.tablename) || ' ' || coalesce(g.rolname, p.rolname) || ' '
           || coalesce(g.verb, p.verb)
         from granted g full join policy p on p.tablename = g.relname and p.rolname = g.rolname and p.verb = g.verb
         where coalesce(p.policies, 0) <> 1 or g.verb is null",
    ),
    (
        "policies are equality with a bare function; own profile and master rules are the exceptions",
        "select tablename || '.' || policyname || ': ' || e.text
         from pg_policies cross join lateral (values (qual), (with_check)) as e(text)
         where schemaname = 'public' and e.text is not null
           and e.text not in ('(tenant_id = private.current_tenant_id())', '(tenant_id = private.opened_tenant_id())',
             '(tenant_id = private.working_tenant_id())', '(tenant_id = private.owned_tenant_id())')
           and not (e.text = 'private.is_platform_admin()'
             and tablename in ('tenants', 'profiles', 'master_business_rules', 'audit_log'))
           and not (e.text ~* '^\\(\\(tenant_id = private.(current|working)_tenant_id\\(\\)\\) and ' and tablename = 'audit_log')
           and not (tablename = 'profiles' and e.text ~ 'user_id = private.current_user_id\\(\\)')
           and not (tablename = 'master_business_rules' and e.text = '(rule_key IS NOT NULL)')",
    ),
    (
        "no policy has a sub-select",
        "select policyname::text from pg_policies where coalesce(qual, '') || coalesce(with_check, '') ~* 'select'",
    ),
    (
        "nobody but the auth service reaches the tables of auth",
        "select c.relname || ' ' || r.rolname from pg_class c
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'auth' and c.relkind = 'r'
         cross join (values ('anon'), ('authenticated'), ('service_role'), ('loket_user'), ('loket_worker'),
           ('loket_admin'), ('loket_system'), ('loket_setup')) as r(rolname)
         where has_table_privilege(r.rolname, c.oid, 'select, insert, update, delete, truncate, references, trigger')
           or has_any_column_privilege(r.rolname, c.oid, 'select, insert, update, references')
         union all
         select tablename || '.' || policyname from pg_policies
         where schemaname = 'auth' and (policyname <> 'auth_service' or roles <> array['loket_auth']::name[])",
    ),
    (
        "runtime roles own nothing, bypass nothing, and belong to no other",
        "select r.rolname::text from pg_roles r
         where r.rolname ~ '^loket_(user|worker|admin|system|setup|auth)$'
           and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb
             or exists (select from pg_class where relowner = r.oid)
             or exists (select from pg_proc where proowner = r.oid)
             or exists (select from pg_auth_members m join pg_roles g on g.oid = m.roleid
               where m.member = r.oid and not (r.rolname = 'loket_user' and g.rolname = 'authenticated')))",
    ),
    (
        "nobody has truncate, references or trigger",
        "select c.relname || ' ' || r.rolname from pg_class c
         join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('public', 'private') and c.relkind = 'r'
         cross join (values ('anon'), ('service_role'), ('loket_user'), ('loket_worker'), ('loket_admin'),
           ('loket_system'), ('loket_setup'), ('loket_auth')) as r(rolname)
         where has_table_privilege(r.rolname, c.oid, 'truncate, references, trigger')",
    ),
    (
        "tenant tables: the primary key is tenant_id and an id, and every index is led by tenant_id",
        "select i.indexrelid::regclass::text from pg_index i
         join pg_class c on c.oid = i.indrelid
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
         where a.attname <> 'tenant_id' and c.relname not in ('tenants', 'profiles', 'master_business_rules')",
    ),
    (
        "every tenant table has tenant_id, not null",
        "select c.relname::text from pg_class c
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public' and c.relkind = 'r'
         where c.relname not in ('profiles', 'master_business_rules') and not exists (
           select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull)",
    ),
    (
        "foreign keys between tenant tables carry tenant_id, and cascade or restrict",
        "select k.conname::text from pg_constraint k join pg_class c on c.oid = k.conrelid
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
         where k.contype = 'f' and (k.confdeltype not in ('c', 'r')
           or (a.attname <> 'tenant_id' and c.relname <> 'profiles'))",
    ),
    (
        "every foreign key has an index",
        "select k.conname::text from pg_constraint k join pg_class c on c.oid = k.conrelid
         join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
         where k.contype = 'f' and not exists (
           select from pg_index i where i.indrelid = k.conrelid
             and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)",
    ),
    (
        "no triggers, identity columns, sequences or rules in public",
        "select 'trigger ' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
           join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and not t.tgisinternal
         union all select 'identity ' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
           join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and a.attidentity <> ''
         union all select 'sequence ' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname in ('public', 'private') and c.relkind = 'S'",
    ),
    (
        "definer functions stand in private, with an empty search path, closed to public",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'private') and p.prosecdef
           and (n.nspname <> 'private' or p.proconfig is distinct from array['search_path=\"\"']
             or has_function_privilege('anon', p.oid, 'execute')
             or has_function_privilege('service_role', p.oid, 'execute'))",
    ),
    (
        "no function of ours is open to anon",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'private') and has_function_privilege('anon', p.oid, 'execute')",
    ),
    (
        "every other function has a fixed meaning: an early-bound body or an empty search path",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'private') and p.prosqlbody is null
           and p.proconfig is distinct from array['search_path=\"\"']",
    ),
    (
        "no function of ours builds statements from text",
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'private') and p.prosrc ~* '\\mexecute\\M'",
    ),
    (
        "the empty setting counts as none",
        "with ours as materialized (
           select p.oid, pg_get_functiondef(p.oid) as text from pg_proc p
           where p.pronamespace = any (array['public'::regnamespace, 'private'::regnamespace]))
         select oid::regprocedure::text from ours
         where text ~* 'current_setting' and text !~* 'nullif\\((pg_catalog\\.)?current_setting'",
    ),
    (
        "every table, column and function has a comment",
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('public', 'private') and c.relkind = 'r' and obj_description(c.oid, 'pg_class') is null
         union all
         select c.oid::regclass || '.' || a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where n.nspname in ('public', 'private') and c.relkind = 'r' and col_description(c.oid, a.attnum) is null
         union all
         select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'private') and obj_description(p.oid, 'pg_proc') is null",
    ),
];

async fn broken(behind: &Client) -> Vec<String> {
    let mut findings = Vec::new();
    for (rule, query) in RULES {
        for row in behind.query(*query, &[]).await.unwrap() {
            findings.push(format!("{rule}: {}", row.get::<_, String>(0)));
        }
    }
    findings
}

#[tokio::test]
async fn every_rule_holds_of_the_schema() {
    let database = Database::new().await;
    assert_eq!(broken(&database.behind).await, [] as [String; 0]);
}

/// The lint must be able to fail: each fault is found.
#[tokio::test]
async fn every_rule_finds_its_fault() {
    let database = Database::new().await;
    let faults = [
        "create table public.t1 (tenant_id uuid not null, id uuid primary key)",
        "create view public.v1 as select 1",
        "create policy p1 on public.jobs for delete to loket_admin using (tenant_id is not null)",
        "create policy p2 on public.jobs for select to loket_admin using (tenant_id in (select tenant_id from public.tenants))",
        "grant delete on public.offers to authenticated",
        "alter role loket_worker createdb",
        "grant select on auth.sessions to loket_user",
        "grant truncate on public.offers to loket_user",
        "create index on public.offers (customer_email)",
        "create table public.t2 (a int)",
        "create table public.t3 (tenant_id uuid not null, parent uuid references public.profiles on delete set null)",
        "create sequence public.s1",
        "create function public.f1() returns int language sql security definer as 'select 1'",
        "create function private.f2() returns text language plpgsql as 'begin execute current_setting(''x''); end'",
    ];
    // The role is shared by all databases of the cluster, so one transaction, rolled back.
    database.behind.batch_execute("begin").await.unwrap();
    for fault in faults {
        database.behind.batch_execute(fault).await.unwrap();
    }
    let findings = broken(&database.behind).await;
    database.behind.batch_execute("rollback").await.unwrap();
    for (rule, _) in RULES {
        assert!(findings.iter().any(|finding| finding.starts_with(rule)), "nothing broke: {rule}");
    }
}

#[tokio::test]
async fn the_server_refuses_logins_with_too_many_rights() {
    let database = Database::new().await;
    let refused = |config: Config| async move {
        let logins = Logins {
            user: config.clone(),
            worker: config.clone(),
            admin: config.clone(),
            system: config.clone(),
            setup: config.clone(),
            auth: config,
            pool_size: 1,
        };
        Store::connect(&logins).await.unwrap_err().to_string()
    };
    let superuser = refused(cluster().superuser(&database.name)).await;
    assert!(superuser.contains("is a superuser"), "{superuser}");
    let behind = connect(&cluster().superuser(&database.name)).await;
    behind
        .batch_execute(
            "create role careless_bypass login bypassrls; create role careless_owner login;
             create table public.owned (a int); alter table public.owned owner to careless_owner",
        )
        .await
        .unwrap();
    let bypass = refused(cluster().login("careless_bypass", &database.name)).await;
    assert!(bypass.contains("bypasses row security"), "{bypass}");
    let owner = refused(cluster().login("careless_owner", &database.name)).await;
    assert!(owner.contains("owns tables"), "{owner}");
}

#[tokio::test]
async fn the_schema_file_is_the_sum_of_the_migrations() {
    let database = Database::new().await;
    let header =
        "-- The whole schema, to read. Made from db/migrations; a test keeps it equal.\n\n";
    expect_file("db/schema.sql", &format!("{header}{}", cluster().dump(&database.name)));
}

#[tokio::test]
async fn the_data_contract_document_is_as_the_schema() {
    let database = Database::new().await;
    let mut text = String::from(
        "# Data contract\n\n\
         Every table, column and function, as the database describes them.\n\
         Made from the schema's comments; a test keeps it equal (`UPDATE_EXPECT=1 cargo test -p store`).\n\
         Who may do what to them stands in [`db/isolation_matrix.txt`](../db/isolation_matrix.txt).\n",
    );
    let tables = "select c.oid, c.relname::text, obj_description(c.oid, 'pg_class') from pg_class c
                  join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname = 'public' and c.relkind = 'r' order by c.relname";
    let columns = "select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                     col_description(a.attrelid, a.attnum), pg_get_expr(d.adbin, d.adrelid)
                   from pg_attribute a
                   left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                   where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum";
    for table in database.behind.query(tables, &[]).await.unwrap() {
        let (oid, name, about): (u32, String, String) = (table.get(0), table.get(1), table.get(2));
        write!(text, "\n## `{name}`\n\n{about}\n\n| column | type | null | default | meaning |\n|---|---|---|---|---|\n").unwrap();
        for column in database.behind.query(columns, &[&oid]).await.unwrap() {
            let null = if column.get(2) { "" } else { "null" };
            let default: Option<String> = column.get(4);
            let default = default.map(|default| format!("`{default}`")).unwrap_or_default();
            let (name, kind, about): (String, String, String) =
                (column.get(0), column.get(1), column.get(3));
            writeln!(text, "| `{name}` | {kind} | {null} | {default} | {about} |").unwrap();
        }
    }
    text.push_str("\n## Functions\n\n| function | answers | meaning |\n|---|---|---|\n");
    let functions = "select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
                       pg_get_function_result(p.oid), obj_description(p.oid, 'pg_proc')
                     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                     where n.nspname in ('public', 'private') order by n.nspname desc, p.proname";
    for row in database.behind.query(functions, &[]).await.unwrap() {
        let (name, result, about): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        writeln!(text, "| `{name}` | {result} | {about} |").unwrap();
    }
    expect_file("docs/data-contract.md", &text);
}
