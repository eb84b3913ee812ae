//! `phrases.toml`, read once and compiled.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::{Regex, RegexSet, RegexSetBuilder};
use serde::Deserialize;

/// What a label in a header block stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    From,
    Date,
    To,
    Cc,
    Subject,
    Other,
}

#[derive(Deserialize)]
struct File {
    forward_separators: Vec<String>,
    forward_introductions: Vec<String>,
    original_separators: Vec<String>,
    introduction_starts: Vec<String>,
    introduction_verbs: Vec<String>,
    introduction_never: HashSet<String>,
    signature_lines: Vec<String>,
    marker_lines: HashSet<String>,
    closings: HashSet<String>,
    thanks: HashSet<String>,
    disclaimers: Vec<String>,
    forward_subjects: HashSet<String>,
    labels: Vec<Labels>,
}

/// The labels of one language, as they are written.
#[derive(Deserialize)]
struct Labels {
    from: Vec<String>,
    date: Vec<String>,
    to: Vec<String>,
    cc: Vec<String>,
    subject: Vec<String>,
    other: Vec<String>,
}

impl Labels {
    fn all(&self) -> impl Iterator<Item = (Field, &String)> {
        [
            (Field::From, &self.from),
            (Field::Date, &self.date),
            (Field::To, &self.to),
            (Field::Cc, &self.cc),
            (Field::Subject, &self.subject),
            (Field::Other, &self.other),
        ]
        .into_iter()
        .flat_map(|(field, words)| words.iter().map(move |word| (field, word)))
    }
}

/// A language's labels as they stand one behind the other in a header on a single line.
pub(super) struct InlineLabels {
    /// Any of the labels, with its colon (which some clients leave out).
    pub pattern: Regex,
    /// Label as written to what it stands for.
    pub fields: HashMap<String, Field>,
}

/// Everything in `phrases.toml`, ready for use.
pub(super) struct Phrases {
    pub forward_separators: HashSet<String>,
    pub forward_introductions: HashSet<String>,
    pub original_separators: HashSet<String>,
    pub introduction_start: Regex,
    pub introduction_verb: Regex,
    pub introduction_never: HashSet<String>,
    pub signature_lines: RegexSet,
    pub marker_lines: HashSet<String>,
    pub closings: HashSet<String>,
    pub thanks: HashSet<String>,
    pub disclaimers: Vec<String>,
    pub forward_subjects: HashSet<String>,
    /// Label in lower case to what it stands for, over all languages.
    pub labels: HashMap<String, Field>,
    /// Characters of the longest label.
    pub longest_label: usize,
    pub inline: Vec<InlineLabels>,
}

/// The phrases of all mail clients.
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
    let lower = |words: Vec<String>| words.iter().map(|word| word.to_lowercase()).collect();
    let labels: HashMap<String, Field> = file
        .labels
        .iter()
        .flat_map(Labels::all)
        .map(|(field, word)| (word.to_lowercase(), field))
        .collect();
    let whole_lines = file.signature_lines.iter().map(|line| format!("^(?:{line})$"));
    Ok(Phrases {
        introduction_start: Regex::new(&format!(
            r"^\W*(?:{}\b|\d|\p{{L}}{{1,12}}[.,]?\s+\d|\p{{L}}{{1,14}},\s)",
            alternatives(&file.introduction_starts)
        ))?,
        introduction_verb: Regex::new(&format!(
            r"(?i)(?:^|[\s>)\]])(?:{})(?:$|[\s:：(-])|写道|写到|寫道|のメール",
            alternatives(&file.introduction_verbs)
        ))?,
        signature_lines: RegexSetBuilder::new(whole_lines).case_insensitive(true).build()?,
        longest_label: labels.keys().map(|label| label.chars().count()).max().unwrap_or(0),
        inline: file.labels.iter().map(inline).collect::<Result<_, _>>()?,
        labels,
        forward_separators: lower(file.forward_separators),
        forward_introductions: lower(file.forward_introductions),
        original_separators: lower(file.original_separators),
        introduction_never: file.introduction_never,
        marker_lines: file.marker_lines,
        closings: file.closings,
        thanks: file.thanks,
        disclaimers: file.disclaimers,
        forward_subjects: file.forward_subjects,
    })
}

fn inline(labels: &Labels) -> Result<InlineLabels, regex::Error> {
    let mut words: Vec<&String> = labels.all().map(|(_, word)| word).collect();
    // The longest first: an alternation takes the first that fits.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let words: Vec<String> = words.into_iter().map(|word| regex::escape(word)).collect();
    Ok(InlineLabels {
        pattern: Regex::new(&format!(r"({})\s?(?:[:：]|\s)", words.join("|")))?,
        fields: labels.all().map(|(field, word)| (word.clone(), field)).collect(),
    })
}

fn alternatives(words: &[String]) -> String {
    words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_well_formed() {
        let phrases = compile(include_str!("phrases.toml")).unwrap();
        assert_eq!(phrases.labels.get("onderwerp"), Some(&Field::Subject));
        assert!(phrases.signature_lines.is_match("Verstuurd vanaf mijn iPhone"));
        for set in [&phrases.closings, &phrases.thanks, &phrases.introduction_never] {
            assert!(set.iter().all(|word| *word == word.to_lowercase()), "lower case only");
        }
    }
}
