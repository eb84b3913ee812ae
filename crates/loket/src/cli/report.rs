//! An answer as text for the terminal.

use std::fmt::Write;

use domain::answer::{Answer, Outcome};
use domain::contract::Language;
use domain::decide::Action;

/// What was read, decided and drafted, and why.
pub fn answer(answer: &Answer) -> String {
    let (reading, decision) = (&answer.reading, &answer.decision);
    let mut text = String::new();
    let intents: Vec<&str> = reading.intents.iter().map(domain::contract::Intent::as_str).collect();
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<12}{value}");
        }
    };
    row("language", reading.language.as_str());
    row("wants", &intents.join(", "));
    row("mood", reading.mood.as_str());
    row("threat", reading.threat_kind.map_or("", |kind| kind.as_str()));
    row("order", reading.order_number.as_deref().unwrap_or_default());
    row("offer", reading.offer_response.map_or("", |response| response.as_str()));
    let escalate: Vec<&str> = reading.escalate.iter().map(|reason| reason.as_str()).collect();
    row("person", &escalate.join(", "));
    let outcome = match (&answer.outcome, decision.action) {
        (Outcome::Send(_), _) => "the reply is sent",
        (Outcome::Keep(_), Action::Reply) => "the guard holds the reply for a person",
        (Outcome::Keep(_), Action::Hold) => "a draft waits for a person",
        (Outcome::Nothing, _) => "a person looks; there is no draft",
    };
    row("outcome", outcome);
    if !decision.compensatie_percentage.is_zero() {
        row("offers", &format!("{} %", decision.compensatie_percentage));
    }
    text.push_str("\nwhy\n");
    for reason in &decision.because {
        let rule = reason.rule.map_or("Loket", |rule| rule.as_str());
        let sentence = reason.sentence(Language::English);
        let _ = writeln!(text, "  - {sentence} [{rule} v{}]", reason.version);
    }
    for objection in &answer.objections {
        let _ = writeln!(text, "  ! {}", objection.sentence(Language::English));
    }
    if let Some(error) = &answer.template_error {
        let _ = writeln!(text, "  ! the template could not be filled: {error}");
    }
    if let Some(draft) = answer.draft() {
        let _ = write!(text, "\ndraft: {}\n\n{}\n", draft.subject, draft.text());
    }
    text
}
