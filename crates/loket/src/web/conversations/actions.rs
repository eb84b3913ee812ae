//! What a person does with a draft: let it go, or throw it away.

use axum::Form;
use axum::extract::{Path, State as Held};
use axum::response::Redirect;
use serde::Deserialize;
use store::{Error, InteractionId, OutboxId, ThreadId};
use uuid::Uuid;

use super::super::State;
use super::super::access::Visit;
use super::super::failure::Failure;

/// A button's form.
#[derive(Deserialize)]
pub struct Pressed {
    /// Proves that the form is ours.
    teken: String,
    /// The draft, or the mail it answers.
    wat: Uuid,
}

/// Lets a draft go as it stands.
pub async fn approve(
    Held(state): Held<State>,
    visit: Visit,
    Path(thread): Path<ThreadId>,
    Form(pressed): Form<Pressed>,
) -> Result<Redirect, Failure> {
    genuine(&state, &pressed)?;
    let draft = OutboxId(pressed.wat);
    let done = state
        .store()
        .as_user(&visit.claims, async |tx| store::drafts::approve(tx, draft, None).await)
        .await;
    back(thread, done, "goedgekeurd")
}

/// Throws a draft away, or closes a mail that has none.
pub async fn discard(
    Held(state): Held<State>,
    visit: Visit,
    Path(thread): Path<ThreadId>,
    Form(pressed): Form<Pressed>,
) -> Result<Redirect, Failure> {
    genuine(&state, &pressed)?;
    let mail = InteractionId(pressed.wat);
    let done = state
        .store()
        .as_user(&visit.claims, async |tx| store::drafts::discard(tx, mail, None).await)
        .await;
    back(thread, done, "weggegooid")
}

fn genuine(state: &State, pressed: &Pressed) -> Result<(), Failure> {
    let keys = &state.0.keys;
    if keys.same(&pressed.teken, &keys.form()) { Ok(()) } else { Err(Failure::StaleForm) }
}

/// To the conversation, which says what happened. Somebody else was first: it says that too.
fn back(thread: ThreadId, done: store::Result<()>, message: &str) -> Result<Redirect, Failure> {
    let message = match done {
        Ok(()) => message,
        Err(Error::Absent { .. }) => "was_al_gedaan",
        Err(error) => return Err(error.into()),
    };
    Ok(Redirect::to(&format!("/gesprekken/{thread}?melding={message}")))
}
