//! A decision in a few words, for the list: `Retour bevestigd · 10 % aangeboden`.
//!
//! It reads the receipt's JSON leniently: a section it does not know is left out, and the
//! contract's own columns speak where the receipt says nothing.

use domain::contract::{Language, Percentage};
use serde_json::Value;
use store::desk::DeskRow;

use super::super::texts::Texts;

/// A percentage as people of this language write it, without the sign.
pub fn percent(value: Percentage, t: Texts) -> String {
    let text = value.to_string();
    if t.language() == Language::Dutch { text } else { text.replace(',', ".") }
}

/// What was decided on the newest mail; empty when there is nothing to tell.
pub fn in_a_few_words(row: &DeskRow, t: Texts) -> Vec<String> {
    let parts = row.decision.as_ref().and_then(|decision| decision.get("parts")?.as_array());
    let mut words: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter_map(|part| section(part, row.compensatie_percentage, t))
        .collect();
    words.dedup();
    if words.is_empty() {
        words = columns(row, t);
    }
    words
}

fn section(part: &Value, offered: Percentage, t: Texts) -> Option<String> {
    let rule = part.get("rule").and_then(Value::as_str).unwrap_or("frame");
    let section = part.get("section")?.as_str()?;
    let text = t.find(&format!("decided.{rule}.{section}"))?;
    // A draft's offer stands in the receipt only: the column holds what was really offered.
    let stated = part.pointer("/values/compensatie_percentage/value").and_then(Value::as_i64);
    let stated = stated.and_then(|points| Percentage::from_basis_points(points).ok());
    Some(text.replace("{percent}", &percent(stated.unwrap_or(offered), t)))
}

fn columns(row: &DeskRow, t: Texts) -> Vec<String> {
    let mut words = Vec::new();
    if row.dreiging_detected {
        words.push(t.get("decided.columns.threat").to_owned());
    }
    if row.annulering_aangevraagd {
        words.push(t.get("decided.columns.cancel").to_owned());
    }
    if !row.compensatie_percentage.is_zero() {
        let offered = percent(row.compensatie_percentage, t);
        words.push(t.fill("decided.columns.offer", "percent", &offered));
    }
    words
}
