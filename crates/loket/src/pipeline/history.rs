//! Older mail that was brought in finds its conversation. It is never answered and nobody is told of
//! it; what machines sent, filters keep out or nobody can read gets a fate and no place.

use std::collections::HashMap;

use domain::contract::Language;
use domain::filter::{Admission, Filters};
use domain::message::automatic;
use domain::message::identity;
use domain::message::{Address, Message};
use domain::thread::references;
use mail::parse::Parsed;
use store::history::{Brought, Link, Place};
use store::ingest::Twin;
use store::{InteractionId, MailboxId, RawId, TenantId, ThreadId};
use uuid::Uuid;

use super::machines::word;
use super::parsing::ParsedMail;
use super::thread::is_contact_form;
use super::{Desk, StageError};

/// What decides about the mails of a batch, beside themselves.
pub(super) struct Ground<'a> {
    pub filters: &'a Filters,
    /// The shop's own mailbox.
    pub own: &'a Address,
    /// What is recorded under the same Message-IDs.
    pub twins: &'a [Twin],
    /// Whose word on senders counts, by mailbox.
    pub trusted: &'a HashMap<MailboxId, String>,
    pub language: Language,
}

/// A mail that may get a place.
struct Wanted {
    mail: ParsedMail,
    message: Message,
    verified: bool,
}

/// Decides what becomes of each.
pub(super) async fn place(
    desk: &Desk,
    tenant: TenantId,
    mails: Vec<ParsedMail>,
    ground: &Ground<'_>,
) -> Result<Vec<Brought>, StageError> {
    let (mut brought, mut wanted) = (Vec::with_capacity(mails.len()), Vec::new());
    for mut mail in mails {
        match ground.wants(&mut mail) {
            Ok((message, verified)) => wanted.push(Wanted { mail, message, verified }),
            Err(reason) => brought.push(without_place(&mail, reason)),
        }
    }
    // Oldest first, so that a conversation has the subject it began with.
    wanted.sort_by_key(|wanted| (wanted.mail.raw.received_at, wanted.mail.raw.id));
    let vouched = wanted.iter().filter(|wanted| wanted.verified);
    let mut customers: Vec<String> =
        vouched.map(|wanted| wanted.message.from.email.clone()).collect();
    customers.sort();
    customers.dedup();
    let links = if customers.is_empty() {
        Vec::new()
    } else {
        let links = async |tx: &store::TenantTx| store::history::links(tx, &customers).await;
        desk.store.as_worker(tenant, links).await?
    };
    let mut talks = Talks::of(&links);
    let mut seen: Vec<(String, String)> = Vec::new();
    for wanted in wanted {
        let key = wanted.message.message_id.clone().zip(Some(wanted.message.from.email.clone()));
        if key.as_ref().is_some_and(|key| seen.contains(key)) {
            brought.push(without_place(&wanted.mail, "duplicate".to_owned()));
            continue;
        }
        seen.extend(key);
        let thread = talks.take(&wanted.message, wanted.verified);
        brought.push(with_place(wanted, thread, ground.language));
    }
    Ok(brought)
}

impl Ground<'_> {
    /// What it says and whether its sender is vouched for, or why it gets no place.
    fn wants(&self, mail: &mut ParsedMail) -> Result<(Message, bool), String> {
        let Some(Parsed { mut message, .. }) = mail.parsed.take() else {
            return Err(if mail.whole { "unreadable" } else { "too_large" }.to_owned());
        };
        let vouched = self.trusted.get(&mail.raw.mailbox_id);
        let mut verified = vouched.is_some_and(|id| identity::is_verified(&message, id));
        if message.from.email == self.own.email {
            if !is_contact_form(&mut message, self.own) {
                return Err("own_address".to_owned());
            }
            verified = false;
        }
        if let Some(automatic) = automatic::classify(&message).filter(|it| it.is_certain) {
            return Err(word(automatic.kind));
        }
        if let Admission::Refused { filter_type, .. } = self.filters.admit(&message.from.email) {
            return Err(filter_type.as_str().to_owned());
        }
        if message.from.email.is_empty() {
            return Err("no_sender".to_owned());
        }
        let is_twin =
            |twin: &Twin| twin.raw_id == mail.raw.id && twin.customer_email == message.from.email;
        if self.twins.iter().any(is_twin) {
            return Err("duplicate".to_owned());
        }
        Ok((message, verified))
    }
}

/// Which conversation a Message-ID belongs to, by customer. Mails of one customer that name a mail
/// in common are one conversation, whichever of them came in first.
struct Talks {
    by_name: HashMap<(String, String), Uuid>,
}

impl Talks {
    fn of(links: &[Link]) -> Self {
        let mut talks = Self { by_name: HashMap::new() };
        for link in links {
            let names =
                link.message_id.iter().chain(&link.in_reply_to).chain(&link.message_references);
            talks.note(&link.customer_email, names.cloned(), link.thread_id.0);
        }
        talks
    }

    fn note(&mut self, customer: &str, names: impl Iterator<Item = String>, thread: Uuid) {
        for name in names {
            self.by_name.entry((customer.to_owned(), name)).or_insert(thread);
        }
    }

    /// The conversation that the mail goes on in, or a new one. One whose sender nobody vouches for
    /// stays alone, and nothing is ever put beside it.
    fn take(&mut self, message: &Message, verified: bool) -> Uuid {
        if !verified {
            return Uuid::now_v7();
        }
        let customer = &message.from.email;
        let names: Vec<String> =
            references(message).into_iter().chain(message.message_id.clone()).collect();
        let known =
            names.iter().find_map(|name| self.by_name.get(&(customer.clone(), name.clone())));
        let thread = known.copied().unwrap_or_else(Uuid::now_v7);
        self.note(customer, names.into_iter(), thread);
        thread
    }
}

fn without_place(mail: &ParsedMail, fate_reason: String) -> Brought {
    let (lease, raw_message_id): (_, RawId) = (mail.job.lease(), mail.raw.id);
    Brought { lease, raw_message_id, fate_reason, place: None }
}

fn with_place(wanted: Wanted, thread: Uuid, language: Language) -> Brought {
    let Wanted { mail, message, verified } = wanted;
    let reply_to_elsewhere = identity::reply_goes_elsewhere(&message);
    Brought {
        place: Some(Place {
            id: InteractionId::new(),
            thread_id: ThreadId(thread),
            customer_email: message.from.email,
            from_name: message.from.name,
            subject: message.subject,
            message_id: message.message_id,
            in_reply_to: message.in_reply_to.into_iter().next(),
            message_references: message.references,
            sender_verified: verified,
            reply_to_elsewhere,
            received_at: mail.raw.received_at,
            message_body: message.text,
            language,
        }),
        ..without_place(&mail, "history".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(from: &str, id: &str, references: &[&str]) -> Message {
        Message {
            from: Address { name: String::new(), email: from.to_owned() },
            message_id: Some(id.to_owned()),
            references: references.iter().map(|id| (*id).to_owned()).collect(),
            ..Message::default()
        }
    }

    #[test]
    fn a_conversation_is_found_whichever_mail_comes_first() {
        let mut talks = Talks::of(&[]);
        let later = talks.take(&mail("sanne@x.nl", "c2", &["c1", "winkel1"]), true);
        assert_eq!(talks.take(&mail("sanne@x.nl", "c1", &[]), true), later);
        // By a mail of the shop's that nobody has.
        assert_eq!(talks.take(&mail("sanne@x.nl", "c3", &["winkel1"]), true), later);
        assert_ne!(talks.take(&mail("sanne@x.nl", "c4", &[]), true), later);
    }

    /// Hazard C15, of long ago: somebody else's reference opens nothing, nor does a sender whom
    /// nobody vouches for.
    #[test]
    fn c15_older_mail_joins_its_own_verified_sender_only() {
        let known = Link {
            thread_id: ThreadId::new(),
            customer_email: "sanne@x.nl".to_owned(),
            message_id: Some("c1".to_owned()),
            in_reply_to: None,
            message_references: Vec::new(),
        };
        let mut talks = Talks::of(std::slice::from_ref(&known));
        let reply = |from: &str| mail(from, "c2", &["c1"]);
        assert_eq!(talks.take(&reply("sanne@x.nl"), true), known.thread_id.0);
        assert_ne!(talks.take(&reply("mallory@x.nl"), true), known.thread_id.0);
        let forged = talks.take(&mail("sanne@x.nl", "c9", &["c1"]), false);
        assert_ne!(forged, known.thread_id.0);
        assert_ne!(talks.take(&mail("sanne@x.nl", "c10", &["c9"]), true), forged);
    }
}
