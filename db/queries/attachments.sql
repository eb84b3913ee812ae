--! record
-- What hangs beside the text of mails, and how they look; $2 and $3 are arrays of objects, see
-- NewAttachment and NewMessageView. Their interactions are there.
with file as (
  insert into public.attachments (
    tenant_id, id, interaction_id, raw_message_id, place, part_path, file_name, safe_name, content_type,
    disposition, content_id, encoding, raw_offset, raw_length, size_bytes, sha256)
  select $1, f.id, f.interaction_id, f.raw_message_id, f.place, f.part_path, f.file_name, f.safe_name, f.content_type,
    f.disposition, f.content_id, f.encoding, f.raw_offset, f.raw_length, f.size_bytes, decode(f.sha256, 'hex')
  from jsonb_to_recordset($2) as f(
    id uuid, interaction_id uuid, raw_message_id uuid, place smallint, part_path text, file_name text,
    safe_name text, content_type text, disposition text, content_id text, encoding text, raw_offset integer,
    raw_length integer, size_bytes bigint, sha256 text))
insert into public.message_views (tenant_id, interaction_id, html, remote_images, html_cut, files_left_out)
select $1, v.interaction_id, v.html, v.remote_images, v.html_cut, v.files_left_out
from jsonb_to_recordset($3) as v(
  interaction_id uuid, html text, remote_images integer, html_cut boolean, files_left_out integer);

--! of_thread
select a.id, a.interaction_id, a.file_name, a.safe_name, a.content_type, a.disposition, a.content_id,
  a.size_bytes, a.sha256 is not null as available
from public.customer_interactions i
join public.attachments a on a.tenant_id = $1 and a.interaction_id = i.id
where i.tenant_id = $1 and i.thread_id = $2
order by a.interaction_id, a.place;

--! views_of_thread
select v.interaction_id, v.html is not null as formatted, v.remote_images, v.html_cut, v.files_left_out
from public.customer_interactions i
join public.message_views v on v.tenant_id = $1 and v.interaction_id = i.id
where i.tenant_id = $1 and i.thread_id = $2;

--! file
-- One file of a conversation with its encoded bytes; null when the raw mail is no longer kept.
select a.safe_name, a.content_type, a.encoding, a.sha256,
  substring(r.raw from a.raw_offset + 1 for a.raw_length) as encoded
from public.attachments a
join public.customer_interactions i on i.tenant_id = $1 and i.id = a.interaction_id and i.thread_id = $2
left join public.raw_messages r on r.tenant_id = $1 and r.id = a.raw_message_id
where a.tenant_id = $1 and a.id = $3;

--! view
select v.html
from public.message_views v
join public.customer_interactions i on i.tenant_id = $1 and i.id = v.interaction_id and i.thread_id = $2
where v.tenant_id = $1 and v.interaction_id = $3 and v.html is not null;

--! pictures
-- Pictures inside a mail's text, together at most $3 bytes, the first ones first.
select picture.content_id, picture.content_type, picture.encoding, picture.sha256, picture.encoded
from (
  select a.content_id, a.content_type, a.encoding, a.sha256, a.place,
    substring(r.raw from a.raw_offset + 1 for a.raw_length) as encoded,
    sum(a.size_bytes) over (order by a.place) as together
  from public.attachments a
  join public.raw_messages r on r.tenant_id = $1 and r.id = a.raw_message_id
  where a.tenant_id = $1 and a.interaction_id = $2 and a.content_id is not null and a.sha256 is not null
    and a.content_type in ('image/png', 'image/jpeg', 'image/gif', 'image/webp')) picture
where picture.together <= $3::bigint
order by picture.place;
