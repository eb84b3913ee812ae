-- What a person may do inside a shop: owner everything, agent the mail, viewer reads. And how
-- colleagues come in: by an invitation that is good once and for two days.

alter table public.profiles add column tenant_role text not null default 'viewer';
alter table public.profiles add constraint profiles_tenant_role_check
  check (tenant_role in ('owner', 'agent', 'viewer'));
comment on column public.profiles.tenant_role is
  'What this person may do in the shop: owner everything, agent mail and chat, viewer reads only. Never writable by its owner.';
update public.profiles set tenant_role = 'owner' where tenant_id is not null;

create table public.tenant_invitations (
  tenant_id uuid not null,
  id uuid not null,
  email text not null,
  tenant_role text not null,
  token_hash bytea not null,
  invited_by uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  constraint tenant_invitations_pkey primary key (tenant_id, id),
  constraint tenant_invitations_token_hash_key unique (tenant_id, token_hash),
  constraint tenant_invitations_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint tenant_invitations_tenant_role_check check (tenant_role in ('owner', 'agent', 'viewer')),
  constraint tenant_invitations_email_check check (email = lower(email) and char_length(email) between 3 and 320),
  constraint tenant_invitations_token_hash_check check (octet_length(token_hash) = 32)
);
comment on table public.tenant_invitations is
  'Who was asked to join a shop. The token in the mail is good once; only its hash is kept.';
comment on column public.tenant_invitations.tenant_id is 'The shop.';
comment on column public.tenant_invitations.id is 'This invitation.';
comment on column public.tenant_invitations.email is 'Who was asked, lower case; nobody else can accept.';
comment on column public.tenant_invitations.tenant_role is 'What they will be: owner, agent or viewer.';
comment on column public.tenant_invitations.token_hash is 'SHA-256 of the token in the mail. Readable by nobody.';
comment on column public.tenant_invitations.invited_by is 'Person who asked.';
comment on column public.tenant_invitations.created_at is 'When it was made.';
comment on column public.tenant_invitations.expires_at is 'Until when it can be accepted: 48 hours.';
comment on column public.tenant_invitations.accepted_at is 'When it was accepted; null before.';
comment on column public.tenant_invitations.accepted_by is 'Who accepted it; null before.';
comment on column public.tenant_invitations.revoked_at is 'When it was taken back; null when it was not.';

create table public.api_keys (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  prefix text not null,
  key_hash bytea not null,
  scopes text[] not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_pkey primary key (tenant_id, id),
  constraint api_keys_key_hash_key unique (tenant_id, key_hash),
  constraint api_keys_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint api_keys_name_check check (char_length(name) between 1 and 100),
  constraint api_keys_key_hash_check check (octet_length(key_hash) = 32),
  constraint api_keys_scopes_check
    check (scopes <@ array['read', 'mail', 'chat'] and cardinality(scopes) between 1 and 3)
);
comment on table public.api_keys is
  'Keys with which a shop''s own programs come in. The key is shown once; prefix and hash are kept.';
comment on column public.api_keys.tenant_id is 'The shop.';
comment on column public.api_keys.id is 'This key.';
comment on column public.api_keys.name is 'What it is for, in the shop''s words.';
comment on column public.api_keys.prefix is 'The beginning of the key, to recognise it by.';
comment on column public.api_keys.key_hash is 'SHA-256 of the whole key. Readable by nobody.';
comment on column public.api_keys.scopes is 'What it opens: read, mail (work the mail), chat (work the chat).';
comment on column public.api_keys.created_by is 'Person who made it; null when the operator did.';
comment on column public.api_keys.created_at is 'When it was made.';
comment on column public.api_keys.last_used_at is 'When it was last used, to five minutes; null when never.';
comment on column public.api_keys.revoked_at is 'Since when it opens nothing; null while it is good.';

-- For which shop may this caller write? Asked of the profile and not of the claims: a role that
-- was taken away ends with the next statement, whatever an old token says.

create function private.working_tenant_id() returns uuid
language sql stable security definer set search_path = ''
as $$
  select p.tenant_id
  from public.profiles p
  join public.tenants t on t.tenant_id = p.tenant_id and t.status = 'approved'
  where p.user_id = private.current_user_id() and p.tenant_id = private.current_tenant_id()
    and p.tenant_role in ('owner', 'agent') and p.suspended_at is null
  union all
  select k.tenant_id
  from public.api_keys k
  join public.tenants t on t.tenant_id = k.tenant_id and t.status = 'approved'
  where private.current_user_id() is null
    and k.tenant_id = private.current_tenant_id()
    and k.id = nullif(pg_catalog.current_setting('app.api_key_id', true), '')::uuid
    and k.revoked_at is null and k.scopes && array['mail', 'chat']
  limit 1
$$;
comment on function private.working_tenant_id() is
  'The shop whose mail and chat the caller may work: an owner, an agent, or a live API key with that scope; null for others, and while the shop is suspended.';

create function private.owned_tenant_id() returns uuid
language sql stable security definer set search_path = ''
as $$
  select p.tenant_id
  from public.profiles p
  join public.tenants t on t.tenant_id = p.tenant_id and t.status = 'approved'
  where p.user_id = private.current_user_id() and p.tenant_id = private.current_tenant_id()
    and p.tenant_role = 'owner' and p.suspended_at is null
$$;
comment on function private.owned_tenant_id() is
  'The shop whose settings the caller may change: its owners only; null for others, and while the shop is suspended.';

-- Row security of the new tables. Rows are made and changed by functions only.
alter table public.tenant_invitations enable row level security;
revoke all on public.tenant_invitations from public, anon, authenticated, service_role;
grant select (tenant_id, id, email, tenant_role, invited_by, created_at, expires_at, accepted_at, accepted_by, revoked_at)
  on public.tenant_invitations to authenticated, loket_admin;
create policy user_select on public.tenant_invitations for select to authenticated
  using (tenant_id = private.current_tenant_id());
create policy admin_select on public.tenant_invitations for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

alter table public.api_keys enable row level security;
revoke all on public.api_keys from public, anon, authenticated, service_role;
grant select (tenant_id, id, name, prefix, scopes, created_by, created_at, last_used_at, revoked_at)
  on public.api_keys to authenticated, loket_admin;
create policy user_select on public.api_keys for select to authenticated
  using (tenant_id = private.current_tenant_id());
create policy admin_select on public.api_keys for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- Settings are the owner's.
alter policy user_update on public.tenants
  using (tenant_id = private.owned_tenant_id()) with check (tenant_id = private.owned_tenant_id());
alter policy user_insert on public.tenant_business_rules with check (tenant_id = private.owned_tenant_id());
alter policy user_update on public.tenant_business_rules
  using (tenant_id = private.owned_tenant_id()) with check (tenant_id = private.owned_tenant_id());
alter policy user_insert on public.tenant_business_rule_versions with check (tenant_id = private.owned_tenant_id());
alter policy user_insert on public.mailboxes with check (tenant_id = private.owned_tenant_id());
alter policy user_update on public.mailboxes
  using (tenant_id = private.owned_tenant_id()) with check (tenant_id = private.owned_tenant_id());
alter policy user_delete on public.mailboxes using (tenant_id = private.owned_tenant_id());
alter policy user_insert on public.email_filters with check (tenant_id = private.owned_tenant_id());
alter policy user_update on public.email_filters
  using (tenant_id = private.owned_tenant_id()) with check (tenant_id = private.owned_tenant_id());
alter policy user_delete on public.email_filters using (tenant_id = private.owned_tenant_id());

-- Mail and chat are the owner's and the agents'.
alter policy user_update on public.raw_messages
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_update on public.conversation_threads
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_update on public.customer_interactions
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.outbox with check (tenant_id = private.working_tenant_id());
alter policy user_update on public.outbox
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.jobs with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.notifications with check (tenant_id = private.working_tenant_id());
alter policy user_update on public.notifications
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.chat_sessions with check (tenant_id = private.working_tenant_id());
alter policy user_update on public.chat_sessions
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.chat_messages with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.event_counters with check (tenant_id = private.working_tenant_id());
alter policy user_update on public.event_counters
  using (tenant_id = private.working_tenant_id()) with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.events with check (tenant_id = private.working_tenant_id());
alter policy user_insert on public.audit_log
  with check (tenant_id = private.working_tenant_id() and actor_id is not distinct from private.current_user_id() and actor_role = 'user');

revoke all on function private.working_tenant_id(), private.owned_tenant_id() from public, anon, authenticated, service_role;
grant execute on function private.working_tenant_id(), private.owned_tenant_id() to authenticated;
