//! What a customer's text answers to an open offer.
//!
//! Signs are gathered with their place: agreeing, refusing, sending back, asking for more with
//! and without a number. The last clear word counts; without a clear sign there is no answer.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::RegexSet;

use super::bare::{bare, firm_yes};
use super::cues::{CUES, Places};
use super::learned;
use super::marked::{Marked, Sentence};
use super::{Answer, Offer};
use crate::contract::OfferResponse;
use crate::understand::numbers::Unit;
use crate::understand::plain::fold;

/// What was found in an answer; places are byte positions of the last such sign.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one sign, and they combine freely")]
struct Signs {
    accepts: Option<usize>,
    rejects: Option<usize>,
    returns: bool,
    more: Option<usize>,
    asked: Option<(i64, Unit, usize)>,
    hoped: Option<(i64, Unit, usize)>,
    everything: bool,
    bare_yes: bool,
    bare_no: bool,
    too_little: bool,
    wants_other: bool,
}

/// Texts longer than this must speak of the offer before anything in them answers it, in words.
const SHORT: usize = 40;
/// In a text this short a larger amount is what is asked for, in words.
const TERSE: usize = 12;

/// What `new` (the new text, raw) answers to `offer`; `None` when it does not speak of it.
///
/// The signs are one voice; what was learned from labelled answers weighs them with the words.
pub(in crate::understand) fn response(
    offer: Offer,
    new: &str,
    subject: &str,
    weights: &learned::OfferWeights,
) -> Option<Answer> {
    let (marked, by_signs, signs) = by_signs(offer, new, subject);
    if marked.sentences.is_empty() {
        return None;
    }
    let features = learned::features(&marked.text, &signs, offer.latest);
    let judged = weights.judge(&features);
    if judged == by_signs.map(|it| it.response) {
        return by_signs;
    }
    match judged {
        Some(OfferResponse::Counter) => Some(any_amount(offer, &marked)),
        Some(response) => Some(Answer::plain(response)),
        None => None,
    }
}

/// What the learned part sees of an answer.
pub(super) fn features(offer: Offer, new: &str, subject: &str) -> Vec<u16> {
    let (marked, _, signs) = by_signs(offer, new, subject);
    learned::features(&marked.text, &signs, offer.latest)
}

/// A counter with the last amount that can be one.
fn any_amount(offer: Offer, marked: &Marked) -> Answer {
    let amounts = marked.sentences.iter().rev();
    let found = amounts.filter_map(|sentence| {
        let spot = Spot { marked, sentence, span: sentence.span.clone() };
        marked.asked_in(&sentence.span).filter(|(_, _, at)| !spot.denies(*at))
    });
    let priced = |it: &(i64, Unit, usize)| {
        marked.text.get(it.2..).is_some_and(|rest| rest.starts_with("COST"))
    };
    let more = |it: &(i64, Unit, usize)| offer.unit != it.1 || offer.hundredths < Some(it.0);
    let asked = found.filter(|it| !priced(it) && more(it)).max_by_key(|it| it.1 == offer.unit);
    let counted = || marked.counted(offer).map(|hundredths| (hundredths, offer.unit, 0));
    asked.or_else(counted).map_or(Answer::plain(OfferResponse::Counter), |(hundredths, unit, _)| {
        Answer::counter(hundredths, unit)
    })
}

/// The text made ready and what its signs say.
fn by_signs(offer: Offer, new: &str, subject: &str) -> (Marked, Option<Answer>, Vec<u8>) {
    let own_subject = !fold(subject).starts_with("re:");
    let few = new.split_whitespace().count() < 4;
    let marked = if few && own_subject {
        Marked::of(offer, &format!("{subject}. {new}"))
    } else {
        Marked::of(offer, new)
    };
    let signs = Signs::of(offer, &marked);
    let answer = signs.answer();
    let seen = signs.numbers(answer);
    (marked, answer, seen)
}

impl Signs {
    fn of(offer: Offer, marked: &Marked) -> Self {
        let cues = &*CUES;
        let speaks = cues.speaks_of_money.is_match(&marked.text);
        let sells = cues.around.bulk.is_match(&marked.text);
        let long = marked.length() > SHORT;
        let relevant = !long || speaks && !sells;
        let mut signs = Self::default();
        if marked.sentences.is_empty() {
            return signs;
        }
        signs.returns = returns(marked);
        (signs.bare_yes, signs.bare_no) = bare(offer, marked, signs.returns);
        signs.too_little = relevant && any(marked, &cues.little);
        signs.wants_other = relevant && any(marked, &cues.wants_other);
        if !relevant {
            return signs;
        }
        let new_length = marked.text.split_whitespace().count();
        signs.accepts =
            last(marked, &cues.accept, |spot| spot.states() && !spot.doubted() && !spot.outbid());
        signs.accepts = signs.accepts.max(firm_yes(offer, marked));
        let praises = last(marked, &cues.praise, |spot| spot.states() && spot.unqualified());
        signs.bare_yes |= praises.is_some() && offer.latest && !signs.too_little;
        signs.rejects = last(marked, &cues.reject, |spot| !spot.told() && spot.states());
        signs.more = last(marked, &cues.more, |spot| !long || spot.speaks());
        signs.asked = asked(marked, &cues.demand, speaks);
        signs.asked = signs.asked.or_else(|| across(marked));
        signs.hoped = asked(marked, &cues.hoped, speaks).filter(|_| !sells);
        let terse = signs.asked.is_none() && signs.accepts.is_none() && !sells;
        if terse && new_length <= TERSE {
            signs.asked = only_amount(offer, marked);
        }
        signs.everything = everything(marked);
        signs
    }

    /// What the learned part is told: what the signs conclude, and which there are.
    fn numbers(&self, concluded: Option<Answer>) -> Vec<u8> {
        let there = [
            self.accepts.is_some(),
            self.rejects.is_some(),
            self.returns,
            self.more.is_some(),
            self.asked.is_some(),
            self.hoped.is_some(),
            self.everything,
            self.bare_yes,
            self.bare_no,
            self.too_little,
            self.wants_other,
            self.accepts > self.rejects,
        ];
        let there = (16..).zip(there).filter(|(_, it)| *it).map(|(number, _)| number);
        std::iter::once(concluded.map_or(9, |it| it.response as u8)).chain(there).collect()
    }

    /// The last clear word counts.
    fn answer(&self) -> Option<Answer> {
        let refuses = self.rejects.is_some() || self.bare_no;
        if self.returns && (refuses || self.asked.is_none() && self.more.is_none()) {
            return Some(Answer::plain(OfferResponse::Reject));
        }
        let agreed = self.accepts;
        let later = |other: usize| agreed.is_none_or(|at| other > at);
        if self.everything && !self.returns && agreed.is_none() {
            return Some(Answer::counter(10_000, Unit::Percent));
        }
        if let Some((hundredths, unit, at)) = self.asked
            && later(at)
        {
            return Some(Answer::counter(hundredths, unit));
        }
        if let Some((hundredths, unit, _)) = self.hoped
            && agreed.is_none()
            && !self.bare_yes
        {
            return Some(Answer::counter(hundredths, unit));
        }
        if let Some(at) = self.more
            && later(at)
        {
            return Some(Answer::plain(OfferResponse::Counter));
        }
        match (agreed, self.rejects) {
            (Some(yes), no) if no.is_none_or(|no| yes >= no) => {
                return Some(Answer::plain(OfferResponse::Accept));
            }
            (_, Some(_)) => return Some(Answer::plain(OfferResponse::Reject)),
            _ => {}
        }
        if self.bare_no || self.returns {
            return Some(Answer::plain(OfferResponse::Reject));
        }
        if self.bare_yes {
            return Some(Answer::plain(OfferResponse::Accept));
        }
        (self.too_little || self.wants_other).then(|| Answer::plain(OfferResponse::Reject))
    }
}

/// A match and the sentence it stands in.
struct Spot<'a> {
    marked: &'a Marked,
    sentence: &'a Sentence,
    /// The match itself.
    span: Range<usize>,
}

impl Spot<'_> {
    /// The clauses the match touches.
    fn region(&self) -> &str {
        let met = |it: &&Range<usize>| it.start < self.span.end && self.span.start < it.end;
        let mut clauses = self.sentence.clauses.iter().filter(met);
        let start = clauses.clone().next().map_or(self.span.start, |it| it.start);
        let end = clauses.next_back().map_or(self.span.end, |it| it.end);
        self.marked.words(&(start..end))
    }

    /// Whether it is said, and not asked.
    fn states(&self) -> bool {
        if !self.sentence.question {
            return true;
        }
        let asks = CUES.around.asks.is_match(self.marked.words(&self.sentence.span));
        let last = self.sentence.clauses.last();
        let in_last = last.is_some_and(|clause| self.span.end > clause.start);
        !asks && (!in_last || self.sentence.clauses.len() == 1 && is_tag(self.region()))
    }

    /// Whether it is denied, made conditional or called too little.
    fn doubted(&self) -> bool {
        let (region, around) = (self.region(), &CUES.around);
        around.negated.is_match(region)
            || around.conditional.is_match(region)
            || CUES.little.is_match(region)
    }

    /// Whether no `but` follows.
    fn unqualified(&self) -> bool {
        let words = self.marked.words(&self.sentence.span);
        !self.doubted() && ![" maar ", " but ", " doch "].iter().any(|turn| words.contains(turn))
    }

    /// Whether the sentence itself is about money that was offered.
    fn speaks(&self) -> bool {
        CUES.speaks_of_money.is_match(self.marked.words(&self.sentence.span))
    }

    /// Whether another amount stands in the same sentence: "40 and we have a deal".
    fn outbid(&self) -> bool {
        let agreed = self.marked.words(&self.span).contains("SAME");
        !agreed && self.marked.asked_in(&self.sentence.span).is_some()
    }

    /// Whether it tells what came or did not come: "no discount received".
    fn told(&self) -> bool {
        CUES.around.received.is_match(self.region())
    }

    /// Whether the sentence is about an order, an address, an invoice.
    fn elsewhere(&self) -> bool {
        CUES.around.other_topic.is_match(self.marked.words(&self.sentence.span))
    }

    /// Whether the amount at `at` is refused: "not 12 quid", "geen zes euro".
    fn denies(&self, at: usize) -> bool {
        let before = self.marked.text.get(self.sentence.span.start..at).unwrap_or_default();
        let turn = |word: &&str| !matches!(*word, "but" | "maar");
        let words = before.split_whitespace().rev().take(3).take_while(turn);
        let denied = |word: &str| matches!(word, "geen" | "niet" | "not" | "no" | "noch" | "nor");
        if self.sentence.question {
            return before.split_whitespace().next_back() == Some("geen");
        }
        let near: Vec<&str> = words.collect();
        let least = near.iter().any(|word| matches!(*word, "less" | "minder" | "lower" | "onder"));
        let turned = near.iter().any(|word| word.ends_with(','));
        !least && !turned && near.into_iter().any(denied)
    }
}

/// "prima?" or "akkoord?" of a customer is no question about the offer.
fn is_tag(region: &str) -> bool {
    region.split_whitespace().count() <= 2
}

/// Runs `patterns` over every sentence and every clause, so that both have their ends.
fn spots<'a>(marked: &'a Marked, patterns: &Places) -> Vec<Spot<'a>> {
    let mut found = Vec::new();
    for sentence in &marked.sentences {
        let mut stretches = vec![sentence.span.clone()];
        if sentence.clauses.len() > 1 {
            stretches.extend(sentence.clauses.iter().cloned());
        }
        for stretch in stretches {
            let whole = marked.text.get(stretch.clone()).unwrap_or_default();
            let from = stretch.start + (whole.len() - whole.trim_start().len());
            let spans = patterns.in_text(whole.trim());
            found.extend(spans.map(|span| Spot {
                marked,
                sentence,
                span: from + span.start..from + span.end,
            }));
        }
    }
    found
}

/// The place of the last match that `counts`.
fn last(marked: &Marked, patterns: &Places, counts: impl Fn(&Spot<'_>) -> bool) -> Option<usize> {
    let kept = spots(marked, patterns).into_iter().filter(|spot| counts(spot));
    kept.map(|spot| spot.span.end).max()
}

fn any(marked: &Marked, patterns: &RegexSet) -> bool {
    marked.sentences.iter().any(|sentence| {
        let whole = patterns.is_match(marked.words(&sentence.span));
        whole || sentence.clauses.iter().any(|clause| patterns.is_match(marked.words(clause)))
    })
}

/// The amount most demands point at; among equals the highest.
fn asked(marked: &Marked, patterns: &Places, speaks: bool) -> Option<(i64, Unit, usize)> {
    let mut votes: BTreeMap<usize, (usize, i64, Unit)> = BTreeMap::new();
    for spot in spots(marked, patterns) {
        let Some((hundredths, unit, at)) = marked.asked_in(&spot.span) else { continue };
        if spot.denies(at) || spot.told() || !speaks && spot.elsewhere() {
            continue;
        }
        let vote = votes.entry(at).or_insert((0, hundredths, unit));
        vote.0 += 1;
    }
    votes
        .into_iter()
        .max_by_key(|(_, (count, hundredths, _))| (*count, *hundredths))
        .map(|(at, (_, hundredths, unit))| (hundredths, unit, at))
}

/// A price, and in the next sentence that it should be paid.
fn across(marked: &Marked) -> Option<(i64, Unit, usize)> {
    CUES.across.in_text(&marked.text).find_map(|span| marked.asked_in(&span))
}

/// The one amount with a unit in a few words, unless it is refused.
fn only_amount(offer: Offer, marked: &Marked) -> Option<(i64, Unit, usize)> {
    marked.sentences.iter().find_map(|sentence| {
        let words = marked.words(&sentence.span);
        let named = words.contains("MORE") || words.contains("PART");
        let spot = Spot { marked, sentence, span: sentence.span.clone() };
        let (hundredths, unit, at) = marked.asked_in(&sentence.span).filter(|_| named)?;
        let about_it = unit == offer.unit && !CUES.around.other_topic.is_match(words);
        (about_it && !spot.denies(at) && !spot.told()).then_some((hundredths, unit, at))
    })
}

/// Whether all the money is asked for.
fn everything(marked: &Marked) -> bool {
    marked.sentences.iter().any(|sentence| {
        let clauses = sentence.clauses.iter().map(|clause| marked.words(clause));
        clauses.into_iter().any(|clause| {
            let about = &CUES.around;
            clause.contains("FULL")
                && !about.received.is_match(clause)
                && (!about.negated.is_match(clause)
                    || clause.contains(" of ")
                    || clause.contains(" or "))
        })
    })
}

/// Whether the goods are going back: said, not asked, and no stick behind the door.
fn returns(marked: &Marked) -> bool {
    spots(marked, &CUES.returns).into_iter().any(|spot| {
        let said = marked.words(&(spot.sentence.span.start..spot.span.start));
        let clause = spot.sentence.clauses.iter().rev().find(|it| it.start <= spot.span.start);
        let from = clause.map_or(spot.sentence.span.start, |it| it.start);
        let lead = marked.words(&(from..spot.span.start));
        let inside = marked.words(&spot.span);
        spot.states()
            && !CUES.around.negated.is_match(inside)
            && !CUES.unless_said.is_match(said)
            && !CUES.unless_before.is_match(lead)
    })
}
