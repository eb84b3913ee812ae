-- Colleagues: invited by an owner, in by a mailed token, changed and let go by an owner.

create function private.invite_member(
  p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea) returns timestamptz
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
  until timestamptz := now() + interval '48 hours';
begin
  if shop is null then
    raise exception 'only an owner invites colleagues' using errcode = '42501';
  end if;
  -- Only the newest invitation of an address is good.
  update public.tenant_invitations set revoked_at = now()
  where tenant_id = shop and email = lower(p_email) and accepted_at is null and revoked_at is null;
  insert into public.tenant_invitations (tenant_id, id, email, tenant_role, token_hash, invited_by, expires_at)
  values (shop, p_id, lower(p_email), p_tenant_role, p_token_hash, private.current_user_id(), until);
  perform private.write_audit(
    shop, pg_catalog.gen_random_uuid(), 'user', 'member.invited', p_id, null,
    pg_catalog.jsonb_build_object('tenant_role', p_tenant_role));
  return until;
end
$$;
comment on function private.invite_member(uuid, text, text, bytea) is
  'Invites an address to the caller''s shop for 48 hours; an older invitation of that address ends. Owners only.';

create function private.revoke_invitation(p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner takes invitations back' using errcode = '42501';
  end if;
  update public.tenant_invitations set revoked_at = now()
  where tenant_id = shop and id = p_id and accepted_at is null and revoked_at is null;
  if not found then
    return false;
  end if;
  perform private.write_audit(shop, pg_catalog.gen_random_uuid(), 'user', 'member.uninvited', p_id, null, '{}');
  return true;
end
$$;
comment on function private.revoke_invitation(uuid) is 'Takes an invitation back. True when this call did it. Owners only.';

-- One answer for every reason it is not good: wrong, used, old, taken back, somebody else's.
create function private.accept_invitation(p_tenant_id uuid, p_token_hash bytea) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  me uuid := private.current_user_id();
  person public.profiles;
  role text;
begin
  select * into person from public.profiles where user_id = me and suspended_at is null for update;
  if not found then
    raise exception 'only a signed-in person accepts an invitation' using errcode = '42501';
  end if;
  if person.tenant_id is not null then
    raise exception 'this person has a shop already' using errcode = '23505', constraint = 'tenants_one_per_person';
  end if;
  update public.tenant_invitations i set accepted_at = now(), accepted_by = me
  from auth.users u, public.tenants t
  where i.tenant_id = p_tenant_id and i.token_hash = p_token_hash
    and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
    and u.id = me and u.email_confirmed_at is not null and lower(u.email) = i.email
    and t.tenant_id = i.tenant_id and t.status = 'approved'
  returning i.tenant_role into role;
  if not found then
    return null;
  end if;
  perform private.join_shop(me, p_tenant_id, role);
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'user', 'member.joined', me, null,
    pg_catalog.jsonb_build_object('tenant_role', role));
  return role;
end
$$;
comment on function private.accept_invitation(uuid, bytea) is
  'Joins the person in the claims to a shop they were invited to; answers their role there, or null when the invitation is no good.';

create function private.refuse_last_owner(p_tenant_id uuid, p_user_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Two owners who let each other go at once: one waits here and then finds itself the last.
  perform from public.tenants where tenant_id = p_tenant_id for update;
  if not exists (
    select from public.profiles
    where tenant_id = p_tenant_id and tenant_role = 'owner' and user_id is distinct from p_user_id and suspended_at is null) then
    raise exception 'a shop keeps an owner' using errcode = '22023', constraint = 'profiles_last_owner';
  end if;
end
$$;
comment on function private.refuse_last_owner(uuid, uuid) is 'An error when the shop would be without an owner; for definer functions only.';

create function private.set_member_role(p_user_id uuid, p_tenant_role text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
  old text;
begin
  if shop is null then
    raise exception 'only an owner changes roles' using errcode = '42501';
  end if;
  perform private.refuse_last_owner(shop, case when p_tenant_role <> 'owner' then p_user_id end);
  select tenant_role into old from public.profiles where user_id = p_user_id and tenant_id = shop for update;
  if not found then
    raise exception 'there is no such member' using errcode = 'P0002';
  end if;
  if old = p_tenant_role then
    return false;
  end if;
  update public.profiles set tenant_role = p_tenant_role where user_id = p_user_id and tenant_id = shop;
  perform private.write_audit(
    shop, pg_catalog.gen_random_uuid(), 'user', 'member.role_changed', p_user_id, null,
    pg_catalog.jsonb_build_object('was', old, 'is', p_tenant_role));
  return true;
end
$$;
comment on function private.set_member_role(uuid, text) is
  'Changes what a colleague may do. True when this call did it. Owners only; a shop keeps an owner.';

create function private.remove_member(p_user_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner lets colleagues go' using errcode = '42501';
  end if;
  perform private.refuse_last_owner(shop, p_user_id);
  update public.profiles set tenant_id = null, tenant_role = 'viewer' where user_id = p_user_id and tenant_id = shop;
  if not found then
    return false;
  end if;
  update auth.users set raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb) - 'tenant_id' where id = p_user_id;
  perform private.write_audit(shop, pg_catalog.gen_random_uuid(), 'user', 'member.removed', p_user_id, null, '{}');
  return true;
end
$$;
comment on function private.remove_member(uuid) is
  'Lets a colleague go: they belong to no shop any more. True when this call did it. Owners only; a shop keeps an owner.';

-- The profile, now with the role in the shop.
drop function private.my_profile();
create function private.my_profile() returns table (
  user_id uuid, email text, role text, full_name text, suspended_at timestamptz,
  tenant_id uuid, tenant_role text, tenant jsonb)
language sql stable security definer set search_path = ''
as $$
  select p.user_id, p.email, p.role, p.full_name, p.suspended_at, p.tenant_id,
    case when p.tenant_id is not null then p.tenant_role end,
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
  'The profile of the person in the claims and their role in the shop, with the shop, or the one they registered that still waits for approval.';

revoke all on function
  private.invite_member(uuid, text, text, bytea), private.revoke_invitation(uuid),
  private.accept_invitation(uuid, bytea), private.refuse_last_owner(uuid, uuid),
  private.set_member_role(uuid, text), private.remove_member(uuid), private.my_profile()
from public, anon, authenticated, service_role;
grant execute on function
  private.invite_member(uuid, text, text, bytea), private.revoke_invitation(uuid),
  private.accept_invitation(uuid, bytea), private.set_member_role(uuid, text), private.remove_member(uuid)
to authenticated;
grant execute on function private.my_profile() to authenticated, loket_admin;
