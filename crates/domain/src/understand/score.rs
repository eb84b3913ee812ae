//! How good is the reader? Counts against labelled mails; all figures in basis points.
//!
//! Used by `loket eval` and by the tests. It knows labels and readings, not how to read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{NewAddress, Reading};
use crate::contract::{EscalationReason, Intent, Language, Mood, OfferResponse, ThreatKind};

/// What people say a mail means, with the names of `loket eval`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// The language of the new text.
    pub language: Language,
    /// What is wanted.
    #[serde(default)]
    pub intents: Vec<Intent>,
    /// Whether a step is announced.
    #[serde(default)]
    pub threat: bool,
    /// Which step.
    #[serde(default)]
    pub threat_kind: Option<ThreatKind>,
    /// The tone.
    pub mood: Mood,
    /// The answer to an earlier offer.
    #[serde(default)]
    pub offer_response: Option<OfferResponse>,
    /// The percentage asked for: a number such as `25` or `12.5`.
    #[serde(default)]
    pub counter_percentage: Option<serde_json::Number>,
    /// The euros asked for: a number such as `40` or `12.5`.
    #[serde(default)]
    pub counter_amount_eur: Option<serde_json::Number>,
    /// As written.
    #[serde(default)]
    pub order_number: Option<String>,
    /// The new address.
    #[serde(default)]
    pub new_address: Option<NewAddress>,
    /// Whether a person must answer.
    #[serde(default)]
    pub must_escalate: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hit: u32,
    missed: u32,
    extra: u32,
    /// For labels that every mail has: how many were right.
    right: u32,
    all: u32,
}

/// One line of the table; shares in basis points, 10 000 is all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The label, such as `intent:return` or `mood`.
    pub label: String,
    /// How many mails carry it.
    pub support: u32,
    /// Of those found, how many are right.
    pub precision: u32,
    /// Of those there, how many were found.
    pub recall: u32,
    /// Both together; for labels every mail has: the share read right.
    pub f1: u32,
}

/// A running comparison.
#[derive(Debug, Clone, Default)]
pub struct Score {
    counts: BTreeMap<String, Counts>,
    mails: u32,
    quiet: (u32, u32),
}

/// A number of JSON in hundredths, without floating point.
pub fn hundredths(number: &serde_json::Number) -> Option<i64> {
    let text = number.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    let whole: i64 = whole.parse().ok()?;
    Some(whole * 100 + part.parse::<i64>().ok()?)
}

/// Without blanks and case: how order numbers are compared.
pub fn unspaced(text: &str) -> String {
    text.chars().filter(|it| !it.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Without blanks, case and punctuation: how addresses are compared.
pub fn normalised(text: &str) -> String {
    text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn same_address(read: Option<&NewAddress>, expected: Option<&NewAddress>) -> bool {
    let parts = |address: Option<&NewAddress>| {
        let address = address.cloned().unwrap_or_default();
        [address.street, address.house_number, address.postal_code, address.city, address.country]
            .map(|part| part.map(|it| normalised(&it)).unwrap_or_default())
    };
    parts(read) == parts(expected)
}

impl Score {
    /// Counts one mail and returns the labels that were read wrong.
    pub fn add(&mut self, reading: &Reading, labels: &Labels) -> Vec<String> {
        let mut wrong = Vec::new();
        self.mails += 1;
        self.binary("threat", reading.threat(), labels.threat, &mut wrong);
        self.binary("must_escalate", reading.must_escalate(), labels.must_escalate, &mut wrong);
        for kind in ThreatKind::ALL {
            let name = format!("threat:{kind}");
            let read = reading.threat_kind == Some(*kind);
            self.binary(&name, read, labels.threat_kind == Some(*kind), &mut wrong);
        }
        for intent in Intent::ALL {
            let name = format!("intent:{intent}");
            let read = reading.intents.contains(*intent);
            self.binary(&name, read, labels.intents.contains(intent), &mut wrong);
        }
        self.exact("language", reading.language == labels.language, true, &mut wrong);
        self.exact("mood", reading.mood == labels.mood, true, &mut wrong);
        for mood in Mood::ALL {
            let name = format!("mood:{mood}");
            self.binary(&name, reading.mood == *mood, labels.mood == *mood, &mut Vec::new());
        }
        let offered = labels.offer_response.is_some();
        let response = reading.offer_response == labels.offer_response;
        self.exact("offer_response", response, offered || !response, &mut wrong);
        let percentage = labels.counter_percentage.as_ref().and_then(hundredths);
        let amount = labels.counter_amount_eur.as_ref().and_then(hundredths);
        let number = reading.counter_percentage.map(|it| i64::from(it.basis_points()))
            == percentage
            && reading.counter_amount.map(|it| it.0) == amount;
        let asked = percentage.is_some() || amount.is_some();
        self.exact("counter_number", number, asked || !number, &mut wrong);
        let order = |text: Option<&String>| text.map(|it| unspaced(it));
        let order = order(reading.order_number.as_ref()) == order(labels.order_number.as_ref());
        self.exact("order_number", order, true, &mut wrong);
        self.exact("order_number:present", order, labels.order_number.is_some(), &mut Vec::new());
        let address = same_address(reading.new_address.as_ref(), labels.new_address.as_ref());
        self.exact("new_address", address, labels.new_address.is_some() || !address, &mut wrong);
        wrong
    }

    /// Counts one mail that sounds alarming and is not.
    pub fn add_quiet(&mut self, reading: &Reading) {
        let other = reading.escalate.iter().any(|reason| *reason != EscalationReason::Threat);
        self.quiet.0 += u32::from(reading.threat() || other);
        self.quiet.1 += 1;
    }

    /// How many mails were counted.
    pub const fn mails(&self) -> u32 {
        self.mails
    }

    /// Of the mails that only sound alarming: how many alarmed, and how many there were.
    pub const fn alarms(&self) -> (u32, u32) {
        self.quiet
    }

    fn binary(&mut self, label: &str, read: bool, expected: bool, wrong: &mut Vec<String>) {
        let counts = self.counts.entry(label.to_owned()).or_default();
        counts.hit += u32::from(read && expected);
        counts.missed += u32::from(!read && expected);
        counts.extra += u32::from(read && !expected);
        if read != expected {
            wrong.push(format!("{}{label}", if read { '+' } else { '-' }));
        }
    }

    fn exact(&mut self, label: &str, right: bool, counts_in: bool, wrong: &mut Vec<String>) {
        if !counts_in {
            return;
        }
        let counts = self.counts.entry(label.to_owned()).or_default();
        counts.right += u32::from(right);
        counts.all += 1;
        if !right {
            wrong.push(format!("~{label}"));
        }
    }

    /// One row per label that occurs, in alphabetical order.
    pub fn table(&self) -> Vec<Row> {
        let share = |part: u32, of: u32| (part * 10_000).checked_div(of).unwrap_or(10_000);
        let rows = self.counts.iter().filter(|(_, it)| it.hit + it.missed + it.extra + it.all > 0);
        rows.map(|(label, it)| {
            if it.all > 0 {
                let right = share(it.right, it.all);
                let label = label.clone();
                return Row { label, support: it.all, precision: right, recall: right, f1: right };
            }
            Row {
                label: label.clone(),
                support: it.hit + it.missed,
                precision: share(it.hit, it.hit + it.extra),
                recall: share(it.hit, it.hit + it.missed),
                f1: share(2 * it.hit, 2 * it.hit + it.missed + it.extra),
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_json_become_hundredths() {
        let read = |text: &str| hundredths(&serde_json::from_str(text).unwrap());
        assert_eq!(read("25"), Some(2500));
        assert_eq!(read("12.5"), Some(1250));
        assert_eq!(read("7.25"), Some(725));
    }

    #[test]
    fn precision_and_recall() {
        let mut score = Score::default();
        for (read, expected) in [(true, true), (true, false), (false, true), (false, false)] {
            score.binary("x", read, expected, &mut Vec::new());
        }
        let row = score.table().remove(0);
        assert_eq!((row.support, row.precision, row.recall, row.f1), (2, 5000, 5000, 5000));
    }
}
