//! People on pages: who is behind a request, by cookie or by bearer, and whether its form is ours.
//!
//! [`keep_signed_in`] stands around every page. It reads the cookies (or a bearer), looks the
//! session up, goes on with it silently when the access token ran out, and refuses mutations
//! that another site made the browser send. Handlers take [`SignedIn`].

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::auth::Person;
use store::users::TenantRole;
use store::{Claims, TenantId, UserId};
use uuid::Uuid;

use super::Auth;
use super::present::in_time;
use super::refusal::Refusal;
use super::secrets::same;
use super::sessions::Admitted;
use super::tokens::{Bearer, Opened};
use super::wire::{Client, bearer_token};

/// How long a browser keeps a refresh token, in seconds: thirty days.
const REMEMBERED: u32 = 2_592_000;
/// The longest form, in bytes.
const MAX_FORM: usize = 1_048_576;
/// The field of a form, or the header of a script, that carries the form token.
const FORM_FIELD: &str = "teken";
const FORM_HEADER: &str = "x-loket-form";

/// State that may have accounts: pages work without them, for the demo.
pub trait HasAuth {
    /// The accounts, where there are any.
    fn auth(&self) -> Option<&Auth>;
}

/// Somebody signed in, with profile and shop as they are now (two seconds old at most).
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub user_id: UserId,
    /// Their session; for signing out.
    pub session_id: Uuid,
    /// Their address.
    pub email: String,
    /// As they want to be called.
    pub full_name: String,
    /// `aal1` or `aal2`.
    pub aal: String,
    /// `user` or `admin` of the platform.
    pub role: String,
    /// Their shop, whatever its status; `None` until approval.
    pub tenant_id: Option<TenantId>,
    /// What they may do in their shop.
    pub tenant_role: TenantRole,
    /// Status of their shop, or of the one they registered.
    pub tenant_status: Option<String>,
    /// That shop with its settings and without secrets.
    pub tenant: Option<Value>,
    /// Whether they have a second factor that this session has not proved.
    pub factor_due: bool,
    /// For [`store::Store::as_user`]: without a shop while it is not approved.
    pub claims: Claims,
    /// What each of their forms must send along as `teken`.
    pub form_token: String,
}

impl SignedIn {
    fn of(person: &Person, auth: &Auth) -> Self {
        Self {
            user_id: person.user_id,
            session_id: person.session_id,
            email: person.email.clone(),
            full_name: person.full_name.clone(),
            aal: person.aal.clone(),
            role: person.role.clone(),
            tenant_id: person.tenant_id,
            tenant_role: person.tenant_role,
            tenant_status: person.tenant_status.clone(),
            tenant: person.tenant.clone(),
            factor_due: person.factor_due,
            claims: person.claims(),
            form_token: auth.form_token(person.session_id),
        }
    }

    /// What a stream is let in as.
    pub fn admitted(&self) -> Admitted {
        let Self { session_id: session, claims, tenant_role, .. } = *self;
        Admitted { session, claims, role: self.role.clone(), tenant_role }
    }

    /// Whether they may answer mail and change what the shop does with it.
    pub fn may_act(&self) -> bool {
        self.claims.tenant_id.is_some() && self.tenant_role != TenantRole::Viewer
    }

    /// Whether they may change settings and people of the shop.
    pub fn owns_shop(&self) -> bool {
        self.claims.tenant_id.is_some() && self.tenant_role == TenantRole::Owner
    }

    /// Whether they run the platform.
    pub fn is_platform_admin(&self) -> bool {
        self.role == "admin"
    }
}

/// Somebody signed in who may still have to prove a second factor: for the page that asks for it.
#[derive(Debug, Clone)]
pub struct Proving(pub SignedIn);

/// Why nobody is taken to be signed in. Pages turn it into a way to the right page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSignedIn {
    /// There is no live session.
    Nobody,
    /// There is one, and its second factor is due.
    FactorDue,
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::Nobody => (StatusCode::UNAUTHORIZED, "not_signed_in"),
            Self::FactorDue => (StatusCode::FORBIDDEN, "insufficient_aal"),
        };
        (status, Json(json!({ "code": code }))).into_response()
    }
}

fn found(parts: &Parts) -> Option<&Arc<SignedIn>> {
    parts.extensions.get::<Arc<SignedIn>>()
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotSignedIn> {
        let person = found(parts).ok_or(NotSignedIn::Nobody)?;
        if person.factor_due {
            return Err(NotSignedIn::FactorDue);
        }
        Ok(Self::clone(person))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, NotSignedIn> {
        Ok(found(parts).filter(|person| !person.factor_due).map(|person| Self::clone(person)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Proving {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotSignedIn> {
        found(parts).map(|person| Self(SignedIn::clone(person))).ok_or(NotSignedIn::Nobody)
    }
}

/// Around every page: see the module.
pub async fn keep_signed_in<S: HasAuth>(state: S, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let plain = ["/assets/", "/auth/v1/", "/healthz", "/readyz"];
    let (Some(auth), false) = (state.auth(), plain.iter().any(|start| path.starts_with(start)))
    else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let by_bearer = bearer_token(&parts.headers).is_some();
    let mutation = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if mutation && !by_bearer && !same_site(&parts.headers) {
        return cross_site();
    }
    let entered = auth.enter_page(&parts).await;
    let (person, cookies) = match entered {
        Ok(entered) => entered,
        Err(refusal) => return refusal.answer(true),
    };
    // Another kind of bearer, an API key, is not ours to judge.
    let token = bearer_token(&parts.headers).is_some_and(|token| token.matches('.').count() == 2);
    if token && person.is_none() {
        let text = "invalid JWT: unable to parse or verify signature, or its session ended";
        return Refusal::unauthorized("bad_jwt", text).answer(true);
    }
    let mut body = body;
    if let Some(person) = person {
        if mutation && !by_bearer {
            body = match with_our_form(&parts, body, &person.form_token).await {
                Some(body) => body,
                None => return cross_site(),
            };
        }
        parts.extensions.insert(person);
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    // A handler that signs in or out has the last word.
    if !response.headers().contains_key(SET_COOKIE) {
        for cookie in cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

fn cross_site() -> Response {
    Refusal::forbidden("cross_site", "This form was not sent by a page of ours").answer(true)
}

/// Whether a browser says that one of our own pages sent this. Browsers send at least one of the
/// two headers with every form and script; the form token is asked for besides.
fn same_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (headers.get(ORIGIN), text(HOST.as_str())) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin
            .to_str()
            .ok()
            .and_then(|origin| origin.parse::<Uri>().ok())
            .and_then(|origin| origin.authority().map(|named| named.as_str() == host))
            .unwrap_or(false),
        (Some(_), None) => false,
    }
}

/// The body again, if it or a header carries the token.
async fn with_our_form(parts: &Parts, body: Body, token: &str) -> Option<Body> {
    let sent = parts.headers.get(FORM_HEADER).and_then(|value| value.to_str().ok());
    if let Some(sent) = sent {
        return same(sent.as_bytes(), token.as_bytes()).then_some(body);
    }
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok())?;
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let bytes = in_time(body, MAX_FORM).await.ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let sent = text.split('&').find_map(|pair| pair.strip_prefix(FORM_FIELD)?.strip_prefix('='))?;
    same(sent.as_bytes(), token.as_bytes()).then(|| Body::from(bytes.clone()))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// Who is behind a page, and the cookies that their browser should keep from now on.
type Entered = (Option<Arc<SignedIn>>, Vec<HeaderValue>);

impl Auth {
    /// Who is behind this request.
    async fn enter_page(&self, parts: &Parts) -> Result<Entered, Refusal> {
        let given = bearer_token(&parts.headers);
        let (access, refresh) = self.cookie_names();
        let token = given.or_else(|| cookie(&parts.headers, access));
        if let Some(Bearer::Person(user, session)) = token.and_then(|token| self.bearer(token)) {
            return Ok((self.behind(session, user).await?, Vec::new()));
        }
        let Some(token) = cookie(&parts.headers, refresh).filter(|_| given.is_none()) else {
            return Ok((None, Vec::new()));
        };
        match self.refresh(token, &Client::of(parts, self)).await {
            Ok(opened) => {
                let person = self.behind(opened.session.id, opened.user.id).await?;
                Ok((person, self.cookies(&opened)?))
            }
            Err(refusal) if refusal.status().is_server_error() => Err(refusal),
            Err(_) => Ok((None, self.no_cookies())),
        }
    }

    async fn behind(&self, session: Uuid, user: UserId) -> Result<Option<Arc<SignedIn>>, Refusal> {
        let person = self.0.sessions.person(session, user).await?;
        Ok(person.map(|person| Arc::new(SignedIn::of(&person, self))))
    }

    /// What forms of a session must send along as `teken`.
    pub fn form_token(&self, session: Uuid) -> String {
        self.0.secrets.form_token(session)
    }

    /// Names of the cookies: bound to host and TLS, but for trying things out on this machine,
    /// where browsers refuse such.
    fn cookie_names(&self) -> (&'static str, &'static str) {
        if self.0.site.secure {
            ("__Host-loket-access", "__Host-loket-refresh")
        } else {
            ("loket-access", "loket-refresh")
        }
    }

    /// The cookies of a session that was just opened or went on: for `Set-Cookie`.
    pub fn cookies(&self, opened: &Opened) -> Result<Vec<HeaderValue>, Refusal> {
        let (access, refresh) = self.cookie_names();
        let token = self.access_token(opened, true)?;
        let seconds = self.0.options.auth_token_seconds;
        Ok([
            self.set_cookie(access, &token, seconds),
            self.set_cookie(refresh, &self.refresh_token(opened), REMEMBERED),
        ]
        .into_iter()
        .flatten()
        .collect())
    }

    /// What takes both cookies away: after signing out.
    pub fn no_cookies(&self) -> Vec<HeaderValue> {
        let (access, refresh) = self.cookie_names();
        [access, refresh].into_iter().filter_map(|name| self.set_cookie(name, "", 0)).collect()
    }

    fn set_cookie(&self, name: &str, value: &str, seconds: u32) -> Option<HeaderValue> {
        let secure = if self.0.site.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}{secure}; HttpOnly; SameSite=Lax");
        HeaderValue::from_str(&text).ok()
    }
}
