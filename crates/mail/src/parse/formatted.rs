//! The HTML that a message is written in, with what it holds as plain text beside it.
//!
//! It is as hostile as it came: whoever keeps or shows it sends it through [`crate::sanitise`].

use super::tree::{Content, Part};
use super::{body, charset, decode, limits};

/// The HTML of a message; `None` when none of its shown parts is HTML.
pub(super) fn html(root: &Part<'_>) -> Option<String> {
    let found = of(root);
    found.is_html.then_some(found.html).filter(|html| !html.trim().is_empty())
}

#[derive(Default)]
struct Found {
    html: String,
    is_html: bool,
}

/// Between two parts that are shown one below the other.
const PART_BREAK: &str = include_str!("part_break.html");
/// Around a part that is text; `{text}` is escaped.
const PLAIN_PART: &str = include_str!("plain_part.html");

fn of(part: &Part<'_>) -> Found {
    match &part.content {
        Content::Multipart(parts) if part.content_type.subtype == "alternative" => {
            let mut found = parts.iter().map(of).filter(|found| !found.html.is_empty());
            let first = found.next().unwrap_or_default();
            // The best comes last; calendars and the like are no HTML.
            if first.is_html { first } else { found.rfind(|found| found.is_html).unwrap_or(first) }
        }
        Content::Multipart(_) if part.content_type.subtype == "report" => Found::default(),
        Content::Multipart(parts) => {
            let mut whole = Found::default();
            for found in parts.iter().map(of).filter(|found| !found.html.is_empty()) {
                if !whole.html.is_empty() {
                    whole.html.push_str(PART_BREAK);
                }
                whole.html.push_str(&found.html);
                whole.is_html |= found.is_html;
                if whole.html.len() > limits::TEXT_BYTES {
                    break;
                }
            }
            whole
        }
        Content::Message(..) => Found::default(),
        Content::Leaf(bytes) => leaf(part, bytes),
    }
}

fn leaf(part: &Part<'_>, bytes: &[u8]) -> Found {
    let is_text = matches!(part.content_type.kind.as_str(), "text" | "");
    if !is_text || !body::is_shown(part) {
        return Found::default();
    }
    let bytes = bytes.get(..limits::TEXT_PART_BYTES).unwrap_or(bytes);
    let encoding = part.header.text("content-transfer-encoding");
    let decoded = decode::transfer(&encoding, bytes);
    let (text, _) = charset::to_text(&decoded.bytes, part.content_type.get("charset"));
    if part.content_type.subtype == "html" {
        return Found { html: text, is_html: true };
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let html = if escaped.trim().is_empty() {
        String::new()
    } else {
        PLAIN_PART.replace("{text}", escaped.trim())
    };
    Found { html, is_html: false }
}
