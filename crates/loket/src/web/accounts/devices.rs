//! Somebody's own safety: password, second step, and where they are signed in.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use store::auth::Device;
use uuid::Uuid;

use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::texts::Texts;
use super::super::when;
use super::form::{Posted, html, in_words, with_cookies};
use super::platform::Told;
use super::sign_in::factor_of;
use super::visitor::{Someone, failed};
use crate::auth::{NewFactor, Refusal};

#[derive(Debug)]
struct Row {
    id: Uuid,
    name: String,
    about: String,
    here: bool,
}

#[derive(Debug, Template)]
#[template(path = "accounts/security.html")]
struct Page {
    frame: Frame,
    tab: &'static str,
    owner: bool,
    token: String,
    told: Option<&'static str>,
    mistake: Option<&'static str>,
    factor_on: bool,
    new_factor: Option<NewFactor>,
    factor_mistake: Option<&'static str>,
    devices: Vec<Row>,
}

/// A browser as people call it.
fn browser(agent: &str, t: Texts) -> String {
    let first = |names: &[(&'static str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let program = first(&[
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => t.get("security.unknown_device").to_owned(),
    }
}

async fn view(someone: &Someone) -> Result<Page, Failure> {
    let t = someone.t;
    let signed = someone.signed().await?;
    let devices = someone.auth.devices(someone.person.user_id).await.map_err(failed)?;
    let row = |device: Device| Row {
        id: device.id,
        name: browser(&device.user_agent, t),
        about: format!("{} · {}", device.ip, when::exact(device.seen_at, t)),
        here: device.id == someone.person.session_id,
    };
    Ok(Page {
        tab: "security",
        owner: someone.person.owns_shop(),
        token: someone.person.form_token.clone(),
        told: None,
        mistake: None,
        factor_on: factor_of(&signed).is_some(),
        new_factor: None,
        factor_mistake: None,
        devices: devices.into_iter().map(row).collect(),
        frame: someone.frame(),
    })
}

/// `GET /instellingen/beveiliging`.
pub async fn page(Query(told): Query<Told>, someone: Someone) -> Result<Response, Failure> {
    let mut page = view(&someone).await?;
    page.told = match told.melding.as_str() {
        "wachtwoord" => Some(someone.t.get("security.password_done")),
        "aan" => Some(someone.t.get("security.factor_done")),
        "uit" => Some(someone.t.get("security.factor_gone")),
        "apparaat" => Some(someone.t.get("security.ended")),
        _ => None,
    };
    html(&page)
}

fn back(told: &str) -> Response {
    Redirect::to(&format!("/instellingen/beveiliging?melding={told}")).into_response()
}

/// `POST /instellingen/wachtwoord`: the old one is asked for; other sessions end.
pub async fn change_password(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&["oud_wachtwoord", "wachtwoord", "email"])?;
    let signed = someone.signed().await?;
    let (old, new) = (posted.exact("oud_wachtwoord"), posted.exact("wachtwoord"));
    match someone.auth.set_password_on_page(&signed, Some(old), new, &someone.client).await {
        Ok(()) => Ok(back("wachtwoord")),
        Err(refusal) if refusal.status().is_server_error() => Err(failed(refusal)),
        Err(refusal) => {
            let mut page = view(&someone).await?;
            page.mistake = Some(match refusal.code() {
                "invalid_credentials" => someone.t.get("mistake.password_wrong"),
                _ => in_words(&refusal, someone.t),
            });
            html(&page)
        }
    }
}

/// `POST /instellingen/tweede-stap`: shows the secret, once.
pub async fn begin_factor(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&[])?;
    let signed = someone.signed().await?;
    if factor_of(&signed).is_some() {
        return Ok(back("aan"));
    }
    // What was begun and never proved goes, so that there is one at most.
    let factors = signed.user.factors.as_array().cloned().unwrap_or_default();
    for begun in factors.iter().filter_map(|it| it.get("id")?.as_str()?.parse::<Uuid>().ok()) {
        someone.auth.drop_factor(signed.clone(), begun).await.map_err(failed)?;
    }
    let signed = someone.signed().await?;
    let factor = someone.auth.new_factor(signed, "Loket").await.map_err(failed)?;
    let mut page = view(&someone).await?;
    page.new_factor = Some(factor);
    html(&page)
}

/// `POST /instellingen/tweede-stap/bevestigen`: on from now; this session goes on.
pub async fn confirm_factor(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&["factor", "code"])?;
    let factor: Uuid = posted.get("factor").parse().map_err(|_| Failure::NotFound)?;
    match prove(&someone, factor, posted.get("code")).await {
        Ok(response) => Ok(response),
        Err(refusal) if refusal.status().is_server_error() => Err(failed(refusal)),
        Err(refusal) => {
            let mut page = view(&someone).await?;
            page.factor_mistake = Some(in_words(&refusal, someone.t));
            // Until the first right code, whoever mistyped can scan it again.
            let signed = someone.signed().await?;
            page.new_factor = someone.auth.begun_factor(&signed, factor).map_err(failed)?;
            html(&page)
        }
    }
}

async fn prove(someone: &Someone, factor: Uuid, code: &str) -> Result<Response, Refusal> {
    let signed = someone.auth.signed(someone.person.user_id, someone.person.session_id).await?;
    let opened = someone.auth.prove_on_page(&signed, factor, code, &someone.client).await?;
    let cookies = someone.auth.cookies(&opened)?;
    Ok(with_cookies(back("aan"), cookies))
}

/// `POST /instellingen/tweede-stap/uit`: with a code, so that a session left open is not enough.
pub async fn drop_factor(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&["code"])?;
    let signed = someone.signed().await?;
    let Some(factor) = factor_of(&signed) else { return Ok(back("uit")) };
    let code = posted.get("code");
    let proved = someone.auth.prove_on_page(&signed, factor, code, &someone.client).await;
    let opened = match proved {
        Ok(opened) => opened,
        Err(refusal) if refusal.status().is_server_error() => return Err(failed(refusal)),
        Err(refusal) => {
            let mut page = view(&someone).await?;
            page.factor_mistake = Some(in_words(&refusal, someone.t));
            return html(&page);
        }
    };
    let signed = someone.signed().await?;
    someone.auth.drop_factor(signed, factor).await.map_err(failed)?;
    let cookies = someone.auth.cookies(&opened).map_err(failed)?;
    Ok(with_cookies(back("uit"), cookies))
}

/// `POST /instellingen/apparaten/uit`.
pub async fn end_device(someone: Someone, posted: Posted) -> Result<Response, Failure> {
    posted.only(&["apparaat"])?;
    let device: Uuid = posted.get("apparaat").parse().map_err(|_| Failure::NotFound)?;
    someone.auth.end_device(someone.person.user_id, device).await.map_err(failed)?;
    Ok(back("apparaat"))
}
