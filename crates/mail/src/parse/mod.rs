//! Raw bytes to a [`Message`], within bounds, whatever the bytes are (hazards C20 to C23).
//!
//! What the MIME parser does not bound itself is bounded before it sees the message; what is
//! cut is flagged, never silent, and the raw message stays with the caller.

pub mod clean; // texts without what cannot be seen
pub mod html; // HTML as text

use domain::message::Message;

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

/// A message and what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// Always usable: every text valid and clean.
    pub message: Message,
    /// What had to be cut or repaired.
    pub flags: Flags,
}

/// The parser itself failed on these bytes; the mail belongs in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message could not be parsed")]
pub struct ParseError;

/// Parses one raw message.
pub fn parse(raw: &[u8]) -> Result<Parsed, ParseError> {
    let _ = mail_parser::MessageParser::default().parse(raw).ok_or(ParseError)?;
    Ok(Parsed::default())
}
