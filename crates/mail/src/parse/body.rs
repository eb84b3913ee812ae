//! From the tree of parts: the text that a person would read, attachments, reports.

use domain::message::Attachment;

use super::header::{self, Section};
use super::tree::{Content, Part};
use super::{Flags, charset, clean, decode, html, limits};

/// What the parts of a message amount to.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub text: String,
    pub attachments: Vec<Attachment>,
    pub is_report: bool,
    pub report: String,
    pub reported_message_ids: Vec<String>,
}

/// Reads the tree.
pub(super) fn read(root: &Part<'_>, flags: &mut Flags) -> Body {
    let mut reader = Reader { body: Body::default(), fallback: Vec::new(), flags };
    let mut text = reader.text_of(root);
    if is_empty(&text) {
        // Nothing is shown inline: take the first attached text rather than nothing.
        text = reader.fallback.iter().find(|text| !is_empty(text)).cloned().unwrap_or_default();
    }
    let text = clean::body(&text);
    reader.flags.text_cut |= text.len() > limits::TEXT_BYTES;
    let mut body = reader.body;
    cut(text.trim_matches(['\n', ' ', '\t']), limits::TEXT_BYTES).clone_into(&mut body.text);
    body
}

fn is_empty(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || clean::is_invisible(c))
}

/// The text up to `most` bytes, at a character.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

struct Reader<'f> {
    body: Body,
    /// Texts that are not part of what is shown, in their order.
    fallback: Vec<String>,
    flags: &'f mut Flags,
}

impl Reader<'_> {
    fn text_of(&mut self, part: &Part<'_>) -> String {
        match &part.content {
            Content::Multipart(parts) => self.multipart(&part.content_type.subtype, parts),
            Content::Message(inner, bytes) => {
                self.attached_message(inner, bytes);
                String::new()
            }
            Content::Leaf(bytes) => self.leaf(part, bytes),
        }
    }

    fn multipart(&mut self, subtype: &str, parts: &[Part<'_>]) -> String {
        self.body.is_report |= subtype == "report";
        let texts: Vec<(bool, String)> =
            parts.iter().map(|part| (is_html(part), self.text_of(part))).collect();
        if subtype == "alternative" {
            let said = |html: bool| {
                texts
                    .iter()
                    .find(|(kind, text)| *kind == html && !is_empty(text))
                    .map(|(_, text)| text)
            };
            return said(false).or_else(|| said(true)).cloned().unwrap_or_default();
        }
        let texts = texts.into_iter().map(|(_, text)| text).filter(|text| !is_empty(text));
        texts.collect::<Vec<_>>().join("\n\n")
    }

    fn leaf(&mut self, part: &Part<'_>, bytes: &[u8]) -> String {
        let kind = (part.content_type.kind.as_str(), part.content_type.subtype.as_str());
        match kind {
            (
                "message",
                "delivery-status" | "global-delivery-status" | "disposition-notification",
            ) => {
                self.body.is_report = true;
                let text = self.decoded(part, bytes);
                self.body.report.push_str(&clean::body(&text));
                self.body.report.push('\n');
                return String::new();
            }
            ("text", "rfc822-headers") | ("message", "rfc822" | "global-headers") => {
                let text = self.decoded(part, bytes);
                let (section, _) = header::split(text.as_bytes(), self.flags);
                self.reported(&section);
                self.attach(part, bytes);
                if kind.0 == "message" {
                    self.fallback.push(text);
                }
                return String::new();
            }
            ("text" | "", _) => {}
            ("multipart", _) => return self.decoded(part, bytes),
            _ => {
                self.attach(part, bytes);
                return String::new();
            }
        }
        let readable = is_readable(kind.1) || kind.1 == "x-amp-html";
        let text = if readable { self.readable(part, bytes) } else { String::new() };
        if !is_shown(part) {
            self.attach(part, bytes);
            self.fallback.push(text);
            return String::new();
        }
        text
    }

    /// A message inside the message: an attachment, and the original inside a bounce.
    fn attached_message(&mut self, inner: &Part<'_>, bytes: &[u8]) {
        self.reported(&inner.header);
        let subject = inner.header.text("subject");
        let name = if subject.is_empty() { "message".to_owned() } else { subject };
        self.body.attachments.push(Attachment {
            name: file_name(&format!("{name}.eml")),
            content_type: "message/rfc822".to_owned(),
            size_bytes: bytes.len() as u64,
        });
        let mut inside = Reader { body: Body::default(), fallback: Vec::new(), flags: self.flags };
        let text = inside.text_of(inner);
        let (fallback, body) = (inside.fallback, inside.body);
        self.fallback.push(text);
        self.fallback.extend(fallback);
        self.body.reported_message_ids.extend(body.reported_message_ids);
    }

    fn reported(&mut self, header: &Section<'_>) {
        let room = limits::IDS.saturating_sub(self.body.reported_message_ids.len());
        self.body.reported_message_ids.extend(header.ids("message-id").into_iter().take(room));
    }

    fn readable(&mut self, part: &Part<'_>, bytes: &[u8]) -> String {
        let text = self.decoded(part, bytes);
        if part.content_type.subtype == "html" || part.content_type.subtype == "x-amp-html" {
            return html::to_text(&text);
        }
        let flowed = part
            .content_type
            .get("format")
            .is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
        if flowed { unflow(&text, part) } else { text }
    }

    fn decoded(&mut self, part: &Part<'_>, bytes: &[u8]) -> String {
        let bytes = if bytes.len() > limits::TEXT_PART_BYTES {
            self.flags.text_cut = true;
            bytes.get(..limits::TEXT_PART_BYTES).unwrap_or_default()
        } else {
            bytes
        };
        let encoding = part.header.text("content-transfer-encoding");
        let decoded = decode::transfer(&encoding, bytes);
        let (text, repaired) = charset::to_text(&decoded.bytes, part.content_type.get("charset"));
        self.flags.encoding_repaired |= decoded.repaired || repaired;
        self.flags.invisible_removed |= text.chars().any(is_hiding);
        text
    }

    fn attach(&mut self, part: &Part<'_>, bytes: &[u8]) {
        let encoding = part.header.text("content-transfer-encoding");
        let disposition = part.header.parameters("content-disposition");
        let name = disposition
            .as_ref()
            .and_then(|found| found.get("filename"))
            .or_else(|| part.content_type.get("name"))
            .unwrap_or_default();
        let (kind, subtype) = (&part.content_type.kind, &part.content_type.subtype);
        self.body.attachments.push(Attachment {
            name: file_name(name),
            content_type: clean::header(&format!("{kind}/{subtype}")),
            size_bytes: decode::decoded_size(&encoding, bytes),
        });
    }
}

fn is_html(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Multipart(parts) => parts.first().is_some_and(is_html),
        _ => part.content_type.subtype == "html",
    }
}

/// Whether a part without parts is a file beside the text.
pub(super) fn is_file(part: &Part<'_>) -> bool {
    match (part.content_type.kind.as_str(), part.content_type.subtype.as_str()) {
        ("message", "delivery-status" | "global-delivery-status" | "disposition-notification") => {
            false
        }
        ("text", "rfc822-headers") => true,
        ("multipart", _) | ("text", "x-amp-html") => false,
        ("text" | "", _) => !is_shown(part),
        _ => true,
    }
}

/// Whether a text part is read as part of the mail.
pub(super) fn is_shown(part: &Part<'_>) -> bool {
    is_readable(&part.content_type.subtype) && part.disposition != "attachment" && !named(part)
}

fn is_readable(subtype: &str) -> bool {
    matches!(subtype, "plain" | "html" | "" | "enriched" | "richtext" | "markdown")
}

/// A text part with a file name is a file, unless it is to be shown.
fn named(part: &Part<'_>) -> bool {
    part.disposition != "inline"
        && part.content_type.get("name").is_some_and(|name| name.contains('.'))
}

/// Invisible in a way that has no innocent use in running text.
fn is_hiding(c: char) -> bool {
    clean::is_invisible(c)
        && !matches!(
            c,
            '\u{00AD}' | '\u{200B}'
                ..='\u{200F}' | '\u{FE0F}' | '\u{FEFF}' | '\u{034F}' | '\u{2060}'
        )
}

/// The last component of a name, clean; `unnamed` when nothing is left.
pub(super) fn file_name(name: &str) -> String {
    let clean = clean::header(name);
    let last = clean.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let name: String = last.chars().take(200).collect();
    if name.is_empty() || name == "." || name == ".." { "unnamed".to_owned() } else { name }
}

/// Joins lines that only the sending client broke (RFC 3676).
fn unflow(text: &str, part: &Part<'_>) -> String {
    let delete_space =
        part.content_type.get("delsp").is_some_and(|value| value.eq_ignore_ascii_case("yes"));
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.len() - line.trim_start_matches('>').len();
        let content = line.get(depth..).unwrap_or_default();
        let stuffed = content.strip_prefix(' ').unwrap_or(content);
        let continues = open == Some(depth) && content != " -- " && stuffed != "-- ";
        if continues {
            out.push_str(stuffed);
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                out.push(' ');
            }
            out.push_str(stuffed);
        }
        let flows = stuffed.ends_with(' ') && stuffed != "-- ";
        open = flows.then_some(depth);
        if flows && delete_space {
            out.pop();
        }
    }
    out
}
