//! `annulering_policy`: cancelling an order.
//!
//! A cancellation is also a withdrawal that may be stated before delivery (6:230o BW): when
//! the parcel is already on its way, the customer still gets everything back. The reply
//! therefore never says that it is "not possible", and no fee exists.

use super::decision::{ReasonCode, Request, Value, Verdict};
use super::facts::{Facts, OrderFacts};
use super::opinion::{Opinion, order_fact, order_number};
use super::returns::reply_in;
use crate::compose::moment;
use crate::contract::{Intent, NotificationType, Priority, RuleKey};
use crate::policy::{CancellationConfig, OrderStatus, ReturnCost};

const RULE: RuleKey = RuleKey::AnnuleringPolicy;

/// The rule's opinion on a mail.
pub fn opinion(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    if !facts.reading.intents.contains(Intent::Cancel) {
        return opinion;
    }
    let rule = &facts.terms.rules.annulering_policy;
    let when = moment(facts.received_at, reply_in(facts));
    opinion.because(None, 0, ReasonCode::WithdrawalStated, when.clone());
    let section = match facts.order.map(|order| (order, refusal(order, &rule.config))) {
        None => {
            opinion.rule_on(Request::Cancel, Verdict::Unknown);
            opinion.loosens = true;
            opinion.because(Some(RULE), rule.version, ReasonCode::CancelTakenIn, order_fact(facts));
            "taken_in"
        }
        Some((order, None)) => {
            opinion.rule_on(Request::Cancel, Verdict::Allow);
            opinion.loosens = true;
            opinion.because(
                Some(RULE),
                rule.version,
                ReasonCode::CancelGranted,
                order.number.clone(),
            );
            "granted"
        }
        Some((_, Some((code, fact)))) => {
            opinion.rule_on(Request::Cancel, Verdict::Deny);
            opinion.hold(Some(RULE), rule.version, code, fact);
            if code == ReasonCode::NotTheirOrder {
                // Whoever writes has nothing to cancel here as far as we know: no promises.
                opinion.say_received(facts);
                opinion.alert(NotificationType::ActionNeeded, Priority::High, true);
                return opinion;
            }
            "taken_in"
        }
    };
    let returns = &facts.terms.rules.retourbeleid_fashion.config;
    let shop_pays = returns.return_cost == ReturnCost::Shop;
    opinion.say(
        RULE,
        section,
        [
            ("received_at", Some(Value::Moment(when))),
            ("refund_days", Some(Value::Days(returns.refund_days))),
            ("order_number", order_number(facts)),
            ("shop_pays", shop_pays.then(|| Value::Name(facts.terms.bedrijfsnaam.clone()))),
        ],
    );
    opinion.alert(NotificationType::ActionNeeded, Priority::High, true);
    opinion
}

/// Why the order cannot simply be cancelled.
fn refusal(order: &OrderFacts, config: &CancellationConfig) -> Option<(ReasonCode, String)> {
    if !order.belongs_to_sender {
        return Some((ReasonCode::NotTheirOrder, order.number.clone()));
    }
    if !config.allowed_statuses.contains(&order.status) {
        return Some((ReasonCode::CancelStatus, status_word(order.status).to_owned()));
    }
    if config.once_per_order && order.changed_before {
        return Some((ReasonCode::ChangedBefore, order.number.clone()));
    }
    if config.accepted_reasons.is_empty() {
        return None;
    }
    let given = order.reason.as_deref().unwrap_or_default();
    let accepted = config.accepted_reasons.iter().any(|reason| reason.eq_ignore_ascii_case(given));
    (!accepted).then(|| (ReasonCode::CancelReason, given.to_owned()))
}

/// The status as the contract spells it.
pub const fn status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Processed => "processed",
        OrderStatus::Shipped => "shipped",
        OrderStatus::Delivered => "delivered",
        OrderStatus::Cancelled => "cancelled",
    }
}
