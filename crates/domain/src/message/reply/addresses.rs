//! Addresses as clients write them into a text: `Jan <jan@x.nl>; Piet [mailto:piet@x.nl]`.

use std::sync::LazyLock;

use regex::Regex;

use super::quote::pattern;
use crate::message::Address;

/// Addresses kept of one field.
const MOST: usize = 100;

/// Reads a list of addresses; a comma inside a name does not part it.
pub(super) fn list(text: &str) -> Vec<Address> {
    let mut addresses = Vec::new();
    let mut rest = text;
    while !rest.trim().is_empty() && addresses.len() < MOST {
        let (one, behind) = first(rest);
        let address = one_address(one);
        if address != Address::default() {
            addresses.push(address);
        }
        rest = behind;
    }
    addresses
}

/// Splits behind the first address: at the separator that follows an `@`, or at a
/// semicolon, or at the end.
fn first(text: &str) -> (&str, &str) {
    let mut seen_at = false;
    for (place, c) in text.char_indices() {
        match c {
            '@' => seen_at = true,
            ';' => return cut(text, place),
            ',' if seen_at => return cut(text, place),
            _ => {}
        }
    }
    (text, "")
}

fn cut(text: &str, place: usize) -> (&str, &str) {
    (text.get(..place).unwrap_or_default(), text.get(place + 1..).unwrap_or_default())
}

/// Reads one address with its name.
pub(super) fn one_address(text: &str) -> Address {
    static EMAIL: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"(?:mailto:)?([^\s<>()\[\]:;,"'«»]+@[^\s<>()\[\]:;,"'«»]+)"#));
    let Some(found) = EMAIL.captures(text) else {
        return Address { name: name(text), email: String::new() };
    };
    let start = found.get(0).map_or(0, |whole| whole.start());
    let email = found.get(1).map_or("", |email| email.as_str()).to_lowercase();
    let mut name = name(text.get(..start).unwrap_or_default());
    if name.to_lowercase() == email {
        name.clear();
    }
    Address { name, email }
}

fn name(text: &str) -> String {
    let marks = |c: char| {
        c.is_whitespace()
            || matches!(c, '<' | '(' | '[' | '"' | '\'' | '«' | '»' | ',' | '*' | '“' | '”')
    };
    text.trim_matches(marks).to_owned()
}
