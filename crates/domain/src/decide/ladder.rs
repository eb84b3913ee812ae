//! `onderhandeling_logica`: the compensation ladder, a state machine over an append-only ledger.
//!
//! * Off until the shop turns it on, and never before the right to return has been stated
//!   (in the same mail, as its first passage).
//! * A haggler who asks for the top gets the next step at most; silence takes no step.
//! * A refusal ends it and the way to return follows at once.
//! * One ladder per order; a bounded number of ladders per customer in 31 days. What was
//!   accepted is final. Two mails at the same instant cannot both take a step: the shell
//!   compares the ledger's version when it writes.
//! * Mood, threat and VIP change no amount.

use jiff::{SignedDuration, Timestamp};

use super::cancellation::status_word;
use super::decision::{LedgerMove, ReasonCode, Request, Value, Verdict};
use super::facts::{Facts, LedgerEntry, LedgerKind, OrderFacts};
use super::opinion::{Opinion, order_fact, order_number};
use super::returns;
use crate::contract::{
    Intent, LadderStep, NotificationType, OfferResponse, Percentage, Priority, RuleKey,
};
use crate::policy::{LadderConfig, OrderStatus};

const RULE: RuleKey = RuleKey::OnderhandelingLogica;

/// How long a ladder counts against its customer.
const MEMORY: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Where the ladder stands before this mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Offers made in the running ladder.
    pub step: LadderStep,
    /// The offer on the table; none when there is none, or it was answered.
    pub open: Option<Percentage>,
    /// Whether the last ladder ended, by acceptance or refusal.
    pub ended: bool,
    /// Ladders this customer began in 31 days, the running one included.
    pub ladders: u8,
}

/// The most that may ever be offered: the first offer, plus what the shop allows on top,
/// and never above the rule's cap.
pub fn ceiling(config: &LadderConfig, maximaal_extra_compensatie: Percentage) -> Percentage {
    config.start_percentage.plus_at_most(maximaal_extra_compensatie, config.cap_percentage)
}

/// Reads the ledger.
pub fn standing(facts: &Facts<'_>) -> Standing {
    read_ledger(&facts.thread.ledger, facts.now, order_fact(facts).as_str())
}

/// Reads the ledger as of `now` for an order number (empty when unknown).
///
/// Entries of other orders count for the customer's monthly number of ladders only.
fn read_ledger(ledger: &[LedgerEntry], now: Timestamp, order: &str) -> Standing {
    let same_order = |entry: &&LedgerEntry| match &entry.order_number {
        Some(number) if !order.is_empty() => same_number(number, order),
        // Without a number on either side it is the same talk, so that leaving the number
        // out opens no second ladder.
        _ => true,
    };
    let recent = |entry: &LedgerEntry| entry.at >= now - MEMORY;
    let mut standing = Standing {
        ladders: u8::try_from(
            ledger
                .iter()
                .filter(|entry| recent(entry))
                .filter(|entry| entry.kind == LedgerKind::Offered)
                .filter(|entry| entry.ladder_stap <= LadderStep::NONE.next())
                .count(),
        )
        .unwrap_or(u8::MAX),
        ..Standing::default()
    };
    for entry in ledger.iter().filter(same_order) {
        standing.step = standing.step.max(entry.ladder_stap);
        match entry.kind {
            LedgerKind::Offered => {
                standing.open = Some(entry.percentage);
                standing.ended = false;
            }
            LedgerKind::Accepted | LedgerKind::Rejected => {
                standing.open = None;
                standing.ended = true;
            }
            LedgerKind::Countered => {}
        }
    }
    standing
}

/// Order numbers are compared without spaces, `#` and case.
pub fn same_number(left: &str, right: &str) -> bool {
    normalised(left) == normalised(right)
}

/// An order number as the ledger keys it.
pub fn normalised(number: &str) -> String {
    number
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '#')
        .flat_map(char::to_lowercase)
        .collect()
}

/// The rule's opinion on a mail.
pub fn opinion(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let asked = facts.reading.intents;
    let rule = &facts.terms.rules.onderhandeling_logica;
    let wants = asked.contains(Intent::Compensation);
    if !wants {
        return beside_a_return(facts);
    }
    if !rule.config.enabled {
        opinion.rule_on(Request::Compensation, Verdict::Unknown);
        opinion.hold(Some(RULE), rule.version, ReasonCode::LadderOff, String::new());
        return opinion;
    }
    if let Some((code, fact)) = facts.order.and_then(refusal) {
        opinion.rule_on(Request::Compensation, Verdict::Unknown);
        opinion.hold(Some(RULE), rule.version, code, fact);
        return opinion;
    }
    if let Some((code, fact)) = comes_before_money(facts) {
        opinion.rule_on(Request::Compensation, Verdict::Unknown);
        opinion.hold(Some(RULE), rule.version, code, fact);
        return opinion;
    }
    match (facts.reading.offer_response, standing(facts)) {
        (Some(OfferResponse::Accept), Standing { open: Some(offer), step, .. })
            if takes(facts, offer) =>
        {
            accept(facts, &mut opinion, offer, step);
        }
        (Some(OfferResponse::Reject), Standing { open: Some(offer), step, .. }) => {
            reject(facts, &mut opinion, offer, step);
        }
        (Some(OfferResponse::Counter), standing @ Standing { open: Some(_), .. }) => {
            counter(facts, &mut opinion, standing);
        }
        (Some(_), _) => {
            opinion.rule_on(Request::Compensation, Verdict::Unknown);
            opinion.hold(Some(RULE), rule.version, ReasonCode::NoOfferStanding, order_fact(facts));
        }
        (None, Standing { open: Some(_), .. }) => {
            // Asks about money while an offer is open, but answers it neither way.
            opinion.rule_on(Request::Compensation, Verdict::Unknown);
            opinion.hold(Some(RULE), rule.version, ReasonCode::LadderRepeated, order_fact(facts));
        }
        (None, standing) => first_offer(facts, &mut opinion, standing),
    }
    opinion
}

/// What a person must settle before any offer is made or taken. A refusal always counts.
fn comes_before_money(facts: &Facts<'_>) -> Option<(ReasonCode, String)> {
    let asked = facts.reading.intents;
    let response = facts.reading.offer_response;
    if response == Some(OfferResponse::Reject) {
        return None;
    }
    if asked.contains(Intent::Warranty) {
        // An offer may accompany repair or replacement, never stand in their place.
        return Some((ReasonCode::DefectFirst, order_fact(facts)));
    }
    // A cancelled order leaves nothing to keep, and whoever takes the money for keeping the
    // goods cannot send them back as well.
    let contrary = [Intent::Cancel, Intent::Return].into_iter().find(|intent| {
        asked.contains(*intent)
            && (*intent == Intent::Cancel || response == Some(OfferResponse::Accept))
    })?;
    Some((ReasonCode::AlsoAsked, contrary.to_string()))
}

/// Whether a yes is a yes to `offer`: one that names another number accepts nothing (6:225 BW).
fn takes(facts: &Facts<'_>, offer: Percentage) -> bool {
    facts.reading.counter_amount.is_none()
        && facts.reading.counter_percentage.is_none_or(|named| named == offer)
}

/// Why no offer fits this order: money for keeping an item is only for whoever has it.
fn refusal(order: &OrderFacts) -> Option<(ReasonCode, String)> {
    if !order.belongs_to_sender {
        return Some((ReasonCode::NotTheirOrder, order.number.clone()));
    }
    (order.status != OrderStatus::Delivered)
        .then(|| (ReasonCode::CompensationStatus, status_word(order.status).to_owned()))
}

/// A voluntary offer beside the confirmation of a return, where the shop wants it.
fn beside_a_return(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let rule = &facts.terms.rules.onderhandeling_logica;
    let asked = facts.reading.intents;
    let standing = standing(facts);
    let fits = rule.config.enabled
        && rule.config.offer_on_return
        && asked.contains(Intent::Return)
        && !asked.contains(Intent::Warranty)
        && !asked.contains(Intent::Cancel)
        && facts.order.and_then(refusal).is_none()
        && standing == Standing::default();
    if fits {
        make_offer(facts, &mut opinion, LadderStep::NONE.next(), rule.config.start_percentage);
    }
    opinion
}

/// The first offer, unless this order or customer had one.
fn first_offer(facts: &Facts<'_>, opinion: &mut Opinion, standing: Standing) {
    let rule = &facts.terms.rules.onderhandeling_logica;
    if standing.ended || standing.ladders >= rule.config.ladders_per_customer_month {
        opinion.rule_on(Request::Compensation, Verdict::Deny);
        opinion.hold(Some(RULE), rule.version, ReasonCode::LadderUsed, order_fact(facts));
        return;
    }
    make_offer(facts, opinion, LadderStep::NONE.next(), rule.config.start_percentage);
    opinion.loosens = true;
}

/// The customer asks for more: the next step at most, and never more than was asked.
fn counter(facts: &Facts<'_>, opinion: &mut Opinion, standing: Standing) {
    let rule = &facts.terms.rules.onderhandeling_logica;
    let open = standing.open.unwrap_or(Percentage::ZERO);
    let limit = ceiling(&rule.config, facts.terms.maximaal_extra_compensatie);
    let next = open.plus_at_most(rule.config.step_percentage, limit);
    let wished = facts.reading.counter_percentage;
    opinion.ledger.push(LedgerMove {
        kind: LedgerKind::Countered,
        ladder_stap: standing.step,
        percentage: open,
    });
    if let Some(wished) = wished.filter(|wished| *wished <= open) {
        // Asks for no more than what is on the table: say it again, take no step.
        let fact = wished.to_string();
        opinion.because(Some(RULE), rule.version, ReasonCode::LadderRepeated, fact);
        state_offer(facts, opinion, standing.step, open);
        opinion.loosens = true;
        return;
    }
    if standing.step >= rule.config.max_steps || next <= open {
        opinion.rule_on(Request::Compensation, Verdict::Deny);
        opinion.hold(Some(RULE), rule.version, ReasonCode::LadderExhausted, open.to_string());
        opinion.alert(NotificationType::HighCompensation, Priority::Medium, true);
        opinion.ladder = Some((standing.step, Percentage::ZERO));
        return;
    }
    let offer = wished.map_or(next, |wished| next.at_most(wished));
    if wished.is_some_and(|wished| wished > next) {
        opinion.because(Some(RULE), rule.version, ReasonCode::LadderCapped, next.to_string());
    }
    make_offer(facts, opinion, standing.step.next(), offer);
    opinion.loosens = true;
}

/// The customer takes the open offer.
fn accept(facts: &Facts<'_>, opinion: &mut Opinion, offer: Percentage, step: LadderStep) {
    let version = facts.terms.rules.onderhandeling_logica.version;
    opinion.rule_on(Request::Compensation, Verdict::Allow);
    opinion.loosens = true;
    opinion.because(Some(RULE), version, ReasonCode::OfferAccepted, offer.to_string());
    opinion.ladder = Some((step, offer));
    let kind = LedgerKind::Accepted;
    opinion.ledger.push(LedgerMove { kind, ladder_stap: step, percentage: offer });
    let days = facts.terms.rules.retourbeleid_fashion.config.refund_days;
    opinion.say(
        RULE,
        "accepted",
        [
            ("compensatie_percentage", Some(Value::Percent(offer))),
            ("refund_days", Some(Value::Days(days))),
            ("order_number", order_number(facts)),
        ],
    );
    opinion.alert(NotificationType::ActionNeeded, Priority::Medium, true);
    notify_high(facts, opinion, offer);
}

/// The customer refuses: the ladder ends and the way to return follows at once.
fn reject(facts: &Facts<'_>, opinion: &mut Opinion, offer: Percentage, step: LadderStep) {
    let version = facts.terms.rules.onderhandeling_logica.version;
    opinion.loosens = true;
    opinion.because(Some(RULE), version, ReasonCode::OfferRejected, offer.to_string());
    opinion.ladder = Some((step, Percentage::ZERO));
    let kind = LedgerKind::Rejected;
    opinion.ledger.push(LedgerMove { kind, ladder_stap: step, percentage: offer });
    if !facts.reading.intents.contains(Intent::Return) {
        opinion.say(RULE, "rejected", [("order_number", order_number(facts))]);
        let rule = &facts.terms.rules.retourbeleid_fashion;
        returns::say_how(facts, rule, "right", opinion);
    }
}

/// Takes a step: the right first, then the offer, then the ledger.
fn make_offer(facts: &Facts<'_>, opinion: &mut Opinion, step: LadderStep, offer: Percentage) {
    let rule = &facts.terms.rules.onderhandeling_logica;
    let offer = offer.at_most(ceiling(&rule.config, facts.terms.maximaal_extra_compensatie));
    opinion.because(Some(RULE), rule.version, ReasonCode::LadderStepTaken, offer.to_string());
    opinion.rule_on(Request::Compensation, Verdict::Allow);
    state_offer(facts, opinion, step, offer);
    let kind = LedgerKind::Offered;
    opinion.ledger.push(LedgerMove { kind, ladder_stap: step, percentage: offer });
    notify_high(facts, opinion, offer);
}

/// Says what is on the table, behind the right to return.
fn state_offer(facts: &Facts<'_>, opinion: &mut Opinion, step: LadderStep, offer: Percentage) {
    opinion.because(None, 0, ReasonCode::RightFirst, String::new());
    opinion.ladder = Some((step, offer));
    if !facts.reading.intents.contains(Intent::Return) {
        let rule = &facts.terms.rules.retourbeleid_fashion;
        returns::say_how(facts, rule, "right", opinion);
    }
    opinion.say(
        RULE,
        "offer",
        [
            ("compensatie_percentage", Some(Value::Percent(offer))),
            ("order_number", order_number(facts)),
        ],
    );
}

/// Tells the shop when much is offered.
fn notify_high(facts: &Facts<'_>, opinion: &mut Opinion, offer: Percentage) {
    let rule = &facts.terms.rules.onderhandeling_logica;
    if offer >= rule.config.notify_from_percentage && !offer.is_zero() {
        opinion.because(Some(RULE), rule.version, ReasonCode::HighCompensation, offer.to_string());
        opinion.alert(NotificationType::HighCompensation, Priority::Medium, false);
    }
}
