-- What the program does for all shops at once: ids only, never a body. The role loket_system is
-- granted these functions and not a single table.

create function private.active_mailboxes() returns table (tenant_id uuid, mailbox_id uuid)
language sql stable security definer set search_path = ''
as $$
  select m.tenant_id, m.id
  from public.mailboxes m
  join public.tenants t on t.tenant_id = m.tenant_id
  where t.active and m.paused_reason is null
  order by m.tenant_id, m.id
$$;
comment on function private.active_mailboxes() is 'The mailboxes to read: those of active shops that are not paused.';

-- Claims due jobs by lease, fairly: it walks round the shops from where the last claim stopped,
-- takes one job of each, and only when the round leaves room takes more of the same shops.
-- While a lease runs, run_at stands at its end, so nobody sees the job as due.
create function private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid)
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
comment on function private.claim_jobs(text, integer, interval, uuid) is
  'Claims due jobs of a kind by lease, fairly across shops, starting behind the shop p_after.';

create function private.next_due(p_kind text) returns timestamptz
language sql stable security definer set search_path = ''
as $$
  with recursive shop(id) as (
    (select j.tenant_id from public.jobs j order by j.tenant_id limit 1)
    union all
    select (select j.tenant_id from public.jobs j where j.tenant_id > shop.id order by j.tenant_id limit 1)
    from shop where shop.id is not null)
  select min(due.run_at)
  from shop
  cross join lateral (
    select j.run_at from public.jobs j
    where j.tenant_id = shop.id and j.kind = p_kind and j.state = 'due'
    order by j.run_at limit 1) due
$$;
comment on function private.next_due(text) is
  'When the next job of a kind becomes due, leases that run out included; null when there is none.';

create function private.stuck_sending(p_older_than interval)
returns table (tenant_id uuid, outbox_id uuid, sending_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select o.tenant_id, o.id, o.sending_at
  from public.outbox o
  where o.state = 'sending' and o.sending_at < now() - p_older_than
  order by o.sending_at
$$;
comment on function private.stuck_sending(interval) is
  'Mail whose sending was begun and never reported on: its outcome is unknown.';

create function private.event_heads(p_tenants uuid[]) returns table (tenant_id uuid, seq bigint)
language sql stable security definer set search_path = ''
as $$
  select c.tenant_id, c.seq from public.event_counters c where c.tenant_id = any (p_tenants)
$$;
comment on function private.event_heads(uuid[]) is 'The newest event number of the given shops.';

create function private.create_user(
  p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb)
returns boolean language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into auth.users (
    id, instance_id, aud, role, email, encrypted_password, email_confirmed_at,
    confirmation_token, recovery_token, email_change_token_new, email_change,
    raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
  values (
    p_id, '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', lower(p_email),
    p_encrypted_password, now(), '', '', '', '',
    '{"provider": "email", "providers": ["email"]}', p_user_meta_data, now(), now())
  on conflict do nothing;
  return found;
end
$$;
comment on function private.create_user(uuid, text, text, jsonb) is
  'Makes a confirmed user, on our own Postgres and for the demo; false when the address is taken.';

create function private.make_platform_admin(p_email text) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person uuid;
begin
  update public.profiles set role = 'admin' where email = lower(p_email) and role <> 'admin' returning user_id into person;
  if found then
    perform private.write_audit(
      '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), 'system', 'admin.made', person, null, '{}');
  else
    select user_id into person from public.profiles where email = lower(p_email);
  end if;
  return person;
end
$$;
comment on function private.make_platform_admin(text) is
  'Makes the person with this address a platform admin, for the command line; null when there is none.';

create function private.user_by_email(p_email text) returns uuid
language sql stable security definer set search_path = ''
as $$
  select user_id from public.profiles where email = lower(p_email)
$$;
comment on function private.user_by_email(text) is
  'The person with this address, for the command line; null when there is none.';

revoke all on function
  private.active_mailboxes(), private.claim_jobs(text, integer, interval, uuid), private.next_due(text),
  private.stuck_sending(interval), private.event_heads(uuid[]),
  private.create_user(uuid, text, text, jsonb), private.make_platform_admin(text),
  private.user_by_email(text)
from public, anon, authenticated, service_role;
grant execute on function
  private.active_mailboxes(), private.claim_jobs(text, integer, interval, uuid), private.next_due(text),
  private.stuck_sending(interval), private.event_heads(uuid[]),
  private.create_user(uuid, text, text, jsonb), private.make_platform_admin(text),
  private.user_by_email(text)
to loket_system;
