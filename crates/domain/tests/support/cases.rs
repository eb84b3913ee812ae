//! The format of `policies/<rule_key>/cases.toml`: one mail, and what must become of it.
//! Only the fields that a case names are compared.

use std::collections::BTreeMap;

use domain::contract::{
    Cents, EscalationReason, Intent, LadderStep, Language, Mood, NotificationType, OfferResponse,
    Percentage, RuleKey, ThreatKind,
};
use domain::decide::{
    Action, LedgerEntry, LedgerKind, OrderFacts, ReasonCode, Request, Sender, Terms, ThreadState,
    Verdict,
};
use domain::guard::ObjectionKind;
use domain::policy::{AnyConfig, Rule, Rules, master, master_rules, parse_config};
use domain::understand::{NewAddress, Reading};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// One `cases.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// In the order of the file.
    pub case: Vec<Case>,
}

/// One mail with its circumstances and what must become of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in one sentence that no other case has.
    pub says: String,
    /// The subject line.
    #[serde(default)]
    pub subject: String,
    /// The customer's text; without it, `reading` is all that was read.
    pub mail: Option<String>,
    /// What a careful person reads in it, where the reader reads something else.
    #[serde(default)]
    pub reading: Readings,
    /// Earlier messages of the conversation, oldest first.
    #[serde(default)]
    pub thread: Vec<Earlier>,
    /// When the mail arrived; the decision is taken at the same moment.
    pub received: Option<Timestamp>,
    /// The shop's settings.
    #[serde(default)]
    pub shop: Shop,
    /// `rule_config` fields over the masters', by rule key.
    #[serde(default)]
    pub rules: serde_json::Map<String, serde_json::Value>,
    /// Earlier offers to this customer.
    #[serde(default)]
    pub ledger: Vec<Line>,
    /// What the shop's system says about the order.
    pub order: Option<OrderFacts>,
    /// Who wrote.
    #[serde(default)]
    pub sender: From,
    /// Where the conversation stands.
    #[serde(default)]
    pub conversation: Conversation,
    /// What must become of it.
    pub expect: Expect,
}

/// Fields of a [`Reading`] that a case gives itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Readings {
    pub language: Option<Language>,
    pub intents: Option<Vec<Intent>>,
    pub threat_kind: Option<ThreatKind>,
    pub mood: Option<Mood>,
    pub offer_response: Option<OfferResponse>,
    /// Whole percents.
    pub counter_percentage: Option<u16>,
    /// Euro cents.
    pub counter_amount: Option<i64>,
    pub order_number: Option<String>,
    pub new_address: Option<NewAddress>,
    pub escalate: Option<Vec<EscalationReason>>,
    /// Fields that are empty although the reader fills them.
    pub none: Vec<String>,
}

/// An earlier message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    pub from: Writer,
    pub body: String,
}

/// Who wrote an earlier message.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    Shop,
    Customer,
}

/// Fields of [`Terms`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shop {
    pub taalvoorkeur: Option<Language>,
    pub retouradres: Option<String>,
    /// Whole percents.
    pub maximaal_extra_compensatie: Option<u16>,
    pub reply_days: Option<u16>,
    pub automatic_sending: Option<bool>,
    pub active: Option<bool>,
}

/// A line of the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub kind: LedgerKind,
    pub ladder_stap: i64,
    /// Whole percents.
    pub percentage: u16,
    pub days_ago: i64,
    pub order_number: Option<String>,
}

/// Fields of [`Sender`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct From {
    pub email: Option<String>,
    pub name: Option<String>,
    pub verified: Option<bool>,
    pub reply_to_elsewhere: Option<bool>,
}

/// Fields of [`ThreadState`] besides the ledger.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conversation {
    pub automatic_replies_to_address: u32,
    pub automatic_replies_of_shop: u32,
    pub person_took_over: bool,
    pub newer_mail_waits: bool,
}

/// What must become of the mail.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    pub action: Option<Action>,
    /// These requests with these answers; others may stand beside them.
    pub rulings: BTreeMap<String, Verdict>,
    /// The passages of the draft, all of them, in order.
    pub says: Option<Vec<String>>,
    /// Whole percents.
    pub compensatie_percentage: Option<u16>,
    pub ladder_stap: Option<u8>,
    pub dreiging: Option<bool>,
    pub annulering: Option<bool>,
    pub escalation_level: Option<u8>,
    pub because: Vec<ReasonCode>,
    pub not_because: Vec<ReasonCode>,
    pub draft_has: Vec<String>,
    pub draft_lacks: Vec<String>,
    /// Whether the guard lets the draft go without a person.
    pub sent: Option<bool>,
    pub language: Option<Language>,
    /// These alerts; others may stand beside them.
    pub alerts: Vec<NotificationType>,
    /// Every ledger line that the decision asks for, in order.
    pub ledger: Option<Vec<LedgerKind>>,
    /// What the guard objects to; nothing, where a case does not name it.
    pub objections: Vec<ObjectionKind>,
    /// The `rule_config` fields (`key.field`) that are refused when they are saved.
    pub refused: Vec<String>,
}

impl Readings {
    /// These fields and nothing else: neutral Dutch where the case says nothing.
    pub fn alone(&self) -> Reading {
        let mut reading = super::support::reading(&[]);
        self.over(&mut reading);
        reading
    }

    /// Puts these fields over what was read.
    pub fn over(&self, reading: &mut Reading) {
        fn put<T: Clone>(given: Option<&T>, slot: &mut T) {
            if let Some(value) = given {
                *slot = value.clone();
            }
        }
        let intents = self.intents.as_ref().map(|intents| intents.iter().copied().collect());
        put(self.language.as_ref(), &mut reading.language);
        put(intents.as_ref(), &mut reading.intents);
        put(self.mood.as_ref(), &mut reading.mood);
        put(self.escalate.as_ref(), &mut reading.escalate);
        reading.threat_kind = self.threat_kind.or(reading.threat_kind);
        reading.offer_response = self.offer_response.or(reading.offer_response);
        let percentage = self.counter_percentage.map(Percentage::from_percents);
        reading.counter_percentage = percentage.or(reading.counter_percentage);
        reading.counter_amount = self.counter_amount.map(Cents).or(reading.counter_amount);
        let number = self.order_number.clone();
        reading.order_number = number.or_else(|| reading.order_number.take());
        let address = self.new_address.clone();
        reading.new_address = address.or_else(|| reading.new_address.take());
        for field in &self.none {
            match field.as_str() {
                "threat_kind" => reading.threat_kind = None,
                "offer_response" => reading.offer_response = None,
                "counter_percentage" => reading.counter_percentage = None,
                "counter_amount" => reading.counter_amount = None,
                "order_number" => reading.order_number = None,
                "new_address" => reading.new_address = None,
                other => panic!("{other} is no field that may be empty"),
            }
        }
        reading.escalate.retain(|reason| *reason != EscalationReason::Threat);
        if reading.threat() {
            reading.escalate.insert(0, EscalationReason::Threat);
        }
    }
}

impl Shop {
    /// Puts these fields over the shop's.
    pub fn over(&self, terms: &mut Terms) {
        terms.taalvoorkeur = self.taalvoorkeur.unwrap_or(terms.taalvoorkeur);
        if let Some(address) = &self.retouradres {
            terms.retouradres.clone_from(address);
        }
        if let Some(extra) = self.maximaal_extra_compensatie {
            terms.maximaal_extra_compensatie = Percentage::from_percents(extra);
        }
        terms.reply_days = self.reply_days.unwrap_or(terms.reply_days);
        terms.automatic_sending = self.automatic_sending.unwrap_or(terms.automatic_sending);
        terms.active = self.active.unwrap_or(terms.active);
    }
}

impl From {
    /// Puts these fields over the sender's.
    pub fn over(&self, sender: &mut Sender) {
        if let Some(email) = &self.email {
            sender.email.clone_from(email);
        }
        if let Some(name) = &self.name {
            sender.name.clone_from(name);
        }
        sender.verified = self.verified.unwrap_or(sender.verified);
        sender.reply_to_elsewhere = self.reply_to_elsewhere.unwrap_or(sender.reply_to_elsewhere);
    }
}

impl Case {
    /// Where the conversation stands when this mail arrives.
    pub fn thread_state(&self, now: Timestamp) -> ThreadState {
        let entry = |line: &Line| LedgerEntry {
            kind: line.kind,
            ladder_stap: LadderStep::new(line.ladder_stap).unwrap(),
            percentage: Percentage::from_percents(line.percentage),
            at: now - SignedDuration::from_hours(24 * line.days_ago),
            order_number: line.order_number.clone(),
        };
        ThreadState {
            ledger: self.ledger.iter().map(entry).collect(),
            automatic_replies_to_address: self.conversation.automatic_replies_to_address,
            automatic_replies_of_shop: self.conversation.automatic_replies_of_shop,
            person_took_over: self.conversation.person_took_over,
            newer_mail_waits: self.conversation.newer_mail_waits,
        }
    }
}

/// The contract's word for a request.
pub fn request(word: &str) -> Request {
    serde_json::from_value(word.into()).unwrap_or_else(|_| panic!("no request is called {word}"))
}

/// The master rules with `rule_config` overrides per rule key, saved as version 1; or what
/// the parser refuses, as `key.field`.
pub fn rules_with(
    overrides: &serde_json::Map<String, serde_json::Value>,
) -> Result<Rules, Vec<String>> {
    let mut rules = master_rules();
    let mut refused = Vec::new();
    for (name, fields) in overrides {
        let key = RuleKey::from_text(name).unwrap_or_else(|| panic!("no rule is called {name}"));
        let mut config = master(key).rule_config.clone();
        config.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        match parse_config(key, &config) {
            Ok(AnyConfig::Return(config)) => rules.retourbeleid_fashion = saved(config),
            Ok(AnyConfig::Ladder(config)) => rules.onderhandeling_logica = saved(config),
            Ok(AnyConfig::Threat(config)) => rules.dreiging_detectie = saved(config),
            Ok(AnyConfig::Cancellation(config)) => rules.annulering_policy = saved(config),
            Ok(AnyConfig::Address(config)) => rules.adreswijziging_policy = saved(config),
            Err(problems) => {
                refused.extend(problems.iter().map(|problem| format!("{name}.{}", problem.field)));
            }
        }
    }
    if refused.is_empty() { Ok(rules) } else { Err(refused) }
}

const fn saved<T>(config: T) -> Rule<T> {
    Rule { version: 1, config }
}
