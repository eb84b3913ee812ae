-- Who reads a mailbox, since when, and what is wrong with it meanwhile.

alter table public.mailboxes
  add column lease_owner uuid,
  add column lease_until timestamptz,
  add column connected_at timestamptz,
  add column trouble text,
  add column trouble_since timestamptz,
  add column trouble_told boolean not null default false;
comment on column public.mailboxes.lease_owner is 'The node that reads it, or read it last; null before the first time.';
comment on column public.mailboxes.lease_until is 'Until when no other node reads it; null when it was given back.';
comment on column public.mailboxes.connected_at is 'When it was first reached: older mail is not answered. Null before.';
comment on column public.mailboxes.trouble is 'Why it cannot be read just now, in a word; null while it can. It is tried again by itself.';
comment on column public.mailboxes.trouble_since is 'Since when; null with the trouble.';
comment on column public.mailboxes.trouble_told is 'Whether the shop was told of this trouble.';
grant select (connected_at, trouble, trouble_since) on public.mailboxes to authenticated;
grant select (connected_at, trouble, trouble_since, trouble_told, lease_owner, lease_until) on public.mailboxes to loket_admin;
grant update (connected_at, trouble, trouble_since, trouble_told) on public.mailboxes to loket_worker;

-- After a change of UIDVALIDITY a mail that was seen before gets the number it has now.
grant update (uidvalidity, uid) on public.raw_messages to loket_worker;
create index raw_messages_message_id_idx on public.raw_messages (tenant_id, mailbox_id, message_id)
  where message_id is not null;
create index raw_messages_sha256_idx on public.raw_messages (tenant_id, mailbox_id, sha256);

-- A node keeps what it reads and takes what nobody reads. Leases are written again when less than
-- half of them is left, so that asking often costs little.
create function private.claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer)
returns table (tenant_id uuid, mailbox_id uuid)
language plpgsql volatile security definer set search_path = '' rows 1000
as $$
#variable_conflict use_column
declare
  held integer;
begin
  -- Not ours any more: their shop stopped, or somebody paused them.
  select count(*) into held
  from public.mailboxes m join public.tenants t on t.tenant_id = m.tenant_id
  where t.active and m.paused_reason is null and m.lease_owner = p_owner and m.lease_until > now();
  update public.mailboxes m
  set lease_owner = p_owner, lease_until = now() + p_lease
  from (
    select f.tenant_id, f.id
    from public.mailboxes f join public.tenants t on t.tenant_id = f.tenant_id
    where t.active and f.paused_reason is null
      and (f.lease_owner = p_owner and f.lease_until > now() and f.lease_until < now() + p_lease / 2)
    for update of f skip locked) due
  where m.tenant_id = due.tenant_id and m.id = due.id;
  update public.mailboxes m
  set lease_owner = p_owner, lease_until = now() + p_lease
  from (
    select f.tenant_id, f.id
    from public.mailboxes f join public.tenants t on t.tenant_id = f.tenant_id
    where t.active and f.paused_reason is null
      and (f.lease_until is null or f.lease_until <= now())
    order by f.lease_until nulls first
    limit greatest(p_limit - held, 0)
    for update of f skip locked) free
  where m.tenant_id = free.tenant_id and m.id = free.id;
  return query
    select m.tenant_id, m.id
    from public.mailboxes m join public.tenants t on t.tenant_id = m.tenant_id
    where t.active and m.paused_reason is null and m.lease_owner = p_owner and m.lease_until > now()
    order by m.tenant_id, m.id;
end
$$;
comment on function private.claim_mailboxes(uuid, interval, integer) is
  'The mailboxes that this node reads for the time of the lease: those it has, and free ones up to the limit.';

create function private.release_mailboxes(p_owner uuid) returns integer
language sql volatile security definer set search_path = ''
as $$
  with released as (
    update public.mailboxes set lease_until = null
    where lease_owner = p_owner and lease_until is not null
    returning 1)
  select count(*)::integer from released
$$;
comment on function private.release_mailboxes(uuid) is
  'Gives back what this node reads, so that another need not wait for the leases to end.';

revoke all on function
  private.claim_mailboxes(uuid, interval, integer), private.release_mailboxes(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.claim_mailboxes(uuid, interval, integer), private.release_mailboxes(uuid)
to loket_system;
