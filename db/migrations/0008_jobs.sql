-- Work that must happen, written in the transaction that made it necessary.

create table public.jobs (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null,
  subject_id uuid not null,
  run_at timestamptz not null default now(),
  locked_until timestamptz,
  lease_token uuid,
  attempt integer not null default 0,
  state text not null default 'due',
  last_error text,
  created_at timestamptz not null default now(),
  constraint jobs_pkey primary key (tenant_id, id),
  constraint jobs_subject_id_key unique (tenant_id, kind, subject_id),
  constraint jobs_kind_check check (kind in ('ingest', 'answer', 'deliver')),
  constraint jobs_state_check check (state in ('due', 'given_up'))
);
comment on table public.jobs is
  'Due work, claimed by lease. A finished job is deleted. No foreign keys: each would be checked twice per mail; work for a shop that is gone ends by itself.';
comment on column public.jobs.tenant_id is 'The shop.';
comment on column public.jobs.id is 'This job.';
comment on column public.jobs.kind is 'ingest, answer or deliver.';
comment on column public.jobs.subject_id is 'What it is about: raw mail, interaction or outbox row.';
comment on column public.jobs.run_at is 'Not to be claimed earlier; a lease moves it to the lease''s end.';
comment on column public.jobs.locked_until is 'End of the lease; null when nobody holds one.';
comment on column public.jobs.lease_token is 'Fencing token of the present lease; null when nobody holds one.';
comment on column public.jobs.attempt is 'How often it was claimed.';
comment on column public.jobs.state is 'due or given_up.';
comment on column public.jobs.last_error is 'Why the last attempt failed, without bodies or addresses; null when none failed.';
comment on column public.jobs.created_at is 'When it became necessary.';
create index jobs_due_idx on public.jobs (tenant_id, kind, run_at) where state = 'due';
-- Rows live for seconds: sweep early, so that claims do not wade through dead ones.
alter table public.jobs set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
