//! Learning: a linear separator per label, by squared hinge loss.
//!
//! Only additions, products, quotients and square roots, which every machine rounds alike.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights are rounded to eight bits on purpose"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "dense tables whose sizes are constants; a wrong place must end the training"
)]

use std::collections::BTreeMap;

use domain::understand::classifier::{Known, LABEL_COUNT, LABELS, Weights};
use domain::understand::{Features, GROUP_NUMBERS, GROUP_SIZES, OfferWeights, SINGLE, features_of};

use super::mails::Mail;
use super::separate::{Row, rounded, separate};
use super::windows;

/// Passes over the mails.
const ROUNDS: usize = 30;
/// How much each group of features counts: words, letters, single concepts, pairs of concepts.
const GROUP: [f64; 4] = [1.0, 0.8, 0.9, 0.5];
/// How much a short line counts against a mail.
const SHORT_LINE: f64 = 0.5;
/// In how many mails a word or pair of words, a run of letters, a single concept and a pair of
/// them must stand to be learned.
const SEEN_IN: [u32; 4] = [3, 5, 0, 2];

/// One mail, ready to learn from.
pub struct Example {
    /// Each feature's row and value.
    features: Row,
    /// Per label: there, not there, or not to be learned from.
    pub truth: [Option<bool>; LABEL_COUNT],
    /// How much it counts: a short line shows one way of saying, a mail how customers write.
    pub worth: f64,
}

/// What the labels of a mail say about each label of the classifier.
pub fn truth(mail: &Mail) -> [Option<bool>; LABEL_COUNT] {
    let labels = &mail.labels;
    let mut truth = [None; LABEL_COUNT];
    for (place, name) in truth.iter_mut().zip(LABELS) {
        let kind = labels.threat_kind.is_some_and(|kind| kind.as_str() == name);
        let intent = labels.intents.iter().any(|intent| intent.as_str() == name);
        let mood = labels.mood.as_str() == name;
        *place = match name {
            "threat" => Some(labels.threat),
            "escalate" => (!labels.threat).then_some(labels.must_escalate),
            _ => Some(kind || intent || mood),
        };
    }
    truth
}

/// A mail with its features; labels that may not be given teach nothing.
fn example(mail: &Mail, features: &Features, weights: &Weights) -> Example {
    let mut truth = truth(mail);
    for (index, place) in truth.iter_mut().enumerate() {
        if features.open & (1 << index) == 0 {
            *place = None;
        }
    }
    let mut values = Row::default();
    for (group, (numbers, share)) in features.mail.iter().zip(GROUP).enumerate() {
        let start: usize = GROUP_SIZES.iter().take(group).sum();
        let rows = numbers.iter().filter_map(|number| weights.row(group, *number));
        let mut places: Vec<u32> = rows.map(|row| start as u32 + u32::from(row)).collect();
        places.sort_unstable();
        places.dedup();
        values.add_group(&places, share);
    }
    let worth = if mail.is_short_line { SHORT_LINE } else { 1.0 };
    Example { features: values, truth, worth }
}

/// The numbers that stand in most mails, as many as there are rows for.
fn known(all: &[Features], group: usize) -> Known {
    let mails = all.iter().map(|features| {
        let mut numbers = features.mail[group].clone();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    });
    most(mails.flatten(), SEEN_IN[group], GROUP_SIZES[group], GROUP_NUMBERS[group])
}

/// The numbers that come most often, at least `least` times, as many as there are rows for.
pub fn most(numbers: impl Iterator<Item = u32>, least: u32, rows: usize, below: usize) -> Known {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    numbers.for_each(|number| *counts.entry(number).or_default() += 1);
    let mut often: Vec<(u32, u32)> = counts
        .into_iter()
        .filter(|(_, count)| *count >= least)
        .map(|(number, count)| (u32::MAX - count, number))
        .collect();
    often.sort_unstable();
    Known::of(below, often.into_iter().take(rows).map(|(_, number)| number))
}

/// How many times a mail with the label weighs against one without.
pub fn weight(label: &str, there: bool) -> f64 {
    match (label, there) {
        ("threat" | "escalate", true) => 2.0,
        (
            "legal" | "chargeback" | "authority" | "public_review" | "press_social" | "violence"
            | "self_harm",
            true,
        ) => 3.0,
        ("cancel" | "warranty", true) => 1.5,
        _ => 1.0,
    }
}

/// What an error costs against simple weights: less for labels about which people differ.
pub fn cost(label: &str) -> f64 {
    match label {
        "positive" | "neutral" | "frustrated" | "angry" | "sad" | "complaint" | "question"
        | "order_status" | "escalate" => 0.25,
        _ => 0.5,
    }
}

/// The weights learned from `mails`, where answers to offers are read with `answers`.
pub fn learn(mails: &[&Mail], answers: &OfferWeights) -> Weights {
    let all: Vec<Features> =
        mails.iter().map(|mail| mail.with_input(|input| features_of(input, answers))).collect();
    let mut weights = Weights { fingerprint: fingerprint(mails), ..Weights::default() };
    for group in (0..GROUP_SIZES.len()).filter(|group| *group != SINGLE) {
        weights.known[group] = known(&all, group);
    }
    let examples: Vec<Example> =
        mails.iter().zip(&all).map(|(mail, features)| example(mail, features, &weights)).collect();
    let sizes = weights.rows.len();
    for (label, name) in LABELS.iter().enumerate() {
        let known = examples.iter().filter_map(|example| {
            let there = example.truth[label]?;
            Some((&example.features, there, cost(name) * weight(name, there) * example.worth))
        });
        let (values, bias) = separate(&known.collect::<Vec<_>>(), sizes, ROUNDS);
        store(&mut weights, label, &values, bias);
    }
    windows::learn(&mut weights, &all, &examples);
    weights
}

/// FNV-1a over what was learned from.
fn fingerprint(mails: &[&Mail]) -> u64 {
    let texts = mails.iter().flat_map(|mail| [mail.id.as_str(), &mail.subject, &mail.body]);
    texts.flat_map(str::bytes).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Rounds one label's weights to eight bits with one scale per group of features.
fn store(weights: &mut Weights, label: usize, values: &[f64], bias: f64) {
    weights.bias[label] = (bias * 1000.0).round() as i32;
    let mut start = 0;
    for (group, size) in GROUP_SIZES.iter().enumerate() {
        let end = start + *size;
        let (own, unit) = rounded(&values[start..end]);
        weights.scale[group][label] = (unit * GROUP[group] * 1e6).round() as u32;
        for (row, weight) in weights.rows[start..end].iter_mut().zip(own) {
            row[label] = weight;
        }
        start = end;
    }
}
