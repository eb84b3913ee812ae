//! Learning how answers to offers read: one separator per kind, by squared hinge loss.
//!
//! It learns from the labelled mails with an open offer and from the answers told as cases.

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

use std::fs;

use anyhow::{Context, Result};
use domain::contract::OfferResponse;
use domain::understand::{
    Earlier, Input, OFFER_BUCKETS, OFFER_KINDS, OfferWeights, offer_features_of,
};
use serde::Deserialize;

use super::mails::Mail;

/// Answers with the offers they answer, as the tests read them.
const CASES: &str = "crates/domain/src/understand/offer/cases.toml";
/// Passes over the answers.
const ROUNDS: usize = 20;
/// What an error costs against simple weights.
const COST: f64 = 3.0;
/// Where the shuffling starts; any number will do, as long as it stays.
const SEED: u64 = 0x0ffe_7ba1_1a2d_5eed;

#[derive(Deserialize)]
struct Cases {
    answers: Vec<Answers>,
    counters: Vec<Counters>,
}

#[derive(Deserialize)]
struct Answers {
    offered: String,
    response: String,
    texts: Vec<String>,
}

#[derive(Deserialize)]
struct Counters {
    offered: String,
    texts: Vec<Counter>,
}

#[derive(Deserialize)]
struct Counter {
    says: String,
}

/// One answer: its features and what it is.
struct Example {
    features: Vec<u16>,
    kind: Option<OfferResponse>,
}

/// The weights learned from `mails` and from the cases.
pub fn learn(mails: &[Mail]) -> Result<OfferWeights> {
    let mut examples: Vec<Example> = mails.iter().filter_map(of_mail).collect();
    let text = fs::read_to_string(CASES).with_context(|| format!("reading {CASES}"))?;
    let cases: Cases = toml::from_str(&text).with_context(|| format!("reading {CASES}"))?;
    for group in &cases.answers {
        let kind = OfferResponse::from_text(&group.response);
        let texts = group.texts.iter().filter_map(|text| told(&group.offered, text, kind));
        examples.extend(texts);
    }
    for group in &cases.counters {
        let kind = Some(OfferResponse::Counter);
        examples.extend(group.texts.iter().filter_map(|it| told(&group.offered, &it.says, kind)));
    }
    let mut weights = OfferWeights::default();
    for (index, kind) in OFFER_KINDS.iter().enumerate() {
        let (values, bias) = separate(&examples, *kind);
        weights.bias[index] = (bias * 1000.0).round() as i32;
        let largest = values.iter().fold(1e-6_f64, |most, it| most.max(it.abs()));
        let unit = largest / 127.0;
        weights.scale[index] = (unit * 1e6).round() as u32;
        for (row, value) in weights.rows.iter_mut().zip(&values) {
            row[index] = (value / unit).round() as i8;
        }
    }
    Ok(weights)
}

fn of_mail(mail: &Mail) -> Option<Example> {
    let features = mail.with_input(offer_features_of)?;
    Some(Example { features, kind: mail.labels.offer_response })
}

fn told(offered: &str, body: &str, kind: Option<OfferResponse>) -> Option<Example> {
    let thread = [Earlier { by_shop: true, body: offered }];
    let features = offer_features_of(&Input { subject: "Re: x", body, thread: &thread })?;
    Some(Example { features, kind })
}

/// A support vector machine with squared hinge loss in its dual form, one answer at a time.
fn separate(examples: &[Example], kind: Option<OfferResponse>) -> (Vec<f64>, f64) {
    let mut values = vec![0.0_f64; OFFER_BUCKETS];
    let mut bias = 0.0_f64;
    let mut shares = vec![0.0_f64; examples.len()];
    let mut order: Vec<usize> = (0..examples.len()).collect();
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
            let there = example.kind == kind;
            let sign = if there { 1.0 } else { -1.0 };
            let scale = 1.0 / (example.features.len().max(1) as f64).sqrt();
            let sum: f64 = example.features.iter().map(|it| values[usize::from(*it)]).sum();
            let soft = 0.5 / (COST * if there { 1.5 } else { 1.0 });
            let gradient = sign * (bias + sum * scale) - 1.0 + shares[*index] * soft;
            let share = (shares[*index] - gradient / (2.0 + soft)).max(0.0);
            let change = (share - shares[*index]) * sign;
            shares[*index] = share;
            bias += change;
            for number in &example.features {
                values[usize::from(*number)] += change * scale;
            }
        }
    }
    (values, bias)
}
