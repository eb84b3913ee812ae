//! What short English texts ask for. Reported only: they are written to chat bots and said
//! on the telephone, not mailed to web shops.
//!
//! A label is used only where the reader has the same idea. The mapping stands in [`BITEXT`]
//! and [`mapped_call`]; everything else is left out. A text fits when what is expected is
//! among what was read; whether more was read does not count against it, except in the
//! scores that say so.

use std::collections::BTreeMap;
use std::path::Path;

use domain::contract::{EscalationReason, Intent};
use domain::understand::{Input, Reading, read};
use serde_json::Value;

use super::{Score, Wanted, cases, text};

/// What a label means to the reader.
#[derive(Clone, Copy)]
enum Means {
    /// This is wanted.
    Wants(Intent),
    /// A person is asked for.
    Person,
    /// Something is asked that no rule answers: no request that a rule grants may be read.
    NoRequest,
}

/// Left out: refunds (`get_refund`, `track_refund`) may be returns or compensation to us,
/// `change_order` and `set_up_shipping_address` may or may not be a change of address,
/// `delete_account` may be a cancellation, `contact_customer_service` may be a wish for a
/// person, `check_cancellation_fee` and `check_refund_policy` lean on the words of a
/// request, `payment_issue` and `registration_problems` may be complaints.
const BITEXT: [(&str, Means); 16] = [
    ("cancel_order", Means::Wants(Intent::Cancel)),
    ("change_shipping_address", Means::Wants(Intent::AddressChange)),
    ("track_order", Means::Wants(Intent::OrderStatus)),
    ("complaint", Means::Wants(Intent::Complaint)),
    ("check_invoice", Means::Wants(Intent::Invoice)),
    ("get_invoice", Means::Wants(Intent::Invoice)),
    ("contact_human_agent", Means::Person),
    ("create_account", Means::NoRequest),
    ("edit_account", Means::NoRequest),
    ("recover_password", Means::NoRequest),
    ("switch_account", Means::NoRequest),
    ("delivery_options", Means::NoRequest),
    ("delivery_period", Means::NoRequest),
    ("newsletter_subscription", Means::NoRequest),
    ("place_order", Means::NoRequest),
    ("check_payment_methods", Means::NoRequest),
];

/// Scores in the order in which they first occur.
#[derive(Default)]
struct Tally {
    order: Vec<String>,
    scores: BTreeMap<String, Score>,
}

impl Tally {
    fn count(&mut self, name: String, fits: bool, miss: impl FnOnce() -> String) {
        if !self.scores.contains_key(&name) {
            self.order.push(name.clone());
        }
        self.scores.entry(name.clone()).or_insert_with(|| Score::new(name, None)).count(fits, miss);
    }

    fn into_scores(mut self) -> Vec<Score> {
        self.order.iter().filter_map(|name| self.scores.remove(name)).collect()
    }
}

/// The scores per label.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    let mut tally = Tally::default();
    if wanted("intent-bitext-en") {
        for case in cases(corpora, "intent-bitext-en", "utterances.jsonl")? {
            let label = text(&case, "intent");
            let Some((_, means)) = BITEXT.iter().find(|(name, _)| *name == label) else { continue };
            weigh("intent-bitext-en", &case, *means, &mut tally);
        }
    }
    if wanted("intent-nlupp-en") {
        for file in ["banking.jsonl", "hotels.jsonl"] {
            for case in cases(corpora, "intent-nlupp-en", file)? {
                call(&case, file.starts_with("hotels"), &mut tally);
            }
        }
    }
    Ok(tally.into_scores())
}

fn weigh(set: &str, case: &Value, means: Means, tally: &mut Tally) {
    let reading = read(&Input { body: text(case, "text"), ..Input::default() });
    let (name, fits) = match means {
        Means::Wants(intent) => (intent.to_string(), reading.intents.contains(intent)),
        Means::Person => {
            ("a person".to_owned(), reading.escalate.contains(&EscalationReason::AsksForPerson))
        }
        Means::NoRequest => ("no request read in".to_owned(), !asks(&reading)),
    };
    tally.count(format!("{set}, {name}"), fits, || {
        format!("{} ({}): {:?}", text(case, "id"), text(case, "text"), reading.intents)
    });
}

/// Whether anything was read that a rule could grant.
fn asks(reading: &Reading) -> bool {
    [Intent::Return, Intent::Cancel, Intent::AddressChange, Intent::Compensation]
        .into_iter()
        .any(|intent| reading.intents.contains(intent))
}

/// A caller's line. Mapped: `handoff` asks for a person; `thank` thanks; at the hotel,
/// cancelling a booking is a cancellation unless it asks how, why or how much. In no line
/// does anybody threaten.
fn call(case: &Value, hotel: bool, tally: &mut Tally) {
    let labels: Vec<&str> = case
        .get("intents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let set = "intent-nlupp-en";
    for means in mapped_call(&labels, hotel) {
        weigh(set, case, means, tally);
    }
    let reading = read(&Input { body: text(case, "text"), ..Input::default() });
    tally.count(format!("{set}, no threat read in"), !reading.threat(), || {
        format!("{} ({}): {:?}", text(case, "id"), text(case, "text"), reading.threat_kind)
    });
}

fn mapped_call(labels: &[&str], hotel: bool) -> Vec<Means> {
    let has = |label: &str| labels.contains(&label);
    let mut means = Vec::new();
    if has("handoff") {
        means.push(Means::Person);
    }
    if has("thank") {
        means.push(Means::Wants(Intent::Thanks));
    }
    let asks = ["how", "why", "how_much", "request_info", "when"].into_iter().any(has);
    if hotel && has("cancel_close_leave_freeze") && has("booking") && !asks {
        means.push(Means::Wants(Intent::Cancel));
    }
    means
}
