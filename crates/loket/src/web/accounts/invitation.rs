//! A colleague comes in by the invitation they were mailed.

use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::Claims;

use super::super::State;
use super::super::failure::Failure;
use super::escaped;
use super::form::{Posted, Sheet, Way};
use super::visitor::Guest;
use crate::secrets::parse_invitation;

/// What stands in the link.
#[derive(Debug, Default, Deserialize)]
pub struct Link {
    #[serde(default)]
    sleutel: String,
}

/// `GET /uitnodiging`.
pub async fn form(Query(link): Query<Link>, guest: Guest) -> Result<Response, Failure> {
    let page = sheet(&guest, &link.sleutel);
    guest.show(page.answer())
}

fn sheet(guest: &Guest, key: &str) -> Sheet {
    let t = guest.t;
    let inside = guest.person.as_ref().is_some_and(|person| !person.factor_due);
    if inside {
        return Sheet::new(guest.frame(), "invited", "/uitnodiging", guest.token.clone())
            .carrying("sleutel", key);
    }
    let back = escaped(&format!("/uitnodiging?sleutel={}", escaped(key)));
    let mut sheet = Sheet::new(guest.frame(), "invited_guest", "", "");
    sheet.ways.push(Way::to(format!("/registreren?terug={back}"), t.get("way.sign_up")));
    sheet.ways.push(Way::to(format!("/inloggen?terug={back}"), t.get("way.sign_in")));
    sheet
}

/// `POST /uitnodiging`.
pub async fn accept(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["sleutel"])?;
    let Some(person) = guest.person.as_ref().filter(|person| !person.factor_due) else {
        return Err(Failure::Elsewhere("/inloggen".to_owned()));
    };
    let joined = match parse_invitation(posted.get("sleutel")) {
        None => None,
        Some((shop, hash)) => {
            let claims = Claims { user_id: person.user_id, tenant_id: None };
            let joined = state.store().as_user(&claims, async |tx| {
                store::admin::accept_invitation(tx, shop, &hash).await
            });
            match joined.await {
                Err(store::Error::Constraint { .. }) => None,
                joined => joined?,
            }
        }
    };
    if joined.is_some() {
        guest.auth.sessions().forget(person.user_id);
        return Ok(Redirect::to("/").into_response());
    }
    let mut page = sheet(&guest, posted.get("sleutel"));
    page.note = Some(("serious", guest.t.get("refused.invitation").to_owned()));
    guest.show(page.answer())
}
