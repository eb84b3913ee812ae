--! candidates
-- Conversations that a mail in Sent may answer: those of its recipients, and those whose customer
-- asked for an answer elsewhere and is named. $2 holds the Message-IDs it refers to, $3 its recipients.
with candidate as (
  select t.id from public.conversation_threads t
  where t.tenant_id = $1 and t.customer_email = any ($3)
  union
  select i.thread_id from public.customer_interactions i
  where i.tenant_id = $1 and i.message_id = any ($2) and i.reply_to_elsewhere)
select t.id as thread_id, t.customer_email, t.subject, t.status = 'open' as open,
  coalesce((
    select bool_or(i.reply_to_elsewhere) from public.customer_interactions i
    where i.tenant_id = $1 and i.thread_id = t.id and i.message_id = any ($2)), false) as elsewhere,
  array(
    select i.message_id from public.customer_interactions i
    where i.tenant_id = $1 and i.thread_id = t.id and i.message_id = any ($2)
    union
    select o.message_id from public.outbox o
    where o.tenant_id = $1 and o.thread_id = t.id and o.message_id = any ($2) and o.state in ('sending', 'sent')
    union
    select p.message_id from public.person_answers p
    where p.tenant_id = $1 and p.thread_id = t.id and p.message_id = any ($2)) as named
from public.conversation_threads t
join candidate on candidate.id = t.id
where t.tenant_id = $1
order by t.last_message_at desc, t.id desc
limit 100;

--! record
-- A person answered in the mailbox itself. What Loket had ready for the mails before it is withdrawn;
-- what is being sent goes on, and both are recorded. A copy changes nothing.
with answer as (
  insert into public.person_answers (
    tenant_id, id, thread_id, interaction_id, mailbox_id, message_id, subject, body_text, sha256, raw, sent_at)
  select $1, $2, $3, (
      select i.id from public.customer_interactions i
      where i.tenant_id = $1 and i.thread_id = $3 and i.state <> 'automatic' and i.received_at <= $10
      order by i.received_at desc, i.id desc limit 1),
    $4, $5, $6, $7, $8, $9, $10
  on conflict (tenant_id, mailbox_id, sha256) do nothing
  returning id, thread_id, interaction_id),
withdrawn as (
  update public.outbox o set state = 'cancelled', state_reason = 'answered_in_mailbox'
  from answer, public.customer_interactions i
  where o.tenant_id = $1 and o.thread_id = answer.thread_id and o.state in ('queued', 'held')
    and i.tenant_id = $1 and i.id = o.interaction_id and i.received_at <= $10
  returning o.id, o.interaction_id),
settled as (
  update public.customer_interactions i
  set state = case when i.id = answer.interaction_id then 'answered' else 'closed' end,
    ai_response = case when i.id = answer.interaction_id then $7 else i.ai_response end,
    ai_response_html = case when i.id = answer.interaction_id then null else i.ai_response_html end,
    decided_at = now()
  from answer
  where i.tenant_id = $1 and i.thread_id = answer.thread_id and i.received_at <= $10
    and (i.state in ('received', 'held', 'drafted') or i.id in (select interaction_id from withdrawn))
  returning i.id, i.raw_message_id),
raw as (
  update public.raw_messages r set fate = 'answered', fate_reason = 'answered_in_mailbox', fate_at = now()
  from settled where r.tenant_id = $1 and r.id = settled.raw_message_id),
notice as (
  update public.notifications n set done_at = now()
  from settled
  where n.tenant_id = $1 and n.interaction_id = settled.id and n.type = 'held_mail' and n.done_at is null),
-- What was offered in a reply that was withdrawn no longer counts, see answer.ledger.
account as (
  update public.offer_accounts a set version = a.version + 1, updated_at = now()
  where a.tenant_id = $1 and a.account_key = any (array(
    select key.account_key
    from withdrawn
    join public.offers f on f.tenant_id = $1 and f.interaction_id = withdrawn.interaction_id
    cross join lateral (values ('customer:' || f.customer_email), ('order:' || f.order_number)) as key(account_key)
    where key.account_key is not null))),
thread as (
  update public.conversation_threads t
  set answered_by_person_at = greatest(t.answered_by_person_at, $10), last_answer_at = greatest(t.last_answer_at, $10)
  from answer where t.tenant_id = $1 and t.id = answer.thread_id),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from answer
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'person.answered', answer.thread_id, answer.id from answer cross join head)
select count(*) as recorded, (select count(*) from withdrawn) as withdrawn from answer;

--! of_thread
select id, interaction_id, subject, body_text, sent_at
from public.person_answers
where tenant_id = $1 and thread_id = $2
order by sent_at, id;
