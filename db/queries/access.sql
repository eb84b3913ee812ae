--! open_shop
select private.open_shop($1, $2, $3);

--! login
-- What a login must not be: superuser, above row security, or owner of anything here.
select current_user::text as role,
  r.rolsuper as superuser,
  r.rolbypassrls as bypasses_row_security,
  exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private', 'auth') and pg_has_role(r.oid, c.relowner, 'usage')) as owns_table
from pg_roles r
where r.rolname = current_user;
