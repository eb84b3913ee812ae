//! A text made easy to search: lower case, without accents, cut in sentences.
//!
//! It knows letters and punctuation, not languages or meanings.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// FNV-1a, for maps of committed words: their keys are nobody's to choose.
#[derive(Clone, Copy)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        // The table takes its tag from the upper bits and its place from the lower.
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// What is known of words.
pub(super) type ByWord<T> = HashMap<String, T, BuildHasherDefault<Fnv>>;

/// A committed list of words.
pub(super) type WordSet = HashSet<String, BuildHasherDefault<Fnv>>;

/// One stretch of a text that is read on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First byte in [`Plain::text`].
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The searchable form: letters lower case and without accents, quotes straight,
/// runs of blanks one space; new lines kept.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The folded text.
    pub text: String,
    /// Its sentences in order, without gaps.
    pub sentences: Vec<Span>,
}

impl Plain {
    /// Folds `raw` and finds its sentences.
    pub(super) fn of(raw: &str) -> Self {
        let text = fold(raw);
        let sentences = sentences(&text);
        Self { text, sentences }
    }

    /// The words of a span.
    pub(super) fn words(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }
}

/// Lower case, accents off, typographic quotes and dashes straight, blanks single.
pub(super) fn fold(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len() + 8);
    let mut blank = true;
    for letter in raw.chars() {
        match letter {
            '\n' => {
                if text.ends_with(' ') {
                    text.pop();
                }
                text.push('\n');
                blank = true;
            }
            'a'..='z' | '0'..='9' | '!'..='/' | ':'..='@' => {
                text.push(letter);
                blank = false;
            }
            'A'..='Z' => {
                text.push(letter.to_ascii_lowercase());
                blank = false;
            }
            letter if letter.is_whitespace() => {
                if !blank {
                    text.push(' ');
                }
                blank = true;
            }
            letter => {
                push_folded(&mut text, letter);
                blank = false;
            }
        }
    }
    text
}

fn push_folded(text: &mut String, letter: char) {
    match letter {
        '\u{2018}' | '\u{2019}' | '\u{b4}' | '`' => text.push('\''),
        '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' | '\u{201e}' => text.push('"'),
        '\u{2013}' | '\u{2014}' | '\u{2011}' => text.push('-'),
        'ß' => text.push_str("ss"),
        'ø' | 'Ø' => text.push('o'),
        'æ' | 'Æ' => text.push_str("ae"),
        'ł' | 'Ł' => text.push('l'),
        letter if letter.is_ascii() => text.push(letter),
        letter if letter.is_alphabetic() => text.extend(
            std::iter::once(letter)
                .nfd()
                .filter(|part| !is_combining_mark(*part))
                .flat_map(char::to_lowercase),
        ),
        letter => text.push(letter),
    }
}

/// Cuts at `.`, `!`, `?` before a blank, at blank lines, at the end of short lines (greetings,
/// one-liners), and at line ends before a new item. A blank line may be a span of its own.
fn sentences(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::with_capacity(16);
    let (mut start, mut line_start) = (0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        let next = bytes.get(index + 1).copied().unwrap_or(b'\n');
        let ends = match byte {
            b'.' | b'!' | b'?' => next.is_ascii_whitespace() && !is_abbreviation(bytes, index),
            b'\n' => next == b'\n' || index - line_start < 60 || matches!(next, b'-' | b'*'),
            _ => false,
        };
        if *byte == b'\n' {
            line_start = index + 1;
        }
        if ends && index + 1 > start {
            spans.push(Span { start, end: index + 1 });
            start = index + 1;
        }
    }
    if start < bytes.len() {
        spans.push(Span { start, end: bytes.len() });
    }
    spans
}

/// `nr.`, `mr.`, `art.` and single letters do not end a sentence.
fn is_abbreviation(bytes: &[u8], dot: usize) -> bool {
    const SHORT: [&[u8]; 12] = [
        b"nr", b"no", b"mr", b"mrs", b"dr", b"art", b"bv", b"tel", b"incl", b"ca", b"mevr", b"dhr",
    ];
    if bytes.get(dot) != Some(&b'.') {
        return false;
    }
    let before = bytes.get(..dot).unwrap_or_default();
    let word = before.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    SHORT.contains(&word) || word.ends_with(b"nr")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_what_is_searched_for() {
        assert_eq!(fold("Één  “Café”\tdon’t\n STRASSE ß"), "een \"cafe\" don't\nstrasse ss");
    }

    #[test]
    fn sentences_cover_the_text() {
        let plain = Plain::of("Hallo, ordernr. 12 graag. Dank!\n- een\n- twee\n\nEinde");
        let joined: String = plain.sentences.iter().map(|span| plain.words(*span)).collect();
        assert_eq!(joined, plain.text);
        assert_eq!(plain.words(plain.sentences[0]), "hallo, ordernr. 12 graag.");
        let said = plain.sentences.iter().filter(|span| !plain.words(**span).trim().is_empty());
        assert_eq!(said.count(), 5, "a short line is a sentence of its own");
    }
}
