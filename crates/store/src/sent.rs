//! What is wanted of a mailbox's Sent folder, and what was seen there.
//!
//! The wishes stand on the outgoing mail. Whoever reads the mailbox fulfils them over its one
//! connection; who sends only reads here what became of them.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::doors::{Purpose, Store, TenantTx};
use crate::error::Result;
use crate::ids::{MailboxId, OutboxId};
use crate::mailboxes::ActiveMailbox;
use crate::outbox::OutboxState;
use crate::session::Params;
use crate::sql::sql;

/// A mail of ours that is to be looked for now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Look {
    /// The mail.
    pub id: OutboxId,
    /// Without angle brackets.
    pub message_id: String,
    /// `sending`: nobody knows whether it was sent. `sent`: a copy of it may be wanted.
    pub state: OutboxState,
    /// Looks that counted so far.
    pub sent_looks: i32,
    /// Whether a copy is to be put there, where the provider puts none.
    pub wants_copy: bool,
    /// Milliseconds since its outcome is unknown.
    pub unknown_for_ms: Option<i64>,
    /// Milliseconds since a server took it.
    pub sent_for_ms: Option<i64>,
    /// Whether it was seen there before.
    pub seen: bool,
}

/// What a look found, and when to look again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Looked {
    /// The mail.
    pub id: OutboxId,
    /// Whether it proves, with others, that the mail is not there.
    pub counts: bool,
    /// In so many seconds again; `None`: not again.
    pub next_seconds: Option<f64>,
}

/// Mails as Sent lists them: number, and Message-ID without angle brackets.
pub type Seen = (u32, Option<String>);

#[derive(Deserialize)]
struct Changed {
    changed: i64,
}

/// Which mailboxes that node `owner` reads have something to do besides new mail.
pub async fn called(store: &Store, owner: Uuid) -> Result<Vec<ActiveMailbox>> {
    store
        .as_system(Purpose::Mailboxes, async |tx| {
            tx.session.all(sql!("sent", "called"), &[&owner]).await
        })
        .await
}

/// What is to be looked for in this mailbox's Sent now, at most two hundred mails.
pub async fn due(tx: &TenantTx, mailbox: MailboxId) -> Result<Vec<Look>> {
    tx.session.all(sql!("sent", "due"), &[&tx.tenant(), &mailbox]).await
}

/// The copy that is wanted there, as the mail was sent; `None` when none is.
pub async fn copy(tx: &TenantTx, mail: OutboxId) -> Result<Option<Vec<u8>>> {
    #[derive(Deserialize)]
    struct Copy {
        #[serde(deserialize_with = "crate::row::bytes")]
        sent_copy: Vec<u8>,
    }
    let found: Option<Copy> =
        tx.session.first(sql!("sent", "copy"), &[&tx.tenant(), &mail]).await?;
    Ok(found.map(|copy| copy.sent_copy))
}

/// A mail is about to leave from this mailbox.
pub async fn leaves_from(tx: &TenantTx, mail: OutboxId, mailbox: MailboxId) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &mailbox];
    tx.session.execute(sql!("sent", "leaves_from"), params).await.map(drop)
}

/// A copy of a mail that was sent may have to be put into Sent: in the transaction that marks it
/// as sent, so that a crash forgets nothing.
pub async fn want_copy(
    tx: &TenantTx,
    mail: OutboxId,
    mailbox: MailboxId,
    bytes: &[u8],
) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &mailbox, &bytes];
    tx.session.execute(sql!("sent", "want_copy"), params).await.map(drop)
}

/// From now on nobody knows whether it was sent; it is looked for at once. Noted twice, the first
/// time counts.
pub async fn outcome_unknown(tx: &TenantTx, mail: OutboxId, mailbox: MailboxId) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &mailbox];
    tx.session.execute(sql!("sent", "outcome_unknown"), params).await.map(drop)
}

/// A queued mail that lies in Sent is taken as being sent, for [`crate::outbox::mark_sent`] in the
/// same transaction. `false`: it is not so any more.
pub async fn was_sent(tx: &TenantTx, mail: OutboxId) -> Result<bool> {
    let changed = tx.session.execute(sql!("sent", "was_sent"), &[&tx.tenant(), &mail]).await?;
    Ok(changed == 1)
}

/// Sent was read on up to `cursor`; `to_the_end` names when the reading began that came to the
/// end. `true` when a mail of unknown outcome was among them: its job is due.
pub async fn seen(
    tx: &TenantTx,
    mailbox: MailboxId,
    uidvalidity: u32,
    mails: &[Seen],
    cursor: &Value,
    to_the_end: Option<Timestamp>,
) -> Result<bool> {
    let uids: Vec<i64> = mails.iter().map(|(uid, _)| i64::from(*uid)).collect();
    let ids: Vec<Option<&str>> = mails.iter().map(|(_, id)| id.as_deref()).collect();
    let params: Params<'_> =
        &[&tx.tenant(), &mailbox, &i64::from(uidvalidity), &uids, &ids, cursor, &to_the_end];
    let row: Changed = tx.session.one(sql!("sent", "seen"), params).await?;
    Ok(row.changed > 0)
}

/// Which of these Message-IDs were met in this Sent before, under whatever number.
pub async fn known(tx: &TenantTx, mailbox: MailboxId, ids: &[String]) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Known {
        message_id: String,
    }
    let known: Vec<Known> =
        tx.session.all(sql!("sent", "known"), &[&tx.tenant(), &mailbox, &ids]).await?;
    Ok(known.into_iter().map(|known| known.message_id).collect())
}

/// Notes looks. `true` when one of them may settle a mail of unknown outcome: its job is due.
pub async fn looked(tx: &TenantTx, looks: &[Looked]) -> Result<bool> {
    let ids: Vec<OutboxId> = looks.iter().map(|look| look.id).collect();
    let counts: Vec<bool> = looks.iter().map(|look| look.counts).collect();
    let next: Vec<Option<f64>> = looks.iter().map(|look| look.next_seconds).collect();
    let params: Params<'_> = &[&tx.tenant(), &ids, &counts, &next];
    let row: Changed = tx.session.one(sql!("sent", "looked"), params).await?;
    Ok(row.changed > 0)
}

/// The copy lies in Sent, or none is wanted any more.
pub async fn copied(tx: &TenantTx, mail: OutboxId) -> Result<()> {
    tx.session.execute(sql!("sent", "copied"), &[&tx.tenant(), &mail]).await.map(drop)
}

/// Forgets what was seen long ago.
pub async fn prune(tx: &TenantTx, mailbox: MailboxId) -> Result<()> {
    tx.session.execute(sql!("sent", "prune"), &[&tx.tenant(), &mailbox]).await.map(drop)
}
