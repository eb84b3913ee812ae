--! due
-- What is to be looked for in this mailbox's Sent now.
select o.id, o.message_id, o.state, o.sent_looks, o.sent_copy is not null as wants_copy,
  (extract(epoch from clock_timestamp() - o.unknown_at) * 1000)::bigint as unknown_for_ms,
  (extract(epoch from clock_timestamp() - o.sent_at) * 1000)::bigint as sent_for_ms,
  exists (
    select from public.sent_messages s
    where s.tenant_id = $1 and s.mailbox_id = $2 and s.message_id = o.message_id) as seen
from public.outbox o
where o.tenant_id = $1 and o.mailbox_id = $2 and o.look_at <= now()
order by o.look_at, o.id
limit 200;

--! copy
select sent_copy from public.outbox where tenant_id = $1 and id = $2 and sent_copy is not null;

--! leaves_from
update public.outbox set mailbox_id = $3 where tenant_id = $1 and id = $2;

--! want_copy
-- May have to be put into Sent, as it was sent.
update public.outbox set sent_copy = $4, mailbox_id = $3, look_at = now()
where tenant_id = $1 and id = $2;

--! outcome_unknown
update public.outbox
set unknown_at = coalesce(unknown_at, now()), look_at = coalesce(look_at, now()), mailbox_id = coalesce(mailbox_id, $3)
where tenant_id = $1 and id = $2 and state = 'sending';

--! was_sent
-- It waited to be sent (again) while it lay in Sent already.
update public.outbox
set state = 'sending', sending_at = coalesce(sending_at, now())
where tenant_id = $1 and id = $2 and state = 'queued'
  and exists (
    select from public.sent_messages s
    where s.tenant_id = $1 and s.message_id = outbox.message_id);

--! seen
-- Sent was read on: which mails lie there, and up to where. Those of ours whose outcome was unknown
-- are settled by their job, which is due now.
with seen as (
  insert into public.sent_messages (tenant_id, mailbox_id, uidvalidity, uid, message_id)
  select $1, $2, $3, m.uid, m.message_id
  from unnest($4::bigint[], $5::text[]) as m(uid, message_id)
  on conflict (tenant_id, mailbox_id, uidvalidity, uid) do nothing),
found as (
  select o.id from public.outbox o
  where o.tenant_id = $1 and o.message_id = any ($5) and o.state = 'sending'),
due as (
  update public.jobs j set run_at = now()
  from found
  where j.tenant_id = $1 and j.kind = 'deliver' and j.subject_id = found.id and j.locked_until is null
  returning j.id),
moved as (
  update public.mailboxes set sent_cursor = $6, sent_read_at = coalesce($7, sent_read_at)
  where tenant_id = $1 and id = $2)
select count(*) as changed from due;

--! known
-- Which of these were seen, or recorded as a person's answer, under whatever number.
select distinct m.message_id
from unnest($3::text[]) as m(message_id)
where exists (
    select from public.sent_messages s
    where s.tenant_id = $1 and s.mailbox_id = $2 and s.message_id = m.message_id)
  or exists (
    select from public.person_answers p
    where p.tenant_id = $1 and p.mailbox_id = $2 and p.message_id = m.message_id);

--! looked
-- $3: whether it counts as a proof that it is not there. $4: in how many seconds again, null for never.
with look as (
  select l.id, l.counts, l.next_seconds
  from unnest($2::uuid[], $3::boolean[], $4::double precision[]) as l(id, counts, next_seconds)),
noted as (
  update public.outbox o
  set sent_looks = o.sent_looks + case when look.counts and o.state = 'sending' then 1 else 0 end,
    look_at = now() + make_interval(secs => look.next_seconds)
  from look
  where o.tenant_id = $1 and o.id = look.id
  returning o.id, o.state, look.counts),
due as (
  update public.jobs j set run_at = now()
  from noted
  where j.tenant_id = $1 and j.kind = 'deliver' and j.subject_id = noted.id and j.locked_until is null
    and noted.state = 'sending' and noted.counts
  returning j.id)
select count(*) as changed from due;

--! copied
-- The copy is there, or none is wanted any more.
update public.outbox set sent_copy = null, look_at = null
where tenant_id = $1 and id = $2 and state = 'sent';

--! prune
-- Who was seen long ago proves nothing that is still asked. At most ten thousand stay.
delete from public.sent_messages s
where s.tenant_id = $1 and s.mailbox_id = $2
  and (s.seen_at < now() - interval '60 days' or s.uid < (
    select newest.uid from public.sent_messages newest
    where newest.tenant_id = $1 and newest.mailbox_id = $2 and newest.uidvalidity = s.uidvalidity
    order by newest.uid desc offset 9999 limit 1));

--! called
select tenant_id, mailbox_id from private.called_mailboxes($1);
