-- After a restore a shop neither answers nor sends until its Sent folder was compared with what the
-- backup holds: what was answered between the two is not in the backup, and not to be answered again.

alter table public.mailboxes
  add column catch_up_from timestamptz,
  add column restored_at timestamptz;
comment on column public.mailboxes.catch_up_from is 'The backup''s moment: what was sent since then is still to be read from Sent. While it is set nothing of the shop is answered or sent. Null otherwise.';
comment on column public.mailboxes.restored_at is 'When the backup was put back; null with the other.';
grant update (catch_up_from, restored_at) on public.mailboxes to loket_worker;

create function private.mark_restored(p_taken_at timestamptz) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  marked integer;
begin
  -- A backup that was itself taken while another was being caught up with knows even less.
  update public.mailboxes
  set catch_up_from = least(catch_up_from, p_taken_at), restored_at = now(), lease_owner = null, lease_until = null;
  get diagnostics marked = row_count;
  -- Whoever held these is not there any more.
  update public.jobs set run_at = least(run_at, now()), locked_until = null, lease_token = null
  where locked_until is not null;
  return marked;
end
$$;
comment on function private.mark_restored(timestamptz) is
  'Marks every mailbox of a database that was put back to this moment. For its owner only, while no server runs.';
revoke all on function private.mark_restored(timestamptz) from public, anon, authenticated, service_role;

-- As before, but nothing is answered or sent for a shop that catches up after a restore.
create or replace function private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid)
returns table (
  tenant_id uuid, job_id uuid, subject_id uuid, lease_token uuid, attempt integer, locked_until timestamptz)
language plpgsql volatile security definer set search_path = '' rows 50
as $$
#variable_conflict use_column
declare
  shop uuid;
  start uuid := coalesce(p_after, '00000000-0000-0000-0000-000000000000'::uuid);
  visited uuid[] := '{}';
  room integer := p_limit;
  taken integer;
  lap integer;
  place integer := 0;
begin
  -- One lap from `start` to the last shop, one from the first to `start`.
  for lap in 1..2 loop
    shop := case lap when 1 then start else '00000000-0000-0000-0000-000000000000'::uuid end;
    while room > 0 loop
      select j.tenant_id into shop from public.jobs j
      where j.tenant_id > shop and (lap = 1 or j.tenant_id <= start)
      order by j.tenant_id limit 1;
      exit when not found;
      return query
        with due as (
          select j.tenant_id, j.id from public.jobs j
          where j.tenant_id = shop and j.kind = p_kind and j.state = 'due' and j.run_at <= now()
            and (p_kind = 'ingest' or not exists (
              select from public.mailboxes m where m.tenant_id = shop and m.catch_up_from is not null))
          order by j.run_at limit 1
          for update skip locked)
        update public.jobs j
        set run_at = now() + p_lease, locked_until = now() + p_lease,
            lease_token = pg_catalog.gen_random_uuid(), attempt = j.attempt + 1
        from due where j.tenant_id = due.tenant_id and j.id = due.id
        returning j.tenant_id, j.id, j.subject_id, j.lease_token, j.attempt, j.locked_until;
      get diagnostics taken = row_count;
      if taken > 0 then
        room := room - taken;
        visited := visited || shop;
      end if;
    end loop;
  end loop;
  -- Room left: share it out among the shops that had work.
  foreach shop in array visited loop
    exit when room <= 0;
    place := place + 1;
    return query
      with due as (
        select j.tenant_id, j.id from public.jobs j
        where j.tenant_id = shop and j.kind = p_kind and j.state = 'due' and j.run_at <= now()
        order by j.run_at limit ceil(room::numeric / (cardinality(visited) - place + 1))
        for update skip locked)
      update public.jobs j
      set run_at = now() + p_lease, locked_until = now() + p_lease,
          lease_token = pg_catalog.gen_random_uuid(), attempt = j.attempt + 1
      from due where j.tenant_id = due.tenant_id and j.id = due.id
      returning j.tenant_id, j.id, j.subject_id, j.lease_token, j.attempt, j.locked_until;
    get diagnostics taken = row_count;
    room := room - taken;
  end loop;
end
$$;
