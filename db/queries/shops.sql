--! register
select private.register_shop($1, $2, $3, $4, $5, $6, $7);

--! approve
select public.approve_tenant_v2($1) as approved;

--! set_status
select private.set_tenant_status($1, $2, $3) as changed;

--! link_profile
select public.link_profile_to_tenant($1, $2);

--! shop
select tenant_id, bedrijfsnaam, gmail_email, shop_url, ai_persona_name, sector, taalvoorkeur, status,
  active, retouradres, (maximaal_extra_compensatie * 100)::integer as maximaal_extra_compensatie,
  dagen_instellingen, signature_html, automatic_sending, undo_seconds, max_reply_age_hours,
  n8n_workflow_id, api_key, created_at
from public.tenants
where tenant_id = $1;

--! list
select tenant_id, bedrijfsnaam, gmail_email, shop_url, ai_persona_name, sector, taalvoorkeur, status,
  active, retouradres, (maximaal_extra_compensatie * 100)::integer as maximaal_extra_compensatie,
  dagen_instellingen, signature_html, automatic_sending, undo_seconds, max_reply_age_hours,
  n8n_workflow_id, api_key, created_at
from public.tenants
where $1::text is null or status = $1
order by created_at, tenant_id;

--! save_settings
update public.tenants
set bedrijfsnaam = $2, shop_url = $3, ai_persona_name = $4, taalvoorkeur = $5, retouradres = $6,
  dagen_instellingen = $7, signature_html = $8, automatic_sending = $9, updated_at = now()
where tenant_id = $1;

--! audit_page
select id, actor_id, actor_role, action, subject_id, reason, detail, created_at
from public.audit_log
where tenant_id = $1
  and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
order by created_at desc, id desc
limit $4;

--! standing_reason
select action, reason, created_at from private.standing_reason();

--! save_bounds
select private.save_shop_bounds($1, $2);
