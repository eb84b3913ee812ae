//! Somebody else's shop policy in our rules: does `decide` grant what that policy grants and
//! deny what it denies?
//!
//! The cases name an action, not a mail, so the reading is made from the action's kind. Where
//! a request text exists, the reader is asked too, and how often it finds the same request
//! is reported. What no rule of ours decides on is listed with counts.

mod facts;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use domain::contract::Intent;
use domain::decide::{Action, Facts, Request, ThreadState, Verdict, decide};
use domain::understand::{Input, read};
use serde_json::Value;

use self::facts::{Database, order_facts, reading};
use super::shop::{Shop, moment, sender};
use super::{Score, Wanted, cases, text};

const SET: &str = "policy-tau-retail";

/// A kind of action that a rule of ours decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Cancel,
    AddressChange,
    Return,
    Exchange,
}

impl Kind {
    fn of(action: &str) -> Option<Self> {
        match action {
            "cancel_pending_order" => Some(Self::Cancel),
            "modify_pending_order_address" => Some(Self::AddressChange),
            "return_delivered_order_items" => Some(Self::Return),
            "exchange_delivered_order_items" => Some(Self::Exchange),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::AddressChange => "address change",
            Self::Return => "return",
            Self::Exchange => "exchange",
        }
    }

    const fn request(self) -> Request {
        match self {
            Self::Cancel => Request::Cancel,
            Self::AddressChange => Request::AddressChange,
            Self::Return => Request::Return,
            Self::Exchange => Request::Exchange,
        }
    }

    /// What the reader calls it; an exchange is a return to it.
    const fn intent(self) -> Intent {
        match self {
            Self::Cancel => Intent::Cancel,
            Self::AddressChange => Intent::AddressChange,
            Self::Return | Self::Exchange => Intent::Return,
        }
    }
}

/// What became of a case. Granting means: the rule allows it and the reply may leave.
/// Denying means: the rule denies it and a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Granted,
    Denied,
    Unsettled,
}

/// The confusion of one kind.
#[derive(Default)]
struct Confusion {
    /// Granted, denied, unsettled of the cases to be allowed.
    allow: [usize; 3],
    /// The same of the cases to be denied.
    deny: [usize; 3],
}

/// Recall of allow and deny per kind, and what the reader finds in the request texts.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted(SET) {
        return Ok(Vec::new());
    }
    let cases = cases(corpora, SET, "decision_cases.jsonl")?;
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let path = corpora.join(SET).join("db.json");
    let database = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let database = Database::new(serde_json::from_str(&database)?);
    let shop = Shop::from_toml(include_str!("shop.toml"))?;
    let mut table: BTreeMap<Kind, Confusion> = BTreeMap::new();
    let mut inexpressible: BTreeMap<String, usize> = BTreeMap::new();
    let mut tally = Tally::default();
    for case in &cases {
        let action = text(case, "action");
        let order = order_facts(case, &database);
        let (Some(kind), Ok(order)) = (Kind::of(action), &order) else {
            let why = order.err().unwrap_or_else(|| action.to_owned());
            *inexpressible.entry(why).or_default() += 1;
            continue;
        };
        let outcome = outcome(case, kind, order, &shop)?;
        let confusion = table.entry(kind).or_default();
        let (row, fits, allow) = match text(case, "expected") {
            "allow" => (&mut confusion.allow, outcome == Outcome::Granted, true),
            "deny" => (&mut confusion.deny, outcome == Outcome::Denied, false),
            other => bail!("{}: expected {other:?}", text(case, "id")),
        };
        if let Some(cell) = row.get_mut(outcome as usize) {
            *cell += 1;
        }
        let miss = || format!("{}: {outcome:?}, rule: {}", text(case, "id"), text(case, "rule"));
        tally.recall(kind, allow).count(fits, miss);
        if let Some(request) = case.get("request_text").and_then(Value::as_str) {
            let intents = read(&Input { body: request, ..Input::default() }).intents;
            tally.reader(kind).count(intents.contains(kind.intent()), || {
                format!("{}: read {intents:?}", text(case, "id"))
            });
        }
    }
    print_notes(&table, &inexpressible, cases.len());
    Ok(tally.into_scores())
}

/// The scores by kind: recall of allow, recall of deny, requests the reader finds.
#[derive(Default)]
struct Tally(BTreeMap<(u8, Kind), Score>);

impl Tally {
    fn recall(&mut self, kind: Kind, allow: bool) -> &mut Score {
        let side = if allow { "allow" } else { "deny" };
        self.0
            .entry((u8::from(!allow), kind))
            .or_insert_with(|| Score::new(format!("{SET}, {} {side}", kind.name()), Some(100)))
    }

    fn reader(&mut self, kind: Kind) -> &mut Score {
        self.0
            .entry((2, kind))
            .or_insert_with(|| Score::new(format!("{SET}, {} read in text", kind.name()), None))
    }

    fn into_scores(self) -> Vec<Score> {
        self.0.into_values().collect()
    }
}

/// Decides one case on facts alone.
fn outcome(
    case: &Value,
    kind: Kind,
    order: &domain::decide::OrderFacts,
    shop: &Shop,
) -> anyhow::Result<Outcome> {
    let now = moment()?;
    let order = domain::decide::OrderFacts {
        wants_exchange: kind == Kind::Exchange,
        // An exchange pays the difference with it and gets no refund.
        refund_method: order.refund_method.filter(|_| kind == Kind::Return),
        ..order.clone()
    };
    let decision = decide(&Facts {
        now,
        received_at: now,
        terms: &shop.terms,
        sender: &sender(),
        thread: &ThreadState::default(),
        reading: &reading(case, kind.intent()),
        watch_word: None,
        order: Some(&order),
    });
    Ok(match (decision.ruling(kind.request()), decision.action) {
        (Some(Verdict::Allow), Action::Reply) => Outcome::Granted,
        (Some(Verdict::Deny), Action::Hold) => Outcome::Denied,
        _ => Outcome::Unsettled,
    })
}

fn print_notes(
    table: &BTreeMap<Kind, Confusion>,
    inexpressible: &BTreeMap<String, usize>,
    total: usize,
) {
    println!(
        "{:<32} {:>8} {:>8} {:>10}",
        format!("{SET}, {total} cases"),
        "granted",
        "denied",
        "unsettled"
    );
    for (kind, confusion) in table {
        for (side, [granted, denied, unsettled]) in
            [("allow", confusion.allow), ("deny", confusion.deny)]
        {
            let row = format!("  {}, to {side}", kind.name());
            println!("{row:<32} {granted:>8} {denied:>8} {unsettled:>10}");
        }
    }
    for (why, count) in inexpressible {
        println!("  no rule of ours: {why}, {count} cases");
    }
}
