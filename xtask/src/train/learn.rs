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

use domain::understand::classifier::{LABEL_COUNT, LABELS, Weights};
use domain::understand::{Features, features_of};

use super::mails::Mail;

/// Passes over the mails.
const ROUNDS: usize = 20;
/// What an error costs against simple weights.
const COST: f64 = 0.5;
/// Where the shuffling starts; any number will do, as long as it stays.
const SEED: u64 = 0x10ce_7ba1_1a2d_5eed;
/// How much each group of features counts: of the mail its text, single concepts and pairs;
/// of its telling sentence the text and the concepts.
const GROUP: [f64; 5] = [2.0, 2.0, 1.5, 0.4, 1.5];

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

/// A mail with its features; labels that may not be given teach nothing.
fn example(mail: &Mail) -> Example {
    let features = mail.with_input(features_of);
    let mut truth = truth(mail);
    for (index, place) in truth.iter_mut().enumerate() {
        if features.open & (1 << index) == 0 {
            *place = None;
        }
    }
    Example { features, truth }
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
        (_, true) => 1.5,
        _ => 1.0,
    }
}

/// The weights learned from `mails`.
pub fn learn(mails: &[&Mail]) -> Weights {
    let examples: Vec<Example> = mails.iter().map(|mail| example(mail)).collect();
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

/// One constraint: a mail read by one of its sentences.
struct Instance<'a> {
    mail: usize,
    features: &'a Features,
    sentence: usize,
    share: f64,
}

impl Instance<'_> {
    /// Each feature's number and value.
    fn each(&self, mut see: impl FnMut(usize, f64)) {
        let sentence = self.features.sentences.get(self.sentence);
        let groups = self.features.mail.iter().chain(sentence.into_iter().flatten());
        for (group, share) in groups.zip(GROUP) {
            let scale = share / (group.len().max(1) as f64).sqrt();
            for number in group {
                see(usize::from(*number), scale);
            }
        }
    }
}

/// How often the telling sentence of each mail is chosen anew.
const CHOICES: usize = 4;

/// The weights of one label and its bias. A mail is judged as a whole plus by its most
/// telling sentence, so the learning alternates: choose that sentence with what is known,
/// then separate. Against a label every sentence once chosen keeps counting.
fn separate(examples: &[Example], label: usize, name: &str, size: usize) -> (Vec<f64>, f64) {
    let mut values = vec![0.0_f64; size];
    let mut bias = 0.0;
    let mut against: Vec<(usize, usize)> = Vec::new();
    for _ in 0..CHOICES {
        let mut instances = Vec::new();
        for (mail, example) in examples.iter().enumerate() {
            let Some(there) = example.truth[label] else { continue };
            let count = example.features.sentences.len().max(1);
            let worth = |sentence: usize| {
                let mut sum = 0.0;
                let instance = Instance { mail, features: &example.features, sentence, share: 0.0 };
                instance.each(|number, value| sum += values[number] * value);
                sum
            };
            let mut best = (0, f64::MIN);
            for sentence in 0..count {
                let own = worth(sentence);
                if own > best.1 {
                    best = (sentence, own);
                }
            }
            let features = &example.features;
            if there {
                instances.push(Instance { mail, features, sentence: best.0, share: 0.0 });
            } else if !against.contains(&(mail, best.0)) {
                against.push((mail, best.0));
            }
        }
        for (mail, sentence) in &against {
            let features = &examples[*mail].features;
            instances.push(Instance { mail: *mail, features, sentence: *sentence, share: 0.0 });
        }
        (values, bias) = solve(&mut instances, examples, label, name, size);
    }
    (values, bias)
}

/// A support vector machine with squared hinge loss, solved one constraint at a time in its
/// dual form, which needs no step size.
fn solve(
    instances: &mut [Instance<'_>],
    examples: &[Example],
    label: usize,
    name: &str,
    size: usize,
) -> (Vec<f64>, f64) {
    let mut values = vec![0.0_f64; size];
    let mut bias = 0.0_f64;
    let mut order: Vec<usize> = (0..instances.len()).collect();
    let mut random = SEED;
    let own: f64 = 1.0 + GROUP.iter().map(|share| share * share).sum::<f64>();
    for _ in 0..ROUNDS {
        for index in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            order.swap(index, (random % (index as u64 + 1)) as usize);
        }
        for index in &order {
            let instance = &mut instances[*index];
            let there = examples[instance.mail].truth[label] == Some(true);
            let sign = if there { 1.0 } else { -1.0 };
            let mut score = bias;
            instance.each(|number, value| score += values[number] * value);
            let soft = 0.5 / (COST * weight(name, there));
            let gradient = sign * score - 1.0 + instance.share * soft;
            let share = (instance.share - gradient / (own + soft)).max(0.0);
            let change = (share - instance.share) * sign;
            if change == 0.0 {
                continue;
            }
            instance.share = share;
            bias += change;
            instance.each(|number, value| values[number] += change * value);
        }
    }
    (values, bias)
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
