//! Who is behind a request for a page of accounts: a guest, or somebody signed in.

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use domain::contract::Language;
use uuid::Uuid;

use super::super::State;
use super::super::access::cookie;
use super::super::failure::Failure;
use super::super::frame::{Frame, Menu};
use super::super::house;
use super::super::texts::Texts;
use super::form::{Posted, with_cookies};
use super::{home_of, own_path, sign_in_first};
use crate::auth::{Auth, Client, HasAuth, Opened, Proving, Refusal, Signed, SignedIn};

/// The cookie that ties a guest's form to their browser.
const PLAIN_COOKIE: &str = "loket-gast";
const SECURE_COOKIE: &str = "__Host-loket-gast";

/// The cookie that tells a browser that signed up, see `auth::Whose`.
const PLAIN_MARK: &str = "loket-aanmelding";
const SECURE_MARK: &str = "__Host-loket-aanmelding";

/// Whoever looks at a page for people who are not signed in.
#[derive(Debug)]
pub struct Guest {
    /// The accounts.
    pub auth: Auth,
    /// The connection.
    pub client: Client,
    /// The page's words.
    pub t: Texts,
    /// The page's address.
    pub here: String,
    /// What their forms must send along.
    pub token: String,
    /// What this browser kept of a sign-up; empty where it sent none.
    pub mark: String,
    /// Somebody who is signed in all the same, or has a code to give.
    pub person: Option<SignedIn>,
    new_cookie: Option<HeaderValue>,
}

impl FromRequestParts<State> for Guest {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let auth = state.auth().ok_or(Failure::NotFound)?.clone();
        let mut client = Client::of(parts, &auth);
        client.language = house::wished_language(&parts.headers);
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let person = Proving::from_request_parts(parts, state).await.ok().map(|it| it.0);
        let secure = auth.site().secure;
        let name = if secure { SECURE_COOKIE } else { PLAIN_COOKIE };
        let held = cookie(&parts.headers, name).and_then(|held| held.parse::<Uuid>().ok());
        let guest = held.unwrap_or_else(Uuid::now_v7);
        let new_cookie = held.is_none().then(|| {
            let flag = if secure { "; Secure" } else { "" };
            HeaderValue::from_str(&format!("{name}={guest}; Path=/{flag}; HttpOnly; SameSite=Lax"))
        });
        let token = match &person {
            Some(person) => person.form_token.clone(),
            None => state.0.keys.guest_form(guest),
        };
        let t = Texts::of(client.language);
        let new_cookie = new_cookie.and_then(Result::ok);
        let mark = cookie(&parts.headers, if secure { SECURE_MARK } else { PLAIN_MARK });
        let mark = mark.unwrap_or_default().to_owned();
        Ok(Self { auth, client, t, here, token, mark, person, new_cookie })
    }
}

impl Guest {
    /// What is around their page.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::at(self.t, &self.here);
        frame.menu = self.person.as_ref().map(Menu::of);
        frame
    }

    /// Refuses a form that is not from a page of ours, or has fields we do not know.
    pub fn genuine(&self, state: &State, posted: &Posted, names: &[&str]) -> Result<(), Failure> {
        if !state.0.keys.same(posted.exact("teken"), &self.token) {
            return Err(Failure::StaleForm);
        }
        posted.only(names)
    }

    /// What makes this browser known as the one that signed up, for as long as the mail works.
    pub fn mark_cookie(&self, mark: &str) -> Vec<HeaderValue> {
        let (name, flag) =
            if self.auth.site().secure { (SECURE_MARK, "; Secure") } else { (PLAIN_MARK, "") };
        let seconds = self.auth.options().auth_confirmation_seconds;
        cookie_header(&format!(
            "{name}={mark}; Path=/; Max-Age={seconds}{flag}; HttpOnly; SameSite=Lax"
        ))
    }

    /// The page, with the cookie their forms need.
    pub fn show(self, page: Result<Response, Failure>) -> Result<Response, Failure> {
        Ok(with_cookies(page?, self.new_cookie.into_iter().collect()))
    }

    /// Whoever is in already has no business here.
    pub fn leave_if_in(&self) -> Result<(), Failure> {
        match &self.person {
            Some(person) if person.factor_due => {
                Err(Failure::Elsewhere("/inloggen/code".to_owned()))
            }
            Some(person) => Err(Failure::Elsewhere(home_of(person).to_owned())),
            None => Ok(()),
        }
    }

    /// Lets somebody in and on their way.
    pub async fn let_in(&self, opened: &Opened, onward: &str) -> Result<Response, Failure> {
        let cookies = self.auth.cookies(opened).map_err(failed)?;
        let (user, session) = (opened.user.id, opened.session.id);
        let person = self.auth.sessions().person(session, user).await?;
        let due = person.as_ref().is_some_and(|person| person.factor_due);
        let onward = own_path(onward).filter(|path| *path != "/");
        let address = match (due, onward) {
            (true, Some(path)) => format!("/inloggen/code?terug={}", super::escaped(path)),
            (true, None) => "/inloggen/code".to_owned(),
            (false, Some(path)) => path.to_owned(),
            // The page there knows where they belong.
            (false, None) => "/".to_owned(),
        };
        Ok(with_cookies(Redirect::to(&address).into_response(), cookies))
    }
}

/// Somebody signed in, whatever their shop.
#[derive(Debug)]
pub struct Someone {
    /// The accounts.
    pub auth: Auth,
    /// The connection.
    pub client: Client,
    /// The person.
    pub person: SignedIn,
    /// The page's words.
    pub t: Texts,
    /// The page's address.
    pub here: String,
}

impl FromRequestParts<State> for Someone {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let auth = state.auth().ok_or(Failure::NotFound)?.clone();
        let mut client = Client::of(parts, &auth);
        client.language = house::wished_language(&parts.headers);
        let here = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let proving = Proving::from_request_parts(parts, state).await.ok().map(|it| it.0);
        let Some(person) = proving.clone().filter(|person| !person.factor_due) else {
            return Err(sign_in_first(&parts.method, &here, proving.is_some()));
        };
        let t = Texts::of(client.language);
        Ok(Self { auth, client, person, t, here })
    }
}

impl Someone {
    /// What is around their page.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::at(self.t, &self.here);
        frame.menu = Some(Menu::of(&self.person));
        if self.person.claims.tenant_id.is_some() {
            frame.shop = self.tenant_text("bedrijfsnaam");
        }
        frame
    }

    /// A text of their shop.
    pub fn tenant_text(&self, column: &str) -> Option<String> {
        let tenant = self.person.tenant.as_ref()?;
        tenant.get(column).and_then(serde_json::Value::as_str).map(str::to_owned)
    }

    /// The account behind them.
    pub async fn signed(&self) -> Result<Signed, Failure> {
        let signed = self.auth.signed(self.person.user_id, self.person.session_id).await;
        signed.map_err(failed)
    }

    /// Refuses whoever does not own a shop.
    pub fn owner(&self) -> Result<(), Failure> {
        if self.person.claims.tenant_id.is_none() {
            return Err(Failure::Elsewhere(home_of(&self.person).to_owned()));
        }
        if self.person.owns_shop() { Ok(()) } else { Err(Failure::NotAllowed) }
    }

    /// Refuses whoever does not run the platform: for them, there is no such page.
    pub fn admin(&self) -> Result<(), Failure> {
        if self.person.is_platform_admin() { Ok(()) } else { Err(Failure::NotFound) }
    }

    /// Their language, for mails.
    pub const fn language(&self) -> Language {
        self.client.language
    }
}

/// A refusal that no field explains.
pub fn failed(refusal: Refusal) -> Failure {
    match refusal.code() {
        "cross_site" => Failure::StaleForm,
        _ => Failure::defect(&Explained(refusal)),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("accounts refused with {}: {}", .0.code(), .0.message())]
struct Explained(Refusal);

/// What takes a cookie along.
pub fn cookie_header(text: &str) -> Vec<HeaderValue> {
    HeaderValue::from_str(text).into_iter().collect()
}
