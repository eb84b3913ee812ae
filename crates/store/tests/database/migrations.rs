//! Migrations: once each, after a kill too, and on a database shaped like hosted Supabase.

use std::sync::OnceLock;
use std::time::Duration;

use store::migrate::{MIGRATIONS, migrate, set_passwords};
use store::{Error, Logins, Store};

use crate::support::{Cluster, cluster, connect, empty_database};

#[test]
fn every_file_is_embedded_in_order() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../db/migrations");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let embedded: Vec<String> = MIGRATIONS.iter().map(|m| format!("{}.sql", m.name)).collect();
    assert_eq!(files, embedded);
    for (number, migration) in (1..).zip(MIGRATIONS) {
        assert_eq!(migration.version, number);
        assert!(migration.name.starts_with(&format!("{number:04}_")));
    }
}

#[tokio::test]
async fn a_migration_killed_midway_is_continued() {
    let database = empty_database(cluster()).await;
    let owner = cluster().superuser(&database);
    let behind = connect(&owner).await;
    // A table of the same name, not committed, holds the migration up in the middle of a file.
    for (table, applied) in [("profiles", 1), ("receipts", 4), ("events", 10)] {
        let blocker = connect(&owner).await;
        blocker.batch_execute(&format!("begin; create table public.{table} ()")).await.unwrap();
        let mut doomed = owner.clone();
        doomed.application_name("doomed");
        let migrating = tokio::spawn(async move { migrate(&doomed).await });
        let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                    where application_name = 'doomed' and datname = current_database()
                      and wait_event_type = 'Lock'";
        while !migrating.is_finished() && behind.query(kill, &[]).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(migrating.await.unwrap().is_err());
        blocker.batch_execute("rollback").await.unwrap();
        let count = "select count(*) from private.schema_migrations";
        let count: i64 = behind.query_one(count, &[]).await.unwrap().get(0);
        assert_eq!(count, applied, "the file that was held up left nothing behind");
    }
    migrate(&owner).await.unwrap();
    assert_eq!(migrate(&owner).await.unwrap(), 0, "nothing is applied twice");
    let fresh = empty_database(cluster()).await;
    assert_eq!(migrate(&cluster().superuser(&fresh)).await.unwrap(), MIGRATIONS.len());
    assert_eq!(cluster().dump(&database), cluster().dump(&fresh));
}

#[tokio::test]
async fn two_migrations_at_once_wait_for_each_other() {
    let database = empty_database(cluster()).await;
    let owner = cluster().superuser(&database);
    let (one, other) = tokio::join!(migrate(&owner), migrate(&owner));
    assert_eq!(one.unwrap() + other.unwrap(), MIGRATIONS.len());
}

#[tokio::test]
async fn a_changed_or_unknown_migration_is_refused() {
    let database = empty_database(cluster()).await;
    let owner = cluster().superuser(&database);
    migrate(&owner).await.unwrap();
    let behind = connect(&owner).await;
    let newer =
        "insert into private.schema_migrations (version, name, sha256) values (9999, 'x', '')";
    behind.execute(newer, &[]).await.unwrap();
    assert!(matches!(migrate(&owner).await, Err(Error::MigrationUnknown { version: 9999 })));
    behind
        .batch_execute(
            "delete from private.schema_migrations where version = 9999;
             update private.schema_migrations set sha256 = '' where version = 3",
        )
        .await
        .unwrap();
    assert!(matches!(migrate(&owner).await, Err(Error::MigrationChanged { version: 3 })));
}

/// Supabase's roles, grants and `auth` schema as far as plain Postgres has them.
const HOSTED: &str = "
create role supabase_auth_admin login noinherit createrole;
create role postgres login createdb createrole bypassrls;
create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator, postgres with admin option;
";

const HOSTED_DATABASE: &str = "
create schema auth authorization supabase_admin;
grant usage on schema auth to postgres, anon, authenticated, service_role, supabase_auth_admin;
create table auth.users (
  id uuid primary key, instance_id uuid, aud text, role text, email text, encrypted_password text,
  email_confirmed_at timestamptz, confirmation_token text, recovery_token text, email_change_token_new text,
  email_change text, raw_app_meta_data jsonb, raw_user_meta_data jsonb,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, is_sso_user boolean not null default false);
alter table auth.users owner to supabase_auth_admin;
alter table auth.users enable row level security;
grant all on auth.users to postgres;
create function auth.uid() returns uuid language sql stable as
  $$ select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$;
alter schema public owner to postgres;
grant usage on schema public to anon, authenticated, service_role;
";

fn hosted_cluster() -> &'static Cluster {
    static HOSTED: OnceLock<Cluster> = OnceLock::new();
    HOSTED.get_or_init(|| Cluster::start("supabase_admin"))
}

#[tokio::test]
async fn the_same_migrations_run_on_hosted_supabase() {
    let cluster = hosted_cluster();
    let behind = connect(&cluster.superuser("postgres")).await;
    behind.batch_execute(HOSTED).await.unwrap();
    behind.batch_execute("create database hosted owner postgres").await.unwrap();
    let behind = connect(&cluster.superuser("hosted")).await;
    behind.batch_execute(HOSTED_DATABASE).await.unwrap();
    let owner = cluster.login("postgres", "hosted");
    assert_eq!(migrate(&owner).await.unwrap(), MIGRATIONS.len());
    set_passwords(&owner, "een geheim dat lang is").await.unwrap();
    let hash: String = behind
        .query_one("select rolpassword from pg_authid where rolname = 'loket_user'", &[])
        .await
        .unwrap()
        .get(0);
    assert!(hash.starts_with("SCRAM-SHA-256$"), "{hash}");
    // Nothing of ours in their schema but the trigger.
    let ours = "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'auth' and c.relkind = 'r'";
    assert_eq!(behind.query_one(ours, &[]).await.unwrap().get::<_, i64>(0), 1);
    // A sign-up as their server does it makes a profile, and odd ones do not fail.
    let auth = connect(&cluster.login("supabase_auth_admin", "hosted")).await;
    let sign_up = "insert into auth.users (id, email) values ($1, $2)";
    let (user, nameless) = (store::UserId::new(), store::UserId::new());
    auth.execute(sign_up, &[&user, &Some("Nieuw@Winkel.example")]).await.unwrap();
    auth.execute(sign_up, &[&nameless, &None::<&str>]).await.unwrap();
    let mut logins = Logins::beside(&owner, Some("een geheim dat lang is"));
    logins.pool_size = 2;
    let store = Store::connect(&logins).await.unwrap();
    assert!(!store::auth::is_ours(&store).await.unwrap(), "people are Supabase's to keep");
    let profile = store::users::profile(&store, user).await.unwrap().unwrap();
    assert_eq!((profile.email.as_str(), profile.role.as_str()), ("nieuw@winkel.example", "user"));
    assert!(profile.tenant_id.is_none() && profile.tenant.is_none());
    assert!(store::users::profile(&store, nameless).await.unwrap().is_some());
    // A sign-up whose profile cannot be made still succeeds.
    behind.batch_execute("alter table public.profiles rename to elsewhere").await.unwrap();
    auth.execute(sign_up, &[&store::UserId::new(), &None::<&str>]).await.unwrap();
    behind.batch_execute("alter table public.elsewhere rename to profiles").await.unwrap();
    // Their own API: claims only, as `authenticated`, set by PostgREST.
    let shop = store::shops::NewShop {
        tenant_id: store::TenantId::new(),
        bedrijfsnaam: "Gehost".to_owned(),
        gmail_email: "g@winkel.example".to_owned(),
        shop_url: String::new(),
        sector: "fashion".to_owned(),
        taalvoorkeur: "NL".to_owned(),
        retouradres: String::new(),
    };
    let waiting = store::Claims { user_id: user, tenant_id: None };
    store.as_user(&waiting, async |tx| store::shops::register(tx, &shop).await).await.unwrap();
    let unproved = store::users::by_email(&store, "nieuw@winkel.example").await.unwrap();
    assert_eq!(unproved, None, "the address is not proved");
    behind.batch_execute("update auth.users set email_confirmed_at = now()").await.unwrap();
    let admin = store::users::make_platform_admin(&store, "nieuw@winkel.example").await.unwrap();
    let approved = store
        .as_admin(admin.unwrap(), async |tx| store::shops::approve(tx, shop.tenant_id).await)
        .await;
    assert!(approved.unwrap());
    let meta = "select raw_app_meta_data::text from auth.users where id = $1";
    let meta: String = behind.query_one(meta, &[&user]).await.unwrap().get(0);
    assert!(meta.contains(&shop.tenant_id.to_string()));
    let api = connect(&cluster.login("authenticator", "hosted")).await;
    let read = |claims: String| {
        let text = format!(
            "begin; select set_config('request.jwt.claims', '{claims}', true);
             set local role authenticated"
        );
        let api = &api;
        async move {
            api.batch_execute(&text).await.unwrap();
            let rows = api.query("select bedrijfsnaam from public.tenants", &[]).await.unwrap();
            api.batch_execute("commit").await.unwrap();
            rows.len()
        }
    };
    assert_eq!(read(format!(r#"{{"sub":"{user}","app_metadata":{meta}}}"#)).await, 1);
    assert_eq!(read(format!(r#"{{"sub":"{user}"}}"#)).await, 0);
}
