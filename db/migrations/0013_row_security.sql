-- Row security: who may do what to which rows. Everything about access stands in this file.
-- A policy is equality with a bare STABLE function: no sub-select (Citus refuses one), and never
-- `or is_admin()` (it would scan all shops). Users are `authenticated` (and loket_user, its member).
-- anon and service_role are granted nothing.

-- tenants
alter table public.tenants enable row level security;
revoke all on public.tenants from public, anon, authenticated, service_role;
grant select (tenant_id, bedrijfsnaam, gmail_email, shop_url, ai_persona_name, sector, taalvoorkeur, status, active, retouradres, maximaal_extra_compensatie, dagen_instellingen, signature_html, automatic_sending, n8n_workflow_id, api_key, created_by, approved_at, approved_by, created_at, updated_at) on public.tenants to authenticated;
create policy user_select on public.tenants for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant update (bedrijfsnaam, gmail_email, gmail_password_encrypted, shop_url, ai_persona_name, sector, taalvoorkeur, retouradres, dagen_instellingen, signature_html, automatic_sending, updated_at) on public.tenants to authenticated;
create policy user_update on public.tenants for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.tenants to loket_worker;
create policy worker_select on public.tenants for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant select (tenant_id, bedrijfsnaam, gmail_email, shop_url, ai_persona_name, sector, taalvoorkeur, status, active, retouradres, maximaal_extra_compensatie, dagen_instellingen, signature_html, automatic_sending, n8n_workflow_id, api_key, created_by, approved_at, approved_by, created_at, updated_at) on public.tenants to loket_admin;
create policy admin_select on public.tenants for select to loket_admin
  using (private.is_platform_admin());

-- profiles
alter table public.profiles enable row level security;
revoke all on public.profiles from public, anon, authenticated, service_role;
grant select on public.profiles to authenticated;
create policy user_select on public.profiles for select to authenticated
  using (tenant_id = private.current_tenant_id() or user_id = private.current_user_id());
grant update (full_name) on public.profiles to authenticated;
create policy user_update on public.profiles for update to authenticated
  using (user_id = private.current_user_id()) with check (user_id = private.current_user_id());
grant select on public.profiles to loket_worker;
create policy worker_select on public.profiles for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant select on public.profiles to loket_admin;
create policy admin_select on public.profiles for select to loket_admin
  using (private.is_platform_admin());

-- master_business_rules
alter table public.master_business_rules enable row level security;
revoke all on public.master_business_rules from public, anon, authenticated, service_role;
grant select on public.master_business_rules to authenticated;
create policy user_select on public.master_business_rules for select to authenticated
  using (rule_key is not null);
grant select on public.master_business_rules to loket_worker;
create policy worker_select on public.master_business_rules for select to loket_worker
  using (rule_key is not null);
grant select on public.master_business_rules to loket_admin;
create policy admin_select on public.master_business_rules for select to loket_admin
  using (private.is_platform_admin());
grant insert on public.master_business_rules to loket_admin;
create policy admin_insert on public.master_business_rules for insert to loket_admin
  with check (private.is_platform_admin());

-- tenant_business_rules
alter table public.tenant_business_rules enable row level security;
revoke all on public.tenant_business_rules from public, anon, authenticated, service_role;
grant select on public.tenant_business_rules to authenticated;
create policy user_select on public.tenant_business_rules for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.tenant_business_rules to authenticated;
create policy user_insert on public.tenant_business_rules for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (version, enabled, rule_config, html_template, updated_by, updated_at) on public.tenant_business_rules to authenticated;
create policy user_update on public.tenant_business_rules for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.tenant_business_rules to loket_worker;
create policy worker_select on public.tenant_business_rules for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant select on public.tenant_business_rules to loket_admin;
create policy admin_select on public.tenant_business_rules for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- tenant_business_rule_versions
alter table public.tenant_business_rule_versions enable row level security;
revoke all on public.tenant_business_rule_versions from public, anon, authenticated, service_role;
grant select on public.tenant_business_rule_versions to authenticated;
create policy user_select on public.tenant_business_rule_versions for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.tenant_business_rule_versions to authenticated;
create policy user_insert on public.tenant_business_rule_versions for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant select on public.tenant_business_rule_versions to loket_worker;
create policy worker_select on public.tenant_business_rule_versions for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant select on public.tenant_business_rule_versions to loket_admin;
create policy admin_select on public.tenant_business_rule_versions for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- mailboxes
alter table public.mailboxes enable row level security;
revoke all on public.mailboxes from public, anon, authenticated, service_role;
grant select (tenant_id, id, kind, address, config, cursor, paused_reason, paused_at, last_read_at, created_at) on public.mailboxes to authenticated;
create policy user_select on public.mailboxes for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert (tenant_id, id, kind, address, config, secret_encrypted) on public.mailboxes to authenticated;
create policy user_insert on public.mailboxes for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (config, secret_encrypted, paused_reason, paused_at) on public.mailboxes to authenticated;
create policy user_update on public.mailboxes for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant delete on public.mailboxes to authenticated;
create policy user_delete on public.mailboxes for delete to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.mailboxes to loket_worker;
create policy worker_select on public.mailboxes for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant update (cursor, paused_reason, paused_at, last_read_at) on public.mailboxes to loket_worker;
create policy worker_update on public.mailboxes for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select (tenant_id, id, kind, address, config, cursor, paused_reason, paused_at, last_read_at, created_at) on public.mailboxes to loket_admin;
create policy admin_select on public.mailboxes for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- raw_messages
alter table public.raw_messages enable row level security;
revoke all on public.raw_messages from public, anon, authenticated, service_role;
grant select on public.raw_messages to authenticated;
create policy user_select on public.raw_messages for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant update (fate, fate_reason, fate_at) on public.raw_messages to authenticated;
create policy user_update on public.raw_messages for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.raw_messages to loket_worker;
create policy worker_select on public.raw_messages for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.raw_messages to loket_worker;
create policy worker_insert on public.raw_messages for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (attempts, fate, fate_reason, fate_at) on public.raw_messages to loket_worker;
create policy worker_update on public.raw_messages for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.raw_messages to loket_admin;
create policy admin_select on public.raw_messages for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- conversation_threads
alter table public.conversation_threads enable row level security;
revoke all on public.conversation_threads from public, anon, authenticated, service_role;
grant select on public.conversation_threads to authenticated;
create policy user_select on public.conversation_threads for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant update (vip_status, escalation_level, status, assigned_to, last_answer_at, answered_by_person_at) on public.conversation_threads to authenticated;
create policy user_update on public.conversation_threads for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.conversation_threads to loket_worker;
create policy worker_select on public.conversation_threads for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.conversation_threads to loket_worker;
create policy worker_insert on public.conversation_threads for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update on public.conversation_threads to loket_worker;
create policy worker_update on public.conversation_threads for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.conversation_threads to loket_admin;
create policy admin_select on public.conversation_threads for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- customer_interactions
alter table public.customer_interactions enable row level security;
revoke all on public.customer_interactions from public, anon, authenticated, service_role;
grant select on public.customer_interactions to authenticated;
create policy user_select on public.customer_interactions for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant update (ai_response, ai_response_html, state, decided_at, decided_by) on public.customer_interactions to authenticated;
create policy user_update on public.customer_interactions for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.customer_interactions to loket_worker;
create policy worker_select on public.customer_interactions for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.customer_interactions to loket_worker;
create policy worker_insert on public.customer_interactions for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update on public.customer_interactions to loket_worker;
create policy worker_update on public.customer_interactions for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.customer_interactions to loket_admin;
create policy admin_select on public.customer_interactions for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- receipts
alter table public.receipts enable row level security;
revoke all on public.receipts from public, anon, authenticated, service_role;
grant select on public.receipts to authenticated;
create policy user_select on public.receipts for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.receipts to loket_worker;
create policy worker_select on public.receipts for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.receipts to loket_worker;
create policy worker_insert on public.receipts for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (body, created_at) on public.receipts to loket_worker;
create policy worker_update on public.receipts for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.receipts to loket_admin;
create policy admin_select on public.receipts for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- offers
alter table public.offers enable row level security;
revoke all on public.offers from public, anon, authenticated, service_role;
grant select on public.offers to authenticated;
create policy user_select on public.offers for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.offers to loket_worker;
create policy worker_select on public.offers for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.offers to loket_worker;
create policy worker_insert on public.offers for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant select on public.offers to loket_admin;
create policy admin_select on public.offers for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- offer_accounts
alter table public.offer_accounts enable row level security;
revoke all on public.offer_accounts from public, anon, authenticated, service_role;
grant select on public.offer_accounts to authenticated;
create policy user_select on public.offer_accounts for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.offer_accounts to loket_worker;
create policy worker_select on public.offer_accounts for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.offer_accounts to loket_worker;
create policy worker_insert on public.offer_accounts for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (version, updated_at) on public.offer_accounts to loket_worker;
create policy worker_update on public.offer_accounts for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.offer_accounts to loket_admin;
create policy admin_select on public.offer_accounts for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- outbox
alter table public.outbox enable row level security;
revoke all on public.outbox from public, anon, authenticated, service_role;
grant select on public.outbox to authenticated;
create policy user_select on public.outbox for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.outbox to authenticated;
create policy user_insert on public.outbox for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (subject, body_text, body_html, automatic, state, state_reason, not_before) on public.outbox to authenticated;
create policy user_update on public.outbox for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.outbox to loket_worker;
create policy worker_select on public.outbox for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.outbox to loket_worker;
create policy worker_insert on public.outbox for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (state, state_reason, attempt, not_before, sending_at, sent_at) on public.outbox to loket_worker;
create policy worker_update on public.outbox for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.outbox to loket_admin;
create policy admin_select on public.outbox for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- jobs
alter table public.jobs enable row level security;
revoke all on public.jobs from public, anon, authenticated, service_role;
grant select on public.jobs to authenticated;
create policy user_select on public.jobs for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.jobs to authenticated;
create policy user_insert on public.jobs for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant select on public.jobs to loket_worker;
create policy worker_select on public.jobs for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.jobs to loket_worker;
create policy worker_insert on public.jobs for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (run_at, locked_until, lease_token, attempt, state, last_error) on public.jobs to loket_worker;
create policy worker_update on public.jobs for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant delete on public.jobs to loket_worker;
create policy worker_delete on public.jobs for delete to loket_worker
  using (tenant_id = private.current_tenant_id());

-- notifications
alter table public.notifications enable row level security;
revoke all on public.notifications from public, anon, authenticated, service_role;
grant select on public.notifications to authenticated;
create policy user_select on public.notifications for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.notifications to authenticated;
create policy user_insert on public.notifications for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (done_at, done_by) on public.notifications to authenticated;
create policy user_update on public.notifications for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.notifications to loket_worker;
create policy worker_select on public.notifications for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.notifications to loket_worker;
create policy worker_insert on public.notifications for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (done_at, done_by) on public.notifications to loket_worker;
create policy worker_update on public.notifications for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.notifications to loket_admin;
create policy admin_select on public.notifications for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- email_filters
alter table public.email_filters enable row level security;
revoke all on public.email_filters from public, anon, authenticated, service_role;
grant select on public.email_filters to authenticated;
create policy user_select on public.email_filters for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.email_filters to authenticated;
create policy user_insert on public.email_filters for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (filter_type, email_address, domain, is_regex) on public.email_filters to authenticated;
create policy user_update on public.email_filters for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant delete on public.email_filters to authenticated;
create policy user_delete on public.email_filters for delete to authenticated
  using (tenant_id = private.current_tenant_id());
grant select on public.email_filters to loket_worker;
create policy worker_select on public.email_filters for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant select on public.email_filters to loket_admin;
create policy admin_select on public.email_filters for select to loket_admin
  using (tenant_id = private.opened_tenant_id());

-- chat_sessions
alter table public.chat_sessions enable row level security;
revoke all on public.chat_sessions from public, anon, authenticated, service_role;
grant select on public.chat_sessions to authenticated;
create policy user_select on public.chat_sessions for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.chat_sessions to authenticated;
create policy user_insert on public.chat_sessions for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (status, last_message_at, closed_at) on public.chat_sessions to authenticated;
create policy user_update on public.chat_sessions for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.chat_sessions to loket_worker;
create policy worker_select on public.chat_sessions for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.chat_sessions to loket_worker;
create policy worker_insert on public.chat_sessions for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (status, last_message_at, closed_at) on public.chat_sessions to loket_worker;
create policy worker_update on public.chat_sessions for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.chat_sessions to loket_admin;
create policy admin_select on public.chat_sessions for select to loket_admin
  using (tenant_id = private.opened_tenant_id());
grant update (admin_id, status, last_message_at, closed_at) on public.chat_sessions to loket_admin;
create policy admin_update on public.chat_sessions for update to loket_admin
  using (tenant_id = private.opened_tenant_id()) with check (tenant_id = private.opened_tenant_id());

-- chat_messages
alter table public.chat_messages enable row level security;
revoke all on public.chat_messages from public, anon, authenticated, service_role;
grant select on public.chat_messages to authenticated;
create policy user_select on public.chat_messages for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.chat_messages to authenticated;
create policy user_insert on public.chat_messages for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant select on public.chat_messages to loket_worker;
create policy worker_select on public.chat_messages for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.chat_messages to loket_worker;
create policy worker_insert on public.chat_messages for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant select on public.chat_messages to loket_admin;
create policy admin_select on public.chat_messages for select to loket_admin
  using (tenant_id = private.opened_tenant_id());
grant insert on public.chat_messages to loket_admin;
create policy admin_insert on public.chat_messages for insert to loket_admin
  with check (tenant_id = private.opened_tenant_id());

-- event_counters
alter table public.event_counters enable row level security;
revoke all on public.event_counters from public, anon, authenticated, service_role;
grant select on public.event_counters to authenticated;
create policy user_select on public.event_counters for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.event_counters to authenticated;
create policy user_insert on public.event_counters for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant update (seq) on public.event_counters to authenticated;
create policy user_update on public.event_counters for update to authenticated
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.event_counters to loket_worker;
create policy worker_select on public.event_counters for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.event_counters to loket_worker;
create policy worker_insert on public.event_counters for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant update (seq) on public.event_counters to loket_worker;
create policy worker_update on public.event_counters for update to loket_worker
  using (tenant_id = private.current_tenant_id()) with check (tenant_id = private.current_tenant_id());
grant select on public.event_counters to loket_admin;
create policy admin_select on public.event_counters for select to loket_admin
  using (tenant_id = private.opened_tenant_id());
grant insert on public.event_counters to loket_admin;
create policy admin_insert on public.event_counters for insert to loket_admin
  with check (tenant_id = private.opened_tenant_id());
grant update (seq) on public.event_counters to loket_admin;
create policy admin_update on public.event_counters for update to loket_admin
  using (tenant_id = private.opened_tenant_id()) with check (tenant_id = private.opened_tenant_id());

-- events
alter table public.events enable row level security;
revoke all on public.events from public, anon, authenticated, service_role;
grant select on public.events to authenticated;
create policy user_select on public.events for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.events to authenticated;
create policy user_insert on public.events for insert to authenticated
  with check (tenant_id = private.current_tenant_id());
grant select on public.events to loket_worker;
create policy worker_select on public.events for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.events to loket_worker;
create policy worker_insert on public.events for insert to loket_worker
  with check (tenant_id = private.current_tenant_id());
grant select on public.events to loket_admin;
create policy admin_select on public.events for select to loket_admin
  using (tenant_id = private.opened_tenant_id());
grant insert on public.events to loket_admin;
create policy admin_insert on public.events for insert to loket_admin
  with check (tenant_id = private.opened_tenant_id());

-- audit_log
alter table public.audit_log enable row level security;
revoke all on public.audit_log from public, anon, authenticated, service_role;
grant select on public.audit_log to authenticated;
create policy user_select on public.audit_log for select to authenticated
  using (tenant_id = private.current_tenant_id());
grant insert on public.audit_log to authenticated;
create policy user_insert on public.audit_log for insert to authenticated
  with check (tenant_id = private.current_tenant_id() and actor_id = private.current_user_id() and actor_role = 'user');
grant select on public.audit_log to loket_worker;
create policy worker_select on public.audit_log for select to loket_worker
  using (tenant_id = private.current_tenant_id());
grant insert on public.audit_log to loket_worker;
create policy worker_insert on public.audit_log for insert to loket_worker
  with check (tenant_id = private.current_tenant_id() and actor_role = 'worker');
grant select on public.audit_log to loket_admin;
create policy admin_select on public.audit_log for select to loket_admin
  using (private.is_platform_admin());
