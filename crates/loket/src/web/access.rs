//! Who may look: whoever signed in, or holds the key that the terminal printed for the demo.
//!
//! The cookie holds a value derived from the key, never the key itself; a new key ends every
//! earlier visit.

use axum::RequestPartsExt;
use axum::extract::{FromRequestParts, Query, State as Held};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::contract::Language;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use store::Claims;
use uuid::Uuid;

use super::State;
use super::accounts::{home_of, sign_in_first};
use super::failure::Failure;
use super::frame::Menu;
use super::house;
use crate::auth::{Admitted, HasAuth, Proving, SignedIn};

/// The cookie on plain HTTP, where browsers refuse the `__Host-` prefix.
const PLAIN_COOKIE: &str = "loket_access";
/// The cookie on HTTPS: bound to this host, this path, and TLS.
const SECURE_COOKIE: &str = "__Host-loket_access";

/// The key to the pages, and whose pages they are.
#[derive(Clone)]
pub struct Access {
    /// At least 256 random bits, as hex.
    pub key: String,
    /// The person who is taken to be looking.
    pub user: Claims,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What is derived from the key: one value per purpose.
#[derive(Clone)]
pub struct Keys {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    pub(super) fn of(access: &Access) -> Self {
        let key = Hmac::new_from_slice(access.key.as_bytes()).expect("HMAC takes any key");
        Self { key }
    }

    fn derived(&self, purpose: &str) -> String {
        hex(&self.key.clone().chain_update(purpose).finalize().into_bytes())
    }

    /// What the cookie holds.
    fn visit(&self) -> String {
        self.derived("loket visit 1")
    }

    /// What a form must send along.
    pub(super) fn form(&self) -> String {
        self.derived("loket form 1")
    }

    /// What a form of somebody who is not signed in must send along.
    pub(super) fn guest_form(&self, guest: Uuid) -> String {
        self.derived(&format!("loket guest form 1 {guest}"))
    }

    /// What only this server writes below a text.
    pub(super) fn mark(&self, text: &str) -> String {
        self.derived(text)
    }

    /// Compares without telling by its duration where two texts differ.
    pub(super) fn same(&self, left: &str, right: &str) -> bool {
        let right = self.key.clone().chain_update(right).finalize().into_bytes();
        self.key.clone().chain_update(left).verify_slice(&right).is_ok()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Somebody who may look: what a handler asks for before it reads anything.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Whose rows are read.
    pub claims: Claims,
    /// The language asked for, if any was chosen.
    pub chosen: Option<Language>,
    /// The page's own address, for the language switch.
    pub here: String,
    /// What a form must send along.
    pub form_token: String,
    /// What they were let in as; `None` for whoever came with the terminal's key.
    pub session: Option<Admitted>,
    /// Whether they may answer mail.
    pub may_act: bool,
    /// What is theirs besides the mail; `None` for whoever came with the terminal's key.
    pub menu: Option<Menu>,
}

impl FromRequestParts<State> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let chosen = house::chosen_language(&parts.headers);
        if let Some(person) = parts.extract::<Option<SignedIn>>().await.unwrap_or_default() {
            if person.claims.tenant_id.is_none() {
                return Err(Failure::Elsewhere(home_of(&person).to_owned()));
            }
            return Ok(Self {
                may_act: person.may_act(),
                menu: Some(Menu::of(&person)),
                session: Some(person.admitted()),
                claims: person.claims,
                chosen,
                here,
                form_token: person.form_token,
            });
        }
        let keys = &state.0.keys;
        let expected = keys.visit();
        let held =
            cookie(&parts.headers, SECURE_COOKIE).or_else(|| cookie(&parts.headers, PLAIN_COOKIE));
        if !held.is_some_and(|held| keys.same(held, &expected)) {
            if state.auth().is_none() {
                return Err(Failure::NoAccess);
            }
            let proving = parts.extract::<Proving>().await.is_ok();
            return Err(sign_in_first(&parts.method, &here, proving));
        }
        Ok(Self {
            claims: state.0.access.user,
            chosen,
            here,
            form_token: keys.form(),
            session: None,
            may_act: true,
            menu: None,
        })
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// The query of the link that the terminal prints.
#[derive(Deserialize)]
pub struct Link {
    #[serde(default)]
    sleutel: String,
}

/// `/toegang?sleutel=...`: in, or the page that says where the link is.
pub async fn enter(
    Held(state): Held<State>,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Response {
    if !state.0.keys.same(&link.sleutel, &state.0.access.key) {
        return Failure::WrongKey.into_response();
    }
    let value = state.0.keys.visit();
    let cookie = if house::is_https(&headers) {
        format!("{SECURE_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict")
    } else {
        format!("{PLAIN_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict")
    };
    let headers = AppendHeaders([(SET_COOKIE.as_str(), cookie), ("location", "/".to_owned())]);
    (StatusCode::SEE_OTHER, headers).into_response()
}
