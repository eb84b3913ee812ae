--! page
select id, thread_id, interaction_id, type as notification_type, priority, action_required, detail, created_at,
  done_at, done_by
from public.notifications
where tenant_id = $1
  and (done_at is null or not $2)
  and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
order by created_at desc, id desc
limit $5;

--! insert
insert into public.notifications (tenant_id, id, thread_id, interaction_id, type, priority, action_required, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8);

--! done
update public.notifications set done_at = now(), done_by = $3
where tenant_id = $1 and id = $2 and done_at is null;
