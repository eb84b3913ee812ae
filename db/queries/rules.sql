--! master
select distinct on (rule_key) rule_key, version, rule_config, config_schema, html_template, created_at
from public.master_business_rules
order by rule_key, version desc;

--! insert_master
insert into public.master_business_rules (rule_key, version, rule_config, config_schema, html_template, created_by)
select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5
from public.master_business_rules where rule_key = $1
returning version;

--! save
-- The next version, its history and the audit entry. $4 is the version the person started from:
-- when another one came between, nothing is written.
with current as (
  insert into public.tenant_business_rules (
    tenant_id, id, rule_key, version, enabled, rule_config, html_template, updated_by)
  select $1, $2, $3, 1, $5, $6, $7, $8 where $4 = 0
  on conflict (tenant_id, rule_key) do nothing
  returning version),
next as (
  update public.tenant_business_rules
  set version = version + 1, enabled = $5, rule_config = $6, html_template = $7, updated_by = $8, updated_at = now()
  where tenant_id = $1 and rule_key = $3 and version = $4 and $4 > 0
  returning version),
saved as (select version from current union all select version from next),
history as (
  insert into public.tenant_business_rule_versions (
    tenant_id, id, rule_key, version, enabled, rule_config, html_template, created_by)
  select $1, $9, $3, saved.version, $5, $6, $7, $8 from saved),
audit as (
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, detail)
  select $1, $10, $8, 'user', 'rule.saved', null, jsonb_build_object('rule_key', $3::text, 'version', saved.version)
  from saved)
select version from saved;

--! versions
select rule_key, version, enabled, rule_config, html_template, created_by, created_at
from public.tenant_business_rule_versions
where tenant_id = $1 and rule_key = $2
order by version desc;
