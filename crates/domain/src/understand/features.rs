//! A mail as the classifier sees it: numbered yes/no properties, in groups.
//!
//! The numbers are part of the trained weights: whoever changes this file trains anew.

use super::concepts::{Found, Mask};
use super::plain::Plain;
use super::rules::RuleHit;

/// How many numbers each group of features has: of the mail its text, its single concepts,
/// rules and style, its pairs of concepts; of a sentence its text, and its concepts and rules.
pub const GROUP_SIZES: [u16; 5] = [16_384, 512, 4_608, 8_192, 5_376];
/// All numbers together.
pub(super) const BUCKETS: usize = {
    let [text, single, pairs, sentence, concepts] = GROUP_SIZES;
    text as usize + single as usize + pairs as usize + sentence as usize + concepts as usize
};

/// The properties a mail has, each number once in its group. Groups are weighed separately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Of the whole mail: text, single concepts and style, pairs of concepts.
    pub mail: [Vec<u16>; 3],
    /// Of each sentence: text, concepts.
    pub sentences: Vec<[Vec<u16>; 2]>,
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

/// Collects numbers of one group, each once.
struct Sink {
    seen: Vec<u64>,
    list: Vec<u16>,
    size: u16,
    offset: u16,
}

impl Sink {
    fn new(group: usize) -> Self {
        let size = GROUP_SIZES.get(group).copied().unwrap_or(64);
        let offset = GROUP_SIZES.iter().take(group).sum();
        Self { seen: vec![0; usize::from(size) / 64 + 1], list: Vec::new(), size, offset }
    }

    fn add(&mut self, number: u16) {
        if let Some(word) = self.seen.get_mut(usize::from(number >> 6)) {
            let bit = 1 << (number & 63);
            if *word & bit == 0 && number < self.size {
                *word |= bit;
                self.list.push(number);
            }
        }
    }

    /// What was collected, as places among all numbers; ready to collect again.
    fn take(&mut self) -> Vec<u16> {
        for number in &self.list {
            if let Some(word) = self.seen.get_mut(usize::from(number >> 6)) {
                *word = 0;
            }
        }
        let offset = self.offset;
        self.list.drain(..).map(|number| number + offset).collect()
    }
}

const SEED: u32 = 0x811c_9dc5;

fn hash(bytes: &[u8], seed: u32) -> u32 {
    bytes.iter().fold(seed, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Words, pairs of neighbours, and runs of four letters inside longer words.
fn text_features(text: &str, mut add: impl FnMut(u32)) {
    let mut previous = SEED;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'\'' || byte >= 128;
    for bytes in text.as_bytes().split(|byte| !is_word(*byte)).filter(|word| !word.is_empty()) {
        if bytes.iter().any(u8::is_ascii_digit) {
            previous = SEED;
            continue;
        }
        let this = hash(bytes, SEED);
        add(this);
        add(this.rotate_left(13) ^ previous.wrapping_mul(0x85eb_ca6b));
        previous = this;
        if bytes.len() >= 5 {
            add(hash(bytes.get(..5).unwrap_or_default(), SEED ^ 0x2f));
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

/// Every pair of two concepts, numbered without gaps.
fn pairs(mask: Mask, mut add: impl FnMut(u16)) {
    for high in bits(mask) {
        for low in bits(mask & ((1 << high) - 1)) {
            add(high * (high - 1) / 2 + low);
        }
    }
}

const MOST_CONCEPTS: u16 = 96;

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
    let [mut text, mut single, mut pair] = [Sink::new(0), Sink::new(1), Sink::new(2)];
    let [mut sentence_text, mut sentence_concepts] = [Sink::new(3), Sink::new(4)];
    let (all, small) = (GROUP_SIZES[0] - 1, GROUP_SIZES[3] - 1);
    let fold = |hash: u32, mask: u16| {
        u16::try_from(hash.wrapping_mul(0x9e37_79b1) >> 16).unwrap_or(0) & mask
    };
    let near =
        |index: Option<usize>| index.and_then(|at| found.sentences.get(at)).copied().unwrap_or(0);
    let mut sentences = Vec::with_capacity(plain.sentences.len());
    for (index, span) in plain.sentences.iter().enumerate() {
        text_features(plain.words(*span), |hash| {
            text.add(fold(hash, all));
            sentence_text.add(fold(hash, small));
        });
        let own = near(Some(index));
        let mut concept = |number: u16| sentence_concepts.add(number);
        bits(own).for_each(&mut concept);
        let beside = near(index.checked_sub(1)) | near(Some(index + 1));
        bits(beside).for_each(|bit| concept(MOST_CONCEPTS + bit));
        bits(found.all).for_each(|bit| concept(2 * MOST_CONCEPTS + bit));
        pairs(own, |number| {
            pair.add(number);
            concept(3 * MOST_CONCEPTS + number);
        });
        let here = hits.iter().filter(|hit| hit.sentence == index);
        here.for_each(|hit| concept(5_100 + u16::try_from(hit.rule).unwrap_or(0).min(219)));
        facts.iter().for_each(|fact| concept(5_320 + fact.min(&31)));
        concept(5_354 + u16::from(index == 0));
        sentences.push([sentence_text.take(), sentence_concepts.take()]);
    }
    bits(found.all).for_each(|bit| single.add(bit));
    let words = plain.text.split(' ').count();
    style.numbers(words).into_iter().for_each(|number| single.add(MOST_CONCEPTS + number));
    hits.iter().for_each(|hit| single.add(144 + u16::try_from(hit.rule).unwrap_or(0).min(219)));
    facts.iter().for_each(|fact| single.add(370 + fact.min(&31)));
    Features { mail: [text.take(), single.take(), pair.take()], sentences, open: *open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::concepts::{CONCEPTS, MOST};

    #[test]
    fn numbers_stay_in_their_group_and_are_unique() {
        let plain = Plain::of("Als ik maandag niks hoor stap ik naar de rechter! Bestelling 12.");
        let found = CONCEPTS.find(&plain);
        let hits = crate::understand::rules::apply(&found);
        let style = Style::of("A!");
        let source = Source {
            plain: &plain,
            found: &found,
            hits: &hits,
            style,
            facts: &[0, 31, 99],
            open: 1,
        };
        let features = features(&source);
        assert_eq!(features.sentences.len(), plain.sentences.len());
        for group in features.mail.iter().chain(features.sentences.iter().flatten()) {
            let mut sorted = group.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), group.len());
            assert!(group.iter().all(|number| usize::from(*number) < BUCKETS));
        }
        assert_eq!(usize::from(MOST_CONCEPTS), MOST);
    }
}
