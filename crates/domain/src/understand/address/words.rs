//! The committed words around and in addresses, and which country a place is in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Match};

use super::super::plain::{ByWord, WordSet};
use super::fold;

/// Lists of words, folded.
#[derive(Default)]
pub(super) struct Words {
    pub joins: WordSet,
    pub weak_joins: WordSet,
    pub heads: WordSet,
    pub no_start: WordSet,
    pub no_street: WordSet,
    pub suffix: WordSet,
    pub unit: WordSet,
    pub named_unit: WordSet,
    pub storey: WordSet,
    pub building: WordSet,
    pub no_city: WordSet,
    pub turns: WordSet,
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

/// Places and their country; a place in two of the lists is in the first.
static CITIES: LazyLock<ByWord<String>> = LazyLock::new(|| {
    let lists: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("../data/cities.toml")).unwrap_or_default();
    let mut cities = ByWord::<String>::default();
    for (code, list) in lists {
        for city in list {
            cities.entry(city).or_insert_with(|| code.clone());
        }
    }
    cities
});

/// Countries as customers name them, folded; the start of a word is enough.
const COUNTRIES: [(&str, &str); 85] = [
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
    ("croatia", "HR"),
    ("kroatie", "HR"),
    ("kroatien", "HR"),
    ("turkiye", "TR"),
    ("turkije", "TR"),
    ("hungary", "HU"),
    ("hongarije", "HU"),
    ("ungarn", "HU"),
    ("czech", "CZ"),
    ("czechia", "CZ"),
    ("tsjechie", "CZ"),
    ("tschechien", "CZ"),
    ("romania", "RO"),
    ("roemenie", "RO"),
    ("rumanien", "RO"),
    ("bulgaria", "BG"),
    ("bulgarije", "BG"),
    ("slovenia", "SI"),
    ("slovenie", "SI"),
    ("slovakia", "SK"),
    ("slowakije", "SK"),
    ("estonia", "EE"),
    ("estland", "EE"),
    ("latvia", "LV"),
    ("letland", "LV"),
    ("lithuania", "LT"),
    ("litouwen", "LT"),
    ("iceland", "IS"),
    ("ijsland", "IS"),
    ("new zealand", "NZ"),
    ("nieuw-zeeland", "NZ"),
    ("usa", "US"),
];

#[expect(clippy::expect_used, reason = "a few dozen committed names; tested")]
static COUNTRY_NAMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(COUNTRIES.iter().map(|(name, _)| name)).expect("the committed names compile")
});

/// The country of a known place.
pub(super) fn country_of_city(city: &str) -> Option<&'static str> {
    CITIES.get(&fold(city)).map(String::as_str)
}

/// The country that a text names, as ISO 3166-1 alpha-2.
pub(super) fn named_country(text: &str) -> Option<&'static str> {
    let plain = fold(text);
    let whole = |found: &Match| {
        let (before, rest) = plain.split_at_checked(found.start()).unwrap_or_default();
        let after = plain.get(found.end()..).unwrap_or_default();
        !before.ends_with(char::is_alphanumeric)
            && (rest.starts_with("luxemb") || !after.starts_with(char::is_alphanumeric))
    };
    let named = COUNTRY_NAMES.find_overlapping_iter(&plain).filter(whole);
    let first = named.map(|found| found.pattern().as_usize()).min()?;
    COUNTRIES.get(first).map(|(_, code)| *code)
}

/// A word as the lists hold it: folded, without punctuation at its end.
pub(super) fn plain(word: &str) -> String {
    fold(
        word.trim_matches(|it: char| {
            matches!(it, ',' | '.' | ';' | ':' | '!' | '?' | '"' | '(' | ')')
        }),
    )
}

/// Whether a word names a month.
pub(super) fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 20] = [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
        "january",
        "february",
        "march",
        "may",
        "june",
        "july",
        "august",
        "october",
    ];
    MONTHS.contains(&plain(word).as_str())
}
