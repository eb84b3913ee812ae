//! One mail is answered: its facts are read, the core decides, and everything that follows
//! is written in one statement of the same transaction.
//!
//! Nothing leaves from here. What the core approved goes into the outbox, with a Message-ID
//! that never changes; everything else waits for a person.

use domain::answer::{Answer, Case, Outcome, answer_reading};
use domain::contract::{Language, NotificationType, Percentage, Priority};
use domain::decide::ladder::normalised;
use domain::decide::{LedgerEntry, LedgerKind, LedgerMove, Sender, ThreadState};
use domain::notify::alerts;
use domain::understand::{Earlier, Input, read};
use mail::message_id::{self, Origin};
use store::answer::{
    Account, AnswerWrite, FactsRow, InteractionOutcome, LedgerRow, NewEvent, NewNotification,
    NewOffer, NewOutbox, OfferKind, ThreadOutcome, load_facts, order_ledger, write_answer,
};
use store::ingest::{Fate, InteractionState};
use store::jobs::{ClaimedJob, finish};
use store::{InteractionId, JobId, NotificationId, OfferId, OutboxId, TenantTx};

use super::receipt::receipt;
use super::{Desk, StageError};
use crate::shop::Shop;

/// Another mail may change the ledger between our look and our write; after this many tries
/// the job waits for its next turn.
const TRIES: usize = 5;

/// What was done, for whoever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Whether a reply was queued.
    pub queued: bool,
}

/// Works one claimed answer job.
pub async fn answer(desk: &Desk, job: &ClaimedJob) -> Result<Answered, StageError> {
    let mut tries = 0;
    loop {
        match once(desk, job).await {
            Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

async fn once(desk: &Desk, job: &ClaimedJob) -> Result<Answered, StageError> {
    let interaction = InteractionId(job.subject_id);
    let mut outcome = None;
    desk.store
        .as_worker(job.tenant_id, async |tx| {
            let worked = work(desk, tx, job, interaction).await;
            match worked {
                Ok(answered) => {
                    outcome = Some(Ok(answered));
                    Ok(())
                }
                Err(StageError::Store(error)) => Err(error),
                Err(error) => {
                    outcome = Some(Err(error));
                    Ok(())
                }
            }
        })
        .await?;
    outcome.unwrap_or(Err(StageError::Absent(job.subject_id)))
}

async fn work(
    desk: &Desk,
    tx: &TenantTx,
    job: &ClaimedJob,
    interaction: InteractionId,
) -> Result<Answered, StageError> {
    let Some(facts) = load_facts(tx, interaction).await? else {
        return Err(StageError::Absent(job.subject_id));
    };
    if facts.interaction.state != InteractionState::Received {
        // Somebody answered it meanwhile: nothing is left to decide.
        finish(tx, job.lease()).await?;
        return Ok(Answered { queued: false });
    }
    let shop = desk.shops.get(&facts.shop, &facts.rules)?;
    let turns = turns(&facts);
    let earlier: Vec<Earlier<'_>> =
        turns.iter().map(|(by_shop, body)| Earlier { by_shop: *by_shop, body }).collect();
    let mail = &facts.interaction;
    let reading =
        read(&Input { subject: &mail.subject, body: &mail.message_body, thread: &earlier });
    let mut accounts = vec![facts.customer_account.clone()];
    let mut rows = facts.ledger.clone();
    if let Some(number) = reading.order_number.as_deref().map(ledger_number) {
        let (of_order, account) = order_ledger(tx, &number).await?;
        rows.extend(of_order.into_iter().filter(|row| facts.ledger.iter().all(|r| r.id != row.id)));
        rows.sort_by_key(|row| (row.created_at, row.id.0));
        accounts.push(account);
    }
    let (sender, thread) = (sender(&facts), thread_state(&facts, &rows));
    let case = Case {
        now: facts.budget.database_now,
        received_at: mail.received_at,
        subject: &mail.subject,
        body: &mail.message_body,
        earlier: &earlier,
        sender: &sender,
        terms: &shop.terms,
        templates: &shop.templates,
        thread: &thread,
        order: None,
    };
    let answer = answer_reading(&case, reading);
    let body = serde_json::to_value(receipt(&case, &shop.terms.rules, &answer))?;
    let write = gather(desk, job, &facts, &shop, &answer, accounts, body);
    let queued = write.outbox.as_ref().is_some_and(|mail| !mail.held);
    write_answer(tx, &write).await?;
    Ok(Answered { queued })
}

/// The conversation so far: each customer mail and, where one was given, its answer.
fn turns(facts: &FactsRow) -> Vec<(bool, String)> {
    let mut turns = Vec::new();
    for mail in facts.earlier.iter().filter(|mail| mail.id != facts.interaction.id) {
        turns.push((false, mail.message_body.clone()));
        if let (Some(answer), InteractionState::Answered) = (&mail.ai_response, mail.state) {
            turns.push((true, answer.clone()));
        }
    }
    turns
}

fn sender(facts: &FactsRow) -> Sender {
    Sender {
        email: facts.interaction.customer_email.clone(),
        name: facts.interaction.from_name.clone(),
        verified: facts.interaction.sender_verified,
        reply_to_elsewhere: facts.interaction.reply_to_elsewhere,
    }
}

fn thread_state(facts: &FactsRow, rows: &[LedgerRow]) -> ThreadState {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    ThreadState {
        ledger: rows
            .iter()
            .map(|row| LedgerEntry {
                kind: match row.kind {
                    OfferKind::Offered => LedgerKind::Offered,
                    OfferKind::Accepted => LedgerKind::Accepted,
                    OfferKind::Rejected => LedgerKind::Rejected,
                    OfferKind::Countered => LedgerKind::Countered,
                },
                ladder_stap: row.ladder_stap,
                percentage: row.basis_points,
                at: row.created_at,
                order_number: row.order_number.clone(),
            })
            .collect(),
        automatic_replies_to_address: count(facts.budget.to_address_24h),
        automatic_replies_of_shop: count(facts.budget.by_tenant_1h),
        person_took_over: facts.thread.assigned_to.is_some(),
        newer_mail_waits: facts.budget.newer_message,
    }
}

/// An order number as the ledger keys it.
fn ledger_number(number: &str) -> String {
    normalised(number).to_uppercase()
}

/// Everything the decision leaves behind.
fn gather(
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
        not_before: None,
    })
}

/// A mail that could not be worked, whatever was tried: it is put before a person with what
/// is known, and its job ends.
pub async fn give_up(desk: &Desk, job: &ClaimedJob, reason: &str) -> Result<(), StageError> {
    let interaction = InteractionId(job.subject_id);
    desk.store
        .as_worker(job.tenant_id, async |tx| {
            let Some(facts) = load_facts(tx, interaction).await? else {
                return store::jobs::give_up(tx, job.lease(), reason).await;
            };
            if facts.interaction.state != InteractionState::Received {
                return finish(tx, job.lease()).await;
            }
            write_answer(tx, &held(job, &facts, reason)).await
        })
        .await?;
    Ok(())
}

fn held(job: &ClaimedJob, facts: &FactsRow, reason: &str) -> AnswerWrite {
    let (mail, thread) = (&facts.interaction, &facts.thread);
    AnswerWrite {
        lease: job.lease(),
        interaction_id: mail.id,
        thread_id: mail.thread_id,
        raw_message_id: mail.raw_message_id,
        interaction: InteractionOutcome {
            ai_response: None,
            ai_response_html: None,
            compensatie_percentage: Percentage::ZERO,
            dreiging_detected: false,
            annulering_aangevraagd: false,
            ladder_stap: thread.ladder_stap,
            language: mail.language,
            intents: domain::contract::IntentSet::EMPTY,
            customer_mood: thread.customer_mood,
            order_number: None,
            state: InteractionState::Held,
        },
        thread: ThreadOutcome {
            escalation_level: domain::contract::EscalationLevel::Person,
            customer_mood: thread.customer_mood,
            language: thread.language,
            ladder_stap: thread.ladder_stap,
        },
        receipt: serde_json::json!({ "format": 1, "gave_up": reason, "outcome": "nothing" }),
        outbox: None,
        deliver_job_id: JobId::new(),
        offers: Vec::new(),
        accounts: Vec::new(),
        notifications: vec![NewNotification {
            id: NotificationId::new(),
            notification_type: NotificationType::HeldMail,
            priority: Priority::High,
            action_required: true,
            detail: "gave_up".to_owned(),
        }],
        events: vec![NewEvent { kind: "interaction.held".to_owned(), subject_id: None }],
        fate: Fate::Held,
        fate_reason: Some("gave_up".to_owned()),
    }
}
