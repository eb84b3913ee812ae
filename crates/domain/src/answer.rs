//! The pure path of one mail, in one place: read, decide, compose, guard.
//!
//! Everything that answers a mail goes through [`answer`]: the pipeline, `loket explain`,
//! the policy cases, the benchmarks. Given the same [`Case`] it gives the same [`Answer`].

use jiff::Timestamp;

use crate::compose::{Draft, TemplateError, Templates, compose};
use crate::decide::{Decision, Facts, OrderFacts, Sender, Terms, ThreadState, decide, watch_word};
use crate::guard::{Approved, Context, Objection, approve, inspect};
use crate::message::reply::strip;
use crate::understand::{Earlier, Input, Reading, read};

/// One mail with everything that may bear on its answer.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// When it is worked on.
    pub now: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Decoded subject.
    pub subject: &'a str,
    /// Whole text: new text, signature, quoted history.
    pub body: &'a str,
    /// Earlier messages of the conversation, oldest first.
    pub earlier: &'a [Earlier<'a>],
    /// Who wrote.
    pub sender: &'a Sender,
    /// The shop.
    pub terms: &'a Terms,
    /// Its templates.
    pub templates: &'a Templates,
    /// What was said, promised and given so far.
    pub thread: &'a ThreadState,
    /// The order, where the shop's system told us.
    pub order: Option<&'a OrderFacts>,
}

/// What becomes of the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It may be sent.
    Send(Approved),
    /// It waits for a person.
    Keep(Draft),
    /// There is nothing to send.
    Nothing,
}

/// The answer to a mail, with all that led to it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was understood.
    pub reading: Reading,
    /// What was decided, and why.
    pub decision: Decision,
    /// What becomes of the draft.
    pub outcome: Outcome,
    /// What the guard found.
    pub objections: Vec<Objection>,
    /// Why no draft could be written, although there was something to say.
    pub template_error: Option<TemplateError>,
}

impl Answer {
    /// The draft, whatever becomes of it.
    pub fn draft(&self) -> Option<&Draft> {
        match &self.outcome {
            Outcome::Send(approved) => Some(approved.draft()),
            Outcome::Keep(draft) => Some(draft),
            Outcome::Nothing => None,
        }
    }

    /// Whether the reply may leave without a person.
    pub const fn sends(&self) -> bool {
        matches!(self.outcome, Outcome::Send(_))
    }
}

/// Works one mail.
#[must_use]
pub fn answer(case: &Case<'_>) -> Answer {
    let input = Input { subject: case.subject, body: case.body, thread: case.earlier };
    answer_reading(case, read(&input))
}

/// Works one mail that was read already.
#[must_use]
pub fn answer_reading(case: &Case<'_>, reading: Reading) -> Answer {
    let words = &case.terms.rules.dreiging_detectie.config.extra_words;
    let watched = if words.is_empty() {
        None
    } else {
        watch_word(case.subject, words).or_else(|| watch_word(&strip(case.body).new_text, words))
    };
    let decision = decide(&Facts {
        now: case.now,
        received_at: case.received_at,
        terms: case.terms,
        sender: case.sender,
        thread: case.thread,
        reading: &reading,
        watch_word: watched,
        order: case.order,
    });
    let draft = compose(&decision, case.terms, case.sender, case.subject, case.templates);
    let context = Context {
        decision: &decision,
        terms: case.terms,
        sender: case.sender,
        subject: case.subject,
    };
    let (outcome, objections, template_error) = match draft {
        Ok(None) => (Outcome::Nothing, Vec::new(), None),
        Err(error) => (Outcome::Nothing, Vec::new(), Some(error)),
        Ok(Some(draft)) => match approve(draft.clone(), &context) {
            Ok(approved) => (Outcome::Send(approved), Vec::new(), None),
            Err(objections) => (Outcome::Keep(draft), objections, None),
        },
    };
    Answer { reading, decision, outcome, objections, template_error }
}

/// What the guard says of a changed draft, for whoever edits it.
pub fn inspect_draft(draft: &Draft, decision: &Decision, case: &Case<'_>) -> Vec<Objection> {
    let (terms, sender, subject) = (case.terms, case.sender, case.subject);
    inspect(draft, &Context { decision, terms, sender, subject })
}
