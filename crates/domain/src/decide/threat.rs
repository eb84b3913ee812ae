//! `dreiging_detectie`: threats, law, safety, and whoever asks for a person.
//!
//! A threat or complaint is a customer's right: it is put before a person and never
//! penalised. Nothing here can loosen. The draft acknowledges and promises nothing.

use super::decision::{ReasonCode, Value};
use super::facts::Facts;
use super::opinion::{Opinion, order_number};
use crate::contract::{
    EscalationLevel, EscalationReason, NotificationType, Priority, RuleKey, ThreatKind,
};

const RULE: RuleKey = RuleKey::DreigingDetectie;

/// The rule's opinion on a mail.
pub fn opinion(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let rule = &facts.terms.rules.dreiging_detectie;
    let reading = facts.reading;
    if let Some(kind) = reading.threat_kind {
        opinion.hold(Some(RULE), rule.version, ReasonCode::ThreatRead, evidence(facts, kind));
        opinion.level = EscalationLevel::Serious;
        opinion.alert(NotificationType::Threat, Priority::High, true);
    }
    for reason in reading.escalate.iter().filter(|reason| **reason != EscalationReason::Threat) {
        opinion.hold(Some(RULE), rule.version, ReasonCode::PersonNeeded, reason.to_string());
        opinion.level = opinion.level.max(level(*reason));
        let priority = if opinion.level == EscalationLevel::Serious {
            Priority::High
        } else {
            Priority::Medium
        };
        opinion.alert(NotificationType::Escalation, priority, true);
    }
    if let Some(word) = facts.watch_word {
        opinion.hold(Some(RULE), rule.version, ReasonCode::WatchWord, word.to_owned());
        opinion.level = opinion.level.max(EscalationLevel::Person);
        opinion.alert(NotificationType::Escalation, Priority::Medium, true);
    }
    if opinion.is_silent() {
        return opinion;
    }
    let gentle = reading.threat_kind == Some(ThreatKind::SelfHarm)
        || reading.escalate.contains(&EscalationReason::Bereavement);
    opinion.say(
        RULE,
        if gentle { "gentle" } else { "person_answers" },
        [
            ("response_hours", Some(Value::Hours(rule.config.response_hours))),
            ("order_number", order_number(facts)),
        ],
    );
    opinion
}

/// What the shop itself wants a person to see. Called by the shell with the new text,
/// because [`Facts`] hold no text.
pub fn watch_word<'a>(text: &str, words: &'a [String]) -> Option<&'a str> {
    let text = text.to_lowercase();
    words.iter().map(String::as_str).find(|word| {
        let word = word.to_lowercase();
        text.match_indices(&word).any(|(start, found)| {
            let before = text.get(..start).and_then(|left| left.chars().next_back());
            let after = text.get(start + found.len()..).and_then(|right| right.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    })
}

/// Law, safety and fraud are serious; a wish for a person is not.
const fn level(reason: EscalationReason) -> EscalationLevel {
    match reason {
        EscalationReason::Threat
        | EscalationReason::Safety
        | EscalationReason::Privacy
        | EscalationReason::Fraud
        | EscalationReason::LegalRepresentative
        | EscalationReason::Press => EscalationLevel::Serious,
        EscalationReason::SteeringAttempt
        | EscalationReason::Bereavement
        | EscalationReason::AsksForPerson => EscalationLevel::Person,
    }
}

/// The kind and the words that told it.
fn evidence(facts: &Facts<'_>, kind: ThreatKind) -> String {
    facts
        .reading
        .evidence
        .iter()
        .find(|evidence| evidence.label.starts_with("threat"))
        .map_or_else(|| kind.to_string(), |evidence| format!("{kind}: “{}”", evidence.words))
}
