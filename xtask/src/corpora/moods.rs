//! The tone of English review sentences. Reported only: they are reviews, not mails.
//!
//! Mapping: a negative sentence should read as frustrated, angry or sad; any other as
//! positive or neutral. Which of the three or two is not labelled.

use std::path::Path;

use domain::contract::Mood;
use domain::understand::{Input, read};
use serde_json::Value;

use super::{Score, Wanted, cases, text};

const SET: &str = "mood-sentences-en";

/// How many negative and how many other sentences are read as such.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted(SET) {
        return Ok(Vec::new());
    }
    let mut negative = Score::new(format!("{SET}, negative"), None);
    let mut other = Score::new(format!("{SET}, not negative"), None);
    for case in cases(corpora, SET, "sentences.jsonl")? {
        let Some(expected) = case.get("negative").and_then(Value::as_bool) else { continue };
        let mood = read(&Input { body: text(&case, "text"), ..Input::default() }).mood;
        let found = matches!(mood, Mood::Frustrated | Mood::Angry | Mood::Sad);
        let score = if expected { &mut negative } else { &mut other };
        score.count(found == expected, || format!("{}: {mood}", text(&case, "id")));
    }
    Ok(vec![negative, other])
}
