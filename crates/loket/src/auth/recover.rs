//! `POST /recover`, `/otp`, `/resend`: mails that are asked for. The answer is the same whether
//! there is somebody to write to or not, and comes before anybody is looked up.

use axum::Json;
use axum::extract::{Query, State};
use domain::contract::Language;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Auth;
use super::addresses::email;
use super::links::{Purpose, language_of_user};
use super::refusal::Refusal;
use super::signup::{Back, new_person, said};
use super::wire::{Body, Client};

/// Whom to write to.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    create_user: Option<bool>,
    #[serde(default)]
    data: Option<Value>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl Wanted {
    /// The address; refusals for what is not offered.
    fn address(&self) -> Result<String, Refusal> {
        match self.email.as_deref().unwrap_or_default() {
            "" if self.phone.as_deref().is_some_and(|phone| !phone.is_empty()) => {
                Err(Refusal::bad("phone_provider_disabled", "Unsupported phone provider"))
            }
            typed => email(typed),
        }
    }
}

/// `POST /recover`: a mail to choose a new password with.
pub async fn recover(
    State(auth): State<Auth>,
    client: Client,
    Query(back): Query<Back>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, Refusal> {
    auth.recover(&wanted.address()?, back.redirect_to.as_deref(), &client)?;
    Ok(Json(json!({})))
}

/// `POST /otp`: a mail to sign in with.
pub async fn otp(
    State(auth): State<Auth>,
    client: Client,
    Query(back): Query<Back>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let email = wanted.address()?;
    let data = said(wanted.data.as_ref())?;
    let create = wanted.create_user.unwrap_or(true) && !auth.0.options.auth_disable_signup;
    auth.may_ask(&email, &client)?;
    let back_to = auth.0.site.back_to(back.redirect_to.as_deref());
    let (post, language) = (auth.0.post.clone(), client.language);
    post.later(async move {
        let found = auth.0.store.as_auth(async |tx| {
            if create {
                let new = new_person(&email, None, false, data.clone());
                store::auth::insert(tx, &new).await?;
            }
            store::auth::by_email(tx, &email).await
        });
        let Some(user) = found.await? else { return Ok(()) };
        let language = language_of_user(&user, language);
        auth.mail_token(user.id, Purpose::MagicLink, &email, &back_to, language, None).await
    })?;
    Ok(Json(json!({})))
}

/// `POST /resend`: a confirmation once more.
pub async fn resend(
    State(auth): State<Auth>,
    client: Client,
    Query(back): Query<Back>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let kind = match wanted.kind.as_deref() {
        Some("signup") => Purpose::Signup,
        Some("email_change") => Purpose::EmailChangeNew,
        Some("sms" | "phone_change") => {
            return Err(Refusal::bad("phone_provider_disabled", "Unsupported phone provider"));
        }
        _ => return Err(Refusal::invalid("Missing one of these types: signup, email_change")),
    };
    let email = wanted.address()?;
    auth.may_ask(&email, &client)?;
    let back_to = auth.0.site.back_to(back.redirect_to.as_deref());
    let (post, language) = (auth.0.post.clone(), client.language);
    post.later(async move { auth.mail_again(kind, &email, &back_to, language).await })?;
    Ok(Json(json!({})))
}

impl Auth {
    /// Mails a link to choose a new password with, if there is anybody at this address.
    pub fn recover(
        &self,
        email: &str,
        back_to: Option<&str>,
        client: &Client,
    ) -> Result<(), Refusal> {
        self.may_ask(email, client)?;
        let back_to = self.0.site.back_to(back_to);
        let (auth, email, language) = (self.clone(), email.to_owned(), client.language);
        self.0.post.later(async move {
            let found = auth.0.store.as_auth(async |tx| store::auth::by_email(tx, &email).await);
            let Some(user) = found.await? else { return Ok(()) };
            let language = language_of_user(&user, language);
            auth.mail_token(user.id, Purpose::Recovery, &email, &back_to, language, None).await
        })
    }

    /// Whether this client may ask for one more mail, and this address get one.
    fn may_ask(&self, email: &str, client: &Client) -> Result<(), Refusal> {
        let taken = self.0.limits.mail.take(&client.origin, self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        self.may_mail(email)
    }

    /// What waits for somebody's proof is mailed again.
    async fn mail_again(
        &self,
        purpose: Purpose,
        email: &str,
        back_to: &str,
        language: Language,
    ) -> Result<(), Refusal> {
        let found = self.0.store.as_auth(async |tx| store::auth::by_email(tx, email).await);
        let Some(user) = found.await? else { return Ok(()) };
        let language = language_of_user(&user, language);
        match purpose {
            Purpose::Signup if user.email_confirmed_at.is_none() => {
                // Whoever asks again need not be who gave the password: the link asks for one.
                self.mail_token(user.id, purpose, email, back_to, language, None).await
            }
            Purpose::EmailChangeNew if !user.email_change.is_empty() => {
                self.mail_email_change(&user, &user.email_change, back_to, language).await
            }
            _ => Ok(()),
        }
    }
}
