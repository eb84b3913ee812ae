--! ask
select private.ask_history($1, $2, $3, $4) as done;

--! begin
select private.begin_history($1, $2) as done;

--! stop
select private.stop_history($1, $2) as done;

--! newest
select id, days, since, state, failure, found, found_bytes, left_out, taken, answers, asked_at, finished_at
from public.history_imports
where tenant_id = $1 and mailbox_id = $2
order by asked_at desc, id desc
limit 1;

--! wanted
-- What is to be done now, and how many mails of it have no place yet.
select h.id, h.state, h.since, h.cursor, (
    select count(*) from public.raw_messages r
    where r.tenant_id = $1 and r.mailbox_id = $2 and r.history and r.fate is null) as unplaced
from public.history_imports h
where h.tenant_id = $1 and h.mailbox_id = $2 and h.state in ('counting', 'running');

--! attempt
-- Counted before it is tried: what ends the connection each time is given up one day.
update public.history_imports set attempts = attempts + 1
where tenant_id = $1 and id = $2 and state in ('counting', 'running')
returning attempts;

--! counted
update public.history_imports
set state = 'counted', found = $3, found_bytes = $4, left_out = $5, attempts = 0
where tenant_id = $1 and id = $2 and state = 'counting';

--! receive
-- Stored, made due for its place, and counted, unless somebody stopped it meanwhile. A mail whose
-- bytes are there already is not stored again, whatever number it had then.
with import as (
  select id from public.history_imports where tenant_id = $1 and id = $3 and state = 'running' for update),
accepted as (
  insert into public.raw_messages (
    tenant_id, id, mailbox_id, uidvalidity, uid, sha256, message_id, received_at, size_bytes, raw, history)
  select $1, m.id, $2, m.uidvalidity, m.uid, m.sha256, m.message_id, m.received_at, m.size_bytes, m.raw, true
  from unnest(
      $4::uuid[], $5::bigint[], $6::bigint[], $7::bytea[], $8::text[], $9::timestamptz[], $10::bigint[], $11::bytea[])
    as m(id, uidvalidity, uid, sha256, message_id, received_at, size_bytes, raw)
  where exists (select from import) and not exists (
    select from public.raw_messages r
    where r.tenant_id = $1 and r.mailbox_id = $2 and r.sha256 = m.sha256)
  on conflict (tenant_id, mailbox_id, uidvalidity, uid) do nothing
  returning id),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id)
  select $1, j.id, 'ingest', accepted.id
  from accepted
  join unnest($4::uuid[], $12::uuid[]) as j(raw_id, id) on j.raw_id = accepted.id),
counted as (
  update public.history_imports h set taken = h.taken + (select count(*) from accepted), attempts = 0
  from import where h.tenant_id = $1 and h.id = import.id)
select (select count(*) from import) as running, (select count(*) from accepted) as accepted;

--! answers
-- What the shop itself said then. Nothing is withdrawn or marked by it. $4 is how far Sent is done.
with import as (
  select id from public.history_imports where tenant_id = $1 and id = $3 and state = 'running' for update),
answer as (
  insert into public.person_answers (
    tenant_id, id, thread_id, interaction_id, mailbox_id, message_id, subject, body_text, sha256, raw, sent_at, history)
  select $1, a.id, a.thread_id, (
      select i.id from public.customer_interactions i
      where i.tenant_id = $1 and i.thread_id = a.thread_id and i.state <> 'automatic' and i.received_at <= a.sent_at
      order by i.received_at desc, i.id desc limit 1),
    $2, a.message_id, a.subject, a.body_text, a.sha256, a.raw, a.sent_at, true
  from unnest(
      $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::timestamptz[])
    as a(id, thread_id, message_id, subject, body_text, sha256, raw, sent_at)
  where exists (select from import)
  on conflict (tenant_id, mailbox_id, sha256) do nothing
  returning id),
counted as (
  update public.history_imports h
  set answers = h.answers + (select count(*) from answer), cursor = $4, attempts = 0
  from import where h.tenant_id = $1 and h.id = import.id)
select (select count(*) from import) as running, (select count(*) from answer) as accepted;

--! finish
-- One word to the pages for all of it.
with finished as (
  update public.history_imports set state = $3, failure = $4, finished_at = now()
  where tenant_id = $1 and id = $2 and state in ('counting', 'running')
  returning id),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from finished
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, subject_id)
  select $1, head.seq, 'history.' || $3, finished.id from finished cross join head)
select count(*) as changed from finished;

--! links
-- What is known of these customers' conversations, where their provider vouched for them: which
-- Message-IDs belong to each, and which its mails refer to. Newest first.
with said as (
  select i.thread_id, t.customer_email, i.message_id, i.in_reply_to, i.message_references, i.received_at
  from public.conversation_threads t
  join public.customer_interactions i on i.tenant_id = $1 and i.thread_id = t.id
  where t.tenant_id = $1 and t.customer_email = any ($2) and i.sender_verified and i.customer_email = t.customer_email
    and i.state <> 'automatic'
  order by i.received_at desc
  limit 5000)
select thread_id, customer_email, message_id, in_reply_to, message_references from said
union all
select p.thread_id, said.customer_email, p.message_id, null, '{}'
from (select distinct thread_id, customer_email from said) said
join public.person_answers p on p.tenant_id = $1 and p.thread_id = said.thread_id
union all
select o.thread_id, said.customer_email, o.message_id, null, '{}'
from (select distinct thread_id, customer_email from said) said
join public.outbox o on o.tenant_id = $1 and o.thread_id = said.thread_id and o.state in ('sending', 'sent');

--! threads
-- Conversations of which these Message-IDs are, as far as they were brought in, and with whom.
select i.message_id, i.thread_id, i.id as interaction_id, t.customer_email, t.language
from public.customer_interactions i
join public.conversation_threads t on t.tenant_id = $1 and t.id = i.thread_id
where i.tenant_id = $1 and i.message_id = any ($2) and i.state = 'imported'
  and i.sender_verified and i.customer_email = t.customer_email
union all
select p.message_id, p.thread_id, p.interaction_id, t.customer_email, t.language
from public.person_answers p
join public.conversation_threads t on t.tenant_id = $1 and t.id = p.thread_id
join public.customer_interactions i on i.tenant_id = $1 and i.id = p.interaction_id
where p.tenant_id = $1 and p.message_id = any ($2) and p.history and p.interaction_id is not null
  and i.sender_verified and i.customer_email = t.customer_email;

--! record
-- Mails that were brought in get their place, or none, and their fate; nothing is answered, nobody is
-- told. $2 is an array of objects, see Brought. The caller compares the counts.
with mail as materialized (
  select *
  from jsonb_to_recordset($2) as m(
    raw_message_id uuid, job_id uuid, lease_token uuid, fate_reason text, place jsonb)),
-- By `any (array)`, see ingest.record.
fence as (
  delete from public.jobs j using mail
  where j.tenant_id = $1 and j.id = any (array(select job_id from mail))
    and j.id = mail.job_id and j.lease_token = mail.lease_token
  returning j.id),
placed as materialized (
  select mail.raw_message_id, p.*
  from mail cross join jsonb_to_record(mail.place) as p(
    id uuid, thread_id uuid, customer_email text, from_name text, subject text, message_id text, in_reply_to text,
    message_references text[], sender_verified boolean, reply_to_elsewhere boolean, received_at timestamptz,
    message_body text, language text)
  where jsonb_typeof(mail.place) = 'object'),
-- A new one waits for nobody, so it is closed; one that goes on stays what it was.
thread as (
  insert into public.conversation_threads (
    tenant_id, id, customer_email, customer_name, subject, language, message_count, last_message_at, created_at, status)
  select $1, thread_id, min(customer_email), min(from_name),
    (array_agg(subject order by received_at))[1], min(language), count(*), max(received_at), min(received_at), 'closed'
  from placed
  group by thread_id
  on conflict (tenant_id, id) do update
  set last_message_at = greatest(conversation_threads.last_message_at, excluded.last_message_at),
    message_count = conversation_threads.message_count + excluded.message_count),
interaction as (
  insert into public.customer_interactions (
    tenant_id, id, thread_id, raw_message_id, customer_email, from_name, subject, message_id, in_reply_to,
    message_references, sender_verified, reply_to_elsewhere, received_at, message_body, language, state)
  select $1, id, thread_id, raw_message_id, customer_email, from_name, subject, message_id, in_reply_to,
    coalesce(message_references, '{}'), sender_verified, reply_to_elsewhere, received_at, message_body, language,
    'imported'
  from placed),
raw as (
  update public.raw_messages r
  set fate = 'imported', fate_reason = mail.fate_reason, fate_at = now()
  from mail
  where r.tenant_id = $1 and r.id = any (array(select raw_message_id from mail)) and r.id = mail.raw_message_id
    and r.fate is null)
select (select count(*) from mail) as leases, (select count(*) from fence) as fenced;
