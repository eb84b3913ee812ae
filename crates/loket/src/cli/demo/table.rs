//! The demo's summary: what was decided with each mail, and why.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use store::ingest::{CustodyRow, Fate};

use super::sample::Sample;
use crate::cli::output;

/// Prints one row per mail and the sums.
pub fn print(samples: &[Sample], rows: &[CustodyRow], as_json: bool) -> anyhow::Result<()> {
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    if !as_json {
        output::line(&format!("\n{:<26} {:<9} {:<24} why", "mail", "fate", "wants"))?;
        output::line(&"─".repeat(110))?;
    }
    for (sample, row) in samples.iter().zip(rows) {
        let fate = row.fate.map_or("under way", Fate::as_str);
        *sums.entry(fate).or_default() += 1;
        let wants = row.intents.as_ref().map(|intents| intents.join(", ")).unwrap_or_default();
        let why = why(row);
        if as_json {
            let line = json!({
                "mail": sample.name,
                "fate": fate,
                "fate_reason": row.fate_reason,
                "intents": row.intents,
                "compensatie_percentage": row.compensatie_percentage,
                "why": why,
            });
            output::line(&line.to_string())?;
        } else {
            let (name, wants) = (cut(&sample.name, 26), cut(&wants, 24));
            output::line(&format!("{name:<26} {fate:<9} {wants:<24} {}", cut(&why, 90)))?;
        }
    }
    if !as_json {
        output::line(&"─".repeat(110))?;
        let sums: Vec<String> =
            sums.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
        output::line(&format!("{} mails: {}", rows.len(), sums.join(", ")))?;
    }
    Ok(())
}

/// The reason that decided: the first that holds, else the last one given.
fn why(row: &CustodyRow) -> String {
    let sentences: Vec<&str> = row
        .reasons
        .as_ref()
        .and_then(Value::as_array)
        .map(|reasons| {
            reasons.iter().filter_map(|reason| reason.get("en").and_then(Value::as_str)).collect()
        })
        .unwrap_or_default();
    match (sentences.last(), &row.fate_reason) {
        (Some(sentence), _) => (*sentence).to_owned(),
        (None, Some(reason)) => reason.clone(),
        (None, None) => String::new(),
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
