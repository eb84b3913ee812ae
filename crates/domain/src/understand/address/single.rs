//! Addresses that were given without a postcode: a street, a number alone, a place alone.

use super::super::NewAddress;
use super::around::{city, strip_start, whole_city};
use super::islands::{is_building, is_flat};
use super::pieces::{Gap, Piece};
use super::street::{is_unit, number_first, number_last};
use super::words::{WORDS, country_of_city, named_country, plain};
use super::{BARE_NUMBER, CITY_NAMED, CODE_TOLD, Found, LED_BY, NAMED_STREET, NEW_BEFORE, context};

/// A street with its number in any piece.
pub(super) fn streets(text: &str, pieces: &[Piece<'_>], found: &mut Vec<Found>) {
    for (index, piece) in pieces.iter().enumerate() {
        if !super::codes(piece.text, false).is_empty() {
            continue;
        }
        let first = number_first(piece.text, true);
        let first_number = first.is_some();
        let Some(street) = first.or_else(|| number_last(piece.text)) else { continue };
        let at = piece.at + street.at;
        let before = text.get(..at).unwrap_or_default();
        let announced = NEW_BEFORE.is_match(tail(before, 50)) || piece.gap == Gap::Stop;
        let capital = street.name.starts_with(char::is_uppercase);
        let many = street.number.bytes().take_while(u8::is_ascii_digit).count() > 3;
        let counted = street.rest.split_whitespace().next().is_some_and(is_unit_of_measure);
        let led = LED_BY.is_match(before) || street.at == 0 && piece.gap == Gap::Stop;
        if counted || !street.sure && (!announced || !capital || many || !led) {
            continue;
        }
        let end = piece.at + piece.text.len();
        let after = pieces.get(index + 1..).unwrap_or_default().iter();
        let code = after.take(2).find(|it| is_digits(it.text)).map(|it| it.text.to_owned());
        let behind = pieces.get(index + 1..).unwrap_or_default();
        let rooms: Vec<&str> = behind
            .iter()
            .take_while(|it| matches!(it.gap, Gap::Comma) && is_unit(it.text))
            .map(|it| it.text)
            .collect();
        let index = index + rooms.len();
        let flats =
            if first_number { flats_before(pieces, index - rooms.len()) } else { Vec::new() };
        let number = flats.into_iter().chain([street.number.as_str()]).chain(rooms);
        let number = number.filter(|it| !it.is_empty()).collect::<Vec<_>>().join(", ");
        let mut address = NewAddress {
            street: Some(street.name),
            house_number: Some(number).filter(|it| !it.is_empty()),
            ..NewAddress::default()
        };
        let written = |city: &String| {
            city.starts_with(|it: char| !it.is_lowercase()) || country_of_city(city).is_some()
        };
        address.city = city(&street.rest, false).filter(written).or_else(|| {
            let next = pieces.get(index + 1..)?.iter().find(|it| !it.aside)?;
            let near = matches!(next.gap, Gap::Comma | Gap::Line);
            near.then(|| whole_city(next.text).or_else(|| city(next.text, false).filter(written)))?
        });
        let sure = i32::from(street.sure) * 3 + i32::from(address.city.is_some()) * 2;
        let score = context(text, at, end) + sure;
        complete(text, &mut address);
        let english = address.house_number.is_some() && !is_dutch(text) && first_number;
        if address.city.is_some() && english {
            address.country = address.country.or(Some("GB".to_owned()));
        }
        address.postal_code = address.postal_code.or(code.filter(|_| address.city.is_some()));
        found.push(Found { address, at, score });
    }
}

/// `Apartment 12, Seaview House` before `3 Marine Parade`.
fn flats_before<'a>(pieces: &[Piece<'a>], index: usize) -> Vec<&'a str> {
    let mut gap = pieces.get(index).map(|piece| piece.gap);
    let mut flats = Vec::new();
    for piece in pieces.iter().take(index).rev() {
        let beside = matches!(gap, Some(Gap::Comma | Gap::Line)) && !piece.aside;
        let own = strip_start(piece.text);
        if !beside || !(is_flat(own) || is_building(own)) {
            break;
        }
        flats.insert(0, own);
        gap = Some(piece.gap);
    }
    flats
}

/// `10 euro`, `3 weken`: a count, no house number.
fn is_unit_of_measure(word: &str) -> bool {
    const UNITS: [&str; 44] = [
        "euro",
        "euros",
        "eur",
        "procent",
        "percent",
        "%",
        "weken",
        "week",
        "weeks",
        "dagen",
        "dag",
        "days",
        "maanden",
        "maand",
        "months",
        "jaar",
        "years",
        "year",
        "uur",
        "hours",
        "inch",
        "cm",
        "mm",
        "kg",
        "gram",
        "meter",
        "liter",
        "stuks",
        "keer",
        "times",
        "x",
        "minuten",
        "minutes",
        "werkdagen",
        "pages",
        "pieces",
        "pond",
        "pounds",
        "quid",
        "dollar",
        "krom",
        "ontbreekt",
        "sterren",
        "stars",
    ];
    UNITS.contains(&plain(word).as_str())
}

fn is_digits(text: &str) -> bool {
    (4..=5).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
}

fn tail(text: &str, length: usize) -> &str {
    let from = text.char_indices().rev().nth(length).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or(text)
}

/// A postcode that is told apart, and the country of the place.
fn complete(text: &str, address: &mut NewAddress) {
    if let Some(told) = CODE_TOLD.captures(text).and_then(|it| it.get(1).or(it.get(2))) {
        address.postal_code = Some(told.as_str().to_owned());
    }
    address.country = address.city.as_deref().and_then(|it| implied(it, text)).map(str::to_owned);
}

/// The country of a place: known, named in the text, or that of the language.
fn implied(city: &str, text: &str) -> Option<&'static str> {
    country_of_city(city).or_else(|| named_country(text)).or_else(|| is_dutch(text).then_some("NL"))
}

fn is_dutch(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["het", "een", "naar", "ik", "mijn", "niet", "wij", "kan", "graag", "jullie", "de", "weet"];
    text.split_whitespace().filter(|word| WORDS.contains(&plain(word).as_str())).count() >= 2
}

/// A number alone, a street alone, a place alone: only what is announced.
pub(super) fn parts(text: &str, found: &mut Vec<Found>) {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let numbers = digits.then(|| BARE_NUMBER.captures_iter(text));
    for captures in numbers.into_iter().flatten() {
        let Some(number) = captures.iter().skip(1).flatten().next() else { continue };
        let written = number.as_str().trim();
        let digits = written.bytes().filter(u8::is_ascii_digit).count();
        if !(1..=4).contains(&digits) {
            continue;
        }
        let address =
            NewAddress { house_number: Some(written.to_owned()), ..NewAddress::default() };
        let score = context(text, number.start(), number.end());
        // The first number said is the right one.
        if found.iter().all(|it| it.score < score) {
            found.push(Found { address, at: number.start(), score });
        }
    }
    if found.iter().any(|it| it.score > 0) {
        return;
    }
    if let Some(street) = NAMED_STREET.captures(text).and_then(|it| it.get(1)) {
        let address =
            NewAddress { street: Some(street.as_str().to_owned()), ..NewAddress::default() };
        let score = context(text, street.start(), street.end());
        found.push(Found { address, at: street.start(), score });
    }
    for captures in CITY_NAMED.captures_iter(text) {
        let Some(named) = captures.iter().skip(1).flatten().next() else { continue };
        let text_of = text.get(named.start()..).unwrap_or_default();
        let line = text_of.split(['\n', ',', '.', '!', '?', ';']).next().unwrap_or_default();
        let name = city(line, true).filter(|it| country_of_city(it).is_some());
        let sure = captures.get(1).is_some();
        let unknown = || {
            let capital = named.as_str().starts_with(char::is_uppercase);
            let folded = plain(named.as_str());
            let fits = !WORDS.no_city.contains(&folded) && named_country(named.as_str()).is_none();
            (sure && capital && fits).then(|| named.as_str().to_owned())
        };
        let Some(name) = name.or_else(unknown) else { continue };
        let country = implied(&name, text).map(str::to_owned);
        let address = NewAddress { city: Some(name), country, ..NewAddress::default() };
        let score = context(text, named.start(), named.end()) - 4;
        found.push(Found { address, at: named.start(), score });
    }
}
