-- Where mail comes from, and each mail as it came.

create table public.mailboxes (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null,
  address text not null,
  config jsonb not null default '{}',
  secret_encrypted text,
  cursor jsonb not null default '{}',
  paused_reason text,
  paused_at timestamptz,
  last_read_at timestamptz,
  created_at timestamptz not null default now(),
  constraint mailboxes_pkey primary key (tenant_id, id),
  constraint mailboxes_address_key unique (tenant_id, address),
  constraint mailboxes_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint mailboxes_kind_check check (kind in ('maildir', 'imap', 'gmail', 'zoho'))
);
comment on table public.mailboxes is
  'A place where a shop''s mail arrives.';
comment on column public.mailboxes.tenant_id is 'The shop.';
comment on column public.mailboxes.id is 'This mailbox.';
comment on column public.mailboxes.kind is 'maildir, imap, gmail or zoho.';
comment on column public.mailboxes.address is 'Mail address, lower case.';
comment on column public.mailboxes.config is 'Hosts, ports, folder, directory; no secrets.';
comment on column public.mailboxes.secret_encrypted is 'Base64 of an authenticated envelope around the password; null when none is needed. Write-only for users.';
comment on column public.mailboxes.cursor is 'How far it was read: uidvalidity, next uid, and what the kind needs.';
comment on column public.mailboxes.paused_reason is 'Why it is not read, in English; null while it is read.';
comment on column public.mailboxes.paused_at is 'Since when it is paused; null while it is read.';
comment on column public.mailboxes.last_read_at is 'When it was last read to the end; null before the first time.';
comment on column public.mailboxes.created_at is 'When it was added.';

create table public.raw_messages (
  tenant_id uuid not null,
  id uuid not null,
  mailbox_id uuid not null,
  uidvalidity bigint not null,
  uid bigint not null,
  sha256 bytea not null,
  message_id text,
  received_at timestamptz not null,
  size_bytes bigint not null,
  raw bytea not null,
  attempts integer not null default 0,
  fate text,
  fate_reason text,
  fate_at timestamptz,
  stored_at timestamptz not null default now(),
  constraint raw_messages_pkey primary key (tenant_id, id),
  constraint raw_messages_uid_key unique (tenant_id, mailbox_id, uidvalidity, uid),
  constraint raw_messages_mailbox_id_fkey
    foreign key (tenant_id, mailbox_id) references public.mailboxes (tenant_id, id) on delete cascade,
  constraint raw_messages_fate_check
    check (fate in ('answered', 'drafted', 'held', 'filtered', 'automatic', 'quarantined', 'imported')),
  constraint raw_messages_sha256_check check (octet_length(sha256) = 32)
);
comment on table public.raw_messages is
  'Every mail as it came, stored before it is parsed. Its key is mailbox, uidvalidity and uid.';
comment on column public.raw_messages.tenant_id is 'The shop.';
comment on column public.raw_messages.id is 'This mail.';
comment on column public.raw_messages.mailbox_id is 'Where it came in.';
comment on column public.raw_messages.uidvalidity is 'IMAP UIDVALIDITY; 0 where the kind has none.';
comment on column public.raw_messages.uid is 'IMAP UID, or the number the mailbox kind gives.';
comment on column public.raw_messages.sha256 is 'SHA-256 of the raw bytes.';
comment on column public.raw_messages.message_id is 'Message-ID without angle brackets: a hint, never a key; null when absent.';
comment on column public.raw_messages.received_at is 'When the mailbox received it.';
comment on column public.raw_messages.size_bytes is 'Size of the raw bytes.';
comment on column public.raw_messages.raw is 'The mail itself, RFC 5322 bytes.';
comment on column public.raw_messages.attempts is 'How often processing was tried.';
comment on column public.raw_messages.fate is 'What became of it; null until known. Written once, except that held and drafted become answered.';
comment on column public.raw_messages.fate_reason is 'Why, in a word or two of English; null with the fate.';
comment on column public.raw_messages.fate_at is 'When the fate became known.';
comment on column public.raw_messages.stored_at is 'When it was stored.';
create index raw_messages_without_fate_idx on public.raw_messages (tenant_id, stored_at) where fate is null;
