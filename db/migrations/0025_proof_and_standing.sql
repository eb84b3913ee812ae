-- What an account proves and what it may: suspended people have no way into their account either,
-- and whoever was let go reads nothing of the shop any more.

create function private.is_suspended(p_user_id uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (select from public.profiles p where p.user_id = p_user_id and p.suspended_at is not null)
$$;
comment on function private.is_suspended(uuid) is
  'Whether a platform admin suspended this person. For the auth service only.';
revoke all on function private.is_suspended(uuid) from public, anon, authenticated, service_role;
grant execute on function private.is_suspended(uuid) to loket_auth;

-- As before, and their sessions end at once.
create or replace function private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) returns boolean
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
  if p_suspended then
    perform from auth.users where id = p_user_id for no key update;
    delete from auth.sessions where user_id = p_user_id;
  end if;
  update public.profiles set suspended_at = case when p_suspended then now() end where user_id = p_user_id;
  perform private.write_audit(
    coalesce(person.tenant_id, '00000000-0000-0000-0000-000000000000'), pg_catalog.gen_random_uuid(), 'admin',
    case when p_suspended then 'profile.suspended' else 'profile.resumed' end, p_user_id, reason, '{}');
  return true;
end
$$;

-- Who registered a shop sees it while it waits or was turned down. Once it works its people do, and
-- whoever was let go is none of them.
create or replace function private.session_person(p_session_id uuid, p_user_id uuid) returns table (
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
        where c.created_by = p.user_id and c.status in ('pending_approval', 'rejected') order by c.created_at desc limit 1))
    where s.id = p_session_id and s.user_id = p_user_id
      and (s.not_after is null or s.not_after > now())
      and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now())
      and p.suspended_at is null;
end
$$;
create or replace function private.my_profile() returns table (
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
      where c.created_by = p.user_id and c.status in ('pending_approval', 'rejected') order by c.created_at desc limit 1))
  where p.user_id = private.current_user_id()
$$;
create or replace function private.standing_reason() returns table (action text, reason text, created_at timestamptz)
language sql stable security definer set search_path = '' rows 1
as $$
  select a.action, coalesce(a.reason, ''), a.created_at
  from public.profiles p
  join public.tenants t on t.tenant_id = coalesce(p.tenant_id, (
    select c.tenant_id from public.tenants c
    where c.created_by = p.user_id and c.status in ('pending_approval', 'rejected') order by c.created_at desc limit 1))
  join public.audit_log a on a.tenant_id = t.tenant_id and a.action = 'shop.' || t.status
    and a.actor_role = 'admin'
  where p.user_id = private.current_user_id() and p.suspended_at is null
    and (p.tenant_id is null or p.tenant_role = 'owner')
    and t.status in ('rejected', 'suspended')
  order by a.created_at desc, a.id desc
  limit 1
$$;
comment on function private.standing_reason() is
  'Why the caller''s own shop was rejected or suspended, in the words a platform admin left in the audit log; nothing for anybody but its owner or who registered it, and nothing while it works.';

-- As before, and a shop is no relay for mail: so many invitations a day.
create or replace function private.invite_member(
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
  -- One at a time, so that many at once are counted as well.
  perform from public.tenants where tenant_id = shop for update;
  if (select count(*) from public.tenant_invitations
      where tenant_id = shop and created_at > now() - interval '24 hours') >= 50 then
    raise exception 'a shop sends 50 invitations a day' using errcode = '22023', constraint = 'tenant_invitations_daily';
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

-- Power from the command line goes to proved addresses: anybody can sign up with anybody's.
-- Late-bound on purpose, as everything that reads `auth`: on hosted Supabase it is theirs to change.
create or replace function private.user_by_email(p_email text) returns uuid
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select u.id from auth.users u
    join public.profiles p on p.user_id = u.id
    where lower(u.email) = lower(p_email) and u.email_confirmed_at is not null and u.deleted_at is null and not u.is_sso_user);
end
$$;
comment on function private.user_by_email(text) is
  'The person who proved this address, for the command line; null when there is none.';

create function private.take_unproved(p_email text, p_encrypted_password text) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person uuid;
begin
  update auth.users
  set encrypted_password = p_encrypted_password, email_confirmed_at = now(), raw_user_meta_data = '{}',
    raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb) - 'signed_up_again',
    confirmation_token = '', recovery_token = '', email_change = '', email_change_token_new = '',
    email_change_token_current = '', updated_at = now()
  where lower(email) = lower(p_email) and email_confirmed_at is null and deleted_at is null and not is_sso_user
  returning id into person;
  if person is not null then
    delete from auth.one_time_tokens where user_id = person;
    delete from auth.mfa_factors where user_id = person;
    delete from auth.sessions where user_id = person;
    perform private.ensure_profile(person, p_email);
  end if;
  return person;
end
$$;
comment on function private.take_unproved(text, text) is
  'Gives an account whose address nobody proved to whoever runs the command line: with their password, and without anything from before. Null when there is none.';
revoke all on function private.take_unproved(text, text) from public, anon, authenticated, service_role;
grant execute on function private.take_unproved(text, text) to loket_setup;

-- What the server trusts it writes itself. Whoever comes without it (Supabase's own API) reads, but
-- opens no directory of this machine, names no host to be given a password, and leaves no text where
-- an envelope belongs.
revoke insert, update, delete on public.mailboxes from authenticated;
revoke insert (tenant_id, id, kind, address, config, secret_encrypted),
  update (config, secret_encrypted, paused_reason, paused_at) on public.mailboxes from authenticated;
drop policy user_insert on public.mailboxes;
-- Not the config: another host is another mailbox, and gets its own password.
grant update (secret_encrypted, paused_reason, paused_at) on public.mailboxes to loket_user;
alter policy user_update on public.mailboxes to loket_user;
grant delete on public.mailboxes to loket_user;
alter policy user_delete on public.mailboxes to loket_user;
revoke update (gmail_password_encrypted) on public.tenants from authenticated;
grant update (gmail_password_encrypted) on public.tenants to loket_user;

create function private.add_mailbox(
  p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner adds a mailbox' using errcode = '42501';
  end if;
  if p_kind = 'maildir' or p_config ?| array['directory', 'outgoing'] then
    raise exception 'directories are not the shop''s to name' using errcode = '42501';
  end if;
  insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted)
  values (p_tenant_id, p_id, p_kind, lower(p_address), p_config, p_secret);
end
$$;
comment on function private.add_mailbox(uuid, uuid, text, text, jsonb, text) is
  'Adds a mailbox of an approved shop; no directory. For its owners, through the server only.';
revoke all on function private.add_mailbox(uuid, uuid, text, text, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function private.add_mailbox(uuid, uuid, text, text, jsonb, text) to loket_user;

-- Directories of this machine are named by whoever has its command line.
create function private.add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.mailboxes (tenant_id, id, kind, address, config)
  values (p_tenant_id, p_id, 'maildir', lower(p_address), p_config)
$$;
comment on function private.add_mail_directory(uuid, uuid, text, jsonb) is
  'Adds a mailbox that is a directory of this machine, for the command line.';
revoke all on function private.add_mail_directory(uuid, uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function private.add_mail_directory(uuid, uuid, text, jsonb) to loket_setup;

create or replace function private.register_mailbox(
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
  if p_kind = 'maildir' or p_config ?| array['directory', 'outgoing'] then
    raise exception 'directories are not the shop''s to name' using errcode = '42501';
  end if;
  if p_secret is not null and p_secret not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  delete from public.mailboxes where tenant_id = p_tenant_id;
  insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted)
  values (p_tenant_id, p_id, p_kind, lower(p_address), p_config, p_secret);
end
$$;
