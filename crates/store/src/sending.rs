//! What sending over SMTP leaves behind besides a mail's state: refusals that pass, looks into
//! Sent, what a provider allows, bounces, and replies called back.

use std::time::Duration;

use serde::Deserialize;

use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{AuditId, MailboxId, NotificationId, OutboxId};
use crate::mailboxes::SentCopies;
use crate::session::Params;
use crate::sql::sql;

#[derive(Deserialize)]
struct Changed {
    changed: i64,
}

/// Where a mail stands within what a provider lets a shop send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Room {
    /// Mails that left within the window, and those that are leaving.
    pub used: i64,
    /// Mails that could leave now and are more urgent: a person's before the program's, grave
    /// conversations before others, old before new.
    pub before_it: i64,
}

impl Room {
    /// Whether there is room for this mail, under a limit of so many in the window. A fifth of it
    /// is left to the shop's people: whoever makes the program write much (a domain with a mailbox
    /// for every name) does not silence them.
    pub const fn is_left(self, limit: i64, automatic: bool) -> bool {
        let limit = if automatic { limit - limit / 5 } else { limit };
        self.used + self.before_it < limit
    }
}

/// How long a mail has been put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Deferred {
    /// How often.
    pub deferrals: i32,
    /// Since the first time.
    pub for_seconds: i64,
}

/// Where this mail stands within the last `window`.
pub async fn room(tx: &TenantTx, mail: OutboxId, window: Duration) -> Result<Room> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &window.as_secs_f64()];
    tx.session.one(sql!("sending", "room"), params).await
}

/// It certainly was not sent, and waits again with the same Message-ID. `counts`: as a deferral.
/// Only for whoever holds its job: the caller's transaction gives the job back as well.
pub async fn requeue(
    tx: &TenantTx,
    mail: OutboxId,
    counts: bool,
    server_reply: Option<&str>,
) -> Result<Deferred> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &counts, &server_reply];
    let row: Option<Deferred> = tx.session.first(sql!("sending", "requeue"), params).await?;
    row.ok_or_else(|| absent(tx, mail))
}

/// Keeps what the server said.
pub async fn note_reply(tx: &TenantTx, mail: OutboxId, server_reply: &str) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &server_reply];
    tx.session.execute(sql!("sending", "note_reply"), params).await.map(drop)
}

/// It was looked for in Sent and is not there. Returns how often by now.
pub async fn note_look(tx: &TenantTx, mail: OutboxId) -> Result<i32> {
    #[derive(Deserialize)]
    struct Looks {
        sent_looks: i32,
    }
    let params: Params<'_> = &[&tx.tenant(), &mail];
    let row: Option<Looks> = tx.session.first(sql!("sending", "note_look"), params).await?;
    row.map(|row| row.sent_looks).ok_or_else(|| absent(tx, mail))
}

/// Whether mail that is sent turns up in this mailbox's Sent.
pub async fn set_sent_copies(tx: &TenantTx, mailbox: MailboxId, copies: SentCopies) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &copies.as_str()];
    let changed = tx.session.execute(sql!("sending", "set_sent_copies"), params).await?;
    crate::expect_change(changed, "mailbox", mailbox.0)
}

/// Stops sending from a mailbox for this reason, `login_refused` or `sender_refused`; `None` lets
/// mail leave again. Reading goes on.
pub async fn pause_mailbox(tx: &TenantTx, mailbox: MailboxId, reason: Option<&str>) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &reason];
    let changed = tx.session.execute(sql!("sending", "pause_mailbox"), params).await?;
    crate::expect_change(changed, "mailbox", mailbox.0)
}

/// Tells the shop, once until somebody dealt with it. `kind` is a notification type and `detail`
/// says which trouble. `false`: it was told before.
pub async fn notify_once(tx: &TenantTx, kind: &str, priority: &str, detail: &str) -> Result<bool> {
    let params: Params<'_> = &[&tx.tenant(), &NotificationId::new(), &kind, &priority, &detail];
    let row: Changed = tx.session.one(sql!("sending", "notify_once"), params).await?;
    Ok(row.changed == 1)
}

/// A server reports that the mail with this Message-ID cannot be delivered: the address is
/// marked, and a person notified, once. `false`: there is no such mail, or it was known.
pub async fn mark_bounced(tx: &TenantTx, message_id: &str) -> Result<bool> {
    let params: Params<'_> = &[&tx.tenant(), &message_id, &NotificationId::new()];
    let row: Changed = tx.session.one(sql!("sending", "bounced"), params).await?;
    Ok(row.changed > 0)
}

/// How long replies that nobody read can be called back (0 to 3600 seconds), and how late they
/// may leave (1 to 720 hours). For the shop's people.
pub async fn save_wishes(tx: &TenantTx, undo_seconds: i32, max_reply_age_hours: i32) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &undo_seconds, &max_reply_age_hours];
    tx.session.execute(sql!("sending", "save_wishes"), params).await.map(drop)
}

/// A person calls back a reply that has not left: it waits as a draft. [`Error::Absent`] when
/// sending was begun, or somebody was faster.
pub async fn recall(tx: &TenantTx, mail: OutboxId) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &tx.actor(), &AuditId::new()];
    let row: Changed = tx.session.one(sql!("sending", "recall"), params).await?;
    if row.changed == 1 { Ok(()) } else { Err(absent(tx, mail)) }
}

fn absent(tx: &TenantTx, mail: OutboxId) -> Error {
    tx.session.fail(Error::Absent { what: "outgoing mail", id: mail.0 })
}
