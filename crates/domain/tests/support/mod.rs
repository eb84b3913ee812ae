//! A desk to put mails on: a shop, a customer and a moment, everything else by default.
#![expect(clippy::unwrap_used, reason = "a broken desk fails the test that stands at it")]

use domain::contract::{EscalationReason, Intent};
use domain::contract::{
    IntentSet, LadderStep, Language, Mood, OfferResponse, Percentage, RuleKey, ThreatKind,
};
use domain::decide::{
    Decision, Facts, LedgerEntry, LedgerKind, OrderFacts, Sender, Terms, ThreadState, decide,
};
use domain::policy::{master, master_rules, parse_ladder};
use domain::understand::Reading;
use jiff::Timestamp;
use serde_json::Value;

/// A shop with one mail on its desk.
#[derive(Debug, Clone)]
pub struct Desk {
    pub now: Timestamp,
    pub received_at: Timestamp,
    pub terms: Terms,
    pub sender: Sender,
    pub thread: ThreadState,
    pub reading: Reading,
    pub order: Option<OrderFacts>,
    pub watch_word: Option<String>,
}

impl Desk {
    /// An active shop that sends by itself, a verified customer, the master rules.
    pub fn new() -> Self {
        let now: Timestamp = "2026-11-18T09:00:00Z".parse().unwrap();
        Self {
            now,
            received_at: now,
            terms: Terms {
                bedrijfsnaam: "Linnen & Leer".to_owned(),
                ai_persona_name: "Eva".to_owned(),
                taalvoorkeur: Language::Dutch,
                retouradres: "Weversstraat 12, 5038 AB Tilburg".to_owned(),
                shop_url: "https://linnenenleer.example".to_owned(),
                signature_html: String::new(),
                maximaal_extra_compensatie: Percentage::from_percents(15),
                reply_days: 2,
                automatic_sending: true,
                active: true,
                rules: master_rules(),
            },
            sender: Sender {
                email: "sanne@example.nl".to_owned(),
                name: "Sanne de Wit".to_owned(),
                verified: true,
                reply_to_elsewhere: false,
                doubt: None,
            },
            thread: ThreadState::default(),
            reading: reading(&[]),
            order: None,
            watch_word: None,
        }
    }

    /// With the compensation ladder on: 10 %, steps of 5 %, cap 25 %, two offers.
    pub fn with_ladder(mut self) -> Self {
        let mut config = master(RuleKey::OnderhandelingLogica).rule_config.clone();
        set(&mut config, "enabled", Value::Bool(true));
        self.terms.rules.onderhandeling_logica.config = parse_ladder(&config).unwrap();
        self.terms.rules.onderhandeling_logica.version = 1;
        self
    }

    /// With intents read from the mail.
    pub fn wants(mut self, intents: &[Intent]) -> Self {
        self.reading.intents = intents.iter().copied().collect();
        self
    }

    /// Decides.
    pub fn decide(&self) -> Decision {
        decide(&Facts {
            now: self.now,
            received_at: self.received_at,
            terms: &self.terms,
            sender: &self.sender,
            thread: &self.thread,
            reading: &self.reading,
            watch_word: self.watch_word.as_deref(),
            order: self.order.as_ref(),
        })
    }

    /// Carries a sent decision into the ledger, as the shell does.
    pub fn record(&mut self, decision: &Decision, sent: bool) {
        for entry in decision.ledger.iter().filter(|_| sent) {
            self.thread.ledger.push(LedgerEntry {
                kind: entry.kind,
                ladder_stap: entry.ladder_stap,
                percentage: entry.percentage,
                at: self.now,
                order_number: self.reading.order_number.clone(),
            });
        }
    }
}

/// A neutral Dutch reading.
pub fn reading(intents: &[Intent]) -> Reading {
    Reading {
        language: Language::Dutch,
        intents: intents.iter().copied().collect::<IntentSet>(),
        threat_kind: None,
        mood: Mood::Neutral,
        offer_response: None,
        counter_percentage: None,
        counter_amount: None,
        order_number: None,
        new_address: None,
        escalate: Vec::new(),
        evidence: Vec::new(),
    }
}

/// Sets one field of a JSON object.
pub fn set(config: &mut Value, field: &str, value: Value) {
    config.as_object_mut().unwrap().insert(field.to_owned(), value);
}

/// An offer in the ledger.
pub fn offered(percents: u16, step: i64, at: Timestamp, order: Option<&str>) -> LedgerEntry {
    LedgerEntry {
        kind: LedgerKind::Offered,
        ladder_stap: LadderStep::new(step).unwrap(),
        percentage: Percentage::from_percents(percents),
        at,
        order_number: order.map(str::to_owned),
    }
}

/// Re-exported so that tests name one place.
pub fn threat(kind: ThreatKind) -> (Option<ThreatKind>, Vec<EscalationReason>) {
    (Some(kind), vec![EscalationReason::Threat])
}

/// A reply to an offer.
pub fn answer(response: OfferResponse, percents: Option<u16>) -> Reading {
    Reading {
        offer_response: Some(response),
        counter_percentage: percents.map(Percentage::from_percents),
        ..reading(&[Intent::Compensation])
    }
}
