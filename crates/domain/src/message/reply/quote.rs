//! Where old text begins: separators, header blocks, and lines such as `On ... wrote:`.

use std::sync::LazyLock;

use regex::Regex;

use super::header_block;
use super::lines::{LONGEST_HEADER_LINE, Line};
use super::phrases::PHRASES;

/// What introduces old text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Op ... schreef ...:`
    Introduction,
    /// The same without an address: only with quoted lines behind it is it certain.
    WeakIntroduction,
    /// `-----Oorspronkelijk bericht-----`, alone or with a header block.
    Original,
    /// `From: ... Sent: ... Subject: ...`
    Block,
    /// `---------- Forwarded message ---------`
    Forward,
}

/// An introduction of old text: lines `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    /// Behind its last line.
    pub end: usize,
}

/// Reads the header that begins at line `index`, if one does.
pub(super) fn header_at(lines: &[Line<'_>], index: usize) -> Option<Header> {
    let line = lines.get(index)?;
    if line.is_blank() || line.inner.len() > LONGEST_HEADER_LINE {
        return None;
    }
    separator(lines, index).or_else(|| block(lines, index)).or_else(|| introduction(lines, index))
}

/// Text written on the same line before a header: `reply--- On ... wrote:`.
pub(super) fn text_before_header<'a>(line: &Line<'a>) -> Option<&'a str> {
    static GLUED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(.*?\S)\s*-{2,}\s*(.*)$"));
    if line.quoted || line.inner.len() > LONGEST_HEADER_LINE || !line.inner.contains("--") {
        return None;
    }
    let found = GLUED.captures(line.inner)?;
    let rest = found.get(2)?.as_str();
    (introduction_strength(rest)? == Kind::Introduction
        && PHRASES.introduction_start.is_match(rest)
        && PHRASES.introduction_verb.is_match(rest))
    .then(|| found.get(1).map(|text| text.as_str()))?
}

fn separator(lines: &[Line<'_>], index: usize) -> Option<Header> {
    let line = lines.get(index)?;
    let kind = match separator_kind(line.inner) {
        Some(kind) => kind,
        // A rule above a header block is its separator: Outlook on the web.
        None if is_rule(line.inner) => {
            let below = next_text(lines, index + 1)?;
            let found = header_block::read(lines, below, false)?;
            return Some(Header { kind: Kind::Block, end: found.end });
        }
        None => return None,
    };
    let end = next_text(lines, index + 1)
        .and_then(|below| header_block::read(lines, below, true))
        .map_or(index + 1, |found| found.end);
    Some(Header { kind, end })
}

/// Tells a separator line by its words; Yahoo writes the header on the same line behind it.
pub(super) fn separator_kind(line: &str) -> Option<Kind> {
    let phrases = &*PHRASES;
    let decoration =
        |c: char| matches!(c, '-' | '_' | '=' | '*' | '–' | '—' | '~') || c.is_whitespace();
    let start = line.trim_start_matches(decoration);
    let dashed = dashes(line.get(..line.len() - start.len()).unwrap_or_default()) >= 2;
    let words = if dashed {
        let end = start.find("--").unwrap_or(start.len());
        start.get(..end).unwrap_or_default().trim_matches(decoration)
    } else {
        start.trim_end_matches(decoration)
    };
    if words.len() > 80 || !(dashed || words.ends_with([':', '：'])) {
        return None;
    }
    let words = words.to_lowercase();
    let introduction = words.strip_suffix([':', '：']).map(str::trim_end);
    if introduction.is_some_and(|words| phrases.forward_introductions.contains(words)) {
        return Some(Kind::Forward);
    }
    if !dashed {
        return None;
    }
    let words = introduction.unwrap_or(&words);
    if phrases.forward_separators.contains(words) || phrases.forward_introductions.contains(words) {
        return Some(Kind::Forward);
    }
    phrases.original_separators.contains(words).then_some(Kind::Original)
}

fn dashes(decoration: &str) -> usize {
    decoration.chars().filter(|c| !c.is_whitespace()).count()
}

/// A line of nothing but underscores or dashes.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 8 && line.chars().all(|c| matches!(c, '_' | '-' | '—' | '–' | '='))
}

fn block(lines: &[Line<'_>], index: usize) -> Option<Header> {
    let found = header_block::read(lines, index, false)?;
    Some(Header { kind: Kind::Block, end: found.end })
}

/// The most lines over which clients wrap an introduction; Polymail uses six with its gaps.
const LONGEST_INTRODUCTION: usize = 4;

fn introduction(lines: &[Line<'_>], index: usize) -> Option<Header> {
    let first = lines.get(index)?;
    // Its first line has a date or an address; most lines of a mail have neither.
    let promising = first.inner.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@');
    if !promising && !first.inner.ends_with('<') {
        return None;
    }
    let begins = PHRASES.introduction_start.is_match(first.inner);
    let mut joined = String::new();
    let mut used = 0;
    for (offset, line) in lines.iter().skip(index).take(LONGEST_INTRODUCTION + 3).enumerate() {
        if line.is_blank() {
            // A gap belongs to it only before a lone address.
            let below = lines.get(index + offset + 1).map_or("", |line| line.inner);
            if used == 0 || !below.starts_with(['<', '(']) {
                return None;
            }
            continue;
        }
        // The `>` that closes a wrapped address is no quote mark.
        let closes = line.quoted && !first.quoted && has_open_bracket(&joined);
        let words = if closes { line.raw.trim() } else { line.inner };
        if (line.quoted != first.quoted && !closes)
            || joined.len() + words.len() > LONGEST_HEADER_LINE
            || (used == 1 && !may_continue(&joined, begins, words))
        {
            return None;
        }
        if used > 0 {
            joined.push(' ');
        }
        joined.push_str(words);
        used += 1;
        if let Some(kind) = introduction_strength(&joined) {
            return Some(Header { kind, end: index + offset + 1 });
        }
        if used >= LONGEST_INTRODUCTION {
            return None;
        }
    }
    None
}

/// Whether a first line may be wrapped: it begins like an introduction and has its date, or
/// it has the address and the verb; and the line below does not begin one of its own.
fn may_continue(first: &str, begins: bool, below: &str) -> bool {
    let dated = begins && has_moment(first);
    let named = address_end(first).is_some() && PHRASES.introduction_verb.is_match(first);
    let samsung = first.chars().count() <= 120
        && PHRASES.introduction_verb.is_match(first)
        && first.ends_with('<');
    let own_start = PHRASES.introduction_start.is_match(below) && has_moment(below) && !named;
    !own_start && (dated || named || samsung)
}

fn has_open_bracket(text: &str) -> bool {
    text.matches('<').count() > text.matches('>').count()
}

/// Whether these words, as one line, introduce a quote, and how surely.
fn introduction_strength(line: &str) -> Option<Kind> {
    static BARE_MOMENT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^\d{4}-\d\d-\d\d \d\d:\d\d (?:GMT|UTC)[+-]\d\d:\d\d \p{L}[^:]{1,80}$")
    });
    static BARE_DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})\b.{0,200}<[^<>\s]+@[^<>\s]+>$",
        )
    });
    if line.chars().count() > 400 {
        return None;
    }
    if BARE_MOMENT.is_match(line) || BARE_DATE.is_match(line) {
        return Some(Kind::Introduction);
    }
    let end = line.trim_end_matches(['-', '*', '_', ' ']);
    let dashed_end = line.len() - end.len() >= 3 && line.starts_with('-');
    let body = match end.strip_suffix([':', '：']) {
        Some(body) => body.trim_end(),
        None if dashed_end => end,
        None => return None,
    };
    let verb = PHRASES.introduction_verb.is_match(body);
    let moment = has_moment(body);
    match address_end(body) {
        // `ср, 30 апр. 2025 г. в 15:19, Jan <jan@example.nl>:`
        Some(end) if moment && end == body.len() => Some(Kind::Introduction),
        // `Quoting Jan <jan@example.nl>:`
        Some(end) if verb && end == body.len() && verb_begins(body) => Some(Kind::Introduction),
        Some(_) if verb && (moment || verb_ends(body)) => Some(Kind::Introduction),
        Some(_) => None,
        None if verb && moment && PHRASES.introduction_start.is_match(body) && !speaks(body) => {
            Some(Kind::WeakIntroduction)
        }
        None => None,
    }
}

/// The line is a sentence of the writer: `Op 3 maart 2025 schreef ik jullie al:`.
fn speaks(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':'))
        .any(|word| PHRASES.introduction_never.contains(&word.to_lowercase()))
}

fn verb_begins(body: &str) -> bool {
    PHRASES.introduction_verb.find(body).is_some_and(|found| found.start() == 0)
}

/// A verb stands at the end, perhaps with `the following` behind it.
fn verb_ends(body: &str) -> bool {
    let words: Vec<&str> = body.rsplitn(3, ' ').take(2).collect();
    words.iter().any(|word| PHRASES.introduction_verb.is_match(word))
        || PHRASES
            .introduction_verb
            .find_iter(body)
            .last()
            .is_some_and(|found| found.end() + 2 >= body.len())
}

/// A time of day, or a date with its year.
fn has_moment(text: &str) -> bool {
    static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[^\d])(?:\d{1,2}[:.h]\d{2}(?:[^\d]|$)|(?:19|20)\d\d(?:[^\d]|$)|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}-\p{L}{3,4}-(?:19|20)?\d\d)",
        )
    });
    MOMENT.is_match(text)
}

/// Where the last mail address in the text ends, its closing brackets included.
fn address_end(text: &str) -> Option<usize> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"[^\s<>()\[\]:;,]+@[^\s<>()\[\]:;,]+(?:\s?(?:>|&gt;|\)|\]|<[^<>]{1,200}>))*")
    });
    ADDRESS.find_iter(text).last().map(|found| found.end())
}

/// The next line at or after `index` that is not blank, within a few lines.
pub(super) fn next_text(lines: &[Line<'_>], index: usize) -> Option<usize> {
    let near = lines.iter().enumerate().skip(index).take(4);
    near.into_iter().find(|(_, line)| !line.is_blank()).map(|(place, _)| place)
}

/// A regular expression of this file.
pub(super) fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "every pattern is a literal, compiled by the tests")]
    Regex::new(text).expect("a well-formed pattern")
}
