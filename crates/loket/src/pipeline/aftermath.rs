//! Everything a decision leaves behind: what changes in the mail and its conversation, the reply as
//! it will leave, what goes on record, and who must know. Nothing is written here.

use domain::answer::{Answer, Outcome};
use domain::contract::{Language, NotificationType, Percentage, Priority};
use domain::decide::{LedgerKind, LedgerMove};
use domain::notify::alerts;
use mail::message_id::{self, Origin};
use store::answer::{
    Account, AnswerWrite, FactsRow, InteractionOutcome, NewEvent, NewNotification, NewOffer,
    NewOutbox, OfferKind, ThreadOutcome,
};
use store::ingest::{Fate, InteractionState};
use store::jobs::ClaimedJob;
use store::{JobId, NotificationId, OfferId, OutboxId};

use super::Desk;
use super::answer::ledger_number;
use crate::shop::Shop;

/// Everything the decision leaves behind.
pub(super) fn gather(
    desk: &Desk,
    job: &ClaimedJob,
    facts: &FactsRow,
    shop: &Shop,
    answer: &Answer,
    accounts: Vec<Account>,
    receipt: serde_json::Value,
) -> AnswerWrite {
    let (mail, decision) = (&facts.interaction, &answer.decision);
    let sends = answer.sends();
    let outbox = outbox(desk, job, facts, shop, answer);
    let offers = offers(facts, answer);
    let (state, fate) = match &answer.outcome {
        Outcome::Send(_) => (InteractionState::Answered, Fate::Answered),
        Outcome::Keep(_) => (InteractionState::Drafted, Fate::Drafted),
        Outcome::Nothing => (InteractionState::Held, Fate::Held),
    };
    AnswerWrite {
        lease: job.lease(),
        interaction_id: mail.id,
        thread_id: mail.thread_id,
        raw_message_id: mail.raw_message_id,
        interaction: interaction_outcome(answer, state),
        thread: ThreadOutcome {
            escalation_level: decision.escalation_level,
            customer_mood: answer.reading.mood,
            language: match answer.reading.language {
                Language::Other => facts.thread.language,
                language => language,
            },
            ladder_stap: decision.ladder_stap,
        },
        receipt,
        outbox,
        deliver_job_id: JobId::new(),
        // A reply counts for the customer's budget, so of two mails answered at the same
        // instant the second has to look again.
        accounts: if offers.is_empty() && !sends { Vec::new() } else { accounts },
        offers,
        notifications: notifications(answer),
        events: vec![NewEvent { kind: format!("interaction.{}", fate.as_str()), subject_id: None }],
        fate,
        fate_reason: reason_word(answer),
    }
}

/// What goes on record at once. What waits for a person goes on record when that person lets
/// it go, see `deliver`.
fn offers(facts: &FactsRow, answer: &Answer) -> Vec<NewOffer> {
    if !answer.sends() {
        return Vec::new();
    }
    let order_number = answer.reading.order_number.as_deref().map(ledger_number);
    let new_offer = |entry: &LedgerMove| NewOffer {
        id: OfferId::new(),
        customer_email: facts.interaction.customer_email.clone(),
        order_number: order_number.clone(),
        kind: match entry.kind {
            LedgerKind::Offered => OfferKind::Offered,
            LedgerKind::Accepted => OfferKind::Accepted,
            LedgerKind::Rejected => OfferKind::Rejected,
            LedgerKind::Countered => OfferKind::Countered,
        },
        ladder_stap: entry.ladder_stap,
        basis_points: entry.percentage,
    };
    answer.decision.ledger.iter().map(new_offer).collect()
}

fn interaction_outcome(answer: &Answer, state: InteractionState) -> InteractionOutcome {
    let (reading, decision) = (&answer.reading, &answer.decision);
    let offered = if answer.sends() { decision.compensatie_percentage } else { Percentage::ZERO };
    InteractionOutcome {
        ai_response: answer.draft().map(domain::compose::Draft::text),
        ai_response_html: answer.draft().map(domain::compose::Draft::html),
        compensatie_percentage: offered,
        dreiging_detected: decision.dreiging_detected,
        annulering_aangevraagd: decision.annulering_aangevraagd,
        ladder_stap: decision.ladder_stap,
        language: reading.language,
        intents: reading.intents,
        customer_mood: reading.mood,
        order_number: reading.order_number.clone(),
        state,
    }
}

fn notifications(answer: &Answer) -> Vec<NewNotification> {
    let mut notifications: Vec<NewNotification> = alerts(&answer.decision, &answer.objections)
        .into_iter()
        .map(|alert| NewNotification {
            id: NotificationId::new(),
            notification_type: alert.kind,
            priority: alert.priority,
            action_required: alert.action_required,
            detail: reason_word(answer).unwrap_or_default(),
        })
        .collect();
    if answer.template_error.is_some() && notifications.is_empty() {
        notifications.push(NewNotification {
            id: NotificationId::new(),
            notification_type: NotificationType::HeldMail,
            priority: Priority::Medium,
            action_required: true,
            detail: "template".to_owned(),
        });
    }
    notifications
}

/// The code of the reason that decided, for lists.
fn reason_word(answer: &Answer) -> Option<String> {
    if let Some(objection) = answer.objections.first() {
        return Some(format!("guard:{:?}", objection.kind).to_lowercase());
    }
    answer.decision.because.last().map(|reason| reason.code.as_str().to_owned())
}

/// The reply as it will leave, or wait: its Message-ID is chosen here, once.
fn outbox(
    desk: &Desk,
    job: &ClaimedJob,
    facts: &FactsRow,
    shop: &Shop,
    answer: &Answer,
) -> Option<NewOutbox> {
    let draft = answer.draft()?;
    let mail = &facts.interaction;
    let origin = Origin { tenant_id: job.tenant_id.0, interaction_id: mail.id.0 };
    let domain = facts.shop.gmail_email.rsplit_once('@').map_or("loket.invalid", |(_, d)| d);
    let mut message_references = mail.message_references.clone();
    message_references.extend(mail.message_id.clone());
    let keep = message_references.len().saturating_sub(20);
    debug_assert_eq!(draft.signature_html, shop.terms.signature_html);
    Some(NewOutbox {
        id: OutboxId::new(),
        message_id: message_id::make(origin, desk.message_id_key.bytes(), domain),
        recipient: mail.customer_email.clone(),
        subject: draft.subject.clone(),
        body_text: draft.text(),
        body_html: draft.html(),
        in_reply_to: mail.message_id.clone(),
        message_references: message_references.split_off(keep),
        held: !answer.sends(),
        state_reason: (!answer.sends()).then(|| reason_word(answer).unwrap_or_default()),
        undo_seconds: if answer.sends() { facts.shop.undo_seconds } else { 0 },
    })
}
