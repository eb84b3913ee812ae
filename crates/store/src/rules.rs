//! The master rules and each shop's own values, with their history.

use domain::contract::RuleKey;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::RuleRow;
use crate::doors::{AdminTx, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{AuditId, UserId};
use crate::session::Params;
use crate::sql::sql;

/// The newest version of a master rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MasterRule {
    /// Which rule.
    pub rule_key: RuleKey,
    /// Counts from 1.
    pub version: i32,
    /// Default values.
    pub rule_config: Value,
    /// JSON schema of `rule_config`.
    pub config_schema: Value,
    /// Default templates per language.
    pub html_template: Value,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A version of a shop's rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RuleVersion {
    /// Which rule.
    pub rule_key: RuleKey,
    /// Counts from 1.
    pub version: i32,
    /// Whether it was on.
    pub enabled: bool,
    /// Its values.
    pub rule_config: Value,
    /// Its templates.
    pub html_template: Value,
    /// Who saved it; `None` for the program.
    pub created_by: Option<UserId>,
    /// When it was saved.
    pub created_at: Timestamp,
}

/// New values for a shop's rule.
#[derive(Debug, Clone)]
pub struct NewRuleVersion {
    /// Which rule.
    pub rule_key: RuleKey,
    /// The version the person started from; 0 when the shop had none.
    pub started_from: i32,
    /// Whether it is on.
    pub enabled: bool,
    /// Checked by the caller against the rule's schema.
    pub rule_config: Value,
    /// Checked by the caller.
    pub html_template: Value,
}

#[derive(Deserialize)]
struct Version {
    version: i32,
}

/// The shop's rules in force.
pub async fn current(tx: &TenantTx) -> Result<Vec<RuleRow>> {
    tx.session.all(sql!("answer", "rules"), &[&tx.tenant()]).await
}

/// The newest master rules.
pub async fn master(tx: &TenantTx) -> Result<Vec<MasterRule>> {
    tx.session.all(sql!("rules", "master"), &[]).await
}

/// Adds a version of a master rule and returns its number.
pub async fn save_master(
    tx: &AdminTx,
    key: RuleKey,
    config: &Value,
    schema: &Value,
    template: &Value,
    by: Option<UserId>,
) -> Result<i32> {
    let params: Params<'_> = &[&key.as_str(), config, schema, template, &by];
    let saved: Version = tx.session.one(sql!("rules", "insert_master"), params).await?;
    Ok(saved.version)
}

/// Saves a new version: values, history and audit entry in one statement. [`Error::Conflict`] when
/// somebody else saved one meanwhile. Returns the new version.
pub async fn save(tx: &TenantTx, rule: &NewRuleVersion) -> Result<i32> {
    let params: Params<'_> = &[
        &tx.tenant(),
        &Uuid::now_v7(),
        &rule.rule_key.as_str(),
        &rule.started_from,
        &rule.enabled,
        &rule.rule_config,
        &rule.html_template,
        &tx.actor(),
        &Uuid::now_v7(),
        &AuditId::new(),
    ];
    let saved: Option<Version> = tx.session.first(sql!("rules", "save"), params).await?;
    saved.map(|saved| saved.version).ok_or_else(|| tx.session.fail(Error::Conflict(tx.tenant())))
}

/// All versions of a shop's rule, newest first.
pub async fn versions(tx: &TenantTx, key: RuleKey) -> Result<Vec<RuleVersion>> {
    tx.session.all(sql!("rules", "versions"), &[&tx.tenant(), &key.as_str()]).await
}
