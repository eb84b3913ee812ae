//! Which conversation a mail belongs to.
//!
//! Only our own Message-ID, proven by its HMAC, *and* the same sender as the customer of
//! that conversation join a mail to it. Never the subject alone, never a copied address:
//! whoever guesses a reference must not read along (hazards C15, C16).

use uuid::Uuid;

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
}
