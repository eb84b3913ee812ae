//! The answer to an earlier offer of money: accept, reject, or a counter with its number.
//!
//! An offer must stand in the thread, by the shop, or in the quoted history. Words decide
//! what the answer is; the number asked for is chosen among all amounts by what stands near.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::Input;
use super::numbers::{Amount, Unit, amounts};
use super::plain::fold;
use crate::contract::{Cents, OfferResponse, Percentage};

const CUES: &str = include_str!("data/offer_cues.toml");

/// What the shop offered, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    /// The amount, when one is named.
    pub hundredths: Option<i64>,
    /// Percent, euro or another currency.
    pub unit: Unit,
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// The kind of answer.
    pub response: OfferResponse,
    /// The percentage asked for.
    pub percentage: Option<Percentage>,
    /// The euros asked for.
    pub amount: Option<Cents>,
}

struct Cues {
    offer: RegexSet,
    no_offer: RegexSet,
    accept: RegexSet,
    reject: RegexSet,
    firm_reject: RegexSet,
    more: RegexSet,
    full: RegexSet,
    ask_before: Regex,
    ask_after: Regex,
    cost_near: Regex,
    not_before: Regex,
    too_little_after: Regex,
    half: Regex,
    quarter: Regex,
    third: Regex,
    three_quarters: Regex,
    double: Regex,
    triple: Regex,
    sends_back: Regex,
    offer_noun: RegexSet,
    keeps: RegexSet,
    on_top: Regex,
    weak_accept: RegexSet,
    weak_reject: RegexSet,
    denies: RegexSet,
}

#[expect(clippy::expect_used, reason = "the patterns are committed; a test compiles them")]
static PATTERNS: LazyLock<Cues> = LazyLock::new(|| {
    let table: std::collections::BTreeMap<String, Vec<String>> =
        toml::from_str(CUES).unwrap_or_default();
    // Boundaries and digits of ASCII are much faster, and enough for folded text.
    let ascii = |line: &String| line.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]");
    let get = |name: &str| -> Vec<String> {
        table.get(name).map(|lines| lines.iter().map(ascii).collect()).unwrap_or_default()
    };
    let set = |name: &str| RegexSet::new(get(name)).expect("a committed pattern");
    let one = |name: &str| {
        let lines = get(name);
        let all = if lines.is_empty() { "[^\\s\\S]".to_owned() } else { lines.join("|") };
        Regex::new(&all).expect("a committed pattern")
    };
    let near = |name: &str, shape: &str| {
        Regex::new(&shape.replace("CUES", &get(name).join("|"))).expect("a committed pattern")
    };
    Cues {
        offer: set("offer"),
        no_offer: set("no_offer"),
        accept: set("accept"),
        reject: set("reject"),
        firm_reject: set("firm_reject"),
        more: set("more"),
        full: set("full"),
        ask_before: near("ask_before", r"(?:CUES)\W*(?:\w+\W+){0,4}$"),
        ask_after: near("ask_after", r"^\W*(?:\w+\W+){0,3}?(?:CUES)"),
        cost_near: near("cost_near", r"(?:CUES)"),
        not_before: near("not_before", r"(?:CUES)\W*(?:\w+\W+){0,1}$"),
        too_little_after: near("too_little_after", r"^\W*(?:\w+\W+){0,5}?(?:CUES)"),
        half: one("half"),
        quarter: one("quarter"),
        third: one("third"),
        three_quarters: one("three_quarters"),
        double: one("double"),
        triple: one("triple"),
        sends_back: one("sends_back"),
        offer_noun: set("offer_noun"),
        keeps: set("keeps"),
        on_top: one("on_top"),
        weak_accept: set("weak_accept"),
        weak_reject: set("weak_reject"),
        denies: set("denies"),
    }
});

/// The latest offer in the thread, or else in the quoted text.
pub(super) fn offer(input: &Input<'_>, quoted: &str) -> Option<Offer> {
    let of_shop = input.thread.iter().rev().filter(|earlier| earlier.by_shop);
    of_shop.map(|earlier| earlier.body).chain([quoted]).find_map(|text| offer_in(&fold(text)))
}

fn offer_in(plain: &str) -> Option<Offer> {
    if plain.len() < 4 {
        return None;
    }
    let flat = plain.replace('\n', " ");
    if !PATTERNS.offer.is_match(&flat) {
        return None;
    }
    let found = amounts(&flat);
    let with = |unit: Unit| found.iter().find(|amount| amount.unit == unit);
    let named = with(Unit::Percent).or_else(|| with(Unit::Euro)).or_else(|| with(Unit::Foreign));
    let named = named.or_else(|| with(Unit::Bare));
    let noun = PATTERNS.offer_noun.is_match(&flat);
    let percent = with(Unit::Percent).is_some();
    let money = with(Unit::Euro).or_else(|| with(Unit::Foreign)).is_some();
    let other = PATTERNS.no_offer.is_match(&flat);
    if !(percent || noun || money && !other) {
        return None;
    }
    Some(Offer {
        hundredths: named.map(|amount| amount.hundredths),
        unit: named.map_or(Unit::Bare, |amount| amount.unit),
    })
}

fn answer(response: OfferResponse) -> Answer {
    Answer { response, percentage: None, amount: None }
}

fn counter(hundredths: i64, unit: Unit) -> Answer {
    let mut made = answer(OfferResponse::Counter);
    match unit {
        Unit::Percent => made.percentage = Percentage::from_basis_points(hundredths).ok(),
        Unit::Euro => made.amount = Some(Cents(hundredths)),
        Unit::Foreign | Unit::Bare | Unit::Thing => {}
    }
    made
}

/// What `new` (the new text, raw) answers to `offer`; `None` when it does not speak of it.
pub(super) fn response(offer: Offer, new: &str, subject: &str) -> Option<Answer> {
    let plain = fold(new).replace('\n', " ");
    let plain = if plain.split_whitespace().count() < 4 && !subject.to_lowercase().starts_with("re")
    {
        format!("{} {plain}", fold(subject))
    } else {
        plain
    };
    let cues = &*PATTERNS;
    let firm = cues.firm_reject.is_match(&plain);
    let keeps = cues.keeps.is_match(&plain);
    let returning = cues.sends_back.is_match(&plain) && !keeps;
    if !returning && cues.full.is_match(&plain) {
        return Some(counter(10_000, Unit::Percent));
    }
    let threatens = ["anders", "otherwise", " or i", " of ik", "zo niet", "if not"]
        .iter()
        .any(|it| plain.contains(it));
    if let (false, Some(asked)) = (firm || returning && !threatens, asked(offer, &plain)) {
        return Some(counter(asked.0, asked.1));
    }
    let words = plain.split_whitespace().count();
    let strong = (cues.accept.is_match(&plain), cues.reject.is_match(&plain));
    let more = cues.more.is_match(&plain);
    let weak = if words <= FEW_WORDS { plain.as_str() } else { opening(&plain) };
    let weak = (cues.weak_accept.is_match(weak), cues.weak_reject.is_match(weak));
    let response = match (strong, weak) {
        _ if firm || returning && (strong.1 || weak.1) => OfferResponse::Reject,
        _ if more => OfferResponse::Counter,
        ((_, true), _) => OfferResponse::Reject,
        ((false, _), (_, true)) => OfferResponse::Reject,
        ((true, _), _) => OfferResponse::Accept,
        _ if returning => OfferResponse::Reject,
        (_, (true, _)) => OfferResponse::Accept,
        _ if words <= CURT && !plain.contains('?') => {
            let denies = cues.denies.is_match(&plain);
            if denies { OfferResponse::Reject } else { OfferResponse::Accept }
        }
        _ => return None,
    };
    Some(answer(response))
}

/// A mail this short is all answer; of a longer one only the opening is, for weak words.
const FEW_WORDS: usize = 25;

/// So few words under an offer are an answer to it, whatever they are.
const CURT: usize = 8;

/// The first few words.
fn opening(plain: &str) -> &str {
    plain.match_indices(' ').nth(5).and_then(|(at, _)| plain.get(..at)).unwrap_or(plain)
}

/// The number asked for instead of the offered one.
fn asked(offer: Offer, plain: &str) -> Option<(i64, Unit)> {
    let cues = &*PATTERNS;
    let found = amounts(plain);
    let best = found
        .iter()
        .filter_map(|amount| Some((worth(offer, plain, amount)?, amount)))
        .max_by_key(|(score, amount)| (*score, amount.hundredths));
    if let Some((score, amount)) = best
        && score >= 4
    {
        let after = plain.get(amount.end..).unwrap_or_default();
        if cues.on_top.is_match(after)
            && let Some(offered) = offer.hundredths
        {
            return Some((offered + amount.hundredths, offer.unit));
        }
        let unit = if amount.unit == Unit::Bare { offer.unit } else { amount.unit };
        return Some((amount.hundredths, unit));
    }
    let share = [
        (&cues.three_quarters, 7500),
        (&cues.half, 5000),
        (&cues.quarter, 2500),
        (&cues.third, 3300),
    ];
    if let Some((_, percent)) = share.iter().find(|(pattern, _)| pattern.is_match(plain)) {
        let same = offer.unit == Unit::Percent && offer.hundredths == Some(*percent);
        return (!same).then_some((*percent, Unit::Percent));
    }
    let times = if cues.double.is_match(plain) {
        2
    } else if cues.triple.is_match(plain) {
        3
    } else {
        0
    };
    (times > 0).then(|| (offer.hundredths.unwrap_or(0) * times, offer.unit))
}

/// How likely `amount` is what is asked for; `None` when it cannot be.
fn worth(offer: Offer, plain: &str, amount: &Amount) -> Option<i32> {
    let cues = &*PATTERNS;
    if amount.unit == Unit::Thing || amount.hundredths == 0 {
        return None;
    }
    let unit = if amount.unit == Unit::Bare { offer.unit } else { amount.unit };
    if offer.hundredths == Some(amount.hundredths) && (unit == offer.unit) {
        return None;
    }
    if unit == Unit::Percent && amount.hundredths > 10_000 {
        return None;
    }
    let from = plain.get(..amount.start).unwrap_or_default();
    let before = tail(from, 48);
    let after = plain.get(amount.end..).unwrap_or_default();
    let after = head(after, 40);
    let close = format!("{} {}", tail(from, 22), head(after, 14));
    let mut score = match amount.unit {
        Unit::Percent => 4,
        Unit::Euro | Unit::Foreign => 3,
        Unit::Bare | Unit::Thing => 0,
    };
    let words = plain.split_whitespace().count();
    score -= if amount.unit == Unit::Bare && words > 14 { 3 } else { 0 };
    score += i32::from(unit == offer.unit);
    score += if cues.ask_before.is_match(before) { 3 } else { 0 };
    score += if cues.ask_after.is_match(after) { 3 } else { 0 };
    score -= if cues.cost_near.is_match(&close) { 5 } else { 0 };
    score -= if cues.not_before.is_match(before) { 5 } else { 0 };
    score -= if cues.too_little_after.is_match(after) { 2 } else { 0 };
    score += match words {
        0..=3 => 5,
        4..=10 => 2,
        _ => 0,
    };
    let higher = offer.hundredths.is_none_or(|offered| amount.hundredths > offered);
    score -= if !higher && unit == offer.unit { 3 } else { 0 };
    Some(score)
}

fn tail(text: &str, length: usize) -> &str {
    let from = text.char_indices().rev().nth(length).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or(text)
}

fn head(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(offered: &str, text: &str) -> Option<Answer> {
        response(offer_in(&fold(offered)).unwrap(), text, "Re: x")
    }

    fn percent(value: u16) -> Answer {
        counter(i64::from(value) * 100, Unit::Percent)
    }

    #[test]
    fn the_number_asked_for() {
        for (offered, text, expected) in [
            ("We bieden je 20% korting.", "35", percent(35)),
            ("We bieden 20% aan", "Minimaal de helft lijkt mij redelijk", percent(50)),
            ("We can offer 15% off", "make it 25 and i'll keep it", percent(25)),
            ("houd de tas en krijg 30% terug?", "Het volledige bedrag of niks.", percent(100)),
            (
                "We can offer you EUR 15 for it",
                "Double it and you've got a deal.",
                counter(3000, Unit::Euro),
            ),
            ("we bieden 25 euro", "twee keer zoveel en ik ben je man", counter(5000, Unit::Euro)),
            ("we bieden 15 euro", "40 pond en anders niks", counter(4000, Unit::Foreign)),
        ] {
            assert_eq!(answer_to(offered, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn yes_and_no() {
        for (text, expected) in [
            ("ja is goed stuur maar de bon", OfferResponse::Accept),
            ("Nou vooruit dan maar weer...", OfferResponse::Accept),
            ("yes please!!", OfferResponse::Accept),
            ("nee bedankt", OfferResponse::Reject),
            (
                "15% daar schiet ik niets mee op, ik wacht al 35 dagen. Retourlabel graag.",
                OfferResponse::Reject,
            ),
            ("Daar ga ik niet mee akkoord.", OfferResponse::Reject),
        ] {
            assert_eq!(
                answer_to("we bieden 15% aan", text).map(|it| it.response),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn a_return_that_arrived_is_no_offer() {
        assert_eq!(
            offer_in("we hebben je retour van bestelling 1 ontvangen. je krijgt 54,95 terug."),
            None
        );
    }
}
