-- What is to be sent. The Message-ID is chosen when the row is written, so a retry is the same mail.

create table public.outbox (
  tenant_id uuid not null,
  id uuid not null,
  interaction_id uuid not null,
  thread_id uuid not null,
  message_id text not null,
  recipient text not null,
  subject text not null,
  body_text text not null,
  body_html text not null,
  in_reply_to text,
  message_references text[] not null default '{}',
  automatic boolean not null default true,
  state text not null,
  state_reason text,
  attempt integer not null default 0,
  not_before timestamptz not null default now(),
  sending_at timestamptz,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  constraint outbox_pkey primary key (tenant_id, id),
  constraint outbox_message_id_key unique (tenant_id, message_id),
  constraint outbox_interaction_id_fkey
    foreign key (tenant_id, interaction_id) references public.customer_interactions (tenant_id, id) on delete cascade,
  constraint outbox_state_check
    check (state in ('queued', 'sending', 'sent', 'cancelled', 'held', 'failed'))
);
comment on table public.outbox is
  'Outgoing mail, from decision to proof of sending.';
comment on column public.outbox.tenant_id is 'The shop.';
comment on column public.outbox.id is 'This mail.';
comment on column public.outbox.interaction_id is 'The customer mail it answers.';
comment on column public.outbox.thread_id is 'The conversation; repeated here for the last-moment check.';
comment on column public.outbox.message_id is 'Message-ID without angle brackets, ours, signed.';
comment on column public.outbox.recipient is 'Address it goes to, lower case.';
comment on column public.outbox.subject is 'Decoded subject.';
comment on column public.outbox.body_text is 'Plain text.';
comment on column public.outbox.body_html is 'HTML.';
comment on column public.outbox.in_reply_to is 'Message-ID it answers, without angle brackets; null when the customer''s mail had none.';
comment on column public.outbox.message_references is 'References without angle brackets, oldest first.';
comment on column public.outbox.automatic is 'Whether it goes out without a person having read it; counts for the budget.';
comment on column public.outbox.state is 'queued, sending, sent, cancelled, held or failed.';
comment on column public.outbox.state_reason is 'Why it was cancelled, held or failed; null otherwise.';
comment on column public.outbox.attempt is 'How often sending was begun.';
comment on column public.outbox.not_before is 'Not to be sent earlier.';
comment on column public.outbox.sending_at is 'When the state became sending; null before.';
comment on column public.outbox.sent_at is 'When the server accepted it; null before.';
comment on column public.outbox.created_at is 'When it was decided.';
create index outbox_interaction_id_idx on public.outbox (tenant_id, interaction_id);
create index outbox_budget_idx on public.outbox (tenant_id, recipient, created_at) where automatic;
create index outbox_created_at_idx on public.outbox (tenant_id, created_at) where automatic;
create index outbox_sending_idx on public.outbox (tenant_id, sending_at) where state = 'sending';
