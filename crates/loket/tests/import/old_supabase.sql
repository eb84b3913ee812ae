-- The database of the system before Loket, as its overview describes it: Supabase's tables, its
-- own, and rows of every odd kind. Two shops are whole; the rest is there to be refused.

create schema auth;
create table auth.users (
  id uuid primary key, email varchar(255), encrypted_password varchar(255), email_confirmed_at timestamptz,
  raw_app_meta_data jsonb, raw_user_meta_data jsonb, created_at timestamptz, updated_at timestamptz,
  is_sso_user boolean not null default false, deleted_at timestamptz);
create table auth.identities (
  provider_id text not null, user_id uuid not null, identity_data jsonb not null, provider text not null,
  created_at timestamptz, email text generated always as (lower(identity_data ->> 'email')) stored,
  id uuid primary key default gen_random_uuid());

create table public.tenants (
  tenant_id uuid primary key, bedrijfsnaam text, gmail_email text, gmail_password_encrypted text, shop_url text,
  ai_persona_name text default 'Eva', sector text default 'fashion', taalvoorkeur text, status text, active boolean,
  retouradres text, maximaal_extra_compensatie integer, dagen_instellingen jsonb, signature_html text,
  n8n_workflow_id text, api_key text, provider text, created_at timestamptz default now());
create table public.profiles (
  user_id uuid primary key, email text, role text default 'user', tenant_id uuid, full_name text);
create table public.master_business_rules (id bigint primary key, rule_name text, rule_config jsonb, html_template text);
create table public.tenant_business_rules (
  id bigint primary key, tenant_id uuid, master_rule_id bigint, rule_name text, rule_config jsonb, html_template text,
  is_active boolean default true);
create table public.conversation_threads (
  id uuid primary key, tenant_id uuid, customer_email text, escalation_level integer, customer_mood text,
  vip_status boolean, created_at timestamptz, updated_at timestamptz);
create table public.customer_interactions (
  id bigint primary key, tenant_id uuid, thread_id uuid, customer_email text, message_body text, ai_response text,
  compensatie_percentage numeric, dreiging_detected boolean, annulering_aangevraagd boolean, ladder_stap integer,
  created_at timestamptz);
create table public.chat_sessions (
  id uuid primary key, tenant_id uuid, user_email text, admin_id uuid, status text, created_at timestamptz);
create table public.chat_messages (
  id bigint primary key, session_id uuid, sender_type text, message text, created_at timestamptz);
create table public.notifications (
  id bigint primary key, tenant_id uuid, thread_id uuid, type text, priority text, action_required boolean,
  created_at timestamptz);
create table public.email_filters (
  id bigint primary key, tenant_id uuid, filter_type text, email_address text, domain text, is_regex boolean);

-- A function as the old project had it: its body is no data.
create function public.handle_new_user() returns trigger language plpgsql as $fn$
begin
insert into public.profiles (user_id, email) values (new.id, new.email);
return new;
end
$fn$;

-- People. The hashes are bcrypt of 'oud wachtwoord'.
insert into auth.users (id, email, encrypted_password, email_confirmed_at, raw_user_meta_data, created_at, deleted_at) values
  ('10000000-0000-4000-8000-000000000001', 'Anna@Linnen.example', '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', '2024-01-01', '{"full_name": "Anna"}', '2024-01-01', null),
  ('10000000-0000-4000-8000-000000000002', 'bob@wol.example', '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', null, null, '2024-02-01', null),
  ('10000000-0000-4000-8000-000000000003', 'collega@linnen.example', 'plain-not-a-hash', '2024-03-01', null, '2024-03-01', null),
  ('10000000-0000-4000-8000-000000000004', 'admin@platform.example', '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', '2024-01-01', null, '2024-01-01', null),
  ('10000000-0000-4000-8000-000000000005', null, null, null, null, '2024-01-01', null),
  ('10000000-0000-4000-8000-000000000006', 'weg@linnen.example', null, null, null, '2024-01-01', '2024-06-01'),
  ('10000000-0000-4000-8000-000000000007', 'ANNA@linnen.example', null, null, null, '2024-05-01', null);
insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, id) values
  ('10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', '{"sub": "10000000-0000-4000-8000-000000000001", "email": "anna@linnen.example"}', 'email', '2024-01-01', '11000000-0000-4000-8000-000000000001'),
  ('998877', '10000000-0000-4000-8000-000000000002', '{"sub": "998877"}', 'google', '2024-02-01', '11000000-0000-4000-8000-000000000002');

-- Shops: two whole ones, one with odd values, two that cannot be taken.
insert into public.tenants values
  ('20000000-0000-4000-8000-000000000001', 'Linnen & Zo', 'Linnenenzo@gmail.com', 'a2FuYXJpZSBpbiBsaW5uZW4=', 'https://linnen.example', 'Eva', 'fashion', 'NL', 'approved', true, E'Kade 1\n3511 AA Utrecht', 15, '{"reply": 2}', '<p>Groet, Linnen</p>', 'wf-1', 'sk_live_oud', 'gmail', '2024-01-02'),
  ('20000000-0000-4000-8000-000000000002', 'Wol; it''s warm', 'info@wol.example', 'd29sd2FjaHR3b29yZA', 'https://wol.example', 'Tom', 'fashion', 'EN', 'pending_approval', false, '', 20, null, null, null, null, 'zoho', '2024-02-02'),
  ('20000000-0000-4000-8000-000000000003', 'Vreemd', 'vreemd@raar.example', 'p@ss no base64', null, null, null, 'DE', 'bevroren', true, null, 400, '[1]', '<img src=x onerror="alert(1)">', null, null, null, '2024-03-02'),
  ('20000000-0000-4000-8000-000000000004', '', 'leeg@raar.example', null, null, null, null, 'NL', 'approved', true, null, null, null, null, null, null, null, '2024-03-02'),
  ('20000000-0000-4000-8000-000000000005', 'Zonder adres', null, null, null, null, null, 'NL', 'approved', true, null, null, null, null, null, null, null, '2024-03-02');
insert into public.profiles values
  ('10000000-0000-4000-8000-000000000001', 'anna@linnen.example', 'user', '20000000-0000-4000-8000-000000000001', 'Anna'),
  ('10000000-0000-4000-8000-000000000002', 'bob@wol.example', 'user', null, null),
  ('10000000-0000-4000-8000-000000000003', 'collega@linnen.example', 'user', '20000000-0000-4000-8000-000000000001', null),
  ('10000000-0000-4000-8000-000000000004', 'admin@platform.example', 'admin', null, null),
  ('10000000-0000-4000-8000-000000000006', 'weg@linnen.example', 'user', '20000000-0000-4000-8000-000000000001', null),
  ('10000000-0000-4000-8000-000000000099', 'spook@nergens.example', 'user', null, null);

insert into public.master_business_rules values
  (1, 'retourbeleid_fashion', '{}', ''), (2, 'onderhandeling_logica', '{}', '');
insert into public.tenant_business_rules values
  (1, '20000000-0000-4000-8000-000000000001', 1, null, '{"retourtermijn_dagen": 30, "retourkosten": "winkel"}', '<p>Beste {{klant}}</p>', true),
  (2, '20000000-0000-4000-8000-000000000001', 2, 'onderhandeling_logica', '{"actief": true, "start": "15%", "stap": 5}', null, true),
  (3, '20000000-0000-4000-8000-000000000002', null, 'retourbeleid_fashion', '{"retourtermijn_dagen": 7}', null, true),
  (4, '20000000-0000-4000-8000-000000000002', null, 'dreiging_detectie', '{"trefwoorden": ["Radar", "advocaat"]}', null, false),
  (5, '20000000-0000-4000-8000-000000000002', null, 'verzendbeleid', '{}', null, true),
  (6, '20000000-0000-4000-8000-000000000099', 1, null, '{}', null, true);

insert into public.conversation_threads values
  ('30000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Klant@x.example', 2, 'frustrated', true, '2024-04-01 10:00+02', '2024-04-02'),
  ('30000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002', 'klant@x.example', 7, 'woest', null, '2024-04-03', null),
  ('30000000-0000-4000-8000-000000000003', '20000000-0000-4000-8000-000000000004', 'klant@x.example', 0, null, null, '2024-04-03', null),
  ('30000000-0000-4000-8000-000000000004', '20000000-0000-4000-8000-000000000001', null, 0, null, null, '2024-04-03', null);
insert into public.customer_interactions values
  (1, '20000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001', 'Klant@x.example', E'Waar blijft het?\n\tGroet \\ "☃"\nCOPY public.tenants (tenant_id) FROM stdin;', 'Onderweg.', 10.5, false, false, 1, '2024-04-01 10:00+02'),
  (2, '20000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001', 'klant@x.example', 'Ik bel mijn advocaat', null, null, true, false, 2, '2024-04-02 11:00+02'),
  (3, '20000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000002', 'klant@x.example', 'van een andere winkel', null, 0, false, false, 0, '2024-04-02'),
  (4, '20000000-0000-4000-8000-000000000002', '30000000-0000-4000-8000-000000000002', 'klant@x.example', 'te veel', null, 250, null, null, 12, '2024-04-02'),
  (5, '20000000-0000-4000-8000-000000000002', null, 'klant@x.example', 'nergens bij', null, 0, false, false, 0, '2024-04-02'),
  (6, '20000000-0000-4000-8000-000000000002', '30000000-0000-4000-8000-000000000002', 'klant@x.example', null, null, 0, false, false, 0, '2024-04-02');
insert into public.chat_sessions values
  ('40000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Bezoeker@x.example', '10000000-0000-4000-8000-000000000004', 'open', '2024-05-01'),
  ('40000000-0000-4000-8000-000000000002', null, 'bezoeker@x.example', null, 'closed', '2024-05-01');
insert into public.chat_messages values
  (1, '40000000-0000-4000-8000-000000000001', 'user', 'Hallo?', '2024-05-01 09:00'),
  (2, '40000000-0000-4000-8000-000000000001', 'bot', 'Biep', '2024-05-01 09:01'),
  (3, '40000000-0000-4000-8000-000000000002', 'user', 'Is daar iemand', '2024-05-01 09:02'),
  (4, '40000000-0000-4000-8000-000000000001', 'admin', repeat('lang', 3000), '2024-05-01 09:03');
insert into public.notifications values
  (1, '20000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001', 'threat', 'high', true, '2024-04-02'),
  (2, '20000000-0000-4000-8000-000000000001', null, 'nieuwsbrief', 'low', false, '2024-04-02'),
  (3, '20000000-0000-4000-8000-000000000002', '30000000-0000-4000-8000-000000000001', 'escalation', 'urgent', true, '2024-04-02');
insert into public.email_filters values
  (1, '20000000-0000-4000-8000-000000000001', 'block', 'Spam@Reclame.example', null, false),
  (2, '20000000-0000-4000-8000-000000000001', 'allow', null, '^vip\.', true),
  (3, '20000000-0000-4000-8000-000000000001', 'block', null, '(', true),
  (4, '20000000-0000-4000-8000-000000000001', 'block', 'spam@reclame.example', null, false),
  (5, '20000000-0000-4000-8000-000000000001', 'misschien', null, 'x.example', false),
  (6, '20000000-0000-4000-8000-000000000002', 'spam', 'a@b.example', 'b.example', false),
  (7, '20000000-0000-4000-8000-000000000002', 'spam', null, null, false);
