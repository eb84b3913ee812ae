//! In and out: password, second step, a forgotten password.

use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;
use uuid::Uuid;

use super::super::State;
use super::super::failure::Failure;
use super::form::{Field, Mistakes, Posted, Sheet, Way, with_cookies};
use super::sign_up::{Onward, mailed, mistakes_of};
use super::visitor::{Guest, Someone, failed};
use super::{home_of, own_path};
use crate::auth::{Refusal, Signed};

/// `GET /inloggen`.
pub async fn form(Query(onward): Query<Onward>, guest: Guest) -> Result<Response, Failure> {
    guest.leave_if_in()?;
    let page = sheet(&guest, "", onward.path());
    guest.show(page.answer())
}

fn sheet(guest: &Guest, email: &str, onward: &str) -> Sheet {
    let t = guest.t;
    let fields = vec![
        Field::new("email", "email", t).holding(email).filled_in_as("username").bare(),
        Field::new("wachtwoord", "password", t).filled_in_as("current-password").bare(),
    ];
    let mut sheet = Sheet::new(guest.frame(), "sign_in", "/inloggen", guest.token.clone())
        .with(fields, &Mistakes::default())
        .carrying("terug", onward);
    sheet.ways.push(Way::to("/wachtwoord-vergeten", t.get("way.forgotten")));
    sheet.ways.push(Way::to("/registreren", t.get("way.sign_up")));
    sheet
}

/// `POST /inloggen`.
pub async fn submit(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["email", "wachtwoord", "terug"])?;
    guest.leave_if_in()?;
    let email = posted.get("email");
    let onward = own_path(posted.get("terug")).unwrap_or_default();
    match guest.auth.sign_in(email, posted.exact("wachtwoord"), &guest.client).await {
        Ok(opened) => guest.let_in(&opened, onward).await,
        Err(refusal) => {
            let page = sheet(&guest, email, onward).refused(&refusal);
            guest.show(page.answer())
        }
    }
}

/// The first second factor that was proved once.
pub fn factor_of(signed: &Signed) -> Option<Uuid> {
    let factors = signed.user.factors.as_array()?;
    let proved = |factor: &&Value| factor.get("status").and_then(Value::as_str) == Some("verified");
    let factor = factors.iter().find(proved)?;
    factor.get("id").and_then(Value::as_str)?.parse().ok()
}

fn code_sheet(guest: &Guest, token: &str, onward: &str) -> Sheet {
    let code = Field::new("code", "text", guest.t).filled_in_as("one-time-code");
    Sheet::new(guest.frame(), "second_step", "/inloggen/code", token)
        .with(vec![code.bare()], &Mistakes::default())
        .carrying("terug", onward)
}

/// `GET /inloggen/code`: the second step.
pub async fn code_form(Query(onward): Query<Onward>, guest: Guest) -> Result<Response, Failure> {
    match &guest.person {
        None => Err(Failure::Elsewhere("/inloggen".to_owned())),
        Some(person) if !person.factor_due => Err(Failure::Elsewhere(home_of(person).to_owned())),
        Some(_) => {
            let page = code_sheet(&guest, &guest.token, onward.path());
            guest.show(page.answer())
        }
    }
}

/// `POST /inloggen/code`.
pub async fn code(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["code", "terug"])?;
    let Some(person) = guest.person.clone() else {
        return Err(Failure::Elsewhere("/inloggen".to_owned()));
    };
    let onward = own_path(posted.get("terug")).unwrap_or_default();
    let signed = guest.auth.signed(person.user_id, person.session_id).await.map_err(failed)?;
    let Some(factor) = factor_of(&signed) else {
        return Err(Failure::Elsewhere(home_of(&person).to_owned()));
    };
    match guest.auth.prove_on_page(&signed, factor, posted.get("code"), &guest.client).await {
        Ok(opened) => guest.let_in(&opened, onward).await,
        Err(refusal) => {
            let page = code_sheet(&guest, &guest.token, onward).refused(&refusal);
            guest.show(page.answer())
        }
    }
}

fn forgotten_sheet(guest: &Guest, email: &str, mistakes: &Mistakes) -> Sheet {
    let t = guest.t;
    let field = Field::new("email", "email", t).holding(email).filled_in_as("username").bare();
    let mut sheet =
        Sheet::new(guest.frame(), "forgotten", "/wachtwoord-vergeten", guest.token.clone())
            .with(vec![field], mistakes);
    sheet.ways.push(Way::to("/inloggen", t.get("way.sign_in")));
    sheet
}

/// `GET /wachtwoord-vergeten`.
pub async fn forgotten_form(guest: Guest) -> Result<Response, Failure> {
    guest.leave_if_in()?;
    let page = forgotten_sheet(&guest, "", &Mistakes::default());
    guest.show(page.answer())
}

/// `POST /wachtwoord-vergeten`: the same page, whether there is somebody or not.
pub async fn forgotten(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["email"])?;
    guest.leave_if_in()?;
    let email = posted.get("email");
    match guest.auth.recover_on_page(email, &guest.client) {
        Ok(()) => {
            let page = mailed(&guest, email, "recovery", "", None);
            guest.show(page.answer())
        }
        Err(refusal) => {
            let mistakes = mistakes_of(&refusal);
            let mut page = forgotten_sheet(&guest, email, &mistakes);
            if mistakes.none() {
                page = page.refused(&refusal);
            }
            guest.show(page.answer())
        }
    }
}

fn new_password_sheet(someone: &Someone, refusal: Option<&Refusal>) -> Sheet {
    let mistakes = refusal.map(mistakes_of).unwrap_or_default();
    let field = Field::new("wachtwoord", "password", someone.t).filled_in_as("new-password");
    let token = someone.person.form_token.clone();
    let sheet = Sheet::new(someone.frame(), "new_password", "/wachtwoord-nieuw", token)
        .with(vec![field], &mistakes)
        .carrying("email", &someone.person.email);
    match refusal {
        Some(refusal) if mistakes.none() => sheet.refused(refusal),
        _ => sheet,
    }
}

/// `GET /wachtwoord-nieuw`: after a mailed link.
pub async fn new_password_form(someone: Someone) -> Result<Response, Failure> {
    let signed = someone.signed().await?;
    if !someone.auth.proved_by_mail(&signed) {
        return Err(Failure::Elsewhere("/instellingen/beveiliging".to_owned()));
    }
    new_password_sheet(&someone, None).answer()
}

/// `POST /wachtwoord-nieuw`: every other session ends.
pub async fn new_password(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&["wachtwoord", "email"])?;
    let signed = someone.signed().await?;
    let new = posted.exact("wachtwoord");
    match someone.auth.set_password_on_page(&signed, None, new, &someone.client).await {
        Ok(()) => Ok(Redirect::to(home_of(&someone.person)).into_response()),
        Err(refusal) if refusal.status().is_server_error() => Err(failed(refusal)),
        Err(refusal) => new_password_sheet(&someone, Some(&refusal)).answer(),
    }
}

/// `POST /uitloggen`: here, or with `overal` everywhere.
pub async fn sign_out(guest: Guest, posted: Posted) -> Result<Response, Failure> {
    posted.only(&["overal"])?;
    if let Some(person) = &guest.person {
        let all = posted.ticked("overal");
        guest.auth.leave(person.user_id, person.session_id, all).await.map_err(failed)?;
    }
    let away = guest.auth.no_cookies();
    Ok(with_cookies(Redirect::to("/inloggen").into_response(), away))
}
