//! Labelled mails as they stand in `evals/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use domain::contract::{Intent, Language, Mood, ThreatKind};
use domain::understand::score::{Labels, Score};
use domain::understand::{Earlier, Input, Reading};
use serde_json::Value;

/// One labelled mail.
pub struct Mail {
    pub id: String,
    /// The name of its file, without what follows the dot.
    pub file: String,
    pub subject: String,
    pub body: String,
    pub thread: Vec<(bool, String)>,
    pub labels: Labels,
    pub sounds_alarming: bool,
    /// Whether it comes from `phrases.txt`.
    pub is_short_line: bool,
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
        let name = file.file_stem().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        for line in fs::read_to_string(&file)?.lines().filter(|line| !line.trim().is_empty()) {
            let value: Value = serde_json::from_str(line)?;
            let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let thread = value.get("thread").and_then(Value::as_array).into_iter().flatten();
            mails.push(Mail {
                id: text("id"),
                file: name.clone(),
                subject: text("subject"),
                body: text("body"),
                thread: thread.map(earlier).collect(),
                labels: serde_json::from_value(value.get("labels").cloned().unwrap_or_default())
                    .with_context(|| format!("labels of {}", text("id")))?,
                sounds_alarming: value.get("hard_negative").and_then(Value::as_bool) == Some(true),
                is_short_line: false,
            });
        }
    }
    Ok(mails)
}

fn earlier(value: &Value) -> (bool, String) {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    (text("from") == "shop", text("body"))
}

/// The short lines of `phrases.txt`: `labels | mood | text`, `#` starts a comment.
pub fn phrases(file: &Path) -> Result<Vec<Mail>> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| phrase(number + 1, line))
        .collect()
}

fn phrase(number: usize, line: &str) -> Result<Mail> {
    let wrong = || anyhow!("phrases.txt, line {number}: expected labels | mood | text");
    let mut parts = line.splitn(3, '|').map(str::trim);
    let (Some(words), Some(mood), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    let mut labels = Labels {
        language: Language::Dutch,
        intents: Vec::new(),
        threat: false,
        threat_kind: None,
        mood: Mood::from_text(mood).ok_or_else(wrong)?,
        offer_response: None,
        counter_percentage: None,
        counter_amount_eur: None,
        order_number: None,
        new_address: None,
        must_escalate: false,
    };
    for word in words.split_whitespace() {
        if let Some(kind) = word.strip_prefix("T:") {
            labels.threat_kind = Some(ThreatKind::from_text(kind).ok_or_else(wrong)?);
            labels.threat = true;
            labels.must_escalate = true;
        } else if word == "esc" {
            labels.must_escalate = true;
        } else {
            labels.intents.push(Intent::from_text(word).ok_or_else(wrong)?);
        }
    }
    Ok(Mail {
        id: format!("phrase-{number}"),
        file: "phrases".to_owned(),
        subject: String::new(),
        body: body.to_owned(),
        thread: Vec::new(),
        labels,
        sounds_alarming: false,
        is_short_line: true,
    })
}
