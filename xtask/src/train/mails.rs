//! Labelled mails as they stand in `evals/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use domain::understand::score::{Labels, Score};
use domain::understand::{Earlier, Input, Reading};
use serde_json::Value;

/// One labelled mail.
pub struct Mail {
    pub id: String,
    pub subject: String,
    pub body: String,
    pub thread: Vec<(bool, String)>,
    pub labels: Labels,
    pub sounds_alarming: bool,
}

impl Mail {
    /// Hands the mail to `look` as the reader wants it.
    pub fn with_input<T>(&self, look: impl FnOnce(&Input<'_>) -> T) -> T {
        let thread: Vec<Earlier<'_>> =
            self.thread.iter().map(|(by_shop, body)| Earlier { by_shop: *by_shop, body }).collect();
        look(&Input { subject: &self.subject, body: &self.body, thread: &thread })
    }

    /// Counts a reading of this mail and returns what was wrong.
    pub fn count(&self, score: &mut Score, reading: &Reading) -> Vec<String> {
        if self.sounds_alarming && !self.labels.must_escalate {
            score.add_quiet(reading);
        }
        score.add(reading, &self.labels)
    }
}

/// Every mail of the `.jsonl` files in `folder`, files in order of name.
pub fn load(folder: &Path) -> Result<Vec<Mail>> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .collect();
    files.sort();
    let mut mails = Vec::new();
    for file in files {
        for line in fs::read_to_string(&file)?.lines().filter(|line| !line.trim().is_empty()) {
            let value: Value = serde_json::from_str(line)?;
            let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let thread = value.get("thread").and_then(Value::as_array).into_iter().flatten();
            mails.push(Mail {
                id: text("id"),
                subject: text("subject"),
                body: text("body"),
                thread: thread.map(earlier).collect(),
                labels: serde_json::from_value(value.get("labels").cloned().unwrap_or_default())
                    .with_context(|| format!("labels of {}", text("id")))?,
                sounds_alarming: value.get("hard_negative").and_then(Value::as_bool) == Some(true),
            });
        }
    }
    Ok(mails)
}

fn earlier(value: &Value) -> (bool, String) {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    (text("from") == "shop", text("body"))
}
