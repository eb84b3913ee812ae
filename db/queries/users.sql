--! create
select private.create_user($1, $2, $3, $4) as created;

--! make_admin
select private.make_platform_admin($1) as user_id;

--! by_email
select private.user_by_email($1) as user_id;

--! profile
select user_id, email, role, full_name, suspended_at, tenant_id, tenant
from private.my_profile();
