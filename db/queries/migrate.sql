--! lock
select pg_advisory_lock(7305808869231651177);

--! unlock
select pg_advisory_unlock(7305808869231651177);

--! is_known
select to_regclass('private.schema_migrations') is not null as known;

--! prepare
create schema if not exists private;
create table if not exists private.schema_migrations (
  version integer not null,
  name text not null,
  sha256 bytea not null,
  applied_at timestamptz not null default now(),
  constraint schema_migrations_pkey primary key (version)
);
comment on table private.schema_migrations is 'Which migrations were applied, and what they said then.';
comment on column private.schema_migrations.version is 'Number in the file name.';
comment on column private.schema_migrations.name is 'Name in the file name.';
comment on column private.schema_migrations.sha256 is 'SHA-256 of the file as applied.';
comment on column private.schema_migrations.applied_at is 'When it was applied.';
alter table private.schema_migrations enable row level security;

--! applied
select version, name, sha256 from private.schema_migrations order by version;

--! record
insert into private.schema_migrations (version, name, sha256) values ($1, $2, $3);

--! auth_is_foreign
-- Whether auth.users is kept by Supabase itself.
select exists (
  select from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
  where n.nspname = 'auth' and c.relname = 'users' and r.rolname = 'supabase_auth_admin') as is_foreign;

--! owner_role
select exists (
  select from pg_roles where rolname = 'loket_owner' and pg_has_role(current_user, oid, 'member')) as present;

--! become_owner
set role loket_owner;

--! become_self
reset role;
