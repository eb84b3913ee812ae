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
select m.tenant_id, m.id, m.kind, m.config, m.paused_reason, m.trouble, m.connected_at, m.last_read_at
from public.mailboxes m
join public.tenants t on t.tenant_id = m.tenant_id
where t.active
order by m.tenant_id, m.id;
