-- What hangs beside the text of a customer's mail, and its HTML as it may be shown. The bytes of
-- files stay in the raw mail; here stands where.

create table public.attachments (
  tenant_id uuid not null,
  id uuid not null,
  interaction_id uuid not null,
  raw_message_id uuid not null,
  place smallint not null,
  part_path text not null,
  file_name text not null,
  safe_name text not null,
  content_type text not null,
  disposition text not null,
  content_id text,
  encoding text not null,
  raw_offset integer not null,
  raw_length integer not null,
  size_bytes bigint not null,
  sha256 bytea,
  created_at timestamptz not null default now(),
  constraint attachments_pkey primary key (tenant_id, id),
  constraint attachments_place_key unique (tenant_id, interaction_id, place),
  constraint attachments_interaction_id_fkey
    foreign key (tenant_id, interaction_id) references public.customer_interactions (tenant_id, id) on delete cascade,
  constraint attachments_disposition_check check (disposition in ('attachment', 'inline', '')),
  constraint attachments_place_check check (place between 1 and 100),
  constraint attachments_raw_check check (raw_offset >= 0 and raw_length >= 0 and size_bytes >= 0),
  constraint attachments_safe_name_check check (safe_name <> '' and safe_name !~ '[/\\]' and safe_name !~ '^\.'),
  constraint attachments_sha256_check check (octet_length(sha256) = 32)
);
comment on table public.attachments is
  'Files of customers'' mails, attached or inside the text: listed and hashed, never unpacked.';
comment on column public.attachments.tenant_id is 'The shop.';
comment on column public.attachments.id is 'This file.';
comment on column public.attachments.interaction_id is 'The mail, in its conversation.';
comment on column public.attachments.raw_message_id is 'The mail itself, which holds the bytes; no foreign key, as raw mail may be deleted earlier.';
comment on column public.attachments.place is 'Which file of the mail, from 1.';
comment on column public.attachments.part_path is 'Its part of the mail, as IMAP counts: 2.1.';
comment on column public.attachments.file_name is 'As the sender named it; may be empty. Never for a disk.';
comment on column public.attachments.safe_name is 'The same without path, hidden signs and what a file system reads as something else.';
comment on column public.attachments.content_type is 'As the sender declared it; never believed.';
comment on column public.attachments.disposition is 'attachment, inline or empty, as the sender declared it.';
comment on column public.attachments.content_id is 'What the HTML calls it by, without angle brackets; null when it has none.';
comment on column public.attachments.encoding is 'Its transfer encoding; empty for none.';
comment on column public.attachments.raw_offset is 'Where its encoded bytes begin in the raw mail, from 0.';
comment on column public.attachments.raw_length is 'How many encoded bytes there are.';
comment on column public.attachments.size_bytes is 'Decoded size; an estimate where there is no hash.';
comment on column public.attachments.sha256 is 'SHA-256 of the decoded bytes; null when it is larger than can be had.';
comment on column public.attachments.created_at is 'When it was listed.';

create table public.message_views (
  tenant_id uuid not null,
  interaction_id uuid not null,
  html text,
  remote_images integer not null default 0,
  html_cut boolean not null default false,
  files_left_out integer not null default 0,
  created_at timestamptz not null default now(),
  constraint message_views_pkey primary key (tenant_id, interaction_id),
  constraint message_views_interaction_id_fkey
    foreign key (tenant_id, interaction_id) references public.customer_interactions (tenant_id, id) on delete cascade,
  constraint message_views_remote_images_check check (remote_images >= 0),
  constraint message_views_files_left_out_check check (files_left_out >= 0)
);
comment on table public.message_views is
  'How a customer''s mail looks, where it is more than text: sanitised when stored, and again each time it is shown.';
comment on column public.message_views.tenant_id is 'The shop.';
comment on column public.message_views.interaction_id is 'The mail, in its conversation.';
comment on column public.message_views.html is 'Sanitised HTML; null when there is none to be shown.';
comment on column public.message_views.remote_images is 'Pictures that another server would be asked for.';
comment on column public.message_views.html_cut is 'Whether there was more than is kept.';
comment on column public.message_views.files_left_out is 'Files beyond the hundred that are listed.';
comment on column public.message_views.created_at is 'When it was stored.';

alter table public.attachments enable row level security;
revoke all on public.attachments from public, anon, authenticated, service_role;
grant select on public.attachments to authenticated;
create policy user_select on public.attachments for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.attachments to loket_worker;
create policy worker_select on public.attachments for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.attachments to loket_worker;
create policy worker_insert on public.attachments for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant select on public.attachments to loket_admin;
create policy admin_select on public.attachments for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

alter table public.message_views enable row level security;
revoke all on public.message_views from public, anon, authenticated, service_role;
grant select on public.message_views to authenticated;
create policy user_select on public.message_views for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.message_views to loket_worker;
create policy worker_select on public.message_views for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.message_views to loket_worker;
create policy worker_insert on public.message_views for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant select on public.message_views to loket_admin;
create policy admin_select on public.message_views for select to loket_admin
  using (tenant_id = private.opened_tenant_id());
