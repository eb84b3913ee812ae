//! A customer's answer made ready to read: greeting off, amounts replaced by what they are
//! beside the offer, cut in sentences and clauses.

use std::fmt::Write as _;
use std::ops::Range;

use super::Offer;
use super::cues::{CUES, Share};
use crate::understand::numbers::{Amount, Unit, amounts};
use crate::understand::plain::fold;

/// The text of an answer.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// Lower case; amounts stand as `SAME0`, `MORE1` and so on.
    pub text: String,
    /// The amounts by their number: hundredths and unit.
    pub amounts: Vec<(i64, Unit)>,
    /// The sentences in order.
    pub sentences: Vec<Sentence>,
}

/// One sentence.
#[derive(Debug)]
pub(super) struct Sentence {
    /// Its place in the text, mark excluded.
    pub span: Range<usize>,
    /// Whether it ends with a question mark.
    pub question: bool,
    /// Its parts between commas and before a `but`.
    pub clauses: Vec<Range<usize>>,
}

/// What is replaced, and by what.
struct Mark {
    span: Range<usize>,
    name: &'static str,
    hundredths: i64,
    unit: Unit,
}

impl Marked {
    /// Reads the new text of a mail.
    pub(super) fn of(offer: Offer, new: &str) -> Self {
        let flat = flat(&fold(new));
        let mut marked = Self::default();
        let mut at = 0;
        for mark in marks(offer, &flat) {
            let Some(before) = flat.get(at..mark.span.start) else { continue };
            marked.text.push_str(before);
            let number = marked.amounts.len();
            // Writing to a String cannot fail.
            let _ = write!(marked.text, "{}{number}", mark.name);
            marked.amounts.push((mark.hundredths, mark.unit));
            at = mark.span.end;
        }
        marked.text.push_str(flat.get(at..).unwrap_or_default());
        marked.text = marked.text.replace(['’', '*', '_'], "");
        marked.sentences = sentences(&marked.text);
        marked.sentences.truncate(MOST_SENTENCES);
        let machine = &CUES.around.machine;
        let text = &marked.text;
        marked
            .sentences
            .retain(|sentence| !machine.is_match(text.get(sentence.span.clone()).unwrap_or("")));
        marked
    }

    /// The words of a stretch.
    pub(super) fn words(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default().trim()
    }

    /// The last bare number above the offer that counts no days and no pieces: where somebody
    /// bargains, it is what is asked for.
    pub(super) fn counted(&self, offer: Offer) -> Option<i64> {
        let least = offer.hundredths?;
        let most = if offer.unit == Unit::Percent { 10_000 } else { least.saturating_mul(8) };
        let marks = self.text.match_indices("COUNT").filter_map(|(at, name)| {
            let rest = self.text.get(at + name.len()..)?;
            let digits = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at_checked(digits)?;
            let (hundredths, _) = *self.amounts.get(number.parse::<usize>().ok()?)?;
            let counts = CUES.around.counted.is_match(after);
            (hundredths > least && hundredths <= most && !counts).then_some(hundredths)
        });
        marks.last()
    }

    /// How many words the customer wrote.
    pub(super) fn length(&self) -> usize {
        self.sentences.iter().map(|it| self.words(&it.span).split_whitespace().count()).sum()
    }

    /// The amount of the last mark in `span` that is not the offered one.
    pub(super) fn asked_in(&self, span: &Range<usize>) -> Option<(i64, Unit, usize)> {
        let words = self.text.get(span.clone())?;
        let mut marks = words.char_indices().filter_map(|(at, _)| {
            let rest = words.get(at..)?;
            let name = ["MORE", "PART", "FULL", "BARE", "COST"]
                .into_iter()
                .find(|name| rest.starts_with(name))?;
            let digits: String =
                rest.chars().skip(name.len()).take_while(char::is_ascii_digit).collect();
            let (hundredths, unit) = *self.amounts.get(digits.parse::<usize>().ok()?)?;
            Some((hundredths, unit, span.start + at))
        });
        marks.next_back()
    }
}

/// One line, the greeting off; line ends that end a thought become full stops.
fn flat(plain: &str) -> String {
    let mut rest = plain.trim();
    for greeting in &CUES.around.greeting {
        if let Some(found) = greeting.find(rest) {
            rest = rest.get(found.end()..).unwrap_or_default().trim_start();
        }
    }
    let mut flat = String::with_capacity(rest.len() + 8);
    for line in rest.lines() {
        let line = line.trim();
        if CUES.around.device.is_match(line) {
            continue;
        }
        flat.push_str(line);
        let goes_on = line.len() >= FULL_LINE;
        let marked = line.ends_with(['.', ',', '!', '?', ':', ';']);
        flat.push_str(if goes_on || marked { " " } else { ". " });
    }
    flat.replace(" per cent", " percent").replace(" ten honderd", " procent")
}

/// So many sentences are read: nobody answers an offer only after them, and time stays bounded.
const MOST_SENTENCES: usize = 60;

/// Lines at least this long are wrapped, not ended.
const FULL_LINE: usize = 48;

fn marks(offer: Offer, flat: &str) -> Vec<Mark> {
    let mut marks = shares(offer, flat);
    for amount in amounts(flat) {
        let (name, hundredths) = named(offer, flat, &amount);
        let unit = if amount.unit == Unit::Bare { offer.unit } else { amount.unit };
        marks.push(Mark { span: amount.start..amount.end, name, hundredths, unit });
    }
    // The longest wins where two overlap.
    marks.sort_by_key(|mark| (mark.span.start, std::cmp::Reverse(mark.span.end)));
    let mut kept: Vec<Mark> = Vec::new();
    for mark in marks {
        if kept.last().is_none_or(|last| last.span.end <= mark.span.start) {
            kept.push(mark);
        }
    }
    kept
}

fn shares(offer: Offer, flat: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (pattern, size) in &CUES.parts {
        for found in pattern.find_iter(flat) {
            let span = found.range();
            if marks.iter().any(|it| it.span.start < span.end && span.start < it.span.end) {
                continue;
            }
            let after = flat.get(span.end..).unwrap_or_default();
            let (name, hundredths, unit) = match *size {
                Share::OfPrice(10_000) if CUES.around.figure_of_speech.is_match(after) => {
                    ("COUNT", 0, Unit::Thing)
                }
                Share::OfPrice(10_000) => ("FULL", 10_000, Unit::Percent),
                _ if CUES.around.no_part.is_match(after) => ("COUNT", 0, Unit::Thing),
                Share::OfPrice(size)
                    if offer.unit == Unit::Percent && offer.hundredths == Some(size) =>
                {
                    ("SAME", size, Unit::Percent)
                }
                Share::OfPrice(size) => ("PART", size, Unit::Percent),
                Share::HalvesOfOffer(halves) => {
                    ("PART", offer.hundredths.unwrap_or(0) * halves / 2, offer.unit)
                }
            };
            marks.push(Mark { span, name, hundredths, unit });
        }
    }
    marks
}

/// What an amount is beside the offer, and how much is meant.
fn named(offer: Offer, flat: &str, amount: &Amount) -> (&'static str, i64) {
    let around = &CUES.around;
    let before = flat.get(..amount.start).unwrap_or_default();
    let after = flat.get(amount.end..).unwrap_or_default();
    let offered = offer.hundredths.unwrap_or(0);
    let alike = amount.unit == offer.unit || amount.unit == Unit::Bare;
    let value = amount.hundredths;
    if amount.unit == Unit::Thing || value == 0 {
        return ("COUNT", value);
    }
    let near = tail(before, 40);
    let added = around.add_before.is_match(near) || around.add_after.is_match(after);
    if alike && added && offered > 0 {
        return ("MORE", offered + value);
    }
    if value == offered && (alike || offer.unit == Unit::Bare) {
        return ("SAME", value);
    }
    let whole = offer.unit == Unit::Percent && value > 10_000;
    if amount.unit == Unit::Bare && (whole || value < offered) {
        return ("COUNT", value);
    }
    let price = around.cost_before.is_match(near) && !around.offer_before.is_match(near)
        || around.cost_after.is_match(after);
    if price && amount.unit != Unit::Percent {
        return ("COST", value);
    }
    match amount.unit {
        Unit::Bare => ("BARE", value),
        _ if alike && value < offered => ("LESS", value),
        _ => ("MORE", value),
    }
}

fn tail(text: &str, length: usize) -> &str {
    let from = text.char_indices().rev().nth(length).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or(text)
}

fn sentences(text: &str) -> Vec<Sentence> {
    let mut list = Vec::new();
    let mut start = 0;
    for (at, letter) in text.char_indices() {
        let after = text.get(at + letter.len_utf8()..).unwrap_or_default();
        let ends = match letter {
            '!' | '?' => true,
            '.' | '…' => after.is_empty() || after.starts_with([' ', '.']),
            _ => false,
        };
        if ends {
            push_sentence(&mut list, text, start..at, letter == '?');
            start = at + letter.len_utf8();
        }
    }
    push_sentence(&mut list, text, start..text.len(), false);
    list
}

fn push_sentence(list: &mut Vec<Sentence>, text: &str, span: Range<usize>, question: bool) {
    let words = text.get(span.clone()).unwrap_or_default();
    if !words.chars().any(|letter| !letter.is_whitespace() && !matches!(letter, '.' | ')')) {
        // "what??" and "well...?" are one question.
        if let Some(last) = list.last_mut().filter(|_| question) {
            last.question = true;
        }
        return;
    }
    let mut clauses = Vec::new();
    let mut start = 0;
    for (at, letter) in words.char_indices() {
        let rest = words.get(at..).unwrap_or_default();
        let comma = matches!(letter, ',' | ';' | '(' | ')');
        let dash = rest.starts_with(" - ");
        let turn = [" maar ", " but ", " doch ", " however "].iter().any(|it| rest.starts_with(it));
        // "doe maar" and "stuur maar" are one thought.
        let soft = rest.starts_with(" maar ") && is_soft(words.get(start..at).unwrap_or_default());
        if comma || dash || turn && !soft {
            clauses.push(span.start + start..span.start + at);
            start = at + letter.len_utf8();
        }
    }
    clauses.push(span.start + start..span.end);
    clauses.retain(|clause| !text.get(clause.clone()).unwrap_or_default().trim().is_empty());
    list.push(Sentence { span, question, clauses });
}

/// Whether a `maar` after these words softens them instead of turning against them.
fn is_soft(before: &str) -> bool {
    let last = before.split_whitespace().last().unwrap_or_default();
    [
        "doe", "stuur", "geef", "dan", "stort", "maak", "laat", "houd", "hou", "nou", "kom",
        "neem", "dat", "boek", "betaal", "zeg", "doet", "het", "ze", "mij", "me",
    ]
    .contains(&last)
}
