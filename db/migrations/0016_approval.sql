-- From a registered shop to an approved one, and back: approve, reject, suspend, resume. Each
-- with a reason where it takes something away, an audit entry, and word to the shop.

-- A change of the shop's standing: an audit entry, and a notification where somebody can see it.
-- A shop that waits has nobody yet who could: it hears by mail.
create function private.tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', p_action, p_tenant_id, p_reason,
    pg_catalog.jsonb_build_object('was', p_was));
  if p_was <> 'pending_approval' then
    insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
    values (p_tenant_id, pg_catalog.gen_random_uuid(), 'action_needed', p_priority, false, p_action);
  end if;
end
$$;
comment on function private.tell_shop(uuid, text, text, text, text) is
  'Records a change of a shop''s standing where the shop sees it; for definer functions only.';

create function private.refuse_without_reason(p_reason text) returns text
language plpgsql immutable set search_path = ''
as $$
begin
  if coalesce(char_length(trim(p_reason)), 0) < 5 then
    raise exception 'this needs a reason' using errcode = '22023', constraint = 'audit_log_reason';
  end if;
  return trim(p_reason);
end
$$;
comment on function private.refuse_without_reason(text) is 'The reason without blanks around it; an error when it is none.';

-- Links a person and says what they may do. Callers have checked that they may.
create function private.join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.profiles set tenant_id = p_tenant_id, tenant_role = p_tenant_role
  where user_id = p_user_id
    and (tenant_id is distinct from p_tenant_id or tenant_role <> p_tenant_role);
  if not found then
    if not exists (select from public.profiles where user_id = p_user_id) then
      raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
    end if;
    return false;
  end if;
  -- The claim that policies read when a client comes in without our server (Supabase's own API).
  update auth.users
  set raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb)
    || pg_catalog.jsonb_build_object('tenant_id', p_tenant_id)
  where id = p_user_id;
  return true;
end
$$;
comment on function private.join_shop(uuid, uuid, text) is
  'Makes a person a member of a shop in this role and renews the claim; for definer functions only.';

create or replace function private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  old public.profiles;
  role text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can link a profile to a shop' using errcode = '42501';
  end if;
  -- One linking at a time per shop, so that two cannot both be its first.
  perform from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  select * into old from public.profiles where user_id = p_user_id for update;
  if old.tenant_id = p_tenant_id then
    return; -- linked already
  end if;
  role := case
    when exists (select from public.profiles where tenant_id = p_tenant_id and tenant_role = 'owner') then 'agent'
    else 'owner' end;
  perform private.join_shop(p_user_id, p_tenant_id, role);
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', 'profile.linked', p_user_id, null,
    pg_catalog.jsonb_build_object('tenant_role', role));
end
$$;
comment on function private.link_profile_to_tenant(uuid, uuid) is
  'Links a person to a shop, as its owner when it has none, else as an agent, and renews the claim. Admins only, may be repeated.';

create or replace function private.approve_tenant(p_tenant_id uuid) returns boolean
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
  if shop.status = 'suspended' then
    raise exception 'a suspended shop is resumed, with a reason' using errcode = '22023', constraint = 'tenants_status_step';
  end if;
  update public.tenants
  set status = 'approved', active = true, approved_at = now(), approved_by = private.current_user_id(),
      updated_at = now()
  where tenant_id = p_tenant_id;
  if shop.created_by is not null then
    perform private.link_profile_to_tenant(shop.created_by, p_tenant_id);
  end if;
  perform private.tell_shop(p_tenant_id, 'shop.approved', null, shop.status, 'low');
  return true;
end
$$;
comment on function private.approve_tenant(uuid) is
  'Approves a shop that waits or was rejected, turns it on and links who registered it. True when this call did it. Admins only.';

create or replace function private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  old text;
  reason text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can change a shop''s status' using errcode = '42501';
  end if;
  reason := private.refuse_without_reason(p_reason);
  select status into old from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  if old = p_status then
    return false;
  end if;
  -- pending_approval -> rejected, approved <-> suspended; approving is another function's.
  if (old, p_status) not in (('pending_approval', 'rejected'), ('approved', 'suspended'), ('suspended', 'approved')) then
    raise exception 'a shop that is % cannot become %', old, p_status
      using errcode = '22023', constraint = 'tenants_status_step';
  end if;
  update public.tenants
  set status = p_status, active = (p_status = 'approved'), updated_at = now()
  where tenant_id = p_tenant_id;
  perform private.tell_shop(
    p_tenant_id, case p_status when 'approved' then 'shop.resumed' else 'shop.' || p_status end, reason, old,
    case p_status when 'suspended' then 'high' else 'medium' end);
  return true;
end
$$;
comment on function private.set_tenant_status(uuid, text, text) is
  'Rejects a shop that waits, suspends an approved one, or resumes a suspended one (approved). True when this call did it. Admins only.';

create function public.reject_tenant(tenant_id uuid, reason text) returns boolean
language sql volatile security invoker set search_path = ''
as $$ select private.set_tenant_status(tenant_id, 'rejected', reason) $$;
comment on function public.reject_tenant(uuid, text) is 'Rejects a shop that waits; admins only, may be repeated.';
create function public.suspend_tenant(tenant_id uuid, reason text) returns boolean
language sql volatile security invoker set search_path = ''
as $$ select private.set_tenant_status(tenant_id, 'suspended', reason) $$;
comment on function public.suspend_tenant(uuid, text) is
  'Suspends a shop: its mail is not fetched, its queue is held, its people see nothing; admins only, may be repeated.';
create function public.resume_tenant(tenant_id uuid, reason text) returns boolean
language sql volatile security invoker set search_path = ''
as $$ select private.set_tenant_status(tenant_id, 'approved', reason) $$;
comment on function public.resume_tenant(uuid, text) is 'Resumes a suspended shop; admins only, may be repeated.';

-- People of the platform.

create function private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.profiles;
  reason text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can suspend a person' using errcode = '42501';
  end if;
  reason := private.refuse_without_reason(p_reason);
  select * into person from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
  end if;
  if p_suspended and p_user_id = private.current_user_id() then
    raise exception 'nobody suspends themselves' using errcode = '22023', constraint = 'profiles_not_oneself';
  end if;
  if (person.suspended_at is not null) = p_suspended then
    return false;
  end if;
  update public.profiles set suspended_at = case when p_suspended then now() end where user_id = p_user_id;
  perform private.write_audit(
    coalesce(person.tenant_id, '00000000-0000-0000-0000-000000000000'), pg_catalog.gen_random_uuid(), 'admin',
    case when p_suspended then 'profile.suspended' else 'profile.resumed' end, p_user_id, reason, '{}');
  return true;
end
$$;
comment on function private.set_user_suspended(uuid, boolean, text) is
  'Suspends a person or ends that. True when this call did it. Admins only, and nobody themselves.';

create function private.set_platform_role(p_user_id uuid, p_role text, p_reason text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.profiles;
  reason text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can change a role' using errcode = '42501';
  end if;
  reason := private.refuse_without_reason(p_reason);
  if p_user_id = private.current_user_id() then
    raise exception 'nobody changes their own role' using errcode = '22023', constraint = 'profiles_not_oneself';
  end if;
  select * into person from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
  end if;
  if person.role = p_role then
    return false;
  end if;
  update public.profiles set role = p_role where user_id = p_user_id;
  perform private.write_audit(
    '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), 'admin', 'admin.role_changed', p_user_id,
    reason, pg_catalog.jsonb_build_object('was', person.role, 'is', p_role));
  return true;
end
$$;
comment on function private.set_platform_role(uuid, text, text) is
  'Makes a person a platform admin, or takes that away. True when this call did it. Admins only, and nobody themselves.';

-- A try that was refused leaves a line as well. The refusal rolled its own transaction back, so
-- the server writes this one in another.
create function private.note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, detail)
  values (
    '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), p_actor_id, 'system', 'refused.' || p_action,
    p_tenant_id, '{}')
$$;
comment on function private.note_refusal(uuid, uuid, text) is
  'Writes into the platform''s audit log that somebody was refused something about a shop.';

revoke all on function
  private.tell_shop(uuid, text, text, text, text),
  private.refuse_without_reason(text), private.join_shop(uuid, uuid, text),
  public.reject_tenant(uuid, text), public.suspend_tenant(uuid, text), public.resume_tenant(uuid, text),
  private.set_user_suspended(uuid, boolean, text), private.set_platform_role(uuid, text, text),
  private.note_refusal(uuid, uuid, text)
from public, anon, authenticated, service_role;
grant execute on function
  public.reject_tenant(uuid, text), public.suspend_tenant(uuid, text), public.resume_tenant(uuid, text),
  private.set_user_suspended(uuid, boolean, text), private.set_platform_role(uuid, text, text)
to loket_admin;
grant execute on function private.note_refusal(uuid, uuid, text) to loket_system;
