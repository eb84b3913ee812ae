//! Claims due jobs and works them, a bounded number at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use store::TenantId;
use store::jobs::{ClaimedJob, JobKind, claim};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::failure::{ingest_failed, put_back, settle_failed};
use super::{Calls, Pace};
use crate::pipeline::{self, Desk, StageError};

/// One that was taken up this often without any end ends the process each time. Far more than
/// `failure`'s `MOST_ATTEMPTS`, because a process also dies for reasons of its own.
const MOST_CLAIMS: i32 = 20;
/// A claim takes at most this many jobs. All of a shop's are worked together: the more at once,
/// the less each costs.
const CLAIM: u16 = 256;
/// Answers and deliveries that are claimed for each second of the lease: what is claimed has to
/// be worked before the lease runs out, however slow the machine.
const CLAIM_A_SECOND: u64 = 8;
/// At most this many jobs of a shop share a transaction: what one of them breaks is done again.
const TOGETHER: usize = 16;
/// A mail server may take ten minutes to answer, so deliveries that take longer than this no
/// longer keep others waiting.
const ROUND: Duration = Duration::from_secs(1);
/// Shops whose replies are leaving at the same time, slow ones included.
const MOST_SENDERS: usize = 64;

/// One worker task per kind.
pub fn start(
    desk: &Arc<Desk>,
    calls: &Arc<Calls>,
    pace: Pace,
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    [JobKind::Ingest, JobKind::Answer, JobKind::Deliver]
        .into_iter()
        .map(|kind| {
            let worker = Worker {
                desk: Arc::clone(desk),
                calls: Arc::clone(calls),
                pace,
                kind,
                stopping: stopping.clone(),
                running: JoinSet::new(),
            };
            tokio::spawn(worker.run())
        })
        .collect()
}

struct Worker {
    desk: Arc<Desk>,
    calls: Arc<Calls>,
    pace: Pace,
    kind: JobKind,
    stopping: watch::Receiver<bool>,
    /// Turns under way; of deliveries some may be from earlier claims.
    running: JoinSet<()>,
}

impl Worker {
    async fn run(mut self) {
        self.take_turns().await;
        while self.running.join_next().await.is_some() {}
    }

    async fn take_turns(&mut self) {
        if self.kind == JobKind::Ingest {
            self.count_suspects().await;
        }
        loop {
            if *self.stopping.borrow() {
                return;
            }
            // Registered before the database is asked, so that no call in between is lost.
            let calls = Arc::clone(&self.calls);
            let called = call(&calls, self.kind).notified();
            let (limit, lease) = (self.most_claimed(), self.pace.lease);
            let jobs = match claim(&self.desk.store, self.kind, limit, lease).await {
                Ok(jobs) => jobs,
                Err(error) => {
                    tracing::warn!(
                        job.kind = self.kind.as_str(),
                        error = %store::Chain(&error),
                        "no jobs could be claimed"
                    );
                    Vec::new()
                }
            };
            if jobs.is_empty() {
                tokio::select! {
                    () = called => {}
                    () = tokio::time::sleep(self.pace.poll) => {}
                    changed = self.stopping.changed() => {
                        if changed.is_err() {
                            return;
                        }
                    }
                }
            } else {
                self.work(jobs).await;
            }
        }
    }

    /// Before any mail is parsed: what was being parsed when the last process ended.
    async fn count_suspects(&self) {
        while let Err(error) = pipeline::count_suspects(&self.desk).await {
            tracing::warn!(error = %store::Chain(&error), "no mail can be parsed yet");
            if *self.stopping.borrow() {
                return;
            }
            tokio::time::sleep(self.pace.poll).await;
        }
    }

    /// How many jobs a claim may take.
    fn most_claimed(&self) -> u16 {
        if self.kind == JobKind::Ingest {
            return CLAIM;
        }
        let workable = u16::try_from(self.pace.lease.as_secs() * CLAIM_A_SECOND).unwrap_or(CLAIM);
        let at_least = u16::try_from(self.pace.together).unwrap_or(CLAIM);
        workable.max(at_least).min(CLAIM)
    }

    /// Jobs are worked shop by shop, several shops at a time.
    async fn work(&mut self, jobs: Vec<ClaimedJob>) {
        let delivers = self.kind == JobKind::Deliver;
        let most = if delivers { MOST_SENDERS } else { self.pace.together };
        let mut shops: BTreeMap<TenantId, Vec<ClaimedJob>> = BTreeMap::new();
        for job in jobs {
            shops.entry(job.tenant_id).or_default().push(job);
        }
        for (tenant, jobs) in shops {
            while self.running.try_join_next().is_some() {}
            if delivers && self.running.len() >= most {
                // Slow servers may keep them all for minutes; leases are not waited away.
                put_back(&self.desk, &jobs).await;
                continue;
            }
            while self.running.len() >= most {
                drop(self.running.join_next().await);
            }
            let turn = Turn {
                desk: Arc::clone(&self.desk),
                calls: Arc::clone(&self.calls),
                kind: self.kind,
                tenant,
            };
            self.running.spawn(async move { turn.work(jobs).await });
        }
        let ended = async { while self.running.join_next().await.is_some() {} };
        if delivers {
            // Those that take longer go on beside the next claim.
            let _ = tokio::time::timeout(ROUND, ended).await;
        } else {
            ended.await;
        }
        if self.kind == JobKind::Ingest {
            self.calls.answer.notify_one();
        }
    }
}

/// One shop's turn.
struct Turn {
    desk: Arc<Desk>,
    calls: Arc<Calls>,
    kind: JobKind,
    tenant: TenantId,
}

impl Turn {
    async fn work(self, jobs: Vec<ClaimedJob>) {
        if self.kind == JobKind::Ingest {
            for (job, result) in pipeline::ingest(&self.desk, self.tenant, &jobs).await {
                if let Err(error) = result {
                    ingest_failed(&self.desk, &job, &error).await;
                }
            }
            return;
        }
        let _lane = if self.kind == JobKind::Deliver {
            let Some(lane) = self.desk.lanes.enter(self.tenant) else {
                return put_back(&self.desk, &jobs).await;
            };
            if self.posted(&jobs).await {
                return;
            }
            Some(lane)
        } else {
            None
        };
        // What was claimed before may be what breaks a batch.
        let (fresh, again): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.attempt == 1);
        for job in again {
            one(&self.desk, &self.calls, self.kind, job).await;
        }
        for batch in fresh.chunks(TOGETHER) {
            self.together(batch.to_vec()).await;
        }
    }

    /// Sends over SMTP, for a shop that does. `false`: it does not, or nothing was begun.
    async fn posted(&self, jobs: &[ClaimedJob]) -> bool {
        // In a task of its own, so that a panic ends this turn and nothing else.
        let (desk, tenant, all) = (Arc::clone(&self.desk), self.tenant, jobs.to_vec());
        let task = tokio::spawn(async move { pipeline::post(&desk, tenant, &all).await });
        let failed = match task.await.unwrap_or(Err(StageError::Panicked)) {
            Ok(None) => return false,
            Ok(Some(failed)) => failed,
            Err(error) => {
                let reason = Arc::new(error);
                let shared =
                    |job: &ClaimedJob| (job.clone(), StageError::Shared(Arc::clone(&reason)));
                jobs.iter().map(shared).collect()
            }
        };
        for (job, error) in failed {
            settle_failed(&self.desk, JobKind::Deliver, &job, &error).await;
        }
        true
    }

    /// Works a batch in one transaction; what is left of it, or all when it fails, one by one.
    async fn together(&self, mut jobs: Vec<ClaimedJob>) {
        while jobs.len() > 1 {
            match self.batch(jobs.clone()).await {
                Ok(left) if left.len() < jobs.len() && self.kind == JobKind::Answer => jobs = left,
                Ok(left) => {
                    jobs = left;
                    break;
                }
                Err(error) => {
                    tracing::debug!(
                        tenant.id = %self.tenant.0,
                        job.kind = self.kind.as_str(),
                        jobs = jobs.len(),
                        error = %store::Chain(&error),
                        "a batch failed; its jobs are worked one by one"
                    );
                    break;
                }
            }
        }
        for job in jobs {
            one(&self.desk, &self.calls, self.kind, job).await;
        }
    }

    /// In a task of its own, so that a panic ends this batch's turn and nothing else. Returns the
    /// jobs that are left.
    async fn batch(&self, jobs: Vec<ClaimedJob>) -> Result<Vec<ClaimedJob>, StageError> {
        let (desk, calls, tenant) = (Arc::clone(&self.desk), Arc::clone(&self.calls), self.tenant);
        let answers = self.kind == JobKind::Answer;
        let task = tokio::spawn(async move {
            if !answers {
                return pipeline::deliver_many(&desk, tenant, &jobs).await;
            }
            let answered = pipeline::answer_many(&desk, tenant, &jobs).await?;
            if answered.queued {
                calls.deliver.notify_one();
            }
            Ok(answered.put_off)
        });
        task.await.unwrap_or(Err(StageError::Panicked))
    }
}

const fn call(calls: &Calls, kind: JobKind) -> &Notify {
    match kind {
        JobKind::Ingest => &calls.ingest,
        JobKind::Answer => &calls.answer,
        JobKind::Deliver => &calls.deliver,
    }
}

/// Works one job in a task of its own, so that a panic ends this job's turn and nothing else.
async fn one(desk: &Arc<Desk>, calls: &Arc<Calls>, kind: JobKind, job: ClaimedJob) {
    let error = if job.attempt > MOST_CLAIMS {
        StageError::TakenUpTooOften
    } else {
        match attempt(desk, calls, kind, &job).await {
            Ok(()) => {
                tracing::debug!(job.id = %job.job_id.0, job.kind = kind.as_str(), "a job is done");
                return;
            }
            Err(error) => error,
        }
    };
    settle_failed(desk, kind, &job, &error).await;
}

async fn attempt(
    desk: &Arc<Desk>,
    calls: &Arc<Calls>,
    kind: JobKind,
    job: &ClaimedJob,
) -> Result<(), StageError> {
    let (task_desk, task_job, calls) = (Arc::clone(desk), job.clone(), Arc::clone(calls));
    let task = tokio::spawn(async move {
        match kind {
            JobKind::Answer => pipeline::answer(&task_desk, &task_job).await.map(|answered| {
                if answered.queued {
                    calls.deliver.notify_one();
                }
            }),
            JobKind::Ingest | JobKind::Deliver => pipeline::deliver(&task_desk, &task_job).await,
        }
    });
    task.await.unwrap_or(Err(StageError::Panicked))
}
