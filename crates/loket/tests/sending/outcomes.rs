//! What becomes of a mail (D3, D5, D11, D12, and what Sent proves).

use std::time::Duration;

use store::mailboxes::SentCopies;
use store::outbox::OutboxState;

use super::lab::{LONG, Lab, Wishes};
use super::smtp::{Manners, Welcome};

/// Until it is settled, but not for ever.
async fn settle(lab: &Lab) {
    for _ in 0..40 {
        lab.turn().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_leave_once_over_one_session_with_the_headers_they_need() {
    let lab = Lab::new(Wishes::named("leave")).await;
    let replies = lab.replies(3).await;
    assert_eq!(replies.len(), 3);
    lab.turn().await;
    for reply in &replies {
        assert_eq!(lab.row(*reply).await.state, OutboxState::Sent);
    }
    lab.turn().await;
    let taken = lab.peer.taken();
    assert_eq!((taken.len(), lab.peer.state().connections), (3, 1));
    // D12: the bytes as they were sent.
    let (row, mail) = (lab.row(replies[0]).await, &taken[0]);
    assert_eq!(mail.message_id(), row.message_id);
    assert!(
        mail::message_id::verify(&mail.message_id(), lab.desk.message_id_key.bytes()).is_some()
    );
    assert_eq!(mail.header("Auto-Submitted"), "auto-replied");
    assert_eq!(mail.header("X-Auto-Response-Suppress"), "All");
    assert_eq!(mail.header("In-Reply-To"), format!("<{}>", row.in_reply_to.clone().unwrap()));
    assert!(mail.header("References").contains(&row.in_reply_to.unwrap()));
    // Aligned with the mailbox it leaves from, whatever the shop calls its address.
    assert_eq!(mail.from, "verkoop@winkel.example");
    assert!(mail.header("From").contains("<verkoop@winkel.example>"), "{}", mail.header("From"));
    assert!(mail.header("From").contains("(AI)"));
    assert_eq!(mail.to, [row.recipient]);
    assert!(mail.header("Content-Type").starts_with("multipart/alternative"));
    for name in ["Bcc", "Cc", "X-Loket", "Received", "Sender", "User-Agent"] {
        assert_eq!(mail.header(name), "", "{name}");
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_what_passes_is_tried_again_and_what_does_not_is_told() {
    let lab = Lab::new(Wishes::named("refused")).await;
    let replies = lab.replies(4).await;
    lab.peer.next_mail(Manners { mail: "421 4.3.2 closing".to_owned(), ..Manners::default() });
    lab.peer.next_mail(Manners::answering("451 4.7.1 greylisted"));
    lab.peer.next_mail(Manners::answering("550 5.7.1 no such thing"));
    lab.turn().await;
    let mut states = Vec::new();
    for reply in &replies {
        states.push(lab.state(*reply).await.0);
    }
    states.sort();
    assert_eq!(states, ["failed", "queued", "queued", "sent"]);
    assert!(
        lab.told().await.contains(&"held_mail outbox.failed".to_owned()),
        "{:?}",
        lab.told().await
    );
    // Not before its time, and then with the same Message-ID.
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 1);
    lab.hurry().await;
    lab.turn().await;
    let mut ids: Vec<String> =
        lab.peer.taken().iter().map(super::smtp::Taken::message_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), lab.peer.taken().len()), (3, 3));
    // Four days of refusals are enough.
    let late = lab.replies(1).await;
    let late = *late.first().unwrap();
    lab.peer.state().usual = Manners::answering("451 4.7.1 never now");
    lab.turn().await;
    assert_eq!(lab.state(late).await.0, "queued");
    let text =
        "update public.outbox set first_deferred_at = now() - interval '97 hours' where id = $1";
    lab.behind().await.execute(text, &[&late.0]).await.unwrap();
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.state(late).await, ("held".to_owned(), Some("not_delivered".to_owned())));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_d5_a_refused_password_stops_all_at_the_first_try_and_all_goes_after_repair() {
    let lab = Lab::new(Wishes::named("login")).await;
    let replies = lab.replies(5).await;
    let refusing = Welcome { auth: "535 5.7.8 wrong".to_owned(), ..Welcome::default() };
    lab.peer.state().welcomes.push_back(refusing);
    lab.turn().await;
    assert_eq!(lab.peer.state().connections, 1);
    assert_eq!(lab.told().await, ["mailbox_trouble smtp.login_refused"]);
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.state().connections, 1, "a paused mailbox is left alone");
    let tenant = lab.shop.tenant;
    let mailbox = lab.mailbox;
    // Reading goes on: only sending has to wait for a person.
    let row = async |tx: &store::TenantTx| store::mailboxes::load(tx, mailbox).await;
    let row = lab.desk.store.as_worker(tenant, row).await.unwrap().unwrap();
    assert_eq!((row.paused_reason, row.may_send), (None, false));
    assert_eq!(row.sending_paused_reason.as_deref(), Some("login_refused"));
    let active = store::mailboxes::active(&lab.desk.store).await.unwrap();
    assert!(active.iter().any(|it| it.mailbox_id == mailbox), "it is read");
    let resume =
        async |tx: &store::TenantTx| store::sending::pause_mailbox(tx, mailbox, None).await;
    lab.desk.store.as_worker(tenant, resume).await.unwrap();
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 5);
    for reply in replies {
        assert_eq!(lab.row(reply).await.state, OutboxState::Sent);
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_an_unknown_outcome_is_looked_up_and_never_guessed() {
    // Delivered, and Sent shows it.
    let lab = Lab::new(Wishes::named("found")).await;
    let found = lab.replies(1).await[0];
    lab.peer.next_mail(Manners::hanging_up(true));
    lab.turn().await;
    assert_eq!(lab.row(found).await.state, OutboxState::Sending);
    settle(&lab).await;
    assert_eq!((lab.state(found).await.0.as_str(), lab.peer.taken().len()), ("sent", 1));
    // Not delivered, and Sent would have shown it: again, under the same Message-ID.
    let absent = lab.replies(1).await[0];
    let message_id = lab.row(absent).await.message_id;
    lab.peer.next_mail(Manners::hanging_up(false));
    let looks = lab.sent.folder().looks;
    settle(&lab).await;
    assert_eq!((lab.state(absent).await.0.as_str(), lab.peer.taken().len()), ("sent", 2));
    assert_eq!(lab.peer.taken()[1].message_id(), message_id);
    assert_eq!(lab.sent.folder().looks - looks, 3, "looked for more than once");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_without_a_sent_that_proves_anything_a_person_decides() {
    let wishes = Wishes { keeps: false, copies: SentCopies::Ours, ..Wishes::named("person") };
    let lab = Lab::new(wishes).await;
    let replies = lab.replies(2).await;
    lab.peer.next_mail(Manners::hanging_up(true));
    lab.peer.next_mail(Manners::hanging_up(false));
    settle(&lab).await;
    for reply in replies {
        let state = lab.state(reply).await;
        assert_eq!(state, ("held".to_owned(), Some("outcome_unknown".to_owned())));
    }
    assert_eq!(lab.peer.taken().len(), 1, "no blind second try");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_mail_shows_whether_sent_keeps_copies() {
    for (name, keeps, known) in [("keeps", true, "kept"), ("ours", false, "ours")] {
        let wishes = Wishes { keeps, copies: SentCopies::Unknown, ..Wishes::named(name) };
        let lab = Lab::new(wishes).await;
        lab.replies(1).await;
        lab.turn().await;
        for _ in 0..50 {
            if lab.copies().await == known {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(lab.copies().await, known);
        // Where the provider puts nothing there, we do.
        let appended = lab.sent.folder().appended.clone();
        let sent: Vec<Vec<u8>> = lab.peer.taken().iter().map(|mail| mail.bytes.clone()).collect();
        assert_eq!(appended, if keeps { Vec::new() } else { sent });
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_a_provider_s_limit_holds_back_and_the_urgent_goes_first() {
    let lab = Lab::new(Wishes { send_limit: Some(3), ..Wishes::named("budget") }).await;
    let replies = lab.replies(6).await;
    let urgent = *replies.last().unwrap();
    let text = "update public.conversation_threads t set escalation_level = 2 from public.outbox o \
        where o.id = $1 and t.id = o.thread_id";
    lab.behind().await.execute(text, &[&urgent.0]).await.unwrap();
    lab.turn().await;
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 3);
    assert_eq!(lab.row(urgent).await.state, OutboxState::Sent);
    assert_eq!(lab.told().await, ["mailbox_trouble smtp.budget"], "told once");
    // An hour later there is room again.
    let text =
        "update public.outbox set sent_at = sent_at - interval '2 hours' where sent_at is not null";
    lab.behind().await.execute(text, &[]).await.unwrap();
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 6);
    // The provider itself says that it was too much: the mail is innocent, and waits.
    let text =
        "update public.outbox set sent_at = sent_at - interval '2 hours' where sent_at is not null";
    lab.behind().await.execute(text, &[]).await.unwrap();
    let waits = lab.replies(1).await;
    lab.peer.next_mail(Manners::answering("550 5.4.5 Daily user sending limit exceeded"));
    lab.turn().await;
    assert_eq!(lab.row(waits[0]).await.state, OutboxState::Queued);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_costs_time_and_nothing_else() {
    let lab = Lab::new(Wishes::named("away")).await;
    let replies = lab.replies(3).await;
    for _ in 0..2 {
        let welcome = Welcome { greeting: None, ..Welcome::default() };
        lab.peer.state().welcomes.push_back(welcome);
        lab.turn().await;
        lab.hurry().await;
    }
    let jobs = lab.due(LONG).await;
    assert!(jobs.iter().all(|job| job.attempt == 1), "waiting is no failure: {jobs:?}");
    lab.work(&jobs).await;
    assert_eq!((replies.len(), lab.peer.taken().len()), (3, 3));
    lab.stop().await;
}

/// A server that takes no mail from us, whoever it is for, stops the sending and fails no mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_a_refused_sender_keeps_the_queue_and_is_tried_again_each_hour() {
    let lab = Lab::new(Wishes::named("sender")).await;
    let replies = lab.replies(4).await;
    lab.peer.state().usual =
        Manners { mail: "553 5.7.1 sender not allowed".to_owned(), ..Manners::default() };
    lab.turn().await;
    lab.hurry().await;
    lab.turn().await;
    for reply in &replies {
        assert_eq!(lab.state(*reply).await.0, "queued");
    }
    assert_eq!(lab.told().await, ["mailbox_trouble smtp.sender_refused"]);
    assert_eq!(lab.peer.state().connections, 1, "it is left alone");
    let later = "update public.mailboxes set sending_paused_at = now() - interval '61 minutes' \
        where sending_paused_reason = 'sender_refused'";
    lab.behind().await.execute(later, &[]).await.unwrap();
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.state().connections, 2);
    assert_eq!(lab.told().await.len(), 1, "told once");
    // The provider was put right.
    lab.peer.state().usual = Manners::default();
    lab.behind().await.execute(later, &[]).await.unwrap();
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 4);
    let paused = "select count(*) from public.mailboxes where sending_paused_reason is not null";
    assert_eq!(lab.behind().await.query_one(paused, &[]).await.unwrap().get::<_, i64>(0), 0);
    // One mail that is too large says nothing of the next.
    let next = lab.replies(2).await;
    let large = Manners { mail: "552 5.3.4 too large".to_owned(), ..Manners::default() };
    lab.peer.next_mail(large);
    lab.turn().await;
    let mut states = Vec::new();
    for reply in &next {
        states.push(lab.state(*reply).await.0);
    }
    states.sort();
    assert_eq!(states, ["failed", "sent"]);
    lab.stop().await;
}

/// A refused reply, and one of which nobody knows, are a person's to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_d5_a_person_sends_a_failed_reply_again_and_ends_an_unknown_one() {
    let lab = Lab::new(Wishes::named("ways-out")).await;
    let replies = lab.replies(2).await;
    let claims = lab.shop.claims();
    lab.peer.next_mail(Manners::answering("550 5.7.1 not like this"));
    lab.turn().await;
    let behind = lab.behind().await;
    let failed = "select id from public.outbox where state = 'failed'";
    let failed = store::OutboxId(behind.query_one(failed, &[]).await.unwrap().get(0));
    let approve = async |tx: &store::TenantTx| store::drafts::approve(tx, failed, None).await;
    lab.desk.store.as_user(&claims, approve).await.unwrap();
    lab.turn().await;
    for reply in &replies {
        assert_eq!(lab.row(*reply).await.state, OutboxState::Sent);
    }
    // What a person let go is theirs: help desks throw away what says that a machine wrote it.
    for mail in lab.peer.taken() {
        let by_person = mail.message_id() == lab.row(failed).await.message_id;
        let marks = (mail.header("Auto-Submitted"), mail.header("X-Auto-Response-Suppress"));
        let wanted = if by_person { ("", "") } else { ("auto-replied", "All") };
        assert_eq!((marks.0.as_str(), marks.1.as_str()), wanted);
    }
    let again = async |tx: &store::TenantTx| store::drafts::approve(tx, failed, None).await;
    assert!(lab.desk.store.as_user(&claims, again).await.is_err(), "it was sent");

    let unknown = *lab.replies(1).await.first().unwrap();
    let text =
        "update public.outbox set state = 'held', state_reason = 'outcome_unknown', attempt = 1,
        sending_at = now() - interval '2 hours' where id = $1";
    behind.execute(text, &[&unknown.0]).await.unwrap();
    behind.execute("delete from public.jobs where kind = 'deliver'", &[]).await.unwrap();
    let held = "update public.customer_interactions i set state = 'held' from public.outbox o
        where o.interaction_id = i.id and o.id = $1";
    behind.execute(held, &[&unknown.0]).await.unwrap();
    // The customer's answer finds its conversation meanwhile: it may well have arrived.
    let row = lab.row(unknown).await;
    let (tenant, id) = (lab.shop.tenant, row.message_id.clone());
    let threads = async |tx: &store::TenantTx| {
        store::ingest::threads_by_our_message_ids(tx, std::slice::from_ref(&id), None).await
    };
    assert_eq!(lab.desk.store.as_worker(tenant, threads).await.unwrap().len(), 1);
    let arrived = async |tx: &store::TenantTx| store::drafts::arrived(tx, unknown).await;
    lab.desk.store.as_user(&claims, arrived).await.unwrap();
    assert_eq!(lab.state(unknown).await, ("sent".to_owned(), None));
    let when = "select sent_at = sending_at, (select state from public.customer_interactions i
        where i.id = o.interaction_id) from public.outbox o where id = $1";
    let seen = behind.query_one(when, &[&unknown.0]).await.unwrap();
    assert!(seen.get::<_, bool>(0));
    assert_eq!(seen.get::<_, String>(1), "answered");
    assert!(lab.desk.store.as_user(&claims, arrived).await.is_err(), "once");
    lab.hurry().await;
    lab.turn().await;
    assert_eq!(lab.peer.taken().len(), 2, "it does not leave again");
    lab.stop().await;
}
