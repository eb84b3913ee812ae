//! The most telling part of a mail: sentence by sentence, what the whole would drown.
//!
//! A window is a few sentences of at least five words together. Each is scored by itself, with
//! what the whole mail is like beside it, and the best one speaks for the mail. This file says
//! what a window is and which properties it has; [`weights`] says what they are worth.

use std::ops::Range;

use super::features::{Ends, Features, GROUP_SIZES, HASHES, MOST_SAID, SINGLE, Said, fold};

pub mod weights;

/// The labels that windows are scored for. Moods are better heard in the whole mail.
pub const WINDOW_LABELS: [&str; 4] = ["threat", "escalate", "return", "cancel"];
/// How many there are.
pub const WINDOW_LABEL_COUNT: usize = WINDOW_LABELS.len();

/// The groups of a window's properties, weighed separately.
pub const WINDOW_GROUPS: usize = 8;
/// Words and pairs of neighbours: known as those of the whole mail.
pub const WORDS: usize = 0;
/// Runs of four letters: known as those of the whole mail.
pub const LETTERS: usize = 1;
/// Concepts of all books and rules; their numbers are their rows.
pub const SINGLES: usize = 2;
/// Pairs of concepts of all books.
pub const PAIRS: usize = 3;
/// Starts of words, and two of them up to `SKIP` words apart.
pub const SKIPS: usize = 4;
/// A concept and the start of a word at most `NEAR` words away.
pub const BESIDE: usize = 5;
/// Two concepts in order, at most `FAR` words apart.
pub const ORDERED: usize = 6;
/// Concepts, rules and style of the whole mail; their numbers are their rows.
pub const CONTEXT: usize = 7;

/// How many rows each group may have.
pub const WINDOW_SIZES: [usize; WINDOW_GROUPS] = [
    GROUP_SIZES[0],
    GROUP_SIZES[1],
    RULES_FROM + 288,
    8_192,
    12_288,
    6_144,
    4_096,
    GROUP_SIZES[SINGLE],
];
/// Below which number the properties of each group stay.
pub const WINDOW_NUMBERS: [usize; WINDOW_GROUPS] = [
    HASHES,
    HASHES,
    RULES_FROM + 288,
    MOST_SAID * (MOST_SAID - 1) / 2,
    HASHES,
    HASHES,
    MOST_SAID * MOST_SAID,
    GROUP_SIZES[SINGLE],
];

/// Rules come after the concepts among the single properties.
const RULES_FROM: usize = MOST_SAID;
/// Where the rules start among the single properties of the whole mail.
const MAIL_RULES_FROM: u32 = 192;
/// A window has at least so many words, where the mail has.
const LEAST_WORDS: usize = 5;
/// How far two starts of words may be apart.
const SKIP: usize = 5;
/// How far a start of a word may be from a concept.
const NEAR: usize = 4;
/// How far two concepts in order may be apart.
const FAR: usize = 6;

/// A stretch of sentences and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its sentences.
    pub sentences: Range<usize>,
    from: Ends,
    to: Ends,
}

impl Window {
    /// Its numbers of words and pairs of neighbours.
    pub fn words<'a>(&self, features: &'a Features) -> &'a [u32] {
        let [words, ..] = &features.mail;
        words.get(2 * self.from.words..2 * self.to.words).unwrap_or_default()
    }

    /// Its numbers of runs of letters.
    pub fn letters<'a>(&self, features: &'a Features) -> &'a [u32] {
        let [_, letters, ..] = &features.mail;
        letters.get(self.from.letters..self.to.letters).unwrap_or_default()
    }

    fn said<'a>(&self, features: &'a Features) -> &'a [Said] {
        features.said.get(self.from.said..self.to.said).unwrap_or_default()
    }

    fn stems<'a>(&self, features: &'a Features) -> &'a [u32] {
        features.stems.get(self.from.words..self.to.words).unwrap_or_default()
    }

    /// Concepts and rules, each once, in order: `SINGLES`.
    pub fn singles(&self, features: &Features) -> Vec<u32> {
        let mut there = [0_u64; RULES_FROM / 64];
        for it in self.said(features) {
            if let Some(word) = there.get_mut(it.concept as usize >> 6) {
                *word |= 1 << (it.concept & 63);
            }
        }
        let mut singles = Vec::with_capacity(32);
        for (first, mut word) in (0_u32..).step_by(64).zip(there) {
            while word != 0 {
                singles.push(first + word.trailing_zeros());
                word &= word - 1;
            }
        }
        let rules = features.rules.get(self.from.rules..self.to.rules).unwrap_or_default();
        let first = singles.len();
        let own = u32::try_from(RULES_FROM).unwrap_or(0);
        singles.extend(rules.iter().map(|rule| own + rule.saturating_sub(MAIL_RULES_FROM)));
        // Rules come sorted by sentence; each counts once.
        if let Some(rules) = singles.get_mut(first..) {
            rules.sort_unstable();
        }
        singles.dedup();
        singles
    }
}

/// Every two concepts of `singles`, which are in order: `PAIRS`.
#[inline]
pub fn pairs(singles: &[u32], mut add: impl FnMut(u32)) {
    for (index, high) in singles.iter().enumerate().take_while(|(_, it)| is_concept(**it)) {
        let first = high * high.saturating_sub(1) / 2;
        singles.iter().take(index).for_each(|low| add(first + low));
    }
}

const fn is_concept(single: u32) -> bool {
    (single as usize) < RULES_FROM
}

/// Starts of words, alone and two together: `SKIPS`.
#[inline]
pub fn skips(window: &Window, features: &Features, mut add: impl FnMut(u32)) {
    let mut stems = window.stems(features);
    while let Some((first, rest)) = stems.split_first() {
        add(fold(*first));
        let turned = first.wrapping_mul(0x85eb_ca6b).rotate_left(11);
        rest.iter().take(SKIP).for_each(|other| add(fold(turned ^ other)));
        stems = rest;
    }
}

/// Concepts and the starts of the words around them: `BESIDE`.
#[inline]
pub fn beside(window: &Window, features: &Features, mut add: impl FnMut(u32)) {
    let stems = window.stems(features);
    for it in window.said(features) {
        let at = it.word.saturating_sub(window.from.words);
        let turned = (it.concept + 1).wrapping_mul(0xc2b2_ae35);
        let before = stems.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
        let after = stems.get(at + 1..).unwrap_or_default();
        for stem in before.iter().chain(after.iter().take(NEAR)) {
            add(fold(turned ^ stem));
        }
    }
}

/// Two concepts in order: `ORDERED`.
#[inline]
pub fn ordered(window: &Window, features: &Features, mut add: impl FnMut(u32)) {
    let mut said = window.said(features);
    let most = u32::try_from(MOST_SAID).unwrap_or(0);
    while let Some((first, rest)) = said.split_first() {
        let near = rest.iter().take_while(|it| it.word <= first.word + FAR);
        near.filter(|it| it.word > first.word)
            .for_each(|it| add(first.concept * most + it.concept));
        said = rest;
    }
}

/// The windows of a mail: sentences in order, joined until there are enough words; what is left
/// over joins the last. A mail without words is one window.
pub fn windows(features: &Features) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::with_capacity(features.sentences.len());
    let mut from = Ends::default();
    let mut first = 0;
    for (index, to) in features.sentences.iter().enumerate() {
        if to.words >= from.words + LEAST_WORDS {
            windows.push(Window { sentences: first..index + 1, from, to: *to });
            (first, from) = (index + 1, *to);
        }
    }
    let end = features.sentences.len();
    let to = features.sentences.last().copied().unwrap_or_default();
    match windows.last_mut() {
        Some(last) => {
            last.sentences.end = end;
            last.to = to;
        }
        None => windows.push(Window { sentences: 0..end, from, to }),
    }
    windows
}

#[cfg(test)]
mod tests;
