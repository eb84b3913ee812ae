-- A change of address, once both addresses agreed, is a change of the profile too.

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

revoke all on function private.rename_profile(uuid, text) from public, anon, authenticated, service_role;
grant execute on function private.rename_profile(uuid, text) to loket_auth;
