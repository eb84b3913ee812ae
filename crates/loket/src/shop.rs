//! A shop's rows as the core wants them: terms, rules and templates, kept while unchanged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::compose::{TemplateError, Templates};
use domain::contract::{Language, RuleKey};
use domain::decide::Terms;
use domain::filter::Filters;
use domain::policy::{
    ConfigProblem, Rule, Rules, master_rules, parse_address, parse_cancellation, parse_ladder,
    parse_return, parse_threat,
};
use serde_json::Value;
use store::TenantId;
use store::answer::RuleRow;
use store::ingest::FilterRow;
use store::shops::ShopRow;

/// A shop, ready to decide with.
#[derive(Debug)]
pub struct Shop {
    /// Settings and rules.
    pub terms: Terms,
    /// Reply templates.
    pub templates: Templates,
}

/// Why a shop's rows cannot be decided with. Its mail is held until they are mended.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// A stored `rule_config` is not one that would be saved.
    #[error("the rule {0} of the shop cannot be used: {1:?}")]
    Rule(RuleKey, Vec<ConfigProblem>),
    /// A stored `html_template` is not one that would be saved.
    #[error("the template of {0} of the shop cannot be used")]
    Template(RuleKey, #[source] TemplateError),
    /// The built-in templates are broken.
    #[error("the master templates cannot be used")]
    Master(#[source] TemplateError),
}

/// A shop and the rows it was built from.
type KnownShop = (ShopRow, Vec<RuleRow>, Arc<Shop>);
/// A shop's filters and the rows they were compiled from.
type KnownFilters = (Vec<FilterRow>, Arc<Filters>);

/// Shops by id, each kept for as long as its rows stay the same.
#[derive(Debug, Default)]
pub struct Shops {
    known: Mutex<HashMap<TenantId, KnownShop>>,
    filters: Mutex<HashMap<TenantId, KnownFilters>>,
}

/// More shops than this are forgotten and built anew.
const MOST_KNOWN: usize = 10_000;

impl Shops {
    /// The shop of these rows.
    pub fn get(&self, row: &ShopRow, rules: &[RuleRow]) -> Result<Arc<Shop>, ShopError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((old_row, old_rules, shop)) = known.get(&row.tenant_id)
            && old_row == row
            && old_rules == rules
        {
            return Ok(Arc::clone(shop));
        }
        let shop = Arc::new(build(row, rules)?);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(row.tenant_id, (row.clone(), rules.to_vec(), Arc::clone(&shop)));
        Ok(shop)
    }

    /// The filters of these rows: compiling patterns takes longer than parsing a mail.
    pub fn filters(&self, tenant: TenantId, rows: &[FilterRow]) -> Arc<Filters> {
        let mut known = self.filters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((old_rows, filters)) = known.get(&tenant)
            && old_rows == rows
        {
            return Arc::clone(filters);
        }
        let filters = Arc::new(compile(rows));
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(tenant, (rows.to_vec(), Arc::clone(&filters)));
        filters
    }
}

fn compile(rows: &[FilterRow]) -> Filters {
    let rows: Vec<domain::filter::FilterRow> = rows
        .iter()
        .map(|row| domain::filter::FilterRow {
            id: row.id.0,
            filter_type: row.filter_type,
            email_address: row.email_address.clone(),
            domain: row.domain.clone(),
            is_regex: row.is_regex,
        })
        .collect();
    let (filters, broken) = Filters::compile(&rows);
    for (id, error) in broken {
        tracing::warn!(filter.id = %id, %error, "a stored filter cannot be used and is skipped");
    }
    filters
}

fn build(row: &ShopRow, rows: &[RuleRow]) -> Result<Shop, ShopError> {
    let mut templates = Templates::master().map_err(ShopError::Master)?;
    for rule in rows {
        for (code, language) in [("nl", Language::Dutch), ("en", Language::English)] {
            if let Some(text) = rule.html_template.get(code).and_then(Value::as_str) {
                // Not every row was saved by us: hosted Supabase lets an owner write its own.
                let text = mail::sanitise::reply(text);
                templates
                    .replace(rule.rule_key, language, &text)
                    .map_err(|error| ShopError::Template(rule.rule_key, error))?;
            }
        }
    }
    let language = match row.taalvoorkeur.as_str() {
        "EN" => Language::English,
        _ => Language::Dutch,
    };
    Ok(Shop {
        terms: Terms {
            bedrijfsnaam: row.bedrijfsnaam.clone(),
            ai_persona_name: row.ai_persona_name.clone(),
            taalvoorkeur: language,
            retouradres: row.retouradres.clone(),
            shop_url: row.shop_url.clone(),
            signature_html: mail::sanitise::reply(&row.signature_html),
            maximaal_extra_compensatie: row.maximaal_extra_compensatie,
            reply_days: reply_days(&row.dagen_instellingen),
            automatic_sending: row.automatic_sending,
            active: row.active && row.status == "approved",
            rules: rules(rows)?,
        },
        templates,
    })
}

/// `dagen_instellingen.reply`, 1 to 14 working days; 2 when the shop said nothing.
fn reply_days(settings: &Value) -> u16 {
    settings
        .get("reply")
        .and_then(Value::as_u64)
        .and_then(|days| u16::try_from(days).ok())
        .filter(|days| (1..=14).contains(days))
        .unwrap_or(2)
}

/// The rules in force; a rule without a row is the master's.
fn rules(rows: &[RuleRow]) -> Result<Rules, ShopError> {
    let mut rules = master_rules();
    for row in rows {
        let (key, version) = (row.rule_key, u32::try_from(row.version).unwrap_or(0));
        let wrong = |problems| ShopError::Rule(key, problems);
        let config = &row.rule_config;
        match key {
            RuleKey::RetourbeleidFashion => {
                let config = parse_return(config).map_err(wrong)?;
                rules.retourbeleid_fashion = Rule { version, config };
            }
            RuleKey::OnderhandelingLogica => {
                let mut config = parse_ladder(config).map_err(wrong)?;
                config.enabled &= row.enabled;
                rules.onderhandeling_logica = Rule { version, config };
            }
            RuleKey::DreigingDetectie => {
                let config = parse_threat(config).map_err(wrong)?;
                rules.dreiging_detectie = Rule { version, config };
            }
            RuleKey::AnnuleringPolicy => {
                let config = parse_cancellation(config).map_err(wrong)?;
                rules.annulering_policy = Rule { version, config };
            }
            RuleKey::AdreswijzigingPolicy => {
                let config = parse_address(config).map_err(wrong)?;
                rules.adreswijziging_policy = Rule { version, config };
            }
        }
    }
    Ok(rules)
}
