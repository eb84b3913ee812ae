//! `adreswijziging_policy`: delivering elsewhere.
//!
//! A changed address is how parcels are stolen: only a vouched-for sender is answered, the
//! change is confirmed to the known mail address, and after dispatch a person decides.

use super::cancellation::status_word;
use super::decision::{ReasonCode, Request, Value, Verdict};
use super::facts::{Facts, OrderFacts};
use super::opinion::{Opinion, order_fact, order_number};
use crate::contract::{Intent, NotificationType, Priority, RuleKey};
use crate::policy::AddressConfig;
use crate::understand::NewAddress;

const RULE: RuleKey = RuleKey::AdreswijzigingPolicy;

/// The rule's opinion on a mail.
pub fn opinion(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    if !facts.reading.intents.contains(Intent::AddressChange) {
        return opinion;
    }
    let rule = &facts.terms.rules.adreswijziging_policy;
    let address = facts.reading.new_address.as_ref();
    let complete = address.and_then(one_line);
    let refused = facts.order.and_then(|order| refusal(order, &rule.config)).or_else(|| {
        let country = address.and_then(|address| address.country.as_deref())?;
        let served = rule.config.countries.is_empty()
            || rule.config.countries.iter().any(|code| code.eq_ignore_ascii_case(country));
        (!served).then(|| (ReasonCode::AddressCountry, country.to_owned()))
    });
    if let Some((code, fact)) = refused {
        // Nothing is changed, so the draft neither repeats the address nor offers to.
        opinion.rule_on(Request::AddressChange, Verdict::Deny);
        opinion.hold(Some(RULE), rule.version, code, fact);
        opinion.say_received(facts);
        opinion.alert(NotificationType::ActionNeeded, Priority::High, true);
        return opinion;
    }
    let Some(line) = complete else {
        opinion.rule_on(Request::AddressChange, Verdict::Unknown);
        opinion.loosens = true;
        let code = ReasonCode::AddressIncomplete;
        opinion.because(Some(RULE), rule.version, code, missing(address));
        opinion.say(RULE, "ask_address", [("order_number", order_number(facts))]);
        return opinion;
    };
    opinion.loosens = true;
    let section = if let Some(order) = facts.order {
        opinion.rule_on(Request::AddressChange, Verdict::Allow);
        let code = ReasonCode::AddressGranted;
        opinion.because(Some(RULE), rule.version, code, order.number.clone());
        "granted"
    } else {
        opinion.rule_on(Request::AddressChange, Verdict::Unknown);
        let code = ReasonCode::AddressTakenIn;
        opinion.because(Some(RULE), rule.version, code, order_fact(facts));
        "taken_in"
    };
    opinion.say(
        RULE,
        section,
        [("new_address", Some(Value::Address(line))), ("order_number", order_number(facts))],
    );
    opinion.alert(NotificationType::ActionNeeded, Priority::High, true);
    opinion
}

/// Why a person must decide on the new address.
fn refusal(order: &OrderFacts, config: &AddressConfig) -> Option<(ReasonCode, String)> {
    if !order.belongs_to_sender {
        return Some((ReasonCode::NotTheirOrder, order.number.clone()));
    }
    if !config.allowed_statuses.contains(&order.status) {
        return Some((ReasonCode::AddressStatus, status_word(order.status).to_owned()));
    }
    (config.once_per_order && order.changed_before)
        .then(|| (ReasonCode::ChangedBefore, order.number.clone()))
}

/// The address on one line, when nothing is missing that a parcel needs.
pub fn one_line(address: &NewAddress) -> Option<String> {
    let street = address.street.as_deref()?;
    let house_number = address.house_number.as_deref()?;
    let postal_code = address.postal_code.as_deref()?;
    let city = address.city.as_deref()?;
    Some(match address.country.as_deref() {
        Some(country) if country != "NL" => {
            format!("{street} {house_number}, {postal_code} {city}, {country}")
        }
        _ => format!("{street} {house_number}, {postal_code} {city}"),
    })
}

/// The names of the missing parts, as the contract spells them.
fn missing(address: Option<&NewAddress>) -> String {
    let empty = NewAddress::default();
    let address = address.unwrap_or(&empty);
    [
        ("street", &address.street),
        ("house_number", &address.house_number),
        ("postal_code", &address.postal_code),
        ("city", &address.city),
    ]
    .into_iter()
    .filter(|(_, part)| part.is_none())
    .map(|(name, _)| name)
    .collect::<Vec<_>>()
    .join(", ")
}
