--! create
select private.create_api_key($1, $2, $3, $4, $5, $6);

--! revoke
select private.revoke_api_key($1) as changed;

--! list
select id, name, prefix, scopes, created_at, last_used_at, revoked_at
from public.api_keys
where tenant_id = $1
order by created_at, id;

--! operator_create
select private.operator_create_api_key($1, $2, $3, $4, $5, $6, $7);

--! operator_revoke
select private.operator_revoke_api_key($1, $2) as changed;

--! operator_list
select id, name, prefix, scopes, created_at, last_used_at, revoked_at from private.operator_api_keys($1);

--! find
select id, scopes, last_used_at from private.find_api_key($1, $2);

--! touch
select private.touch_api_key($1, $2);
