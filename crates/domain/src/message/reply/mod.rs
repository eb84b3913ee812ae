//! Which part of a mail is new: the old conversation, the signature and the forwarded
//! mail are set apart, so that only the customer's own new words are read.
//!
//! It knows mail clients and their phrases (`phrases.toml`), and must not know what the
//! words mean. Everything is linear in the size of the text. Start at [`strip`].

mod addresses; // addresses as they stand in a text
mod assemble; // the parts put together
mod forward; // a mail that was passed on
mod header_block; // From:, Sent:, To:, Subject:
mod lines; // a text as lines
mod phrases; // the words of mail clients
mod quote; // where old text begins
mod signature; // where own text ends
mod walk; // what each line is

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::message::Address;

/// A mail taken apart. No text is lost: what is not in `new_text` is in another field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stripped {
    /// The customer's own new words, without quotes, closing and signature. Replies between
    /// quotes are kept. Empty only when the whole text is blank.
    pub new_text: String,
    /// What a person should be shown: like `new_text`, but with the closing, and with the
    /// quotes that the customer answers in between.
    pub readable: String,
    /// `Met vriendelijke groet, Jan`: the greeting and what follows it.
    pub closing: String,
    /// The block behind `-- `, or a line such as `Verstuurd vanaf mijn iPhone`.
    pub signature: String,
    /// The old conversation, with its headers.
    pub quoted: String,
    /// Present when the customer passed on a mail of someone else.
    pub forwarded: Option<Forwarded>,
}

/// A mail that the customer passed on. Its words are not the customer's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Forwarded {
    /// As it stands in the forwarded header; from the outer subject where there is none.
    pub subject: String,
    /// Who wrote the forwarded mail, as claimed.
    pub from: Address,
    /// As written by the forwarding client, in its language; not parsed.
    pub date: String,
    /// Direct recipients.
    pub to: Vec<Address>,
    /// Copies.
    pub cc: Vec<Address>,
    /// The forwarded text, one level of quoting removed.
    pub body: String,
    /// What the customer wrote above it; often empty.
    pub note: String,
}

/// Takes a mail text apart, without knowing its subject. See [`strip_with_subject`].
#[must_use]
pub fn strip(text: &str) -> Stripped {
    strip_with_subject("", text)
}

/// Takes a mail text apart. The subject tells a forward (`FW:`, `Doorst:`) from a reply
/// where the client writes the same header for both.
#[must_use]
pub fn strip_with_subject(subject: &str, text: &str) -> Stripped {
    let lines = lines::split(text);
    let walked = walk::walk(&lines, forward::is_forward_subject(subject));
    let mut stripped = assemble::assemble(&lines, &walked);
    if let Some((start, header, end)) = walked.forward {
        let mut forwarded = forward::read(subject, &lines, start, header, end);
        forwarded.note.clone_from(&stripped.new_text);
        if stripped.new_text.is_empty() {
            stripped.new_text.clone_from(&forwarded.body);
        }
        if stripped.readable.is_empty() {
            stripped.readable.clone_from(&forwarded.body);
        }
        stripped.forwarded = Some(forwarded);
    }
    keep_something(text, &mut stripped);
    stripped
}

/// A mail of which nothing would be left is its closing (`Groetjes, Anna`), or else the
/// whole text: a mistake of ours must not silence a customer.
fn keep_something(text: &str, stripped: &mut Stripped) {
    let rest = if stripped.closing.is_empty() { text.trim() } else { stripped.closing.as_str() };
    if stripped.new_text.is_empty() {
        stripped.new_text = rest.to_owned();
    }
    if stripped.readable.is_empty() {
        stripped.readable.clone_from(&stripped.new_text);
    }
}
