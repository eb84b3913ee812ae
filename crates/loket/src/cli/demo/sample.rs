//! The sample mailbox that comes with the program (`sample/`).

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use include_dir::{Dir, include_dir};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample");

/// What stands in a mail for the Message-ID of our reply to an earlier one.
const PLACEHOLDER: &str = "<reply-to:";

/// A sample mail.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The file's name without its ending.
    pub name: String,
    /// The bytes, with placeholders.
    pub raw: &'static [u8],
    /// The sample mails whose replies it answers.
    pub answers: Vec<String>,
}

/// Every sample mail, in the order of arrival.
pub fn all() -> anyhow::Result<Vec<Sample>> {
    let mut samples: Vec<Sample> = FOLDER
        .files()
        .filter_map(|file| {
            let name = file.path().file_name()?.to_str()?.strip_suffix(".eml")?.to_owned();
            let raw = file.contents();
            Some(Sample { name, answers: placeholders(raw), raw })
        })
        .collect();
    samples.sort_by(|left, right| left.name.cmp(&right.name));
    anyhow::ensure!(!samples.is_empty(), "the sample mailbox is empty");
    Ok(samples)
}

fn placeholders(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let mut names: Vec<String> = text
        .split(PLACEHOLDER)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("@sample>")?.0.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

impl Sample {
    /// Puts the mail into a mail directory, dated as its Date header says. `reply` gives the
    /// Message-ID of our reply to an earlier mail.
    pub fn put_into(
        &self,
        maildir: &Path,
        reply: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<()> {
        let mut raw = self.raw.to_vec();
        for name in &self.answers {
            let placeholder = format!("{PLACEHOLDER}{name}@sample>");
            if let Some(message_id) = reply(name) {
                raw = replace(&raw, placeholder.as_bytes(), format!("<{message_id}>").as_bytes());
            }
        }
        let temporary = maildir.join("tmp").join(&self.name);
        let mut file = File::create(&temporary)
            .with_context(|| format!("{} cannot be written", temporary.display()))?;
        file.write_all(&raw)?;
        if let Some(sent) = self.sent() {
            file.set_modified(sent)?;
        }
        drop(file);
        fs::rename(&temporary, maildir.join("new").join(&self.name))?;
        Ok(())
    }

    fn sent(&self) -> Option<SystemTime> {
        let date = mail::parse::parse(self.raw).ok()?.message.date?;
        let seconds = u64::try_from(date.as_second()).ok()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

fn replace(raw: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(from) {
            result.extend_from_slice(to);
            rest = after;
        } else if let Some((first, after)) = rest.split_first() {
            result.push(*first);
            rest = after;
        }
    }
    result
}
