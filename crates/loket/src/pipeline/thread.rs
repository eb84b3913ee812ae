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
use domain::thread::{Belongs, Candidate, belongs_to};
use mail::parse::Parsed;
use store::history::Brought;
use store::ingest::{Fate, InteractionState, KnownThread, NewInteraction, RawMessage, Twin};
use store::jobs::{ClaimedJob, Lease};
use store::{InteractionId, JobId, MailboxId, RawId, TenantId, ThreadId};
use uuid::Uuid;

use super::beside::{Beside, Rows};
use super::history;
use super::known::{known_threads, trusted_names};
use super::machines::{automatic_thread, came_back, word};
use super::parsing::{ParsedMail, parse_all};
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
    /// So does a report that some mail came back, and nobody can say which.
    BouncedUnknown { lease: Lease, raw: RawId, reason: String },
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
    let (older, parsed): (Vec<_>, Vec<_>) = parsed.into_iter().partition(|it| it.raw.history);
    let has_history = mailboxes.iter().any(|mailbox| mailbox.history_since.is_some());
    let (known, brought_in) = known_threads(desk, tenant, &parsed, has_history).await?;
    let language = if shop.taalvoorkeur == "EN" { Language::English } else { Language::Dutch };
    let own = Address { name: String::new(), email: shop.gmail_email.to_lowercase() };
    let ground = history::Ground {
        filters: &filters,
        own: &own,
        twins: &twins,
        trusted: &trusted,
        language,
    };
    let brought = history::place(desk, tenant, older, &ground).await?;
    let places = Places {
        filters: &filters,
        own: &own,
        known: &known,
        brought_in: &brought_in,
        twins,
        seen: HashMap::new(),
    };
    let steps = places.place_all(parsed, &trusted, language);
    write(desk, tenant, steps, brought, beside).await
}

/// Whether it is no larger than mails may be: then the server did not hand it out.
fn fits(raw: &RawMessage) -> bool {
    u64::try_from(raw.size_bytes).is_ok_and(|size| size <= mail::mailbox::MAX_RAW_BYTES)
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
    /// Conversations of older mail, for senders who are vouched for.
    brought_in: &'a [KnownThread],
    /// What came before under the same Message-IDs.
    twins: Vec<Twin>,
    /// What the batch held so far, by Message-ID and sender: its conversation and its text.
    seen: HashMap<(String, String), (Uuid, String)>,
}

impl Places<'_> {
    /// Decides what is written for each mail of a batch.
    fn place_all(
        mut self,
        parsed: Vec<ParsedMail>,
        trusted: &HashMap<MailboxId, String>,
        language: Language,
    ) -> Vec<Step> {
        let place = |ParsedMail { job, raw, whole, parsed, .. }: ParsedMail| match parsed {
            Some(Parsed { message, flags, .. }) => {
                let vouched = trusted.get(&raw.mailbox_id);
                let verified = vouched.is_some_and(|id| identity::is_verified(&message, id));
                // Where nobody vouches for anybody, the address has to do.
                let joins = verified || vouched.is_none();
                let doubt = flags.is_cut().then_some(Doubt::PartlyRead);
                let (job, raw) = (&job, &raw);
                self.place(Mail { job, raw, message, verified, joins, doubt, language })
            }
            None => Step::Settle {
                lease: job.lease(),
                raw: raw.id,
                fate: Fate::Quarantined,
                reason: if whole || fits(&raw) { "unreadable" } else { "too_large" }.to_owned(),
            },
        };
        parsed.into_iter().map(place).collect()
    }

    /// Decides what is written for one parsed mail.
    fn place(&mut self, mut mail: Mail<'_>) -> Step {
        let (lease, raw) = (mail.job.lease(), mail.raw.id);
        let settle =
            |fate, reason: &str| Step::Settle { lease, raw, fate, reason: reason.to_owned() };
        if mail.message.from.email == self.own.email {
            if !is_contact_form(&mut mail.message, self.own) {
                return settle(Fate::Automatic, "own_address");
            }
            (mail.verified, mail.joins) = (false, false);
            mail.doubt = Some(Doubt::ContactForm);
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
            if matches!(kind, AutomaticKind::Bounce(_)) {
                return Step::BouncedUnknown { lease, raw, reason };
            }
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
            None if mail.joins => self.thread_of(message, mail.verified),
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

    fn thread_of(&self, message: &Message, verified: bool) -> Uuid {
        let candidate = |thread: &KnownThread| Candidate {
            thread_id: thread.thread_id.0,
            customer_email: thread.customer_email.clone(),
            message_id: thread.message_id.clone(),
        };
        let brought_in = if verified { self.brought_in } else { &[] };
        let candidates: Vec<Candidate> =
            self.known.iter().chain(brought_in).map(candidate).collect();
        match belongs_to(message, &candidates) {
            Belongs::To(thread) => thread,
            Belongs::New | Belongs::NewForeignReference => Uuid::now_v7(),
        }
    }
}

/// A web shop's form writes from the shop's own address and names the customer in Reply-To: then
/// they are taken for the sender, whom nobody vouches for.
pub(super) fn is_contact_form(message: &mut Message, own: &Address) -> bool {
    let names_another =
        |address: &Address| address.email.contains('@') && address.email != own.email;
    let Some(customer) = message.reply_to.take().filter(names_another) else { return false };
    message.from = customer;
    true
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
    brought: Vec<Brought>,
    beside: HashMap<RawId, Beside>,
) -> Result<(), StageError> {
    let (mut records, mut settled, mut bounced) = (Vec::new(), Vec::new(), Vec::new());
    let mut some_bounced = false;
    for step in steps {
        match step {
            Step::Record(record) => records.push(*record),
            Step::Bounced(record, message_id) => {
                records.push(*record);
                bounced.push(message_id);
            }
            Step::Settle { lease, raw, fate, reason } => settled.push((lease, raw, fate, reason)),
            Step::BouncedUnknown { lease, raw, reason } => {
                some_bounced = true;
                settled.push((lease, raw, Fate::Automatic, reason));
            }
        }
    }
    let live = records.iter().filter_map(|it| Some((it.id, it.raw_message_id?)));
    let older = brought.iter().filter_map(|it| Some((it.place.as_ref()?.id, it.raw_message_id)));
    let rows = Rows::of(live.chain(older), beside);
    if let ([one], [], [], [], false, true) = (
        records.as_slice(),
        settled.as_slice(),
        bounced.as_slice(),
        brought.as_slice(),
        some_bounced,
        rows.is_empty(),
    ) {
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
            store::history::record(tx, &brought).await?;
            rows.write(tx).await?;
            for (lease, raw, fate, reason) in &settled {
                store::ingest::settle_raw(tx, *lease, *raw, *fate, reason).await?;
            }
            for message_id in &bounced {
                store::sending::mark_bounced(tx, message_id).await?;
            }
            if some_bounced {
                store::sending::notify_once(tx, "bounced", "low", "mail.bounced_unknown").await?;
            }
            Ok(())
        })
        .await?)
}
