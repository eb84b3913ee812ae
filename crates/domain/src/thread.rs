//! Which conversation a mail belongs to.
//!
//! Only our own Message-ID, proven by its HMAC, *and* the same sender as the customer of
//! that conversation join a mail to it. Never the subject alone, never a copied address:
//! whoever guesses a reference must not read along (hazards C15, C16).

use uuid::Uuid;

use crate::compose::bare_subject;
use crate::message::Message;

/// A conversation that one of the mail's references points to. The shell has checked the
/// HMAC of the Message-ID and looked the conversation up within the same shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which conversation.
    pub thread_id: Uuid,
    /// Its customer, lower case.
    pub customer_email: String,
    /// Our Message-ID that the mail refers to.
    pub message_id: String,
}

/// Where a mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belongs {
    /// It continues this conversation.
    To(Uuid),
    /// It begins a new one.
    New,
    /// It refers to a conversation of somebody else: a new one, worth an eye.
    NewForeignReference,
}

/// The references of a mail, most telling first: In-Reply-To, then References from newest
/// to oldest. At most 50, each once.
pub fn references(message: &Message) -> Vec<String> {
    let mut references: Vec<String> = Vec::new();
    let all = message.in_reply_to.iter().chain(message.references.iter().rev());
    for reference in all {
        if references.len() < 50 && !references.contains(reference) {
            references.push(reference.clone());
        }
    }
    references
}

/// Decides where a mail goes.
pub fn belongs_to(message: &Message, candidates: &[Candidate]) -> Belongs {
    let sender = message.from.email.as_str();
    let named: Vec<&Candidate> = references(message)
        .iter()
        .filter_map(|reference| {
            candidates.iter().find(|candidate| candidate.message_id == *reference)
        })
        .collect();
    match named.iter().find(|candidate| !sender.is_empty() && candidate.customer_email == sender) {
        Some(candidate) => Belongs::To(candidate.thread_id),
        None if named.is_empty() => Belongs::New,
        None => Belongs::NewForeignReference,
    }
}

/// A conversation that a mail in the shop's own Sent folder may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerable {
    /// Which conversation.
    pub thread_id: Uuid,
    /// Its customer, lower case.
    pub customer_email: String,
    /// Of its first mail.
    pub subject: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether the customer's mail that is referred to asked for an answer at another address.
    pub elsewhere: bool,
    /// Which of the mail's references are of mails in it.
    pub named: Vec<String>,
}

/// Which conversation a person answered with a mail of their own, written in the mailbox itself.
/// `candidates` come newest first.
///
/// The customer must be among its recipients, or have asked for an answer elsewhere: a mail that
/// only quotes the customer, to a supplier or a colleague, answers nobody. Where no reference
/// tells, the subject of an open conversation with a recipient does; a forward tells nothing.
pub fn answered_by_person(message: &Message, candidates: &[Answerable]) -> Option<Uuid> {
    let reaches = |candidate: &Answerable| {
        let mut recipients = message.to.iter().chain(&message.cc);
        !candidate.customer_email.is_empty()
            && recipients.any(|recipient| recipient.email == candidate.customer_email)
    };
    let forwards = is_forward(&message.subject);
    let named = references(message).into_iter().find_map(|reference| {
        candidates.iter().find(|candidate| {
            candidate.named.contains(&reference)
                && (reaches(candidate) || (candidate.elsewhere && !forwards))
        })
    });
    if let Some(candidate) = named {
        return Some(candidate.thread_id);
    }
    let subject = bare_subject(&message.subject).to_lowercase();
    if subject.is_empty() || forwards {
        return None;
    }
    let same = |candidate: &&Answerable| {
        candidate.open
            && reaches(candidate)
            && bare_subject(&candidate.subject).to_lowercase() == subject
    };
    candidates.iter().find(same).map(|candidate| candidate.thread_id)
}

fn is_forward(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    ["fw:", "fwd:", "doorst:", "wg:", "tr:"].iter().any(|mark| subject.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Address;

    fn mail(from: &str, in_reply_to: &[&str], references: &[&str]) -> Message {
        Message {
            from: Address { name: String::new(), email: from.to_owned() },
            in_reply_to: in_reply_to.iter().map(|id| (*id).to_owned()).collect(),
            references: references.iter().map(|id| (*id).to_owned()).collect(),
            subject: "Re: [#123] order".to_owned(),
            ..Message::default()
        }
    }

    fn candidate(number: u128, email: &str, message_id: &str) -> Candidate {
        Candidate {
            thread_id: Uuid::from_u128(number),
            customer_email: email.to_owned(),
            message_id: message_id.to_owned(),
        }
    }

    #[test]
    fn a_reply_of_the_same_customer_joins() {
        let known =
            [candidate(1, "sanne@example.nl", "a@us"), candidate(2, "sanne@example.nl", "b@us")];
        let newest = mail("sanne@example.nl", &[], &["a@us", "b@us"]);
        assert_eq!(belongs_to(&newest, &known), Belongs::To(Uuid::from_u128(2)));
        let direct = mail("sanne@example.nl", &["a@us"], &["a@us", "b@us"]);
        assert_eq!(belongs_to(&direct, &known), Belongs::To(Uuid::from_u128(1)));
    }

    /// Hazard C15: a victim's reference opens nothing.
    #[test]
    fn c15_another_sender_begins_anew() {
        let known = [candidate(1, "sanne@example.nl", "a@us")];
        let forged = mail("mallory@example.org", &["a@us"], &["a@us"]);
        assert_eq!(belongs_to(&forged, &known), Belongs::NewForeignReference);
        let empty = mail("", &["a@us"], &[]);
        let nobody = [candidate(1, "", "a@us")];
        assert_eq!(belongs_to(&empty, &nobody), Belongs::NewForeignReference);
    }

    #[test]
    fn the_subject_alone_joins_nothing() {
        let known = [candidate(1, "sanne@example.nl", "a@us")];
        assert_eq!(belongs_to(&mail("sanne@example.nl", &["other@x"], &[]), &known), Belongs::New);
    }

    fn answerable(number: u128, named: &[&str]) -> Answerable {
        Answerable {
            thread_id: Uuid::from_u128(number),
            customer_email: "sanne@example.nl".to_owned(),
            subject: "Trui te klein".to_owned(),
            open: true,
            elsewhere: false,
            named: named.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    fn sent(to: &str, subject: &str, in_reply_to: &[&str]) -> Message {
        Message {
            to: vec![Address { name: String::new(), email: to.to_owned() }],
            subject: subject.to_owned(),
            ..mail("winkel@example.nl", in_reply_to, &[])
        }
    }

    /// Hazard D8: a person answered in the mailbox itself.
    #[test]
    fn d8_a_person_s_answer_goes_to_the_customer_it_names() {
        let known = [answerable(1, &["klant@x"]), answerable(2, &[])];
        let first = Some(Uuid::from_u128(1));
        let reply = sent("sanne@example.nl", "Re: iets anders", &["klant@x"]);
        assert_eq!(answered_by_person(&reply, &known), first);
        // The reference tells more than the subject.
        let older = [answerable(2, &[]), answerable(1, &["klant@x"])];
        let both = sent("sanne@example.nl", "Re: Trui te klein", &["klant@x"]);
        assert_eq!(answered_by_person(&both, &older), first);
        let by_subject = sent("sanne@example.nl", "RE: Antw: trui te KLEIN", &["other@x"]);
        assert_eq!(answered_by_person(&by_subject, &known), first);
    }

    #[test]
    fn d8_what_goes_to_others_or_is_about_something_else_answers_nobody() {
        let known = [answerable(1, &["klant@x"])];
        for (to, subject, reference) in [
            ("leverancier@example.com", "Re: Trui te klein", "klant@x"),
            ("sanne@example.nl", "Nieuwsbrief", "other@x"),
            ("sanne@example.nl", "", "other@x"),
            ("sanne@example.nl", "Fwd: Trui te klein", "other@x"),
        ] {
            assert_eq!(answered_by_person(&sent(to, subject, &[reference]), &known), None, "{to}");
        }
        let closed = [Answerable { open: false, ..answerable(1, &[]) }];
        let late = sent("sanne@example.nl", "Re: Trui te klein", &[]);
        assert_eq!(answered_by_person(&late, &closed), None);
    }

    /// A contact form writes in the customer's name and asks for answers at the customer's address.
    #[test]
    fn d8_who_asked_for_an_answer_elsewhere_is_answered_there() {
        let form = [Answerable { elsewhere: true, ..answerable(1, &["form@x"]) }];
        let reply = sent("klant@example.org", "Re: Contactformulier", &["form@x"]);
        assert_eq!(answered_by_person(&reply, &form), Some(Uuid::from_u128(1)));
        let forward = sent("collega@example.org", "Fwd: Contactformulier", &["form@x"]);
        assert_eq!(answered_by_person(&forward, &form), None);
    }
}
