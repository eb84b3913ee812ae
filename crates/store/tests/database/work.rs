//! Jobs: fair across shops, fenced by token, never lost.

use std::collections::BTreeMap;
use std::time::Duration;

use store::jobs::JobKind;
use store::{Error, JobId};
use uuid::Uuid;

use crate::support::{Database, World};

const MINUTE: Duration = Duration::from_mins(1);

/// Shops with this many due jobs each, made behind the doors.
async fn shops_with_jobs(database: &Database, counts: &[i32]) {
    for count in counts {
        let shop = Uuid::now_v7();
        let text = "insert into public.tenants (tenant_id, bedrijfsnaam, gmail_email) values ($1, 'x', 'x')";
        database.behind.execute(text, &[&shop]).await.unwrap();
        let text = "insert into public.jobs (tenant_id, id, kind, subject_id)
                    select $1, gen_random_uuid(), 'ingest', gen_random_uuid() from generate_series(1, $2)";
        database.behind.execute(text, &[&shop, count]).await.unwrap();
    }
}

#[tokio::test]
async fn a_shop_with_very_much_work_does_not_starve_the_others() {
    let database = Database::new().await;
    let mut counts = vec![5; 60];
    counts[30] = 100_000;
    shops_with_jobs(&database, &counts).await;
    database.behind.batch_execute("analyze public.jobs").await.unwrap();
    let store = &database.store;
    let mut served = BTreeMap::<_, usize>::new();
    let started = std::time::Instant::now();
    for _ in 0..6 {
        let jobs = store::jobs::claim(store, JobKind::Ingest, 50, MINUTE).await.unwrap();
        assert_eq!(jobs.len(), 50);
        let mut shops: Vec<_> = jobs.iter().map(|job| job.tenant_id).collect();
        shops.sort_unstable();
        shops.dedup();
        assert_eq!(shops.len(), 50, "one job of each before a second of any");
        for job in jobs {
            *served.entry(job.tenant_id).or_default() += 1;
        }
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(served.len(), 60);
    assert!(served.values().all(|count| *count == 5), "{served:?}");
    let jobs = store::jobs::claim(store, JobKind::Ingest, 50, MINUTE).await.unwrap();
    assert_eq!(jobs.len(), 50, "room left goes to the shop that has work");
    let mut tokens: Vec<_> = jobs.iter().map(|job| job.lease_token).collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 50);
}

#[tokio::test]
async fn two_workers_never_hold_the_same_job() {
    let database = Database::new().await;
    shops_with_jobs(&database, &[40, 40, 40]).await;
    let store = &database.store;
    let claim = || store::jobs::claim(store, JobKind::Ingest, 30, MINUTE);
    let (a, b, c, d) = tokio::join!(claim(), claim(), claim(), claim());
    let mut jobs: Vec<JobId> =
        [a, b, c, d].into_iter().flat_map(Result::unwrap).map(|job| job.job_id).collect();
    let claimed = jobs.len();
    jobs.sort_unstable();
    jobs.dedup();
    assert_eq!(jobs.len(), claimed);
    // Workers that met at a shop may have skipped each other's rows; a last claim finds the rest.
    let rest = store::jobs::claim(store, JobKind::Ingest, 200, MINUTE).await.unwrap();
    assert_eq!(claimed + rest.len(), 120);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_cannot_finish() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let short = Duration::from_millis(30);
    let claim = async |lease| {
        let jobs = store::jobs::claim(store, JobKind::Deliver, 10, lease).await.unwrap();
        jobs.into_iter().find(|job| job.tenant_id == shop.tenant)
    };
    let slow = claim(short).await.unwrap();
    assert!(claim(short).await.is_none(), "held");
    let due = store::jobs::next_due(store, JobKind::Deliver).await.unwrap();
    assert_eq!(due, Some(slow.locked_until), "the end of a lease counts as due");
    tokio::time::sleep(Duration::from_millis(60)).await;
    let quick = claim(MINUTE).await.unwrap();
    assert_eq!((quick.job_id, quick.attempt), (slow.job_id, 2));
    let stale = store
        .as_worker(shop.tenant, async |tx| {
            store::notifications::mark_done(tx, store::NotificationId::new()).await.unwrap_err();
            store::events::append(tx, "test.written", None, None).await?;
            store::jobs::finish(tx, slow.lease()).await
        })
        .await;
    assert!(matches!(stale, Err(Error::StaleLease(job)) if job == slow.job_id), "{stale:?}");
    let jobs = [slow.clone()];
    let stale =
        store.as_worker(shop.tenant, async |tx| store::jobs::keep_all(tx, &jobs).await).await;
    assert!(matches!(stale, Err(Error::StaleLease(job)) if job == slow.job_id), "{stale:?}");
    let text = "select count(*) from public.events where kind = 'test.written'";
    let written: i64 = world.database.behind.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(written, 0, "what the stale worker wrote is rolled back");
    store
        .as_worker(shop.tenant, async |tx| {
            store::jobs::keep_all(tx, std::slice::from_ref(&quick)).await?;
            store::jobs::retry(tx, quick.lease(), Duration::ZERO, "smtp 421").await
        })
        .await
        .unwrap();
    let again = claim(MINUTE).await.unwrap();
    store
        .as_worker(shop.tenant, async |tx| {
            store::jobs::give_up(tx, again.lease(), "smtp 550").await
        })
        .await
        .unwrap();
    assert!(claim(MINUTE).await.is_none());
    store
        .as_worker(shop.tenant, async |tx| {
            let given_up = store::jobs::given_up(tx).await?;
            assert_eq!(given_up[0].last_error.as_deref(), Some("smtp 550"));
            assert_eq!(given_up[0].attempt, 3);
            store::jobs::revive(tx, given_up[0].id).await
        })
        .await
        .unwrap();
    let last = claim(MINUTE).await.unwrap();
    store
        .as_worker(shop.tenant, async |tx| store::jobs::finish(tx, last.lease()).await)
        .await
        .unwrap();
    assert!(claim(MINUTE).await.is_none());
}

#[tokio::test]
async fn making_the_same_job_due_twice_makes_one() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.b);
    let subject = Uuid::now_v7();
    for _ in 0..2 {
        store
            .as_worker(shop.tenant, async |tx| {
                store::jobs::enqueue(tx, JobKind::Ingest, subject, None).await
            })
            .await
            .unwrap();
    }
    let jobs = store::jobs::claim(store, JobKind::Ingest, 10, MINUTE).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(store::jobs::next_due(store, JobKind::Answer).await.unwrap(), None);
}

#[tokio::test]
async fn mailboxes_of_active_shops_are_read_until_they_are_paused() {
    let world = World::new().await;
    let store = world.store();
    let active = async || -> Vec<_> {
        let mut found: Vec<_> =
            store::mailboxes::active(store).await.unwrap().iter().map(|m| m.tenant_id).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(active().await, [world.a.tenant, world.b.tenant]);
    store
        .as_worker(world.a.tenant, async |tx| {
            store::mailboxes::pause(tx, world.a.mailbox, Some("login refused")).await
        })
        .await
        .unwrap();
    assert_eq!(active().await, [world.b.tenant]);
    let suspended = store.as_admin(world.admin, async |tx| {
        store::shops::set_status(tx, world.b.tenant, "suspended", "misbruik").await
    });
    suspended.await.unwrap();
    assert_eq!(active().await, []);
}

#[tokio::test]
async fn a_hint_reaches_the_one_who_listens_and_holds_ids_only() {
    let world = World::new().await;
    let store = world.store();
    let (heard_by, mut heard) = tokio::sync::mpsc::channel(16);
    let (hints, forward) = store::events::hints(store, Duration::from_millis(20));
    let listen = store::events::listen(store, &heard_by);
    let talk = async {
        // Until LISTEN is in force a hint is lost; live pages poll for that reason.
        loop {
            for _ in 0..50 {
                hints.grew(world.a.tenant);
                hints.grew(world.b.tenant);
            }
            let wait = Duration::from_millis(100);
            if let Ok(Some(shop)) = tokio::time::timeout(wait, heard.recv()).await {
                return shop;
            }
        }
    };
    let shop = tokio::select! {
        shop = talk => shop,
        ended = listen => panic!("{ended:?}"),
        () = forward => panic!("no more hints"),
    };
    assert!([world.a.tenant, world.b.tenant].contains(&shop));
    let heads = store::events::heads(store, &[world.a.tenant]).await.unwrap();
    assert_eq!((heads.len(), heads[0].seq), (1, 2));
    let bounds =
        store.as_user(&world.a.claims(), async |tx| store::events::bounds(tx).await).await.unwrap();
    assert_eq!((bounds.oldest, bounds.newest), (1, 2));
}
