//! Outgoing mail: the last look before the wire, and what became of it.

use std::time::Duration;

use domain::deliver::{Moment, Objection, objection};
use jiff::Timestamp;
use serde::Deserialize;

use crate::doors::{Purpose, Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{InteractionId, NotificationId, OutboxId, TenantId, ThreadId};
use crate::jobs::Lease;
use crate::session::Params;
use crate::sql::sql;

/// `outbox.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboxState {
    /// Waits for its deliver job.
    Queued,
    /// Sending was begun; its outcome is not known yet.
    Sending,
    /// A server accepted it.
    Sent,
    /// Will not be sent.
    Cancelled,
    /// Waits for a person.
    Held,
    /// Refused for good.
    Failed,
}

/// A mail to send, with what its sender needs of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutboxRow {
    /// Its id.
    pub id: OutboxId,
    /// The customer mail it answers.
    pub interaction_id: InteractionId,
    /// The conversation.
    pub thread_id: ThreadId,
    /// Without angle brackets. The same at every try.
    pub message_id: String,
    /// Lower case.
    pub recipient: String,
    /// Decoded.
    pub subject: String,
    /// Plain text.
    pub body_text: String,
    /// HTML.
    pub body_html: String,
    /// Without angle brackets.
    pub in_reply_to: Option<String>,
    /// Without angle brackets, oldest first.
    pub message_references: Vec<String>,
    /// Whether no person read it first.
    pub automatic: bool,
    /// Where it stands.
    pub state: OutboxState,
    /// How often sending was begun.
    pub attempt: i32,
    /// Not to be sent before.
    pub not_before: Timestamp,
    /// When it was decided.
    pub created_at: Timestamp,
    /// How often it was looked for in Sent, in vain, since sending was last begun.
    pub sent_looks: i32,
    /// How often it could not be handed over for a reason that passes.
    pub deferrals: i32,
    /// Since when nobody knows whether it was sent; `None` when somebody does, or nobody has
    /// noted it yet.
    pub unknown_for_seconds: Option<i64>,
    /// Whether it was seen in the mailbox's Sent.
    pub lies_in_sent: bool,
    /// The shop's name, for From.
    pub bedrijfsnaam: String,
    /// The assistant's name, for From.
    pub ai_persona_name: String,
    /// The shop's mailbox, for From.
    pub gmail_email: String,
}

/// A mail whose sending was never reported on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Stuck {
    /// The shop.
    pub tenant_id: TenantId,
    /// The mail.
    pub outbox_id: OutboxId,
    /// When sending was begun.
    pub sending_at: Timestamp,
}

#[derive(Deserialize)]
struct Changed {
    changed: i64,
}

/// A mail to send; `None` when it is not there.
pub async fn load_for_delivery(tx: &TenantTx, mail: OutboxId) -> Result<Option<OutboxRow>> {
    Ok(load_all_for_delivery(tx, &[mail]).await?.pop())
}

/// Mails to send, oldest first. What is not there is left out.
pub async fn load_all_for_delivery(tx: &TenantTx, mails: &[OutboxId]) -> Result<Vec<OutboxRow>> {
    tx.session.all(sql!("outbox", "load"), &[&tx.tenant(), &mails]).await
}

/// Ends the job of a mail that there is nothing to do for: unless a person has just let it go,
/// whose mail would then wait for ever without a job. `true`: the job ended.
pub async fn finish_unless_queued(tx: &TenantTx, mail: OutboxId, lease: Lease) -> Result<bool> {
    #[derive(Deserialize)]
    struct Row {
        state: OutboxState,
    }
    let row: Option<Row> =
        tx.session.first(sql!("outbox", "state"), &[&tx.tenant(), &mail]).await?;
    let queued = row.is_some_and(|row| row.state == OutboxState::Queued);
    if queued {
        crate::jobs::release(tx, lease, Duration::ZERO, "let_go").await?;
    } else {
        crate::jobs::finish(tx, lease).await?;
    }
    Ok(!queued)
}

/// The last look: still queued, shop active, no newer mail, no person answered? Then the state
/// becomes `sending`, which the caller commits before it speaks to a server. `Some`: do not send.
pub async fn mark_sending(tx: &TenantTx, mail: OutboxId) -> Result<Option<Objection>> {
    let looked = mark_all_sending(tx, &[mail]).await?.pop();
    looked.map(|(_, objection)| objection).ok_or_else(|| absent(tx, mail))
}

/// The same look, after which nothing has changed: whether it is worth going to a server.
pub async fn look(tx: &TenantTx, mail: OutboxId) -> Result<Option<Objection>> {
    let looked = look_at(tx, &[mail]).await?.pop();
    looked.map(|(_, objection)| objection).ok_or_else(|| absent(tx, mail))
}

/// The last look at several mails, each by itself. What is not there is left out.
pub async fn mark_all_sending(
    tx: &TenantTx,
    mails: &[OutboxId],
) -> Result<Vec<(OutboxId, Option<Objection>)>> {
    let looked = look_at(tx, mails).await?;
    let free = |(id, objection): &(OutboxId, Option<Objection>)| objection.is_none().then_some(*id);
    let free: Vec<OutboxId> = looked.iter().filter_map(free).collect();
    if let Some(first) = free.first() {
        let begun = sql!("outbox", "begin_sending");
        let begun = tx.session.execute(begun, &[&tx.tenant(), &free]).await?;
        // They were locked by the look.
        if usize::try_from(begun) != Ok(free.len()) {
            return Err(absent(tx, *first));
        }
    }
    Ok(looked)
}

async fn look_at(tx: &TenantTx, mails: &[OutboxId]) -> Result<Vec<(OutboxId, Option<Objection>)>> {
    #[derive(Deserialize)]
    struct Looked {
        id: OutboxId,
        #[serde(flatten)]
        moment: Moment,
    }
    let looked: Vec<Looked> =
        tx.session.all(sql!("outbox", "look"), &[&tx.tenant(), &mails]).await?;
    Ok(looked.iter().map(|looked| (looked.id, objection(&looked.moment))).collect())
}

/// Puts what a draft offers into the ledger, once: for a mail that a person let go, in the
/// transaction that marks it as being sent. Returns how many rows were added.
pub async fn record_offers(tx: &TenantTx, mail: OutboxId) -> Result<i64> {
    // A decision moves the ledger by four rows at most.
    let ids: [crate::ids::OfferId; 4] = std::array::from_fn(|_| crate::ids::OfferId::new());
    let row: Changed = tx
        .session
        .one(sql!("outbox", "record_offers"), &[&tx.tenant(), &mail, &ids.as_slice()])
        .await?;
    Ok(row.changed)
}

/// A server accepted it.
pub async fn mark_sent(tx: &TenantTx, mail: OutboxId) -> Result<()> {
    mark_all_sent(tx, &[mail]).await
}

/// A server accepted all of these. [`Error::Absent`] when one of them is not being sent: none is
/// marked.
pub async fn mark_all_sent(tx: &TenantTx, mails: &[OutboxId]) -> Result<()> {
    let Some(first) = mails.first() else { return Ok(()) };
    let row: Changed = tx.session.one(sql!("outbox", "mark_sent"), &[&tx.tenant(), &mails]).await?;
    let all = i64::try_from(mails.len()).is_ok_and(|wanted| wanted == row.changed);
    if all { Ok(()) } else { Err(absent(tx, *first)) }
}

/// It will not be sent: the answer is no longer wanted. The interaction is closed.
pub async fn cancel(tx: &TenantTx, mail: OutboxId, reason: &str) -> Result<()> {
    settle(tx, mail, "cancelled", reason, &["queued", "held", "sending"]).await
}

/// A person must look at it, and is notified.
pub async fn hold(tx: &TenantTx, mail: OutboxId, reason: &str) -> Result<()> {
    settle(tx, mail, "held", reason, &["queued", "sending"]).await
}

/// Refused for good by a server; a person is notified.
pub async fn fail(tx: &TenantTx, mail: OutboxId, reason: &str) -> Result<()> {
    settle(tx, mail, "failed", reason, &["queued", "sending"]).await
}

async fn settle(
    tx: &TenantTx,
    mail: OutboxId,
    state: &str,
    reason: &str,
    from: &[&str],
) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &state, &reason, &from, &NotificationId::new()];
    let row: Changed = tx.session.one(sql!("outbox", "settle"), params).await?;
    changed(tx, mail, &row)
}

/// Mail of all shops whose sending began longer ago than `older_than`.
pub async fn stuck_sending(store: &Store, older_than: Duration) -> Result<Vec<Stuck>> {
    store
        .as_system(Purpose::Delivery, async |tx| {
            tx.session.all(sql!("outbox", "stuck"), &[&older_than.as_secs_f64()]).await
        })
        .await
}

fn changed(tx: &TenantTx, mail: OutboxId, row: &Changed) -> Result<()> {
    if row.changed == 1 { Ok(()) } else { Err(absent(tx, mail)) }
}

fn absent(tx: &TenantTx, mail: OutboxId) -> Error {
    tx.session.fail(Error::Absent { what: "outgoing mail", id: mail.0 })
}
