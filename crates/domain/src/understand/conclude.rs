//! From what was seen in a mail to what it means: rules and classifier weighed together.
//!
//! Rules are evidence; the classifier weighs them with the rest of the text. Where both
//! disagree, a threat or a call for a person wins only with a margin in its favour.

use super::address::{self, Scored};
use super::alarm;
use super::calls;
use super::classifier::{Judged, Scores, Weights, place};
use super::concepts::{Book, Found, Heard};
use super::features::{Features, Source, Style, features};
use super::fresh::{Parts, parts};
use super::gates;
use super::language::language;
use super::offer::learned::OfferWeights;
use super::offer::{self, Answer};
use super::order_number::order_number;
use super::plain::{Plain, Span, fold};
use super::rules::{RULE_SET, RuleHit, apply, marked};
use super::stance;
use super::{Evidence, Input, Reading};
use crate::contract::{EscalationReason, Intent, IntentSet, Language, Mood, OfferResponse};

/// Everything seen in a mail before anything is concluded.
pub(super) struct Seen {
    parts: Parts,
    plain: Plain,
    found: Found,
    hits: Vec<RuleHit>,
    /// Words for a step or a call for a person: their mark and where they stand.
    marked: Vec<(&'static str, Span)>,
    answer: Option<Answer>,
    address: Option<Scored>,
    /// Whether an address was looked for.
    searched: bool,
    /// What the classifier is given.
    pub features: Features,
}

/// The subject when the customer wrote it; an answer's subject is the shop's.
fn own_subject(subject: &str) -> &str {
    let start = subject.trim_start();
    let is_answer = ["re:", "aw:", "fw:", "fwd:", "antw:", "doorst:", "tr:", "betr:"]
        .iter()
        .any(|mark| start.get(..mark.len()).is_some_and(|it| it.eq_ignore_ascii_case(mark)));
    if is_answer { "" } else { start }
}

impl Seen {
    /// Looks at the new text of a mail; answers to offers are weighed with `answers`.
    pub(super) fn of(input: &Input<'_>, answers: &OfferWeights) -> Self {
        let parts = parts(input.body);
        let own = own_subject(input.subject);
        let raw = format!("{own}\n\n{}", parts.new.trim());
        let mut plain = Plain::of(&raw);
        // One line is easier to search; lengths stay the same.
        plain.text = plain.text.replace('\n', " ");
        let heard = Heard::in_text(&plain);
        let called = calls::look(&plain, &heard, &parts.new);
        let stances = stance::look(&plain, &heard);
        let found = &heard.topics;
        let mut hits = apply(found);
        hits.extend(marked(&stances.marks, &called));
        let offered = offer::offer(input, &parts.quoted);
        let answer = offered.and_then(|it| offer::response(it, &parts.new, input.subject, answers));
        let style = Style {
            has_history: !parts.quoted.is_empty() || !input.thread.is_empty(),
            is_answer: own.len() < input.subject.len(),
            ..Style::of(&parts.new)
        };
        let mut facts = Vec::new();
        facts.extend(offered.map(|_| 0));
        facts.extend(answer.map(|answer| 1 + answer.response as u16));
        let has_place =
            found.all & Book::Topics.mask_of(PLACES) != 0 || address::may_hold(&parts.new);
        let address = has_place.then(|| address::new_address(own, &parts.new)).flatten();
        facts.extend(address.iter().flat_map(told_of));
        let offered_address = address.as_ref().is_some_and(|it| it.address.street.is_some());
        let open = gates::open(found.all)
            | u32::from(offered_address) << place("address_change")
            | u32::from(answer.is_some()) << place("compensation");
        let names = stance::named(&stances.marks).chain(calls::named(&called));
        let marked = names.collect();
        let source =
            Source { plain: &plain, heard: &heard, hits: &hits, style, facts: &facts, open };
        let features = features(&source);
        let (searched, found) = (has_place, heard.topics);
        Self { parts, plain, found, hits, marked, answer, address, searched, features }
    }

    /// Each word found with the lists it stands in.
    pub(super) fn topics(&self) -> Vec<(&'static str, String)> {
        let words = self.found.hits.iter().flat_map(|hit| {
            let words = self.plain.words(hit.span).to_owned();
            Book::Topics.names_in(hit.mask).into_iter().map(move |name| (name, words.clone()))
        });
        words.collect()
    }

    /// The first sentence in which a rule with this label holds.
    fn words_of(&self, label: &str) -> Option<&str> {
        self.hits.iter().find_map(|hit| {
            let rule = RULE_SET.get(hit.rule)?;
            let span = self.plain.sentences.get(hit.sentence)?;
            (rule.label == label).then(|| self.plain.words(*span))
        })
    }

    /// Whether a rule or mark with this label holds somewhere.
    pub(super) fn holds(&self, label: &str) -> bool {
        self.words_of(label).is_some()
    }

    /// The labels of the rules and marks that hold, as often as they do.
    pub(super) fn labels(&self) -> impl Iterator<Item = &'static str> {
        self.hits.iter().filter_map(|hit| RULE_SET.get(hit.rule)).map(|rule| rule.label.as_str())
    }

    /// Whether a rule or mark whose label starts so holds.
    pub(super) fn any(&self, prefix: &str) -> bool {
        self.labels().any(|label| label.starts_with(prefix))
    }

    /// How many different rules and marks whose label starts so hold.
    pub(super) fn count(&self, prefix: &str) -> usize {
        let mut rules: Vec<usize> = self.hits.iter().map(|hit| hit.rule).collect();
        rules.dedup();
        let named = rules.into_iter().filter_map(|rule| RULE_SET.get(rule));
        named.filter(|rule| rule.label.starts_with(prefix)).count()
    }
}

/// What an address found tells the classifier: that there is one, whether it has a postcode,
/// whether it is complete, and how clearly it is announced.
fn told_of(found: &Scored) -> Vec<u16> {
    let Scored { address, score } = found;
    let coded = address.postal_code.is_some();
    let complete = address.street.is_some()
        && address.house_number.is_some()
        && (coded || address.city.is_some());
    let mut facts = vec![4 + u16::from(coded)];
    facts.extend(complete.then_some(6));
    facts.extend([5, 12, 18, 22].iter().zip(7..).filter(|(from, _)| score >= from).map(|it| it.1));
    facts
}

/// Only a mail that speaks of one of these, or holds a postcode, is searched for an address.
const PLACES: &str = "address redirect moving address_change";

/// What the classifier says about a label.
pub(super) fn score(scores: &Scores, label: &str) -> i32 {
    scores.get(place(label)).copied().unwrap_or(0)
}

/// Draws every conclusion from what was seen.
pub(super) fn conclude(weights: &Weights, input: &Input<'_>, seen: &Seen) -> Reading {
    let judged = weights.judge(&seen.features);
    let scores = judged.scores;
    let threat_kind = alarm::threat(&scores, seen);
    let escalate = alarm::escalation(&scores, seen, threat_kind);
    let mut intents = intents(&scores, seen);
    let answer = seen.answer;
    if answer.is_some() {
        intents = intents.with(Intent::Compensation);
    }
    let new_address = intents
        .contains(Intent::AddressChange)
        .then(|| match &seen.address {
            None if !seen.searched => {
                address::new_address(own_subject(input.subject), &seen.parts.new)
            }
            known => known.clone(),
        })
        .flatten()
        .map(|it| it.address);
    let history: Vec<&str> = std::iter::once(seen.parts.quoted.as_str())
        .chain(input.thread.iter().map(|earlier| earlier.body))
        .collect();
    let mut reading = Reading {
        language: spoken(input, seen),
        intents,
        threat_kind,
        mood: mood(&scores),
        offer_response: answer.map(|answer| answer.response),
        counter_percentage: answer.and_then(|answer| answer.percentage),
        counter_amount: answer.and_then(|answer| answer.amount),
        order_number: order_number(
            &[input.subject, &seen.parts.new, &seen.parts.signature],
            &history,
        ),
        new_address,
        escalate,
        evidence: Vec::new(),
    };
    reading.evidence = evidence(&reading, weights, &judged, seen);
    reading
}

fn spoken(input: &Input<'_>, seen: &Seen) -> Language {
    let thread = input.thread.last().map_or("", |earlier| earlier.body);
    let own = own_subject(input.subject);
    let new = seen.plain.text.get(fold(own).trim_end().len()..).unwrap_or_default();
    language(
        new.trim_start(),
        &[own, input.subject, &seen.parts.signature, &seen.parts.quoted, thread],
    )
}

/// The score from which a label is given, where it is not zero: set by cross-validation,
/// under zero where a missed mail costs more than a needless look.
const FROM: [(&str, i32); 12] = [
    ("return", -550),
    ("cancel", -400),
    ("address_change", -100),
    ("order_status", -300),
    ("compensation", -150),
    ("complaint", -250),
    ("warranty", -250),
    ("invoice", -200),
    ("question", -250),
    ("thanks", -350),
    ("auto_reply", -200),
    ("spam_or_marketing", -350),
];

fn given(scores: &Scores, label: &str) -> bool {
    let from = FROM.iter().find(|(name, _)| *name == label).map_or(0, |(_, from)| *from);
    score(scores, label) > from
}

/// What the mail takes back or rules out (`deny:` rules) is not wanted, however it sounds.
fn intents(scores: &Scores, seen: &Seen) -> IntentSet {
    let denied: Vec<&str> = seen.labels().filter_map(|it| it.strip_prefix("deny:")).collect();
    let possible = || {
        let all = Intent::ALL.iter().copied();
        all.filter(|intent| !denied.contains(&intent.as_str()))
    };
    let set: IntentSet = possible().filter(|intent| given(scores, intent.as_str())).collect();
    if !set.is_empty() {
        return set;
    }
    possible().max_by_key(|intent| score(scores, intent.as_str())).into_iter().collect()
}

/// What is added to a tone's score: the rarer ones are learned too shyly.
const MOOD_EXTRA: [(Mood, i32); 5] = [
    (Mood::Positive, 150),
    (Mood::Neutral, -150),
    (Mood::Frustrated, 100),
    (Mood::Angry, 200),
    (Mood::Sad, 300),
];

fn mood(scores: &Scores) -> Mood {
    let best = Mood::ALL.iter().copied().max_by_key(|mood| {
        let extra = MOOD_EXTRA.iter().find(|(known, _)| known == mood).map_or(0, |(_, it)| *it);
        score(scores, mood.as_str()) + extra
    });
    best.unwrap_or(Mood::Neutral)
}

/// At most this many characters of a sentence are kept as evidence.
const EVIDENCE_LENGTH: usize = 120;

/// In a longer sentence they start at most this many bytes before the word that counts.
const LEAD: usize = 60;

fn evidence(reading: &Reading, weights: &Weights, judged: &Judged, seen: &Seen) -> Vec<Evidence> {
    let mut labels: Vec<String> = Vec::new();
    labels.extend(reading.threat_kind.map(|kind| format!("threat:{kind}")));
    labels.extend(
        reading
            .escalate
            .iter()
            .skip_while(|it| **it == EscalationReason::Threat)
            .map(|it| format!("escalate:{it}")),
    );
    labels.extend(reading.intents.iter().map(|intent| format!("intent:{intent}")));
    let places: Vec<usize> = labels.iter().map(|label| place(name_of(label))).collect();
    let telling = weights.telling(judged, &places);
    let mut list: Vec<Evidence> = labels
        .into_iter()
        .zip(telling)
        .map(|(label, index)| {
            let words = seen.telling(&label, index).unwrap_or_default();
            Evidence { words: words.trim().chars().take(EVIDENCE_LENGTH).collect(), label }
        })
        .collect();
    let short = |text: &str| text.trim().chars().take(EVIDENCE_LENGTH).collect::<String>();
    if let Some(response) = reading.offer_response {
        list.push(Evidence { label: format!("offer:{response}"), words: short(&seen.parts.new) });
    }
    if let Some(address) = &reading.new_address {
        let given = [&address.street, &address.house_number, &address.postal_code, &address.city];
        let words = given.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
        list.push(Evidence { label: "address".to_owned(), words: short(&words) });
    }
    list
}

/// The part of an evidence label that the classifier knows.
fn name_of(label: &str) -> &str {
    label.rsplit(':').next().unwrap_or(label)
}

impl Seen {
    /// The words that say most for a label: those of a mark, of a rule, or the sentence the
    /// classifier heeds most, the one at `index`.
    fn telling(&self, label: &str, index: usize) -> Option<&str> {
        let alarm = label.starts_with("threat:") || label.starts_with("escalate:");
        if let Some(words) = self.marked_words(label).filter(|_| alarm) {
            return Some(words);
        }
        if let Some(words) = self.words_of(label).filter(|_| alarm) {
            return Some(words);
        }
        let sentence = self.plain.sentences.get(index).map(|span| self.plain.words(*span));
        sentence.filter(|words| !words.trim().is_empty() || !alarm).or(Some(&self.plain.text))
    }

    /// The words of the strongest mark for a threat or a reason, from a little before them on.
    fn marked_words(&self, label: &str) -> Option<&str> {
        let (group, name) = label.split_once(':')?;
        let wanted: &[&str] = match (group, name) {
            ("threat", _) => &["stance:announced:", "stance:perhaps:", "stance:named:"],
            (_, "asks_for_person") => &["call:sure:", "call:bare", "call:perhaps:"],
            _ => &["call:sure:", "call:perhaps:"],
        };
        let first = |start: &&str| {
            self.marked.iter().find(|(mark, _)| {
                mark.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest == name)
            })
        };
        let (_, span) = wanted.iter().find_map(first)?;
        let sentence = self.plain.sentences.iter().find(|it| span.start < it.end)?;
        let words = self.plain.words(*sentence);
        let before = span.start.saturating_sub(sentence.start);
        if words.len() <= EVIDENCE_LENGTH {
            return Some(words);
        }
        let from = before.saturating_sub(LEAD);
        let from = (from..=before).find(|at| *at == 0 || words.as_bytes().get(*at) == Some(&b' '));
        words.get(from.unwrap_or(before)..)
    }
}

/// Kept so that a counter-offer never loses its kind.
const _: () = assert!(OfferResponse::Counter as usize == 2);
