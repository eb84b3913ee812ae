-- The command line's own door, and mailbox secrets.

-- What the program does for all shops (loket_system) is no reason to be able to make platform
-- admins. A role of its own does that, from the command line and the set-up link only.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'loket_setup') then
    begin
      create role loket_setup login inherit;
    exception when duplicate_object or unique_violation then
      null; -- roles are shared by all databases of a cluster; another one was quicker
    end;
  end if;
end
$$;
grant usage on schema private to loket_setup;
revoke execute on function private.create_user(uuid, text, text, jsonb) from loket_system;
drop function private.make_platform_admin(text);

create function private.make_first_admin(p_user_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(7305808869231651178);
  if exists (select from public.profiles where role = 'admin' and user_id = p_user_id) then
    return; -- made already
  end if;
  if exists (select from public.profiles where role = 'admin') then
    raise exception 'there is a platform admin already, who makes others' using errcode = '42501';
  end if;
  update public.profiles set role = 'admin' where user_id = p_user_id;
  if not found then
    raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
  end if;
  perform private.write_audit(
    '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), 'system', 'admin.made', p_user_id, null, '{}');
end
$$;
comment on function private.make_first_admin(uuid) is
  'Makes a person the first platform admin; refused where there is another, suspended or not. May be repeated.';

create function private.platform_admins() returns table (user_id uuid, email text, suspended_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select p.user_id, p.email, p.suspended_at from public.profiles p where p.role = 'admin' order by p.created_at, p.user_id
$$;
comment on function private.platform_admins() is 'The platform admins, for the command line and the set-up link.';

-- Mailbox secrets. An envelope in Base64 begins with 12 characters of its own: 4 that say what it
-- is, 8 for the key. So the database can say which keys are in use without being able to open one.

create function private.secret_usage() returns table (place text, key_prefix text, secrets bigint)
language sql stable security definer set search_path = ''
as $$
  select s.place, case when s.secret like 'TEsB%' then left(s.secret, 12) end, count(*)
  from (
    select 'tenants.gmail_password_encrypted' as place, gmail_password_encrypted as secret from public.tenants
    union all
    select 'mailboxes.secret_encrypted', secret_encrypted from public.mailboxes) s
  where s.secret is not null
  group by 1, 2 order by 1, 2
$$;
comment on function private.secret_usage() is
  'How many mailbox secrets each key closes; null for what is no envelope. No secret is shown.';

create function private.secrets_to_renew(
  p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer)
returns table (tenant_id uuid, place text, row_id uuid)
language sql stable security definer set search_path = ''
as $$
  select s.tenant_id, s.place, s.row_id
  from (
    select t.tenant_id, 'tenants.gmail_password_encrypted' as place, t.tenant_id as row_id, t.gmail_password_encrypted as secret
    from public.tenants t
    union all
    select m.tenant_id, 'mailboxes.secret_encrypted', m.id, m.secret_encrypted from public.mailboxes m) s
  where s.secret is not null and left(s.secret, 12) <> p_current
    and (s.tenant_id, s.place, s.row_id) > (p_tenant_id, p_place, p_row_id)
  order by s.tenant_id, s.place, s.row_id
  limit p_limit
$$;
comment on function private.secrets_to_renew(text, uuid, text, uuid, integer) is
  'Which secrets are not closed with the current key, behind the one named: ids only.';

-- Compare and set: a password that its owner changed meanwhile stays.
create function private.replace_secret(p_place text, p_row_id uuid, p_old text, p_new text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.current_tenant_id();
begin
  if p_new not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  if p_place = 'tenants.gmail_password_encrypted' then
    update public.tenants set gmail_password_encrypted = p_new
    where tenant_id = shop and tenant_id = p_row_id and gmail_password_encrypted = p_old;
  else
    update public.mailboxes set secret_encrypted = p_new
    where tenant_id = shop and id = p_row_id and secret_encrypted = p_old;
  end if;
  return found;
end
$$;
comment on function private.replace_secret(text, uuid, text, text) is
  'Puts a renewed envelope in the place of the one it was made from; false when that one is gone. Workers, their own shop only.';

-- The mailbox of a shop that still waits: its owner has no shop in the claims yet.
create function private.register_mailbox(
  p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform from public.tenants t
  join public.profiles p on p.user_id = t.created_by and p.suspended_at is null
  where t.tenant_id = p_tenant_id and t.created_by = private.current_user_id() and t.status = 'pending_approval'
  for update of t;
  if not found then
    raise exception 'only who registered a waiting shop sets its mailbox' using errcode = '42501';
  end if;
  delete from public.mailboxes where tenant_id = p_tenant_id;
  insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted)
  values (p_tenant_id, p_id, p_kind, lower(p_address), p_config, p_secret);
end
$$;
comment on function private.register_mailbox(uuid, uuid, text, text, jsonb, text) is
  'Sets the one mailbox of a shop that waits for approval, for the person who registered it.';

revoke all on function
  private.make_first_admin(uuid), private.platform_admins(), private.secret_usage(),
  private.secrets_to_renew(text, uuid, text, uuid, integer), private.replace_secret(text, uuid, text, text),
  private.register_mailbox(uuid, uuid, text, text, jsonb, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.create_user(uuid, text, text, jsonb), private.user_by_email(text), private.make_first_admin(uuid),
  private.platform_admins(), private.secret_usage(), private.secrets_to_renew(text, uuid, text, uuid, integer),
  private.operator_create_api_key(uuid, uuid, text, text, bytea, text[], uuid),
  private.operator_revoke_api_key(uuid, uuid), private.operator_api_keys(uuid)
to loket_setup;
grant execute on function private.replace_secret(text, uuid, text, text) to loket_worker;
grant execute on function private.register_mailbox(uuid, uuid, text, text, jsonb, text) to authenticated;
