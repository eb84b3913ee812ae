-- What the pages of accounts need: the end of a registration, the settings with a bound, and
-- one's own sessions.

-- The assistant's name and the mailbox password of a shop that still waits: its owner has no shop
-- in the claims yet, so the columns are not theirs to write.
create function private.complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if p_secret not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  update public.tenants t
  set ai_persona_name = p_ai_persona_name, gmail_password_encrypted = p_secret, updated_at = now()
  from public.profiles p
  where t.tenant_id = p_tenant_id and t.created_by = private.current_user_id() and t.status = 'pending_approval'
    and p.user_id = t.created_by and p.suspended_at is null;
  if not found then
    raise exception 'only who registered a waiting shop completes it' using errcode = '42501';
  end if;
end
$$;
comment on function private.complete_registration(uuid, text, text) is
  'The assistant''s name and the sealed mailbox password of a shop that waits for approval, for the person who registered it.';

create function private.save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
  old public.tenants;
begin
  if shop is null then
    raise exception 'only an owner sets these' using errcode = '42501';
  end if;
  if p_extra_basis_points not between 0 and 2500 then
    raise exception 'at most 25 percent is added' using errcode = '22023', constraint = 'tenants_extra_bound';
  end if;
  select * into old from public.tenants where tenant_id = shop for update;
  if old.maximaal_extra_compensatie = p_extra_basis_points / 100.0
    and old.n8n_workflow_id is not distinct from p_n8n_workflow_id then
    return;
  end if;
  update public.tenants
  set maximaal_extra_compensatie = p_extra_basis_points / 100.0, n8n_workflow_id = p_n8n_workflow_id, updated_at = now()
  where tenant_id = shop;
  perform private.write_audit(
    shop, pg_catalog.gen_random_uuid(), 'user', 'shop.bounds_changed', shop, null,
    pg_catalog.jsonb_build_object('was', old.maximaal_extra_compensatie, 'is', p_extra_basis_points / 100.0));
end
$$;
comment on function private.save_shop_bounds(integer, text) is
  'How much a shop adds on top of its first offer, in hundredths of a percent, and its n8n workflow; each change is in its audit log. Owners only.';

revoke all on function private.complete_registration(uuid, text, text), private.save_shop_bounds(integer, text)
from public, anon, authenticated, service_role;
grant execute on function private.complete_registration(uuid, text, text), private.save_shop_bounds(integer, text)
to authenticated;
