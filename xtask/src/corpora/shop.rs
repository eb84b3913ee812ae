//! A made-up shop from a TOML file: what the sets that need rules and templates run on.

use std::collections::BTreeMap;

use anyhow::bail;
use domain::compose::Templates;
use domain::contract::{Language, Percentage, RuleKey};
use domain::decide::{Sender, Terms};
use domain::policy::{AnyConfig, Rule, master_rules, parse_config};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The file: settings by their contract names, and complete `rule_config` values. A rule
/// that is left out is the master's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    shop: Settings,
    rules: BTreeMap<RuleKey, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    bedrijfsnaam: String,
    shop_url: String,
    taalvoorkeur: Language,
    retouradres: String,
    maximaal_extra_compensatie: u16,
}

/// A shop that sends its replies by itself, so that only the rules and the guard stand
/// between a mail and an answer.
pub struct Shop {
    /// Its settings and rules.
    pub terms: Terms,
    /// The masters' templates.
    pub templates: Templates,
}

impl Shop {
    /// Reads a shop file.
    pub fn from_toml(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let mut rules = master_rules();
        for (key, config) in &file.rules {
            match parse_config(*key, config) {
                Ok(AnyConfig::Return(config)) => rules.retourbeleid_fashion = first(config),
                Ok(AnyConfig::Ladder(config)) => rules.onderhandeling_logica = first(config),
                Ok(AnyConfig::Threat(config)) => rules.dreiging_detectie = first(config),
                Ok(AnyConfig::Cancellation(config)) => rules.annulering_policy = first(config),
                Ok(AnyConfig::Address(config)) => rules.adreswijziging_policy = first(config),
                Err(problems) => bail!("{key}: {problems:?}"),
            }
        }
        let shop = file.shop;
        let terms = Terms {
            bedrijfsnaam: shop.bedrijfsnaam,
            ai_persona_name: "Eva".to_owned(),
            taalvoorkeur: shop.taalvoorkeur,
            retouradres: shop.retouradres,
            shop_url: shop.shop_url,
            signature_html: String::new(),
            maximaal_extra_compensatie: Percentage::from_percents(shop.maximaal_extra_compensatie),
            reply_days: 2,
            automatic_sending: true,
            active: true,
            rules,
        };
        Ok(Self { terms, templates: Templates::master()? })
    }
}

const fn first<T>(config: T) -> Rule<T> {
    Rule { version: 1, config }
}

/// A sender whom the mailbox's provider vouches for.
pub fn sender() -> Sender {
    Sender {
        email: "noor@klant.example".to_owned(),
        name: "Noor Visser".to_owned(),
        verified: true,
        reply_to_elsewhere: false,
        doubt: None,
    }
}

/// The moment at which everything happens.
pub fn moment() -> anyhow::Result<Timestamp> {
    Ok("2025-03-20T09:30:00Z".parse()?)
}
