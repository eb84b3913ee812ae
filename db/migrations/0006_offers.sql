-- The compensation ladder's ledger. Rows are added, never changed.

create table public.offers (
  tenant_id uuid not null,
  id uuid not null,
  thread_id uuid not null,
  interaction_id uuid not null,
  customer_email text not null,
  order_number text,
  kind text not null,
  ladder_stap smallint not null,
  basis_points integer not null,
  created_at timestamptz not null default now(),
  constraint offers_pkey primary key (tenant_id, id),
  constraint offers_thread_id_fkey
    foreign key (tenant_id, thread_id) references public.conversation_threads (tenant_id, id) on delete cascade,
  constraint offers_kind_check
    check (kind in ('offered', 'accepted', 'rejected', 'countered')),
  constraint offers_ladder_stap_check check (ladder_stap between 0 and 9),
  constraint offers_basis_points_check check (basis_points between 0 and 10000)
);
comment on table public.offers is
  'Append-only ledger: what was offered, and what the customer said to it.';
comment on column public.offers.tenant_id is 'The shop.';
comment on column public.offers.id is 'This entry.';
comment on column public.offers.thread_id is 'The conversation.';
comment on column public.offers.interaction_id is 'The mail that led to it.';
comment on column public.offers.customer_email is 'The customer, lower case.';
comment on column public.offers.order_number is 'The order, as compared (upper case, without #); null when unknown.';
comment on column public.offers.kind is 'offered, accepted, rejected or countered.';
comment on column public.offers.ladder_stap is 'Step of the ladder, 0 to 9.';
comment on column public.offers.basis_points is 'Hundredths of a percent: 15 % is 1500.';
comment on column public.offers.created_at is 'When it was written.';
create index offers_thread_id_idx on public.offers (tenant_id, thread_id, created_at);
create index offers_customer_email_idx on public.offers (tenant_id, customer_email, created_at);
create index offers_order_number_idx on public.offers (tenant_id, order_number, created_at) where order_number is not null;

create table public.offer_accounts (
  tenant_id uuid not null,
  account_key text not null,
  version bigint not null,
  updated_at timestamptz not null default now(),
  constraint offer_accounts_pkey primary key (tenant_id, account_key),
  constraint offer_accounts_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint offer_accounts_account_key_check check (account_key ~ '^(customer|order):.')
);
comment on table public.offer_accounts is
  'One row per customer and per order that ever got an offer. Its version is compared when a step is taken, so that two mails at the same instant cannot both take it.';
comment on column public.offer_accounts.tenant_id is 'The shop.';
comment on column public.offer_accounts.account_key is 'customer: and the address, or order: and the number.';
comment on column public.offer_accounts.version is 'Rises by one with every entry in the ledger; absent means 0.';
comment on column public.offer_accounts.updated_at is 'When it last rose.';
