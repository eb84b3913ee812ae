//! A worker that stands still at the worst moment: what it had begun is finished by whoever
//! holds the job next, once.

use std::sync::Arc;
use std::time::Duration;

use loket::database::Database;
use loket::jobs::{Pace, Workers};
use loket::pipeline::{self, Desk, StageError};
use store::jobs::{JobKind, next_due};
use store::outbox::OutboxState;
use store::{OutboxId, TenantId};

use super::by_hand::{self, only_job};
use super::lab::{Lab, put};
use super::mails;
use super::random::Random;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_mins(1);

/// A database in which one reply waits to be delivered, and no worker.
async fn one_reply(lab: &mut Lab) -> (Database, Arc<Desk>, TenantId) {
    let (database, desk) = by_hand::open(lab, 1).await;
    let shop = lab.shops.first().unwrap().clone();
    let mut random = Random::new(Random::seed());
    let mails = mails::generate(0, 40, &shop.file.build().unwrap(), &mut random);
    let expected = mails::Expected::Fate("answered");
    let answered = mails.iter().find(|mail| mail.expected == expected).unwrap();
    put(&shop.folders, &answered.name, &answered.raw);
    by_hand::take_in(&desk).await;
    let answer = only_job(&desk, JobKind::Answer, LONG).await;
    assert!(pipeline::answer(&desk, &answer).await.unwrap().queued);
    (database, desk, shop.made.tenant)
}

async fn state(desk: &Desk, tenant: TenantId, mail: OutboxId) -> OutboxState {
    let row = desk
        .store
        .as_worker(tenant, async |tx| store::outbox::load_for_delivery(tx, mail).await)
        .await;
    row.unwrap().unwrap().state
}

fn sent(lab: &Lab) -> usize {
    std::fs::read_dir(lab.shops.first().unwrap().folders.sent.join("new")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_lost_its_job_begins_nothing() {
    let mut lab = Lab::new("lost");
    let (database, desk, tenant) = Box::pin(one_reply(&mut lab)).await;
    let slow = only_job(&desk, JobKind::Deliver, SHORT).await;
    let mail = OutboxId(slow.subject_id);
    tokio::time::sleep(SHORT * 2).await;
    let quick = only_job(&desk, JobKind::Deliver, LONG).await;
    let jobs = [slow.clone()];
    let batch = pipeline::deliver_many(&desk, tenant, &jobs).await;
    assert!(batch.as_ref().is_err_and(StageError::is_stale), "{batch:?}");
    let single = pipeline::deliver(&desk, &slow).await;
    assert!(single.as_ref().is_err_and(StageError::is_stale), "{single:?}");
    assert_eq!((state(&desk, tenant, mail).await, sent(&lab)), (OutboxState::Queued, 0));
    pipeline::deliver(&desk, &quick).await.unwrap();
    assert_eq!((state(&desk, tenant, mail).await, sent(&lab)), (OutboxState::Sent, 1));
    database.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_moved_between_two_looks_keeps_its_job() {
    let mut lab = Lab::new("moved");
    let (database, desk, tenant) = Box::pin(one_reply(&mut lab)).await;
    let job = only_job(&desk, JobKind::Deliver, LONG).await;
    let mail = OutboxId(job.subject_id);
    let (begun, wait) = tokio::sync::oneshot::channel();
    let other = Arc::clone(&desk);
    // Another worker that has looked, and not committed yet.
    let slow = tokio::spawn(async move {
        let mut begun = Some(begun);
        other
            .store
            .as_worker(tenant, async |tx| {
                let objection = store::outbox::mark_sending(tx, mail).await?;
                if let Some(begun) = begun.take() {
                    begun.send(objection).unwrap();
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(())
            })
            .await
    });
    assert_eq!(wait.await.unwrap(), None);
    // Reads `queued`, and by the time it may write, the mail is `sending`.
    pipeline::deliver(&desk, &job).await.unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(state(&desk, tenant, mail).await, OutboxState::Sending);
    assert!(next_due(&desk.store, JobKind::Deliver).await.unwrap().is_some(), "nobody would know");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let again = only_job(&desk, JobKind::Deliver, LONG).await;
    pipeline::deliver(&desk, &again).await.unwrap();
    assert_eq!((state(&desk, tenant, mail).await, sent(&lab)), (OutboxState::Sent, 1));
    assert_eq!(next_due(&desk.store, JobKind::Deliver).await.unwrap(), None);
    database.stop().await.unwrap();
}

/// Waits until nothing is to be done, with workers that ask often.
async fn worked_off(desk: &Arc<Desk>) {
    let pace = Pace { poll: Duration::from_millis(50), mailboxes: false, ..Pace::default() };
    let workers = Workers::start(desk, pace);
    let begun = std::time::Instant::now();
    let mut left = true;
    while left {
        assert!(begun.elapsed() < Duration::from_secs(30), "jobs are left");
        tokio::time::sleep(Duration::from_millis(100)).await;
        left = false;
        for kind in [JobKind::Ingest, JobKind::Answer, JobKind::Deliver] {
            left |= next_due(&desk.store, kind).await.unwrap().is_some();
        }
    }
    workers.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_leaves_when_a_person_lets_it_go() {
    let mut lab = Lab::new("given-up");
    let (database, desk, tenant) = Box::pin(one_reply(&mut lab)).await;
    let shop = lab.shops.first().unwrap().clone();
    let mut mail = None;
    for _ in 0..5 {
        mail = Some(OutboxId(only_job(&desk, JobKind::Deliver, SHORT).await.subject_id));
        tokio::time::sleep(SHORT * 2).await;
    }
    let mail = mail.unwrap();
    let away = lab.root().join("away");
    std::fs::rename(&shop.folders.sent, &away).unwrap();
    std::fs::write(&shop.folders.sent, "no directory").unwrap();
    worked_off(&desk).await;
    assert_eq!(state(&desk, tenant, mail).await, OutboxState::Held);
    std::fs::remove_file(&shop.folders.sent).unwrap();
    std::fs::rename(&away, &shop.folders.sent).unwrap();
    let approve = async |tx: &store::TenantTx| store::drafts::approve(tx, mail, None).await;
    desk.store.as_user(&shop.made.claims(), approve).await.unwrap();
    worked_off(&desk).await;
    assert_eq!((state(&desk, tenant, mail).await, sent(&lab)), (OutboxState::Sent, 1));
    database.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_about_what_is_gone_ends() {
    let mut lab = Lab::new("gone");
    let (database, desk, tenant) = Box::pin(one_reply(&mut lab)).await;
    for kind in [JobKind::Ingest, JobKind::Answer, JobKind::Deliver] {
        for shop in [tenant, TenantId::new()] {
            desk.store
                .as_worker(shop, async |tx| {
                    store::jobs::enqueue(tx, kind, uuid::Uuid::now_v7(), None).await
                })
                .await
                .unwrap();
        }
    }
    worked_off(&desk).await;
    assert_eq!(sent(&lab), 1, "and holds nobody up");
    database.stop().await.unwrap();
}
