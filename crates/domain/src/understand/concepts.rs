//! Which words and phrases speak of what: the lists in `data/concepts.toml`, found in one pass.
//!
//! A concept is a topic ("a lawyer", "a deadline"), not a conclusion; conclusions are drawn
//! from combinations in [`super::rules`] and by [`super::classifier`].

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::plain::{Plain, Span};

/// A set of concepts, one bit each.
pub(super) type Mask = u128;

/// At most this many concepts are used.
pub(super) const MOST: usize = 126;

const LISTS: &str = include_str!("data/concepts.toml");

/// The keys are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {}

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type ByHash<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// What is known of a run of whole words.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    mask: Mask,
    /// Whether a longer phrase starts with it.
    goes_on: bool,
}

/// A bit per low part of a hash: says quickly that a key is not there.
struct Sieve(Vec<u64>);

impl Sieve {
    fn of(keys: impl Iterator<Item = u64>) -> Self {
        let mut bits = vec![0_u64; 2048];
        for key in keys {
            if let Some(word) = bits.get_mut(Self::place(key)) {
                *word |= 1 << (key & 63);
            }
        }
        Self(bits)
    }

    fn place(key: u64) -> usize {
        usize::try_from(key >> 6 & 2047).unwrap_or(0)
    }

    fn may_hold(&self, key: u64) -> bool {
        self.0.get(Self::place(key)).is_some_and(|word| word >> (key & 63) & 1 == 1)
    }
}

/// The compiled lists.
pub(super) struct Concepts {
    /// Phrases of whole words.
    phrases: ByHash<Entry>,
    /// Phrases whose last word may go on: the stem's hash.
    stems: ByHash<Mask>,
    stem_sieve: Sieve,
    /// Phrases that start or end with a sign: found literally.
    signs: AhoCorasick,
    sign_masks: Vec<(Mask, bool, bool)>,
    names: Vec<String>,
}

/// A phrase found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// What it speaks of.
    pub mask: Mask,
    /// Where it stands in the plain text.
    pub span: Span,
}

/// What was found in one text.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every phrase.
    pub hits: Vec<Hit>,
    /// For each sentence of the text: what it speaks of.
    pub sentences: Vec<Mask>,
    /// What the whole text speaks of.
    pub all: Mask,
}

/// The lists shipped with the program, compiled once.
pub(super) static CONCEPTS: LazyLock<Concepts> = LazyLock::new(|| Concepts::parse(LISTS));

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// One letter more; mixed well enough that low and high bits are both usable.
const fn mix(hash: u64, byte: u8) -> u64 {
    let next = (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
    next ^ next >> 29
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// The words of a phrase hashed one after the other, a blank between them.
fn word_hashes(phrase: &str) -> Vec<u64> {
    let mut hash = SEED;
    let words = phrase.as_bytes().split(|byte| !is_word(*byte)).filter(|word| !word.is_empty());
    words
        .enumerate()
        .map(|(index, word)| {
            hash = if index == 0 { SEED } else { mix(hash, b' ') };
            hash = word.iter().fold(hash, |hash, byte| mix(hash, *byte));
            hash
        })
        .collect()
}

impl Concepts {
    /// Compiles lists written as in `data/concepts.toml`.
    pub(super) fn parse(lists: &str) -> Self {
        let table: BTreeMap<String, String> = toml::from_str(lists).unwrap_or_default();
        let names: Vec<String> = table.keys().take(MOST).cloned().collect();
        let mut phrases = ByHash::<Entry>::default();
        let mut stems = ByHash::<Mask>::default();
        let mut signs: BTreeMap<String, Mask> = BTreeMap::new();
        for (index, list) in table.values().take(MOST).enumerate() {
            let mask = 1 << index;
            for phrase in list.split([',', '\n']).map(str::trim).filter(|it| !it.is_empty()) {
                let open_end = phrase.ends_with('*');
                let bare = phrase.trim_end_matches('*');
                let edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
                if !edge(bare.as_bytes().first()) || !edge(bare.as_bytes().last()) {
                    *signs.entry(bare.to_owned()).or_default() |= mask;
                    continue;
                }
                let hashes = word_hashes(bare);
                let Some((last, before)) = hashes.split_last() else { continue };
                for hash in before {
                    phrases.entry(*hash).or_default().goes_on = true;
                }
                if open_end {
                    *stems.entry(*last).or_default() |= mask;
                } else {
                    phrases.entry(*last).or_default().mask |= mask;
                }
            }
        }
        let sides =
            |sign: &str| (sign.as_bytes().first().copied(), sign.as_bytes().last().copied());
        let sign_masks = signs
            .iter()
            .map(|(sign, mask)| {
                let (first, last) = sides(sign);
                (*mask, first.is_some_and(is_word), last.is_some_and(is_word))
            })
            .collect();
        #[expect(clippy::expect_used, reason = "a few dozen committed signs; tested")]
        let signs = AhoCorasick::new(signs.keys()).expect("the committed signs compile");
        let stem_sieve = Sieve::of(stems.keys().copied());
        Self { phrases, stems, stem_sieve, signs, sign_masks, names }
    }

    /// The bit of `name`; no bit when there is no such list.
    pub(super) fn mask(&self, name: &str) -> Mask {
        self.names.iter().position(|known| known == name).map_or(0, |index| 1 << index)
    }

    /// The bits of several names, blanks between them.
    pub(super) fn mask_of(&self, names: &str) -> Mask {
        names.split_whitespace().fold(0, |mask, name| mask | self.mask(name))
    }

    /// The names of the concepts in `mask`.
    pub(super) fn names_in(&self, mask: Mask) -> Vec<&str> {
        let names = self.names.iter().enumerate();
        names.filter(|(index, _)| mask & (1 << index) != 0).map(|(_, it)| it.as_str()).collect()
    }

    /// Finds every phrase of every list.
    pub(super) fn find(&self, plain: &Plain) -> Found {
        let mut found = Found { sentences: vec![0; plain.sentences.len()], ..Found::default() };
        let bytes = plain.text.as_bytes();
        let mut words: Vec<Span> = Vec::with_capacity(64);
        for (index, span) in plain.sentences.iter().enumerate() {
            words.clear();
            let mut at = span.start;
            while at < span.end {
                let start = at;
                while at < span.end && bytes.get(at).is_some_and(|byte| is_word(*byte)) {
                    at += 1;
                }
                if at > start {
                    words.push(Span { start, end: at });
                }
                at += 1;
            }
            for first in 0..words.len() {
                self.phrases_from(
                    bytes,
                    words.get(first..).unwrap_or_default(),
                    &mut |mask, span| {
                        found.add(index, mask, span);
                    },
                );
            }
        }
        self.find_signs(plain, &mut found);
        found
    }

    /// Every phrase that starts at the first of `words`.
    fn phrases_from(&self, bytes: &[u8], words: &[Span], hit: &mut impl FnMut(Mask, Span)) {
        let Some(start) = words.first().map(|word| word.start) else { return };
        let mut hash = SEED;
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                hash = mix(hash, b' ');
            }
            for byte in bytes.get(word.start..word.end).unwrap_or_default() {
                hash = mix(hash, *byte);
                if self.stem_sieve.may_hold(hash)
                    && let Some(mask) = self.stems.get(&hash)
                {
                    hit(*mask, Span { start, end: word.end });
                }
            }
            let Some(entry) = self.phrases.get(&hash) else { return };
            if entry.mask != 0 {
                hit(entry.mask, Span { start, end: word.end });
            }
            if !entry.goes_on {
                return;
            }
        }
    }

    fn find_signs(&self, plain: &Plain, found: &mut Found) {
        let bytes = plain.text.as_bytes();
        let wordy =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|it| is_word(*it));
        let mut sentence = 0;
        for sign in self.signs.find_overlapping_iter(&plain.text) {
            let Some((mask, left, right)) = self.sign_masks.get(sign.pattern().as_usize()) else {
                continue;
            };
            if *right && wordy(Some(sign.end())) || *left && wordy(sign.start().checked_sub(1)) {
                continue;
            }
            while plain.sentences.get(sentence).is_some_and(|span| span.end < sign.end()) {
                sentence += 1;
            }
            found.add(sentence, *mask, Span { start: sign.start(), end: sign.end() });
        }
    }
}

impl Found {
    fn add(&mut self, sentence: usize, mask: Mask, span: Span) {
        if let Some(all) = self.sentences.get_mut(sentence) {
            *all |= mask;
        }
        self.all |= mask;
        self.hits.push(Hit { mask, span });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let found = CONCEPTS.find(&Plain::of(text));
        CONCEPTS
            .names
            .iter()
            .enumerate()
            .filter(|(index, _)| found.all & (1 << index) != 0)
            .map(|(_, name)| name.clone())
            .collect()
    }

    #[test]
    fn the_lists_fit_and_compile() {
        let table: BTreeMap<String, String> = toml::from_str(LISTS).unwrap();
        assert!(table.len() <= MOST, "{} lists", table.len());
        assert!(CONCEPTS.phrases.len() > 1_000 && CONCEPTS.stems.len() > 100);
    }

    #[test]
    fn every_phrase_is_written_folded() {
        let table: BTreeMap<String, String> = toml::from_str(LISTS).unwrap();
        for phrase in table.values().flat_map(|list| list.split([',', '\n'])) {
            assert_eq!(super::super::plain::fold(phrase.trim()), phrase.trim(), "{phrase}");
        }
    }

    #[test]
    fn whole_words_only_unless_starred() {
        assert!(names("mijn ADVOCAAT belt").contains(&"lawyer".to_owned()));
        assert!(names("de deurwaarderskosten").contains(&"lawyer".to_owned()));
        assert!(!names("de advocado-snijder").contains(&"lawyer".to_owned()));
        assert!(!names("courtesy call").contains(&"court".to_owned()));
    }
}
