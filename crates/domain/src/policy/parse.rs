//! From a shop's `rule_config` (JSON) to a typed rule, or to the list of what is wrong.

use serde::Serialize;
use serde_json::{Map, Value};

use super::config::{
    AddressConfig, CancellationConfig, LadderConfig, OrderStatus, RefundMethod, ReturnConfig,
    ReturnCost, ThreatConfig,
};
use crate::contract::{LadderStep, Percentage, RuleKey};
use crate::decide::floors;

/// One thing that is wrong with a `rule_config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// The key at fault.
    pub field: String,
    /// What is wrong with it. The sentence for people stands in `policies/problems.toml`.
    pub kind: ProblemKind,
    /// The lower bound that was missed, or nothing.
    pub minimum: Option<i64>,
    /// The upper bound that was missed, or nothing.
    pub maximum: Option<i64>,
}

/// What can be wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The rule has no such field.
    Unknown,
    /// The field is needed.
    Missing,
    /// A whole number is needed.
    NotAWholeNumber,
    /// A percentage with at most two decimals is needed.
    NotAPercentage,
    /// `true` or `false` is needed.
    NotABoolean,
    /// The text is not one of the allowed ones.
    NotAllowed,
    /// A list of texts is needed, not too long.
    NotAList,
    /// Under or over the bounds.
    OutOfRange,
    /// The law does not allow it.
    AgainstTheLaw,
    /// It does not fit the other fields.
    Contradiction,
    /// Not a JSON object at all.
    NotAnObject,
}

/// A parsed rule of any kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AnyConfig {
    /// `retourbeleid_fashion`.
    Return(ReturnConfig),
    /// `onderhandeling_logica`.
    Ladder(LadderConfig),
    /// `dreiging_detectie`.
    Threat(ThreatConfig),
    /// `annulering_policy`.
    Cancellation(CancellationConfig),
    /// `adreswijziging_policy`.
    Address(AddressConfig),
}

/// Parses the `rule_config` of `key`; on failure every problem is listed.
pub fn parse_config(key: RuleKey, value: &Value) -> Result<AnyConfig, Vec<ConfigProblem>> {
    match key {
        RuleKey::RetourbeleidFashion => parse_return(value).map(AnyConfig::Return),
        RuleKey::OnderhandelingLogica => parse_ladder(value).map(AnyConfig::Ladder),
        RuleKey::DreigingDetectie => parse_threat(value).map(AnyConfig::Threat),
        RuleKey::AnnuleringPolicy => parse_cancellation(value).map(AnyConfig::Cancellation),
        RuleKey::AdreswijzigingPolicy => parse_address(value).map(AnyConfig::Address),
    }
}

/// Parses a `retourbeleid_fashion`.
pub fn parse_return(value: &Value) -> Result<ReturnConfig, Vec<ConfigProblem>> {
    let mut form = Form::new(value)?;
    let config = ReturnConfig {
        withdrawal_days: form.days("withdrawal_days", floors::WITHDRAWAL_DAYS, 365),
        refund_days: form.days("refund_days", 1, floors::REFUND_DAYS),
        return_cost: form.word("return_cost", ReturnCost::Shop),
        return_cost_notice_given: form.flag("return_cost_notice_given"),
        exchanges: form.flag("exchanges"),
        allowed_statuses: form.words("allowed_statuses"),
        refund_methods: form.words("refund_methods"),
        once_per_order: form.flag("once_per_order"),
    };
    if config.return_cost == ReturnCost::Customer && !config.return_cost_notice_given {
        form.problem("return_cost", ProblemKind::AgainstTheLaw);
    }
    if !form.failed() && !config.refund_methods.contains(&RefundMethod::Original) {
        form.problem("refund_methods", ProblemKind::AgainstTheLaw);
    }
    form.finish(config)
}

/// Parses an `onderhandeling_logica`.
pub fn parse_ladder(value: &Value) -> Result<LadderConfig, Vec<ConfigProblem>> {
    let mut form = Form::new(value)?;
    let steps = form.whole("max_steps", 1, 3);
    let config = LadderConfig {
        enabled: form.flag("enabled"),
        start_percentage: form.percentage("start_percentage"),
        step_percentage: form.percentage("step_percentage"),
        cap_percentage: form.percentage("cap_percentage"),
        max_steps: LadderStep::new(steps).unwrap_or(LadderStep::NONE),
        ladders_per_customer_month: u8::try_from(form.whole("ladders_per_customer_month", 1, 31))
            .unwrap_or(1),
        offer_on_return: form.flag("offer_on_return"),
        notify_from_percentage: form.percentage("notify_from_percentage"),
    };
    if config.start_percentage > config.cap_percentage {
        form.problem("start_percentage", ProblemKind::Contradiction);
    }
    if config.enabled && config.start_percentage.is_zero() {
        form.problem("start_percentage", ProblemKind::Contradiction);
    }
    form.finish(config)
}

/// Parses a `dreiging_detectie`.
pub fn parse_threat(value: &Value) -> Result<ThreatConfig, Vec<ConfigProblem>> {
    let mut form = Form::new(value)?;
    let config = ThreatConfig {
        response_hours: form.days("response_hours", 1, 72),
        extra_words: form.texts("extra_words", 100, 60),
    };
    form.finish(config)
}

/// Parses an `annulering_policy`.
pub fn parse_cancellation(value: &Value) -> Result<CancellationConfig, Vec<ConfigProblem>> {
    let mut form = Form::new(value)?;
    let config = CancellationConfig {
        allowed_statuses: form.words("allowed_statuses"),
        accepted_reasons: form.texts("accepted_reasons", 20, 60),
        once_per_order: form.flag("once_per_order"),
    };
    form.finish(config)
}

/// Parses an `adreswijziging_policy`.
pub fn parse_address(value: &Value) -> Result<AddressConfig, Vec<ConfigProblem>> {
    let mut form = Form::new(value)?;
    let config = AddressConfig {
        allowed_statuses: form.words("allowed_statuses"),
        countries: form.texts("countries", 60, 2),
        once_per_order: form.flag("once_per_order"),
    };
    let is_code = |text: &String| text.len() == 2 && text.chars().all(|c| c.is_ascii_uppercase());
    if !config.countries.iter().all(is_code) {
        form.problem("countries", ProblemKind::NotAllowed);
    }
    form.finish(config)
}

/// Takes one field after the other and remembers what was wrong, so that the shop sees
/// every problem at once.
struct Form {
    fields: Map<String, Value>,
    problems: Vec<ConfigProblem>,
}

impl Form {
    fn new(value: &Value) -> Result<Self, Vec<ConfigProblem>> {
        match value {
            Value::Object(fields) => Ok(Self { fields: fields.clone(), problems: Vec::new() }),
            _ => Err(vec![ConfigProblem {
                field: "rule_config".to_owned(),
                kind: ProblemKind::NotAnObject,
                minimum: None,
                maximum: None,
            }]),
        }
    }

    fn problem(&mut self, field: &str, kind: ProblemKind) {
        self.problems.push(ConfigProblem {
            field: field.to_owned(),
            kind,
            minimum: None,
            maximum: None,
        });
    }

    fn range(&mut self, field: &str, kind: ProblemKind, minimum: i64, maximum: i64) {
        self.problems.push(ConfigProblem {
            field: field.to_owned(),
            kind,
            minimum: Some(minimum),
            maximum: Some(maximum),
        });
    }

    fn failed(&self) -> bool {
        !self.problems.is_empty()
    }

    fn take(&mut self, field: &str) -> Option<Value> {
        let value = self.fields.remove(field);
        if value.is_none() {
            self.problem(field, ProblemKind::Missing);
        }
        value
    }

    fn whole(&mut self, field: &str, minimum: i64, maximum: i64) -> i64 {
        let Some(value) = self.take(field) else { return minimum };
        let Some(number) = value.as_i64() else {
            self.problem(field, ProblemKind::NotAWholeNumber);
            return minimum;
        };
        if number < minimum || number > maximum {
            self.range(field, ProblemKind::OutOfRange, minimum, maximum);
            return minimum;
        }
        number
    }

    /// A small whole number. Bounds that come from the law are reported as such.
    fn days(&mut self, field: &str, minimum: u16, maximum: u16) -> u16 {
        let before = self.problems.len();
        let number = self.whole(field, i64::from(minimum), i64::from(maximum));
        if matches!(field, "withdrawal_days" | "refund_days") {
            for problem in self.problems.iter_mut().skip(before) {
                if problem.kind == ProblemKind::OutOfRange {
                    problem.kind = ProblemKind::AgainstTheLaw;
                }
            }
        }
        u16::try_from(number).unwrap_or(minimum)
    }

    /// A percentage as a JSON number: `12.5` is 1250 basis points, exactly.
    fn percentage(&mut self, field: &str) -> Percentage {
        let Some(value) = self.take(field) else { return Percentage::ZERO };
        let parsed = match &value {
            Value::Number(number) => basis_points(&number.to_string()),
            _ => None,
        };
        match parsed.map(Percentage::from_basis_points) {
            Some(Ok(percentage)) => percentage,
            Some(Err(_)) => {
                self.range(field, ProblemKind::OutOfRange, 0, 100);
                Percentage::ZERO
            }
            None => {
                self.problem(field, ProblemKind::NotAPercentage);
                Percentage::ZERO
            }
        }
    }

    fn flag(&mut self, field: &str) -> bool {
        match self.take(field) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.problem(field, ProblemKind::NotABoolean);
                false
            }
        }
    }

    fn word<T: serde::de::DeserializeOwned>(&mut self, field: &str, fallback: T) -> T {
        let Some(value) = self.take(field) else { return fallback };
        serde_json::from_value(value).unwrap_or_else(|_| {
            self.problem(field, ProblemKind::NotAllowed);
            fallback
        })
    }

    fn words<T: serde::de::DeserializeOwned + PartialEq>(&mut self, field: &str) -> Vec<T> {
        let Some(value) = self.take(field) else { return Vec::new() };
        let Value::Array(items) = value else {
            self.problem(field, ProblemKind::NotAList);
            return Vec::new();
        };
        let mut words = Vec::new();
        for item in items.into_iter().take(20) {
            match serde_json::from_value::<T>(item) {
                Ok(word) if !words.contains(&word) => words.push(word),
                Ok(_) => {}
                Err(_) => self.problem(field, ProblemKind::NotAllowed),
            }
        }
        words
    }

    fn texts(&mut self, field: &str, most: usize, longest: usize) -> Vec<String> {
        let Some(value) = self.take(field) else { return Vec::new() };
        let Value::Array(items) = value else {
            self.problem(field, ProblemKind::NotAList);
            return Vec::new();
        };
        if items.len() > most {
            self.problem(field, ProblemKind::NotAList);
            return Vec::new();
        }
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::String(text)
                    if !text.trim().is_empty() && text.chars().count() <= longest =>
                {
                    texts.push(text.trim().to_owned());
                }
                _ => self.problem(field, ProblemKind::NotAllowed),
            }
        }
        texts
    }

    fn finish<T>(mut self, config: T) -> Result<T, Vec<ConfigProblem>> {
        let left: Vec<String> = self.fields.keys().cloned().collect();
        for field in left {
            self.problem(&field, ProblemKind::Unknown);
        }
        if self.problems.is_empty() { Ok(config) } else { Err(self.problems) }
    }
}

/// `12.5` as 1250. Refuses exponents, more than two decimals and anything not a number,
/// because a rounded percentage is not the one the shop wrote.
fn basis_points(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > 2 || !decimals.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let negative = whole.starts_with('-');
    let digits = whole.trim_start_matches('-');
    if digits.is_empty() || digits.len() > 9 || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let cents: i64 = format!("{decimals:0<2}").parse().ok()?;
    let value = digits.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    Some(if negative { -value } else { value })
}

/// The statuses that the shop named, as the rule pages show them.
impl OrderStatus {
    /// Every status, in the order of an order's life.
    pub const ALL: &'static [Self] =
        &[Self::Pending, Self::Processed, Self::Shipped, Self::Delivered, Self::Cancelled];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::master;
    use serde_json::json;

    fn with(key: RuleKey, field: &str, value: Value) -> Result<AnyConfig, Vec<ConfigProblem>> {
        let mut config = master(key).rule_config.clone();
        config.as_object_mut().unwrap().insert(field.to_owned(), value);
        parse_config(key, &config)
    }

    #[test]
    fn the_masters_parse() {
        for key in RuleKey::ALL {
            parse_config(*key, &master(*key).rule_config).unwrap();
        }
    }

    /// Hazard E21: what a shop may not save.
    #[test]
    fn e21_bad_values_are_refused_with_field_and_reason() {
        use ProblemKind as P;
        use RuleKey::{
            AdreswijzigingPolicy as A, OnderhandelingLogica as L, RetourbeleidFashion as R,
        };
        let refused = [
            (R, "withdrawal_days", json!(13), P::AgainstTheLaw),
            (R, "withdrawal_days", json!(7), P::AgainstTheLaw),
            (R, "withdrawal_days", json!(-1), P::AgainstTheLaw),
            (R, "withdrawal_days", json!("15"), P::NotAWholeNumber),
            (R, "withdrawal_days", json!(14.5), P::NotAWholeNumber),
            (R, "refund_days", json!(15), P::AgainstTheLaw),
            (R, "return_cost", json!("nobody"), P::NotAllowed),
            (R, "return_cost", json!("customer"), P::AgainstTheLaw),
            (R, "refund_methods", json!(["store_credit"]), P::AgainstTheLaw),
            (R, "unpacking_fee", json!(5), P::Unknown),
            (L, "start_percentage", json!(1500), P::OutOfRange),
            (L, "start_percentage", json!(-5), P::OutOfRange),
            (L, "start_percentage", json!("15"), P::NotAPercentage),
            (L, "start_percentage", json!(null), P::NotAPercentage),
            (L, "start_percentage", json!(1e30), P::NotAPercentage),
            (L, "start_percentage", json!(12.345), P::NotAPercentage),
            (L, "start_percentage", json!(99), P::Contradiction),
            (L, "max_steps", json!(1000), P::OutOfRange),
            (L, "enabled", json!("yes"), P::NotABoolean),
            (A, "countries", json!(["Nederland"]), P::NotAllowed),
            (A, "allowed_statuses", json!("pending"), P::NotAList),
        ];
        for (key, field, value, kind) in refused {
            let problems = with(key, field, value.clone()).unwrap_err();
            assert!(
                problems.iter().any(|p| p.field == field && p.kind == kind),
                "{key} {field} = {value}: {problems:?}"
            );
        }
        assert!(serde_json::from_str::<Value>("{\"a\": NaN}").is_err(), "NaN is not JSON");
        assert!(serde_json::from_str::<Value>("{\"a\": 1e309}").is_err(), "1e309 is no number");
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let problems = parse_return(&json!({"withdrawal_days": 3, "nonsense": 1})).unwrap_err();
        assert!(problems.len() > 5, "{problems:?}");
        assert!(parse_return(&json!([])).is_err());
    }

    #[test]
    fn percentages_are_exact() {
        assert_eq!(basis_points("12.5"), Some(1250));
        assert_eq!(basis_points("12.50"), Some(1250));
        assert_eq!(basis_points("0.07"), Some(7));
        assert_eq!(basis_points("1e3"), None);
        assert_eq!(basis_points("-3"), Some(-300));
    }
}
