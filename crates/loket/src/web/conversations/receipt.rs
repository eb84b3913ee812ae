//! Why an answer is what it is, from the receipt's JSON.
//!
//! Read leniently, field by field: a receipt of an older format still shows what it can, and a
//! word that is not known is shown as it stands.

use domain::contract::{Cents, Percentage, RuleKey};
use domain::decide::Reason;
use domain::guard::Objection;
use domain::policy::master;
use domain::understand::Evidence;
use jiff::Timestamp;
use serde_json::Value;
use store::conversations::{InteractionView, MailView};
use store::outbox::OutboxState;

use super::super::texts::Texts;
use super::super::when::{When, when};
use super::decided::percent;

/// A line with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub label: String,
    /// What it says.
    pub value: String,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonLine {
    /// The sentence.
    pub sentence: String,
    /// The rule with its version, or the law.
    pub source: String,
}

/// One conclusion with the words that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The conclusion.
    pub label: String,
    /// The customer's words; empty when none were kept.
    pub words: String,
}

/// The proof of sending, or why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What became of it.
    pub state: String,
    /// Why, where there is a reason.
    pub reason: Option<String>,
    /// To whom.
    pub recipient: String,
    /// Ours.
    pub message_id: String,
    /// When a server took it.
    pub sent: Option<When>,
    /// How often sending was begun.
    pub attempts: i32,
}

/// A receipt for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What became of the mail.
    pub fate: String,
    /// Why.
    pub reasons: Vec<ReasonLine>,
    /// What was understood.
    pub understood: Vec<Understood>,
    /// What the guard found; empty when it found nothing.
    pub objections: Vec<String>,
    /// Whether there was a draft to inspect.
    pub inspected: bool,
    /// The facts.
    pub facts: Vec<Line>,
    /// The rules in force, with versions.
    pub rules: Vec<Line>,
    /// Sending.
    pub proof: Option<Proof>,
}

/// Reads a receipt.
pub fn read(
    mail: &InteractionView,
    body: &Value,
    outgoing: Option<&MailView>,
    now: Timestamp,
    t: Texts,
) -> Receipt {
    let mut objections = objections(body, t);
    if let Some(error) = body.get("template_error").and_then(Value::as_str) {
        objections.push(t.fill("receipt.template_error", "error", error));
    }
    Receipt {
        fate: t.word("fate", mail.state.as_str()),
        reasons: reasons(body, t),
        understood: understood(body, t),
        inspected: mail.ai_response.is_some() || !objections.is_empty(),
        objections,
        facts: facts(mail, body, now, t),
        rules: rules(body, t),
        proof: outgoing.map(|outgoing| proof(outgoing, now, t)),
    }
}

/// The words that led to a conclusion, with the conclusion: what is marked in the mail.
pub fn evidence(body: &Value, t: Texts) -> Vec<(String, String)> {
    evidence_of(body).into_iter().map(|found| (found.words, conclusion(&found.label, t))).collect()
}

fn evidence_of(body: &Value) -> Vec<Evidence> {
    items(body.pointer("/reading/evidence")).filter_map(parsed).collect()
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn parsed<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// From the sentences kept in the receipt, or else from the codes.
fn reasons(body: &Value, t: Texts) -> Vec<ReasonLine> {
    let kept = |reason: &Value| {
        let sentence = reason.get(t.language().as_str())?.as_str()?;
        let fact = reason.get("fact").and_then(Value::as_str).unwrap_or_default();
        let sentence = in_words(sentence, fact, t);
        let version = reason.get("version").and_then(Value::as_u64).unwrap_or_default();
        Some(ReasonLine { sentence, source: source(reason.get("rule"), version, t) })
    };
    let lines: Vec<ReasonLine> = items(body.get("reasons")).filter_map(kept).collect();
    if !lines.is_empty() {
        return lines;
    }
    items(body.pointer("/decision/because"))
        .filter_map(parsed::<Reason>)
        .map(|reason| ReasonLine {
            sentence: reason.sentence(t.language()),
            source: match reason.rule {
                Some(rule) => rule_source(rule, reason.version.into(), t),
                None => t.get("receipt.floor").to_owned(),
            },
        })
        .collect()
}

/// The sentence with the labels in its fact as words: `complaint` reads `klacht`. The customer's
/// own words, which stand in curly quotes, stay as they are.
fn in_words(sentence: &str, fact: &str, t: Texts) -> String {
    let (labels, quoted) = fact.split_at(fact.find('“').unwrap_or(fact.len()));
    if labels.is_empty() {
        return sentence.to_owned();
    }
    let label = |c: char| c.is_ascii_lowercase() || c == '_';
    let mut words = String::new();
    for piece in labels.split_inclusive(|c| !label(c)) {
        let name = piece.trim_end_matches(|c| !label(c));
        words.push_str(t.find(&format!("topic.{name}")).unwrap_or(name));
        words.push_str(piece.get(name.len()..).unwrap_or_default());
    }
    sentence.replacen(fact, &format!("{words}{quoted}"), 1)
}

fn source(rule: Option<&Value>, version: u64, t: Texts) -> String {
    match rule.and_then(Value::as_str) {
        Some(key) => match RuleKey::from_text(key) {
            Some(rule) => rule_source(rule, version, t),
            None => key.replace('_', " "),
        },
        None => t.get("receipt.floor").to_owned(),
    }
}

fn rule_source(rule: RuleKey, version: u64, t: Texts) -> String {
    format!("{} · {}", rule_title(rule, t), version_words(version, t))
}

fn rule_title(rule: RuleKey, t: Texts) -> &'static str {
    master(rule).title.get(t.language())
}

/// Version 0 is the one that Loket came with.
fn version_words(version: u64, t: Texts) -> String {
    if version == 0 {
        t.get("receipt.built_in").to_owned()
    } else {
        t.fill("receipt.version", "n", &version.to_string())
    }
}

fn conclusion(label: &str, t: Texts) -> String {
    match label.split_once(':') {
        Some(("offer", word)) => t.word("offer_response", word),
        Some((family, word)) => t.word(family, word),
        None => t.word("conclusion", label),
    }
}

fn understood(body: &Value, t: Texts) -> Vec<Understood> {
    let mut list: Vec<Understood> = Vec::new();
    for found in evidence_of(body) {
        let label = conclusion(&found.label, t);
        if !list.iter().any(|known| known.label == label) {
            list.push(Understood { label, words: found.words });
        }
    }
    let mut without_words = |family: &str, word: Option<&str>| {
        let Some(word) = word else { return };
        let label = t.word(family, word);
        if !list.iter().any(|known| known.label == label) {
            list.push(Understood { label, words: String::new() });
        }
    };
    without_words("threat", text(body, "/reading/threat_kind"));
    for reason in items(body.pointer("/reading/escalate")).filter_map(Value::as_str) {
        if reason != "threat" {
            without_words("escalate", Some(reason));
        }
    }
    for intent in items(body.pointer("/reading/intents")).filter_map(Value::as_str) {
        without_words("intent", Some(intent));
    }
    without_words("offer_response", text(body, "/reading/offer_response"));
    list
}

fn objections(body: &Value, t: Texts) -> Vec<String> {
    items(body.get("objections"))
        .filter_map(|objection| {
            let kept = objection.get(t.language().as_str()).and_then(Value::as_str);
            kept.map(str::to_owned)
                .or_else(|| parsed::<Objection>(objection).map(|it| it.sentence(t.language())))
        })
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

fn facts(mail: &InteractionView, body: &Value, now: Timestamp, t: Texts) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lines.push(Line { label: t.word("fact", key), value });
        }
    };
    let yes_or_no = |pointer: &str| {
        let answer = body.pointer(pointer).and_then(Value::as_bool)?;
        Some(t.get(if answer { "fact.yes" } else { "fact.no" }).to_owned())
    };
    add("received", Some(when(mail.received_at, now, t).exact));
    add("decided", mail.decided_at.map(|at| when(at, now, t).exact));
    add("sender_verified", yes_or_no("/facts/sender/verified"));
    if body.pointer("/facts/sender/reply_to_elsewhere") == Some(&Value::Bool(true)) {
        add("reply_to_elsewhere", yes_or_no("/facts/sender/reply_to_elsewhere"));
    }
    add("order", mail.order_number.clone());
    add("order_status", text(body, "/facts/order/status").map(|status| t.word("order", status)));
    add("language", Some(t.word("language", mail.language.as_str())));
    add("mood", Some(t.word("mood", mail.customer_mood.as_str())));
    add("asked_for", asked_for(body, t));
    add("address", address(body));
    add("step", ladder(mail, t));
    let replies = body.pointer("/facts/automatic_replies_to_address").and_then(Value::as_u64);
    add("automatic_replies", replies.map(|number| number.to_string()));
    let ledger = items(body.pointer("/facts/ledger")).count();
    add("earlier_offers", (ledger > 0).then(|| ledger.to_string()));
    lines
}

fn ladder(mail: &InteractionView, t: Texts) -> Option<String> {
    let step = mail.ladder_stap.number();
    if step == 0 {
        return None;
    }
    let offered = percent(mail.compensatie_percentage, t);
    Some(t.fill("fact.step_value", "percent", &offered).replace("{n}", &step.to_string()))
}

fn asked_for(body: &Value, t: Texts) -> Option<String> {
    let asked: Option<Percentage> = body.pointer("/reading/counter_percentage").and_then(parsed);
    let amount: Option<Cents> = body.pointer("/reading/counter_amount").and_then(parsed);
    asked
        .map(|asked| format!("{} %", percent(asked, t)))
        .or_else(|| amount.map(|amount| format!("€ {amount}")))
}

fn address(body: &Value) -> Option<String> {
    let part = |name: &str| text(body, &format!("/reading/new_address/{name}"));
    let street = [part("street"), part("house_number")];
    let city = [part("postal_code"), part("city")];
    let line = |parts: [Option<&str>; 2]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let lines = [line(street), line(city), part("country").unwrap_or_default().to_owned()];
    let kept: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    (!kept.is_empty()).then(|| kept.join(", "))
}

fn rules(body: &Value, t: Texts) -> Vec<Line> {
    let rules = body.get("rules").and_then(Value::as_object);
    rules
        .into_iter()
        .flatten()
        .map(|(key, version)| Line {
            label: RuleKey::from_text(key)
                .map_or_else(|| key.replace('_', " "), |rule| rule_title(rule, t).to_owned()),
            value: version_words(version.as_u64().unwrap_or_default(), t),
        })
        .collect()
}

fn proof(mail: &MailView, now: Timestamp, t: Texts) -> Proof {
    Proof {
        state: t.word("outbox", outbox_word(mail.state)),
        // While it waits, the reasons above say why; a code would only repeat them.
        reason: mail.state_reason.as_deref().and_then(|reason| {
            let known = t.find(&format!("withheld.{reason}")).map(str::to_owned);
            known.or_else(|| (mail.state != OutboxState::Held).then(|| reason.replace('_', " ")))
        }),
        recipient: mail.recipient.clone(),
        message_id: mail.message_id.clone(),
        sent: mail.sent_at.map(|at| when(at, now, t)),
        attempts: mail.attempt,
    }
}

/// The texts' word for an outbox state.
const fn outbox_word(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Queued => "queued",
        OutboxState::Sending => "sending",
        OutboxState::Sent => "sent",
        OutboxState::Cancelled => "cancelled",
        OutboxState::Held => "held",
        OutboxState::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use domain::contract::Language;

    use super::*;

    #[test]
    fn labels_in_a_fact_read_as_words() {
        let t = Texts::of(Language::Dutch);
        let said = |fact: &str| in_words(&format!("Geen regel ({fact})."), fact, t);
        assert_eq!(said("complaint, order_status"), "Geen regel (klacht, bestelstatus).");
        assert_eq!(said("legal: “legal threat”"), "Geen regel (juridische stap: “legal threat”).");
        assert_eq!(said("LL-20402"), "Geen regel (LL-20402).");
        assert_eq!(said(""), "Geen regel ().");
    }

    #[test]
    fn evidence_of_any_shape_does_no_harm() {
        let t = Texts::of(Language::English);
        let body = serde_json::json!({ "reading": { "evidence": [1, { "label": "intent:return", "words": "back" }, {}] } });
        assert_eq!(evidence(&body, t), [("back".to_owned(), "Wants to return".to_owned())]);
        assert!(evidence(&Value::Null, t).is_empty());
    }
}
