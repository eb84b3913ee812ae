-- One person with many spellings of one address has one budget of automatic replies.

alter table public.outbox add column recipient_key text not null generated always as (
  case
    when split_part(recipient, '@', 2) in ('gmail.com', 'googlemail.com')
      then replace(split_part(split_part(recipient, '@', 1), '+', 1), '.', '') || '@gmail.com'
    else split_part(split_part(recipient, '@', 1), '+', 1) || '@' || split_part(recipient, '@', 2)
  end) stored;
comment on column public.outbox.recipient_key is 'The recipient without what its provider ignores: +tag everywhere, dots at Gmail.';
drop index public.outbox_budget_idx;
create index outbox_budget_idx on public.outbox (tenant_id, recipient_key, created_at) where automatic;

-- Who lets a draft go gives it its four days anew.
grant update (deferrals, first_deferred_at) on public.outbox to authenticated;
