--! contents
select now() as taken_at, current_setting('server_version') as server_version,
  (select count(*) from public.tenants) as shops, (select count(*) from public.profiles) as people,
  (select count(*) from public.raw_messages) as mails;

--! standing
-- Whether the database is Loket's, and whether somebody else's tables are in it.
select to_regclass('private.schema_migrations') is not null as ours, exists (
  select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p')) as has_tables;

--! others
-- Servers that are connected to this database.
select count(*) as connections from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and usename = any ($1);

--! clear
-- All that migrations make, and the schema as a new database has it.
drop schema if exists private cascade;
drop schema if exists auth cascade;
drop schema if exists public cascade;
create schema public authorization pg_database_owner;
comment on schema public is 'standard public schema';
grant usage on schema public to public;

--! mark
select private.mark_restored($1) as mailboxes;

--! forget_secrets
-- The keys are lost, so nobody can open these: every shop types its password anew.
update public.mailboxes set secret_encrypted = null, paused_reason = 'auth_refused', paused_at = now()
where secret_encrypted is not null;
update public.tenants set gmail_password_encrypted = null where gmail_password_encrypted is not null;

--! end_sessions
-- Who signed out or was locked out since the backup does not come back with it.
delete from auth.sessions;

--! catching_up
select count(*) as mailboxes from public.mailboxes where catch_up_from is not null;
