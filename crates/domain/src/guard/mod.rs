//! Does the draft say only what was decided? The last wall before a customer reads it.
//!
//! The guard trusts nobody: not the template, not a model, not [`crate::compose`]. It reads
//! the finished text back as the customer will and compares every percentage, amount, day,
//! code, promise and link with the decision. What the decision does not license is an
//! objection, and an objection means that a person looks.
//!
//! Only this module can build an [`Approved`], and only an [`Approved`] can be sent.

mod lexicon;
mod markup;
mod normal;
mod quantities;
mod words;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::compose::{Draft, Template, plain, reply_subject};
use crate::contract::Language;
use crate::decide::{Action, Decision, Sender, Terms};
use crate::policy::texts;

use lexicon::Licence;

/// Replies are at most this many characters of text.
const MAX_CHARACTERS: usize = 6_000;

/// What the guard can object to. The sentences stand in `policies/objections.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectionKind {
    /// A percentage that was not decided.
    Percentage,
    /// An amount that was not decided.
    Amount,
    /// A period that was not decided.
    Duration,
    /// A day or time that was not decided.
    Date,
    /// A number without ground.
    Number,
    /// Half, a quarter, double.
    Fraction,
    /// A promise that was not decided.
    Promise,
    /// What may never be said.
    Forbidden,
    /// A voucher code or the like.
    Code,
    /// A link outside the shop.
    Link,
    /// A mail address that is neither the customer's nor the shop's.
    Address,
    /// Markup that a reply may not hold.
    Markup,
    /// The AI notice is missing or changed.
    Disclosure,
    /// Not the customer's language.
    Language,
    /// Not the customer's subject.
    Subject,
    /// Too long.
    TooLong,
    /// Nothing in it.
    Empty,
}

/// One objection, with the words at fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Objection {
    /// What is wrong.
    pub kind: ObjectionKind,
    /// Where, at most 80 characters.
    pub words: String,
}

impl Objection {
    pub(crate) fn new(kind: ObjectionKind, words: &str) -> Self {
        Self { kind, words: words.chars().take(80).collect() }
    }

    /// The sentence for people, in `language`.
    pub fn sentence(&self, language: Language) -> String {
        let key = serde_json::to_value(self.kind).ok();
        key.as_ref()
            .and_then(serde_json::Value::as_str)
            .and_then(|key| texts().objections.get(key))
            .map_or_else(String::new, |text| text.get(language).replace("{words}", &self.words))
    }
}

/// A reply that may be sent. Cannot be built outside this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    draft: Draft,
    by: Approver,
}

/// Who vouches for a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// The guard found nothing, and the decision allowed a reply.
    Guard,
    /// A person read it and pressed send.
    Person(Uuid),
}

impl Approved {
    /// The reply.
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Who vouches for it.
    pub const fn by(&self) -> Approver {
        self.by
    }
}

/// What the guard compares the draft with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What was decided.
    pub decision: &'a Decision,
    /// The shop.
    pub terms: &'a Terms,
    /// The customer.
    pub sender: &'a Sender,
    /// The customer's subject line.
    pub subject: &'a str,
}

/// Reads a draft back; every objection is listed, each once.
#[must_use]
pub fn inspect(draft: &Draft, context: &Context<'_>) -> Vec<Objection> {
    let body = plain(&draft.body_html);
    let mut objections = frame_objections(draft, &body, context);
    let licence = Licence::of(context);
    markup::inspect(&draft.body_html, markup::Place::Body, context.terms, &mut objections);
    markup::bare_links(&body, context.terms, &mut objections);
    let signature = &draft.signature_html;
    markup::inspect(signature, markup::Place::Signature, context.terms, &mut objections);
    let text = normal::normalised(&body);
    let open = licence.without_literals(&text, &mut objections);
    quantities::inspect(&open, &licence, &mut objections);
    words::inspect(&text, &open, &body, &licence, context, &mut objections);
    objections.sort();
    objections.dedup();
    objections
}

/// Makes a draft sendable when the decision allows a reply and nothing is objected to.
pub fn approve(draft: Draft, context: &Context<'_>) -> Result<Approved, Vec<Objection>> {
    let objections = inspect(&draft, context);
    let allowed = context.decision.action == Action::Reply && !context.decision.dreiging_detected;
    if objections.is_empty() && allowed {
        Ok(Approved { draft, by: Approver::Guard })
    } else {
        Err(objections)
    }
}

/// Makes a draft sendable because a person read it and answers for its words. Markup,
/// disclosure and size still hold: no person can wave those through.
pub fn approve_by_person(
    draft: Draft,
    context: &Context<'_>,
    person: Uuid,
) -> Result<Approved, Vec<Objection>> {
    let body = plain(&draft.body_html);
    let mut objections = frame_objections(&draft, &body, context);
    markup::inspect(&draft.body_html, markup::Place::Body, context.terms, &mut objections);
    markup::bare_links(&body, context.terms, &mut objections);
    let signature = &draft.signature_html;
    markup::inspect(signature, markup::Place::Signature, context.terms, &mut objections);
    objections.retain(|objection| objection.kind != ObjectionKind::Link);
    if objections.is_empty() {
        Ok(Approved { draft, by: Approver::Person(person) })
    } else {
        Err(objections)
    }
}

/// What holds for every reply, whoever wrote it.
fn frame_objections(draft: &Draft, body: &str, context: &Context<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    let expected = disclosure(context.terms, draft.language);
    if expected.as_deref() != Some(draft.disclosure_html.as_str()) {
        objections.push(Objection::new(ObjectionKind::Disclosure, &draft.disclosure_html));
    }
    if draft.subject != reply_subject(context.subject, draft.language) {
        objections.push(Objection::new(ObjectionKind::Subject, &draft.subject));
    }
    if draft.signature_html != context.terms.signature_html {
        objections.push(Objection::new(ObjectionKind::Markup, &draft.signature_html));
    }
    if body.is_empty() {
        objections.push(Objection::new(ObjectionKind::Empty, ""));
    }
    if body.chars().count() > MAX_CHARACTERS {
        objections.push(Objection::new(ObjectionKind::TooLong, ""));
    }
    objections
}

/// The AI notice as it must stand, from the frame that no shop can change.
fn disclosure(terms: &Terms, language: Language) -> Option<String> {
    static FRAMES: LazyLock<[Option<Template>; 2]> = LazyLock::new(|| {
        [texts().frame_nl, texts().frame_en].map(|text| Template::parse(text).ok())
    });
    let [dutch, english] = &*FRAMES;
    let frame = if language == Language::Dutch { dutch } else { english };
    let values = [
        ("bedrijfsnaam".to_owned(), terms.bedrijfsnaam.clone()),
        ("ai_persona_name".to_owned(), terms.ai_persona_name.clone()),
    ];
    frame.as_ref()?.fill("disclosure", &values.into()).ok()
}

#[cfg(test)]
mod tests;
