//! Requests dropped at any moment: no lost write, no open transaction, no foreign row (hazards A6,
//! A7; the traps of the driver).

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use store::{Error, Store, TenantId, UserId};

use crate::support::World;

/// Polls a future this often, or for a few milliseconds, and then drops it.
async fn drop_at<T>(polls: usize, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    let mut left = polls;
    let polled = std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(context).map(drop)
    });
    drop(tokio::time::timeout(Duration::from_millis(5), polled).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_dropped_requests_loses_no_write_and_shows_no_foreign_row() {
    let world = Arc::new(World::with_pool(4).await);
    let requests: usize = std::env::var("LOKET_STORM")
        .map_or(10_000, |number| number.parse().expect("LOKET_STORM is a number of requests"));
    let (a, b) = (world.a, world.b);
    let done = Arc::new(AtomicUsize::new(0));
    let mut writers = Vec::new();
    for _ in 0..8 {
        let (world, done) = (world.clone(), done.clone());
        writers.push(tokio::spawn(async move {
            let mut acknowledged = 0_i64;
            let mut foreign = 0;
            while done.load(Ordering::Relaxed) == 0 {
                acknowledged += i64::from(write(world.store(), b.tenant, b.user).await);
                foreign += foreign_rows(world.store(), &world).await;
            }
            (acknowledged, foreign)
        }));
    }
    let claims = a.claims();
    for number in 0..requests {
        let store = world.store();
        let request = store.as_user(&claims, async |tx| {
            store::events::append(tx, "test.dropped", None, None).await?;
            // It never comes to COMMIT, so whatever was written must be gone.
            std::future::pending::<store::Result<()>>().await
        });
        drop_at(1 + number % 7, request).await;
        if number % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    done.store(1, Ordering::Relaxed);
    let mut acknowledged = 0;
    for writer in writers {
        let (written, foreign) = writer.await.unwrap();
        assert_eq!(foreign, 0, "rows of shop A were seen in shop B");
        acknowledged += written;
    }
    let behind = &world.database.behind;
    let count = "select count(*) from public.events where tenant_id = $1 and kind = 'test.kept'";
    let kept: i64 = behind.query_one(count, &[&b.tenant]).await.unwrap().get(0);
    assert_eq!(kept, acknowledged, "acknowledged writes and rows differ");
    assert!(acknowledged > 0);
    let text = "select count(*) from public.events where kind = 'test.dropped'";
    let strays: i64 = behind.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(strays, 0, "another request committed what a dropped one had written");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let idle = "select count(*) from pg_stat_activity
                where datname = current_database() and state like 'idle in transaction%'
                  and state_change < now() - interval '1 second'";
    let idle: i64 = behind.query_one(idle, &[]).await.unwrap().get(0);
    assert_eq!(idle, 0, "a transaction was left open");
    let gaps = "select count(*) from public.events e
                where tenant_id = $1 and seq > 1 and not exists (
                  select from public.events p where p.tenant_id = e.tenant_id and p.seq = e.seq - 1)";
    for tenant in [a.tenant, b.tenant] {
        let gaps: i64 = behind.query_one(gaps, &[&tenant]).await.unwrap().get(0);
        assert_eq!(gaps, 0, "the event log has gaps");
    }
}

async fn write(store: &Store, tenant: TenantId, user: UserId) -> bool {
    let claims = store::Claims { user_id: user, tenant_id: Some(tenant) };
    let written = store
        .as_user(&claims, async |tx| store::events::append(tx, "test.kept", None, None).await)
        .await;
    match written {
        Ok(_) => true,
        // A wave of dropped requests may leave no connection for a while: not acknowledged.
        Err(error) if error.is_retryable() => false,
        Err(error) => panic!("{}", store::Chain(&error)),
    }
}

/// How many of A's rows somebody sees who is of B, or of no shop.
async fn foreign_rows(store: &Store, world: &World) -> usize {
    let mut foreign = 0;
    for tenant_id in [Some(world.b.tenant), None] {
        let claims = store::Claims { user_id: world.b.user, tenant_id };
        let seen = store
            .as_user(&claims, async |tx| store::conversations::thread(tx, world.a.thread).await);
        foreign += seen.await.ok().flatten().iter().count();
    }
    foreign
}

#[tokio::test]
async fn cold_statements_still_see_their_shop() {
    // Every connection is new: statements are prepared in the same flight as BEGIN and the claims.
    let world = World::with_pool(1).await;
    for _ in 0..20 {
        drop_at(1, world.store().as_user(&world.a.claims(), async |_| Ok(()))).await;
        let seen = world
            .store()
            .as_user(&world.a.claims(), async |tx| {
                store::conversations::thread(tx, world.a.thread).await
            })
            .await
            .unwrap()
            .unwrap();
        assert_eq!((seen.interactions.len(), seen.mails.len()), (1, 1));
    }
}

#[tokio::test]
async fn an_error_that_was_ignored_is_not_committed() {
    let world = World::new().await;
    let (store, a) = (world.store(), world.a);
    let ended = store
        .as_worker(a.tenant, async |tx| {
            store::events::append(tx, "test.kept", None, None).await?;
            let forbidden = store::shops::load(tx).await;
            drop(forbidden);
            let broken = store::events::append(tx, "no event name", None, None).await;
            assert!(matches!(broken, Err(Error::Constraint { .. })));
            Ok(())
        })
        .await;
    assert!(matches!(ended, Err(Error::Swallowed)), "{ended:?}");
    let text = "select count(*) from public.events where kind = 'test.kept'";
    let kept: i64 = world.database.behind.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_killed_connection_is_told_as_retryable_and_replaced() {
    let world = World::with_pool(1).await;
    let (store, a) = (world.store(), world.a);
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                where usename = 'loket_worker' and datname = current_database()";
    let ended = store
        .as_worker(a.tenant, async |tx| {
            store::events::append(tx, "test.kept", None, None).await?;
            let killed: i64 = world.database.behind.query_one(kill, &[]).await.unwrap().get(0);
            assert_eq!(killed, 1);
            tokio::time::sleep(Duration::from_millis(50)).await;
            store::events::append(tx, "test.kept", None, None).await
        })
        .await;
    let error = ended.unwrap_err();
    assert!(error.is_retryable(), "{}", store::Chain(&error));
    store.as_worker(a.tenant, async |tx| store::shops::load(tx).await).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_doors_work_from_spawned_tasks() {
    let world = Arc::new(World::new().await);
    let task = tokio::spawn({
        let world = world.clone();
        async move {
            let claims = world.a.claims();
            let store = world.store();
            store.as_user(&claims, async |tx| store::conversations::counts(tx).await).await
        }
    });
    let counts = task.await.unwrap().unwrap();
    assert_eq!((counts.open_threads, counts.open_notifications, counts.waiting), (1, 1, 0));
}
