//! What one rule thinks of a mail. Only [`super::decide`] acts on it.

use super::decision::{
    Alert, LedgerMove, Part, Reason, ReasonCode, Request, Ruling, Value, Verdict,
};
use super::facts::Facts;
use crate::contract::{
    EscalationLevel, LadderStep, NotificationType, Percentage, Priority, RuleKey,
};

/// What one rule thinks of a mail.
#[derive(Debug, Clone, Default)]
pub struct Opinion {
    /// Whether a person must look.
    pub holds: bool,
    /// Whether the rule licenses a reply.
    pub loosens: bool,
    /// How the conversation is to be watched.
    pub level: EscalationLevel,
    /// What the reply would say.
    pub parts: Vec<Part>,
    /// Requests with their answers.
    pub rulings: Vec<Ruling>,
    /// Where the ladder stands afterwards, and the percentage on the table.
    pub ladder: Option<(LadderStep, Percentage)>,
    /// What to write in the ledger.
    pub ledger: Vec<LedgerMove>,
    /// Who must know.
    pub alerts: Vec<Alert>,
    /// Why.
    pub because: Vec<Reason>,
}

impl Opinion {
    /// Has nothing to say.
    pub fn silent() -> Self {
        Self::default()
    }

    /// Whether it has nothing to say.
    pub fn is_silent(&self) -> bool {
        !self.holds && !self.loosens && self.because.is_empty()
    }

    /// Records a reason.
    pub fn because(&mut self, rule: Option<RuleKey>, version: u32, code: ReasonCode, fact: String) {
        self.because.push(Reason { rule, version, code, fact });
    }

    /// A person must look, for this reason.
    pub fn hold(&mut self, rule: Option<RuleKey>, version: u32, code: ReasonCode, fact: String) {
        self.holds = true;
        self.because(rule, version, code, fact);
    }

    /// Answers a request.
    pub fn rule_on(&mut self, request: Request, verdict: Verdict) {
        self.rulings.push(Ruling { request, verdict });
    }

    /// Asks that somebody is told.
    pub fn alert(&mut self, kind: NotificationType, priority: Priority, action_required: bool) {
        self.alerts.push(Alert { kind, priority, action_required });
    }

    /// Adds a passage to the reply.
    pub fn say<const N: usize>(
        &mut self,
        rule: RuleKey,
        section: &str,
        values: [(&str, Option<Value>); N],
    ) {
        self.add(Some(rule), section, values);
    }

    /// Adds a passage of the frame, which belongs to no rule.
    pub fn say_in_frame<const N: usize>(
        &mut self,
        section: &str,
        values: [(&str, Option<Value>); N],
    ) {
        self.add(None, section, values);
    }

    /// Says only that the mail arrived and that a person looks: a start for whoever answers,
    /// where the rules grant nothing.
    pub fn say_received(&mut self, facts: &Facts<'_>) {
        let days = Some(Value::Days(facts.terms.reply_days));
        let values = [("order_number", order_number(facts)), ("reply_days", days)];
        self.say_in_frame("received", values);
    }

    fn add<const N: usize>(
        &mut self,
        rule: Option<RuleKey>,
        section: &str,
        values: [(&str, Option<Value>); N],
    ) {
        self.parts.push(Part {
            rule,
            section: section.to_owned(),
            values: values
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
        });
    }
}

/// The order number that the reply may name: the one the shop's system confirmed, or else
/// the one the customer wrote.
pub fn order_number(facts: &Facts<'_>) -> Option<Value> {
    facts
        .order
        .map(|order| order.number.clone())
        .or_else(|| facts.reading.order_number.clone())
        .map(Value::OrderNumber)
}

/// The order number, for the fact of a reason.
pub fn order_fact(facts: &Facts<'_>) -> String {
    match order_number(facts) {
        Some(Value::OrderNumber(number)) => number,
        _ => String::new(),
    }
}
