//! Everything a decision leaves behind, in one statement.

use domain::contract::{
    EscalationLevel, IntentSet, LadderStep, Language, Mood, NotificationType, Percentage, Priority,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::facts::{Account, OfferKind};
use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{InteractionId, JobId, NotificationId, OfferId, OutboxId, RawId, ThreadId};
use crate::ingest::{Fate, InteractionState};
use crate::jobs::Lease;
use crate::sql::sql;

/// What changes in the interaction.
#[derive(Debug, Clone, Serialize)]
pub struct InteractionOutcome {
    /// Plain text of the answer or draft.
    pub ai_response: Option<String>,
    /// HTML of the answer or draft.
    pub ai_response_html: Option<String>,
    /// What is offered.
    pub compensatie_percentage: Percentage,
    /// Whether a threat was read.
    pub dreiging_detected: bool,
    /// Whether a cancellation was asked for.
    pub annulering_aangevraagd: bool,
    /// The step of the ladder.
    pub ladder_stap: LadderStep,
    /// Of the new text.
    pub language: Language,
    /// What is wanted.
    pub intents: IntentSet,
    /// Of the new text.
    pub customer_mood: Mood,
    /// As written.
    pub order_number: Option<String>,
    /// `answered`, `drafted`, `held`, `closed` or `automatic`.
    pub state: InteractionState,
}

/// What changes in the conversation. Escalation and step never fall.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ThreadOutcome {
    /// At least this.
    pub escalation_level: EscalationLevel,
    /// Of the newest mail.
    pub customer_mood: Mood,
    /// Of the newest mail.
    pub language: Language,
    /// At least this.
    pub ladder_stap: LadderStep,
}

/// A mail to send, now or after a person's approval.
#[derive(Debug, Clone, Serialize)]
pub struct NewOutbox {
    /// Its id.
    pub id: OutboxId,
    /// Ours, signed, without angle brackets. Never changes.
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
    /// `true`: held for a person. `false`: queued, with a deliver job.
    #[serde(rename = "state", serialize_with = "held_or_queued")]
    pub held: bool,
    /// Why it is held.
    pub state_reason: Option<String>,
    /// For how many seconds it can still be called back; 0 for a mail that is held.
    pub undo_seconds: i32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn held_or_queued<S: serde::Serializer>(
    held: &bool,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(if *held { "held" } else { "queued" })
}

/// A row for the ladder's ledger.
#[derive(Debug, Clone, Serialize)]
pub struct NewOffer {
    /// Its id.
    pub id: OfferId,
    /// The customer, lower case.
    pub customer_email: String,
    /// Upper case without `#`.
    pub order_number: Option<String>,
    /// What happened.
    pub kind: OfferKind,
    /// The step.
    pub ladder_stap: LadderStep,
    /// The percentage.
    pub basis_points: Percentage,
}

/// Something a person should know.
#[derive(Debug, Clone, Serialize)]
pub struct NewNotification {
    /// Its id.
    pub id: NotificationId,
    /// Of what sort.
    #[serde(rename = "type")]
    pub notification_type: NotificationType,
    /// How urgent.
    pub priority: Priority,
    /// Whether somebody must act.
    pub action_required: bool,
    /// A key the pages translate; never the customer's words.
    pub detail: String,
}

/// Something that moved, for live pages.
#[derive(Debug, Clone, Serialize)]
pub struct NewEvent {
    /// `noun.verb`, for instance `interaction.answered`.
    pub kind: String,
    /// The row concerned; the interaction when `None`.
    pub subject_id: Option<Uuid>,
}

/// Everything one decision leaves behind.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerWrite {
    /// The held answer job, which writing finishes.
    #[serde(flatten)]
    pub lease: Lease,
    /// The mail that was decided on; it must be `received` still.
    pub interaction_id: InteractionId,
    /// Its conversation.
    pub thread_id: ThreadId,
    /// The mail as it came.
    pub raw_message_id: Option<RawId>,
    /// The interaction's outcome.
    pub interaction: InteractionOutcome,
    /// The conversation's outcome.
    pub thread: ThreadOutcome,
    /// Facts, reading, decision, rule versions, reasons, guard findings.
    pub receipt: Value,
    /// The mail to send, if any.
    pub outbox: Option<NewOutbox>,
    /// Id for the deliver job of a queued mail.
    pub deliver_job_id: JobId,
    /// Rows for the ledger.
    pub offers: Vec<NewOffer>,
    /// Every account the decision looked at, when it adds to the ledger or spends of the
    /// customer's budget of automatic replies. Keys are distinct.
    pub accounts: Vec<Account>,
    /// Who must know.
    pub notifications: Vec<NewNotification>,
    /// What moved.
    pub events: Vec<NewEvent>,
    /// What became of the raw mail.
    pub fate: Fate,
    /// Why, in a word or two.
    pub fate_reason: Option<String>,
}

/// Writes a decision in one statement.
///
/// [`Error::Conflict`] when another mail changed one of the accounts, or the interaction was
/// decided on meanwhile: nothing is written, load the facts again. [`Error::StaleLease`] when the
/// job is no longer held.
pub async fn write_answer(tx: &TenantTx, answer: &AnswerWrite) -> Result<()> {
    write_answers(tx, std::slice::from_ref(answer)).await
}

/// Writes several decisions of one shop, all or none, in one statement. No two of them may share
/// a conversation, a customer or an order. Errors as [`write_answer`] has them, for whichever of
/// them it was.
pub async fn write_answers(tx: &TenantTx, answers: &[AnswerWrite]) -> Result<()> {
    #[derive(Deserialize)]
    struct Written {
        fenced: i64,
        updated: i64,
        stale_accounts: i64,
    }
    let Some(first) = answers.first() else { return Ok(()) };
    let wanted = i64::try_from(answers.len()).unwrap_or(i64::MAX);
    let written: Written =
        tx.session.one(sql!("answer", "write"), &[&tx.tenant(), &Json(answers)]).await?;
    if written.fenced != wanted {
        return Err(tx.session.fail(Error::StaleLease(first.lease.job_id)));
    }
    if written.stale_accounts != 0 || written.updated != wanted {
        return Err(tx.session.fail(Error::Conflict(tx.tenant())));
    }
    Ok(())
}
