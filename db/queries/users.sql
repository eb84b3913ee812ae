--! profile
select user_id, email, role, full_name, suspended_at, tenant_id, tenant_role, tenant
from private.my_profile();
