//! Which words and phrases speak of what: the lists under `data/`, found in one pass.
//!
//! A concept is a topic ("a lawyer", "a deadline"), not a conclusion; conclusions are drawn
//! from combinations in [`super::rules`] and by [`super::classifier`].

use std::sync::LazyLock;

use super::plain::{Plain, Span};

mod lexicon;

use lexicon::Lexicon;

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
    /// The number of its first concept among those of all books.
    pub(super) fn first(self) -> u32 {
        let before = LEXICON.names.iter().take(self as usize).map(Vec::len).sum::<usize>();
        u32::try_from(before).unwrap_or(0)
    }

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
    /// Every phrase of every book, nearly in order.
    pub said: Vec<(Book, Hit)>,
}

/// The lists shipped with the program, compiled once.
static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(BOOKS));

impl Heard {
    /// Every phrase of every list of every book in a text.
    pub(super) fn in_text(plain: &Plain) -> Self {
        LEXICON.find(plain)
    }

    fn of(sentences: usize) -> Self {
        let found = || Found { sentences: vec![0; sentences], ..Found::default() };
        Self {
            topics: found(),
            steps: found(),
            calls: found(),
            stances: found(),
            said: Vec::with_capacity(64),
        }
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
            let hit = Hit { mask: *mask, span };
            found.hits.push(hit);
            self.said.push((*book, hit));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        Book::Topics.names_in(Heard::in_text(&Plain::of(text)).topics.all)
    }

    #[test]
    fn the_lists_fit() {
        for lists in BOOKS {
            let table: BTreeMap<String, String> = toml::from_str(lists).unwrap();
            assert!(table.len() <= MOST, "{} lists", table.len());
        }
        let all = LEXICON.names.iter().map(Vec::len).sum::<usize>();
        assert!(all <= super::super::features::MOST_SAID, "{all} lists");
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
