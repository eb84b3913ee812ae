//! From raw bytes to a place in a conversation: parse, recognise machines, filter, thread.
//!
//! A whole batch of one shop is recorded in one statement.

use std::collections::HashMap;
use std::sync::Arc;

use domain::contract::Language;
use domain::filter::{Admission, Filters};
use domain::message::automatic::{self, AutomaticKind};
use domain::message::identity;
use domain::message::{Address, Doubt, Message};
use domain::thread::{Belongs, Candidate, belongs_to, references};
use mail::parse::Parsed;
use store::ingest::{Fate, InteractionState, KnownThread, NewInteraction, RawMessage, Twin};
use store::jobs::{ClaimedJob, Lease};
use store::mailboxes::{Mailbox, MailboxKind};
use store::{InteractionId, JobId, MailboxId, RawId, TenantId, ThreadId};
use uuid::Uuid;

use super::beside::{Beside, Rows};
use super::parsing::{ParsedMail, parse_all};
use super::receive::MaildirConfig;
use super::remote::RemoteConfig;
use super::{Desk, StageError};

/// A mail that ended the process, or could not be recorded, this often is set aside: whatever
/// it does, it does it every time (hazard C10).
pub(super) const MOST_ATTEMPTS: i32 = 3;

/// What is to be written for one mail.
enum Step {
    /// It gets a place in a conversation.
    Record(Box<NewInteraction>),
    /// So does a report that a mail of ours, by its Message-ID, cannot be delivered.
    Bounced(Box<NewInteraction>, String),
    /// It ends here.
    Settle { lease: Lease, raw: RawId, fate: Fate, reason: String },
}

/// Parses, places and records a batch of one shop's mails.
pub(super) async fn batch(
    desk: &Arc<Desk>,
    tenant: TenantId,
    jobs: &[ClaimedJob],
) -> Result<(), StageError> {
    let ids: Vec<RawId> = jobs.iter().map(|job| RawId(job.subject_id)).collect();
    let (raws, filter_rows, shop, mailboxes, twins) = desk
        .store
        .as_worker(tenant, async |tx| {
            tokio::try_join!(
                store::ingest::load_raws(tx, &ids),
                store::ingest::filters(tx),
                store::shops::load(tx),
                store::mailboxes::list(tx),
                store::ingest::twins(tx, &ids),
            )
        })
        .await?;
    let shop = shop.ok_or(StageError::Absent(tenant.0))?;
    let filters = desk.shops.filters(tenant, &filter_rows);
    let trusted = trusted_names(&mailboxes);
    let mut parsed = parse_all(desk, tenant, jobs, raws).await?;
    let beside = parsed.iter_mut().map(ParsedMail::take_beside).collect();
    let known = known_threads(desk, tenant, &parsed).await?;
    let language = if shop.taalvoorkeur == "EN" { Language::English } else { Language::Dutch };
    let own = Address { name: String::new(), email: shop.gmail_email.to_lowercase() };
    let mut place =
        Places { filters: &filters, own: &own, known: &known, twins, seen: HashMap::new() };
    let steps: Vec<Step> = parsed
        .into_iter()
        .map(|ParsedMail { job, raw, whole, parsed, .. }| match parsed {
            Some(Parsed { message, flags, .. }) => {
                let vouched = trusted.get(&raw.mailbox_id);
                let verified = vouched.is_some_and(|id| identity::is_verified(&message, id));
                // Where nobody vouches for anybody, the address has to do.
                let joins = verified || vouched.is_none();
                let doubt = flags.is_cut().then_some(Doubt::PartlyRead);
                place.place(Mail {
                    job: &job,
                    raw: &raw,
                    message,
                    verified,
                    joins,
                    doubt,
                    language,
                })
            }
            None => Step::Settle {
                lease: job.lease(),
                raw: raw.id,
                fate: Fate::Quarantined,
                reason: if whole { "unreadable" } else { "too_large" }.to_owned(),
            },
        })
        .collect();
    write(desk, tenant, steps, beside).await
}

/// Whose word on senders counts, by mailbox.
fn trusted_names(mailboxes: &[Mailbox]) -> HashMap<MailboxId, String> {
    mailboxes
        .iter()
        .filter_map(|mailbox| {
            let name = match mailbox.kind {
                MailboxKind::Maildir => MaildirConfig::read(&mailbox.config).ok()?.authserv_id,
                _ => RemoteConfig::read(&mailbox.config).ok()?.authserv_id(),
            };
            Some((mailbox.id, name?))
        })
        .collect()
}

/// Conversations that the mails refer to by Message-IDs of ours that nobody forged.
async fn known_threads(
    desk: &Desk,
    tenant: TenantId,
    parsed: &[ParsedMail],
) -> Result<Vec<KnownThread>, StageError> {
    let mut ours: Vec<String> = parsed
        .iter()
        .filter_map(|mail| mail.parsed.as_ref())
        .flat_map(|Parsed { message, .. }| {
            references(message).into_iter().chain(message.reported_message_ids.iter().cloned())
        })
        .filter(|id| {
            mail::message_id::verify(id, desk.message_id_key.bytes())
                .is_some_and(|origin| origin.tenant_id == tenant.0)
        })
        .collect();
    ours.sort();
    ours.dedup();
    if ours.is_empty() {
        return Ok(Vec::new());
    }
    Ok(desk
        .store
        .as_worker(tenant, async |tx| {
            store::ingest::threads_by_our_message_ids(tx, &ours, None).await
        })
        .await?)
}

/// A parsed mail on its way to its place.
struct Mail<'a> {
    job: &'a ClaimedJob,
    raw: &'a RawMessage,
    message: Message,
    verified: bool,
    /// Whether it may go on in a conversation that it refers to (hazard C15).
    joins: bool,
    doubt: Option<Doubt>,
    language: Language,
}

/// What decides where the mails of a batch belong.
struct Places<'a> {
    filters: &'a Filters,
    /// The shop's own mailbox.
    own: &'a Address,
    known: &'a [KnownThread],
    /// What came before under the same Message-IDs.
    twins: Vec<Twin>,
    /// What the batch held so far, by Message-ID and sender: its conversation and its text.
    seen: HashMap<(String, String), (Uuid, String)>,
}

impl Places<'_> {
    /// Decides what is written for one parsed mail.
    fn place(&mut self, mut mail: Mail<'_>) -> Step {
        let (lease, raw) = (mail.job.lease(), mail.raw.id);
        let settle =
            |fate, reason: &str| Step::Settle { lease, raw, fate, reason: reason.to_owned() };
        if mail.message.from.email == self.own.email && !is_contact_form(&mut mail, self.own) {
            return settle(Fate::Automatic, "own_address");
        }
        if let Some(automatic) = automatic::classify(&mail.message) {
            if automatic.is_certain {
                return self.automatic(mail, automatic.kind);
            }
            mail.doubt = mail.doubt.or(Some(Doubt::LooksAutomatic));
        }
        let message = &mail.message;
        if let Admission::Refused { filter_type, .. } = self.filters.admit(&message.from.email) {
            return settle(Fate::Filtered, filter_type.as_str());
        }
        if message.from.email.is_empty() {
            return settle(Fate::Quarantined, "no_sender");
        }
        if message.from.domain() == self.own.domain() && !self.own.is_free_mail() {
            mail.doubt = mail.doubt.or(Some(Doubt::Colleague));
        }
        self.beside_its_twin(mail)
    }

    /// Never answered; in a conversation where it belongs to one.
    fn automatic(&self, mail: Mail<'_>, kind: AutomaticKind) -> Step {
        let reason = word(kind);
        let Some(thread) = automatic_thread(&mail.message, kind, self.known) else {
            let (lease, raw) = (mail.job.lease(), mail.raw.id);
            return Step::Settle { lease, raw, fate: Fate::Automatic, reason };
        };
        let came_back = came_back(&mail.message, kind, self.known);
        match (record(mail, thread, Some((Fate::Automatic, reason.as_str()))), came_back) {
            (Step::Record(record), Some(message_id)) => Step::Bounced(record, message_id),
            (step, _) => step,
        }
    }

    /// The same mail may arrive twice: through two addresses of one mailbox, or from a server
    /// that did not hear that it was taken (RFC 1047). The second is kept beside the first, and
    /// not answered. With another text it is another mail, and a person sees both.
    fn beside_its_twin(&mut self, mut mail: Mail<'_>) -> Step {
        let message = &mail.message;
        let key = message.message_id.clone().map(|id| (id, message.from.email.clone()));
        let twin = self.twin(mail.raw.id, message, key.as_ref());
        let thread = match &twin {
            Some((thread, _)) => *thread,
            None if mail.joins => self.thread_of(message),
            None => Uuid::now_v7(),
        };
        if let Some(key) = key {
            self.seen.entry(key).or_insert_with(|| (thread, message.text.clone()));
        }
        match twin {
            Some((_, text)) if text == message.text => {
                record(mail, thread, Some((Fate::Automatic, "duplicate")))
            }
            Some(_) => {
                mail.doubt = mail.doubt.or(Some(Doubt::SameNumber));
                record(mail, thread, None)
            }
            None => record(mail, thread, None),
        }
    }

    fn twin(
        &self,
        raw: RawId,
        message: &Message,
        key: Option<&(String, String)>,
    ) -> Option<(Uuid, String)> {
        let known = self
            .twins
            .iter()
            .find(|twin| twin.raw_id == raw && twin.customer_email == message.from.email)
            .map(|twin| (twin.thread_id.0, twin.message_body.clone()));
        known.or_else(|| key.and_then(|key| self.seen.get(key)).cloned())
    }

    fn thread_of(&self, message: &Message) -> Uuid {
        let candidate = |thread: &KnownThread| Candidate {
            thread_id: thread.thread_id.0,
            customer_email: thread.customer_email.clone(),
            message_id: thread.message_id.clone(),
        };
        let candidates: Vec<Candidate> = self.known.iter().map(candidate).collect();
        match belongs_to(message, &candidates) {
            Belongs::To(thread) => thread,
            Belongs::New | Belongs::NewForeignReference => Uuid::now_v7(),
        }
    }
}

/// A web shop's form writes from the shop's own address and names the customer in Reply-To: then
/// they are taken for the sender, whom nobody vouches for.
fn is_contact_form(mail: &mut Mail<'_>, own: &Address) -> bool {
    let names_another =
        |address: &Address| address.email.contains('@') && address.email != own.email;
    let Some(customer) = mail.message.reply_to.take().filter(names_another) else { return false };
    mail.message.from = customer;
    (mail.verified, mail.joins) = (false, false);
    mail.doubt = Some(Doubt::ContactForm);
    true
}

/// A bounce goes to the conversation of the mail that bounced, an out-of-office note to that
/// of the mail it answers; other automatic mail has none.
fn automatic_thread(message: &Message, kind: AutomaticKind, known: &[KnownThread]) -> Option<Uuid> {
    let bounced = matches!(kind, AutomaticKind::Bounce(_) | AutomaticKind::DelayWarning);
    let mut named = if bounced { message.reported_message_ids.clone() } else { Vec::new() };
    named.extend(references(message));
    named.iter().find_map(|id| {
        known
            .iter()
            .find(|thread| {
                thread.message_id == *id && (bounced || thread.customer_email == message.from.email)
            })
            .map(|thread| thread.thread_id.0)
    })
}

/// The mail of ours that a report says will not arrive.
fn came_back(message: &Message, kind: AutomaticKind, known: &[KnownThread]) -> Option<String> {
    if !matches!(kind, AutomaticKind::Bounce(_)) {
        return None;
    }
    let mut reported = message.reported_message_ids.iter();
    reported.find(|id| known.iter().any(|thread| thread.message_id == **id)).cloned()
}

/// The kind of an automatic mail as it is stored.
fn word(kind: AutomaticKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|value| value.get("kind").and_then(serde_json::Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| "automatic".to_owned())
}

fn record(mail: Mail<'_>, thread: Uuid, fate: Option<(Fate, &str)>) -> Step {
    let Mail { job, raw, message, verified, doubt, language, .. } = mail;
    let reply_to_elsewhere = identity::reply_goes_elsewhere(&message);
    Step::Record(Box::new(NewInteraction {
        lease: Some(job.lease()),
        id: InteractionId::new(),
        thread_id: ThreadId(thread),
        raw_message_id: Some(raw.id),
        customer_email: message.from.email,
        from_name: message.from.name,
        subject: message.subject,
        message_id: message.message_id,
        in_reply_to: message.in_reply_to.into_iter().next(),
        message_references: message.references,
        sender_verified: verified,
        reply_to_elsewhere,
        doubt,
        received_at: raw.received_at,
        message_body: message.text,
        language,
        state: if fate.is_some() {
            InteractionState::Automatic
        } else {
            InteractionState::Received
        },
        fate: fate.map(|(fate, _)| fate),
        fate_reason: fate.map(|(_, reason)| reason.to_owned()),
        answer_job_id: fate.is_none().then(JobId::new),
        run_at: None,
    }))
}

async fn write(
    desk: &Desk,
    tenant: TenantId,
    steps: Vec<Step>,
    beside: HashMap<RawId, Beside>,
) -> Result<(), StageError> {
    let (mut records, mut settled, mut bounced) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Record(record) => records.push(*record),
            Step::Bounced(record, message_id) => {
                records.push(*record);
                bounced.push(message_id);
            }
            Step::Settle { lease, raw, fate, reason } => settled.push((lease, raw, fate, reason)),
        }
    }
    let rows = Rows::of(&records, beside);
    if let ([one], [], [], true) =
        (records.as_slice(), settled.as_slice(), bounced.as_slice(), rows.is_empty())
    {
        return Ok(store::ingest::record_alone(&desk.store, tenant, one).await?);
    }
    Ok(desk
        .store
        .as_worker(tenant, async |tx| {
            match records.as_slice() {
                [] => {}
                [one] => store::ingest::record_message(tx, one).await?,
                many => store::ingest::record_messages(tx, many).await?,
            }
            rows.write(tx).await?;
            for (lease, raw, fate, reason) in &settled {
                store::ingest::settle_raw(tx, *lease, *raw, *fate, reason).await?;
            }
            for message_id in &bounced {
                store::sending::mark_bounced(tx, message_id).await?;
            }
            Ok(())
        })
        .await?)
}
