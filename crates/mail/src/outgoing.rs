//! An answer as bytes that any server takes and no server can be tricked with: CRLF only,
//! 7-bit, quoted-printable, no header that a text could have written (hazards D9, D10, D12).
//!
//! It must not know what the answer says: that was decided and checked before.

use std::fmt::Write as _;

use domain::message::Address;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};

use crate::address::with_ascii_domain;

/// Characters kept of a subject or a name; longer ones are cut.
const MAX_HEADER_CHARS: usize = 250;
/// References kept: the first and the newest ones (RFC 5322 puts no bound, relays do).
const MAX_REFERENCES: usize = 20;
/// Longest line of quoted-printable text without its line end (RFC 2045, section 6.7).
const MAX_ENCODED_LINE: usize = 76;

/// A mail to one customer. There is no Cc and no Bcc, so none can be added by a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Without angle brackets; chosen when the answer was decided, the same in every try.
    pub message_id: String,
    /// The shop.
    pub from: Address,
    /// The customer.
    pub to: Address,
    /// Line breaks and control characters are taken out.
    pub subject: String,
    /// The plain text; the only body when `html` is `None`.
    pub text: String,
    /// The same text as HTML.
    pub html: Option<String>,
    /// The Message-ID that is answered, without angle brackets.
    pub in_reply_to: Option<String>,
    /// The conversation, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// When the answer was written.
    pub date: Timestamp,
    /// Whether no person read it: then it says that it is automatic (RFC 3834), and asks for no
    /// automatic answer. What a person approved is theirs; help desks throw away what says so.
    pub automatic: bool,
}

/// Why a mail cannot be sent at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// Sender or recipient is not one plain address.
    #[error("{0:?} is not an address that mail can be sent with")]
    BadAddress(String),
    /// The Message-ID has characters that a header must not have.
    #[error("{0:?} is not a Message-ID")]
    BadMessageId(String),
    /// The builder could not write to memory.
    #[error("the mail could not be built")]
    Unbuildable,
}

impl Outgoing {
    /// The mail as it goes over the wire: 7-bit, CRLF.
    /// The same value gives the same bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OutgoingError> {
        let message_id = checked_id(&self.message_id)
            .ok_or_else(|| OutgoingError::BadMessageId(self.message_id.clone()))?;
        let mut builder = MessageBuilder::new()
            .message_id(message_id)
            .date(self.date.as_second())
            .from(mailbox(&self.from)?)
            .to(mailbox(&self.to)?)
            .subject(header_text(&self.subject));
        if self.automatic {
            builder = builder
                .header("Auto-Submitted", Raw::new("auto-replied"))
                .header("X-Auto-Response-Suppress", Raw::new("All"));
        }
        // What the other side wrote is only repeated when it is harmless.
        if let Some(answered) = self.in_reply_to.as_deref().and_then(checked_id) {
            builder = builder.in_reply_to(answered);
        }
        let references = self.kept_references();
        if !references.is_empty() {
            builder = builder.references(references);
        }
        let text = text_part("text/plain", &self.text);
        let body = match &self.html {
            None => text,
            Some(html) => MimePart::new(
                mail_builder::headers::content_type::ContentType::new("multipart/alternative")
                    .attribute("boundary", self.boundary()),
                vec![text, text_part("text/html", html)],
            ),
        };
        builder.body(body).write_to_vec().map_err(|_| OutgoingError::Unbuildable)
    }

    fn kept_references(&self) -> Vec<&str> {
        let ids: Vec<&str> = self.references.iter().filter_map(|id| checked_id(id)).collect();
        let surplus = ids.len().saturating_sub(MAX_REFERENCES);
        let keep = |(place, _): &(usize, &&str)| *place == 0 || *place > surplus;
        ids.iter().enumerate().filter(keep).map(|(_, id)| *id).collect()
    }

    /// From the content, so that a retry is the same mail; `=_` cannot occur in
    /// quoted-printable text (RFC 2045, section 6.7).
    fn boundary(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.message_id.as_bytes());
        digest.update(self.text.as_bytes());
        let mut boundary = String::from("=_loket_");
        boundary.push_str(&crate::message_id::to_hex(digest.finalize().iter().take(12)));
        boundary
    }
}

/// One line, without control and invisible format characters, of bounded length.
fn header_text(text: &str) -> String {
    let clean = crate::parse::clean::header(text);
    clean.chars().take(MAX_HEADER_CHARS).collect()
}

fn mailbox(address: &Address) -> Result<(String, String), OutgoingError> {
    let email = with_ascii_domain(address.email.trim());
    let plain = |c: char| {
        c.is_ascii_graphic()
            && !matches!(c, '<' | '>' | '"' | ',' | ';' | ':' | '(' | ')' | '[' | ']' | '\\')
    };
    let whole = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !whole || email.len() > 254 || !email.chars().all(plain) {
        return Err(OutgoingError::BadAddress(address.email.clone()));
    }
    Ok((header_text(&address.name), email.into_owned()))
}

fn checked_id(id: &str) -> Option<&str> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let fits = id.contains('@') && id.len() <= 900;
    (fits && id.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'))).then_some(id)
}

fn text_part<'x>(content_type: &'x str, text: &str) -> MimePart<'x> {
    MimePart::new(
        mail_builder::headers::content_type::ContentType::new(content_type)
            .attribute("charset", "utf-8"),
        BodyPart::Binary(quoted_printable(text).into_bytes().into()),
    )
    .transfer_encoding("quoted-printable")
}

/// Quoted-printable in which no line is a lone dot, begins with `From ` or holds a bare CR.
fn quoted_printable(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    let mut out = String::with_capacity(unified.len() + unified.len() / 8);
    for line in unified.split('\n') {
        encode_line(line, &mut out);
        out.push_str("\r\n");
    }
    // `split` yields an empty last line for a text that ends in a line break.
    if unified.ends_with('\n') {
        out.truncate(out.len().saturating_sub(2));
    }
    out
}

fn encode_line(line: &str, out: &mut String) {
    let last = line.len().saturating_sub(1);
    let mut column = 0;
    for (place, byte) in line.bytes().enumerate() {
        let risky_start = column == 0 && matches!(byte, b'.' | b'F' | b'-');
        let trailing_blank = place == last && matches!(byte, b' ' | b'\t');
        let literal = matches!(byte, b' ' | b'\t' | b'!'..=b'<' | b'>'..=b'~');
        let width = if literal && !risky_start && !trailing_blank { 1 } else { 3 };
        if column + width > MAX_ENCODED_LINE - 1 {
            out.push_str("=\r\n");
            column = 0;
        }
        if width == 1 && !(column == 0 && matches!(byte, b'.' | b'F' | b'-')) {
            out.push(char::from(byte));
            column += 1;
        } else {
            let _ = write!(out, "={byte:02X}");
            column += 3;
        }
    }
}
