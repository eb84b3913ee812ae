//! Promises, forbidden phrases, days, codes, addresses and the language of a reply.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::lexicon::{Licence, is_day, lexicon, promised_by, said_in, starts_word};
use super::{Context, Objection, ObjectionKind};

/// Reports every phrase that is not licensed. `text` is normalised, `open` is the same
/// without licensed literals, `written` is the text as the customer sees it.
pub fn inspect(
    text: &str,
    open: &str,
    written: &str,
    licence: &Licence,
    context: &Context<'_>,
    objections: &mut Vec<Objection>,
) {
    let (said, said_openly) = (said_in(text), said_in(open));
    if !said.is_empty() {
        for phrase in &lexicon().forbidden.phrases {
            if said.contains(phrase.as_str()) {
                objections.push(Objection::new(ObjectionKind::Forbidden, phrase));
            }
        }
    }
    promises(open, &said_openly, licence, objections);
    days(open, &said_openly, objections);
    codes(written, licence, context, objections);
    addresses(text, context, objections);
}

/// A phrase is licensed when one of the promises that own it is.
fn promises(
    text: &str,
    said: &BTreeSet<&'static str>,
    licence: &Licence,
    objections: &mut Vec<Objection>,
) {
    let found = promised_by(said);
    for (phrase, promise) in &found {
        // "gratis" inside a licensed "gratis terugsturen" is that phrase's word.
        let covered = found.iter().any(|(longer, owner)| {
            licence.promises.contains(owner)
                && longer.contains(phrase.trim_end())
                && count(text, phrase) <= count(text, longer)
        });
        if !licence.promises.contains(promise) && !covered {
            objections.push(Objection::new(ObjectionKind::Promise, phrase));
        }
    }
}

fn count(text: &str, phrase: &str) -> usize {
    text.matches(phrase).count()
}

fn days(text: &str, said: &BTreeSet<&str>, objections: &mut Vec<Objection>) {
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if is_day(word) {
            objections.push(Objection::new(ObjectionKind::Date, word));
        }
    }
    for phrase in &lexicon().days.phrases {
        if said.contains(phrase.as_str()) {
            objections.push(Objection::new(ObjectionKind::Date, phrase));
        }
    }
}

/// Words in capitals are voucher codes unless the shop is called that, or they are short.
fn codes(written: &str, licence: &Licence, context: &Context<'_>, objections: &mut Vec<Objection>) {
    let mut open = Cow::Borrowed(written);
    let terms = context.terms;
    for known in [&terms.bedrijfsnaam, &terms.ai_persona_name, &terms.retouradres] {
        if !known.is_empty() && open.contains(known.as_str()) {
            open = open.replace(known.as_str(), " ").into();
        }
    }
    let shouted: Vec<&str> = open
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| {
            // Most words end the search at their first or second letter.
            !word.chars().any(char::is_lowercase)
                && word.chars().count() >= 5
                && word.chars().any(char::is_alphabetic)
        })
        .collect();
    if shouted.is_empty() {
        return;
    }
    let open_literals =
        licence.without_literals(&super::normal::normalised(&open), &mut Vec::new());
    for word in shouted {
        if contains_phrase(&open_literals, &word.to_lowercase()) {
            objections.push(Objection::new(ObjectionKind::Code, word));
        }
    }
}

/// Mail addresses other than the customer's.
fn addresses(text: &str, context: &Context<'_>, objections: &mut Vec<Objection>) {
    if !text.contains('@') {
        return;
    }
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')')) {
        let word = word.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?'));
        if word.contains('@') && word != context.sender.email {
            objections.push(Objection::new(ObjectionKind::Address, word));
        }
    }
}

/// Whether `phrase` stands in `text` at the start of a word.
pub fn contains_phrase(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(start, _)| starts_word(text, start))
}
