-- Mailboxes that are opened with a provider's consent (OAuth) instead of a password: the access token
-- that all nodes share, and whose turn it is to ask for the next one.

alter table public.mailboxes
  add column access_encrypted text,
  add column access_until timestamptz,
  add column refreshing_by uuid,
  add column refreshing_until timestamptz;
comment on column public.mailboxes.access_encrypted is 'Base64 of an envelope around the newest access token; null where there is a password, or none was asked for yet. May be lost: another is asked for.';
comment on column public.mailboxes.access_until is 'Until when that token is given out: some minutes before the provider said that it ends.';
comment on column public.mailboxes.refreshing_by is 'Who asks the provider for a token just now; null when nobody does.';
comment on column public.mailboxes.refreshing_until is 'Until when nobody else does.';
comment on column public.mailboxes.secret_encrypted is 'Base64 of an authenticated envelope around the password or the provider''s consent; null when none is needed. Write-only for users.';
grant update (access_encrypted, access_until, refreshing_by, refreshing_until) on public.mailboxes to loket_worker;
grant select (access_until, refreshing_until) on public.mailboxes to loket_admin;

-- Where a mailbox is reached changes only together with what opens it: no host is given the secret
-- that was made for another.
create function private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner connects a mailbox' using errcode = '42501';
  end if;
  if p_config ?| array['directory', 'outgoing'] then
    raise exception 'directories are not the shop''s to name' using errcode = '42501';
  end if;
  if p_secret is null or p_secret not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  update public.mailboxes
  set config = p_config, secret_encrypted = p_secret, paused_reason = null, paused_at = null,
    trouble = null, trouble_since = null, trouble_told = false,
    access_encrypted = null, access_until = null, refreshing_by = null, refreshing_until = null
  where tenant_id = p_tenant_id and id = p_id and kind <> 'maildir';
  return found;
end
$$;
comment on function private.reconnect_mailbox(uuid, uuid, jsonb, text) is
  'Sets how a mailbox is reached and what opens it, and reads it again. For owners, through the server only.';
revoke all on function private.reconnect_mailbox(uuid, uuid, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function private.reconnect_mailbox(uuid, uuid, jsonb, text) to loket_user;
