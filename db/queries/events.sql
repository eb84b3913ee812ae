--! append
with head as (
  insert into public.event_counters (tenant_id, seq) values ($1, 1)
  on conflict (tenant_id) do update set seq = event_counters.seq + 1
  returning seq)
insert into public.events (tenant_id, seq, kind, thread_id, subject_id)
select $1, seq, $2, $3, $4 from head
returning seq;

--! after
select seq, kind, thread_id, subject_id, created_at
from public.events
where tenant_id = $1 and seq > $2
order by seq
limit $3;

--! bounds
select coalesce((select min(seq) from public.events where tenant_id = $1), 0) as oldest,
  coalesce((select seq from public.event_counters where tenant_id = $1), 0) as newest;

--! heads
select tenant_id, seq from private.event_heads($1);

--! notify
select pg_notify('loket_events', $1);

--! listen
listen loket_events;
