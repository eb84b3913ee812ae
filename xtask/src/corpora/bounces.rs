//! Delivery reports and automatic answers of many mail systems.

use std::path::Path;

use domain::message::automatic::{Automatic, AutomaticKind, classify};
use serde_json::Value;

use super::{Score, Wanted, cases, text};

/// Labelled as bounces, but plain spam without any report: the label is what the source's
/// library answers to them. They must not be taken for bounces.
const SPAM: [&str; 2] = ["spam-bogus-email-in-report.msg", "spam-with-image.msg"];

/// Recognition of bounces, of anything automatic, and of the reason.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted("mime-bounces") {
        return Ok(Vec::new());
    }
    let mut bounces = Score::new("mime-bounces, bounce or not", Some(97));
    let mut automatic = Score::new("mime-bounces, automatic", Some(97));
    let mut reasons = Score::new("mime-bounces, reason", None);
    for case in cases(corpora, "mime-bounces", "expect.jsonl")? {
        let id = text(&case, "id");
        let raw = std::fs::read(corpora.join("mime-bounces/msg").join(id))?;
        let message = mail::parse::parse(&raw)?.message;
        let found = classify(&message);
        let expect = case.get("expect").unwrap_or(&Value::Null);
        let spam = SPAM.contains(&id);
        let label = expect.get("is_bounce").or_else(|| expect.get("todo_is_bounce"));
        if let Some(label) = label.and_then(Value::as_u64) {
            let expected = label == 1 && !spam;
            bounces.count(is_bounce(found.as_ref()) == expected, || format!("{id}: {found:?}"));
        }
        automatic.count(found.is_some() != spam, || format!("{id}: {found:?}"));
        if let Some(reason) = expect.get("std_reason").and_then(Value::as_str) {
            let found = found.map(|found| found.kind);
            let fits = matches!(found, Some(AutomaticKind::Bounce(found))
                if serde_json::to_value(found).is_ok_and(|found| found == reason));
            reasons.count(fits, || format!("{id}: expected {reason}, found {found:?}"));
        }
    }
    Ok(vec![bounces, automatic, reasons])
}

fn is_bounce(found: Option<&Automatic>) -> bool {
    found.is_some_and(|found| matches!(found.kind, AutomaticKind::Bounce(_)))
}
