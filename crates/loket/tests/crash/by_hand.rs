//! The stages of a mail's path called one by one, with no worker beside them.

use std::sync::Arc;
use std::time::Duration;

use loket::database::{self, Content, DATABASE, Database};
use loket::pipeline::{self, Desk, OpenMailboxes};
use loket::serving;
use store::jobs::{ClaimedJob, JobKind, claim};
use store::managed::OnProgress;

use super::lab::Lab;

/// Opens the database of the directory, with so many shops in it.
pub async fn open(lab: &mut Lab, shops: usize) -> (Database, Arc<Desk>) {
    let common = lab.common().clone();
    let database =
        database::open(&common, DATABASE, Content::Keep, OnProgress::default()).await.unwrap();
    lab.make_shops_in(&database.store, shops).await;
    let desk = serving::desk(&common, &database).unwrap();
    (database, desk)
}

/// Stores and threads what lies in the mailboxes.
pub async fn take_in(desk: &Arc<Desk>) {
    let mut open = OpenMailboxes::default();
    for mailbox in store::mailboxes::active(&desk.store).await.unwrap() {
        pipeline::receive(desk, &mut open, mailbox).await.unwrap();
        let jobs = claim(&desk.store, JobKind::Ingest, 100, Duration::from_mins(1)).await.unwrap();
        for (_, result) in pipeline::ingest(desk, mailbox.tenant_id, &jobs).await {
            result.unwrap();
        }
    }
}

/// Claims the only job of a kind.
pub async fn only_job(desk: &Desk, kind: JobKind, lease: Duration) -> ClaimedJob {
    let mut jobs = claim(&desk.store, kind, 8, lease).await.unwrap();
    assert_eq!(jobs.len(), 1, "{kind:?}");
    jobs.pop().unwrap()
}
