//! What a person at the counter sees first: what waits, what was done, what was set aside.
//!
//! Read only. It must not know how any of it is worded or laid out: that is the binary's `web`.

use domain::contract::{EscalationLevel, Mood, NotificationType, Percentage, Priority};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::answer::LedgerRow;
use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::{NotificationId, RawId, ThreadId};
use crate::ingest::{Fate, InteractionState};
use crate::session::Params;
use crate::sql::sql;

/// How far [`counts`] counts what was answered; a page shows this many and a plus.
pub const COUNTED: i64 = 1000;

/// A conversation with the mail that stands for it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DeskRow {
    /// The conversation.
    pub id: ThreadId,
    /// The customer, lower case.
    pub customer_email: String,
    /// As the customer signs; may be empty.
    pub customer_name: String,
    /// 0 to 3.
    pub escalation_level: EscalationLevel,
    /// Marked as important.
    pub vip_status: bool,
    /// Mails of the customer.
    pub message_count: i32,
    /// When the customer last wrote.
    pub last_message_at: Timestamp,
    /// Of the newest mail.
    pub subject: String,
    /// The newest mail with quotes and signature, at most 4000 characters of it.
    pub message_body: String,
    /// Of the newest mail.
    pub customer_mood: Mood,
    /// What is offered in the newest answer.
    pub compensatie_percentage: Percentage,
    /// Whether a threat was read in the newest mail.
    pub dreiging_detected: bool,
    /// Whether the newest mail asks for a cancellation.
    pub annulering_aangevraagd: bool,
    /// As written in the newest mail.
    pub order_number: Option<String>,
    /// `held` when a mail waits without a draft or in an escalated conversation, `drafted` when
    /// only drafts wait, else where the newest mail stands.
    pub state: InteractionState,
    /// The receipt's decision on the newest mail.
    pub decision: Option<Value>,
}

/// A mail that became no conversation, or that a machine wrote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SetAside {
    /// Its id.
    pub id: RawId,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// Why, in a word or two of English.
    pub fate_reason: Option<String>,
    /// The first 16 KiB of the raw mail.
    #[serde(deserialize_with = "bytes")]
    pub head: Vec<u8>,
    /// The conversation it was put in, if any.
    pub thread_id: Option<ThreadId>,
}

/// How much there is of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct DeskCounts {
    /// All conversations.
    pub conversations: i64,
    /// Conversations in which a person must answer.
    pub held: i64,
    /// Conversations with a draft to approve, and none that is held.
    pub drafted: i64,
    /// Conversations that were answered; at most [`COUNTED`].
    pub answered: i64,
    /// Mails written by machines.
    pub automatic: i64,
    /// Mails that a filter kept out.
    pub filtered: i64,
    /// Mails that could not be processed.
    pub quarantined: i64,
}

/// The most serious open notification of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attention {
    /// Its id.
    pub id: NotificationId,
    /// The conversation it is about.
    pub thread_id: Option<ThreadId>,
    /// The contract's `type`.
    pub notification_type: NotificationType,
    /// How urgent.
    pub priority: Priority,
    /// A key the pages translate.
    pub detail: String,
    /// When it arose.
    pub created_at: Timestamp,
    /// The customer; empty when it is about no conversation.
    pub customer_name: String,
    /// The customer; empty when it is about no conversation.
    pub customer_email: String,
    /// Of the conversation; empty when it is about none.
    pub subject: String,
    /// How many there are, however many were asked for.
    pub all_open: i64,
}

/// Which conversations.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeskQuery<'a> {
    /// Only those in this state.
    pub state: Option<InteractionState>,
    /// Part of an address, a name or a subject, or a whole order number.
    pub search: Option<&'a str>,
    /// Behind the last row of the page before.
    pub after: Option<(Timestamp, ThreadId)>,
    /// At most this many.
    pub limit: u16,
}

/// Conversations, newest first.
pub async fn conversations(tx: &TenantTx, query: &DeskQuery<'_>) -> Result<Vec<DeskRow>> {
    let (at, id) = query.after.unzip();
    let state = query.state.map(InteractionState::as_str);
    let limit = i64::from(query.limit);
    let params: Params<'_> = &[&tx.tenant(), &state, &query.search, &at, &id, &limit];
    tx.session.all(sql!("desk", "conversations"), params).await
}

/// Mails with this fate, newest first, from behind `after`.
pub async fn set_aside(
    tx: &TenantTx,
    fate: Fate,
    after: Option<(Timestamp, RawId)>,
    limit: u16,
) -> Result<Vec<SetAside>> {
    let (at, id) = after.unzip();
    let params: Params<'_> = &[&tx.tenant(), &fate.as_str(), &at, &id, &i64::from(limit)];
    tx.session.all(sql!("desk", "set_aside"), params).await
}

/// How much there is of each, in one statement.
pub async fn counts(tx: &TenantTx) -> Result<DeskCounts> {
    tx.session.one(sql!("desk", "counts"), &[&tx.tenant(), &COUNTED]).await
}

/// What asks for a person, one per conversation, threats first.
pub async fn attention(tx: &TenantTx, limit: u16) -> Result<Vec<Attention>> {
    tx.session.all(sql!("desk", "attention"), &[&tx.tenant(), &i64::from(limit)]).await
}

/// Everything that was ever offered to a customer, oldest first.
pub async fn offers(tx: &TenantTx, customer_email: &str) -> Result<Vec<LedgerRow>> {
    tx.session.all(sql!("desk", "offers"), &[&tx.tenant(), &customer_email]).await
}

/// Bytes by one copy, not one by one.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<u8>, D::Error> {
    struct Bytes;
    impl serde::de::Visitor<'_> for Bytes {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }
        fn visit_bytes<E>(self, value: &[u8]) -> std::result::Result<Vec<u8>, E> {
            Ok(value.to_vec())
        }
    }
    deserializer.deserialize_bytes(Bytes)
}
