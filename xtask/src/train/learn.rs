//! Learning: a linear separator per label, by squared hinge loss.
//!
//! Only additions, products, quotients and square roots, which every machine rounds alike.

#![expect(
    clippy::cast_precision_loss,
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
use domain::understand::{Features, GROUP_SIZES, HASHED_GROUPS, features_of};

use super::mails::Mail;

/// Passes over the mails.
const ROUNDS: usize = 30;
/// Where the shuffling starts; any number will do, as long as it stays.
const SEED: u64 = 0x10ce_7ba1_1a2d_5eed;
/// How much each group of features counts: words, letters, single concepts, pairs of concepts.
const GROUP: [f64; 4] = [1.0, 0.8, 0.9, 0.5];
/// How much a short line counts against a mail.
const SHORT_LINE: f64 = 0.5;
/// In how many mails a word or pair of words, and a run of letters, must stand to be learned.
const SEEN_IN: [u32; HASHED_GROUPS] = [3, 5];

/// One mail, ready to learn from.
struct Example {
    /// Each feature's row and value.
    features: Vec<(u32, f64)>,
    /// Per label: there, not there, or not to be learned from.
    truth: [Option<bool>; LABEL_COUNT],
    /// How much it counts: a short line shows one way of saying, a mail how customers write.
    worth: f64,
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
    let mut values = Vec::new();
    for (group, (numbers, share)) in features.mail.iter().zip(GROUP).enumerate() {
        let places = weights.places(group, numbers);
        let value = share / (places.len().max(1) as f64).sqrt();
        values.extend(places.into_iter().map(|place| (place as u32, value)));
    }
    let worth = if mail.is_short_line { SHORT_LINE } else { 1.0 };
    Example { features: values, truth, worth }
}

/// The hashes that stand in most mails, as many as there are rows for.
fn known(all: &[Features], group: usize) -> Known {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for number in all.iter().flat_map(|features| &features.mail[group]) {
        *counts.entry(*number).or_default() += 1;
    }
    let mut often: Vec<(u32, u32)> = counts
        .into_iter()
        .filter(|(_, count)| *count >= SEEN_IN[group])
        .map(|(number, count)| (u32::MAX - count, number))
        .collect();
    often.sort_unstable();
    Known::of(often.into_iter().take(GROUP_SIZES[group]).map(|(_, number)| number))
}

/// How many times a mail with the label weighs against one without.
fn weight(label: &str, there: bool) -> f64 {
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
fn cost(label: &str) -> f64 {
    match label {
        "positive" | "neutral" | "frustrated" | "angry" | "sad" | "complaint" | "question"
        | "order_status" | "escalate" => 0.25,
        _ => 0.5,
    }
}

/// The weights learned from `mails`.
pub fn learn(mails: &[&Mail]) -> Weights {
    let all: Vec<Features> = mails.iter().map(|mail| mail.with_input(features_of)).collect();
    let mut weights = Weights { fingerprint: fingerprint(mails), ..Weights::default() };
    weights.known = std::array::from_fn(|group| known(&all, group));
    let examples: Vec<Example> =
        mails.iter().zip(&all).map(|(mail, features)| example(mail, features, &weights)).collect();
    let sizes = weights.rows.len();
    for (label, name) in LABELS.iter().enumerate() {
        let (values, bias) = separate(&examples, label, name, sizes);
        store(&mut weights, label, &values, bias);
    }
    weights
}

/// FNV-1a over what was learned from.
fn fingerprint(mails: &[&Mail]) -> u64 {
    let texts = mails.iter().flat_map(|mail| [mail.id.as_str(), &mail.subject, &mail.body]);
    texts.flat_map(str::bytes).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The weights of one label and its bias: a support vector machine with squared hinge loss,
/// solved one mail at a time in its dual form, which needs no step size.
fn separate(examples: &[Example], label: usize, name: &str, size: usize) -> (Vec<f64>, f64) {
    let mut values = vec![0.0_f64; size];
    let mut bias = 0.0_f64;
    let mut order: Vec<usize> =
        (0..examples.len()).filter(|index| examples[*index].truth[label].is_some()).collect();
    let mut shares = vec![0.0_f64; examples.len()];
    let mut random = SEED;
    for _ in 0..ROUNDS {
        for index in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            order.swap(index, (random % (index as u64 + 1)) as usize);
        }
        for index in &order {
            let example = &examples[*index];
            let there = example.truth[label] == Some(true);
            let sign = if there { 1.0 } else { -1.0 };
            let mut score = bias;
            let mut own = 1.0;
            for (place, value) in &example.features {
                score += values[*place as usize] * value;
                own += value * value;
            }
            let soft = 0.5 / (cost(name) * weight(name, there) * example.worth);
            let gradient = sign * score - 1.0 + shares[*index] * soft;
            let share = (shares[*index] - gradient / (own + soft)).max(0.0);
            let change = (share - shares[*index]) * sign;
            if change == 0.0 {
                continue;
            }
            shares[*index] = share;
            bias += change;
            for (place, value) in &example.features {
                values[*place as usize] += change * value;
            }
        }
    }
    (values, bias)
}

/// Rounds one label's weights to eight bits with one scale per group of features.
fn store(weights: &mut Weights, label: usize, values: &[f64], bias: f64) {
    weights.bias[label] = (bias * 1000.0).round() as i32;
    let mut start = 0;
    for (group, size) in GROUP_SIZES.iter().enumerate() {
        let end = start + *size;
        let largest = values[start..end].iter().fold(1e-6_f64, |most, it| most.max(it.abs()));
        let unit = largest / 127.0;
        weights.scale[group][label] = (unit * GROUP[group] * 1e6).round() as u32;
        for (row, value) in weights.rows[start..end].iter_mut().zip(&values[start..end]) {
            row[label] = (value / unit).round() as i8;
        }
        start = end;
    }
}
