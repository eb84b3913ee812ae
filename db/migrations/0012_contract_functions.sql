-- The contract's functions. Bodies that need more rights stand in `private`, with a fixed search
-- path and execute revoked; `public` holds thin wrappers that run with the caller's own rights.

-- Audit entries of definer functions. Only they may call it.
create function private.write_audit(
  p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb)
returns void language sql volatile security definer set search_path = ''
as $$
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, reason, detail)
  values (p_tenant_id, p_id, private.current_user_id(), p_actor_role, p_action, p_subject_id, p_reason, p_detail)
$$;
comment on function private.write_audit(uuid, uuid, text, text, uuid, text, jsonb) is
  'Adds an audit entry; for definer functions only.';

-- Who am I?

create function private.is_platform_admin() returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.profiles
    where user_id = private.current_user_id() and role = 'admin' and suspended_at is null)
$$;
comment on function private.is_platform_admin() is
  'Whether the claims name a person who is platform admin now; read fresh, so a stale token is worth nothing.';

create function private.user_tenant_id() returns uuid
language sql stable security definer set search_path = ''
as $$
  select tenant_id from public.profiles
  where user_id = private.current_user_id() and suspended_at is null
$$;
comment on function private.user_tenant_id() is 'The shop of the person in the claims, read fresh; null when none.';

create function private.user_role() returns text
language sql stable security definer set search_path = ''
as $$
  select role from public.profiles
  where user_id = private.current_user_id() and suspended_at is null
$$;
comment on function private.user_role() is 'The role of the person in the claims, read fresh; null when unknown.';

create function public.get_user_tenant_id() returns uuid
language sql stable security invoker set search_path = ''
as $$ select private.user_tenant_id() $$;
comment on function public.get_user_tenant_id() is 'Contract: the signed-in person''s shop; null while pending.';

create function public.get_current_user_role() returns text
language sql stable security invoker set search_path = ''
as $$ select private.user_role() $$;
comment on function public.get_current_user_role() is 'Contract: user or admin; null when nobody is signed in.';

-- The profile and its shop, in one call. No secrets.
create function private.my_profile() returns table (
  user_id uuid, email text, role text, full_name text, suspended_at timestamptz,
  tenant_id uuid, tenant jsonb)
language sql stable security definer set search_path = ''
as $$
  select p.user_id, p.email, p.role, p.full_name, p.suspended_at, p.tenant_id,
    case when t.tenant_id is not null then
      pg_catalog.to_jsonb(t) - 'gmail_password_encrypted' - 'api_key_hash'
    end
  from public.profiles p
  left join public.tenants t
    on t.tenant_id = coalesce(p.tenant_id, (
      select c.tenant_id from public.tenants c
      where c.created_by = p.user_id order by c.created_at desc limit 1))
  where p.user_id = private.current_user_id()
$$;
comment on function private.my_profile() is
  'The profile of the person in the claims, with its shop or the shop it registered that still waits for approval.';

-- Registration.

create function private.ensure_profile(p_user_id uuid, p_email text) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.profiles (user_id, email)
  values (p_user_id, lower(coalesce(p_email, '')))
  on conflict (user_id) do nothing
$$;
comment on function private.ensure_profile(uuid, text) is 'Makes the profile of a new user, once.';

-- Runs inside the sign-up of Supabase Auth: an error here would refuse sign-up and sign-in alike,
-- so it warns and never raises.
create function public.handle_new_user() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  perform private.ensure_profile(new.id, new.email);
  return new;
exception when others then
  raise warning 'no profile was made for user %: %', new.id, sqlerrm;
  return new;
end
$$;
comment on function public.handle_new_user() is 'Contract: makes the profile of a new user; trigger on auth.users.';
create or replace trigger on_auth_user_created
  after insert on auth.users for each row execute function public.handle_new_user();

create function private.register_shop(
  p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text,
  p_taalvoorkeur text, p_retouradres text)
returns void language plpgsql volatile security definer set search_path = ''
as $$
declare
  me uuid := private.current_user_id();
begin
  perform from public.profiles where user_id = me and suspended_at is null for update;
  if not found then
    raise exception 'only a signed-in person can register a shop' using errcode = '42501';
  end if;
  if exists (select from public.profiles where user_id = me and tenant_id is not null)
    or exists (select from public.tenants where created_by = me and status = 'pending_approval') then
    raise exception 'this person has a shop already' using errcode = '23505', constraint = 'tenants_one_per_person';
  end if;
  insert into public.tenants (
    tenant_id, bedrijfsnaam, gmail_email, shop_url, sector, taalvoorkeur, retouradres, created_by)
  values (
    p_tenant_id, p_bedrijfsnaam, lower(p_gmail_email), p_shop_url, p_sector, p_taalvoorkeur, p_retouradres, me);
end
$$;
comment on function private.register_shop(uuid, text, text, text, text, text, text) is
  'Registers the shop of the person in the claims; it waits for approval.';

-- Approval.

create function private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can link a profile to a shop' using errcode = '42501';
  end if;
  update public.profiles set tenant_id = p_tenant_id
  where user_id = p_user_id and tenant_id is distinct from p_tenant_id;
  if not found then
    if not exists (select from public.profiles where user_id = p_user_id) then
      raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
    end if;
    return; -- linked already
  end if;
  -- The claim that policies read when a client comes in without our server (Supabase's own API).
  update auth.users
  set raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb)
    || pg_catalog.jsonb_build_object('tenant_id', p_tenant_id)
  where id = p_user_id;
  perform private.write_audit(p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', 'profile.linked', p_user_id, null, '{}');
end
$$;
comment on function private.link_profile_to_tenant(uuid, uuid) is
  'Links a person to a shop and renews the claim. Admins only, may be repeated.';

create function private.approve_tenant(p_tenant_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop public.tenants;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can approve a shop' using errcode = '42501';
  end if;
  select * into shop from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  if shop.status = 'approved' then
    return false;
  end if;
  update public.tenants
  set status = 'approved', active = true, approved_at = now(), approved_by = private.current_user_id(),
      updated_at = now()
  where tenant_id = p_tenant_id;
  if shop.created_by is not null then
    perform private.link_profile_to_tenant(shop.created_by, p_tenant_id);
  end if;
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', 'shop.approved', p_tenant_id, null,
    pg_catalog.jsonb_build_object('was', shop.status));
  return true;
end
$$;
comment on function private.approve_tenant(uuid) is
  'Approves a shop, turns it on and links who registered it. True when this call did it. Admins only.';

create function private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  old text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can change a shop''s status' using errcode = '42501';
  end if;
  if p_status not in ('suspended', 'rejected') then
    raise exception 'a shop is approved by approve_tenant_v2 only' using errcode = '22023';
  end if;
  select status into old from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  if old = p_status then
    return false;
  end if;
  update public.tenants set status = p_status, active = false, updated_at = now() where tenant_id = p_tenant_id;
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', 'shop.' || p_status, p_tenant_id, p_reason,
    pg_catalog.jsonb_build_object('was', old));
  return true;
end
$$;
comment on function private.set_tenant_status(uuid, text, text) is 'Suspends or rejects a shop. Admins only.';

create function public.approve_tenant_v2(tenant_id uuid) returns boolean
language sql volatile security invoker set search_path = ''
as $$ select private.approve_tenant(tenant_id) $$;
comment on function public.approve_tenant_v2(uuid) is
  'Contract: approves a shop; admins only, may be repeated. True when this call did it.';

create function public.link_profile_to_tenant(user_id uuid, tenant_id uuid) returns void
language sql volatile security invoker set search_path = ''
as $$ select private.link_profile_to_tenant(user_id, tenant_id) $$;
comment on function public.link_profile_to_tenant(uuid, uuid) is
  'Contract: links a person to a shop; admins only, may be repeated.';

-- The admin's way into a shop's data: first the reason is written and committed, then the reading
-- transaction names that entry. Without it the admin's policies show nothing.

create function private.open_shop(p_id uuid, p_tenant_id uuid, p_reason text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can open a shop' using errcode = '42501';
  end if;
  if coalesce(char_length(trim(p_reason)), 0) < 5 then
    raise exception 'opening a shop needs a reason' using errcode = '22023', constraint = 'audit_log_reason';
  end if;
  perform from public.tenants where tenant_id = p_tenant_id;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  perform private.write_audit(p_tenant_id, p_id, 'admin', 'shop.opened', p_tenant_id, trim(p_reason), '{}');
end
$$;
comment on function private.open_shop(uuid, uuid, text) is
  'Records why a platform admin reads a shop''s data; the shop can see the entry. Admins only.';

create function private.opened_tenant_id() returns uuid
language sql stable security definer set search_path = ''
as $$
  select a.tenant_id
  from public.audit_log a
  where a.tenant_id = nullif(pg_catalog.current_setting('app.tenant_id', true), '')::uuid
    and a.id = nullif(pg_catalog.current_setting('app.access_id', true), '')::uuid
    and a.action = 'shop.opened'
    and a.actor_id = private.current_user_id()
    and a.created_at > now() - interval '15 minutes'
    and private.is_platform_admin()
$$;
comment on function private.opened_tenant_id() is
  'The shop that the admin in the claims opened with a reason in the last 15 minutes, as named by app.access_id; else null.';

-- Who may call what. PUBLIC gets EXECUTE on new functions by default: taken back one by one.
revoke all on function
  private.write_audit(uuid, uuid, text, text, uuid, text, jsonb),
  private.is_platform_admin(), private.user_tenant_id(), private.user_role(), private.my_profile(),
  private.ensure_profile(uuid, text),
  private.register_shop(uuid, text, text, text, text, text, text),
  private.link_profile_to_tenant(uuid, uuid), private.approve_tenant(uuid),
  private.set_tenant_status(uuid, text, text),
  private.open_shop(uuid, uuid, text), private.opened_tenant_id(),
  public.get_user_tenant_id(), public.get_current_user_role(), public.handle_new_user(),
  public.approve_tenant_v2(uuid), public.link_profile_to_tenant(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.is_platform_admin(), private.user_tenant_id(), private.user_role(), private.my_profile(),
  private.register_shop(uuid, text, text, text, text, text, text),
  private.link_profile_to_tenant(uuid, uuid), private.approve_tenant(uuid),
  public.get_user_tenant_id(), public.get_current_user_role(),
  public.approve_tenant_v2(uuid), public.link_profile_to_tenant(uuid, uuid)
to authenticated, loket_admin;
grant execute on function
  private.set_tenant_status(uuid, text, text), private.open_shop(uuid, uuid, text), private.opened_tenant_id()
to loket_admin;

-- The trigger runs as whoever inserts into auth.users: Supabase's own role there, ours here.
do $$
declare
  inserter text;
begin
  for inserter in
    select rolname from pg_catalog.pg_roles
    where pg_catalog.has_table_privilege(oid, 'auth.users', 'insert')
      and not rolsuper and rolname !~ '^pg_' and rolname not in ('anon', 'authenticated', 'service_role')
      and rolname <> current_user
  loop
    execute format('grant usage on schema private to %I', inserter);
    execute format('grant execute on function private.ensure_profile(uuid, text) to %I', inserter);
    execute format('grant execute on function public.handle_new_user() to %I', inserter);
  end loop;
end
$$;
