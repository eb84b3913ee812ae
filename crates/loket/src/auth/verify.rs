//! `/verify`: a link that was followed (GET), or a link's secret or typed code that a client
//! hands in (POST). Each works once, by one statement.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use store::AuthTx;
use store::auth::{Agreed, AuthUser, Side, Taken, TokenKind};

use super::Auth;
use super::addresses::{email, with_fragment};
use super::ownership::Whose;
use super::refusal::Refusal;
use super::secrets::link_digest;
use super::tokens::Opened;
use super::wire::{Body, Client};

/// What is said after the first half of a change of address.
const HALF_WAY: &str =
    "Confirmation link accepted. Please proceed to confirm link sent to the other email";

/// What proves something.
#[derive(Debug, Default, Deserialize)]
pub struct Proof {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    token_hash: Option<String>,
    #[serde(default)]
    redirect_to: Option<String>,
    #[serde(default)]
    from: Option<String>,
}

/// What a proof led to.
#[derive(Debug)]
pub enum Verified {
    /// The person is in.
    In(Box<Opened>),
    /// One of two addresses agreed.
    HalfWay,
}

/// `POST /verify`.
pub async fn verify(
    State(auth): State<Auth>,
    client: Client,
    Body(proof): Body<Proof>,
) -> Result<Json<Value>, Refusal> {
    let kinds = kinds(&proof.kind)?;
    let verified = if let Some(secret) = proof.token_hash.as_deref().filter(|s| !s.is_empty()) {
        auth.verify_link(secret, kinds, &Whose::UnlessContested, &client).await?
    } else {
        if proof.phone.as_deref().is_some_and(|phone| !phone.is_empty()) {
            return Err(Refusal::bad("phone_provider_disabled", "Phone logins are disabled"));
        }
        let token = proof.token.as_deref().unwrap_or_default();
        let typed = proof.email.as_deref().unwrap_or_default();
        if token.is_empty() {
            return Err(Refusal::invalid("Verify requires a token or a token hash"));
        }
        if typed.is_empty() {
            let text = "Only an email address or phone number should be provided on verify";
            return Err(Refusal::invalid(text));
        }
        auth.verify_code(&email(typed)?, token, kinds, &Whose::UnlessContested, &client).await?
    };
    match verified {
        Verified::In(opened) => Ok(Json(auth.session_answer(&opened)?)),
        Verified::HalfWay => Ok(Json(json!({ "msg": HALF_WAY, "code": "200" }))),
    }
}

/// `GET /verify`: back to where the link should lead, with the session or what went wrong
/// behind the `#`, where no server sees it. The link of a sign-up leads to our page first.
pub async fn follow(
    State(auth): State<Auth>,
    client: Client,
    headers: HeaderMap,
    Query(proof): Query<Proof>,
) -> Response {
    let back_to = auth.0.site.back_to(proof.redirect_to.as_deref());
    let secret = proof.token.as_deref().or(proof.token_hash.as_deref()).unwrap_or_default();
    if proof.kind == "signup" {
        let from = proof.from.as_deref();
        if let Some(page) = auth.ask_on_page(&headers, secret, from, &back_to, &client).await {
            return (StatusCode::SEE_OTHER, AppendHeaders([(LOCATION, page)])).into_response();
        }
    }
    let whose = if proof.kind == "signup" { Whose::SignUps } else { Whose::UnlessContested };
    let verified = match kinds(&proof.kind) {
        Ok(kinds) => auth.verify_link(secret, kinds, &whose, &client).await,
        Err(refusal) => Err(refusal),
    };
    let address = match verified.and_then(|verified| auth.landing(&back_to, &proof.kind, verified))
    {
        Ok(address) => address,
        Err(refusal) => {
            let error = if refusal.status() == StatusCode::FORBIDDEN {
                "access_denied"
            } else {
                "invalid_request"
            };
            let described = match refusal.code() {
                "otp_expired" => "Email link is invalid or has expired",
                _ => refusal.message(),
            };
            let pairs = [
                ("error", error),
                ("error_code", refusal.code()),
                ("error_description", described),
            ];
            with_fragment(&back_to, &pairs)
        }
    };
    (StatusCode::SEE_OTHER, AppendHeaders([(LOCATION, address)])).into_response()
}

/// What tokens a type may be.
pub fn kinds(kind: &str) -> Result<&'static [TokenKind], Refusal> {
    match kind {
        "signup" | "invite" => Ok(&[TokenKind::ConfirmationToken]),
        "recovery" | "magiclink" => Ok(&[TokenKind::RecoveryToken]),
        "email" => Ok(&[TokenKind::ConfirmationToken, TokenKind::RecoveryToken]),
        "email_change" => Ok(&[TokenKind::EmailChangeTokenNew, TokenKind::EmailChangeTokenCurrent]),
        "sms" | "phone_change" => {
            Err(Refusal::bad("phone_provider_disabled", "Phone logins are disabled"))
        }
        "" => Err(Refusal::invalid("Verify requires a verification type")),
        _ => Err(Refusal::invalid("Invalid email verification type")),
    }
}

impl Auth {
    /// A link's secret is handed in.
    pub async fn verify_link(
        &self,
        secret: &str,
        kinds: &[TokenKind],
        whose: &Whose,
        client: &Client,
    ) -> Result<Verified, Refusal> {
        let taken = self.0.limits.token.take(&client.origin, self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        let digest = link_digest(secret);
        let taken = self.0.store.as_auth(async |tx| {
            for kind in kinds {
                let seconds = self.lifetime(*kind);
                let one = std::slice::from_ref(kind);
                let found = store::auth::take_by_link(tx, &digest, one, seconds).await?;
                if let Some(taken) = found {
                    return self.proved(tx, taken, whose).await.map(Some);
                }
            }
            Ok(None)
        });
        self.enter(taken.await?, client).await
    }

    /// A code from a mail is typed in.
    pub async fn verify_code(
        &self,
        email: &str,
        code: &str,
        kinds: &[TokenKind],
        whose: &Whose,
        client: &Client,
    ) -> Result<Verified, Refusal> {
        let taken = self.0.limits.code.take(&email.to_owned(), self.now());
        taken.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        let digest = self.0.secrets.code_digest(email, code);
        let taken = self.0.store.as_auth(async |tx| {
            for kind in kinds {
                let seconds = self.lifetime(*kind);
                let one = std::slice::from_ref(kind);
                let found = store::auth::take_by_code(tx, email, &digest, one, seconds).await?;
                if let Some(taken) = found {
                    return self.proved(tx, taken, whose).await.map(Some);
                }
            }
            Ok(None)
        });
        self.enter(taken.await?, client).await
    }

    /// What a spent token proves, in the transaction that spent it. Whoever gave a password
    /// before anybody proved the address loses it, unless it is known to be the same person's.
    async fn proved(&self, tx: &AuthTx, taken: Taken, whose: &Whose) -> store::Result<Proved> {
        let Some(user) = store::auth::by_id(tx, taken.user_id).await? else {
            return Ok(Proved::Nothing);
        };
        if self.is_barred(&user) {
            return Ok(Proved::Banned);
        }
        match taken.token_type {
            TokenKind::ConfirmationToken | TokenKind::RecoveryToken => {
                let signup =
                    taken.token_type == TokenKind::ConfirmationToken && user.invited_at.is_none();
                let first = user.email_confirmed_at.is_none();
                let keeps = signup && self.keeps_password(&user, whose);
                store::auth::confirm(tx, &user, !keeps).await?;
                if let (Whose::Reader(digest), true, true) = (whose, signup, first) {
                    store::auth::set_password(tx, user.id, digest).await?;
                }
                if first || taken.token_type == TokenKind::RecoveryToken {
                    store::auth::drop_all(tx, user.id).await?;
                }
                if first {
                    store::auth::end_all(tx, user.id).await?;
                }
            }
            TokenKind::EmailChangeTokenNew | TokenKind::EmailChangeTokenCurrent => {
                let new = taken.token_type == TokenKind::EmailChangeTokenNew;
                let side = if new { Side::New } else { Side::Current };
                match store::auth::agree_email_change(tx, user.id, side).await? {
                    Agreed::Half => return Ok(Proved::HalfWay),
                    Agreed::Nothing => return Ok(Proved::Nothing),
                    Agreed::Both => store::auth::drop_all(tx, user.id).await?,
                }
            }
        }
        Ok(Proved::Person(Box::new(user)))
    }

    async fn enter(&self, proved: Option<Proved>, client: &Client) -> Result<Verified, Refusal> {
        match proved {
            None | Some(Proved::Nothing) => Err(Refusal::expired()),
            Some(Proved::Banned) => Err(Refusal::forbidden("user_banned", "User is banned")),
            Some(Proved::HalfWay) => Ok(Verified::HalfWay),
            Some(Proved::Person(user)) => {
                self.0.sessions.forget(user.id);
                let opened = self.open_session(user.id, "otp", client).await?;
                Ok(Verified::In(Box::new(opened)))
            }
        }
    }

    /// Where a link leads after it worked, with the session.
    pub(super) fn landing(
        &self,
        back_to: &str,
        kind: &str,
        verified: Verified,
    ) -> Result<String, Refusal> {
        let Verified::In(opened) = verified else {
            return Ok(with_fragment(back_to, &[("message", HALF_WAY)]));
        };
        let seconds = self.0.options.auth_token_seconds;
        let expires = self.now().as_second() + i64::from(seconds);
        let pairs = [
            ("access_token", self.access_token(&opened, false)?),
            ("expires_at", expires.to_string()),
            ("expires_in", seconds.to_string()),
            ("refresh_token", self.refresh_token(&opened)),
            ("token_type", "bearer".to_owned()),
            ("type", kind.to_owned()),
        ];
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ok(with_fragment(back_to, &pairs))
    }
}

/// What a spent token proved.
enum Proved {
    /// The person, as they were.
    Person(Box<AuthUser>),
    HalfWay,
    Banned,
    Nothing,
}
