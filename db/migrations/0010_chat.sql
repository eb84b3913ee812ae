-- Live chat on the shop's site.

create table public.chat_sessions (
  tenant_id uuid not null,
  id uuid not null,
  user_email text not null,
  admin_id uuid,
  status text not null default 'open',
  created_at timestamptz not null default now(),
  last_message_at timestamptz not null default now(),
  closed_at timestamptz,
  constraint chat_sessions_pkey primary key (tenant_id, id),
  constraint chat_sessions_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint chat_sessions_status_check check (status in ('open', 'closed'))
);
comment on table public.chat_sessions is
  'One chat with one visitor.';
comment on column public.chat_sessions.tenant_id is 'The shop.';
comment on column public.chat_sessions.id is 'This chat.';
comment on column public.chat_sessions.user_email is 'The visitor''s address as given; not verified.';
comment on column public.chat_sessions.admin_id is 'Platform admin who helps; null when none does.';
comment on column public.chat_sessions.status is 'open or closed.';
comment on column public.chat_sessions.created_at is 'When it began.';
comment on column public.chat_sessions.last_message_at is 'When somebody last wrote.';
comment on column public.chat_sessions.closed_at is 'When it was closed; null while open.';
create index chat_sessions_last_message_at_idx on public.chat_sessions (tenant_id, last_message_at desc, id desc);

create table public.chat_messages (
  tenant_id uuid not null,
  id uuid not null,
  session_id uuid not null,
  sender_type text not null,
  message text not null,
  created_at timestamptz not null default now(),
  constraint chat_messages_pkey primary key (tenant_id, id),
  constraint chat_messages_session_id_fkey
    foreign key (tenant_id, session_id) references public.chat_sessions (tenant_id, id) on delete cascade,
  constraint chat_messages_sender_type_check check (sender_type in ('user', 'admin', 'ai')),
  constraint chat_messages_message_check check (char_length(message) between 1 and 8000)
);
comment on table public.chat_messages is
  'What was said in a chat.';
comment on column public.chat_messages.tenant_id is 'The shop.';
comment on column public.chat_messages.id is 'This message; chosen by the sender, so that a repeat is recognised.';
comment on column public.chat_messages.session_id is 'The chat.';
comment on column public.chat_messages.sender_type is 'user (the visitor), admin (a person of the shop or platform) or ai.';
comment on column public.chat_messages.message is 'Plain text.';
comment on column public.chat_messages.created_at is 'When it was said.';
create index chat_messages_session_id_idx on public.chat_messages (tenant_id, session_id, created_at);
