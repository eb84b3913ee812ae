with ours as (select oid, nspname, nspacl from pg_namespace where nspname in ('public', 'private', 'auth'))
select concat_ws(' ', 'schema', nspname, a.entry) as line
from ours left join lateral unnest(nspacl) as a(entry) on true
union all
select concat_ws(' ', c.relkind, c.oid::regclass, c.relrowsecurity, pg_get_userbyid(c.relowner), a.entry)
from pg_class c join ours on ours.oid = c.relnamespace left join lateral unnest(
  coalesce(c.relacl, acldefault((case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner))) as a(entry) on true
union all
select concat_ws(' ', 'column', c.oid::regclass, col.attname, format_type(col.atttypid, col.atttypmod), col.attnotnull,
  pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, col.attnum), a.entry)
from pg_class c join ours on ours.oid = c.relnamespace
join pg_attribute col on col.attrelid = c.oid and col.attnum > 0 and not col.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = col.attnum
left join lateral unnest(col.attacl) as a(entry) on true
where c.relkind = 'r'
union all
select concat_ws(' ', 'policy', schemaname, tablename, policyname, cmd, roles, qual, with_check)
from pg_policies where schemaname in ('public', 'private', 'auth')
union all
select concat_ws(' ', 'function', p.oid::regprocedure, p.prosecdef, p.proconfig, md5(p.prosrc), pg_get_userbyid(p.proowner), a.entry)
from pg_proc p join ours on ours.oid = p.pronamespace left join lateral unnest(coalesce(p.proacl, acldefault('f', p.proowner))) as a(entry) on true
union all
select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
from pg_constraint c join ours on ours.oid = c.connamespace
union all
select 'index ' || indexdef from pg_indexes where schemaname in ('public', 'private', 'auth')
union all
select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
union all
select concat_ws(' ', 'default rights', pg_get_userbyid(defaclrole), defaclnamespace, defaclobjtype, defaclacl)
from pg_default_acl
