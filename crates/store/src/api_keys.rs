//! API keys of a shop. The key itself never gets here: only its prefix and its SHA-256.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::doors::{ApiKeyClaims, Purpose, SetupTx, Store, TenantTx};
use crate::error::Result;
use crate::ids::{ApiKeyId, TenantId};
use crate::session::Params;
use crate::sql::sql;

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reading what the shop's people read.
    Read,
    /// Working the mail.
    Mail,
    /// Working the chat.
    Chat,
}

impl Scope {
    /// Every scope.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Mail, Self::Chat];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Mail => "mail",
            Self::Chat => "chat",
        }
    }
}

/// A key to keep.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// The beginning of the key.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub key_hash: [u8; 32],
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// The key it takes the place of, whose name and scopes it takes over.
    pub replaces: Option<ApiKeyId>,
}

/// A key as the shop sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// The beginning of the key.
    pub prefix: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to five minutes.
    pub last_used_at: Option<Timestamp>,
    /// Since when it opens nothing.
    pub revoked_at: Option<Timestamp>,
}

/// A live key that was shown, and what it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    /// For [`Store::as_api_key`].
    pub claims: ApiKeyClaims,
    /// What it opens; asked before every use.
    pub scopes: Vec<Scope>,
}

/// A key's last use is written down no more often than this.
const TOUCH_EVERY: Duration = Duration::from_mins(5);

#[derive(Deserialize)]
struct Changed {
    changed: bool,
}

fn scope_names(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.as_str()).collect()
}

/// Keeps a new key of the shop. Owners only.
pub async fn create(tx: &TenantTx, key: &NewApiKey) -> Result<()> {
    let scopes = scope_names(&key.scopes);
    let params: Params<'_> =
        &[&key.id, &key.name, &key.prefix, &key.key_hash.as_slice(), &scopes, &key.replaces];
    tx.session.execute(sql!("keys", "create"), params).await.map(drop)
}

/// Revokes a key: the next request with it is refused. `false` when it was revoked before, or is
/// another shop's. Owners only.
pub async fn revoke(tx: &TenantTx, key: ApiKeyId) -> Result<bool> {
    let row: Changed = tx.session.one(sql!("keys", "revoke"), &[&key]).await?;
    Ok(row.changed)
}

/// The shop's keys, revoked ones too, oldest first.
pub async fn list(tx: &TenantTx) -> Result<Vec<ApiKey>> {
    tx.session.all(sql!("keys", "list"), &[&tx.tenant()]).await
}

/// As [`create`], for the command line.
pub async fn create_as_operator(tx: &SetupTx, shop: TenantId, key: &NewApiKey) -> Result<()> {
    let scopes = scope_names(&key.scopes);
    let params: Params<'_> =
        &[&shop, &key.id, &key.name, &key.prefix, &key.key_hash.as_slice(), &scopes, &key.replaces];
    tx.session.execute(sql!("keys", "operator_create"), params).await.map(drop)
}

/// As [`revoke`], for the command line.
pub async fn revoke_as_operator(tx: &SetupTx, shop: TenantId, key: ApiKeyId) -> Result<bool> {
    let row: Changed = tx.session.one(sql!("keys", "operator_revoke"), &[&shop, &key]).await?;
    Ok(row.changed)
}

/// As [`list`], for the command line.
pub async fn list_as_operator(tx: &SetupTx, shop: TenantId) -> Result<Vec<ApiKey>> {
    tx.session.all(sql!("keys", "operator_list"), &[&shop]).await
}

/// Looks a key up, in one indexed read and with no cache, so that a revoked one is dead at once.
/// `None` for a key that is unknown or revoked, or whose shop is not approved.
pub async fn find(
    store: &Store,
    shop: TenantId,
    key_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<FoundKey>> {
    #[derive(Deserialize)]
    struct Found {
        id: ApiKeyId,
        scopes: Vec<Scope>,
        last_used_at: Option<Timestamp>,
    }
    store
        .as_system(Purpose::ApiKeys, async |tx| {
            let params: Params<'_> = &[&shop, &key_hash.as_slice()];
            let found: Option<Found> = tx.session.first(sql!("keys", "find"), params).await?;
            let Some(found) = found else { return Ok(None) };
            let age = found.last_used_at.map(|used| now.duration_since(used));
            if age.is_none_or(|age| age.unsigned_abs() >= TOUCH_EVERY) {
                tx.session.execute(sql!("keys", "touch"), &[&shop, &found.id]).await?;
            }
            let claims = ApiKeyClaims { tenant_id: shop, key_id: found.id };
            Ok(Some(FoundKey { claims, scopes: found.scopes }))
        })
        .await
}
