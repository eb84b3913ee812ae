//! British and Irish addresses: the city before the code, flats and buildings before the street.

use super::super::NewAddress;
use super::STREET_WORD;
use super::around::{Lines, strip_start, take, whole_city};
use super::code::Kind;
use super::street::{Street, is_unit, number_first, number_last, words};
use super::words::{WORDS, country_of_city, plain};

/// British and Irish: the city before the code, flats and buildings before the street.
pub(super) fn islands(address: &mut NewAddress, lines: &Lines<'_>, kind: Kind) -> Option<usize> {
    address.country = Some(if kind == Kind::Irish { "IE" } else { "GB" }.to_owned());
    let kept: Lines<'_> = lines
        .iter()
        .copied()
        .map(|(line, at)| (line.strip_suffix("Northern Ireland").unwrap_or(line).trim(), at))
        .filter(|(line, _)| !is_county(line) && !line.is_empty())
        .collect();
    let street = kept.iter().take(4).position(|(line, _)| is_island_street(line));
    let Some(at) = street else { return without_street(address, &kept) };
    let units = kept.iter().take(at).skip(1).filter(|(line, _)| is_flat(line));
    let mut after: Vec<&str> = units.map(|(line, _)| *line).collect();
    after.reverse();
    if at > 0 {
        address.city = kept.first().and_then(|(line, _)| whole_city(line));
    }
    let (line, offset) = *kept.get(at)?;
    let mut found =
        number_first(line, false).or_else(|| number_last(line)).or_else(|| named_street(line))?;
    let mut start = offset + found.at;
    let mut before: Vec<&str> = Vec::new();
    let mut named = false;
    for (line, offset) in kept.iter().skip(at + 1).take(3) {
        let flat = is_flat(line);
        if !(flat
            || !named && is_building(line)
            || !named && found.number.is_empty() && looks_like_name(line))
        {
            break;
        }
        let own = strip_start(line);
        start = offset + (line.len() - own.len());
        before.insert(0, own);
        // After a house name only its flats.
        named |= !flat && found.number.is_empty();
    }
    before.extend(Some(found.number.as_str()).filter(|it| !it.is_empty()));
    before.extend(after);
    found.number = before.join(", ");
    take(address, found);
    Some(start)
}

/// `Unit 9 Parkmore Business Centre`, `Room 14, Block C, Lancaster Halls, Fallowfield, Manchester`.
fn without_street(address: &mut NewAddress, kept: &Lines<'_>) -> Option<usize> {
    let city = kept.first()?;
    address.city = whole_city(city.0);
    let building = kept.iter().skip(1).position(|(line, _)| is_building(line));
    let named = || kept.iter().skip(1).position(|(line, _)| looks_like_name(line));
    let flat = || kept.iter().skip(1).position(|(line, _)| is_flat(line));
    let at = building.or_else(named).or_else(flat)? + 1;
    let (line, offset) = *kept.get(at)?;
    let own = strip_start(line);
    let words = words(own);
    let numbered = words.first().is_some_and(|(_, word)| super::street::is_number(word));
    let flat = super::street::additions(&words).max(usize::from(numbered));
    let name_from = words.get(flat).map_or(own.len(), |(at, _)| *at);
    let name = own.get(name_from..).unwrap_or_default().trim();
    let mut numbers: Vec<&str> = Vec::new();
    for (line, _) in kept.iter().skip(at + 1).take(3) {
        if is_flat(line) {
            numbers.insert(0, strip_start(line));
        } else if numbers.is_empty() && looks_like_name(line) {
            numbers.insert(0, strip_start(line));
            break;
        }
    }
    numbers.extend(own.get(..name_from).map(str::trim).filter(|it| !it.is_empty()));
    address.street = Some(name.to_owned()).filter(|name| !name.is_empty());
    address.house_number = Some(numbers.join(", ")).filter(|it| !it.is_empty());
    if address.house_number.is_none() && words.len() > 1 {
        // A house with a name, on no street.
        address.house_number = address.street.take();
    }
    Some(offset)
}

fn is_county(line: &str) -> bool {
    const COUNTIES: [&str; 34] = [
        "kent",
        "essex",
        "surrey",
        "sussex",
        "east sussex",
        "west sussex",
        "hampshire",
        "dorset",
        "devon",
        "cornwall",
        "somerset",
        "wiltshire",
        "berkshire",
        "oxfordshire",
        "buckinghamshire",
        "hertfordshire",
        "bedfordshire",
        "cambridgeshire",
        "norfolk",
        "suffolk",
        "lincolnshire",
        "nottinghamshire",
        "derbyshire",
        "cheshire",
        "lancashire",
        "cumbria",
        "north yorkshire",
        "west yorkshire",
        "south yorkshire",
        "merseyside",
        "fife",
        "gwynedd",
        "uk",
        "ireland",
    ];
    line.starts_with("Co ")
        || line.starts_with("Co. ")
        || line.starts_with("County ") && !line.bytes().any(|it| it.is_ascii_digit())
        || COUNTIES.contains(&plain(line).as_str())
}

fn is_island_street(line: &str) -> bool {
    let numbered = number_first(line, false).is_some_and(|it| it.sure || !is_building(line));
    numbered && !is_flat(line) || STREET_WORD.is_match(line.trim_end_matches('.'))
}

/// A street without a number: `Back Lane`.
fn named_street(line: &str) -> Option<Street> {
    let own = strip_start(line);
    let name = own.trim_end_matches('.').to_owned();
    let at = line.len() - own.len();
    (!name.is_empty()).then_some(Street { name, at, sure: true, ..Street::default() })
}

/// `D08 X0Y0 Dublin`, `LS2 9JT number 33`.
pub(super) fn after_code(address: &mut NewAddress, after: &str) {
    let words: Vec<&str> = after.split_whitespace().collect();
    if let [named, number] = words.as_slice()
        && matches!(plain(named).as_str(), "number" | "no" | "nr")
        && super::street::is_number(number)
        && address.house_number.is_none()
    {
        address.house_number = Some((*number).to_owned());
    } else if address.city.is_none() {
        address.city = whole_city(after).filter(|city| country_of_city(city).is_some());
    }
}

/// `Flat 4`, `2/1`, `Ground Floor`, `3 The Mews`, `Room 14`.
pub(super) fn is_flat(line: &str) -> bool {
    let own = strip_start(line);
    let words: Vec<String> = own.split_whitespace().map(plain).collect();
    let first = words.first().map(String::as_str).unwrap_or_default();
    let last = words.last().map(String::as_str).unwrap_or_default();
    let digit = own.starts_with(|it: char| it.is_ascii_digit());
    words.len() <= 4
        && (WORDS.unit.contains(first) && own.bytes().any(|it| it.is_ascii_digit())
            || is_unit(own)
            || words.len() == 2 && own.starts_with("The ") && digit_free(own)
            || last == "flat"
            || last == "floor"
            || digit && (words.len() == 1 || words.get(1).is_some_and(|it| it == "the"))
            || digit && is_building(own))
}

fn digit_free(line: &str) -> bool {
    !line.bytes().any(|it| it.is_ascii_digit())
}

pub(super) fn is_building(line: &str) -> bool {
    let last = line.split_whitespace().next_back().map(plain).unwrap_or_default();
    WORDS.building.contains(&last) && line.split_whitespace().count() <= 7
}

fn looks_like_name(line: &str) -> bool {
    let own = strip_start(line);
    let words: Vec<&str> = own.split_whitespace().collect();
    (1..=4).contains(&words.len())
        && words.iter().all(|it| it.starts_with(char::is_uppercase) || WORDS.joins.contains(*it))
        && !own.starts_with("Mr")
}
