//! The page of the one-time link with which the first platform admin comes in.

use axum::extract::{Query, State as Held};
use axum::response::Response;
use serde::Deserialize;

use super::super::State;
use super::super::failure::Failure;
use super::form::{Field, Mistakes, Posted, Sheet};
use super::mailbox::looks_like_address;
use super::visitor::{Guest, failed};
use crate::secrets::{LinkError, Secret};

/// What stands in the link.
#[derive(Debug, Default, Deserialize)]
pub struct Link {
    #[serde(default)]
    sleutel: String,
}

/// `GET /eerste-beheerder`: there is no such page without the right key.
pub async fn form(
    Held(state): Held<State>,
    Query(link): Query<Link>,
    guest: Guest,
) -> Result<Response, Failure> {
    admitted(&state, &link.sleutel)?;
    let page = sheet(&guest, &link.sleutel, "", &Mistakes::default());
    guest.show(page.answer())
}

fn admitted(state: &State, key: &str) -> Result<(), Failure> {
    let open = state.0.set_up.as_ref().is_some_and(|link| link.admits(key));
    if open { Ok(()) } else { Err(Failure::NotFound) }
}

fn sheet(guest: &Guest, key: &str, email: &str, mistakes: &Mistakes) -> Sheet {
    let t = guest.t;
    let fields = vec![
        Field::new("email", "email", t).holding(email).filled_in_as("username").bare(),
        Field::new("wachtwoord", "password", t).filled_in_as("new-password"),
    ];
    Sheet::new(guest.frame(), "first_admin", "/eerste-beheerder", guest.token.clone())
        .with(fields, mistakes)
        .carrying("sleutel", key)
}

/// `POST /eerste-beheerder`: makes the admin, closes the link, signs in.
pub async fn submit(
    Held(state): Held<State>,
    guest: Guest,
    posted: Posted,
) -> Result<Response, Failure> {
    guest.genuine(&state, &posted, &["email", "wachtwoord", "sleutel"])?;
    let key = posted.get("sleutel");
    admitted(&state, key)?;
    let link = state.0.set_up.as_ref().ok_or(Failure::NotFound)?;
    let email = posted.get("email").to_lowercase();
    let mut mistakes = Mistakes::default();
    if !looks_like_address(&email) {
        mistakes.add("email", "email");
    }
    if let Err(refusal) = guest.auth.acceptable(posted.exact("wachtwoord"), &email) {
        let short = refusal.reason() == Some("length");
        mistakes.add("wachtwoord", if short { "password_short" } else { "password_weak" });
    }
    if mistakes.none() {
        let password = Secret::from(posted.exact("wachtwoord"));
        match link.accept(state.store(), key, &email, &password).await {
            Ok(_) => {
                let opened = guest.auth.sign_in(&email, password.expose(), &guest.client).await;
                return guest.let_in(&opened.map_err(failed)?, "/beheer").await;
            }
            Err(LinkError::Closed) => return Err(Failure::NotFound),
            Err(LinkError::AddressTaken) => mistakes.add("email", "email_taken"),
            Err(LinkError::Password(_)) => {
                mistakes.add("wachtwoord", "password_short");
            }
            Err(LinkError::Store(error)) => return Err(error.into()),
        }
    }
    let page = sheet(&guest, key, &email, &mistakes);
    guest.show(page.answer())
}
