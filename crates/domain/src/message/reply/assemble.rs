//! The tagged lines put together as texts.

use super::Stripped;
use super::lines::Line;
use super::quote::text_before_header;
use super::signature::is_delimiter;
use super::walk::{Tag, Walked};

/// Puts the parts together; what was passed on is left to [`super::forward`].
pub(super) fn assemble(lines: &[Line<'_>], walked: &Walked) -> Stripped {
    let tags = &walked.tags;
    let glued = walked.glued.and_then(|index| lines.get(index)).and_then(text_before_header);
    let mut new_text = joined(lines, tags, Tag::New);
    let mut readable = readable(lines, tags);
    if let Some(glued) = glued {
        for text in [&mut new_text, &mut readable] {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(glued);
        }
    }
    Stripped {
        new_text,
        readable,
        closing: joined(lines, tags, Tag::Closing),
        signature: joined(lines, tags, Tag::Signature),
        quoted: old(lines, tags),
        forwarded: None,
    }
}

/// All lines of one kind; between stretches that were apart stands one empty line.
fn joined(lines: &[Line<'_>], tags: &[Tag], wanted: Tag) -> String {
    let mut out = String::new();
    let mut stretch: Vec<&str> = Vec::new();
    for (line, tag) in lines.iter().zip(tags) {
        if *tag == wanted {
            stretch.push(line.raw.trim_end());
        } else if !stretch.is_empty() {
            close(&mut stretch, &mut out);
        }
    }
    close(&mut stretch, &mut out);
    out
}

fn close(stretch: &mut Vec<&str>, out: &mut String) {
    let text = stretch.join("\n");
    let text = text.trim();
    if !text.is_empty() {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(text);
    }
    stretch.clear();
}

/// New text with its closing and with the quotes above or between it, not below.
fn readable(lines: &[Line<'_>], tags: &[Tag]) -> String {
    let own = |tag: &Tag| matches!(tag, Tag::New | Tag::Closing);
    let says =
        |(line, tag): (&Line<'_>, &Tag)| own(tag) && !line.is_blank() && !is_delimiter(line.inner);
    let Some(last) = lines.iter().zip(tags).rposition(says) else { return String::new() };
    let shown = lines.iter().zip(tags).take(last + 1);
    let shown: Vec<&str> = shown
        .filter(|(_, tag)| own(tag) || **tag == Tag::Quote)
        .map(|(line, _)| line.raw.trim_end())
        .collect();
    shown.join("\n").trim().to_owned()
}

fn old(lines: &[Line<'_>], tags: &[Tag]) -> String {
    let old = lines.iter().zip(tags).filter(|(_, tag)| matches!(tag, Tag::Quote | Tag::Header));
    let old: Vec<&str> = old.map(|(line, _)| line.raw.trim_end()).collect();
    old.join("\n").trim().to_owned()
}
