//! Drafts that wait for a person: let go, changed and let go, or thrown away.

use domain::contract::Percentage;
use jiff::Timestamp;
use serde::Deserialize;

use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{AuditId, InteractionId, JobId, OutboxId, ThreadId};
use crate::session::Params;
use crate::sql::sql;

/// A mail that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Draft {
    /// The customer's mail.
    pub interaction_id: InteractionId,
    /// Its conversation.
    pub thread_id: ThreadId,
    /// Who wrote.
    pub customer_email: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub message_body: String,
    /// The draft; `None` when there is none to approve.
    pub ai_response: Option<String>,
    /// The draft as HTML.
    pub ai_response_html: Option<String>,
    /// What the draft offers.
    pub compensatie_percentage: Percentage,
    /// When the mail came.
    pub received_at: Timestamp,
    /// What approving sends.
    pub outbox_id: Option<OutboxId>,
    /// Why it waits.
    pub state_reason: Option<String>,
}

/// A text in place of the draft's.
#[derive(Debug, Clone)]
pub struct EditedText {
    /// Decoded subject.
    pub subject: String,
    /// Plain text.
    pub body_text: String,
    /// Sanitised HTML.
    pub body_html: String,
}

#[derive(Deserialize)]
struct Changed {
    changed: i64,
}

/// What waits for a person, oldest first.
pub async fn waiting(tx: &TenantTx, limit: u16) -> Result<Vec<Draft>> {
    tx.session.all(sql!("drafts", "list"), &[&tx.tenant(), &i64::from(limit)]).await
}

/// Lets a held draft go, or once more one that a server refused, as it is or with another text: queued, with a deliver job, an audit entry
/// and the notification done. Approving twice is [`Error::Absent`] the second time.
pub async fn approve(tx: &TenantTx, mail: OutboxId, edited: Option<&EditedText>) -> Result<()> {
    let subject = edited.map(|text| text.subject.as_str());
    let body_text = edited.map(|text| text.body_text.as_str());
    let body_html = edited.map(|text| text.body_html.as_str());
    let params: Params<'_> = &[
        &tx.tenant(),
        &mail,
        &tx.actor(),
        &subject,
        &body_text,
        &body_html,
        &JobId::new(),
        &AuditId::new(),
    ];
    let row: Changed = tx.session.one(sql!("drafts", "approve"), params).await?;
    if row.changed == 1 {
        return Ok(());
    }
    Err(tx.session.fail(Error::Absent { what: "held draft", id: mail.0 }))
}

/// A person found a reply of unknown outcome where it belongs: it counts as sent.
/// [`Error::Absent`] when that is known by now.
pub async fn arrived(tx: &TenantTx, mail: OutboxId) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mail, &tx.actor(), &AuditId::new()];
    let row: Changed = tx.session.one(sql!("drafts", "arrived"), params).await?;
    if row.changed == 1 {
        return Ok(());
    }
    Err(tx.session.fail(Error::Absent { what: "reply of unknown outcome", id: mail.0 }))
}

/// Throws a draft away; nothing is sent.
pub async fn discard(
    tx: &TenantTx,
    interaction: InteractionId,
    reason: Option<&str>,
) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &interaction, &tx.actor(), &AuditId::new(), &reason];
    let row: Changed = tx.session.one(sql!("drafts", "discard"), params).await?;
    if row.changed == 1 {
        return Ok(());
    }
    Err(tx.session.fail(Error::Absent { what: "held draft", id: interaction.0 }))
}

/// A person answered in the mailbox itself, at `at`: automatic answers to older mail are stopped.
pub async fn person_answered(tx: &TenantTx, thread: ThreadId, at: Timestamp) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &thread, &at];
    let changed = tx.session.execute(sql!("drafts", "person_answered"), params).await?;
    crate::expect_change(changed, "conversation", thread.0)
}
