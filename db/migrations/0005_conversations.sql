-- Conversations, what customers wrote in them, and the receipt of each decision.

create table public.conversation_threads (
  tenant_id uuid not null,
  id uuid not null,
  customer_email text not null,
  customer_name text not null default '',
  escalation_level smallint not null default 0,
  customer_mood text not null default 'neutral',
  vip_status boolean not null default false,
  subject text not null default '',
  language text not null default 'nl',
  status text not null default 'open',
  ladder_stap smallint not null default 0,
  message_count integer not null default 0,
  last_message_at timestamptz not null,
  last_answer_at timestamptz,
  answered_by_person_at timestamptz,
  assigned_to uuid,
  created_at timestamptz not null default now(),
  constraint conversation_threads_pkey primary key (tenant_id, id),
  constraint conversation_threads_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint conversation_threads_escalation_level_check
    check (escalation_level between 0 and 3),
  constraint conversation_threads_customer_mood_check
    check (customer_mood in ('positive', 'neutral', 'frustrated', 'angry', 'sad')),
  constraint conversation_threads_status_check check (status in ('open', 'closed')),
  constraint conversation_threads_language_check
    check (language in ('nl', 'en', 'de', 'fr', 'other')),
  constraint conversation_threads_ladder_stap_check check (ladder_stap between 0 and 9)
);
comment on table public.conversation_threads is
  'One conversation with one customer.';
comment on column public.conversation_threads.tenant_id is 'The shop.';
comment on column public.conversation_threads.id is 'This conversation.';
comment on column public.conversation_threads.customer_email is 'The customer, lower case.';
comment on column public.conversation_threads.customer_name is 'As the customer signs.';
comment on column public.conversation_threads.escalation_level is '0 none, 1 watch, 2 a person must answer, 3 threat, law, safety.';
comment on column public.conversation_threads.customer_mood is 'Tone of the newest mail.';
comment on column public.conversation_threads.vip_status is 'Whether the shop marked this customer as important.';
comment on column public.conversation_threads.subject is 'Subject of the first mail.';
comment on column public.conversation_threads.language is 'Language of the newest mail.';
comment on column public.conversation_threads.status is 'open or closed.';
comment on column public.conversation_threads.ladder_stap is 'Offers made in this conversation, 0 to 9.';
comment on column public.conversation_threads.message_count is 'Mails of the customer in it.';
comment on column public.conversation_threads.last_message_at is 'When the customer last wrote.';
comment on column public.conversation_threads.last_answer_at is 'When the shop last answered; null before.';
comment on column public.conversation_threads.answered_by_person_at is 'When a person last answered, in Loket or in the mailbox itself; null when none did.';
comment on column public.conversation_threads.assigned_to is 'Colleague who took it over; null when nobody did.';
comment on column public.conversation_threads.created_at is 'When it began.';
create index conversation_threads_customer_email_idx on public.conversation_threads (tenant_id, customer_email);
create index conversation_threads_last_message_at_idx on public.conversation_threads (tenant_id, last_message_at desc, id desc);

create table public.customer_interactions (
  tenant_id uuid not null,
  id uuid not null,
  thread_id uuid not null,
  raw_message_id uuid,
  customer_email text not null,
  from_name text not null default '',
  subject text not null default '',
  message_id text,
  in_reply_to text,
  message_references text[] not null default '{}',
  sender_verified boolean not null default false,
  reply_to_elsewhere boolean not null default false,
  received_at timestamptz not null,
  message_body text not null,
  ai_response text,
  ai_response_html text,
  compensatie_percentage numeric(5,2) not null default 0,
  dreiging_detected boolean not null default false,
  annulering_aangevraagd boolean not null default false,
  ladder_stap smallint not null default 0,
  language text not null default 'nl',
  intents text[] not null default '{}',
  customer_mood text not null default 'neutral',
  order_number text,
  state text not null default 'received',
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid,
  constraint customer_interactions_pkey primary key (tenant_id, id),
  constraint customer_interactions_raw_message_id_key unique (tenant_id, raw_message_id),
  constraint customer_interactions_thread_id_fkey
    foreign key (tenant_id, thread_id) references public.conversation_threads (tenant_id, id) on delete cascade,
  constraint customer_interactions_compensatie_percentage_check
    check (compensatie_percentage between 0 and 100),
  constraint customer_interactions_ladder_stap_check check (ladder_stap between 0 and 9),
  constraint customer_interactions_language_check
    check (language in ('nl', 'en', 'de', 'fr', 'other')),
  constraint customer_interactions_customer_mood_check
    check (customer_mood in ('positive', 'neutral', 'frustrated', 'angry', 'sad')),
  constraint customer_interactions_intents_check
    check (intents <@ array['return', 'cancel', 'address_change', 'order_status', 'compensation', 'complaint', 'warranty', 'invoice', 'question', 'thanks', 'auto_reply', 'spam_or_marketing']),
  constraint customer_interactions_state_check
    check (state in ('received', 'answered', 'drafted', 'held', 'automatic', 'discarded', 'closed', 'imported'))
);
comment on table public.customer_interactions is
  'One row per customer mail, with what was answered.';
comment on column public.customer_interactions.tenant_id is 'The shop.';
comment on column public.customer_interactions.id is 'This interaction.';
comment on column public.customer_interactions.thread_id is 'The conversation it belongs to.';
comment on column public.customer_interactions.raw_message_id is 'The mail itself; no foreign key, as raw mail may be deleted earlier.';
comment on column public.customer_interactions.customer_email is 'Who wrote, lower case.';
comment on column public.customer_interactions.from_name is 'Display name of who wrote.';
comment on column public.customer_interactions.subject is 'Decoded subject.';
comment on column public.customer_interactions.message_id is 'Message-ID without angle brackets; null when absent.';
comment on column public.customer_interactions.in_reply_to is 'First In-Reply-To without angle brackets; null when absent.';
comment on column public.customer_interactions.message_references is 'References without angle brackets, oldest first.';
comment on column public.customer_interactions.sender_verified is 'Whether the mailbox''s own provider vouches for the sender.';
comment on column public.customer_interactions.reply_to_elsewhere is 'Whether an answer was asked for at another domain than the sender''s.';
comment on column public.customer_interactions.received_at is 'When the mailbox received it.';
comment on column public.customer_interactions.message_body is 'The text a person would read, with quotes and signature.';
comment on column public.customer_interactions.ai_response is 'Plain text of the answer or draft; null until there is one.';
comment on column public.customer_interactions.ai_response_html is 'HTML of the answer or draft; null until there is one.';
comment on column public.customer_interactions.compensatie_percentage is 'Percent compensation offered in the answer.';
comment on column public.customer_interactions.dreiging_detected is 'Whether a threat was read.';
comment on column public.customer_interactions.annulering_aangevraagd is 'Whether a cancellation was asked for.';
comment on column public.customer_interactions.ladder_stap is 'Ladder step the answer stands on, 0 to 9.';
comment on column public.customer_interactions.language is 'Language of the new text.';
comment on column public.customer_interactions.intents is 'What the customer wants.';
comment on column public.customer_interactions.customer_mood is 'Tone of the new text.';
comment on column public.customer_interactions.order_number is 'As the customer wrote it; null when none was given.';
comment on column public.customer_interactions.state is 'Where it stands; see the check.';
comment on column public.customer_interactions.created_at is 'When it was recorded.';
comment on column public.customer_interactions.decided_at is 'When the decision was written; null before.';
comment on column public.customer_interactions.decided_by is 'Person who approved or discarded the draft; null when no person did.';
create index customer_interactions_thread_id_idx on public.customer_interactions (tenant_id, thread_id, received_at);
create index customer_interactions_received_at_idx on public.customer_interactions (tenant_id, received_at desc, id desc);
create index customer_interactions_waiting_idx on public.customer_interactions (tenant_id, received_at) where state in ('held', 'drafted');

create table public.receipts (
  tenant_id uuid not null,
  interaction_id uuid not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  constraint receipts_pkey primary key (tenant_id, interaction_id),
  constraint receipts_interaction_id_fkey
    foreign key (tenant_id, interaction_id) references public.customer_interactions (tenant_id, id) on delete cascade
);
comment on table public.receipts is
  'Why an answer is what it is: one receipt per interaction.';
comment on column public.receipts.tenant_id is 'The shop.';
comment on column public.receipts.interaction_id is 'The interaction it explains.';
comment on column public.receipts.body is 'Facts, reading, decision, rule versions, reasons and guard findings.';
comment on column public.receipts.created_at is 'When it was written.';
