//! A new address in a customer's own sentences: every part must come out as it was put in.
//!
//! The set gives addresses, the sentences are the project's. Street, house number, postal
//! code (without its spaces) and city must all be exact. Addresses of the set without one of
//! the four are left out, for a parcel cannot be sent there. Reported only.

use std::collections::BTreeMap;
use std::path::Path;

use domain::understand::{Input, read};
use serde_json::Value;

use super::{Score, Wanted, cases, text};

const SET: &str = "address-nl";

/// `{address}` is the address on one line, `{lines}` on several, `{name}` whose it is.
const DUTCH: [(&str, &str); 6] = [
    (
        "Adres wijzigen",
        "Hallo,\n\nKunnen jullie bestelling 10234 naar een ander adres sturen? Het nieuwe adres is: {address}.\n\nGroetjes,\nNoor",
    ),
    (
        "Bestelling 10234",
        "Beste,\n\nIk ben verhuisd. Graag bestelling 10234 bezorgen op:\n\n{lines}\n\nAlvast bedankt,\nNoor",
    ),
    (
        "verkeerd adres",
        "Ik zag net dat ik het oude adres heb ingevuld bij order 10234. Het moet {address} zijn. Kan dat nog aangepast worden?",
    ),
    (
        "Afleveradres aanpassen",
        "Goedemiddag,\n\nKan het afleveradres van bestelling 10234 aangepast worden naar\n{name}\n{lines}\n\nMet vriendelijke groet,\nNoor Visser",
    ),
    (
        "Adreswijziging order 10234",
        "Dag,\n\nGelieve mijn pakket naar volgend adres te sturen: {address}. Dank bij voorbaat.\n\nMvg\nNoor",
    ),
    (
        "Ander leveradres",
        "Hoi, ik wil graag het leveradres wijzigen van order 10234. Nieuw adres:\n{lines}",
    ),
];

const ENGLISH: [(&str, &str); 4] = [
    (
        "Change of address",
        "Hi,\n\nCould you please send order 10234 to a different address? The new address is: {address}.\n\nThanks,\nNoor",
    ),
    (
        "Order 10234",
        "Hello,\n\nI have moved. Please deliver order 10234 to:\n\n{lines}\n\nKind regards,\nNoor",
    ),
    (
        "wrong address",
        "I just saw that I entered my old address for order 10234. It should be {address}. Can you still change it?",
    ),
    (
        "Delivery address",
        "Dear team,\n\nPlease change the delivery address of order 10234 to\n{name}\n{lines}\n\nBest regards,\nNoor Visser",
    ),
];

/// An address with its parts.
struct Address {
    id: String,
    name: String,
    lines: String,
    /// Street, house number, postal code, city.
    parts: [String; 4],
}

/// One score per country and language of the sentences.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted(SET) {
        return Ok(Vec::new());
    }
    let mut scores: BTreeMap<(usize, String), Score> = BTreeMap::new();
    let mut left_out = 0_usize;
    for file in ["faker.jsonl", "opencage.jsonl"] {
        for case in cases(corpora, SET, file)? {
            let Some(address) = address(&case) else {
                left_out += 1;
                continue;
            };
            let country = text(&case, "country").to_owned();
            for (language, sentences) in [("Dutch", DUTCH.as_slice()), ("English", &ENGLISH)] {
                for (number, sentence) in sentences.iter().enumerate() {
                    let home = ["nl", "be"].iter().position(|near| *near == country);
                    let key = (home.unwrap_or(9), format!("{country} in {language}"));
                    let score = scores.entry(key).or_insert_with_key(|(place, name)| {
                        let name = format!("{SET}, {name}");
                        if *place < 9 { Score::aiming(name, 85) } else { Score::new(name, None) }
                    });
                    let wrong = differences(&address, sentence);
                    score.count(wrong.is_empty(), || {
                        format!("{} in {number}: {}", address.id, wrong.join("; "))
                    });
                }
            }
        }
    }
    if !scores.is_empty() {
        println!(
            "{SET}: {left_out} addresses without street, number, postal code or city left out"
        );
    }
    Ok(scores.into_values().collect())
}

fn address(case: &Value) -> Option<Address> {
    let id = text(case, "id").to_owned();
    if case.get("two_lines").is_some() {
        let part = |key| text(case, key).to_owned();
        return Some(Address {
            id,
            name: part("name"),
            lines: part("two_lines"),
            parts: [part("street"), part("number"), part("postcode"), part("city")],
        });
    }
    let components = case.get("components")?;
    let first = |keys: &[&str]| {
        keys.iter()
            .map(|key| text(components, key))
            .find(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let parts = [
        first(&["road", "pedestrian"])?,
        first(&["house_number"])?,
        first(&["postcode"])?,
        first(&["city", "town", "village"])?,
    ];
    let lines = text(case, "formatted").trim().to_owned();
    let squeezed = squeeze(&lines);
    parts.iter().all(|part| squeezed.contains(&squeeze(part))).then(|| Address {
        id,
        name: "Noor Visser".to_owned(),
        lines,
        parts,
    })
}

/// What of the address did not come back out of the sentence.
fn differences(address: &Address, (subject, sentence): &(&str, &str)) -> Vec<String> {
    let body = sentence
        .replace("{address}", &address.lines.replace('\n', ", "))
        .replace("{lines}", &address.lines)
        .replace("{name}", &address.name);
    let reading = read(&Input { subject, body: &body, ..Input::default() });
    let Some(found) = reading.new_address else {
        return vec![format!("no address, read {:?}", reading.intents)];
    };
    let found = [&found.street, &found.house_number, &found.postal_code, &found.city];
    let names = ["street", "house number", "postal code", "city"];
    let mut wrong = Vec::new();
    for ((name, expected), found) in names.iter().zip(&address.parts).zip(found) {
        let found = found.as_deref().unwrap_or_default();
        let same = if *name == "postal code" {
            squeeze(expected) == squeeze(found)
        } else {
            expected == found
        };
        if !same {
            wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    wrong
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}
