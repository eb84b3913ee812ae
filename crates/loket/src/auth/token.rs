//! `POST /token`: signing in with a password, and going on with a refresh token.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::Value;
use store::UserId;
use store::auth::{AuthUser, NewSession, Refreshed};
use uuid::Uuid;

use super::Auth;
use super::addresses::email;
use super::passwords::Checked;
use super::refusal::Refusal;
use super::tokens::Opened;
use super::wire::{Body, Client};

/// Which of the ways in.
#[derive(Debug, Deserialize)]
pub struct Way {
    #[serde(default)]
    grant_type: String,
}

/// What is shown at the door.
#[derive(Debug, Default, Deserialize)]
pub struct Shown {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
}

/// The handler.
pub async fn token(
    State(auth): State<Auth>,
    client: Client,
    Query(way): Query<Way>,
    Body(shown): Body<Shown>,
) -> Result<Json<Value>, Refusal> {
    let opened = match way.grant_type.as_str() {
        "password" => {
            let typed = shown.email.as_deref().unwrap_or_default();
            if typed.is_empty() {
                return Err(match shown.phone.as_deref().unwrap_or_default() {
                    "" => Refusal::invalid("missing email or phone"),
                    _ => Refusal::bad("phone_provider_disabled", "Phone logins are disabled"),
                });
            }
            let password = shown.password.as_deref().unwrap_or_default();
            auth.sign_in(typed, password, &client).await?
        }
        "refresh_token" => {
            let token = shown.refresh_token.as_deref().unwrap_or_default();
            if token.is_empty() {
                return Err(Refusal::oauth("invalid_request", "refresh_token required"));
            }
            auth.refresh(token, &client).await?
        }
        "pkce" => {
            let text = "invalid flow state, no valid flow state found";
            return Err(Refusal::absent("flow_state_not_found", text));
        }
        "web3" => {
            let text = "Web3 provider is disabled";
            return Err(Refusal::unprocessable("web3_provider_disabled", text));
        }
        "id_token" => {
            let text = "Provider is not enabled";
            return Err(Refusal::bad("provider_disabled", text));
        }
        _ => return Err(Refusal::oauth("unsupported_grant_type", "unsupported_grant_type")),
    };
    Ok(Json(auth.session_answer(&opened)?))
}

impl Auth {
    /// Signs somebody in. Whoever does not exist costs as much and hears the same.
    pub async fn sign_in(
        &self,
        typed: &str,
        password: &str,
        client: &Client,
    ) -> Result<Opened, Refusal> {
        let limits = &self.0.limits;
        let over = |wait| Refusal::too_many("over_request_rate_limit", wait);
        // Only failures count against an address, for an office signs in from one: taken before,
        // so that many at once do not slip through, and given back afterwards.
        limits.failed.take(&client.origin, self.now()).map_err(over)?;
        let email = email(typed).unwrap_or_default();
        limits.account.take(&email, self.now()).map_err(over)?;
        let found = self.0.store.as_auth(async |tx| store::auth::by_email(tx, &email).await);
        let person = found.await?;
        let kept = person.as_ref().and_then(|person| person.encrypted_password.as_deref());
        let checked = self.0.hashing.check(password, kept).await?;
        let (Checked::Right | Checked::Better(_), Some(person)) = (&checked, person) else {
            return Err(Refusal::credentials());
        };
        limits.failed.give_back(&client.origin);
        self.may_enter(&person)?;
        let mut kept = person.encrypted_password.clone();
        if let (Checked::Better(better), Some(old)) = (checked, &person.encrypted_password) {
            let rehash = self
                .0
                .store
                .as_auth(async |tx| store::auth::rehash(tx, person.id, old, &better).await);
            rehash.await?;
            kept = Some(better);
        }
        // Whoever waited for a digest while the password was changed has the wrong one by now.
        let unchanged = |now: &AuthUser| now.encrypted_password == kept;
        self.open_session_while(person.id, "password", client, unchanged).await
    }

    /// Refuses the banned, the suspended, and those whose address was never proved.
    fn may_enter(&self, person: &AuthUser) -> Result<(), Refusal> {
        if self.is_barred(person) {
            return Err(Refusal::bad("user_banned", "User is banned"));
        }
        if person.email_confirmed_at.is_none() {
            return Err(Refusal::bad("email_not_confirmed", "Email not confirmed"));
        }
        Ok(())
    }

    /// Opens a session: always a new one, never one that somebody brought along.
    pub async fn open_session(
        &self,
        user: UserId,
        method: &'static str,
        client: &Client,
    ) -> Result<Opened, Refusal> {
        self.open_session_while(user, method, client, |_| true).await
    }

    /// Opens a session for somebody about whom something still holds.
    async fn open_session_while(
        &self,
        user: UserId,
        method: &'static str,
        client: &Client,
        holds: impl Fn(&AuthUser) -> bool,
    ) -> Result<Opened, Refusal> {
        let new = NewSession {
            id: Uuid::now_v7(),
            user,
            method,
            user_agent: client.user_agent.clone(),
            ip: client.address.to_string(),
        };
        let opened = self.0.store.as_auth(async |tx| {
            store::auth::hold(tx, new.id, user).await?;
            let person = store::auth::by_id(tx, user).await?;
            if !person.is_some_and(|person| holds(&person) && !self.is_barred(&person)) {
                return Ok(None);
            }
            store::auth::open(tx, &new).await?;
            store::auth::signed_in(tx, user).await?;
            let person = store::auth::by_id(tx, user).await?;
            let session = store::auth::find(tx, new.id, user).await?;
            Ok(person.zip(session))
        });
        let (user, session) = opened.await?.ok_or_else(Refusal::credentials)?;
        Ok(Opened { user, session })
    }

    /// Goes on with a session by its refresh token.
    pub async fn refresh(&self, token: &str, client: &Client) -> Result<Opened, Refusal> {
        let room = self.0.limits.token.take(&client.origin, self.now());
        room.map_err(|wait| Refusal::too_many("over_request_rate_limit", wait))?;
        let unknown = || {
            let text = "Invalid Refresh Token: Refresh Token Not Found";
            Refusal::bad("refresh_token_not_found", text)
        };
        let (id, counter) = self.0.secrets.read_refresh_token(token).ok_or_else(unknown)?;
        let grace = self.0.options.auth_reuse_seconds;
        let refreshed = self.0.store.as_auth(async |tx| {
            let outcome = store::auth::refresh(tx, id, counter, grace).await?;
            let Refreshed::Alive(user) = outcome else { return Ok((outcome, None)) };
            let person = store::auth::by_id(tx, user).await?;
            let session = store::auth::find(tx, id, user).await?;
            Ok((outcome, person.zip(session)))
        });
        match refreshed.await? {
            (Refreshed::Alive(_), Some((user, session))) => {
                if self.is_barred(&user) {
                    return Err(Refusal::bad("user_banned", "User is banned"));
                }
                Ok(Opened { user, session })
            }
            (Refreshed::Reused, _) => {
                tracing::warn!(session = %id, "a refresh token was used again; its session is ended");
                let text = "Invalid Refresh Token: Already Used";
                Err(Refusal::bad("refresh_token_already_used", text))
            }
            _ => Err(unknown()),
        }
    }
}
