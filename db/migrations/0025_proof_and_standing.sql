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
