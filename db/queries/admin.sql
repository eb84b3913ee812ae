--! by_email
select private.user_by_email($1) as user_id;

--! take_unproved
select private.take_unproved($1, $2) as user_id;

--! create_user
select private.create_user($1, $2, $3, $4) as created;

--! make_first_admin
select private.make_first_admin($1);

--! platform_admins
select user_id, email, suspended_at from private.platform_admins();

--! set_platform_role
select private.set_platform_role($1, $2, $3) as changed;

--! set_user_suspended
select private.set_user_suspended($1, $2, $3) as changed;

--! note_refusal
select private.note_refusal($1, $2, $3);

--! profile_by_email
select user_id from public.profiles where email = lower($1);

--! invite
select private.invite_member($1, $2, $3, $4) as expires_at;

--! revoke_invitation
select private.revoke_invitation($1) as changed;

--! accept_invitation
select private.accept_invitation($1, $2) as tenant_role;

--! set_member_role
select private.set_member_role($1, $2) as changed;

--! remove_member
select private.remove_member($1) as changed;

--! members
select user_id, email, full_name, tenant_role, suspended_at
from public.profiles
where tenant_id = $1
order by created_at, user_id;

--! invitations
select id, email, tenant_role, invited_by, created_at, expires_at
from public.tenant_invitations
where tenant_id = $1 and accepted_at is null and revoked_at is null and expires_at > now()
order by created_at, id;

--! register_mailbox
select private.register_mailbox($1, $2, $3, $4, $5, $6);

--! complete_registration
select private.complete_registration($1, $2, $3);

--! found_shops
-- Shops that wait first, then by name. The search is in name, address and web address.
select t.tenant_id, t.bedrijfsnaam, t.gmail_email, t.shop_url, t.sector, t.taalvoorkeur, t.status, t.active,
  t.ai_persona_name, t.retouradres, t.created_at, t.approved_at, coalesce(p.email, '') as owner_email,
  p.user_id as owner_id
from public.tenants t
left join public.profiles p on p.user_id = t.created_by
where ($1::uuid is null or t.tenant_id = $1)
  and ($2::text is null or t.status = $2)
  and ($3::text is null or strpos(lower(t.bedrijfsnaam || ' ' || t.gmail_email || ' ' || t.shop_url || ' ' || coalesce(p.email, '')), lower($3)) > 0)
order by t.status = 'pending_approval' desc, lower(t.bedrijfsnaam), t.tenant_id
limit $4;

--! standing
-- What was done to a shop, and why.
select action, reason, created_at
from public.audit_log
where tenant_id = $1 and action like 'shop.%'
order by created_at desc, id desc
limit 20;

--! newest_master
select distinct on (rule_key) rule_key, version, rule_config, config_schema, html_template, created_at
from public.master_business_rules
order by rule_key, version desc;
