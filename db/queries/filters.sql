--! insert
insert into public.email_filters (tenant_id, id, filter_type, email_address, domain, is_regex, created_by)
values ($1, $2, $3, $4, $5, $6, $7);

--! delete
delete from public.email_filters where tenant_id = $1 and id = $2;
