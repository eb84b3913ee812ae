--! ask
insert into public.reconciliations (tenant_id, id, mailbox_id, fetches) values ($1, $2, $3, $4);

--! tonight
-- The next night's comparison is set, somewhere between one and five, and this night's asked for when
-- its time has come.
with before as (
  select reconcile_at from public.mailboxes where tenant_id = $1 and id = $2),
next as (
  update public.mailboxes m
  set reconcile_at = (date_trunc('day', now() at time zone 'Europe/Amsterdam') + interval '1 day 1 hour'
    + random() * interval '4 hours') at time zone 'Europe/Amsterdam'
  from before
  where m.tenant_id = $1 and m.id = $2 and (before.reconcile_at is null or before.reconcile_at <= now())
  returning m.id),
pruned as (
  delete from public.reconciliations r
  using next
  where r.tenant_id = $1 and r.mailbox_id = $2 and r.asked_at < now() - interval '90 days'),
asked as (
  insert into public.reconciliations (tenant_id, id, mailbox_id, nightly, fetches)
  select $1, $3, $2, true, true from before, next where before.reconcile_at <= now()
  returning id)
select count(*) as changed from asked;

--! waiting
select id, fetches from public.reconciliations
where tenant_id = $1 and mailbox_id = $2 and finished_at is null
order by asked_at, id;

--! missing
-- Which of these numbers nothing is recorded of.
select m.uid
from unnest($4::bigint[]) as m(uid)
where not exists (
  select from public.raw_messages r
  where r.tenant_id = $1 and r.mailbox_id = $2 and r.uidvalidity = $3 and r.uid = m.uid)
order by m.uid;

--! moved_away
-- Recorded under this numbering, and not among what the mailbox holds. What was brought in on request
-- is older than what is compared.
select count(*) as mails from public.raw_messages r
where r.tenant_id = $1 and r.mailbox_id = $2 and r.uidvalidity = $3 and r.uid <> all ($4) and not r.history;

--! lost_rows
-- Mails whose interaction is there while the mail itself is not: they get back the id and the fate they had.
select i.raw_message_id as id, i.message_id, i.received_at,
  case i.state
    when 'received' then null
    when 'discarded' then 'held'
    when 'closed' then 'answered'
    else i.state end as fate
from public.customer_interactions i
where i.tenant_id = $1 and i.received_at = any ($2) and i.message_id = any ($3) and i.raw_message_id is not null
  and not exists (select from public.raw_messages r where r.tenant_id = $1 and r.id = i.raw_message_id);

--! put_back
insert into public.raw_messages (
  tenant_id, id, mailbox_id, uidvalidity, uid, sha256, message_id, received_at, size_bytes, raw, fate, fate_reason, fate_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'put_back', case when $11::text is not null then now() end)
on conflict do nothing;

--! fates
-- What became of each recorded mail of this mailbox: every mail is in exactly one row. `waiting` is
-- under way; `unattended` would be a mail that nobody works on, which is a fault of ours.
select
  case
    when r.fate is not null then r.fate
    when exists (
        select from public.jobs j
        where j.tenant_id = $1 and j.kind = 'ingest' and j.subject_id = r.id)
      or exists (
        select from public.jobs j
        where j.tenant_id = $1 and j.kind = 'answer' and j.subject_id = i.id) then 'waiting'
    else 'unattended'
  end as fate,
  count(*) as mails
from public.raw_messages r
left join public.customer_interactions i on i.tenant_id = r.tenant_id and i.raw_message_id = r.id
where r.tenant_id = $1 and r.mailbox_id = $2 and not r.history
group by 1
order by 1;

--! finish
update public.reconciliations
set finished_at = now(), failure = $3, on_server = $4, accounted = $5, fetched = $6, moved_away = $7, missing = $8,
  fates = $9
where tenant_id = $1 and id = $2;

--! load
select id, mailbox_id, asked_at, nightly, finished_at, failure, on_server, accounted, fetched, moved_away, missing, fates
from public.reconciliations
where tenant_id = $1 and id = $2;

--! claim
select private.claim_mailbox($1, $2, $3, make_interval(secs => $4)) as ours;
