//! What a mail is once parsed, and which part of it is new.
//!
//! The `mail` crate turns raw bytes into a [`Message`]; this module knows no MIME.
//! It must not know what the words mean: that is [`crate::understand`].

pub mod automatic;
pub mod identity;
pub mod reply;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One domain a line.
const FREE_MAIL: &str = include_str!("free_mail.txt");

/// An address as it stands in a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Address {
    /// The display name, decoded, without control characters; may be empty.
    pub name: String,
    /// `local@domain`, lower case; may be empty when the header was broken.
    pub email: String,
}

impl Address {
    /// Whether its domain is one where anybody gets an address: people there have nothing in
    /// common. The list names what Dutch and Belgian customers use most.
    pub fn is_free_mail(&self) -> bool {
        FREE_MAIL.lines().any(|known| known.eq_ignore_ascii_case(self.domain()))
    }

    /// The part behind the last `@`, or the empty string.
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Why the program cannot be sure what a mail is, or whose. Whatever it says, a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Its wording or its sender's name is that of automatic mail, and no header says so: people
    /// on holiday withdraw from contracts too.
    LooksAutomatic,
    /// The shop's own contact form wrote it; the customer is whom it names.
    ContactForm,
    /// It comes from the shop's own domain.
    Colleague,
    /// It was too large or too nested to be read whole.
    PartlyRead,
    /// Another mail came under the same Message-ID from the same sender, with another text.
    SameNumber,
}

impl Doubt {
    /// The word it is stored under.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LooksAutomatic => "looks_automatic",
            Self::ContactForm => "contact_form",
            Self::Colleague => "colleague",
            Self::PartlyRead => "partly_read",
            Self::SameNumber => "same_number",
        }
    }
}

/// A header that the loop guard or the threading looks at, name in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Lower case, for instance `auto-submitted`.
    pub name: String,
    /// Unfolded and trimmed.
    pub value: String,
}

/// A file that came with the mail. Its content stays in the raw message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As the sender named it, without path or control characters.
    pub name: String,
    /// As the sender declared it, for instance `image/jpeg`.
    pub content_type: String,
    /// Decoded size in bytes.
    pub size_bytes: u64,
}

/// A parsed mail. Every text is valid UTF-8 without NUL or invisible format characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Message {
    /// Without angle brackets. A hint, never a key: senders reuse and omit it.
    pub message_id: Option<String>,
    /// Without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Without angle brackets, oldest first.
    pub references: Vec<String>,
    /// Who wrote it, as claimed.
    pub from: Address,
    /// Whether other readers could see another sender in the same header; then nobody's word on
    /// the sender counts.
    #[serde(default)]
    pub from_in_doubt: bool,
    /// Where an answer is asked to go, when it differs from `from`.
    pub reply_to: Option<Address>,
    /// Direct recipients.
    pub to: Vec<Address>,
    /// Copies.
    pub cc: Vec<Address>,
    /// Decoded; may be empty.
    pub subject: String,
    /// As claimed by the sender; never trusted for deadlines.
    pub date: Option<Timestamp>,
    /// The text a person would read: the plain part, or the HTML part as text.
    pub text: String,
    /// Headers that tell automatic mail, delivery reports and lists from people.
    pub headers: Vec<Header>,
    /// `multipart/report` or `message/delivery-status` was seen.
    pub is_report: bool,
    /// The machine-readable half of a delivery report (RFC 3464), empty otherwise.
    #[serde(default)]
    pub report: String,
    /// Message-IDs named inside a delivery report, without angle brackets.
    #[serde(default)]
    pub reported_message_ids: Vec<String>,
    /// What else came with it.
    pub attachments: Vec<Attachment>,
}

impl Message {
    /// The first header called `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }
}
