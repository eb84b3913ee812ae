--! version
select current_setting('server_version') as version;

--! work
-- What waits longer than it should, in all shops: counts only. $1 is what is too long, in seconds.
select
  (select count(*) from public.jobs
    where state = 'due' and run_at < now() - make_interval(secs => $1)) as overdue_jobs,
  (select count(*) from public.jobs where state = 'given_up') as given_up_jobs,
  (select count(*) from public.raw_messages
    where fate is null and stored_at < now() - make_interval(secs => $1)) as mails_without_fate,
  (select count(*) from public.outbox
    where state = 'sending' and sending_at < now() - make_interval(secs => $1)) as stuck_sending,
  (select count(*) from public.outbox o
    where o.state = 'queued' and o.not_before < now() - make_interval(secs => $1)
      and not exists (
        select from public.jobs j
        where j.tenant_id = o.tenant_id and j.kind = 'deliver' and j.subject_id = o.id)) as queued_without_job;

--! mailboxes
select m.tenant_id, m.id, m.kind, m.config, m.paused_reason, m.sending_paused_reason, m.trouble,
  m.connected_at, m.last_read_at,
  compared.finished_at as reconciled_at, coalesce(cardinality(compared.missing), 0)::bigint as missing,
  coalesce(compared.fetched, 0) as fetched
from public.mailboxes m
join public.tenants t on t.tenant_id = m.tenant_id
left join lateral (
  select r.finished_at, r.missing, r.fetched
  from public.reconciliations r
  where r.tenant_id = m.tenant_id and r.mailbox_id = m.id and r.finished_at is not null and r.failure is null
  order by r.asked_at desc
  limit 1) compared on true
where t.active
order by m.tenant_id, m.id;
