--! load
select o.id, o.interaction_id, o.thread_id, o.message_id, o.recipient, o.subject, o.body_text, o.body_html,
  o.in_reply_to, o.message_references, o.automatic, o.state, o.attempt, o.not_before, o.created_at,
  o.sent_looks, o.deferrals, extract(epoch from clock_timestamp() - o.unknown_at)::bigint as unknown_for_seconds,
  exists (
    select from public.sent_messages s where s.tenant_id = $1 and s.message_id = o.message_id) as lies_in_sent,
  t.bedrijfsnaam, t.ai_persona_name, t.gmail_email
from public.outbox o
join public.tenants t on t.tenant_id = o.tenant_id
where o.tenant_id = $1 and o.id = any ($2)
order by o.created_at, o.id;

--! look
-- What is known at the last moment before the wire, of one mail or many; domain::deliver decides.
-- The rows stay locked, so that a mail found queued is queued until the transaction ends.
select o.id, o.state = 'queued' as queued, exists (
    select from public.mailboxes m where m.tenant_id = $1 and m.catch_up_from is not null) as catching_up,
  s.active as shop_active, o.not_before <= now() as due, o.automatic,
  s.automatic_sending,
  -- A draft for an older mail of the conversation, let go meanwhile, does not answer this one.
  coalesce(t.answered_by_person_at > i.created_at, false) and not exists (
    select from public.outbox p
    join public.customer_interactions pi on pi.tenant_id = $1 and pi.id = p.interaction_id
    where p.tenant_id = $1 and p.sent_at = t.answered_by_person_at and p.thread_id = o.thread_id
      and not p.automatic and (pi.received_at, pi.id) < (i.received_at, i.id)) as answered_since_seen,
  coalesce(t.answered_by_person_at > i.received_at, false) as answered_since_arrival,
  t.assigned_to is not null as taken_over,
  extract(epoch from now() - i.received_at)::bigint as age_seconds,
  s.max_reply_age_hours * 3600::bigint as max_age_seconds,
  o.automatic and exists (
    select from public.outbox b
    where b.tenant_id = $1 and b.recipient = o.recipient and b.bounced_at > now() - interval '30 days') as bounced,
  exists (
    select from public.sent_messages l where l.tenant_id = $1 and l.message_id = o.message_id) as lies_in_sent,
  newer.any as newer_message, newer.since_decision as newer_message_since_decision
from public.outbox o
join public.customer_interactions i on i.tenant_id = $1 and i.id = o.interaction_id
join public.conversation_threads t on t.tenant_id = $1 and t.id = o.thread_id
join public.tenants s on s.tenant_id = $1
cross join lateral (
  select count(*) > 0 as any, coalesce(bool_or(n.created_at > i.decided_at), false) as since_decision
  from public.customer_interactions n
  where n.tenant_id = $1 and n.thread_id = o.thread_id and n.state <> 'automatic'
    and (n.received_at, n.id) > (i.received_at, i.id)) newer
where o.tenant_id = $1 and o.id = any ($2)
order by o.id
for update of o;

--! state
-- Locked until the transaction ends.
select state from public.outbox where tenant_id = $1 and id = $2 for update;

--! begin_sending
update public.outbox set state = 'sending', attempt = attempt + 1, sending_at = now(), sent_looks = 0,
  unknown_at = null, look_at = null
where tenant_id = $1 and id = any ($2) and state = 'queued';

--! record_offers
-- What a released draft offers, from its receipt. $3 holds ids for the new rows.
with mail as (
  select o.thread_id, o.interaction_id, i.customer_email,
    upper(regexp_replace(i.order_number, '[#[:space:]]', '', 'g')) as order_number,
    receipt.body -> 'decision' -> 'ledger' as ledger
  from public.outbox o
  join public.customer_interactions i on i.tenant_id = o.tenant_id and i.id = o.interaction_id
  join public.receipts receipt on receipt.tenant_id = o.tenant_id and receipt.interaction_id = o.interaction_id
  where o.tenant_id = $1 and o.id = $2 and jsonb_typeof(receipt.body -> 'decision' -> 'ledger') = 'array'
    and not exists (
      select from public.offers known where known.tenant_id = $1 and known.interaction_id = o.interaction_id)),
move as (
  select mail.thread_id, mail.interaction_id, mail.customer_email, mail.order_number, entry.value as entry, entry.place
  from mail cross join jsonb_array_elements(mail.ledger) with ordinality as entry(value, place)),
added as (
  insert into public.offers (
    tenant_id, id, thread_id, interaction_id, customer_email, order_number, kind, ladder_stap, basis_points)
  select $1, fresh.id, move.thread_id, move.interaction_id, move.customer_email, move.order_number,
    move.entry ->> 'kind', (move.entry ->> 'ladder_stap')::smallint, (move.entry ->> 'percentage')::integer
  from move join unnest($3::uuid[]) with ordinality as fresh(id, place) using (place)
  returning customer_email, order_number),
key as (
  select 'customer:' || customer_email as account_key from added
  union
  select 'order:' || order_number from added where order_number is not null),
account as (
  insert into public.offer_accounts (tenant_id, account_key, version)
  select $1, key.account_key, 1 from key
  on conflict (tenant_id, account_key) do update set version = offer_accounts.version + 1, updated_at = now())
select count(*) as changed from added;

--! mark_sent
-- One mail or many; several may be of one conversation.
with sent as (
  update public.outbox set state = 'sent', sent_at = now(), state_reason = null, unknown_at = null, look_at = null
  where tenant_id = $1 and id = any ($2) and state = 'sending'
  returning id, interaction_id, thread_id, automatic),
interaction as (
  update public.customer_interactions i set state = 'answered'
  from sent
  where i.tenant_id = $1 and i.id = any (array(select interaction_id from sent)) and i.id = sent.interaction_id),
thread as (
  update public.conversation_threads t
  set last_answer_at = now(),
    answered_by_person_at = case when moved.automatic then t.answered_by_person_at else now() end
  from (select thread_id, bool_and(automatic) as automatic from sent group by thread_id) moved
  where t.tenant_id = $1 and t.id = any (array(select thread_id from sent)) and t.id = moved.thread_id),
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
select count(*) as changed from sent;

--! settle
-- Not sent after all: cancelled, held for a person, or failed. $3 is the new state, $5 the states it
-- may come from.
with settled as (
  update public.outbox set state = $3, state_reason = left($4, 200), look_at = null
  where tenant_id = $1 and id = $2 and state = any ($5)
  returning interaction_id, thread_id),
interaction as (
  update public.customer_interactions i
  set state = case when $3 = 'cancelled' then 'closed' else 'held' end
  from settled where i.tenant_id = $1 and i.id = settled.interaction_id),
raw as (
  update public.raw_messages r
  set fate = case when $3 = 'cancelled' then r.fate else 'held' end, fate_reason = left($4, 200), fate_at = now()
  from settled
  join public.customer_interactions i on i.tenant_id = $1 and i.id = settled.interaction_id
  where r.tenant_id = $1 and r.id = i.raw_message_id),
-- What was offered in it no longer counts, see answer.ledger: whoever decided on it must look again.
account as (
  update public.offer_accounts a set version = a.version + 1, updated_at = now()
  where a.tenant_id = $1 and a.account_key = any (array(
    select key.account_key
    from settled
    join public.offers f on f.tenant_id = $1 and f.interaction_id = settled.interaction_id
    cross join lateral (values ('customer:' || f.customer_email), ('order:' || f.order_number)) as key(account_key)
    where key.account_key is not null))),
notice as (
  insert into public.notifications (
    tenant_id, id, thread_id, interaction_id, type, priority, action_required, detail)
  select $1, $6, settled.thread_id, settled.interaction_id, 'held_mail', 'high', true, 'outbox.' || $3
  from settled where $3 <> 'cancelled'),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from settled
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'outbox.' || $3, settled.thread_id, $2 from settled cross join head)
select count(*) as changed from settled;

--! stuck
select tenant_id, outbox_id, sending_at from private.stuck_sending(make_interval(secs => $1));
