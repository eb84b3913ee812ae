//! Mail is answered: its facts are read, the core decides, and everything that follows is written
//! in one statement of the same transaction. Mails of one shop that have nothing to do with each
//! other share the transaction.
//!
//! Nothing leaves from here. What the core approved goes into the outbox, with a Message-ID
//! that never changes; everything else waits for a person.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::answer::{Case, answer_reading};
use domain::contract::{NotificationType, Percentage, Priority};
use domain::decide::ladder::normalised;
use domain::decide::{LedgerEntry, LedgerKind, Sender, ThreadState};
use domain::message::Doubt;
use domain::understand::{Earlier, Input, Reading, read};
use store::answer::{
    Account, AnswerWrite, FactsRow, InteractionOutcome, LedgerRow, NewEvent, NewNotification,
    OfferKind, ThreadOutcome, load_facts, load_facts_of, order_ledgers, write_answer,
    write_answers,
};
use store::ingest::{Fate, InteractionState};
use store::jobs::{ClaimedJob, finish};
use store::{InteractionId, JobId, NotificationId, TenantId, TenantTx};

use super::aftermath::gather;
use super::receipt::receipt;
use super::{Desk, StageError};

/// Another mail may change the ledger between our look and our write; after this many tries
/// the job waits for its next turn.
const TRIES: usize = 5;

/// Bytes of a mail that are read; what people write is a hundredth of it.
const MOST_READ: usize = 200 * 1024;
/// And of each mail before it.
const MOST_READ_OF_EARLIER: usize = 20 * 1024;
/// What is longer than this, all together, is read beside the transaction's thread.
const READ_AT_ONCE: usize = 64 * 1024;
/// How long that may take.
const READING_TIME: Duration = Duration::from_secs(10);

/// What was done, for whoever waits for it.
#[derive(Debug, Default)]
pub struct Answered {
    /// Whether a reply was queued.
    pub queued: bool,
    /// Jobs of mails that depend on what became of an earlier one of the batch: still to be
    /// worked, in this order.
    pub put_off: Vec<ClaimedJob>,
}

/// Works one claimed answer job.
pub async fn answer(desk: &Desk, job: &ClaimedJob) -> Result<Answered, StageError> {
    let mut tries = 0;
    loop {
        match answer_many(desk, job.tenant_id, std::slice::from_ref(job)).await {
            Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

/// Works claimed answer jobs of one shop in one transaction, as far as they have nothing to do
/// with each other. When it fails, none of them has left a trace.
pub async fn answer_many(
    desk: &Desk,
    tenant: TenantId,
    jobs: &[ClaimedJob],
) -> Result<Answered, StageError> {
    let mut failed = None;
    let worked = desk
        .store
        .as_worker(tenant, async |tx| match work(desk, tx, jobs).await {
            Ok(answered) => Ok(Some(answered)),
            Err(StageError::Store(error)) => Err(error),
            // Nothing was written yet.
            Err(error) => {
                failed = Some(error);
                Ok(None)
            }
        })
        .await?;
    match (worked, failed) {
        (_, Some(error)) => Err(error),
        (Some(answered), None) => Ok(answered),
        (None, None) => Ok(Answered::default()),
    }
}

async fn work(desk: &Desk, tx: &TenantTx, jobs: &[ClaimedJob]) -> Result<Answered, StageError> {
    let ids: Vec<InteractionId> = jobs.iter().map(|job| InteractionId(job.subject_id)).collect();
    let facts = load_facts_of(tx, &ids).await?;
    let mut facts: HashMap<InteractionId, FactsRow> =
        facts.into_iter().map(|facts| (facts.interaction.id, facts)).collect();
    let (mut mails, mut decided) = (Vec::new(), Vec::new());
    let (mut answered, mut taken) = (Answered::default(), Taken::default());
    for job in jobs {
        let facts = facts
            .remove(&InteractionId(job.subject_id))
            .ok_or(StageError::Absent(job.subject_id))?;
        if facts.interaction.state != InteractionState::Received {
            // Somebody answered it meanwhile: nothing is left to decide.
            decided.push(job.lease());
        } else if let Some(mail) = taken.admit(job, facts).await? {
            mails.push(mail);
        } else {
            answered.put_off.push(job.clone());
        }
    }
    let numbers: Vec<&str> = mails.iter().filter_map(|mail| mail.number.as_deref()).collect();
    let orders: HashMap<String, (Vec<LedgerRow>, Account)> = if numbers.is_empty() {
        HashMap::new()
    } else {
        let owned = numbers.iter().map(|number| (*number).to_owned());
        owned.zip(order_ledgers(tx, &numbers).await?).collect()
    };
    let mut writes = Vec::with_capacity(mails.len());
    let mut queued = 0;
    for mut mail in mails {
        // What this transaction queues is not in what it read.
        mail.facts.budget.by_tenant_1h += queued;
        let order = mail.number.as_ref().and_then(|number| orders.get(number)).cloned();
        let write = decide(desk, mail, order)?;
        queued += i64::from(write.outbox.as_ref().is_some_and(|mail| !mail.held));
        writes.push(write);
    }
    // From here on only the database can fail, which undoes everything.
    for lease in decided {
        finish(tx, lease).await?;
    }
    write_answers(tx, &writes).await?;
    answered.queued = queued > 0;
    Ok(answered)
}

/// A mail of a batch, read.
struct Mail<'a> {
    job: &'a ClaimedJob,
    facts: FactsRow,
    turns: Vec<(bool, String)>,
    reading: Reading,
    /// The order it is about, as the ledger keys it.
    number: Option<String>,
}

impl<'a> Mail<'a> {
    async fn read(job: &'a ClaimedJob, mut facts: FactsRow) -> Result<Self, StageError> {
        let turns = turns(&facts);
        let mail = &mut facts.interaction;
        if cut(&mut mail.message_body, MOST_READ) {
            // Nobody answers by itself what nobody read to its end.
            mail.doubt = mail.doubt.or(Some(Doubt::PartlyRead));
        }
        let lengths = turns.iter().map(|(_, text)| text.len());
        let length = lengths.fold(mail.message_body.len(), usize::saturating_add);
        let reading = if length > READ_AT_ONCE {
            let (subject, body) = (mail.subject.clone(), mail.message_body.clone());
            beside(subject, body, turns.clone()).await?
        } else {
            let thread = earlier(&turns);
            read(&Input { subject: &mail.subject, body: &mail.message_body, thread: &thread })
        };
        let number = reading.order_number.as_deref().map(ledger_number);
        Ok(Self { job, facts, turns, reading, number })
    }
}

/// Long text is read on a thread that may take its time, and not for ever: whoever else is answered
/// on this one waits for nobody's letter.
async fn beside(
    subject: String,
    body: String,
    turns: Vec<(bool, String)>,
) -> Result<Reading, StageError> {
    let reading = tokio::task::spawn_blocking(move || {
        read(&Input { subject: &subject, body: &body, thread: &earlier(&turns) })
    });
    tokio::time::timeout(READING_TIME, reading)
        .await
        .map_err(|_| StageError::ReadTooLong)?
        .map_err(|_| StageError::Panicked)
}

/// Cuts a text to at most so many bytes, between two characters. `true`: there was more of it.
fn cut(text: &mut String, most: usize) -> bool {
    if text.len() <= most {
        return false;
    }
    text.truncate(text.floor_char_boundary(most));
    true
}

/// What the mails of a batch may change. A second mail about the same has to see what became of
/// the first, so it is put off.
#[derive(Default)]
struct Taken {
    threads: HashSet<store::ThreadId>,
    customers: HashSet<String>,
    orders: HashSet<String>,
}

impl Taken {
    /// Reads the mail, unless it has to wait for another one.
    async fn admit<'a>(
        &mut self,
        job: &'a ClaimedJob,
        facts: FactsRow,
    ) -> Result<Option<Mail<'a>>, StageError> {
        let thread = self.threads.insert(facts.interaction.thread_id);
        // All spellings of an address have one budget (hazard C12).
        let customer = [Some(&facts.customer_account), facts.plain_account.as_ref()]
            .into_iter()
            .flatten()
            .all(|account| self.customers.insert(account.account_key.clone()));
        if !(thread && customer) {
            return Ok(None);
        }
        let mail = Mail::read(job, facts).await?;
        let order = mail.number.as_ref().is_none_or(|number| self.orders.insert(number.clone()));
        Ok(order.then_some(mail))
    }
}

/// Decides on one mail. `order`: what was offered for the order it is about.
fn decide(
    desk: &Desk,
    mail: Mail<'_>,
    order: Option<(Vec<LedgerRow>, Account)>,
) -> Result<AnswerWrite, StageError> {
    let Mail { job, facts, turns, reading, .. } = mail;
    let shop = desk.shops.get(&facts.shop, &facts.rules)?;
    let mut accounts = vec![facts.customer_account.clone()];
    accounts.extend(facts.plain_account.clone());
    let mut rows = facts.ledger.clone();
    if let Some((of_order, account)) = order {
        rows.extend(of_order.into_iter().filter(|row| facts.ledger.iter().all(|r| r.id != row.id)));
        rows.sort_by_key(|row| (row.created_at, row.id.0));
        accounts.push(account);
    }
    let (sender, thread) = (sender(&facts), thread_state(&facts, &rows));
    let case = Case {
        now: facts.budget.database_now,
        received_at: facts.interaction.received_at,
        subject: &facts.interaction.subject,
        body: &facts.interaction.message_body,
        earlier: &earlier(&turns),
        sender: &sender,
        terms: &shop.terms,
        templates: &shop.templates,
        thread: &thread,
        order: None,
    };
    let answer = answer_reading(&case, reading);
    let body = serde_json::to_value(receipt(&case, &shop.terms.rules, &answer))?;
    Ok(gather(desk, job, &facts, &shop, &answer, accounts, body))
}

fn earlier(turns: &[(bool, String)]) -> Vec<Earlier<'_>> {
    turns.iter().map(|(by_shop, body)| Earlier { by_shop: *by_shop, body }).collect()
}

/// The conversation so far: each customer mail and, where one was given, its answer.
fn turns(facts: &FactsRow) -> Vec<(bool, String)> {
    let mut turns = Vec::new();
    for mail in facts.earlier.iter().filter(|mail| mail.id != facts.interaction.id) {
        turns.push((false, mail.message_body.clone()));
        let told = matches!(mail.state, InteractionState::Answered | InteractionState::Imported);
        if let (Some(answer), true) = (&mail.ai_response, told) {
            turns.push((true, answer.clone()));
        }
    }
    for (_, text) in &mut turns {
        cut(text, MOST_READ_OF_EARLIER);
    }
    turns
}

fn sender(facts: &FactsRow) -> Sender {
    Sender {
        email: facts.interaction.customer_email.clone(),
        name: facts.interaction.from_name.clone(),
        verified: facts.interaction.sender_verified,
        reply_to_elsewhere: facts.interaction.reply_to_elsewhere,
        doubt: facts.interaction.doubt,
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
pub(super) fn ledger_number(number: &str) -> String {
    normalised(number).to_uppercase()
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
