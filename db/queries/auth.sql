--! is_ours
-- Whether the tables of Supabase Auth are our own to serve from, not a hosted project's.
select exists (
  select from pg_policies where schemaname = 'auth' and tablename = 'users' and policyname = 'auth_service') as is_ours;

--! session_person
select user_id, session_id, email, full_name, aal, factor_due, role, tenant_id, tenant_role, tenant_status, tenant
from private.session_person($1, $2);

--! user_by_id
select u.id, coalesce(u.role, 'authenticated') as role, u.email, u.encrypted_password, u.email_confirmed_at,
  u.invited_at, u.confirmation_sent_at, u.recovery_sent_at, u.email_change, u.email_change_sent_at,
  u.email_change_confirm_status, u.last_sign_in_at, u.banned_until, private.is_suspended(u.id) as suspended,
  u.created_at, u.updated_at,
  coalesce(u.raw_app_meta_data, '{}') as raw_app_meta_data, coalesce(u.raw_user_meta_data, '{}') as raw_user_meta_data,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
      'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
      'updated_at', i.updated_at, 'email', i.email) order by i.created_at), '[]')
    from auth.identities i where i.user_id = u.id) as identities,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'id', f.id, 'friendly_name', f.friendly_name, 'factor_type', f.factor_type, 'status', f.status,
      'created_at', f.created_at, 'updated_at', f.updated_at) order by f.created_at), '[]')
    from auth.mfa_factors f where f.user_id = u.id) as factors
from auth.users u
where u.id = $1 and u.deleted_at is null;

--! user_by_email
select u.id, coalesce(u.role, 'authenticated') as role, u.email, u.encrypted_password, u.email_confirmed_at,
  u.invited_at, u.confirmation_sent_at, u.recovery_sent_at, u.email_change, u.email_change_sent_at,
  u.email_change_confirm_status, u.last_sign_in_at, u.banned_until, private.is_suspended(u.id) as suspended,
  u.created_at, u.updated_at,
  coalesce(u.raw_app_meta_data, '{}') as raw_app_meta_data, coalesce(u.raw_user_meta_data, '{}') as raw_user_meta_data,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
      'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
      'updated_at', i.updated_at, 'email', i.email) order by i.created_at), '[]')
    from auth.identities i where i.user_id = u.id) as identities,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'id', f.id, 'friendly_name', f.friendly_name, 'factor_type', f.factor_type, 'status', f.status,
      'created_at', f.created_at, 'updated_at', f.updated_at) order by f.created_at), '[]')
    from auth.mfa_factors f where f.user_id = u.id) as factors
from auth.users u
where u.email = $1 and u.is_sso_user = false and u.deleted_at is null;

--! users_page
select u.id, coalesce(u.role, 'authenticated') as role, u.email, u.encrypted_password, u.email_confirmed_at,
  u.invited_at, u.confirmation_sent_at, u.recovery_sent_at, u.email_change, u.email_change_sent_at,
  u.email_change_confirm_status, u.last_sign_in_at, u.banned_until, private.is_suspended(u.id) as suspended,
  u.created_at, u.updated_at,
  coalesce(u.raw_app_meta_data, '{}') as raw_app_meta_data, coalesce(u.raw_user_meta_data, '{}') as raw_user_meta_data,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
      'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
      'updated_at', i.updated_at, 'email', i.email) order by i.created_at), '[]')
    from auth.identities i where i.user_id = u.id) as identities,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'id', f.id, 'friendly_name', f.friendly_name, 'factor_type', f.factor_type, 'status', f.status,
      'created_at', f.created_at, 'updated_at', f.updated_at) order by f.created_at), '[]')
    from auth.mfa_factors f where f.user_id = u.id) as factors
from auth.users u
where u.deleted_at is null
order by u.created_at desc, u.id desc
offset $1 limit $2;

--! users_count
select count(*) as count from auth.users where deleted_at is null;

--! insert_user
insert into auth.users (
  id, instance_id, aud, role, email, encrypted_password, email_confirmed_at, invited_at, banned_until,
  raw_app_meta_data, raw_user_meta_data)
values (
  $1, '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', $2, $3,
  case when $4 then now() end, case when $5 then now() end, $6,
  jsonb_build_object('provider', 'email', 'providers', jsonb_build_array('email')) || $7::jsonb, $8)
on conflict do nothing;

--! insert_identity
insert into auth.identities (id, user_id, provider_id, provider, identity_data)
values ($1, $2, ($2::uuid)::text, 'email',
  jsonb_build_object('sub', ($2::uuid)::text, 'email', $3::text, 'email_verified', false, 'phone_verified', false))
on conflict do nothing;

--! restart_sign_up
-- Who signs up again with an address that was never proved begins anew: the earlier password and
-- data may be somebody else's. Noted, because then two may have given a password.
update auth.users
set encrypted_password = $2, raw_user_meta_data = $3,
  raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || '{"signed_up_again": true}', updated_at = now()
where id = $1 and email_confirmed_at is null and invited_at is null;

--! confirm
-- Proved by the mailed token. With $2 the password and the data given before the proof are void.
update auth.users
set email_confirmed_at = coalesce(email_confirmed_at, now()),
  encrypted_password = case when $2 and email_confirmed_at is null then null else encrypted_password end,
  raw_user_meta_data = case when $2 and email_confirmed_at is null then '{}' else raw_user_meta_data end,
  raw_app_meta_data = coalesce(raw_app_meta_data, '{}') - 'signed_up_again',
  confirmation_token = '', recovery_token = '', updated_at = now()
where id = $1;

--! verify_identity
update auth.identities
set identity_data = identity_data || jsonb_build_object('email', $2::text, 'email_verified', true), updated_at = now()
where user_id = $1 and provider = 'email';

--! set_password
update auth.users
set encrypted_password = $2, recovery_token = '', updated_at = now()
where id = $1;

--! rehash
update auth.users set encrypted_password = $3 where id = $1 and encrypted_password = $2;

--! signed_in
update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1;

--! identity_signed_in
update auth.identities set last_sign_in_at = now(), updated_at = now() where user_id = $1 and provider = 'email';

--! merge_metadata
-- A key whose new value is null goes away.
update auth.users
set raw_user_meta_data = jsonb_strip_nulls(coalesce(raw_user_meta_data, '{}') || $2),
  raw_app_meta_data = jsonb_strip_nulls(coalesce(raw_app_meta_data, '{}') || $3),
  updated_at = now()
where id = $1;

--! ask_email_change
update auth.users
set email_change = $2, email_change_confirm_status = 0, email_change_sent_at = now(),
  email_change_token_new = '', email_change_token_current = '', updated_at = now()
where id = $1;

--! void_email_change
-- Whoever agreed, agreed to an earlier wish.
delete from auth.one_time_tokens
where user_id = $1 and token_type in ('email_change_token_new', 'email_change_token_current');

--! half_email_change
-- Remembers which side agreed: 1 the address that is wanted, 2 the one that is left. Who had no
-- address leaves none.
update auth.users
set email_change_confirm_status = $2::smallint, updated_at = now()
where id = $1 and email_change <> '' and coalesce(email, '') <> '' and email_change_confirm_status in (0, $2::smallint);

--! finish_email_change
-- Only after the other side.
update auth.users
set email = email_change, email_change = '', email_change_confirm_status = 0,
  email_change_token_new = '', email_change_token_current = '', updated_at = now()
where id = $1 and email_change <> ''
  and (email_change_confirm_status = 3 - $2::smallint or ($2::smallint = 1 and coalesce(email, '') = ''))
returning email;

--! set_email
update auth.users
set email = $2, email_change = '', email_change_confirm_status = 0, updated_at = now()
where id = $1;

--! profile_email
select private.rename_profile($1, $2) as done;

--! ban
update auth.users set banned_until = $2, updated_at = now() where id = $1;

--! delete_user
delete from auth.users where id = $1;

--! soft_delete_user
-- The row stays for what points at it; nothing in it tells who it was.
update auth.users
set email = 'deleted-' || id || '@invalid', encrypted_password = null, phone = null,
  raw_user_meta_data = '{}', raw_app_meta_data = '{}', email_change = '',
  confirmation_token = '', recovery_token = '', email_change_token_new = '', email_change_token_current = '',
  deleted_at = now(), updated_at = now()
where id = $1 and deleted_at is null;

--! delete_identities
delete from auth.identities where user_id = $1;

--! put_token
-- One token of each kind per person: a newer mail ends the older one.
insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
values ($1, $2, $3::text::auth.one_time_token_type, $4, $5)
on conflict (user_id, token_type) do update
set token_hash = excluded.token_hash, relates_to = excluded.relates_to, created_at = now(), updated_at = now();

--! note_token
-- The digest of the typed code, and when the mail left.
update auth.users
set confirmation_token = case when $2 = 'confirmation_token' then $3 else confirmation_token end,
  confirmation_sent_at = case when $2 = 'confirmation_token' then now() else confirmation_sent_at end,
  recovery_token = case when $2 = 'recovery_token' then $3 else recovery_token end,
  recovery_sent_at = case when $2 = 'recovery_token' then now() else recovery_sent_at end,
  email_change_token_new = case when $2 = 'email_change_token_new' then $3 else email_change_token_new end,
  email_change_token_current = case when $2 = 'email_change_token_current' then $3 else email_change_token_current end
where id = $1;

--! take_by_link
-- Single use: whoever deletes it has it. It proves the address it was mailed to and no later one.
delete from auth.one_time_tokens t
using auth.users u
where u.id = t.user_id and t.token_hash = $1 and t.token_type::text = any ($2)
  and lower(t.relates_to) = lower(case t.token_type::text when 'email_change_token_new' then u.email_change else u.email end)
  and t.created_at > now() - make_interval(secs => $3)
  and u.deleted_at is null
returning t.user_id, t.token_type::text as token_type;

--! behind_link
-- Whom a link would prove; spends nothing.
select t.user_id
from auth.one_time_tokens t
where t.token_hash = $1 and t.token_type = 'confirmation_token' and t.created_at > now() - make_interval(secs => $2);

--! take_by_code
delete from auth.one_time_tokens t
using auth.users u
where u.id = t.user_id and t.relates_to = $1 and t.token_type::text = any ($2)
  and lower(t.relates_to) = lower(case t.token_type::text when 'email_change_token_new' then u.email_change else u.email end)
  and t.created_at > now() - make_interval(secs => $3)
  and u.deleted_at is null
  and $4 <> '' and $4 = case t.token_type::text
    when 'confirmation_token' then u.confirmation_token
    when 'recovery_token' then u.recovery_token
    when 'email_change_token_new' then u.email_change_token_new
    when 'email_change_token_current' then u.email_change_token_current end
returning t.user_id, t.token_type::text as token_type;

--! drop_tokens
delete from auth.one_time_tokens where user_id = $1;

--! open_session
insert into auth.sessions (id, user_id, factor_id, aal, refreshed_at, user_agent, ip, refresh_token_counter)
values ($1, $2, null, 'aal1', now(), $3, $4::text::inet, 0);

--! add_method
insert into auth.mfa_amr_claims (id, session_id, authentication_method)
values ($1, $2, $3)
on conflict (session_id, authentication_method) do update set updated_at = now();

--! session
select s.id, s.user_id, coalesce(s.aal::text, 'aal1') as aal, s.refresh_token_counter as counter,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'method', a.authentication_method, 'timestamp', extract(epoch from a.updated_at)::bigint)
      order by a.updated_at desc), '[]')
    from auth.mfa_amr_claims a where a.session_id = s.id) as amr
from auth.sessions s
where s.id = $1 and s.user_id = $2 and (s.not_after is null or s.not_after > now());

--! hold_person
select from auth.users where id = $1 for no key update;

--! hold_session
select from auth.sessions where id = $1 and user_id = $2 for update;

--! refresh
-- The whole of rotation. A token of the current number moves the session on; the one before it, or
-- any earlier one within the grace, gets the current one again; older ones are a theft, and the
-- session ends. Each branch sees the row as it is when its lock is had, so of parallel requests
-- exactly one moves it on.
with moved as (
  update auth.sessions s
  set refresh_token_counter = case when s.refresh_token_counter = $2 then $2 + 1 else s.refresh_token_counter end,
    refreshed_at = case when s.refresh_token_counter = $2 then clock_timestamp() else s.refreshed_at end,
    updated_at = now()
  where s.id = $1 and (s.not_after is null or s.not_after > now())
    and (s.refresh_token_counter - $2 in (0, 1)
      or (s.refresh_token_counter > $2 and s.refreshed_at > now() - make_interval(secs => $3)))
  returning s.user_id),
ended as (
  delete from auth.sessions s
  where s.id = $1 and s.refresh_token_counter - $2 > 1
    and coalesce(s.refreshed_at <= now() - make_interval(secs => $3), true)
  returning s.user_id)
select (select user_id from moved) as user_id, exists (select from ended) as reused;

--! advance
-- A new refresh token for a session that has just been raised.
update auth.sessions
set refresh_token_counter = coalesce(refresh_token_counter, 0) + 1, refreshed_at = clock_timestamp(), updated_at = now(),
  aal = 'aal2', factor_id = $2
where id = $1;

--! end_session
delete from auth.sessions where id = $1 and user_id = $2;

--! end_other_sessions
delete from auth.sessions where user_id = $2 and id <> $1;

--! end_all_sessions
delete from auth.sessions where user_id = $1;

--! end_weaker_sessions
delete from auth.sessions where user_id = $2 and id <> $1 and coalesce(aal::text, 'aal1') = 'aal1';

--! weaken_sessions
update auth.sessions set aal = 'aal1', factor_id = null, updated_at = now() where user_id = $1;

--! insert_factor
insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status)
values ($1, $2, $3, 'totp', 'unverified');

--! delete_stale_factors
delete from auth.mfa_factors
where user_id = $1 and status = 'unverified' and created_at < now() - interval '5 minutes';

--! factor
-- Locked, so that two codes of one factor are looked at one after the other.
select id, user_id, coalesce(friendly_name, '') as friendly_name, factor_type::text as factor_type,
  status::text as status, secret
from auth.mfa_factors
where id = $1 and user_id = $2
for update;

--! insert_challenge
insert into auth.mfa_challenges (id, factor_id, ip_address) values ($1, $2, $3::text::inet)
returning extract(epoch from created_at + interval '300 seconds')::bigint as expires_at;

--! note_challenge
update auth.mfa_factors set last_challenged_at = clock_timestamp() where id = $1;

--! challenge
select id, host(ip_address) as ip_address, verified_at is not null as used,
  created_at <= now() - interval '300 seconds' as expired
from auth.mfa_challenges
where id = $1 and factor_id = $2;

--! use_challenge
-- Once per challenge, and once per time step of the factor: a code seen over a shoulder is spent.
update auth.mfa_challenges c
set verified_at = now(), otp_code = $3
where c.id = $1 and c.factor_id = $2 and c.verified_at is null
  and not exists (select from auth.mfa_challenges o where o.factor_id = $2 and o.otp_code = $3);

--! delete_challenges
delete from auth.mfa_challenges where factor_id = $1 and created_at < now() - interval '1 hour';

--! verify_factor
update auth.mfa_factors set status = 'verified', updated_at = now() where id = $1;

--! delete_other_unverified
delete from auth.mfa_factors where user_id = $1 and status = 'unverified' and id <> $2;

--! delete_factor
delete from auth.mfa_factors where id = $1 and user_id = $2;

--! sessions_of
select s.id, coalesce(s.user_agent, '') as user_agent, coalesce(host(s.ip), '') as ip, s.created_at,
  coalesce(s.refreshed_at::timestamptz, s.created_at) as seen_at
from auth.sessions s
where s.user_id = $1 and (s.not_after is null or s.not_after > now())
order by coalesce(s.refreshed_at::timestamptz, s.created_at) desc
limit 50;
