//! Older mail on request: asked for and counted, brought in by whoever reads the mailbox, and put
//! into conversations without being answered.

use domain::contract::Language;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{HistoryId, InteractionId, JobId, MailboxId, RawId, ThreadId};
use crate::ingest::KnownThread;
use crate::jobs::Lease;
use crate::mailboxes::IncomingRaw;
use crate::person_answers::NewPersonAnswer;
use crate::session::Params;
use crate::sql::sql;

/// `history_imports.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryState {
    /// The mailbox is asked how much there is.
    Counting,
    /// It waits for somebody's yes.
    Counted,
    /// Mail comes in.
    Running,
    /// All of it is there.
    Done,
    /// Somebody stopped it, or asked for another.
    Stopped,
    /// It was given up.
    Failed,
}

impl HistoryState {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counting => "counting",
            Self::Counted => "counted",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// An import as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HistoryImport {
    /// Its id.
    pub id: HistoryId,
    /// How many days back: 30, 90 or 365.
    pub days: i16,
    /// The same as a moment.
    pub since: Timestamp,
    /// How far it is.
    pub state: HistoryState,
    /// Why it failed, in a word.
    pub failure: Option<String>,
    /// Mails that are to be brought in; known once counted.
    pub found: i64,
    /// Their bytes together.
    pub found_bytes: i64,
    /// Whether older ones stay out, as there are too many.
    pub left_out: bool,
    /// Mails that are stored.
    pub taken: i64,
    /// Mails of the shop's own that were put beside them.
    pub answers: i64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it ended, however it did.
    pub finished_at: Option<Timestamp>,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    /// For which import.
    pub id: HistoryId,
    /// `Counting` or `Running`.
    pub state: HistoryState,
    /// Mail that came at this time or later.
    pub since: Timestamp,
    /// How far Sent was looked through.
    pub cursor: Value,
    /// Stored mails that have no place yet.
    pub unplaced: i64,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Mails.
    pub mails: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether there are more mails, which stay out.
    pub left_out: bool,
}

/// A mail of a customer's conversation, by its Message-IDs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// The conversation.
    pub thread_id: ThreadId,
    /// Its customer, lower case.
    pub customer_email: String,
    /// The mail's own.
    pub message_id: Option<String>,
    /// What it answers.
    pub in_reply_to: Option<String>,
    /// What else it refers to.
    pub message_references: Vec<String>,
}

/// The place of a mail that was brought in.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// Its id.
    pub id: InteractionId,
    /// The conversation: one that is there, or a fresh id for a new one.
    pub thread_id: ThreadId,
    /// Who wrote, lower case.
    pub customer_email: String,
    /// Display name.
    pub from_name: String,
    /// Decoded.
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
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// Text a person would read. Must hold no NUL.
    pub message_body: String,
    /// The shop's.
    pub language: Language,
}

/// A mail that was brought in, and what becomes of it.
#[derive(Debug, Clone, Serialize)]
pub struct Brought {
    /// Its ingest job, which recording finishes.
    #[serde(flatten)]
    pub lease: Lease,
    /// The mail.
    pub raw_message_id: RawId,
    /// Why it has no place, in a word; `history` where it has.
    pub fate_reason: String,
    /// Its place; `None` for machines' mail, what filters keep out, doubles and what cannot be read.
    pub place: Option<Place>,
}

#[derive(Deserialize)]
struct Done {
    done: bool,
}

/// Asks how much mail there is of the last `days` (30, 90 or 365). Owners only. `false` while
/// older mail is being brought in, or where the mailbox has none.
pub async fn ask(tx: &TenantTx, id: HistoryId, mailbox: MailboxId, days: i16) -> Result<bool> {
    let params: Params<'_> = &[&tx.tenant(), &id, &mailbox, &days];
    let row: Done = tx.session.one(sql!("history", "ask"), params).await?;
    Ok(row.done)
}

/// Brings in what was counted. Owners only. `false` where nothing waits for that.
pub async fn begin(tx: &TenantTx, id: HistoryId) -> Result<bool> {
    let row: Done = tx.session.one(sql!("history", "begin"), &[&tx.tenant(), &id]).await?;
    Ok(row.done)
}

/// Stops; what is there stays. Owners only. `false` where nothing was under way.
pub async fn stop(tx: &TenantTx, id: HistoryId) -> Result<bool> {
    let row: Done = tx.session.one(sql!("history", "stop"), &[&tx.tenant(), &id]).await?;
    Ok(row.done)
}

/// The import of a mailbox that was asked for last.
pub async fn newest(tx: &TenantTx, mailbox: MailboxId) -> Result<Option<HistoryImport>> {
    tx.session.first(sql!("history", "newest"), &[&tx.tenant(), &mailbox]).await
}

/// What is to be done for a mailbox now.
pub async fn wanted(tx: &TenantTx, mailbox: MailboxId) -> Result<Option<Wanted>> {
    tx.session.first(sql!("history", "wanted"), &[&tx.tenant(), &mailbox]).await
}

/// Counts one more step, before it is tried. `None`: it was stopped.
pub async fn attempt(tx: &TenantTx, id: HistoryId) -> Result<Option<i32>> {
    #[derive(Deserialize)]
    struct Attempts {
        attempts: i32,
    }
    let found: Option<Attempts> =
        tx.session.first(sql!("history", "attempt"), &[&tx.tenant(), &id]).await?;
    Ok(found.map(|found| found.attempts))
}

/// Notes how much there is; from now on it waits for somebody's yes.
pub async fn counted(tx: &TenantTx, id: HistoryId, amount: Amount) -> Result<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let params: Params<'_> =
        &[&tx.tenant(), &id, &number(amount.mails), &number(amount.bytes), &amount.left_out];
    tx.session.execute(sql!("history", "counted"), params).await.map(drop)
}

#[derive(Deserialize)]
struct Accepted {
    running: i64,
    accepted: i64,
}

impl Accepted {
    fn number(self) -> Option<usize> {
        (self.running == 1).then(|| usize::try_from(self.accepted).unwrap_or(0))
    }
}

/// Stores a batch and makes it due for its place, all in one statement. Mail that is there already
/// is passed over. Returns how many were new; `None` when it was stopped, then nothing is stored.
pub async fn receive(
    tx: &TenantTx,
    mailbox: MailboxId,
    id: HistoryId,
    batch: &[IncomingRaw],
) -> Result<Option<usize>> {
    let ids: Vec<RawId> = batch.iter().map(|mail| mail.id).collect();
    let uidvalidities: Vec<i64> = batch.iter().map(|mail| mail.uidvalidity).collect();
    let uids: Vec<i64> = batch.iter().map(|mail| mail.uid).collect();
    let hashes: Vec<&[u8]> = batch.iter().map(|mail| mail.sha256.as_slice()).collect();
    let message_ids: Vec<Option<&str>> =
        batch.iter().map(|mail| mail.message_id.as_deref()).collect();
    let received: Vec<Timestamp> = batch.iter().map(|mail| mail.received_at).collect();
    let sizes: Vec<i64> =
        batch.iter().map(|mail| i64::try_from(mail.size_bytes).unwrap_or(i64::MAX)).collect();
    let raws: Vec<&[u8]> = batch.iter().map(|mail| mail.raw.as_slice()).collect();
    let jobs: Vec<JobId> = batch.iter().map(|_| JobId::new()).collect();
    let params: Params<'_> = &[
        &tx.tenant(),
        &mailbox,
        &id,
        &ids,
        &uidvalidities,
        &uids,
        &hashes,
        &message_ids,
        &received,
        &sizes,
        &raws,
        &jobs,
    ];
    let stored: Accepted = tx.session.one(sql!("history", "receive"), params).await?;
    Ok(stored.number())
}

/// Puts what the shop itself wrote then beside its customers' mails, and notes how far Sent is
/// done. Returns how many were new; `None` when it was stopped.
pub async fn answers(
    tx: &TenantTx,
    mailbox: MailboxId,
    id: HistoryId,
    cursor: &Value,
    answers: &[NewPersonAnswer],
) -> Result<Option<usize>> {
    let ids: Vec<_> = answers.iter().map(|answer| answer.id).collect();
    let threads: Vec<ThreadId> = answers.iter().map(|answer| answer.thread_id).collect();
    let message_ids: Vec<Option<&str>> =
        answers.iter().map(|answer| answer.message_id.as_deref()).collect();
    let subjects: Vec<&str> = answers.iter().map(|answer| answer.subject.as_str()).collect();
    let bodies: Vec<&str> = answers.iter().map(|answer| answer.body_text.as_str()).collect();
    let hashes: Vec<&[u8]> = answers.iter().map(|answer| answer.sha256.as_slice()).collect();
    let raws: Vec<&[u8]> = answers.iter().map(|answer| answer.raw.as_slice()).collect();
    let sent: Vec<Timestamp> = answers.iter().map(|answer| answer.sent_at).collect();
    let params: Params<'_> = &[
        &tx.tenant(),
        &mailbox,
        &id,
        cursor,
        &ids,
        &threads,
        &message_ids,
        &subjects,
        &bodies,
        &hashes,
        &raws,
        &sent,
    ];
    let stored: Accepted = tx.session.one(sql!("history", "answers"), params).await?;
    Ok(stored.number())
}

/// It ends: done, or failed for a reason in a word. Nothing happens to one that was stopped.
pub async fn finish(tx: &TenantTx, id: HistoryId, failure: Option<&str>) -> Result<()> {
    let state = if failure.is_some() { HistoryState::Failed } else { HistoryState::Done };
    let params: Params<'_> = &[&tx.tenant(), &id, &state.as_str(), &failure];
    tx.session.execute(sql!("history", "finish"), params).await.map(drop)
}

/// The verified mails of these customers, the shop's answers among them, by their Message-IDs.
pub async fn links(tx: &TenantTx, customers: &[String]) -> Result<Vec<Link>> {
    tx.session.all(sql!("history", "links"), &[&tx.tenant(), &customers]).await
}

/// Conversations that were brought in and that these Message-IDs belong to.
pub async fn threads(tx: &TenantTx, message_ids: &[String]) -> Result<Vec<KnownThread>> {
    tx.session.all(sql!("history", "threads"), &[&tx.tenant(), &message_ids]).await
}

/// Records mails that were brought in: conversation, place, fate, and the end of the ingest job, in
/// one statement however many there are. No answer is due and nobody is told.
pub async fn record(tx: &TenantTx, mails: &[Brought]) -> Result<()> {
    #[derive(Deserialize)]
    struct Recorded {
        leases: i64,
        fenced: i64,
    }
    let Some(first) = mails.first() else { return Ok(()) };
    let body = serde_json::to_value(mails).map_err(Error::Json)?;
    let recorded: Recorded =
        tx.session.one(sql!("history", "record"), &[&tx.tenant(), &body]).await?;
    if recorded.leases == recorded.fenced {
        return Ok(());
    }
    Err(tx.session.fail(Error::StaleLease(first.lease.job_id)))
}
