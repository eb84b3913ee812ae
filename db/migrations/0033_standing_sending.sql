-- Sending can be stopped while reading goes on, and a person can say that a reply arrived.

alter table public.mailboxes
  add column sending_paused_reason text,
  add column sending_paused_at timestamptz,
  add constraint mailboxes_sending_paused_check
    check ((sending_paused_reason is null) = (sending_paused_at is null)),
  add constraint mailboxes_sending_paused_reason_check
    check (sending_paused_reason in ('login_refused', 'sender_refused'));
comment on column public.mailboxes.sending_paused_reason is 'Why nothing is sent from it: login_refused (until it is connected anew), sender_refused (its server takes no mail from it; tried again each hour). Null while mail may leave. Reading goes on.';
comment on column public.mailboxes.sending_paused_at is 'Since when nothing is sent from it; null while mail may leave.';
grant select (sending_paused_reason, sending_paused_at) on public.mailboxes to authenticated, loket_admin;
grant update (sending_paused_reason, sending_paused_at) on public.mailboxes to loket_worker, loket_user;

-- Who finds a reply of unknown outcome with its customer says that it was sent.
grant update (sent_at) on public.outbox to authenticated;

create or replace function private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text)
returns boolean
language plpgsql
security definer
set search_path to ''
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
    sending_paused_reason = null, sending_paused_at = null,
    trouble = null, trouble_since = null, trouble_told = false,
    access_encrypted = null, access_until = null, refreshing_by = null, refreshing_until = null
  where tenant_id = p_tenant_id and id = p_id and kind <> 'maildir';
  return found;
end
$$;
