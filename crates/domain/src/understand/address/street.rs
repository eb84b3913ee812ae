//! Street and number out of one piece of text.

use std::sync::LazyLock;

use regex::Regex;

use super::words::{WORDS, is_month, plain};
use super::{ENGLISH_TYPE, NUMBER_FIRST, STREET_WORD, UNIT_TAIL};

/// A street with its number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Street {
    pub name: String,
    pub number: String,
    /// What follows in the same piece: perhaps a city.
    pub rest: String,
    /// First byte in the piece.
    pub at: usize,
    /// Whether the street has a name that only streets have.
    pub sure: bool,
}

/// A word and its first byte.
type Word<'a> = (usize, &'a str);

pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let base = text.as_ptr() as usize;
    text.split_whitespace().map(|word| (word.as_ptr() as usize - base, word)).collect()
}

/// `Molenweg 8-2`, `naar Dorp 19A`, `spaarndammerdijk 302 3 hoog`.
pub(super) fn number_last(piece: &str) -> Option<Street> {
    let words = words(piece);
    for (index, (at, word)) in words.iter().enumerate().skip(1) {
        if !is_number(word) {
            continue;
        }
        let mut end = index;
        while end > 1 && words.get(end - 1).is_some_and(|(_, word)| is_number_word(word)) {
            end -= 1;
        }
        let Some(from) = street_from(words.get(..end).unwrap_or_default()) else { continue };
        let taken = additions(words.get(index + 1..).unwrap_or_default());
        let rest = words.get(index + 1 + taken..).unwrap_or_default();
        let dated = rest.first().is_some_and(|(_, word)| is_month(word));
        let numbers = rest.first().is_some_and(|(_, word)| is_number(word) && !is_postcode(rest));
        let box_number = words.get(index - 1).is_some_and(|(_, it)| plain(it) == "postfach");
        if dated || numbers && !box_number {
            continue;
        }
        let post = words.get(end - 1).is_some_and(|(_, word)| plain(word) == "postfach");
        let second = words.get(index + 1).filter(|(_, word)| post && is_number(word));
        let taken = if second.is_some() { 1 } else { taken };
        let (start, (last_at, last)) = (words.get(from)?.0, words.get(index + taken)?);
        let (before_at, before) = words.get(end - 1)?;
        let street = piece.get(start..before_at + before.len())?.trim_matches([',', ' ', '"']);
        let number = piece.get(*at..last_at + last.len())?.trim_end_matches([',', '.', '-']);
        return Some(Street {
            name: street.to_owned(),
            number: number.to_owned(),
            rest: piece.get(last_at + last.len()..)?.trim().to_owned(),
            at: start,
            sure: STREET_WORD.is_match(street) || is_post_box(street),
        });
    }
    None
}

fn is_postcode(rest: &[Word<'_>]) -> bool {
    let digits = |word: &str| word.len() == 4 && word.bytes().all(|it| it.is_ascii_digit());
    rest.first().is_some_and(|(_, word)| digits(word) || word.len() == 6)
}

fn is_post_box(street: &str) -> bool {
    ["postbus", "po box", "p.o. box", "postfach", "boite postale", "bp"]
        .contains(&plain(street).as_str())
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    super::pattern(
        r"^\d{1,5}[A-Za-z]{0,3}(?:[-/+–]\d{1,4}[A-Za-z]{0,2})*(?:[-/+–][A-Za-z]{1,6}\d{0,3})?[,.]?$",
    )
});

/// A house number: `8`, `12a`, `8-2`, `305/2`, `88/2/14`, or `z/n` where there is none.
pub(super) fn is_number(word: &str) -> bool {
    let none = matches!(word.trim_end_matches([',', '.']), "z/n" | "s/n");
    none || word.starts_with(|it: char| it.is_ascii_digit())
        && NUMBER.is_match(word)
        && !is_storey_number(word)
}

/// `3e`, `2de`, `1st`.
fn is_storey_number(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']);
    if !word.starts_with(|it: char| it.is_ascii_digit()) {
        return false;
    }
    let letters = word.trim_start_matches(|it: char| it.is_ascii_digit());
    matches!(letters, "e" | "de" | "ste" | "st" | "nd" | "rd" | "th" | "ème" | "eme")
}

fn is_number_word(word: &str) -> bool {
    matches!(
        plain(word).as_str(),
        "nr" | "nummer" | "no" | "number" | "huisnummer" | "huisnr" | "numero" | "n°" | "#"
    )
}

/// Whether a word is written as part of a name: with a capital, `'s-`, or counting as `1e`.
fn starts_name(word: &str) -> bool {
    let bare = word.trim_start_matches(['\'', '’', '"', '(']);
    bare.starts_with(char::is_uppercase)
        || word.starts_with("'s-")
        || word.starts_with("’s-")
        || is_storey_number(word)
}

/// Where the street name starts that ends with the last of `words`.
fn street_from(words: &[Word<'_>]) -> Option<usize> {
    let (_, last) = words.last()?;
    let folded = plain(last);
    let two = words.len().checked_sub(2);
    let post = two.and_then(|at| words.get(at)).map(|(_, word)| format!("{word} {last}"));
    if post.is_some_and(|it| is_post_box(&it)) {
        return two;
    }
    if is_post_box(last) {
        return Some(words.len() - 1);
    }
    let listed = WORDS.no_street.contains(&folded) || WORDS.no_start.contains(&folded);
    let led =
        two.and_then(|at| words.get(at)).is_some_and(|(_, it)| it.starts_with(char::is_uppercase));
    let code = folded.len() <= 3 && last.chars().all(char::is_uppercase) && !led;
    let spoken = ["'s", "'m", "'re"].iter().any(|end| folded.ends_with(end));
    if listed || folded.is_empty() || code || spoken {
        return None;
    }
    if !starts_name(last) {
        // Written without capitals: one word, and what commonly belongs to it.
        return STREET_WORD.is_match(last).then(|| lower_street_from(words));
    }
    let mut from = words.len() - 1;
    let mut index = from;
    while let Some(before) = index.checked_sub(1) {
        let (_, word) = words.get(before)?;
        let folded = plain(word);
        let ends = word.ends_with([',', '.', ':']) && word.len() > 3 && !folded.ends_with("str");
        if ends {
            break;
        }
        if folded == "ul" {
            from = before;
            break;
        }
        let article = matches!(word, &"'t" | &"’t") && before + 1 == from;
        if starts_name(word) || article {
            let joined = (before + 1..from).all(|at| {
                let weak = |word: &str| WORDS.weak_joins.contains(&plain(word));
                let head = WORDS.heads.contains(&folded);
                words.get(at).is_some_and(|(_, word)| !weak(word)) || head
            });
            if !joined || WORDS.no_start.contains(&folded) {
                break;
            }
            from = before;
        } else if !WORDS.joins.contains(&folded)
            && !WORDS.weak_joins.contains(&folded)
            && !word.starts_with(|it: char| it.is_ascii_digit())
        {
            break;
        }
        index = before;
    }
    Some(from)
}

/// `lange nieuwstraat`, `van speijkstraat`, `de dissel` in lower case.
fn lower_street_from(words: &[Word<'_>]) -> usize {
    const BEFORE: [&str; 26] = [
        "lange",
        "korte",
        "oude",
        "nieuwe",
        "grote",
        "kleine",
        "hoge",
        "lage",
        "van",
        "der",
        "den",
        "sint",
        "st",
        "prins",
        "prinses",
        "koning",
        "koningin",
        "burgemeester",
        "dokter",
        "dr",
        "jan",
        "eerste",
        "tweede",
        "derde",
        "1e",
        "2e",
    ];
    let mut from = words.len() - 1;
    while let Some(before) = from.checked_sub(1) {
        let listed = words.get(before).is_some_and(|(_, it)| BEFORE.contains(&plain(it).as_str()));
        if !listed {
            break;
        }
        from = before;
    }
    // `van` at the start is where it comes from.
    while words.get(from).is_some_and(|(_, word)| plain(word) == "van") && words.len() - from < 3 {
        from += 1;
    }
    from.min(words.len().saturating_sub(1))
}

/// How many of `words` belong to the house number before them.
pub(super) fn additions(words: &[Word<'_>]) -> usize {
    let mut taken = 0;
    while let Some((_, word)) = words.get(taken) {
        let next = words.get(taken + 1).map(|(_, word)| *word);
        let used = addition(word, next);
        if used == 0 {
            break;
        }
        taken = (taken + used).min(words.len());
        let named = words.get(taken.saturating_sub(used)).map(|(_, word)| plain(word));
        if used == 1 && named.is_some_and(|it| WORDS.named_unit.contains(&it)) {
            taken += name(words.get(taken..).unwrap_or_default());
        }
        if word.ends_with(',') {
            break;
        }
    }
    taken
}

/// How many words from `word` on are one addition.
fn addition(word: &str, next: Option<&str>) -> usize {
    let bare = word.trim_end_matches([',', '.']);
    let folded = plain(word);
    let follows = next.map(plain).unwrap_or_default();
    let counts = bare.bytes().all(|it| it.is_ascii_digit()) || is_storey_number(bare);
    if counts && WORDS.storey.contains(&follows) {
        return 2;
    }
    let range = matches!(bare, "t/m" | "-" | "–" | "/" | "tot" | "+" | "&");
    if range && next.is_some_and(is_number) {
        return 2;
    }
    if bare == "-" && WORDS.unit.contains(&follows) {
        return 1;
    }
    if WORDS.suffix.contains(&folded) || is_storey_number(bare) {
        return 1;
    }
    let mut letters = bare.chars();
    let single = letters.next().is_some_and(|it| it.is_ascii_alphabetic());
    let length = bare.chars().count();
    if single && length == 1 && !matches!(bare, "u" | "I" | "à" | "n" | "x") {
        let counted = next.is_some_and(|it| it.trim_end_matches(',').parse::<u16>().is_ok());
        return if counted && !word.ends_with(',') { 2 } else { 1 };
    }
    let roman = length <= 4 && bare.bytes().all(|it| matches!(it, b'I' | b'V' | b'X'));
    if roman && !bare.is_empty() {
        return 1;
    }
    let coded = single && length <= 4 && letters.all(|it| it.is_ascii_digit());
    if coded && length > 1 {
        return 1;
    }
    if WORDS.unit.contains(&folded) || folded.starts_with('#') && length > 1 {
        if matches!(follows.as_str(), "no" | "nr") {
            return 3;
        }
        let designates = next.is_some_and(is_designator);
        if designates {
            return 2;
        }
        return usize::from(WORDS.named_unit.contains(&folded) || folded.starts_with('#'));
    }
    0
}

/// `3`, `B`, `12a`, `V4.1`, `1-214`.
fn is_designator(word: &str) -> bool {
    let bare = word.trim_end_matches([',', '.', ')']);
    let digits = bare.bytes().any(|it| it.is_ascii_digit());
    bare.len() <= 7
        && bare.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '/'))
        && (digits || bare.len() == 1 && bare != "u" && bare != "I")
}

/// How many words are the name of a boat or building.
fn name(words: &[Word<'_>]) -> usize {
    words
        .iter()
        .take_while(|(_, word)| {
            word.starts_with(char::is_uppercase) || WORDS.joins.contains(&plain(word))
        })
        .count()
}

/// Whether a piece is nothing but a flat, a floor, a building.
pub(super) fn is_unit(piece: &str) -> bool {
    let words = words(piece);
    let lone = words.len() == 1 && !piece.bytes().any(|it| it.is_ascii_digit());
    let named = words.first().is_some_and(|(_, it)| plain(it).ends_with("haus"));
    !words.is_empty() && (!lone || named) && additions(&words) == words.len()
}

/// `18 Harbour Row`, `8 bis rue des Tanneurs`, `1420 Maple Avenue Apt 3B`; `typed` when only a
/// street with a telling word counts.
pub(super) fn number_first(piece: &str, typed: bool) -> Option<Street> {
    if !piece.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    for captures in NUMBER_FIRST.captures_iter(piece) {
        let (number, street) = (captures.get(1)?, captures.get(2)?);
        let mut name = street.as_str().trim_end_matches(['.', ' ', ',']);
        let mut number = number.as_str().trim_end_matches(',').to_owned();
        if let Some(unit) = UNIT_TAIL.find(name) {
            number = format!("{number} {}", unit.as_str().trim_matches([' ', ',']));
            name = name.get(..unit.start()).unwrap_or(name).trim_end_matches([' ', ',']);
        }
        let sure = ENGLISH_TYPE.is_match(name) || french(name);
        if typed && !sure || name.is_empty() {
            continue;
        }
        let lower = name.starts_with(char::is_lowercase);
        // "14 mill lane", but not "22 on our lane".
        if lower && (!sure || !french(name) && name.split_whitespace().count() > 2) {
            continue;
        }
        let before = piece.get(..captures.get(1)?.start()).unwrap_or_default();
        if let Some((unit, _)) = unit_before(before) {
            number = format!("{unit}, {number}");
        }
        let at = captures.get(1)?.start();
        return Some(Street { name: name.to_owned(), number, rest: String::new(), at, sure });
    }
    None
}

/// `Flat 4` at the end of what stands before a number.
fn unit_before(before: &str) -> Option<(&str, usize)> {
    let words = words(before);
    let (at, word) = words.get(words.len().checked_sub(2)?)?;
    let (_, designator) = words.last()?;
    let unit = WORDS.unit.contains(&plain(word)) && is_designator(designator);
    unit.then(|| (before.get(*at..).unwrap_or_default().trim_end_matches([',', ' ']), *at))
}

fn french(name: &str) -> bool {
    const TYPES: [&str; 14] = [
        "rue",
        "avenue",
        "place",
        "chemin",
        "boulevard",
        "quai",
        "allee",
        "route",
        "impasse",
        "square",
        "cours",
        "passage",
        "via",
        "calle",
    ];
    let first = name.split_whitespace().next().map(plain).unwrap_or_default();
    TYPES.contains(&first.as_str())
}
