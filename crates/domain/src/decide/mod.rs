//! What may be done about a mail: pure, total, deterministic. The heart of Loket.
//!
//! Each rule gives an [`Opinion`]; [`decide`] folds them. The default is to hold.
//! Any rule may tighten (hold, alert, raise the level); only the four rules that answer
//! a request may loosen. A rule that lacks a fact it needs tightens.
//! This module must not know templates, mail or the database.

mod address;
mod cancellation;
mod decision;
mod facts;
pub mod floors;
pub mod ladder;
mod opinion;
mod returns;
mod threat;

pub use decision::{
    Action, Alert, Decision, LedgerMove, Part, Reason, ReasonCode, Request, Ruling, Value, Verdict,
};
pub use facts::{Facts, LedgerEntry, LedgerKind, OrderFacts, Sender, Terms, ThreadState};
pub use opinion::Opinion;
pub use threat::watch_word;

use crate::contract::{
    EscalationLevel, Intent, IntentSet, Language, Mood, NotificationType, Percentage, Priority,
    RuleKey,
};

/// Takes the decision. Total: whatever the facts, there is a decision.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decision {
    let opinions = [
        threat::opinion(facts),
        returns::opinion(facts),
        cancellation::opinion(facts),
        address::opinion(facts),
        ladder::opinion(facts),
        unanswered(facts),
        walls(facts),
    ];
    merge(facts, opinions)
}

/// What the customer asked that no rule answers.
fn unanswered(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let asked = facts.reading.intents;
    let ruled = [
        Intent::Return,
        // A defect is ruled on too: it is held by the return rule, with a passage of its own.
        Intent::Warranty,
        Intent::Cancel,
        Intent::AddressChange,
        Intent::Compensation,
    ]
    .into_iter()
    .collect::<IntentSet>();
    let any_ruled = asked.iter().any(|intent| ruled.contains(intent));
    let left: Vec<Intent> = asked
        .iter()
        .filter(|intent| !ruled.contains(*intent))
        .filter(|intent| *intent != Intent::Thanks)
        // A complaint beside a granted request is answered by granting it.
        .filter(|intent| !(any_ruled && *intent == Intent::Complaint))
        .collect();
    let named = left.iter().map(|intent| intent.as_str()).collect::<Vec<_>>().join(", ");
    match (left.is_empty(), any_ruled) {
        (false, true) => opinion.hold(None, 0, ReasonCode::AlsoAsked, named),
        (false, false) => opinion.hold(None, 0, ReasonCode::NoRuleApplies, named),
        (true, true) => {}
        (true, false) if asked.contains(Intent::Thanks) => {
            opinion.hold(None, 0, ReasonCode::NothingAsked, Intent::Thanks.to_string());
        }
        (true, false) => {
            opinion.hold(None, 0, ReasonCode::NoRuleApplies, String::new());
        }
    }
    let only_thanks = asked.iter().eq([Intent::Thanks]);
    if !opinion.is_silent() && !only_thanks {
        opinion.alert(NotificationType::HeldMail, Priority::Low, true);
        if !any_ruled {
            opinion.say_received(facts);
        }
    }
    opinion
}

/// The walls around every automatic reply, whatever the rules say.
fn walls(facts: &Facts<'_>) -> Opinion {
    let mut opinion = Opinion::silent();
    let mut wall = |hit: bool, code: ReasonCode, fact: String| {
        if hit {
            opinion.hold(None, 0, code, fact);
        }
    };
    let (terms, sender, thread) = (facts.terms, facts.sender, facts.thread);
    let language = facts.reading.language;
    wall(!terms.active, ReasonCode::ShopNotActive, terms.bedrijfsnaam.clone());
    wall(!terms.automatic_sending, ReasonCode::DraftsOnly, terms.bedrijfsnaam.clone());
    wall(!sender.verified, ReasonCode::SenderUnverified, sender.email.clone());
    if let Some(doubt) = sender.doubt {
        wall(true, ReasonCode::of_doubt(doubt), sender.email.clone());
    }
    wall(sender.reply_to_elsewhere, ReasonCode::ReplyToElsewhere, sender.email.clone());
    wall(
        !matches!(language, Language::Dutch | Language::English),
        ReasonCode::LanguageNotOurs,
        language.to_string(),
    );
    wall(
        thread.automatic_replies_to_address >= floors::AUTOMATIC_REPLIES_PER_DAY,
        ReasonCode::BudgetSpent,
        thread.automatic_replies_to_address.to_string(),
    );
    wall(
        thread.automatic_replies_of_shop >= floors::AUTOMATIC_REPLIES_PER_HOUR_OF_SHOP,
        ReasonCode::ShopBreaker,
        thread.automatic_replies_of_shop.to_string(),
    );
    wall(thread.person_took_over, ReasonCode::PersonTookOver, String::new());
    wall(thread.newer_mail_waits, ReasonCode::NewerMailWaits, String::new());
    opinion
}

/// Folds the opinions: one hold holds, nothing loosened holds, the highest level stays.
fn merge(facts: &Facts<'_>, opinions: impl IntoIterator<Item = Opinion>) -> Decision {
    let reading = facts.reading;
    let mut decision = Decision {
        action: Action::Hold,
        language: reply_language(facts),
        parts: Vec::new(),
        rulings: Vec::new(),
        compensatie_percentage: Percentage::ZERO,
        ladder_stap: ladder::standing(facts).step,
        dreiging_detected: reading.threat(),
        annulering_aangevraagd: reading.intents.contains(Intent::Cancel),
        escalation_level: mood_level(reading.mood),
        ledger: Vec::new(),
        alerts: Vec::new(),
        because: Vec::new(),
    };
    let (mut holds, mut loosened) = (false, false);
    for opinion in opinions {
        holds |= opinion.holds;
        loosened |= opinion.loosens;
        for part in opinion.parts {
            if !decision.parts.contains(&part) {
                decision.parts.push(part);
            }
        }
        decision.rulings.extend(opinion.rulings);
        decision.ledger.extend(opinion.ledger);
        decision.because.extend(opinion.because);
        decision.escalation_level = decision.escalation_level.max(opinion.level);
        if let Some((step, percentage)) = opinion.ladder {
            decision.ladder_stap = step;
            decision.compensatie_percentage = percentage;
        }
        for alert in opinion.alerts {
            if !decision.alerts.iter().any(|known| known.kind == alert.kind) {
                decision.alerts.push(alert);
            }
        }
    }
    if loosened && !holds {
        decision.action = Action::Reply;
    } else {
        settle_hold(facts, &mut decision);
    }
    decision
}

/// Beside a threat or a request for a person there is no bargaining and no promise: only
/// the acknowledgement stays in the draft, and no offer is made.
fn settle_hold(facts: &Facts<'_>, decision: &mut Decision) {
    decision.action = Action::Hold;
    if !facts.sender.verified {
        // Whoever writes in a customer's name ends no ladder of theirs.
        decision.ledger.retain(|entry| entry.kind == LedgerKind::Offered);
    }
    if decision.escalation_level >= EscalationLevel::Person {
        decision.parts.retain(|part| part.rule == Some(RuleKey::DreigingDetectie));
        decision.ledger.clear();
        decision.ladder_stap = ladder::standing(facts).step;
        decision.compensatie_percentage = Percentage::ZERO;
        for ruling in &mut decision.rulings {
            if ruling.request == Request::Compensation && ruling.verdict == Verdict::Allow {
                ruling.verdict = Verdict::Unknown;
            }
        }
    }
    if decision.alerts.is_empty()
        && !decision.because.iter().any(|r| r.code == ReasonCode::NothingAsked)
    {
        decision.alerts.push(Alert {
            kind: NotificationType::HeldMail,
            priority: Priority::Medium,
            action_required: true,
        });
    }
}

/// Dutch and English are answered in kind, anything else in the shop's language.
fn reply_language(facts: &Facts<'_>) -> Language {
    match facts.reading.language {
        language @ (Language::Dutch | Language::English) => language,
        _ => facts.terms.taalvoorkeur,
    }
}

/// An angry or sad customer is worth an eye; the mood changes nothing else (hazard E27).
const fn mood_level(mood: Mood) -> EscalationLevel {
    match mood {
        Mood::Angry | Mood::Sad => EscalationLevel::Watch,
        Mood::Positive | Mood::Neutral | Mood::Frustrated => EscalationLevel::None,
    }
}
