//! A mail as the classifier sees it: numbered yes/no properties, in groups.
//!
//! Words and runs of letters are numbered by hash; which of them are known, and their rows of
//! weights, the trained weights tell. Whoever changes this file trains anew.

use super::concepts::{Heard, MOST, Mask};
use super::plain::Plain;
use super::rules::RuleHit;

/// Words, pairs of words and runs of letters have numbers below this.
pub const HASHES: usize = 1 << 18;
/// How many rows of weights each group may have: words and pairs of neighbours; runs of four
/// letters; concepts, rules and style; pairs of concepts in one sentence.
pub const GROUP_SIZES: [usize; 4] = [8_192, 4_096, 1_024, 3_072];
/// Below which number the properties of each group stay.
pub const GROUP_NUMBERS: [usize; 4] = [HASHES, HASHES, GROUP_SIZES[2], 7_936];
/// The group of single concepts, rules and style, whose numbers are their rows.
pub const SINGLE: usize = 2;
/// All rows together.
pub(super) const BUCKETS: usize = GROUP_SIZES[0] + GROUP_SIZES[1] + GROUP_SIZES[2] + GROUP_SIZES[3];
/// The concepts of all books have numbers below this.
pub const MOST_SAID: usize = 192;

/// The properties a mail has, group by group. Groups are weighed separately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Of the whole mail: words and pairs of neighbours, two a word, in order; letters; single
    /// concepts, rules and style, each once; pairs of concepts, sentence by sentence.
    pub mail: [Vec<u32>; 4],
    /// The hash of the start of each word, in order: one a word.
    pub stems: Vec<u32>,
    /// The concepts of all books, by the place of their first word, each once a place.
    pub said: Vec<Said>,
    /// Rules that hold, sentence by sentence.
    pub rules: Vec<u32>,
    /// Where each sentence ends in these lists.
    pub sentences: Vec<Ends>,
    /// Which labels may be given at all, one bit each.
    pub open: u32,
}

/// A concept where it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// The place of its first word among the mail's words.
    pub word: usize,
    /// Its number among those of all books, below [`MOST_SAID`].
    pub concept: u32,
}

/// How many properties there are up to the end of a sentence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// Words.
    pub words: usize,
    /// Runs of letters.
    pub letters: usize,
    /// Pairs of concepts.
    pub pairs: usize,
    /// Concepts of all books.
    pub said: usize,
    /// Rules.
    pub rules: usize,
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
    seen: [u64; GROUP_SIZES[SINGLE] / 64],
    list: Vec<u32>,
}

impl Sink {
    fn new() -> Self {
        Self { seen: [0; GROUP_SIZES[SINGLE] / 64], list: Vec::with_capacity(64) }
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
pub(super) const fn fold(hash: u32) -> u32 {
    hash.wrapping_mul(0x9e37_79b1) >> (32 - HASHES.trailing_zeros())
}

fn more(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
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

/// A word says what it is about with its first letters.
const STEM: usize = 5;

/// What is collected word by word.
#[derive(Default)]
struct Words {
    /// Words and pairs of neighbours; any number is `0`.
    hashes: Vec<u32>,
    /// Runs of four letters inside words.
    letters: Vec<u32>,
    stems: Vec<u32>,
    /// Where each word starts in the text.
    starts: Vec<usize>,
}

impl Words {
    fn of_length(bytes: usize) -> Self {
        let count = bytes / 5 + 1;
        Self {
            hashes: Vec::with_capacity(2 * count),
            letters: Vec::with_capacity(bytes),
            stems: Vec::with_capacity(count),
            starts: Vec::with_capacity(count),
        }
    }

    /// Adds those of one sentence, which starts at `start`.
    fn add(&mut self, mut start: usize, sentence: &str) {
        let mut previous = SEED;
        for bytes in sentence.as_bytes().chunk_by(|one, next| kind(*one) == kind(*next)) {
            let at = start;
            start += bytes.len();
            let kind = bytes.first().map_or(0, |byte| kind(*byte));
            let bytes = match kind {
                0 => continue,
                2 => b"0",
                _ => bytes,
            };
            let (first, rest) = bytes.split_at_checked(STEM).unwrap_or((bytes, &[]));
            let stem = more(SEED, first);
            let this = more(stem, rest);
            let pair = this.rotate_left(13) ^ previous.wrapping_mul(0x85eb_ca6b);
            self.hashes.extend([fold(this), fold(pair)]);
            self.stems.push(stem);
            self.starts.push(at);
            previous = this;
            if kind == 1 {
                self.runs(bytes);
            }
        }
    }

    fn runs(&mut self, word: &[u8]) {
        let mut run = u32::from(b'<');
        for (index, byte) in word.iter().chain(b">").enumerate() {
            run = run << 8 | u32::from(*byte);
            if index >= 2 {
                self.letters.push(fold(run.wrapping_mul(0x2c1b_3c6d) ^ run >> 15));
            }
        }
    }
}

/// The concepts of all books by the place of their first word.
fn said(heard: &Heard, starts: &[usize]) -> Vec<Said> {
    let mut places: Vec<(usize, u32)> = Vec::with_capacity(2 * heard.said.len());
    for (book, hit) in &heard.said {
        let first = book.first();
        places.extend(bits(hit.mask).map(|bit| (hit.span.start, first + bit)));
    }
    places.sort_unstable();
    let mut word = 0;
    let mut said: Vec<Said> = Vec::with_capacity(places.len());
    for (start, concept) in places {
        while starts.get(word + 1).is_some_and(|next| *next <= start) {
            word += 1;
        }
        said.push(Said { word, concept });
    }
    said.sort();
    said.dedup();
    said
}

/// The concepts in a mask.
pub(super) fn bits(mask: Mask) -> impl Iterator<Item = u32> {
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
    pub heard: &'a Heard,
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
    let Source { plain, heard, hits, open, .. } = source;
    let mut words = Words::of_length(plain.text.len());
    let mut pair = Vec::with_capacity(64);
    let mut rules: Vec<(usize, u32)> = hits.iter().map(|hit| (hit.sentence, rule(hit))).collect();
    rules.sort_unstable();
    let mut sentences = Vec::with_capacity(plain.sentences.len());
    for (index, span) in plain.sentences.iter().enumerate() {
        words.add(span.start, plain.words(*span));
        pairs(heard.topics.sentences.get(index).copied().unwrap_or(0), |it| pair.push(it));
        sentences.push(Ends {
            words: words.stems.len(),
            letters: words.letters.len(),
            pairs: pair.len(),
            said: 0,
            rules: rules.partition_point(|(sentence, _)| *sentence <= index),
        });
    }
    let said = said(heard, &words.starts);
    for ends in &mut sentences {
        ends.said = said.partition_point(|it| it.word < ends.words);
    }
    Features {
        mail: [words.hashes, words.letters, single(source), pair],
        stems: words.stems,
        said,
        rules: rules.into_iter().map(|(_, rule)| rule).collect(),
        sentences,
        open: *open,
    }
}

/// The number of a rule among the single properties.
fn rule(hit: &RuleHit) -> u32 {
    RULES_FROM + u32::try_from(hit.rule.min(MOST_RULES)).unwrap_or(0)
}

/// Concepts, rules, style and facts of the whole mail.
fn single(source: &Source<'_>) -> Vec<u32> {
    let found = &source.heard.topics;
    let mut single = Sink::new();
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
    let count = source.plain.text.split(' ').count();
    source.style.numbers(count).into_iter().for_each(|number| single.add(STYLE_FROM + number));
    source.hits.iter().for_each(|hit| single.add(rule(hit)));
    source.facts.iter().for_each(|fact| single.add(FACTS_FROM + u32::from(*fact.min(&31))));
    single.list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::concepts::Heard;

    fn of(text: &str) -> Features {
        let plain = Plain::of(text);
        let heard = Heard::in_text(&plain);
        let hits = crate::understand::rules::apply(&heard.topics);
        let style = Style::of(text);
        let facts = [0, 31, 99];
        let source =
            Source { plain: &plain, heard: &heard, hits: &hits, style, facts: &facts, open: 1 };
        features(&source)
    }

    #[test]
    fn numbers_stay_in_their_group() {
        let features = of("Als ik maandag niks hoor stap ik naar de rechter! Bestelling 12 b.");
        for (group, size) in features.mail.iter().zip(GROUP_NUMBERS) {
            assert!(!group.is_empty() && group.iter().all(|number| (*number as usize) < size));
        }
        let last = MOST - 1;
        assert!((last * (last - 1) / 2 + last) < GROUP_NUMBERS[3]);
        let mut single = features.mail[SINGLE].clone();
        single.sort_unstable();
        single.dedup();
        assert_eq!(single.len(), features.mail[SINGLE].len(), "each once");
    }

    #[test]
    fn concepts_stand_at_their_words() {
        let features = of("Hallo. Ik ga naar de rechter! Groet");
        let ends = features.sentences.last().unwrap();
        assert_eq!((ends.words, ends.said), (features.stems.len(), features.said.len()));
        assert_eq!(features.mail[0].len(), 2 * features.stems.len());
        let phrase = features.said.iter().any(|it| it.word == 3);
        assert!(phrase, "at its first word: {:?}", features.said);
        assert!(features.said.iter().all(|it| (it.concept as usize) < MOST_SAID));
    }

    #[test]
    fn numbers_read_alike_and_typos_share_letters() {
        assert_eq!(of("order 123").mail[0], of("order 98").mail[0]);
        let [right, wrong] = ["annuleren", "annuleeren"].map(|text| of(text).mail[1].clone());
        assert!(right.iter().filter(|number| wrong.contains(number)).count() >= 6);
    }
}
