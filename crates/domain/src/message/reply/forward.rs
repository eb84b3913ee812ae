//! A mail that the customer passed on: its header and its text.

use std::collections::HashMap;

use super::lines::Line;
use super::phrases::{Field, PHRASES};
use super::quote::{Header, Kind, next_text};
use super::{Forwarded, addresses, header_block};

/// Whether a subject begins with `FW:`, `Doorst:` or the like.
pub(super) fn is_forward_subject(subject: &str) -> bool {
    prefix(subject).is_some_and(|(word, _)| PHRASES.forward_subjects.contains(&word.to_lowercase()))
}

fn prefix(subject: &str) -> Option<(&str, &str)> {
    let (word, rest) = subject.trim_start().split_once([':', '：'])?;
    let word = word.trim();
    (word.chars().count() <= 14).then(|| (word, rest.trim()))
}

/// The outer subject without its forward mark.
fn inner_subject(subject: &str) -> String {
    if is_forward_subject(subject) {
        prefix(subject).map_or("", |(_, rest)| rest).to_owned()
    } else {
        String::new()
    }
}

/// Reads the mail passed on in `lines[start..end]`, introduced by `header`.
pub(super) fn read(
    subject: &str,
    lines: &[Line<'_>],
    start: usize,
    header: Header,
    end: usize,
) -> Forwarded {
    let region = lines.get(..end).unwrap_or(lines);
    let (values, body_start) = fields(region, start, header);
    let text = |field: Field| values.get(&field).cloned().unwrap_or_default();
    let body = region.get(body_start..).unwrap_or_default();
    let quoted = body.iter().find(|line| !line.is_gap()).is_some_and(|line| line.quoted);
    let body: Vec<&str> =
        body.iter().map(|line| if quoted { line.unquoted() } else { line.raw }).collect();
    let named = text(Field::Subject);
    Forwarded {
        subject: if named.is_empty() { inner_subject(subject) } else { named },
        from: addresses::one_address(&text(Field::From)),
        date: text(Field::Date),
        to: addresses::list(&text(Field::To)),
        cc: addresses::list(&text(Field::Cc)),
        body: dedent(&body),
        note: String::new(),
    }
}

fn fields(lines: &[Line<'_>], start: usize, header: Header) -> (HashMap<Field, String>, usize) {
    let first = lines.get(start).map_or("", |line| line.inner);
    if let Some(values) = header_block::read_inline(first) {
        return (values, start + 1);
    }
    if matches!(header.kind, Kind::Introduction | Kind::WeakIntroduction) {
        let words: Vec<&str> = lines
            .get(start..header.end)
            .unwrap_or_default()
            .iter()
            .map(|line| line.inner)
            .collect();
        return (from_introduction(&words.join(" ")), header.end);
    }
    let after_separator = matches!(header.kind, Kind::Forward | Kind::Original);
    let block = [Some(start), next_text(lines, start + 1)]
        .into_iter()
        .flatten()
        .find_map(|place| header_block::read(lines, place, after_separator));
    match block {
        Some(block) => (block.values, block.end),
        None => (HashMap::new(), header.end),
    }
}

/// The sender out of `On 28/10/2021 12:46, "Jan" <jan@x.nl> wrote:`.
fn from_introduction(line: &str) -> HashMap<Field, String> {
    let mut values = HashMap::new();
    let Some(at) = line.find('@') else { return values };
    let before = line.get(..at).unwrap_or_default();
    let behind = line.get(at..).unwrap_or_default();
    let address_start = before.rfind([' ', '<', '(', '[', ':']).map_or(0, |place| place + 1);
    let address_end = behind.find([' ', '>', ')', ']', ':']).unwrap_or(behind.len());
    let email = format!(
        "{}{}",
        before.get(address_start..).unwrap_or_default(),
        behind.get(..address_end).unwrap_or_default()
    );
    let name = sender_name(before.get(..address_start).unwrap_or_default());
    values.insert(Field::From, format!("{name} <{email}>"));
    values
}

/// The name at the end of what stands before an address: in quotation marks, or the words
/// behind the last digit, comma or verb.
fn sender_name(before: &str) -> String {
    let before =
        before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '(' | '['));
    for (open, close) in [('"', '"'), ('«', '»'), ('“', '”')] {
        if let Some(inner) = before.strip_suffix(close).and_then(|text| text.rsplit_once(open)) {
            return inner.1.trim().to_owned();
        }
    }
    let after_date =
        before.rfind(|c: char| c.is_ascii_digit() || c == ',').map_or(0, |place| place + 1);
    let mut name = before.get(after_date..).unwrap_or_default().trim();
    if let Some(verb) = PHRASES.introduction_verb.find_iter(name).last() {
        name = name.get(verb.end()..).unwrap_or_default();
    }
    // What is left of `28/10 12:46 heeft Jan Jansen`: a name begins with a capital.
    let words: Vec<&str> = name.split_whitespace().collect();
    let from = words.iter().position(|word| word.chars().next().is_some_and(|c| !c.is_lowercase()));
    words.get(from.unwrap_or(0)..).unwrap_or_default().join(" ")
}

/// The lines as a text, without the indentation that all of them share. Counted in characters: a
/// blank may be of two bytes, and a line that were cut inside one would be lost.
fn dedent(lines: &[&str]) -> String {
    let is_blank = |c: &char| matches!(c, ' ' | '\t' | '\u{a0}' | '\u{feff}');
    let blanks = |line: &&str| line.chars().take_while(is_blank).count();
    let shared = lines.iter().filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    let from = |line: &str| line.char_indices().nth(shared).map_or(line.len(), |(at, _)| at);
    let lines: Vec<&str> =
        lines.iter().map(|line| line.get(from(line)..).unwrap_or_default().trim_end()).collect();
    lines.join("\n").trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_owned()
}
