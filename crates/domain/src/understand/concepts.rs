//! Which words and phrases speak of what: the lists in `data/concepts.toml`, found in one pass.
//!
//! A concept is a topic ("a lawyer", "a deadline"), not a conclusion; conclusions are drawn
//! from combinations in [`super::rules`] and by [`super::classifier`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::plain::{Plain, Span};

/// A set of concepts, one bit each.
pub(super) type Mask = u128;

/// At most this many concepts fit in a [`Mask`].
pub(super) const MOST: usize = 96;

const LISTS: &str = include_str!("data/concepts.toml");

struct Phrase {
    mask: Mask,
    bound_left: bool,
    bound_right: bool,
}

/// The compiled lists.
pub(super) struct Concepts {
    automaton: AhoCorasick,
    phrases: Vec<Phrase>,
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
    /// Every phrase, by where it ends.
    pub hits: Vec<Hit>,
    /// For each sentence of the text: what it speaks of.
    pub sentences: Vec<Mask>,
    /// What the whole text speaks of.
    pub all: Mask,
}

/// The lists shipped with the program, compiled once.
pub(super) static CONCEPTS: LazyLock<Concepts> = LazyLock::new(|| Concepts::parse(LISTS));

impl Concepts {
    fn parse(lists: &str) -> Self {
        let table: BTreeMap<String, String> = toml::from_str(lists).unwrap_or_default();
        let mut masks: BTreeMap<String, Mask> = BTreeMap::new();
        let names: Vec<String> = table.keys().take(MOST).cloned().collect();
        for (index, phrases) in table.values().take(MOST).enumerate() {
            for phrase in phrases.split([',', '\n']).map(str::trim).filter(|it| !it.is_empty()) {
                *masks.entry(phrase.to_owned()).or_default() |= 1 << index;
            }
        }
        let texts: Vec<&str> = masks.keys().map(|phrase| phrase.trim_matches('*')).collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&texts)
            .or_else(|_| AhoCorasick::new(Vec::<&str>::new()));
        let phrases = masks
            .iter()
            .map(|(phrase, mask)| Phrase {
                mask: *mask,
                bound_left: phrase.starts_with(|letter: char| letter.is_ascii_alphanumeric()),
                bound_right: phrase.ends_with(|letter: char| letter.is_ascii_alphanumeric()),
            })
            .collect();
        #[expect(clippy::expect_used, reason = "an empty automaton always builds; tested")]
        let automaton = automaton.expect("the committed lists compile");
        Self { automaton, phrases, names }
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
        let bytes = plain.text.as_bytes();
        let is_word = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric)
        };
        let mut found = Found { sentences: vec![0; plain.sentences.len()], ..Found::default() };
        let mut sentence = 0;
        for hit in self.automaton.find_overlapping_iter(&plain.text) {
            let Some(phrase) = self.phrases.get(hit.pattern().as_usize()) else { continue };
            if phrase.bound_right && is_word(Some(hit.end()))
                || phrase.bound_left && is_word(hit.start().checked_sub(1))
            {
                continue;
            }
            while plain.sentences.get(sentence).is_some_and(|span| span.end < hit.end()) {
                sentence += 1;
            }
            if let Some(mask) = found.sentences.get_mut(sentence) {
                *mask |= phrase.mask;
            }
            found.all |= phrase.mask;
            let span = Span { start: hit.start(), end: hit.end() };
            found.hits.push(Hit { mask: phrase.mask, span });
        }
        found
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
        assert!(CONCEPTS.phrases.len() > 1_000);
    }

    #[test]
    fn every_phrase_is_written_folded() {
        let table: BTreeMap<String, String> = toml::from_str(LISTS).unwrap();
        for phrase in table.values().flat_map(|list| list.split([',', '\n'])) {
            assert_eq!(super::super::plain::fold(phrase.trim()), phrase.trim());
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
