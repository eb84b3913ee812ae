-- Master rules, each shop's own values, and the history of both.

create table public.master_business_rules (
  rule_key text not null,
  version integer not null,
  rule_config jsonb not null,
  config_schema jsonb not null default '{}',
  html_template jsonb not null default '{}',
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint master_business_rules_pkey primary key (rule_key, version),
  constraint master_business_rules_rule_key_check
    check (rule_key in ('retourbeleid_fashion', 'onderhandeling_logica', 'dreiging_detectie', 'annulering_policy', 'adreswijziging_policy')),
  constraint master_business_rules_version_check check (version >= 1)
);
comment on table public.master_business_rules is
  'Templates of the rules, for all shops. Versions are never changed, only added.';
comment on column public.master_business_rules.rule_key is 'One of the five rules of the contract.';
comment on column public.master_business_rules.version is 'Counts from 1 per rule.';
comment on column public.master_business_rules.rule_config is 'Typed values; their shape is config_schema.';
comment on column public.master_business_rules.config_schema is 'JSON schema of rule_config.';
comment on column public.master_business_rules.html_template is 'Reply template per language: {"nl": ..., "en": ...}.';
comment on column public.master_business_rules.created_by is 'Admin who made this version; null when it came with the program.';
comment on column public.master_business_rules.created_at is 'When this version was made.';

create table public.tenant_business_rules (
  tenant_id uuid not null,
  id uuid not null,
  rule_key text not null,
  version integer not null,
  enabled boolean not null default true,
  rule_config jsonb not null,
  html_template jsonb not null default '{}',
  updated_by uuid,
  updated_at timestamptz not null default now(),
  constraint tenant_business_rules_pkey primary key (tenant_id, id),
  constraint tenant_business_rules_rule_key_key unique (tenant_id, rule_key),
  constraint tenant_business_rules_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade,
  constraint tenant_business_rules_rule_key_check
    check (rule_key in ('retourbeleid_fashion', 'onderhandeling_logica', 'dreiging_detectie', 'annulering_policy', 'adreswijziging_policy')),
  constraint tenant_business_rules_version_check check (version >= 1)
);
comment on table public.tenant_business_rules is
  'Each shop''s current values of a rule.';
comment on column public.tenant_business_rules.tenant_id is 'The shop.';
comment on column public.tenant_business_rules.id is 'This row.';
comment on column public.tenant_business_rules.rule_key is 'One of the five rules of the contract.';
comment on column public.tenant_business_rules.version is 'Version in force; its text stands in tenant_business_rule_versions too.';
comment on column public.tenant_business_rules.enabled is 'Whether the shop turned the rule on.';
comment on column public.tenant_business_rules.rule_config is 'The shop''s own values.';
comment on column public.tenant_business_rules.html_template is 'The shop''s own reply template per language; empty means the master''s.';
comment on column public.tenant_business_rules.updated_by is 'Person who saved this version; null when the program did.';
comment on column public.tenant_business_rules.updated_at is 'When this version was saved.';

create table public.tenant_business_rule_versions (
  tenant_id uuid not null,
  id uuid not null,
  rule_key text not null,
  version integer not null,
  enabled boolean not null,
  rule_config jsonb not null,
  html_template jsonb not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint tenant_business_rule_versions_pkey primary key (tenant_id, id),
  constraint tenant_business_rule_versions_version_key unique (tenant_id, rule_key, version),
  constraint tenant_business_rule_versions_tenant_id_fkey
    foreign key (tenant_id) references public.tenants (tenant_id) on delete cascade
);
comment on table public.tenant_business_rule_versions is
  'Every version a shop''s rule ever had, so that any decision can name the one it used.';
comment on column public.tenant_business_rule_versions.tenant_id is 'The shop.';
comment on column public.tenant_business_rule_versions.id is 'This row.';
comment on column public.tenant_business_rule_versions.rule_key is 'One of the five rules of the contract.';
comment on column public.tenant_business_rule_versions.version is 'Counts from 1 per shop and rule.';
comment on column public.tenant_business_rule_versions.enabled is 'Whether the rule was on.';
comment on column public.tenant_business_rule_versions.rule_config is 'The values of this version.';
comment on column public.tenant_business_rule_versions.html_template is 'The templates of this version.';
comment on column public.tenant_business_rule_versions.created_by is 'Person who saved it; null when the program did.';
comment on column public.tenant_business_rule_versions.created_at is 'When it was saved.';
