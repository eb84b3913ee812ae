//! Amounts in a text, in digits or in Dutch and English words: what, how much, where.
//!
//! All values are hundredths: 12,50 is 1250, 20 % is 2000. No floating point.

use std::collections::BTreeMap;
use std::sync::LazyLock;

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
    /// Days, sizes, pieces: no money.
    Thing,
}

/// An amount and where it stands in the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    /// In hundredths.
    pub hundredths: i64,
    /// What it counts.
    pub unit: Unit,
    /// First byte.
    pub start: usize,
    /// One past its last byte, unit included.
    pub end: usize,
}

static DUTCH_AND_ENGLISH: LazyLock<BTreeMap<String, i64>> = LazyLock::new(number_words);

const NL: [&str; 20] = [
    "nul",
    "een",
    "twee",
    "drie",
    "vier",
    "vijf",
    "zes",
    "zeven",
    "acht",
    "negen",
    "tien",
    "elf",
    "twaalf",
    "dertien",
    "veertien",
    "vijftien",
    "zestien",
    "zeventien",
    "achttien",
    "negentien",
];
const NL_TENS: [&str; 8] =
    ["twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig"];
const EN: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const EN_TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Number words up to ninety-nine, and the hundreds.
fn number_words() -> BTreeMap<String, i64> {
    let mut words = BTreeMap::new();
    for (value, (dutch, english)) in (0_i64..).zip(NL.iter().zip(EN)) {
        words.insert((*dutch).to_owned(), value);
        words.insert(english.to_owned(), value);
    }
    for (ten, (dutch, english)) in (2_i64..).zip(NL_TENS.iter().zip(EN_TENS)) {
        words.insert((*dutch).to_owned(), ten * 10);
        words.insert(english.to_owned(), ten * 10);
        for (one, (left, right)) in (1_i64..10).zip(NL.iter().zip(EN).skip(1)) {
            words.insert(format!("{left}en{dutch}"), ten * 10 + one);
            words.insert(format!("{english}-{right}"), ten * 10 + one);
            words.insert(format!("{english}{right}"), ten * 10 + one);
        }
    }
    for (word, value) in [
        ("honderd", 100),
        ("hundred", 100),
        ("tweehonderd", 200),
        ("driehonderd", 300),
        ("veertg", 40),
        ("tenner", 10),
        ("fiver", 5),
        ("tientje", 10),
        ("vijfje", 5),
        ("dertg", 30),
    ] {
        words.insert(word.to_owned(), value);
    }
    words.remove("een");
    words.remove("one");
    words.remove("nul");
    words.remove("zero");
    words
}

struct Word<'a> {
    text: &'a str,
    start: usize,
}

/// Every amount of `plain`, in order.
pub(super) fn amounts(plain: &str) -> Vec<Amount> {
    let base = plain.as_ptr() as usize;
    let words: Vec<Word<'_>> = plain
        .split(|letter: char| {
            letter.is_whitespace() || matches!(letter, '(' | ')' | '"' | '?' | '!' | ';')
        })
        .filter(|word| !word.is_empty())
        .map(|text| Word { text, start: text.as_ptr() as usize - base })
        .collect();
    let mut found: Vec<Amount> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let trimmed =
            word.text.trim_matches(|it: char| matches!(it, '.' | ',' | ':' | '\'' | '*' | '~'));
        let Some((hundredths, mut unit)) = value(trimmed) else { continue };
        let mut end = word.start + word.text.len();
        let previous = index.checked_sub(1).and_then(|at| words.get(at)).map_or("", |it| it.text);
        if unit == Unit::Bare {
            unit = prefix_unit(previous);
        }
        let glued_end = word.text.ends_with(['.', ',', ':']);
        if unit == Unit::Bare
            && let (Some(next), false) = (words.get(index + 1), glued_end)
        {
            unit = suffix_unit(next.text);
            if unit != Unit::Bare {
                end = next.start + next.text.len();
            }
        }
        if unit == Unit::Bare && thing_before(previous) {
            unit = Unit::Thing;
        }
        found.push(Amount { hundredths, unit, start: word.start, end });
    }
    joined(found, plain)
}

/// `twaalf vijftig` and `six euro fifty`: two words, one amount.
fn joined(found: Vec<Amount>, plain: &str) -> Vec<Amount> {
    let mut result: Vec<Amount> = Vec::new();
    for amount in found {
        if let Some(last) = result.last_mut() {
            let between = plain.get(last.end..amount.start).unwrap_or("?").trim();
            let spelled = plain
                .get(last.start..last.end)
                .is_some_and(|text| text.starts_with(|letter: char| letter.is_ascii_alphabetic()));
            let cents = amount.hundredths >= 1000 && amount.hundredths < 10_000;
            let fits = matches!(last.unit, Unit::Bare | Unit::Euro)
                && matches!(amount.unit, Unit::Bare | Unit::Euro);
            if spelled && fits && cents && last.hundredths % 100 == 0 && between.is_empty() {
                last.hundredths += amount.hundredths / 100;
                last.unit = if amount.unit == Unit::Bare { last.unit } else { amount.unit };
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
    let marks: [(&str, Unit); 11] = [
        ("%", Unit::Percent),
        ("€", Unit::Euro),
        ("eur", Unit::Euro),
        ("euro", Unit::Euro),
        ("euros", Unit::Euro),
        ("£", Unit::Foreign),
        ("$", Unit::Foreign),
        ("usd", Unit::Foreign),
        ("gbp", Unit::Foreign),
        ("procent", Unit::Percent),
        ("pct", Unit::Percent),
    ];
    let word = word.trim_end_matches(",-").trim_end_matches(".-").trim_end_matches(",--");
    for (mark, unit) in marks {
        let rest = word.strip_suffix(mark).or_else(|| word.strip_prefix(mark));
        if let Some(hundredths) = rest.and_then(digits) {
            return Some((hundredths, unit));
        }
    }
    if let Some(hundredths) = digits(word) {
        return Some((hundredths, Unit::Bare));
    }
    let spelled = |word: &str| DUTCH_AND_ENGLISH.get(word).map(|value| value * 100);
    if let Some(hundredths) = spelled(word) {
        let unit = match word {
            "tientje" | "vijfje" => Unit::Euro,
            _ => Unit::Bare,
        };
        return Some((hundredths, unit));
    }
    for (mark, unit) in [("euro", Unit::Euro), ("procent", Unit::Percent)] {
        if let Some(hundredths) = word.strip_suffix(mark).and_then(spelled) {
            return Some((hundredths, unit));
        }
    }
    None
}

/// `1.249`, `12,50`, `12.5`, `1.249,50` in hundredths.
fn digits(word: &str) -> Option<i64> {
    if !word.starts_with(|it: char| it.is_ascii_digit())
        || !word.bytes().all(|it| it.is_ascii_digit() || it == b'.' || it == b',')
        || word.len() > 10
    {
        return None;
    }
    let (whole, cents) = match word.rsplit_once([',', '.']) {
        Some((whole, cents)) if cents.len() == 2 => (whole, cents.parse::<i64>().ok()?),
        Some((whole, cents)) if cents.len() == 1 => (whole, cents.parse::<i64>().ok()? * 10),
        Some((_, thousands)) if thousands.len() == 3 => (word, 0),
        Some((whole, "")) => (whole, 0),
        Some(_) => return None,
        None => (word, 0),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    Some(whole.parse::<i64>().ok()? * 100 + cents)
}

fn prefix_unit(word: &str) -> Unit {
    match word.trim_start_matches(['(', ':']) {
        "€" | "eur" | "euro" => Unit::Euro,
        "£" | "$" | "usd" | "gbp" | "chf" | "sek" | "pln" => Unit::Foreign,
        _ => Unit::Bare,
    }
}

/// What is counted, so that the number before it is no money.
const THINGS: [&str; 64] = [
    "dag",
    "dagen",
    "days",
    "day",
    "week",
    "weken",
    "weeks",
    "wk",
    "maand",
    "maanden",
    "month",
    "months",
    "jaar",
    "years",
    "year",
    "uur",
    "u",
    "uren",
    "hours",
    "hour",
    "minuten",
    "minutes",
    "keer",
    "times",
    "x",
    "maal",
    "cm",
    "mm",
    "m",
    "kg",
    "gram",
    "liter",
    "stuks",
    "stuk",
    "pieces",
    "paar",
    "pairs",
    "pair",
    "mails",
    "emails",
    "foto's",
    "photos",
    "sterren",
    "stars",
    "personen",
    "people",
    "man",
    "stoelen",
    "chairs",
    "mei",
    "juni",
    "juli",
    "april",
    "maart",
    "januari",
    "februari",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
    "watt",
    "inch",
    "jarige",
];

fn suffix_unit(word: &str) -> Unit {
    let word = word.trim_end_matches(['.', ',', ':', '!', '?']);
    match word {
        "%" | "procent" | "percent" | "pct" | "procentjes" | "prozent" | "percents"
        | "procenten" => Unit::Percent,
        "€" | "euro" | "euros" | "eur" | "eurootjes" | "euro's" | "euries" | "ekkies" | "piek" => {
            Unit::Euro
        }
        "pond" | "pounds" | "pound" | "quid" | "gbp" | "dollar" | "dollars" | "usd" | "bucks"
        | "chf" | "frank" | "francs" | "zloty" | "kronor" | "kroner" => Unit::Foreign,
        word if THINGS.contains(&word) => Unit::Thing,
        _ => Unit::Bare,
    }
}

fn thing_before(word: &str) -> bool {
    matches!(
        word.trim_end_matches([':', '.']),
        "maat"
            | "mt"
            | "size"
            | "order"
            | "bestelling"
            | "nr"
            | "nummer"
            | "ordernr"
            | "bestelnummer"
            | "artikel"
            | "model"
            | "om"
            | "tot"
            | "op"
            | "van"
            | "alle"
            | "de"
            | "die"
            | "both"
            | "all"
            | "the"
            | "deze"
            | "onze"
            | "my"
            | "mijn"
            | "no"
            | "of"
            | "for"
            | "number"
            | "twee"
            | "i"
    ) && !matches!(word, "de" | "the" | "op" | "die" | "van" | "for" | "of" | "no")
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
        assert_eq!(read("50% is redelijk"), [(5000, Unit::Percent)]);
        assert_eq!(read("12,50 and it's ok"), [(1250, Unit::Bare)]);
        assert_eq!(read("Twintig euro vind ik netter"), [(2000, Unit::Euro)]);
        assert_eq!(read("vijfentwintig procent"), [(2500, Unit::Percent)]);
        assert_eq!(read("Twenty-five percent"), [(2500, Unit::Percent)]);
        assert_eq!(read("€ 1.249,50 betaald"), [(124_950, Unit::Euro)]);
        assert_eq!(read("twaalf vijftig"), [(1250, Unit::Bare)]);
        assert_eq!(read("£30 please"), [(3000, Unit::Foreign)]);
        assert_eq!(read("al 35 dagen"), [(3500, Unit::Thing)]);
    }
}
