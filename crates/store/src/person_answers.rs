//! What people of a shop answered in the mailbox itself.

use jiff::Timestamp;
use serde::Deserialize;

use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::{InteractionId, MailboxId, PersonAnswerId, ThreadId};
use crate::session::Params;
use crate::sql::sql;

/// A conversation that a mail in Sent may answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CandidateRow {
    /// The conversation.
    pub thread_id: ThreadId,
    /// Its customer, lower case.
    pub customer_email: String,
    /// Of its first mail.
    pub subject: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether the customer's mail that is named asked for an answer at another address.
    pub elsewhere: bool,
    /// Which of the Message-IDs that were asked for are of mails in it.
    pub named: Vec<String>,
}

/// An answer to record.
#[derive(Debug, Clone)]
pub struct NewPersonAnswer {
    /// Chosen by the caller.
    pub id: PersonAnswerId,
    /// The conversation.
    pub thread_id: ThreadId,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// Decoded.
    pub subject: String,
    /// What the person wrote, without what they quoted.
    pub body_text: String,
    /// SHA-256 of `raw`.
    pub sha256: [u8; 32],
    /// The RFC 5322 bytes.
    pub raw: Vec<u8>,
    /// When it came into Sent.
    pub sent_at: Timestamp,
}

/// What became of recording one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Recorded {
    /// 1, or 0 when it was recorded before.
    pub recorded: i64,
    /// Replies of ours that will not be sent.
    pub withdrawn: i64,
}

/// An answer as a conversation shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PersonAnswerView {
    /// Its id.
    pub id: PersonAnswerId,
    /// The newest customer mail before it.
    pub interaction_id: Option<InteractionId>,
    /// Decoded.
    pub subject: String,
    /// What the person wrote.
    pub body_text: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Conversations that a mail which refers to `references` and goes to `recipients` (lower case)
/// may answer, the one with the newest mail first, at most a hundred.
pub async fn candidates(
    tx: &TenantTx,
    references: &[String],
    recipients: &[String],
) -> Result<Vec<CandidateRow>> {
    let params: Params<'_> = &[&tx.tenant(), &references, &recipients];
    tx.session.all(sql!("person_answers", "candidates"), params).await
}

/// Records it, once, and withdraws what Loket had ready for the customer's mails before it. What is
/// being sent goes on.
pub async fn record(
    tx: &TenantTx,
    mailbox: MailboxId,
    answer: &NewPersonAnswer,
) -> Result<Recorded> {
    let params: Params<'_> = &[
        &tx.tenant(),
        &answer.id,
        &answer.thread_id,
        &mailbox,
        &answer.message_id,
        &answer.subject,
        &answer.body_text,
        &answer.sha256.as_slice(),
        &answer.raw.as_slice(),
        &answer.sent_at,
    ];
    tx.session.one(sql!("person_answers", "record"), params).await
}
