//! Which order is it about? The number as the customer wrote it, without `#`.
//!
//! Every token with a digit is a candidate; cue words before it, its shape, and what
//! stands after it decide. It knows nothing of what is wanted with the order.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::plain::{ByWord, fold};

mod looks;
mod beside;
mod shape;

use beside::{alone, is_invoice, is_reference, of_a_case};
use shape::distractor;

const CUES: &str = include_str!("data/order_cues.toml");

#[expect(clippy::struct_excessive_bools, reason = "a word may stand in any of the five lists")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cue {
    order: bool,
    parcel: bool,
    other: bool,
    between: bool,
    unit: bool,
}

static WORDS: LazyLock<ByWord<Cue>> = LazyLock::new(|| {
    let table: BTreeMap<String, String> = toml::from_str(CUES).unwrap_or_default();
    let mut words = ByWord::<Cue>::default();
    for (kind, list) in table {
        for word in list.split_whitespace() {
            let cue = words.entry(word.to_owned()).or_default();
            match kind.as_str() {
                "order" => cue.order = true,
                "parcel" => cue.parcel = true,
                "other" => cue.other = true,
                "between" => cue.between = true,
                _ => cue.unit = true,
            }
        }
    }
    words
});

/// A word of the raw text with the punctuation around it.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    core: &'a str,
    before: &'a str,
    after: &'a str,
    start: usize,
    first_on_line: bool,
}

/// A number that might be the order's, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    /// As written.
    pub text: &'a str,
    /// The higher the surer; below [`ENOUGH`] it is not taken.
    pub score: i32,
}

/// From this score on a candidate is taken.
pub(super) const ENOUGH: i32 = 20;

/// The order number in the first of `texts` that has one.
///
/// The last texts are history: there a word such as "order" must stand before it.
pub(super) fn order_number(new: &[&str], history: &[&str]) -> Option<String> {
    let pick = |texts: &[&str], least: i32| {
        let mut best: Option<Candidate<'_>> = None;
        for (index, text) in texts.iter().enumerate() {
            let late = i32::try_from(index).unwrap_or(0);
            for mut candidate in candidates(text) {
                let enough = candidate.score >= least;
                candidate.score -= late;
                if enough && best.is_none_or(|it| candidate.score > it.score) {
                    best = Some(candidate);
                }
            }
        }
        best.map(|candidate| candidate.text.to_owned())
    };
    pick(new, ENOUGH).or_else(|| history.iter().find_map(|text| pick(&[text], ENOUGH + 6)))
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let base = text.as_ptr() as usize;
    for line in text.lines() {
        let mut first_on_line = true;
        for word in line.split_whitespace() {
            let inner = |letter: char| letter.is_alphanumeric();
            let Some(from) = word.find(inner) else {
                let start = word.as_ptr() as usize - base;
                tokens.push(Token { core: "", before: word, after: "", start, first_on_line });
                continue;
            };
            let (before, rest) = word.split_at_checked(from).unwrap_or(("", word));
            let end = rest.char_indices().rev().find(|(_, letter)| inner(*letter));
            let end = end.map_or(rest.len(), |(at, letter)| at + letter.len_utf8());
            let (core, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let start = core.as_ptr() as usize - base;
            tokens.push(Token { core, before, after, start, first_on_line });
            first_on_line = false;
        }
    }
    tokens
}

fn cue(word: &str) -> Cue {
    if let Some(cue) = WORDS.get(word) {
        return *cue;
    }
    let folded = fold(word);
    let folded = folded.trim_end_matches(['.', ':']);
    WORDS.get(folded).copied().unwrap_or_default()
}

fn digits(word: &str) -> usize {
    word.bytes().filter(u8::is_ascii_digit).count()
}

/// All candidates of a text with their scores.
pub(super) fn candidates(text: &str) -> Vec<Candidate<'_>> {
    if digits(text) == 0 {
        return Vec::new();
    }
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut skip_to = 0;
    for (index, token) in tokens.iter().enumerate() {
        if index < skip_to || digits(token.core) == 0 {
            continue;
        }
        let (first, last) = extent(&tokens, index);
        skip_to = last + 1;
        let (Some(head), Some(tail)) = (tokens.get(first), tokens.get(last)) else { continue };
        let Some(whole) = text.get(head.start..tail.start + tail.core.len()) else { continue };
        let score = score(whole, &tokens, first, last);
        found.push(Candidate { text: glued(whole).unwrap_or(whole), score });
    }
    // A number said twice is the one it is about.
    for index in 0..found.len() {
        let Some(text) = found.get(index).map(|it| it.text) else { break };
        let again = found.iter().filter(|it| it.text == text).count() > 1;
        if let Some(candidate) = found.get_mut(index).filter(|it| again && it.score > 0) {
            candidate.score += 4;
        }
    }
    found
}

/// `order:12`, `bestelling#12` and `order12` lose the word before the number.
fn glued(whole: &str) -> Option<&str> {
    let first = whole.find(|it: char| it.is_ascii_digit()).unwrap_or(0);
    if let Some((word, number)) = whole.split_at_checked(first)
        && word.len() > 4
        && cue(word).order
    {
        return Some(number);
    }
    let (word, number) = whole.split_once([':', '#', '='])?;
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let named = cue(word).order || !whole.contains('=') && word.len() > 4;
    (is_word && named && digits(number) > 1).then_some(number)
}

/// First and last token of the number at `index`: `ORD 55 32 10` is one number.
fn extent(tokens: &[Token<'_>], index: usize) -> (usize, usize) {
    let mut first = index;
    let mut last = index;
    let Some(token) = tokens.get(index) else { return (index, index) };
    if let Some(previous) = index.checked_sub(1).and_then(|at| tokens.get(at)) {
        let before = index.checked_sub(2).and_then(|at| tokens.get(at));
        let ordered = before.is_some_and(|it| cue(it.core).order);
        let led = previous.core.len() >= 2 || before.is_some_and(|it| names_number(it.core));
        let starts = previous.core.starts_with(|it: char| it.is_ascii_uppercase());
        let prefix = previous.core.len() <= 4
            && led
            && starts
            && previous.after.is_empty()
            && token.before.is_empty()
            && !token.first_on_line
            && previous.core.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
            && (!cue_of_prefix(previous.core) || ordered && previous.core == "EN");
        if prefix {
            first = index - 1;
        }
    }
    let mut previous = token;
    for (at, next) in tokens.iter().enumerate().skip(index + 1) {
        let numeric = next.core.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
            && !next.core.is_empty();
        let follows =
            tokens.get(at + 1).is_some_and(|after| cue(after.core).unit) && next.after.is_empty();
        let joins = previous.after.is_empty()
            && next.before.is_empty()
            && !next.first_on_line
            && numeric
            && !follows
            && next.core.len() <= 6
            && previous.core.len() <= 8
            && (first < index
                || digits(previous.core) == previous.core.len()
                || coded(token, next));
        if !joins {
            break;
        }
        last = at;
        previous = next;
    }
    (first, last)
}

/// `VW-60 217`, `Q7 20 19`: capitals and digits, then digits.
fn coded(token: &Token<'_>, next: &Token<'_>) -> bool {
    let capitals = token.core.bytes().take_while(u8::is_ascii_uppercase).count();
    (1..=3).contains(&capitals)
        && digits(token.core) > 0
        && token.core.bytes().all(|it| !it.is_ascii_lowercase())
        && next.core.len() >= 2
        && digits(next.core) == next.core.len()
}

/// A word right before a number that says that it is one, without saying of what.
fn names_number(word: &str) -> bool {
    matches!(fold(word).as_str(), "nr" | "nummer" | "number" | "no" | "order" | "bestelling")
}

/// Capitals that are a cue or a word rather than part of the number.
fn cue_of_prefix(word: &str) -> bool {
    const SHOUTED: [&str; 26] = [
        "NR", "NO", "PO", "REF", "IS", "EN", "DE", "HET", "VAN", "MET", "EUR", "BUS", "SKU", "ART",
        "EU", "UK", "US", "AND", "THE", "OF", "FOR", "TEL", "OP", "TO", "MY", "MR",
    ];
    let known = cue(word);
    SHOUTED.contains(&word) || (known.order && word != "ORD") || known.other
}

/// `bestelnummertje`, but not the verb `besteld`.
fn is_bestel(word: &str) -> bool {
    word.strip_prefix("bestel").is_some_and(|rest| {
        digits(rest) == 0 && !matches!(rest, "d" | "de" | "den" | "t" | "len" | "baar" | "knop")
    })
}

/// The cue before `first`: what it says and how far away it is.
fn cue_before(tokens: &[Token<'_>], first: usize) -> (Cue, usize) {
    let mut away = 0;
    let mut owned = false;
    for index in (first.saturating_sub(6)..first).rev() {
        let Some(token) = tokens.get(index) else { break };
        let known = cue(token.core);
        let compound = fold(token.core);
        let marked = Cue {
            order: known.order || compound.ends_with("order") || is_bestel(&compound),
            other: known.other || compound.ends_with("nummer") && !known.order && !known.between,
            ..known
        };
        // "(best. 7731X)", but not "best 3 weken".
        let short = compound == "best" && token.after.starts_with('.') && away == 0;
        let marked = Cue { order: marked.order || short, ..marked };
        // "Cancel the lot. 22-8801": the sentence before says nothing of the number.
        let stop = token.after.contains(['.', '!', '?']) && compound.len() > 2;
        let shortened =
            compound.ends_with("nr") || matches!(compound.as_str(), "art" | "tel" | "inv");
        if stop && marked.other && !marked.order && !shortened {
            break;
        }
        if marked.order && is_reference(&compound) && of_a_case(tokens, index) {
            return (Cue { other: true, ..Cue::default() }, away);
        }
        // "de bon van 11-0-733" names what the receipt is of.
        if marked.other && !marked.order && owned {
            return (Cue { parcel: true, ..Cue::default() }, away);
        }
        owned |= matches!(compound.as_str(), "van" | "voor" | "bij" | "for" | "of");
        if marked.order || marked.other || marked.parcel && away < 3 {
            return (marked, away);
        }
        let ends = token.after.contains(['.', '!', '?', ';']) && !known.between;
        if ends && !token.core.is_empty() {
            break;
        }
        if !known.between {
            away += 1;
        }
    }
    (Cue::default(), 9)
}

fn score(whole: &str, tokens: &[Token<'_>], first: usize, last: usize) -> i32 {
    let (Some(head), Some(tail)) = (tokens.get(first), tokens.get(last)) else { return -99 };
    let after = tokens.get(last + 1);
    let (cue, away) = cue_before(tokens, first);
    let is_order = cue.order && away < 4;
    let count = digits(whole);
    let mixed = whole.bytes().any(|byte| byte.is_ascii_alphabetic());
    let joined = whole.contains(['-', '/', '.', '_']);
    let mut score = match (is_order, cue.other && away < 1) {
        (true, _) => 60 - i32::try_from(away).unwrap_or(9) * 8,
        (_, true) => -80,
        _ => 0,
    };
    let near = cue.parcel && away == 0;
    score += if cue.parcel && !is_order { if near { 20 } else { 8 } } else { 0 };
    let before = first.checked_sub(1).and_then(|at| tokens.get(at));
    let named = before.is_some_and(|it| names_number(it.core)) && !is_order && count > 3;
    score += if named && !cue.other { 20 } else { 0 };
    score += if !is_order && alone(tokens, first, last) { 22 } else { 0 };
    let capital = whole.bytes().any(|byte| byte.is_ascii_uppercase());
    let bracketed = head.before.ends_with('(') && tail.after.starts_with(')');
    let leads = head.start == 0 || bracketed;
    score += if !is_order && mixed && capital && leads && count < 5 { 16 } else { 0 };
    let dated =
        whole.starts_with("20") && (joined && whole.get(4..5).is_some_and(|it| "-/.".contains(it)));
    score -= if cue.parcel && is_invoice(tokens, first) && dated { 60 } else { 0 };
    let ticket = head.before.ends_with("[#");
    score -= if ticket { 40 } else { 0 };
    score += if head.before.ends_with('#') { 30 } else { 0 };
    let stands = is_order || alone(tokens, first, last) || head.start == 0;
    score += looks::by_length(whole, stands) + looks::by_form(whole);
    let counted = tail.after.is_empty()
        && after.is_some_and(|next| cue_is_unit(next) && (!is_small_unit(next.core) || count < 3));
    let sign_before = first.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(is_currency);
    if counted && (!is_order || count < 4) || is_money(head, tail) || sign_before {
        score -= 90;
    }
    score += if is_order { 0 } else { looks::by_likeness(whole, tokens, first, last) };
    score - distractor(whole, after, tail)
}

/// Words that count only after a small number: `2 de`, `5 of 6`.
fn is_small_unit(word: &str) -> bool {
    matches!(word, "de" | "e" | "ste" | "st" | "nd" | "rd" | "th" | "of" | "or" | "till" | "until")
}

fn cue_is_unit(token: &Token<'_>) -> bool {
    token.core.is_empty() && token.before.starts_with(['%', '€']) || cue(token.core).unit
}

/// A currency sign or word that stands alone.
fn is_currency(token: &Token<'_>) -> bool {
    let sign = |text: &str| text.contains(['€', '£', '$']);
    token.core.is_empty() && (sign(token.before) || sign(token.after))
        || token.core.eq_ignore_ascii_case("eur")
}

fn is_money(head: &Token<'_>, tail: &Token<'_>) -> bool {
    head.before.contains(['€', '£', '$'])
        || tail.after.starts_with(['%', '€', '£'])
        || tail.after.starts_with(",-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        order_number(&[text], &[])
    }

    #[test]
    fn numbers_as_customers_write_them() {
        for (text, expected) in [
            ("kan #10234 nog geannuleerd worden?", "10234"),
            ("kan ik ff ruilen voor 44? ORD 55 32 10", "ORD 55 32 10"),
            ("(bestelnr. 2024-00871) en ge hebt gezegd", "2024-00871"),
            ("Bestelling 61.204, maat 43", "61.204"),
            ("Order no. DW 2025 1180.", "DW 2025 1180"),
            ("my order is showing packed. Order WEB/20391", "WEB/20391"),
            ("Ordernr W-0093381 tel 06 555 777 12", "W-0093381"),
            ("hey wnr komt 99031 ong?", "99031"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_not_taken() {
        for text in [
            "track & trace: 3SWNK1200883410",
            "klantnr 0044213",
            "factuurnr. F-2024-9912",
            "bel 06-55577712",
            "op 12-05-2025 om 14:06",
            "voor € 1.249 besteld",
            "Ticket 88123",
            "maat 43",
            "Singel 7, 8601 AG Sneek",
            "IBAN NL00 TEST 0000 1111 22",
            "al 9 dagen",
            "01632 960441",
            "dossier 88123",
            "in 2024 gekocht",
            "artikel 7:17",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn history_only_counts_with_a_cue() {
        let history = "Uw bestelling 12088341 is onderweg. Track & trace: 3SWNK1200883410";
        assert_eq!(order_number(&["help"], &[history]).as_deref(), Some("12088341"));
        assert_eq!(order_number(&["help"], &["bel 12088341"]), None);
    }
}
