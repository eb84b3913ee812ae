-- The whole schema, to read. Made from db/migrations; a test keeps it equal.

-- PostgreSQL database dump

-- Name: private; Type: SCHEMA; Schema: -; Owner: loket_owner

CREATE SCHEMA private;

ALTER SCHEMA private OWNER TO loket_owner;

-- Name: SCHEMA private; Type: COMMENT; Schema: -; Owner: loket_owner

COMMENT ON SCHEMA private IS 'What no client may reach: definer functions and the migration record.';

-- Name: public; Type: SCHEMA; Schema: -; Owner: pg_database_owner

CREATE SCHEMA public;

ALTER SCHEMA public OWNER TO pg_database_owner;

-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: pg_database_owner

COMMENT ON SCHEMA public IS 'standard public schema';

-- Name: accept_invitation(uuid, bytea); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.accept_invitation(p_tenant_id uuid, p_token_hash bytea) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  me uuid := private.current_user_id();
  person public.profiles;
  role text;
begin
  select * into person from public.profiles where user_id = me and suspended_at is null for update;
  if not found then
    raise exception 'only a signed-in person accepts an invitation' using errcode = '42501';
  end if;
  if person.tenant_id is not null then
    raise exception 'this person has a shop already' using errcode = '23505', constraint = 'tenants_one_per_person';
  end if;
  update public.tenant_invitations i set accepted_at = now(), accepted_by = me
  from auth.users u, public.tenants t
  where i.tenant_id = p_tenant_id and i.token_hash = p_token_hash
    and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
    and u.id = me and u.email_confirmed_at is not null and lower(u.email) = i.email
    and t.tenant_id = i.tenant_id and t.status = 'approved'
  returning i.tenant_role into role;
  if not found then
    return null;
  end if;
  perform private.join_shop(me, p_tenant_id, role);
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'user', 'member.joined', me, null,
    pg_catalog.jsonb_build_object('tenant_role', role));
  return role;
end
$$;

ALTER FUNCTION private.accept_invitation(p_tenant_id uuid, p_token_hash bytea) OWNER TO loket_owner;

-- Name: FUNCTION accept_invitation(p_tenant_id uuid, p_token_hash bytea); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.accept_invitation(p_tenant_id uuid, p_token_hash bytea) IS 'Joins the person in the claims to a shop they were invited to; answers their role there, or null when the invitation is no good.';

-- Name: active_mailboxes(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.active_mailboxes() RETURNS TABLE(tenant_id uuid, mailbox_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select m.tenant_id, m.id
  from public.mailboxes m
  join public.tenants t on t.tenant_id = m.tenant_id
  where t.active and m.paused_reason is null
  order by m.tenant_id, m.id
$$;

ALTER FUNCTION private.active_mailboxes() OWNER TO loket_owner;

-- Name: FUNCTION active_mailboxes(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.active_mailboxes() IS 'The mailboxes to read: those of active shops that are not paused.';

-- Name: add_mail_directory(uuid, uuid, text, jsonb); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into public.mailboxes (tenant_id, id, kind, address, config)
  values (p_tenant_id, p_id, 'maildir', lower(p_address), p_config)
$$;

ALTER FUNCTION private.add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb) OWNER TO loket_owner;

-- Name: FUNCTION add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb) IS 'Adds a mailbox that is a directory of this machine, for the command line.';

-- Name: add_mailbox(uuid, uuid, text, text, jsonb, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner adds a mailbox' using errcode = '42501';
  end if;
  if p_kind = 'maildir' or p_config ?| array['directory', 'outgoing'] then
    raise exception 'directories are not the shop''s to name' using errcode = '42501';
  end if;
  insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted)
  values (p_tenant_id, p_id, p_kind, lower(p_address), p_config, p_secret);
end
$$;

ALTER FUNCTION private.add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) OWNER TO loket_owner;

-- Name: FUNCTION add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) IS 'Adds a mailbox of an approved shop; no directory. For its owners, through the server only.';

-- Name: approve_tenant(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.approve_tenant(p_tenant_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop public.tenants;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can approve a shop' using errcode = '42501';
  end if;
  select * into shop from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  if shop.status = 'approved' then
    return false;
  end if;
  if shop.status = 'suspended' then
    raise exception 'a suspended shop is resumed, with a reason' using errcode = '22023', constraint = 'tenants_status_step';
  end if;
  update public.tenants
  set status = 'approved', active = true, approved_at = now(), approved_by = private.current_user_id(),
      updated_at = now()
  where tenant_id = p_tenant_id;
  if shop.created_by is not null then
    perform private.link_profile_to_tenant(shop.created_by, p_tenant_id);
  end if;
  perform private.begin_with_masters(p_tenant_id);
  perform private.tell_shop(p_tenant_id, 'shop.approved', null, shop.status, 'low');
  return true;
end
$$;

ALTER FUNCTION private.approve_tenant(p_tenant_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION approve_tenant(p_tenant_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.approve_tenant(p_tenant_id uuid) IS 'Approves a shop that waits or was rejected, turns it on and links who registered it. True when this call did it. Admins only.';

-- Name: ask_history(uuid, uuid, uuid, smallint); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner brings in older mail' using errcode = '42501';
  end if;
  -- One at a time, so that two who ask at once get one import.
  perform from public.mailboxes where tenant_id = p_tenant_id and id = p_mailbox_id and kind <> 'maildir' for update;
  if not found or exists (
    select from public.history_imports
    where tenant_id = p_tenant_id and mailbox_id = p_mailbox_id and state = 'running') then
    return false;
  end if;
  update public.history_imports set state = 'stopped', finished_at = now()
  where tenant_id = p_tenant_id and mailbox_id = p_mailbox_id and state in ('counting', 'counted');
  insert into public.history_imports (tenant_id, id, mailbox_id, days, since)
  values (p_tenant_id, p_id, p_mailbox_id, p_days, now() - make_interval(days => p_days));
  return true;
end
$$;

ALTER FUNCTION private.ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint) OWNER TO loket_owner;

-- Name: FUNCTION ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint) IS 'Asks how much mail a mailbox holds of so many days back. For owners. False while older mail is being brought in, or where there is none.';

-- Name: begin_history(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.begin_history(p_tenant_id uuid, p_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  import public.history_imports;
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner brings in older mail' using errcode = '42501';
  end if;
  update public.history_imports set state = 'running'
  where tenant_id = p_tenant_id and id = p_id and state = 'counted'
  returning * into import;
  if not found then
    return false;
  end if;
  update public.mailboxes set history_since = least(history_since, import.since)
  where tenant_id = p_tenant_id and id = import.mailbox_id;
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'user', 'history.begun', import.mailbox_id, null,
    pg_catalog.jsonb_build_object('days', import.days));
  return true;
end
$$;

ALTER FUNCTION private.begin_history(p_tenant_id uuid, p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION begin_history(p_tenant_id uuid, p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.begin_history(p_tenant_id uuid, p_id uuid) IS 'Brings in the older mail that was counted. For owners. False where nothing waits for that.';

-- Name: begin_with_masters(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.begin_with_masters(p_tenant_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with newest as (
    select distinct on (m.rule_key) m.rule_key, m.rule_config
    from public.master_business_rules m
    order by m.rule_key, m.version desc),
  taken as (
    insert into public.tenant_business_rules (tenant_id, id, rule_key, version, rule_config)
    select p_tenant_id, pg_catalog.gen_random_uuid(), n.rule_key, 1, n.rule_config from newest n
    on conflict (tenant_id, rule_key) do nothing
    returning rule_key, rule_config)
  insert into public.tenant_business_rule_versions (tenant_id, id, rule_key, version, enabled, rule_config, html_template)
  select p_tenant_id, pg_catalog.gen_random_uuid(), t.rule_key, 1, true, t.rule_config, '{}' from taken t
$$;

ALTER FUNCTION private.begin_with_masters(p_tenant_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION begin_with_masters(p_tenant_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.begin_with_masters(p_tenant_id uuid) IS 'Gives a new shop the newest master rules as its first version; rules it has already stay. For the approval only.';

-- Name: called_mailboxes(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.called_mailboxes(p_owner uuid) RETURNS TABLE(tenant_id uuid, mailbox_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20
    SET search_path TO ''
    AS $$
  select m.tenant_id, m.id
  from public.mailboxes m
  where m.lease_owner = p_owner and m.lease_until > now()
    and (m.reconcile_at <= now()
      or (m.tenant_id, m.id) in (
        select o.tenant_id, o.mailbox_id from public.outbox o where o.look_at <= now())
      or (m.tenant_id, m.id) in (
        select r.tenant_id, r.mailbox_id from public.reconciliations r where r.finished_at is null)
      or (m.tenant_id, m.id) in (
        select h.tenant_id, h.mailbox_id from public.history_imports h
        where h.state in ('counting', 'running')))
$$;

ALTER FUNCTION private.called_mailboxes(p_owner uuid) OWNER TO loket_owner;

-- Name: FUNCTION called_mailboxes(p_owner uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.called_mailboxes(p_owner uuid) IS 'The mailboxes of this node whose Sent is to be looked into, that are to be compared with what is recorded, or of which older mail is wanted.';

-- Name: claim_jobs(text, integer, interval, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid) RETURNS TABLE(tenant_id uuid, job_id uuid, subject_id uuid, lease_token uuid, attempt integer, locked_until timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER ROWS 50
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid) OWNER TO loket_owner;

-- Name: FUNCTION claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid) IS 'Claims due jobs of a kind by lease, fairly across shops, starting behind the shop p_after.';

-- Name: claim_mailbox(uuid, uuid, uuid, interval); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.mailboxes m
  set lease_owner = p_owner, lease_until = now() + p_lease
  from public.tenants t
  where m.tenant_id = p_tenant_id and m.id = p_mailbox_id and t.tenant_id = m.tenant_id
    and t.active and m.paused_reason is null
    and (m.lease_owner = p_owner or m.lease_until is null or m.lease_until <= now());
  return found;
end
$$;

ALTER FUNCTION private.claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval) OWNER TO loket_owner;

-- Name: FUNCTION claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval) IS 'Takes one mailbox for a time, or keeps it longer. False when another node reads it, or nobody may.';

-- Name: claim_mailboxes(uuid, interval, integer); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer) RETURNS TABLE(tenant_id uuid, mailbox_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  held integer;
begin
  -- Not ours any more: their shop stopped, or somebody paused them.
  select count(*) into held
  from public.mailboxes m join public.tenants t on t.tenant_id = m.tenant_id
  where t.active and m.paused_reason is null and m.lease_owner = p_owner and m.lease_until > now();
  update public.mailboxes m
  set lease_owner = p_owner, lease_until = now() + p_lease
  from (
    select f.tenant_id, f.id
    from public.mailboxes f join public.tenants t on t.tenant_id = f.tenant_id
    where t.active and f.paused_reason is null
      and (f.lease_owner = p_owner and f.lease_until > now() and f.lease_until < now() + p_lease / 2)
    for update of f skip locked) due
  where m.tenant_id = due.tenant_id and m.id = due.id;
  update public.mailboxes m
  set lease_owner = p_owner, lease_until = now() + p_lease
  from (
    select f.tenant_id, f.id
    from public.mailboxes f join public.tenants t on t.tenant_id = f.tenant_id
    where t.active and f.paused_reason is null
      and (f.lease_until is null or f.lease_until <= now())
    order by f.lease_until nulls first
    limit greatest(p_limit - held, 0)
    for update of f skip locked) free
  where m.tenant_id = free.tenant_id and m.id = free.id;
  return query
    select m.tenant_id, m.id
    from public.mailboxes m join public.tenants t on t.tenant_id = m.tenant_id
    where t.active and m.paused_reason is null and m.lease_owner = p_owner and m.lease_until > now()
    order by m.tenant_id, m.id;
end
$$;

ALTER FUNCTION private.claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer) OWNER TO loket_owner;

-- Name: FUNCTION claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer) IS 'The mailboxes that this node reads for the time of the lease: those it has, and free ones up to the limit.';

-- Name: complete_registration(uuid, text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if p_secret not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  update public.tenants t
  set ai_persona_name = p_ai_persona_name, gmail_password_encrypted = p_secret, updated_at = now()
  from public.profiles p
  where t.tenant_id = p_tenant_id and t.created_by = private.current_user_id() and t.status = 'pending_approval'
    and p.user_id = t.created_by and p.suspended_at is null;
  if not found then
    raise exception 'only who registered a waiting shop completes it' using errcode = '42501';
  end if;
end
$$;

ALTER FUNCTION private.complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text) OWNER TO loket_owner;

-- Name: FUNCTION complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text) IS 'The assistant''s name and the sealed mailbox password of a shop that waits for approval, for the person who registered it.';

-- Name: create_api_key(uuid, text, text, bytea, text[], uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner makes API keys' using errcode = '42501';
  end if;
  perform private.insert_api_key(shop, p_id, p_name, p_prefix, p_key_hash, p_scopes, p_replaces, 'user');
end
$$;

ALTER FUNCTION private.create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) OWNER TO loket_owner;

-- Name: FUNCTION create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) IS 'Makes an API key of the caller''s shop, or replaces one. Owners only.';

-- Name: create_user(uuid, text, text, jsonb); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION private.create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb) OWNER TO loket_owner;

-- Name: FUNCTION create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb) IS 'Makes a confirmed user, on our own Postgres and for the demo; false when the address is taken.';

-- Name: current_tenant_id(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.current_tenant_id() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return coalesce(
    nullif(pg_catalog.current_setting('app.tenant_id', true), ''),
    pg_catalog.jsonb_extract_path_text(
      nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, 'app_metadata', 'tenant_id')
  )::uuid;
end
$$;

ALTER FUNCTION private.current_tenant_id() OWNER TO loket_owner;

-- Name: FUNCTION current_tenant_id(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.current_tenant_id() IS 'The shop this transaction works for: the setting app.tenant_id, else the claim app_metadata.tenant_id, else null.';

-- Name: current_user_id(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.current_user_id() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return coalesce(
    nullif(pg_catalog.current_setting('request.jwt.claim.sub', true), ''),
    pg_catalog.jsonb_extract_path_text(
      nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, 'sub')
  )::uuid;
end
$$;

ALTER FUNCTION private.current_user_id() OWNER TO loket_owner;

-- Name: FUNCTION current_user_id(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.current_user_id() IS 'The person this transaction works for: the claim sub, else null.';

-- Name: end_api_key(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  ended bytea;
begin
  update public.api_keys set revoked_at = now()
  where tenant_id = p_tenant_id and id = p_id and revoked_at is null
  returning key_hash into ended;
  if not found then
    return false;
  end if;
  update public.tenants set api_key = null, api_key_hash = null, updated_at = now()
  where tenant_id = p_tenant_id and api_key_hash = ended;
  perform private.write_audit(p_tenant_id, pg_catalog.gen_random_uuid(), p_actor_role, 'api_key.revoked', p_id, null, '{}');
  return true;
end
$$;

ALTER FUNCTION private.end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text) OWNER TO loket_owner;

-- Name: FUNCTION end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text) IS 'Revokes an API key; for definer functions only.';

-- Name: ensure_profile(uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.ensure_profile(p_user_id uuid, p_email text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into public.profiles (user_id, email)
  values (p_user_id, lower(coalesce(p_email, '')))
  on conflict (user_id) do nothing
$$;

ALTER FUNCTION private.ensure_profile(p_user_id uuid, p_email text) OWNER TO loket_owner;

-- Name: FUNCTION ensure_profile(p_user_id uuid, p_email text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.ensure_profile(p_user_id uuid, p_email text) IS 'Makes the profile of a new user, once.';

-- Name: event_heads(uuid[]); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.event_heads(p_tenants uuid[]) RETURNS TABLE(tenant_id uuid, seq bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select c.tenant_id, c.seq from public.event_counters c where c.tenant_id = any (p_tenants)
$$;

ALTER FUNCTION private.event_heads(p_tenants uuid[]) OWNER TO loket_owner;

-- Name: FUNCTION event_heads(p_tenants uuid[]); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.event_heads(p_tenants uuid[]) IS 'The newest event number of the given shops.';

-- Name: find_api_key(uuid, bytea); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.find_api_key(p_tenant_id uuid, p_key_hash bytea) RETURNS TABLE(id uuid, scopes text[], last_used_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path TO ''
    AS $$
  select k.id, k.scopes, k.last_used_at
  from public.api_keys k
  join public.tenants t on t.tenant_id = k.tenant_id
  where k.tenant_id = p_tenant_id and k.key_hash = p_key_hash and k.revoked_at is null
    and t.status = 'approved'
$$;

ALTER FUNCTION private.find_api_key(p_tenant_id uuid, p_key_hash bytea) OWNER TO loket_owner;

-- Name: FUNCTION find_api_key(p_tenant_id uuid, p_key_hash bytea); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.find_api_key(p_tenant_id uuid, p_key_hash bytea) IS 'The live API key with this hash, of a shop that is approved; nothing for every other reason.';

-- Name: insert_api_key(uuid, uuid, text, text, bytea, text[], uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.insert_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid, p_actor_role text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  old public.api_keys;
begin
  if p_replaces is not null then
    update public.api_keys set revoked_at = now()
    where tenant_id = p_tenant_id and id = p_replaces and revoked_at is null
    returning * into old;
    if not found then
      raise exception 'there is no such API key' using errcode = 'P0002';
    end if;
  end if;
  insert into public.api_keys (tenant_id, id, name, prefix, key_hash, scopes, created_by)
  values (
    p_tenant_id, p_id, coalesce(old.name, p_name), p_prefix, p_key_hash, coalesce(old.scopes, p_scopes),
    private.current_user_id());
  -- The contract's columns hold the newest.
  update public.tenants set api_key = p_prefix, api_key_hash = p_key_hash, updated_at = now()
  where tenant_id = p_tenant_id;
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), p_actor_role,
    case when p_replaces is null then 'api_key.created' else 'api_key.rotated' end, p_id, null,
    pg_catalog.jsonb_build_object('prefix', p_prefix));
end
$$;

ALTER FUNCTION private.insert_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid, p_actor_role text) OWNER TO loket_owner;

-- Name: FUNCTION insert_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid, p_actor_role text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.insert_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid, p_actor_role text) IS 'Keeps a new API key and revokes the one it replaces, whose name and scopes it takes over; for definer functions only.';

-- Name: interaction_is_sound(text, text, text, text, text[], smallint, numeric); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return state in ('received', 'answered', 'drafted', 'held', 'automatic', 'discarded', 'closed', 'imported')
    and language in ('nl', 'en', 'de', 'fr', 'other')
    and customer_mood in ('positive', 'neutral', 'frustrated', 'angry', 'sad')
    and doubt in ('looks_automatic', 'contact_form', 'colleague', 'partly_read', 'same_number')
    and intents <@ array['return', 'cancel', 'address_change', 'order_status', 'compensation', 'complaint',
      'warranty', 'invoice', 'question', 'thanks', 'auto_reply', 'spam_or_marketing']
    and ladder_stap between 0 and 9
    and compensatie_percentage between 0 and 100;
end
$$;

ALTER FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) OWNER TO loket_owner;

-- Name: FUNCTION interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) IS 'The words and ranges of an interaction. Null, as of a mail without a doubt, breaks no rule.';

-- Name: invite_member(uuid, text, text, bytea); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
  until timestamptz := now() + interval '48 hours';
begin
  if shop is null then
    raise exception 'only an owner invites colleagues' using errcode = '42501';
  end if;
  -- One at a time, so that many at once are counted as well.
  perform from public.tenants where tenant_id = shop for update;
  if (select count(*) from public.tenant_invitations
      where tenant_id = shop and created_at > now() - interval '24 hours') >= 50 then
    raise exception 'a shop sends 50 invitations a day' using errcode = '22023', constraint = 'tenant_invitations_daily';
  end if;
  -- Only the newest invitation of an address is good.
  update public.tenant_invitations set revoked_at = now()
  where tenant_id = shop and email = lower(p_email) and accepted_at is null and revoked_at is null;
  insert into public.tenant_invitations (tenant_id, id, email, tenant_role, token_hash, invited_by, expires_at)
  values (shop, p_id, lower(p_email), p_tenant_role, p_token_hash, private.current_user_id(), until);
  perform private.write_audit(
    shop, pg_catalog.gen_random_uuid(), 'user', 'member.invited', p_id, null,
    pg_catalog.jsonb_build_object('tenant_role', p_tenant_role));
  return until;
end
$$;

ALTER FUNCTION private.invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea) OWNER TO loket_owner;

-- Name: FUNCTION invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea) IS 'Invites an address to the caller''s shop for 48 hours; an older invitation of that address ends. Owners only.';

-- Name: is_platform_admin(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.is_platform_admin() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (
    select from public.profiles
    where user_id = private.current_user_id() and role = 'admin' and suspended_at is null)
$$;

ALTER FUNCTION private.is_platform_admin() OWNER TO loket_owner;

-- Name: FUNCTION is_platform_admin(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.is_platform_admin() IS 'Whether the claims name a person who is platform admin now; read fresh, so a stale token is worth nothing.';

-- Name: is_suspended(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.is_suspended(p_user_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (select from public.profiles p where p.user_id = p_user_id and p.suspended_at is not null)
$$;

ALTER FUNCTION private.is_suspended(p_user_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION is_suspended(p_user_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.is_suspended(p_user_id uuid) IS 'Whether a platform admin suspended this person. For the auth service only.';

-- Name: job_is_sound(text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.job_is_sound(kind text, state text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return kind in ('ingest', 'answer', 'deliver') and state in ('due', 'given_up');
end
$$;

ALTER FUNCTION private.job_is_sound(kind text, state text) OWNER TO loket_owner;

-- Name: FUNCTION job_is_sound(kind text, state text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.job_is_sound(kind text, state text) IS 'The words of a job.';

-- Name: join_shop(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.profiles set tenant_id = p_tenant_id, tenant_role = p_tenant_role
  where user_id = p_user_id
    and (tenant_id is distinct from p_tenant_id or tenant_role <> p_tenant_role);
  if not found then
    if not exists (select from public.profiles where user_id = p_user_id) then
      raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
    end if;
    return false;
  end if;
  -- The claim that policies read when a client comes in without our server (Supabase's own API).
  update auth.users
  set raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb)
    || pg_catalog.jsonb_build_object('tenant_id', p_tenant_id)
  where id = p_user_id;
  return true;
end
$$;

ALTER FUNCTION private.join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text) OWNER TO loket_owner;

-- Name: FUNCTION join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text) IS 'Makes a person a member of a shop in this role and renews the claim; for definer functions only.';

-- Name: link_profile_to_tenant(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  old public.profiles;
  role text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can link a profile to a shop' using errcode = '42501';
  end if;
  -- One linking at a time per shop, so that two cannot both be its first.
  perform from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  select * into old from public.profiles where user_id = p_user_id for update;
  if old.tenant_id = p_tenant_id then
    return; -- linked already
  end if;
  role := case
    when exists (select from public.profiles where tenant_id = p_tenant_id and tenant_role = 'owner') then 'agent'
    else 'owner' end;
  perform private.join_shop(p_user_id, p_tenant_id, role);
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', 'profile.linked', p_user_id, null,
    pg_catalog.jsonb_build_object('tenant_role', role));
end
$$;

ALTER FUNCTION private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) IS 'Links a person to a shop, as its owner when it has none, else as an agent, and renews the claim. Admins only, may be repeated.';

-- Name: live_api_key_tenant(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.live_api_key_tenant(p_tenant_id uuid, p_id uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select k.tenant_id
  from public.api_keys k
  join public.tenants t on t.tenant_id = k.tenant_id
  where k.tenant_id = p_tenant_id and k.id = p_id and k.revoked_at is null and t.status = 'approved'
$$;

ALTER FUNCTION private.live_api_key_tenant(p_tenant_id uuid, p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION live_api_key_tenant(p_tenant_id uuid, p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.live_api_key_tenant(p_tenant_id uuid, p_id uuid) IS 'The shop of an API key that is good at this moment; else null. Asked at the beginning of each of its transactions.';

-- Name: make_first_admin(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.make_first_admin(p_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock(7305808869231651178);
  if exists (select from public.profiles where role = 'admin' and user_id = p_user_id) then
    return; -- made already
  end if;
  if exists (select from public.profiles where role = 'admin') then
    raise exception 'there is a platform admin already, who makes others' using errcode = '42501';
  end if;
  update public.profiles set role = 'admin' where user_id = p_user_id;
  if not found then
    raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
  end if;
  perform private.write_audit(
    '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), 'system', 'admin.made', p_user_id, null, '{}');
end
$$;

ALTER FUNCTION private.make_first_admin(p_user_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION make_first_admin(p_user_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.make_first_admin(p_user_id uuid) IS 'Makes a person the first platform admin; refused where there is another, suspended or not. May be repeated.';

-- Name: mark_restored(timestamp with time zone); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.mark_restored(p_taken_at timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION private.mark_restored(p_taken_at timestamp with time zone) OWNER TO loket_owner;

-- Name: FUNCTION mark_restored(p_taken_at timestamp with time zone); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.mark_restored(p_taken_at timestamp with time zone) IS 'Marks every mailbox of a database that was put back to this moment. For its owner only, while no server runs.';

-- Name: my_profile(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.my_profile() RETURNS TABLE(user_id uuid, email text, role text, full_name text, suspended_at timestamp with time zone, tenant_id uuid, tenant_role text, tenant jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select p.user_id, p.email, p.role, p.full_name, p.suspended_at, p.tenant_id,
    case when p.tenant_id is not null then p.tenant_role end,
    case when t.tenant_id is not null then
      pg_catalog.to_jsonb(t) - 'gmail_password_encrypted' - 'api_key_hash'
    end
  from public.profiles p
  left join public.tenants t
    on t.tenant_id = coalesce(p.tenant_id, (
      select c.tenant_id from public.tenants c
      where c.created_by = p.user_id and c.status in ('pending_approval', 'rejected') order by c.created_at desc limit 1))
  where p.user_id = private.current_user_id()
$$;

ALTER FUNCTION private.my_profile() OWNER TO loket_owner;

-- Name: FUNCTION my_profile(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.my_profile() IS 'The profile of the person in the claims and their role in the shop, with the shop, or the one they registered that still waits for approval.';

-- Name: next_due(text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.next_due(p_kind text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION private.next_due(p_kind text) OWNER TO loket_owner;

-- Name: FUNCTION next_due(p_kind text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.next_due(p_kind text) IS 'When the next job of a kind becomes due, leases that run out included; null when there is none.';

-- Name: note_refusal(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, detail)
  values (
    '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), p_actor_id, 'system', 'refused.' || p_action,
    p_tenant_id, '{}')
$$;

ALTER FUNCTION private.note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text) OWNER TO loket_owner;

-- Name: FUNCTION note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text) IS 'Writes into the platform''s audit log that somebody was refused something about a shop.';

-- Name: open_shop(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.open_shop(p_id uuid, p_tenant_id uuid, p_reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can open a shop' using errcode = '42501';
  end if;
  if coalesce(char_length(trim(p_reason)), 0) < 5 then
    raise exception 'opening a shop needs a reason' using errcode = '22023', constraint = 'audit_log_reason';
  end if;
  perform from public.tenants where tenant_id = p_tenant_id;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  perform private.write_audit(p_tenant_id, p_id, 'admin', 'shop.opened', p_tenant_id, trim(p_reason), '{}');
end
$$;

ALTER FUNCTION private.open_shop(p_id uuid, p_tenant_id uuid, p_reason text) OWNER TO loket_owner;

-- Name: FUNCTION open_shop(p_id uuid, p_tenant_id uuid, p_reason text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.open_shop(p_id uuid, p_tenant_id uuid, p_reason text) IS 'Records why a platform admin reads a shop''s data; the shop can see the entry. Admins only.';

-- Name: opened_tenant_id(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.opened_tenant_id() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select a.tenant_id
  from public.audit_log a
  where a.tenant_id = nullif(pg_catalog.current_setting('app.tenant_id', true), '')::uuid
    and a.id = nullif(pg_catalog.current_setting('app.access_id', true), '')::uuid
    and a.action = 'shop.opened'
    and a.actor_id = private.current_user_id()
    and a.created_at > now() - interval '15 minutes'
    and private.is_platform_admin()
$$;

ALTER FUNCTION private.opened_tenant_id() OWNER TO loket_owner;

-- Name: FUNCTION opened_tenant_id(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.opened_tenant_id() IS 'The shop that the admin in the claims opened with a reason in the last 15 minutes, as named by app.access_id; else null.';

-- Name: operator_api_keys(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.operator_api_keys(p_tenant_id uuid) RETURNS TABLE(id uuid, name text, prefix text, scopes text[], created_at timestamp with time zone, last_used_at timestamp with time zone, revoked_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select k.id, k.name, k.prefix, k.scopes, k.created_at, k.last_used_at, k.revoked_at
  from public.api_keys k where k.tenant_id = p_tenant_id order by k.created_at, k.id
$$;

ALTER FUNCTION private.operator_api_keys(p_tenant_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION operator_api_keys(p_tenant_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.operator_api_keys(p_tenant_id uuid) IS 'The API keys of a shop without what they open with, for the command line.';

-- Name: operator_create_api_key(uuid, uuid, text, text, bytea, text[], uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$ select private.insert_api_key(p_tenant_id, p_id, p_name, p_prefix, p_key_hash, p_scopes, p_replaces, 'system') $$;

ALTER FUNCTION private.operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) OWNER TO loket_owner;

-- Name: FUNCTION operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) IS 'Makes an API key of a shop, for the command line.';

-- Name: operator_revoke_api_key(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.operator_revoke_api_key(p_tenant_id uuid, p_id uuid) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$ select private.end_api_key(p_tenant_id, p_id, 'system') $$;

ALTER FUNCTION private.operator_revoke_api_key(p_tenant_id uuid, p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION operator_revoke_api_key(p_tenant_id uuid, p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.operator_revoke_api_key(p_tenant_id uuid, p_id uuid) IS 'Revokes an API key of a shop, for the command line.';

-- Name: owned_tenant_id(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.owned_tenant_id() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select p.tenant_id
  from public.profiles p
  join public.tenants t on t.tenant_id = p.tenant_id and t.status = 'approved'
  where p.user_id = private.current_user_id() and p.tenant_id = private.current_tenant_id()
    and p.tenant_role = 'owner' and p.suspended_at is null
$$;

ALTER FUNCTION private.owned_tenant_id() OWNER TO loket_owner;

-- Name: FUNCTION owned_tenant_id(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.owned_tenant_id() IS 'The shop whose settings the caller may change: its owners only; null for others, and while the shop is suspended.';

-- Name: platform_admins(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.platform_admins() RETURNS TABLE(user_id uuid, email text, suspended_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select p.user_id, p.email, p.suspended_at from public.profiles p where p.role = 'admin' order by p.created_at, p.user_id
$$;

ALTER FUNCTION private.platform_admins() OWNER TO loket_owner;

-- Name: FUNCTION platform_admins(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.platform_admins() IS 'The platform admins, for the command line and the set-up link.';

-- Name: reconnect_mailbox(uuid, uuid, jsonb, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner connects a mailbox' using errcode = '42501';
  end if;
  if p_config ?| array['directory', 'outgoing'] then
    raise exception 'directories are not the shop''s to name' using errcode = '42501';
  end if;
  if p_secret is null or p_secret not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  update public.mailboxes
  set config = p_config, secret_encrypted = p_secret, paused_reason = null, paused_at = null,
    sending_paused_reason = null, sending_paused_at = null,
    trouble = null, trouble_since = null, trouble_told = false,
    access_encrypted = null, access_until = null, refreshing_by = null, refreshing_until = null
  where tenant_id = p_tenant_id and id = p_id and kind <> 'maildir';
  return found;
end
$$;

ALTER FUNCTION private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text) OWNER TO loket_owner;

-- Name: FUNCTION reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text) IS 'Sets how a mailbox is reached and what opens it, and reads it again. For owners, through the server only.';

-- Name: refuse_last_owner(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.refuse_last_owner(p_tenant_id uuid, p_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  -- Two owners who let each other go at once: one waits here and then finds itself the last.
  perform from public.tenants where tenant_id = p_tenant_id for update;
  if not exists (
    select from public.profiles
    where tenant_id = p_tenant_id and tenant_role = 'owner' and user_id is distinct from p_user_id and suspended_at is null) then
    raise exception 'a shop keeps an owner' using errcode = '22023', constraint = 'profiles_last_owner';
  end if;
end
$$;

ALTER FUNCTION private.refuse_last_owner(p_tenant_id uuid, p_user_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION refuse_last_owner(p_tenant_id uuid, p_user_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.refuse_last_owner(p_tenant_id uuid, p_user_id uuid) IS 'An error when the shop would be without an owner; for definer functions only.';

-- Name: refuse_without_reason(text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.refuse_without_reason(p_reason text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if coalesce(char_length(trim(p_reason)), 0) < 5 then
    raise exception 'this needs a reason' using errcode = '22023', constraint = 'audit_log_reason';
  end if;
  return trim(p_reason);
end
$$;

ALTER FUNCTION private.refuse_without_reason(p_reason text) OWNER TO loket_owner;

-- Name: FUNCTION refuse_without_reason(p_reason text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.refuse_without_reason(p_reason text) IS 'The reason without blanks around it; an error when it is none.';

-- Name: register_mailbox(uuid, uuid, text, text, jsonb, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform from public.tenants t
  join public.profiles p on p.user_id = t.created_by and p.suspended_at is null
  where t.tenant_id = p_tenant_id and t.created_by = private.current_user_id() and t.status = 'pending_approval'
  for update of t;
  if not found then
    raise exception 'only who registered a waiting shop sets its mailbox' using errcode = '42501';
  end if;
  if p_kind = 'maildir' or p_config ?| array['directory', 'outgoing'] then
    raise exception 'directories are not the shop''s to name' using errcode = '42501';
  end if;
  if p_secret is not null and p_secret not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  delete from public.mailboxes where tenant_id = p_tenant_id;
  insert into public.mailboxes (tenant_id, id, kind, address, config, secret_encrypted)
  values (p_tenant_id, p_id, p_kind, lower(p_address), p_config, p_secret);
end
$$;

ALTER FUNCTION private.register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) OWNER TO loket_owner;

-- Name: FUNCTION register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) IS 'Sets the one mailbox of a shop that waits for approval, for the person who registered it.';

-- Name: register_shop(uuid, text, text, text, text, text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  me uuid := private.current_user_id();
begin
  perform from public.profiles where user_id = me and suspended_at is null for update;
  if not found then
    raise exception 'only a signed-in person can register a shop' using errcode = '42501';
  end if;
  if exists (select from public.profiles where user_id = me and tenant_id is not null)
    or exists (select from public.tenants where created_by = me and status = 'pending_approval') then
    raise exception 'this person has a shop already' using errcode = '23505', constraint = 'tenants_one_per_person';
  end if;
  insert into public.tenants (
    tenant_id, bedrijfsnaam, gmail_email, shop_url, sector, taalvoorkeur, retouradres, created_by)
  values (
    p_tenant_id, p_bedrijfsnaam, lower(p_gmail_email), p_shop_url, p_sector, p_taalvoorkeur, p_retouradres, me);
end
$$;

ALTER FUNCTION private.register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text) OWNER TO loket_owner;

-- Name: FUNCTION register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text) IS 'Registers the shop of the person in the claims; it waits for approval.';

-- Name: release_mailboxes(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.release_mailboxes(p_owner uuid) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with released as (
    update public.mailboxes set lease_until = null
    where lease_owner = p_owner and lease_until is not null
    returning 1)
  select count(*)::integer from released
$$;

ALTER FUNCTION private.release_mailboxes(p_owner uuid) OWNER TO loket_owner;

-- Name: FUNCTION release_mailboxes(p_owner uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.release_mailboxes(p_owner uuid) IS 'Gives back what this node reads, so that another need not wait for the leases to end.';

-- Name: remove_member(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.remove_member(p_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner lets colleagues go' using errcode = '42501';
  end if;
  perform private.refuse_last_owner(shop, p_user_id);
  update public.profiles set tenant_id = null, tenant_role = 'viewer' where user_id = p_user_id and tenant_id = shop;
  if not found then
    return false;
  end if;
  update auth.users set raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb) - 'tenant_id' where id = p_user_id;
  perform private.write_audit(shop, pg_catalog.gen_random_uuid(), 'user', 'member.removed', p_user_id, null, '{}');
  return true;
end
$$;

ALTER FUNCTION private.remove_member(p_user_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION remove_member(p_user_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.remove_member(p_user_id uuid) IS 'Lets a colleague go: they belong to no shop any more. True when this call did it. Owners only; a shop keeps an owner.';

-- Name: rename_profile(uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.rename_profile(p_user_id uuid, p_email text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.profiles set email = lower(p_email) where user_id = p_user_id;
  return found;
end
$$;

ALTER FUNCTION private.rename_profile(p_user_id uuid, p_email text) OWNER TO loket_owner;

-- Name: FUNCTION rename_profile(p_user_id uuid, p_email text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.rename_profile(p_user_id uuid, p_email text) IS 'A person''s new, proved address in their profile too. For the auth service only.';

-- Name: replace_secret(text, uuid, text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.replace_secret(p_place text, p_row_id uuid, p_old text, p_new text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.current_tenant_id();
begin
  if p_new not like 'TEsB%' then
    raise exception 'this is no envelope' using errcode = '22023', constraint = 'secret_envelope';
  end if;
  if p_place = 'tenants.gmail_password_encrypted' then
    update public.tenants set gmail_password_encrypted = p_new
    where tenant_id = shop and tenant_id = p_row_id and gmail_password_encrypted = p_old;
  else
    update public.mailboxes set secret_encrypted = p_new
    where tenant_id = shop and id = p_row_id and secret_encrypted = p_old;
  end if;
  return found;
end
$$;

ALTER FUNCTION private.replace_secret(p_place text, p_row_id uuid, p_old text, p_new text) OWNER TO loket_owner;

-- Name: FUNCTION replace_secret(p_place text, p_row_id uuid, p_old text, p_new text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.replace_secret(p_place text, p_row_id uuid, p_old text, p_new text) IS 'Puts a renewed envelope in the place of the one it was made from; false when that one is gone. Workers, their own shop only.';

-- Name: revoke_api_key(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.revoke_api_key(p_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner revokes API keys' using errcode = '42501';
  end if;
  return private.end_api_key(shop, p_id, 'user');
end
$$;

ALTER FUNCTION private.revoke_api_key(p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION revoke_api_key(p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.revoke_api_key(p_id uuid) IS 'Revokes an API key of the caller''s shop. True when this call did it. Owners only.';

-- Name: revoke_invitation(uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.revoke_invitation(p_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
begin
  if shop is null then
    raise exception 'only an owner takes invitations back' using errcode = '42501';
  end if;
  update public.tenant_invitations set revoked_at = now()
  where tenant_id = shop and id = p_id and accepted_at is null and revoked_at is null;
  if not found then
    return false;
  end if;
  perform private.write_audit(shop, pg_catalog.gen_random_uuid(), 'user', 'member.uninvited', p_id, null, '{}');
  return true;
end
$$;

ALTER FUNCTION private.revoke_invitation(p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION revoke_invitation(p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.revoke_invitation(p_id uuid) IS 'Takes an invitation back. True when this call did it. Owners only.';

-- Name: save_shop_bounds(integer, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
  old public.tenants;
begin
  if shop is null then
    raise exception 'only an owner sets these' using errcode = '42501';
  end if;
  if p_extra_basis_points not between 0 and 2500 then
    raise exception 'at most 25 percent is added' using errcode = '22023', constraint = 'tenants_extra_bound';
  end if;
  select * into old from public.tenants where tenant_id = shop for update;
  if old.maximaal_extra_compensatie = p_extra_basis_points / 100.0
    and old.n8n_workflow_id is not distinct from p_n8n_workflow_id then
    return;
  end if;
  update public.tenants
  set maximaal_extra_compensatie = p_extra_basis_points / 100.0, n8n_workflow_id = p_n8n_workflow_id, updated_at = now()
  where tenant_id = shop;
  perform private.write_audit(
    shop, pg_catalog.gen_random_uuid(), 'user', 'shop.bounds_changed', shop, null,
    pg_catalog.jsonb_build_object('was', old.maximaal_extra_compensatie, 'is', p_extra_basis_points / 100.0));
end
$$;

ALTER FUNCTION private.save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text) OWNER TO loket_owner;

-- Name: FUNCTION save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text) IS 'How much a shop adds on top of its first offer, in hundredths of a percent, and its n8n workflow; each change is in its audit log. Owners only.';

-- Name: secret_usage(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.secret_usage() RETURNS TABLE(place text, key_prefix text, secrets bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.place, case when s.secret like 'TEsB%' then left(s.secret, 12) end, count(*)
  from (
    select 'tenants.gmail_password_encrypted' as place, gmail_password_encrypted as secret from public.tenants
    union all
    select 'mailboxes.secret_encrypted', secret_encrypted from public.mailboxes) s
  where s.secret is not null
  group by 1, 2 order by 1, 2
$$;

ALTER FUNCTION private.secret_usage() OWNER TO loket_owner;

-- Name: FUNCTION secret_usage(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.secret_usage() IS 'How many mailbox secrets each key closes; null for what is no envelope. No secret is shown.';

-- Name: secrets_to_renew(text, uuid, text, uuid, integer); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer) RETURNS TABLE(tenant_id uuid, place text, row_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.tenant_id, s.place, s.row_id
  from (
    select t.tenant_id, 'tenants.gmail_password_encrypted' as place, t.tenant_id as row_id, t.gmail_password_encrypted as secret
    from public.tenants t
    union all
    select m.tenant_id, 'mailboxes.secret_encrypted', m.id, m.secret_encrypted from public.mailboxes m) s
  where s.secret is not null and left(s.secret, 12) <> p_current
    and (s.tenant_id, s.place, s.row_id) > (p_tenant_id, p_place, p_row_id)
  order by s.tenant_id, s.place, s.row_id
  limit p_limit
$$;

ALTER FUNCTION private.secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer) OWNER TO loket_owner;

-- Name: FUNCTION secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer) IS 'Which secrets are not closed with the current key, behind the one named: ids only.';

-- Name: session_person(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.session_person(p_session_id uuid, p_user_id uuid) RETURNS TABLE(user_id uuid, session_id uuid, email text, full_name text, aal text, factor_due boolean, role text, tenant_id uuid, tenant_role text, tenant_status text, tenant jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
    SET search_path TO ''
    AS $$
#variable_conflict use_column
begin
  return query
    select p.user_id, s.id, coalesce(u.email, '')::text, p.full_name, coalesce(s.aal::text, 'aal1'),
      coalesce(s.aal::text, 'aal1') = 'aal1' and exists (
        select from auth.mfa_factors f where f.user_id = s.user_id and f.status = 'verified'),
      p.role, p.tenant_id, p.tenant_role, t.status,
      case when t.tenant_id is not null then
        pg_catalog.to_jsonb(t) - 'gmail_password_encrypted' - 'api_key_hash'
      end
    from auth.sessions s
    join auth.users u on u.id = s.user_id
    join public.profiles p on p.user_id = s.user_id
    left join public.tenants t
      on t.tenant_id = coalesce(p.tenant_id, (
        select c.tenant_id from public.tenants c
        where c.created_by = p.user_id and c.status in ('pending_approval', 'rejected') order by c.created_at desc limit 1))
    where s.id = p_session_id and s.user_id = p_user_id
      and (s.not_after is null or s.not_after > now())
      and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now())
      and p.suspended_at is null;
end
$$;

ALTER FUNCTION private.session_person(p_session_id uuid, p_user_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION session_person(p_session_id uuid, p_user_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.session_person(p_session_id uuid, p_user_id uuid) IS 'Who a live session belongs to, with profile and shop; nothing when it ended or the person is banned or suspended.';

-- Name: set_member_role(uuid, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.set_member_role(p_user_id uuid, p_tenant_role text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  shop uuid := private.owned_tenant_id();
  old text;
begin
  if shop is null then
    raise exception 'only an owner changes roles' using errcode = '42501';
  end if;
  perform private.refuse_last_owner(shop, case when p_tenant_role <> 'owner' then p_user_id end);
  select tenant_role into old from public.profiles where user_id = p_user_id and tenant_id = shop for update;
  if not found then
    raise exception 'there is no such member' using errcode = 'P0002';
  end if;
  if old = p_tenant_role then
    return false;
  end if;
  update public.profiles set tenant_role = p_tenant_role where user_id = p_user_id and tenant_id = shop;
  perform private.write_audit(
    shop, pg_catalog.gen_random_uuid(), 'user', 'member.role_changed', p_user_id, null,
    pg_catalog.jsonb_build_object('was', old, 'is', p_tenant_role));
  return true;
end
$$;

ALTER FUNCTION private.set_member_role(p_user_id uuid, p_tenant_role text) OWNER TO loket_owner;

-- Name: FUNCTION set_member_role(p_user_id uuid, p_tenant_role text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.set_member_role(p_user_id uuid, p_tenant_role text) IS 'Changes what a colleague may do. True when this call did it. Owners only; a shop keeps an owner.';

-- Name: set_platform_role(uuid, text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.set_platform_role(p_user_id uuid, p_role text, p_reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  person public.profiles;
  reason text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can change a role' using errcode = '42501';
  end if;
  reason := private.refuse_without_reason(p_reason);
  if p_user_id = private.current_user_id() then
    raise exception 'nobody changes their own role' using errcode = '22023', constraint = 'profiles_not_oneself';
  end if;
  select * into person from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
  end if;
  if person.role = p_role then
    return false;
  end if;
  update public.profiles set role = p_role where user_id = p_user_id;
  perform private.write_audit(
    '00000000-0000-0000-0000-000000000000', pg_catalog.gen_random_uuid(), 'admin', 'admin.role_changed', p_user_id,
    reason, pg_catalog.jsonb_build_object('was', person.role, 'is', p_role));
  return true;
end
$$;

ALTER FUNCTION private.set_platform_role(p_user_id uuid, p_role text, p_reason text) OWNER TO loket_owner;

-- Name: FUNCTION set_platform_role(p_user_id uuid, p_role text, p_reason text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.set_platform_role(p_user_id uuid, p_role text, p_reason text) IS 'Makes a person a platform admin, or takes that away. True when this call did it. Admins only, and nobody themselves.';

-- Name: set_tenant_status(uuid, text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  old text;
  reason text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can change a shop''s status' using errcode = '42501';
  end if;
  reason := private.refuse_without_reason(p_reason);
  select status into old from public.tenants where tenant_id = p_tenant_id for update;
  if not found then
    raise exception 'there is no shop %', p_tenant_id using errcode = 'P0002';
  end if;
  if old = p_status then
    return false;
  end if;
  -- pending_approval -> rejected, approved <-> suspended; approving is another function's.
  if (old, p_status) not in (('pending_approval', 'rejected'), ('approved', 'suspended'), ('suspended', 'approved')) then
    raise exception 'a shop that is % cannot become %', old, p_status
      using errcode = '22023', constraint = 'tenants_status_step';
  end if;
  update public.tenants
  set status = p_status, active = (p_status = 'approved'), updated_at = now()
  where tenant_id = p_tenant_id;
  perform private.tell_shop(
    p_tenant_id, case p_status when 'approved' then 'shop.resumed' else 'shop.' || p_status end, reason, old,
    case p_status when 'suspended' then 'high' else 'medium' end);
  return true;
end
$$;

ALTER FUNCTION private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) OWNER TO loket_owner;

-- Name: FUNCTION set_tenant_status(p_tenant_id uuid, p_status text, p_reason text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) IS 'Rejects a shop that waits, suspends an approved one, or resumes a suspended one (approved). True when this call did it. Admins only.';

-- Name: set_user_suspended(uuid, boolean, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  person public.profiles;
  reason text;
begin
  if not private.is_platform_admin() then
    raise exception 'only a platform admin can suspend a person' using errcode = '42501';
  end if;
  reason := private.refuse_without_reason(p_reason);
  select * into person from public.profiles where user_id = p_user_id for update;
  if not found then
    raise exception 'there is no profile %', p_user_id using errcode = 'P0002';
  end if;
  if p_suspended and p_user_id = private.current_user_id() then
    raise exception 'nobody suspends themselves' using errcode = '22023', constraint = 'profiles_not_oneself';
  end if;
  if (person.suspended_at is not null) = p_suspended then
    return false;
  end if;
  if p_suspended then
    perform from auth.users where id = p_user_id for no key update;
    delete from auth.sessions where user_id = p_user_id;
  end if;
  update public.profiles set suspended_at = case when p_suspended then now() end where user_id = p_user_id;
  perform private.write_audit(
    coalesce(person.tenant_id, '00000000-0000-0000-0000-000000000000'), pg_catalog.gen_random_uuid(), 'admin',
    case when p_suspended then 'profile.suspended' else 'profile.resumed' end, p_user_id, reason, '{}');
  return true;
end
$$;

ALTER FUNCTION private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) OWNER TO loket_owner;

-- Name: FUNCTION set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) IS 'Suspends a person or ends that. True when this call did it. Admins only, and nobody themselves.';

-- Name: standing_reason(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.standing_reason() RETURNS TABLE(action text, reason text, created_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
    SET search_path TO ''
    AS $$
  select a.action, coalesce(a.reason, ''), a.created_at
  from public.profiles p
  join public.tenants t on t.tenant_id = coalesce(p.tenant_id, (
    select c.tenant_id from public.tenants c
    where c.created_by = p.user_id and c.status in ('pending_approval', 'rejected') order by c.created_at desc limit 1))
  join public.audit_log a on a.tenant_id = t.tenant_id and a.action = 'shop.' || t.status
    and a.actor_role = 'admin'
  where p.user_id = private.current_user_id() and p.suspended_at is null
    and (p.tenant_id is null or p.tenant_role = 'owner')
    and t.status in ('rejected', 'suspended')
  order by a.created_at desc, a.id desc
  limit 1
$$;

ALTER FUNCTION private.standing_reason() OWNER TO loket_owner;

-- Name: FUNCTION standing_reason(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.standing_reason() IS 'Why the caller''s own shop was rejected or suspended, in the words a platform admin left in the audit log; nothing for anybody but its owner or who registered it, and nothing while it works.';

-- Name: stop_history(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.stop_history(p_tenant_id uuid, p_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if private.owned_tenant_id() is distinct from p_tenant_id then
    raise exception 'only an owner stops bringing in older mail' using errcode = '42501';
  end if;
  update public.history_imports set state = 'stopped', finished_at = now()
  where tenant_id = p_tenant_id and id = p_id and state in ('counting', 'counted', 'running');
  return found;
end
$$;

ALTER FUNCTION private.stop_history(p_tenant_id uuid, p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION stop_history(p_tenant_id uuid, p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.stop_history(p_tenant_id uuid, p_id uuid) IS 'Stops bringing in older mail; what is there stays. For owners. False where nothing was under way.';

-- Name: stuck_sending(interval); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.stuck_sending(p_older_than interval) RETURNS TABLE(tenant_id uuid, outbox_id uuid, sending_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select o.tenant_id, o.id, o.sending_at
  from public.outbox o
  where o.state = 'sending' and o.sending_at < now() - p_older_than
  order by o.sending_at
$$;

ALTER FUNCTION private.stuck_sending(p_older_than interval) OWNER TO loket_owner;

-- Name: FUNCTION stuck_sending(p_older_than interval); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.stuck_sending(p_older_than interval) IS 'Mail whose sending was begun and never reported on: its outcome is unknown.';

-- Name: take_unproved(text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.take_unproved(p_email text, p_encrypted_password text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  person uuid;
begin
  update auth.users
  set encrypted_password = p_encrypted_password, email_confirmed_at = now(), raw_user_meta_data = '{}',
    raw_app_meta_data = coalesce(raw_app_meta_data, '{}'::jsonb) - 'signed_up_again',
    confirmation_token = '', recovery_token = '', email_change = '', email_change_token_new = '',
    email_change_token_current = '', updated_at = now()
  where lower(email) = lower(p_email) and email_confirmed_at is null and deleted_at is null and not is_sso_user
  returning id into person;
  if person is not null then
    delete from auth.one_time_tokens where user_id = person;
    delete from auth.mfa_factors where user_id = person;
    delete from auth.sessions where user_id = person;
    perform private.ensure_profile(person, p_email);
  end if;
  return person;
end
$$;

ALTER FUNCTION private.take_unproved(p_email text, p_encrypted_password text) OWNER TO loket_owner;

-- Name: FUNCTION take_unproved(p_email text, p_encrypted_password text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.take_unproved(p_email text, p_encrypted_password text) IS 'Gives an account whose address nobody proved to whoever runs the command line: with their password, and without anything from before. Null when there is none.';

-- Name: tell_shop(uuid, text, text, text, text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.write_audit(
    p_tenant_id, pg_catalog.gen_random_uuid(), 'admin', p_action, p_tenant_id, p_reason,
    pg_catalog.jsonb_build_object('was', p_was));
  if p_was <> 'pending_approval' then
    insert into public.notifications (tenant_id, id, type, priority, action_required, detail)
    values (p_tenant_id, pg_catalog.gen_random_uuid(), 'action_needed', p_priority, false, p_action);
  end if;
end
$$;

ALTER FUNCTION private.tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text) OWNER TO loket_owner;

-- Name: FUNCTION tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text) IS 'Records a change of a shop''s standing where the shop sees it; for definer functions only.';

-- Name: thread_is_sound(text, text, text, smallint, smallint); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
begin
  return status in ('open', 'closed')
    and language in ('nl', 'en', 'de', 'fr', 'other')
    and customer_mood in ('positive', 'neutral', 'frustrated', 'angry', 'sad')
    and escalation_level between 0 and 3
    and ladder_stap between 0 and 9;
end
$$;

ALTER FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) OWNER TO loket_owner;

-- Name: FUNCTION thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) IS 'The words and ranges of a conversation.';

-- Name: touch_api_key(uuid, uuid); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.touch_api_key(p_tenant_id uuid, p_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update public.api_keys set last_used_at = now() where tenant_id = p_tenant_id and id = p_id
$$;

ALTER FUNCTION private.touch_api_key(p_tenant_id uuid, p_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION touch_api_key(p_tenant_id uuid, p_id uuid); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.touch_api_key(p_tenant_id uuid, p_id uuid) IS 'Remembers that an API key was used.';

-- Name: user_by_email(text); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.user_by_email(p_email text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select u.id from auth.users u
    join public.profiles p on p.user_id = u.id
    where lower(u.email) = lower(p_email) and u.email_confirmed_at is not null and u.deleted_at is null and not u.is_sso_user);
end
$$;

ALTER FUNCTION private.user_by_email(p_email text) OWNER TO loket_owner;

-- Name: FUNCTION user_by_email(p_email text); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.user_by_email(p_email text) IS 'The person who proved this address, for the command line; null when there is none.';

-- Name: user_role(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.user_role() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select role from public.profiles
  where user_id = private.current_user_id() and suspended_at is null
$$;

ALTER FUNCTION private.user_role() OWNER TO loket_owner;

-- Name: FUNCTION user_role(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.user_role() IS 'The role of the person in the claims, read fresh; null when unknown.';

-- Name: user_tenant_id(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.user_tenant_id() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select tenant_id from public.profiles
  where user_id = private.current_user_id() and suspended_at is null
$$;

ALTER FUNCTION private.user_tenant_id() OWNER TO loket_owner;

-- Name: FUNCTION user_tenant_id(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.user_tenant_id() IS 'The shop of the person in the claims, read fresh; null when none.';

-- Name: working_tenant_id(); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.working_tenant_id() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select p.tenant_id
  from public.profiles p
  join public.tenants t on t.tenant_id = p.tenant_id and t.status = 'approved'
  where p.user_id = private.current_user_id() and p.tenant_id = private.current_tenant_id()
    and p.tenant_role in ('owner', 'agent') and p.suspended_at is null
  union all
  select k.tenant_id
  from public.api_keys k
  join public.tenants t on t.tenant_id = k.tenant_id and t.status = 'approved'
  where private.current_user_id() is null
    and k.tenant_id = private.current_tenant_id()
    and k.id = nullif(pg_catalog.current_setting('app.api_key_id', true), '')::uuid
    and k.revoked_at is null and k.scopes && array['mail', 'chat']
  limit 1
$$;

ALTER FUNCTION private.working_tenant_id() OWNER TO loket_owner;

-- Name: FUNCTION working_tenant_id(); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.working_tenant_id() IS 'The shop whose mail and chat the caller may work: an owner, an agent, or a live API key with that scope; null for others, and while the shop is suspended.';

-- Name: write_audit(uuid, uuid, text, text, uuid, text, jsonb); Type: FUNCTION; Schema: private; Owner: loket_owner

CREATE FUNCTION private.write_audit(p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into public.audit_log (tenant_id, id, actor_id, actor_role, action, subject_id, reason, detail)
  values (p_tenant_id, p_id, private.current_user_id(), p_actor_role, p_action, p_subject_id, p_reason, p_detail)
$$;

ALTER FUNCTION private.write_audit(p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb) OWNER TO loket_owner;

-- Name: FUNCTION write_audit(p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb); Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON FUNCTION private.write_audit(p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb) IS 'Adds an audit entry; for definer functions only.';

-- Name: approve_tenant_v2(uuid); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.approve_tenant_v2(tenant_id uuid) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.approve_tenant(tenant_id) $$;

ALTER FUNCTION public.approve_tenant_v2(tenant_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION approve_tenant_v2(tenant_id uuid); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.approve_tenant_v2(tenant_id uuid) IS 'Contract: approves a shop; admins only, may be repeated. True when this call did it.';

-- Name: get_current_user_role(); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.get_current_user_role() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.user_role() $$;

ALTER FUNCTION public.get_current_user_role() OWNER TO loket_owner;

-- Name: FUNCTION get_current_user_role(); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.get_current_user_role() IS 'Contract: user or admin; null when nobody is signed in.';

-- Name: get_user_tenant_id(); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.get_user_tenant_id() RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$ select private.user_tenant_id() $$;

ALTER FUNCTION public.get_user_tenant_id() OWNER TO loket_owner;

-- Name: FUNCTION get_user_tenant_id(); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.get_user_tenant_id() IS 'Contract: the signed-in person''s shop; null while pending.';

-- Name: handle_new_user(); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.handle_new_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform private.ensure_profile(new.id, new.email);
  return new;
exception when others then
  raise warning 'no profile was made for user %: %', new.id, sqlerrm;
  return new;
end
$$;

ALTER FUNCTION public.handle_new_user() OWNER TO loket_owner;

-- Name: FUNCTION handle_new_user(); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.handle_new_user() IS 'Contract: makes the profile of a new user; trigger on auth.users.';

-- Name: link_profile_to_tenant(uuid, uuid); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.link_profile_to_tenant(user_id uuid, tenant_id uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.link_profile_to_tenant(user_id, tenant_id) $$;

ALTER FUNCTION public.link_profile_to_tenant(user_id uuid, tenant_id uuid) OWNER TO loket_owner;

-- Name: FUNCTION link_profile_to_tenant(user_id uuid, tenant_id uuid); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.link_profile_to_tenant(user_id uuid, tenant_id uuid) IS 'Contract: links a person to a shop; admins only, may be repeated.';

-- Name: reject_tenant(uuid, text); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.reject_tenant(tenant_id uuid, reason text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.set_tenant_status(tenant_id, 'rejected', reason) $$;

ALTER FUNCTION public.reject_tenant(tenant_id uuid, reason text) OWNER TO loket_owner;

-- Name: FUNCTION reject_tenant(tenant_id uuid, reason text); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.reject_tenant(tenant_id uuid, reason text) IS 'Rejects a shop that waits; admins only, may be repeated.';

-- Name: resume_tenant(uuid, text); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.resume_tenant(tenant_id uuid, reason text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.set_tenant_status(tenant_id, 'approved', reason) $$;

ALTER FUNCTION public.resume_tenant(tenant_id uuid, reason text) OWNER TO loket_owner;

-- Name: FUNCTION resume_tenant(tenant_id uuid, reason text); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.resume_tenant(tenant_id uuid, reason text) IS 'Resumes a suspended shop; admins only, may be repeated.';

-- Name: suspend_tenant(uuid, text); Type: FUNCTION; Schema: public; Owner: loket_owner

CREATE FUNCTION public.suspend_tenant(tenant_id uuid, reason text) RETURNS boolean
    LANGUAGE sql
    SET search_path TO ''
    AS $$ select private.set_tenant_status(tenant_id, 'suspended', reason) $$;

ALTER FUNCTION public.suspend_tenant(tenant_id uuid, reason text) OWNER TO loket_owner;

-- Name: FUNCTION suspend_tenant(tenant_id uuid, reason text); Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON FUNCTION public.suspend_tenant(tenant_id uuid, reason text) IS 'Suspends a shop: its mail is not fetched, its queue is held, its people see nothing; admins only, may be repeated.';

-- Name: schema_migrations; Type: TABLE; Schema: private; Owner: loket_owner

CREATE TABLE private.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE private.schema_migrations OWNER TO loket_owner;

-- Name: TABLE schema_migrations; Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON TABLE private.schema_migrations IS 'Which migrations were applied, and what they said then.';

-- Name: COLUMN schema_migrations.version; Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON COLUMN private.schema_migrations.version IS 'Number in the file name.';

-- Name: COLUMN schema_migrations.name; Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON COLUMN private.schema_migrations.name IS 'Name in the file name.';

-- Name: COLUMN schema_migrations.sha256; Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON COLUMN private.schema_migrations.sha256 IS 'SHA-256 of the file as applied.';

-- Name: COLUMN schema_migrations.applied_at; Type: COMMENT; Schema: private; Owner: loket_owner

COMMENT ON COLUMN private.schema_migrations.applied_at IS 'When it was applied.';

-- Name: api_keys; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.api_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_key_hash_check CHECK ((octet_length(key_hash) = 32)),
    CONSTRAINT api_keys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT api_keys_scopes_check CHECK (((scopes <@ ARRAY['read'::text, 'mail'::text, 'chat'::text]) AND ((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 3))))
);

ALTER TABLE public.api_keys OWNER TO loket_owner;

-- Name: TABLE api_keys; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.api_keys IS 'Keys with which a shop''s own programs come in. The key is shown once; prefix and hash are kept.';

-- Name: COLUMN api_keys.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.tenant_id IS 'The shop.';

-- Name: COLUMN api_keys.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.id IS 'This key.';

-- Name: COLUMN api_keys.name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.name IS 'What it is for, in the shop''s words.';

-- Name: COLUMN api_keys.prefix; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.prefix IS 'The beginning of the key, to recognise it by.';

-- Name: COLUMN api_keys.key_hash; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.key_hash IS 'SHA-256 of the whole key. Readable by nobody.';

-- Name: COLUMN api_keys.scopes; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.scopes IS 'What it opens: read, mail (work the mail), chat (work the chat).';

-- Name: COLUMN api_keys.created_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.created_by IS 'Person who made it; null when the operator did.';

-- Name: COLUMN api_keys.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.created_at IS 'When it was made.';

-- Name: COLUMN api_keys.last_used_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.last_used_at IS 'When it was last used, to five minutes; null when never.';

-- Name: COLUMN api_keys.revoked_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.api_keys.revoked_at IS 'Since when it opens nothing; null while it is good.';

-- Name: attachments; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.attachments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    interaction_id uuid NOT NULL,
    raw_message_id uuid NOT NULL,
    place smallint NOT NULL,
    part_path text NOT NULL,
    file_name text NOT NULL,
    safe_name text NOT NULL,
    content_type text NOT NULL,
    disposition text NOT NULL,
    content_id text,
    encoding text NOT NULL,
    raw_offset integer NOT NULL,
    raw_length integer NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT attachments_disposition_check CHECK ((disposition = ANY (ARRAY['attachment'::text, 'inline'::text, ''::text]))),
    CONSTRAINT attachments_place_check CHECK (((place >= 1) AND (place <= 100))),
    CONSTRAINT attachments_raw_check CHECK (((raw_offset >= 0) AND (raw_length >= 0) AND (size_bytes >= 0))),
    CONSTRAINT attachments_safe_name_check CHECK (((safe_name <> ''::text) AND (safe_name !~ '[/\\]'::text) AND (safe_name !~ '^\.'::text))),
    CONSTRAINT attachments_sha256_check CHECK ((octet_length(sha256) = 32))
);

ALTER TABLE public.attachments OWNER TO loket_owner;

-- Name: TABLE attachments; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.attachments IS 'Files of customers'' mails, attached or inside the text: listed and hashed, never unpacked.';

-- Name: COLUMN attachments.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.tenant_id IS 'The shop.';

-- Name: COLUMN attachments.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.id IS 'This file.';

-- Name: COLUMN attachments.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.interaction_id IS 'The mail, in its conversation.';

-- Name: COLUMN attachments.raw_message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.raw_message_id IS 'The mail itself, which holds the bytes; no foreign key, as raw mail may be deleted earlier.';

-- Name: COLUMN attachments.place; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.place IS 'Which file of the mail, from 1.';

-- Name: COLUMN attachments.part_path; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.part_path IS 'Its part of the mail, as IMAP counts: 2.1.';

-- Name: COLUMN attachments.file_name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.file_name IS 'As the sender named it; may be empty. Never for a disk.';

-- Name: COLUMN attachments.safe_name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.safe_name IS 'The same without path, hidden signs and what a file system reads as something else.';

-- Name: COLUMN attachments.content_type; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.content_type IS 'As the sender declared it; never believed.';

-- Name: COLUMN attachments.disposition; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.disposition IS 'attachment, inline or empty, as the sender declared it.';

-- Name: COLUMN attachments.content_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.content_id IS 'What the HTML calls it by, without angle brackets; null when it has none.';

-- Name: COLUMN attachments.encoding; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.encoding IS 'Its transfer encoding; empty for none.';

-- Name: COLUMN attachments.raw_offset; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.raw_offset IS 'Where its encoded bytes begin in the raw mail, from 0.';

-- Name: COLUMN attachments.raw_length; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.raw_length IS 'How many encoded bytes there are.';

-- Name: COLUMN attachments.size_bytes; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.size_bytes IS 'Decoded size; an estimate where there is no hash.';

-- Name: COLUMN attachments.sha256; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.sha256 IS 'SHA-256 of the decoded bytes; null when it is larger than can be had.';

-- Name: COLUMN attachments.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.attachments.created_at IS 'When it was listed.';

-- Name: audit_log; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.audit_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    actor_id uuid,
    actor_role text NOT NULL,
    action text NOT NULL,
    subject_id uuid,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_log_actor_role_check CHECK ((actor_role = ANY (ARRAY['user'::text, 'admin'::text, 'worker'::text, 'system'::text])))
);

ALTER TABLE public.audit_log OWNER TO loket_owner;

-- Name: TABLE audit_log; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.audit_log IS 'Who did what and why. Rows are added, never changed; no foreign keys, as it outlives what it tells of.';

-- Name: COLUMN audit_log.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.tenant_id IS 'The shop concerned; the nil UUID for the platform itself.';

-- Name: COLUMN audit_log.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.id IS 'This entry.';

-- Name: COLUMN audit_log.actor_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.actor_id IS 'The person who did it; null when the program did.';

-- Name: COLUMN audit_log.actor_role; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.actor_role IS 'user, admin, worker or system.';

-- Name: COLUMN audit_log.action; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.action IS 'What was done, for instance shop.opened.';

-- Name: COLUMN audit_log.subject_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.subject_id IS 'The row concerned; null when none.';

-- Name: COLUMN audit_log.reason; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.reason IS 'Why, in the actor''s own words; null where none is asked.';

-- Name: COLUMN audit_log.detail; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.detail IS 'Old and new values without secrets.';

-- Name: COLUMN audit_log.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.audit_log.created_at IS 'When it was done.';

-- Name: chat_messages; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.chat_messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    sender_type text NOT NULL,
    message text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT chat_messages_message_check CHECK (((char_length(message) >= 1) AND (char_length(message) <= 8000))),
    CONSTRAINT chat_messages_sender_type_check CHECK ((sender_type = ANY (ARRAY['user'::text, 'admin'::text, 'ai'::text])))
);

ALTER TABLE public.chat_messages OWNER TO loket_owner;

-- Name: TABLE chat_messages; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.chat_messages IS 'What was said in a chat.';

-- Name: COLUMN chat_messages.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_messages.tenant_id IS 'The shop.';

-- Name: COLUMN chat_messages.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_messages.id IS 'This message; chosen by the sender, so that a repeat is recognised.';

-- Name: COLUMN chat_messages.session_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_messages.session_id IS 'The chat.';

-- Name: COLUMN chat_messages.sender_type; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_messages.sender_type IS 'user (the visitor), admin (a person of the shop or platform) or ai.';

-- Name: COLUMN chat_messages.message; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_messages.message IS 'Plain text.';

-- Name: COLUMN chat_messages.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_messages.created_at IS 'When it was said.';

-- Name: chat_sessions; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.chat_sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_email text NOT NULL,
    admin_id uuid,
    status text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_message_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT chat_sessions_status_check CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text])))
);

ALTER TABLE public.chat_sessions OWNER TO loket_owner;

-- Name: TABLE chat_sessions; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.chat_sessions IS 'One chat with one visitor.';

-- Name: COLUMN chat_sessions.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.tenant_id IS 'The shop.';

-- Name: COLUMN chat_sessions.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.id IS 'This chat.';

-- Name: COLUMN chat_sessions.user_email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.user_email IS 'The visitor''s address as given; not verified.';

-- Name: COLUMN chat_sessions.admin_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.admin_id IS 'Platform admin who helps; null when none does.';

-- Name: COLUMN chat_sessions.status; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.status IS 'open or closed.';

-- Name: COLUMN chat_sessions.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.created_at IS 'When it began.';

-- Name: COLUMN chat_sessions.last_message_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.last_message_at IS 'When somebody last wrote.';

-- Name: COLUMN chat_sessions.closed_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.chat_sessions.closed_at IS 'When it was closed; null while open.';

-- Name: conversation_threads; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.conversation_threads (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_email text NOT NULL,
    customer_name text DEFAULT ''::text NOT NULL,
    escalation_level smallint DEFAULT 0 NOT NULL,
    customer_mood text DEFAULT 'neutral'::text NOT NULL,
    vip_status boolean DEFAULT false NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    language text DEFAULT 'nl'::text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    ladder_stap smallint DEFAULT 0 NOT NULL,
    message_count integer DEFAULT 0 NOT NULL,
    last_message_at timestamp with time zone NOT NULL,
    last_answer_at timestamp with time zone,
    answered_by_person_at timestamp with time zone,
    assigned_to uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT conversation_threads_sound_check CHECK (private.thread_is_sound(status, language, customer_mood, escalation_level, ladder_stap))
);

ALTER TABLE public.conversation_threads OWNER TO loket_owner;

-- Name: TABLE conversation_threads; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.conversation_threads IS 'One conversation with one customer.';

-- Name: COLUMN conversation_threads.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.tenant_id IS 'The shop.';

-- Name: COLUMN conversation_threads.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.id IS 'This conversation.';

-- Name: COLUMN conversation_threads.customer_email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.customer_email IS 'The customer, lower case.';

-- Name: COLUMN conversation_threads.customer_name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.customer_name IS 'As the customer signs.';

-- Name: COLUMN conversation_threads.escalation_level; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.escalation_level IS '0 none, 1 watch, 2 a person must answer, 3 threat, law, safety.';

-- Name: COLUMN conversation_threads.customer_mood; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.customer_mood IS 'Tone of the newest mail.';

-- Name: COLUMN conversation_threads.vip_status; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.vip_status IS 'Whether the shop marked this customer as important.';

-- Name: COLUMN conversation_threads.subject; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.subject IS 'Subject of the first mail.';

-- Name: COLUMN conversation_threads.language; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.language IS 'Language of the newest mail.';

-- Name: COLUMN conversation_threads.status; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.status IS 'open or closed.';

-- Name: COLUMN conversation_threads.ladder_stap; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.ladder_stap IS 'Offers made in this conversation, 0 to 9.';

-- Name: COLUMN conversation_threads.message_count; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.message_count IS 'Mails of the customer in it.';

-- Name: COLUMN conversation_threads.last_message_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.last_message_at IS 'When the customer last wrote.';

-- Name: COLUMN conversation_threads.last_answer_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.last_answer_at IS 'When the shop last answered; null before.';

-- Name: COLUMN conversation_threads.answered_by_person_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.answered_by_person_at IS 'When a person last answered, in Loket or in the mailbox itself; null when none did.';

-- Name: COLUMN conversation_threads.assigned_to; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.assigned_to IS 'Colleague who took it over; null when nobody did.';

-- Name: COLUMN conversation_threads.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.conversation_threads.created_at IS 'When it began.';

-- Name: customer_interactions; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.customer_interactions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    raw_message_id uuid,
    customer_email text NOT NULL,
    from_name text DEFAULT ''::text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    message_id text,
    in_reply_to text,
    message_references text[] DEFAULT '{}'::text[] NOT NULL,
    sender_verified boolean DEFAULT false NOT NULL,
    reply_to_elsewhere boolean DEFAULT false NOT NULL,
    received_at timestamp with time zone NOT NULL,
    message_body text NOT NULL,
    ai_response text,
    ai_response_html text,
    compensatie_percentage numeric(5,2) DEFAULT 0 NOT NULL,
    dreiging_detected boolean DEFAULT false NOT NULL,
    annulering_aangevraagd boolean DEFAULT false NOT NULL,
    ladder_stap smallint DEFAULT 0 NOT NULL,
    language text DEFAULT 'nl'::text NOT NULL,
    intents text[] DEFAULT '{}'::text[] NOT NULL,
    customer_mood text DEFAULT 'neutral'::text NOT NULL,
    order_number text,
    state text DEFAULT 'received'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    decided_at timestamp with time zone,
    decided_by uuid,
    doubt text,
    CONSTRAINT customer_interactions_sound_check CHECK (private.interaction_is_sound(state, language, customer_mood, doubt, intents, ladder_stap, compensatie_percentage))
);

ALTER TABLE public.customer_interactions OWNER TO loket_owner;

-- Name: TABLE customer_interactions; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.customer_interactions IS 'One row per customer mail, with what was answered.';

-- Name: COLUMN customer_interactions.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.tenant_id IS 'The shop.';

-- Name: COLUMN customer_interactions.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.id IS 'This interaction.';

-- Name: COLUMN customer_interactions.thread_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.thread_id IS 'The conversation it belongs to.';

-- Name: COLUMN customer_interactions.raw_message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.raw_message_id IS 'The mail itself; no foreign key, as raw mail may be deleted earlier.';

-- Name: COLUMN customer_interactions.customer_email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.customer_email IS 'Who wrote, lower case.';

-- Name: COLUMN customer_interactions.from_name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.from_name IS 'Display name of who wrote.';

-- Name: COLUMN customer_interactions.subject; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.subject IS 'Decoded subject.';

-- Name: COLUMN customer_interactions.message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.message_id IS 'Message-ID without angle brackets; null when absent.';

-- Name: COLUMN customer_interactions.in_reply_to; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.in_reply_to IS 'First In-Reply-To without angle brackets; null when absent.';

-- Name: COLUMN customer_interactions.message_references; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.message_references IS 'References without angle brackets, oldest first.';

-- Name: COLUMN customer_interactions.sender_verified; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.sender_verified IS 'Whether the mailbox''s own provider vouches for the sender.';

-- Name: COLUMN customer_interactions.reply_to_elsewhere; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.reply_to_elsewhere IS 'Whether an answer was asked for at another domain than the sender''s.';

-- Name: COLUMN customer_interactions.received_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.received_at IS 'When the mailbox received it.';

-- Name: COLUMN customer_interactions.message_body; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.message_body IS 'The text a person would read, with quotes and signature.';

-- Name: COLUMN customer_interactions.ai_response; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.ai_response IS 'Plain text of the answer or draft; null until there is one.';

-- Name: COLUMN customer_interactions.ai_response_html; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.ai_response_html IS 'HTML of the answer or draft; null until there is one.';

-- Name: COLUMN customer_interactions.compensatie_percentage; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.compensatie_percentage IS 'Percent compensation offered in the answer.';

-- Name: COLUMN customer_interactions.dreiging_detected; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.dreiging_detected IS 'Whether a threat was read.';

-- Name: COLUMN customer_interactions.annulering_aangevraagd; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.annulering_aangevraagd IS 'Whether a cancellation was asked for.';

-- Name: COLUMN customer_interactions.ladder_stap; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.ladder_stap IS 'Ladder step the answer stands on, 0 to 9.';

-- Name: COLUMN customer_interactions.language; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.language IS 'Language of the new text.';

-- Name: COLUMN customer_interactions.intents; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.intents IS 'What the customer wants.';

-- Name: COLUMN customer_interactions.customer_mood; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.customer_mood IS 'Tone of the new text.';

-- Name: COLUMN customer_interactions.order_number; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.order_number IS 'As the customer wrote it; null when none was given.';

-- Name: COLUMN customer_interactions.state; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.state IS 'Where it stands; see the check.';

-- Name: COLUMN customer_interactions.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.created_at IS 'When it was recorded.';

-- Name: COLUMN customer_interactions.decided_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.decided_at IS 'When the decision was written; null before.';

-- Name: COLUMN customer_interactions.decided_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.decided_by IS 'Person who approved or discarded the draft; null when no person did.';

-- Name: COLUMN customer_interactions.doubt; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.customer_interactions.doubt IS 'Why a person must look whatever it says: looks_automatic (by its wording or sender alone), contact_form (the shop''s own form wrote it), colleague (from the shop''s own domain), partly_read (too large or too nested to be read whole), same_number (another mail came under its Message-ID). Null without doubt.';

-- Name: email_filters; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.email_filters (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    filter_type text NOT NULL,
    email_address text,
    domain text,
    is_regex boolean DEFAULT false NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT email_filters_filter_type_check CHECK ((filter_type = ANY (ARRAY['allow'::text, 'block'::text, 'spam'::text]))),
    CONSTRAINT email_filters_length_check CHECK (((char_length(COALESCE(email_address, domain)) >= 1) AND (char_length(COALESCE(email_address, domain)) <= 500))),
    CONSTRAINT email_filters_one_value_check CHECK ((num_nonnulls(email_address, domain) = 1))
);

ALTER TABLE public.email_filters OWNER TO loket_owner;

-- Name: TABLE email_filters; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.email_filters IS 'Whose mail is let in, blocked, or kept as spam. Allow beats block beats spam.';

-- Name: COLUMN email_filters.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.tenant_id IS 'The shop.';

-- Name: COLUMN email_filters.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.id IS 'This filter.';

-- Name: COLUMN email_filters.filter_type; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.filter_type IS 'allow, block or spam.';

-- Name: COLUMN email_filters.email_address; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.email_address IS 'Exact address in lower case, or a pattern when is_regex; null when domain is given.';

-- Name: COLUMN email_filters.domain; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.domain IS 'Domain in lower case, or a pattern when is_regex; null when email_address is given.';

-- Name: COLUMN email_filters.is_regex; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.is_regex IS 'Whether the value is a regular expression.';

-- Name: COLUMN email_filters.created_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.created_by IS 'Person who added it; null when the program did.';

-- Name: COLUMN email_filters.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.email_filters.created_at IS 'When it was added.';

-- Name: event_counters; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.event_counters (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL
);

ALTER TABLE public.event_counters OWNER TO loket_owner;

-- Name: TABLE event_counters; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.event_counters IS 'The last event number of each shop. Its row lock makes the order of commits the order of numbers, without gaps. No foreign key: it is written with every mail.';

-- Name: COLUMN event_counters.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.event_counters.tenant_id IS 'The shop.';

-- Name: COLUMN event_counters.seq; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.event_counters.seq IS 'Number of the newest event.';

-- Name: events; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.events (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    thread_id uuid,
    subject_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT events_kind_check CHECK ((kind ~ '^[a-z_]+\.[a-z_]+$'::text))
);

ALTER TABLE public.events OWNER TO loket_owner;

-- Name: TABLE events; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.events IS 'What moved: kinds and ids, never text. Pages read the rows again under the viewer''s own claims. No foreign key: it is written with every mail.';

-- Name: COLUMN events.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.events.tenant_id IS 'The shop.';

-- Name: COLUMN events.seq; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.events.seq IS 'Counts from 1 per shop, in commit order, without gaps.';

-- Name: COLUMN events.kind; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.events.kind IS 'What happened, for instance interaction.received.';

-- Name: COLUMN events.thread_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.events.thread_id IS 'The conversation concerned; null when none.';

-- Name: COLUMN events.subject_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.events.subject_id IS 'The row concerned; null when none.';

-- Name: COLUMN events.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.events.created_at IS 'When it happened.';

-- Name: history_imports; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.history_imports (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    days smallint NOT NULL,
    since timestamp with time zone NOT NULL,
    state text DEFAULT 'counting'::text NOT NULL,
    failure text,
    found bigint DEFAULT 0 NOT NULL,
    found_bytes bigint DEFAULT 0 NOT NULL,
    left_out boolean DEFAULT false NOT NULL,
    taken bigint DEFAULT 0 NOT NULL,
    answers bigint DEFAULT 0 NOT NULL,
    cursor jsonb DEFAULT '{}'::jsonb NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT history_imports_days_check CHECK ((days = ANY (ARRAY[30, 90, 365]))),
    CONSTRAINT history_imports_finished_at_check CHECK (((state = ANY (ARRAY['done'::text, 'stopped'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT history_imports_state_check CHECK ((state = ANY (ARRAY['counting'::text, 'counted'::text, 'running'::text, 'done'::text, 'stopped'::text, 'failed'::text])))
);

ALTER TABLE public.history_imports OWNER TO loket_owner;

-- Name: TABLE history_imports; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.history_imports IS 'Older mail that a shop asked for: counted first, then brought in, and never answered.';

-- Name: COLUMN history_imports.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.tenant_id IS 'The shop.';

-- Name: COLUMN history_imports.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.id IS 'This import.';

-- Name: COLUMN history_imports.mailbox_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.mailbox_id IS 'The mailbox.';

-- Name: COLUMN history_imports.days; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.days IS 'How many days back: 30, 90 or 365.';

-- Name: COLUMN history_imports.since; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.since IS 'Mail that came at this time or later is brought in.';

-- Name: COLUMN history_imports.state; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.state IS 'counting, counted (waits for a yes), running, done, stopped or failed.';

-- Name: COLUMN history_imports.failure; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.failure IS 'Why it failed, in a word; null otherwise.';

-- Name: COLUMN history_imports.found; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.found IS 'Mails that were not known when they were counted, as many as are brought in.';

-- Name: COLUMN history_imports.found_bytes; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.found_bytes IS 'Their size together, as the server says.';

-- Name: COLUMN history_imports.left_out; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.left_out IS 'Whether there are more than are brought in at once: the oldest stay out.';

-- Name: COLUMN history_imports.taken; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.taken IS 'Mails that were stored so far.';

-- Name: COLUMN history_imports.answers; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.answers IS 'Mails of the shop''s own, out of Sent, that were put beside them.';

-- Name: COLUMN history_imports.cursor; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.cursor IS 'How far Sent was looked through: folder, uidvalidity, uid; empty before.';

-- Name: COLUMN history_imports.attempts; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.attempts IS 'Steps that were begun since the last that got anywhere.';

-- Name: COLUMN history_imports.asked_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.asked_at IS 'When it was asked for.';

-- Name: COLUMN history_imports.finished_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.history_imports.finished_at IS 'When it was done, stopped or given up; null before.';

-- Name: jobs; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.jobs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    locked_until timestamp with time zone,
    lease_token uuid,
    attempt integer DEFAULT 0 NOT NULL,
    state text DEFAULT 'due'::text NOT NULL,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT jobs_sound_check CHECK (private.job_is_sound(kind, state))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200');

ALTER TABLE public.jobs OWNER TO loket_owner;

-- Name: TABLE jobs; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.jobs IS 'Due work, claimed by lease. A finished job is deleted. No foreign keys: each would be checked twice per mail; work for a shop that is gone ends by itself.';

-- Name: COLUMN jobs.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.tenant_id IS 'The shop.';

-- Name: COLUMN jobs.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.id IS 'This job.';

-- Name: COLUMN jobs.kind; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.kind IS 'ingest, answer or deliver.';

-- Name: COLUMN jobs.subject_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.subject_id IS 'What it is about: raw mail, interaction or outbox row.';

-- Name: COLUMN jobs.run_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.run_at IS 'Not to be claimed earlier; a lease moves it to the lease''s end.';

-- Name: COLUMN jobs.locked_until; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.locked_until IS 'End of the lease; null when nobody holds one.';

-- Name: COLUMN jobs.lease_token; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.lease_token IS 'Fencing token of the present lease; null when nobody holds one.';

-- Name: COLUMN jobs.attempt; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.attempt IS 'How often it was claimed.';

-- Name: COLUMN jobs.state; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.state IS 'due or given_up.';

-- Name: COLUMN jobs.last_error; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.last_error IS 'Why the last attempt failed, without bodies or addresses; null when none failed.';

-- Name: COLUMN jobs.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.jobs.created_at IS 'When it became necessary.';

-- Name: mailboxes; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.mailboxes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    secret_encrypted text,
    cursor jsonb DEFAULT '{}'::jsonb NOT NULL,
    paused_reason text,
    paused_at timestamp with time zone,
    last_read_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_owner uuid,
    lease_until timestamp with time zone,
    connected_at timestamp with time zone,
    trouble text,
    trouble_since timestamp with time zone,
    trouble_told boolean DEFAULT false NOT NULL,
    sent_copies text DEFAULT 'unknown'::text NOT NULL,
    sent_cursor jsonb DEFAULT '{}'::jsonb NOT NULL,
    sent_read_at timestamp with time zone,
    reconcile_at timestamp with time zone,
    access_encrypted text,
    access_until timestamp with time zone,
    refreshing_by uuid,
    refreshing_until timestamp with time zone,
    catch_up_from timestamp with time zone,
    restored_at timestamp with time zone,
    sending_paused_reason text,
    sending_paused_at timestamp with time zone,
    history_since timestamp with time zone,
    CONSTRAINT mailboxes_kind_check CHECK ((kind = ANY (ARRAY['maildir'::text, 'imap'::text, 'gmail'::text, 'zoho'::text]))),
    CONSTRAINT mailboxes_sending_paused_check CHECK (((sending_paused_reason IS NULL) = (sending_paused_at IS NULL))),
    CONSTRAINT mailboxes_sending_paused_reason_check CHECK ((sending_paused_reason = ANY (ARRAY['login_refused'::text, 'sender_refused'::text]))),
    CONSTRAINT mailboxes_sent_copies_check CHECK ((sent_copies = ANY (ARRAY['unknown'::text, 'kept'::text, 'ours'::text])))
);

ALTER TABLE public.mailboxes OWNER TO loket_owner;

-- Name: TABLE mailboxes; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.mailboxes IS 'A place where a shop''s mail arrives.';

-- Name: COLUMN mailboxes.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.tenant_id IS 'The shop.';

-- Name: COLUMN mailboxes.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.id IS 'This mailbox.';

-- Name: COLUMN mailboxes.kind; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.kind IS 'maildir, imap, gmail or zoho.';

-- Name: COLUMN mailboxes.address; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.address IS 'Mail address, lower case.';

-- Name: COLUMN mailboxes.config; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.config IS 'Hosts, ports, folder, directory; no secrets.';

-- Name: COLUMN mailboxes.secret_encrypted; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.secret_encrypted IS 'Base64 of an authenticated envelope around the password or the provider''s consent; null when none is needed. Write-only for users.';

-- Name: COLUMN mailboxes.cursor; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.cursor IS 'How far it was read: uidvalidity, next uid, and what the kind needs.';

-- Name: COLUMN mailboxes.paused_reason; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.paused_reason IS 'Why it is not read, in English; null while it is read.';

-- Name: COLUMN mailboxes.paused_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.paused_at IS 'Since when it is paused; null while it is read.';

-- Name: COLUMN mailboxes.last_read_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.last_read_at IS 'When it was last read to the end; null before the first time.';

-- Name: COLUMN mailboxes.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.created_at IS 'When it was added.';

-- Name: COLUMN mailboxes.lease_owner; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.lease_owner IS 'The node that reads it, or read it last; null before the first time.';

-- Name: COLUMN mailboxes.lease_until; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.lease_until IS 'Until when no other node reads it; null when it was given back.';

-- Name: COLUMN mailboxes.connected_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.connected_at IS 'When it was first reached: older mail is not answered. Null before.';

-- Name: COLUMN mailboxes.trouble; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.trouble IS 'Why it cannot be read just now, in a word; null while it can. It is tried again by itself.';

-- Name: COLUMN mailboxes.trouble_since; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.trouble_since IS 'Since when; null with the trouble.';

-- Name: COLUMN mailboxes.trouble_told; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.trouble_told IS 'Whether the shop was told of this trouble.';

-- Name: COLUMN mailboxes.sent_copies; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.sent_copies IS 'kept: what is sent over SMTP turns up in Sent, so what is not there was not sent. ours: it does not, and we put a copy there. unknown until the first mail was sent.';

-- Name: COLUMN mailboxes.sent_cursor; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.sent_cursor IS 'How far its Sent folder was read: folder, uidvalidity, uid.';

-- Name: COLUMN mailboxes.sent_read_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.sent_read_at IS 'Its Sent folder was read to its end; this is when that reading began. Null before the first time.';

-- Name: COLUMN mailboxes.reconcile_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.reconcile_at IS 'When what is recorded is next compared with what the server holds; null before the first reading.';

-- Name: COLUMN mailboxes.access_encrypted; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.access_encrypted IS 'Base64 of an envelope around the newest access token; null where there is a password, or none was asked for yet. May be lost: another is asked for.';

-- Name: COLUMN mailboxes.access_until; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.access_until IS 'Until when that token is given out: some minutes before the provider said that it ends.';

-- Name: COLUMN mailboxes.refreshing_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.refreshing_by IS 'Who asks the provider for a token just now; null when nobody does.';

-- Name: COLUMN mailboxes.refreshing_until; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.refreshing_until IS 'Until when nobody else does.';

-- Name: COLUMN mailboxes.catch_up_from; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.catch_up_from IS 'The backup''s moment: what was sent since then is still to be read from Sent. While it is set nothing of the shop is answered or sent. Null otherwise.';

-- Name: COLUMN mailboxes.restored_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.restored_at IS 'When the backup was put back; null with the other.';

-- Name: COLUMN mailboxes.sending_paused_reason; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.sending_paused_reason IS 'Why nothing is sent from it: login_refused (until it is connected anew), sender_refused (its server takes no mail from it; tried again each hour). Null while mail may leave. Reading goes on.';

-- Name: COLUMN mailboxes.sending_paused_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.sending_paused_at IS 'Since when nothing is sent from it; null while mail may leave.';

-- Name: COLUMN mailboxes.history_since; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.mailboxes.history_since IS 'Since when older mail was asked for; null while none was. Then replies to it are looked for in it.';

-- Name: master_business_rules; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.master_business_rules (
    rule_key text NOT NULL,
    version integer NOT NULL,
    rule_config jsonb NOT NULL,
    config_schema jsonb DEFAULT '{}'::jsonb NOT NULL,
    html_template jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT master_business_rules_rule_key_check CHECK ((rule_key = ANY (ARRAY['retourbeleid_fashion'::text, 'onderhandeling_logica'::text, 'dreiging_detectie'::text, 'annulering_policy'::text, 'adreswijziging_policy'::text]))),
    CONSTRAINT master_business_rules_version_check CHECK ((version >= 1))
);

ALTER TABLE public.master_business_rules OWNER TO loket_owner;

-- Name: TABLE master_business_rules; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.master_business_rules IS 'Templates of the rules, for all shops. Versions are never changed, only added.';

-- Name: COLUMN master_business_rules.rule_key; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.rule_key IS 'One of the five rules of the contract.';

-- Name: COLUMN master_business_rules.version; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.version IS 'Counts from 1 per rule.';

-- Name: COLUMN master_business_rules.rule_config; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.rule_config IS 'Typed values; their shape is config_schema.';

-- Name: COLUMN master_business_rules.config_schema; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.config_schema IS 'JSON schema of rule_config.';

-- Name: COLUMN master_business_rules.html_template; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.html_template IS 'Reply template per language: {"nl": ..., "en": ...}.';

-- Name: COLUMN master_business_rules.created_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.created_by IS 'Admin who made this version; null when it came with the program.';

-- Name: COLUMN master_business_rules.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.master_business_rules.created_at IS 'When this version was made.';

-- Name: message_views; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.message_views (
    tenant_id uuid NOT NULL,
    interaction_id uuid NOT NULL,
    html text,
    remote_images integer DEFAULT 0 NOT NULL,
    html_cut boolean DEFAULT false NOT NULL,
    files_left_out integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_views_files_left_out_check CHECK ((files_left_out >= 0)),
    CONSTRAINT message_views_remote_images_check CHECK ((remote_images >= 0))
);

ALTER TABLE public.message_views OWNER TO loket_owner;

-- Name: TABLE message_views; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.message_views IS 'How a customer''s mail looks, where it is more than text: sanitised when stored, and again each time it is shown.';

-- Name: COLUMN message_views.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.tenant_id IS 'The shop.';

-- Name: COLUMN message_views.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.interaction_id IS 'The mail, in its conversation.';

-- Name: COLUMN message_views.html; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.html IS 'Sanitised HTML; null when there is none to be shown.';

-- Name: COLUMN message_views.remote_images; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.remote_images IS 'Pictures that another server would be asked for.';

-- Name: COLUMN message_views.html_cut; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.html_cut IS 'Whether there was more than is kept.';

-- Name: COLUMN message_views.files_left_out; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.files_left_out IS 'Files beyond the hundred that are listed.';

-- Name: COLUMN message_views.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.message_views.created_at IS 'When it was stored.';

-- Name: notifications; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.notifications (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid,
    interaction_id uuid,
    type text NOT NULL,
    priority text NOT NULL,
    action_required boolean DEFAULT false NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone,
    done_by uuid,
    CONSTRAINT notifications_priority_check CHECK ((priority = ANY (ARRAY['high'::text, 'medium'::text, 'low'::text]))),
    CONSTRAINT notifications_type_check CHECK ((type = ANY (ARRAY['escalation'::text, 'threat'::text, 'high_compensation'::text, 'held_mail'::text, 'action_needed'::text, 'mailbox_trouble'::text, 'quarantined'::text, 'bounced'::text])))
);

ALTER TABLE public.notifications OWNER TO loket_owner;

-- Name: TABLE notifications; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.notifications IS 'What a person should know or do.';

-- Name: COLUMN notifications.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.tenant_id IS 'The shop.';

-- Name: COLUMN notifications.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.id IS 'This notification.';

-- Name: COLUMN notifications.thread_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.thread_id IS 'The conversation it is about; null when it is about none.';

-- Name: COLUMN notifications.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.interaction_id IS 'The mail it is about; null when it is about none.';

-- Name: COLUMN notifications.type; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.type IS 'escalation, threat, high_compensation, and ours: see the check.';

-- Name: COLUMN notifications.priority; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.priority IS 'high, medium or low.';

-- Name: COLUMN notifications.action_required; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.action_required IS 'Whether somebody must do something.';

-- Name: COLUMN notifications.detail; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.detail IS 'What, as a key the pages translate; never the customer''s words.';

-- Name: COLUMN notifications.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.created_at IS 'When it arose.';

-- Name: COLUMN notifications.done_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.done_at IS 'When somebody dealt with it; null before.';

-- Name: COLUMN notifications.done_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.notifications.done_by IS 'Who dealt with it; null before.';

-- Name: offer_accounts; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.offer_accounts (
    tenant_id uuid NOT NULL,
    account_key text NOT NULL,
    version bigint NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT offer_accounts_account_key_check CHECK ((account_key ~ '^(customer|order):.'::text))
);

ALTER TABLE public.offer_accounts OWNER TO loket_owner;

-- Name: TABLE offer_accounts; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.offer_accounts IS 'One row per customer and per order that ever got an offer. Its version is compared when a step is taken, so that two mails at the same instant cannot both take it.';

-- Name: COLUMN offer_accounts.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offer_accounts.tenant_id IS 'The shop.';

-- Name: COLUMN offer_accounts.account_key; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offer_accounts.account_key IS 'customer: and the address, or order: and the number.';

-- Name: COLUMN offer_accounts.version; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offer_accounts.version IS 'Rises by one with every entry in the ledger; absent means 0.';

-- Name: COLUMN offer_accounts.updated_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offer_accounts.updated_at IS 'When it last rose.';

-- Name: offers; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.offers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    interaction_id uuid NOT NULL,
    customer_email text NOT NULL,
    order_number text,
    kind text NOT NULL,
    ladder_stap smallint NOT NULL,
    basis_points integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT offers_basis_points_check CHECK (((basis_points >= 0) AND (basis_points <= 10000))),
    CONSTRAINT offers_kind_check CHECK ((kind = ANY (ARRAY['offered'::text, 'accepted'::text, 'rejected'::text, 'countered'::text]))),
    CONSTRAINT offers_ladder_stap_check CHECK (((ladder_stap >= 0) AND (ladder_stap <= 9)))
);

ALTER TABLE public.offers OWNER TO loket_owner;

-- Name: TABLE offers; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.offers IS 'Append-only ledger: what was offered, and what the customer said to it.';

-- Name: COLUMN offers.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.tenant_id IS 'The shop.';

-- Name: COLUMN offers.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.id IS 'This entry.';

-- Name: COLUMN offers.thread_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.thread_id IS 'The conversation.';

-- Name: COLUMN offers.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.interaction_id IS 'The mail that led to it.';

-- Name: COLUMN offers.customer_email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.customer_email IS 'The customer, lower case.';

-- Name: COLUMN offers.order_number; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.order_number IS 'The order, as compared (upper case, without #); null when unknown.';

-- Name: COLUMN offers.kind; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.kind IS 'offered, accepted, rejected or countered.';

-- Name: COLUMN offers.ladder_stap; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.ladder_stap IS 'Step of the ladder, 0 to 9.';

-- Name: COLUMN offers.basis_points; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.basis_points IS 'Hundredths of a percent: 15 % is 1500.';

-- Name: COLUMN offers.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.offers.created_at IS 'When it was written.';

-- Name: outbox; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.outbox (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    interaction_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    message_id text NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    in_reply_to text,
    message_references text[] DEFAULT '{}'::text[] NOT NULL,
    automatic boolean DEFAULT true NOT NULL,
    state text NOT NULL,
    state_reason text,
    attempt integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    sending_at timestamp with time zone,
    sent_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deferrals integer DEFAULT 0 NOT NULL,
    first_deferred_at timestamp with time zone,
    sent_looks integer DEFAULT 0 NOT NULL,
    server_reply text,
    bounced_at timestamp with time zone,
    mailbox_id uuid,
    unknown_at timestamp with time zone,
    look_at timestamp with time zone,
    sent_copy bytea,
    recipient_key text GENERATED ALWAYS AS (
CASE
    WHEN (split_part(recipient, '@'::text, 2) = ANY (ARRAY['gmail.com'::text, 'googlemail.com'::text])) THEN (replace(split_part(split_part(recipient, '@'::text, 1), '+'::text, 1), '.'::text, ''::text) || '@gmail.com'::text)
    ELSE ((split_part(split_part(recipient, '@'::text, 1), '+'::text, 1) || '@'::text) || split_part(recipient, '@'::text, 2))
END) STORED NOT NULL,
    CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sending'::text, 'sent'::text, 'cancelled'::text, 'held'::text, 'failed'::text])))
);

ALTER TABLE public.outbox OWNER TO loket_owner;

-- Name: TABLE outbox; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.outbox IS 'Outgoing mail, from decision to proof of sending.';

-- Name: COLUMN outbox.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.tenant_id IS 'The shop.';

-- Name: COLUMN outbox.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.id IS 'This mail.';

-- Name: COLUMN outbox.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.interaction_id IS 'The customer mail it answers.';

-- Name: COLUMN outbox.thread_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.thread_id IS 'The conversation; repeated here for the last-moment check.';

-- Name: COLUMN outbox.message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.message_id IS 'Message-ID without angle brackets, ours, signed.';

-- Name: COLUMN outbox.recipient; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.recipient IS 'Address it goes to, lower case.';

-- Name: COLUMN outbox.subject; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.subject IS 'Decoded subject.';

-- Name: COLUMN outbox.body_text; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.body_text IS 'Plain text.';

-- Name: COLUMN outbox.body_html; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.body_html IS 'HTML.';

-- Name: COLUMN outbox.in_reply_to; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.in_reply_to IS 'Message-ID it answers, without angle brackets; null when the customer''s mail had none.';

-- Name: COLUMN outbox.message_references; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.message_references IS 'References without angle brackets, oldest first.';

-- Name: COLUMN outbox.automatic; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.automatic IS 'Whether it goes out without a person having read it; counts for the budget.';

-- Name: COLUMN outbox.state; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.state IS 'queued, sending, sent, cancelled, held or failed.';

-- Name: COLUMN outbox.state_reason; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.state_reason IS 'Why it was cancelled, held or failed; null otherwise.';

-- Name: COLUMN outbox.attempt; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.attempt IS 'How often sending was begun.';

-- Name: COLUMN outbox.not_before; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.not_before IS 'Not to be sent earlier.';

-- Name: COLUMN outbox.sending_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.sending_at IS 'When the state became sending; null before.';

-- Name: COLUMN outbox.sent_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.sent_at IS 'When the server accepted it; null before.';

-- Name: COLUMN outbox.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.created_at IS 'When it was decided.';

-- Name: COLUMN outbox.deferrals; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.deferrals IS 'How often it could not be handed over for a reason that passes.';

-- Name: COLUMN outbox.first_deferred_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.first_deferred_at IS 'When that was so for the first time; null before.';

-- Name: COLUMN outbox.sent_looks; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.sent_looks IS 'How often it was looked for in Sent, and not found, since sending was last begun.';

-- Name: COLUMN outbox.server_reply; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.server_reply IS 'What the mail server said last; null before.';

-- Name: COLUMN outbox.bounced_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.bounced_at IS 'When a server reported that it cannot be delivered; null otherwise.';

-- Name: COLUMN outbox.mailbox_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.mailbox_id IS 'The mailbox it leaves from; null before, and where mail leaves into a directory. No foreign key: mailboxes go earlier.';

-- Name: COLUMN outbox.unknown_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.unknown_at IS 'Since when nobody knows whether it was sent; null otherwise.';

-- Name: COLUMN outbox.look_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.look_at IS 'When it is next looked for in Sent; null when it is not.';

-- Name: COLUMN outbox.sent_copy; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.sent_copy IS 'The copy that may have to be put into Sent, as it was sent; null when none is wanted or it is there.';

-- Name: COLUMN outbox.recipient_key; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.outbox.recipient_key IS 'The recipient without what its provider ignores: +tag everywhere, dots at Gmail.';

-- Name: person_answers; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.person_answers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    interaction_id uuid,
    mailbox_id uuid NOT NULL,
    message_id text,
    subject text DEFAULT ''::text NOT NULL,
    body_text text NOT NULL,
    sha256 bytea NOT NULL,
    raw bytea NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    history boolean DEFAULT false NOT NULL,
    CONSTRAINT person_answers_sha256_check CHECK ((octet_length(sha256) = 32))
);

ALTER TABLE public.person_answers OWNER TO loket_owner;

-- Name: TABLE person_answers; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.person_answers IS 'What people of the shop answered in the mailbox itself, as it lay in Sent.';

-- Name: COLUMN person_answers.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.tenant_id IS 'The shop.';

-- Name: COLUMN person_answers.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.id IS 'This answer.';

-- Name: COLUMN person_answers.thread_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.thread_id IS 'The conversation it belongs to.';

-- Name: COLUMN person_answers.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.interaction_id IS 'The newest customer mail before it; null when there is none. No foreign key, as for raw mail.';

-- Name: COLUMN person_answers.mailbox_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.mailbox_id IS 'Where it lay.';

-- Name: COLUMN person_answers.message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.message_id IS 'Message-ID without angle brackets; null when absent.';

-- Name: COLUMN person_answers.subject; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.subject IS 'Decoded subject.';

-- Name: COLUMN person_answers.body_text; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.body_text IS 'The text a person would read, with quotes and signature.';

-- Name: COLUMN person_answers.sha256; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.sha256 IS 'SHA-256 of the raw bytes: a copy is recorded once.';

-- Name: COLUMN person_answers.raw; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.raw IS 'The mail itself, RFC 5322 bytes; of one that is too large, its header.';

-- Name: COLUMN person_answers.sent_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.sent_at IS 'When it came into Sent.';

-- Name: COLUMN person_answers.recorded_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.recorded_at IS 'When it was recorded.';

-- Name: COLUMN person_answers.history; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.person_answers.history IS 'Whether it was sent before the shop connected, and brought in on request.';

-- Name: profiles; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.profiles (
    user_id uuid NOT NULL,
    email text DEFAULT ''::text NOT NULL,
    role text DEFAULT 'user'::text NOT NULL,
    tenant_id uuid,
    full_name text DEFAULT ''::text NOT NULL,
    suspended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    tenant_role text DEFAULT 'viewer'::text NOT NULL,
    CONSTRAINT profiles_role_check CHECK ((role = ANY (ARRAY['user'::text, 'admin'::text]))),
    CONSTRAINT profiles_tenant_role_check CHECK ((tenant_role = ANY (ARRAY['owner'::text, 'agent'::text, 'viewer'::text])))
);

ALTER TABLE public.profiles OWNER TO loket_owner;

-- Name: TABLE profiles; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.profiles IS 'One row per person who can sign in, made by handle_new_user().';

-- Name: COLUMN profiles.user_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.user_id IS 'The person, as in auth.users.';

-- Name: COLUMN profiles.email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.email IS 'Address at registration.';

-- Name: COLUMN profiles.role; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.role IS 'user or admin (of the platform). Never writable by its owner.';

-- Name: COLUMN profiles.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.tenant_id IS 'The shop this person belongs to; null until approval. Never writable by its owner.';

-- Name: COLUMN profiles.full_name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.full_name IS 'As the person wants to be called.';

-- Name: COLUMN profiles.suspended_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.suspended_at IS 'Since when this person may do nothing; null when all is well.';

-- Name: COLUMN profiles.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.created_at IS 'When the person registered.';

-- Name: COLUMN profiles.tenant_role; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.profiles.tenant_role IS 'What this person may do in the shop: owner everything, agent mail and chat, viewer reads only. Never writable by its owner.';

-- Name: raw_messages; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.raw_messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    uidvalidity bigint NOT NULL,
    uid bigint NOT NULL,
    sha256 bytea NOT NULL,
    message_id text,
    received_at timestamp with time zone NOT NULL,
    size_bytes bigint NOT NULL,
    raw bytea NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    fate text,
    fate_reason text,
    fate_at timestamp with time zone,
    stored_at timestamp with time zone DEFAULT now() NOT NULL,
    history boolean DEFAULT false NOT NULL,
    CONSTRAINT raw_messages_fate_at_check CHECK (((fate IS NULL) = (fate_at IS NULL))),
    CONSTRAINT raw_messages_fate_check CHECK ((fate = ANY (ARRAY['answered'::text, 'drafted'::text, 'held'::text, 'filtered'::text, 'automatic'::text, 'quarantined'::text, 'imported'::text]))),
    CONSTRAINT raw_messages_sha256_check CHECK ((octet_length(sha256) = 32))
);

ALTER TABLE public.raw_messages OWNER TO loket_owner;

-- Name: TABLE raw_messages; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.raw_messages IS 'Every mail as it came, stored before it is parsed. Its key is mailbox, uidvalidity and uid.';

-- Name: COLUMN raw_messages.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.tenant_id IS 'The shop.';

-- Name: COLUMN raw_messages.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.id IS 'This mail.';

-- Name: COLUMN raw_messages.mailbox_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.mailbox_id IS 'Where it came in.';

-- Name: COLUMN raw_messages.uidvalidity; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.uidvalidity IS 'IMAP UIDVALIDITY; 0 where the kind has none.';

-- Name: COLUMN raw_messages.uid; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.uid IS 'IMAP UID, or the number the mailbox kind gives.';

-- Name: COLUMN raw_messages.sha256; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.sha256 IS 'SHA-256 of the raw bytes.';

-- Name: COLUMN raw_messages.message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.message_id IS 'Message-ID without angle brackets: a hint, never a key; null when absent.';

-- Name: COLUMN raw_messages.received_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.received_at IS 'When the mailbox received it.';

-- Name: COLUMN raw_messages.size_bytes; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.size_bytes IS 'Size of the raw bytes.';

-- Name: COLUMN raw_messages.raw; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.raw IS 'The mail itself, RFC 5322 bytes.';

-- Name: COLUMN raw_messages.attempts; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.attempts IS 'How often processing was tried.';

-- Name: COLUMN raw_messages.fate; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.fate IS 'What became of it; null until known. Written once, except that held and drafted become answered.';

-- Name: COLUMN raw_messages.fate_reason; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.fate_reason IS 'Why, in a word or two of English; null with the fate.';

-- Name: COLUMN raw_messages.fate_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.fate_at IS 'When the fate became known.';

-- Name: COLUMN raw_messages.stored_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.stored_at IS 'When it was stored.';

-- Name: COLUMN raw_messages.history; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.raw_messages.history IS 'Whether it was there before the shop connected, and brought in on request.';

-- Name: receipts; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.receipts (
    tenant_id uuid NOT NULL,
    interaction_id uuid NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.receipts OWNER TO loket_owner;

-- Name: TABLE receipts; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.receipts IS 'Why an answer is what it is: one receipt per interaction.';

-- Name: COLUMN receipts.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.receipts.tenant_id IS 'The shop.';

-- Name: COLUMN receipts.interaction_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.receipts.interaction_id IS 'The interaction it explains.';

-- Name: COLUMN receipts.body; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.receipts.body IS 'Facts, reading, decision, rule versions, reasons and guard findings.';

-- Name: COLUMN receipts.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.receipts.created_at IS 'When it was written.';

-- Name: reconciliations; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.reconciliations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    nightly boolean DEFAULT false NOT NULL,
    fetches boolean NOT NULL,
    finished_at timestamp with time zone,
    failure text,
    on_server bigint DEFAULT 0 NOT NULL,
    accounted bigint DEFAULT 0 NOT NULL,
    fetched bigint DEFAULT 0 NOT NULL,
    moved_away bigint DEFAULT 0 NOT NULL,
    missing bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    fates jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.reconciliations OWNER TO loket_owner;

-- Name: TABLE reconciliations; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.reconciliations IS 'Comparisons of what a mailbox holds with what is recorded of it: asked for, and how they ended.';

-- Name: COLUMN reconciliations.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.tenant_id IS 'The shop.';

-- Name: COLUMN reconciliations.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.id IS 'This comparison.';

-- Name: COLUMN reconciliations.mailbox_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.mailbox_id IS 'The mailbox.';

-- Name: COLUMN reconciliations.asked_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.asked_at IS 'When it was asked for.';

-- Name: COLUMN reconciliations.nightly; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.nightly IS 'Whether it is the one of the night, and not somebody''s.';

-- Name: COLUMN reconciliations.fetches; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.fetches IS 'Whether what is missing is fetched.';

-- Name: COLUMN reconciliations.finished_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.finished_at IS 'When it was done; null before.';

-- Name: COLUMN reconciliations.failure; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.failure IS 'Why it could not be done, in a word; null otherwise.';

-- Name: COLUMN reconciliations.on_server; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.on_server IS 'Mails that the mailbox holds since reading it began.';

-- Name: COLUMN reconciliations.accounted; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.accounted IS 'Those of them that are recorded, what was fetched just now included.';

-- Name: COLUMN reconciliations.fetched; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.fetched IS 'Those that were missing and are recorded now.';

-- Name: COLUMN reconciliations.moved_away; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.moved_away IS 'Recorded mails that the mailbox no longer holds.';

-- Name: COLUMN reconciliations.missing; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.missing IS 'UIDs that were not recorded when it began, at most a thousand of them.';

-- Name: COLUMN reconciliations.fates; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.reconciliations.fates IS 'How many of the recorded ended how.';

-- Name: sent_messages; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.sent_messages (
    tenant_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    uidvalidity bigint NOT NULL,
    uid bigint NOT NULL,
    message_id text,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.sent_messages OWNER TO loket_owner;

-- Name: TABLE sent_messages; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.sent_messages IS 'Mails seen in a Sent folder of late: which of ours are there, and so were sent. Pruned by age and number.';

-- Name: COLUMN sent_messages.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.sent_messages.tenant_id IS 'The shop.';

-- Name: COLUMN sent_messages.mailbox_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.sent_messages.mailbox_id IS 'The mailbox.';

-- Name: COLUMN sent_messages.uidvalidity; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.sent_messages.uidvalidity IS 'IMAP UIDVALIDITY of Sent.';

-- Name: COLUMN sent_messages.uid; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.sent_messages.uid IS 'IMAP UID in Sent.';

-- Name: COLUMN sent_messages.message_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.sent_messages.message_id IS 'Message-ID without angle brackets; null when absent.';

-- Name: COLUMN sent_messages.seen_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.sent_messages.seen_at IS 'When it was seen.';

-- Name: tenant_business_rule_versions; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.tenant_business_rule_versions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    rule_key text NOT NULL,
    version integer NOT NULL,
    enabled boolean NOT NULL,
    rule_config jsonb NOT NULL,
    html_template jsonb NOT NULL,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.tenant_business_rule_versions OWNER TO loket_owner;

-- Name: TABLE tenant_business_rule_versions; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.tenant_business_rule_versions IS 'Every version a shop''s rule ever had, so that any decision can name the one it used.';

-- Name: COLUMN tenant_business_rule_versions.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.tenant_id IS 'The shop.';

-- Name: COLUMN tenant_business_rule_versions.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.id IS 'This row.';

-- Name: COLUMN tenant_business_rule_versions.rule_key; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.rule_key IS 'One of the five rules of the contract.';

-- Name: COLUMN tenant_business_rule_versions.version; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.version IS 'Counts from 1 per shop and rule.';

-- Name: COLUMN tenant_business_rule_versions.enabled; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.enabled IS 'Whether the rule was on.';

-- Name: COLUMN tenant_business_rule_versions.rule_config; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.rule_config IS 'The values of this version.';

-- Name: COLUMN tenant_business_rule_versions.html_template; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.html_template IS 'The templates of this version.';

-- Name: COLUMN tenant_business_rule_versions.created_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.created_by IS 'Person who saved it; null when the program did.';

-- Name: COLUMN tenant_business_rule_versions.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rule_versions.created_at IS 'When it was saved.';

-- Name: tenant_business_rules; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.tenant_business_rules (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    rule_key text NOT NULL,
    version integer NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    rule_config jsonb NOT NULL,
    html_template jsonb DEFAULT '{}'::jsonb NOT NULL,
    updated_by uuid,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_business_rules_rule_key_check CHECK ((rule_key = ANY (ARRAY['retourbeleid_fashion'::text, 'onderhandeling_logica'::text, 'dreiging_detectie'::text, 'annulering_policy'::text, 'adreswijziging_policy'::text]))),
    CONSTRAINT tenant_business_rules_version_check CHECK ((version >= 1))
);

ALTER TABLE public.tenant_business_rules OWNER TO loket_owner;

-- Name: TABLE tenant_business_rules; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.tenant_business_rules IS 'Each shop''s current values of a rule.';

-- Name: COLUMN tenant_business_rules.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.tenant_id IS 'The shop.';

-- Name: COLUMN tenant_business_rules.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.id IS 'This row.';

-- Name: COLUMN tenant_business_rules.rule_key; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.rule_key IS 'One of the five rules of the contract.';

-- Name: COLUMN tenant_business_rules.version; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.version IS 'Version in force; its text stands in tenant_business_rule_versions too.';

-- Name: COLUMN tenant_business_rules.enabled; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.enabled IS 'Whether the shop turned the rule on.';

-- Name: COLUMN tenant_business_rules.rule_config; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.rule_config IS 'The shop''s own values.';

-- Name: COLUMN tenant_business_rules.html_template; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.html_template IS 'The shop''s own reply template per language; empty means the master''s.';

-- Name: COLUMN tenant_business_rules.updated_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.updated_by IS 'Person who saved this version; null when the program did.';

-- Name: COLUMN tenant_business_rules.updated_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_business_rules.updated_at IS 'When this version was saved.';

-- Name: tenant_invitations; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.tenant_invitations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    tenant_role text NOT NULL,
    token_hash bytea NOT NULL,
    invited_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by uuid,
    revoked_at timestamp with time zone,
    CONSTRAINT tenant_invitations_email_check CHECK (((email = lower(email)) AND ((char_length(email) >= 3) AND (char_length(email) <= 320)))),
    CONSTRAINT tenant_invitations_tenant_role_check CHECK ((tenant_role = ANY (ARRAY['owner'::text, 'agent'::text, 'viewer'::text]))),
    CONSTRAINT tenant_invitations_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

ALTER TABLE public.tenant_invitations OWNER TO loket_owner;

-- Name: TABLE tenant_invitations; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.tenant_invitations IS 'Who was asked to join a shop. The token in the mail is good once; only its hash is kept.';

-- Name: COLUMN tenant_invitations.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.tenant_id IS 'The shop.';

-- Name: COLUMN tenant_invitations.id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.id IS 'This invitation.';

-- Name: COLUMN tenant_invitations.email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.email IS 'Who was asked, lower case; nobody else can accept.';

-- Name: COLUMN tenant_invitations.tenant_role; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.tenant_role IS 'What they will be: owner, agent or viewer.';

-- Name: COLUMN tenant_invitations.token_hash; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.token_hash IS 'SHA-256 of the token in the mail. Readable by nobody.';

-- Name: COLUMN tenant_invitations.invited_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.invited_by IS 'Person who asked.';

-- Name: COLUMN tenant_invitations.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.created_at IS 'When it was made.';

-- Name: COLUMN tenant_invitations.expires_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.expires_at IS 'Until when it can be accepted: 48 hours.';

-- Name: COLUMN tenant_invitations.accepted_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.accepted_at IS 'When it was accepted; null before.';

-- Name: COLUMN tenant_invitations.accepted_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.accepted_by IS 'Who accepted it; null before.';

-- Name: COLUMN tenant_invitations.revoked_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenant_invitations.revoked_at IS 'When it was taken back; null when it was not.';

-- Name: tenants; Type: TABLE; Schema: public; Owner: loket_owner

CREATE TABLE public.tenants (
    tenant_id uuid NOT NULL,
    bedrijfsnaam text NOT NULL,
    gmail_email text NOT NULL,
    gmail_password_encrypted text,
    shop_url text DEFAULT ''::text NOT NULL,
    ai_persona_name text DEFAULT 'Eva'::text NOT NULL,
    sector text DEFAULT 'fashion'::text NOT NULL,
    taalvoorkeur text DEFAULT 'NL'::text NOT NULL,
    status text DEFAULT 'pending_approval'::text NOT NULL,
    active boolean DEFAULT false NOT NULL,
    retouradres text DEFAULT ''::text NOT NULL,
    maximaal_extra_compensatie numeric(5,2) DEFAULT 15 NOT NULL,
    dagen_instellingen jsonb DEFAULT '{}'::jsonb NOT NULL,
    signature_html text DEFAULT ''::text NOT NULL,
    automatic_sending boolean DEFAULT false NOT NULL,
    n8n_workflow_id text,
    api_key text,
    api_key_hash bytea,
    created_by uuid,
    approved_at timestamp with time zone,
    approved_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    undo_seconds integer DEFAULT 30 NOT NULL,
    max_reply_age_hours integer DEFAULT 24 NOT NULL,
    CONSTRAINT tenants_active_check CHECK (((NOT active) OR (status = 'approved'::text))),
    CONSTRAINT tenants_bedrijfsnaam_check CHECK (((bedrijfsnaam <> ''::text) AND (char_length(bedrijfsnaam) <= 200))),
    CONSTRAINT tenants_max_reply_age_hours_check CHECK (((max_reply_age_hours >= 1) AND (max_reply_age_hours <= 720))),
    CONSTRAINT tenants_maximaal_extra_compensatie_check CHECK (((maximaal_extra_compensatie >= (0)::numeric) AND (maximaal_extra_compensatie <= (100)::numeric))),
    CONSTRAINT tenants_status_check CHECK ((status = ANY (ARRAY['pending_approval'::text, 'approved'::text, 'suspended'::text, 'rejected'::text]))),
    CONSTRAINT tenants_taalvoorkeur_check CHECK ((taalvoorkeur = ANY (ARRAY['NL'::text, 'EN'::text]))),
    CONSTRAINT tenants_undo_seconds_check CHECK (((undo_seconds >= 0) AND (undo_seconds <= 3600)))
);

ALTER TABLE public.tenants OWNER TO loket_owner;

-- Name: TABLE tenants; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON TABLE public.tenants IS 'One row per shop. Made by the shop after choosing its mail provider; answered for only after approval.';

-- Name: COLUMN tenants.tenant_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.tenant_id IS 'The shop. UUIDv7, made by the application.';

-- Name: COLUMN tenants.bedrijfsnaam; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.bedrijfsnaam IS 'Name of the business, as customers know it.';

-- Name: COLUMN tenants.gmail_email; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.gmail_email IS 'Address of the shop''s mailbox, at whatever provider.';

-- Name: COLUMN tenants.gmail_password_encrypted; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.gmail_password_encrypted IS 'Base64 of an authenticated envelope around the mailbox password; null until given. Write-only for users.';

-- Name: COLUMN tenants.shop_url; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.shop_url IS 'Web address of the shop.';

-- Name: COLUMN tenants.ai_persona_name; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.ai_persona_name IS 'Name of the assistant that signs the answers.';

-- Name: COLUMN tenants.sector; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.sector IS 'Line of business.';

-- Name: COLUMN tenants.taalvoorkeur; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.taalvoorkeur IS 'Preferred language: NL or EN.';

-- Name: COLUMN tenants.status; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.status IS 'Where the shop stands: pending_approval, approved, suspended or rejected.';

-- Name: COLUMN tenants.active; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.active IS 'Whether mail is fetched and answered.';

-- Name: COLUMN tenants.retouradres; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.retouradres IS 'Postal address for returns.';

-- Name: COLUMN tenants.maximaal_extra_compensatie; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.maximaal_extra_compensatie IS 'Percent that may be added on top of the first offer.';

-- Name: COLUMN tenants.dagen_instellingen; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.dagen_instellingen IS 'Days: return, refund, reply, working days, holidays.';

-- Name: COLUMN tenants.signature_html; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.signature_html IS 'Signature under every answer, sanitised HTML.';

-- Name: COLUMN tenants.automatic_sending; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.automatic_sending IS 'Whether approved replies leave without a person; a new shop begins with drafts.';

-- Name: COLUMN tenants.n8n_workflow_id; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.n8n_workflow_id IS 'The shop''s workflow in n8n; null when none.';

-- Name: COLUMN tenants.api_key; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.api_key IS 'Visible prefix of the shop''s API key; null when none was made.';

-- Name: COLUMN tenants.api_key_hash; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.api_key_hash IS 'SHA-256 of the whole API key; the key itself is never kept.';

-- Name: COLUMN tenants.created_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.created_by IS 'Person who registered the shop; linked to it at approval.';

-- Name: COLUMN tenants.approved_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.approved_at IS 'When an admin approved it; null before.';

-- Name: COLUMN tenants.approved_by; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.approved_by IS 'Admin who approved it; null before.';

-- Name: COLUMN tenants.created_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.created_at IS 'When it was registered.';

-- Name: COLUMN tenants.updated_at; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.updated_at IS 'When a setting last changed.';

-- Name: COLUMN tenants.undo_seconds; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.undo_seconds IS 'How long a reply that nobody read waits before it leaves, so that it can be called back.';

-- Name: COLUMN tenants.max_reply_age_hours; Type: COMMENT; Schema: public; Owner: loket_owner

COMMENT ON COLUMN public.tenants.max_reply_age_hours IS 'A reply that nobody read leaves at most this long after the customer''s mail; later it goes to a person.';

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: private; Owner: loket_owner

ALTER TABLE ONLY private.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

-- Name: api_keys api_keys_key_hash_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (tenant_id, key_hash);

-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id);

-- Name: attachments attachments_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_pkey PRIMARY KEY (tenant_id, id);

-- Name: attachments attachments_place_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_place_key UNIQUE (tenant_id, interaction_id, place);

-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (tenant_id, id);

-- Name: chat_messages chat_messages_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_pkey PRIMARY KEY (tenant_id, id);

-- Name: chat_sessions chat_sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.chat_sessions
    ADD CONSTRAINT chat_sessions_pkey PRIMARY KEY (tenant_id, id);

-- Name: conversation_threads conversation_threads_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.conversation_threads
    ADD CONSTRAINT conversation_threads_pkey PRIMARY KEY (tenant_id, id);

-- Name: customer_interactions customer_interactions_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.customer_interactions
    ADD CONSTRAINT customer_interactions_pkey PRIMARY KEY (tenant_id, id);

-- Name: customer_interactions customer_interactions_raw_message_id_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.customer_interactions
    ADD CONSTRAINT customer_interactions_raw_message_id_key UNIQUE (tenant_id, raw_message_id);

-- Name: email_filters email_filters_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.email_filters
    ADD CONSTRAINT email_filters_pkey PRIMARY KEY (tenant_id, id);

-- Name: email_filters email_filters_value_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.email_filters
    ADD CONSTRAINT email_filters_value_key UNIQUE NULLS NOT DISTINCT (tenant_id, filter_type, email_address, domain, is_regex);

-- Name: event_counters event_counters_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.event_counters
    ADD CONSTRAINT event_counters_pkey PRIMARY KEY (tenant_id);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (tenant_id, seq);

-- Name: history_imports history_imports_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.history_imports
    ADD CONSTRAINT history_imports_pkey PRIMARY KEY (tenant_id, id);

-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id);

-- Name: jobs jobs_subject_id_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_subject_id_key UNIQUE (tenant_id, kind, subject_id);

-- Name: mailboxes mailboxes_address_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.mailboxes
    ADD CONSTRAINT mailboxes_address_key UNIQUE (tenant_id, address);

-- Name: mailboxes mailboxes_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.mailboxes
    ADD CONSTRAINT mailboxes_pkey PRIMARY KEY (tenant_id, id);

-- Name: master_business_rules master_business_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.master_business_rules
    ADD CONSTRAINT master_business_rules_pkey PRIMARY KEY (rule_key, version);

-- Name: message_views message_views_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.message_views
    ADD CONSTRAINT message_views_pkey PRIMARY KEY (tenant_id, interaction_id);

-- Name: notifications notifications_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (tenant_id, id);

-- Name: offer_accounts offer_accounts_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.offer_accounts
    ADD CONSTRAINT offer_accounts_pkey PRIMARY KEY (tenant_id, account_key);

-- Name: offers offers_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (tenant_id, id);

-- Name: outbox outbox_message_id_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_message_id_key UNIQUE (tenant_id, message_id);

-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, id);

-- Name: person_answers person_answers_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.person_answers
    ADD CONSTRAINT person_answers_pkey PRIMARY KEY (tenant_id, id);

-- Name: person_answers person_answers_sha256_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.person_answers
    ADD CONSTRAINT person_answers_sha256_key UNIQUE (tenant_id, mailbox_id, sha256);

-- Name: profiles profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (user_id);

-- Name: raw_messages raw_messages_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.raw_messages
    ADD CONSTRAINT raw_messages_pkey PRIMARY KEY (tenant_id, id);

-- Name: raw_messages raw_messages_uid_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.raw_messages
    ADD CONSTRAINT raw_messages_uid_key UNIQUE (tenant_id, mailbox_id, uidvalidity, uid);

-- Name: receipts receipts_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (tenant_id, interaction_id);

-- Name: reconciliations reconciliations_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.reconciliations
    ADD CONSTRAINT reconciliations_pkey PRIMARY KEY (tenant_id, id);

-- Name: sent_messages sent_messages_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.sent_messages
    ADD CONSTRAINT sent_messages_pkey PRIMARY KEY (tenant_id, mailbox_id, uidvalidity, uid);

-- Name: tenant_business_rule_versions tenant_business_rule_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_business_rule_versions
    ADD CONSTRAINT tenant_business_rule_versions_pkey PRIMARY KEY (tenant_id, id);

-- Name: tenant_business_rule_versions tenant_business_rule_versions_version_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_business_rule_versions
    ADD CONSTRAINT tenant_business_rule_versions_version_key UNIQUE (tenant_id, rule_key, version);

-- Name: tenant_business_rules tenant_business_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_business_rules
    ADD CONSTRAINT tenant_business_rules_pkey PRIMARY KEY (tenant_id, id);

-- Name: tenant_business_rules tenant_business_rules_rule_key_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_business_rules
    ADD CONSTRAINT tenant_business_rules_rule_key_key UNIQUE (tenant_id, rule_key);

-- Name: tenant_invitations tenant_invitations_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_invitations
    ADD CONSTRAINT tenant_invitations_pkey PRIMARY KEY (tenant_id, id);

-- Name: tenant_invitations tenant_invitations_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_invitations
    ADD CONSTRAINT tenant_invitations_token_hash_key UNIQUE (tenant_id, token_hash);

-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

-- Name: audit_log_created_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX audit_log_created_at_idx ON public.audit_log USING btree (tenant_id, created_at DESC, id DESC);

-- Name: chat_messages_session_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX chat_messages_session_id_idx ON public.chat_messages USING btree (tenant_id, session_id, created_at);

-- Name: chat_sessions_last_message_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX chat_sessions_last_message_at_idx ON public.chat_sessions USING btree (tenant_id, last_message_at DESC, id DESC);

-- Name: conversation_threads_customer_email_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX conversation_threads_customer_email_idx ON public.conversation_threads USING btree (tenant_id, customer_email);

-- Name: conversation_threads_last_message_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX conversation_threads_last_message_at_idx ON public.conversation_threads USING btree (tenant_id, last_message_at DESC, id DESC);

-- Name: customer_interactions_elsewhere_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX customer_interactions_elsewhere_idx ON public.customer_interactions USING btree (tenant_id, message_id) WHERE reply_to_elsewhere;

-- Name: customer_interactions_history_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX customer_interactions_history_idx ON public.customer_interactions USING btree (tenant_id, message_id) WHERE (state = 'imported'::text);

-- Name: customer_interactions_received_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX customer_interactions_received_at_idx ON public.customer_interactions USING btree (tenant_id, received_at DESC, id DESC);

-- Name: customer_interactions_thread_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX customer_interactions_thread_id_idx ON public.customer_interactions USING btree (tenant_id, thread_id, received_at);

-- Name: customer_interactions_waiting_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX customer_interactions_waiting_idx ON public.customer_interactions USING btree (tenant_id, received_at) WHERE (state = ANY (ARRAY['held'::text, 'drafted'::text]));

-- Name: history_imports_due_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX history_imports_due_idx ON public.history_imports USING btree (tenant_id, mailbox_id) WHERE (state = ANY (ARRAY['counting'::text, 'running'::text]));

-- Name: history_imports_mailbox_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX history_imports_mailbox_id_idx ON public.history_imports USING btree (tenant_id, mailbox_id, asked_at);

-- Name: history_imports_open_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE UNIQUE INDEX history_imports_open_idx ON public.history_imports USING btree (tenant_id, mailbox_id) WHERE (state = ANY (ARRAY['counting'::text, 'counted'::text, 'running'::text]));

-- Name: jobs_due_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX jobs_due_idx ON public.jobs USING btree (tenant_id, kind, run_at) WHERE (state = 'due'::text);

-- Name: notifications_open_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX notifications_open_idx ON public.notifications USING btree (tenant_id, created_at DESC, id DESC) WHERE (done_at IS NULL);

-- Name: notifications_thread_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX notifications_thread_id_idx ON public.notifications USING btree (tenant_id, thread_id);

-- Name: offers_customer_email_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX offers_customer_email_idx ON public.offers USING btree (tenant_id, customer_email, created_at);

-- Name: offers_order_number_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX offers_order_number_idx ON public.offers USING btree (tenant_id, order_number, created_at) WHERE (order_number IS NOT NULL);

-- Name: offers_thread_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX offers_thread_id_idx ON public.offers USING btree (tenant_id, thread_id, created_at);

-- Name: outbox_bounced_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_bounced_idx ON public.outbox USING btree (tenant_id, recipient, bounced_at) WHERE (bounced_at IS NOT NULL);

-- Name: outbox_budget_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_budget_idx ON public.outbox USING btree (tenant_id, recipient_key, created_at) WHERE automatic;

-- Name: outbox_created_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_created_at_idx ON public.outbox USING btree (tenant_id, created_at) WHERE automatic;

-- Name: outbox_interaction_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_interaction_id_idx ON public.outbox USING btree (tenant_id, interaction_id);

-- Name: outbox_look_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_look_at_idx ON public.outbox USING btree (tenant_id, mailbox_id, look_at) WHERE (look_at IS NOT NULL);

-- Name: outbox_sending_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_sending_idx ON public.outbox USING btree (tenant_id, sending_at) WHERE (state = 'sending'::text);

-- Name: outbox_sent_at_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX outbox_sent_at_idx ON public.outbox USING btree (tenant_id, sent_at) WHERE (sent_at IS NOT NULL);

-- Name: person_answers_history_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX person_answers_history_idx ON public.person_answers USING btree (tenant_id, message_id) WHERE history;

-- Name: person_answers_thread_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX person_answers_thread_id_idx ON public.person_answers USING btree (tenant_id, thread_id, sent_at);

-- Name: profiles_tenant_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX profiles_tenant_id_idx ON public.profiles USING btree (tenant_id);

-- Name: raw_messages_history_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX raw_messages_history_idx ON public.raw_messages USING btree (tenant_id, mailbox_id) WHERE (history AND (fate IS NULL));

-- Name: raw_messages_message_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX raw_messages_message_id_idx ON public.raw_messages USING btree (tenant_id, mailbox_id, message_id) WHERE (message_id IS NOT NULL);

-- Name: raw_messages_sha256_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX raw_messages_sha256_idx ON public.raw_messages USING btree (tenant_id, mailbox_id, sha256);

-- Name: raw_messages_without_fate_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX raw_messages_without_fate_idx ON public.raw_messages USING btree (tenant_id, stored_at) WHERE (fate IS NULL);

-- Name: reconciliations_mailbox_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX reconciliations_mailbox_id_idx ON public.reconciliations USING btree (tenant_id, mailbox_id, asked_at);

-- Name: reconciliations_waiting_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX reconciliations_waiting_idx ON public.reconciliations USING btree (tenant_id, mailbox_id) WHERE (finished_at IS NULL);

-- Name: sent_messages_message_id_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX sent_messages_message_id_idx ON public.sent_messages USING btree (tenant_id, message_id) WHERE (message_id IS NOT NULL);

-- Name: tenants_api_key_hash_key; Type: INDEX; Schema: public; Owner: loket_owner

CREATE UNIQUE INDEX tenants_api_key_hash_key ON public.tenants USING btree (api_key_hash);

-- Name: tenants_created_by_idx; Type: INDEX; Schema: public; Owner: loket_owner

CREATE INDEX tenants_created_by_idx ON public.tenants USING btree (created_by);

-- Name: api_keys api_keys_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: attachments attachments_interaction_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_interaction_id_fkey FOREIGN KEY (tenant_id, interaction_id) REFERENCES public.customer_interactions(tenant_id, id) ON DELETE CASCADE;

-- Name: chat_messages chat_messages_session_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES public.chat_sessions(tenant_id, id) ON DELETE CASCADE;

-- Name: chat_sessions chat_sessions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.chat_sessions
    ADD CONSTRAINT chat_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: conversation_threads conversation_threads_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.conversation_threads
    ADD CONSTRAINT conversation_threads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: customer_interactions customer_interactions_thread_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.customer_interactions
    ADD CONSTRAINT customer_interactions_thread_id_fkey FOREIGN KEY (tenant_id, thread_id) REFERENCES public.conversation_threads(tenant_id, id) ON DELETE CASCADE;

-- Name: email_filters email_filters_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.email_filters
    ADD CONSTRAINT email_filters_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: history_imports history_imports_mailbox_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.history_imports
    ADD CONSTRAINT history_imports_mailbox_id_fkey FOREIGN KEY (tenant_id, mailbox_id) REFERENCES public.mailboxes(tenant_id, id) ON DELETE CASCADE;

-- Name: mailboxes mailboxes_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.mailboxes
    ADD CONSTRAINT mailboxes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: message_views message_views_interaction_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.message_views
    ADD CONSTRAINT message_views_interaction_id_fkey FOREIGN KEY (tenant_id, interaction_id) REFERENCES public.customer_interactions(tenant_id, id) ON DELETE CASCADE;

-- Name: notifications notifications_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: notifications notifications_thread_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_thread_id_fkey FOREIGN KEY (tenant_id, thread_id) REFERENCES public.conversation_threads(tenant_id, id) ON DELETE CASCADE;

-- Name: offer_accounts offer_accounts_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.offer_accounts
    ADD CONSTRAINT offer_accounts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: offers offers_thread_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.offers
    ADD CONSTRAINT offers_thread_id_fkey FOREIGN KEY (tenant_id, thread_id) REFERENCES public.conversation_threads(tenant_id, id) ON DELETE CASCADE;

-- Name: outbox outbox_interaction_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_interaction_id_fkey FOREIGN KEY (tenant_id, interaction_id) REFERENCES public.customer_interactions(tenant_id, id) ON DELETE CASCADE;

-- Name: person_answers person_answers_mailbox_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.person_answers
    ADD CONSTRAINT person_answers_mailbox_id_fkey FOREIGN KEY (tenant_id, mailbox_id) REFERENCES public.mailboxes(tenant_id, id) ON DELETE CASCADE;

-- Name: person_answers person_answers_thread_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.person_answers
    ADD CONSTRAINT person_answers_thread_id_fkey FOREIGN KEY (tenant_id, thread_id) REFERENCES public.conversation_threads(tenant_id, id) ON DELETE CASCADE;

-- Name: profiles profiles_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE RESTRICT;

-- Name: profiles profiles_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: raw_messages raw_messages_mailbox_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.raw_messages
    ADD CONSTRAINT raw_messages_mailbox_id_fkey FOREIGN KEY (tenant_id, mailbox_id) REFERENCES public.mailboxes(tenant_id, id) ON DELETE CASCADE;

-- Name: receipts receipts_interaction_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_interaction_id_fkey FOREIGN KEY (tenant_id, interaction_id) REFERENCES public.customer_interactions(tenant_id, id) ON DELETE CASCADE;

-- Name: reconciliations reconciliations_mailbox_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.reconciliations
    ADD CONSTRAINT reconciliations_mailbox_id_fkey FOREIGN KEY (tenant_id, mailbox_id) REFERENCES public.mailboxes(tenant_id, id) ON DELETE CASCADE;

-- Name: sent_messages sent_messages_mailbox_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.sent_messages
    ADD CONSTRAINT sent_messages_mailbox_id_fkey FOREIGN KEY (tenant_id, mailbox_id) REFERENCES public.mailboxes(tenant_id, id) ON DELETE CASCADE;

-- Name: tenant_business_rule_versions tenant_business_rule_versions_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_business_rule_versions
    ADD CONSTRAINT tenant_business_rule_versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: tenant_business_rules tenant_business_rules_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_business_rules
    ADD CONSTRAINT tenant_business_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: tenant_invitations tenant_invitations_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: loket_owner

ALTER TABLE ONLY public.tenant_invitations
    ADD CONSTRAINT tenant_invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(tenant_id) ON DELETE CASCADE;

-- Name: schema_migrations; Type: ROW SECURITY; Schema: private; Owner: loket_owner

ALTER TABLE private.schema_migrations ENABLE ROW LEVEL SECURITY;

-- Name: chat_messages admin_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_insert ON public.chat_messages FOR INSERT TO loket_admin WITH CHECK ((tenant_id = private.opened_tenant_id()));

-- Name: event_counters admin_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_insert ON public.event_counters FOR INSERT TO loket_admin WITH CHECK ((tenant_id = private.opened_tenant_id()));

-- Name: events admin_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_insert ON public.events FOR INSERT TO loket_admin WITH CHECK ((tenant_id = private.opened_tenant_id()));

-- Name: master_business_rules admin_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_insert ON public.master_business_rules FOR INSERT TO loket_admin WITH CHECK (private.is_platform_admin());

-- Name: api_keys admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.api_keys FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: attachments admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.attachments FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: audit_log admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.audit_log FOR SELECT TO loket_admin USING (private.is_platform_admin());

-- Name: chat_messages admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.chat_messages FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: chat_sessions admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.chat_sessions FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: conversation_threads admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.conversation_threads FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: customer_interactions admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.customer_interactions FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: email_filters admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.email_filters FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: event_counters admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.event_counters FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: events admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.events FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: history_imports admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.history_imports FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: mailboxes admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.mailboxes FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: master_business_rules admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.master_business_rules FOR SELECT TO loket_admin USING (private.is_platform_admin());

-- Name: message_views admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.message_views FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: notifications admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.notifications FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: offer_accounts admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.offer_accounts FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: offers admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.offers FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: outbox admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.outbox FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: person_answers admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.person_answers FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: profiles admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.profiles FOR SELECT TO loket_admin USING (private.is_platform_admin());

-- Name: raw_messages admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.raw_messages FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: receipts admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.receipts FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: reconciliations admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.reconciliations FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: tenant_business_rule_versions admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.tenant_business_rule_versions FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: tenant_business_rules admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.tenant_business_rules FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: tenant_invitations admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.tenant_invitations FOR SELECT TO loket_admin USING ((tenant_id = private.opened_tenant_id()));

-- Name: tenants admin_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_select ON public.tenants FOR SELECT TO loket_admin USING (private.is_platform_admin());

-- Name: chat_sessions admin_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_update ON public.chat_sessions FOR UPDATE TO loket_admin USING ((tenant_id = private.opened_tenant_id())) WITH CHECK ((tenant_id = private.opened_tenant_id()));

-- Name: event_counters admin_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY admin_update ON public.event_counters FOR UPDATE TO loket_admin USING ((tenant_id = private.opened_tenant_id())) WITH CHECK ((tenant_id = private.opened_tenant_id()));

-- Name: api_keys; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

-- Name: attachments; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.attachments ENABLE ROW LEVEL SECURITY;

-- Name: audit_log; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

-- Name: chat_messages; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.chat_messages ENABLE ROW LEVEL SECURITY;

-- Name: chat_sessions; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.chat_sessions ENABLE ROW LEVEL SECURITY;

-- Name: conversation_threads; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.conversation_threads ENABLE ROW LEVEL SECURITY;

-- Name: customer_interactions; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.customer_interactions ENABLE ROW LEVEL SECURITY;

-- Name: email_filters; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.email_filters ENABLE ROW LEVEL SECURITY;

-- Name: event_counters; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.event_counters ENABLE ROW LEVEL SECURITY;

-- Name: events; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.events ENABLE ROW LEVEL SECURITY;

-- Name: history_imports; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.history_imports ENABLE ROW LEVEL SECURITY;

-- Name: jobs; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.jobs ENABLE ROW LEVEL SECURITY;

-- Name: mailboxes; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.mailboxes ENABLE ROW LEVEL SECURITY;

-- Name: master_business_rules; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.master_business_rules ENABLE ROW LEVEL SECURITY;

-- Name: message_views; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.message_views ENABLE ROW LEVEL SECURITY;

-- Name: notifications; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.notifications ENABLE ROW LEVEL SECURITY;

-- Name: offer_accounts; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.offer_accounts ENABLE ROW LEVEL SECURITY;

-- Name: offers; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.offers ENABLE ROW LEVEL SECURITY;

-- Name: outbox; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;

-- Name: person_answers; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.person_answers ENABLE ROW LEVEL SECURITY;

-- Name: profiles; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;

-- Name: raw_messages; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.raw_messages ENABLE ROW LEVEL SECURITY;

-- Name: receipts; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.receipts ENABLE ROW LEVEL SECURITY;

-- Name: reconciliations; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.reconciliations ENABLE ROW LEVEL SECURITY;

-- Name: sent_messages; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.sent_messages ENABLE ROW LEVEL SECURITY;

-- Name: tenant_business_rule_versions; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.tenant_business_rule_versions ENABLE ROW LEVEL SECURITY;

-- Name: tenant_business_rules; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.tenant_business_rules ENABLE ROW LEVEL SECURITY;

-- Name: tenant_invitations; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.tenant_invitations ENABLE ROW LEVEL SECURITY;

-- Name: tenants; Type: ROW SECURITY; Schema: public; Owner: loket_owner

ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;

-- Name: email_filters user_delete; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_delete ON public.email_filters FOR DELETE TO authenticated USING ((tenant_id = private.owned_tenant_id()));

-- Name: mailboxes user_delete; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_delete ON public.mailboxes FOR DELETE TO loket_user USING ((tenant_id = private.owned_tenant_id()));

-- Name: audit_log user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.audit_log FOR INSERT TO authenticated WITH CHECK (((tenant_id = private.working_tenant_id()) AND (NOT (actor_id IS DISTINCT FROM private.current_user_id())) AND (actor_role = 'user'::text)));

-- Name: chat_messages user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.chat_messages FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: chat_sessions user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.chat_sessions FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: email_filters user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.email_filters FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: event_counters user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.event_counters FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: events user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.events FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: jobs user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.jobs FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: notifications user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.notifications FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: outbox user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.outbox FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: tenant_business_rule_versions user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.tenant_business_rule_versions FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: tenant_business_rules user_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_insert ON public.tenant_business_rules FOR INSERT TO authenticated WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: api_keys user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.api_keys FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: attachments user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.attachments FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: audit_log user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.audit_log FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: chat_messages user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.chat_messages FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: chat_sessions user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.chat_sessions FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: conversation_threads user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.conversation_threads FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: customer_interactions user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.customer_interactions FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: email_filters user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.email_filters FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: event_counters user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.event_counters FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: events user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.events FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: history_imports user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.history_imports FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: jobs user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.jobs FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: mailboxes user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.mailboxes FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: master_business_rules user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.master_business_rules FOR SELECT TO authenticated USING ((rule_key IS NOT NULL));

-- Name: message_views user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.message_views FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: notifications user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.notifications FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: offer_accounts user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.offer_accounts FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: offers user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.offers FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: outbox user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.outbox FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: person_answers user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.person_answers FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: profiles user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.profiles FOR SELECT TO authenticated USING (((tenant_id = private.current_tenant_id()) OR (user_id = private.current_user_id())));

-- Name: raw_messages user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.raw_messages FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: receipts user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.receipts FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: reconciliations user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.reconciliations FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: tenant_business_rule_versions user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.tenant_business_rule_versions FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: tenant_business_rules user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.tenant_business_rules FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: tenant_invitations user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.tenant_invitations FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: tenants user_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_select ON public.tenants FOR SELECT TO authenticated USING ((tenant_id = private.current_tenant_id()));

-- Name: chat_sessions user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.chat_sessions FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: conversation_threads user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.conversation_threads FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: customer_interactions user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.customer_interactions FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: email_filters user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.email_filters FOR UPDATE TO authenticated USING ((tenant_id = private.owned_tenant_id())) WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: event_counters user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.event_counters FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: mailboxes user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.mailboxes FOR UPDATE TO loket_user USING ((tenant_id = private.owned_tenant_id())) WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: notifications user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.notifications FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: outbox user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.outbox FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: profiles user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.profiles FOR UPDATE TO authenticated USING ((user_id = private.current_user_id())) WITH CHECK ((user_id = private.current_user_id()));

-- Name: raw_messages user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.raw_messages FOR UPDATE TO authenticated USING ((tenant_id = private.working_tenant_id())) WITH CHECK ((tenant_id = private.working_tenant_id()));

-- Name: tenant_business_rules user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.tenant_business_rules FOR UPDATE TO authenticated USING ((tenant_id = private.owned_tenant_id())) WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: tenants user_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY user_update ON public.tenants FOR UPDATE TO authenticated USING ((tenant_id = private.owned_tenant_id())) WITH CHECK ((tenant_id = private.owned_tenant_id()));

-- Name: jobs worker_delete; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_delete ON public.jobs FOR DELETE TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: reconciliations worker_delete; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_delete ON public.reconciliations FOR DELETE TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: sent_messages worker_delete; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_delete ON public.sent_messages FOR DELETE TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: attachments worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.attachments FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: audit_log worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.audit_log FOR INSERT TO loket_worker WITH CHECK (((tenant_id = private.current_tenant_id()) AND (actor_role = 'worker'::text)));

-- Name: chat_messages worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.chat_messages FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: chat_sessions worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.chat_sessions FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: conversation_threads worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.conversation_threads FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: customer_interactions worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.customer_interactions FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: event_counters worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.event_counters FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: events worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.events FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: jobs worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.jobs FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: message_views worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.message_views FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: notifications worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.notifications FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: offer_accounts worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.offer_accounts FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: offers worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.offers FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: outbox worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.outbox FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: person_answers worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.person_answers FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: raw_messages worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.raw_messages FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: receipts worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.receipts FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: reconciliations worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.reconciliations FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: sent_messages worker_insert; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_insert ON public.sent_messages FOR INSERT TO loket_worker WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: attachments worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.attachments FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: audit_log worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.audit_log FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: chat_messages worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.chat_messages FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: chat_sessions worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.chat_sessions FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: conversation_threads worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.conversation_threads FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: customer_interactions worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.customer_interactions FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: email_filters worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.email_filters FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: event_counters worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.event_counters FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: events worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.events FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: history_imports worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.history_imports FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: jobs worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.jobs FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: mailboxes worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.mailboxes FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: master_business_rules worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.master_business_rules FOR SELECT TO loket_worker USING ((rule_key IS NOT NULL));

-- Name: message_views worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.message_views FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: notifications worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.notifications FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: offer_accounts worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.offer_accounts FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: offers worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.offers FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: outbox worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.outbox FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: person_answers worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.person_answers FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: profiles worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.profiles FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: raw_messages worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.raw_messages FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: receipts worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.receipts FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: reconciliations worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.reconciliations FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: sent_messages worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.sent_messages FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: tenant_business_rule_versions worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.tenant_business_rule_versions FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: tenant_business_rules worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.tenant_business_rules FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: tenants worker_select; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_select ON public.tenants FOR SELECT TO loket_worker USING ((tenant_id = private.current_tenant_id()));

-- Name: chat_sessions worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.chat_sessions FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: conversation_threads worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.conversation_threads FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: customer_interactions worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.customer_interactions FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: event_counters worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.event_counters FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: history_imports worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.history_imports FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: jobs worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.jobs FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: mailboxes worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.mailboxes FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: notifications worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.notifications FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: offer_accounts worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.offer_accounts FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: outbox worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.outbox FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: raw_messages worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.raw_messages FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: receipts worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.receipts FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: reconciliations worker_update; Type: POLICY; Schema: public; Owner: loket_owner

CREATE POLICY worker_update ON public.reconciliations FOR UPDATE TO loket_worker USING ((tenant_id = private.current_tenant_id())) WITH CHECK ((tenant_id = private.current_tenant_id()));

-- Name: SCHEMA private; Type: ACL; Schema: -; Owner: loket_owner

GRANT USAGE ON SCHEMA private TO authenticated;
GRANT USAGE ON SCHEMA private TO loket_worker;
GRANT USAGE ON SCHEMA private TO loket_admin;
GRANT USAGE ON SCHEMA private TO loket_system;
GRANT USAGE ON SCHEMA private TO loket_auth;
GRANT USAGE ON SCHEMA private TO loket_setup;

-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner

GRANT ALL ON SCHEMA public TO loket_owner WITH GRANT OPTION;
GRANT USAGE ON SCHEMA public TO anon;
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA public TO authenticated;
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA public TO loket_worker;
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA public TO loket_admin;
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA public TO loket_system;
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA public TO loket_auth;
RESET SESSION AUTHORIZATION;

-- Name: FUNCTION accept_invitation(p_tenant_id uuid, p_token_hash bytea); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.accept_invitation(p_tenant_id uuid, p_token_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.accept_invitation(p_tenant_id uuid, p_token_hash bytea) TO authenticated;

-- Name: FUNCTION active_mailboxes(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.active_mailboxes() FROM PUBLIC;
GRANT ALL ON FUNCTION private.active_mailboxes() TO loket_system;

-- Name: FUNCTION add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_mail_directory(p_tenant_id uuid, p_id uuid, p_address text, p_config jsonb) TO loket_setup;

-- Name: FUNCTION add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) TO loket_user;

-- Name: FUNCTION approve_tenant(p_tenant_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.approve_tenant(p_tenant_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.approve_tenant(p_tenant_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.approve_tenant(p_tenant_id uuid) TO loket_admin;

-- Name: FUNCTION ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.ask_history(p_tenant_id uuid, p_id uuid, p_mailbox_id uuid, p_days smallint) TO loket_user;

-- Name: FUNCTION begin_history(p_tenant_id uuid, p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.begin_history(p_tenant_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.begin_history(p_tenant_id uuid, p_id uuid) TO loket_user;

-- Name: FUNCTION begin_with_masters(p_tenant_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.begin_with_masters(p_tenant_id uuid) FROM PUBLIC;

-- Name: FUNCTION called_mailboxes(p_owner uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.called_mailboxes(p_owner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.called_mailboxes(p_owner uuid) TO loket_system;

-- Name: FUNCTION claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_jobs(p_kind text, p_limit integer, p_lease interval, p_after uuid) TO loket_system;

-- Name: FUNCTION claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_mailbox(p_owner uuid, p_tenant_id uuid, p_mailbox_id uuid, p_lease interval) TO loket_system;

-- Name: FUNCTION claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_mailboxes(p_owner uuid, p_lease interval, p_limit integer) TO loket_system;

-- Name: FUNCTION complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.complete_registration(p_tenant_id uuid, p_ai_persona_name text, p_secret text) TO authenticated;

-- Name: FUNCTION create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_api_key(p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) TO authenticated;

-- Name: FUNCTION create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.create_user(p_id uuid, p_email text, p_encrypted_password text, p_user_meta_data jsonb) TO loket_setup;

-- Name: FUNCTION current_tenant_id(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.current_tenant_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.current_tenant_id() TO authenticated;
GRANT ALL ON FUNCTION private.current_tenant_id() TO loket_worker;
GRANT ALL ON FUNCTION private.current_tenant_id() TO loket_admin;
GRANT ALL ON FUNCTION private.current_tenant_id() TO loket_system;

-- Name: FUNCTION current_user_id(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.current_user_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.current_user_id() TO authenticated;
GRANT ALL ON FUNCTION private.current_user_id() TO loket_worker;
GRANT ALL ON FUNCTION private.current_user_id() TO loket_admin;
GRANT ALL ON FUNCTION private.current_user_id() TO loket_system;

-- Name: FUNCTION end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.end_api_key(p_tenant_id uuid, p_id uuid, p_actor_role text) FROM PUBLIC;

-- Name: FUNCTION ensure_profile(p_user_id uuid, p_email text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.ensure_profile(p_user_id uuid, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.ensure_profile(p_user_id uuid, p_email text) TO loket_auth;

-- Name: FUNCTION event_heads(p_tenants uuid[]); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.event_heads(p_tenants uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.event_heads(p_tenants uuid[]) TO loket_system;

-- Name: FUNCTION find_api_key(p_tenant_id uuid, p_key_hash bytea); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.find_api_key(p_tenant_id uuid, p_key_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.find_api_key(p_tenant_id uuid, p_key_hash bytea) TO loket_system;

-- Name: FUNCTION insert_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid, p_actor_role text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.insert_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid, p_actor_role text) FROM PUBLIC;

-- Name: FUNCTION interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) TO authenticated;
GRANT ALL ON FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) TO loket_worker;
GRANT ALL ON FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) TO loket_admin;
GRANT ALL ON FUNCTION private.interaction_is_sound(state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint, compensatie_percentage numeric) TO loket_system;

-- Name: FUNCTION invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION private.invite_member(p_id uuid, p_email text, p_tenant_role text, p_token_hash bytea) TO authenticated;

-- Name: FUNCTION is_platform_admin(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.is_platform_admin() FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_platform_admin() TO authenticated;
GRANT ALL ON FUNCTION private.is_platform_admin() TO loket_admin;

-- Name: FUNCTION is_suspended(p_user_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.is_suspended(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_suspended(p_user_id uuid) TO loket_auth;

-- Name: FUNCTION job_is_sound(kind text, state text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.job_is_sound(kind text, state text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.job_is_sound(kind text, state text) TO authenticated;
GRANT ALL ON FUNCTION private.job_is_sound(kind text, state text) TO loket_worker;
GRANT ALL ON FUNCTION private.job_is_sound(kind text, state text) TO loket_admin;
GRANT ALL ON FUNCTION private.job_is_sound(kind text, state text) TO loket_system;

-- Name: FUNCTION join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.join_shop(p_user_id uuid, p_tenant_id uuid, p_tenant_role text) FROM PUBLIC;

-- Name: FUNCTION link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.link_profile_to_tenant(p_user_id uuid, p_tenant_id uuid) TO loket_admin;

-- Name: FUNCTION live_api_key_tenant(p_tenant_id uuid, p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.live_api_key_tenant(p_tenant_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.live_api_key_tenant(p_tenant_id uuid, p_id uuid) TO authenticated;

-- Name: FUNCTION make_first_admin(p_user_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.make_first_admin(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.make_first_admin(p_user_id uuid) TO loket_setup;

-- Name: FUNCTION mark_restored(p_taken_at timestamp with time zone); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.mark_restored(p_taken_at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION my_profile(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.my_profile() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_profile() TO authenticated;
GRANT ALL ON FUNCTION private.my_profile() TO loket_admin;

-- Name: FUNCTION next_due(p_kind text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.next_due(p_kind text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.next_due(p_kind text) TO loket_system;

-- Name: FUNCTION note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.note_refusal(p_tenant_id uuid, p_actor_id uuid, p_action text) TO loket_system;

-- Name: FUNCTION open_shop(p_id uuid, p_tenant_id uuid, p_reason text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.open_shop(p_id uuid, p_tenant_id uuid, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_shop(p_id uuid, p_tenant_id uuid, p_reason text) TO loket_admin;

-- Name: FUNCTION opened_tenant_id(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.opened_tenant_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.opened_tenant_id() TO loket_admin;

-- Name: FUNCTION operator_api_keys(p_tenant_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.operator_api_keys(p_tenant_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.operator_api_keys(p_tenant_id uuid) TO loket_setup;

-- Name: FUNCTION operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.operator_create_api_key(p_tenant_id uuid, p_id uuid, p_name text, p_prefix text, p_key_hash bytea, p_scopes text[], p_replaces uuid) TO loket_setup;

-- Name: FUNCTION operator_revoke_api_key(p_tenant_id uuid, p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.operator_revoke_api_key(p_tenant_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.operator_revoke_api_key(p_tenant_id uuid, p_id uuid) TO loket_setup;

-- Name: FUNCTION owned_tenant_id(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.owned_tenant_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.owned_tenant_id() TO authenticated;

-- Name: FUNCTION platform_admins(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.platform_admins() FROM PUBLIC;
GRANT ALL ON FUNCTION private.platform_admins() TO loket_setup;

-- Name: FUNCTION reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.reconnect_mailbox(p_tenant_id uuid, p_id uuid, p_config jsonb, p_secret text) TO loket_user;

-- Name: FUNCTION refuse_last_owner(p_tenant_id uuid, p_user_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.refuse_last_owner(p_tenant_id uuid, p_user_id uuid) FROM PUBLIC;

-- Name: FUNCTION refuse_without_reason(p_reason text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.refuse_without_reason(p_reason text) FROM PUBLIC;

-- Name: FUNCTION register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_mailbox(p_tenant_id uuid, p_id uuid, p_kind text, p_address text, p_config jsonb, p_secret text) TO authenticated;

-- Name: FUNCTION register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text) TO authenticated;
GRANT ALL ON FUNCTION private.register_shop(p_tenant_id uuid, p_bedrijfsnaam text, p_gmail_email text, p_shop_url text, p_sector text, p_taalvoorkeur text, p_retouradres text) TO loket_admin;

-- Name: FUNCTION release_mailboxes(p_owner uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.release_mailboxes(p_owner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.release_mailboxes(p_owner uuid) TO loket_system;

-- Name: FUNCTION remove_member(p_user_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.remove_member(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_member(p_user_id uuid) TO authenticated;

-- Name: FUNCTION rename_profile(p_user_id uuid, p_email text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.rename_profile(p_user_id uuid, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.rename_profile(p_user_id uuid, p_email text) TO loket_auth;

-- Name: FUNCTION replace_secret(p_place text, p_row_id uuid, p_old text, p_new text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.replace_secret(p_place text, p_row_id uuid, p_old text, p_new text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.replace_secret(p_place text, p_row_id uuid, p_old text, p_new text) TO loket_worker;

-- Name: FUNCTION revoke_api_key(p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.revoke_api_key(p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.revoke_api_key(p_id uuid) TO authenticated;

-- Name: FUNCTION revoke_invitation(p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.revoke_invitation(p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.revoke_invitation(p_id uuid) TO authenticated;

-- Name: FUNCTION save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.save_shop_bounds(p_extra_basis_points integer, p_n8n_workflow_id text) TO authenticated;

-- Name: FUNCTION secret_usage(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.secret_usage() FROM PUBLIC;
GRANT ALL ON FUNCTION private.secret_usage() TO loket_setup;

-- Name: FUNCTION secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.secrets_to_renew(p_current text, p_tenant_id uuid, p_place text, p_row_id uuid, p_limit integer) TO loket_setup;

-- Name: FUNCTION session_person(p_session_id uuid, p_user_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.session_person(p_session_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.session_person(p_session_id uuid, p_user_id uuid) TO loket_auth;

-- Name: FUNCTION set_member_role(p_user_id uuid, p_tenant_role text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.set_member_role(p_user_id uuid, p_tenant_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_member_role(p_user_id uuid, p_tenant_role text) TO authenticated;

-- Name: FUNCTION set_platform_role(p_user_id uuid, p_role text, p_reason text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.set_platform_role(p_user_id uuid, p_role text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_platform_role(p_user_id uuid, p_role text, p_reason text) TO loket_admin;

-- Name: FUNCTION set_tenant_status(p_tenant_id uuid, p_status text, p_reason text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_tenant_status(p_tenant_id uuid, p_status text, p_reason text) TO loket_admin;

-- Name: FUNCTION set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_user_suspended(p_user_id uuid, p_suspended boolean, p_reason text) TO loket_admin;

-- Name: FUNCTION standing_reason(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.standing_reason() FROM PUBLIC;
GRANT ALL ON FUNCTION private.standing_reason() TO authenticated;

-- Name: FUNCTION stop_history(p_tenant_id uuid, p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.stop_history(p_tenant_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.stop_history(p_tenant_id uuid, p_id uuid) TO loket_user;

-- Name: FUNCTION stuck_sending(p_older_than interval); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.stuck_sending(p_older_than interval) FROM PUBLIC;
GRANT ALL ON FUNCTION private.stuck_sending(p_older_than interval) TO loket_system;

-- Name: FUNCTION take_unproved(p_email text, p_encrypted_password text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.take_unproved(p_email text, p_encrypted_password text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_unproved(p_email text, p_encrypted_password text) TO loket_setup;

-- Name: FUNCTION tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.tell_shop(p_tenant_id uuid, p_action text, p_reason text, p_was text, p_priority text) FROM PUBLIC;

-- Name: FUNCTION thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) TO authenticated;
GRANT ALL ON FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) TO loket_worker;
GRANT ALL ON FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) TO loket_admin;
GRANT ALL ON FUNCTION private.thread_is_sound(status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint) TO loket_system;

-- Name: FUNCTION touch_api_key(p_tenant_id uuid, p_id uuid); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.touch_api_key(p_tenant_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.touch_api_key(p_tenant_id uuid, p_id uuid) TO loket_system;

-- Name: FUNCTION user_by_email(p_email text); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.user_by_email(p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.user_by_email(p_email text) TO loket_system;
GRANT ALL ON FUNCTION private.user_by_email(p_email text) TO loket_setup;

-- Name: FUNCTION user_role(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.user_role() FROM PUBLIC;
GRANT ALL ON FUNCTION private.user_role() TO authenticated;
GRANT ALL ON FUNCTION private.user_role() TO loket_admin;

-- Name: FUNCTION user_tenant_id(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.user_tenant_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.user_tenant_id() TO authenticated;
GRANT ALL ON FUNCTION private.user_tenant_id() TO loket_admin;

-- Name: FUNCTION working_tenant_id(); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.working_tenant_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.working_tenant_id() TO authenticated;

-- Name: FUNCTION write_audit(p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb); Type: ACL; Schema: private; Owner: loket_owner

REVOKE ALL ON FUNCTION private.write_audit(p_tenant_id uuid, p_id uuid, p_actor_role text, p_action text, p_subject_id uuid, p_reason text, p_detail jsonb) FROM PUBLIC;

-- Name: FUNCTION approve_tenant_v2(tenant_id uuid); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.approve_tenant_v2(tenant_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.approve_tenant_v2(tenant_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.approve_tenant_v2(tenant_id uuid) TO loket_admin;

-- Name: FUNCTION get_current_user_role(); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.get_current_user_role() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_current_user_role() TO authenticated;
GRANT ALL ON FUNCTION public.get_current_user_role() TO loket_admin;

-- Name: FUNCTION get_user_tenant_id(); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.get_user_tenant_id() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_user_tenant_id() TO authenticated;
GRANT ALL ON FUNCTION public.get_user_tenant_id() TO loket_admin;

-- Name: FUNCTION handle_new_user(); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.handle_new_user() FROM PUBLIC;
GRANT ALL ON FUNCTION public.handle_new_user() TO loket_auth;

-- Name: FUNCTION link_profile_to_tenant(user_id uuid, tenant_id uuid); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.link_profile_to_tenant(user_id uuid, tenant_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.link_profile_to_tenant(user_id uuid, tenant_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.link_profile_to_tenant(user_id uuid, tenant_id uuid) TO loket_admin;

-- Name: FUNCTION reject_tenant(tenant_id uuid, reason text); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.reject_tenant(tenant_id uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reject_tenant(tenant_id uuid, reason text) TO loket_admin;

-- Name: FUNCTION resume_tenant(tenant_id uuid, reason text); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.resume_tenant(tenant_id uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.resume_tenant(tenant_id uuid, reason text) TO loket_admin;

-- Name: FUNCTION suspend_tenant(tenant_id uuid, reason text); Type: ACL; Schema: public; Owner: loket_owner

REVOKE ALL ON FUNCTION public.suspend_tenant(tenant_id uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.suspend_tenant(tenant_id uuid, reason text) TO loket_admin;

-- Name: COLUMN api_keys.tenant_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(tenant_id) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(tenant_id) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(id) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(id) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.name; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(name) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(name) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.prefix; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(prefix) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(prefix) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.scopes; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(scopes) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(scopes) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.created_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(created_by) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(created_by) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.created_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(created_at) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(created_at) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.last_used_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(last_used_at) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(last_used_at) ON TABLE public.api_keys TO loket_admin;

-- Name: COLUMN api_keys.revoked_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(revoked_at) ON TABLE public.api_keys TO authenticated;
GRANT SELECT(revoked_at) ON TABLE public.api_keys TO loket_admin;

-- Name: TABLE attachments; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.attachments TO authenticated;
GRANT SELECT,INSERT ON TABLE public.attachments TO loket_worker;
GRANT SELECT ON TABLE public.attachments TO loket_admin;

-- Name: TABLE audit_log; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.audit_log TO authenticated;
GRANT SELECT,INSERT ON TABLE public.audit_log TO loket_worker;
GRANT SELECT ON TABLE public.audit_log TO loket_admin;

-- Name: TABLE chat_messages; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.chat_messages TO authenticated;
GRANT SELECT,INSERT ON TABLE public.chat_messages TO loket_worker;
GRANT SELECT,INSERT ON TABLE public.chat_messages TO loket_admin;

-- Name: TABLE chat_sessions; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.chat_sessions TO authenticated;
GRANT SELECT,INSERT ON TABLE public.chat_sessions TO loket_worker;
GRANT SELECT ON TABLE public.chat_sessions TO loket_admin;

-- Name: COLUMN chat_sessions.admin_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(admin_id) ON TABLE public.chat_sessions TO loket_admin;

-- Name: COLUMN chat_sessions.status; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(status) ON TABLE public.chat_sessions TO authenticated;
GRANT UPDATE(status) ON TABLE public.chat_sessions TO loket_worker;
GRANT UPDATE(status) ON TABLE public.chat_sessions TO loket_admin;

-- Name: COLUMN chat_sessions.last_message_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(last_message_at) ON TABLE public.chat_sessions TO authenticated;
GRANT UPDATE(last_message_at) ON TABLE public.chat_sessions TO loket_worker;
GRANT UPDATE(last_message_at) ON TABLE public.chat_sessions TO loket_admin;

-- Name: COLUMN chat_sessions.closed_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(closed_at) ON TABLE public.chat_sessions TO authenticated;
GRANT UPDATE(closed_at) ON TABLE public.chat_sessions TO loket_worker;
GRANT UPDATE(closed_at) ON TABLE public.chat_sessions TO loket_admin;

-- Name: TABLE conversation_threads; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.conversation_threads TO authenticated;
GRANT SELECT,INSERT,UPDATE ON TABLE public.conversation_threads TO loket_worker;
GRANT SELECT ON TABLE public.conversation_threads TO loket_admin;

-- Name: COLUMN conversation_threads.escalation_level; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(escalation_level) ON TABLE public.conversation_threads TO authenticated;

-- Name: COLUMN conversation_threads.vip_status; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(vip_status) ON TABLE public.conversation_threads TO authenticated;

-- Name: COLUMN conversation_threads.status; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(status) ON TABLE public.conversation_threads TO authenticated;

-- Name: COLUMN conversation_threads.last_answer_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(last_answer_at) ON TABLE public.conversation_threads TO authenticated;

-- Name: COLUMN conversation_threads.answered_by_person_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(answered_by_person_at) ON TABLE public.conversation_threads TO authenticated;

-- Name: COLUMN conversation_threads.assigned_to; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(assigned_to) ON TABLE public.conversation_threads TO authenticated;

-- Name: TABLE customer_interactions; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.customer_interactions TO authenticated;
GRANT SELECT,INSERT,UPDATE ON TABLE public.customer_interactions TO loket_worker;
GRANT SELECT ON TABLE public.customer_interactions TO loket_admin;

-- Name: COLUMN customer_interactions.ai_response; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(ai_response) ON TABLE public.customer_interactions TO authenticated;

-- Name: COLUMN customer_interactions.ai_response_html; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(ai_response_html) ON TABLE public.customer_interactions TO authenticated;

-- Name: COLUMN customer_interactions.state; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(state) ON TABLE public.customer_interactions TO authenticated;

-- Name: COLUMN customer_interactions.decided_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(decided_at) ON TABLE public.customer_interactions TO authenticated;

-- Name: COLUMN customer_interactions.decided_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(decided_by) ON TABLE public.customer_interactions TO authenticated;

-- Name: TABLE email_filters; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT,DELETE ON TABLE public.email_filters TO authenticated;
GRANT SELECT ON TABLE public.email_filters TO loket_worker;
GRANT SELECT ON TABLE public.email_filters TO loket_admin;

-- Name: COLUMN email_filters.filter_type; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(filter_type) ON TABLE public.email_filters TO authenticated;

-- Name: COLUMN email_filters.email_address; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(email_address) ON TABLE public.email_filters TO authenticated;

-- Name: COLUMN email_filters.domain; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(domain) ON TABLE public.email_filters TO authenticated;

-- Name: COLUMN email_filters.is_regex; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(is_regex) ON TABLE public.email_filters TO authenticated;

-- Name: TABLE event_counters; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.event_counters TO authenticated;
GRANT SELECT,INSERT ON TABLE public.event_counters TO loket_worker;
GRANT SELECT,INSERT ON TABLE public.event_counters TO loket_admin;

-- Name: COLUMN event_counters.seq; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(seq) ON TABLE public.event_counters TO authenticated;
GRANT UPDATE(seq) ON TABLE public.event_counters TO loket_worker;
GRANT UPDATE(seq) ON TABLE public.event_counters TO loket_admin;

-- Name: TABLE events; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.events TO authenticated;
GRANT SELECT,INSERT ON TABLE public.events TO loket_worker;
GRANT SELECT,INSERT ON TABLE public.events TO loket_admin;

-- Name: TABLE history_imports; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.history_imports TO authenticated;
GRANT SELECT ON TABLE public.history_imports TO loket_worker;
GRANT SELECT ON TABLE public.history_imports TO loket_admin;

-- Name: COLUMN history_imports.state; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(state) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.failure; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(failure) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.found; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(found) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.found_bytes; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(found_bytes) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.left_out; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(left_out) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.taken; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(taken) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.answers; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(answers) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.cursor; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(cursor) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.attempts; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(attempts) ON TABLE public.history_imports TO loket_worker;

-- Name: COLUMN history_imports.finished_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(finished_at) ON TABLE public.history_imports TO loket_worker;

-- Name: TABLE jobs; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.jobs TO authenticated;
GRANT SELECT,INSERT,DELETE ON TABLE public.jobs TO loket_worker;

-- Name: COLUMN jobs.run_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(run_at) ON TABLE public.jobs TO loket_worker;

-- Name: COLUMN jobs.locked_until; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(locked_until) ON TABLE public.jobs TO loket_worker;

-- Name: COLUMN jobs.lease_token; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(lease_token) ON TABLE public.jobs TO loket_worker;

-- Name: COLUMN jobs.attempt; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(attempt) ON TABLE public.jobs TO loket_worker;

-- Name: COLUMN jobs.state; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(state) ON TABLE public.jobs TO loket_worker;

-- Name: COLUMN jobs.last_error; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(last_error) ON TABLE public.jobs TO loket_worker;

-- Name: TABLE mailboxes; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.mailboxes TO loket_worker;
GRANT DELETE ON TABLE public.mailboxes TO loket_user;

-- Name: COLUMN mailboxes.tenant_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(tenant_id) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(tenant_id) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(id) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(id) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.kind; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(kind) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(kind) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.address; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(address) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(address) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.config; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(config) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(config) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.secret_encrypted; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(secret_encrypted) ON TABLE public.mailboxes TO loket_user;

-- Name: COLUMN mailboxes.cursor; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(cursor) ON TABLE public.mailboxes TO authenticated;
GRANT UPDATE(cursor) ON TABLE public.mailboxes TO loket_worker;
GRANT SELECT(cursor) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.paused_reason; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(paused_reason) ON TABLE public.mailboxes TO authenticated;
GRANT UPDATE(paused_reason) ON TABLE public.mailboxes TO loket_worker;
GRANT SELECT(paused_reason) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(paused_reason) ON TABLE public.mailboxes TO loket_user;

-- Name: COLUMN mailboxes.paused_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(paused_at) ON TABLE public.mailboxes TO authenticated;
GRANT UPDATE(paused_at) ON TABLE public.mailboxes TO loket_worker;
GRANT SELECT(paused_at) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(paused_at) ON TABLE public.mailboxes TO loket_user;

-- Name: COLUMN mailboxes.last_read_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(last_read_at) ON TABLE public.mailboxes TO authenticated;
GRANT UPDATE(last_read_at) ON TABLE public.mailboxes TO loket_worker;
GRANT SELECT(last_read_at) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.created_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(created_at) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(created_at) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.lease_owner; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(lease_owner) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.lease_until; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(lease_until) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.connected_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(connected_at) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(connected_at) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(connected_at) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.trouble; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(trouble) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(trouble) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(trouble) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.trouble_since; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(trouble_since) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(trouble_since) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(trouble_since) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.trouble_told; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(trouble_told) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(trouble_told) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.sent_copies; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(sent_copies) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(sent_copies) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(sent_copies) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.sent_cursor; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(sent_cursor) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(sent_cursor) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(sent_cursor) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.sent_read_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(sent_read_at) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(sent_read_at) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(sent_read_at) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.reconcile_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(reconcile_at) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(reconcile_at) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(reconcile_at) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.access_encrypted; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(access_encrypted) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.access_until; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(access_until) ON TABLE public.mailboxes TO loket_worker;
GRANT SELECT(access_until) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.refreshing_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(refreshing_by) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.refreshing_until; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(refreshing_until) ON TABLE public.mailboxes TO loket_worker;
GRANT SELECT(refreshing_until) ON TABLE public.mailboxes TO loket_admin;

-- Name: COLUMN mailboxes.catch_up_from; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(catch_up_from) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.restored_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(restored_at) ON TABLE public.mailboxes TO loket_worker;

-- Name: COLUMN mailboxes.sending_paused_reason; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(sending_paused_reason) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(sending_paused_reason) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(sending_paused_reason) ON TABLE public.mailboxes TO loket_worker;
GRANT UPDATE(sending_paused_reason) ON TABLE public.mailboxes TO loket_user;

-- Name: COLUMN mailboxes.sending_paused_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(sending_paused_at) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(sending_paused_at) ON TABLE public.mailboxes TO loket_admin;
GRANT UPDATE(sending_paused_at) ON TABLE public.mailboxes TO loket_worker;
GRANT UPDATE(sending_paused_at) ON TABLE public.mailboxes TO loket_user;

-- Name: COLUMN mailboxes.history_since; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(history_since) ON TABLE public.mailboxes TO authenticated;
GRANT SELECT(history_since) ON TABLE public.mailboxes TO loket_admin;

-- Name: TABLE master_business_rules; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.master_business_rules TO authenticated;
GRANT SELECT ON TABLE public.master_business_rules TO loket_worker;
GRANT SELECT,INSERT ON TABLE public.master_business_rules TO loket_admin;

-- Name: TABLE message_views; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.message_views TO authenticated;
GRANT SELECT,INSERT ON TABLE public.message_views TO loket_worker;
GRANT SELECT ON TABLE public.message_views TO loket_admin;

-- Name: TABLE notifications; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.notifications TO authenticated;
GRANT SELECT,INSERT ON TABLE public.notifications TO loket_worker;
GRANT SELECT ON TABLE public.notifications TO loket_admin;

-- Name: COLUMN notifications.done_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(done_at) ON TABLE public.notifications TO authenticated;
GRANT UPDATE(done_at) ON TABLE public.notifications TO loket_worker;

-- Name: COLUMN notifications.done_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(done_by) ON TABLE public.notifications TO authenticated;
GRANT UPDATE(done_by) ON TABLE public.notifications TO loket_worker;

-- Name: TABLE offer_accounts; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.offer_accounts TO authenticated;
GRANT SELECT,INSERT ON TABLE public.offer_accounts TO loket_worker;
GRANT SELECT ON TABLE public.offer_accounts TO loket_admin;

-- Name: COLUMN offer_accounts.version; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(version) ON TABLE public.offer_accounts TO loket_worker;

-- Name: COLUMN offer_accounts.updated_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(updated_at) ON TABLE public.offer_accounts TO loket_worker;

-- Name: TABLE offers; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.offers TO authenticated;
GRANT SELECT,INSERT ON TABLE public.offers TO loket_worker;
GRANT SELECT ON TABLE public.offers TO loket_admin;

-- Name: TABLE outbox; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.outbox TO authenticated;
GRANT SELECT,INSERT ON TABLE public.outbox TO loket_worker;
GRANT SELECT ON TABLE public.outbox TO loket_admin;

-- Name: COLUMN outbox.subject; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(subject) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.body_text; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(body_text) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.body_html; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(body_html) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.automatic; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(automatic) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.state; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(state) ON TABLE public.outbox TO authenticated;
GRANT UPDATE(state) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.state_reason; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(state_reason) ON TABLE public.outbox TO authenticated;
GRANT UPDATE(state_reason) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.attempt; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(attempt) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.not_before; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(not_before) ON TABLE public.outbox TO authenticated;
GRANT UPDATE(not_before) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.sending_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(sending_at) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.sent_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(sent_at) ON TABLE public.outbox TO loket_worker;
GRANT UPDATE(sent_at) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.deferrals; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(deferrals) ON TABLE public.outbox TO loket_worker;
GRANT UPDATE(deferrals) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.first_deferred_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(first_deferred_at) ON TABLE public.outbox TO loket_worker;
GRANT UPDATE(first_deferred_at) ON TABLE public.outbox TO authenticated;

-- Name: COLUMN outbox.sent_looks; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(sent_looks) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.server_reply; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(server_reply) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.bounced_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(bounced_at) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.mailbox_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(mailbox_id) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.unknown_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(unknown_at) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.look_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(look_at) ON TABLE public.outbox TO loket_worker;

-- Name: COLUMN outbox.sent_copy; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(sent_copy) ON TABLE public.outbox TO loket_worker;

-- Name: TABLE person_answers; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.person_answers TO authenticated;
GRANT SELECT,INSERT ON TABLE public.person_answers TO loket_worker;
GRANT SELECT ON TABLE public.person_answers TO loket_admin;

-- Name: TABLE profiles; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.profiles TO authenticated;
GRANT SELECT ON TABLE public.profiles TO loket_worker;
GRANT SELECT ON TABLE public.profiles TO loket_admin;

-- Name: COLUMN profiles.full_name; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(full_name) ON TABLE public.profiles TO authenticated;

-- Name: TABLE raw_messages; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.raw_messages TO authenticated;
GRANT SELECT,INSERT ON TABLE public.raw_messages TO loket_worker;
GRANT SELECT ON TABLE public.raw_messages TO loket_admin;

-- Name: COLUMN raw_messages.uidvalidity; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(uidvalidity) ON TABLE public.raw_messages TO loket_worker;

-- Name: COLUMN raw_messages.uid; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(uid) ON TABLE public.raw_messages TO loket_worker;

-- Name: COLUMN raw_messages.attempts; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(attempts) ON TABLE public.raw_messages TO loket_worker;

-- Name: COLUMN raw_messages.fate; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(fate) ON TABLE public.raw_messages TO authenticated;
GRANT UPDATE(fate) ON TABLE public.raw_messages TO loket_worker;

-- Name: COLUMN raw_messages.fate_reason; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(fate_reason) ON TABLE public.raw_messages TO authenticated;
GRANT UPDATE(fate_reason) ON TABLE public.raw_messages TO loket_worker;

-- Name: COLUMN raw_messages.fate_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(fate_at) ON TABLE public.raw_messages TO authenticated;
GRANT UPDATE(fate_at) ON TABLE public.raw_messages TO loket_worker;

-- Name: TABLE receipts; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.receipts TO authenticated;
GRANT SELECT,INSERT ON TABLE public.receipts TO loket_worker;
GRANT SELECT ON TABLE public.receipts TO loket_admin;

-- Name: COLUMN receipts.body; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(body) ON TABLE public.receipts TO loket_worker;

-- Name: COLUMN receipts.created_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(created_at) ON TABLE public.receipts TO loket_worker;

-- Name: TABLE reconciliations; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.reconciliations TO authenticated;
GRANT SELECT,INSERT,DELETE ON TABLE public.reconciliations TO loket_worker;
GRANT SELECT ON TABLE public.reconciliations TO loket_admin;

-- Name: COLUMN reconciliations.finished_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(finished_at) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.failure; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(failure) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.on_server; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(on_server) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.accounted; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(accounted) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.fetched; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(fetched) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.moved_away; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(moved_away) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.missing; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(missing) ON TABLE public.reconciliations TO loket_worker;

-- Name: COLUMN reconciliations.fates; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(fates) ON TABLE public.reconciliations TO loket_worker;

-- Name: TABLE sent_messages; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT,DELETE ON TABLE public.sent_messages TO loket_worker;

-- Name: TABLE tenant_business_rule_versions; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.tenant_business_rule_versions TO authenticated;
GRANT SELECT ON TABLE public.tenant_business_rule_versions TO loket_worker;
GRANT SELECT ON TABLE public.tenant_business_rule_versions TO loket_admin;

-- Name: TABLE tenant_business_rules; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT,INSERT ON TABLE public.tenant_business_rules TO authenticated;
GRANT SELECT ON TABLE public.tenant_business_rules TO loket_worker;
GRANT SELECT ON TABLE public.tenant_business_rules TO loket_admin;

-- Name: COLUMN tenant_business_rules.version; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(version) ON TABLE public.tenant_business_rules TO authenticated;

-- Name: COLUMN tenant_business_rules.enabled; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(enabled) ON TABLE public.tenant_business_rules TO authenticated;

-- Name: COLUMN tenant_business_rules.rule_config; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(rule_config) ON TABLE public.tenant_business_rules TO authenticated;

-- Name: COLUMN tenant_business_rules.html_template; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(html_template) ON TABLE public.tenant_business_rules TO authenticated;

-- Name: COLUMN tenant_business_rules.updated_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(updated_by) ON TABLE public.tenant_business_rules TO authenticated;

-- Name: COLUMN tenant_business_rules.updated_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(updated_at) ON TABLE public.tenant_business_rules TO authenticated;

-- Name: COLUMN tenant_invitations.tenant_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(tenant_id) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(tenant_id) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(id) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(id) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.email; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(email) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(email) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.tenant_role; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(tenant_role) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(tenant_role) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.invited_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(invited_by) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(invited_by) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.created_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(created_at) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(created_at) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.expires_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(expires_at) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(expires_at) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.accepted_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(accepted_at) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(accepted_at) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.accepted_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(accepted_by) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(accepted_by) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: COLUMN tenant_invitations.revoked_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(revoked_at) ON TABLE public.tenant_invitations TO authenticated;
GRANT SELECT(revoked_at) ON TABLE public.tenant_invitations TO loket_admin;

-- Name: TABLE tenants; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT ON TABLE public.tenants TO loket_worker;

-- Name: COLUMN tenants.tenant_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(tenant_id) ON TABLE public.tenants TO authenticated;
GRANT SELECT(tenant_id) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.bedrijfsnaam; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(bedrijfsnaam),UPDATE(bedrijfsnaam) ON TABLE public.tenants TO authenticated;
GRANT SELECT(bedrijfsnaam) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.gmail_email; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(gmail_email),UPDATE(gmail_email) ON TABLE public.tenants TO authenticated;
GRANT SELECT(gmail_email) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.gmail_password_encrypted; Type: ACL; Schema: public; Owner: loket_owner

GRANT UPDATE(gmail_password_encrypted) ON TABLE public.tenants TO loket_user;

-- Name: COLUMN tenants.shop_url; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(shop_url),UPDATE(shop_url) ON TABLE public.tenants TO authenticated;
GRANT SELECT(shop_url) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.ai_persona_name; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(ai_persona_name),UPDATE(ai_persona_name) ON TABLE public.tenants TO authenticated;
GRANT SELECT(ai_persona_name) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.sector; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(sector),UPDATE(sector) ON TABLE public.tenants TO authenticated;
GRANT SELECT(sector) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.taalvoorkeur; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(taalvoorkeur),UPDATE(taalvoorkeur) ON TABLE public.tenants TO authenticated;
GRANT SELECT(taalvoorkeur) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.status; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(status) ON TABLE public.tenants TO authenticated;
GRANT SELECT(status) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.active; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(active) ON TABLE public.tenants TO authenticated;
GRANT SELECT(active) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.retouradres; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(retouradres),UPDATE(retouradres) ON TABLE public.tenants TO authenticated;
GRANT SELECT(retouradres) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.maximaal_extra_compensatie; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(maximaal_extra_compensatie) ON TABLE public.tenants TO authenticated;
GRANT SELECT(maximaal_extra_compensatie) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.dagen_instellingen; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(dagen_instellingen),UPDATE(dagen_instellingen) ON TABLE public.tenants TO authenticated;
GRANT SELECT(dagen_instellingen) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.signature_html; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(signature_html),UPDATE(signature_html) ON TABLE public.tenants TO authenticated;
GRANT SELECT(signature_html) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.automatic_sending; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(automatic_sending),UPDATE(automatic_sending) ON TABLE public.tenants TO authenticated;
GRANT SELECT(automatic_sending) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.n8n_workflow_id; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(n8n_workflow_id) ON TABLE public.tenants TO authenticated;
GRANT SELECT(n8n_workflow_id) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.api_key; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(api_key) ON TABLE public.tenants TO authenticated;
GRANT SELECT(api_key) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.created_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(created_by) ON TABLE public.tenants TO authenticated;
GRANT SELECT(created_by) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.approved_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(approved_at) ON TABLE public.tenants TO authenticated;
GRANT SELECT(approved_at) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.approved_by; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(approved_by) ON TABLE public.tenants TO authenticated;
GRANT SELECT(approved_by) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.created_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(created_at) ON TABLE public.tenants TO authenticated;
GRANT SELECT(created_at) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.updated_at; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(updated_at),UPDATE(updated_at) ON TABLE public.tenants TO authenticated;
GRANT SELECT(updated_at) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.undo_seconds; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(undo_seconds),UPDATE(undo_seconds) ON TABLE public.tenants TO authenticated;
GRANT SELECT(undo_seconds) ON TABLE public.tenants TO loket_admin;

-- Name: COLUMN tenants.max_reply_age_hours; Type: ACL; Schema: public; Owner: loket_owner

GRANT SELECT(max_reply_age_hours),UPDATE(max_reply_age_hours) ON TABLE public.tenants TO authenticated;
GRANT SELECT(max_reply_age_hours) ON TABLE public.tenants TO loket_admin;

-- PostgreSQL database dump complete

