-- Accounts: the login of our own /auth/v1, and the one question every request of a signed-in person
-- begins with.

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

-- Late-bound on purpose: on hosted Supabase the tables in `auth` are theirs to change.
create function private.session_person(p_session_id uuid, p_user_id uuid) returns table (
  user_id uuid, session_id uuid, email text, full_name text, aal text, factor_due boolean, role text,
  tenant_id uuid, tenant_role text, tenant_status text, tenant jsonb)
language plpgsql stable security definer set search_path = '' rows 1
as $$
#variable_conflict use_column
begin
  return query
    select p.user_id, s.id, coalesce(u.email, '')::text, p.full_name, coalesce(s.aal::text, 'aal1'),
      coalesce(s.aal::text, 'aal1') = 'aal1' and exists (
        select from auth.mfa_factors f where f.user_id = s.user_id and f.status = 'verified'),
      p.role, p.tenant_id, p.tenant_role, t.status,
      case when t.tenant_id is not null then
        pg_catalog.to_jsonb(t) - 'gmail_password_encrypted' - 'api_key_hash'
      end
    from auth.sessions s
    join auth.users u on u.id = s.user_id
    join public.profiles p on p.user_id = s.user_id
    left join public.tenants t
      on t.tenant_id = coalesce(p.tenant_id, (
        select c.tenant_id from public.tenants c
        where c.created_by = p.user_id order by c.created_at desc limit 1))
    where s.id = p_session_id and s.user_id = p_user_id
      and (s.not_after is null or s.not_after > now())
      and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now())
      and p.suspended_at is null;
end
$$;
comment on function private.session_person(uuid, uuid) is
  'Who a live session belongs to, with profile and shop; nothing when it ended or the person is banned or suspended.';

create function private.rename_profile(p_user_id uuid, p_email text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.profiles set email = lower(p_email) where user_id = p_user_id;
  return found;
end
$$;
comment on function private.rename_profile(uuid, text) is
  'A person''s new, proved address in their profile too. For the auth service only.';

revoke all on function private.session_person(uuid, uuid), private.rename_profile(uuid, text) from public, anon, authenticated, service_role;
grant usage on schema private, public to loket_auth;
grant execute on function private.session_person(uuid, uuid), private.rename_profile(uuid, text) to loket_auth;
-- For the trigger on auth.users, which runs as whoever inserts.
grant execute on function private.ensure_profile(uuid, text), public.handle_new_user() to loket_auth;
