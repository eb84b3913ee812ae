--! look
-- What opens a mailbox, and the newest access token.
select secret_encrypted, access_encrypted, access_until, coalesce(refreshing_until > now(), false) as refreshing
from public.mailboxes
where tenant_id = $1 and id = $2;

--! take_turn
-- One at a time asks the provider: whoever asks twice with one refresh token may lose both answers.
update public.mailboxes
set refreshing_by = $3, refreshing_until = now() + make_interval(secs => $4)
where tenant_id = $1 and id = $2 and (refreshing_until is null or refreshing_until <= now())
returning secret_encrypted, access_encrypted, access_until, false as refreshing;

--! give_back
update public.mailboxes set refreshing_by = null, refreshing_until = null
where tenant_id = $1 and id = $2 and refreshing_by = $3;

--! keep
-- Only while the mailbox is opened with the consent that this token came from.
update public.mailboxes
set access_encrypted = $4, access_until = $5
where tenant_id = $1 and id = $2 and secret_encrypted = $3;

--! reconnect
select private.reconnect_mailbox($1, $2, $3, $4) as done;
