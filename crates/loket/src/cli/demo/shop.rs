//! Makes the demo's shop the way a real one is made: a person registers it, an admin
//! approves it, and the owner fills in the settings.

use anyhow::Context;
use domain::contract::{FilterType, RuleKey};
use serde_json::json;
use store::filters::FilterValue;
use store::mailboxes::{MailboxKind, NewMailbox};
use store::rules::NewRuleVersion;
use store::shops::{NewShop, ShopSettings};
use store::{Claims, MailboxId, TenantId, UserId};

use super::Folders;
use crate::pipeline::Desk;
use crate::shop_file::{FilterEntry, ShopFile};

/// Who signs the checks of senders in the sample mails.
const AUTHSERV_ID: &str = "mx.google.com";
/// Nobody signs in with a password in the demo: this is no hash of anything.
const NO_PASSWORD: &str = "!";

/// The demo's shop.
#[derive(Debug, Clone, Copy)]
pub struct DemoShop {
    /// The shop.
    pub tenant: TenantId,
    /// Its owner.
    pub owner: UserId,
}

impl DemoShop {
    /// The owner's claims.
    pub const fn claims(&self) -> Claims {
        Claims { user_id: self.owner, tenant_id: Some(self.tenant) }
    }
}

/// Makes the shop with its rules, filters and mailbox.
pub async fn make(desk: &Desk, folders: &Folders) -> anyhow::Result<DemoShop> {
    let file = ShopFile::demo()?;
    let (store, settings) = (&desk.store, &file.shop);
    let shop = DemoShop { tenant: TenantId::new(), owner: UserId::new() };
    let admin = UserId::new();
    store::users::create(store, admin, "platform@loket.example", NO_PASSWORD).await?;
    store::users::make_platform_admin(store, "platform@loket.example")
        .await?
        .context("the demo's admin could not be made")?;
    store::users::create(store, shop.owner, "eigenaar@linnenenleer.example", NO_PASSWORD).await?;

    let newcomer = Claims { user_id: shop.owner, tenant_id: None };
    let registration = NewShop {
        tenant_id: shop.tenant,
        bedrijfsnaam: settings.bedrijfsnaam.clone(),
        gmail_email: settings.gmail_email.clone(),
        shop_url: settings.shop_url.clone(),
        sector: settings.sector.clone(),
        taalvoorkeur: settings.taalvoorkeur.clone(),
        retouradres: settings.retouradres.clone(),
    };
    store.as_user(&newcomer, async |tx| store::shops::register(tx, &registration).await).await?;
    store.as_admin(admin, async |tx| store::shops::approve(tx, shop.tenant).await).await?;
    set_up(desk, &shop, &file, folders).await?;
    Ok(shop)
}

/// What the owner fills in.
async fn set_up(
    desk: &Desk,
    shop: &DemoShop,
    file: &ShopFile,
    folders: &Folders,
) -> anyhow::Result<()> {
    let wanted = &file.shop;
    let settings = ShopSettings {
        bedrijfsnaam: wanted.bedrijfsnaam.clone(),
        shop_url: wanted.shop_url.clone(),
        ai_persona_name: wanted.ai_persona_name.clone(),
        taalvoorkeur: wanted.taalvoorkeur.clone(),
        retouradres: wanted.retouradres.clone(),
        dagen_instellingen: json!({ "reply": wanted.reply_days }),
        signature_html: wanted.signature_html.clone(),
        automatic_sending: wanted.automatic_sending,
    };
    let mailbox = NewMailbox {
        id: MailboxId::new(),
        kind: MailboxKind::Maildir,
        address: wanted.gmail_email.clone(),
        config: json!({
            "directory": folders.inbox,
            "outgoing": folders.sent,
            "authserv_id": AUTHSERV_ID,
        }),
        secret_encrypted: None,
    };
    let rules: Vec<NewRuleVersion> = RuleKey::ALL
        .iter()
        .map(|key| NewRuleVersion {
            rule_key: *key,
            started_from: 0,
            enabled: true,
            rule_config: file.rule_config(*key),
            html_template: json!({}),
        })
        .collect();
    desk.store
        .as_user(&shop.claims(), async |tx| {
            store::shops::save_settings(tx, &settings).await?;
            for rule in &rules {
                store::rules::save(tx, rule).await?;
            }
            for (filter_type, value, is_regex) in file.filters.iter().filter_map(filter) {
                store::filters::insert(tx, filter_type, &value, is_regex).await?;
            }
            store::mailboxes::insert(tx, &mailbox).await
        })
        .await?;
    Ok(())
}

fn filter(entry: &FilterEntry) -> Option<(FilterType, FilterValue, bool)> {
    let value = match (&entry.email_address, &entry.domain) {
        (Some(address), _) => FilterValue::Address(address.clone()),
        (None, Some(domain)) => FilterValue::Domain(domain.clone()),
        (None, None) => return None,
    };
    Some((entry.filter_type, value, entry.is_regex))
}
