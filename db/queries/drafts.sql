--! list
select i.id as interaction_id, i.thread_id, i.customer_email, i.subject, i.message_body, i.ai_response,
  i.ai_response_html, (i.compensatie_percentage * 100)::integer as compensatie_percentage, i.received_at,
  o.id as outbox_id, o.state_reason
from public.customer_interactions i
left join public.outbox o
  on o.tenant_id = i.tenant_id and o.interaction_id = i.id and o.state = 'held'
where i.tenant_id = $1 and i.state in ('held', 'drafted')
order by i.received_at, i.id
limit $2;

--! approve
-- A person lets a held draft go, or one that was refused once more, as it is or with another text
-- ($4, $5, $6; null keeps it).
with released as (
  update public.outbox
  set state = 'queued', state_reason = null, automatic = false, not_before = now(),
    deferrals = 0, first_deferred_at = null,
    subject = coalesce($4, subject), body_text = coalesce($5, body_text), body_html = coalesce($6, body_html)
  where tenant_id = $1 and id = $2 and state in ('held', 'failed')
  returning id, interaction_id, thread_id, body_text, body_html),
interaction as (
  update public.customer_interactions i
  set state = 'answered', ai_response = released.body_text, ai_response_html = released.body_html,
    decided_at = now(), decided_by = $3
  from released where i.tenant_id = $1 and i.id = released.interaction_id
  returning i.raw_message_id),
raw as (
  update public.raw_messages r set fate = 'answered', fate_reason = 'approved', fate_at = now()
  from interaction where r.tenant_id = $1 and r.id = interaction.raw_message_id),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id)
  select $1, $7, 'deliver', released.id from released
  on conflict (tenant_id, kind, subject_id) do nothing),
notice as (
  update public.notifications n set done_at = now(), done_by = $3
  from released
  where n.tenant_id = $1 and n.interaction_id = released.interaction_id and n.thread_id = released.thread_id
    and n.type = 'held_mail' and n.done_at is null),
audit as (
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, detail)
  select $1, $8, $3, 'user', 'draft.approved', released.id, jsonb_build_object('edited', $5::text is not null)
  from released),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from released
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'draft.approved', released.thread_id, released.interaction_id
  from released cross join head)
select count(*) as changed from released;

--! arrived
-- A person found a reply of unknown outcome: it was sent when it was on its way.
with sent as (
  update public.outbox set state = 'sent', state_reason = null, sent_at = coalesce(sending_at, now())
  where tenant_id = $1 and id = $2 and state = 'held' and state_reason = 'outcome_unknown'
  returning id, interaction_id, thread_id, automatic, sent_at),
interaction as (
  update public.customer_interactions i set state = 'answered'
  from sent where i.tenant_id = $1 and i.id = sent.interaction_id
  returning i.raw_message_id),
raw as (
  update public.raw_messages r set fate = 'answered', fate_reason = 'arrived', fate_at = now()
  from interaction where r.tenant_id = $1 and r.id = interaction.raw_message_id),
thread as (
  update public.conversation_threads t
  set last_answer_at = greatest(t.last_answer_at, sent.sent_at),
    answered_by_person_at = case
      when sent.automatic then t.answered_by_person_at else greatest(t.answered_by_person_at, sent.sent_at) end
  from sent where t.tenant_id = $1 and t.id = sent.thread_id),
notice as (
  update public.notifications n set done_at = now(), done_by = $3
  from sent
  where n.tenant_id = $1 and n.interaction_id = sent.interaction_id and n.thread_id = sent.thread_id
    and n.type = 'held_mail' and n.done_at is null),
audit as (
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id)
  select $1, $4, $3, 'user', 'reply.arrived', sent.id from sent),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from sent
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'outbox.sent', sent.thread_id, sent.id from sent cross join head)
select count(*) as changed from sent;

--! discard
with dropped as (
  update public.customer_interactions
  set state = 'discarded', decided_at = now(), decided_by = $3
  where tenant_id = $1 and id = $2 and state in ('held', 'drafted')
  returning id, thread_id),
mail as (
  update public.outbox o set state = 'cancelled', state_reason = 'discarded'
  from dropped where o.tenant_id = $1 and o.interaction_id = dropped.id and o.state = 'held'),
notice as (
  update public.notifications n set done_at = now(), done_by = $3
  from dropped
  where n.tenant_id = $1 and n.interaction_id = dropped.id and n.thread_id = dropped.thread_id
    and n.type = 'held_mail' and n.done_at is null),
audit as (
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, reason)
  select $1, $4, $3, 'user', 'draft.discarded', dropped.id, $5 from dropped),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from dropped
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'draft.discarded', dropped.thread_id, dropped.id
  from dropped cross join head)
select count(*) as changed from dropped;

--! person_answered
update public.conversation_threads
set answered_by_person_at = greatest(answered_by_person_at, $3), last_answer_at = greatest(last_answer_at, $3)
where tenant_id = $1 and id = $2;
