-- Where every mail is: Sent is read by whoever reads the mailbox, answers that people write in the
-- mailbox itself are kept, and what is recorded is compared with what the server holds.

-- What is wanted of Sent stands on the outgoing mail. Whoever reads the mailbox does it over the
-- connection that is open anyway.
alter table public.outbox
  add column mailbox_id uuid,
  add column unknown_at timestamptz,
  add column look_at timestamptz,
  add column sent_copy bytea;
comment on column public.outbox.mailbox_id is 'The mailbox it leaves from; null before, and where mail leaves into a directory. No foreign key: mailboxes go earlier.';
comment on column public.outbox.unknown_at is 'Since when nobody knows whether it was sent; null otherwise.';
comment on column public.outbox.look_at is 'When it is next looked for in Sent; null when it is not.';
comment on column public.outbox.sent_copy is 'The copy that may have to be put into Sent, as it was sent; null when none is wanted or it is there.';
grant update (mailbox_id, unknown_at, look_at, sent_copy) on public.outbox to loket_worker;
create index outbox_look_at_idx on public.outbox (tenant_id, mailbox_id, look_at) where look_at is not null;

alter table public.mailboxes
  add column sent_cursor jsonb not null default '{}',
  add column sent_read_at timestamptz,
  add column reconcile_at timestamptz;
comment on column public.mailboxes.sent_cursor is 'How far its Sent folder was read: folder, uidvalidity, uid.';
comment on column public.mailboxes.sent_read_at is 'Its Sent folder was read to its end; this is when that reading began. Null before the first time.';
comment on column public.mailboxes.reconcile_at is 'When what is recorded is next compared with what the server holds; null before the first reading.';
grant select (sent_cursor, sent_read_at, reconcile_at) on public.mailboxes to authenticated, loket_admin;
grant update (sent_cursor, sent_read_at, reconcile_at) on public.mailboxes to loket_worker;

create table public.sent_messages (
  tenant_id uuid not null,
  mailbox_id uuid not null,
  uidvalidity bigint not null,
  uid bigint not null,
  message_id text,
  seen_at timestamptz not null default now(),
  constraint sent_messages_pkey primary key (tenant_id, mailbox_id, uidvalidity, uid),
  constraint sent_messages_mailbox_id_fkey
    foreign key (tenant_id, mailbox_id) references public.mailboxes (tenant_id, id) on delete cascade
);
comment on table public.sent_messages is
  'Mails seen in a Sent folder of late: which of ours are there, and so were sent. Pruned by age and number.';
comment on column public.sent_messages.tenant_id is 'The shop.';
comment on column public.sent_messages.mailbox_id is 'The mailbox.';
comment on column public.sent_messages.uidvalidity is 'IMAP UIDVALIDITY of Sent.';
comment on column public.sent_messages.uid is 'IMAP UID in Sent.';
comment on column public.sent_messages.message_id is 'Message-ID without angle brackets; null when absent.';
comment on column public.sent_messages.seen_at is 'When it was seen.';
create index sent_messages_message_id_idx on public.sent_messages (tenant_id, message_id) where message_id is not null;

create table public.person_answers (
  tenant_id uuid not null,
  id uuid not null,
  thread_id uuid not null,
  interaction_id uuid,
  mailbox_id uuid not null,
  message_id text,
  subject text not null default '',
  body_text text not null,
  sha256 bytea not null,
  raw bytea not null,
  sent_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  constraint person_answers_pkey primary key (tenant_id, id),
  constraint person_answers_sha256_key unique (tenant_id, mailbox_id, sha256),
  constraint person_answers_thread_id_fkey
    foreign key (tenant_id, thread_id) references public.conversation_threads (tenant_id, id) on delete cascade,
  constraint person_answers_mailbox_id_fkey
    foreign key (tenant_id, mailbox_id) references public.mailboxes (tenant_id, id) on delete cascade,
  constraint person_answers_sha256_check check (octet_length(sha256) = 32)
);
comment on table public.person_answers is
  'What people of the shop answered in the mailbox itself, as it lay in Sent.';
comment on column public.person_answers.tenant_id is 'The shop.';
comment on column public.person_answers.id is 'This answer.';
comment on column public.person_answers.thread_id is 'The conversation it belongs to.';
comment on column public.person_answers.interaction_id is 'The newest customer mail before it; null when there is none. No foreign key, as for raw mail.';
comment on column public.person_answers.mailbox_id is 'Where it lay.';
comment on column public.person_answers.message_id is 'Message-ID without angle brackets; null when absent.';
comment on column public.person_answers.subject is 'Decoded subject.';
comment on column public.person_answers.body_text is 'The text a person would read, with quotes and signature.';
comment on column public.person_answers.sha256 is 'SHA-256 of the raw bytes: a copy is recorded once.';
comment on column public.person_answers.raw is 'The mail itself, RFC 5322 bytes; of one that is too large, its header.';
comment on column public.person_answers.sent_at is 'When it came into Sent.';
comment on column public.person_answers.recorded_at is 'When it was recorded.';
create index person_answers_thread_id_idx on public.person_answers (tenant_id, thread_id, sent_at);

create table public.reconciliations (
  tenant_id uuid not null,
  id uuid not null,
  mailbox_id uuid not null,
  asked_at timestamptz not null default now(),
  nightly boolean not null default false,
  fetches boolean not null,
  finished_at timestamptz,
  failure text,
  on_server bigint not null default 0,
  accounted bigint not null default 0,
  fetched bigint not null default 0,
  moved_away bigint not null default 0,
  missing bigint[] not null default '{}',
  fates jsonb not null default '{}',
  constraint reconciliations_pkey primary key (tenant_id, id),
  constraint reconciliations_mailbox_id_fkey
    foreign key (tenant_id, mailbox_id) references public.mailboxes (tenant_id, id) on delete cascade
);
comment on table public.reconciliations is
  'Comparisons of what a mailbox holds with what is recorded of it: asked for, and how they ended.';
comment on column public.reconciliations.tenant_id is 'The shop.';
comment on column public.reconciliations.id is 'This comparison.';
comment on column public.reconciliations.mailbox_id is 'The mailbox.';
comment on column public.reconciliations.asked_at is 'When it was asked for.';
comment on column public.reconciliations.nightly is 'Whether it is the one of the night, and not somebody''s.';
comment on column public.reconciliations.fetches is 'Whether what is missing is fetched.';
comment on column public.reconciliations.finished_at is 'When it was done; null before.';
comment on column public.reconciliations.failure is 'Why it could not be done, in a word; null otherwise.';
comment on column public.reconciliations.on_server is 'Mails that the mailbox holds since reading it began.';
comment on column public.reconciliations.accounted is 'Those of them that are recorded, what was fetched just now included.';
comment on column public.reconciliations.fetched is 'Those that were missing and are recorded now.';
comment on column public.reconciliations.moved_away is 'Recorded mails that the mailbox no longer holds.';
comment on column public.reconciliations.missing is 'UIDs that were not recorded when it began, at most a thousand of them.';
comment on column public.reconciliations.fates is 'How many of the recorded ended how.';
create index reconciliations_waiting_idx on public.reconciliations (tenant_id, mailbox_id) where finished_at is null;
create index reconciliations_mailbox_id_idx on public.reconciliations (tenant_id, mailbox_id, asked_at);

-- A fate comes with its moment, and never without.
alter table public.raw_messages
  add constraint raw_messages_fate_at_check check ((fate is null) = (fate_at is null)) not valid;
update public.raw_messages set fate_at = stored_at where fate is not null and fate_at is null;
alter table public.raw_messages validate constraint raw_messages_fate_at_check;

-- A mail that was recorded once and is missing here comes back under the id it had.
-- Access: see 0013.
alter table public.sent_messages enable row level security;
revoke all on public.sent_messages from public, anon, authenticated, service_role;
grant select, insert, delete on public.sent_messages to loket_worker;
create policy worker_select on public.sent_messages for select to loket_worker
  using (tenant_id = private.current_tenant_id());
create policy worker_insert on public.sent_messages for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
create policy worker_delete on public.sent_messages for delete to loket_worker
  using (tenant_id = private.current_tenant_id());

alter table public.person_answers enable row level security;
revoke all on public.person_answers from public, anon, authenticated, service_role;
grant select on public.person_answers to authenticated;
create policy user_select on public.person_answers for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select, insert on public.person_answers to loket_worker;
create policy worker_select on public.person_answers for select to loket_worker
  using (tenant_id = private.current_tenant_id());
create policy worker_insert on public.person_answers for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant select on public.person_answers to loket_admin;
create policy admin_select on public.person_answers for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

alter table public.reconciliations enable row level security;
revoke all on public.reconciliations from public, anon, authenticated, service_role;
grant select on public.reconciliations to authenticated;
create policy user_select on public.reconciliations for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select, insert, delete on public.reconciliations to loket_worker;
grant update (finished_at, failure, on_server, accounted, fetched, moved_away, missing, fates) on public.reconciliations to loket_worker;
create policy worker_select on public.reconciliations for select to loket_worker
  using (tenant_id = private.current_tenant_id());
create policy worker_insert on public.reconciliations for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
create policy worker_update on public.reconciliations for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
create policy worker_delete on public.reconciliations for delete to loket_worker
  using (tenant_id = private.current_tenant_id());
grant select on public.reconciliations to loket_admin;
create policy admin_select on public.reconciliations for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- Which of the mailboxes that this node reads have something to do besides new mail.
create function private.called_mailboxes(p_owner uuid) returns table (tenant_id uuid, mailbox_id uuid)
language sql stable security definer set search_path = '' rows 20
as $$
  select m.tenant_id, m.id
  from public.mailboxes m
  where m.lease_owner = p_owner and m.lease_until > now()
    and (m.reconcile_at <= now()
      or (m.tenant_id, m.id) in (
        select o.tenant_id, o.mailbox_id from public.outbox o where o.look_at <= now())
      or (m.tenant_id, m.id) in (
        select r.tenant_id, r.mailbox_id from public.reconciliations r where r.finished_at is null))
$$;
comment on function private.called_mailboxes(uuid) is
  'The mailboxes of this node whose Sent is to be looked into, or that are to be compared with what is recorded.';

-- One mailbox for the command line, when no node reads it.
create function private.claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.mailboxes m
  set lease_owner = p_owner, lease_until = now() + p_lease
  from public.tenants t
  where m.tenant_id = p_tenant_id and m.id = p_mailbox_id and t.tenant_id = m.tenant_id
    and t.active and m.paused_reason is null
    and (m.lease_owner = p_owner or m.lease_until is null or m.lease_until <= now());
  return found;
end
$$;
comment on function private.claim_mailbox(uuid, uuid, uuid, interval) is
  'Takes one mailbox for a time, or keeps it longer. False when another node reads it, or nobody may.';

revoke all on function
  private.called_mailboxes(uuid), private.claim_mailbox(uuid, uuid, uuid, interval)
from public, anon, authenticated, service_role;
grant execute on function
  private.called_mailboxes(uuid), private.claim_mailbox(uuid, uuid, uuid, interval)
to loket_system;

-- Who asked for an answer elsewhere is answered there: the only case in which the customer's address
-- is not among the recipients of a person's answer.
create index customer_interactions_elsewhere_idx on public.customer_interactions (tenant_id, message_id)
  where reply_to_elsewhere;
