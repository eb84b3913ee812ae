//! A mail as the classifier sees it: numbered yes/no properties, in groups.
//!
//! Words and runs of letters are numbered by hash; which of them are known, and their rows of
//! weights, the trained weights tell. Whoever changes this file trains anew.

use super::concepts::{Found, MOST, Mask};
use super::plain::Plain;
use super::rules::RuleHit;

/// Words, pairs of words and runs of letters have numbers below this.
pub const HASHES: usize = 1 << 18;
/// How many rows of weights each group may have: words and pairs of neighbours; runs of four
/// letters; concepts, rules and style; pairs of concepts in one sentence.
pub const GROUP_SIZES: [usize; 4] = [15_872, 7_936, 1_024, 7_936];
/// The groups numbered by hash come first.
pub const HASHED_GROUPS: usize = 2;
/// All rows together.
pub(super) const BUCKETS: usize = GROUP_SIZES[0] + GROUP_SIZES[1] + GROUP_SIZES[2] + GROUP_SIZES[3];

/// The properties a mail has, each number once in its group. Groups are weighed separately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Of the whole mail: words, letters, single concepts and style, pairs of concepts.
    pub mail: [Vec<u32>; 4],
    /// Of each sentence: its words, and its pairs of concepts.
    pub sentences: Vec<[Vec<u32>; 2]>,
    /// Which labels may be given at all, one bit each.
    pub open: u32,
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
    /// Exclamation marks that follow another.
    pub repeated: usize,
    /// Question marks.
    pub questions: usize,
    /// Dots that follow another.
    pub dots: usize,
    /// Words of three letters or more, all capitals.
    pub shouted: usize,
    /// Whether the first letter is a small one.
    pub starts_small: bool,
    /// Whether an earlier message is known.
    pub has_history: bool,
    /// Whether the subject is an answer.
    pub is_answer: bool,
}

impl Style {
    /// Counts in the raw new text.
    pub(super) fn of(raw: &str) -> Self {
        let mut style = Self::default();
        let (mut before, mut run) = (b' ', 0_usize);
        for byte in raw.bytes() {
            style.letters += usize::from(byte.is_ascii_alphabetic());
            style.capitals += usize::from(byte.is_ascii_uppercase());
            style.exclamations += usize::from(byte == b'!');
            style.repeated += usize::from(byte == b'!' && before == b'!');
            style.questions += usize::from(byte == b'?');
            style.dots += usize::from(byte == b'.' && before == b'.');
            run = if byte.is_ascii_uppercase() { run + 1 } else { 0 };
            style.shouted += usize::from(run == 3);
            before = byte;
        }
        let first = raw.bytes().find(u8::is_ascii_alphabetic);
        style.starts_small = first.is_some_and(|it| it.is_ascii_lowercase());
        style
    }

    fn numbers(self, words: usize) -> [u32; 11] {
        let bucket = |count: usize, steps: [usize; 4]| {
            let at = steps.iter().filter(|step| count >= **step).count();
            u32::try_from(at).unwrap_or(0)
        };
        let capitals = self.capitals * 100 / self.letters.max(1);
        [
            bucket(capitals, [1, 8, 25, 60]),
            8 + bucket(self.exclamations, [1, 2, 4, 8]),
            16 + bucket(self.questions, [1, 2, 3, 5]),
            24 + bucket(words, [8, 20, 50, 120]),
            32 + u32::from(self.has_history),
            34 + u32::from(self.is_answer),
            36 + u32::from(self.starts_small),
            38 + bucket(self.repeated, [1, 2, 4, 8]),
            43 + bucket(self.dots, [1, 2, 4, 8]),
            48 + bucket(self.shouted, [1, 2, 4, 8]),
            53 + u32::from(self.exclamations + self.questions == 0),
        ]
    }
}

/// Where each kind of number starts among the single properties.
const STYLE_FROM: u32 = 128;
const RULES_FROM: u32 = 192;
const FACTS_FROM: u32 = 480;
/// Concepts found twice, and four times.
const OFTEN_FROM: u32 = 512;
/// Concepts of the first sentence, which is the subject when the customer wrote one.
const FIRST_FROM: u32 = 768;
/// Concepts of the last sentence.
const LAST_FROM: u32 = 896;
/// More rules than this share a number.
const MOST_RULES: usize = 287;
const _: () = assert!(MOST <= 126, "concepts and their pairs have numbers for so many");

/// Collects numbers, each once.
struct Sink {
    seen: Vec<u64>,
    list: Vec<u32>,
}

impl Sink {
    fn new(size: usize) -> Self {
        Self { seen: vec![0; size / 64 + 1], list: Vec::with_capacity(64) }
    }

    fn add(&mut self, number: u32) {
        let place = usize::try_from(number >> 6).unwrap_or(usize::MAX);
        if let Some(word) = self.seen.get_mut(place) {
            let bit = 1 << (number & 63);
            if *word & bit == 0 {
                *word |= bit;
                self.list.push(number);
            }
        }
    }
}

const SEED: u32 = 0x811c_9dc5;

/// The upper bits of a well mixed hash.
const fn fold(hash: u32) -> u32 {
    hash.wrapping_mul(0x9e37_79b1) >> (32 - HASHES.trailing_zeros())
}

fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(SEED, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// What a run of signs is for the reader: part of a word, of a number, of an outcry.
const fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'\'' | 128..=255 => 1,
        b'0'..=b'9' => 2,
        b'!' | b'?' | b'$' => 3,
        _ => 0,
    }
}

/// Words, pairs of neighbours, and runs of four letters inside words; any number is `0`.
fn text_features(text: &str, mut word: impl FnMut(u32), mut letters: impl FnMut(u32)) {
    let mut previous = SEED;
    for bytes in text.as_bytes().chunk_by(|one, next| kind(*one) == kind(*next)) {
        let this = match bytes.first().map_or(0, |byte| kind(*byte)) {
            0 => continue,
            2 => hash(b"0"),
            _ => hash(bytes),
        };
        word(fold(this));
        word(fold(this.rotate_left(13) ^ previous.wrapping_mul(0x85eb_ca6b)));
        previous = this;
        if kind(bytes.first().copied().unwrap_or(0)) == 1 {
            let mut run = u32::from(b'<');
            for (index, byte) in bytes.iter().chain(b">").enumerate() {
                run = run << 8 | u32::from(*byte);
                if index >= 2 {
                    letters(fold(run.wrapping_mul(0x2c1b_3c6d) ^ run >> 15));
                }
            }
        }
    }
}

fn bits(mask: Mask) -> impl Iterator<Item = u32> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            bit
        })
    })
}

/// Every pair of two concepts, numbered without gaps.
fn pairs(mask: Mask, mut add: impl FnMut(u32)) {
    for high in bits(mask) {
        for low in bits(mask & ((1 << high) - 1)) {
            add(high * (high - 1) / 2 + low);
        }
    }
}

/// What a mail is made of, for [`features`].
pub(super) struct Source<'a> {
    /// The searchable text.
    pub plain: &'a Plain,
    /// What it speaks of.
    pub found: &'a Found,
    /// Which rules hold where.
    pub hits: &'a [RuleHit],
    /// How it is written.
    pub style: Style,
    /// Facts from elsewhere: below 32, one each.
    pub facts: &'a [u16],
    /// Which labels may be given.
    pub open: u32,
}

/// All properties of a mail.
pub(super) fn features(source: &Source<'_>) -> Features {
    let Source { plain, found, hits, style, facts, open } = source;
    let [mut words, mut letters] = [Sink::new(HASHES), Sink::new(HASHES)];
    let [mut single, mut pair] = [Sink::new(GROUP_SIZES[2]), Sink::new(GROUP_SIZES[3])];
    let mut sentences = Vec::with_capacity(plain.sentences.len());
    for (index, span) in plain.sentences.iter().enumerate() {
        let mut own = [Vec::with_capacity(32), Vec::new()];
        let [own_words, own_pairs] = &mut own;
        text_features(
            plain.words(*span),
            |number| {
                words.add(number);
                own_words.push(number);
            },
            |number| letters.add(number),
        );
        pairs(found.sentences.get(index).copied().unwrap_or(0), |number| {
            pair.add(number);
            own_pairs.push(number);
        });
        sentences.push(own);
    }
    bits(found.all).for_each(|bit| single.add(bit));
    let mut counts = [0_u8; 128];
    for bit in found.hits.iter().flat_map(|hit| bits(hit.mask)) {
        if let Some(count) = counts.get_mut(bit as usize) {
            *count = count.saturating_add(1);
        }
    }
    for (bit, count) in (0_u32..).zip(counts) {
        [(2, 0), (4, 128)]
            .iter()
            .filter(|(least, _)| count >= *least)
            .for_each(|(_, from)| single.add(OFTEN_FROM + from + bit));
    }
    let first = found.sentences.first().copied().unwrap_or(0);
    bits(first).for_each(|bit| single.add(FIRST_FROM + bit));
    let last = found.sentences.iter().rev().find(|mask| **mask != 0).copied().unwrap_or(0);
    bits(last).for_each(|bit| single.add(LAST_FROM + bit));
    let count = plain.text.split(' ').count();
    style.numbers(count).into_iter().for_each(|number| single.add(STYLE_FROM + number));
    for hit in *hits {
        single.add(RULES_FROM + u32::try_from(hit.rule.min(MOST_RULES)).unwrap_or(0));
    }
    facts.iter().for_each(|fact| single.add(FACTS_FROM + u32::from(*fact.min(&31))));
    Features { mail: [words, letters, single, pair].map(|sink| sink.list), sentences, open: *open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::concepts::Heard;

    fn of(text: &str) -> Features {
        let plain = Plain::of(text);
        let found = Heard::in_text(&plain).topics;
        let hits = crate::understand::rules::apply(&found);
        let style = Style::of(text);
        let facts = [0, 31, 99];
        let source =
            Source { plain: &plain, found: &found, hits: &hits, style, facts: &facts, open: 1 };
        features(&source)
    }

    #[test]
    fn numbers_stay_in_their_group_and_are_unique() {
        let features = of("Als ik maandag niks hoor stap ik naar de rechter! Bestelling 12 b.");
        let sizes = [HASHES, HASHES, GROUP_SIZES[2], GROUP_SIZES[3]];
        for (group, size) in features.mail.iter().zip(sizes) {
            let mut sorted = group.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), group.len());
            assert!(!group.is_empty() && group.iter().all(|number| (*number as usize) < size));
        }
        let last = MOST - 1;
        assert!((last * (last - 1) / 2 + last) < GROUP_SIZES[3]);
    }

    #[test]
    fn numbers_read_alike_and_typos_share_letters() {
        assert_eq!(of("order 123").mail[0], of("order 98").mail[0]);
        let [right, wrong] = ["annuleren", "annuleeren"].map(|text| of(text).mail[1].clone());
        assert!(right.iter().filter(|number| wrong.contains(number)).count() >= 6);
    }
}
