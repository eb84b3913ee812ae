//! Every number in the text, in digits or in words, must be one the decision licenses.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::lexicon::{Gate, Licence, lexicon};
use super::{Objection, ObjectionKind};

/// A piece of the text that matters for quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A number in hundredths (15 is 1500), with how it was written.
    Number { hundredths: Option<i64>, written: &'a str },
    /// `half`, `kwart`, `dubbel`.
    Fraction(&'a str),
    /// What is counted.
    Unit(Unit, &'a str),
    /// Any other word.
    Word,
    /// A mark that separates.
    Break,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Percent,
    Euro,
    Days,
    Hours,
    Other,
}

/// Reports every quantity that is not licensed.
pub fn inspect(text: &str, licence: &Licence, objections: &mut Vec<Objection>) {
    let tokens = tokens(text);
    let mut consumed = vec![false; tokens.len()];
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Number { hundredths, written } => {
                let before = index.checked_sub(1).and_then(|i| tokens.get(i));
                let unit = unit_of(&tokens, index, &mut consumed);
                judge(*hundredths, written, before, unit, licence, objections);
            }
            Token::Fraction(word) => {
                objections.push(Objection::new(ObjectionKind::Fraction, word));
            }
            Token::Unit(..) | Token::Word | Token::Break => {}
        }
    }
    for (token, consumed) in tokens.iter().zip(&consumed) {
        if let (Token::Unit(unit, written), false) = (token, consumed) {
            match unit {
                Unit::Percent => {
                    objections.push(Objection::new(ObjectionKind::Percentage, written));
                }
                Unit::Euro => objections.push(Objection::new(ObjectionKind::Amount, written)),
                Unit::Days | Unit::Hours | Unit::Other => {}
            }
        }
    }
}

/// The unit of the number at `index`: behind it, or a currency sign before it.
fn unit_of(tokens: &[Token<'_>], index: usize, consumed: &mut [bool]) -> Option<Unit> {
    let mut take = |at: usize, unit: Unit| {
        if let Some(slot) = consumed.get_mut(at) {
            *slot = true;
        }
        Some(unit)
    };
    match tokens.get(index + 1) {
        Some(Token::Unit(unit, _)) => return take(index + 1, *unit),
        // "5 working days": one word may stand between.
        Some(Token::Word) => {
            if let Some(Token::Unit(unit @ (Unit::Days | Unit::Hours | Unit::Other), _)) =
                tokens.get(index + 2)
            {
                return take(index + 2, *unit);
            }
        }
        _ => {}
    }
    let before = index.checked_sub(1)?;
    match tokens.get(before) {
        Some(Token::Unit(Unit::Euro, _)) => take(before, Unit::Euro),
        _ => None,
    }
}

fn judge(
    hundredths: Option<i64>,
    written: &str,
    before: Option<&Token<'_>>,
    unit: Option<Unit>,
    licence: &Licence,
    objections: &mut Vec<Objection>,
) {
    let in_digits = written.chars().any(|c| c.is_ascii_digit());
    // Two numbers side by side read as one ("1 5 %", "vijf tien procent"), and nobody can
    // tell which was meant.
    if matches!(before, Some(Token::Number { .. })) {
        objections.push(Objection::new(ObjectionKind::Number, written));
        return;
    }
    let (kind, licensed) = match (unit, hundredths) {
        (Some(Unit::Percent), Some(value)) => {
            (ObjectionKind::Percentage, licence.percentages.contains(&value))
        }
        (Some(Unit::Percent), None) => (ObjectionKind::Percentage, false),
        (Some(Unit::Euro), Some(value)) => {
            (ObjectionKind::Amount, licence.amounts.contains(&value))
        }
        (Some(Unit::Euro), None) => (ObjectionKind::Amount, false),
        (Some(Unit::Days), value) => {
            let whole = value.filter(|value| value % 100 == 0).map(|value| value / 100);
            (ObjectionKind::Duration, whole.is_some_and(|days| licence.days.contains(&days)))
        }
        (Some(Unit::Hours), value) => {
            let whole = value.filter(|value| value % 100 == 0).map(|value| value / 100);
            (ObjectionKind::Duration, whole.is_some_and(|hours| licence.hours.contains(&hours)))
        }
        (Some(Unit::Other), _) => (ObjectionKind::Duration, false),
        // "één van ons", "one of us": small words without a unit count nothing.
        (None, _) if !in_digits => return,
        (None, _) => (ObjectionKind::Number, false),
    };
    if !licensed {
        objections.push(Objection::new(kind, written));
    }
}

/// Splits the text into numbers, units, words and breaks.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (piece, after) = if first.is_ascii_digit() {
            split_while(rest, |c| c.is_ascii_digit() || matches!(c, '.' | ',' | '⁄' | '/'))
        } else if first.is_alphabetic() {
            split_while(rest, |c| c.is_alphabetic() || c == '\'')
        } else if first.is_numeric() {
            // Roman numerals, circled digits and the like that NFKC leaves: never licensed.
            split_while(rest, char::is_numeric)
        } else {
            split_while(rest, |c| c == first)
        };
        rest = after;
        if first.is_ascii_digit() {
            let (number, tail) = trim_number(piece);
            tokens.push(Token::Number { hundredths: digits(number), written: number });
            if !tail.is_empty() {
                tokens.push(Token::Break);
            }
        } else if first.is_alphabetic() {
            word(piece, &mut tokens);
        } else if first.is_numeric() {
            tokens.push(Token::Number { hundredths: None, written: piece });
        } else if let Some(unit) = unit(piece) {
            tokens.push(Token::Unit(unit, piece));
        } else if !matches!(first, ' ' | '-') {
            tokens.push(Token::Break);
        }
    }
    tokens
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.char_indices().find(|(_, c)| !keep(*c)).map_or(text.len(), |(index, _)| index);
    text.split_at_checked(end.max(1)).unwrap_or((text, ""))
}

/// Takes the full stop or comma of the sentence off the number.
fn trim_number(piece: &str) -> (&str, &str) {
    let number = piece.trim_end_matches(['.', ',', '/', '⁄']);
    piece.split_at_checked(number.len()).unwrap_or((piece, ""))
}

/// `1.250,00`, `12.5`, `15` in hundredths; none when it cannot be told.
fn digits(written: &str) -> Option<i64> {
    let separators: Vec<char> = written.chars().filter(|c| !c.is_ascii_digit()).collect();
    if separators.iter().any(|c| matches!(c, '/' | '⁄')) {
        return None;
    }
    let (whole, decimals) = match separators.last() {
        None => (written, ""),
        Some(last) => {
            let (whole, decimals) = written.rsplit_once(*last)?;
            let repeated = separators.iter().filter(|c| *c == last).count() > 1;
            if decimals.len() == 3 || repeated { (written, "") } else { (whole, decimals) }
        }
    };
    if decimals.len() > 2 {
        return None;
    }
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let decimals = format!("{decimals:0<2}");
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(decimals.parse().ok()?)
}

/// The names of units that may be glued to a number.
static GLUED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let units = &lexicon().units;
    [&units.percent, &units.euro, &units.days, &units.hours, &units.other]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .filter(|name| name.chars().count() > 2)
        .collect()
});

/// A word may be a number, a unit, a fraction, or a number glued to its unit.
fn word<'a>(piece: &'a str, tokens: &mut Vec<Token<'a>>) {
    if let Some(unit) = unit(piece) {
        tokens.push(Token::Unit(unit, piece));
        return;
    }
    if is_fraction(piece) {
        tokens.push(Token::Fraction(piece));
        return;
    }
    if !may_count(piece) {
        tokens.push(Token::Word);
        return;
    }
    if let Some(value) = number_word(piece) {
        tokens.push(Token::Number { hundredths: Some(value * 100), written: piece });
        return;
    }
    let glued = GLUED
        .iter()
        .filter_map(|name| Some((*name, piece.strip_suffix(*name)?)))
        .max_by_key(|(name, _)| name.len());
    match glued {
        Some((name, front)) => match (number_word(front), unit(name)) {
            (Some(value), Some(unit)) => {
                tokens.push(Token::Number { hundredths: Some(value * 100), written: piece });
                tokens.push(Token::Unit(unit, name));
            }
            _ => tokens.push(Token::Word),
        },
        None => tokens.push(Token::Word),
    }
}

/// Every unit's names in one place: each word of each reply is looked up here.
static UNITS: LazyLock<HashMap<&'static str, Unit>> = LazyLock::new(|| {
    let units = &lexicon().units;
    let meanings = [
        (&units.percent, Unit::Percent),
        (&units.euro, Unit::Euro),
        (&units.days, Unit::Days),
        (&units.hours, Unit::Hours),
        (&units.other, Unit::Other),
    ];
    let mut names = HashMap::new();
    for (words, unit) in meanings {
        for word in words {
            // The first meaning counts.
            names.entry(word.as_str()).or_insert(unit);
        }
    }
    names
});

fn unit(piece: &str) -> Option<Unit> {
    static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::before(UNITS.keys().copied()));
    if GATE.lets_in(piece) { UNITS.get(piece).copied() } else { None }
}

fn is_fraction(piece: &str) -> bool {
    static GATE: LazyLock<Gate> =
        LazyLock::new(|| Gate::before(lexicon().fractions.words.iter().map(String::as_str)));
    GATE.lets_in(piece) && lexicon().fractions.words.contains(piece)
}

/// What every number word holds somewhere.
#[expect(clippy::expect_used, reason = "a short list that every test run builds")]
static STEMS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let stems = SMALL.iter().chain(TENS).map(|(name, _)| *name).chain(["honderd", "hundred"]);
    AhoCorasick::new(stems).expect("a few dozen words")
});

/// Whether a word can hold a number at all; most cannot, and are not taken apart. Accents and
/// hyphens are only seen through by [`number_word`] itself.
fn may_count(piece: &str) -> bool {
    // The shortest of them have three letters.
    !piece.bytes().all(|byte| byte.is_ascii_alphabetic())
        || (piece.len() > 2 && STEMS.is_match(piece))
}

/// Dutch and English cardinal numbers from 0 to 999, written as one word.
pub fn number_word(word: &str) -> Option<i64> {
    let word: String = word
        .chars()
        .map(|c| match c {
            'é' | 'è' | 'ë' => 'e',
            other => other,
        })
        .filter(|c| *c != '-' && *c != '\'')
        .collect();
    below_hundred(&word).or_else(|| {
        let (front, back) = word.split_once("honderd").or_else(|| word.split_once("hundred"))?;
        let hundreds = if front.is_empty() { 1 } else { below_hundred(front)? };
        let back = back.strip_prefix("en").or(back.strip_prefix("and")).unwrap_or(back);
        let rest = if back.is_empty() { 0 } else { below_hundred(back)? };
        Some(hundreds * 100 + rest)
    })
}

const SMALL: &[(&str, i64)] = &[
    ("nul", 0),
    ("een", 1),
    ("twee", 2),
    ("drie", 3),
    ("vier", 4),
    ("vijf", 5),
    ("zes", 6),
    ("zeven", 7),
    ("acht", 8),
    ("negen", 9),
    ("tien", 10),
    ("elf", 11),
    ("twaalf", 12),
    ("dertien", 13),
    ("veertien", 14),
    ("vijftien", 15),
    ("zestien", 16),
    ("zeventien", 17),
    ("achttien", 18),
    ("negentien", 19),
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
];

const TENS: &[(&str, i64)] = &[
    ("twintig", 20),
    ("dertig", 30),
    ("veertig", 40),
    ("vijftig", 50),
    ("zestig", 60),
    ("zeventig", 70),
    ("tachtig", 80),
    ("negentig", 90),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fourty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

fn below_hundred(word: &str) -> Option<i64> {
    let look = |list: &[(&str, i64)], word: &str| {
        list.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
    };
    look(SMALL, word).or_else(|| look(TENS, word)).or_else(|| {
        TENS.iter().find_map(|(name, tens)| {
            // Dutch puts the unit first (vijfentwintig), English last (twentyfive).
            if let Some(front) = word.strip_suffix(name) {
                let ones = look(SMALL, front.strip_suffix("en")?)?;
                return (1..10).contains(&ones).then_some(tens + ones);
            }
            let ones = look(SMALL, word.strip_prefix(name)?)?;
            (1..10).contains(&ones).then_some(tens + ones)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_words_of_both_languages() {
        for (word, value) in [
            ("vijfentwintig", 25),
            ("tweeëntwintig", 22),
            ("drieënzeventig", 73),
            ("twaalf", 12),
            ("honderd", 100),
            ("honderdvijftig", 150),
            ("twentyfive", 25),
            ("ninety", 90),
        ] {
            assert_eq!(number_word(word), Some(value), "{word}");
        }
        assert_eq!(number_word("beste"), None);
    }

    #[test]
    fn digits_with_separators() {
        assert_eq!(digits("12,50"), Some(1250));
        assert_eq!(digits("12.5"), Some(1250));
        assert_eq!(digits("1.250"), Some(125_000));
        assert_eq!(digits("1.250,00"), Some(125_000));
        assert_eq!(digits("1/2"), None);
    }
}
