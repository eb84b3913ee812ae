//! The path of a mail through the store, with two shops beside each other.

use std::time::Duration;

use domain::contract::{EscalationLevel, LadderStep, Percentage};
use store::answer::OfferKind;
use store::ingest::{Fate, InteractionState};
use store::jobs::JobKind;
use store::outbox::{Objection, OutboxState};
use store::{Error, InteractionId, JobId, RawId, ThreadId};

use crate::support::{World, answer_write, incoming, new_interaction, new_outbox};

const MINUTE: Duration = Duration::from_secs(60);

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
    assert_eq!(facts.rules.len(), 1);

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
