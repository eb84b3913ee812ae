//! The new address a customer gives, in the parts that were given.
//!
//! A postcode is the surest anchor; next a street with its number; next a bare number.
//! The part of the text that tells of the old address weighs against a candidate.
//! Whether the customer wants a change at all is decided elsewhere.

use std::sync::LazyLock;

use regex::Regex;

use super::NewAddress;
use super::plain::fold;

mod around;
mod code;
mod islands;
mod pieces;
mod single;
mod street;
mod words;

use around::around;
use code::{Kind, codes};
use pieces::{Piece, pieces};

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
    DUTCH_CODE = r"\b([1-9]\d{3} ?([A-Za-z]{2}))\b";
    FOUR_OR_FIVE = r"\b(?:(B|D|F|L|A|CH|BE|DE|FR|LU|AT|NL|DK)[- ])?(\d{4}-\d{3}|\d{2}-\d{3}|\d{3} \d{2}|\d{4,5})\b";
    BRITISH_CODE = r"(?i)\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b";
    IRISH_CODE = r"\b[AC-FHKNPRTV-Y]\d[\dW] ?[0-9A-Z]{4}\b";
    AMERICAN = r"\b([A-Z]{2}|Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming)\.?,? +(\d{5}(?:-\d{4})?)\b|^[a-z]+(?: [a-z]+)? ([a-z]{2}) (\d{5})$";
    // number first: 18 Harbour Row, 8 bis rue des Tanneurs
    NUMBER_FIRST = r"(?:^|\s)(\d{1,5}[A-Za-z]?(?:[-–/]\d{1,4}[A-Za-z]?)?(?: bis| ter)?,?)\s+((?:(?:[NSEW]\.? )?\d{1,3}(?:st|nd|rd|th) )?\p{L}[\p{L}\p{M}'’. -]*(?:\s\d{1,3})?(?:,?\s(?:Apt|Apartment|Unit|Suite|Ste|Flat|Room|Floor|#)\.?\s?#?\w{1,5})?)$";
    UNIT_TAIL = r"(?i),?\s(?:apt|apartment|unit|suite|ste|flat|room|floor|#)\.?\s?#?[A-Za-z]?\d*[A-Za-z]?$";
    STREET_WORD = r"(?i)(?:straat|straatje|str\.?|laan|laantje|weg|wegje|plein|gracht|kade|kaai|dreef|hof|singel|pad|steeg|markt|dijk|park|plantsoen|lei|baan|wal|dam|burg|berg|haven|kamp|oord|akker|veld|waard|erf|donk|heide|stee|drift|ring|allee|gasse|platz|strasse|straße|damm|ufer|dorp|vest|brink|hoek|sluis|vaart|brug|poort|meent|werf|steenweg|chaussee|(?:^|\s)(?:rue|avenue|place|chemin|boulevard|street|st|road|rd|lane|ln|avenue|ave|close|drive|dr|court|crescent|terrace|way|row|grove|gardens|square|walk|hill|mews|view|mount|rise|quay|quayside|approach|bank|brow|garth|gate|fields|meadow|meadows|orchard|path|passage|promenade|reach|side|strand|vale|wynd|yard|brae|wharf road|parade|green|park|blvd|circle|plaza|pkwy|parkway|highway|trail|ct|pl|waterside|county road \d+|route \d+))$";
    ENGLISH_TYPE = r"(?i)(?:^|\s)(?:rue|avenue|place|chemin|boulevard|street|st|road|rd|lane|ln|avenue|ave|close|drive|dr|court|crescent|terrace|way|row|grove|gardens|square|walk|hill|mews|view|mount|rise|quay|quayside|approach|bank|brow|garth|gate|fields|meadow|meadows|orchard|path|passage|promenade|reach|side|strand|vale|wynd|yard|brae|wharf road|parade|green|park|blvd|circle|plaza|pkwy|parkway|highway|trail|ct|pl|waterside|county road \d+|route \d+)$";
    OLD_BEFORE = r"(?i)\b(?:oude?|oud adres|old|niet|not|pas|nicht|no longer|never|ipv|i\.p\.v\.|in plaats van|instead of|rather than|was|waren|were|stond(?: op| er)?|staat(?: er| nog)?|former|previous|vorige?|huidige|current|thuisadres|factuuradres|billing address|invoice address|retour haal|had|have me (?:down )?(?:at|as)|i'd put|i put|typed|form has|shows?|geen|verlaten|leaving|left|moved from|verhuisd van|woonde|lived|wohne|kantoor aan de|(?:facturatie|factuur|facturen|billing|bill-to|invoices?|correspondentieadres|bezorgadres)\w* (?:blijft|blijven|stays?|remains?)(?: gewoon)?(?: op| at| in| naar)?)\b";
    FROM_BEFORE = r"(?i)\b(?:van|from|uit|von|vanuit|out of)(?:\s+(?:de|het|the|mijn|my|onze|our|oude|old))?\s*:?\s*$";
    OLD_HERE = r"(?i)\b(?:niet(?: meer)?|not|no longer|ipv|in plaats van|instead of|rather than|oude?|old)(?: naar| to| at| op| in| aan| bij| from)?(?: de| het| the| my| mijn)?\s*$";
    LED_BY = r"(?i)(?:\b(?:naar|to|at|op|aan|bij|in|adres|address|wordt|is|straat|nach|an|auf|moved|on|send|deliver|it's|from|uit|to)(?:\s+(?:de|het|the|den|nu|now))?|:|,)\s*$";
    NEW_BEFORE = r"(?i)\b(?:nieuwe?|new|neue|nouvelle|maar|but|sondern|naar|to|moet|moest|moved|verhuisd|wordt|voortaan|should|must|correct|juiste|right|now|nu|dus|here|send|deliver|leveren|bezorgen|sturen|brengen|laten brengen|stuur|lever|bezorg|breng|wonen|woon|woont|live|living|op|at|bij|it's|its|it is|that's|het is|dat is|'t is|zitten|blijft|goede|actually|eigenlijk|please use)\b";
    OLD_AFTER = r"(?i)^[ ,:]{0,2}(?:(?:is|was|ligt|staat) )?(?:oud|fout|verkeerd|wrong|old|ingevuld|ingetikt|ingetypt|opgegeven|doorgegeven|gezet|staan\b|niet meer|klopt niet|vervalt|laten vervallen|dus laten vervallen|any ?more|no longer|is not|isn't|was my old|naar\b|(?-i:moet (?:zijn )?\p{Lu}|wordt \p{Lu}|should be \p{Lu})|stays?\b|blijft\b)";
    BARE_NUMBER = r"(?ix)(?:\b(?:moe?s?t|must\ be|should\ be|should\ go\ to|should\ read|go\ to|moved\ to|verhuisd\ naar|naar|wordt|is|actually|eigenlijk|it's|its|it\ is|we're|i'm)\s+(?:in\ fact\ |gewoon\ |toch\ )?(?:op\ |at\ )?(?:nr\.?\s*|nummer\s*|number\s*|no\.?\s*|huisnummer\s*)?((?:flat\s|bus\s|unit\s|apt\s|apartment\s)?\d{1,4}\s?[A-Za-z]?(?:[-/][0-9a-z]{1,4})?(?:\ (?:zw|rd|hs|bis|rood|zwart))?)\b(?:\s+(?:zijn|worden|wezen|ipv|instead|not|niet|and\ not|en\ niet|hoor|dus)|\s*[,.;!)\n]|\s*$))
        |(?:\b(?:not|niet)\s+\d{1,4}\s?[A-Za-z]?\s?[.,;:]?\s*(?:but\ |maar\ |it's\ |it\ is\ )(\d{1,4}\s?[A-Za-z]?)\b)
        |(?:\b(?:huisnummer|huisnr|nummer|nr|number|house\ number)\b[^.\n]{0,30}?\b(?:moet(?:\ zijn)?|wordt|is|should\ be|must\ be|be)\b\s+(?:nr\.?\s*|nummer\s*|number\s*)?(\d{1,4}\s?[A-Za-z]?(?:[-/]\d+)?)\b)
        |\b((?:flat|bus|unit|apartment|apt|toevoeging)\s(?:nr\.?\s?|no\.?\s?)?\d{1,4}\s?[A-Za-z]?)\b
        |\b(?:naar|to|at|on|op|is|it's|its)\ (?:nr\.?\ ?|nummer\ |number\ |no\.?\ |huisnummer\ )(\d{1,4}\s?[A-Za-z]?)\b
        |\b(?:buren|overburen|buurvrouw|buurman|neighbours?|neighbors?|next\ door|hiernaast|aan\ de\ overkant|across\ the\ road|woon|wonen|zitten|live|living)\ (?:\w+\ )?(?:op|at|on|van|in)\ (?:nr\.?\ ?|nummer\ |number\ |no\.?\ )?(\d{1,4}\s?[A-Za-z]?)\b
        |(?:^|[\s,:])(\d{1,4}\ ?[A-Za-z]?(?:-[a-z]{2})?),?\ (?:ipv|i\.p\.v\.|instead\ of|in\ plaats\ van|en\ niet|and\ not|not|niet)\ (?:nr\.?\ |nummer\ |number\ )?\d{1,4}[A-Za-z]?\b
        |(?:^|[.:,!]\s)(\d{1,4}\ ?(?:[A-Za-z]|hs|bis|huis|boven))[,]?\ (?:please|graag|niet|not|aub|pls)\b
        |\b(?:nummer|number|huisnummer)\ (\d{1,4}[A-Za-z]?)\ (?:hoor|h[eè]|dus|not|niet|zijn|worden)\b";
    NAMED_STREET = r"(?i)\b(?:straat|straatnaam|street|street name)\s+(?:heet|is|moet zijn|should be|must be|should read|wordt)\s+(\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+){0,3})";
    CODE_TOLD = r"(?i)\b(?:postcode|zip(?: code)?|plz|code)\b[^0-9\n.]{0,12}(\d{4}(?: ?[A-Z]{2})?)\b|\((\d{4}(?: ?[A-Z]{2})?)[,)]";
    CITY_NAMED = r"(?x)\b(?i:naar|to|nach|in)\s+(\p{L}[\p{L}'’-]+)\s+(?i:ipv|i\.p\.v\.|in\ plaats\ van|instead\ of|rather\ than|niet|not)
        |\b(?i:maar|but|sondern)\s+(?i:in\ |naar\ |to\ )?(\p{L}[\p{L}'’-]+)
        |\b(?i:naar|to|nach|moet|should\ be|must\ be|is)\s+(?i:naar\ |in\ |zijn\ |uiteraard\ |natuurlijk\ |gewoon\ )?(\p{L}[\p{L}'’-]+)
        |\b(?i:zit|zitten|woon|woont|wonen|live|living|lives)(?:\ \w+){0,4}\ in\ (\p{L}[\p{L}'’-]+)
        |(?:^|[.!?\n]\s+)(\p{Lu}[\p{L}'’-]+)\s+(?i:now|nu|dus|please|graag)\b";
    CITY_BEFORE = r"\b(?i:in|te|naar|to|but|maar)\s+(\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+)?)\s*[,:]\s*$";
    CITY = r"^[\s,]*((?:['’]s-|['’]t )?\p{L}[\p{L}\p{M}'’.-]*(?:[ -](?:aan|den|de|der|op|bij|a/d|in|ter|upon|on|sur|en|la|le|les|am|an|\p{Lu}[\p{L}\p{M}'’.-]*))*)";
}

const fn has_street(address: &NewAddress) -> bool {
    address.street.is_some() || address.house_number.is_some()
}

struct Found {
    address: NewAddress,
    at: usize,
    score: i32,
}

/// An address with the score of its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Scored {
    /// The address.
    pub address: NewAddress,
    /// The higher, the more it is announced as the new one.
    pub score: i32,
}

/// The new address in the customer's own `subject` and `text` (raw, without quotation and
/// signature), if one is given.
pub(super) fn new_address(subject: &str, text: &str) -> Option<Scored> {
    let of_text = best(text, subject);
    let of_subject = || best(subject, text);
    let Some(Scored { mut address, score }) = of_text else { return of_subject() };
    if address.street.is_none()
        && address.house_number.is_none()
        && let Some(other) = of_subject().map(|it| it.address).filter(|it| it.street.is_some())
    {
        address.street = other.street;
        address.house_number = other.house_number;
        address.city = address.city.or(other.city);
        address.postal_code = address.postal_code.or(other.postal_code);
        address.country = address.country.or(other.country);
    }
    Some(Scored { address, score })
}

/// The best candidate of `text`; `beside` is read with it, but not searched.
fn best(text: &str, beside: &str) -> Option<Scored> {
    let pieces = pieces(text);
    let told = speaks_of_postcode(text) || speaks_of_postcode(beside);
    let mut found: Vec<Found> = Vec::new();
    anchored(text, &pieces, told, &mut found);
    let enough = |found: &[Found]| {
        found.iter().any(|it| {
            it.score > 0 && (it.address.street.is_some() || it.address.house_number.is_some())
        })
    };
    if !enough(&found) {
        single::streets(text, &pieces, &mut found);
    }
    if !found.iter().any(|it| it.score > 0) {
        single::parts(text, &mut found);
    }
    // A code on its own completes a street without one.
    let apart = |it: &&Found| it.score > 0 && !has_street(&it.address);
    let code = found.iter().filter(apart).map(|it| it.address.clone()).next_back();
    let positive = |it: &Found| it.score > 0;
    let full = |it: &Found| {
        // The only full address of a mail is the new one, unless it is told to be old.
        it.score > -20 && it.address.street.is_some() && it.address.postal_code.is_some()
    };
    let any = found.iter().any(positive);
    let kept = found.into_iter().filter(|it| if any { positive(it) } else { full(it) });
    let Found { mut address, score, .. } = kept.max_by_key(|it| (it.score, it.at))?;
    if let Some(code) = code.filter(|it| address.postal_code.is_none() && it.postal_code.is_some())
        && has_street(&address)
    {
        address.postal_code = code.postal_code;
        address.city = address.city.or(code.city);
        address.country = address.country.or(code.country);
    }
    Some(Scored { address, score })
}

/// Whether the text is worth a search where nothing else speaks of an address.
pub(super) fn may_hold(text: &str) -> bool {
    has_postcode(text) || speaks_of_street(text)
}

/// Whether four digits are followed by two letters, or something British stands there.
fn has_postcode(text: &str) -> bool {
    let class = |byte: u8| match byte {
        b'0'..=b'9' => b'9',
        b'A'..=b'Z' | b'a'..=b'z' => b'A',
        other => other,
    };
    text.as_bytes().windows(7).any(|window| {
        // Most places are ruled out by two of their signs.
        let digit = |at: usize| window.get(at).is_some_and(u8::is_ascii_digit);
        if !(digit(3) && digit(0) || digit(2) && digit(4)) {
            return false;
        }
        let mut shape = [0_u8; 7];
        shape.iter_mut().zip(window).for_each(|(to, from)| *to = class(*from));
        shape.starts_with(b"9999 AA")
            || shape.starts_with(b"9999AA")
            || shape.starts_with(b"9999 A")
            || shape.ends_with(b"9 9AA")
            || shape.starts_with(b"99999 A")
    })
}

/// Whether a number stands beside a word such as only streets have: `Kerkstraat 5`, `12 Mill Lane`.
fn speaks_of_street(text: &str) -> bool {
    const ENDS: [&str; 26] = [
        "straat",
        "laan",
        "weg",
        "plein",
        "gracht",
        "kade",
        "kaai",
        "dreef",
        "hof",
        "singel",
        "pad",
        "steeg",
        "markt",
        "dijk",
        "park",
        "plantsoen",
        "lei",
        "baan",
        "wal",
        "haven",
        "steenweg",
        "straße",
        "strasse",
        "allee",
        "platz",
        "str.",
    ];
    const TYPES: [&str; 26] = [
        "street", "st", "road", "rd", "lane", "avenue", "ave", "close", "drive", "dr", "court",
        "crescent", "terrace", "way", "row", "grove", "gardens", "square", "walk", "hill", "mews",
        "view", "place", "rue", "quay", "wharf",
    ];
    let mut words = text.split_whitespace();
    let mut before = "";
    while let Some(word) = words.next() {
        if word.starts_with(|it: char| it.is_ascii_digit()) && word.len() < 9 {
            let lower = if before.len() > 3 { before.to_lowercase() } else { String::new() };
            let named = |next: &str| {
                let bare = next.trim_end_matches(|it: char| !it.is_alphanumeric());
                TYPES.iter().any(|kind| bare.eq_ignore_ascii_case(kind))
            };
            if ENDS.iter().any(|end| lower.ends_with(end)) || words.clone().take(4).any(named) {
                return true;
            }
        }
        before = word;
    }
    false
}

/// How old or new the place at `at` sounds: the nearest word before it decides.
fn context(text: &str, at: usize, end: usize) -> i32 {
    let before = text.get(..at).unwrap_or_default();
    let from = before.char_indices().rev().nth(70).map_or(0, |(at, _)| at);
    let near = before.get(from..).unwrap_or(before);
    let near = near.rsplit(['?', '!']).next().unwrap_or(near);
    let near = near.rsplit_once(". ").map_or(near, |(_, rest)| rest);
    let last = |pattern: &Regex| pattern.find_iter(near).last().map(|found| found.end());
    let verdict = match (last(&OLD_BEFORE), last(&NEW_BEFORE)) {
        (Some(old), Some(new)) if old >= new => -30,
        (Some(_), None) => -30,
        (_, Some(_)) => 5,
        (None, None) => 0,
    };
    let line = before.rsplit('\n').next().unwrap_or_default().to_lowercase();
    let label = |names: &[&str]| names.iter().filter_map(|it| line.rfind(it)).max();
    let old = label(&["oud adres", "oude adres", "old address", "van:", "from:", "old:", "oud:"]);
    let new = label(&["naar", "to:", "nieuw", "new"]);
    let labelled = old.is_some() && old >= new;
    // What stands behind a colon is what was announced.
    let verdict = if !labelled && before.trim_end().ends_with(':') { 5 } else { verdict };
    let came = FROM_BEFORE.is_match(near);
    let after = text.get(end..).unwrap_or_default();
    let corrected = OLD_AFTER.is_match(after);
    let bracket = before.rfind('(') > before.rfind(')');
    10 + verdict
        - if labelled || came || corrected || OLD_HERE.is_match(near) { 30 } else { 0 }
        - if bracket { 8 } else { 0 }
}

/// Candidates around a postcode.
fn anchored(text: &str, pieces: &[Piece<'_>], told: bool, found: &mut Vec<Found>) {
    for (index, piece) in pieces.iter().enumerate() {
        for code in codes(piece.text, told) {
            let (mut address, start) = around(pieces, index, &code);
            let street = address.street.is_some() || address.house_number.is_some();
            let glued = !code.written.contains(' ') && code.kind != Kind::Dutch;
            // Digits without a place are a postcode only where postcodes are spoken of.
            let weak = code.kind == Kind::Digits && address.city.is_none() && !told;
            if !street && (weak || glued && !told && address.city.is_none()) {
                continue;
            }
            if code.kind == Kind::Digits && !street && !told {
                address.city.as_deref().and_then(words::country_of_city).is_none().then(|| {
                    address.city = None;
                });
                if address.city.is_none() {
                    continue;
                }
            }
            if address.city.is_none()
                && let Some(city) =
                    text.get(..start).and_then(|it| CITY_BEFORE.captures(it)?.get(1))
            {
                address.city = Some(city.as_str().to_owned());
            }
            let end = piece.at + code.end;
            let parts = i32::from(street) * 6 + i32::from(address.city.is_some()) * 2;
            let score = context(text, start, end) + parts;
            found.push(Found { address, at: start, score });
        }
    }
}

fn speaks_of_postcode(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["postcode", "post code", "zip", "postal code", "eircode", "plz"]
        .iter()
        .any(|it| lower.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let Some(Scored { address, .. }) = new_address("", text) else { return "-".to_owned() };
        [address.street, address.house_number, address.postal_code, address.city, address.country]
            .map(|part| part.unwrap_or_else(|| "_".to_owned()))
            .join("|")
    }

    #[test]
    fn the_patterns_compile() {
        compile_all();
    }

    #[test]
    fn a_street_with_a_number_is_worth_a_search() {
        for text in ["naar Van Heemstralaan 40 te Arnhem", "send to 17 Quarry Street", "2011 RD"] {
            assert!(may_hold(text), "{text}");
        }
        for text in ["maat 43 graag", "order 12 is er nog niet", "no numbers here"] {
            assert!(!may_hold(text), "{text}");
        }
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
            (
                "Please use my flat: Calle Mayor 15, 3º B, 28013 Madrid.",
                "Calle Mayor|15, 3º B|28013|Madrid|ES",
            ),
            (
                "Send it to Ilica 210, kat 3, 10000 Zagreb, Croatia.",
                "Ilica|210, kat 3|10000|Zagreb|HR",
            ),
            (
                "please deliver to Nørrebrogade 45B, 2200 København N.",
                "Nørrebrogade|45B|2200|København N|DK",
            ),
            (
                "Stuur het naar Haven Noord, ligplaats 22, 8531 AB Lemmer.",
                "Haven Noord|ligplaats 22|8531 AB|Lemmer|NL",
            ),
            ("graag naar een ander adres, dat mail ik nog", "-"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
