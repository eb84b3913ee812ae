//! Mails that were passed on: the header and text of the inner mail.

use std::path::Path;

use domain::message::Address;
use domain::message::reply::{Forwarded, strip_with_subject};
use serde_json::Value;

use super::{Score, Wanted, cases, text};

/// The scores for Dutch and English, and for the other languages.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted("forward-crisp") {
        return Ok(Vec::new());
    }
    let mut ours = Score::new("forward-crisp, Dutch and English", Some(90));
    let mut others = Score::new("forward-crisp, other languages", None);
    for case in cases(corpora, "forward-crisp", "cases.jsonl")? {
        let score =
            if matches!(text(&case, "lang"), "nl" | "en") { &mut ours } else { &mut others };
        let forwarded =
            strip_with_subject(text(&case, "subject_input"), text(&case, "input")).forwarded;
        let wrong = differences(case.get("expect").unwrap_or(&Value::Null), forwarded.as_ref());
        score.count(wrong.is_empty(), || format!("{}: {}", text(&case, "id"), wrong.join("; ")));
    }
    Ok(vec![ours, others])
}

fn differences(expect: &Value, forwarded: Option<&Forwarded>) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_forward = expect.get("forwarded").and_then(Value::as_bool).unwrap_or(false);
    let Some(found) = forwarded.filter(|_| is_forward) else {
        if is_forward || forwarded.is_some() {
            wrong.push(format!("forwarded should be {is_forward}"));
        }
        return wrong;
    };
    let mut compare = |key: &str, found: &str| {
        let Some(expected) = expect.get(key) else { return };
        let expected = expected.as_str().unwrap_or_default().trim();
        if expected != found.trim() {
            wrong.push(format!("{key}: expected {expected:?}, found {found:?}"));
        }
    };
    compare("subject", &found.subject);
    compare("body", &found.body);
    compare("message", &found.note);
    if let Some(start) = expect.get("body_startswith").and_then(Value::as_str)
        && !found.body.starts_with(start)
    {
        wrong.push(format!("body should begin with {start:?}"));
    }
    let from = std::slice::from_ref(&found.from);
    for (key, found) in [("from_", from), ("to", &found.to), ("cc", &found.cc)] {
        let Some(expected) = expect.get(key).filter(|value| !value.is_null()) else { continue };
        let expected: Vec<Address> = match expected {
            Value::Array(all) => all.iter().map(address).collect(),
            one => vec![address(one)],
        };
        if expected != found {
            wrong.push(format!("{key}: expected {expected:?}, found {found:?}"));
        }
    }
    wrong
}

fn address(value: &Value) -> Address {
    Address { name: text(value, "name").to_owned(), email: text(value, "address").to_owned() }
}
