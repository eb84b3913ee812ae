//! What each line of a mail is: one pass from top to bottom.

use super::lines::{Line, is_between_quotes, is_broken_quote};
use super::quote::{Header, Kind, header_at, next_text, text_before_header};
use super::signature::{self, Part};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    New,
    Closing,
    Signature,
    /// An old line, or an answered one.
    Quote,
    /// Introduces old lines.
    Header,
    /// Belongs to the mail that was passed on.
    Forwarded,
}

/// The tags of all lines, and where a mail was passed on.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub tags: Vec<Tag>,
    /// Start, header and end of what was passed on.
    pub forward: Option<(usize, Header, usize)>,
    /// The line whose beginning is new although a header follows on it.
    pub glued: Option<usize>,
}

/// Tells what each line is. `passed_on`: the subject says that this is a forward.
pub(super) fn walk(lines: &[Line<'_>], passed_on: bool) -> Walked {
    let mut walked = Walked { tags: vec![Tag::New; lines.len()], ..Walked::default() };
    let mut any_new = false;
    let mut index = 0;
    let wrapped = (0..lines.len()).any(|place| is_broken_quote(lines, place, false));
    while let Some(line) = lines.get(index) {
        if text_before_header(line).is_some() {
            set(&mut walked.tags, index, lines.len(), Tag::Quote);
            walked.glued = Some(index);
            break;
        }
        if let Some(header) = header_at(lines, index) {
            let end = act_on_header(lines, index, header, any_new, passed_on, &mut walked);
            index = end.max(index + 1);
            continue;
        }
        if line.quoted || is_broken_quote(lines, index, wrapped) {
            set(&mut walked.tags, index, index + 1, Tag::Quote);
        } else if !line.is_blank() {
            any_new = true;
        }
        index += 1;
    }
    mark_signatures(lines, &mut walked.tags);
    walked
}

fn set(tags: &mut [Tag], start: usize, end: usize, tag: Tag) {
    for slot in tags.iter_mut().take(end).skip(start) {
        *slot = tag;
    }
}

/// Marks what a header introduces and returns where the walk goes on.
fn act_on_header(
    lines: &[Line<'_>],
    index: usize,
    header: Header,
    any_new: bool,
    passed_on: bool,
    walked: &mut Walked,
) -> usize {
    let quoted_here = lines.get(index).is_some_and(|line| line.quoted);
    let quote_follows = next_text(lines, header.end)
        .and_then(|place| lines.get(place))
        .is_some_and(|line| line.quoted);
    let introduces = matches!(header.kind, Kind::Introduction | Kind::WeakIntroduction);
    // Passed on: it says so, or the subject does, or there is nothing else in the mail.
    let forwarded = walked.forward.is_none()
        && match header.kind {
            Kind::Forward => true,
            Kind::WeakIntroduction => passed_on && quote_follows,
            Kind::Introduction => passed_on,
            Kind::Original | Kind::Block => passed_on || !any_new,
        };
    if forwarded {
        let end = forward_end(lines, header, quoted_here || quote_follows);
        set(&mut walked.tags, index, end, Tag::Forwarded);
        walked.forward = Some((index, header, end));
        return end;
    }
    if quoted_here {
        set(&mut walked.tags, index, header.end, Tag::Quote);
        return header.end;
    }
    if introduces {
        if quote_follows || (header.kind == Kind::Introduction && !any_new) {
            // Answers may stand between or below the quoted lines.
            set(&mut walked.tags, index, header.end, Tag::Header);
            return header.end;
        }
        if header.kind == Kind::WeakIntroduction && !any_new {
            return index + 1;
        }
    }
    if header.kind == Kind::Block && quote_follows {
        set(&mut walked.tags, index, header.end, Tag::Header);
        return header.end;
    }
    set(&mut walked.tags, index, header.end, Tag::Header);
    set(&mut walked.tags, header.end, lines.len(), Tag::Quote);
    lines.len()
}

/// A quoted forward ends with its quote marks, any other with the mail.
fn forward_end(lines: &[Line<'_>], header: Header, quoted: bool) -> usize {
    if !quoted {
        return lines.len();
    }
    let from = next_text(lines, header.end).unwrap_or(header.end);
    let behind = lines
        .iter()
        .enumerate()
        .skip(from)
        .find(|(place, line)| !line.quoted && !is_between_quotes(lines, *place));
    behind.map_or(lines.len(), |(place, _)| place)
}

/// Tells text from closing and signature in every stretch of new lines.
fn mark_signatures(lines: &[Line<'_>], tags: &mut [Tag]) {
    let mut start = 0;
    while start < tags.len() {
        if tags.get(start) != Some(&Tag::New) {
            start += 1;
            continue;
        }
        let length = tags.iter().skip(start).take_while(|tag| **tag == Tag::New).count();
        let stretch = lines.get(start..start + length).unwrap_or_default();
        let parts = signature::parts(stretch);
        for (tag, part) in tags.iter_mut().skip(start).zip(parts) {
            *tag = match part {
                Part::Text => Tag::New,
                Part::Closing => Tag::Closing,
                Part::Signature => Tag::Signature,
            };
        }
        start += length;
    }
}
