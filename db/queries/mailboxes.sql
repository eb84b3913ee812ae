--! active
select tenant_id, mailbox_id from private.active_mailboxes();

--! claim
select tenant_id, mailbox_id from private.claim_mailboxes($1, make_interval(secs => $2), $3);

--! release
select private.release_mailboxes($1) as released;

--! insert
select private.add_mailbox($1, $2, $3, $4, $5, $6) as done;

--! add_directory
select private.add_mail_directory($1, $2, $3, $4) as done;

--! load
select id, kind, address, config, secret_encrypted, cursor, paused_reason, paused_at, last_read_at, connected_at,
  trouble, trouble_since, sent_copies, sent_cursor, history_since, sending_paused_reason,
  sending_paused_reason is null
    or (sending_paused_reason = 'sender_refused' and sending_paused_at <= now() - interval '1 hour') as may_send
from public.mailboxes
where tenant_id = $1 and id = $2;

--! list
select id, kind, address, config, null as secret_encrypted, cursor, paused_reason, paused_at, last_read_at,
  connected_at, trouble, trouble_since, sent_copies, sent_cursor, history_since, sending_paused_reason,
  sending_paused_reason is null
    or (sending_paused_reason = 'sender_refused' and sending_paused_at <= now() - interval '1 hour') as may_send
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

--! pause_for
-- Stops reading for a reason that only a person can mend, and tells the shop, once.
with paused as (
  update public.mailboxes
  set paused_reason = $3, paused_at = now(), trouble = null, trouble_since = null, trouble_told = false
  where tenant_id = $1 and id = $2 and paused_reason is null
  returning id),
notice as (
  insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
  select $1, $4, 'mailbox_trouble', 'high', true, 'mailbox.' || $3 from paused
  returning id),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from notice
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, subject_id)
  select $1, head.seq, 'notification.added', notice.id from head cross join notice)
select count(*) as paused from paused;

--! first_connected
-- Nothing that is there at the first connection is answered.
update public.mailboxes set connected_at = now(), cursor = $3
where tenant_id = $1 and id = $2 and connected_at is null
returning connected_at;

--! trouble
-- It cannot be read just now. When that has lasted, the shop is told, once.
with noted as (
  update public.mailboxes
  set trouble = $3, trouble_since = coalesce(trouble_since, now()),
    trouble_told = trouble_told or coalesce(trouble_since, now()) <= now() - make_interval(secs => $4)
  where tenant_id = $1 and id = $2
  returning trouble_told, trouble_since),
before as (
  select trouble_told from public.mailboxes where tenant_id = $1 and id = $2),
notice as (
  insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
  select $1, $5, 'mailbox_trouble', 'high', true, 'mailbox.' || $3
  from noted, before
  where noted.trouble_told and not before.trouble_told
  returning id),
head as (
  insert into public.event_counters (tenant_id, seq) select $1, 1 from notice
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq),
event as (
  insert into public.events (tenant_id, seq, kind, subject_id)
  select $1, head.seq, 'notification.added', notice.id from head cross join notice)
select count(*) as mailboxes from noted;

--! well
update public.mailboxes set trouble = null, trouble_since = null, trouble_told = false
where tenant_id = $1 and id = $2 and trouble is not null;

--! read
-- Read to the end. Whether it goes well shows when it goes on: see `well`.
update public.mailboxes set last_read_at = now()
where tenant_id = $1 and id = $2;

--! recognise
-- The mailbox numbers its mail anew: mails that are surely known get the number they have now. $3 is
-- the new numbering. A known mail is used once, however often the mailbox holds its copy.
with listed as (
  select l.uid, l.message_id, l.received_at, l.size_bytes,
    row_number() over (partition by l.message_id, l.received_at, l.size_bytes order by l.uid) as place
  from unnest($4::bigint[], $5::text[], $6::timestamptz[], $7::bigint[]) as l(uid, message_id, received_at, size_bytes)
  where l.message_id is not null and not exists (
    select from public.raw_messages r
    where r.tenant_id = $1 and r.mailbox_id = $2 and r.uidvalidity = $3 and r.uid = l.uid)),
known as (
  select r.id, r.message_id, r.received_at, r.size_bytes,
    row_number() over (partition by r.message_id, r.received_at, r.size_bytes order by r.uidvalidity, r.uid) as place
  from public.raw_messages r
  where r.tenant_id = $1 and r.mailbox_id = $2 and r.uidvalidity <> $3 and r.message_id = any ($5)),
renumbered as (
  update public.raw_messages r set uidvalidity = $3, uid = l.uid
  from listed l
  join known k on k.message_id = l.message_id and k.received_at = l.received_at
    and k.size_bytes = l.size_bytes and k.place = l.place
  where r.tenant_id = $1 and r.id = k.id
  returning r.uid)
select uid from renumbered
union
select r.uid from public.raw_messages r
where r.tenant_id = $1 and r.mailbox_id = $2 and r.uidvalidity = $3 and r.uid = any ($4);

--! recognise_bytes
-- As above, by what the mails say: the same bytes are the same mail. Of the rest, those whose
-- Message-ID is known are named too: they are kept, but not answered again.
with listed as (
  select l.uid, l.sha256, l.message_id, row_number() over (partition by l.sha256 order by l.uid) as place
  from unnest($4::bigint[], $5::bytea[], $6::text[]) as l(uid, sha256, message_id)),
known as (
  select r.id, r.sha256, row_number() over (partition by r.sha256 order by r.uidvalidity, r.uid) as place
  from public.raw_messages r
  where r.tenant_id = $1 and r.mailbox_id = $2 and r.uidvalidity <> $3 and r.sha256 = any ($5)),
renumbered as (
  update public.raw_messages r set uidvalidity = $3, uid = l.uid
  from listed l join known k on k.sha256 = l.sha256 and k.place = l.place
  where r.tenant_id = $1 and r.id = k.id
  returning r.uid)
select l.uid, l.uid in (select uid from renumbered) as same
from listed l
where l.uid in (select uid from renumbered) or exists (
  select from public.raw_messages r
  where r.tenant_id = $1 and r.mailbox_id = $2
    and (r.sha256 = l.sha256 or r.message_id = l.message_id));

--! receive
with accepted as (
  insert into public.raw_messages (
    tenant_id, id, mailbox_id, uidvalidity, uid, sha256, message_id, received_at, size_bytes, raw, fate, fate_reason,
    fate_at)
  select $1, m.id, $2, m.uidvalidity, m.uid, m.sha256, m.message_id, m.received_at, m.size_bytes, m.raw,
    case when m.imported is not null then 'imported' end, m.imported, case when m.imported is not null then now() end
  from unnest(
      $3::uuid[], $4::bigint[], $5::bigint[], $6::bytea[], $7::text[], $8::timestamptz[], $9::bytea[], $12::bigint[],
      $13::text[])
    as m(id, uidvalidity, uid, sha256, message_id, received_at, raw, size_bytes, imported)
  on conflict (tenant_id, mailbox_id, uidvalidity, uid) do nothing
  returning id, fate),
due as (
  insert into public.jobs (tenant_id, id, kind, subject_id)
  select $1, j.id, 'ingest', accepted.id
  from accepted
  join unnest($3::uuid[], $10::uuid[]) as j(raw_id, id) on j.raw_id = accepted.id
  where accepted.fate is null),
moved as (
  update public.mailboxes set cursor = coalesce($11, cursor), last_read_at = now()
  where tenant_id = $1 and id = $2
  returning id)
select (select count(*) from moved) as mailboxes, coalesce((select array_agg(id) from accepted), '{}') as accepted;
