//! Comparing what a mailbox holds with what is recorded of it: who asks, what is missing, how it
//! ended.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::doors::{Purpose, Store, TenantTx};
use crate::error::Result;
use crate::ids::{MailboxId, RawId, ReconciliationId};
use crate::mailboxes::{ActiveMailbox, IncomingRaw};
use crate::session::Params;
use crate::sql::sql;

/// UIDs that are kept of what was missing.
const KEPT: usize = 1000;

/// A comparison that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Asked {
    /// Which.
    pub id: ReconciliationId,
    /// Whether what is missing is fetched.
    pub fetches: bool,
}

/// How many of the recorded mails ended how, by fate; `waiting` is under way, and `unattended` is
/// a mail that nobody works on.
pub type Fates = BTreeMap<String, i64>;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Findings {
    /// Mails that the mailbox holds since reading it began.
    pub on_server: i64,
    /// Those that are recorded, what was fetched included.
    pub accounted: i64,
    /// Those that were missing and are recorded now.
    pub fetched: i64,
    /// Recorded mails that the mailbox no longer holds.
    pub moved_away: i64,
    /// UIDs that were not recorded when it began.
    pub missing: Vec<i64>,
    /// What became of all that is recorded of this mailbox.
    pub fates: Fates,
}

/// A comparison and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reconciliation {
    /// Which.
    pub id: ReconciliationId,
    /// Of which mailbox.
    pub mailbox_id: MailboxId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Whether it is the one of the night.
    pub nightly: bool,
    /// When it was done; `None` before.
    pub finished_at: Option<Timestamp>,
    /// Why it could not be done, in a word.
    pub failure: Option<String>,
    /// See [`Findings`].
    pub on_server: i64,
    /// See [`Findings`].
    pub accounted: i64,
    /// See [`Findings`].
    pub fetched: i64,
    /// See [`Findings`].
    pub moved_away: i64,
    /// See [`Findings`]; at most a thousand.
    pub missing: Vec<i64>,
    /// See [`Findings`].
    pub fates: Fates,
}

/// A mail whose interaction is there while the mail itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LostRow {
    /// The id it had.
    pub id: RawId,
    /// Without angle brackets.
    pub message_id: String,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// What had become of it; `None` while it was under way.
    pub fate: Option<String>,
}

/// Asks for a comparison.
pub async fn ask(
    tx: &TenantTx,
    id: ReconciliationId,
    mailbox: MailboxId,
    fetches: bool,
) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &id, &mailbox, &fetches];
    tx.session.execute(sql!("reconcile", "ask"), params).await.map(drop)
}

/// Asks for this night's when its time has come, and sets the next. `true`: it was asked for.
pub async fn tonight(tx: &TenantTx, mailbox: MailboxId) -> Result<bool> {
    #[derive(Deserialize)]
    struct Changed {
        changed: i64,
    }
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &ReconciliationId::new()];
    let row: Changed = tx.session.one(sql!("reconcile", "tonight"), params).await?;
    Ok(row.changed == 1)
}

/// What was asked for and not done, oldest first.
pub async fn waiting(tx: &TenantTx, mailbox: MailboxId) -> Result<Vec<Asked>> {
    tx.session.all(sql!("reconcile", "waiting"), &[&tx.tenant(), &mailbox]).await
}

/// Which of these UIDs nothing is recorded of.
pub async fn missing(
    tx: &TenantTx,
    mailbox: MailboxId,
    uidvalidity: u32,
    uids: &[u32],
) -> Result<Vec<u32>> {
    #[derive(Deserialize)]
    struct Missing {
        uid: u32,
    }
    let uids: Vec<i64> = uids.iter().copied().map(i64::from).collect();
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &i64::from(uidvalidity), &uids];
    let missing: Vec<Missing> = tx.session.all(sql!("reconcile", "missing"), params).await?;
    Ok(missing.into_iter().map(|missing| missing.uid).collect())
}

/// How many recorded mails are not among these UIDs.
pub async fn moved_away(
    tx: &TenantTx,
    mailbox: MailboxId,
    uidvalidity: u32,
    uids: &[u32],
) -> Result<i64> {
    #[derive(Deserialize)]
    struct Count {
        mails: i64,
    }
    let uids: Vec<i64> = uids.iter().copied().map(i64::from).collect();
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &i64::from(uidvalidity), &uids];
    let count: Count = tx.session.one(sql!("reconcile", "moved_away"), params).await?;
    Ok(count.mails)
}

/// Of these mails, those that were recorded and whose row was lost, with the id they had.
pub async fn lost_rows(tx: &TenantTx, mails: &[IncomingRaw]) -> Result<Vec<LostRow>> {
    let times: Vec<Timestamp> = mails.iter().map(|mail| mail.received_at).collect();
    let ids: Vec<&str> = mails.iter().filter_map(|mail| mail.message_id.as_deref()).collect();
    tx.session.all(sql!("reconcile", "lost_rows"), &[&tx.tenant(), &times, &ids]).await
}

/// Puts a mail back under the id it had, with the fate it had. It is not worked again.
pub async fn put_back(
    tx: &TenantTx,
    mailbox: MailboxId,
    mail: &IncomingRaw,
    row: &LostRow,
) -> Result<bool> {
    let params: Params<'_> = &[
        &tx.tenant(),
        &row.id,
        &mailbox,
        &mail.uidvalidity,
        &mail.uid,
        &mail.sha256.as_slice(),
        &mail.message_id,
        &mail.received_at,
        &i64::try_from(mail.size_bytes).unwrap_or(i64::MAX),
        &mail.raw.as_slice(),
        &row.fate,
    ];
    Ok(tx.session.execute(sql!("reconcile", "put_back"), params).await? == 1)
}

/// What became of each recorded mail of a mailbox. Every mail counts once.
pub async fn fates(tx: &TenantTx, mailbox: MailboxId) -> Result<Fates> {
    #[derive(Deserialize)]
    struct Row {
        fate: String,
        mails: i64,
    }
    let rows: Vec<Row> =
        tx.session.all(sql!("reconcile", "fates"), &[&tx.tenant(), &mailbox]).await?;
    Ok(rows.into_iter().map(|row| (row.fate, row.mails)).collect())
}

/// It is done; `failure` says in a word why it could not be.
pub async fn finish(
    tx: &TenantTx,
    id: ReconciliationId,
    failure: Option<&str>,
    findings: &Findings,
) -> Result<()> {
    let fates = serde_json::to_value(&findings.fates).unwrap_or_default();
    let missing: Vec<i64> = findings.missing.iter().copied().take(KEPT).collect();
    let params: Params<'_> = &[
        &tx.tenant(),
        &id,
        &failure,
        &findings.on_server,
        &findings.accounted,
        &findings.fetched,
        &findings.moved_away,
        &missing,
        &fates,
    ];
    let changed = tx.session.execute(sql!("reconcile", "finish"), params).await?;
    crate::expect_change(changed, "reconciliation", id.0)
}

/// A comparison; `None` when it is not there.
pub async fn load(tx: &TenantTx, id: ReconciliationId) -> Result<Option<Reconciliation>> {
    tx.session.first(sql!("reconcile", "load"), &[&tx.tenant(), &id]).await
}

/// Takes one mailbox for the time of the lease, or keeps it for that much longer. `false` when
/// another node reads it, or nobody may.
pub async fn claim(
    store: &Store,
    owner: Uuid,
    which: ActiveMailbox,
    lease: Duration,
) -> Result<bool> {
    #[derive(Deserialize)]
    struct Claimed {
        ours: bool,
    }
    let params: Params<'_> = &[&owner, &which.tenant_id, &which.mailbox_id, &lease.as_secs_f64()];
    let claimed: Claimed = store
        .as_system(Purpose::Mailboxes, async |tx| {
            tx.session.one(sql!("reconcile", "claim"), params).await
        })
        .await?;
    Ok(claimed.ours)
}
