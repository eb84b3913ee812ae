//! Conversations for the pages: lists, one conversation with everything in it, counts.

use domain::contract::{EscalationLevel, IntentSet, LadderStep, Language, Mood, Percentage};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::attachments::{AttachmentRow, MessageViewRow};
use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::{InteractionId, OutboxId, ThreadId, UserId};
use crate::ingest::InteractionState;
use crate::outbox::OutboxState;
use crate::person_answers::PersonAnswerView;
use crate::session::Params;
use crate::sql::sql;

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ThreadRow {
    /// Its id.
    pub id: ThreadId,
    /// The customer, lower case.
    pub customer_email: String,
    /// As the customer signs.
    pub customer_name: String,
    /// 0 to 3.
    pub escalation_level: EscalationLevel,
    /// Of the newest mail.
    pub customer_mood: Mood,
    /// Marked as important.
    pub vip_status: bool,
    /// Of the first mail.
    pub subject: String,
    /// Of the newest mail.
    pub language: Language,
    /// `open` or `closed`.
    pub status: String,
    /// Offers made.
    pub ladder_stap: LadderStep,
    /// Mails of the customer.
    pub message_count: i32,
    /// When the customer last wrote.
    pub last_message_at: Timestamp,
    /// When the shop last answered.
    pub last_answer_at: Option<Timestamp>,
    /// Colleague who took it over.
    pub assigned_to: Option<UserId>,
}

/// A customer mail with its answer and, inside one conversation, its receipt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub struct InteractionView {
    /// Its id.
    pub id: InteractionId,
    /// Its conversation.
    pub thread_id: ThreadId,
    /// Who wrote.
    pub customer_email: String,
    /// Display name.
    pub from_name: String,
    /// Its subject.
    pub subject: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Its text.
    pub message_body: String,
    /// Whether the mailbox's own provider vouches for the sender.
    pub sender_verified: bool,
    /// Whether an answer was asked for at another domain than the sender's.
    pub reply_to_elsewhere: bool,
    /// The answer or draft.
    pub ai_response: Option<String>,
    /// The answer or draft as HTML.
    pub ai_response_html: Option<String>,
    /// What was offered.
    pub compensatie_percentage: Percentage,
    /// Whether a threat was read.
    pub dreiging_detected: bool,
    /// Whether a cancellation was asked for.
    pub annulering_aangevraagd: bool,
    /// The ladder's step.
    pub ladder_stap: LadderStep,
    /// Of the new text.
    pub language: Language,
    /// What is wanted.
    pub intents: IntentSet,
    /// Of the new text.
    pub customer_mood: Mood,
    /// As written.
    pub order_number: Option<String>,
    /// Where it stands.
    pub state: InteractionState,
    /// When it was decided on.
    pub decided_at: Option<Timestamp>,
    /// By which person, if any.
    pub decided_by: Option<UserId>,
    /// Why; only in [`thread`].
    pub receipt: Option<Value>,
}

/// An outgoing mail in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MailView {
    /// Its id.
    pub id: OutboxId,
    /// What it answers.
    pub interaction_id: InteractionId,
    /// Ours.
    pub message_id: String,
    /// To whom.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Whether no person read it first.
    pub automatic: bool,
    /// Where it stands.
    pub state: OutboxState,
    /// Why it was held, cancelled or failed.
    pub state_reason: Option<String>,
    /// How often sending was begun.
    pub attempt: i32,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When a server accepted it.
    pub sent_at: Option<Timestamp>,
}

/// A conversation with everything in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ThreadView {
    /// The conversation.
    pub thread: ThreadRow,
    /// Its mails, oldest first, with receipts.
    pub interactions: Vec<InteractionView>,
    /// What was or will be sent, oldest first.
    pub mails: Vec<MailView>,
    /// What people answered in the mailbox itself, oldest first.
    pub answers: Vec<PersonAnswerView>,
    /// Files of its mails, in the order of each mail.
    pub files: Vec<AttachmentRow>,
    /// How its mails look, where they are more than text.
    pub views: Vec<MessageViewRow>,
}

/// What the dashboard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// Open conversations.
    pub open_threads: i64,
    /// Drafts that wait for a person.
    pub waiting: i64,
    /// Notifications not dealt with.
    pub open_notifications: i64,
    /// Mails of the last 24 hours.
    pub received_24h: i64,
    /// Raw mails still under way.
    pub without_fate: i64,
}

/// Conversations, newest first, from behind `after` (the last row of the page before).
pub async fn page(
    tx: &TenantTx,
    status: Option<&str>,
    after: Option<(Timestamp, ThreadId)>,
    limit: u16,
) -> Result<Vec<ThreadRow>> {
    let (at, id) = after.unzip();
    let params: Params<'_> = &[&tx.tenant(), &status, &at, &id, &i64::from(limit)];
    tx.session.all(sql!("conversations", "page"), params).await
}

/// Mails, newest first, from behind `after`.
pub async fn interaction_page(
    tx: &TenantTx,
    after: Option<(Timestamp, InteractionId)>,
    limit: u16,
) -> Result<Vec<InteractionView>> {
    let (at, id) = after.unzip();
    let params: Params<'_> = &[&tx.tenant(), &at, &id, &i64::from(limit)];
    tx.session.all(sql!("conversations", "interaction_page"), params).await
}

/// One conversation in one flight; `None` when it is not there, or another shop's.
pub async fn thread(tx: &TenantTx, id: ThreadId) -> Result<Option<ThreadView>> {
    let shop = tx.tenant();
    let both: Params<'_> = &[&shop, &id];
    let (thread, interactions, mails, answers, files, views) = tokio::try_join!(
        tx.session.first(sql!("conversations", "thread"), both),
        tx.session.all(sql!("conversations", "interactions"), both),
        tx.session.all(sql!("conversations", "mails"), both),
        tx.session.all(sql!("person_answers", "of_thread"), both),
        crate::attachments::of_thread(tx, id),
        crate::attachments::views_of_thread(tx, id),
    )?;
    Ok(thread.map(|thread| ThreadView { thread, interactions, mails, answers, files, views }))
}

/// What the dashboard counts, in one statement.
pub async fn counts(tx: &TenantTx) -> Result<Counts> {
    tx.session.one(sql!("conversations", "counts"), &[&tx.tenant()]).await
}

/// Opens or closes a conversation, marks it as important or not; `None` leaves as it is.
pub async fn update_thread(
    tx: &TenantTx,
    thread: ThreadId,
    status: Option<&str>,
    vip_status: Option<bool>,
) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &thread, &status, &vip_status];
    let changed = tx.session.execute(sql!("conversations", "update_thread"), params).await?;
    crate::expect_change(changed, "conversation", thread.0)
}

/// A person takes a conversation over, or with `None` gives it back.
pub async fn assign(tx: &TenantTx, thread: ThreadId, person: Option<UserId>) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &thread, &person];
    let changed = tx.session.execute(sql!("conversations", "assign"), params).await?;
    crate::expect_change(changed, "conversation", thread.0)
}
