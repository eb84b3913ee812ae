-- Shops and the people who belong to them.

create table public.tenants (
  tenant_id uuid not null,
  bedrijfsnaam text not null,
  gmail_email text not null,
  gmail_password_encrypted text,
  shop_url text not null default '',
  ai_persona_name text not null default 'Eva',
  sector text not null default 'fashion',
  taalvoorkeur text not null default 'NL',
  status text not null default 'pending_approval',
  active boolean not null default false,
  retouradres text not null default '',
  maximaal_extra_compensatie numeric(5,2) not null default 15,
  dagen_instellingen jsonb not null default '{}',
  signature_html text not null default '',
  automatic_sending boolean not null default false,
  n8n_workflow_id text,
  api_key text,
  api_key_hash bytea,
  created_by uuid,
  approved_at timestamptz,
  approved_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tenants_pkey primary key (tenant_id),
  constraint tenants_status_check
    check (status in ('pending_approval', 'approved', 'suspended', 'rejected')),
  constraint tenants_taalvoorkeur_check check (taalvoorkeur in ('NL', 'EN')),
  constraint tenants_maximaal_extra_compensatie_check
    check (maximaal_extra_compensatie between 0 and 100),
  constraint tenants_bedrijfsnaam_check
    check (bedrijfsnaam <> '' and char_length(bedrijfsnaam) <= 200),
  constraint tenants_active_check check (not active or status = 'approved')
);
comment on table public.tenants is
  'One row per shop. Made by the shop after choosing its mail provider; answered for only after approval.';
comment on column public.tenants.tenant_id is 'The shop. UUIDv7, made by the application.';
comment on column public.tenants.bedrijfsnaam is 'Name of the business, as customers know it.';
comment on column public.tenants.gmail_email is 'Address of the shop''s mailbox, at whatever provider.';
comment on column public.tenants.gmail_password_encrypted is 'Base64 of an authenticated envelope around the mailbox password; null until given. Write-only for users.';
comment on column public.tenants.shop_url is 'Web address of the shop.';
comment on column public.tenants.ai_persona_name is 'Name of the assistant that signs the answers.';
comment on column public.tenants.sector is 'Line of business.';
comment on column public.tenants.taalvoorkeur is 'Preferred language: NL or EN.';
comment on column public.tenants.status is 'Where the shop stands: pending_approval, approved, suspended or rejected.';
comment on column public.tenants.active is 'Whether mail is fetched and answered.';
comment on column public.tenants.retouradres is 'Postal address for returns.';
comment on column public.tenants.maximaal_extra_compensatie is 'Percent that may be added on top of the first offer.';
comment on column public.tenants.dagen_instellingen is 'Days: return, refund, reply, working days, holidays.';
comment on column public.tenants.signature_html is 'Signature under every answer, sanitised HTML.';
comment on column public.tenants.automatic_sending is 'Whether approved replies leave without a person; a new shop begins with drafts.';
comment on column public.tenants.n8n_workflow_id is 'The shop''s workflow in n8n; null when none.';
comment on column public.tenants.api_key is 'Visible prefix of the shop''s API key; null when none was made.';
comment on column public.tenants.api_key_hash is 'SHA-256 of the whole API key; the key itself is never kept.';
comment on column public.tenants.created_by is 'Person who registered the shop; linked to it at approval.';
comment on column public.tenants.approved_at is 'When an admin approved it; null before.';
comment on column public.tenants.approved_by is 'Admin who approved it; null before.';
comment on column public.tenants.created_at is 'When it was registered.';
comment on column public.tenants.updated_at is 'When a setting last changed.';
create unique index tenants_api_key_hash_key on public.tenants (api_key_hash);
create index tenants_created_by_idx on public.tenants (created_by);

create table public.profiles (
  user_id uuid not null,
  email text not null default '',
  role text not null default 'user',
  tenant_id uuid,
  full_name text not null default '',
  suspended_at timestamptz,
  created_at timestamptz not null default now(),
  constraint profiles_pkey primary key (user_id),
  constraint profiles_user_id_fkey
    foreign key (user_id) references auth.users (id) on delete cascade,
  constraint profiles_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete restrict,
  constraint profiles_role_check check (role in ('user', 'admin'))
);
comment on table public.profiles is
  'One row per person who can sign in, made by handle_new_user().';
comment on column public.profiles.user_id is 'The person, as in auth.users.';
comment on column public.profiles.email is 'Address at registration.';
comment on column public.profiles.role is 'user or admin (of the platform). Never writable by its owner.';
comment on column public.profiles.tenant_id is 'The shop this person belongs to; null until approval. Never writable by its owner.';
comment on column public.profiles.full_name is 'As the person wants to be called.';
comment on column public.profiles.suspended_at is 'Since when this person may do nothing; null when all is well.';
comment on column public.profiles.created_at is 'When the person registered.';
create index profiles_tenant_id_idx on public.profiles (tenant_id);
