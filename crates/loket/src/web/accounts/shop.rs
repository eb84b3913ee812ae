//! The wizard of a new shop, and the wait for its approval.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use mail::imap::Auth;
use serde::Deserialize;
use serde_json::{Value, json};
use store::admin::WaitingMailbox;
use store::secrets::{Place, SecretRow};
use store::shops::NewShop;
use store::{Claims, Constraint, MailboxId, TenantId};

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::attempt::{Tried, attempt};
use super::connect;
use super::form::{Field, Mistakes, Posted, Sheet, Way, html};
use super::grounds::Reason;
use super::home_of;
use super::mailbox::{self, Wanted};
use super::visitor::{Someone, failed};
use crate::oauth::MailboxSecret;

/// Under which name step 1 is kept with the account until step 2.
const KEPT: &str = "winkel";
/// Lines of business to choose from; `other` last.
const SECTORS: [&str; 8] =
    ["fashion", "home", "beauty", "electronics", "sports", "food", "children", "other"];

/// Step 1, as it was filled in.
#[derive(Debug, Clone, Default, Deserialize)]
struct Kept {
    #[serde(default)]
    bedrijfsnaam: String,
    #[serde(default)]
    shop_url: String,
    #[serde(default)]
    sector: String,
    #[serde(default)]
    taalvoorkeur: String,
    #[serde(default)]
    retouradres: String,
    #[serde(default)]
    ai_persona_name: String,
}

impl Kept {
    fn of(posted: &Posted) -> Self {
        let get = |name: &str| posted.get(name).to_owned();
        Self {
            bedrijfsnaam: get("bedrijfsnaam"),
            shop_url: with_scheme(posted.get("shop_url")),
            sector: get("sector"),
            taalvoorkeur: get("taalvoorkeur"),
            retouradres: get("retouradres"),
            ai_persona_name: get("ai_persona_name"),
        }
    }

    /// What is wrong with it. Asked again before it is used: people can write what is kept.
    fn mistakes(&self) -> Mistakes {
        let mut mistakes = Mistakes::default();
        mistakes.bounded("bedrijfsnaam", &self.bedrijfsnaam, 200);
        if !is_web_address(&self.shop_url) {
            mistakes.add("shop_url", "url");
        }
        if !SECTORS.contains(&self.sector.as_str()) {
            mistakes.add("sector", "choose");
        }
        if !["NL", "EN"].contains(&self.taalvoorkeur.as_str()) {
            mistakes.add("taalvoorkeur", "choose");
        }
        mistakes.bounded("retouradres", &self.retouradres, 500);
        mistakes.bounded("ai_persona_name", &self.ai_persona_name, 60);
        mistakes
    }

    fn value(&self) -> Value {
        json!({
            "bedrijfsnaam": self.bedrijfsnaam, "shop_url": self.shop_url, "sector": self.sector,
            "taalvoorkeur": self.taalvoorkeur, "retouradres": self.retouradres,
            "ai_persona_name": self.ai_persona_name,
        })
    }
}

/// People type `winkel.nl`.
pub fn with_scheme(typed: &str) -> String {
    if typed.is_empty() || typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    }
}

/// `https://` or `http://`, a host with a dot, no blanks.
pub fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain =
        text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>\"'@".contains(c));
    plain
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && text.len() <= 300
}

/// Whoever has a shop, waiting or working, is past this.
fn still_to_register(someone: &Someone) -> Result<(), Failure> {
    let rejected = someone.person.tenant_status.as_deref() == Some("rejected");
    let has_shop = someone.person.tenant_id.is_some() || someone.person.tenant_status.is_some();
    if has_shop && !rejected {
        return Err(Failure::Elsewhere(home_of(&someone.person).to_owned()));
    }
    Ok(())
}

async fn kept(someone: &Someone) -> Result<Option<Kept>, Failure> {
    let signed = someone.signed().await?;
    let kept = signed.user.raw_user_meta_data.get(KEPT).cloned();
    Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()))
}

/// `GET /winkel`.
pub async fn form(someone: Someone) -> Result<Response, Failure> {
    still_to_register(&someone)?;
    let filled = match kept(&someone).await? {
        Some(kept) => kept,
        None => before(&someone),
    };
    sheet(&someone, &filled, &Mistakes::default()).answer()
}

/// What is likely: as it was in an application that was turned down, or as most have it.
fn before(someone: &Someone) -> Kept {
    let text = |column: &str| someone.tenant_text(column).unwrap_or_default();
    let or =
        |column: &str, usual: &str| someone.tenant_text(column).unwrap_or_else(|| usual.to_owned());
    Kept {
        bedrijfsnaam: text("bedrijfsnaam"),
        shop_url: text("shop_url"),
        sector: or("sector", "fashion"),
        taalvoorkeur: or("taalvoorkeur", mailbox::taalvoorkeur(someone.language())),
        retouradres: text("retouradres"),
        ai_persona_name: or("ai_persona_name", "Eva"),
    }
}

fn sheet(someone: &Someone, filled: &Kept, mistakes: &Mistakes) -> Sheet {
    let t = someone.t;
    let sectors = SECTORS.map(|it| (it.to_owned(), t.word("sector", it))).to_vec();
    let languages = [("NL", "layout.dutch"), ("EN", "layout.english")]
        .map(|(value, key)| (value.to_owned(), t.get(key).to_owned()))
        .to_vec();
    let text = |name, value: &str| Field::new(name, "text", t).holding(value);
    let fields = vec![
        text("bedrijfsnaam", &filled.bedrijfsnaam).filled_in_as("organization"),
        text("shop_url", &filled.shop_url).filled_in_as("url"),
        Field::new("sector", "select", t).holding(&filled.sector).choosing(sectors),
        Field::new("taalvoorkeur", "select", t).holding(&filled.taalvoorkeur).choosing(languages),
        Field::new("retouradres", "textarea", t)
            .holding(&filled.retouradres)
            .filled_in_as("street-address"),
        text("ai_persona_name", &filled.ai_persona_name),
    ];
    let token = someone.person.form_token.clone();
    let mut sheet = Sheet::new(someone.frame(), "shop", "/winkel", token).with(fields, mistakes);
    sheet.step = Some(t.get("step.one").to_owned());
    sheet
}

/// `POST /winkel`: kept with the account, so that it is there on the next device too.
pub async fn submit(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&[
        "bedrijfsnaam",
        "shop_url",
        "sector",
        "taalvoorkeur",
        "retouradres",
        "ai_persona_name",
    ])?;
    still_to_register(&someone)?;
    let filled = Kept::of(&posted);
    let mistakes = filled.mistakes();
    if !mistakes.none() {
        return sheet(&someone, &filled, &mistakes).answer();
    }
    let user = someone.person.user_id;
    someone.auth.remember(user, KEPT, filled.value()).await.map_err(failed)?;
    Ok(Redirect::to("/winkel/mailbox").into_response())
}

/// Which provider.
#[derive(Debug, Default, Deserialize)]
pub struct Provider {
    #[serde(default)]
    soort: String,
    /// What went wrong on the way to a provider and back.
    #[serde(default)]
    melding: String,
}

/// Whoever has no shop yet, and has said what theirs is.
pub async fn ready_for_mailbox(someone: &Someone) -> Result<(), Failure> {
    still_to_register(someone)?;
    if kept(someone).await?.is_none_or(|kept| !kept.mistakes().none()) {
        return Err(Failure::Elsewhere("/winkel".to_owned()));
    }
    Ok(())
}

/// `GET /winkel/mailbox`: first the choice, then what the provider needs.
pub async fn mailbox_form(
    Held(state): Held<State>,
    Query(provider): Query<Provider>,
    someone: Someone,
) -> Result<Response, Failure> {
    ready_for_mailbox(&someone).await?;
    match provider.soort.as_str() {
        "gmail" | "zoho" | "imap" => {
            let posted = Posted::default();
            let mistakes = Mistakes::default();
            let mut sheet = mailbox_sheet(&state, &someone, &provider.soort, &posted, &mistakes);
            let said = someone.t.find(&format!("connect.{}", provider.melding));
            sheet.note = said.map(|said| ("serious", said.to_owned()));
            sheet.answer()
        }
        _ => {
            let t = someone.t;
            html(&Choice { step: t.get("step.two"), frame: someone.frame() })
        }
    }
}

/// The choice of a provider.
#[derive(Debug, Template)]
#[template(path = "accounts/providers.html")]
struct Choice {
    frame: Frame,
    step: &'static str,
}

fn mailbox_sheet(
    state: &State,
    someone: &Someone,
    provider: &str,
    posted: &Posted,
    mistakes: &Mistakes,
) -> Sheet {
    let t = someone.t;
    let token = someone.person.form_token.clone();
    let fields = mailbox::fields(provider, posted, &state.0.providers, t);
    let mut sheet = Sheet::new(someone.frame(), "mailbox", "/winkel/mailbox", token)
        .with(fields, mistakes)
        .carrying("provider", provider);
    sheet.title = t.word("provider_title", provider);
    sheet.step = Some(t.get("step.two").to_owned());
    sheet.help.push(mailbox::help(provider, t));
    sheet.connects = connect::ways(state, mailbox::kind(provider), "/winkel/mailbox", t);
    sheet.ways.push(Way::to("/winkel/mailbox", t.get("way.other_provider")));
    sheet
}

/// `POST /winkel/mailbox`: the shop is registered and waits.
pub async fn mailbox(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    posted.only(&mailbox::FIELDS)?;
    ready_for_mailbox(&someone).await?;
    let again = |mistakes: &Mistakes| {
        mailbox_sheet(&state, &someone, posted.get("provider"), &posted, mistakes).answer()
    };
    let mut wanted = match mailbox::read(&posted, &state.0.providers) {
        Ok(wanted) => wanted,
        Err(mistakes) => return again(&mistakes),
    };
    let auth = Auth::Password(wanted.secret.to_secret().expose().to_owned());
    match attempt(&state, &someone, wanted.kind, &wanted.config, &auth).await? {
        Tried::Works(config) => wanted.config = config,
        Tried::Wrong(field, key) => {
            let mut mistakes = Mistakes::default();
            mistakes.add(field, key);
            return again(&mistakes);
        }
    }
    finish(&state, &someone, wanted).await?;
    Ok(Redirect::to("/wachten").into_response())
}

/// Registers the shop that was described in step 1, with a mailbox that works.
pub async fn finish(state: &State, someone: &Someone, wanted: Wanted) -> Result<(), Failure> {
    let shop = kept(someone).await?.filter(|kept| kept.mistakes().none());
    let Some(shop) = shop else { return Err(Failure::Elsewhere("/winkel".to_owned())) };
    register(state, someone, &shop, wanted).await?;
    // What was kept for this moment is in its own place now.
    let user = someone.person.user_id;
    someone.auth.remember(user, KEPT, Value::Null).await.map_err(failed)?;
    someone.auth.sessions().forget(user);
    Ok(())
}

async fn register(
    state: &State,
    someone: &Someone,
    shop: &Kept,
    wanted: Wanted,
) -> Result<(), Failure> {
    let vault = state.0.vault.as_ref().ok_or(Failure::NotFound)?;
    let (tenant, mailbox) = (TenantId::new(), MailboxId::new());
    let secret = wanted.secret.to_secret();
    let seal = |place, row_id| {
        let row = SecretRow { tenant_id: tenant, place, row_id };
        vault.seal(row, &secret).map_err(|error| Failure::defect(&error))
    };
    // The contract's column is for passwords; a consent is kept once.
    let for_tenant = match wanted.secret {
        MailboxSecret::Password(_) => Some(seal(Place::Tenant, tenant.0)?),
        MailboxSecret::Grant(_) => None,
    };
    let for_mailbox = seal(Place::Mailbox, mailbox.0)?;
    let new = NewShop {
        tenant_id: tenant,
        bedrijfsnaam: shop.bedrijfsnaam.clone(),
        gmail_email: wanted.address.clone(),
        shop_url: shop.shop_url.clone(),
        sector: shop.sector.clone(),
        taalvoorkeur: shop.taalvoorkeur.clone(),
        retouradres: shop.retouradres.clone(),
    };
    let waiting = WaitingMailbox {
        shop: tenant,
        id: mailbox,
        kind: wanted.kind,
        address: &wanted.address,
        config: &wanted.config,
        secret_encrypted: Some(&for_mailbox),
    };
    let newcomer = Claims { user_id: someone.person.user_id, tenant_id: None };
    let done = state.store().as_user(&newcomer, async |tx| {
        store::shops::register(tx, &new).await?;
        store::admin::register_mailbox(tx, &waiting).await?;
        let persona = shop.ai_persona_name.as_str();
        store::admin::complete_registration(tx, tenant, persona, for_tenant.as_deref()).await
    });
    match done.await {
        // Pressed twice, or on two devices: the shop is there.
        Err(store::Error::Constraint { constraint: Constraint::OneShopPerPerson, .. }) => Ok(()),
        done => Ok(done?),
    }
}

/// The page of whoever waits.
#[derive(Debug, Template)]
#[template(path = "accounts/waiting.html")]
struct Waiting {
    frame: Frame,
    status: String,
    shop: String,
    email: String,
    mailbox: String,
    reason: Option<Reason>,
}

/// `GET /wachten`: moves on by itself.
pub async fn waiting(Held(state): Held<State>, someone: Someone) -> Result<Response, Failure> {
    let home = home_of(&someone.person);
    if home != "/wachten" {
        return Err(Failure::Elsewhere(home.to_owned()));
    }
    let own = Claims { user_id: someone.person.user_id, tenant_id: None };
    let why = state.store().as_user(&own, async |tx| store::shops::standing_reason(tx).await);
    let why = why.await?.filter(|why| !why.reason.is_empty());
    html(&Waiting {
        reason: why.map(|why| Reason::of(&why.reason, someone.t)),
        frame: someone.frame(),
        status: someone.person.tenant_status.clone().unwrap_or_default(),
        shop: someone.tenant_text("bedrijfsnaam").unwrap_or_default(),
        mailbox: someone.tenant_text("gmail_email").unwrap_or_default(),
        email: someone.person.email.clone(),
    })
}

/// `GET /wachten/status`: what the waiting page asks every few seconds.
pub async fn standing(someone: Someone) -> Response {
    Json(json!({
        "status": someone.person.tenant_status,
        "verder": home_of(&someone.person),
    }))
    .into_response()
}
