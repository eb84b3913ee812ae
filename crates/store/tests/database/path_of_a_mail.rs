//! The path of a mail through the store, with two shops beside each other.

use std::time::Duration;

use domain::contract::{EscalationLevel, LadderStep, Percentage};
use domain::deliver::Objection;
use store::answer::OfferKind;
use store::ingest::{Fate, InteractionState};
use store::jobs::JobKind;
use store::outbox::OutboxState;
use store::{AttachmentId, Error, InteractionId, JobId, RawId, TenantId, TenantTx, ThreadId};

use crate::support::{
    Shop, World, answer_write, incoming, minutes_past, new_interaction, new_outbox,
};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_mail_is_stored_recorded_answered_and_sent() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let facts = store
        .as_worker(shop.tenant, async |tx| store::answer::load_facts(tx, shop.interaction).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(facts.interaction.subject, "Retour \"maat\" 38");
    assert_eq!(facts.interaction.state, InteractionState::Answered);
    assert_eq!(facts.thread.escalation_level, EscalationLevel::Watch);
    assert_eq!(facts.thread.ladder_stap, LadderStep::NONE.next());
    assert_eq!(facts.ledger.len(), 1);
    assert_eq!(facts.ledger[0].kind, OfferKind::Offered);
    assert_eq!(facts.ledger[0].basis_points, Percentage::from_percents(5));
    assert_eq!(facts.customer_account.version, 1);
    assert_eq!((facts.budget.to_address_24h, facts.budget.by_tenant_1h), (1, 1));
    assert_eq!(facts.shop.maximaal_extra_compensatie, Percentage::from_percents(15));
    // Its own, and the master that was the newest when it was approved.
    assert_eq!(facts.rules.len(), 2);

    let jobs = store::jobs::claim(store, JobKind::Deliver, 10, MINUTE).await.unwrap();
    let job = jobs.iter().find(|job| job.tenant_id == shop.tenant).unwrap();
    assert_eq!(job.subject_id, shop.outbox.0);
    let mail = store
        .as_worker(shop.tenant, async |tx| {
            let mail = store::outbox::load_for_delivery(tx, shop.outbox).await?;
            assert_eq!(store::outbox::mark_sending(tx, shop.outbox).await?, None);
            Ok(mail)
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((mail.state, mail.attempt), (OutboxState::Queued, 0));
    assert_eq!(mail.message_references, ["eerder@x.example"]);
    store
        .as_worker(shop.tenant, async |tx| {
            store::outbox::mark_sent(tx, shop.outbox).await?;
            store::jobs::finish(tx, job.lease()).await
        })
        .await
        .unwrap();
    let view = store
        .as_user(&shop.claims(), async |tx| store::conversations::thread(tx, shop.thread).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.mails[0].state, OutboxState::Sent);
    assert!(view.mails[0].sent_at.is_some() && view.thread.last_answer_at.is_some());
    assert_eq!(view.interactions[0].compensatie_percentage, Percentage::from_percents(5));
    assert!(view.interactions[0].receipt.is_some());
    let kinds: Vec<String> = store
        .as_user(&shop.claims(), async |tx| store::events::after(tx, 0, 100).await)
        .await
        .unwrap()
        .into_iter()
        .map(|event| format!("{} {}", event.seq, event.kind))
        .collect();
    assert_eq!(kinds, ["1 interaction.received", "2 interaction.answered", "3 outbox.sent"]);
}

#[tokio::test]
async fn a_mail_is_received_once_and_the_cursor_moves_with_it() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let receive = async |mails: Vec<store::mailboxes::IncomingRaw>, cursor: serde_json::Value| {
        store
            .as_worker(shop.tenant, async |tx| {
                store::mailboxes::receive_batch(tx, shop.mailbox, &mails, Some(&cursor)).await
            })
            .await
    };
    let second = RawId::new();
    // A body that no Message-ID and no text encoding saves, and one uid that is there already.
    let mut odd = incoming(second, 2, &[0, 255, 13, 10]);
    odd.message_id = None;
    let batch = vec![incoming(RawId::new(), 1, b"again"), odd];
    assert_eq!(receive(batch.clone(), serde_json::json!({"uid": 2})).await.unwrap(), [second]);
    assert_eq!(receive(batch, serde_json::json!({"uid": 3})).await.unwrap(), []);
    let (mailbox, raw) = store
        .as_worker(shop.tenant, async |tx| {
            let raw = store::ingest::load_raw(tx, second).await?.unwrap();
            assert_eq!(store::ingest::note_attempt(tx, second).await?, 1);
            Ok((store::mailboxes::load(tx, shop.mailbox).await?.unwrap(), raw))
        })
        .await
        .unwrap();
    assert_eq!(mailbox.cursor, serde_json::json!({"uid": 3}));
    assert_eq!(mailbox.address, "service@winkel.example");
    assert_eq!(mailbox.secret_encrypted.as_deref(), Some("geheim"));
    assert_eq!((raw.raw, raw.attempts, raw.fate), (vec![0, 255, 13, 10], 0, None));
    let jobs = store::jobs::claim(store, JobKind::Ingest, 10, MINUTE).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].subject_id, second.0);
    store
        .as_worker(shop.tenant, async |tx| {
            let lease = jobs[0].lease();
            store::ingest::settle_raw(tx, lease, second, Fate::Quarantined, "unreadable").await
        })
        .await
        .unwrap();
    let (fates, notices) = store
        .as_worker(shop.tenant, async |tx| {
            let notices = store::notifications::page(tx, true, None, 10).await?;
            Ok((store::ingest::fates(tx).await?, notices))
        })
        .await
        .unwrap();
    assert_eq!(fates, [("answered".to_owned(), 1), ("quarantined".to_owned(), 1)]);
    assert_eq!(notices.len(), 2);
    let foreign = store
        .as_worker(world.b.tenant, async |tx| {
            store::mailboxes::receive_batch(tx, shop.mailbox, &[], None).await
        })
        .await;
    assert!(matches!(foreign, Err(Error::Absent { what: "mailbox", .. })), "{foreign:?}");
}

#[tokio::test]
async fn a_reply_finds_its_conversation_only_with_its_own_customer() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let ids = ["antwoord.1@loket.example".to_owned(), "vreemd@elders.example".to_owned()];
    let found = async |sender: Option<&'static str>| {
        store
            .as_worker(shop.tenant, async |tx| {
                store::ingest::threads_by_our_message_ids(tx, &ids, sender).await
            })
            .await
            .unwrap()
            .into_iter()
            .map(|found| found.thread_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(Some("klant@x.example")).await, [], "nothing was sent yet");
    send(&world).await;
    assert_eq!(found(Some("klant@x.example")).await, [shop.thread]);
    assert_eq!(found(Some("ander@x.example")).await, []);
    assert_eq!(found(None).await, [shop.thread]);
}

/// Sends shop A's first answer.
async fn send(world: &World) {
    let mail = world.a.outbox;
    let sent = world.store().as_worker(world.a.tenant, async |tx| {
        assert_eq!(store::outbox::mark_sending(tx, mail).await?, None);
        store::outbox::mark_sent(tx, mail).await
    });
    sent.await.unwrap();
}

/// A second mail of the same customer in shop A's conversation, recorded.
async fn second_mail(world: &World) -> InteractionId {
    let id = InteractionId::new();
    let mail = store::ingest::NewInteraction {
        id,
        raw_message_id: None,
        received_at: minutes_past(60),
        ..new_interaction(&world.a, None)
    };
    let recorded = world
        .store()
        .as_worker(world.a.tenant, async |tx| store::ingest::record_message(tx, &mail).await);
    recorded.await.unwrap();
    id
}

#[tokio::test]
async fn nothing_is_sent_after_the_customer_or_a_person_wrote_again() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let claims = shop.claims();
    let look = async || {
        // Rolled back, so that the next look finds the mail queued again.
        let mut seen = None;
        let looked = store.as_worker(shop.tenant, async |tx| {
            seen = Some(store::outbox::mark_sending(tx, shop.outbox).await?);
            Err::<(), _>(Error::Swallowed)
        });
        looked.await.unwrap_err();
        seen.unwrap()
    };
    assert_eq!(look().await, None);
    let at = minutes_past(30);
    let behind = &world.database.behind;
    let answered = store
        .as_user(&claims, async |tx| store::drafts::person_answered(tx, shop.thread, at).await);
    answered.await.unwrap();
    // The mail had come in at nine and was recorded just now: nobody could have seen it here.
    assert_eq!(look().await, Some(Objection::Crossed));
    let later = "2099-01-01T09:30:00Z".parse().unwrap();
    let answered = store
        .as_user(&claims, async |tx| store::drafts::person_answered(tx, shop.thread, later).await);
    answered.await.unwrap();
    assert_eq!(look().await, Some(Objection::PersonAnswered));
    // A draft for an older mail of the conversation, let go just then, answers that one only.
    let older = "with mail as (
          insert into public.customer_interactions (tenant_id, id, thread_id, customer_email, subject, received_at,
            message_body, state)
          select tenant_id, gen_random_uuid(), thread_id, customer_email, 'Eerder', received_at - interval '1 hour',
            'Een vraag', 'answered'
          from public.customer_interactions where id = $1
          returning tenant_id, id, thread_id)
        insert into public.outbox (tenant_id, id, interaction_id, thread_id, message_id, recipient, subject,
          body_text, body_html, automatic, state, sent_at)
        select mail.tenant_id, gen_random_uuid(), mail.id, mail.thread_id, 'ouder@loket.example', 'k@x.example',
          'Re: Eerder', 'Ja', 'Ja', false, 'sent', t.answered_by_person_at
        from mail join public.conversation_threads t on t.id = mail.thread_id";
    assert_eq!(behind.execute(older, &[&shop.interaction]).await.unwrap(), 1);
    assert_eq!(look().await, Some(Objection::Crossed));
    behind.execute("delete from public.outbox where subject = 'Re: Eerder'", &[]).await.unwrap();
    let undo = "update public.conversation_threads set answered_by_person_at = null";
    behind.execute(undo, &[]).await.unwrap();
    let taken = store.as_user(&claims, async |tx| {
        store::conversations::assign(tx, shop.thread, Some(shop.user)).await
    });
    taken.await.unwrap();
    assert_eq!(look().await, Some(Objection::PersonTookOver));
    behind.execute("update public.conversation_threads set assigned_to = null", &[]).await.unwrap();
    for (sends, objection) in [(false, Some(Objection::SendingSwitchedOff)), (true, None)] {
        let switch = "update public.tenants set automatic_sending = $1";
        behind.execute(switch, &[&sends]).await.unwrap();
        assert_eq!(look().await, objection);
    }
    let suspended = store.as_admin(world.admin, async |tx| {
        store::shops::set_status(tx, shop.tenant, "suspended", "facturen open").await
    });
    assert!(suspended.await.unwrap());
    assert_eq!(look().await, Some(Objection::ShopInactive));
    let resumed = store.as_admin(world.admin, async |tx| {
        store::shops::set_status(tx, shop.tenant, "approved", "facturen betaald").await
    });
    assert!(resumed.await.unwrap());
    second_mail(&world).await;
    assert_eq!(look().await, Some(Objection::NewerMessage));
    let held = store.as_worker(shop.tenant, async |tx| {
        store::outbox::hold(tx, shop.outbox, "newer_message").await
    });
    held.await.unwrap();
    assert_eq!(look().await, Some(Objection::NotQueued));
    // A person who has seen the newer mail may let it go all the same.
    let released = store.as_user(&claims, async |tx| {
        let drafts = store::drafts::waiting(tx, 10).await?;
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].outbox_id, Some(shop.outbox));
        store::drafts::approve(tx, shop.outbox, None).await
    });
    released.await.unwrap();
    assert_eq!(look().await, None);
}

#[tokio::test]
async fn a_mail_of_unknown_outcome_is_found_and_may_be_sent_again() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    store
        .as_worker(shop.tenant, async |tx| store::outbox::mark_sending(tx, shop.outbox).await)
        .await
        .unwrap();
    assert_eq!(store::outbox::stuck_sending(store, MINUTE).await.unwrap(), []);
    let stuck = store::outbox::stuck_sending(store, Duration::ZERO).await.unwrap();
    assert_eq!((stuck[0].tenant_id, stuck[0].outbox_id), (shop.tenant, shop.outbox));
    store
        .as_worker(shop.tenant, async |tx| {
            store::sending::requeue(tx, shop.outbox, false, None).await
        })
        .await
        .unwrap();
    let mail = store
        .as_worker(shop.tenant, async |tx| store::outbox::load_for_delivery(tx, shop.outbox).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((mail.state, mail.attempt), (OutboxState::Queued, 1));
    assert_eq!(mail.message_id, "antwoord.1@loket.example");
    let sent = store
        .as_worker(shop.tenant, async |tx| store::outbox::mark_sent(tx, shop.outbox).await)
        .await;
    assert!(matches!(sent, Err(Error::Absent { .. })), "it is not being sent: {sent:?}");
}

/// The second mail's answer job, and an answer that takes the next step of the ladder.
async fn second_answer(world: &World) -> store::answer::AnswerWrite {
    let shop = world.a;
    let id = second_mail(world).await;
    let jobs = store::jobs::claim(world.store(), JobKind::Answer, 10, MINUTE).await.unwrap();
    let job = jobs.iter().find(|job| job.subject_id == id.0).unwrap();
    let mut answer = answer_write(&shop, job.lease());
    answer.interaction_id = id;
    answer.raw_message_id = None;
    answer.accounts[0].version = 1;
    answer
}

#[tokio::test]
async fn two_mails_at_the_same_instant_cannot_both_take_a_step() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let first = second_answer(&world).await;
    let second = second_answer(&world).await;
    let write = |answer: store::answer::AnswerWrite| async move {
        store
            .as_worker(shop.tenant, async |tx| {
                store::answer::write_answer(tx, &answer).await?;
                // Both have written before either commits.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok(())
            })
            .await
    };
    let (one, other) = tokio::join!(write(first.clone()), write(second.clone()));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let lost = one.err().or(other.err()).unwrap();
    assert!(matches!(lost, Error::Conflict(tenant) if tenant == shop.tenant));
    assert!(lost.is_retryable());
    let count = "select count(*) from public.offers where tenant_id = $1";
    let count: i64 = world.database.behind.query_one(count, &[&shop.tenant]).await.unwrap().get(0);
    assert_eq!(count, 2, "the first mail's offer and one more");
    // The other shop's account with the same customer is its own.
    let (_, account) = store
        .as_worker(world.b.tenant, async |tx| store::answer::order_ledger(tx, "1234").await)
        .await
        .unwrap();
    assert_eq!((account.account_key.as_str(), account.version), ("order:1234", 0));
}

#[tokio::test]
async fn an_answer_with_a_stale_lease_leaves_nothing_behind() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let mut answer = second_answer(&world).await;
    let held = answer.lease;
    answer.lease = crate::support::no_lease();
    answer.outbox = Some(new_outbox("antwoord.2@loket.example"));
    let before = snapshot(&world).await;
    for swallow in [false, true] {
        let written = store
            .as_worker(shop.tenant, async |tx| {
                match store::answer::write_answer(tx, &answer).await {
                    Err(Error::StaleLease(_)) if swallow => Ok(()),
                    written => written,
                }
            })
            .await;
        match written {
            Err(Error::StaleLease(_)) if !swallow => {}
            Err(Error::Swallowed) if swallow => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(snapshot(&world).await, before);
    }
    answer.lease = held;
    let written =
        store.as_worker(shop.tenant, async |tx| store::answer::write_answer(tx, &answer).await);
    written.await.unwrap();
    assert_ne!(snapshot(&world).await, before);
}

/// How many rows every table of the shop has.
async fn snapshot(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["offers", "outbox", "jobs", "events", "notifications", "receipts"] {
        let text = format!("select count(*) from public.{table}");
        counts.push(world.database.behind.query_one(&text, &[]).await.unwrap().get(0));
    }
    counts
}

#[tokio::test]
async fn a_held_draft_is_let_go_once_or_thrown_away() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let claims = shop.claims();
    let mut held = second_answer(&world).await;
    held.interaction.state = InteractionState::Held;
    held.outbox = Some(store::answer::NewOutbox {
        held: true,
        state_reason: Some("threat".to_owned()),
        ..new_outbox("antwoord.2@loket.example")
    });
    let mail = held.outbox.as_ref().unwrap().id;
    store
        .as_worker(shop.tenant, async |tx| store::answer::write_answer(tx, &held).await)
        .await
        .unwrap();
    let before = store::jobs::claim(store, JobKind::Deliver, 10, MINUTE).await.unwrap();
    assert!(before.iter().all(|job| job.subject_id != mail.0), "a held mail has no deliver job");
    let foreign = store
        .as_user(&world.b.claims(), async |tx| store::drafts::approve(tx, mail, None).await)
        .await;
    assert!(matches!(foreign, Err(Error::Absent { .. })), "{foreign:?}");
    let text = store::drafts::EditedText {
        subject: "Re: Retour".to_owned(),
        body_text: "Met de hand.".to_owned(),
        body_html: "<p>Met de hand.</p>".to_owned(),
    };
    for first in [true, false] {
        let approved = store
            .as_user(&shop.claims(), async |tx| store::drafts::approve(tx, mail, Some(&text)).await)
            .await;
        assert_eq!(approved.is_ok(), first, "{approved:?}");
    }
    let after = store::jobs::claim(store, JobKind::Deliver, 10, MINUTE).await.unwrap();
    assert!(after.iter().any(|job| job.subject_id == mail.0));
    let view = store
        .as_user(&shop.claims(), async |tx| store::conversations::thread(tx, shop.thread).await)
        .await
        .unwrap()
        .unwrap();
    let answered = &view.interactions[1];
    assert_eq!(answered.ai_response.as_deref(), Some("Met de hand."));
    assert_eq!(
        (answered.state, answered.decided_by),
        (InteractionState::Answered, Some(shop.user))
    );
    let mut thrown = second_answer(&world).await;
    thrown.accounts[0].version = 2;
    thrown.interaction.state = InteractionState::Held;
    thrown.outbox =
        Some(store::answer::NewOutbox { held: true, ..new_outbox("antwoord.3@loket.example") });
    let id = thrown.interaction_id;
    store
        .as_worker(shop.tenant, async |tx| store::answer::write_answer(tx, &thrown).await)
        .await
        .unwrap();
    let discarded = store
        .as_user(&claims, async |tx| store::drafts::discard(tx, id, Some("klant belde")).await);
    discarded.await.unwrap();
    let states: Vec<OutboxState> = store
        .as_user(&shop.claims(), async |tx| store::conversations::thread(tx, shop.thread).await)
        .await
        .unwrap()
        .unwrap()
        .mails
        .iter()
        .map(|mail| mail.state)
        .collect();
    assert_eq!(states, [OutboxState::Queued, OutboxState::Queued, OutboxState::Cancelled]);
}

#[tokio::test]
async fn many_mails_are_recorded_at_once_each_with_its_event() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let thread = ThreadId::new();
    let mails: Vec<_> = (0..30)
        .map(|number| store::ingest::NewInteraction {
            id: InteractionId::new(),
            thread_id: if number % 3 == 0 { thread } else { ThreadId::new() },
            raw_message_id: None,
            answer_job_id: (number % 2 == 0).then(JobId::new),
            ..new_interaction(&shop, None)
        })
        .collect();
    store
        .as_worker(shop.tenant, async |tx| store::ingest::record_messages(tx, &mails).await)
        .await
        .unwrap();
    let (view, events, page) = store
        .as_user(&shop.claims(), async |tx| {
            let view = store::conversations::thread(tx, thread).await?.unwrap();
            let events = store::events::after(tx, 0, 100).await?;
            Ok((view, events, store::conversations::page(tx, Some("open"), None, 15).await?))
        })
        .await
        .unwrap();
    assert_eq!((view.interactions.len(), view.thread.message_count), (10, 10));
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=32).collect::<Vec<i64>>());
    let last = page.last().unwrap();
    let rest = store
        .as_user(&shop.claims(), async |tx| {
            let after = Some((last.last_message_at, last.id));
            store::conversations::page(tx, Some("open"), after, 15).await
        })
        .await
        .unwrap();
    assert_eq!(
        (page.len(), rest.len()),
        (15, 7),
        "20 new conversations, a shared one and the first"
    );
    assert!(page.iter().all(|row| rest.iter().all(|other| other.id != row.id)));
}

/// What two mails in one conversation leave behind, without ids and clocks.
async fn traces(world: &World, tenant: TenantId, thread: ThreadId) -> String {
    let text = "select jsonb_build_array(
        (select to_jsonb(t) - '{id,tenant_id,created_at}'::text[] from public.conversation_threads t
         where t.tenant_id = $1 and t.id = $2),
        (select jsonb_agg(to_jsonb(i) - '{id,tenant_id,thread_id,raw_message_id,created_at}'::text[] order by i.id)
         from public.customer_interactions i where i.tenant_id = $1 and i.thread_id = $2),
        (select jsonb_agg(to_jsonb(j) - '{id,tenant_id,subject_id,created_at,run_at}'::text[]
           || jsonb_build_object('later', j.run_at > '2099-01-01') order by j.subject_id)
         from public.jobs j where j.tenant_id = $1 and j.kind in ('ingest', 'answer')),
        (select jsonb_agg(jsonb_build_array(e.seq, e.kind) order by e.seq)
         from public.events e where e.tenant_id = $1 and e.thread_id = $2),
        (select count(*) from public.events e
         join public.customer_interactions i on i.tenant_id = $1 and i.id = e.subject_id and i.thread_id = e.thread_id
         where e.tenant_id = $1 and e.thread_id = $2),
        (select count(*) from public.jobs j
         join public.customer_interactions i on i.tenant_id = $1 and i.id = j.subject_id
         where j.tenant_id = $1 and j.kind = 'answer' and i.thread_id = $2))::text";
    let behind = &world.database.behind;
    behind.query_one(text, &[&tenant.0, &thread.0]).await.unwrap().get(0)
}

#[tokio::test]
async fn one_mail_leaves_the_same_as_an_array_of_one() {
    let world = World::new().await;
    let store = world.store();
    let mut left = Vec::new();
    for (shop, alone) in [(&world.a, true), (&world.b, false)] {
        let thread = ThreadId::new();
        for uid in [41, 42] {
            let raw = RawId::new();
            let batch = [incoming(raw, uid, format!("Subject: {uid}\r\n\r\nHallo").as_bytes())];
            store
                .as_worker(shop.tenant, async |tx| {
                    store::mailboxes::receive_batch(tx, shop.mailbox, &batch, None).await
                })
                .await
                .unwrap();
            let jobs = store::jobs::claim(store, JobKind::Ingest, 10, MINUTE).await.unwrap();
            let job = jobs.iter().find(|job| job.subject_id == raw.0).unwrap();
            let mails = [store::ingest::NewInteraction {
                id: InteractionId::new(),
                thread_id: thread,
                raw_message_id: Some(raw),
                from_name: format!("Klant {uid}"),
                received_at: "2026-11-22T09:00:00Z".parse().unwrap(),
                message_references: vec!["een@x.example".to_owned(), "twee@x.example".to_owned()],
                in_reply_to: (uid == 42).then(|| "twee@x.example".to_owned()),
                sender_verified: uid == 41,
                run_at: (uid == 42).then(|| "2099-11-23T09:00:00Z".parse().unwrap()),
                ..new_interaction(shop, Some(job.lease()))
            }];
            if alone {
                store::ingest::record_alone(store, shop.tenant, &mails[0]).await.unwrap();
            } else {
                store
                    .as_worker(shop.tenant, async |tx| {
                        store::ingest::record_messages(tx, &mails).await
                    })
                    .await
                    .unwrap();
            }
            let mail = store::ingest::NewInteraction {
                id: InteractionId::new(),
                raw_message_id: None,
                answer_job_id: Some(JobId::new()),
                ..mails[0].clone()
            };
            let again = store
                .as_worker(shop.tenant, async |tx| store::ingest::record_message(tx, &mail).await)
                .await;
            assert!(matches!(again, Err(Error::StaleLease(_))), "{again:?}");
            let again = store::ingest::record_alone(store, shop.tenant, &mail).await;
            assert!(matches!(again, Err(Error::StaleLease(_))), "{again:?}");
        }
        left.push(traces(&world, shop.tenant, thread).await);
    }
    assert_eq!(left[0], left[1]);
    for part in ["\"message_count\": 2", "Klant 42", "\"later\": true"] {
        assert!(left[0].contains(part), "{}", left[0]);
    }
}

#[tokio::test]
async fn what_was_offered_in_a_reply_that_stayed_here_does_not_count() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    second_mail(&world).await;
    let facts = async || {
        store
            .as_worker(shop.tenant, async |tx| {
                store::answer::load_facts(tx, shop.interaction).await
            })
            .await
            .unwrap()
            .unwrap()
    };
    let before = facts().await;
    assert_eq!(before.ledger.len(), 1);
    store
        .as_worker(shop.tenant, async |tx| {
            store::outbox::hold(tx, shop.outbox, "newer_message").await
        })
        .await
        .unwrap();
    let held = facts().await;
    assert_eq!(held.ledger.len(), 0, "the customer never saw it");
    assert_eq!(held.customer_account.version, before.customer_account.version + 1);
    let behind = &world.database.behind;
    behind.execute("update public.offers set kind = 'accepted'", &[]).await.unwrap();
    assert_eq!(facts().await.ledger.len(), 1, "what the customer said was said");
    behind.execute("update public.offers set kind = 'offered'", &[]).await.unwrap();
    store
        .as_user(&shop.claims(), async |tx| store::drafts::approve(tx, shop.outbox, None).await)
        .await
        .unwrap();
    assert_eq!(facts().await.ledger.len(), 1, "a person let it go");
}

/// A person lets a held reply go while a worker, who saw it held, is about to end its job: the reply
/// would wait for ever.
#[tokio::test]
async fn a_reply_let_go_while_its_job_ends_keeps_its_job() {
    let world = World::new().await;
    let (store, shop) = (world.store(), world.a);
    let claimed = async || store::jobs::claim(store, JobKind::Deliver, 10, MINUTE).await.unwrap();
    let jobs = claimed().await;
    let job = jobs.iter().find(|job| job.subject_id == shop.outbox.0).unwrap();
    let hold = async |tx: &TenantTx| store::outbox::hold(tx, shop.outbox, "newer_message").await;
    store.as_worker(shop.tenant, hold).await.unwrap();
    let approve = async |tx: &TenantTx| store::drafts::approve(tx, shop.outbox, None).await;
    store.as_user(&shop.claims(), approve).await.unwrap();
    let end = async |tx: &TenantTx| {
        store::outbox::finish_unless_queued(tx, shop.outbox, job.lease()).await
    };
    assert!(!store.as_worker(shop.tenant, end).await.unwrap());
    let again = claimed().await;
    let again = again.iter().find(|again| again.subject_id == shop.outbox.0).expect("its job");
    let end = async |tx: &TenantTx| {
        store::outbox::mark_sending(tx, shop.outbox).await?;
        store::outbox::mark_sent(tx, shop.outbox).await?;
        store::outbox::finish_unless_queued(tx, shop.outbox, again.lease()).await
    };
    assert!(store.as_worker(shop.tenant, end).await.unwrap());
}

/// Hazard C12: one person with many spellings of one address has one budget.
#[tokio::test]
async fn c12_spellings_of_an_address_share_its_budget() {
    let world = World::new().await;
    let (store, shop, behind) = (world.store(), world.a, &world.database.behind);
    let sent_to = async |recipient: &str, writes: &str| {
        let text = "update public.outbox set recipient = $1 where tenant_id = $2";
        behind.execute(text, &[&recipient, &shop.tenant]).await.unwrap();
        let text =
            "update public.customer_interactions set customer_email = $1 where tenant_id = $2";
        behind.execute(text, &[&writes, &shop.tenant]).await.unwrap();
        let load = async |tx: &TenantTx| store::answer::load_facts(tx, shop.interaction).await;
        store.as_worker(shop.tenant, load).await.unwrap().unwrap().budget.to_address_24h
    };
    assert_eq!(sent_to("anna@klant.example", "anna+2@klant.example").await, 1);
    assert_eq!(sent_to("an.na+1@gmail.com", "ann.a@googlemail.com").await, 1);
    assert_eq!(sent_to("an.na@klant.example", "anna@klant.example").await, 0);
    assert_eq!(sent_to("anna@klant.example", "bram@klant.example").await, 0);
}

/// A22: a file is one shop's and one conversation's, and its bytes are those of the raw mail.
#[tokio::test]
async fn a22_files_are_cut_out_of_their_own_shops_mail() {
    let world = World::new().await;
    let (a, b) = (&world.a, &world.b);
    let file = AttachmentId(a.interaction.0);
    let asked = async |shop: &Shop, thread: ThreadId| {
        let read = async |tx: &store::TenantTx| {
            let file = store::attachments::file(tx, thread, file).await?;
            let html = store::attachments::html(tx, thread, a.interaction).await?;
            Ok((file, html))
        };
        world.store().as_user(&shop.claims(), read).await.unwrap()
    };
    let (found, html) = asked(a, a.thread).await;
    let found = found.unwrap();
    assert_eq!(found.encoded.as_deref(), Some(b"Hallo".as_slice()));
    assert_eq!((found.safe_name.as_str(), found.sha256), ("hallo.txt", Some(vec![0xab; 32])));
    assert_eq!(html.as_deref(), Some("<p>Hallo</p>"));
    for (shop, thread) in [(b, a.thread), (b, b.thread), (a, b.thread), (a, ThreadId::new())] {
        assert_eq!(asked(shop, thread).await, (None, None));
    }
    let view = async |tx: &store::TenantTx| store::conversations::thread(tx, a.thread).await;
    let view = world.store().as_user(&a.claims(), view).await.unwrap().unwrap();
    assert_eq!(view.files.iter().map(|file| file.id).collect::<Vec<_>>(), [file]);
    assert!(view.files[0].available && view.views[0].formatted);
    // Raw mail may go earlier: the file is told of, and can no longer be had.
    let gone = "delete from public.raw_messages where tenant_id = $1";
    world.database.behind.execute(gone, &[&a.tenant.0]).await.unwrap();
    assert_eq!(asked(a, a.thread).await.0.unwrap().encoded, None);
}
