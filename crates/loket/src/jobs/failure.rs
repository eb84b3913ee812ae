//! What becomes of a job that failed: due again later, or given up, which puts the mail before a
//! person.

use std::time::Duration;

use store::jobs::{ClaimedJob, JobKind};

use crate::pipeline::{self, Desk, StageError};

/// An answer or delivery that failed this often is put before a person.
const MOST_ATTEMPTS: i32 = 6;
/// Jobs of a shop whose replies are leaving already wait this long.
const BUSY: Duration = Duration::from_secs(2);

/// Tried again later, or given up and put before a person.
pub async fn settle_failed(desk: &Desk, kind: JobKind, job: &ClaimedJob, error: &StageError) {
    if error.is_stale() {
        return;
    }
    report(job, kind, error);
    if error.is_about_nothing() {
        // A shop or a mailbox was deleted with its mail: there is nothing left to do.
        if let Err(settling) = end(desk, job).await {
            report(job, kind, &settling);
        }
        return;
    }
    let settled = if job.attempt >= MOST_ATTEMPTS && !error.is_passing() {
        give_up(desk, kind, job, error).await
    } else {
        retry(desk, job, error).await
    };
    if let Err(settling) = settled {
        // The lease runs out and the job is claimed again.
        report(job, kind, &settling);
    }
}

/// For a shop whose replies are leaving already.
pub async fn put_back(desk: &Desk, jobs: &[ClaimedJob]) {
    for job in jobs {
        let release = desk.store.as_worker(job.tenant_id, async |tx| {
            store::jobs::release(tx, job.lease(), BUSY, "busy").await
        });
        if let Err(error) = release.await {
            tracing::debug!(error = %store::Chain(&error), "a job could not be put back");
        }
    }
}

/// Of a mail that was to be recorded.
pub async fn ingest_failed(desk: &Desk, job: &ClaimedJob, error: &StageError) {
    if error.is_stale() {
        return;
    }
    report(job, JobKind::Ingest, error);
    if error.is_about_nothing() {
        if let Err(settling) = end(desk, job).await {
            report(job, JobKind::Ingest, &settling);
        }
        return;
    }
    // The mail is counted by itself; its claims may be many for reasons of other mails.
    let job = &ClaimedJob { attempt: job.attempt.min(2), ..job.clone() };
    if let Err(settling) = retry(desk, job, error).await {
        report(job, JobKind::Ingest, &settling);
    }
}

fn report(job: &ClaimedJob, kind: JobKind, error: &StageError) {
    tracing::warn!(
        tenant.id = %job.tenant_id.0,
        job.id = %job.job_id.0,
        job.kind = kind.as_str(),
        job.attempt = job.attempt,
        error = %store::Chain(error),
        "a job failed"
    );
}

/// Waits longer with every attempt: 1 s, 4 s, 16 s, ... at most 10 minutes.
fn pause(attempt: i32) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 6) - 1).unwrap_or(0);
    Duration::from_secs(4_u64.saturating_pow(exponent)).min(Duration::from_mins(10))
}

async fn retry(desk: &Desk, job: &ClaimedJob, error: &StageError) -> Result<(), StageError> {
    // What passes by itself has nothing to do with how often this job was claimed.
    let after = if error.is_passing() { pause(1) } else { pause(job.attempt) };
    let reason = error.to_string();
    Ok(desk
        .store
        .as_worker(job.tenant_id, async |tx| {
            store::jobs::retry(tx, job.lease(), after, &reason).await
        })
        .await?)
}

async fn give_up(
    desk: &Desk,
    kind: JobKind,
    job: &ClaimedJob,
    error: &StageError,
) -> Result<(), StageError> {
    if kind == JobKind::Answer {
        return pipeline::hold_for_person(desk, job, &error.to_string()).await;
    }
    let id = store::OutboxId(job.subject_id);
    Ok(desk
        .store
        .as_worker(job.tenant_id, async |tx| {
            store::outbox::hold(tx, id, "gave_up").await?;
            // The held mail is the record. A job kept beside it would stand in the way of the
            // one that a person makes by letting the mail go.
            store::jobs::finish(tx, job.lease()).await
        })
        .await?)
}

async fn end(desk: &Desk, job: &ClaimedJob) -> Result<(), StageError> {
    let finish = async |tx: &store::TenantTx| store::jobs::finish(tx, job.lease()).await;
    Ok(desk.store.as_worker(job.tenant_id, finish).await?)
}
