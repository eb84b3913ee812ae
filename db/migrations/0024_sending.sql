-- What sending over SMTP needs to remember: refusals that pass, looks into Sent, bounces, and what a
-- shop wants of its replies.

alter table public.tenants
  add column undo_seconds integer not null default 30,
  add column max_reply_age_hours integer not null default 24,
  add constraint tenants_undo_seconds_check check (undo_seconds between 0 and 3600),
  add constraint tenants_max_reply_age_hours_check check (max_reply_age_hours between 1 and 720);
comment on column public.tenants.undo_seconds is 'How long a reply that nobody read waits before it leaves, so that it can be called back.';
comment on column public.tenants.max_reply_age_hours is 'A reply that nobody read leaves at most this long after the customer''s mail; later it goes to a person.';
grant select (undo_seconds, max_reply_age_hours) on public.tenants to authenticated, loket_admin;
grant update (undo_seconds, max_reply_age_hours) on public.tenants to authenticated;

alter table public.outbox
  add column deferrals integer not null default 0,
  add column first_deferred_at timestamptz,
  add column sent_looks integer not null default 0,
  add column server_reply text,
  add column bounced_at timestamptz;
comment on column public.outbox.deferrals is 'How often it could not be handed over for a reason that passes.';
comment on column public.outbox.first_deferred_at is 'When that was so for the first time; null before.';
comment on column public.outbox.sent_looks is 'How often it was looked for in Sent, and not found, since sending was last begun.';
comment on column public.outbox.server_reply is 'What the mail server said last; null before.';
comment on column public.outbox.bounced_at is 'When a server reported that it cannot be delivered; null otherwise.';
grant update (deferrals, first_deferred_at, sent_looks, server_reply, bounced_at) on public.outbox to loket_worker;
create index outbox_sent_at_idx on public.outbox (tenant_id, sent_at) where sent_at is not null;
create index outbox_bounced_idx on public.outbox (tenant_id, recipient, bounced_at) where bounced_at is not null;

alter table public.mailboxes
  add column sent_copies text not null default 'unknown',
  add constraint mailboxes_sent_copies_check check (sent_copies in ('unknown', 'kept', 'ours'));
comment on column public.mailboxes.sent_copies is 'kept: what is sent over SMTP turns up in Sent, so what is not there was not sent. ours: it does not, and we put a copy there. unknown until the first mail was sent.';
grant select (sent_copies) on public.mailboxes to authenticated, loket_admin;
grant update (sent_copies) on public.mailboxes to loket_worker;
