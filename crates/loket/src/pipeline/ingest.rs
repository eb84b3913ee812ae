//! Claimed mails on their way into conversations: as many at a time as fit into memory. Where a
//! batch fails, each mail is tried alone, so that one bad mail never delays the next.

use std::collections::HashMap;
use std::sync::Arc;

use store::jobs::ClaimedJob;
use store::{RawId, TenantId, TenantTx};

use super::thread::{MOST_ATTEMPTS, batch};
use super::{Desk, StageError};

/// Raw mails that are in memory at the same time have at most this many bytes together, unless a
/// single one has more.
const MOST_BYTES_TOGETHER: i64 = 32 * 1024 * 1024;

/// Works claimed ingest jobs of one shop, as many at a time as fit into memory. The answer holds
/// one result per job.
pub async fn ingest(
    desk: &Arc<Desk>,
    tenant: TenantId,
    jobs: &[ClaimedJob],
) -> Vec<(ClaimedJob, Result<(), StageError>)> {
    let ids: Vec<RawId> = jobs.iter().map(|job| RawId(job.subject_id)).collect();
    let sizes = desk.store.as_worker(tenant, async |tx| store::ingest::sizes(tx, &ids).await).await;
    let sizes: HashMap<RawId, i64> = match sizes {
        Ok(sizes) => sizes.into_iter().collect(),
        Err(error) => {
            let reason = Arc::new(StageError::from(error));
            let failed = || Err(StageError::Shared(Arc::clone(&reason)));
            return jobs.iter().map(|job| (job.clone(), failed())).collect();
        }
    };
    let mut results = Vec::with_capacity(jobs.len());
    let mut rest = jobs;
    while !rest.is_empty() {
        let size = |job: &ClaimedJob| sizes.get(&RawId(job.subject_id)).copied().unwrap_or(0);
        let (portion, later) = rest.split_at(fitting(rest.iter().map(size)));
        results.extend(ingest_together(desk, tenant, portion).await);
        rest = later;
    }
    results
}

/// How many mails of these sizes, from the first on, may be in memory together; at least one.
fn fitting(sizes: impl Iterator<Item = i64>) -> usize {
    let mut bytes = 0_i64;
    let fits = sizes.take_while(|size| {
        bytes = bytes.saturating_add(*size);
        bytes <= MOST_BYTES_TOGETHER
    });
    fits.count().max(1)
}

/// Works a batch of claimed ingest jobs of one shop.
///
/// Where the batch fails, each mail is tried alone, and a failure is counted against the mail
/// unless it will pass by itself.
async fn ingest_together(
    desk: &Arc<Desk>,
    tenant: TenantId,
    jobs: &[ClaimedJob],
) -> Vec<(ClaimedJob, Result<(), StageError>)> {
    match guarded(desk, tenant, jobs.to_vec()).await {
        Ok(()) => jobs.iter().map(|job| (job.clone(), Ok(()))).collect(),
        // The database went away: trying each mail alone would only wait as often.
        Err(error) if error.is_passing() => {
            let reason = Arc::new(error);
            let failed = || Err(StageError::Shared(Arc::clone(&reason)));
            jobs.iter().map(|job| (job.clone(), failed())).collect()
        }
        Err(error) => {
            let stuck = error.stuck_at();
            let mut results = Vec::with_capacity(jobs.len());
            for job in jobs {
                let raw = RawId(job.subject_id);
                let worked = match stuck {
                    // Not again at once: each try costs a thread.
                    Some(it) if it == raw => again_or_aside(desk, tenant, job, raw).await,
                    _ => alone(desk, tenant, job).await,
                };
                results.push((job.clone(), worked));
            }
            results
        }
    }
}

/// A mail whose parsing did not end, counted: it is tried again later, or set aside.
async fn again_or_aside(
    desk: &Arc<Desk>,
    tenant: TenantId,
    job: &ClaimedJob,
    raw: RawId,
) -> Result<(), StageError> {
    if count(desk, tenant, raw).await? < MOST_ATTEMPTS {
        return Err(StageError::TookTooLong(raw));
    }
    guarded(desk, tenant, vec![job.clone()]).await
}

/// Tries one mail. The last failure it may have sets it aside at once.
async fn alone(desk: &Arc<Desk>, tenant: TenantId, job: &ClaimedJob) -> Result<(), StageError> {
    let tried = guarded(desk, tenant, vec![job.clone()]).await;
    match tried {
        Err(error) if error.may_be_the_mails_fault() => {
            if count(desk, tenant, RawId(job.subject_id)).await? < MOST_ATTEMPTS {
                return Err(error);
            }
            guarded(desk, tenant, vec![job.clone()]).await
        }
        done => done,
    }
}

/// Counts what was being parsed when an earlier process died against those mails. To be done
/// before any mail is parsed again.
pub async fn count_suspects(desk: &Desk) -> Result<(), StageError> {
    for (tenant, raw) in desk.suspects.left_behind()? {
        tracing::warn!(tenant.id = %tenant.0, raw.id = %raw.0, "a process died while parsing this mail");
        match count(desk, tenant, raw).await {
            // It went with its shop, or with the demo's database.
            Ok(_) | Err(StageError::Store(store::Error::Absent { .. })) => {}
            Err(error) => return Err(error),
        }
        if let Err(error) = desk.suspects.forget(tenant, raw) {
            // It is counted: trying again would count it once more for the same death.
            tracing::warn!(raw.id = %raw.0, %error, "the mark of a mail cannot be removed");
        }
    }
    Ok(())
}

async fn count(desk: &Desk, tenant: TenantId, raw: RawId) -> Result<i32, StageError> {
    let note = async |tx: &TenantTx| store::ingest::note_attempt(tx, raw).await;
    Ok(desk.store.as_worker(tenant, note).await?)
}

/// In a task of its own, so that a panic ends this batch's turn and nothing else.
async fn guarded(
    desk: &Arc<Desk>,
    tenant: TenantId,
    jobs: Vec<ClaimedJob>,
) -> Result<(), StageError> {
    let desk = Arc::clone(desk);
    let task = tokio::spawn(async move { batch(&desk, tenant, &jobs).await });
    task.await.unwrap_or(Err(StageError::Panicked))
}

#[cfg(test)]
mod tests {
    use store::JobId;

    use super::*;

    #[test]
    fn mails_share_memory_up_to_a_bound_and_one_goes_whatever_its_size() {
        let mib = 1024 * 1024;
        assert_eq!(fitting([mib; 100].into_iter()), 32);
        assert_eq!(fitting([40 * mib, 1].into_iter()), 1);
        assert_eq!(fitting([mib, 40 * mib, 1].into_iter()), 1);
        assert_eq!(fitting([1, 2, 3].into_iter()), 3);
        assert_eq!(fitting([i64::MAX, i64::MAX].into_iter()), 1);
    }

    #[test]
    fn only_what_a_mail_may_have_done_itself_is_counted_against_it() {
        let row = store::Error::Row { statement: "ingest.record", reason: "no row".to_owned() };
        assert!(StageError::Store(row).may_be_the_mails_fault());
        assert!(StageError::Shared(Arc::new(StageError::Panicked)).may_be_the_mails_fault());
        for innocent in [store::Error::Swallowed, store::Error::StaleLease(JobId::new())] {
            assert!(!StageError::Store(innocent).may_be_the_mails_fault());
        }
    }
}
