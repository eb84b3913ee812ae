//! Answers of a few words: a yes or a no that can be about nothing but the offer.

use std::collections::HashSet;

use super::Offer;
use super::cues::{Bare, CUES};
use super::marked::{Marked, Sentence};

/// A bare yes or no is followed by at most so many words.
const SHORT_REST: usize = 30;
/// A last "No." stands under at most so many words.
const LONGEST_REST: usize = 40;

/// Whether the text starts with a bare yes or a bare no that can be about nothing else.
pub(super) fn bare(offer: Offer, marked: &Marked, returns: bool) -> (bool, bool) {
    let (cues, around) = (&*CUES, &CUES.around);
    let sentences = &marked.sentences;
    let opening = sentences.iter().take(4).position(|sentence| {
        let words = marked.words(&sentence.span);
        !around.thanks.is_match(words) || is_bare(words, &cues.yes) || is_bare(words, &cues.no)
    });
    let Some(index) = opening.filter(|_| offer.latest) else { return (false, false) };
    let Some(first) = sentences.get(index) else { return (false, false) };
    let rest = marked.words(&(first.span.end..marked.text.len()));
    let whole = marked.words(&(first.span.start..marked.text.len()));
    let follows = rest.split_whitespace().count();
    let about_it = cues.speaks_of_money.is_match(whole) || around.payment.is_match(whole);
    let elsewhere = around.other_topic.is_match(whole);
    let asks = sentences.iter().skip(index).any(|it| {
        let words = marked.words(&it.span);
        let of_payment = around.when_paid.is_match(words) || around.payment.is_match(words);
        it.question && !of_payment
    });
    let opens = |clause: &str| is_bare(clause, &cues.yes) || opens_with_yes(clause, &cues.yes);
    let opens_any = |it: &Sentence| it.clauses.iter().any(|clause| opens(marked.words(clause)));
    // "Wat aardig! Ja, graag." opens with a cry.
    let cries = marked.words(&first.span).split_whitespace().count() <= 3 && !first.question;
    let second = sentences.get(index + 1).filter(|it| cries && !it.question);
    let yes = opens_any(first)
        || second.is_some_and(opens_any)
        || sentences.iter().skip(index).take(3).any(|it| is_sure(marked.words(&it.span)));
    let mut clauses = first.clauses.iter().map(|clause| marked.words(clause));
    let no = clauses.next().is_some_and(|clause| is_bare(clause, &cues.no));
    let other = cues.wants_other.is_match(whole) || cues.little.is_match(whole) || returns;
    let open = follows <= SHORT_REST && (about_it || !elsewhere && !asks);
    let ends_in_no = |it: &Sentence| is_bare(marked.words(&it.span), &cues.no);
    let no = no && (open || other)
        || about_it && follows <= LONGEST_REST && sentences.iter().any(ends_in_no);
    (yes && !no && open, no)
}

/// The words of a clause, bare of punctuation and apostrophes.
fn words(clause: &str) -> Vec<String> {
    let edge = |letter: char| letter.is_ascii_punctuation() || matches!(letter, '\u{fe0f}');
    let bare = clause.split_whitespace().map(|word| word.trim_matches(edge).replace('\'', ""));
    bare.filter(|word| !word.is_empty()).collect()
}

/// Whether a clause says nothing but yes, or nothing but no.
fn is_bare(clause: &str, listed: &Bare) -> bool {
    let words = words(clause);
    let known = |word: &String| listed.core.contains(word) || listed.filler.contains(word);
    let core = words.iter().filter(|word| listed.core.contains(*word)).count();
    let unknown = words.iter().filter(|word| !known(word)).count();
    // Long bare answers are possible, empty ones are not.
    core > 0 && unknown == 0
}

/// "ja is prima verder geen klachten": two words of agreement before anything else.
fn opens_with_yes(clause: &str, listed: &Bare) -> bool {
    let words = words(clause);
    let known = |word: &&String| listed.core.contains(*word) || listed.filler.contains(*word);
    let lead: Vec<&String> = words.iter().take_while(known).collect();
    let core = lead.iter().filter(|word| listed.core.contains(**word)).count();
    let turns = lead.iter().any(|word| matches!(word.as_str(), "maar" | "but"));
    core >= 2 && !turns && words.len() - lead.len() <= 5
}

/// The place of the last clause that is one firm word of agreement.
pub(super) fn firm_yes(offer: Offer, marked: &Marked) -> Option<usize> {
    let sentences = marked.sentences.iter().filter(|_| offer.latest);
    let stated = sentences.filter(|it| !it.question && marked.asked_in(&it.span).is_none());
    let clauses = stated.flat_map(|sentence| &sentence.clauses);
    clauses.filter(|clause| is_sure(marked.words(clause))).map(|clause| clause.end).max()
}

/// Whether a sentence is one firm word of agreement and little else.
fn is_sure(sentence: &str) -> bool {
    let words: HashSet<String> = words(sentence).into_iter().collect();
    let sure = words.iter().any(|word| CUES.sure_yes.contains(word));
    sure && is_bare(sentence, &CUES.yes)
}
