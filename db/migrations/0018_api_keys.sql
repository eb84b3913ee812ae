-- A shop's API keys: made, replaced and revoked by an owner or the operator; found in one indexed
-- read. The key carries its shop, so that one partition is asked where shops are spread over many.

create function private.insert_api_key(
  p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[],
  p_replaces uuid, p_actor_role text)
returns void language plpgsql volatile security definer set search_path = ''
as $$
declare
  old public.api_keys;
begin
  if p_replaces is not null then
    update public.api_keys set revoked_at = now()
    where tenant_id = p_tenant_id and id = p_replaces and revoked_at is null
    returning * into old;
    if not found then
      raise exception 'there is no such API key' using errcode = 'P0002';
    end if;
  end if;
  insert into public.api_keys (tenant_id, id, name, prefix, key_hash, scopes, created_by)
  values (
    p_tenant_id, p_id, coalesce(old.name, p_name), p_prefix, p_key_hash, coalesce(old.scopes, p_scopes),
    private.current_user_id());
  -- The contract's columns hold the newest.
  update public.tenants set api_key = p_prefix, api_key_hash = p_key_hash, updated_at = now()
  where tenant_id = p_tenant_id;
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), p_actor_role,
    case when p_replaces is null then 'api_key.created' else 'api_key.rotated' end, p_id, null,
    pg_catalog.jsonb_build_object('prefix', p_prefix));
end
$$;
comment on function private.insert_api_key(uuid, uuid, text, text, bytea, text[], uuid, text) is
  'Keeps a new API key and revokes the one it replaces, whose name and scopes it takes over; for definer functions only.';

create function private.end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  ended bytea;
begin
  update public.api_keys set revoked_at = now()
  where tenant_id = p_tenant_id and id = p_id and revoked_at is null
  returning key_hash into ended;
  if not found then
    return false;
  end if;
  update public.tenants set api_key = null, api_key_hash = null, updated_at = now()
  where tenant_id = p_tenant_id and api_key_hash = ended;
  perform private.write_audit(p_tenant_id, pg_catalog.gen_random_uuid(), p_actor_role, 'api_key.revoked', p_id, null, '{}');
  return true;
end
$$;
comment on function private.end_api_key(uuid, uuid, text) is 'Revokes an API key; for definer functions only.';

create function private.create_api_key(
  p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner makes API keys' using errcode = '42501';
  end if;
  perform private.insert_api_key(shop, p_id, p_name, p_prefix, p_key_hash, p_scopes, p_replaces, 'user');
end
$$;
comment on function private.create_api_key(uuid, text, text, bytea, text[], uuid) is
  'Makes an API key of the caller''s shop, or replaces one. Owners only.';

create function private.revoke_api_key(p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner revokes API keys' using errcode = '42501';
  end if;
  return private.end_api_key(shop, p_id, 'user');
end
$$;
comment on function private.revoke_api_key(uuid) is 'Revokes an API key of the caller''s shop. True when this call did it. Owners only.';

create function private.operator_create_api_key(
  p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid)
returns void language sql volatile security definer set search_path = ''
as $$ select private.insert_api_key(p_tenant_id, p_id, p_name, p_prefix, p_key_hash, p_scopes, p_replaces, 'system') $$;
comment on function private.operator_create_api_key(uuid, uuid, text, text, bytea, text[], uuid) is
  'Makes an API key of a shop, for the command line.';

create function private.operator_revoke_api_key(p_tenant_id uuid, p_id uuid) returns boolean
language sql volatile security definer set search_path = ''
as $$ select private.end_api_key(p_tenant_id, p_id, 'system') $$;
comment on function private.operator_revoke_api_key(uuid, uuid) is 'Revokes an API key of a shop, for the command line.';

create function private.operator_api_keys(p_tenant_id uuid) returns table (
  id uuid, name text, prefix text, scopes text[], created_at timestamptz, last_used_at timestamptz,
  revoked_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select k.id, k.name, k.prefix, k.scopes, k.created_at, k.last_used_at, k.revoked_at
  from public.api_keys k where k.tenant_id = p_tenant_id order by k.created_at, k.id
$$;
comment on function private.operator_api_keys(uuid) is 'The API keys of a shop without what they open with, for the command line.';

create function private.find_api_key(p_tenant_id uuid, p_key_hash bytea) returns table (
  id uuid, scopes text[], last_used_at timestamptz)
language sql stable security definer set search_path = '' rows 1
as $$
  select k.id, k.scopes, k.last_used_at
  from public.api_keys k
  join public.tenants t on t.tenant_id = k.tenant_id
  where k.tenant_id = p_tenant_id and k.key_hash = p_key_hash and k.revoked_at is null
    and t.status = 'approved'
$$;
comment on function private.find_api_key(uuid, bytea) is
  'The live API key with this hash, of a shop that is approved; nothing for every other reason.';

create function private.live_api_key_tenant(p_tenant_id uuid, p_id uuid) returns uuid
language sql stable security definer set search_path = ''
as $$
  select k.tenant_id
  from public.api_keys k
  join public.tenants t on t.tenant_id = k.tenant_id
  where k.tenant_id = p_tenant_id and k.id = p_id and k.revoked_at is null and t.status = 'approved'
$$;
comment on function private.live_api_key_tenant(uuid, uuid) is
  'The shop of an API key that is good at this moment; else null. Asked at the beginning of each of its transactions.';

create function private.touch_api_key(p_tenant_id uuid, p_id uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  update public.api_keys set last_used_at = now() where tenant_id = p_tenant_id and id = p_id
$$;
comment on function private.touch_api_key(uuid, uuid) is 'Remembers that an API key was used.';

revoke all on function
  private.insert_api_key(uuid, uuid, text, text, bytea, text[], uuid, text),
  private.end_api_key(uuid, uuid, text),
  private.create_api_key(uuid, text, text, bytea, text[], uuid), private.revoke_api_key(uuid),
  private.operator_create_api_key(uuid, uuid, text, text, bytea, text[], uuid),
  private.operator_revoke_api_key(uuid, uuid), private.operator_api_keys(uuid),
  private.find_api_key(uuid, bytea), private.touch_api_key(uuid, uuid),
  private.live_api_key_tenant(uuid, uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.create_api_key(uuid, text, text, bytea, text[], uuid), private.revoke_api_key(uuid),
  private.live_api_key_tenant(uuid, uuid)
to authenticated;
grant execute on function private.find_api_key(uuid, bytea), private.touch_api_key(uuid, uuid) to loket_system;
