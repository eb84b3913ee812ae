//! Conversations of public mailing lists by Message-ID, In-Reply-To and References.
//!
//! Our rule is stricter than the set's on purpose: a reference joins a mail to a conversation
//! only when the same person wrote to it before. So three things are reported: whether the
//! references are read, whether following them all rebuilds the set's conversations, and
//! what the strict rule makes of each mail when every other mail of the set is a candidate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use domain::message::Message;
use domain::thread::{Belongs, Candidate, belongs_to, references};
use regex::Regex;
use serde_json::Value;
use uuid::Uuid;

use super::{Score, Wanted, cases, text};

const SET: &str = "thread-notmuch";

/// One mail of the set that is present: the set is published in part.
struct Mail {
    file: String,
    /// The part of the set it belongs to; references do not cross.
    corpus: String,
    /// The conversation it is expected in.
    thread: usize,
    raw: Vec<u8>,
    message: Message,
}

/// The three scores.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted(SET) {
        return Ok(Vec::new());
    }
    let mails = mails(corpora)?;
    if mails.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![headers(&mails)?, rebuilt(&mails), strict(&mails)])
}

fn mails(corpora: &Path) -> anyhow::Result<Vec<Mail>> {
    let mut mails = Vec::new();
    for (thread, case) in cases(corpora, SET, "threads.jsonl")?.iter().enumerate() {
        for file in case.get("files").and_then(Value::as_array).into_iter().flatten() {
            let file = file.as_str().unwrap_or_default();
            let path = corpora.join(SET).join(file);
            if !path.is_file() {
                continue;
            }
            let raw = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let message = mail::parse::parse(&raw)?.message;
            let (file, corpus) = (file.to_owned(), text(case, "corpus").to_owned());
            mails.push(Mail { file, corpus, thread, raw, message });
        }
    }
    Ok(mails)
}

/// The references of each mail against what its raw headers name.
fn headers(mails: &[Mail]) -> anyhow::Result<Score> {
    let mut score = Score::new(format!("{SET}, references read"), None);
    let id = Regex::new(r"<([^<>\s]+)>")?;
    let field = Regex::new(r"(?mi)^(?:in-reply-to|references):(?:.*(?:\r?\n[ \t].*)*)")?;
    let end = Regex::new(r"\r?\n\r?\n")?;
    for mail in mails {
        let raw = String::from_utf8_lossy(&mail.raw);
        let head = end.splitn(&raw, 2).next().unwrap_or_default();
        let expected: BTreeSet<&str> = field
            .find_iter(head)
            .flat_map(|field| id.captures_iter(field.as_str()))
            .filter_map(|found| Some(found.get(1)?.as_str()))
            .collect();
        let found = references(&mail.message);
        let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        score.count(found == expected, || {
            format!("{}: expected {expected:?}, found {found:?}", mail.file)
        });
    }
    Ok(score)
}

/// Joins every mail to all it refers to, and compares whole conversations.
fn rebuilt(mails: &[Mail]) -> Score {
    let mut score = Score::new(format!("{SET}, conversations rebuilt"), None);
    // Smallest mail number that each Message-ID is joined with, until nothing changes.
    let mut group: Vec<usize> = (0..mails.len()).collect();
    let mut changed = true;
    while changed {
        changed = false;
        let mut least: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for pass in 0..2 {
            for (mail, group) in mails.iter().zip(group.iter_mut()) {
                let named =
                    references(&mail.message).into_iter().chain(mail.message.message_id.clone());
                for id in named {
                    let known = least.entry((&mail.corpus, id)).or_insert(*group);
                    *known = (*known).min(*group);
                    if pass == 1 && *known < *group {
                        *group = *known;
                        changed = true;
                    }
                }
            }
        }
    }
    let members = |key: &dyn Fn(usize) -> usize| -> BTreeMap<usize, BTreeSet<usize>> {
        let mut sets: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for place in 0..mails.len() {
            sets.entry(key(place)).or_default().insert(place);
        }
        sets
    };
    let expected = members(&|place| mails.get(place).map_or(0, |mail| mail.thread));
    let found: BTreeSet<BTreeSet<usize>> =
        members(&|place| group.get(place).copied().unwrap_or(place)).into_values().collect();
    for set in expected.into_values() {
        score.count(found.contains(&set), || {
            let files = set.iter().filter_map(|place| Some(mails.get(*place)?.file.as_str()));
            files.collect::<Vec<_>>().join(", ")
        });
    }
    score
}

/// The strict rule with every other mail as candidate: into the expected conversation where
/// the same person wrote one of the mails it refers to, and into none otherwise.
fn strict(mails: &[Mail]) -> Score {
    let mut score = Score::new(format!("{SET}, strict rule"), None);
    for (place, mail) in mails.iter().enumerate() {
        let candidates: Vec<Candidate> = mails
            .iter()
            .enumerate()
            .filter(|(other, known)| *other != place && known.corpus == mail.corpus)
            .filter_map(|(_, known)| {
                Some(Candidate {
                    thread_id: Uuid::from_u128(known.thread as u128),
                    customer_email: known.message.from.email.clone(),
                    message_id: known.message.message_id.clone()?,
                })
            })
            .collect();
        let named = references(&mail.message);
        let known = candidates.iter().filter(|known| named.contains(&known.message_id));
        let known: Vec<&Candidate> = known.collect();
        let sender = &mail.message.from.email;
        let own = known.iter().any(|known| !sender.is_empty() && known.customer_email == *sender);
        let expected = match (known.is_empty(), own) {
            (true, _) => Belongs::New,
            (false, true) => Belongs::To(Uuid::from_u128(mail.thread as u128)),
            (false, false) => Belongs::NewForeignReference,
        };
        let found = belongs_to(&mail.message, &candidates);
        score.count(found == expected, || {
            format!("{}: expected {expected:?}, found {found:?}", mail.file)
        });
    }
    score
}
