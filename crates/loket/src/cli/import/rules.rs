//! A rule of the system before Loket becomes a typed one, or is refused with the reason.

use std::collections::BTreeMap;

use domain::compose::Templates;
use domain::contract::{Language, RuleKey};
use domain::policy::{master, parse_config};
use serde_json::{Map, Value, json};

/// Old names, see the file.
const OLD_NAMES: &str = include_str!("old_rules.toml");

/// The names the system before Loket used.
#[derive(Debug)]
pub struct OldNames(BTreeMap<String, BTreeMap<String, String>>);

impl OldNames {
    /// Reads the list that is built in.
    pub fn read() -> anyhow::Result<Self> {
        Ok(Self(toml::from_str(OLD_NAMES)?))
    }

    /// The typed `rule_config`: the master's with the old values on top. An error says everything
    /// that is wrong with it.
    pub fn translate(&self, key: RuleKey, old: &Value) -> Result<Value, String> {
        let Value::Object(old) = old else { return Err("rule_config is no object".to_owned()) };
        let mut config = master(key).rule_config.clone();
        let Some(fields) = config.as_object_mut() else {
            return Err("the master rule has no fields".to_owned());
        };
        let mut own: Map<String, Value> = Map::new();
        for (name, value) in old {
            let name = self.field(key, name);
            let fitting = fields.get(&name).unwrap_or(&Value::Null);
            own.insert(name, self.value(value, fitting));
        }
        let raised = own.contains_key("cap_percentage");
        fields.extend(own);
        if key == RuleKey::OnderhandelingLogica && !raised {
            keep_cap_above_start(fields);
        }
        match parse_config(key, &config) {
            Ok(_) => Ok(config),
            Err(problems) => {
                let said: Vec<String> = problems
                    .iter()
                    .map(|problem| format!("{}: {:?}", problem.field, problem.kind))
                    .collect();
                Err(said.join(", "))
            }
        }
    }

    fn field(&self, key: RuleKey, name: &str) -> String {
        let lower = name.trim().to_lowercase();
        let ours = self.0.get(key.as_str()).and_then(|names| names.get(&lower));
        ours.cloned().unwrap_or(lower)
    }

    /// Words become ours, and a text that is a number or a yes where one belongs becomes that.
    fn value(&self, value: &Value, fitting: &Value) -> Value {
        match value {
            Value::Array(values) => {
                Value::Array(values.iter().map(|value| self.value(value, &Value::Null)).collect())
            }
            Value::String(text) => {
                let lower = text.trim().trim_end_matches('%').trim().to_lowercase();
                let word = self.0.get("values").and_then(|words| words.get(&lower));
                let word = word.cloned().unwrap_or(lower);
                match fitting {
                    Value::Bool(_) => word.parse().map_or_else(|_| value.clone(), Value::Bool),
                    Value::Number(_) => {
                        word.parse::<i64>().map_or_else(|_| value.clone(), |number| json!(number))
                    }
                    Value::Array(_) if !text.is_empty() => json!([text.trim()]),
                    _ if self
                        .0
                        .get("values")
                        .is_some_and(|words| words.values().any(|w| *w == word)) =>
                    {
                        Value::String(word)
                    }
                    _ => value.clone(),
                }
            }
            value => value.clone(),
        }
    }
}

/// The master's cap is for the master's start: a higher start of the shop takes it along.
fn keep_cap_above_start(fields: &mut Map<String, Value>) {
    let number = |name: &str| fields.get(name).and_then(Value::as_i64);
    if let (Some(start), Some(cap)) = (number("start_percentage"), number("cap_percentage"))
        && start > cap
    {
        fields.insert("cap_percentage".to_owned(), json!(start));
    }
}

/// The shop's own reply template, sanitised, if it is one that would be saved.
pub fn template(key: RuleKey, language: Language, html: &str) -> Result<Value, String> {
    let html = &mail::sanitise::reply(html);
    let mut templates = Templates::master().map_err(|error| error.to_string())?;
    templates.replace(key, language, html).map_err(|error| error.to_string())?;
    let code = if language == Language::English { "en" } else { "nl" };
    Ok(json!({ code: html }))
}
