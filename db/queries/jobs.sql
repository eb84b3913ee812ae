--! claim
select tenant_id, job_id, subject_id, lease_token, attempt, locked_until
from private.claim_jobs($1, $2, make_interval(secs => $3), $4);

--! next_due
select private.next_due($1) as next_due;

--! enqueue
insert into public.jobs (tenant_id, id, kind, subject_id, run_at)
values ($1, $2, $3, $4, coalesce($5, now()))
on conflict (tenant_id, kind, subject_id) do nothing;

--! finish
delete from public.jobs
where tenant_id = $1 and id = $2 and lease_token = $3;

--! finish_all
delete from public.jobs j
using unnest($2::uuid[], $3::uuid[]) as held(id, lease_token)
where j.tenant_id = $1 and j.id = any ($2) and j.id = held.id and j.lease_token = held.lease_token;

--! retry
update public.jobs
set run_at = now() + make_interval(secs => $4), locked_until = null, lease_token = null, last_error = left($5, 500)
where tenant_id = $1 and id = $2 and lease_token = $3;

--! release
-- Put back untried: that it was claimed does not count.
update public.jobs
set run_at = now() + make_interval(secs => $4), locked_until = null, lease_token = null,
  attempt = greatest(attempt - 1, 0), last_error = left($5, 500)
where tenant_id = $1 and id = $2 and lease_token = $3;

--! renew
-- A whole lease more for those of the list that are still held.
update public.jobs j
set run_at = clock_timestamp() + make_interval(secs => $4),
  locked_until = clock_timestamp() + make_interval(secs => $4)
from unnest($2::uuid[], $3::uuid[]) as claimed(id, lease_token)
where j.tenant_id = $1 and j.id = any ($2) and j.id = claimed.id and j.lease_token = claimed.lease_token
returning j.id;

--! give_up
update public.jobs
set state = 'given_up', locked_until = null, lease_token = null, last_error = left($4, 500)
where tenant_id = $1 and id = $2 and lease_token = $3;

--! keep
-- Locks the held jobs of the list until the transaction ends, and gives those whose lease is more
-- than half over a whole one: from now, which in a transaction that stood still is not now().
with held as (
  select j.id
  from public.jobs j
  join unnest($2::uuid[], $3::uuid[]) as claimed(id, lease_token)
    on claimed.id = j.id and claimed.lease_token = j.lease_token
  where j.tenant_id = $1 and j.id = any ($2)
  order by j.id
  for update of j),
renewed as (
  update public.jobs j
  set run_at = clock_timestamp() + make_interval(secs => $4),
    locked_until = clock_timestamp() + make_interval(secs => $4)
  from held
  where j.tenant_id = $1 and j.id = any ($2) and j.id = held.id
    and j.locked_until < clock_timestamp() + make_interval(secs => $4) / 2)
select count(*) as held from held;

--! given_up
select id, kind, subject_id, attempt, last_error, created_at
from public.jobs
where tenant_id = $1 and state = 'given_up'
order by created_at;

--! revive
update public.jobs
set state = 'due', run_at = now(), attempt = 0
where tenant_id = $1 and id = $2 and state = 'given_up';
