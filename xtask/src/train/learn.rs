//! Learning: a linear separator per label, by squared hinge loss and adaptive steps.
//!
//! Only additions, products, quotients and square roots, which every machine rounds alike.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights are rounded to eight bits on purpose"
)]

use domain::understand::classifier::{LABEL_COUNT, LABELS, Weights};
use domain::understand::{Features, features_of};

use super::mails::Mail;

/// Passes over the mails.
const ROUNDS: usize = 40;
/// The first step's size.
const STEP: f64 = 0.5;
/// How strongly weights are pulled to zero.
const DECAY: f64 = 2e-4;
/// Where the shuffling starts; any number will do, as long as it stays.
const SEED: u64 = 0x10ce_7ba1_1a2d_5eed;
/// How much each group of features counts: text, single concepts, pairs.
const GROUP: [f64; 3] = [1.0, 1.6, 1.3];

/// One mail, ready to learn from.
struct Example {
    features: Features,
    /// Per label: there, not there, or not to be learned from.
    truth: [Option<bool>; LABEL_COUNT],
}

/// What the labels of a mail say about each label of the classifier.
fn truth(mail: &Mail) -> [Option<bool>; LABEL_COUNT] {
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

/// How many times a mail with the label weighs against one without.
fn weight(label: &str, there: bool) -> f64 {
    match (label, there) {
        ("threat" | "escalate", true) => 2.0,
        ("legal" | "chargeback" | "authority" | "public_review" | "press_social" | "violence" | "self_harm", true) => 3.0,
        (_, true) => 1.5,
        _ => 1.0,
    }
}

/// The weights learned from `mails`.
pub fn learn(mails: &[&Mail]) -> Weights {
    let examples: Vec<Example> = mails
        .iter()
        .map(|mail| Example { features: mail.with_input(features_of), truth: truth(mail) })
        .collect();
    let mut weights = Weights { fingerprint: fingerprint(mails), ..Weights::default() };
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

/// Averaged weights of one label and its bias.
fn separate(examples: &[Example], label: usize, name: &str, size: usize) -> (Vec<f64>, f64) {
    let mut values = vec![0.0_f64; size];
    let mut sums = vec![0.0_f64; size];
    let mut squares = vec![1e-3_f64; size];
    let (mut bias, mut bias_square, mut bias_sum) = (0.0_f64, 1e-3_f64, 0.0_f64);
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = SEED;
    for round in 0..ROUNDS {
        for index in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            order.swap(index, (random % (index as u64 + 1)) as usize);
        }
        for example in order.iter().filter_map(|index| examples.get(*index)) {
            let Some(there) = example.truth[label] else { continue };
            let sign = if there { 1.0 } else { -1.0 };
            let mut score = bias;
            for (group, share) in example.features.groups.iter().zip(GROUP) {
                let scale = share / (group.len().max(1) as f64).sqrt();
                score += group.iter().map(|it| values[usize::from(*it)]).sum::<f64>() * scale;
            }
            let slack = 1.0 - sign * score;
            if slack <= 0.0 {
                continue;
            }
            let pull = -2.0 * sign * slack * weight(name, there);
            for (group, share) in example.features.groups.iter().zip(GROUP) {
                let scale = share / (group.len().max(1) as f64).sqrt();
                for number in group {
                    let at = usize::from(*number);
                    let gradient = pull * scale + DECAY * values[at];
                    squares[at] += gradient * gradient;
                    values[at] -= STEP * gradient / squares[at].sqrt();
                }
            }
            bias_square += pull * pull;
            bias -= STEP * pull / bias_square.sqrt();
        }
        if round >= ROUNDS / 2 {
            sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
            bias_sum += bias;
        }
    }
    let rounds = (ROUNDS - ROUNDS / 2) as f64;
    (sums.into_iter().map(|sum| sum / rounds).collect(), bias_sum / rounds)
}

/// Rounds one label's weights to eight bits with one scale per group of features.
fn store(weights: &mut Weights, label: usize, values: &[f64], bias: f64) {
    weights.bias[label] = (bias * 1000.0).round() as i32;
    let mut start = 0;
    for (group, size) in domain::understand::GROUP_SIZES.iter().enumerate() {
        let end = start + usize::from(*size);
        let largest = values[start..end].iter().fold(1e-6_f64, |most, it| most.max(it.abs()));
        let unit = largest / 127.0;
        weights.scale[group][label] = (unit * GROUP[group] * 1e6).round() as u32;
        for (row, value) in weights.rows[start..end].iter_mut().zip(&values[start..end]) {
            row[label] = (value / unit).round() as i8;
        }
        start = end;
    }
}
