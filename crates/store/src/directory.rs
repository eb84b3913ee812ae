//! The shops of the platform as its admins look them up, and the newest master rules.

use jiff::Timestamp;
use serde::Deserialize;

use crate::doors::AdminTx;
use crate::error::Result;
use crate::ids::{TenantId, UserId};
use crate::rules::MasterRule;
use crate::session::Params;
use crate::sql::sql;

/// A shop as the platform sees it: never a secret, never its mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedShop {
    /// Its id.
    pub tenant_id: TenantId,
    /// As customers know it.
    pub bedrijfsnaam: String,
    /// The shop's mailbox.
    pub gmail_email: String,
    /// Web address.
    pub shop_url: String,
    /// Line of business.
    pub sector: String,
    /// `NL` or `EN`.
    pub taalvoorkeur: String,
    /// `pending_approval`, `approved`, `suspended` or `rejected`.
    pub status: String,
    /// Whether mail is fetched and answered.
    pub active: bool,
    /// The assistant that signs.
    pub ai_persona_name: String,
    /// Postal address for returns.
    pub retouradres: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was approved; `None` before.
    pub approved_at: Option<Timestamp>,
    /// Who registered it; empty when nobody did.
    pub owner_email: String,
    /// Who registered it.
    pub owner_id: Option<UserId>,
}

/// A step in a shop's standing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// For instance `shop.suspended`.
    pub action: String,
    /// In the admin's words.
    pub reason: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// Shops with this status that have `search` in name or addresses; those that wait first.
pub async fn shops(
    tx: &AdminTx,
    status: Option<&str>,
    search: Option<&str>,
    limit: u16,
) -> Result<Vec<ListedShop>> {
    let none: Option<TenantId> = None;
    let params: Params<'_> = &[&none, &status, &search, &i64::from(limit)];
    tx.session.all(sql!("admin", "found_shops"), params).await
}

/// One shop; `None` when there is none.
pub async fn shop(tx: &AdminTx, shop: TenantId) -> Result<Option<ListedShop>> {
    let none: Option<&str> = None;
    let params: Params<'_> = &[&Some(shop), &none, &none, &1_i64];
    tx.session.first(sql!("admin", "found_shops"), params).await
}

/// What was done to a shop, newest first.
pub async fn steps(tx: &AdminTx, shop: TenantId) -> Result<Vec<Step>> {
    tx.session.all(sql!("admin", "standing"), &[&shop]).await
}

/// The newest version of each master rule.
pub async fn master_rules(tx: &AdminTx) -> Result<Vec<MasterRule>> {
    tx.session.all(sql!("admin", "newest_master"), &[]).await
}
