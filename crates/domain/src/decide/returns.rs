//! `retourbeleid_fashion`: withdrawal, returns, exchanges, defects.
//!
//! Any unambiguous statement is a withdrawal, without reason or form, also before delivery
//! (6:230o BW). It is acknowledged with its time of arrival, and nothing may discourage it.

use super::decision::{ReasonCode, Request, Value, Verdict};
use super::facts::Facts;
use super::floors;
use super::opinion::{Opinion, order_fact, order_number};
use crate::compose::moment;
use crate::contract::{Intent, NotificationType, Priority, RuleKey};
use crate::policy::{OrderStatus, ReturnConfig, ReturnCost, Rule};

const RULE: RuleKey = RuleKey::RetourbeleidFashion;

/// The rule's opinion on a mail.
pub fn opinion(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let asked = facts.reading.intents;
    if asked.contains(Intent::Warranty) {
        return defect(facts);
    }
    if !asked.contains(Intent::Return) {
        return opinion;
    }
    let rule = &facts.terms.rules.retourbeleid_fashion;
    stated(facts, rule, &mut opinion);
    grant(facts, rule, &mut opinion);
    if opinion.holds {
        note(facts, &mut opinion);
    } else {
        say_how(facts, rule, "return_accepted", &mut opinion);
    }
    opinion.alert(NotificationType::ActionNeeded, Priority::Low, true);
    opinion
}

/// Puts on record that the customer withdrew, and when: whatever becomes of the goods, the
/// statement counts from its arrival (6:230o BW).
fn stated(facts: &Facts<'_>, rule: &Rule<ReturnConfig>, opinion: &mut Opinion) {
    opinion.because(None, 0, ReasonCode::WithdrawalRight, rule.config.withdrawal_days.to_string());
    opinion.because(
        Some(RULE),
        rule.version,
        ReasonCode::WithdrawalStated,
        moment(facts.received_at, reply_in(facts)),
    );
}

/// Acknowledges the statement and leaves the rest to a person: where a return is not
/// granted, the draft must not say that it is.
fn note(facts: &Facts<'_>, opinion: &mut Opinion) {
    opinion.say(
        RULE,
        "return_noted",
        [
            ("received_at", Some(Value::Moment(moment(facts.received_at, reply_in(facts))))),
            ("order_number", order_number(facts)),
            ("reply_days", Some(Value::Days(facts.terms.reply_days))),
        ],
    );
}

/// Grants the return or says why a person must.
fn grant(facts: &Facts<'_>, rule: &Rule<ReturnConfig>, opinion: &mut Opinion) {
    if let Some(order) = facts.order.filter(|order| order.wants_exchange) {
        let verdict = exchange_ruling(facts);
        opinion.rule_on(Request::Exchange, verdict);
        if verdict == Verdict::Deny {
            let code = if rule.config.exchanges {
                ReasonCode::ReturnStatus
            } else {
                ReasonCode::NoExchanges
            };
            let fact = super::cancellation::status_word(order.status).to_owned();
            opinion.hold(Some(RULE), rule.version, code, fact);
            return;
        }
    }
    let refusal = facts.order.and_then(|order| {
        if !order.belongs_to_sender {
            return Some((ReasonCode::NotTheirOrder, order.number.clone()));
        }
        if !rule.config.allowed_statuses.contains(&order.status) {
            return Some((
                ReasonCode::ReturnStatus,
                super::cancellation::status_word(order.status).to_owned(),
            ));
        }
        if rule.config.once_per_order && order.changed_before {
            return Some((ReasonCode::ChangedBefore, order.number.clone()));
        }
        match order.refund_method {
            Some(method) if !rule.config.refund_methods.contains(&method) => {
                Some((ReasonCode::RefundMethodNotOffered, order.number.clone()))
            }
            _ => None,
        }
    });
    if let Some((code, fact)) = refusal {
        opinion.rule_on(Request::Return, Verdict::Deny);
        opinion.hold(Some(RULE), rule.version, code, fact);
    } else if facts.terms.retouradres.trim().is_empty() {
        opinion.rule_on(Request::Return, Verdict::Unknown);
        opinion.hold(Some(RULE), rule.version, ReasonCode::NoReturnAddress, String::new());
    } else {
        opinion.rule_on(Request::Return, Verdict::Allow);
        opinion.loosens = true;
        opinion.because(Some(RULE), rule.version, ReasonCode::ReturnGranted, order_fact(facts));
    }
}

/// An exchange is a swap of delivered goods; it follows the return rule of the shop.
fn exchange_ruling(facts: &Facts<'_>) -> Verdict {
    let rule = &facts.terms.rules.retourbeleid_fashion.config;
    let Some(order) = facts.order else { return Verdict::Unknown };
    let allowed = rule.exchanges
        && order.belongs_to_sender
        && order.status == OrderStatus::Delivered
        && rule.allowed_statuses.contains(&order.status)
        && !(rule.once_per_order && order.changed_before);
    if allowed { Verdict::Allow } else { Verdict::Deny }
}

/// A passage that states the right and the way, with the values it may name.
pub fn say_how(facts: &Facts<'_>, rule: &Rule<ReturnConfig>, section: &str, opinion: &mut Opinion) {
    let customer_pays = rule.config.return_cost == ReturnCost::Customer;
    let exchanges = rule.config.exchanges;
    let address = facts.terms.retouradres.trim();
    opinion.say(
        RULE,
        section,
        [
            ("received_at", Some(Value::Moment(moment(facts.received_at, reply_in(facts))))),
            ("withdrawal_days", Some(Value::Days(rule.config.withdrawal_days))),
            ("refund_days", Some(Value::Days(rule.config.refund_days))),
            ("send_back_days", Some(Value::Days(floors::SEND_BACK_DAYS))),
            ("retouradres", (!address.is_empty()).then(|| Value::Address(address.to_owned()))),
            ("order_number", order_number(facts)),
            ("shop_pays", (!customer_pays).then(|| Value::Name(facts.terms.bedrijfsnaam.clone()))),
            ("customer_pays", customer_pays.then(|| Value::Name(facts.terms.bedrijfsnaam.clone()))),
            ("exchanges", exchanges.then(|| Value::Name(facts.terms.bedrijfsnaam.clone()))),
        ],
    );
}

/// A defect or guarantee question. The choice between repair and replacement needs a
/// person (7:21 BW); the draft says that it costs the customer nothing.
fn defect(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let rule = &facts.terms.rules.retourbeleid_fashion;
    if facts.reading.intents.contains(Intent::Return) {
        // The right to withdraw stands beside the remedies for a defect; which of the two
        // the customer means is for a person, but the statement is acknowledged.
        stated(facts, rule, &mut opinion);
        opinion.rule_on(Request::Return, Verdict::Unknown);
        note(facts, &mut opinion);
    }
    opinion.hold(Some(RULE), rule.version, ReasonCode::DefectFirst, order_fact(facts));
    opinion.say(
        RULE,
        "defect",
        [
            ("order_number", order_number(facts)),
            ("reply_days", Some(Value::Days(facts.terms.reply_days))),
        ],
    );
    opinion.alert(NotificationType::ActionNeeded, Priority::Medium, true);
    opinion
}

/// The language in which moments are written.
pub fn reply_in(facts: &Facts<'_>) -> crate::contract::Language {
    super::reply_language(facts)
}
