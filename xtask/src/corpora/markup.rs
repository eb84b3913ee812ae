//! Hostile HTML of other projects through the sanitiser. What their tools make of it is not
//! compared: nothing active may be left, and doing it twice must change nothing.

use std::path::Path;

use serde_json::Value;

use super::{Score, Wanted, cases};

#[path = "../../../crates/mail/tests/support/active.rs"]
mod active;

/// What is left of each vector, kept, shown and sent.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    const SET: &str = "sanitiser-xss";
    if !wanted(SET) {
        return Ok(Vec::new());
    }
    let mut calm = Score::new(format!("{SET}, nothing active"), Some(100));
    let mut stable = Score::new(format!("{SET}, twice is once"), Some(100));
    for case in cases(corpora, SET, "vectors.jsonl")? {
        let payload = case.get("payload").and_then(Value::as_str).unwrap_or_default();
        let kept = mail::sanitise::kept(payload).html;
        let shown = mail::sanitise::shown(&kept, mail::sanitise::Remote::Withheld, &|_| None);
        let sent = mail::sanitise::reply(payload);
        let mut found = active::findings(&kept, true);
        found.extend(active::findings(&shown, false));
        found.extend(active::findings(&sent, false));
        calm.count(found.is_empty(), || format!("{payload}: {}", found.join(" ")));
        let again = mail::sanitise::kept(&kept).html == kept;
        let again = again && mail::sanitise::reply(&sent) == sent;
        stable.count(again, || format!("{payload}: {kept}"));
    }
    Ok(vec![calm, stable])
}
