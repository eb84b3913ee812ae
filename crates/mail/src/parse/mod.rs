//! Raw bytes to a [`Message`], within bounds, whatever the bytes are (hazards C20 to C23).
//!
//! What the MIME parser does not bound itself is bounded before it sees the message; what is
//! cut is flagged, never silent, and the raw message stays with the caller.

mod body; // the text a person would read
mod charset; // bytes to text
pub mod clean; // texts without what cannot be seen
mod decode; // transfer encodings
pub mod files; // what hangs beside the text
mod formatted; // the HTML of it
mod header; // fields and their values
pub mod html; // HTML as text
mod html_tags; // what its elements mean to a reader
mod limits; // how much is read
mod tree; // the parts

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::message::{Address, Message};

/// What was odd about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent finding")]
pub struct Flags {
    /// The raw message was larger than is read.
    pub too_large: bool,
    /// Multiparts or attached messages were nested deeper than is read.
    pub too_deep: bool,
    /// There were more parts than are read.
    pub too_many_parts: bool,
    /// A header, or all of them together, was longer than is read.
    pub header_cut: bool,
    /// There were more recipients than are kept.
    pub recipients_cut: bool,
    /// The text was longer than is kept.
    pub text_cut: bool,
    /// Bytes did not fit the declared encoding or character set.
    pub encoding_repaired: bool,
    /// Invisible or direction-turning characters were removed.
    pub invisible_removed: bool,
}

impl Flags {
    /// Whether part of what the sender wrote was not read.
    pub const fn is_cut(self) -> bool {
        self.too_large || self.too_deep || self.too_many_parts || self.header_cut || self.text_cut
    }
}

/// A message and what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// Always usable: every text valid and clean.
    pub message: Message,
    /// What had to be cut or repaired.
    pub flags: Flags,
    /// What hangs beside the text.
    pub files: files::Files,
    /// Its HTML, as hostile as it came; `None` when it is written as text only.
    pub html: Option<String>,
}

/// The parser itself failed on these bytes; the mail belongs in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message could not be parsed")]
pub struct ParseError;

/// Parses one raw message. Every input gives a message: what is not mail at all becomes its
/// text. An error means a defect of the parser, never of the mail.
pub fn parse(raw: &[u8]) -> Result<Parsed, ParseError> {
    // The decoders of header values come from outside; a panic in them must not end the
    // process, and the mail must not block the next one.
    catch_unwind(AssertUnwindSafe(|| read(raw))).map_err(|_| ParseError)
}

fn read(whole: &[u8]) -> Parsed {
    let mut flags = Flags { too_large: whole.len() > limits::RAW_BYTES, ..Flags::default() };
    let raw = whole.get(..limits::RAW_BYTES).unwrap_or(whole);
    let root = tree::message(raw, &mut flags);
    let body = body::read(&root, &mut flags);
    let header = &root.header;
    let first = |name: &str, flags: &mut Flags| header.addresses(name, flags).into_iter().next();
    let from =
        first("from", &mut flags).or_else(|| first("sender", &mut flags)).unwrap_or_default();
    let reply_to = first("reply-to", &mut flags);
    let message = Message {
        message_id: header.ids("message-id").into_iter().next(),
        in_reply_to: header.ids("in-reply-to"),
        references: header.ids("references"),
        reply_to: reply_to.filter(|to: &Address| !to.email.is_empty() && to.email != from.email),
        from_in_doubt: !from.email.is_empty() && header.doubts_sender(&from),
        from,
        to: header.addresses("to", &mut flags),
        cc: header.addresses("cc", &mut flags),
        subject: header.text("subject"),
        date: header.date(),
        text: body.text,
        headers: header.all(),
        is_report: body.is_report,
        report: body.report,
        reported_message_ids: body.reported_message_ids,
        attachments: body.attachments,
    };
    let whole = whole.get(..limits::FILES_RAW_BYTES).unwrap_or(whole);
    let files = if whole.len() > raw.len() {
        files::list(whole, &tree::message(whole, &mut Flags::default()))
    } else {
        files::list(whole, &root)
    };
    Parsed { message, flags, files, html: formatted::html(&root) }
}
