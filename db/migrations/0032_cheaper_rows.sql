-- What every written row pays for. A check is read from its text, planned and made ready anew for
-- each statement that writes its table, at a price per word of its lists: the fourteen checks of
-- the three tables that every mail goes through cost a third of recording it. One function holds a
-- table's rules as well, and stays ready from statement to statement.

create function private.interaction_is_sound(
  state text, language text, customer_mood text, doubt text, intents text[], ladder_stap smallint,
  compensatie_percentage numeric)
returns boolean language plpgsql immutable parallel safe set search_path = ''
as $$
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
comment on function private.interaction_is_sound(text, text, text, text, text[], smallint, numeric) is
  'The words and ranges of an interaction. Null, as of a mail without a doubt, breaks no rule.';

create function private.thread_is_sound(
  status text, language text, customer_mood text, escalation_level smallint, ladder_stap smallint)
returns boolean language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return status in ('open', 'closed')
    and language in ('nl', 'en', 'de', 'fr', 'other')
    and customer_mood in ('positive', 'neutral', 'frustrated', 'angry', 'sad')
    and escalation_level between 0 and 3
    and ladder_stap between 0 and 9;
end
$$;
comment on function private.thread_is_sound(text, text, text, smallint, smallint) is
  'The words and ranges of a conversation.';

create function private.job_is_sound(kind text, state text)
returns boolean language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return kind in ('ingest', 'answer', 'deliver') and state in ('due', 'given_up');
end
$$;
comment on function private.job_is_sound(text, text) is 'The words of a job.';

-- Whoever writes a row runs its rules.
revoke all on function
  private.interaction_is_sound(text, text, text, text, text[], smallint, numeric),
  private.thread_is_sound(text, text, text, smallint, smallint), private.job_is_sound(text, text)
from public, anon, authenticated, service_role;
grant execute on function
  private.interaction_is_sound(text, text, text, text, text[], smallint, numeric),
  private.thread_is_sound(text, text, text, smallint, smallint), private.job_is_sound(text, text)
to authenticated, loket_worker, loket_admin, loket_system;

alter table public.customer_interactions
  drop constraint customer_interactions_compensatie_percentage_check,
  drop constraint customer_interactions_ladder_stap_check,
  drop constraint customer_interactions_language_check,
  drop constraint customer_interactions_customer_mood_check,
  drop constraint customer_interactions_intents_check,
  drop constraint customer_interactions_state_check,
  drop constraint customer_interactions_doubt_check,
  -- What is there kept the same rules until now.
  add constraint customer_interactions_sound_check check (private.interaction_is_sound(
    state, language, customer_mood, doubt, intents, ladder_stap, compensatie_percentage)) not valid;
alter table public.customer_interactions validate constraint customer_interactions_sound_check;

alter table public.conversation_threads
  drop constraint conversation_threads_escalation_level_check,
  drop constraint conversation_threads_customer_mood_check,
  drop constraint conversation_threads_status_check,
  drop constraint conversation_threads_language_check,
  drop constraint conversation_threads_ladder_stap_check,
  add constraint conversation_threads_sound_check check (private.thread_is_sound(
    status, language, customer_mood, escalation_level, ladder_stap)) not valid;
alter table public.conversation_threads validate constraint conversation_threads_sound_check;

alter table public.jobs
  drop constraint jobs_kind_check,
  drop constraint jobs_state_check,
  add constraint jobs_sound_check check (private.job_is_sound(kind, state)) not valid;
alter table public.jobs validate constraint jobs_sound_check;
