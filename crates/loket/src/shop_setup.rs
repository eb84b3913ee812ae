//! Makes a shop the way a real one is made: a person registers it, an admin approves it, and
//! the owner fills in the settings. For the demo, the benchmarks, the tests and `loket admin`.
//!
//! It must not know where its values come from: they are a [`ShopFile`] and a place for mail.

use std::path::{Path, PathBuf};

use anyhow::Context;
use domain::contract::{FilterType, RuleKey};
use serde_json::json;
use store::filters::FilterValue;
use store::mailboxes::{MailboxKind, NewMailbox};
use store::rules::NewRuleVersion;
use store::shops::{NewShop, ShopSettings};
use store::{Claims, MailboxId, Store, TenantId, UserId};

use crate::shop_file::{FilterEntry, ShopFile};

/// Who signs the checks of senders in the mails that come in.
pub const AUTHSERV_ID: &str = "mx.google.com";
/// Nobody signs in with a password here: this is no hash of anything.
const NO_PASSWORD: &str = "!";

/// The platform admin's address.
const ADMIN: &str = "platform@loket.example";

/// A shop that was made.
#[derive(Debug, Clone, Copy)]
pub struct MadeShop {
    /// The shop.
    pub tenant: TenantId,
    /// Its owner.
    pub owner: UserId,
    /// Its mailbox.
    pub mailbox: MailboxId,
}

impl MadeShop {
    /// The owner's claims.
    pub const fn claims(&self) -> Claims {
        Claims { user_id: self.owner, tenant_id: Some(self.tenant) }
    }
}

/// The two mail directories of a shop whose mailbox is a directory.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Where mail comes in.
    pub inbox: PathBuf,
    /// Where replies go.
    pub sent: PathBuf,
    /// Who signs the checks of senders in the mails that come in; none is believed without it.
    pub authserv_id: Option<String>,
}

impl Folders {
    /// Both below `root`, with `tmp`, `new` and `cur`; made when absent.
    pub fn make(root: &Path) -> anyhow::Result<Self> {
        let folders = Self {
            inbox: root.join("inbox"),
            sent: root.join("sent"),
            authserv_id: Some(AUTHSERV_ID.to_owned()),
        };
        for folder in ["tmp", "new", "cur"] {
            for place in [&folders.inbox, &folders.sent] {
                let place = place.join(folder);
                std::fs::create_dir_all(&place)
                    .with_context(|| format!("{} cannot be made", place.display()))?;
            }
        }
        Ok(folders)
    }
}

/// Makes the platform admin who approves shops; the same person when asked again.
pub async fn make_admin(store: &Store) -> anyhow::Result<UserId> {
    store::users::create(store, UserId::new(), ADMIN, NO_PASSWORD).await?;
    store::users::make_platform_admin(store, ADMIN)
        .await?
        .context("the platform admin could not be made")
}

/// Makes the shop of `file` with its rules, filters and mailbox. `owner_email` must be new.
pub async fn make(
    store: &Store,
    admin: UserId,
    owner_email: &str,
    file: &ShopFile,
    folders: &Folders,
) -> anyhow::Result<MadeShop> {
    let owner = UserId::new();
    store::users::create(store, owner, owner_email, NO_PASSWORD).await?;
    let shop = register(store, owner, file).await?;
    store::admin::approve(store, admin, shop.tenant).await?;
    set_up(store, &shop, file, folders).await?;
    Ok(shop)
}

/// Registers the shop of `file` for a person who has none; it waits for approval.
pub async fn register(store: &Store, owner: UserId, file: &ShopFile) -> anyhow::Result<MadeShop> {
    let settings = &file.shop;
    let shop = MadeShop { tenant: TenantId::new(), owner, mailbox: MailboxId::new() };
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
    Ok(shop)
}

/// What the owner of an approved shop fills in.
pub async fn set_up(
    store: &Store,
    shop: &MadeShop,
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
        id: shop.mailbox,
        kind: MailboxKind::Maildir,
        address: wanted.gmail_email.clone(),
        config: json!({
            "directory": folders.inbox,
            "outgoing": folders.sent,
            "authserv_id": folders.authserv_id,
        }),
        secret_encrypted: None,
    };
    let mut rules: Vec<NewRuleVersion> = RuleKey::ALL
        .iter()
        .map(|key| NewRuleVersion {
            rule_key: *key,
            started_from: 0,
            enabled: true,
            rule_config: file.rule_config(*key),
            html_template: json!({}),
        })
        .collect();
    store
        .as_user(&shop.claims(), async |tx| {
            store::shops::save_settings(tx, &settings).await?;
            store::sending::save_wishes(tx, wanted.undo_seconds, wanted.max_reply_age_hours)
                .await?;
            // An approved shop begins with the master rules that an admin changed.
            let begun = store::rules::current(tx).await?;
            for rule in &mut rules {
                let there = begun.iter().find(|row| row.rule_key == rule.rule_key);
                rule.started_from = there.map_or(0, |row| row.version);
                store::rules::save(tx, rule).await?;
            }
            for (filter_type, value, is_regex) in file.filters.iter().filter_map(filter) {
                store::filters::insert(tx, filter_type, &value, is_regex).await?;
            }
            Ok(())
        })
        .await?;
    store::mailboxes::add_directory(store, shop.tenant, &mailbox).await?;
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
