//! Which words and phrases speak of what: the lists under `data/`, found in one pass.
//!
//! A concept is a topic ("a lawyer", "a deadline"), not a conclusion; conclusions are drawn
//! from combinations in [`super::rules`] and by [`super::classifier`].

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::plain::{Plain, Span};

/// A set of concepts of one book, one bit each.
pub(super) type Mask = u128;

/// At most this many concepts of a book are used.
pub(super) const MOST: usize = 126;

/// A file of lists. The books are searched together, each word once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Book {
    /// What a mail speaks of.
    Topics,
    /// Steps against the shop, by kind.
    Steps,
    /// What calls for a person, by reason.
    Calls,
    /// How somebody speaks of something: who, when, whether.
    Stances,
}

/// The files in the order of [`Book`].
const BOOKS: [&str; 4] = [
    include_str!("data/concepts.toml"),
    include_str!("data/steps.toml"),
    include_str!("data/calls.toml"),
    include_str!("data/stances.toml"),
];

impl Book {
    /// The bit of `name`; no bit when the book has no such list.
    pub(super) fn mask(self, name: &str) -> Mask {
        let names = LEXICON.names.get(self as usize).into_iter().flatten();
        names.zip(0_u32..).find(|(known, _)| *known == name).map_or(0, |(_, index)| 1 << index)
    }

    /// The bits of several names, blanks between them.
    pub(super) fn mask_of(self, names: &str) -> Mask {
        names.split_whitespace().fold(0, |mask, name| mask | self.mask(name))
    }

    /// The names of the concepts in `mask`.
    pub(super) fn names_in(self, mask: Mask) -> Vec<&'static str> {
        let names = LEXICON.names.get(self as usize).into_iter().flatten().enumerate();
        names.filter(|(index, _)| mask & (1 << index) != 0).map(|(_, it)| it.as_str()).collect()
    }
}

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
struct Lexicon {
    names: [Vec<String>; 4],
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

/// A phrase found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    /// What it speaks of.
    pub mask: Mask,
    /// Where it stands in the plain text.
    pub span: Span,
}

/// What was found of one book in one text.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every phrase.
    pub hits: Vec<Hit>,
    /// For each sentence of the text: what it speaks of.
    pub sentences: Vec<Mask>,
    /// What the whole text speaks of.
    pub all: Mask,
}

/// What was found of every book.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Of [`Book::Topics`].
    pub topics: Found,
    /// Of [`Book::Steps`].
    pub steps: Found,
    /// Of [`Book::Calls`].
    pub calls: Found,
    /// Of [`Book::Stances`].
    pub stances: Found,
}

/// The lists shipped with the program, compiled once.
static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(BOOKS));

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
    fn parse(books: [&str; 4]) -> Self {
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
        let signs = signs.collect();
        Self { names, phrases, stems, stem_sieve, meanings, sign_search, signs }
    }

    fn find(&self, plain: &Plain) -> Heard {
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
        while let Some(entry) = self.phrases.get(&hash) {
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

impl Heard {
    /// Every phrase of every list of every book in a text.
    pub(super) fn in_text(plain: &Plain) -> Self {
        LEXICON.find(plain)
    }

    fn of(sentences: usize) -> Self {
        let found = || Found { sentences: vec![0; sentences], ..Found::default() };
        Self { topics: found(), steps: found(), calls: found(), stances: found() }
    }

    fn add(&mut self, sentence: usize, meaning: &[(Book, Mask)], span: Span) {
        for (book, mask) in meaning {
            let found = match book {
                Book::Topics => &mut self.topics,
                Book::Steps => &mut self.steps,
                Book::Calls => &mut self.calls,
                Book::Stances => &mut self.stances,
            };
            if let Some(all) = found.sentences.get_mut(sentence) {
                *all |= *mask;
            }
            found.all |= *mask;
            found.hits.push(Hit { mask: *mask, span });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        Book::Topics.names_in(Heard::in_text(&Plain::of(text)).topics.all)
    }

    #[test]
    fn the_lists_fit_and_compile() {
        for lists in BOOKS {
            let table: BTreeMap<String, String> = toml::from_str(lists).unwrap();
            assert!(table.len() <= MOST, "{} lists", table.len());
        }
        assert!(LEXICON.phrases.len() > 1_000 && LEXICON.stems.len() > 100);
    }

    #[test]
    fn every_phrase_is_written_folded() {
        for lists in BOOKS {
            let table: BTreeMap<String, String> = toml::from_str(lists).unwrap();
            for phrase in table.values().flat_map(|list| list.split([',', '\n'])) {
                assert_eq!(super::super::plain::fold(phrase.trim()), phrase.trim(), "{phrase}");
            }
        }
    }

    #[test]
    fn whole_words_only_unless_starred() {
        assert!(names("mijn ADVOCAAT belt").contains(&"lawyer"));
        assert!(names("de deurwaarderskosten").contains(&"lawyer"));
        assert!(!names("de advocado-snijder").contains(&"lawyer"));
        assert!(!names("courtesy call").contains(&"court"));
    }

    #[test]
    fn the_books_do_not_disturb_each_other() {
        let lexicon = Lexicon::parse([
            "a = \"red car, car park*\"",
            "b = \"red car park place\"",
            "c = \"red*\"",
            "d = \"a-\"",
        ]);
        let heard = lexicon.find(&Plain::of("a- reddish red car parks"));
        let counts = [&heard.topics, &heard.steps, &heard.calls, &heard.stances]
            .map(|found| found.hits.len());
        assert_eq!(counts, [2, 0, 2, 1]);
    }
}
