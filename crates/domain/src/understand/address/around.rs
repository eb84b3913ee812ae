//! The address around a postcode.

use super::super::NewAddress;
use super::code::{Code, Kind};
use super::islands::{after_code, islands};
use super::pieces::{Gap, Piece};
use super::street::{Street, is_unit, number_first, number_last, words};
use super::words::{WORDS, country_of_city, named_country, plain};
use super::{CITY, STREET_WORD};

/// The address around `code` in the piece at `index`, and where it begins in the text.
pub(super) fn around(pieces: &[Piece<'_>], index: usize, code: &Code) -> (NewAddress, usize) {
    let at = pieces.get(index).map_or(0, |piece| piece.at + code.start);
    let mut address = NewAddress {
        postal_code: Some(code.written.clone()),
        country: code.country.map(str::to_owned),
        ..NewAddress::default()
    };
    let lines = before(pieces, index, code);
    let start = match code.kind {
        Kind::British | Kind::Irish => {
            let start = islands(&mut address, &lines, code.kind);
            let own = pieces.get(index).and_then(|piece| piece.text.get(code.end..));
            after_code(&mut address, own.unwrap_or_default());
            start
        }
        Kind::American => american(&mut address, &lines),
        Kind::Dutch | Kind::Digits => continental(&mut address, &lines, pieces, index, code),
    };
    (address, start.unwrap_or(at))
}

/// A stretch before the code, nearest first, with its place in the text.
pub(super) type Lines<'a> = Vec<(&'a str, usize)>;

/// What stands before the code in its piece and in the pieces before, nearest first.
fn before<'a>(pieces: &[Piece<'a>], index: usize, code: &Code) -> Lines<'a> {
    let mut lines = Vec::new();
    let Some(own) = pieces.get(index) else { return lines };
    let head = own.text.get(..code.start).unwrap_or_default();
    let head = strip_names(head.trim_end_matches([' ', ',', '-']));
    if !head.is_empty() {
        lines.push((head, own.at));
    }
    let mut gap = own.gap;
    let mut crossed = false;
    for piece in pieces.iter().take(index).rev() {
        match gap {
            Gap::Stop => break,
            Gap::Blank if crossed || lines.len() > 1 => break,
            Gap::Blank => crossed = true,
            Gap::Comma | Gap::Line => {}
        }
        gap = piece.gap;
        if piece.aside && !own.aside {
            // What is said in brackets is no line; a floor in brackets is an addition.
            let floor = is_unit(piece.text);
            if !floor {
                continue;
            }
        }
        lines.push((piece.text, piece.at));
        if lines.len() > 6 {
            break;
        }
    }
    lines
}

/// `X, postcode 1234 AB`: the name of a field is no part of it.
fn strip_names(head: &str) -> &str {
    const NAMES: [&str; 14] = [
        "postcode",
        "post code",
        "zip",
        "zip code",
        "zipcode",
        "plz",
        "eircode",
        "code",
        "pc",
        "postcode is",
        "eircode is",
        "zip is",
        "te",
        "in",
    ];
    let mut head = head.trim();
    for name in NAMES {
        let cut = head.len().checked_sub(name.len()).filter(|at| head.is_char_boundary(*at));
        if let Some((rest, tail)) = cut.and_then(|at| head.split_at_checked(at))
            && tail.eq_ignore_ascii_case(name)
            && (rest.is_empty() || rest.ends_with(' '))
        {
            head = rest.trim_end();
        }
    }
    head
}

/// Dutch, Belgian, German, French: street and number, code, city.
fn continental(
    address: &mut NewAddress,
    lines: &Lines<'_>,
    pieces: &[Piece<'_>],
    index: usize,
    code: &Code,
) -> Option<usize> {
    let own = pieces.get(index)?;
    let after = own.text.get(code.end..).unwrap_or_default();
    let next = pieces
        .iter()
        .skip(index + 1)
        .find(|piece| !piece.aside)
        .filter(|piece| matches!(piece.gap, Gap::Comma | Gap::Line));
    let follows = after.trim_matches([' ', ',', '.']);
    address.city = city(follows, code.kind == Kind::Digits);
    if address.city.is_none() && follows.is_empty() {
        let under = next.filter(|piece| !piece.text.bytes().any(|it| it.is_ascii_digit()));
        address.city = under.and_then(|piece| whole_city(piece.text));
    }
    let (mut before, mut start) = above(address, lines, code);
    if address.street.is_none() {
        start = behind(address, follows, next).then_some(own.at + code.start).or(start);
    } else if let Some(piece) = next.filter(|piece| is_unit(piece.text)) {
        // A room in the line under the city.
        before.push(piece.text.to_owned());
    }
    if address.street.is_some() {
        let number = address.house_number.take();
        let parts: Vec<String> = number.into_iter().chain(before).collect();
        address.house_number = Some(parts.join(", ")).filter(|it| !it.is_empty());
    }
    if address.country.is_none() {
        address.country = country(address, pieces, code).map(str::to_owned);
    }
    start
}

/// The street on the lines before the code, nearest first: the units beside it, and where the
/// address begins.
fn above(address: &mut NewAddress, lines: &Lines<'_>, code: &Code) -> (Vec<String>, Option<usize>) {
    let mut before: Vec<String> = Vec::new();
    let mut start = None;
    for (depth, (line, at)) in lines.iter().enumerate() {
        if is_unit(line) {
            before.insert(0, (*line).to_owned());
            start = Some(*at);
            continue;
        }
        let above = lines.get(depth + 1).map(|(line, _)| *line);
        let found = number_last(line)
            .or_else(|| number_first(line, true))
            .or_else(|| number_under(line, above?))
            .or_else(|| number_above(line, above?));
        if let Some(found) = found {
            start = Some(at + found.at);
            if address.city.is_none() {
                address.city = city(strip_in(&found.rest), false);
            }
            take(address, found);
            before.extend(units_above(lines.get(depth + 1..).unwrap_or_default()));
            break;
        }
        let street = STREET_WORD.is_match(line);
        if street && line.split(' ').count() <= 4 && code.kind == Kind::Dutch {
            address.street = Some(strip_start(line).to_owned());
            start = Some(*at);
            break;
        } else if address.city.is_none() && depth == 0 {
            address.city = whole_city(strip_in(line));
        } else if depth >= 3 {
            break;
        } else if above.is_some_and(|above| is_beside(line, above)) {
            before.insert(0, (*line).to_owned());
        }
    }
    (before, start)
}

/// Whether `line`, between a street with its number and the code, says where in the house:
/// `3º B`, `kat 3`, `magazijn kelder -1`.
fn is_beside(line: &str, street: &str) -> bool {
    const NAMES: [&str; 8] = ["tav", "t.a.v", "attn", "p/a", "c/o", "naam", "name", "postcode"];
    let first = line.split_whitespace().next().map(plain).unwrap_or_default();
    let few = line.split_whitespace().count() <= 4;
    few && !NAMES.contains(&first.as_str())
        && number_last(street).is_some_and(|found| found.rest.is_empty())
}

/// Flats, floors and rooms on the lines above the street, in the order of writing.
fn units_above(lines: &[(&str, usize)]) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    for (line, _) in lines.iter().take(3) {
        let bare = line.strip_prefix("t.a.v. ").unwrap_or(line);
        if is_unit(bare) {
            units.insert(0, bare.to_owned());
        } else if !units.is_empty() {
            break;
        }
    }
    units
}

/// `op de Markt` above `nr 3`.
fn number_under(line: &str, above: &str) -> Option<Street> {
    let number = line.strip_prefix("nr").or(line.strip_prefix("nummer"))?;
    let number = number.trim_start_matches(['.', ' ']);
    let found = number_last(&format!("{above} {number}"))?;
    super::street::is_number(number).then_some(Street { at: 0, ..found })
}

/// `12 bis` above `chemin des Lavandes`.
fn number_above(line: &str, above: &str) -> Option<Street> {
    let street = strip_start(line);
    let few = above.split_whitespace().count() <= 2;
    let number = above.split_whitespace().next().filter(|it| few && super::street::is_number(it));
    let found = number.and_then(|_| number_first(&format!("{above} {street}"), true))?;
    Some(Street { at: line.len() - street.len(), ..found })
}

pub(super) fn take(address: &mut NewAddress, found: Street) {
    address.street = Some(found.name);
    address.house_number = Some(found.number).filter(|number| !number.is_empty());
}

/// `5611 HD 9B`, `4535 EH nr 5 Acaciahof`, a street on the line under the city.
fn behind(address: &mut NewAddress, follows: &str, next: Option<&Piece<'_>>) -> bool {
    let words = words(follows);
    let named = usize::from(words.first().is_some_and(|(_, it)| plain(it) == "nr"));
    if let Some((_, number)) = words.get(named)
        && super::street::is_number(number)
        && address.city.is_none()
    {
        address.house_number = Some(number.trim_end_matches([',', '.']).to_owned());
        let street = words.get(named + 1).map(|(_, word)| *word).unwrap_or_default();
        if STREET_WORD.is_match(street) {
            address.street = Some(street.to_owned());
        }
        return true;
    }
    let line = next.filter(|piece| piece.gap == Gap::Line);
    let under = line.and_then(|piece| number_last(piece.text));
    under.map(|found| take(address, found)).is_some()
}

/// The country of a code of four or five digits, or of a Dutch one.
fn country(address: &NewAddress, pieces: &[Piece<'_>], code: &Code) -> Option<&'static str> {
    if code.kind == Kind::Dutch {
        return Some("NL");
    }
    let digits = code.written.bytes().filter(u8::is_ascii_digit).count();
    let city = address.city.as_deref().unwrap_or_default();
    // The country is that of the place, not of its quarter.
    let quarter = city.rsplit_once(' ').filter(|(_, last)| is_quarter(last));
    let known = country_of_city(quarter.map_or(city, |(place, _)| place));
    if let Some(known) = known.filter(|known| digits_of(known) == digits) {
        return Some(known);
    }
    if let Some(named) = pieces.iter().find_map(|piece| named_country(piece.text)) {
        return Some(named);
    }
    let french = address.street.as_deref().is_some_and(|street| {
        let first = street.split([' ', '\'']).next().map(plain).unwrap_or_default();
        ["rue", "avenue", "chemin", "boulevard", "impasse", "quai", "allee", "route"]
            .contains(&first.as_str())
    });
    match digits {
        4 => Some("BE"),
        5 if french => Some("FR"),
        5 => Some("DE"),
        _ => None,
    }
}

/// How many digits the postcodes of a country have.
fn digits_of(country: &str) -> usize {
    match country {
        "DE" | "FR" | "US" | "ES" | "IT" | "SE" | "FI" | "PL" | "HR" | "TR" | "CZ" | "GR" => 5,
        "IN" | "RO" => 6,
        "PT" => 7,
        _ => 4,
    }
}

/// What comes before the name: `deliver to my office at`.
pub(super) fn strip_start(line: &str) -> &str {
    let words = words(line);
    let mut from = 0;
    for (index, (_, word)) in words.iter().enumerate() {
        let starts = WORDS.no_start.contains(&plain(word));
        let joins = WORDS.joins.contains(*word) && index > from;
        let lower = word.starts_with(char::is_lowercase) && !joins;
        if (starts || lower) && !WORDS.unit.contains(&plain(word)) {
            from = index + 1;
        } else if !lower && index > from + 3 {
            break;
        }
    }
    words.get(from).and_then(|(at, _)| line.get(*at..)).unwrap_or(line)
}

/// American: `2204 W Palm Lane, Phoenix, AZ 85009`.
fn american(address: &mut NewAddress, lines: &Lines<'_>) -> Option<usize> {
    address.country = Some("US".to_owned());
    let (first, _) = lines.first()?;
    let letters = first.chars().all(|it| it.is_alphabetic() || matches!(it, ' ' | '.' | '-'));
    address.city = whole_city(first).or_else(|| letters.then(|| (*first).to_owned()));
    let mut units: Vec<&str> = Vec::new();
    for (line, at) in lines.iter().skip(1).take(4) {
        let found = number_first(line, false).or_else(|| number_last(line));
        if let Some(mut found) = found.filter(|_| !is_unit(line)) {
            let start = at + found.at;
            for unit in units.iter().rev() {
                found.number = format!("{}, {unit}", found.number);
            }
            take(address, found);
            return Some(start);
        }
        units.push(line);
    }
    None
}

/// Without `te` and `in` before the place.
fn strip_in(text: &str) -> &str {
    let text = text.trim_start_matches([' ', ',']);
    ["te ", "in ", "at ", "à "].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text).trim()
}

/// The place with which `text` begins.
pub(super) fn city(text: &str, sure: bool) -> Option<String> {
    let text = strip_in(text.trim_start_matches([' ', ',']));
    let words = words(text);
    // A place we know, however it is written.
    for count in (1..=4.min(words.len())).rev() {
        let (at, last) = words.get(count - 1)?;
        let named = text.get(..at + last.len())?.trim_end_matches([',', '.']);
        if country_of_city(named).is_some() && !WORDS.no_city.contains(&plain(named)) {
            let quarter = words.get(count).filter(|(_, next)| is_quarter(next));
            let end = quarter.map_or(named.len(), |(at, next)| at + next.len());
            return text.get(..end).map(|city| city.trim_end_matches([',', '.']).to_owned());
        }
    }
    let captures = CITY.captures(text)?;
    let mut city = captures.get(1)?.as_str().trim_end_matches(['.', '-', ' ']);
    while let Some((rest, last)) = city.rsplit_once(' ') {
        let folded = plain(last);
        if last.starts_with(char::is_lowercase)
            || WORDS.no_city.contains(&folded)
            || named_country(last).is_some()
        {
            city = rest;
        } else {
            break;
        }
    }
    let folded = plain(city);
    let lower = city.starts_with(char::is_lowercase);
    let short = words.len() <= 2 || sure && !lower;
    let fits = !WORDS.no_city.contains(&folded) && folded.len() > 1 && (!lower || short);
    (fits && !WORDS.no_start.contains(&folded)).then(|| city.to_owned())
}

/// `København N`, `Strasbourg Cedex`: part of the place.
fn is_quarter(word: &str) -> bool {
    let bare = word.trim_end_matches([',', '.']);
    bare == "Cedex"
        || bare.len() == 1
            && bare.bytes().all(|it| it.is_ascii_uppercase() && !matches!(it, b'I' | b'U'))
}

/// A piece that is a place and nothing else.
pub(super) fn whole_city(text: &str) -> Option<String> {
    let text = strip_in(text).trim_end_matches('.');
    if let Some(district) = text.strip_prefix("Dublin ").filter(|it| it.len() <= 3) {
        // An Irish city and its postal district.
        return district.bytes().any(|it| it.is_ascii_digit()).then(|| text.to_owned());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || words.len() > 4 || text.bytes().any(|it| it.is_ascii_digit()) {
        // "deliver to X, London": the last words with a capital.
        return None;
    }
    if country_of_city(text).is_some() {
        return Some(text.to_owned());
    }
    let own = strip_start(text);
    let named = own.split_whitespace().all(|word| {
        word.starts_with(char::is_uppercase)
            || word.starts_with('\'')
            || WORDS.joins.contains(&plain(word))
            || WORDS.weak_joins.contains(&plain(word))
    });
    let first = own.split_whitespace().next().map(plain).unwrap_or_default();
    (named && !WORDS.no_city.contains(&first) && !own.is_empty() && named_country(own).is_none())
        .then(|| own.to_owned())
}
