//! What keeps a reply back at the last moment (D4, D7, D8, D16, D17, D19, D20).

use std::time::Duration;

use store::outbox::OutboxState;

use super::lab::{LONG, Lab, Wishes};
use super::smtp::{Manners, Welcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_leave_does_not_even_connect() {
    let lab = Lab::new(Wishes::named("stay")).await;
    let replies = lab.replies(6).await;
    let behind = lab.behind().await;
    let touch = async |place: usize, text: &str| {
        let changed = behind.execute(text, &[&replies[place].0]).await.unwrap();
        assert_eq!(changed, 1, "{text}");
    };
    // D19, D8, D7, D20, and mail to this address came back.
    touch(
        0,
        "update public.customer_interactions i set received_at = now() - interval '10 days' \
        from public.outbox o where o.id = $1 and i.id = o.interaction_id",
    )
    .await;
    touch(
        1,
        "update public.conversation_threads t set answered_by_person_at = now() + interval '1 s' \
        from public.outbox o where o.id = $1 and t.id = o.thread_id",
    )
    .await;
    touch(2, "insert into public.customer_interactions (tenant_id, id, thread_id, customer_email, received_at, message_body) \
        select o.tenant_id, gen_random_uuid(), o.thread_id, o.recipient, now() + interval '1 s', 'Laat maar' \
        from public.outbox o where o.id = $1").await;
    let recalled = replies[3];
    let claims = lab.shop.claims();
    let recall =
        lab.desk.store.as_user(&claims, async |tx| store::sending::recall(tx, recalled).await);
    recall.await.unwrap();
    let bounced = lab.row(replies[4]).await;
    let tenant = lab.shop.tenant;
    // D17.
    behind.execute("update public.tenants set active = false", &[]).await.unwrap();
    let jobs = lab.due(LONG).await;
    let (last, others): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job| job.subject_id == replies[5].0);
    lab.work(&last).await;
    behind.execute("update public.tenants set active = true", &[]).await.unwrap();
    let came_back = lab
        .desk
        .store
        .as_worker(tenant, async |tx| store::sending::mark_bounced(tx, &bounced.message_id).await);
    assert!(came_back.await.unwrap());
    lab.work(&others).await;
    let expected = [
        ("held", Some("too_old")),
        ("cancelled", Some("person_answered")),
        ("held", Some("newer_message")),
        ("held", Some("recalled")),
        ("held", Some("address_bounced")),
        ("held", Some("shop_inactive")),
    ];
    for (reply, (state, reason)) in replies.iter().zip(expected) {
        assert_eq!(lab.state(*reply).await, (state.to_owned(), reason.map(str::to_owned)));
    }
    assert_eq!(lab.peer.state().connections, 0);
    // A person vouches for a late one.
    let late = replies[0];
    let approve =
        lab.desk.store.as_user(&claims, async |tx| store::drafts::approve(tx, late, None).await);
    approve.await.unwrap();
    lab.turn().await;
    assert_eq!((lab.row(late).await.state, lab.peer.taken().len()), (OutboxState::Sent, 1));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d20_a_reply_can_be_called_back_until_data() {
    let lab = Lab::new(Wishes { undo_seconds: 2, ..Wishes::named("undo") }).await;
    let replies = lab.replies(2).await;
    lab.turn().await;
    assert_eq!(lab.peer.state().connections, 0, "nothing leaves before its time");
    let claims = lab.shop.claims();
    let (back, goes) = (replies[0], replies[1]);
    let recall = async || {
        lab.desk.store.as_user(&claims, async |tx| store::sending::recall(tx, back).await).await
    };
    recall().await.unwrap();
    assert!(recall().await.is_err(), "once");
    tokio::time::sleep(Duration::from_secs(2)).await;
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 1);
    assert_eq!(
        (lab.row(back).await.state, lab.row(goes).await.state),
        (OutboxState::Held, OutboxState::Sent)
    );
    let late =
        lab.desk.store.as_user(&claims, async |tx| store::sending::recall(tx, goes).await).await;
    assert!(late.is_err(), "it has left");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_a_worker_that_lost_its_job_sends_nothing() {
    let lab = Lab::new(Wishes::named("fence")).await;
    let reply = lab.replies(1).await[0];
    let slow = lab.due(Duration::from_millis(100)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let quick = lab.due(LONG).await;
    assert_eq!(quick.len(), 1);
    let failed = loket::pipeline::post(&lab.desk, lab.shop.tenant, &slow).await.unwrap().unwrap();
    assert!(failed.iter().all(|(_, error)| error.is_stale()) && failed.len() == 1, "{failed:?}");
    assert_eq!(lab.peer.taken().len(), 0);
    lab.work(&quick).await;
    assert_eq!((lab.row(reply).await.state, lab.peer.taken().len()), (OutboxState::Sent, 1));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_keeps_the_job() {
    let lab = Lab::new(Wishes::named("slow")).await;
    let reply = lab.replies(1).await[0];
    lab.peer.next_mail(Manners { thinks: Duration::from_millis(2500), ..Manners::default() });
    let jobs = lab.due(Duration::from_secs(1)).await;
    let (working, others) = tokio::join!(lab.work(&jobs), async {
        tokio::time::sleep(Duration::from_millis(1800)).await;
        lab.due(LONG).await
    });
    let () = working;
    assert!(others.is_empty(), "the lease was kept while the server thought");
    assert_eq!((lab.row(reply).await.state, lab.peer.taken().len()), (OutboxState::Sent, 1));
    lab.stop().await;
}

/// A server that keeps everybody waiting for longer than a lease gets the mail all the same: before
/// its greeting, and before it wants the text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_a_slow_server_before_the_text_keeps_the_job() {
    let lab = Lab::new(Wishes::named("hesitant")).await;
    let replies = lab.replies(2).await;
    let wait = Duration::from_millis(2500);
    lab.peer.state().welcomes.push_back(Welcome { hesitates: wait, ..Welcome::default() });
    lab.peer.next_mail(Manners::default());
    lab.peer.next_mail(Manners { hesitates: wait, ..Manners::default() });
    let jobs = lab.due(Duration::from_secs(1)).await;
    assert_eq!(jobs.len(), 2);
    let ((), others) = tokio::join!(lab.work(&jobs), async {
        let mut others = 0;
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(1100)).await;
            others += lab.due(LONG).await.len();
        }
        others
    });
    assert_eq!(others, 0, "the leases were kept while the server hesitated");
    for reply in replies {
        assert_eq!(lab.row(reply).await.state, OutboxState::Sent);
    }
    assert_eq!(lab.peer.taken().len(), 2);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d13_a_bounce_marks_the_address_and_tells_a_person_and_gets_no_answer() {
    let lab = Lab::new(Wishes::named("bounce")).await;
    let reply = lab.replies(1).await[0];
    lab.turn().await;
    let row = lab.row(reply).await;
    let report = format!(
        "From: MAILER-DAEMON@mx.example.nl\r\nTo: <verkoop@winkel.example>\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n\
         Message-ID: <dsn.1@mx.example.nl>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nThe mail could not be delivered.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.nl\r\n\r\n\
         Final-Recipient: rfc822; {0}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n\
         From: <verkoop@winkel.example>\r\nTo: <{0}>\r\nMessage-ID: <{1}>\r\n\
         Subject: Re: Annuleren\r\n\r\nDag\r\n--b--\r\n",
        row.recipient, row.message_id
    );
    for number in 0..2 {
        lab.put_raw(&format!("bounce{number}.mail"), report.as_bytes());
        assert!(lab.work_in().await.is_empty(), "nobody answers a machine");
    }
    assert_eq!(lab.told().await, ["bounced outbox.bounced"], "told once");
    let text = "select count(*) from public.customer_interactions i \
        where i.state = 'automatic' and i.thread_id = $1";
    let attached: i64 =
        lab.behind().await.query_one(text, &[&row.thread_id.0]).await.unwrap().get(0);
    assert_eq!(attached, 2, "in the conversation of the mail that came back");
    // The next reply to this address waits for a person.
    lab.put(500, &row.recipient, "");
    let next = lab.work_in().await;
    assert_eq!(next.len(), 1);
    lab.turn().await;
    let state = lab.state(next[0]).await;
    assert_eq!(state, ("held".to_owned(), Some("address_bounced".to_owned())));
    lab.stop().await;
}

/// Many shops stand at one slow mail server: one more waits for a moment, and nobody behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowded_server_puts_back_and_is_come_back_to() {
    let lab = Lab::new(Wishes::named("crowded")).await;
    let reply = *lab.replies(1).await.first().unwrap();
    let crowd: Vec<_> = std::iter::from_fn(|| lab.desk.lanes.stand_at("localhost")).collect();
    assert_eq!(crowd.len(), 32);
    lab.turn().await;
    assert_eq!((lab.state(reply).await.0.as_str(), lab.peer.state().connections), ("queued", 0));
    let waits = "select last_error from public.jobs where kind = 'deliver'";
    let waits: Option<String> = lab.behind().await.query_one(waits, &[]).await.unwrap().get(0);
    assert_eq!(waits.as_deref(), Some("crowded"));
    drop(crowd);
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.state(reply).await.0, "sent");
    lab.stop().await;
}

/// A bounce that names our mail in its text or in In-Reply-To alone marks it, and of one that names
/// none a person hears.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d13_bounces_that_quote_badly_are_not_lost() {
    let lab = Lab::new(Wishes::named("bounces")).await;
    let replies = lab.replies(2).await;
    lab.turn().await;
    let bounce = |number: u32, header: &str, quoted: &str| {
        let raw = format!(
            "From: MAILER-DAEMON@mx.example.nl\r\nTo: <verkoop@winkel.example>\r\n\
             Subject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\n\
             Message-ID: <plain.{number}@mx.example.nl>\r\n{header}\
             Content-Type: text/plain; charset=utf-8\r\n\r\n\
             The mail could not be delivered: 550 5.1.1 no such user.\r\n\r\n{quoted}\r\n"
        );
        lab.put_raw(&format!("plain{number}.mail"), raw.as_bytes());
    };
    let [first, second] = [lab.row(replies[0]).await, lab.row(replies[1]).await];
    bounce(
        1,
        "",
        &format!("----- Original message -----\r\nMessage-ID: <{}>\r\n", first.message_id),
    );
    bounce(2, &format!("In-Reply-To: <{}>\r\n", second.message_id), "");
    assert!(lab.work_in().await.is_empty());
    let marked = "select count(*) from public.outbox where bounced_at is not null";
    assert_eq!(lab.behind().await.query_one(marked, &[]).await.unwrap().get::<_, i64>(0), 2);
    assert_eq!(lab.told().await, ["bounced outbox.bounced"; 2]);
    bounce(3, "", "Something of yours.");
    bounce(4, "", "And something more.");
    assert!(lab.work_in().await.is_empty());
    let told = "select count(*), min(priority) from public.notifications
        where detail = 'mail.bounced_unknown'";
    let told = lab.behind().await.query_one(told, &[]).await.unwrap();
    assert_eq!((told.get::<_, i64>(0), told.get::<_, String>(1)), (1, "low".to_owned()));
    lab.stop().await;
}
