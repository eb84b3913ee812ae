//! Header blocks inside a text: `From:`, `Sent:`, `To:`, `Subject:`, in any language.

use std::collections::HashMap;

use super::lines::{LONGEST_HEADER_LINE, Line};
use super::phrases::{Field, PHRASES};

/// A header block that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The first value of each field.
    pub values: HashMap<Field, String>,
    /// Behind its last line.
    pub end: usize,
}

/// More lines than any client writes.
const LONGEST_BLOCK: usize = 24;

/// Reads the block that begins at line `index`. Behind a separator one field is enough;
/// elsewhere it must be unmistakable, for customers write `Datum:` and `Onderwerp:` too.
pub(super) fn read(lines: &[Line<'_>], index: usize, after_separator: bool) -> Option<Block> {
    let first = lines.get(index)?;
    field(first.inner)?;
    let mut values: HashMap<Field, String> = HashMap::new();
    let mut last: Option<Field> = None;
    let mut end = index;
    let mut place = index;
    while place < index + LONGEST_BLOCK {
        let Some(line) = lines.get(place).filter(|line| line.quoted == first.quoted) else { break };
        if let Some((kind, value)) = field(line.inner) {
            if !values.contains_key(&kind) || kind == Field::Other {
                values.insert(kind, value.to_owned());
                last = Some(kind);
            } else {
                // A second `From:` begins another block.
                break;
            }
        } else if !continues(lines, place, after_separator || values.len() >= 2) {
            break;
        } else if let Some(value) = last.and_then(|kind| values.get_mut(&kind))
            && !line.is_blank()
        {
            value.push(' ');
            value.push_str(line.inner);
        }
        place += 1;
        end = place;
    }
    while end > index && lines.get(end - 1).is_some_and(Line::is_blank) {
        end -= 1;
    }
    is_certain(&values, after_separator).then_some(Block { values, end })
}

fn is_certain(values: &HashMap<Field, String>, after_separator: bool) -> bool {
    let known = values.keys().filter(|kind| **kind != Field::Other).count();
    if after_separator {
        return known >= 1;
    }
    match values.get(&Field::From) {
        Some(from) if from.contains('@') => known >= 2,
        Some(_) => known >= 3,
        None => false,
    }
}

/// A line without a label belongs to the block when a label follows soon: a wrapped subject
/// or list of recipients, a gap that some clients leave.
fn continues(lines: &[Line<'_>], place: usize, known: bool) -> bool {
    let Some(line) = lines.get(place) else { return false };
    let mut below = lines.iter().skip(place + 1).take(2).filter(|next| next.quoted == line.quoted);
    let next_is_label = below.next().is_some_and(|next| field(next.inner).is_some());
    if line.is_blank() {
        return next_is_label
            || (known && below.next().is_some_and(|next| field(next.inner).is_some()));
    }
    line.inner.len() <= LONGEST_HEADER_LINE && next_is_label
}

/// Splits `Label: value`, with the asterisks and spaces that clients put around labels.
pub(super) fn field(line: &str) -> Option<(Field, &str)> {
    let plain = line.trim_start_matches(['*', '_', ' ', '\t', '\u{a0}', '•']);
    let colon = plain.char_indices().take(PHRASES.longest_label + 6);
    let (at, mark) = colon.into_iter().find(|(_, c)| matches!(c, ':' | '：'))?;
    let label = plain.get(..at)?.trim_end_matches(['*', '_', ' ', '\t', '\u{a0}']);
    let kind = *PHRASES.labels.get(&label.to_lowercase())?;
    let value = plain.get(at + mark.len_utf8()..)?;
    Some((kind, value.trim_start_matches(['*', '_']).trim()))
}

/// Reads a header that stands on one line: `From: Jan <jan@x>To: Piet <piet@y>Subject: ...`.
pub(super) fn read_inline(line: &str) -> Option<HashMap<Field, String>> {
    if line.len() > 2 * LONGEST_HEADER_LINE {
        return None;
    }
    let of_language = PHRASES.inline.iter().map(|labels| {
        let mut found: Vec<(Field, usize, usize)> = Vec::new();
        for hit in labels.pattern.captures_iter(line) {
            let (Some(whole), Some(label)) = (hit.get(0), hit.get(1)) else { continue };
            let Some(kind) = labels.fields.get(label.as_str()) else { continue };
            let colon = whole.as_str().trim_end().ends_with([':', '：']);
            // Without a colon only behind an address: `<jan@x>Dw Piet`, or a time zone.
            let before = line.get(..whole.start()).unwrap_or_default();
            let glued = before.ends_with('>') || before.ends_with(char::is_uppercase);
            if (colon || glued) && !found.iter().any(|(known, ..)| known == kind) {
                found.push((*kind, whole.start(), whole.end()));
            }
        }
        found
    });
    let best = of_language.max_by_key(Vec::len)?;
    let from_first = best.first().is_some_and(|(kind, ..)| *kind == Field::From);
    if best.len() < 3 || !from_first {
        return None;
    }
    let mut values = HashMap::new();
    for (place, (kind, _, start)) in best.iter().enumerate() {
        let end = best.get(place + 1).map_or(line.len(), |(_, next, _)| *next);
        values.insert(*kind, line.get(*start..end).unwrap_or_default().trim().to_owned());
    }
    Some(values)
}
