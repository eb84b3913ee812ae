//! Postcodes in one piece of text, by their shape.

use super::words::{country_of_city, plain};
use super::{AMERICAN, BRITISH_CODE, DUTCH_CODE, FOUR_OR_FIVE, IRISH_CODE};

/// How an address with such a code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `1234 AB City`
    Dutch,
    /// `City BN1 2TW`
    British,
    /// `City, H91 E2K3`
    Irish,
    /// `City, IL 60614`
    American,
    /// `9000 City`: four or five digits, of several countries.
    Digits,
}

/// A postcode in a piece.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub kind: Kind,
    /// As written.
    pub written: String,
    /// Its first byte in the piece, the state and a country letter included.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The country that a letter before it tells.
    pub country: Option<&'static str>,
}

/// The postcodes of `piece`; `told` when the mail speaks of postcodes.
pub(super) fn codes(piece: &str, told: bool) -> Vec<Code> {
    let mut found: Vec<Code> = Vec::new();
    if !piece.bytes().any(|it| it.is_ascii_digit()) {
        return found;
    }
    let free = |found: &[Code], start: usize, end: usize| {
        found.iter().all(|it| it.end <= start || it.start >= end)
    };
    for captures in DUTCH_CODE.captures_iter(piece) {
        let (Some(whole), Some(letters)) = (captures.get(1), captures.get(2)) else { continue };
        if is_dutch(whole.as_str(), letters.as_str(), told) {
            found.push(code(Kind::Dutch, whole.as_str(), whole.start(), whole.end()));
        }
    }
    for (pattern, kind) in [(&IRISH_CODE, Kind::Irish), (&BRITISH_CODE, Kind::British)] {
        for whole in pattern.find_iter(piece) {
            if free(&found, whole.start(), whole.end()) {
                found.push(code(kind, whole.as_str(), whole.start(), whole.end()));
            }
        }
    }
    for captures in AMERICAN.captures_iter(piece) {
        let (Some(state), Some(zip)) =
            (captures.get(1).or(captures.get(3)), captures.get(2).or(captures.get(4)))
        else {
            continue;
        };
        let named = state.as_str().len() > 2;
        if (named || is_american_state(state.as_str())) && free(&found, state.start(), zip.end()) {
            found.push(code(Kind::American, zip.as_str(), state.start(), zip.end()));
        }
    }
    for captures in FOUR_OR_FIVE.captures_iter(piece) {
        let (Some(whole), Some(digits)) = (captures.get(0), captures.get(2)) else { continue };
        let before = piece.get(..whole.start()).unwrap_or_default();
        let after = piece.get(whole.end()..).unwrap_or_default();
        let fits = free(&found, whole.start(), whole.end());
        if fits && is_digit_code(before, digits.as_str(), after, told) {
            let mut it = code(Kind::Digits, whole.as_str(), whole.start(), whole.end());
            it.country = captures.get(1).and_then(|letter| country_of_letter(letter.as_str()));
            found.push(it);
        }
    }
    found.sort_by_key(|it| it.start);
    found
}

fn code(kind: Kind, written: &str, start: usize, end: usize) -> Code {
    Code { kind, written: written.trim().to_owned(), start, end, country: None }
}

/// Lower-case letters behind four digits may be a word: `2024 is`, `1015 en`.
fn is_dutch(whole: &str, letters: &str, told: bool) -> bool {
    let capitals = letters.chars().all(char::is_uppercase);
    let mixed = !capitals && letters.chars().any(char::is_uppercase);
    let close = whole.len() == 6;
    let folded = letters.to_lowercase();
    if capitals || close && !is_word(&folded) {
        return true;
    }
    !mixed && (told || !is_word(&folded)) && !matches!(folded.as_str(), "en" | "is" | "in" | "of")
}

/// Words before a number that say it is something else than a postcode.
const NAMED: [&str; 40] = [
    "order",
    "ordernr",
    "ordernummer",
    "bestelling",
    "bestelnummer",
    "bestelnr",
    "nr",
    "nummer",
    "number",
    "no",
    "ref",
    "klantnummer",
    "abonnement",
    "factuur",
    "invoice",
    "since",
    "sinds",
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
    "code",
    "lid",
    "customer",
];

/// Whether four or five digits are a postcode: a place behind them, no month or count before.
fn is_digit_code(before: &str, digits: &str, after: &str, told: bool) -> bool {
    if before.ends_with(['.', '/', '-', '#', '€', '$', '£', '+']) || digits.starts_with("00") {
        return false;
    }
    if after.starts_with(['-', '/', '€', '%', '.', ':'])
        && !after.starts_with(". ")
        && after.len() > 1
    {
        return false;
    }
    let last = before.split_whitespace().next_back().map(plain).unwrap_or_default();
    if NAMED.contains(&last.as_str()) && !(told && last == "code") {
        return false;
    }
    let mut next = after.trim_start_matches([' ', ',']).split_whitespace();
    let first = next.next().unwrap_or_default();
    let two = next.next().map(|second| format!("{first} {second}"));
    let known = country_of_city(plain(first).as_str())
        .or_else(|| two.and_then(|it| country_of_city(plain(&it).as_str())));
    let counts = matches!(plain(first).as_str(), "euro" | "eur" | "stuks" | "watt" | "gram");
    if counts || first.starts_with(|it: char| it.is_ascii_digit()) && digits.len() == 5 {
        return false;
    }
    let year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    if known.is_some() {
        return true;
    }
    if digits.len() == 6 && digits.contains('-') {
        // Polish: a piece of an order number looks alike.
        return false;
    }
    if digits.contains(['-', ' ']) {
        return first.starts_with(char::is_uppercase);
    }
    let capital = first.starts_with(char::is_uppercase) && first.len() > 2;
    capital && !year || told && (first.is_empty() || !year)
}

fn country_of_letter(letters: &str) -> Option<&'static str> {
    Some(match letters.to_uppercase().as_str() {
        "B" | "BE" => "BE",
        "D" | "DE" => "DE",
        "F" | "FR" => "FR",
        "L" | "LU" => "LU",
        "A" | "AT" => "AT",
        "CH" => "CH",
        "NL" => "NL",
        "DK" => "DK",
        _ => return None,
    })
}

fn is_american_state(code: &str) -> bool {
    const STATES: &str = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC";
    STATES.split(' ').any(|state| state.eq_ignore_ascii_case(code))
}

/// Two letters that are a Dutch, English or German word more often than a postcode's.
fn is_word(letters: &str) -> bool {
    const WORDS: [&str; 52] = [
        "en", "is", "in", "of", "op", "om", "te", "de", "me", "je", "ze", "we", "al", "an", "to",
        "it", "as", "so", "or", "at", "my", "no", "ik", "er", "na", "nu", "cm", "mm", "kg", "ml",
        "st", "th", "uu", "up", "us", "on", "by", "be", "if", "eu", "do", "go", "he", "ge", "da",
        "ma", "pa", "ok", "ja", "zo", "ie", "um",
    ];
    WORDS.contains(&letters)
}
