//! New accounts, and the page behind the links in mails.

use askama::Template;
use axum::extract::{Query, State as Held};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use domain::contract::Language;
use serde::Deserialize;
use serde_json::json;

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::house;
use super::super::texts::Texts;
use super::form::{Field, Mistakes, Posted, Sheet, Way, html, with_cookies};
use super::own_path;
use super::visitor::{Guest, cookie_header, failed};
use crate::auth::{NewAccount, PageSignUp, Refusal, Whose};

/// Where a password is chosen anew.
const NEW_PASSWORD: &str = "/wachtwoord-nieuw";

/// Where to go on to afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct Onward {
    /// A path of ours.
    #[serde(default)]
    pub terug: String,
}

impl Onward {
    /// The path, if it is one of ours.
    pub fn path(&self) -> &str {
        own_path(&self.terug).unwrap_or_default()
    }
}

/// `GET /registreren`.
pub async fn form(Query(onward): Query<Onward>, guest: Guest) -> Result<Response, Failure> {
    guest.leave_if_in()?;
    let page = sheet(&guest, "", onward.path(), &Mistakes::default());
    guest.show(page.answer())
}

fn sheet(guest: &Guest, email: &str, onward: &str, mistakes: &Mistakes) -> Sheet {
    let t = guest.t;
    let language = if t.language() == Language::Dutch { "nl" } else { "en" };
    let fields = vec![
        Field::new("email", "email", t).holding(email).filled_in_as("username").bare(),
        Field::new("wachtwoord", "password", t).filled_in_as("new-password"),
        Field::new("taal", "select", t).holding(language).choosing(languages(t)),
    ];
    let mut sheet = Sheet::new(guest.frame(), "sign_up", "/registreren", guest.token.clone())
        .with(fields, mistakes)
        .carrying("terug", onward);
    sheet.ways.push(Way::to("/inloggen", t.get("way.sign_in")));
    sheet
}

/// The two languages, in their own words.
pub fn languages(t: Texts) -> Vec<(String, String)> {
    [("nl", "layout.dutch"), ("en", "layout.english")]
        .map(|(value, key)| (value.to_owned(), t.get(key).to_owned()))
        .to_vec()
}

/// `POST /registreren`. Whoever has an account already gets the same page.
pub async fn submit(
    Held(state): Held<State>,
    mut guest: Guest,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["email", "wachtwoord", "taal", "terug"])?;
    guest.leave_if_in()?;
    let language = match posted.get("taal") {
        "en" => Language::English,
        _ => Language::Dutch,
    };
    guest.client.language = language;
    guest.t = Texts::of(language);
    let email = posted.get("email");
    let onward = own_path(posted.get("terug")).unwrap_or_default();
    let new =
        NewAccount::of(email, posted.exact("wachtwoord"), json!({ "taal": language.to_string() }));
    let mut mistakes = Mistakes::default();
    if email.is_empty() {
        mistakes.add("email", "email");
    }
    if posted.exact("wachtwoord").is_empty() {
        mistakes.add("wachtwoord", "empty");
    }
    if !mistakes.none() {
        let page = sheet(&guest, email, onward, &mistakes);
        return guest.show(page.answer());
    }
    match guest.auth.sign_up_on_page(&guest.client, &new, onward).await {
        Ok(PageSignUp::Opened(opened)) => guest.let_in(&opened, onward).await,
        Ok(PageSignUp::Mailed(mark)) => {
            let mut cookies = cookie_header(&house::language_cookie(language, &headers));
            cookies.extend(guest.mark_cookie(&mark));
            let page = mailed(&guest, email, "signup", onward, None).answer();
            Ok(with_cookies(guest.show(page)?, cookies))
        }
        Err(refusal) => {
            let mut page = sheet(&guest, email, onward, &mistakes_of(&refusal));
            if page.fields.iter().all(|field| field.mistake.is_none()) {
                page = page.refused(&refusal);
            }
            guest.show(page.answer())
        }
    }
}

/// What a refusal says about a field.
pub fn mistakes_of(refusal: &Refusal) -> Mistakes {
    let mut mistakes = Mistakes::default();
    match (refusal.code(), refusal.reason()) {
        ("weak_password", Some("length")) => mistakes.add("wachtwoord", "password_short"),
        ("weak_password", _) => mistakes.add("wachtwoord", "password_weak"),
        ("same_password", _) => mistakes.add("wachtwoord", "password_same"),
        ("email_address_invalid" | "validation_failed", _) => mistakes.add("email", "email"),
        _ => {}
    }
    mistakes
}

/// "Check your mail", with a field for the code.
pub fn mailed(
    guest: &Guest,
    email: &str,
    kind: &'static str,
    onward: &str,
    refusal: Option<&Refusal>,
) -> Sheet {
    let t = guest.t;
    let name = if kind == "recovery" { "mailed_recovery" } else { "mailed" };
    let code = Field::new("code", "text", t).filled_in_as("one-time-code");
    let mut sheet = Sheet::new(guest.frame(), name, "/registreren/code", guest.token.clone())
        .with(vec![code], &Mistakes::default())
        .carrying("email", email)
        .carrying("soort", kind)
        .carrying("terug", onward);
    sheet.lead = sheet.lead.replace("{email}", email);
    sheet.ways.push(Way::to("/registreren", t.get("way.again")));
    match refusal {
        Some(refusal) => sheet.refused(refusal),
        None => sheet,
    }
}

/// `POST /registreren/code`: the code from the mail, on whichever device.
pub async fn code(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["email", "soort", "code", "terug"])?;
    guest.leave_if_in()?;
    let kind = if posted.get("soort") == "recovery" { "recovery" } else { "signup" };
    let onward = own_path(posted.get("terug")).unwrap_or_default();
    let (email, code) = (posted.get("email"), posted.get("code"));
    let whose = Whose::Marked(guest.mark.clone());
    match guest.auth.enter_by_code(kind, email, code, &whose, &guest.client).await {
        // Somebody else signed up with this address meanwhile: neither password holds.
        Ok(Some(opened)) if opened.user.encrypted_password.is_none() => {
            guest.let_in(&opened, NEW_PASSWORD).await
        }
        Ok(Some(opened)) => guest.let_in(&opened, after(kind, onward)).await,
        Ok(None) => Err(Failure::Elsewhere("/".to_owned())),
        Err(refusal) => {
            let page = mailed(&guest, email, kind, onward, Some(&refusal));
            guest.show(page.answer())
        }
    }
}

/// Where a proof leads.
fn after<'a>(kind: &str, onward: &'a str) -> &'a str {
    if kind == "recovery" { NEW_PASSWORD } else { onward }
}

/// What stands in a mailed link.
#[derive(Debug, Default, Deserialize)]
pub struct Followed {
    #[serde(default)]
    soort: String,
    #[serde(default)]
    sleutel: String,
    #[serde(default)]
    terug: String,
    /// Where a client on the wire wants the session, see `auth::Whose`.
    #[serde(default)]
    naar: String,
}

impl Followed {
    fn of(posted: &Posted) -> Self {
        let text = |name: &str| posted.get(name).to_owned();
        Self {
            soort: text("soort"),
            sleutel: text("sleutel"),
            terug: text("terug"),
            naar: text("naar"),
        }
    }

    /// Whether it proves an address for the first time, perhaps of somebody else's sign-up.
    fn may_be_sign_up(&self) -> bool {
        matches!(self.soort.as_str(), "signup" | "invite")
    }
}

/// The way on to the site of a client.
#[derive(Debug, Template)]
#[template(path = "accounts/elsewhere.html")]
struct Elsewhere {
    frame: Frame,
    address: String,
}

/// `GET /binnen`: says what will happen. Nothing is spent before the button.
pub async fn door(Query(followed): Query<Followed>, guest: Guest) -> Result<Response, Failure> {
    let known = ["signup", "invite", "recovery", "magiclink", "email_change"];
    if followed.sleutel.is_empty() || !known.contains(&followed.soort.as_str()) {
        guest.leave_if_in()?;
        return Err(Failure::Elsewhere("/inloggen".to_owned()));
    }
    let asks = asks_password(&guest, &followed).await?;
    let page = door_sheet(&guest, &followed, asks.as_deref(), &Mistakes::default());
    guest.show(page.answer())
}

/// Whose password is chosen at the door: that of a sign-up this browser did not send.
async fn asks_password(guest: &Guest, followed: &Followed) -> Result<Option<String>, Failure> {
    if !followed.may_be_sign_up() {
        return Ok(None);
    }
    guest.auth.foreign_sign_up(&followed.sleutel, &guest.mark).await.map_err(failed)
}

fn door_sheet(
    guest: &Guest,
    followed: &Followed,
    asks: Option<&str>,
    mistakes: &Mistakes,
) -> Sheet {
    let name = match (followed.soort.as_str(), asks.is_some()) {
        (_, true) => "door_password",
        ("recovery", _) => "door_recovery",
        _ => "door",
    };
    let password = Field::new("wachtwoord", "password", guest.t).filled_in_as("new-password");
    let fields = if asks.is_some() { vec![password] } else { Vec::new() };
    let mut sheet = Sheet::new(guest.frame(), name, "/binnen", guest.token.clone())
        .with(fields, mistakes)
        .carrying("soort", &followed.soort)
        .carrying("sleutel", &followed.sleutel)
        .carrying("terug", own_path(&followed.terug).unwrap_or_default())
        .carrying("naar", &followed.naar)
        // For whoever keeps their passwords in the browser.
        .carrying("email", asks.unwrap_or_default());
    // The address of this page has the key in it: the language switch must not carry it on.
    "/inloggen?taal=nl".clone_into(&mut sheet.frame.in_dutch);
    "/inloggen?taal=en".clone_into(&mut sheet.frame.in_english);
    sheet
}

/// `POST /binnen`.
pub async fn enter(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(
        &state,
        &posted,
        &["soort", "sleutel", "terug", "naar", "email", "wachtwoord"],
    )?;
    let followed = Followed::of(&posted);
    let mut whose = Whose::Marked(guest.mark.clone());
    if let Some(email) = asks_password(&guest, &followed).await? {
        let mut mistakes = Mistakes::default();
        let password = posted.exact("wachtwoord");
        if password.is_empty() {
            mistakes.add("wachtwoord", "empty");
        } else {
            match guest.auth.chosen(&followed.sleutel, password).await {
                Ok(chosen) => whose = chosen,
                Err(refusal) if refusal.code() == "otp_expired" => {}
                Err(refusal) if refusal.status().is_server_error() => return Err(failed(refusal)),
                Err(refusal) => mistakes = mistakes_of(&refusal),
            }
        }
        if !mistakes.none() {
            let page = door_sheet(&guest, &followed, Some(&email), &mistakes);
            return guest.show(page.answer());
        }
    }
    let (kind, secret) = (followed.soort.as_str(), followed.sleutel.as_str());
    match guest.auth.enter_by_link(kind, secret, &whose, &guest.client).await {
        Ok(Some(opened)) => {
            let onward = guest.auth.onward_with_session(&followed.naar, &opened);
            match onward.map_err(failed)? {
                Some(address) if address.starts_with(&guest.auth.site().url) => {
                    Ok(Redirect::to(&address).into_response())
                }
                // A form of ours leads to no other site, not even by a redirect (the pages'
                // policy): a page does.
                Some(address) => html(&Elsewhere { frame: guest.frame(), address }),
                None => guest.let_in(&opened, after(kind, &followed.terug)).await,
            }
        }
        Ok(None) => Err(Failure::Elsewhere("/".to_owned())),
        Err(refusal) if refusal.status().is_server_error() => Err(failed(refusal)),
        Err(refusal) => {
            let mut page = Sheet::new(guest.frame(), "door_closed", "", "").refused(&refusal);
            page.ways.push(Way::to("/inloggen", guest.t.get("way.sign_in")));
            page.ways.push(Way::to("/wachtwoord-vergeten", guest.t.get("way.forgotten")));
            guest.show(page.answer())
        }
    }
}
