//! What does the customer want? A deterministic reader, no model needed.
//!
//! [`read`] looks at the new text only; quoted history and signature are context.
//! What the labels mean is told beside each type in [`crate::contract`].

use serde::{Deserialize, Serialize};

use crate::contract::{
    Cents, EscalationReason, IntentSet, Language, Mood, OfferResponse, Percentage, ThreatKind,
};

mod address;
mod alarm;
mod calls;
pub mod classifier;
mod concepts;
mod conclude;
mod features;
mod fresh;
mod gates;
mod known;
mod language;
mod numbers;
mod offer;
mod order_number;
mod plain;
mod rules;
pub mod score;
mod stance;
pub mod windows;

pub use features::{Features, GROUP_NUMBERS, GROUP_SIZES, SINGLE};
pub use offer::learned::{BUCKETS as OFFER_BUCKETS, KINDS as OFFER_KINDS, OfferWeights};

/// What the reader is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The subject line, decoded.
    pub subject: &'a str,
    /// The whole text of the mail: new text, signature and quoted history.
    pub body: &'a str,
    /// Earlier messages of the conversation, oldest first.
    pub thread: &'a [Earlier<'a>],
}

/// An earlier message of the same conversation.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// Whether the shop wrote it.
    pub by_shop: bool,
    /// Its new text.
    pub body: &'a str,
}

/// A new address, in the parts the customer gave. Absent parts were not given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct NewAddress {
    /// Street name without number.
    pub street: Option<String>,
    /// Number with its additions: `12 bis`, `4 bus 3`, `Flat 2`.
    pub house_number: Option<String>,
    /// As written.
    pub postal_code: Option<String>,
    /// As written.
    pub city: Option<String>,
    /// ISO 3166-1 alpha-2, when stated or implied.
    pub country: Option<String>,
}

/// What was understood from one mail. The same text always reads the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The language of the new text.
    pub language: Language,
    /// What is wanted; may be empty when nothing was recognised.
    pub intents: IntentSet,
    /// The most serious announced step, if any.
    pub threat_kind: Option<ThreatKind>,
    /// The tone.
    pub mood: Mood,
    /// The answer to an earlier offer.
    pub offer_response: Option<OfferResponse>,
    /// The percentage asked for in a counter-offer.
    pub counter_percentage: Option<Percentage>,
    /// The euro amount asked for in a counter-offer.
    pub counter_amount: Option<Cents>,
    /// As written, without `#`.
    pub order_number: Option<String>,
    /// Where it should go instead.
    pub new_address: Option<NewAddress>,
    /// Why a person must answer; empty when none must. Holds `Threat` for every threat.
    pub escalate: Vec<EscalationReason>,
    /// The words that led to a threat, escalation, intent, offer or address.
    pub evidence: Vec<Evidence>,
}

/// Reads one mail. The same text always reads the same; no text makes it fail.
pub fn read(input: &Input<'_>) -> Reading {
    read_with(&classifier::WEIGHTS, input)
}

/// Reads one mail with other weights than the shipped ones: for training and cross-validation.
pub fn read_with(weights: &classifier::Weights, input: &Input<'_>) -> Reading {
    let seen = conclude::Seen::of(input, &offer::learned::WEIGHTS);
    conclude::conclude(weights, input, &seen)
}

/// What the new text of a mail speaks of: names of word lists, and the word found, in order.
pub fn topics(input: &Input<'_>) -> Vec<(&'static str, String)> {
    conclude::Seen::of(input, &offer::learned::WEIGHTS).topics()
}

/// What the classifier sees of a mail, answers to offers read with `answers`: for training.
pub fn features_of(input: &Input<'_>, answers: &OfferWeights) -> Features {
    conclude::Seen::of(input, answers).features
}

/// The labels of the rules and marks that hold in a mail: for finding from which score on a
/// label is given.
pub fn marks(input: &Input<'_>) -> Vec<&'static str> {
    conclude::Seen::of(input, &offer::learned::WEIGHTS).labels().collect()
}

/// What the learned part of answers to offers sees, when an offer is open: for training.
pub fn offer_features_of(input: &Input<'_>) -> Option<Vec<u16>> {
    let parts = fresh::parts(input.body);
    offer::features(input, &parts.quoted, &parts.new)
}

/// The words that led to a conclusion, for the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was concluded: a label such as `threat:legal` or `intent:return`.
    pub label: String,
    /// The words themselves, at most 120 characters.
    pub words: String,
}

impl Reading {
    /// `dreiging_detected`.
    pub const fn threat(&self) -> bool {
        self.threat_kind.is_some()
    }

    /// Whether a person must answer.
    pub const fn must_escalate(&self) -> bool {
        !self.escalate.is_empty()
    }
}
