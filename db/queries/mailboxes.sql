--! active
select tenant_id, mailbox_id from private.active_mailboxes();

--! insert
select private.add_mailbox($1, $2, $3, $4, $5, $6) as done;

--! add_directory
select private.add_mail_directory($1, $2, $3, $4) as done;

--! load
select id, kind, address, config, secret_encrypted, cursor, paused_reason
from public.mailboxes
where tenant_id = $1 and id = $2;

--! list
select id, kind, address, config, null as secret_encrypted, cursor, paused_reason
from public.mailboxes
where tenant_id = $1
order by address;

--! save_cursor
update public.mailboxes
set cursor = $3, last_read_at = now()
where tenant_id = $1 and id = $2;

--! pause
update public.mailboxes
set paused_reason = $3, paused_at = case when $3::text is null then null else now() end
where tenant_id = $1 and id = $2;

--! receive
with accepted as (
  insert into public.raw_messages (
    tenant_id, id, mailbox_id, uidvalidity, uid, sha256, message_id, received_at, size_bytes, raw)
  select $1, m.id, $2, m.uidvalidity, m.uid, m.sha256, m.message_id, m.received_at, octet_length(m.raw), m.raw
  from unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::bytea[], $7::text[], $8::timestamptz[], $9::bytea[])
    as m(id, uidvalidity, uid, sha256, message_id, received_at, raw)
  on conflict (tenant_id, mailbox_id, uidvalidity, uid) do nothing
  returning id),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id)
  select $1, j.id, 'ingest', accepted.id
  from accepted
  join unnest($3::uuid[], $10::uuid[]) as j(raw_id, id) on j.raw_id = accepted.id),
moved as (
  update public.mailboxes set cursor = coalesce($11, cursor), last_read_at = now()
  where tenant_id = $1 and id = $2
  returning id)
select (select count(*) from moved) as mailboxes, coalesce((select array_agg(id) from accepted), '{}') as accepted;
