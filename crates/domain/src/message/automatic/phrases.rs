//! `phrases.toml`, read once and compiled.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::BounceReason;

#[derive(Deserialize)]
struct File {
    bounce_senders: HashSet<String>,
    bounce_names: Vec<String>,
    no_reply_senders: Vec<String>,
    notification_senders: Vec<String>,
    doubtful_senders: HashSet<String>,
    newsletter_senders: Vec<String>,
    list_senders: Vec<String>,
    bulk_headers: HashSet<String>,
    reply_headers: HashSet<String>,
    notification_headers: HashSet<String>,
    bounce_subjects: Vec<String>,
    bounce_texts: Vec<String>,
    delay_subjects: Vec<String>,
    out_of_office_subjects: Vec<String>,
    auto_reply_subjects: Vec<String>,
    out_of_office_texts: Vec<String>,
    auto_reply_texts: Vec<String>,
    challenge_texts: Vec<String>,
    confirmation_texts: Vec<String>,
    unsubscribe_texts: Vec<String>,
    request_texts: Vec<String>,
    reasons: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    reason: BounceReason,
    texts: Vec<String>,
}

/// Everything in `phrases.toml`, ready for use.
pub(super) struct Phrases {
    pub bounce_senders: HashSet<String>,
    pub bounce_names: Vec<String>,
    pub no_reply_senders: RegexSet,
    pub notification_senders: RegexSet,
    pub doubtful_senders: HashSet<String>,
    pub newsletter_senders: RegexSet,
    pub list_senders: RegexSet,
    pub bulk_headers: HashSet<String>,
    pub reply_headers: HashSet<String>,
    pub notification_headers: HashSet<String>,
    pub bounce_subjects: Regex,
    pub bounce_texts: Regex,
    pub delay_subjects: Regex,
    pub out_of_office_subjects: Regex,
    pub auto_reply_subjects: Regex,
    pub out_of_office_texts: Regex,
    pub auto_reply_texts: Regex,
    pub challenge_texts: Regex,
    pub confirmation_texts: Regex,
    pub unsubscribe_texts: Regex,
    pub request_texts: Regex,
    pub reasons: Vec<(BounceReason, Regex)>,
}

/// The phrases of automatic mail.
pub(super) static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the program and tested")]
    let phrases = compile(include_str!("phrases.toml")).expect("phrases.toml is well formed");
    phrases
});

#[derive(Debug, thiserror::Error)]
enum PhrasesError {
    #[error("not the expected TOML")]
    Toml(#[from] toml::de::Error),
    #[error("not a regular expression")]
    Regex(#[from] regex::Error),
}

fn compile(text: &str) -> Result<Phrases, PhrasesError> {
    let file: File = toml::from_str(text)?;
    let reason = |reason: Reason| Ok((reason.reason, anywhere(&reason.texts)?));
    Ok(Phrases {
        bounce_senders: file.bounce_senders,
        bounce_names: file.bounce_names,
        no_reply_senders: whole(&file.no_reply_senders)?,
        notification_senders: whole(&file.notification_senders)?,
        doubtful_senders: file.doubtful_senders,
        newsletter_senders: whole(&file.newsletter_senders)?,
        list_senders: whole(&file.list_senders)?,
        bulk_headers: file.bulk_headers,
        reply_headers: file.reply_headers,
        notification_headers: file.notification_headers,
        bounce_subjects: start(&file.bounce_subjects)?,
        bounce_texts: anywhere(&file.bounce_texts)?,
        delay_subjects: start(&file.delay_subjects)?,
        out_of_office_subjects: start(&file.out_of_office_subjects)?,
        auto_reply_subjects: start(&file.auto_reply_subjects)?,
        out_of_office_texts: anywhere(&file.out_of_office_texts)?,
        auto_reply_texts: anywhere(&file.auto_reply_texts)?,
        challenge_texts: anywhere(&file.challenge_texts)?,
        confirmation_texts: anywhere(&file.confirmation_texts)?,
        unsubscribe_texts: anywhere(&file.unsubscribe_texts)?,
        request_texts: anywhere(&file.request_texts)?,
        reasons: file.reasons.into_iter().map(reason).collect::<Result<_, regex::Error>>()?,
    })
}

fn whole(patterns: &[String]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns.iter().map(|pattern| format!("^(?:{pattern})$")))
        .case_insensitive(true)
        .build()
}

fn anywhere(patterns: &[String]) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&patterns.join("|"))
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .size_limit(1 << 25)
        .build()
}

fn start(patterns: &[String]) -> Result<Regex, regex::Error> {
    let joined = patterns.join("|");
    RegexBuilder::new(&format!(r"^[\W_]*(?:{joined})"))
        .case_insensitive(true)
        .size_limit(1 << 25)
        .build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_is_well_formed() {
        super::compile(include_str!("phrases.toml")).unwrap();
    }
}
