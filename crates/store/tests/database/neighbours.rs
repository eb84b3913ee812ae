//! What the shop next door cannot learn or move by roundabout ways: hints, statistics, ids in a
//! job's payload, and a customer of both (hazards A18, A21, A25, A28).

use std::future::poll_fn;
use std::time::Duration;

use store::jobs::JobKind;
use store::{Error, TenantTx};
use tokio_postgres::{AsyncMessage, NoTls};
use uuid::Uuid;

use crate::support::{World, cluster, incoming};

/// A18: whoever listens hears ids of shops, and nothing a mail, a person or a draft said.
#[tokio::test]
async fn who_listens_hears_ids_only() {
    let world = World::new().await;
    let listener = cluster().superuser(&world.database.name);
    let (client, mut connection) = listener.connect(NoTls).await.unwrap();
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(hint) = message {
                let _ended = sender.send((hint.channel().to_owned(), hint.payload().to_owned()));
            }
        }
    });
    client
        .batch_execute("set session authorization loket_user; listen loket_events")
        .await
        .unwrap();
    let (hints, forward) = store::events::hints(world.store(), Duration::from_millis(5));
    for _ in 0..2000 {
        hints.grew(world.a.tenant);
        hints.grew(world.b.tenant);
    }
    drop(hints);
    forward.await;
    let (channel, payload) = heard.recv().await.unwrap();
    assert_eq!(channel, "loket_events");
    for id in payload.split(',') {
        let id: Uuid = id.parse().expect("ids and nothing else");
        assert!([world.a.tenant.0, world.b.tenant.0].contains(&id));
    }
    // It is the only channel there is: no function and no statement of ours speaks on another.
    let speaks = "select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                  where n.nspname in ('public', 'private', 'auth') and p.prosrc ~* 'notify'";
    let others: i64 = world.database.behind.query_one(speaks, &[]).await.unwrap().get(0);
    assert_eq!(others, 0);
}

/// A21: work for shop A that names a row of shop B finds nothing and changes nothing.
#[tokio::test]
async fn work_that_names_a_row_of_another_shop_finds_nothing() {
    let world = World::new().await;
    let (store, a, b) = (world.store(), world.a, world.b);
    let facts = async |tx: &TenantTx| store::answer::load_facts(tx, b.interaction).await;
    assert!(store.as_worker(a.tenant, facts).await.unwrap().is_none());

    let outbox = "select to_jsonb(o)::text from public.outbox o where id = $1";
    let behind = &world.database.behind;
    let before: String = behind.query_one(outbox, &[&b.outbox]).await.unwrap().get(0);
    for attempt in ["mark_sent", "hold"] {
        let moved = store
            .as_worker(a.tenant, async |tx| match attempt {
                "hold" => store::outbox::hold(tx, b.outbox, "newer_message").await,
                _ => store::outbox::mark_sent(tx, b.outbox).await,
            })
            .await;
        let after: String = behind.query_one(outbox, &[&b.outbox]).await.unwrap().get(0);
        assert_eq!(after, before, "{attempt} answered {moved:?}");
    }
    let batch = [incoming(store::RawId::new(), 77, b"Subject: x\r\n\r\nHallo")];
    let received = store
        .as_worker(a.tenant, async |tx| {
            store::mailboxes::receive_batch(tx, b.mailbox, &batch, None).await
        })
        .await;
    assert!(received.is_err(), "a mail of A went into B's mailbox: {received:?}");

    // The job itself, altered behind the doors to name B's mail.
    behind.execute("delete from public.jobs", &[]).await.unwrap();
    let alter = "insert into public.jobs (tenant_id, id, kind, subject_id, run_at)
                 values ($1, gen_random_uuid(), 'answer', $2, now())";
    behind.execute(alter, &[&a.tenant, &b.interaction]).await.unwrap();
    let minute = Duration::from_mins(1);
    let claimed = store::jobs::claim(store, JobKind::Answer, 10, minute).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let facts = async |tx: &TenantTx| {
        store::answer::load_facts(tx, store::InteractionId(claimed[0].subject_id)).await
    };
    assert!(store.as_worker(claimed[0].tenant_id, facts).await.unwrap().is_none());
}

/// A25: neither statistics of columns nor the texts of others' statements say what is in a row.
#[tokio::test]
async fn statistics_and_running_statements_say_nothing() {
    let world = World::new().await;
    let behind = &world.database.behind;
    behind.batch_execute("analyze").await.unwrap();
    let of_ours = "select count(*) from pg_stats where schemaname in ('public', 'private', 'auth')";
    let all: i64 = behind.query_one(of_ours, &[]).await.unwrap().get(0);
    assert!(all > 0, "there are statistics to be kept from them");
    // A transaction of another kind of caller, open while the others look.
    let running = cluster().superuser(&world.database.name);
    let other = crate::support::connect(&running).await;
    let secret = "set session authorization loket_worker; begin; select 'klant@winkel.example'";
    other.batch_execute(secret).await.unwrap();
    for role in ["loket_user", "loket_admin", "loket_setup", "loket_system", "loket_auth", "anon"] {
        let set = format!("begin; set local role {role}");
        behind.batch_execute(&set).await.unwrap();
        let columns: i64 = behind.query_one(of_ours, &[]).await.unwrap().get(0);
        assert_eq!(columns, 0, "{role} reads statistics");
        let texts = "select count(*) from pg_stat_activity where query like '%klant@winkel%'
                     and pid <> pg_backend_pid()";
        let texts: i64 = behind.query_one(texts, &[]).await.unwrap().get(0);
        assert_eq!(texts, 0, "{role} reads what others ask");
        for table in ["pg_statistic", "pg_authid", "pg_stat_statements"] {
            let sql = format!("savepoint s; select 1 from {table} limit 1; release s");
            assert!(behind.batch_execute(&sql).await.is_err(), "{role} reads {table}");
            behind.batch_execute("rollback to s").await.unwrap();
        }
        behind.batch_execute("rollback").await.unwrap();
    }
}

/// A28: one customer writes to both shops. What one shop said to, offered and knows of them is
/// not in the facts of the other.
#[tokio::test]
async fn a_customer_of_two_shops_is_two_customers() {
    let world = World::new().await;
    let (store, a, b) = (world.store(), world.a, world.b);
    let facts = async |shop: crate::support::Shop| {
        let load = async |tx: &TenantTx| store::answer::load_facts(tx, shop.interaction).await;
        let mut facts = store.as_worker(shop.tenant, load).await.unwrap().unwrap();
        // The clock goes on between two looks.
        facts.budget.database_now = jiff::Timestamp::UNIX_EPOCH;
        facts
    };
    let (of_a, of_b) = (facts(a).await, facts(b).await);
    assert_eq!(
        of_a.interaction.customer_email, of_b.interaction.customer_email,
        "the same customer"
    );
    assert_eq!((of_a.ledger.len(), of_b.ledger.len()), (1, 1));
    let before = format!("{of_b:?}");

    // Shop A: twenty times as much offered, a mood, a reply, a step up the ladder.
    let behind = &world.database.behind;
    let much = "update public.offers set basis_points = 9900 where tenant_id = $1";
    assert!(behind.execute(much, &[&a.tenant]).await.unwrap() > 0);
    let account = "update public.offer_accounts set version = version + 7 where tenant_id = $1";
    assert!(behind.execute(account, &[&a.tenant]).await.unwrap() > 0);
    let mood =
        "update public.customer_interactions set customer_mood = 'angry' where tenant_id = $1";
    assert!(behind.execute(mood, &[&a.tenant]).await.unwrap() > 0);
    assert_eq!(format!("{:?}", facts(b).await), before);
    assert_ne!(format!("{:?}", facts(a).await), format!("{of_a:?}"));

    // And no conversation of B's is found by what A's mail refers to, nor joined by hand.
    let joined = store
        .as_user(&a.claims(), async |tx| {
            store::conversations::assign(tx, b.thread, Some(a.user)).await
        })
        .await;
    assert!(matches!(joined, Err(Error::Absent { .. })), "{joined:?}");
}
