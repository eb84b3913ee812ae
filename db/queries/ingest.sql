--! load_raws
select id, mailbox_id, message_id, received_at, sha256, size_bytes, attempts, fate, history, raw
from public.raw_messages
where tenant_id = $1 and id = any ($2);

--! sizes
select id, size_bytes from public.raw_messages where tenant_id = $1 and id = any ($2);

--! note_attempt
update public.raw_messages set attempts = attempts + 1
where tenant_id = $1 and id = $2
returning attempts;

--! threads_by_our_message_ids
select o.message_id, o.thread_id, o.interaction_id, t.customer_email, t.language
from public.outbox o
join public.conversation_threads t on t.tenant_id = o.tenant_id and t.id = o.thread_id
where o.tenant_id = $1 and o.message_id = any ($2) and (o.state in ('sending', 'sent') or (o.state = 'held' and o.sending_at is not null))
  and ($3::text is null or t.customer_email = $3)
order by o.created_at desc;

--! twins
-- What came before under the Message-IDs of these raw mails, newest first.
select mine.id as raw_id, i.thread_id, i.customer_email, i.message_body
from public.raw_messages mine
join public.raw_messages r on r.tenant_id = $1 and r.mailbox_id = mine.mailbox_id and r.message_id = mine.message_id
  and r.id <> mine.id
join public.customer_interactions i on i.tenant_id = $1 and i.raw_message_id = r.id
where mine.tenant_id = $1 and mine.id = any ($2) and mine.message_id is not null
order by i.received_at desc;

--! filters
select id, filter_type, email_address, domain, is_regex
from public.email_filters
where tenant_id = $1
order by id;

--! record
-- One statement for one mail and for many: fate, thread, interaction, next job and events, all or
-- nothing. $2 is an array of objects, see NewInteraction. The caller compares the counts.
with mail as materialized (
  select *
  from jsonb_to_recordset($2) as m(
    id uuid, thread_id uuid, raw_message_id uuid, job_id uuid, lease_token uuid, answer_job_id uuid,
    customer_email text, from_name text, subject text, message_id text, in_reply_to text,
    message_references text[], sender_verified boolean, reply_to_elsewhere boolean, doubt text, received_at timestamptz,
    message_body text, language text, state text, fate text, fate_reason text, run_at timestamptz)),
-- The counter of the shop's events comes first, so that it is counted last: see record_one.
head as (
  insert into public.event_counters (tenant_id, seq)
  select $1, count(*) from mail having count(*) > 0
  on conflict (tenant_id) do update set seq = event_counters.seq + excluded.seq
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq - (select count(*) from mail) + row_number() over (order by mail.received_at, mail.id),
    'interaction.' || mail.state, mail.thread_id, mail.id
  from mail cross join head),
-- By `any (array)`, not by a join alone: a join is planned as a scan of all the shop's jobs.
fence as (
  delete from public.jobs j using mail
  where j.tenant_id = $1 and j.id = any (array(select job_id from mail))
    and j.id = mail.job_id and j.lease_token = mail.lease_token
  returning j.id),
thread as (
  insert into public.conversation_threads (
    tenant_id, id, customer_email, customer_name, subject, language, message_count, last_message_at)
  select $1, mail.thread_id, min(mail.customer_email), min(mail.from_name), min(mail.subject), min(mail.language),
    count(*) filter (where mail.state <> 'automatic'), max(mail.received_at)
  from mail
  group by mail.thread_id
  on conflict (tenant_id, id) do update
  set last_message_at = greatest(conversation_threads.last_message_at, excluded.last_message_at),
    message_count = conversation_threads.message_count + excluded.message_count,
    status = case when excluded.message_count > 0 then 'open' else conversation_threads.status end),
interaction as (
  insert into public.customer_interactions (
    tenant_id, id, thread_id, raw_message_id, customer_email, from_name, subject, message_id, in_reply_to,
    message_references, sender_verified, reply_to_elsewhere, doubt, received_at, message_body, language, state)
  select $1, mail.id, mail.thread_id, mail.raw_message_id, mail.customer_email, mail.from_name, mail.subject,
    mail.message_id, mail.in_reply_to, coalesce(mail.message_references, '{}'), mail.sender_verified,
    mail.reply_to_elsewhere, mail.doubt, mail.received_at, mail.message_body, mail.language, mail.state
  from mail
  returning id),
raw as (
  update public.raw_messages r
  set fate = mail.fate, fate_reason = mail.fate_reason, fate_at = now()
  from mail
  where r.tenant_id = $1 and r.id = any (array(select raw_message_id from mail where fate is not null))
    and r.id = mail.raw_message_id),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id, run_at)
  select $1, mail.answer_job_id, 'answer', mail.id, coalesce(mail.run_at, now())
  from mail
  where mail.answer_job_id is not null)
select
  (select count(*) from mail where job_id is not null) as leases,
  (select count(*) from fence) as fenced,
  (select count(*) from interaction) as recorded;

--! record_one
-- The same for one mail that is to be answered, which is what a quiet shop's batches hold: without
-- the array's scans and sums it costs Postgres half. $3 and $4 are its lease: where it is not held,
-- there is nothing to divide by, and COMMIT, which is under way already, finds nothing to commit.
-- Writing parts that nobody selects from run in reverse, so the shop's counter, which its other
-- writers wait for until this commit is on disk, is locked last.
with head as (
  insert into public.event_counters (tenant_id, seq) values ($1, 1)
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, seq, 'interaction.received', $6, $2 from head),
fence as (
  delete from public.jobs
  where tenant_id = $1 and id = $3 and lease_token = $4
  returning id),
thread as (
  insert into public.conversation_threads (
    tenant_id, id, customer_email, customer_name, subject, language, message_count, last_message_at)
  values ($1, $6, $8, $9, $10, $18, 1, $16)
  on conflict (tenant_id, id) do update
  set last_message_at = greatest(conversation_threads.last_message_at, excluded.last_message_at),
    message_count = conversation_threads.message_count + 1,
    status = 'open'),
interaction as (
  insert into public.customer_interactions (
    tenant_id, id, thread_id, raw_message_id, customer_email, from_name, subject, message_id, in_reply_to,
    message_references, sender_verified, reply_to_elsewhere, doubt, received_at, message_body, language, state)
  values ($1, $2, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $20, $16, $17, $18, 'received')),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id, run_at)
  values ($1, $5, 'answer', $2, coalesce($19, now())))
select 1 / count(*) as fenced from fence;

--! settle_raw
-- A mail that gets no interaction: filtered, automatic or quarantined.
with fence as (
  delete from public.jobs
  where tenant_id = $1 and id = $2 and lease_token = $3
  returning id),
raw as (
  update public.raw_messages set fate = $5, fate_reason = $6, fate_at = now()
  where tenant_id = $1 and id = $4 and fate is null),
notice as (
  insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
  select $1, $7, 'quarantined', 'medium', true, 'mail.quarantined' where $5 = 'quarantined'),
head as (
  insert into public.event_counters (tenant_id, seq) values ($1, 1)
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, subject_id)
  select $1, seq, 'raw.' || $5, $4 from head)
select count(*) as fenced from fence;

--! fates
select coalesce(fate, 'unknown') as fate, count(*) as mails
from public.raw_messages
where tenant_id = $1
group by 1
order by 1;

--! custody
-- Every raw mail with what became of it: the answer to "was nothing lost, was nothing doubled?".
select r.uid, r.fate, r.fate_reason, i.id as interaction_id, i.thread_id, i.customer_email, i.subject, i.intents,
  (i.compensatie_percentage * 100)::integer as compensatie_percentage, o.state as outbox_state,
  o.message_id as reply_message_id, receipt.body -> 'reasons' as reasons
from public.raw_messages r
left join public.customer_interactions i on i.tenant_id = r.tenant_id and i.raw_message_id = r.id
left join public.outbox o on o.tenant_id = i.tenant_id and o.interaction_id = i.id
left join public.receipts receipt on receipt.tenant_id = i.tenant_id and receipt.interaction_id = i.id
where r.tenant_id = $1
order by r.mailbox_id, r.uidvalidity, r.uid, o.created_at;
