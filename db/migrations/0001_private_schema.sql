-- Roles, the private schema, and the functions that say for whom a statement runs.

-- One login role per kind of caller. They own nothing and bypass nothing.
-- Passwords are set by the installer, never here.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['loket_user', 'loket_worker', 'loket_admin', 'loket_system'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
      begin
        execute format('create role %I login inherit', wanted);
        -- Their statements are prepared and led by tenant_id, so one plan fits all shops: planning
        -- anew each time cost a quarter of recording a mail. Compiling them never pays.
        execute format('alter role %I set plan_cache_mode = force_generic_plan', wanted);
        execute format('alter role %I set jit = off', wanted);
      exception when duplicate_object or unique_violation then
        null; -- roles are shared by all databases of a cluster; another one was quicker
      end;
    end if;
  end loop;
  if not pg_catalog.pg_has_role('loket_user', 'authenticated', 'member') then
    grant authenticated to loket_user;
  end if;
end
$$;

create schema if not exists private;
comment on schema private is 'What no client may reach: definer functions and the migration record.';
revoke all on schema private from public;
grant usage on schema private to authenticated, loket_worker, loket_admin, loket_system;
grant usage on schema public to anon, authenticated, loket_worker, loket_admin, loket_system;

-- With a search path of their own, so that no caller can change their meaning; that costs a few
-- microseconds a call, and an index scan calls them once.
create or replace function private.current_tenant_id() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return coalesce(
    nullif(pg_catalog.current_setting('app.tenant_id', true), ''),
    pg_catalog.jsonb_extract_path_text(
      nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, 'app_metadata', 'tenant_id')
  )::uuid;
end
$$;
comment on function private.current_tenant_id() is
  'The shop this transaction works for: the setting app.tenant_id, else the claim app_metadata.tenant_id, else null.';

create or replace function private.current_user_id() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return coalesce(
    nullif(pg_catalog.current_setting('request.jwt.claim.sub', true), ''),
    pg_catalog.jsonb_extract_path_text(
      nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, 'sub')
  )::uuid;
end
$$;
comment on function private.current_user_id() is 'The person this transaction works for: the claim sub, else null.';

revoke all on function private.current_tenant_id(), private.current_user_id() from public, anon;
grant execute on function private.current_tenant_id(), private.current_user_id()
  to authenticated, loket_worker, loket_admin, loket_system;
