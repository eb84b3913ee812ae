//! Whose password an account has when its address is proved.
//!
//! Anybody can sign up with anybody's address. The mail then reaches its reader, who may well
//! press the button; the password is the other one's. So a sign-up keeps its password only where
//! it is known that the reader of the mail gave it: by what the browser kept of the sign-up, or
//! because they give one now. It must not know pages.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use serde_json::Value;
use store::auth::{AuthUser, TokenKind};

use super::Auth;
use super::addresses::escaped;
use super::limits::Origin;
use super::pages::DOOR;
use super::passwords::acceptable;
use super::refusal::Refusal;
use super::secrets::{link_digest, same};
use super::wire::Client;

/// Where a sign-up came from, and what it gave.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// From where.
    pub from: Origin,
    /// The digest of its password.
    pub digest: String,
}

/// What is known of whoever proves an address with the mail of a sign-up.
#[derive(Debug)]
pub enum Whose {
    /// It is whoever signed up.
    SignUps,
    /// It is whoever signed up if somebody did so once only: a program hands in what a person
    /// typed there, and tells nothing else.
    UnlessContested,
    /// The browser kept this of a sign-up.
    Marked(String),
    /// They chose this password (its digest) on the way.
    Reader(String),
}

impl Auth {
    /// Whether the password that an account has is its reader's.
    pub(super) fn keeps_password(&self, user: &AuthUser, whose: &Whose) -> bool {
        match whose {
            Whose::SignUps => true,
            Whose::UnlessContested => {
                let contested = user.raw_app_meta_data.get("signed_up_again");
                contested.and_then(Value::as_bool) != Some(true)
            }
            Whose::Marked(mark) => {
                let email = user.email.as_deref().unwrap_or_default();
                let digest = user.encrypted_password.as_deref().unwrap_or_default();
                let expected = self.0.secrets.sign_up_mark(email, digest);
                same(mark.as_bytes(), expected.as_bytes())
            }
            Whose::Reader(_) => false,
        }
    }

    /// The address of a sign-up that this browser did not send, which therefore asks for a
    /// password; `None` where the link works without one, or does nothing any more. Spends nothing.
    pub async fn foreign_sign_up(
        &self,
        secret: &str,
        mark: &str,
    ) -> Result<Option<String>, Refusal> {
        let seconds = self.lifetime(TokenKind::ConfirmationToken);
        let found = self
            .0
            .store
            .as_auth(async |tx| store::auth::behind_link(tx, &link_digest(secret), seconds).await);
        let Some(user) = found.await? else { return Ok(None) };
        let known = user.invited_at.is_some()
            || user.email_confirmed_at.is_some()
            || self.keeps_password(&user, &Whose::Marked(mark.to_owned()));
        Ok(user.email.filter(|_| !known))
    }

    /// A password that the reader of a mail chooses on the way, ready to be kept.
    pub async fn chosen(&self, secret: &str, password: &str) -> Result<Whose, Refusal> {
        let seconds = self.lifetime(TokenKind::ConfirmationToken);
        let found = self
            .0
            .store
            .as_auth(async |tx| store::auth::behind_link(tx, &link_digest(secret), seconds).await);
        let user = found.await?.ok_or_else(Refusal::expired)?;
        let email = user.email.unwrap_or_default();
        acceptable(password, &[&email], &self.0.options)?;
        self.0.hashing.digest(password).await.map(Whose::Reader)
    }

    /// Whether a link's mark says that this client signed up, and that the password the account
    /// has now is still the one it gave.
    async fn is_sign_ups(
        &self,
        secret: &str,
        mark: &str,
        client: &Client,
    ) -> Result<bool, Refusal> {
        let seconds = self.lifetime(TokenKind::ConfirmationToken);
        let found = self
            .0
            .store
            .as_auth(async |tx| store::auth::behind_link(tx, &link_digest(secret), seconds).await);
        let Some(digest) = found.await?.and_then(|user| user.encrypted_password) else {
            return Ok(false);
        };
        let expected = self.0.secrets.origin_mark(secret, &SignUp { from: client.origin, digest });
        Ok(same(mark.as_bytes(), expected.as_bytes()))
    }

    /// The page that the link of a sign-up over the wire leads to, where nothing tells that its
    /// reader signed up: a browser is asked there, and a program from elsewhere (which follows
    /// links in other people's mail) spends nothing. `None` lets it work at once.
    pub(super) async fn ask_on_page(
        &self,
        headers: &HeaderMap,
        secret: &str,
        from: Option<&str>,
        back_to: &str,
        client: &Client,
    ) -> Option<String> {
        let accept = headers.get(ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or_default();
        let ours = match from {
            Some(mark) => self.is_sign_ups(secret, mark, client).await.unwrap_or(false),
            None => false,
        };
        if ours && !accept.contains("text/html") {
            return None;
        }
        // What is spent or too old says so where it leads.
        if self.foreign_sign_up(secret, "").await.is_ok_and(|found| found.is_none()) {
            return None;
        }
        let (site, back) = (&self.0.site.url, escaped(back_to));
        Some(format!("{site}{DOOR}?soort=signup&sleutel={}&naar={back}", escaped(secret)))
    }
}
