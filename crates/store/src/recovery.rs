//! After a restore: what was answered between the backup and its return is found in Sent, and
//! recorded, before a shop answers or sends anything.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::{MailboxId, NotificationId, OutboxId};
use crate::session::Params;
use crate::sql::sql;

/// A mailbox whose Sent folder is still to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Mark {
    /// The backup's moment.
    pub catch_up_from: Timestamp,
    /// When the backup was put back.
    pub restored_at: Timestamp,
}

/// A mail found in Sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Without angle brackets.
    pub message_id: String,
    /// The mail it answers, without angle brackets; `None` for one that answers nothing.
    pub in_reply_to: Option<String>,
    /// When it was sent, as the mailbox says.
    pub sent_at: Timestamp,
    /// Lower case.
    pub recipients: Vec<String>,
    /// Decoded.
    pub subject: String,
    /// What it says.
    pub body_text: String,
    /// Whether its Message-ID is one we signed for this shop.
    pub ours: bool,
    /// Whether it says itself that no person wrote it.
    pub automatic: bool,
    /// For the row that is made of it.
    pub outbox_id: OutboxId,
    /// For the notification, where there must be one.
    pub notification_id: NotificationId,
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Compared {
    /// Mails that turned out to be answered.
    pub answered: i64,
    /// Mails that somebody was written about, but not their sender: a person decides.
    pub unclear: i64,
}

/// Whether this mailbox is marked.
pub async fn mark(tx: &TenantTx, mailbox: MailboxId) -> Result<Option<Mark>> {
    tx.session.first(sql!("recovery", "mark"), &[&tx.tenant(), &mailbox]).await
}

/// Mails of this mailbox that were stored and have no place in a conversation yet: before there
/// are none, a comparison would miss some.
pub async fn unplaced(tx: &TenantTx, mailbox: MailboxId) -> Result<i64> {
    #[derive(Deserialize)]
    struct Unplaced {
        mails: i64,
    }
    let row: Unplaced =
        tx.session.one(sql!("recovery", "unplaced"), &[&tx.tenant(), &mailbox]).await?;
    Ok(row.mails)
}

/// Records what was found in Sent: replies that the backup knows as sent under their Message-ID,
/// those it does not know by the mail they answer. Comparing twice changes nothing more.
pub async fn compare(tx: &TenantTx, found: &[Found]) -> Result<Compared> {
    let found = serde_json::to_value(found).map_err(|error| crate::error::Error::Row {
        statement: "recovery.compare",
        reason: error.to_string(),
    })?;
    tx.session.one(sql!("recovery", "compare"), &[&tx.tenant(), &found]).await
}

/// Where Sent proves nothing: mail from before the restore that still waits for an answer goes to
/// a person, with one notification. Returns how many mails.
pub async fn hold_unproved(tx: &TenantTx, mailbox: MailboxId) -> Result<i64> {
    #[derive(Deserialize)]
    struct Held {
        held: i64,
    }
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &NotificationId::new()];
    let row: Held = tx.session.one(sql!("recovery", "hold_unproved"), params).await?;
    Ok(row.held)
}

/// The mailbox has caught up.
pub async fn caught_up(tx: &TenantTx, mailbox: MailboxId) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox];
    let changed = tx.session.execute(sql!("recovery", "caught_up"), params).await?;
    crate::expect_change(changed, "mailbox", mailbox.0)
}
