//! A mail as the classifier sees it: numbered yes/no properties in three groups.
//!
//! The numbers are part of the trained weights: whoever changes this file trains anew.

use super::concepts::{Found, MOST, Mask};
use super::plain::Plain;

/// Buckets for words, word pairs and letter runs.
pub(super) const TEXT_BUCKETS: u16 = 16_384;
/// Single concepts in the mail, in the subject's sentence, rules, style.
pub(super) const SINGLE_BUCKETS: u16 = 512;
/// Pairs of concepts in one sentence.
pub(super) const PAIR_BUCKETS: u16 = 9_216;
/// How many numbers each group of features has.
pub const GROUP_SIZES: [u16; 3] = [TEXT_BUCKETS, SINGLE_BUCKETS, PAIR_BUCKETS];
/// All properties together.
pub(super) const BUCKETS: usize =
    TEXT_BUCKETS as usize + SINGLE_BUCKETS as usize + PAIR_BUCKETS as usize;

/// The properties a mail has, each number once. Groups are weighed separately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Text, single concepts and style, pairs of concepts.
    pub groups: [Vec<u16>; 3],
}

/// Properties that are no words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Style {
    /// Letters, and how many of them are capitals.
    pub letters: usize,
    /// Capitals among them.
    pub capitals: usize,
    /// Exclamation marks.
    pub exclamations: usize,
    /// Question marks.
    pub questions: usize,
    /// Whether an earlier message is known.
    pub has_history: bool,
    /// Whether the subject is an answer.
    pub is_answer: bool,
}

impl Style {
    /// Counts in the raw new text.
    pub(super) fn of(raw: &str) -> Self {
        let mut style = Self::default();
        for byte in raw.bytes() {
            style.letters += usize::from(byte.is_ascii_alphabetic());
            style.capitals += usize::from(byte.is_ascii_uppercase());
            style.exclamations += usize::from(byte == b'!');
            style.questions += usize::from(byte == b'?');
        }
        style
    }

    /// Mostly capitals: shouting.
    pub(super) const fn shouts(self) -> bool {
        self.letters > 12 && self.capitals * 10 > self.letters * 6
    }

    fn numbers(self, words: usize) -> [u16; 6] {
        let bucket = |count: usize, steps: [usize; 4]| {
            let at = steps.iter().filter(|step| count >= **step).count();
            u16::try_from(at).unwrap_or(0)
        };
        let capitals = self.capitals * 100 / self.letters.max(1);
        [
            bucket(capitals, [1, 8, 25, 60]),
            8 + bucket(self.exclamations, [1, 2, 4, 8]),
            16 + bucket(self.questions, [1, 2, 3, 5]),
            24 + bucket(words, [8, 20, 50, 120]),
            32 + u16::from(self.has_history),
            36 + u16::from(self.is_answer),
        ]
    }
}

struct Sink {
    seen: Vec<u64>,
    list: Vec<u16>,
}

impl Sink {
    fn new(buckets: u16) -> Self {
        Self { seen: vec![0; usize::from(buckets) / 64 + 1], list: Vec::with_capacity(512) }
    }

    fn add(&mut self, number: u16) {
        if let Some(word) = self.seen.get_mut(usize::from(number >> 6)) {
            let bit = 1 << (number & 63);
            if *word & bit == 0 {
                *word |= bit;
                self.list.push(number);
            }
        }
    }
}

const SEED: u32 = 0x811c_9dc5;

const fn mix(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

fn bucket(hash: u32) -> u16 {
    let spread = hash.wrapping_mul(0x9e37_79b1) >> 18;
    u16::try_from(spread).unwrap_or(0) % TEXT_BUCKETS
}

fn hash(bytes: &[u8], seed: u32) -> u32 {
    bytes.iter().fold(seed, |hash, byte| mix(hash, *byte))
}

/// Words, pairs of neighbours, and runs of four letters inside longer words.
fn text_features(text: &str, sink: &mut Sink) {
    let mut previous = SEED;
    for word in text.split(|letter: char| !(letter.is_alphanumeric() || letter == '\'')) {
        let bytes = word.as_bytes();
        if bytes.is_empty() || bytes.iter().any(u8::is_ascii_digit) {
            if !bytes.is_empty() {
                previous = SEED;
            }
            continue;
        }
        let this = hash(bytes, SEED);
        sink.add(bucket(this));
        sink.add(bucket(hash(bytes, previous ^ 0x5bd1_e995)));
        previous = this;
        if bytes.len() >= 5 {
            sink.add(bucket(hash(bytes.get(..4).unwrap_or_default(), SEED ^ 0x2f)));
            for run in bytes.windows(4) {
                sink.add(bucket(hash(run, SEED ^ 0x51)));
            }
        }
    }
}

fn bits(mask: Mask) -> impl Iterator<Item = u16> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            u16::try_from(bit).unwrap_or(0)
        })
    })
}

/// All properties of a mail: its plain text, what it speaks of, which rules hit, its style.
pub(super) fn features(
    plain: &Plain,
    found: &Found,
    rules: impl Iterator<Item = u16>,
    style: Style,
) -> Features {
    let most = u16::try_from(MOST).unwrap_or(96);
    let mut text = Sink::new(TEXT_BUCKETS);
    text_features(&plain.text, &mut text);
    let mut single = Sink::new(SINGLE_BUCKETS);
    bits(found.all).for_each(|bit| single.add(bit));
    let last = found.sentences.iter().rev().find(|mask| **mask != 0).copied().unwrap_or(0);
    bits(last).for_each(|bit| single.add(most + bit));
    let words = plain.text.split_whitespace().count();
    style.numbers(words).into_iter().for_each(|number| single.add(2 * most + number));
    rules.for_each(|rule| single.add(2 * most + 48 + rule.min(255)));
    let mut pairs = Sink::new(PAIR_BUCKETS);
    for mask in &found.sentences {
        for left in bits(*mask) {
            for right in bits(*mask & !((2 << left) - 1)) {
                pairs.add(left * most + right);
            }
        }
    }
    let offset = |list: Vec<u16>, by: u16| list.into_iter().map(|it| it + by).collect();
    Features {
        groups: [
            text.list,
            offset(single.list, TEXT_BUCKETS),
            offset(pairs.list, TEXT_BUCKETS + SINGLE_BUCKETS),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::concepts::CONCEPTS;

    #[test]
    fn numbers_stay_in_range_and_are_unique() {
        let plain = Plain::of("Als ik maandag niks hoor stap ik naar de rechter! Bestelling 12.");
        let found = CONCEPTS.find(&plain);
        let features = features(&plain, &found, [3, 255].into_iter(), Style::of("A!"));
        for group in &features.groups {
            let mut sorted = group.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), group.len());
            assert!(group.iter().all(|number| usize::from(*number) < BUCKETS));
        }
    }
}
