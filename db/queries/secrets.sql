--! usage
select place, key_prefix, secrets from private.secret_usage();

--! to_renew
select tenant_id, place, row_id from private.secrets_to_renew($1, $2, $3, $4, $5);

--! read_tenant
select gmail_password_encrypted as secret from public.tenants where tenant_id = $1 and tenant_id = $2;

--! read_mailbox
select secret_encrypted as secret from public.mailboxes where tenant_id = $1 and id = $2;

--! replace
select private.replace_secret($1, $2, $3, $4) as changed;

--! save_tenant
-- Write-only: the column cannot be read back by the same role.
update public.tenants set gmail_password_encrypted = $2, updated_at = now() where tenant_id = $1;

--! forget_tenant
update public.tenants set gmail_password_encrypted = null, updated_at = now() where tenant_id = $1;

--! save_mailbox
update public.mailboxes set secret_encrypted = $3, paused_reason = null, paused_at = null,
  sending_paused_reason = null, sending_paused_at = null
where tenant_id = $1 and id = $2;

--! rewrite
vacuum (full) public.tenants;
vacuum (full) public.mailboxes;
