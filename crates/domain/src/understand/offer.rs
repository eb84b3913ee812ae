//! The answer to an earlier offer of money: accept, reject, or a counter with its number.
//!
//! An offer must stand in the thread, by the shop, or in the quoted history. Who writes about
//! something else while an offer is open answers nothing: in doubt there is no answer, and a
//! person looks.

mod answer;
mod bare;
mod cues;
pub(super) mod learned;
mod marked;
#[cfg(test)]
mod tests;

pub(super) use self::answer::response;
use self::cues::{CUES, Shop};
use super::Input;
use super::numbers::{Amount, Unit, amounts};
use super::plain::fold;
use crate::contract::{Cents, OfferResponse, Percentage};

/// What the shop offered, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    /// The amount, when one is named.
    pub hundredths: Option<i64>,
    /// Percent, euro or another currency.
    pub unit: Unit,
    /// Whether the shop wrote nothing after it: only then a bare yes or no is about it.
    pub latest: bool,
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

impl Answer {
    /// An answer without a number.
    const fn plain(response: OfferResponse) -> Self {
        Self { response, percentage: None, amount: None }
    }

    /// A counter with what is asked for; another currency, or none, gives no number.
    fn counter(hundredths: i64, unit: Unit) -> Self {
        let mut made = Self::plain(OfferResponse::Counter);
        match unit {
            _ if hundredths <= 0 => {}
            Unit::Percent => made.percentage = Percentage::from_basis_points(hundredths).ok(),
            Unit::Euro => made.amount = Some(Cents(hundredths)),
            Unit::Foreign | Unit::Bare | Unit::Thing => {}
        }
        made
    }
}

/// What the learned part sees of an answer, when an offer is open: for training.
pub(super) fn features(input: &Input<'_>, quoted: &str, new: &str) -> Option<Vec<u16>> {
    offer(input, quoted).map(|offer| answer::features(offer, new, input.subject))
}

/// The open offer: the shop's latest in the thread, or else in the quoted text.
pub(super) fn offer(input: &Input<'_>, quoted: &str) -> Option<Offer> {
    let of_shop: Vec<String> =
        input.thread.iter().filter(|it| it.by_shop).map(|it| fold(it.body)).collect();
    let earlier = of_shop.iter().rev().skip(1);
    let bargaining = earlier.into_iter().any(|text| offer_in(text, Setting::Quoted).is_some());
    for (age, text) in of_shop.iter().rev().enumerate() {
        if CUES.shop.closed.is_match(text) {
            return None;
        }
        let setting = match age {
            0 if bargaining => Setting::Bargaining,
            0 => Setting::Last,
            _ => Setting::Quoted,
        };
        if let Some(found) = offer_in(text, setting) {
            return Some(Offer { latest: age == 0, ..found });
        }
    }
    if quoted.trim().is_empty() {
        return None;
    }
    offer_in(&fold(quoted), Setting::Quoted)
}

/// Where a text of the shop stands: the less there is beside it, the more an amount says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    /// In the quoted history, or before a later text of the shop.
    Quoted,
    /// The last the shop wrote: "Hi Ann, 12%?" is an offer there.
    Last,
    /// The last, after an earlier offer: "15 then?" is one too.
    Bargaining,
}

/// A text of the shop of at most this many words says little else than what it offers.
const BRIEF: usize = 30;

/// The offer in a text of the shop.
fn offer_in(plain: &str, setting: Setting) -> Option<Offer> {
    let shop = &CUES.shop;
    let flat = plain
        .replace('\n', " ")
        .replace(" per cent", " percent")
        .replace("€...", "€ ")
        .replace("£...", "");
    let found = amounts(&flat);
    let settled = shop.done.is_match(&flat) && !shop.keep.is_match(&flat);
    let brief = flat.split_whitespace().count() <= BRIEF;
    let mut best: Option<(i32, &Amount)> = None;
    for amount in found.iter().filter(|it| it.unit != Unit::Thing && it.hundredths > 0) {
        let mut score = offering(shop, &flat, amount, setting == Setting::Bargaining);
        // Alone in a last word of the shop, an amount is what it offers.
        let meant = amount.unit == Unit::Percent || brief || flat.contains('?');
        score += if setting == Setting::Last && meant { 3 } else { 0 };
        score -= if settled { 4 } else { 0 };
        if score >= LEAST_OFFERING && best.is_none_or(|(most, _)| score > most) {
            best = Some((score, amount));
        }
    }
    if let Some((_, amount)) = best {
        // "een bon van 7,50" is in euros.
        let cents = amount.unit == Unit::Bare && amount.hundredths % 100 != 0;
        let unit = if cents { Unit::Euro } else { amount.unit };
        let hundredths = Some(amount.hundredths);
        return Some(Offer { hundredths, unit, latest: true });
    }
    if settled || shop.marketing.is_match(&flat) {
        return None;
    }
    sentences(&flat).find_map(|sentence| {
        let offers = shop.offering.is_match(sentence);
        let half = offers && shop.half.is_match(sentence) && shop.back.is_match(sentence);
        if half {
            return Some(Offer { hundredths: Some(5_000), unit: Unit::Percent, latest: true });
        }
        let unnamed = offers
            && found.is_empty()
            && shop.money.is_match(sentence)
            && !shop.refuses.is_match(sentence);
        unnamed.then_some(Offer { hundredths: None, unit: Unit::Bare, latest: true })
    })
}

/// From this much on an amount is what is offered.
const LEAST_OFFERING: i32 = 3;

/// How much speaks for `amount` being what the shop offers.
fn offering(shop: &Shop, flat: &str, amount: &Amount, bargaining: bool) -> i32 {
    let before = flat.get(..amount.start).unwrap_or_default();
    let after = flat.get(amount.end..).unwrap_or_default();
    let from = sentence_start(before);
    let length = sentence_length(after);
    let lead = before.get(from..).unwrap_or_default();
    let rest = after.get(..length).unwrap_or_default();
    let sentence = flat.get(from..amount.end + length).unwrap_or_default();
    let offers = shop.offering.is_match(sentence);
    let mut score = if offers { 3 } else { 0 };
    score += if shop.keep.is_match(sentence) { 2 } else { 0 };
    score += if shop.back.is_match(sentence) { 2 } else { 0 };
    // "40 euro voor de kras?" asks for an answer; so does a question after it.
    score += i32::from(rest.contains('?')) * 2;
    let asks = !rest.contains('?') && after.get(length..).is_some_and(|next| next.contains('?'));
    score += i32::from(asks);
    score -= if shop.denies.is_match(sentence) && !rest.contains('?') { 3 } else { 0 };
    score += if bargaining { 3 } else { 0 };
    let price = shop.worth_before.is_match(lead) && amount.unit != Unit::Percent;
    score -= if price { 4 } else { 0 };
    score -= if shop.done.is_match(sentence) { 4 } else { 0 };
    score -= if shop.marketing.is_match(sentence) && !shop.keep.is_match(flat) { 4 } else { 0 };
    // A round number without a unit is an offer only between other offers.
    let bare = amount.unit == Unit::Bare && amount.hundredths % 100 == 0;
    score - if bare && !bargaining { 4 } else { 0 }
}

/// Where the last sentence of `before` starts.
fn sentence_start(before: &str) -> usize {
    before.rfind(['!', '?']).max(before.rfind(". ")).map_or(0, |at| at + 1)
}

/// How far the first sentence of `after` goes, its mark included.
fn sentence_length(after: &str) -> usize {
    let stop = after.find(['!', '?']).into_iter().chain(after.find(". ")).min();
    stop.map_or(after.len(), |at| at + 1)
}

fn sentences(flat: &str) -> impl Iterator<Item = &str> {
    flat.split(['!', '?']).flat_map(|part| part.split(". "))
}
