//! Amounts in a text, in digits or in Dutch and English words: what, how much, where.
//!
//! All values are hundredths: 12,50 is 1250, 20 % is 2000. No floating point. It knows
//! numbers and units, and nothing about offers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::plain::{ByWord, WordSet};

/// What an amount counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A percentage.
    Percent,
    /// Euros.
    Euro,
    /// Another currency.
    Foreign,
    /// Nothing said.
    Bare,
    /// Days, sizes, pieces, order numbers: no money.
    Thing,
}

/// An amount and where it stands in the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    /// In hundredths.
    pub hundredths: i64,
    /// What it counts.
    pub unit: Unit,
    /// First byte, unit included.
    pub start: usize,
    /// One past its last byte, unit included.
    pub end: usize,
}

/// The committed words, as the file holds them.
#[derive(Default, Deserialize)]
struct Listed {
    dutch: Vec<String>,
    dutch_tens: Vec<String>,
    english: Vec<String>,
    english_tens: Vec<String>,
    not: Vec<String>,
    percent: Vec<String>,
    euro: Vec<String>,
    foreign: Vec<String>,
    after_bare: WordSet,
    before_thing: WordSet,
    special: BTreeMap<String, i64>,
    notes: ByWord<i64>,
}

struct Words {
    numbers: ByWord<i64>,
    notes: ByWord<i64>,
    units: ByWord<Unit>,
    /// The units, longest first: a number word may be glued to one.
    ends: Vec<(String, Unit)>,
    after_bare: WordSet,
    before_thing: WordSet,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let listed: Listed = toml::from_str(include_str!("data/number_words.toml")).unwrap_or_default();
    let mut units = ByWord::default();
    for (unit, words) in [
        (Unit::Percent, &listed.percent),
        (Unit::Euro, &listed.euro),
        (Unit::Foreign, &listed.foreign),
    ] {
        units.extend(words.iter().map(|word| (word.clone(), unit)));
    }
    let mut ends: Vec<_> = units.iter().map(|(word, unit)| (word.clone(), *unit)).collect();
    ends.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let numbers = spelled(&listed).into_iter().collect();
    let Listed { notes, after_bare, before_thing, .. } = listed;
    Words { numbers, notes, units, ends, after_bare, before_thing }
});

impl Words {
    /// The value of a number word, in hundredths.
    fn spelled(&self, word: &str) -> Option<i64> {
        self.numbers.get(word).map(|number| number * 100)
    }

    /// `twintigeuro`, the longest unit first.
    fn spelled_with_unit(&self, word: &str) -> Option<(i64, Unit)> {
        self.ends.iter().find_map(|(end, unit)| {
            let number = word.strip_suffix(end.as_str())?;
            self.spelled(number).map(|hundredths| (hundredths, *unit))
        })
    }
}

/// Number words up to ninety-nine, and the hundreds.
fn spelled(listed: &Listed) -> BTreeMap<String, i64> {
    let mut words = listed.special.clone();
    for ones in [&listed.dutch, &listed.english] {
        words.extend((0_i64..).zip(ones).map(|(value, word)| (word.clone(), value)));
    }
    for (tens, ones, dutch) in
        [(&listed.dutch_tens, &listed.dutch, true), (&listed.english_tens, &listed.english, false)]
    {
        for (ten, name) in (2_i64..).zip(tens) {
            words.insert(name.clone(), ten * 10);
            for (one, left) in (0_i64..10).zip(ones).skip(1) {
                let value = ten * 10 + one;
                if dutch {
                    words.insert(format!("{left}en{name}"), value);
                    words.insert(format!("{left}n{name}"), value);
                } else {
                    words.insert(format!("{name}-{left}"), value);
                    words.insert(format!("{name}{left}"), value);
                }
            }
        }
    }
    let small = words.clone();
    for (word, value) in small.iter().filter(|(_, value)| (1..100).contains(*value)) {
        words.insert(format!("honderd{word}"), 100 + value);
        words.insert(format!("honderden{word}"), 100 + value);
    }
    for word in &listed.not {
        words.remove(word);
    }
    words
}

/// A word without the punctuation around it, and what stands right behind it.
struct Word<'a> {
    text: &'a str,
    start: usize,
    closed: bool,
}

impl Word<'_> {
    const fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

fn is_edge(letter: char) -> bool {
    !letter.is_alphanumeric() && !matches!(letter, '%' | '€' | '£' | '$' | '#' | '→' | '=')
}

fn words(plain: &str) -> Vec<Word<'_>> {
    let base = plain.as_ptr() as usize;
    plain
        .split(|letter: char| {
            letter.is_whitespace()
                || matches!(letter, '(' | ')' | '[' | ']' | '"' | '?' | '!' | ';' | '/' | '|' | '…')
        })
        .filter_map(|raw| {
            let text = raw.trim_matches(is_edge);
            let start = text.as_ptr() as usize - base;
            let after = plain.get(start + text.len()..).and_then(|rest| rest.chars().next());
            let closed = after.is_some_and(|letter| !letter.is_whitespace());
            (!text.is_empty()).then_some(Word { text, start, closed })
        })
        .collect()
}

/// Every amount of `plain`, in order.
pub(super) fn amounts(plain: &str) -> Vec<Amount> {
    let words = words(plain);
    let mut found: Vec<Amount> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some((hundredths, unit)) = value(word.text) else { continue };
        let mut amount = Amount { hundredths, unit, start: word.start, end: word.end() };
        let before = index.checked_sub(1).and_then(|at| words.get(at));
        let after = words.get(index + 1).filter(|_| !word.closed);
        if amount.unit == Unit::Bare {
            // A unit that belongs to the number before it names no other.
            let taken = found.last().map_or(0, |last| last.end);
            name_unit(&mut amount, before.filter(|it| it.start >= taken), after, plain);
        }
        found.push(amount);
    }
    joined(found, plain)
}

/// Finds the unit of an amount that has none glued to it.
fn name_unit(
    amount: &mut Amount,
    before: Option<&Word<'_>>,
    after: Option<&Word<'_>>,
    plain: &str,
) {
    let all = &*WORDS;
    if let Some(word) = after
        && let Some(unit) = all.units.get(word.text)
    {
        (amount.unit, amount.end) = (*unit, word.end());
        return;
    }
    let previous = before.filter(|word| !word.closed).or_else(|| {
        before.filter(|word| {
            let between = plain.get(word.end()..amount.start).unwrap_or_default().trim();
            between == ":" || between == "." && word.text.ends_with("nr")
        })
    });
    if let Some(word) = previous {
        if let Some(unit) = all.units.get(word.text).filter(|unit| **unit != Unit::Percent) {
            (amount.unit, amount.start) = (*unit, word.start);
            return;
        }
        if all.before_thing.contains(word.text) || word.text.ends_with('#') {
            amount.unit = Unit::Thing;
            return;
        }
        // "een euro of vijftien" is about fifteen euros.
        let from = plain.get(..amount.start).unwrap_or_default();
        if from.ends_with("euro of ") {
            amount.unit = Unit::Euro;
            return;
        }
    }
    // "7,50 sturen" is money all the same.
    let whole = amount.hundredths % 100 == 0;
    if whole && after.is_some_and(|word| !all.after_bare.contains(word.text)) {
        amount.unit = Unit::Thing;
    }
}

/// `twaalf vijftig` and `six euro fifty`: two words, one amount.
fn joined(found: Vec<Amount>, plain: &str) -> Vec<Amount> {
    let mut result: Vec<Amount> = Vec::new();
    for amount in found {
        if let Some(last) = result.last_mut() {
            let between = plain.get(last.end..amount.start).unwrap_or("?");
            let spelled = plain
                .get(last.start..last.end)
                .is_some_and(|text| text.starts_with(|letter: char| letter.is_ascii_alphabetic()));
            let cents = amount.hundredths >= 1000 && amount.hundredths < 10_000;
            let fits = matches!(last.unit, Unit::Bare | Unit::Euro | Unit::Thing)
                && matches!(amount.unit, Unit::Bare | Unit::Euro);
            let tens = last.hundredths % 1000 == 0 && (2000..10_000).contains(&last.hundredths);
            let ones = (100..1000).contains(&amount.hundredths) && amount.hundredths % 100 == 0;
            let worded = plain
                .get(amount.start..)
                .is_some_and(|text| text.starts_with(|letter: char| letter.is_ascii_alphabetic()));
            if spelled
                && worded
                && tens
                && ones
                && matches!(last.unit, Unit::Bare | Unit::Thing)
                && between == " "
            {
                // "forty five" is written apart.
                last.hundredths += amount.hundredths;
                last.unit = amount.unit;
                last.end = amount.end;
                continue;
            }
            if spelled && fits && cents && last.hundredths % 100 == 0 && between == " " {
                // "tweehonderd vijftig" is 250, "twaalf vijftig" is 12,50.
                let hundreds = last.hundredths % 10_000 == 0;
                last.hundredths += amount.hundredths / if hundreds { 1 } else { 100 };
                last.unit = if last.unit == Unit::Euro { last.unit } else { amount.unit };
                last.end = amount.end;
                continue;
            }
        }
        result.push(amount);
    }
    result
}

/// The value of one word, with a unit glued to it if there is one.
fn value(word: &str) -> Option<(i64, Unit)> {
    let all = &*WORDS;
    if let Some(hundredths) = digits(word) {
        // Whole numbers of five figures and more are no amounts of money in a bargain.
        let named = hundredths >= 1_000_000 || word.starts_with('0') && word.len() > 1;
        let unit = if named && hundredths % 100 == 0 { Unit::Thing } else { Unit::Bare };
        return Some((hundredths, unit));
    }
    if let Some(number) = all.numbers.get(word) {
        return Some((number * 100, Unit::Bare));
    }
    if let Some(number) = all.notes.get(word) {
        return Some((number * 100, Unit::Euro));
    }
    if !word.bytes().any(|it| it.is_ascii_digit()) {
        return all.spelled_with_unit(word);
    }
    let glued = word
        .char_indices()
        .filter_map(|(at, _)| word.split_at_checked(at))
        .filter(|(left, right)| !left.is_empty() && !right.is_empty());
    for (left, right) in glued {
        if let Some(unit) = all.units.get(right)
            && let Some(number) = digits(left).or_else(|| all.spelled(left))
        {
            return Some((number, *unit));
        }
        if let Some(unit) = all.units.get(left)
            && let Some(number) = digits(right)
        {
            return Some((number, *unit));
        }
    }
    None
}

/// `1.249`, `12,50`, `12.5`, `1.249,50`, `40,-` in hundredths.
fn digits(word: &str) -> Option<i64> {
    let word = word.trim_end_matches(['-', '=']).trim_end_matches([',', '.']);
    if !word.starts_with(|it: char| it.is_ascii_digit())
        || !word.ends_with(|it: char| it.is_ascii_digit())
        || !word.bytes().all(|it| it.is_ascii_digit() || it == b'.' || it == b',')
        || word.len() > 10
    {
        return None;
    }
    let (whole, cents) = match word.rsplit_once([',', '.']) {
        Some((whole, cents)) if cents.len() == 2 => (whole, cents.parse::<i64>().ok()?),
        Some((whole, cents)) if cents.len() == 1 => (whole, cents.parse::<i64>().ok()? * 10),
        Some((_, thousands)) if thousands.len() == 3 => (word, 0),
        Some(_) => return None,
        None => (word, 0),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    Some(whole.parse::<i64>().ok()? * 100 + cents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::plain::fold;

    fn read(text: &str) -> Vec<(i64, Unit)> {
        amounts(&fold(text)).iter().map(|amount| (amount.hundredths, amount.unit)).collect()
    }

    #[test]
    fn digits_and_words() {
        for (text, hundredths, unit) in [
            ("50% is redelijk", 5000, Unit::Percent),
            ("12,50 and it's ok", 1250, Unit::Bare),
            ("Twintig euro vind ik netter", 2000, Unit::Euro),
            ("vijfentwintig procent", 2500, Unit::Percent),
            ("Twenty-five percent", 2500, Unit::Percent),
            ("€ 1.249,50 betaald", 124_950, Unit::Euro),
            ("twaalf vijftig", 1250, Unit::Bare),
            ("forty five and we are done", 4500, Unit::Bare),
            ("thirty five quid", 3500, Unit::Foreign),
            ("negentien euro negentig", 1990, Unit::Euro),
            ("£30 please", 3000, Unit::Foreign),
            ("100 dirham", 10_000, Unit::Foreign),
            ("akkoord met 80,- maar", 8000, Unit::Bare),
            ("€ 40,- vergoeden", 4000, Unit::Euro),
            ("7,5% korting", 750, Unit::Percent),
            ("take the tenner", 1000, Unit::Euro),
            ("20%👍", 2000, Unit::Percent),
            ("honderdtien euro", 11_000, Unit::Euro),
            ("een euro of vijftien", 1500, Unit::Euro),
        ] {
            assert_eq!(read(text), [(hundredths, unit)], "{text}");
        }
    }

    #[test]
    fn what_is_counted_or_named_is_no_money() {
        for text in [
            "al 35 dagen",
            "maat 38",
            "I need size 20",
            "ID '13'",
            "order 20418 graag",
            "20422",
            "3 borden",
            "15 mei",
            "nr. 12",
            "bestelling #15",
        ] {
            let money = read(text).into_iter().any(|(_, unit)| unit != Unit::Thing);
            assert!(!money, "{text}");
        }
    }

    #[test]
    fn an_amount_ends_before_the_punctuation() {
        let plain = "wil 20 euro, echt. € 15.";
        let ends: Vec<&str> =
            amounts(plain).iter().filter_map(|it| plain.get(it.start..it.end)).collect();
        assert_eq!(ends, ["20 euro", "€ 15"]);
    }
}
