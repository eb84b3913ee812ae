-- One mail, one transaction, all its statements in one flight. `shops` is given by the caller.
\set shop random(1, :shops)
\set customer random(1, 100000)
\set one_in_ten random(1, 10)
\startpipeline
begin;
select set_config('app.tenant_id', '00000000-0000-7000-8000-' || lpad((:shop)::text, 12, '0'), true);
insert into bench.threads (tenant_id, id, customer_email, last_message_at)
values (('00000000-0000-7000-8000-' || lpad((:shop)::text, 12, '0'))::uuid,
  ('00000000-0000-7000-9000-' || lpad((:customer)::text, 12, '0'))::uuid, 'klant@example.nl', now())
on conflict (tenant_id, id) do update set last_message_at = excluded.last_message_at;
insert into bench.interactions (tenant_id, id, thread_id, customer_email, subject, message_body, received_at)
values (('00000000-0000-7000-8000-' || lpad((:shop)::text, 12, '0'))::uuid, gen_random_uuid(),
  ('00000000-0000-7000-9000-' || lpad((:customer)::text, 12, '0'))::uuid, 'klant@example.nl', 'Retour',
  repeat('Ik wil graag iets terugsturen. ', :length), now());
insert into bench.outbox (tenant_id, id, interaction_id, recipient, body_text, state)
values (('00000000-0000-7000-8000-' || lpad((:shop)::text, 12, '0'))::uuid, gen_random_uuid(),
  gen_random_uuid(), 'klant@example.nl', repeat('Je kunt het terugsturen. ', :length), 'queued');
insert into bench.notifications (tenant_id, id, thread_id, type)
select ('00000000-0000-7000-8000-' || lpad((:shop)::text, 12, '0'))::uuid, gen_random_uuid(),
  ('00000000-0000-7000-9000-' || lpad((:customer)::text, 12, '0'))::uuid, 'escalation'
where (:one_in_ten)::integer = 1;
commit;
\endpipeline
