//! Street, number, additions and city out of the lines around a postcode.

use regex::Captures;

use super::super::NewAddress;
use super::{CITY, LEAD_IN, LOWER_CITY, NUMBER_FIRST, NUMBER_LAST, PO_BOX, STREET_WORD, UNIT};

/// The pieces before the anchor, cut at commas, line ends and sentence ends, nearest last.
pub(super) fn segments_before(before: &str) -> Vec<&str> {
    let from = before.char_indices().rev().nth(160).map_or(0, |(at, _)| at);
    let near = before.get(from..).unwrap_or(before);
    let paragraph = near.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let sentence = paragraph
        .rmatch_indices(['.', '!', '?', ';'])
        .find(|(at, _)| {
            let rest = paragraph.get(at + 1..).unwrap_or_default();
            let word = paragraph
                .get(..*at)
                .unwrap_or_default()
                .rsplit([' ', '\n'])
                .next()
                .unwrap_or_default();
            rest.starts_with([' ', '\n'])
                && word.len() > 4
                && !word.to_lowercase().ends_with("str")
                && !word.bytes().any(|it| it.is_ascii_digit())
        })
        .map_or(paragraph, |(at, _)| paragraph.get(at + 1..).unwrap_or_default());
    sentence.split([',', '\n']).map(str::trim).filter(|it| !it.is_empty()).collect()
}

pub(super) fn city_after(after: &str) -> Option<String> {
    let after = after.trim_start_matches([',', ' ']);
    let after = after.strip_prefix('\n').unwrap_or(after);
    let line = after.lines().next().unwrap_or_default();
    let cut =
        line.find(['?', '!', ',', ';', '(', ':']).map_or(line, |at| line.get(..at).unwrap_or(line));
    let cut = cut.split(". ").next().unwrap_or(cut).trim_end_matches('.');
    if let Some(captures) = CITY.captures(cut) {
        let city = captures.get(1)?.as_str().trim();
        let city = city.trim_end_matches(['.', '-']);
        let city = trim_tail_words(city);
        return (!city.is_empty()).then(|| city.to_owned());
    }
    let captures = LOWER_CITY.captures(cut)?;
    let city = captures.get(1)?.as_str();
    let not = [
        "thx", "graag", "thanks", "please", "bedankt", "dank", "moet", "want", "mvg", "ipv", "dus",
        "aub", "alvast", "niet", "zijn", "worden", "is", "en", "and", "voor", "for", "instead",
    ];
    let first = city.split(' ').next().unwrap_or_default();
    (!not.contains(&first)).then(|| city.to_owned())
}

/// Small words at the end are no part of a city: `Ede in`.
pub(super) fn trim_tail_words(city: &str) -> &str {
    let mut city = city;
    while let Some((rest, last)) = city.rsplit_once(' ') {
        if last.chars().next().is_some_and(char::is_lowercase) { city = rest } else { break }
    }
    city
}

/// `Sint Annastraat 301, Nijmegen, 6525 GT`, `Lange Nieuwstraat 33 in IJmuiden, 1972 GA`.
pub(super) fn trailing_city<'a>(segments: &mut Vec<&'a str>) -> Option<String> {
    let last: &'a str = segments.last()?;
    let plain = !last.bytes().any(|it| it.is_ascii_digit()) && last.split(' ').count() <= 3;
    let capital = last.chars().next().is_some_and(char::is_uppercase);
    if plain && capital {
        segments.pop();
        return Some(last.to_owned());
    }
    None
}

/// British and Irish: the city stands before the code, perhaps with a county between.
pub(super) fn city_before(segments: &mut Vec<&str>, country: &str) -> Option<String> {
    let mut last = segments.pop()?;
    if country == "IE"
        || last.starts_with("Co ")
        || last.starts_with("Co.")
        || last.starts_with("County")
    {
        while last.starts_with("Co ") || last.starts_with("Co.") || last.starts_with("County") {
            last = segments.pop()?;
        }
    }
    if NUMBER_FIRST.is_match(last) || STREET_WORD.is_match(last) {
        segments.push(last);
        return None;
    }
    Some(strip_lead_in(last).to_owned())
}

pub(super) fn strip_lead_in(segment: &str) -> &str {
    let mut rest = segment;
    if let Some(found) = LEAD_IN.find(segment)
        && let Some(after) = segment.get(found.end()..)
        && !after.is_empty()
    {
        rest = after;
    }
    rest.trim()
}

/// Street and number from the pieces before the anchor, nearest last.
pub(super) fn fill_street(address: &mut NewAddress, segments: &[&str], islands: bool) {
    let mut additions: Vec<String> = Vec::new();
    let mut pending = segments.iter().rev().take(5).peekable();
    while let Some(raw) = pending.next() {
        let segment = strip_lead_in(raw);
        let bare = segment.trim_end_matches(['.', ' ']);
        if let Some(captures) = PO_BOX.captures(bare) {
            set_street(address, &captures);
            break;
        }
        let number_first = NUMBER_FIRST
            .captures(bare)
            .filter(|_| islands || !bare.ends_with(|it: char| it.is_ascii_digit()));
        if let Some(captures) = number_first {
            address.street = captures.get(2).map(|it| it.as_str().trim().to_owned());
            address.house_number = captures.get(1).map(|it| it.as_str().trim().to_owned());
        } else if let (Some(captures), false) =
            (NUMBER_LAST.captures(bare), islands && UNIT.is_match(bare))
        {
            let street = captures.get(1).map_or("", |it| it.as_str());
            if is_unit_word(street) {
                additions.insert(0, bare.to_owned());
                continue;
            }
            set_street(address, &captures);
        } else if islands
            && !STREET_WORD.is_match(bare)
            && pending.peek().is_some_and(|next| NUMBER_FIRST.is_match(strip_lead_in(next)))
        {
            continue; // a district between street and city
        } else if islands
            && address.street.is_none()
            && !UNIT.is_match(bare)
            && looks_like_name(bare)
        {
            address.street = Some(bare.to_owned());
            units_above(&mut pending, &mut additions);
            break;
        } else {
            additions.insert(0, bare.to_owned());
            if additions.len() > 2 {
                break;
            }
            continue;
        }
        while islands && let Some(unit) = pending.next_if(|unit| UNIT.is_match(strip_lead_in(unit)))
        {
            additions.insert(0, strip_lead_in(unit).to_owned());
            let own = address.house_number.take().unwrap_or_default();
            address.house_number = Some(format!("{}, {own}", strip_lead_in(unit)));
            additions.clear();
        }
        break;
    }
    if address.street.is_some() {
        join_additions(address, &additions, islands);
    }
}

/// The lines above a house name that belong to it: flats, and one more name.
fn units_above<'a>(
    pending: &mut std::iter::Peekable<impl Iterator<Item = &'a &'a str>>,
    additions: &mut Vec<String>,
) {
    while let Some(unit) = pending.next_if(|unit| {
        let unit = strip_lead_in(unit);
        !unit.starts_with("Mr")
            && (UNIT.is_match(unit) || looks_like_name(unit) && additions.is_empty())
    }) {
        additions.insert(0, strip_lead_in(unit).to_owned());
        if additions.len() == 1 && !UNIT.is_match(strip_lead_in(unit)) {
            break;
        }
    }
}

pub(super) fn is_unit_word(word: &str) -> bool {
    let word = word.trim().trim_end_matches(['.', ' ']).to_lowercase();
    matches!(
        word.as_str(),
        "bus"
            | "bte"
            | "boite"
            | "boîte"
            | "kamer"
            | "app"
            | "appartement"
            | "flat"
            | "unit"
            | "apt"
            | "room"
            | "box"
            | "flat no"
            | "suite"
            | "etage"
            | "verdieping"
            | "stock"
    )
}

pub(super) fn looks_like_name(segment: &str) -> bool {
    let words: Vec<&str> = segment.split_whitespace().collect();
    !words.is_empty()
        && words.len() <= 5
        && words.iter().any(|word| word.chars().next().is_some_and(char::is_uppercase))
}

pub(super) fn join_additions(address: &mut NewAddress, additions: &[String], islands: bool) {
    let fitting: Vec<&String> = additions
        .iter()
        .filter(|it| {
            is_unit_word(it.trim_end_matches(|at: char| at.is_ascii_digit() || at == ' '))
                || islands && !it.is_empty()
                || it.chars().next().is_some_and(|at| at.is_ascii_digit())
        })
        .collect();
    if fitting.is_empty() {
        return;
    }
    let extra = fitting.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    address.house_number = Some(match (address.house_number.take(), islands) {
        (Some(own), true) => format!("{extra}, {own}"),
        (Some(own), false) => format!("{own}, {extra}"),
        (None, _) => extra,
    });
}

pub(super) fn set_street(address: &mut NewAddress, captures: &Captures<'_>) {
    let street = captures.get(1).map_or("", |it| it.as_str()).trim().trim_end_matches(',');
    address.street = Some(trim_street(street).to_owned());
    address.house_number = captures.get(2).map(|it| trim_number(it.as_str()).to_owned());
}

/// Small words after a number are no addition: `8 bis te`, `7 hs moet`.
pub(super) fn trim_number(number: &str) -> &str {
    const WORDS: [&str; 22] = [
        "te", "in", "is", "moet", "zijn", "aub", "ajb", "op", "en", "of", "to", "not", "niet",
        "ipv", "de", "dus", "pls", "thx", "at", "on", "want", "and",
    ];
    let mut number = number.trim().trim_end_matches(',');
    while let Some((rest, last)) = number.rsplit_once(' ') {
        if !WORDS.contains(&last.to_lowercase().as_str()) {
            break;
        }
        number = rest.trim_end_matches(',');
    }
    number
}

/// `mijn werk: Weena` is `Weena`; `Zorgcentrum De Linde Kastanjehof` stays.
pub(super) fn trim_street(street: &str) -> &str {
    let street = street.rsplit([':', '(']).next().unwrap_or(street).trim();
    let first_capital = street.split_whitespace().find(|word| {
        word.trim_start_matches(['\'', '(']).chars().next().is_some_and(char::is_uppercase)
    });
    let lower_run = street
        .split_whitespace()
        .take_while(|word| word.chars().next().is_some_and(char::is_lowercase))
        .count();
    match first_capital {
        Some(word) if lower_run >= 1 => {
            let at = word.as_ptr() as usize - street.as_ptr() as usize;
            street.get(at..).unwrap_or(street)
        }
        _ => street,
    }
}
