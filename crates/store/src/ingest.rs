//! From a raw mail to an interaction in a conversation.

mod one; // a single mail that is to be answered

use domain::contract::{FilterType, Language};
use domain::message::Doubt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{
    FilterId, InteractionId, JobId, LeaseToken, MailboxId, NotificationId, RawId, ThreadId,
};
use crate::jobs::Lease;
use crate::row::bytes;
use crate::session::Params;
use crate::sql::sql;

pub use one::{record_alone, record_message};

/// What became of a raw mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// An answer was put in the queue.
    Answered,
    /// A draft waits, as the shop asked for drafts.
    Drafted,
    /// A person must decide.
    Held,
    /// A filter kept it out.
    Filtered,
    /// Written by a machine; never answered.
    Automatic,
    /// Could not be processed.
    Quarantined,
    /// Older mail, taken in for its history.
    Imported,
}

impl Fate {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Drafted => "drafted",
            Self::Held => "held",
            Self::Filtered => "filtered",
            Self::Automatic => "automatic",
            Self::Quarantined => "quarantined",
            Self::Imported => "imported",
        }
    }
}

/// `customer_interactions.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InteractionState {
    /// Waits for its decision.
    Received,
    /// An answer is queued or sent.
    Answered,
    /// A draft waits for a person because the shop wants drafts.
    Drafted,
    /// A person must decide.
    Held,
    /// Written by a machine.
    Automatic,
    /// A person threw the draft away.
    Discarded,
    /// Needs no answer any more.
    Closed,
    /// Older mail, taken in for its history.
    Imported,
}

impl InteractionState {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Answered => "answered",
            Self::Drafted => "drafted",
            Self::Held => "held",
            Self::Automatic => "automatic",
            Self::Discarded => "discarded",
            Self::Closed => "closed",
            Self::Imported => "imported",
        }
    }
}

/// A mail as it came.
#[derive(Debug, Clone, Deserialize)]
pub struct RawMessage {
    /// Its id.
    pub id: RawId,
    /// Where it came in.
    pub mailbox_id: MailboxId,
    /// A hint only.
    pub message_id: Option<String>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// Its size in the mailbox; larger than `raw` when only its header was taken.
    pub size_bytes: i64,
    /// How often processing was noted as tried.
    pub attempts: i32,
    /// What became of it, when known.
    pub fate: Option<Fate>,
    /// Whether it was brought in on request, see [`crate::history`].
    pub history: bool,
    /// The RFC 5322 bytes.
    #[serde(deserialize_with = "bytes")]
    pub raw: Vec<u8>,
}

/// A conversation that one of our own Message-IDs belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownThread {
    /// The Message-ID that was found.
    pub message_id: String,
    /// Its conversation.
    pub thread_id: ThreadId,
    /// The customer mail it answered.
    pub interaction_id: InteractionId,
    /// The customer, lower case.
    pub customer_email: String,
    /// Language of the conversation.
    pub language: Language,
}

/// What came before under a raw mail's Message-ID, in the same mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Twin {
    /// The raw mail that was asked about.
    pub raw_id: RawId,
    /// Where the other one is.
    pub thread_id: ThreadId,
    /// Who wrote the other one, lower case.
    pub customer_email: String,
    /// What the other one says.
    pub message_body: String,
}

/// A filter as stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FilterRow {
    /// Its id.
    pub id: FilterId,
    /// Allow beats block beats spam.
    pub filter_type: FilterType,
    /// Exact address or pattern; `None` when `domain` is given.
    pub email_address: Option<String>,
    /// Domain or pattern; `None` when `email_address` is given.
    pub domain: Option<String>,
    /// Whether the value is a regular expression.
    pub is_regex: bool,
}

/// A mail to record in a conversation.
#[derive(Debug, Clone, Serialize)]
pub struct NewInteraction {
    /// The held ingest job, which recording finishes; `None` for imports.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Its id.
    pub id: InteractionId,
    /// The conversation: an existing one, or a fresh id for a new one.
    pub thread_id: ThreadId,
    /// The mail as it came.
    pub raw_message_id: Option<RawId>,
    /// Who wrote, lower case.
    pub customer_email: String,
    /// Display name.
    pub from_name: String,
    /// Decoded subject.
    pub subject: String,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// First one, without angle brackets.
    pub in_reply_to: Option<String>,
    /// Without angle brackets, oldest first.
    pub message_references: Vec<String>,
    /// Whether the mailbox's own provider vouches for the sender.
    pub sender_verified: bool,
    /// Whether an answer was asked for at another domain than the sender's.
    pub reply_to_elsewhere: bool,
    /// Why it is not sure what the mail is, or whose.
    pub doubt: Option<Doubt>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// Text a person would read. Must hold no NUL.
    pub message_body: String,
    /// As far as known before reading.
    pub language: Language,
    /// `received`, `automatic` or `imported`.
    pub state: InteractionState,
    /// The raw mail's fate when it is known already.
    pub fate: Option<Fate>,
    /// Why, in a word or two.
    pub fate_reason: Option<String>,
    /// The id of the answer job to enqueue; `None` enqueues none.
    pub answer_job_id: Option<JobId>,
    /// Not to be answered before; now when `None`.
    pub run_at: Option<Timestamp>,
}

/// One raw mail.
pub async fn load_raw(tx: &TenantTx, raw: RawId) -> Result<Option<RawMessage>> {
    tx.session.first(sql!("ingest", "load_raws"), &[&tx.tenant(), &[raw].as_slice()]).await
}

/// How many bytes each of these raw mails has in its mailbox. What is not there is left out.
pub async fn sizes(tx: &TenantTx, raws: &[RawId]) -> Result<Vec<(RawId, i64)>> {
    #[derive(Deserialize)]
    struct Size {
        id: RawId,
        size_bytes: i64,
    }
    let sizes: Vec<Size> = tx.session.all(sql!("ingest", "sizes"), &[&tx.tenant(), &raws]).await?;
    Ok(sizes.into_iter().map(|size| (size.id, size.size_bytes)).collect())
}

/// Several raw mails, in no particular order.
pub async fn load_raws(tx: &TenantTx, raws: &[RawId]) -> Result<Vec<RawMessage>> {
    tx.session.all(sql!("ingest", "load_raws"), &[&tx.tenant(), &raws]).await
}

/// Counts one more try, before parsing, in a transaction of its own: a mail that kills the process
/// is recognised afterwards. Returns the count. The job's own `attempt` counts claims as well, so
/// callers do this from the second attempt on.
pub async fn note_attempt(tx: &TenantTx, raw: RawId) -> Result<i32> {
    #[derive(Deserialize)]
    struct Attempts {
        attempts: i32,
    }
    let found: Option<Attempts> =
        tx.session.first(sql!("ingest", "note_attempt"), &[&tx.tenant(), &raw]).await?;
    found
        .map(|found| found.attempts)
        .ok_or_else(|| tx.session.fail(Error::Absent { what: "raw mail", id: raw.0 }))
}

/// Conversations that our own Message-IDs belong to, newest first. With `sender` only those with
/// that customer; without it (bounces) any of this shop.
pub async fn threads_by_our_message_ids(
    tx: &TenantTx,
    message_ids: &[String],
    sender: Option<&str>,
) -> Result<Vec<KnownThread>> {
    let params: Params<'_> = &[&tx.tenant(), &message_ids, &sender];
    tx.session.all(sql!("ingest", "threads_by_our_message_ids"), params).await
}

/// What came before under the Message-IDs of these raw mails, newest first: a list, an alias or a
/// server that lost its answer delivers a mail twice (hazards C3, C30).
pub async fn twins(tx: &TenantTx, raws: &[RawId]) -> Result<Vec<Twin>> {
    tx.session.all(sql!("ingest", "twins"), &[&tx.tenant(), &raws]).await
}

/// All filters of the shop.
pub async fn filters(tx: &TenantTx) -> Result<Vec<FilterRow>> {
    tx.session.all(sql!("ingest", "filters"), &[&tx.tenant()]).await
}

/// Records mails: conversation, interaction, the raw mail's fate, the answer job, the event, and
/// the end of the ingest job, in one statement however many there are.
pub async fn record_messages(tx: &TenantTx, mails: &[NewInteraction]) -> Result<()> {
    #[derive(Deserialize)]
    struct Recorded {
        leases: i64,
        fenced: i64,
    }
    let body = serde_json::to_value(mails).map_err(Error::Json)?;
    let recorded: Recorded =
        tx.session.one(sql!("ingest", "record"), &[&tx.tenant(), &body]).await?;
    if recorded.leases == recorded.fenced {
        return Ok(());
    }
    let job = mails.iter().find_map(|mail| mail.lease).map_or(JobId(Uuid::nil()), |l| l.job_id);
    Err(tx.session.fail(Error::StaleLease(job)))
}

/// Ends the ingest of a mail that gets no interaction: filtered, automatic or quarantined.
/// Quarantine also leaves a notification.
pub async fn settle_raw(
    tx: &TenantTx,
    lease: Lease,
    raw: RawId,
    fate: Fate,
    reason: &str,
) -> Result<()> {
    #[derive(Deserialize)]
    struct Fenced {
        fenced: i64,
    }
    let JobId(job) = lease.job_id;
    let LeaseToken(token) = lease.lease_token;
    let params: Params<'_> =
        &[&tx.tenant(), &job, &token, &raw, &fate.as_str(), &reason, &NotificationId::new()];
    let settled: Fenced = tx.session.one(sql!("ingest", "settle_raw"), params).await?;
    if settled.fenced == 1 { Ok(()) } else { Err(tx.session.fail(Error::StaleLease(lease.job_id))) }
}

/// How many raw mails met each fate; `unknown` for those still under way.
pub async fn fates(tx: &TenantTx) -> Result<Vec<(String, i64)>> {
    #[derive(Deserialize)]
    struct Row {
        fate: String,
        mails: i64,
    }
    let rows: Vec<Row> = tx.session.all(sql!("ingest", "fates"), &[&tx.tenant()]).await?;
    Ok(rows.into_iter().map(|row| (row.fate, row.mails)).collect())
}

/// A raw mail and what became of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CustodyRow {
    /// Its number in the mailbox.
    pub uid: i64,
    /// `None` while it is under way.
    pub fate: Option<Fate>,
    /// Why, in a word or two.
    pub fate_reason: Option<String>,
    /// Its place in a conversation, when it got one.
    pub interaction_id: Option<InteractionId>,
    /// That conversation.
    pub thread_id: Option<ThreadId>,
    /// Who wrote.
    pub customer_email: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// What was wanted.
    pub intents: Option<Vec<String>>,
    /// What was offered.
    pub compensatie_percentage: Option<domain::contract::Percentage>,
    /// What became of the reply.
    pub outbox_state: Option<crate::outbox::OutboxState>,
    /// The reply's Message-ID.
    pub reply_message_id: Option<String>,
    /// The receipt's reasons.
    pub reasons: Option<serde_json::Value>,
}

/// Every raw mail of the shop, in the order in which its mailboxes hold them.
pub async fn custody(tx: &TenantTx) -> Result<Vec<CustodyRow>> {
    tx.session.all(sql!("ingest", "custody"), &[&tx.tenant()]).await
}
