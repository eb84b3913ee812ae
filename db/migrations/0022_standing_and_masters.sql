-- A shop's standing as its owner meets it: whose shop was turned down or paused reads why, and
-- whose shop is approved begins with the newest master rules.

-- Readable without a shop in the claims: while it does not work there is none in them.

create function private.standing_reason() returns table (action text, reason text, created_at timestamptz)
language sql stable security definer set search_path = '' rows 1
as $$
  select a.action, coalesce(a.reason, ''), a.created_at
  from public.profiles p
  join public.tenants t on t.tenant_id = coalesce(p.tenant_id, (
    select c.tenant_id from public.tenants c
    where c.created_by = p.user_id order by c.created_at desc limit 1))
  join public.audit_log a on a.tenant_id = t.tenant_id and a.action = 'shop.' || t.status
  where p.user_id = private.current_user_id() and p.suspended_at is null
    and (p.tenant_id is null or p.tenant_role = 'owner')
    and t.status in ('rejected', 'suspended')
  order by a.created_at desc, a.id desc
  limit 1
$$;
comment on function private.standing_reason() is
  'Why the caller''s own shop was rejected or suspended, in the words of the audit log; nothing for anybody but its owner or who registered it, and nothing while it works.';

revoke all on function private.standing_reason() from public, anon, authenticated, service_role;
grant execute on function private.standing_reason() to authenticated;

-- Only rules that an admin changed have rows; the others come with the program.
create function private.begin_with_masters(p_tenant_id uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  with newest as (
    select distinct on (m.rule_key) m.rule_key, m.rule_config
    from public.master_business_rules m
    order by m.rule_key, m.version desc),
  taken as (
    insert into public.tenant_business_rules (tenant_id, id, rule_key, version, rule_config)
    select p_tenant_id, pg_catalog.gen_random_uuid(), n.rule_key, 1, n.rule_config from newest n
    on conflict (tenant_id, rule_key) do nothing
    returning rule_key, rule_config)
  insert into public.tenant_business_rule_versions (tenant_id, id, rule_key, version, enabled, rule_config, html_template)
  select p_tenant_id, pg_catalog.gen_random_uuid(), t.rule_key, 1, true, t.rule_config, '{}' from taken t
$$;
comment on function private.begin_with_masters(uuid) is
  'Gives a new shop the newest master rules as its first version; rules it has already stay. For the approval only.';
revoke all on function private.begin_with_masters(uuid) from public, anon, authenticated, service_role;

create or replace function private.approve_tenant(p_tenant_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop public.tenants;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can approve a shop' using errcode = '42501';
  end if;
  select * into shop from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  if shop.status = 'approved' then
    return false;
  end if;
  if shop.status = 'suspended' then
    raise exception 'a suspended shop is resumed, with a reason' using errcode = '22023', constraint = 'tenants_status_step';
  end if;
  update public.tenants
  set status = 'approved', active = true, approved_at = now(), approved_by = private.current_user_id(),
      updated_at = now()
  where tenant_id = p_tenant_id;
  if shop.created_by is not null then
    perform private.link_profile_to_tenant(shop.created_by, p_tenant_id);
  end if;
  perform private.begin_with_masters(p_tenant_id);
  perform private.tell_shop(p_tenant_id, 'shop.approved', null, shop.status, 'low');
  return true;
end
$$;
