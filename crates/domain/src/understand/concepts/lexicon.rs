//! The lists of all books compiled together, and the walk that finds them in a text.
//!
//! Phrases of whole words are found by hash, word by word; phrases that start or end with a
//! sign literally. It knows nothing of what the lists mean.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use aho_corasick::AhoCorasick;

use super::{Book, Heard, MOST, Mask};
use crate::understand::plain::{Plain, Span};

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
    /// Place among the meanings; the first means nothing.
    meaning: u32,
    /// Whether a longer phrase starts with it.
    goes_on: bool,
    /// Whether the next word of such a phrase may itself go on.
    stem_follows: bool,
}

/// A bit per low part of a hash: says quickly that a key is not there.
struct Sieve(Vec<u64>);

impl Sieve {
    /// Words of 64 bits; some sixteen kilobytes stay near at hand.
    const SIZE: usize = 2048;

    fn of(keys: impl Iterator<Item = u64>) -> Self {
        let mut bits = vec![0_u64; Self::SIZE];
        for key in keys {
            if let Some(word) = bits.get_mut(Self::place(key)) {
                *word |= 1 << (key & 63);
            }
        }
        Self(bits)
    }

    fn place(key: u64) -> usize {
        usize::try_from(key >> 6).unwrap_or(0) & (Self::SIZE - 1)
    }

    fn may_hold(&self, key: u64) -> bool {
        self.0.get(Self::place(key)).is_some_and(|word| word >> (key & 63) & 1 == 1)
    }
}

/// What a phrase speaks of in each book that has it.
type Meaning = Vec<(Book, Mask)>;

/// A phrase that starts or ends with a sign.
struct Sign {
    meaning: Meaning,
    /// Whether it starts with a letter, and so must not stand inside a word.
    starts_wordy: bool,
    /// Whether it ends with one.
    ends_wordy: bool,
}

/// The compiled lists of all books.
pub(super) struct Lexicon {
    /// The names of the lists, book by book.
    pub(super) names: [Vec<String>; 4],
    phrase_sieve: Sieve,
    /// Phrases of whole words.
    phrases: ByHash<Entry>,
    /// Phrases whose last word may go on: the stem's hash.
    stems: ByHash<u32>,
    stem_sieve: Sieve,
    meanings: Vec<Meaning>,
    /// Phrases that start or end with a sign: found literally.
    sign_search: AhoCorasick,
    signs: Vec<Sign>,
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// One letter more; mixed well enough that low and high bits are both usable.
const fn mix(hash: u64, byte: u8) -> u64 {
    let next = (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
    next ^ next >> 29
}

/// A phrase and one word more.
const fn join(phrase: u64, word: u64) -> u64 {
    let next = (phrase.rotate_left(25) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    next ^ next >> 31
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word_hash(word: &[u8]) -> u64 {
    word.iter().fold(SEED, |hash, byte| mix(hash, *byte))
}

/// The hash of the first word of a phrase, of the first two, and so on.
fn phrase_hashes(phrase: &str) -> Vec<u64> {
    let words = phrase.as_bytes().split(|byte| !is_word(*byte)).filter(|word| !word.is_empty());
    let mut hashes: Vec<u64> = Vec::new();
    for hash in words.map(word_hash) {
        hashes.push(hashes.last().map_or(hash, |before| join(*before, hash)));
    }
    hashes
}

/// A word of a text.
struct Word {
    span: Span,
    hash: u64,
}

/// What is collected while the lists are read.
#[derive(Default)]
struct Draft {
    phrases: ByHash<Entry>,
    stems: ByHash<u32>,
    meanings: Vec<Meaning>,
    signs: BTreeMap<String, Meaning>,
}

fn add_meaning(meaning: &mut Meaning, book: Book, mask: Mask) {
    if let Some((_, known)) = meaning.iter_mut().find(|(known, _)| *known == book) {
        *known |= mask;
    } else {
        meaning.push((book, mask));
    }
}

impl Draft {
    /// `phrase` as the lists write it; a star at its end says that its last word may go on.
    fn add(&mut self, phrase: &str, book: Book, mask: Mask) {
        let open_end = phrase.ends_with('*');
        let bare = phrase.trim_end_matches('*');
        let edge = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
        if !edge(bare.as_bytes().first()) || !edge(bare.as_bytes().last()) {
            add_meaning(self.signs.entry(bare.to_owned()).or_default(), book, mask);
            return;
        }
        let hashes = phrase_hashes(bare);
        let Some((last, before)) = hashes.split_last() else { return };
        for hash in before {
            self.phrases.entry(*hash).or_default().goes_on = true;
        }
        if let Some(hash) = before.last().filter(|_| open_end) {
            self.phrases.entry(*hash).or_default().stem_follows = true;
        }
        let place = if open_end {
            self.stems.entry(*last).or_default()
        } else {
            &mut self.phrases.entry(*last).or_default().meaning
        };
        if *place == 0 {
            *place = u32::try_from(self.meanings.len()).unwrap_or(0);
            self.meanings.push(Meaning::new());
        }
        if let Some(meaning) = self.meanings.get_mut(*place as usize) {
            add_meaning(meaning, book, mask);
        }
    }
}

impl Lexicon {
    /// Compiles books written as in `data/concepts.toml`.
    pub(super) fn parse(books: [&str; 4]) -> Self {
        let mut draft = Draft { meanings: vec![Meaning::new()], ..Draft::default() };
        let mut names: [Vec<String>; 4] = Default::default();
        let kinds = [Book::Topics, Book::Steps, Book::Calls, Book::Stances];
        for ((book, lists), names) in kinds.into_iter().zip(books).zip(&mut names) {
            let table: BTreeMap<String, String> = toml::from_str(lists).unwrap_or_default();
            for (index, (name, list)) in table.into_iter().take(MOST).enumerate() {
                let phrases = list.split([',', '\n']).map(str::trim).filter(|it| !it.is_empty());
                phrases.for_each(|phrase| draft.add(phrase, book, 1 << index));
                names.push(name);
            }
        }
        let Draft { phrases, stems, meanings, signs } = draft;
        #[expect(clippy::expect_used, reason = "a few dozen committed signs; tested")]
        let sign_search = AhoCorasick::new(signs.keys()).expect("the committed signs compile");
        let wordy = |byte: Option<&u8>| byte.is_some_and(|byte| is_word(*byte));
        let signs = signs.into_iter().map(|(sign, meaning)| Sign {
            meaning,
            starts_wordy: wordy(sign.as_bytes().first()),
            ends_wordy: wordy(sign.as_bytes().last()),
        });
        let stem_sieve = Sieve::of(stems.keys().copied());
        let phrase_sieve = Sieve::of(phrases.keys().copied());
        let signs = signs.collect();
        Self { names, phrase_sieve, phrases, stems, stem_sieve, meanings, sign_search, signs }
    }

    /// Every phrase of every list in a text.
    pub(super) fn find(&self, plain: &Plain) -> Heard {
        let mut heard = Heard::of(plain.sentences.len());
        let bytes = plain.text.as_bytes();
        let mut words: Vec<Word> = Vec::with_capacity(64);
        let mut stems: Vec<(usize, u32)> = Vec::new();
        for (sentence, span) in plain.sentences.iter().enumerate() {
            words.clear();
            stems.clear();
            self.words(bytes, *span, &mut words, &mut stems);
            let mut stems = stems.iter().peekable();
            for first in 0..words.len() {
                let Some(start) = words.get(first).map(|word| word.span) else { break };
                while let Some((_, meaning)) = stems.next_if(|(word, _)| *word == first) {
                    heard.add(sentence, self.meaning(*meaning), start);
                }
                let words = words.get(first..).unwrap_or_default();
                self.phrases_from(bytes, words, &mut |meaning, span| {
                    heard.add(sentence, self.meaning(meaning), span);
                });
            }
        }
        self.find_signs(plain, &mut heard);
        heard
    }

    fn meaning(&self, place: u32) -> &[(Book, Mask)] {
        self.meanings.get(place as usize).map_or(&[], Vec::as_slice)
    }

    /// The words of a sentence, and which stems they start with: their place and meaning.
    fn words(
        &self,
        bytes: &[u8],
        span: Span,
        words: &mut Vec<Word>,
        stems: &mut Vec<(usize, u32)>,
    ) {
        let mut start = span.start;
        let mut hash = SEED;
        let sentence = bytes.get(span.start..span.end).unwrap_or_default();
        for (at, byte) in (span.start..).zip(sentence.iter().chain(b" ")) {
            if is_word(*byte) {
                hash = mix(hash, *byte);
                if self.stem_sieve.may_hold(hash)
                    && let Some(meaning) = self.stems.get(&hash)
                {
                    stems.push((words.len(), *meaning));
                }
                continue;
            }
            if at > start {
                words.push(Word { span: Span { start, end: at }, hash });
            }
            (start, hash) = (at + 1, SEED);
        }
    }

    /// Every phrase that starts at the first of `words`, single stems excepted.
    fn phrases_from(&self, bytes: &[u8], words: &[Word], hit: &mut impl FnMut(u32, Span)) {
        let mut words = words.iter();
        let Some(first) = words.next() else { return };
        let Span { start, mut end } = first.span;
        let mut hash = first.hash;
        while let Some(entry) = self.phrase(hash) {
            if entry.meaning != 0 {
                hit(entry.meaning, Span { start, end });
            }
            let Some(word) = words.next().filter(|_| entry.goes_on) else { return };
            end = word.span.end;
            if entry.stem_follows {
                let mut letters = SEED;
                for byte in bytes.get(word.span.start..word.span.end).unwrap_or_default() {
                    letters = mix(letters, *byte);
                    let stem = join(hash, letters);
                    if self.stem_sieve.may_hold(stem)
                        && let Some(meaning) = self.stems.get(&stem)
                    {
                        hit(*meaning, Span { start, end });
                    }
                }
            }
            hash = join(hash, word.hash);
        }
    }

    fn phrase(&self, hash: u64) -> Option<&Entry> {
        if self.phrase_sieve.may_hold(hash) { self.phrases.get(&hash) } else { None }
    }

    fn find_signs(&self, plain: &Plain, heard: &mut Heard) {
        let bytes = plain.text.as_bytes();
        let wordy =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|it| is_word(*it));
        let mut sentence = 0;
        for found in self.sign_search.find_overlapping_iter(&plain.text) {
            let Some(sign) = self.signs.get(found.pattern().as_usize()) else { continue };
            let (start, end) = (found.start(), found.end());
            if sign.ends_wordy && wordy(Some(end))
                || sign.starts_wordy && wordy(start.checked_sub(1))
            {
                continue;
            }
            while plain.sentences.get(sentence).is_some_and(|span| span.end < end) {
                sentence += 1;
            }
            heard.add(sentence, &sign.meaning, Span { start, end });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_books_compile() {
        let lexicon = Lexicon::parse(super::super::BOOKS);
        assert!(lexicon.phrases.len() > 1_000 && lexicon.stems.len() > 100);
    }
}
