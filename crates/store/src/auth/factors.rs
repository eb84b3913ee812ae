//! Second factors and their challenges.

use serde::Deserialize;
use uuid::Uuid;

use crate::doors::AuthTx;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::sql::sql;

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Factor {
    /// The factor.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
    /// As its owner calls it.
    pub friendly_name: String,
    /// `totp`; others only where they were imported.
    pub factor_type: String,
    /// `verified` or `unverified`.
    pub status: String,
    /// Base32, where it was imported; ours are derived and not kept.
    pub secret: Option<String>,
}

/// A question put to a factor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Challenge {
    /// The challenge.
    pub id: Uuid,
    /// From where it was asked.
    pub ip_address: String,
    /// Whether it was answered already.
    pub used: bool,
    /// Whether it is more than five minutes old.
    pub expired: bool,
}

/// Adds an unverified factor; those that were never verified go first.
pub async fn insert(tx: &AuthTx, id: Uuid, user: UserId, friendly_name: &str) -> Result<()> {
    tx.session.execute(sql!("auth", "delete_stale_factors"), &[&user]).await?;
    tx.session.execute(sql!("auth", "insert_factor"), &[&id, &user, &friendly_name]).await.map(drop)
}

/// A person's factor, locked until the transaction ends.
pub async fn factor(tx: &AuthTx, id: Uuid, user: UserId) -> Result<Option<Factor>> {
    tx.session.first(sql!("auth", "factor"), &[&id, &user]).await
}

/// Puts a question; says when it expires, in seconds since 1970.
pub async fn insert_challenge(tx: &AuthTx, id: Uuid, factor: Uuid, ip: &str) -> Result<i64> {
    #[derive(Deserialize)]
    struct Row {
        expires_at: i64,
    }
    tx.session.execute(sql!("auth", "delete_challenges"), &[&factor]).await?;
    let row: Row = tx.session.one(sql!("auth", "insert_challenge"), &[&id, &factor, &ip]).await?;
    tx.session.execute(sql!("auth", "note_challenge"), &[&factor]).await?;
    Ok(row.expires_at)
}

/// A question as it stands.
pub async fn challenge(tx: &AuthTx, id: Uuid, factor: Uuid) -> Result<Option<Challenge>> {
    tx.session.first(sql!("auth", "challenge"), &[&id, &factor]).await
}

/// Spends a challenge and a time step; `false` when either was spent before.
pub async fn use_challenge(tx: &AuthTx, id: Uuid, factor: Uuid, step: u64) -> Result<bool> {
    let step = step.to_string();
    Ok(tx.session.execute(sql!("auth", "use_challenge"), &[&id, &factor, &step]).await? == 1)
}

/// The factor was proved; others that never were go away.
pub async fn verify(tx: &AuthTx, id: Uuid, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "verify_factor"), &[&id]).await?;
    tx.session.execute(sql!("auth", "delete_other_unverified"), &[&user, &id]).await.map(drop)
}

/// Takes a factor away; every session of the person falls back to level 1.
pub async fn delete(tx: &AuthTx, id: Uuid, user: UserId) -> Result<()> {
    if tx.session.execute(sql!("auth", "delete_factor"), &[&id, &user]).await? != 1 {
        return Err(Error::Absent { what: "factor", id });
    }
    tx.session.execute(sql!("auth", "weaken_sessions"), &[&user]).await.map(drop)
}
