-- Older mail on request: how far back somebody of the shop wants it, how many mails that is, and how
-- far it has come. Whoever reads the mailbox brings them in over its one connection, beside new mail.

create table public.history_imports (
  tenant_id uuid not null,
  id uuid not null,
  mailbox_id uuid not null,
  days smallint not null,
  since timestamptz not null,
  state text not null default 'counting',
  failure text,
  found bigint not null default 0,
  found_bytes bigint not null default 0,
  left_out boolean not null default false,
  taken bigint not null default 0,
  answers bigint not null default 0,
  cursor jsonb not null default '{}',
  attempts integer not null default 0,
  asked_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint history_imports_pkey primary key (tenant_id, id),
  constraint history_imports_mailbox_id_fkey
    foreign key (tenant_id, mailbox_id) references public.mailboxes (tenant_id, id) on delete cascade,
  constraint history_imports_days_check check (days in (30, 90, 365)),
  constraint history_imports_state_check
    check (state in ('counting', 'counted', 'running', 'done', 'stopped', 'failed')),
  constraint history_imports_finished_at_check
    check ((state in ('done', 'stopped', 'failed')) = (finished_at is not null))
);
comment on table public.history_imports is
  'Older mail that a shop asked for: counted first, then brought in, and never answered.';
comment on column public.history_imports.tenant_id is 'The shop.';
comment on column public.history_imports.id is 'This import.';
comment on column public.history_imports.mailbox_id is 'The mailbox.';
comment on column public.history_imports.days is 'How many days back: 30, 90 or 365.';
comment on column public.history_imports.since is 'Mail that came at this time or later is brought in.';
comment on column public.history_imports.state is 'counting, counted (waits for a yes), running, done, stopped or failed.';
comment on column public.history_imports.failure is 'Why it failed, in a word; null otherwise.';
comment on column public.history_imports.found is 'Mails that were not known when they were counted, as many as are brought in.';
comment on column public.history_imports.found_bytes is 'Their size together, as the server says.';
comment on column public.history_imports.left_out is 'Whether there are more than are brought in at once: the oldest stay out.';
comment on column public.history_imports.taken is 'Mails that were stored so far.';
comment on column public.history_imports.answers is 'Mails of the shop''s own, out of Sent, that were put beside them.';
comment on column public.history_imports.cursor is 'How far Sent was looked through: folder, uidvalidity, uid; empty before.';
comment on column public.history_imports.attempts is 'Steps that were begun since the last that got anywhere.';
comment on column public.history_imports.asked_at is 'When it was asked for.';
comment on column public.history_imports.finished_at is 'When it was done, stopped or given up; null before.';
create unique index history_imports_open_idx on public.history_imports (tenant_id, mailbox_id)
  where state in ('counting', 'counted', 'running');
create index history_imports_due_idx on public.history_imports (tenant_id, mailbox_id) where state in ('counting', 'running');
create index history_imports_mailbox_id_idx on public.history_imports (tenant_id, mailbox_id, asked_at);

-- What was brought in, told from what arrived.
alter table public.raw_messages add column history boolean not null default false;
comment on column public.raw_messages.history is 'Whether it was there before the shop connected, and brought in on request.';
create index raw_messages_history_idx on public.raw_messages (tenant_id, mailbox_id) where history and fate is null;

alter table public.person_answers add column history boolean not null default false;
comment on column public.person_answers.history is 'Whether it was sent before the shop connected, and brought in on request.';

alter table public.mailboxes add column history_since timestamptz;
comment on column public.mailboxes.history_since is 'Since when older mail was asked for; null while none was. Then replies to it are looked for in it.';
grant select (history_since) on public.mailboxes to authenticated, loket_admin;

-- A later mail that refers to one of these goes on in its conversation.
create index customer_interactions_history_idx on public.customer_interactions (tenant_id, message_id)
  where state = 'imported';
create index person_answers_history_idx on public.person_answers (tenant_id, message_id) where history;

-- Access: see 0013. Asking, beginning and stopping go through the functions below.
alter table public.history_imports enable row level security;
revoke all on public.history_imports from public, anon, authenticated, service_role;
grant select on public.history_imports to authenticated;
create policy user_select on public.history_imports for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.history_imports to loket_worker;
create policy worker_select on public.history_imports for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant update (state, failure, found, found_bytes, left_out, taken, answers, cursor, attempts, finished_at)
  on public.history_imports to loket_worker;
create policy worker_update on public.history_imports for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.history_imports to loket_admin;
create policy admin_select on public.history_imports for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

create function private.ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner brings in older mail' using errcode = '42501';
  end if;
  -- One at a time, so that two who ask at once get one import.
  perform from public.mailboxes where tenant_id = p_tenant_id and id = p_mailbox_id and kind <> 'maildir' for update;
  if not found or exists (
    select from public.history_imports
    where tenant_id = p_tenant_id and mailbox_id = p_mailbox_id and state = 'running') then
    return false;
  end if;
  update public.history_imports set state = 'stopped', finished_at = now()
  where tenant_id = p_tenant_id and mailbox_id = p_mailbox_id and state in ('counting', 'counted');
  insert into public.history_imports (tenant_id, id, mailbox_id, days, since)
  values (p_tenant_id, p_id, p_mailbox_id, p_days, now() - make_interval(days => p_days));
  return true;
end
$$;
comment on function private.ask_history(uuid, uuid, uuid, smallint) is
  'Asks how much mail a mailbox holds of so many days back. For owners. False while older mail is being brought in, or where there is none.';

create function private.begin_history(p_tenant_id uuid, p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  import public.history_imports;
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner brings in older mail' using errcode = '42501';
  end if;
  update public.history_imports set state = 'running'
  where tenant_id = p_tenant_id and id = p_id and state = 'counted'
  returning * into import;
  if not found then
    return false;
  end if;
  update public.mailboxes set history_since = least(history_since, import.since)
  where tenant_id = p_tenant_id and id = import.mailbox_id;
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'user', 'history.begun', import.mailbox_id, null,
    pg_catalog.jsonb_build_object('days', import.days));
  return true;
end
$$;
comment on function private.begin_history(uuid, uuid) is
  'Brings in the older mail that was counted. For owners. False where nothing waits for that.';

create function private.stop_history(p_tenant_id uuid, p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner stops bringing in older mail' using errcode = '42501';
  end if;
  update public.history_imports set state = 'stopped', finished_at = now()
  where tenant_id = p_tenant_id and id = p_id and state in ('counting', 'counted', 'running');
  return found;
end
$$;
comment on function private.stop_history(uuid, uuid) is
  'Stops bringing in older mail; what is there stays. For owners. False where nothing was under way.';

-- As before, and where older mail is wanted.
create or replace function private.called_mailboxes(p_owner uuid) returns table (tenant_id uuid, mailbox_id uuid)
language sql stable security definer set search_path = '' rows 20
as $$
  select m.tenant_id, m.id
  from public.mailboxes m
  where m.lease_owner = p_owner and m.lease_until > now()
    and (m.reconcile_at <= now()
      or (m.tenant_id, m.id) in (
        select o.tenant_id, o.mailbox_id from public.outbox o where o.look_at <= now())
      or (m.tenant_id, m.id) in (
        select r.tenant_id, r.mailbox_id from public.reconciliations r where r.finished_at is null)
      or (m.tenant_id, m.id) in (
        select h.tenant_id, h.mailbox_id from public.history_imports h
        where h.state in ('counting', 'running')))
$$;
comment on function private.called_mailboxes(uuid) is
  'The mailboxes of this node whose Sent is to be looked into, that are to be compared with what is recorded, or of which older mail is wanted.';

revoke all on function
  private.ask_history(uuid, uuid, uuid, smallint), private.begin_history(uuid, uuid), private.stop_history(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.ask_history(uuid, uuid, uuid, smallint), private.begin_history(uuid, uuid), private.stop_history(uuid, uuid)
to loket_user;
