//! The address around a postcode.

use regex::Captures;

use super::super::NewAddress;
use super::parts::{
    city_after, city_before, fill_street, segments_before, set_street, trailing_city,
};
use super::{CITY_TOLD, NUMBER_LAST, is_word, named_country};

/// The address around a postcode, and where it begins.
pub(super) fn around(
    text: &str,
    captures: &Captures<'_>,
    country: &str,
) -> Option<(NewAddress, usize)> {
    let whole = captures.get(0)?;
    let mut address = NewAddress::default();
    let mut start = whole.start();
    let end = code_of(text, captures, country, &mut address)?;
    if country == "US" {
        address.country = Some("US".to_owned());
    } else {
        address.country = (!country.is_empty()).then(|| country.to_owned());
    }
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let islands = matches!(country, "GB" | "IE");
    let mut segments = segments_before(before);
    if islands {
        address.city = city_before(&mut segments, country);
    } else if country != "US" {
        address.city = city_after(after);
    }
    if country.is_empty() {
        address.country = country_of_code(&address, captures, text);
    }
    if address.city.is_none() && country == "NL" && segments.len() >= 2 {
        let earlier = segments.len().checked_sub(2).and_then(|at| segments.get(at));
        let told = earlier.and_then(|it| CITY_TOLD.captures(it)?.get(1));
        address.city = trailing_city(&mut segments).or(told.map(|it| it.as_str().to_owned()));
    }
    if segments.last().is_some_and(|last| last.trim().is_empty()) {
        segments.pop();
    }
    fill_street(&mut address, &segments, islands);
    if address.street.is_none() && country.is_empty() {
        // Belgian habit: the street on the line under the city.
        let next = after.lines().nth(1).unwrap_or_default();
        if let Some(captures) = NUMBER_LAST.captures(next.trim()) {
            set_street(&mut address, &captures);
        }
    }
    let written = address.street.as_deref().or(address.house_number.as_deref());
    if let Some(at) = written.and_then(|street| before.rfind(street)) {
        start = at;
    }
    Some((address, start))
}

/// Puts the postcode itself into the address and says where it ends; nothing when it is none.
fn code_of(
    text: &str,
    captures: &Captures<'_>,
    country: &str,
    address: &mut NewAddress,
) -> Option<usize> {
    let whole = captures.get(0)?;
    let start = whole.start();
    let mut end = whole.end();
    match country {
        "US" => {
            address.city = Some(captures.get(1)?.as_str().trim().to_owned());
            address.postal_code = Some(captures.get(3)?.as_str().to_owned());
            if !is_american_state(captures.get(2)?.as_str()) {
                return None;
            }
        }
        "" => {
            let code = captures.get(2)?;
            let dated = text.get(..start).is_some_and(|it| it.ends_with(['.', '/', '-']));
            if dated || after_is_no_city(captures.get(3)?.as_str()) {
                return None;
            }
            if code.as_str().starts_with('0') && code.len() == 4
                || is_year(code.as_str()) && text.get(..code.start()).is_some_and(in_date)
            {
                return None;
            }
            let written = text.get(start..code.end()).unwrap_or(code.as_str());
            address.postal_code = Some(written.to_owned());
            end = code.end();
        }
        "NL" => {
            let code = captures.get(1)?;
            let letters: String = code.as_str().chars().filter(|it| it.is_alphabetic()).collect();
            let small = letters.chars().any(char::is_lowercase);
            if small
                && (code.as_str().contains(' ') || !letters.chars().all(char::is_lowercase))
                && is_word(&letters)
            {
                return None;
            }
            if small && is_word(&letters) {
                return None;
            }
            address.postal_code = Some(code.as_str().to_owned());
        }
        _ => address.postal_code = Some(captures.get(1)?.as_str().to_owned()),
    }
    Some(end)
}

/// Words after four digits that make them a count, not a postcode.
fn after_is_no_city(word: &str) -> bool {
    const WORDS: [&str; 30] = [
        "euro",
        "eur",
        "stuks",
        "mail",
        "mails",
        "gram",
        "watt",
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
        "graag",
        "want",
        "pls",
        "please",
        "aub",
        "and",
        "van",
        "for",
        "the",
        "het",
        "niet",
    ];
    WORDS.contains(&word.to_lowercase().as_str())
}

fn is_year(code: &str) -> bool {
    code.starts_with("19") || code.starts_with("20")
}

fn in_date(before: &str) -> bool {
    before.trim_end().ends_with(|it: char| it.is_alphabetic())
}

fn is_american_state(code: &str) -> bool {
    const STATES: &str = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC";
    STATES.split(' ').any(|state| state.eq_ignore_ascii_case(code))
}

/// A four-digit code is Belgian, a five-digit one German or French, unless said otherwise.
fn country_of_code(_address: &NewAddress, captures: &Captures<'_>, text: &str) -> Option<String> {
    if let Some(prefix) = captures.get(1) {
        let code = match prefix.as_str() {
            "B" => "BE",
            "D" => "DE",
            "F" => "FR",
            other => other,
        };
        return Some(code.to_owned());
    }
    if let Some(named) = named_country(text) {
        return Some(named);
    }
    let lower = text.to_lowercase();
    let french = [" rue ", "avenue", "boulevard", "chemin", "bonjour", "commande"]
        .iter()
        .any(|it| lower.contains(it));
    match captures.get(2).map(|code| code.len()) {
        Some(4) => Some("BE".to_owned()),
        Some(5) if french => Some("FR".to_owned()),
        Some(5) => Some("DE".to_owned()),
        _ => None,
    }
}
