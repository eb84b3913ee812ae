--! begin_reading
begin transaction isolation level repeatable read read only;

--! end_reading
rollback;

--! exists
select to_regclass($1) is not null as present;

--! read_users
select to_jsonb(t) as row from auth.users t;

--! read_identities
select to_jsonb(t) as row from auth.identities t;

--! read_tenants
select to_jsonb(t) as row from public.tenants t;

--! read_profiles
select to_jsonb(t) as row from public.profiles t;

--! read_master_business_rules
select to_jsonb(t) as row from public.master_business_rules t;

--! read_tenant_business_rules
select to_jsonb(t) as row from public.tenant_business_rules t;

--! read_conversation_threads
select to_jsonb(t) as row from public.conversation_threads t;

--! read_customer_interactions
select to_jsonb(t) as row from public.customer_interactions t;

--! read_chat_sessions
select to_jsonb(t) as row from public.chat_sessions t;

--! read_chat_messages
select to_jsonb(t) as row from public.chat_messages t;

--! read_notifications
select to_jsonb(t) as row from public.notifications t;

--! read_email_filters
select to_jsonb(t) as row from public.email_filters t;

--! write_tenants
insert into public.tenants (
  tenant_id, bedrijfsnaam, gmail_email, gmail_password_encrypted, shop_url, ai_persona_name, sector, taalvoorkeur,
  status, active, retouradres, maximaal_extra_compensatie, dagen_instellingen, signature_html, n8n_workflow_id,
  created_by, created_at)
select r.tenant_id, r.bedrijfsnaam, r.gmail_email, r.gmail_password_encrypted, r.shop_url, r.ai_persona_name, r.sector,
  r.taalvoorkeur, r.status, r.active, r.retouradres, r.maximaal_extra_compensatie, r.dagen_instellingen,
  r.signature_html, r.n8n_workflow_id, r.created_by, coalesce(r.created_at, now())
from jsonb_populate_recordset(null::public.tenants, $1) r
on conflict do nothing;

--! write_users
insert into auth.users (
  id, instance_id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token,
  email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
select r.id, '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', r.email, r.encrypted_password,
  r.email_confirmed_at, '', '', '', '', r.raw_app_meta_data, r.raw_user_meta_data, coalesce(r.created_at, now()), now()
from jsonb_populate_recordset(null::auth.users, $1) r
on conflict do nothing;

--! write_identities
insert into auth.identities (id, user_id, provider_id, provider, identity_data, created_at, updated_at)
select r.id, r.user_id, r.provider_id, r.provider, r.identity_data, coalesce(r.created_at, now()), now()
from jsonb_populate_recordset(null::auth.identities, $1) r
on conflict do nothing;

--! write_profiles
-- The profile came with its user, in this very transaction: then its shop and role are added. Whoever
-- was there before has the ones that Loket gave them since, or none because they were let go.
insert into public.profiles (user_id, email, role, tenant_id, tenant_role, full_name)
select r.user_id, r.email, r.role, r.tenant_id, r.tenant_role, r.full_name
from jsonb_populate_recordset(null::public.profiles, $1) r
on conflict (user_id) do update
set tenant_id = excluded.tenant_id, tenant_role = excluded.tenant_role, role = excluded.role, full_name = excluded.full_name
where profiles.created_at = now() and profiles.tenant_id is null and profiles.role = 'user'
  and (excluded.tenant_id is not null or excluded.role <> 'user' or profiles.full_name <> excluded.full_name);

--! write_tenant_business_rules
with saved as (
  insert into public.tenant_business_rules (tenant_id, id, rule_key, version, enabled, rule_config, html_template)
  select r.tenant_id, r.id, r.rule_key, 1, r.enabled, r.rule_config, r.html_template
  from jsonb_populate_recordset(null::public.tenant_business_rules, $1) r
  on conflict do nothing
  returning tenant_id, id, rule_key, version, enabled, rule_config, html_template)
insert into public.tenant_business_rule_versions (tenant_id, id, rule_key, version, enabled, rule_config, html_template)
select tenant_id, id, rule_key, version, enabled, rule_config, html_template from saved
on conflict do nothing;

--! write_mailboxes
insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted, paused_reason, paused_at)
select r.tenant_id, r.id, r.kind, r.address, r.config, r.secret_encrypted, r.paused_reason, now()
from jsonb_populate_recordset(null::public.mailboxes, $1) r
on conflict do nothing;

--! write_conversation_threads
insert into public.conversation_threads (
  tenant_id, id, customer_email, customer_name, escalation_level, customer_mood, vip_status, subject, ladder_stap,
  last_message_at, created_at)
select r.tenant_id, r.id, r.customer_email, r.customer_name, r.escalation_level, r.customer_mood, r.vip_status,
  r.subject, r.ladder_stap, r.last_message_at, r.created_at
from jsonb_populate_recordset(null::public.conversation_threads, $1) r
on conflict do nothing;

--! write_customer_interactions
insert into public.customer_interactions (
  tenant_id, id, thread_id, customer_email, subject, received_at, message_body, ai_response, compensatie_percentage,
  dreiging_detected, annulering_aangevraagd, ladder_stap, customer_mood, state, created_at)
select r.tenant_id, r.id, r.thread_id, r.customer_email, r.subject, r.received_at, r.message_body, r.ai_response,
  r.compensatie_percentage, r.dreiging_detected, r.annulering_aangevraagd, r.ladder_stap, r.customer_mood, 'imported',
  r.received_at
from jsonb_populate_recordset(null::public.customer_interactions, $1) r
on conflict do nothing;

--! write_chat_sessions
insert into public.chat_sessions (tenant_id, id, user_email, admin_id, status, created_at, last_message_at)
select r.tenant_id, r.id, r.user_email, r.admin_id, r.status, r.created_at, r.created_at
from jsonb_populate_recordset(null::public.chat_sessions, $1) r
on conflict do nothing;

--! write_chat_messages
insert into public.chat_messages (tenant_id, id, session_id, sender_type, message, created_at)
select r.tenant_id, r.id, r.session_id, r.sender_type, r.message, r.created_at
from jsonb_populate_recordset(null::public.chat_messages, $1) r
on conflict do nothing;

--! write_notifications
insert into public.notifications (
  tenant_id, id, thread_id, type, priority, action_required, detail, created_at, done_at)
select r.tenant_id, r.id, r.thread_id, r.type, r.priority, r.action_required, r.detail, r.created_at, r.done_at
from jsonb_populate_recordset(null::public.notifications, $1) r
on conflict do nothing;

--! write_email_filters
insert into public.email_filters (tenant_id, id, filter_type, email_address, domain, is_regex)
select r.tenant_id, r.id, r.filter_type, r.email_address, r.domain, r.is_regex
from jsonb_populate_recordset(null::public.email_filters, $1) r
on conflict do nothing;

--! count_threads
-- What a conversation says of itself, from the mails that came with it.
update public.conversation_threads t
set message_count = found.mails, last_message_at = greatest(t.last_message_at, found.last)
from (
  select i.tenant_id, i.thread_id, count(*) as mails, max(i.received_at) as last
  from public.customer_interactions i
  where i.tenant_id = any ($1)
  group by i.tenant_id, i.thread_id) found
where t.tenant_id = found.tenant_id and t.id = found.thread_id and t.message_count < found.mails;
