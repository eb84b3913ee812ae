-- Who must know, and whose mail is let in.

create table public.notifications (
  tenant_id uuid not null,
  id uuid not null,
  thread_id uuid,
  interaction_id uuid,
  type text not null,
  priority text not null,
  action_required boolean not null default false,
  detail text not null default '',
  created_at timestamptz not null default now(),
  done_at timestamptz,
  done_by uuid,
  constraint notifications_pkey primary key (tenant_id, id),
  constraint notifications_thread_id_fkey
    foreign key (tenant_id, thread_id) references public.conversation_threads (tenant_id, id) on delete cascade,
  constraint notifications_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint notifications_type_check
    check (type in ('escalation', 'threat', 'high_compensation', 'held_mail', 'action_needed', 'mailbox_trouble', 'quarantined', 'bounced')),
  constraint notifications_priority_check check (priority in ('high', 'medium', 'low'))
);
comment on table public.notifications is
  'What a person should know or do.';
comment on column public.notifications.tenant_id is 'The shop.';
comment on column public.notifications.id is 'This notification.';
comment on column public.notifications.thread_id is 'The conversation it is about; null when it is about none.';
comment on column public.notifications.interaction_id is 'The mail it is about; null when it is about none.';
comment on column public.notifications.type is 'escalation, threat, high_compensation, and ours: see the check.';
comment on column public.notifications.priority is 'high, medium or low.';
comment on column public.notifications.action_required is 'Whether somebody must do something.';
comment on column public.notifications.detail is 'What, as a key the pages translate; never the customer''s words.';
comment on column public.notifications.created_at is 'When it arose.';
comment on column public.notifications.done_at is 'When somebody dealt with it; null before.';
comment on column public.notifications.done_by is 'Who dealt with it; null before.';
create index notifications_open_idx on public.notifications (tenant_id, created_at desc, id desc) where done_at is null;
create index notifications_thread_id_idx on public.notifications (tenant_id, thread_id);

create table public.email_filters (
  tenant_id uuid not null,
  id uuid not null,
  filter_type text not null,
  email_address text,
  domain text,
  is_regex boolean not null default false,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint email_filters_pkey primary key (tenant_id, id),
  constraint email_filters_value_key
    unique nulls not distinct (tenant_id, filter_type, email_address, domain, is_regex),
  constraint email_filters_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint email_filters_filter_type_check
    check (filter_type in ('allow', 'block', 'spam')),
  constraint email_filters_one_value_check check (num_nonnulls(email_address, domain) = 1),
  constraint email_filters_length_check
    check (char_length(coalesce(email_address, domain)) between 1 and 500)
);
comment on table public.email_filters is
  'Whose mail is let in, blocked, or kept as spam. Allow beats block beats spam.';
comment on column public.email_filters.tenant_id is 'The shop.';
comment on column public.email_filters.id is 'This filter.';
comment on column public.email_filters.filter_type is 'allow, block or spam.';
comment on column public.email_filters.email_address is 'Exact address in lower case, or a pattern when is_regex; null when domain is given.';
comment on column public.email_filters.domain is 'Domain in lower case, or a pattern when is_regex; null when email_address is given.';
comment on column public.email_filters.is_regex is 'Whether the value is a regular expression.';
comment on column public.email_filters.created_by is 'Person who added it; null when the program did.';
comment on column public.email_filters.created_at is 'When it was added.';
