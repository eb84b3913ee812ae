-- What moved, for live pages; and who did what, for people.

create table public.event_counters (
  tenant_id uuid not null,
  seq bigint not null,
  constraint event_counters_pkey primary key (tenant_id)
);
comment on table public.event_counters is
  'The last event number of each shop. Its row lock makes the order of commits the order of numbers, without gaps. No foreign key: it is written with every mail.';
comment on column public.event_counters.tenant_id is 'The shop.';
comment on column public.event_counters.seq is 'Number of the newest event.';

create table public.events (
  tenant_id uuid not null,
  seq bigint not null,
  kind text not null,
  thread_id uuid,
  subject_id uuid,
  created_at timestamptz not null default now(),
  constraint events_pkey primary key (tenant_id, seq),
  constraint events_kind_check check (kind ~ '^[a-z_]+\.[a-z_]+$')
);
comment on table public.events is
  'What moved: kinds and ids, never text. Pages read the rows again under the viewer''s own claims. No foreign key: it is written with every mail.';
comment on column public.events.tenant_id is 'The shop.';
comment on column public.events.seq is 'Counts from 1 per shop, in commit order, without gaps.';
comment on column public.events.kind is 'What happened, for instance interaction.received.';
comment on column public.events.thread_id is 'The conversation concerned; null when none.';
comment on column public.events.subject_id is 'The row concerned; null when none.';
comment on column public.events.created_at is 'When it happened.';

create table public.audit_log (
  tenant_id uuid not null,
  id uuid not null,
  actor_id uuid,
  actor_role text not null,
  action text not null,
  subject_id uuid,
  reason text,
  detail jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint audit_log_pkey primary key (tenant_id, id),
  constraint audit_log_actor_role_check
    check (actor_role in ('user', 'admin', 'worker', 'system'))
);
comment on table public.audit_log is
  'Who did what and why. Rows are added, never changed; no foreign keys, as it outlives what it tells of.';
comment on column public.audit_log.tenant_id is 'The shop concerned; the nil UUID for the platform itself.';
comment on column public.audit_log.id is 'This entry.';
comment on column public.audit_log.actor_id is 'The person who did it; null when the program did.';
comment on column public.audit_log.actor_role is 'user, admin, worker or system.';
comment on column public.audit_log.action is 'What was done, for instance shop.opened.';
comment on column public.audit_log.subject_id is 'The row concerned; null when none.';
comment on column public.audit_log.reason is 'Why, in the actor''s own words; null where none is asked.';
comment on column public.audit_log.detail is 'Old and new values without secrets.';
comment on column public.audit_log.created_at is 'When it was done.';
create index audit_log_created_at_idx on public.audit_log (tenant_id, created_at desc, id desc);
