--! interaction
select i.id, i.thread_id, i.raw_message_id, i.customer_email, i.from_name, i.subject, i.message_id,
  i.in_reply_to, i.message_references, i.sender_verified, i.reply_to_elsewhere, i.doubt, i.received_at,
  i.message_body, i.language, i.state
from public.customer_interactions i
where i.tenant_id = $1 and i.id = any ($2);

--! thread
select i.id as of, t.id, t.customer_email, t.escalation_level, t.customer_mood, t.vip_status, t.subject, t.language,
  t.status, t.ladder_stap, t.message_count, t.last_message_at, t.last_answer_at, t.answered_by_person_at,
  t.assigned_to
from public.conversation_threads t
join public.customer_interactions i on i.tenant_id = t.tenant_id and i.thread_id = t.id
where t.tenant_id = $1 and i.tenant_id = $1 and i.id = any ($2);

--! rules
select rule_key, version, enabled, rule_config, html_template
from public.tenant_business_rules
where tenant_id = $1
order by rule_key;

--! ledger
-- Two look-ups: joined by "or", it would read all offers of the shop for every mail. What we said
-- counts while its reply is on its way or sent; what the customer said counts in any case.
select i.id as of, o.id, o.thread_id, o.interaction_id, o.customer_email, o.order_number, o.kind, o.ladder_stap,
  o.basis_points, o.created_at
from public.customer_interactions i
cross join lateral (
  select c.* from public.offers c where c.tenant_id = $1 and c.customer_email = i.customer_email
  union all
  select t.* from public.offers t
  where t.tenant_id = $1 and t.thread_id = i.thread_id and t.customer_email <> i.customer_email) o
where i.tenant_id = $1 and i.id = any ($2)
  and (o.kind in ('accepted', 'rejected') or exists (
      select from public.outbox r
      where r.tenant_id = $1 and r.interaction_id = o.interaction_id and r.state in ('queued', 'sending', 'sent')))
order by o.created_at, o.id;

--! order_ledger
select o.id, o.thread_id, o.interaction_id, o.customer_email, o.order_number, o.kind, o.ladder_stap,
  o.basis_points, o.created_at
from public.offers o
where o.tenant_id = $1 and o.order_number = any ($2)
  and (o.kind in ('accepted', 'rejected') or exists (
      select from public.outbox r
      where r.tenant_id = $1 and r.interaction_id = o.interaction_id and r.state in ('queued', 'sending', 'sent')))
order by o.created_at, o.id;

--! accounts
-- An account without a row has version 0.
select account_key, version from public.offer_accounts where tenant_id = $1 and account_key = any ($2);

--! customer_account
-- One row for the address as it is written, and one for what its provider takes it for where that is
-- another (as outbox.recipient_key is made): all spellings have one budget, so whoever answers one
-- must see what became of the others.
-- The keys are made first: under row security an index is not searched by an expression.
with mail as materialized (
  select id, 'customer:' || customer_email as account_key
  from public.customer_interactions
  where tenant_id = $1 and id = any ($2)
  union
  select id, 'customer:' || case
      when split_part(customer_email, '@', 2) in ('gmail.com', 'googlemail.com')
        then replace(split_part(split_part(customer_email, '@', 1), '+', 1), '.', '') || '@gmail.com'
      else split_part(split_part(customer_email, '@', 1), '+', 1) || '@' || split_part(customer_email, '@', 2)
    end
  from public.customer_interactions
  where tenant_id = $1 and id = any ($2))
select mail.id as of, mail.account_key, coalesce(a.version, 0) as version
from mail
left join public.offer_accounts a on a.tenant_id = $1 and a.account_key = mail.account_key;

--! budget
with shop as materialized (
  select count(*) as by_tenant_1h from public.outbox o
  where o.tenant_id = $1 and o.automatic
    and o.created_at > now() - interval '1 hour' and o.state in ('queued', 'sending', 'sent')),
-- As outbox.recipient_key is made, and made first: under row security an index is not searched by
-- an expression.
mail as materialized (
  select i.id, i.thread_id, i.received_at,
    case
      when split_part(i.customer_email, '@', 2) in ('gmail.com', 'googlemail.com')
        then replace(split_part(split_part(i.customer_email, '@', 1), '+', 1), '.', '') || '@gmail.com'
      else split_part(split_part(i.customer_email, '@', 1), '+', 1) || '@' || split_part(i.customer_email, '@', 2)
    end as recipient_key
  from public.customer_interactions i
  where i.tenant_id = $1 and i.id = any ($2))
select i.id as of,
  (select count(*) from public.outbox o
    where o.tenant_id = $1 and o.automatic and o.recipient_key = i.recipient_key
      and o.created_at > now() - interval '24 hours' and o.state in ('queued', 'sending', 'sent')) as to_address_24h,
  shop.by_tenant_1h,
  exists (
    select from public.customer_interactions n
    where n.tenant_id = $1 and n.thread_id = i.thread_id and n.state <> 'automatic'
      and (n.received_at, n.id) > (i.received_at, i.id)) as newer_message,
  now() as database_now
from mail i cross join shop;

--! earlier
select i.id as of, e.id, e.received_at, e.subject, e.message_body,
  case e.state
    when 'answered' then e.ai_response
    -- Of older mail that was brought in: what lay in Sent.
    when 'imported' then (
      select p.body_text from public.person_answers p
      where p.tenant_id = $1 and p.thread_id = e.thread_id and p.interaction_id = e.id
      order by p.sent_at desc, p.id desc limit 1)
  end as ai_response, e.state
from public.customer_interactions i
join lateral (
  select * from public.customer_interactions x
  where x.tenant_id = $1 and x.thread_id = i.thread_id and x.id <> i.id
    and (x.received_at, x.id) < (i.received_at, i.id)
  order by x.received_at desc, x.id desc
  limit 20) e on true
where i.tenant_id = $1 and i.id = any ($2)
order by e.received_at, e.id;

--! write
-- Everything answers leave behind, in one statement. $2 is an array of objects, see AnswerWrite; no
-- two share a conversation or an account. The caller compares the counts and rolls back when a
-- lease or an account version was stale.
with answer as materialized (
  select * from jsonb_to_recordset($2) as a(
    job_id uuid, lease_token uuid, interaction_id uuid, thread_id uuid, raw_message_id uuid,
    interaction jsonb, thread jsonb, receipt jsonb, outbox jsonb, deliver_job_id uuid,
    offers jsonb, accounts jsonb, notifications jsonb, events jsonb, fate text, fate_reason text)),
fence as (
  delete from public.jobs j using answer
  where j.tenant_id = $1 and j.id = any (array(select job_id from answer))
    and j.id = answer.job_id and j.lease_token = answer.lease_token
  returning j.id),
account as (
  insert into public.offer_accounts (tenant_id, account_key, version)
  select $1, a.account_key, a.version + 1
  from answer cross join jsonb_to_recordset(answer.accounts) as a(account_key text, version bigint)
  order by a.account_key
  on conflict (tenant_id, account_key) do update
  set version = excluded.version, updated_at = now()
  where offer_accounts.version = excluded.version - 1
  returning account_key),
interaction as (
  update public.customer_interactions i
  set ai_response = n.ai_response, ai_response_html = n.ai_response_html,
    compensatie_percentage = (n.compensatie_percentage / 100.0)::numeric(5, 2),
    dreiging_detected = n.dreiging_detected, annulering_aangevraagd = n.annulering_aangevraagd,
    ladder_stap = n.ladder_stap, language = n.language, intents = n.intents, customer_mood = n.customer_mood,
    order_number = n.order_number, state = n.state, decided_at = now()
  from answer cross join jsonb_to_record(answer.interaction) as n(
    ai_response text, ai_response_html text, compensatie_percentage integer, dreiging_detected boolean,
    annulering_aangevraagd boolean, ladder_stap smallint, language text, intents text[], customer_mood text,
    order_number text, state text)
  where i.tenant_id = $1 and i.id = any (array(select interaction_id from answer))
    and i.id = answer.interaction_id and i.thread_id = answer.thread_id
    and i.state = 'received'
  returning i.id),
thread as (
  update public.conversation_threads t
  set escalation_level = greatest(t.escalation_level, n.escalation_level), customer_mood = n.customer_mood,
    language = n.language, ladder_stap = greatest(t.ladder_stap, n.ladder_stap)
  from answer cross join jsonb_to_record(answer.thread) as n(
    escalation_level smallint, customer_mood text, language text, ladder_stap smallint)
  where t.tenant_id = $1 and t.id = any (array(select thread_id from answer)) and t.id = answer.thread_id),
receipt as (
  insert into public.receipts (tenant_id, interaction_id, body)
  select $1, interaction_id, receipt from answer
  on conflict (tenant_id, interaction_id) do update set body = excluded.body, created_at = now()),
mail as (
  insert into public.outbox (
    tenant_id, id, interaction_id, thread_id, message_id, recipient, subject, body_text, body_html,
    in_reply_to, message_references, automatic, state, state_reason, not_before)
  select $1, o.id, answer.interaction_id, answer.thread_id, o.message_id, o.recipient, o.subject, o.body_text,
    o.body_html, o.in_reply_to, coalesce(o.message_references, '{}'), true, o.state, o.state_reason,
    now() + make_interval(secs => coalesce(o.undo_seconds, 0))
  from answer cross join jsonb_to_record(answer.outbox) as o(
    id uuid, message_id text, recipient text, subject text, body_text text, body_html text,
    in_reply_to text, message_references text[], state text, state_reason text, undo_seconds integer)
  where jsonb_typeof(answer.outbox) = 'object'),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id, run_at)
  select $1, answer.deliver_job_id, 'deliver', (answer.outbox ->> 'id')::uuid,
    now() + make_interval(secs => coalesce((answer.outbox ->> 'undo_seconds')::integer, 0))
  from answer
  where answer.outbox ->> 'state' = 'queued'),
offer as (
  insert into public.offers (
    tenant_id, id, thread_id, interaction_id, customer_email, order_number, kind, ladder_stap, basis_points)
  select $1, o.id, answer.thread_id, answer.interaction_id, o.customer_email, o.order_number, o.kind,
    o.ladder_stap, o.basis_points
  from answer cross join jsonb_to_recordset(answer.offers) as o(
    id uuid, customer_email text, order_number text, kind text, ladder_stap smallint, basis_points integer)),
notice as (
  insert into public.notifications (
    tenant_id, id, thread_id, interaction_id, type, priority, action_required, detail)
  select $1, n.id, answer.thread_id, answer.interaction_id, n.type, n.priority, n.action_required, n.detail
  from answer cross join jsonb_to_recordset(answer.notifications) as n(
    id uuid, type text, priority text, action_required boolean, detail text)),
raw as (
  update public.raw_messages r
  set fate = answer.fate, fate_reason = answer.fate_reason, fate_at = now()
  from answer
  where r.tenant_id = $1 and r.id = any (array(select raw_message_id from answer))
    and r.id = answer.raw_message_id and r.fate is null),
move as materialized (
  select answer.thread_id, answer.interaction_id, e.event,
    row_number() over (order by answer.interaction_id, e.place) as place
  from answer cross join jsonb_array_elements(answer.events) with ordinality as e(event, place)),
head as (
  insert into public.event_counters (tenant_id, seq)
  select $1, count(*) from move having count(*) > 0
  on conflict (tenant_id) do update set seq = event_counters.seq + excluded.seq
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq - (select count(*) from move) + move.place, move.event ->> 'kind', move.thread_id,
    coalesce((move.event ->> 'subject_id')::uuid, move.interaction_id)
  from move cross join head)
select
  (select count(*) from fence) as fenced,
  (select count(*) from interaction) as updated,
  (select coalesce(sum(jsonb_array_length(accounts)), 0) from answer) - (select count(*) from account) as stale_accounts;
