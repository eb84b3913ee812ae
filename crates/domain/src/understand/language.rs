//! Which language is it? Counts of small words, with letter patterns for the rest.
//!
//! Looks at no more than the first words of a text: enough to know, and quick.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::plain::{ByWord, fold};
use crate::contract::Language;

const LISTS: &str = include_str!("data/languages.toml");
const ORDER: [Language; 5] =
    [Language::Dutch, Language::English, Language::German, Language::French, Language::Other];
/// Words looked at.
const ENOUGH_WORDS: usize = 160;

static WORDS: LazyLock<ByWord<[u8; 5]>> = LazyLock::new(|| {
    let table: BTreeMap<String, String> = toml::from_str(LISTS).unwrap_or_default();
    let mut words = ByWord::<[u8; 5]>::default();
    for (index, language) in ORDER.iter().enumerate() {
        for word in table.get(language.as_str()).into_iter().flat_map(|it| it.split_whitespace()) {
            if let Some(place) = words.entry(word.to_owned()).or_default().get_mut(index) {
                *place = 4;
            }
        }
    }
    words
});

/// Points per language in the order of [`ORDER`].
type Points = [u32; 5];

fn points(plain: &str) -> Points {
    let mut points = Points::default();
    let mut foreign = 0_u32;
    let mut letters = 0_u32;
    for letter in plain.chars().take(400).filter(|letter| letter.is_alphabetic()) {
        letters += 1;
        foreign += u32::from(letter > '\u{2af}');
    }
    if foreign * 2 > letters && letters > 3 {
        points[4] = 99;
        return points;
    }
    let split = |letter: char| !(letter.is_alphabetic() || letter == '\'');
    let words = || plain.split(split).filter(|word| !word.is_empty()).take(ENOUGH_WORDS);
    for row in words().filter_map(|word| WORDS.get(word)) {
        let shared = row.iter().filter(|it| **it > 0).count();
        let worth = if shared == 1 { 4 } else { 2 };
        for (point, own) in points.iter_mut().zip(row) {
            *point += if *own > 0 { worth } else { 0 };
        }
    }
    let mut sorted = points;
    sorted.sort_unstable();
    // Letter patterns only where the small words leave a doubt: they cost more.
    if let [.., second, first] = sorted
        && first < second + CLEAR
    {
        words().filter(|word| !WORDS.contains_key(*word)).for_each(|it| shape(it, &mut points));
    }
    points
}

/// So many points ahead there is no doubt.
const CLEAR: u32 = 10;

/// Letter patterns that one language has and the others rarely do.
fn shape(word: &str, points: &mut Points) {
    const DUTCH: [&str; 20] = [
        "ij", "aa", "oe", "uu", "eeu", "ieu", "schr", "gt", "cht", "tje", "heid", "sch", "nk",
        "lijk", "ui", "eij", "vr", "dt", "zw", "pje",
    ];
    const ENGLISH: [&str; 18] = [
        "th", "wh", "ing", "ough", "ight", "tion", "ck", "sh", "ould", "ly", "ea", "ow", "ay",
        "ey", "n't", "'s", "qu", "ess",
    ];
    const GERMAN: [&str; 10] =
        ["ung", "tz", "schl", "ich", "keit", "pf", "ier", "zur", "eit", "schw"];
    const FRENCH: [&str; 9] = ["eau", "oux", "aux", "eux", "qu'", "l'", "d'", "j'", "ez"];
    let mut add = |index: usize, patterns: &[&str]| {
        if patterns.iter().any(|pattern| word.contains(pattern))
            && let Some(point) = points.get_mut(index)
        {
            *point += 1;
        }
    };
    add(0, &DUTCH);
    add(1, &ENGLISH);
    add(2, &GERMAN);
    add(3, &FRENCH);
}

/// The language of the first text that says anything clear, `plain` (folded) before `rest`;
/// Dutch when none does.
pub(super) fn language(plain: &str, rest: &[&str]) -> Language {
    let mut total = Points::default();
    let later = rest.iter().map(|text| Cow::Owned(fold(text)));
    for text in std::iter::once(Cow::Borrowed(plain)).chain(later) {
        for (sum, more) in total.iter_mut().zip(points(&text)) {
            *sum += more;
        }
        let best = total.iter().max().copied().unwrap_or(0);
        let ties = total.iter().filter(|it| **it == best).count();
        if best >= 2 && ties == 1 {
            break;
        }
    }
    let best = total.iter().max().copied().unwrap_or(0);
    let place = total.iter().position(|it| *it == best).unwrap_or(0);
    ORDER.get(place).copied().unwrap_or(Language::Dutch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_mails_in_each_language() {
        for (text, expected) in [
            ("kan ik ff ruilen voor 44?", Language::Dutch),
            ("amai wat een schoon ding, merci he", Language::Dutch),
            ("too tight", Language::English),
            ("Where are my tulips?", Language::English),
            ("any news", Language::English),
            ("Wo bleibt meine Bestellung?", Language::German),
            ("Bonjour, où est mon colis ?", Language::French),
            ("¿Dónde está mi pedido? Gracias", Language::Other),
            ("Где моя посылка", Language::Other),
            ("bedankt", Language::Dutch),
            ("thanks", Language::English),
            ("12345", Language::Dutch),
        ] {
            assert_eq!(language(&fold(text), &[]), expected, "{text}");
        }
    }
}
