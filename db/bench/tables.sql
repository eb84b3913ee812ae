-- The yardstick of `loket bench`: the least that a mail could cost this Postgres. A thread, an
-- interaction, an outbox row, a notification, with row security and one index each, and nothing else.
drop schema if exists bench cascade;
create schema bench;
create table bench.threads (
  tenant_id uuid not null, id uuid not null, customer_email text not null, last_message_at timestamptz not null,
  primary key (tenant_id, id));
create table bench.interactions (
  tenant_id uuid not null, id uuid not null, thread_id uuid not null, customer_email text not null,
  subject text not null, message_body text not null, received_at timestamptz not null,
  primary key (tenant_id, id));
create table bench.outbox (
  tenant_id uuid not null, id uuid not null, interaction_id uuid not null, recipient text not null,
  body_text text not null, state text not null,
  primary key (tenant_id, id));
create table bench.notifications (
  tenant_id uuid not null, id uuid not null, thread_id uuid not null, type text not null,
  primary key (tenant_id, id));
create index on bench.interactions (tenant_id, received_at);
do $$
declare
  name text;
begin
  foreach name in array array['threads', 'interactions', 'outbox', 'notifications'] loop
    execute format('alter table bench.%I enable row level security', name);
    execute format(
      'create policy own on bench.%I using (tenant_id = private.current_tenant_id())
       with check (tenant_id = private.current_tenant_id())', name);
    execute format('grant select, insert, update on bench.%I to loket_worker', name);
  end loop;
end
$$;
grant usage on schema bench to loket_worker;
