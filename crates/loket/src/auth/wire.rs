//! How `/auth/v1` is spoken to: bodies, bearers, client addresses, and the two forms of refusal.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    AUTHORIZATION, CONTENT_TYPE, ORIGIN, USER_AGENT, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::contract::Language;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::auth::{AuthUser, SessionRow};

use super::Auth;
use super::limits::Origin;
use super::present::in_time;
use super::refusal::Refusal;
use super::tokens::Bearer;

/// Longest body, in bytes, as in Supabase Auth.
const MAX_BODY: usize = 1_048_576;
/// The header that chooses the form of refusals.
const API_VERSION: &str = "x-supabase-api-version";
/// The version from which refusals are `{code, message}`.
const NEWER: &str = "2024-01-01";

/// A JSON body. Whatever the client sent, a wrong one is the client's fault.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Auth> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Auth) -> Result<Self, Refusal> {
        let json = request.headers().get(CONTENT_TYPE).is_none_or(|kind| {
            kind.to_str().is_ok_and(|kind| kind.starts_with("application/json"))
        });
        let bytes = in_time(request.into_body(), MAX_BODY).await?;
        if bytes.is_empty() {
            return read(Value::Object(serde_json::Map::new()));
        }
        if !json {
            return Err(Refusal::bad("bad_json", "Request body must be application/json"));
        }
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::bad("bad_json", "Could not parse request body as JSON"))?;
        if has_nul(&value) {
            return Err(Refusal::invalid("Request body cannot contain a NUL character"));
        }
        read(value)
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<Body<T>, Refusal> {
    serde_json::from_value(value).map(Body).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("unknown field") {
            let field = text.split('`').nth(1).unwrap_or_default();
            let text = format!("Unknown field {field:?}");
            return Refusal::unprocessable("validation_failed", text);
        }
        Refusal::bad("validation_failed", format!("Could not read request body: {text}"))
    })
}

/// Text in Postgres holds every character but this one.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| key.contains('\0') || has_nul(value))
        }
        _ => false,
    }
}

/// Whoever asks, as far as the connection tells.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where from.
    pub address: IpAddr,
    /// What limits count by.
    pub origin: Origin,
    /// What the program calls itself, cut short.
    pub user_agent: Option<String>,
    /// What its mails should be written in.
    pub language: Language,
}

impl Client {
    /// From a request's parts.
    pub fn of(parts: &Parts, auth: &Auth) -> Self {
        let socket = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let socket = socket.map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
        let address = client_address(socket, &parts.headers, &auth.0.options.trusted_proxies);
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self {
            address,
            origin: Origin::from(address),
            user_agent: agent.map(|agent| agent.chars().take(300).collect()),
            language: language(&parts.headers),
        }
    }
}

impl FromRequestParts<Auth> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, auth))
    }
}

/// The socket's address; behind a proxy we trust, the last one that it did not add itself.
fn client_address(socket: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut address = socket.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !trusted.contains(&address) {
            break;
        }
        let Ok(before) = hop.parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|list| list.to_str().ok());
    let first = accepted.and_then(|list| {
        list.split(',').find_map(|entry| match entry.split([';', '-']).next()?.trim() {
            "nl" => Some(Language::Dutch),
            "en" => Some(Language::English),
            _ => None,
        })
    });
    first.unwrap_or(Language::Dutch)
}

/// What stands behind `Bearer` in a request.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// A person who asks for something of their own, in a live session.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The person.
    pub user: AuthUser,
    /// Their session.
    pub session: SessionRow,
}

impl Signed {
    /// Whether a second factor was proved in this session.
    pub fn is_second_level(&self) -> bool {
        self.session.aal != "aal1"
    }

    /// Whether there is a second factor to prove.
    pub fn has_verified_factor(&self) -> bool {
        let factors = self.user.factors.as_array();
        factors.is_some_and(|all| all.iter().any(|factor| factor["status"] == "verified"))
    }
}

impl FromRequestParts<Auth> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, Refusal> {
        let token = bearer_token(&parts.headers).ok_or_else(|| {
            Refusal::unauthorized("no_authorization", "This endpoint requires a valid Bearer token")
        })?;
        let (user, session) = match auth.bearer(token) {
            Some(Bearer::Person(user, session)) => (user, session),
            Some(_) => {
                return Err(Refusal::forbidden("bad_jwt", "invalid claim: missing sub claim"));
            }
            None => {
                let text = "invalid JWT: unable to parse or verify signature";
                return Err(Refusal::forbidden("bad_jwt", text));
            }
        };
        let found = auth.0.store.as_auth(async |tx| {
            let person = store::auth::by_id(tx, user).await?;
            let session = store::auth::find(tx, session, user).await?;
            Ok((person, session))
        });
        let (person, session) = found.await?;
        auth.admitted(person, session)
    }
}

/// The platform itself, by the service key or a token with its role.
#[derive(Debug, Clone, Copy)]
pub struct Admin;

impl FromRequestParts<Auth> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, Refusal> {
        let key = parts.headers.get("apikey").and_then(|key| key.to_str().ok());
        let token = bearer_token(&parts.headers);
        // As Supabase's gateway does: the secret key in `apikey` stands for itself when there
        // is no other bearer.
        let given =
            token.filter(|token| Some(*token) != key).or(key).or(token).ok_or_else(|| {
                let text = "This endpoint requires a valid Bearer token";
                Refusal::unauthorized("no_authorization", text)
            })?;
        match auth.bearer(given) {
            Some(Bearer::Service) => Ok(Self),
            Some(_) => Err(Refusal::forbidden("not_admin", "User not allowed")),
            None if given == auth.0.secrets.publishable_key() => {
                Err(Refusal::forbidden("not_admin", "User not allowed"))
            }
            None => {
                let text = "invalid JWT: unable to parse or verify signature";
                Err(Refusal::forbidden("bad_jwt", text))
            }
        }
    }
}

/// Around every handler of `/auth/v1`: the key, the form of refusals, and which pages may read.
pub async fn speak(State(auth): State<Auth>, request: Request, next: Next) -> Response {
    let version = request.headers().get(API_VERSION).and_then(|value| value.to_str().ok());
    // Versions are dates, so text compares as they do.
    let newer = version.is_some_and(|version| version.len() == 10 && version >= NEWER);
    let origin = request.headers().get(ORIGIN).cloned();
    let origin = origin
        .filter(|origin| origin.to_str().is_ok_and(|origin| auth.0.site.allows_origin(origin)));
    let preflight = request.method() == Method::OPTIONS;
    let known = known_key(&auth, request.headers());
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else if known {
        next.run(request).await
    } else {
        Refusal::unauthorized("invalid_api_key", "Invalid API key").into_response()
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        response = refusal.answer(newer);
    }
    let headers = response.headers_mut();
    if newer {
        headers.insert(API_VERSION, HeaderValue::from_static(NEWER));
    }
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        for (name, value) in CORS {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// For pages of allowed origins. Never with credentials: this API knows no cookies.
const CORS: [(HeaderName, &str); 4] = [
    (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        "accept, apikey, authorization, content-type, x-client-info, x-supabase-api-version",
    ),
    (ACCESS_CONTROL_EXPOSE_HEADERS, "x-total-count, link, x-supabase-api-version, x-sb-error-code"),
    (ACCESS_CONTROL_MAX_AGE, "600"),
];

/// A key that is given must be one of ours; links in mails come without.
fn known_key(auth: &Auth, headers: &HeaderMap) -> bool {
    let Some(key) = headers.get("apikey") else { return true };
    let Ok(key) = key.to_str() else { return false };
    key == auth.0.secrets.publishable_key()
        || matches!(auth.bearer(key), Some(Bearer::Service | Bearer::Anonymous))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let asked = |socket: &str, forwarded: &'static str, trusted: &[IpAddr]| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            client_address(address(socket), &headers, trusted)
        };
        let proxy = [address("10.0.0.1"), address("10.0.0.2")];
        assert_eq!(asked("192.0.2.9", "1.1.1.1", &proxy), address("192.0.2.9"));
        assert_eq!(asked("10.0.0.1", "1.1.1.1", &[]), address("10.0.0.1"));
        assert_eq!(asked("10.0.0.1", "1.1.1.1, 192.0.2.7", &proxy), address("192.0.2.7"));
        let chain = "6.6.6.6, 192.0.2.7, 10.0.0.2";
        assert_eq!(asked("10.0.0.1", chain, &proxy), address("192.0.2.7"));
        assert_eq!(asked("10.0.0.1", "nonsense", &proxy), address("10.0.0.1"));
    }
}
