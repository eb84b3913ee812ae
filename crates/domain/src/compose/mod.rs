//! The draft in the assistant's name: the rules' templates filled from the decision.
//!
//! Nothing is invented here. A value that a template names and the decision does not hold
//! stops the draft, and the mail is held. Must not know how a mail is built or sent.

mod moment;
mod plain;
mod template;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use moment::moment;
pub use plain::plain;
pub use template::{MAX_BYTES, Template, TemplateError, escape_into};

use crate::contract::{Language, RuleKey};
use crate::decide::{Decision, Part, Sender, Terms, Value};
use crate::policy::{master, texts};

/// A reply that nobody has inspected yet. Only [`crate::guard`] can make it sendable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The language it is written in.
    pub language: Language,
    /// The subject line.
    pub subject: String,
    /// What the rules say, as HTML, greeting included.
    pub body_html: String,
    /// The shop's signature, as HTML; may be empty.
    pub signature_html: String,
    /// That an AI wrote it and how to reach a person, as HTML (AI Act art. 50).
    pub disclosure_html: String,
}

impl Draft {
    /// The whole reply as HTML.
    pub fn html(&self) -> String {
        let parts = [&self.body_html, &self.signature_html, &self.disclosure_html];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("\n")
    }

    /// The whole reply as text.
    pub fn text(&self) -> String {
        plain(&self.html())
    }
}

/// The templates of one shop, parsed when they were loaded.
#[derive(Debug, Clone)]
pub struct Templates {
    rules: BTreeMap<(RuleKey, Language), Template>,
    frame_nl: Template,
    frame_en: Template,
}

impl Templates {
    /// The masters' own templates.
    pub fn master() -> Result<Self, TemplateError> {
        let mut rules = BTreeMap::new();
        for key in RuleKey::ALL {
            let master = master(*key);
            rules.insert((*key, Language::Dutch), Template::parse(master.reply_nl)?);
            rules.insert((*key, Language::English), Template::parse(master.reply_en)?);
        }
        Ok(Self {
            rules,
            frame_nl: Template::parse(texts().frame_nl)?,
            frame_en: Template::parse(texts().frame_en)?,
        })
    }

    /// With a shop's own `html_template` for one rule, checked against the master.
    pub fn replace(
        &mut self,
        key: RuleKey,
        language: Language,
        html_template: &str,
    ) -> Result<(), TemplateError> {
        let own = Template::parse(html_template)?;
        if let Some(current) = self.rules.get(&(key, language)) {
            own.check_against(current)?;
        }
        self.rules.insert((key, language), own);
        Ok(())
    }

    fn rule(&self, key: Option<RuleKey>, language: Language) -> &Template {
        let fallback = if language == Language::Dutch { &self.frame_nl } else { &self.frame_en };
        key.and_then(|key| self.rules.get(&(key, language))).unwrap_or(fallback)
    }
}

/// Writes the draft; `None` when the decision has nothing to say.
pub fn compose(
    decision: &Decision,
    terms: &Terms,
    sender: &Sender,
    subject: &str,
    templates: &Templates,
) -> Result<Option<Draft>, TemplateError> {
    if decision.parts.is_empty() {
        return Ok(None);
    }
    let language = decision.language;
    let frame = templates.rule(None, language);
    let common = common_values(terms, sender);
    let mut body = vec![frame.fill("greeting", &common)?];
    for part in &decision.parts {
        let template = templates.rule(part.rule, language);
        body.push(template.fill(&part.section, &part_values(part, &common, language))?);
    }
    body.push(frame.fill("closing", &common)?);
    Ok(Some(Draft {
        language,
        subject: reply_subject(subject, language),
        body_html: body.join("\n"),
        signature_html: terms.signature_html.clone(),
        disclosure_html: frame.fill("disclosure", &common)?,
    }))
}

/// What every passage may name.
fn common_values(terms: &Terms, sender: &Sender) -> BTreeMap<String, String> {
    let mut values = BTreeMap::from([
        ("bedrijfsnaam".to_owned(), terms.bedrijfsnaam.clone()),
        ("ai_persona_name".to_owned(), terms.ai_persona_name.clone()),
    ]);
    if let Some(name) = first_name(&sender.name) {
        values.insert("customer_name".to_owned(), name);
    }
    values
}

/// A name fit for a greeting: one word of letters. Anything else could carry a message of
/// its own, so the greeting does without.
pub fn first_name(display_name: &str) -> Option<String> {
    let first = display_name.split_whitespace().next()?;
    let letters = first.chars().all(|c| c.is_alphabetic() || c == '-' || c == '\'');
    let has_case = first.chars().next().is_some_and(char::is_uppercase);
    let length = first.chars().count();
    (letters && has_case && (2..=20).contains(&length)).then(|| first.to_owned())
}

fn part_values(
    part: &Part,
    common: &BTreeMap<String, String>,
    language: Language,
) -> BTreeMap<String, String> {
    let mut values = common.clone();
    values.extend(part.values.iter().map(|(name, value)| (name.clone(), shown(value, language))));
    values
}

/// A value as the customer reads it: decimal comma in Dutch, point in English.
pub fn shown(value: &Value, language: Language) -> String {
    let decimal = |text: String| {
        if language == Language::Dutch { text } else { text.replace(',', ".") }
    };
    match value {
        Value::Percent(percentage) => decimal(percentage.to_string()),
        Value::Euro(cents) => decimal(cents.to_string()),
        Value::Days(number) | Value::Hours(number) => number.to_string(),
        Value::Moment(text)
        | Value::OrderNumber(text)
        | Value::Address(text)
        | Value::Name(text)
        | Value::Link(text) => text.clone(),
    }
}

/// `Re: ` once, whatever was there. A subject goes back to its writer under the shop's name,
/// so one that carries more than a few plain words (a link, an address, an amount, an account
/// number, a long text) is answered under a neutral one; mail programs keep the conversation
/// together by its references.
pub fn reply_subject(subject: &str, language: Language) -> String {
    let bare = bare_subject(subject);
    if bare.is_empty() || is_plain(bare) {
        return format!("Re: {bare}").trim_end().to_owned();
    }
    format!("Re: {}", texts().subjects.neutral.get(language))
}

/// A subject without the marks of answers and forwards before it.
pub fn bare_subject(subject: &str) -> &str {
    let mut rest = subject.trim();
    loop {
        let lower = rest.to_lowercase();
        let prefix = ["re:", "antw:", "betr:", "aw:", "fw:", "fwd:", "doorst:"]
            .iter()
            .find(|prefix| lower.starts_with(**prefix));
        match prefix.and_then(|prefix| rest.get(prefix.len()..)) {
            Some(behind) => rest = behind.trim_start(),
            None => return rest,
        }
    }
}

/// Subjects of at most this many characters are given back.
const MAX_SUBJECT_CHARACTERS: usize = 70;

/// Whether a subject is a few words and numbers such as an order's.
fn is_plain(subject: &str) -> bool {
    let carries = |c: char| {
        c.is_control() || matches!(c, '@' | '%' | '€' | '$' | '£' | '<' | '>' | '{' | '}' | '\\')
    };
    let looks_like_more = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let host = word.rsplit_once('.').is_some_and(|(name, end)| {
            name.chars().count() > 1 && end.len() > 1 && end.chars().all(char::is_alphabetic)
        });
        let characters = word.chars().count();
        host || characters > 30 || word.chars().filter(char::is_ascii_digit).count() > 12
    };
    subject.chars().count() <= MAX_SUBJECT_CHARACTERS
        && !subject.contains(carries)
        && !subject.contains("://")
        && !subject.split_whitespace().any(looks_like_more)
}
