//! The parts of a message, split in linear time within bounds.

use super::header::{self, Parameters, Section};
use super::{Flags, limits};

/// A part with its header.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub header: Section<'a>,
    pub content_type: Parameters,
    /// `attachment`, `inline` or empty.
    pub disposition: String,
    pub content: Content<'a>,
}

/// What a part holds.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// Still in its transfer encoding.
    Leaf(&'a [u8]),
    Multipart(Vec<Part<'a>>),
    /// An attached message; its bytes, for the size.
    Message(Box<Part<'a>>, &'a [u8]),
}

/// Counts what was split so far.
pub(super) struct Splitter<'f> {
    parts: usize,
    flags: &'f mut Flags,
}

/// Splits a whole message.
pub(super) fn message<'a>(raw: &'a [u8], flags: &mut Flags) -> Part<'a> {
    Splitter { parts: 0, flags }.part(raw, 0, "text")
}

impl Splitter<'_> {
    fn part<'a>(&mut self, bytes: &'a [u8], depth: usize, default: &str) -> Part<'a> {
        self.parts += 1;
        let (header, body) = header::split(bytes, self.flags);
        let content_type = header.parameters("content-type").unwrap_or_else(|| {
            Parameters::bare(default, if default == "text" { "plain" } else { "rfc822" })
        });
        let disposition =
            header.parameters("content-disposition").map(|found| found.kind).unwrap_or_default();
        let content = self.content(&header, &content_type, body, depth);
        Part { header, content_type, disposition, content }
    }

    fn content<'a>(
        &mut self,
        header: &Section<'a>,
        content_type: &Parameters,
        body: &'a [u8],
        depth: usize,
    ) -> Content<'a> {
        let container = content_type.kind == "multipart" || is_message(content_type);
        if container && depth >= limits::DEPTH {
            self.flags.too_deep = true;
            return Content::Leaf(body);
        }
        if content_type.kind == "multipart" {
            let default = if content_type.subtype == "digest" { "message" } else { "text" };
            let pieces = content_type.get("boundary").map(|boundary| self.pieces(body, boundary));
            let parts: Vec<Part<'a>> = pieces
                .unwrap_or_default()
                .into_iter()
                .map(|piece| self.part(piece, depth + 1, default))
                .collect();
            return if parts.is_empty() { Content::Leaf(body) } else { Content::Multipart(parts) };
        }
        let encoded = !matches!(
            header.text("content-transfer-encoding").to_ascii_lowercase().as_str(),
            "" | "7bit" | "8bit" | "binary"
        );
        if is_message(content_type) && !encoded && self.has_room() {
            return Content::Message(Box::new(self.part(body, depth + 1, "text")), body);
        }
        Content::Leaf(body)
    }

    fn has_room(&mut self) -> bool {
        let room = self.parts < limits::PARTS;
        self.flags.too_many_parts |= !room;
        room
    }

    /// What stands between the boundary lines (RFC 2046, section 5.1.1).
    fn pieces<'a>(&mut self, body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
        let boundary = boundary.trim_end().as_bytes();
        let exact = self.pieces_by(body, boundary, |rest| rest.trim_ascii().is_empty());
        // Some programs write more behind the boundary than they declared.
        if exact.is_empty() && !boundary.is_empty() {
            return self.pieces_by(body, boundary, |_| true);
        }
        exact
    }

    fn pieces_by<'a>(
        &mut self,
        body: &'a [u8],
        boundary: &[u8],
        fits: fn(&[u8]) -> bool,
    ) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        let mut start: Option<usize> = None;
        for (at, line) in header::lines(body) {
            let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary))
            else {
                continue;
            };
            let last = rest.strip_prefix(b"--").is_some_and(|rest| rest.trim_ascii().is_empty());
            if !last && !fits(rest) {
                continue;
            }
            if let Some(start) = start {
                if self.parts + pieces.len() >= limits::PARTS {
                    self.flags.too_many_parts = true;
                    return pieces;
                }
                pieces.push(without_line_end(body.get(start..at).unwrap_or_default()));
            }
            if last {
                return pieces;
            }
            start = Some(at + line.len());
        }
        // The last boundary is missing: the mail was cut off.
        if let Some(start) = start.filter(|start| *start < body.len()) {
            pieces.push(body.get(start..).unwrap_or_default());
        }
        pieces
    }
}

/// A message inside the message.
fn is_message(content_type: &Parameters) -> bool {
    content_type.kind == "message"
        && matches!(content_type.subtype.as_str(), "rfc822" | "global" | "news")
}

/// The line end before a boundary belongs to the boundary.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
