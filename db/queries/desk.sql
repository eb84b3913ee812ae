--! conversations
-- One row per conversation. Its newest mail stands for it; a mail that waits gives the state, and
-- where the conversation is escalated even a draft waits for a person's answer.
select t.id, t.customer_email, t.customer_name, t.escalation_level, t.vip_status, t.message_count,
  t.last_message_at, newest.subject, left(newest.message_body, 4000) as message_body, newest.customer_mood,
  (newest.compensatie_percentage * 100)::integer as compensatie_percentage, newest.dreiging_detected,
  newest.annulering_aangevraagd, newest.order_number,
  coalesce(waiting.state, newest.state) as state, r.body -> 'decision' as decision
from public.conversation_threads t
cross join lateral (
  select i.*
  from public.customer_interactions i
  where i.tenant_id = $1 and i.thread_id = t.id
  order by i.state = 'automatic', i.received_at desc, i.id desc
  limit 1) newest
left join lateral (
  select case when bool_or(i.state = 'held') or t.escalation_level >= 2 then 'held' else 'drafted' end as state
  from public.customer_interactions i
  where i.tenant_id = $1 and i.thread_id = t.id and i.state in ('held', 'drafted')
  having count(*) > 0) waiting on true
left join public.receipts r on r.tenant_id = $1 and r.interaction_id = newest.id
where t.tenant_id = $1
  and ($2::text is null or coalesce(waiting.state, newest.state) = $2)
  and ($3::text is null
    or strpos(lower(t.customer_email || ' ' || t.customer_name || ' ' || t.subject), lower($3)) > 0
    or exists (
      select 1 from public.customer_interactions o
      where o.tenant_id = $1 and o.thread_id = t.id and upper(ltrim(o.order_number, '# ')) = upper(ltrim($3, '# '))))
  and ($4::timestamptz is null or (t.last_message_at, t.id) < ($4, $5::uuid))
order by t.last_message_at desc, t.id desc
limit $6;

--! set_aside
-- Mail that became no conversation, or a machine's. The head is enough for sender and subject.
select r.id, r.received_at, r.fate_reason, substring(r.raw from 1 for 16384) as head, i.thread_id
from public.raw_messages r
left join public.customer_interactions i on i.tenant_id = $1 and i.raw_message_id = r.id
where r.tenant_id = $1 and r.fate = $2
  and ($3::timestamptz is null or (r.received_at, r.id) < ($3, $4::uuid))
order by r.received_at desc, r.id desc
limit $5;

--! counts
select threads.number as conversations, waiting.held, waiting.drafted, answered.number as answered,
  raw.automatic, raw.filtered, raw.quarantined
from (select count(*) as number from public.conversation_threads where tenant_id = $1) threads
cross join (
  select count(*) filter (where per_thread.held) as held, count(*) filter (where not per_thread.held) as drafted
  from (
    select bool_or(i.state = 'held' or t.escalation_level >= 2) as held
    from public.customer_interactions i
    join public.conversation_threads t on t.tenant_id = $1 and t.id = i.thread_id
    where i.tenant_id = $1 and i.state in ('held', 'drafted')
    group by i.thread_id) per_thread) waiting
cross join (
  select count(*) as number
  from (
    select 1
    from public.conversation_threads t
    cross join lateral (
      select i.state
      from public.customer_interactions i
      where i.tenant_id = $1 and i.thread_id = t.id
      order by i.state in ('held', 'drafted') desc, i.state = 'automatic', i.received_at desc, i.id desc
      limit 1) newest
    where t.tenant_id = $1 and newest.state = 'answered'
    limit $2) bounded) answered
cross join (
  select count(*) filter (where fate = 'automatic') as automatic,
    count(*) filter (where fate = 'filtered') as filtered,
    count(*) filter (where fate = 'quarantined') as quarantined
  from public.raw_messages
  where tenant_id = $1) raw;

--! attention
-- What asks for a person, the most serious of each conversation, threats first. Drafts that wait
-- have a list of their own.
with open as (
  select n.id, n.thread_id, n.type, n.priority, n.detail, n.created_at,
    array_position(array['threat', 'mailbox_trouble', 'escalation', 'bounced', 'quarantined', 'action_needed'], n.type) as place
  from public.notifications n
  where n.tenant_id = $1 and n.done_at is null and n.action_required and n.type <> 'held_mail'),
worst as (
  select distinct on (coalesce(thread_id, id)) *
  from open
  order by coalesce(thread_id, id), place, created_at desc)
select w.id, w.thread_id, w.type as notification_type, w.priority, w.detail, w.created_at,
  coalesce(t.customer_name, '') as customer_name, coalesce(t.customer_email, '') as customer_email,
  coalesce(t.subject, '') as subject, count(*) over () as all_open
from worst w
left join public.conversation_threads t on t.tenant_id = $1 and t.id = w.thread_id
order by w.place, w.created_at desc
limit $2;

--! offers
select id, thread_id, interaction_id, customer_email, order_number, kind, ladder_stap, basis_points, created_at
from public.offers
where tenant_id = $1 and customer_email = $2
order by created_at, id;
