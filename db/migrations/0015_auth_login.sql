-- The login of our own /auth/v1.

-- On our own Postgres db/bootstrap_auth.sql made the role already, with its rights in `auth`. On
-- hosted Supabase the role exists and reaches nothing there: their service keeps those tables.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'loket_auth') then
    begin
      create role loket_auth login inherit;
      alter role loket_auth set plan_cache_mode = force_generic_plan;
      alter role loket_auth set jit = off;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end if;
end
$$;

grant usage on schema private, public to loket_auth;
-- For the trigger on auth.users, which runs as whoever inserts.
grant execute on function private.ensure_profile(uuid, text), public.handle_new_user() to loket_auth;
