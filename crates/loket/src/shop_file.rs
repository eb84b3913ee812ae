//! A shop as a TOML file: for the demo, for `explain` and for `eval`, without a database.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use domain::compose::Templates;
use domain::contract::{FilterType, Language, Percentage, RuleKey};
use domain::decide::Terms;
use domain::policy::{AnyConfig, Rule, Rules, master, master_rules, parse_config};
use serde::Deserialize;
use serde_json::Value;

use crate::shop::Shop;

/// The demo shop, which `--shop demo` names.
const DEMO: &str = include_str!("../sample/shop.toml");

/// The file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopFile {
    /// Settings, by their contract names.
    pub shop: Settings,
    /// `rule_config` by rule key; a rule that is left out is the master's.
    #[serde(default)]
    pub rules: BTreeMap<RuleKey, Value>,
    /// Filters.
    #[serde(default)]
    pub filters: Vec<FilterEntry>,
}

/// A shop's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The shop's name.
    pub bedrijfsnaam: String,
    /// Its mailbox.
    pub gmail_email: String,
    /// Its site.
    pub shop_url: String,
    /// Its assistant.
    pub ai_persona_name: String,
    /// Its line of business.
    pub sector: String,
    /// `NL` or `EN`.
    pub taalvoorkeur: String,
    /// Where returns go.
    pub retouradres: String,
    /// In percent.
    pub maximaal_extra_compensatie: u16,
    /// HTML, may be empty.
    #[serde(default)]
    pub signature_html: String,
    /// Working days.
    pub reply_days: u16,
    /// Whether replies leave without a person.
    #[serde(default = "yes")]
    pub automatic_sending: bool,
    /// For how many seconds a reply that nobody read can be called back.
    #[serde(default = "half_a_minute")]
    pub undo_seconds: i32,
    /// In hours after the customer's mail; later a reply that nobody read goes to a person.
    #[serde(default = "a_day")]
    pub max_reply_age_hours: i32,
}

/// A filter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterEntry {
    /// `allow`, `block` or `spam`.
    pub filter_type: FilterType,
    /// An address or pattern.
    #[serde(default)]
    pub email_address: Option<String>,
    /// A domain or pattern.
    #[serde(default)]
    pub domain: Option<String>,
    /// Whether it is a pattern.
    #[serde(default)]
    pub is_regex: bool,
}

const fn yes() -> bool {
    true
}

const fn half_a_minute() -> i32 {
    30
}

const fn a_day() -> i32 {
    24
}

impl ShopFile {
    /// The demo shop.
    pub fn demo() -> anyhow::Result<Self> {
        toml::from_str(DEMO).context("the demo shop cannot be read")
    }

    /// `demo`, or the path of a file like `sample/shop.toml`.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        if name == "demo" {
            return Self::demo();
        }
        let path = Path::new(name);
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("there is no shop `{name}`: use `demo` or the path of a shop file")
        })?;
        toml::from_str(&text).with_context(|| format!("the shop file {name} cannot be read"))
    }

    /// Ready to decide with.
    pub fn build(&self) -> anyhow::Result<Shop> {
        let settings = &self.shop;
        Ok(Shop {
            terms: Terms {
                bedrijfsnaam: settings.bedrijfsnaam.clone(),
                ai_persona_name: settings.ai_persona_name.clone(),
                taalvoorkeur: match settings.taalvoorkeur.as_str() {
                    "EN" => Language::English,
                    _ => Language::Dutch,
                },
                retouradres: settings.retouradres.clone(),
                shop_url: settings.shop_url.clone(),
                signature_html: settings.signature_html.clone(),
                maximaal_extra_compensatie: Percentage::from_percents(
                    settings.maximaal_extra_compensatie,
                ),
                reply_days: settings.reply_days,
                automatic_sending: settings.automatic_sending,
                active: true,
                rules: self.rules()?,
            },
            templates: Templates::master()?,
        })
    }

    fn rules(&self) -> anyhow::Result<Rules> {
        let mut rules = master_rules();
        for key in self.rules.keys() {
            let config = self.rule_config(*key);
            let parsed = match parse_config(*key, &config) {
                Ok(parsed) => parsed,
                Err(problems) => bail!("the rule {key} cannot be used: {problems:?}"),
            };
            let version = 1;
            match parsed {
                AnyConfig::Return(config) => rules.retourbeleid_fashion = Rule { version, config },
                AnyConfig::Ladder(config) => rules.onderhandeling_logica = Rule { version, config },
                AnyConfig::Threat(config) => rules.dreiging_detectie = Rule { version, config },
                AnyConfig::Cancellation(config) => {
                    rules.annulering_policy = Rule { version, config };
                }
                AnyConfig::Address(config) => {
                    rules.adreswijziging_policy = Rule { version, config };
                }
            }
        }
        Ok(rules)
    }

    /// The master's values with the file's on top.
    pub fn rule_config(&self, key: RuleKey) -> Value {
        let mut config = master(key).rule_config.clone();
        if let (Some(fields), Some(Value::Object(own))) =
            (config.as_object_mut(), self.rules.get(&key))
        {
            fields.extend(own.clone());
        }
        config
    }
}
