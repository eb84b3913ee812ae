//! Shops, people and mailboxes of the system before Loket.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};
use store::import::Table;
use store::secrets::SecretRow;
use store::{MailboxId, TenantId};
use uuid::Uuid;

use super::plan::Plan;
use super::row::{Row, id_of};
use crate::secrets::{Kept, Secret, Vault, kept};

/// Parts that make HTML active, one per line.
const ACTIVE_HTML: &str = include_str!("active_html.txt");

/// What later tables look up.
#[derive(Debug, Default)]
pub struct Known {
    /// Shops that are taken, with their language.
    pub shops: BTreeMap<Uuid, String>,
    /// People that are taken.
    pub people: BTreeSet<Uuid>,
    /// People's shops, as their profiles say.
    pub shop_of: BTreeMap<Uuid, Uuid>,
    /// Who registered a shop, where it says so.
    pub founder_of: BTreeMap<Uuid, Uuid>,
    /// When people registered, where it is known.
    pub since: BTreeMap<Uuid, Timestamp>,
}

impl Known {
    /// Who owns a shop: who registered it, else who of its people is there longest. Where neither
    /// is known, or two are equally old, nobody guesses.
    pub fn owner_of(&self, shop: Uuid) -> Option<Uuid> {
        let of_shop = |person: &&Uuid| self.shop_of.get(*person) == Some(&shop);
        let mut members = self.people.iter().filter(of_shop);
        let founder = self.founder_of.get(&shop);
        if let Some(founder) = founder.filter(|founder| members.clone().any(|it| it == *founder)) {
            return Some(*founder);
        }
        let first = members.clone().next()?;
        if members.clone().count() == 1 {
            return Some(*first);
        }
        let since: Option<Vec<(Timestamp, Uuid)>> =
            members.try_fold(Vec::new(), |mut all, person| {
                all.push((*self.since.get(person)?, *person));
                Some(all)
            });
        let mut since = since?;
        since.sort_unstable();
        match since.as_slice() {
            [(oldest, person), (next, _), ..] if oldest < next => Some(*person),
            _ => None,
        }
    }
}

/// The columns that hold a shop's id.
const SHOP: &[&str] = &["tenant_id"];

/// The columns of a shop that hold who registered it.
const FOUNDER: &[&str] = &["created_by", "user_id", "owner_id"];

/// The shop a row belongs to; an error when it is not taken.
pub fn shop_of(known: &Known, row: &Row) -> Result<Uuid, String> {
    let id = row.id("tenants", SHOP).ok_or("it belongs to no shop")?;
    if known.shops.contains_key(&id) { Ok(id) } else { Err("its shop is not taken".to_owned()) }
}

/// Shops and their mailboxes.
pub fn tenants(plan: &mut Plan, known: &mut Known, rows: &[Row], vault: &Vault) {
    for row in rows {
        let Some(id) = row.id("tenants", &["tenant_id", "id"]) else {
            plan.refuse(Table::Tenants, row, "it has no id");
            continue;
        };
        let Some(email) = row.text(&["gmail_email", "email"]).map(|email| email.to_lowercase())
        else {
            plan.refuse(Table::Tenants, row, "it has no gmail_email");
            continue;
        };
        let Some(name) = row.text(&["bedrijfsnaam", "name"]) else {
            plan.refuse(Table::Tenants, row, "it has no bedrijfsnaam");
            continue;
        };
        if known.shops.contains_key(&id) {
            plan.refuse(Table::Tenants, row, "another row has the same id");
            continue;
        }
        let language = language(plan, row);
        let secret = mailbox_password(plan, row);
        let tenant = TenantId(id);
        let sealed = |row: SecretRow| secret.as_ref().map(|secret| vault.seal(row, secret));
        let of_shop = sealed(SecretRow::of_tenant(tenant)).transpose();
        let mailbox = MailboxId(id_of("mailboxes", &id.to_string()));
        let of_mailbox = sealed(SecretRow::of_mailbox(tenant, mailbox)).transpose();
        let (Ok(of_shop), Ok(of_mailbox)) = (of_shop, of_mailbox) else {
            plan.refuse(Table::Tenants, row, "its mailbox password could not be closed");
            continue;
        };
        let value = shop_value(plan, row, id, &name, &email, &language, of_shop.as_deref());
        plan.take(Table::Tenants, value, row);
        let value = json!({
            "tenant_id": id, "id": mailbox.0, "kind": kind(row, &email), "address": email,
            "config": {}, "secret_encrypted": of_mailbox,
            "paused_reason": "imported: check the settings, then turn it on",
        });
        plan.take(Table::Mailboxes, value, row);
        if row.text(&["api_key"]).is_some() {
            plan.remark(Table::Tenants, row, "api_key: not taken, make a new one");
        }
        if let Some(founder) = row.id("auth.users", FOUNDER) {
            known.founder_of.insert(id, founder);
        }
        known.shops.insert(id, language);
        plan.shops.push(tenant);
    }
}

fn shop_value(
    plan: &mut Plan,
    row: &Row,
    id: Uuid,
    name: &str,
    email: &str,
    language: &str,
    sealed: Option<&str>,
) -> Value {
    let status = status(plan, row);
    let extra = row.percentage(&["maximaal_extra_compensatie"]).unwrap_or_else(|| {
        if row.text(&["maximaal_extra_compensatie"]).is_some() {
            plan.remark(
                Table::Tenants,
                row,
                "maximaal_extra_compensatie: no percentage, 15 instead",
            );
        }
        "15".to_owned()
    });
    let days = row.json(&["dagen_instellingen"]).filter(Value::is_object).unwrap_or_else(|| {
        if row.text(&["dagen_instellingen"]).is_some() {
            plan.remark(Table::Tenants, row, "dagen_instellingen: no object, left empty");
        }
        json!({})
    });
    json!({
        "tenant_id": id,
        "bedrijfsnaam": name.chars().take(200).collect::<String>(),
        "gmail_email": email,
        "gmail_password_encrypted": sealed,
        "shop_url": row.text(&["shop_url"]).unwrap_or_default(),
        "ai_persona_name": row.text(&["ai_persona_name"]).unwrap_or_else(|| "Eva".to_owned()),
        "sector": row.text(&["sector"]).unwrap_or_else(|| "fashion".to_owned()),
        "taalvoorkeur": language,
        "status": status,
        "active": status == "approved" && row.flag(&["active"]).unwrap_or(false),
        "retouradres": row.text(&["retouradres"]).unwrap_or_default(),
        "maximaal_extra_compensatie": extra,
        "dagen_instellingen": days,
        "signature_html": signature(plan, row),
        "n8n_workflow_id": row.text(&["n8n_workflow_id"]),
        "created_by": row.id("auth.users", FOUNDER),
        "created_at": row.moment(&["created_at"]),
    })
}

/// A signature goes into every mail: one with active parts is not taken.
fn signature(plan: &mut Plan, row: &Row) -> String {
    let html = row.text(&["signature_html"]).unwrap_or_default();
    let lower = html.to_lowercase();
    let handler = lower.split('<').any(|tag| {
        let tag = tag.split('>').next().unwrap_or_default();
        tag.split_whitespace().skip(1).any(|word| word.starts_with("on") && word.contains('='))
    });
    if handler || ACTIVE_HTML.lines().any(|part| lower.contains(part)) {
        plan.remark(Table::Tenants, row, "signature_html: has active parts, not taken");
        return String::new();
    }
    mail::sanitise::reply(&html)
}

fn status(plan: &mut Plan, row: &Row) -> &'static str {
    let said = row.text(&["status"]).unwrap_or_default().to_lowercase();
    match said.as_str() {
        "approved" | "active" | "goedgekeurd" => "approved",
        "pending_approval" | "pending" => "pending_approval",
        "suspended" | "inactive" => "suspended",
        "rejected" | "afgewezen" => "rejected",
        other => {
            let what =
                format!("status: {} is unknown, pending_approval instead", other.escape_debug());
            plan.remark(Table::Tenants, row, what);
            "pending_approval"
        }
    }
}

fn language(plan: &mut Plan, row: &Row) -> String {
    let said = row.text(&["taalvoorkeur"]).unwrap_or_else(|| "NL".to_owned()).to_uppercase();
    match said.as_str() {
        "NL" | "EN" => said,
        _ => {
            plan.remark(Table::Tenants, row, "taalvoorkeur: neither NL nor EN, NL instead");
            "NL".to_owned()
        }
    }
}

fn mailbox_password(plan: &mut Plan, row: &Row) -> Option<Secret> {
    let text = row.text(&["gmail_password_encrypted"])?;
    match kept(&text) {
        Kept::Plain(secret) => Some(secret),
        Kept::Envelope(_) | Kept::Unknown => {
            let what = "gmail_password_encrypted: no password in Base64, not taken; the shop gives it again";
            plan.remark(Table::Tenants, row, what);
            None
        }
    }
}

fn kind(row: &Row, email: &str) -> &'static str {
    let provider = row.text(&["provider", "email_provider"]).unwrap_or_default().to_lowercase();
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    match (provider.as_str(), domain) {
        ("gmail" | "google", _) | ("", "gmail.com" | "googlemail.com") => "gmail",
        ("zoho", _) | ("", "zoho.com" | "zoho.eu" | "zohomail.eu") => "zoho",
        _ => "imap",
    }
}

/// What profiles say of people's shops, before the people themselves are written.
pub fn memberships(known: &mut Known, profiles: &[Row]) {
    for row in profiles {
        let user = row.id("auth.users", &["user_id", "id"]);
        let shop = row.id("tenants", SHOP).filter(|shop| known.shops.contains_key(shop));
        if let (Some(user), Some(shop)) = (user, shop) {
            known.shop_of.insert(user, shop);
        }
    }
}

/// People, with the hashes of their passwords.
pub fn users(plan: &mut Plan, known: &mut Known, rows: &[Row]) {
    let mut addresses = BTreeSet::new();
    for row in rows {
        let Some(id) = row.id("auth.users", &["id"]) else {
            plan.refuse(Table::Users, row, "it has no id");
            continue;
        };
        let email = row.text(&["email"]).map(|email| email.to_lowercase());
        let Some(email) = email.filter(|email| email.contains('@')) else {
            plan.refuse(Table::Users, row, "it has no mail address");
            continue;
        };
        if row.text(&["deleted_at"]).is_some() {
            plan.refuse(Table::Users, row, "it was deleted");
            continue;
        }
        if !addresses.insert(email.clone()) {
            plan.refuse(Table::Users, row, "another person has the same address");
            continue;
        }
        let hash = row.text(&["encrypted_password"]);
        let good = hash.filter(|hash| {
            ["$2a$", "$2b$", "$2y$", "$argon2"].iter().any(|start| hash.starts_with(start))
        });
        if good.is_none() && row.text(&["encrypted_password"]).is_some() {
            plan.remark(
                Table::Users,
                row,
                "encrypted_password: no bcrypt, not taken; they set a new one",
            );
        }
        let mut app = json!({ "provider": "email", "providers": ["email"] });
        if let (Some(shop), Some(app)) = (known.shop_of.get(&id), app.as_object_mut()) {
            app.insert("tenant_id".to_owned(), json!(shop));
        }
        let meta = row.json(&["raw_user_meta_data"]).filter(Value::is_object);
        let value = json!({
            "id": id, "email": email, "encrypted_password": good,
            "email_confirmed_at": row.moment(&["email_confirmed_at", "confirmed_at"]),
            "raw_app_meta_data": app,
            "raw_user_meta_data": meta.unwrap_or_else(|| json!({})),
            "created_at": row.moment(&["created_at"]),
        });
        plan.take(Table::Users, value, row);
        known.people.insert(id);
        if let Some(since) = row.moment(&["created_at"]) {
            known.since.insert(id, since);
        }
    }
}

/// How people sign in: by address and password. Other providers are not served.
pub fn identities(plan: &mut Plan, known: &Known, rows: &[Row]) {
    for row in rows {
        let Some(user) = row.id("auth.users", &["user_id"]).filter(|id| known.people.contains(id))
        else {
            plan.refuse(Table::Identities, row, "its person is not taken");
            continue;
        };
        let provider = row.text(&["provider"]).unwrap_or_default();
        if provider != "email" {
            plan.refuse(Table::Identities, row, "only addresses with passwords sign in to Loket");
            continue;
        }
        let Some(data) = row.json(&["identity_data"]).filter(Value::is_object) else {
            plan.refuse(Table::Identities, row, "it has no identity_data");
            continue;
        };
        // Older projects have the person's id in `id`, and no `provider_id`.
        let given = row.text(&["provider_id", "id"]).unwrap_or_else(|| user.to_string());
        let value = json!({
            "id": row.id("auth.identities", &["identity_id", "id"]).unwrap_or(user),
            "user_id": user, "provider_id": given, "provider": "email", "identity_data": data,
            "created_at": row.moment(&["created_at"]),
        });
        plan.take(Table::Identities, value, row);
    }
}

/// Who belongs where. Platform admins are taken as such only where that was asked for.
pub fn profiles(plan: &mut Plan, known: &Known, rows: &[Row], with_admins: bool) {
    for row in rows {
        let Some(user) = row.id("auth.users", &["user_id", "id"]) else {
            plan.refuse(Table::Profiles, row, "it has no user_id");
            continue;
        };
        if !known.people.contains(&user) {
            plan.refuse(Table::Profiles, row, "its person is not taken");
            continue;
        }
        let shop = known.shop_of.get(&user);
        if shop.is_none() && row.text(SHOP).is_some() {
            plan.remark(Table::Profiles, row, "tenant_id: its shop is not taken, belongs to none");
        }
        let admin = row.text(&["role"]).is_some_and(|role| role == "admin");
        if admin && !with_admins {
            plan.remark(Table::Profiles, row, "role: admin, taken as user; see --with-admins");
        }
        // One owns the shop; the others work the mail.
        let role = match shop.map(|shop| known.owner_of(*shop)) {
            Some(Some(owner)) if owner == user => "owner",
            Some(Some(_)) => "agent",
            Some(None) => {
                let what = "tenant_role: nothing says who owns the shop, taken as agent; make one of them its owner";
                plan.remark(Table::Profiles, row, what);
                "agent"
            }
            None => "viewer",
        };
        let value = json!({
            "user_id": user,
            "email": row.text(&["email"]).unwrap_or_default().to_lowercase(),
            "role": if admin && with_admins { "admin" } else { "user" },
            "tenant_id": shop, "tenant_role": role,
            "full_name": row.text(&["full_name", "name"]).unwrap_or_default(),
        });
        plan.take(Table::Profiles, value, row);
    }
}
