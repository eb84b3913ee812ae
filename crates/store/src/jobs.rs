//! Due work: claimed by lease, fenced by token, fair across shops.
//!
//! The database's clock decides what is due and when a lease ends. A worker that lost its lease
//! cannot finish the job: its transaction is rolled back.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::doors::{Purpose, Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{JobId, LeaseToken, TenantId};
use crate::sql::sql;

/// The three durable seams of a mail's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Subject: a raw mail. Filter, thread, record.
    Ingest,
    /// Subject: an interaction. Read, decide, compose, guard, write.
    Answer,
    /// Subject: an outbox row. Send.
    Deliver,
}

impl JobKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Answer => "answer",
            Self::Deliver => "deliver",
        }
    }
}

/// The proof that a job is held: what finishes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lease {
    /// The job.
    pub job_id: JobId,
    /// Changes with every claim.
    pub lease_token: LeaseToken,
}

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ClaimedJob {
    /// The shop to work for.
    pub tenant_id: TenantId,
    /// The job.
    pub job_id: JobId,
    /// What it is about, see [`JobKind`].
    pub subject_id: Uuid,
    /// Its fencing token.
    pub lease_token: LeaseToken,
    /// How often it was claimed, this time included.
    pub attempt: i32,
    /// When the lease ends, by the database's clock.
    pub locked_until: Timestamp,
    /// How long it was claimed for.
    #[serde(skip)]
    pub lease_time: Duration,
}

impl ClaimedJob {
    /// The proof that it is held.
    pub const fn lease(&self) -> Lease {
        Lease { job_id: self.job_id, lease_token: self.lease_token }
    }
}

/// A job that will not be tried again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GivenUp {
    /// The job.
    pub id: JobId,
    /// Its kind.
    pub kind: JobKind,
    /// What it was about.
    pub subject_id: Uuid,
    /// How often it was tried.
    pub attempt: i32,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// When it became necessary.
    pub created_at: Timestamp,
}

/// Claims up to `limit` due jobs for `lease`. It takes one job of each shop before a second of
/// any, and walks on from the shop served last, so no shop starves another.
pub async fn claim(
    store: &Store,
    kind: JobKind,
    limit: u16,
    lease: Duration,
) -> Result<Vec<ClaimedJob>> {
    let after = served_last(store, kind, None);
    let mut jobs: Vec<ClaimedJob> = store
        .as_system(Purpose::Jobs, async |tx| {
            let claim = sql!("jobs", "claim");
            let params: crate::session::Params<'_> =
                &[&kind.as_str(), &i32::from(limit), &lease.as_secs_f64(), &after];
            tx.session.all(claim, params).await
        })
        .await?;
    for job in &mut jobs {
        job.lease_time = lease;
    }
    if let Some(last) = furthest(&jobs, after) {
        served_last(store, kind, Some(last));
    }
    Ok(jobs)
}

/// The last shop of the lap: the highest one below the start when the lap wrapped round.
fn furthest(jobs: &[ClaimedJob], after: Option<TenantId>) -> Option<TenantId> {
    let shops = || jobs.iter().map(|job| job.tenant_id);
    let wrapped = shops().filter(|shop| Some(*shop) <= after).max();
    wrapped.or_else(|| shops().max())
}

/// Reads, or with a value writes, where the last claim of a kind stopped.
fn served_last(store: &Store, kind: JobKind, new: Option<TenantId>) -> Option<TenantId> {
    let mut places = store.served_last.lock().unwrap_or_else(PoisonError::into_inner);
    let place = places.get_mut(kind as usize)?;
    if new.is_some() {
        *place = new;
    }
    *place
}

/// When the next job of a kind becomes due; a lease that runs out counts. `None`: no job at all.
pub async fn next_due(store: &Store, kind: JobKind) -> Result<Option<Timestamp>> {
    #[derive(Deserialize)]
    struct Due {
        next_due: Option<Timestamp>,
    }
    store
        .as_system(Purpose::Jobs, async |tx| {
            let due: Due = tx.session.one(sql!("jobs", "next_due"), &[&kind.as_str()]).await?;
            Ok(due.next_due)
        })
        .await
}

/// Makes a job due at `run_at` (now when `None`). A job for the same subject is left as it is.
pub async fn enqueue(
    tx: &TenantTx,
    kind: JobKind,
    subject: Uuid,
    run_at: Option<Timestamp>,
) -> Result<()> {
    let params: crate::session::Params<'_> =
        &[&tx.tenant(), &JobId::new(), &kind.as_str(), &subject, &run_at];
    tx.session.execute(sql!("jobs", "enqueue"), params).await.map(drop)
}

/// The job is done. [`Error::StaleLease`] when it is no longer held: the transaction is rolled back.
pub async fn finish(tx: &TenantTx, lease: Lease) -> Result<()> {
    let changed = tx
        .session
        .execute(sql!("jobs", "finish"), &[&tx.tenant(), &lease.job_id, &lease.lease_token])
        .await?;
    held(tx, lease, changed)
}

/// All these jobs are done, or none: [`Error::StaleLease`] when one of them is no longer held.
pub async fn finish_all(tx: &TenantTx, leases: &[Lease]) -> Result<()> {
    let Some(first) = leases.first() else { return Ok(()) };
    let ids: Vec<JobId> = leases.iter().map(|lease| lease.job_id).collect();
    let tokens: Vec<LeaseToken> = leases.iter().map(|lease| lease.lease_token).collect();
    let changed =
        tx.session.execute(sql!("jobs", "finish_all"), &[&tx.tenant(), &ids, &tokens]).await?;
    let all = u64::try_from(leases.len()).is_ok_and(|wanted| wanted == changed);
    if all { Ok(()) } else { Err(tx.session.fail(Error::StaleLease(first.job_id))) }
}

/// Tried in vain: due again `after` this long, by the database's clock. `reason` must hold no
/// bodies or addresses.
pub async fn retry(tx: &TenantTx, lease: Lease, after: Duration, reason: &str) -> Result<()> {
    let params: crate::session::Params<'_> =
        &[&tx.tenant(), &lease.job_id, &lease.lease_token, &after.as_secs_f64(), &reason];
    let changed = tx.session.execute(sql!("jobs", "retry"), params).await?;
    held(tx, lease, changed)
}

/// Put back untried, due again `after` this long: the mailbox is paused, or another mail of the
/// shop is on its way. That it was claimed does not count as an attempt.
pub async fn release(tx: &TenantTx, lease: Lease, after: Duration, reason: &str) -> Result<()> {
    let params: crate::session::Params<'_> =
        &[&tx.tenant(), &lease.job_id, &lease.lease_token, &after.as_secs_f64(), &reason];
    let changed = tx.session.execute(sql!("jobs", "release"), params).await?;
    held(tx, lease, changed)
}

/// Holds these jobs for a whole lease more, as they wait for the ones before them. Returns those
/// that are still held.
pub async fn renew(tx: &TenantTx, jobs: &[ClaimedJob]) -> Result<Vec<JobId>> {
    #[derive(Deserialize)]
    struct Renewed {
        id: JobId,
    }
    let Some(first) = jobs.first() else { return Ok(Vec::new()) };
    let ids: Vec<JobId> = jobs.iter().map(|job| job.job_id).collect();
    let tokens: Vec<LeaseToken> = jobs.iter().map(|job| job.lease_token).collect();
    let params: crate::session::Params<'_> =
        &[&tx.tenant(), &ids, &tokens, &first.lease_time.as_secs_f64()];
    let renewed: Vec<Renewed> = tx.session.all(sql!("jobs", "renew"), params).await?;
    Ok(renewed.into_iter().map(|job| job.id).collect())
}

/// Not to be tried again by itself. The caller holds the mail for a person in the same transaction.
pub async fn give_up(tx: &TenantTx, lease: Lease, reason: &str) -> Result<()> {
    let params: crate::session::Params<'_> =
        &[&tx.tenant(), &lease.job_id, &lease.lease_token, &reason];
    let changed = tx.session.execute(sql!("jobs", "give_up"), params).await?;
    held(tx, lease, changed)
}

/// The fence before something that cannot be rolled back: these jobs are still held, and stay so
/// for at least half their lease. Nobody else claims them before the transaction ends.
/// [`Error::StaleLease`] when one of them is no longer held: the transaction is rolled back.
pub async fn keep_all(tx: &TenantTx, jobs: &[ClaimedJob]) -> Result<()> {
    #[derive(Deserialize)]
    struct Held {
        held: i64,
    }
    let Some(first) = jobs.first() else { return Ok(()) };
    let ids: Vec<JobId> = jobs.iter().map(|job| job.job_id).collect();
    let tokens: Vec<LeaseToken> = jobs.iter().map(|job| job.lease_token).collect();
    let params: crate::session::Params<'_> =
        &[&tx.tenant(), &ids, &tokens, &first.lease_time.as_secs_f64()];
    let row: Held = tx.session.one(sql!("jobs", "keep"), params).await?;
    let all = i64::try_from(jobs.len()).is_ok_and(|wanted| wanted == row.held);
    if all { Ok(()) } else { Err(tx.session.fail(Error::StaleLease(first.job_id))) }
}

/// What was given up in this shop, oldest first.
pub async fn given_up(tx: &TenantTx) -> Result<Vec<GivenUp>> {
    tx.session.all(sql!("jobs", "given_up"), &[&tx.tenant()]).await
}

/// Makes a given-up job due again, from its first attempt.
pub async fn revive(tx: &TenantTx, job: JobId) -> Result<()> {
    let changed = tx.session.execute(sql!("jobs", "revive"), &[&tx.tenant(), &job]).await?;
    crate::expect_change(changed, "given-up job", job.0)
}

fn held(tx: &TenantTx, lease: Lease, changed: u64) -> Result<()> {
    if changed == 1 { Ok(()) } else { Err(tx.session.fail(Error::StaleLease(lease.job_id))) }
}
