//! The committed words around and in addresses, and which country a place is in.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use super::fold;

/// Lists of words, folded.
#[derive(Default)]
pub(super) struct Words {
    pub joins: HashSet<String>,
    pub weak_joins: HashSet<String>,
    pub heads: HashSet<String>,
    pub no_start: HashSet<String>,
    pub no_street: HashSet<String>,
    pub suffix: HashSet<String>,
    pub unit: HashSet<String>,
    pub named_unit: HashSet<String>,
    pub storey: HashSet<String>,
    pub building: HashSet<String>,
    pub no_city: HashSet<String>,
    pub turns: HashSet<String>,
}

/// The lists of `data/address_words.toml`.
pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let table: BTreeMap<String, String> =
        toml::from_str(include_str!("../data/address_words.toml")).unwrap_or_default();
    let list = |name: &str| {
        let words = table.get(name).map(String::as_str).unwrap_or_default();
        words.split_whitespace().map(str::to_owned).collect()
    };
    Words {
        joins: list("joins"),
        weak_joins: list("weak_joins"),
        heads: list("heads"),
        no_start: list("no_start"),
        no_street: list("no_street"),
        suffix: list("suffix"),
        unit: list("unit"),
        named_unit: list("named_unit"),
        storey: list("storey"),
        building: list("building"),
        no_city: list("no_city"),
        turns: list("turns"),
    }
});

static CITIES: LazyLock<BTreeMap<String, HashSet<String>>> = LazyLock::new(|| {
    let lists: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("../data/cities.toml")).unwrap_or_default();
    lists.into_iter().map(|(code, list)| (code, list.into_iter().collect())).collect()
});

/// Countries as customers name them, folded; the start of a word is enough.
const COUNTRIES: [(&str, &str); 54] = [
    ("portugal", "PT"),
    ("sweden", "SE"),
    ("zweden", "SE"),
    ("norway", "NO"),
    ("noorwegen", "NO"),
    ("denmark", "DK"),
    ("denemarken", "DK"),
    ("finland", "FI"),
    ("poland", "PL"),
    ("polen", "PL"),
    ("griekenland", "GR"),
    ("greece", "GR"),
    ("canada", "CA"),
    ("australia", "AU"),
    ("nederland", "NL"),
    ("netherlands", "NL"),
    ("holland", "NL"),
    ("niederlande", "NL"),
    ("belgie", "BE"),
    ("belgium", "BE"),
    ("belgique", "BE"),
    ("belgien", "BE"),
    ("duitsland", "DE"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("frankrijk", "FR"),
    ("france", "FR"),
    ("frankreich", "FR"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("groot-brittannie", "GB"),
    ("verenigd koninkrijk", "GB"),
    ("engeland", "GB"),
    ("england", "GB"),
    ("schotland", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("noord-ierland", "GB"),
    ("ireland", "IE"),
    ("ierland", "IE"),
    ("luxemb", "LU"),
    ("oostenrijk", "AT"),
    ("austria", "AT"),
    ("osterreich", "AT"),
    ("zwitserland", "CH"),
    ("switzerland", "CH"),
    ("schweiz", "CH"),
    ("spain", "ES"),
    ("spanje", "ES"),
    ("italy", "IT"),
    ("italie", "IT"),
    ("united states", "US"),
    ("usa", "US"),
];

/// The country of a known place.
pub(super) fn country_of_city(city: &str) -> Option<&'static str> {
    let plain = fold(city);
    CITIES.iter().find(|(_, cities)| cities.contains(&plain)).map(|(code, _)| code.as_str())
}

/// The country that a text names, as ISO 3166-1 alpha-2.
pub(super) fn named_country(text: &str) -> Option<&'static str> {
    let plain = fold(text);
    let named = COUNTRIES.iter().find(|(name, _)| {
        plain.match_indices(name).any(|(at, _)| {
            let ends = plain.get(at + name.len()..).unwrap_or_default();
            !plain.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric))
                && (*name == "luxemb" || !ends.starts_with(char::is_alphanumeric))
        })
    });
    named.map(|(_, code)| *code)
}

/// A word as the lists hold it: folded, without punctuation at its end.
pub(super) fn plain(word: &str) -> String {
    fold(
        word.trim_matches(|it: char| {
            matches!(it, ',' | '.' | ';' | ':' | '!' | '?' | '"' | '(' | ')')
        }),
    )
}
