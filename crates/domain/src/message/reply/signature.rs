//! Where a person's own text ends: closings, signature blocks, lines of mobile clients.

use super::lines::Line;
use super::phrases::PHRASES;

/// What a line of one's own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Text,
    Closing,
    Signature,
}

/// The most lines that a block behind `--` has, gaps not counted.
const LONGEST_SIGNATURE: usize = 30;
/// The most behind a line of dashes or underscores, which is also drawn under headings.
const LONGEST_RULED_SIGNATURE: usize = 12;
/// The most lines that a closing with its name and address has, gaps not counted.
const LONGEST_CLOSING: usize = 14;

/// Tells the parts of a stretch of own text. `lines` holds no quoted line.
pub(super) fn parts(lines: &[Line<'_>]) -> Vec<Part> {
    let mut parts = vec![Part::Text; lines.len()];
    let mut current = Part::Text;
    for (index, line) in lines.iter().enumerate() {
        if current == Part::Signature {
            mark(&mut parts, index, Part::Signature);
            continue;
        }
        if line.is_blank() {
            mark(&mut parts, index, current);
            continue;
        }
        if starts_signature(lines, index) || (current == Part::Closing && is_disclaimer(line.inner))
        {
            current = Part::Signature;
        } else if is_signature_line(line.inner) {
            mark(&mut parts, index, Part::Signature);
            continue;
        } else if current == Part::Closing {
            if is_sentence(line.inner) {
                current = Part::Text;
            }
        } else if is_closing(lines, index) {
            current = Part::Closing;
        } else if is_final_disclaimer(lines, index) {
            current = Part::Signature;
        }
        mark(&mut parts, index, current);
    }
    parts
}

fn mark(parts: &mut [Part], index: usize, part: Part) {
    if let Some(slot) = parts.get_mut(index) {
        *slot = part;
    }
}

/// `Verstuurd vanaf mijn iPhone`, `Download Outlook voor iOS<https://...>`.
pub(super) fn is_signature_line(line: &str) -> bool {
    let plain = line.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '_' | '<' | '>' | '[' | ']' | '-' | '.')
    });
    (4..=200).contains(&plain.len()) && PHRASES.signature_lines.is_match(plain)
}

fn starts_signature(lines: &[Line<'_>], index: usize) -> bool {
    let Some(line) = lines.get(index) else { return false };
    let behind = |most: usize| {
        let rest = lines.iter().skip(index + 1).take(most * 3);
        lines.len() - index <= most * 3 && rest.filter(|line| !line.is_blank()).count() <= most
    };
    // RFC 3676, section 4.3; many clients lose the blank behind the dashes.
    if line.raw == "-- " || line.inner == "--" {
        return behind(LONGEST_SIGNATURE);
    }
    let above_is_gap =
        index.checked_sub(1).and_then(|above| lines.get(above)).is_none_or(Line::is_blank);
    is_delimiter(line.inner) && above_is_gap && behind(LONGEST_RULED_SIGNATURE)
}

/// A line drawn of one character, or a mark that a mail client leaves.
pub(super) fn is_delimiter(line: &str) -> bool {
    let mut chars = line.chars();
    let Some(first) = chars.next() else { return false };
    let drawn = matches!(first, '-' | '_' | '=' | '*' | '#' | '~' | '+' | '—' | '–');
    PHRASES.marker_lines.contains(line) || (drawn && line.len() >= 2 && chars.all(|c| c == first))
}

/// The line is a closing, and nothing but a name, an address and the like follows for a while.
fn is_closing(lines: &[Line<'_>], index: usize) -> bool {
    let Some(line) = lines.get(index) else { return false };
    let (phrase, behind) = closing_words(line.inner);
    let mut below = lines.iter().skip(index + 1).filter(|line| !line.is_blank());
    if phrase == Phrase::Thanks {
        let name = below.next();
        let alone =
            below.next().is_none_or(|line| !is_sentence(line.inner) || is_disclaimer(line.inner));
        return !behind && name.is_some_and(|line| is_name(line.inner)) && alone;
    }
    if phrase == Phrase::None {
        return false;
    }
    // A closing in the middle of a long mail is a phrase, not its end.
    let mut short_lines = 0;
    for line in below {
        if is_sentence(line.inner) || is_disclaimer(line.inner) {
            return true;
        }
        short_lines += 1;
        if short_lines > LONGEST_CLOSING {
            return false;
        }
    }
    true
}

#[derive(PartialEq, Eq)]
enum Phrase {
    Closing,
    Thanks,
    None,
}

/// Which phrase the line is, and whether a name stands behind it.
fn closing_words(line: &str) -> (Phrase, bool) {
    if line.chars().count() > 70 {
        return (Phrase::None, false);
    }
    let lower = line.to_lowercase();
    let plain = lower.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
    let kind = |words: &str| {
        if PHRASES.closings.contains(words) {
            Phrase::Closing
        } else if PHRASES.thanks.contains(words) {
            Phrase::Thanks
        } else {
            Phrase::None
        }
    };
    let whole = kind(plain);
    let whole = if whole == Phrase::None { kind(plain.trim_end_matches('.')) } else { whole };
    if whole != Phrase::None {
        return (whole, false);
    }
    // `Groetjes, Anna de Vries` and `Mvg Jan`.
    for (place, c) in plain.char_indices().filter(|(_, c)| matches!(c, ',' | ' ')) {
        let (words, name) = (plain.get(..place), plain.get(place + c.len_utf8()..));
        let (Some(words), Some(name)) = (words, name) else { continue };
        let found = kind(words.trim_end_matches([',', '.', '!', ' ']));
        let written = line.trim_end().get(line.trim_end().len().saturating_sub(name.len())..);
        let capital = written
            .and_then(|name| name.trim_start().chars().next())
            .is_some_and(char::is_uppercase);
        if found == Phrase::Closing && name.split_whitespace().count() <= 4 && (capital || c == ',')
        {
            return (found, true);
        }
    }
    (Phrase::None, false)
}

/// One to four words without the marks of a sentence.
fn is_name(line: &str) -> bool {
    let words = line.split_whitespace().count();
    (1..=4).contains(&words)
        && line.chars().count() <= 40
        && !line.ends_with(['?', '!', ':'])
        && line.chars().any(char::is_uppercase)
        && !line.chars().any(|c| c.is_ascii_digit())
}

/// Reads like something said, not like a line of an address or a job title.
fn is_sentence(line: &str) -> bool {
    let lower = line.to_lowercase();
    let postscript = ["ps", "p.s", "nb", "n.b"].iter().any(|mark| {
        lower.strip_prefix(mark).is_some_and(|rest| rest.starts_with([':', '.', ' ', ',']))
    });
    let words = line.split_whitespace().count();
    let address = line.contains("://") || line.contains("www.") || line.contains('@');
    let ended = line.ends_with(['.', '?', '!']) && words >= 4;
    postscript || line.ends_with('?') || (!address && (ended || words >= 9))
}

fn is_disclaimer(line: &str) -> bool {
    if line.len() < 10 {
        return false;
    }
    let lower: String = line
        .trim_start_matches(['*', '_', '"', ' '])
        .chars()
        .take(60)
        .flat_map(char::to_lowercase)
        .collect();
    PHRASES.disclaimers.iter().any(|start| lower.starts_with(start.as_str()))
}

/// A legal footer behind a gap, when at most a few lines follow it.
fn is_final_disclaimer(lines: &[Line<'_>], index: usize) -> bool {
    let Some(line) = lines.get(index) else { return false };
    let above_is_gap =
        index.checked_sub(1).and_then(|above| lines.get(above)).is_some_and(Line::is_blank);
    above_is_gap
        && line.inner.len() >= 60
        && is_disclaimer(line.inner)
        && lines.len() - index <= LONGEST_SIGNATURE
}
