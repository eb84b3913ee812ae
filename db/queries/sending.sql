--! room
-- How many mails left within the last $3 seconds or are leaving now, and how many that could leave now
-- go before this one: people's before the program's, grave conversations before others, old before new.
select
  (select count(*) from public.outbox o
    where o.tenant_id = $1 and o.sent_at > now() - make_interval(secs => $3))
  + (select count(*) from public.outbox o
    where o.tenant_id = $1 and o.state = 'sending' and o.id <> $2) as used,
  (select count(*)
    from public.outbox mine
    join public.conversation_threads my_thread on my_thread.tenant_id = $1 and my_thread.id = mine.thread_id
    join public.outbox o on o.tenant_id = $1 and o.state = 'queued' and o.not_before <= now() and o.deferrals = 0
    join public.conversation_threads t on t.tenant_id = $1 and t.id = o.thread_id
    where mine.tenant_id = $1 and mine.id = $2 and o.id <> $2
      and (o.automatic, -t.escalation_level, o.created_at, o.id)
        < (mine.automatic, -my_thread.escalation_level, mine.created_at, mine.id)) as before_it;

--! requeue
-- Certainly not sent: it waits again, with the same Message-ID. $3: whether that counts as a deferral.
update public.outbox
set state = 'queued', unknown_at = null, look_at = null,
  deferrals = deferrals + case when $3 then 1 else 0 end,
  first_deferred_at = case when $3 then coalesce(first_deferred_at, now()) else first_deferred_at end,
  server_reply = coalesce(left($4, 500), server_reply)
where tenant_id = $1 and id = $2 and state in ('queued', 'sending')
returning deferrals, extract(epoch from now() - coalesce(first_deferred_at, now()))::bigint as for_seconds;

--! note_reply
update public.outbox set server_reply = left($3, 500)
where tenant_id = $1 and id = $2;

--! note_look
update public.outbox set sent_looks = sent_looks + 1
where tenant_id = $1 and id = $2 and state = 'sending'
returning sent_looks;

--! set_sent_copies
update public.mailboxes set sent_copies = $3
where tenant_id = $1 and id = $2;

--! pause_mailbox
-- Nothing leaves from it, or mail may leave again (null). Reading goes on.
update public.mailboxes
set sending_paused_reason = $3, sending_paused_at = case when $3::text is null then null else now() end
where tenant_id = $1 and id = $2;

--! notify_once
-- Not again while somebody has still to deal with the last one.
with notice as (
  insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
  select $1, $2, $3, $4, true, $5
  where not exists (
    select from public.notifications n
    where n.tenant_id = $1 and n.type = $3 and n.detail = $5 and n.done_at is null)
  returning id),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from notice
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'notification.added', null, notice.id from notice cross join head)
select count(*) as changed from notice;

--! bounced
-- A server reports that our mail cannot be delivered. Once per mail.
with mail as (
  update public.outbox set bounced_at = now()
  where tenant_id = $1 and message_id = $2 and bounced_at is null
  returning thread_id, interaction_id),
notice as (
  insert into public.notifications (tenant_id, id, thread_id, interaction_id, type, priority, action_required, detail)
  select $1, $3, thread_id, interaction_id, 'bounced', 'high', true, 'outbox.bounced' from mail)
select count(*) as changed from mail;

--! save_wishes
update public.tenants set undo_seconds = $2, max_reply_age_hours = $3, updated_at = now()
where tenant_id = $1;

--! recall
-- A person calls a reply back that has not left: it waits for them as a draft.
with held as (
  update public.outbox set state = 'held', state_reason = 'recalled'
  where tenant_id = $1 and id = $2 and state = 'queued'
  returning id, interaction_id, thread_id),
interaction as (
  update public.customer_interactions i set state = 'drafted'
  from held where i.tenant_id = $1 and i.id = held.interaction_id
  returning i.raw_message_id),
raw as (
  update public.raw_messages r set fate = 'drafted', fate_reason = 'recalled', fate_at = now()
  from interaction where r.tenant_id = $1 and r.id = interaction.raw_message_id),
audit as (
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id)
  select $1, $4, $3, 'user', 'reply.recalled', held.id from held),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from held
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
  select $1, head.seq, 'reply.recalled', held.thread_id, held.interaction_id from held cross join head)
select count(*) as changed from held;
