//! What the words beside a number make of it: a telephone, a postcode, a house number, a share.

use super::{Token, cue, digits};
use crate::understand::plain::fold;

/// Whether the word before the number is that of an invoice.
pub(super) fn is_invoice(tokens: &[Token<'_>], first: usize) -> bool {
    let from = first.saturating_sub(2);
    tokens.get(from..first).unwrap_or_default().iter().any(|token| {
        matches!(fold(token.core).as_str(), "factuur" | "invoice" | "facture" | "rechnung")
    })
}

pub(super) fn is_reference(word: &str) -> bool {
    matches!(word, "ref" | "reference" | "referentie" | "kenmerk" | "referentienummer")
}

/// Whether a reference is that of a case, a ticket, a claim.
pub(super) fn of_a_case(tokens: &[Token<'_>], index: usize) -> bool {
    let from = index.saturating_sub(2);
    tokens.get(from..index).unwrap_or_default().iter().any(|token| {
        let known = cue(token.core);
        known.other && !known.order
    })
}

/// Whether the number stands on its own: a line, a subject or a sentence of nothing else.
pub(super) fn alone(tokens: &[Token<'_>], first: usize, last: usize) -> bool {
    let opens = tokens.get(first).is_some_and(|it| it.first_on_line)
        || first.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|before| {
            before.after.contains(['.', '!', '?', ')']) || before.core.is_empty()
        });
    let closes = tokens.get(last).is_some_and(|it| it.after.contains(['.', '!', '?']))
        || tokens.get(last + 1).is_none_or(|next| next.first_on_line);
    opens && closes
}

/// `12,50`, `58.90`, `20.000`: written like an amount.
pub(super) fn like_an_amount(whole: &str) -> bool {
    let Some((units, rest)) = whole.rsplit_once([',', '.']) else { return false };
    let number = |text: &str| digits(text) == text.len() && !text.is_empty();
    let units = &units.replace('.', "");
    number(units) && number(rest) && (rest.len() == 2 || rest == "000" && units.len() <= 3)
}

/// A telephone number in pieces: `050-555 01 77`, `+44 1632 960 210`, `06 - 00 44 55 66`.
pub(super) fn like_a_phone(whole: &str, tokens: &[Token<'_>], first: usize, last: usize) -> bool {
    let Some(head) = tokens.get(first) else { return false };
    let mut before = first.checked_sub(1).and_then(|at| tokens.get(at));
    if before.is_some_and(|it| it.core.is_empty()) {
        before = first.checked_sub(2).and_then(|at| tokens.get(at));
    }
    let dialled = before.is_some_and(|it| {
        it.core.starts_with('0') && it.core.bytes().all(|at| at.is_ascii_digit() || at == b'-')
    });
    let american = whole.len() == 8 && whole.get(3..4) == Some("-") && digits(whole) == 7;
    let goes_on = tokens.get(last + 1).is_some_and(|next| {
        !next.first_on_line && digits(next.core) == next.core.len() && digits(next.core) > 1
    });
    let zero = whole.starts_with('0') && digits(whole) + 5 > whole.len();
    let broken = whole.contains('-') && whole.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let groups = whole.split(' ').count() >= 3 && digits(whole) >= 9;
    head.before.ends_with('+')
        || dialled
        || american
        || zero && (goes_on || groups || broken && whole.len() > 6)
}

/// Four or five digits with a place behind them and a street before: `44a, 50674 Köln`.
pub(super) fn like_a_postcode(
    whole: &str,
    tokens: &[Token<'_>],
    first: usize,
    last: usize,
) -> bool {
    let plain = (4..=5).contains(&whole.len()) && digits(whole) == whole.len();
    let state = whole.len() == 8 && whole.get(2..3) == Some(" ") && digits(whole) == 5;
    let before = first.checked_sub(1).and_then(|at| tokens.get(at));
    let swedish = whole.len() == 6 && whole.get(3..4) == Some(" ") && digits(whole) == 5;
    let portuguese = whole.len() == 8 && whole.get(4..5) == Some("-") && digits(whole) == 7;
    let plain = plain || swedish || portuguese;
    let comma = before.is_some_and(|it| it.after.contains(','));
    let city = before.is_some_and(|it| it.core.starts_with(char::is_uppercase));
    let street = before.is_some_and(|it| it.core.starts_with(|at: char| at.is_ascii_digit()));
    let place = tokens.get(last).is_some_and(|it| it.after.is_empty())
        && tokens
            .get(last + 1)
            .is_some_and(|next| next.core.starts_with(char::is_uppercase) && !next.first_on_line);
    plain && place && (comma || street || tokens.get(first).is_some_and(|it| it.first_on_line))
        || state && (comma || city)
}

/// Whether a number stands behind the name of a street: `Havendijk 14-BS`.
pub(super) fn of_a_street(whole: &str, tokens: &[Token<'_>], first: usize) -> bool {
    const ENDS: [&str; 24] = [
        "straat",
        "laan",
        "weg",
        "dijk",
        "plein",
        "kade",
        "gracht",
        "singel",
        "hof",
        "pad",
        "markt",
        "steeg",
        "dreef",
        "baan",
        "strasse",
        "straße",
        "street",
        "road",
        "lane",
        "avenue",
        "kaai",
        "haven",
        "plantsoen",
        "gierle",
    ];
    let before = first.checked_sub(1).and_then(|at| tokens.get(at));
    let named = before.is_some_and(|it| {
        let word = it.core.to_lowercase();
        it.after.is_empty() && ENDS.iter().any(|end| word.ends_with(end))
    });
    named && digits(whole) < 7
}

/// `38/100`, `50/50`: a part of a whole.
pub(super) fn is_share(whole: &str) -> bool {
    whole.split_once('/').is_some_and(|(part, of)| {
        let small = |text: &str| (1..=3).contains(&text.len()) && digits(text) == text.len();
        small(part) && small(of)
    })
}
