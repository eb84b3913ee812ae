--! page
select t.id, t.customer_email, t.customer_name, t.escalation_level, t.customer_mood, t.vip_status, t.subject,
  t.language, t.status, t.ladder_stap, t.message_count, t.last_message_at, t.last_answer_at, t.assigned_to
from public.conversation_threads t
where t.tenant_id = $1
  and ($2::text is null or t.status = $2)
  and ($3::timestamptz is null or (t.last_message_at, t.id) < ($3, $4::uuid))
order by t.last_message_at desc, t.id desc
limit $5;

--! thread
select t.id, t.customer_email, t.customer_name, t.escalation_level, t.customer_mood, t.vip_status, t.subject,
  t.language, t.status, t.ladder_stap, t.message_count, t.last_message_at, t.last_answer_at, t.assigned_to
from public.conversation_threads t
where t.tenant_id = $1 and t.id = $2;

--! interactions
select i.id, i.thread_id, i.customer_email, i.from_name, i.subject, i.received_at, i.message_body,
  i.sender_verified, i.reply_to_elsewhere, i.ai_response,
  i.ai_response_html, (i.compensatie_percentage * 100)::integer as compensatie_percentage,
  i.dreiging_detected, i.annulering_aangevraagd, i.ladder_stap, i.language, i.intents, i.customer_mood,
  i.order_number, i.state, i.decided_at, i.decided_by, r.body as receipt
from public.customer_interactions i
left join public.receipts r on r.tenant_id = i.tenant_id and r.interaction_id = i.id
where i.tenant_id = $1 and i.thread_id = $2
order by i.received_at, i.id;

--! mails
select o.id, o.interaction_id, o.message_id, o.recipient, o.subject, o.automatic, o.state, o.state_reason,
  o.attempt, o.created_at, o.sent_at
from public.outbox o
join public.customer_interactions i on i.tenant_id = o.tenant_id and i.id = o.interaction_id
where o.tenant_id = $1 and i.thread_id = $2
order by o.created_at, o.id;

--! interaction_page
select i.id, i.thread_id, i.customer_email, i.from_name, i.subject, i.received_at, i.message_body,
  i.sender_verified, i.reply_to_elsewhere, i.ai_response,
  i.ai_response_html, (i.compensatie_percentage * 100)::integer as compensatie_percentage,
  i.dreiging_detected, i.annulering_aangevraagd, i.ladder_stap, i.language, i.intents, i.customer_mood,
  i.order_number, i.state, i.decided_at, i.decided_by, null::jsonb as receipt
from public.customer_interactions i
where i.tenant_id = $1
  and ($2::timestamptz is null or (i.received_at, i.id) < ($2, $3::uuid))
order by i.received_at desc, i.id desc
limit $4;

--! counts
select
  (select count(*) from public.conversation_threads where tenant_id = $1 and status = 'open') as open_threads,
  (select count(*) from public.customer_interactions
    where tenant_id = $1 and state in ('held', 'drafted')) as waiting,
  (select count(*) from public.notifications where tenant_id = $1 and done_at is null) as open_notifications,
  (select count(*) from public.customer_interactions
    where tenant_id = $1 and received_at > now() - interval '24 hours' and state <> 'imported') as received_24h,
  (select count(*) from public.raw_messages where tenant_id = $1 and fate is null) as without_fate;

--! update_thread
update public.conversation_threads
set status = coalesce($3, status), vip_status = coalesce($4, vip_status)
where tenant_id = $1 and id = $2;

--! assign
update public.conversation_threads set assigned_to = $3
where tenant_id = $1 and id = $2;
