//! Shops: registration, approval, settings, and their audit log.

use domain::contract::Percentage;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::doors::{AdminTx, TenantTx};
use crate::error::Result;
use crate::ids::{AuditId, TenantId, UserId};
use crate::session::Params;
use crate::sql::sql;

/// A shop to register.
#[derive(Debug, Clone)]
pub struct NewShop {
    /// Its id.
    pub tenant_id: TenantId,
    /// As customers know it.
    pub bedrijfsnaam: String,
    /// The shop's mailbox.
    pub gmail_email: String,
    /// Web address.
    pub shop_url: String,
    /// Line of business, `fashion` when in doubt.
    pub sector: String,
    /// `NL` or `EN`.
    pub taalvoorkeur: String,
    /// Postal address for returns.
    pub retouradres: String,
}

/// A shop with all its settings and no secrets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ShopRow {
    /// Its id.
    pub tenant_id: TenantId,
    /// As customers know it.
    pub bedrijfsnaam: String,
    /// The shop's mailbox.
    pub gmail_email: String,
    /// Web address.
    pub shop_url: String,
    /// The assistant that signs.
    pub ai_persona_name: String,
    /// Line of business.
    pub sector: String,
    /// `NL` or `EN`.
    pub taalvoorkeur: String,
    /// `pending_approval`, `approved`, `suspended` or `rejected`.
    pub status: String,
    /// Whether mail is fetched and answered.
    pub active: bool,
    /// Postal address for returns.
    pub retouradres: String,
    /// How much may be added on top of the first offer.
    pub maximaal_extra_compensatie: Percentage,
    /// Days: return, refund, reply, working days, holidays.
    pub dagen_instellingen: Value,
    /// Sanitised HTML.
    pub signature_html: String,
    /// Whether approved replies leave without a person.
    pub automatic_sending: bool,
    /// For how many seconds a reply that nobody read can be called back.
    pub undo_seconds: i32,
    /// Replies that nobody read leave at most this many hours after the customer's mail.
    pub max_reply_age_hours: i32,
    /// The shop's workflow in n8n.
    pub n8n_workflow_id: Option<String>,
    /// Visible prefix of the API key.
    pub api_key: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// What a shop's people may change themselves.
#[derive(Debug, Clone)]
pub struct ShopSettings {
    /// As customers know it.
    pub bedrijfsnaam: String,
    /// Web address.
    pub shop_url: String,
    /// The assistant that signs.
    pub ai_persona_name: String,
    /// `NL` or `EN`.
    pub taalvoorkeur: String,
    /// Postal address for returns.
    pub retouradres: String,
    /// Days: return, refund, reply, working days, holidays.
    pub dagen_instellingen: Value,
    /// Sanitised HTML.
    pub signature_html: String,
    /// Whether approved replies leave without a person.
    pub automatic_sending: bool,
}

/// Who did what and why.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// The person; `None` for the program.
    pub actor_id: Option<UserId>,
    /// `user`, `admin`, `worker` or `system`.
    pub actor_role: String,
    /// For instance `shop.opened`.
    pub action: String,
    /// The row concerned.
    pub subject_id: Option<Uuid>,
    /// In the actor's own words.
    pub reason: Option<String>,
    /// Old and new values.
    pub detail: Value,
    /// When.
    pub created_at: Timestamp,
}

/// Why a shop does not work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StandingReason {
    /// `shop.rejected` or `shop.suspended`.
    pub action: String,
    /// As the admin gave it.
    pub reason: String,
    /// When.
    pub created_at: Timestamp,
}

/// Registers a shop for the person behind `tx`; it waits for approval.
pub async fn register(tx: &TenantTx, shop: &NewShop) -> Result<()> {
    let params: Params<'_> = &[
        &shop.tenant_id,
        &shop.bedrijfsnaam,
        &shop.gmail_email,
        &shop.shop_url,
        &shop.sector,
        &shop.taalvoorkeur,
        &shop.retouradres,
    ];
    tx.session.execute(sql!("shops", "register"), params).await.map(drop)
}

/// Approves a shop, turns it on and links who registered it. `false` when it was approved before.
pub async fn approve(tx: &AdminTx, shop: TenantId) -> Result<bool> {
    #[derive(Deserialize)]
    struct Approved {
        approved: bool,
    }
    let row: Approved = tx.session.one(sql!("shops", "approve"), &[&shop]).await?;
    Ok(row.approved)
}

/// Rejects a shop that waits (`rejected`), suspends an approved one (`suspended`), or resumes a
/// suspended one (`approved`). `false` when it was so before; [`crate::Constraint::StatusStep`]
/// for any other step, [`crate::Constraint::Reason`] without a reason of 5 characters.
pub async fn set_status(tx: &AdminTx, shop: TenantId, status: &str, reason: &str) -> Result<bool> {
    #[derive(Deserialize)]
    struct Changed {
        changed: bool,
    }
    let params: Params<'_> = &[&shop, &status, &reason];
    let row: Changed = tx.session.one(sql!("shops", "set_status"), params).await?;
    Ok(row.changed)
}

/// Links a person to a shop.
pub async fn link_profile(tx: &AdminTx, user: UserId, shop: TenantId) -> Result<()> {
    tx.session.execute(sql!("shops", "link_profile"), &[&user, &shop]).await.map(drop)
}

/// All shops, or those with a status, oldest first.
pub async fn list(tx: &AdminTx, status: Option<&str>) -> Result<Vec<ShopRow>> {
    tx.session.all(sql!("shops", "list"), &[&status]).await
}

/// The shop of this transaction.
pub async fn load(tx: &TenantTx) -> Result<Option<ShopRow>> {
    tx.session.first(sql!("shops", "shop"), &[&tx.tenant()]).await
}

/// Saves what a shop's people may change.
pub async fn save_settings(tx: &TenantTx, settings: &ShopSettings) -> Result<()> {
    let params: Params<'_> = &[
        &tx.tenant(),
        &settings.bedrijfsnaam,
        &settings.shop_url,
        &settings.ai_persona_name,
        &settings.taalvoorkeur,
        &settings.retouradres,
        &settings.dagen_instellingen,
        &settings.signature_html,
        &settings.automatic_sending,
    ];
    let changed = tx.session.execute(sql!("shops", "save_settings"), params).await?;
    crate::expect_change(changed, "shop", tx.tenant().0)
}

/// The shop's audit log, newest first, from behind `after`.
pub async fn audit_page(
    tx: &TenantTx,
    after: Option<(Timestamp, AuditId)>,
    limit: u16,
) -> Result<Vec<AuditEntry>> {
    let (at, id) = after.unzip();
    let params: Params<'_> = &[&tx.tenant(), &at, &id, &i64::from(limit)];
    tx.session.all(sql!("shops", "audit_page"), params).await
}

/// Why the caller's own shop was rejected or suspended; `None` while it is neither.
pub async fn standing_reason(tx: &TenantTx) -> Result<Option<StandingReason>> {
    tx.session.first(sql!("shops", "standing_reason"), &[]).await
}

/// Saves how much may be added on top of the first offer (at most 25 %), and the n8n workflow.
/// Owners only.
pub async fn save_bounds(
    tx: &TenantTx,
    maximaal_extra_compensatie: Percentage,
    n8n_workflow_id: Option<&str>,
) -> Result<()> {
    let points = i32::from(maximaal_extra_compensatie.basis_points());
    let params: Params<'_> = &[&points, &n8n_workflow_id];
    tx.session.execute(sql!("shops", "save_bounds"), params).await.map(drop)
}
