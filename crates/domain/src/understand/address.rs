//! The new address a customer gives, in the parts that were given.
//!
//! A postcode is the surest anchor; next a street with its number; next a bare number.
//! The part of the text that tells of the old address weighs against a candidate.
//! Whether the customer wants a change at all is decided elsewhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::NewAddress;
use super::plain::fold;

mod around;
mod parts;
mod unanchored;

use around::around;
use unanchored::unanchored;

#[expect(clippy::expect_used, reason = "the patterns are committed; a test compiles them")]
fn pattern(text: &str) -> Regex {
    // Boundaries and digits of ASCII are much faster, and enough here.
    let text = text.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]");
    Regex::new(&text).expect("a committed pattern")
}

macro_rules! patterns {
    ($($name:ident = $text:expr;)+) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| pattern($text));)+
        #[cfg(test)]
        fn compile_all() { $(let _ = $name.as_str();)+ }
    };
}

patterns! {
    DUTCH_CODE = r"\b([1-9]\d{3} ?[A-Za-z]{2})\b";
    FOUR_OR_FIVE = r"(?i)\b(?:(B|D|F|BE|DE|FR|LU)[- ])?(\d{4,5})[ ,]+(\p{L}[\p{L}'’.-]{2,})";
    BRITISH_CODE = r"(?i)\b([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})\b";
    IRISH_CODE = r"\b([AC-FHKNPRTV-Y]\d[\dW] ?[0-9A-Z]{4})\b";
    AMERICAN = r"(?i)\b([\p{L}][\p{L} .'-]*?),? +([A-Z]{2})\.? +(\d{5}(?:-\d{4})?)\b";
    // number first: 18 Harbour Row
    NUMBER_FIRST = r"^(?:no\.? ?|nr\.? ?)?(\d{1,5} ?(?:[A-Za-z]\b)?(?:[-/]\d+\w?)?),? +(\p{L}[\p{L}'’. -]+)$";
    // number last: Molenweg 8-2
    NUMBER_LAST = r"(?x)^(['’]?\p{L}[\p{L}\p{M}\d'’./()\ -]*?),?\ *(?:nr\.?|nummer|no\.?|huisnummer|num[eé]ro|n°)?\ *
        (\d{1,5}(?:[\ ]?[A-Za-z]{1,3}\b)?(?:\ ?[-/+]\ ?[0-9A-Za-z]{1,5})*(?:[\ ,]+(?:te|in|moet|is|zijn|\d+e\ verdieping|\d+\.\ stock|bus|bte|bo[iî]te|kamer|app?\.?|appartement|unit|flat|box|hs|huis|hoog|bis|ter|rood|zw|rd|verdieping|etage|[IV]+|[A-Za-z])\b\.?\ ?[0-9A-Za-z.-]*)*)$";
    STREET_WORD = r"(?i)(?:straat|straatje|str\.?|laan|weg|plein|gracht|kade|dreef|hof|singel|pad|steeg|markt|dijk|park|plantsoen|lei|baan|wal|dam|burg|berg|haven|kamp|oord|akker|veld|waard|erf|donk|heide|stee|drift|ring|allee|gasse|platz|strasse|straße|(?:^|\s)(?:rue|avenue|place|chemin|boulevard|street|st|road|rd|lane|ln|avenue|ave|close|drive|court|crescent|terrace|way|row|grove|gardens|square|walk|hill|mews|view|mount|rise|quay))$";
    UNIT = r"(?i)^(?:flat|unit|apartment|apt\.?|room|suite|floor|bus|bte|bo[iî]te|kamer|app?\.?|appartement|box|studio|block|house|etage|verdieping|\d+\. ?stock|\d+e verdieping|[\p{L}' ]*(?:house|cottage|farm|lodge|wharf|maltings|forge|mill|barn|building|tower|hall|court|club))\b.*$";
    LEAD_IN = r"^.*(?:\b(?i:naar|to|at|op|in|is|wordt|bij|zijn|moet|be|adres|address|here|hierheen|hierhin|now|nu|aan|an|auf|à|sur|on|this time|voortaan|liever|graag)\b[:,]?|[:;])\s+(?:(?:de|den|the|my|mijn|m'n|our|ons|het|our new)\s+)?";
    OLD_BEFORE = r"(?i)\b(?:oude?|old|niet(?: meer)?(?: op| naar| in| de| het| bij)*|not(?: any ?more)?(?: to| at| the)*|no longer(?: at| in)?|nicht(?: mehr)?(?: in| an| die)*|ipv|i\.p\.v\.|in plaats van(?: op| naar)?|instead of|was|stond(?: op)?|former|previous|vorige?|huidige|current|from|van|thuis|thuisadres|gebracht|uit|retour haal|factuuradres|bring|wohne)\b";
    NEW_BEFORE = r"(?i)\b(?:nieuwe?|new|neue|nouvelle|maar(?: naar| op)?|but(?: to)?|sondern|naar|to|at|moet|moved|verhuisd|wordt|voortaan|should be|must be|correct|juiste|right|now|nu|dus|here|send|deliver|leveren|bezorgen|sturen|op)\b";
    BARE_NUMBER = r"(?ix)(?:\b(?:moet|must\ be|should\ be|should\ go\ to|go\ to|moved\ to|verhuisd\ naar|naar|wordt|is|actually|eigenlijk)\s+(?:op\ )?(?:nr\.?\s*|nummer\s*|number\s*|no\.?\s*|huisnummer\s*)?((?:flat\s|bus\s|unit\s|apt\s|apartment\s)?\d{1,4}\s?[A-Za-z]?(?:[-/]\d+)?)\b(?:\s+(?:zijn|worden|ipv|instead|not|niet)|\s*[,.;!)]|\s*$))
        |(?:\b(?:not|niet)\s+\d{1,4}\s?[A-Za-z]?\s?[.,;:]\s*(?:but\ |maar\ |it's\ |it\ is\ )?(\d{1,4}\s?[A-Za-z]?)\b)
        |(?:\b(?:huisnummer|huisnr|nummer|nr|number|house\ number)\b[^.\n]{0,30}?\b(?:moet(?:\ zijn)?|wordt|is|should\ be|must\ be|be)\b\s+(?:nr\.?\s*|nummer\s*|number\s*)?(\d{1,4}\s?[A-Za-z]?(?:[-/]\d+)?)\b)
        |\b((?:flat|bus|unit|apartment|apt|toevoeging)\s(?:nr\.?\s?|no\.?\s?)?\d{1,4}\s?[A-Za-z]?)\b
        |\b(?:naar|to|at|on)\ (?:nr\.?\ ?|nummer\ |number\ |no\.?\ )(\d{1,4}\s?[A-Za-z]?)\b";
    ENGLISH_STREET = r"(?x)\b((?:(?:Flat|Unit|Apt|Apartment|Suite|Room)\.?\s\w{1,4},?\s)?\d{1,4}[A-Za-z]?)\s((?:\p{Lu}[\p{L}'’]+\s){1,3}(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Drive|Court|Crescent|Terrace|Way|Row|Grove|Gardens|Square|Walk|Hill|Mews|Place|Park|Green|View|Rise|Quay))\b\.?(?:(?:,|\ in)\s*(\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}-]+)?))?";
    STREET_NUMBER = r"(?x)\b((?:\p{Lu}[\p{L}'’.-]*\s(?:(?:van|de|den|der|het|'t|ten|ter|op|aan|of|la|du|des|le|the)\s)*){0,4}\p{L}[\p{L}'’.-]*)\s(\d{1,4}(?:\s?[A-Za-z]\b|\s?[-/]\s?[0-9A-Za-z]{1,4}|\sbis|\s(?:bus|bte|hs|hoog|kamer)\s?\w{0,5})*)";
    CITY_AFTER = r"^(?:\s*,\s*|\s+(?:in|te|,)\s+)(\p{Lu}[\p{L}'’-]+(?:\s(?:\p{Lu}[\p{L}'’-]+|aan|den|de|ter|op|bij))*)";
    PO_BOX = r"(?i)\b(postbus|po box|p\.o\. box|postfach|bo[iî]te postale)\s+(\d{1,6})\b";
    ONLY_CITY = r"(?:huis|woning|flat|appartement|adres|house|place|home|ouders|moeder|zus|mother|sister|office|werk)\s+(?:in|te)\s+(\p{Lu}[\p{L}-]+(?:\s\p{Lu}[\p{L}-]+)?)";
    CITY = r"^[\s,]*((?:'s-|'t )?\p{Lu}[\p{L}'’.-]*(?:[ -](?:aan|den|de|der|op|bij|a/d|in|ter|upon|on|sur|en|la|le|les|am|\p{Lu}[\p{L}'’.-]*))*)";
    CITY_TOLD = r"\b(?:in|te)\s+(\p{Lu}[\p{L}-]+(?:\s\p{Lu}[\p{L}-]+)?)$";
    LOWER_CITY = r"^[\s,]*(\p{L}[\p{L}'’-]{2,}(?:[ -]\p{L}[\p{L}'’-]+)?)\s*(?:$|[,.\n])";
}

/// A country named in the text, as ISO 3166-1 alpha-2.
const COUNTRIES: [(&str, &str); 26] = [
    ("nederland", "NL"),
    ("netherlands", "NL"),
    ("holland", "NL"),
    ("belgie", "BE"),
    ("belgië", "BE"),
    ("belgium", "BE"),
    ("belgique", "BE"),
    ("duitsland", "DE"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("frankrijk", "FR"),
    ("france", "FR"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("ireland", "IE"),
    ("ierland", "IE"),
    ("luxemb", "LU"),
    ("oostenrijk", "AT"),
    ("austria", "AT"),
    ("spain", "ES"),
    ("spanje", "ES"),
    ("usa", "US"),
];

/// The country of a well-known city, from `data/cities.toml`.
fn country_of_city(city: &str) -> Option<&'static str> {
    let plain = fold(city);
    CITIES.iter().find(|(_, cities)| cities.contains(&plain)).map(|(code, _)| code.as_str())
}

static CITIES: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("data/cities.toml")).unwrap_or_default());

struct Found {
    address: NewAddress,
    at: usize,
    score: i32,
}

/// The new address in `text` (raw, without quotation and signature), if one is given.
pub(super) fn new_address(text: &str) -> Option<NewAddress> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) && ONLY_CITY.find(text).is_none() {
        return None;
    }
    let mut found: Vec<Found> = Vec::new();
    anchored(text, &mut found);
    let has_anchor = found.iter().any(|it| it.score > 0);
    if !has_anchor {
        unanchored(text, &mut found);
    }
    let best = found.into_iter().filter(|it| it.score > 0).max_by_key(|it| (it.score, it.at));
    let mut address = best?.address;
    if address.country.is_none() && (address.street.is_some() || address.city.is_some()) {
        let implied = address.city.as_deref().and_then(country_of_city);
        address.country = named_country(text).or_else(|| implied.map(str::to_owned));
    }
    Some(address)
}

/// Whether four digits are followed by two letters, or something British stands there.
pub(super) fn has_postcode(text: &str) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => b'9',
        b'A'..=b'Z' | b'a'..=b'z' => b'A',
        other => other,
    };
    text.as_bytes().windows(7).any(|window| {
        let mut shape = [0_u8; 7];
        shape.iter_mut().zip(window).for_each(|(to, from)| *to = class(*from));
        shape.starts_with(b"9999 AA")
            || shape.starts_with(b"9999AA")
            || shape.starts_with(b"9999 A")
            || shape.ends_with(b"9 9AA")
            || shape.starts_with(b"99999 A")
    })
}

fn named_country(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let named = COUNTRIES.iter().find(|(name, _)| {
        lower.match_indices(name).any(|(at, _)| {
            !lower.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric))
        })
    });
    named.map(|(_, code)| (*code).to_owned())
}

/// How old or new the place at `at` sounds: the nearest word before it decides.
fn context(text: &str, at: usize) -> i32 {
    let before = text.get(..at).unwrap_or_default();
    let from = before.char_indices().rev().nth(70).map_or(0, |(at, _)| at);
    let near = before.get(from..).unwrap_or(before);
    let near = near.rsplit(['?', '!']).next().unwrap_or(near);
    let near = near.rsplit_once(". ").map_or(near, |(_, rest)| rest);
    let last = |pattern: &Regex| pattern.find_iter(near).last().map(|found| found.end());
    let verdict = match (last(&OLD_BEFORE), last(&NEW_BEFORE)) {
        (Some(old), Some(new)) if old >= new => -14,
        (Some(_), None) => -8,
        (_, Some(_)) => 5,
        (None, None) => 0,
    };
    let line = before.rsplit('\n').next().unwrap_or_default().to_lowercase();
    let labelled = if line.contains("oud adres") || line.contains("old address") { 30 } else { 0 };
    let bracket = if before.rfind('(') > before.rfind(')') { 8 } else { 0 };
    10 + verdict - labelled - bracket
}

/// Candidates around a postcode.
fn anchored(text: &str, found: &mut Vec<Found>) {
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let kinds: [(&LazyLock<Regex>, &str); 5] = [
        (&DUTCH_CODE, "NL"),
        (&IRISH_CODE, "IE"),
        (&BRITISH_CODE, "GB"),
        (&AMERICAN, "US"),
        (&FOUR_OR_FIVE, ""),
    ];
    for (pattern, country) in kinds {
        for captures in pattern.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let overlaps =
                taken.iter().any(|(from, to)| whole.start() < *to && whole.end() > *from);
            if overlaps {
                continue;
            }
            if let Some((address, start)) = around(text, &captures, country) {
                taken.push((whole.start(), whole.end()));
                let parts =
                    i32::from(address.street.is_some()) * 6 + i32::from(address.city.is_some()) * 2;
                let bare = address.street.is_none() && address.house_number.is_none();
                let named = country == "NL" && speaks_of_postcode(text);
                let score = match (bare, named) {
                    (true, true) => 1,
                    (true, false) => -1,
                    _ => context(text, start) + parts,
                };
                found.push(Found { address, at: whole.start(), score });
            }
        }
    }
}

fn speaks_of_postcode(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["postcode", "post code", "zip code", "postal code"].iter().any(|word| lower.contains(word))
}

fn is_word(letters: &str) -> bool {
    matches!(
        letters.to_lowercase().as_str(),
        "en" | "is"
            | "in"
            | "of"
            | "op"
            | "om"
            | "te"
            | "de"
            | "me"
            | "je"
            | "ze"
            | "we"
            | "al"
            | "an"
            | "to"
            | "it"
            | "as"
            | "so"
            | "or"
            | "at"
            | "my"
            | "no"
            | "ik"
            | "er"
            | "na"
            | "nu"
            | "cm"
            | "mm"
            | "kg"
            | "ml"
            | "st"
            | "th"
            | "uu"
            | "up"
            | "us"
            | "on"
            | "by"
            | "be"
            | "if"
            | "eu"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let Some(address) = new_address(text) else { return "-".to_owned() };
        [address.street, address.house_number, address.postal_code, address.city, address.country]
            .map(|part| part.unwrap_or_else(|| "_".to_owned()))
            .join("|")
    }

    #[test]
    fn the_patterns_compile() {
        compile_all();
    }

    #[test]
    fn addresses_of_the_neighbourhood() {
        for (text, expected) in [
            (
                "Kan het pakket naar Prinses Beatrixstraat 12-3, 2593 TL Den Haag? Niet meer naar de Hoefkade.",
                "Prinses Beatrixstraat|12-3|2593 TL|Den Haag|NL",
            ),
            (
                "kunt ge LA-9031 bij mijn mama leveren? Dorp 19A, 2288 Bouwel.",
                "Dorp|19A|2288|Bouwel|BE",
            ),
            (
                "deliver on my work: Nijverheidslaan 112 bus 4, 9160 Lokeren. Not at home",
                "Nijverheidslaan|112 bus 4|9160|Lokeren|BE",
            ),
            (
                "It's\nFlat 4, 18 Harbour Row\nCobh\nCo. Cork\nP24 XK71\n\nThe old one (7 Quay View)",
                "Harbour Row|Flat 4, 18|P24 XK71|Cobh|IE",
            ),
            (
                "op het navolgende adres:\n\np/a familie X\nDe Dissel 88\n9561 LM Ter Apel\n\nDe poort",
                "De Dissel|88|9561 LM|Ter Apel|NL",
            ),
            (
                "sondern hierhin:\n\nSabine Kessler\nAm Ziegelhof 17 b\n87439 Kempten\n",
                "Am Ziegelhof|17 b|87439|Kempten|DE",
            ),
            ("Huisnummer klopt niet, moet 9 zijn ipv 6. Rest is goed.", "_|9|_|_|_"),
            (
                "Wilt u deze aanpassen naar Bakker Installatie BV, Postbus 612, 3500 AP Utrecht?",
                "Postbus|612|3500 AP|Utrecht|NL",
            ),
            (
                "Oud adres: Utrechtseweg 55, 3818 EB Amersfoort\nNieuw adres: Stationsplein 1-214, 3818 LE Amersfoort",
                "Stationsplein|1-214|3818 LE|Amersfoort|NL",
            ),
            ("graag naar een ander adres, dat mail ik nog", "-"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
