//! What a shop knows before its mails are placed: whose word on senders counts, and which
//! conversations they refer to.

use std::collections::HashMap;

use mail::parse::Parsed;
use store::ingest::KnownThread;
use store::mailboxes::{Mailbox, MailboxKind};
use store::{MailboxId, TenantId};

use super::machines::named as named_by;
use super::parsing::ParsedMail;
use super::receive::MaildirConfig;
use super::remote::RemoteConfig;
use super::{Desk, StageError};

/// Whose word on senders counts, by mailbox.
pub(super) fn trusted_names(mailboxes: &[Mailbox]) -> HashMap<MailboxId, String> {
    mailboxes
        .iter()
        .filter_map(|mailbox| {
            let name = match mailbox.kind {
                MailboxKind::Maildir => MaildirConfig::read(&mailbox.config).ok()?.authserv_id,
                _ => RemoteConfig::read(&mailbox.config).ok()?.authserv_id(),
            };
            Some((mailbox.id, name?))
        })
        .collect()
}

/// Conversations that the mails refer to: by Message-IDs of ours that nobody forged, and by those of
/// older mail that was brought in, where the shop has any.
pub(super) async fn known_threads(
    desk: &Desk,
    tenant: TenantId,
    parsed: &[ParsedMail],
    has_history: bool,
) -> Result<(Vec<KnownThread>, Vec<KnownThread>), StageError> {
    let mut named: Vec<String> = parsed
        .iter()
        .filter_map(|mail| mail.parsed.as_ref())
        .flat_map(|Parsed { message, .. }| named_by(message))
        .collect();
    named.sort();
    named.dedup();
    let (ours, mut others): (Vec<String>, Vec<String>) = named.into_iter().partition(|id| {
        mail::message_id::verify(id, desk.message_id_key.bytes())
            .is_some_and(|origin| origin.tenant_id == tenant.0)
    });
    if !has_history {
        others.clear();
    }
    if ours.is_empty() && others.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok(desk
        .store
        .as_worker(tenant, async |tx| {
            let known = match ours.as_slice() {
                [] => Vec::new(),
                ours => store::ingest::threads_by_our_message_ids(tx, ours, None).await?,
            };
            let brought_in = match others.as_slice() {
                [] => Vec::new(),
                others => store::history::threads(tx, others).await?,
            };
            Ok((known, brought_in))
        })
        .await?)
}
