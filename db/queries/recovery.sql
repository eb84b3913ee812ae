--! mark
select catch_up_from, restored_at from public.mailboxes
where tenant_id = $1 and id = $2 and catch_up_from is not null;

--! unplaced
-- Mails of the mailbox that were stored and have no place in a conversation yet.
select count(*) as mails from public.raw_messages r
where r.tenant_id = $1 and r.mailbox_id = $2 and r.fate is null
  and not exists (
    select from public.customer_interactions i where i.tenant_id = $1 and i.raw_message_id = r.id);

--! compare
-- What was found in Sent, beside what is known. $2 is an array of objects, see Found.
with found as materialized (
  select * from jsonb_to_recordset($2) as f(
    message_id text, in_reply_to text, sent_at timestamptz, recipients text[], subject text, body_text text,
    ours boolean, automatic boolean, outbox_id uuid, notification_id uuid)),
-- A reply that the backup knows and did not know to be sent.
known as (
  update public.outbox o set state = 'sent', sent_at = found.sent_at, state_reason = null
  from found
  where o.tenant_id = $1 and o.message_id = any (array(select message_id from found))
    and o.message_id = found.message_id and o.state <> 'sent'
  returning o.id, o.interaction_id, o.thread_id, o.automatic, o.sent_at),
-- A mail that was answered by a reply the backup has never seen.
answered as materialized (
  select distinct on (i.id) i.id as interaction_id, i.thread_id, i.raw_message_id, i.customer_email, found.*,
    i.customer_email = any (found.recipients) as to_customer
  from found
  join public.customer_interactions i on i.tenant_id = $1 and i.message_id = found.in_reply_to
  where i.state in ('received', 'answered', 'drafted', 'held')
    and not exists (
      select from public.outbox o
      where o.tenant_id = $1 and o.interaction_id = i.id
        and (o.state = 'sent' or o.message_id = any (array(select message_id from found))))
  order by i.id, to_customer desc, found.ours desc, found.sent_at),
written as (
  insert into public.outbox (
    tenant_id, id, interaction_id, thread_id, message_id, recipient, subject, body_text, body_html, in_reply_to,
    automatic, state, not_before, sending_at, sent_at, created_at)
  select $1, outbox_id, interaction_id, thread_id, message_id, customer_email, subject, body_text, '', in_reply_to,
    automatic, 'sent', sent_at, sent_at, sent_at, sent_at
  from answered where ours and to_customer
  on conflict do nothing
  returning id, thread_id),
-- What waited as an answer is not wanted any more, or not without a person.
stopped as (
  update public.outbox o
  set state = case when to_customer then 'cancelled' else 'held' end,
    state_reason = case when to_customer then 'answered_before_restore' else 'restore_unclear' end
  from answered
  where o.tenant_id = $1 and o.interaction_id = any (array(select interaction_id from answered))
    and o.interaction_id = answered.interaction_id and o.state in ('queued', 'sending', 'held')),
ended as materialized (
  select interaction_id, thread_id, sent_at, automatic, null::text as body_text, 'answered' as state, 'answered' as fate,
    'answered_before_restore' as reason
  from known
  union all
  select interaction_id, thread_id, sent_at, automatic, case when ours and to_customer then body_text end,
    case when not to_customer then 'held' when ours then 'answered' else 'closed' end,
    case when to_customer then 'answered' else 'held' end,
    case when not to_customer then 'restore_unclear' when ours then 'answered_before_restore'
      else 'answered_by_person' end
  from answered),
interaction as (
  update public.customer_interactions i
  set state = ended.state, ai_response = coalesce(ended.body_text, i.ai_response),
    decided_at = coalesce(i.decided_at, ended.sent_at)
  from ended
  where i.tenant_id = $1 and i.id = any (array(select interaction_id from ended)) and i.id = ended.interaction_id
  returning i.raw_message_id, ended.fate, ended.reason),
raw as (
  update public.raw_messages r set fate = interaction.fate, fate_reason = interaction.reason, fate_at = now()
  from interaction
  where r.tenant_id = $1 and r.id = interaction.raw_message_id),
thread as (
  update public.conversation_threads t
  set last_answer_at = greatest(t.last_answer_at, turn.at),
    answered_by_person_at = greatest(t.answered_by_person_at, turn.by_person)
  from (
    select thread_id, max(sent_at) as at, max(sent_at) filter (where not automatic) as by_person
    from ended where state <> 'held' group by thread_id) turn
  where t.tenant_id = $1 and t.id = any (array(select thread_id from ended)) and t.id = turn.thread_id),
notice as (
  insert into public.notifications (
    tenant_id, id, thread_id, interaction_id, type, priority, action_required, detail)
  select $1, notification_id, thread_id, interaction_id, 'held_mail', 'high', true, 'restore.unclear'
  from answered where not to_customer
  on conflict do nothing),
sent as (
  select id, thread_id from known union all select id, thread_id from written),
head as (
  insert into public.event_counters (tenant_id, seq)
  select $1, count(*) from sent having count(*) > 0
  on conflict (tenant_id) do update set seq = event_counters.seq + excluded.seq
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq - (select count(*) from sent) + row_number() over (order by sent.id), 'outbox.sent',
    sent.thread_id, sent.id
  from sent cross join head)
select
  (select count(*) from ended where state <> 'held') as answered,
  (select count(*) from ended where state = 'held') as unclear;

--! hold_unproved
-- Sent does not keep everything that was sent, so what was not found there may have been answered all the
-- same: a person decides. Only mail from before the restore.
with mail as materialized (
  select i.id, i.raw_message_id
  from public.mailboxes m
  join public.raw_messages r on r.tenant_id = $1 and r.mailbox_id = m.id
  join public.customer_interactions i on i.tenant_id = $1 and i.raw_message_id = r.id
  where m.tenant_id = $1 and m.id = $2 and i.received_at <= m.restored_at
    and (i.state = 'received' or exists (
      select from public.outbox o
      where o.tenant_id = $1 and o.interaction_id = i.id and o.state = 'queued' and o.automatic))),
waits as (
  update public.outbox o set state = 'held', state_reason = 'restore_unproved'
  from mail
  where o.tenant_id = $1 and o.interaction_id = any (array(select id from mail)) and o.interaction_id = mail.id
    and o.state = 'queued'),
interaction as (
  update public.customer_interactions i set state = 'held'
  from mail where i.tenant_id = $1 and i.id = any (array(select id from mail)) and i.id = mail.id),
raw as (
  update public.raw_messages r set fate = 'held', fate_reason = 'restore_unproved', fate_at = now()
  from mail where r.tenant_id = $1 and r.id = mail.raw_message_id),
notice as (
  insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
  select $1, $3, 'mailbox_trouble', 'high', true, 'restore.unproved'
  where exists (select from mail))
select count(*) as held from mail;

--! caught_up
update public.mailboxes set catch_up_from = null, restored_at = null
where tenant_id = $1 and id = $2;
