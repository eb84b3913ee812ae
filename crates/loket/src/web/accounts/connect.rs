//! A mailbox that its provider opens by consent: the way there, and back with a code.
//!
//! The way there is a link and no form: the pages' own policy (`form-action 'self'`) lets no form
//! lead elsewhere, and nothing is done by following it. What comes back is taken only from the
//! session that asked for it.

use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use mail::imap::Auth;
use serde::Deserialize;
use serde_json::{Value, json};
use store::TenantTx;
use store::mailboxes::MailboxKind;
use store::secrets::SecretRow;

use super::super::State;
use super::super::failure::Failure;
use super::attempt::{Tried, moved, reach};
use super::form::Way;
use super::mailbox::Wanted;
use super::settings_mailbox;
use super::shop;
use super::visitor::Someone;
use crate::oauth::{
    self, ConsentError, Grant, Granted, MailboxSecret, Provider, Purpose, Refused, TokenError,
    Tokens,
};
use crate::secrets::Secret;

/// Where providers send people back to: exactly this, on the configured site.
pub const BACK: &str = "/mailbox/verbonden";

/// Which provider.
#[derive(Debug, Default, Deserialize)]
pub struct Which {
    #[serde(default)]
    bij: String,
}

/// What a provider sends along.
#[derive(Debug, Default, Deserialize)]
pub struct Brought {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
    /// The data centre, where a provider has many.
    #[serde(default)]
    location: String,
}

/// Why a mailbox was not connected; each has a sentence in the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Denied,
    Failed,
    Late,
    Partial,
    Unreachable,
    OtherAddress,
    NoAddress,
    SignInRefused,
}

impl Trouble {
    const fn word(self) -> &'static str {
        match self {
            Self::Denied => "geweigerd",
            Self::Failed => "mislukt",
            Self::Late => "verlopen",
            Self::Partial => "onvolledig",
            Self::Unreachable => "onbereikbaar",
            Self::OtherAddress => "ander_adres",
            Self::NoAddress => "geen_adres",
            Self::SignInRefused => "aanmelden",
        }
    }
}

/// Buttons to the providers that can be asked for this kind of mailbox.
pub fn ways(
    state: &State,
    kind: MailboxKind,
    from: &str,
    t: super::super::texts::Texts,
) -> Vec<Way> {
    if state.0.tokens.is_none() {
        return Vec::new();
    }
    let way = |provider: &Provider| {
        let words = t.fill("connect.button", "provider", &provider.title);
        Way::to(format!("{from}/verbinden?bij={}", provider.name), words)
    };
    state.0.providers.offered(kind).map(way).collect()
}

/// `GET /winkel/mailbox/verbinden`.
pub async fn register(
    Held(state): Held<State>,
    Query(which): Query<Which>,
    someone: Someone,
) -> Result<Response, Failure> {
    shop::ready_for_mailbox(&someone).await?;
    lead_there(&state, &someone, &which, Purpose::Register)
}

/// `GET /instellingen/mailbox/verbinden`.
pub async fn reconnect(
    Held(state): Held<State>,
    Query(which): Query<Which>,
    someone: Someone,
) -> Result<Response, Failure> {
    settings_mailbox::load(&state, &someone).await?;
    lead_there(&state, &someone, &which, Purpose::Reconnect)
}

fn lead_there(
    state: &State,
    someone: &Someone,
    which: &Which,
    purpose: Purpose,
) -> Result<Response, Failure> {
    let found = state.0.tokens.as_deref().and_then(|tokens| tokens.providers().find(&which.bij));
    let provider = found.filter(|it| it.client_id.is_some()).ok_or(Failure::NotFound)?;
    let keys = &state.0.keys;
    let address = oauth::address(
        provider,
        purpose,
        someone.person.session_id,
        &back_to(someone),
        state.now(),
        |text| keys.mark(text),
    );
    Ok(Redirect::to(&address).into_response())
}

fn back_to(someone: &Someone) -> String {
    format!("{}{BACK}", someone.auth.site().url)
}

/// `GET /mailbox/verbonden`: back from the provider.
pub async fn back(
    Held(state): Held<State>,
    Query(brought): Query<Brought>,
    someone: Someone,
) -> Result<Response, Failure> {
    let tokens = state.0.tokens.as_ref().ok_or(Failure::NotFound)?;
    let keys = &state.0.keys;
    let (session, now) = (someone.person.session_id, state.now());
    let asked = oauth::back(
        &brought.state,
        session,
        now,
        |text| keys.mark(text),
        |left, right| keys.same(left, right),
    );
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            let trouble = match error {
                ConsentError::TooLate => Trouble::Late,
                ConsentError::Foreign => Trouble::Failed,
            };
            let settled = someone.person.claims.tenant_id.is_some();
            let purpose = if settled { Purpose::Reconnect } else { Purpose::Register };
            return Ok(tell(purpose, None, trouble));
        }
    };
    let provider = tokens.providers().find(&asked.provider).ok_or(Failure::NotFound)?;
    let provider = tokens.providers().at(provider, &brought.location).unwrap_or(provider);
    let kind = Some(provider.kind);
    if !brought.error.is_empty() {
        let trouble = match Refused::of(&brought.error) {
            Refused::Denied => Trouble::Denied,
            Refused::Other => Trouble::Failed,
        };
        return Ok(tell(asked.purpose, kind, trouble));
    }
    let code = Code { text: &brought.code, verifier: &asked.verifier };
    let granted = match granted(tokens, provider, &code, &back_to(&someone)).await {
        Ok(granted) => granted,
        Err(trouble) => return Ok(tell(asked.purpose, kind, trouble)),
    };
    let done = match asked.purpose {
        Purpose::Register => open_shop(&state, &someone, provider, granted).await?,
        Purpose::Reconnect => open_mailbox(&state, &someone, provider, granted).await?,
    };
    Ok(match done {
        Ok(onward) => Redirect::to(onward).into_response(),
        Err(trouble) => tell(asked.purpose, kind, trouble),
    })
}

/// Back to the form, with what is wrong.
fn tell(purpose: Purpose, kind: Option<MailboxKind>, trouble: Trouble) -> Response {
    let word = trouble.word();
    let address = match (purpose, kind) {
        (Purpose::Reconnect, _) => format!("/instellingen/mailbox?melding={word}"),
        (Purpose::Register, Some(kind)) => {
            format!("/winkel/mailbox?soort={}&melding={word}", kind.as_str())
        }
        (Purpose::Register, None) => "/winkel/mailbox".to_owned(),
    };
    Redirect::to(&address).into_response()
}

struct Code<'a> {
    text: &'a str,
    verifier: &'a str,
}

async fn granted(
    tokens: &Tokens,
    provider: &Provider,
    code: &Code<'_>,
    back_to: &str,
) -> Result<Granted, Trouble> {
    if code.text.is_empty() || code.text.len() > 2048 {
        return Err(Trouble::Failed);
    }
    let granted = tokens.exchange(provider, code.text, code.verifier, back_to).await;
    let granted = granted.map_err(|error| {
        tracing::warn!(
            provider = provider.name, error = %store::Chain(&error), "a code gave no tokens"
        );
        match error {
            TokenError::Busy(_) | TokenError::Http(_) => Trouble::Unreachable,
            _ => Trouble::Failed,
        }
    })?;
    if granted.refresh.is_none() || !provider.is_enough(granted.scope.as_deref()) {
        return Err(Trouble::Partial);
    }
    Ok(granted)
}

/// How the mailbox is reached with this token: the first of the provider's places that takes it.
async fn reached(
    state: &State,
    provider: &Provider,
    user: &str,
    granted: &Granted,
) -> Result<Option<Value>, Failure> {
    let auth = Auth::XOAuth2(granted.access.expose().to_owned());
    let named = json!({ "user": user, "oauth": provider.name });
    for place in &provider.places {
        // The places are the provider's own: others are not given its token.
        let tried = reach(state, MailboxKind::Imap, &moved(&named, place), &auth).await?;
        if let Tried::Works(config) = tried {
            return Ok(Some(config));
        }
    }
    Ok(None)
}

fn consent(provider: &Provider, granted: Granted) -> Option<MailboxSecret> {
    Some(MailboxSecret::Grant(Grant {
        provider: provider.name.clone(),
        refresh: granted.refresh?,
        scope: granted.scope.unwrap_or_else(|| provider.scope.clone()),
    }))
}

/// The mailbox of a shop that registers.
async fn open_shop(
    state: &State,
    someone: &Someone,
    provider: &Provider,
    granted: Granted,
) -> Result<Result<&'static str, Trouble>, Failure> {
    shop::ready_for_mailbox(someone).await?;
    let Some(address) = granted.address.clone() else { return Ok(Err(Trouble::NoAddress)) };
    let Some(config) = reached(state, provider, &address, &granted).await? else {
        return Ok(Err(Trouble::SignInRefused));
    };
    let Some(secret) = consent(provider, granted) else { return Ok(Err(Trouble::Partial)) };
    let wanted = Wanted { kind: provider.kind, address, config, secret };
    shop::finish(state, someone, wanted).await?;
    Ok(Ok("/wachten"))
}

/// The mailbox of a shop that has one: only this one.
async fn open_mailbox(
    state: &State,
    someone: &Someone,
    provider: &Provider,
    granted: Granted,
) -> Result<Result<&'static str, Trouble>, Failure> {
    let mailbox = settings_mailbox::load(state, someone).await?;
    if granted.address.as_ref().is_some_and(|address| *address != mailbox.address) {
        return Ok(Err(Trouble::OtherAddress));
    }
    let Some(config) = reached(state, provider, &mailbox.address, &granted).await? else {
        return Ok(Err(Trouble::SignInRefused));
    };
    let Some(secret) = consent(provider, granted) else { return Ok(Err(Trouble::Partial)) };
    let vault = state.0.vault.as_ref().ok_or(Failure::NotFound)?;
    let tenant = someone.person.claims.tenant_id.ok_or(Failure::NotFound)?;
    let sealed: Secret = secret.to_secret();
    let envelope = vault
        .seal(SecretRow::of_mailbox(tenant, mailbox.id), &sealed)
        .map_err(|error| Failure::defect(&error))?;
    let save = async |tx: &TenantTx| {
        store::tokens::reconnect(tx, mailbox.id, &config, &envelope).await?;
        // A password that opens nothing any more need not be kept.
        store::secrets::forget_password(tx).await
    };
    state.store().as_user(&someone.person.claims, save).await?;
    Ok(Ok("/instellingen/mailbox?melding=verbonden"))
}
