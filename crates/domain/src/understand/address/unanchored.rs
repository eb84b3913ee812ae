//! Addresses that were given without a postcode.

use super::super::NewAddress;
use super::parts::{set_street, strip_lead_in, trim_number, trim_street};
use super::{
    BARE_NUMBER, CITY_AFTER, DUTCH_CODE, ENGLISH_STREET, Found, NEW_BEFORE, ONLY_CITY, PO_BOX,
    STREET_NUMBER, STREET_WORD, context, is_word,
};

/// Candidates without a postcode: a street with a number, a number alone, a city alone.
pub(super) fn unanchored(text: &str, found: &mut Vec<Found>) {
    for captures in ENGLISH_STREET.captures_iter(text) {
        let part = |index: usize| captures.get(index).map(|it| it.as_str().trim().to_owned());
        let address = NewAddress {
            street: part(2),
            house_number: part(1),
            city: part(3),
            ..NewAddress::default()
        };
        let at = captures.get(0).map_or(0, |it| it.start());
        found.push(Found { address, at, score: context(text, at) + 6 });
    }
    if found.iter().any(|it| it.score > 0) {
        return;
    }
    for captures in PO_BOX.captures_iter(text) {
        let mut address = NewAddress::default();
        set_street(&mut address, &captures);
        let at = captures.get(0).map_or(0, |it| it.start());
        found.push(Found { address, at, score: context(text, at) + 4 });
    }
    streets_with_number(text, found);
    if found.iter().any(|it| it.score > 0) {
        return;
    }
    if let Some(captures) = BARE_NUMBER.captures(text) {
        let number = captures.iter().skip(1).flatten().next();
        if let Some(number) = number {
            let address = NewAddress {
                house_number: Some(number.as_str().trim().to_owned()),
                ..NewAddress::default()
            };
            found.push(Found { address, at: number.start(), score: 8 });
        }
    } else if let Some(city) = ONLY_CITY.captures(text).and_then(|it| it.get(1)) {
        let address = NewAddress { city: Some(city.as_str().to_owned()), ..NewAddress::default() };
        found.push(Found { address, at: city.start(), score: 4 });
    }
}

/// A street with its number and no postcode near it.
fn streets_with_number(text: &str, found: &mut Vec<Found>) {
    for captures in STREET_NUMBER.captures_iter(text) {
        let (Some(street), Some(whole)) = (captures.get(1), captures.get(0)) else { continue };
        let own = street.as_str();
        let own = own.rsplit_once(". ").map_or(own, |(before, rest)| {
            if before.len() < 4 && !before.contains(' ') && before.len() > 2 { own } else { rest }
        });
        let name = trim_street(strip_lead_in(own));
        let known = STREET_WORD.is_match(name);
        let follows = text.get(whole.end()..).unwrap_or_default();
        let city = CITY_AFTER.captures(follows).and_then(|it| Some(it.get(1)?.as_str().to_owned()));
        let at = street.end().saturating_sub(name.len());
        let capital = name.chars().next().is_some_and(char::is_uppercase);
        let announced = NEW_BEFORE.is_match(text.get(..at).unwrap_or_default());
        let named = capital && announced && !is_order_word(name);
        if !known && !named {
            continue;
        }
        let mut address = NewAddress { city, ..NewAddress::default() };
        address.street = Some(name.to_owned());
        address.house_number = captures.get(2).map(|it| trim_number(it.as_str()).to_owned());
        let close =
            follows.get(..follows.len().min(60)).or_else(|| follows.get(..40)).unwrap_or(follows);
        if let Some(code) = DUTCH_CODE.find(close).filter(|it| {
            !is_word(it.as_str().trim_start_matches(|at: char| at.is_ascii_digit() || at == ' '))
        }) {
            address.postal_code = Some(code.as_str().to_owned());
            address.country = Some("NL".to_owned());
        }
        let corrected = follows.trim_start().to_lowercase();
        let kept = ["niet", "ipv", "i.p.v", "in plaats van", "instead of", "not "]
            .iter()
            .any(|it| corrected.starts_with(it));
        let score = context(text, at) + i32::from(known) * 3 + i32::from(kept) * 12;
        found.push(Found { address, at, score });
    }
}

fn is_order_word(name: &str) -> bool {
    let lower = name.to_lowercase();
    [
        "bestelling",
        "order",
        "maat",
        "size",
        "nummer",
        "number",
        "art",
        "artikel",
        "mei",
        "juni",
        "juli",
        "may",
        "june",
    ]
    .iter()
    .any(|word| lower.ends_with(word))
}
