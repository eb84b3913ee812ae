//! The receipt: mail, facts, rule versions, reasons, guard's findings. Written once, with the
//! decision, so that any reply can be explained years later.

use std::collections::BTreeMap;

use domain::answer::{Answer, Outcome};
use domain::contract::{Language, RuleKey};
use domain::decide::{Decision, OrderFacts, Reason, Sender, ThreadState};
use domain::guard::Objection;
use domain::policy::Rules;
use domain::understand::Reading;
use jiff::Timestamp;
use serde::Serialize;

/// The form of the JSON; counts up when a field changes its meaning.
const FORMAT: u32 = 1;

/// A receipt as it is stored (`receipts.body`).
#[derive(Debug, Serialize)]
pub struct Receipt<'a> {
    format: u32,
    facts: Facts<'a>,
    rules: BTreeMap<RuleKey, u32>,
    reading: &'a Reading,
    decision: &'a Decision,
    reasons: Vec<ReasonLine<'a>>,
    objections: Vec<ObjectionLine<'a>>,
    template_error: Option<String>,
    outcome: &'static str,
}

#[derive(Debug, Serialize)]
struct Facts<'a> {
    now: Timestamp,
    received_at: Timestamp,
    sender: &'a Sender,
    #[serde(flatten)]
    thread: &'a ThreadState,
    order: Option<&'a OrderFacts>,
}

#[derive(Debug, Serialize)]
struct ReasonLine<'a> {
    #[serde(flatten)]
    reason: &'a Reason,
    nl: String,
    en: String,
}

#[derive(Debug, Serialize)]
struct ObjectionLine<'a> {
    #[serde(flatten)]
    objection: &'a Objection,
    nl: String,
    en: String,
}

/// Writes the receipt of one answer.
pub fn receipt<'a>(
    case: &domain::answer::Case<'a>,
    rules: &Rules,
    answer: &'a Answer,
) -> Receipt<'a> {
    Receipt {
        format: FORMAT,
        facts: Facts {
            now: case.now,
            received_at: case.received_at,
            sender: case.sender,
            thread: case.thread,
            order: case.order,
        },
        rules: versions(rules),
        reading: &answer.reading,
        decision: &answer.decision,
        reasons: answer
            .decision
            .because
            .iter()
            .map(|reason| ReasonLine {
                reason,
                nl: reason.sentence(Language::Dutch),
                en: reason.sentence(Language::English),
            })
            .collect(),
        objections: answer
            .objections
            .iter()
            .map(|objection| ObjectionLine {
                objection,
                nl: objection.sentence(Language::Dutch),
                en: objection.sentence(Language::English),
            })
            .collect(),
        template_error: answer.template_error.as_ref().map(ToString::to_string),
        outcome: match answer.outcome {
            Outcome::Send(_) => "send",
            Outcome::Keep(_) => "keep",
            Outcome::Nothing => "nothing",
        },
    }
}

fn versions(rules: &Rules) -> BTreeMap<RuleKey, u32> {
    BTreeMap::from([
        (RuleKey::RetourbeleidFashion, rules.retourbeleid_fashion.version),
        (RuleKey::OnderhandelingLogica, rules.onderhandeling_logica.version),
        (RuleKey::DreigingDetectie, rules.dreiging_detectie.version),
        (RuleKey::AnnuleringPolicy, rules.annulering_policy.version),
        (RuleKey::AdreswijzigingPolicy, rules.adreswijziging_policy.version),
    ])
}
