//! What a person does: let a draft go, call it back, say that it arrived, throw it away, tick a
//! notification off.

use axum::Form;
use axum::extract::{Path, State as Held};
use axum::response::Redirect;
use serde::Deserialize;
use store::{Error, InteractionId, NotificationId, OutboxId, TenantTx, ThreadId};
use uuid::Uuid;

use super::super::State;
use super::super::access::Visit;
use super::super::failure::Failure;
use super::desk::list_address;

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
    genuine(&state, &visit, &pressed.teken)?;
    let draft = OutboxId(pressed.wat);
    let done = press(&state, &visit, Button::Approve(draft)).await;
    back(thread, done, "goedgekeurd")
}

/// Calls a reply back that has not left.
pub async fn recall(
    Held(state): Held<State>,
    visit: Visit,
    Path(thread): Path<ThreadId>,
    Form(pressed): Form<Pressed>,
) -> Result<Redirect, Failure> {
    genuine(&state, &visit, &pressed.teken)?;
    let mail = OutboxId(pressed.wat);
    let done = state
        .store()
        .as_user(&visit.claims, async |tx| store::sending::recall(tx, mail).await)
        .await;
    back(thread, done, "teruggehaald")
}

/// Says that a reply of unknown outcome did arrive.
pub async fn arrived(
    Held(state): Held<State>,
    visit: Visit,
    Path(thread): Path<ThreadId>,
    Form(pressed): Form<Pressed>,
) -> Result<Redirect, Failure> {
    genuine(&state, &visit, &pressed.teken)?;
    let mail = OutboxId(pressed.wat);
    let done = press(&state, &visit, Button::Arrived(mail)).await;
    back(thread, done, "aangekomen")
}

/// Throws a draft away, or closes a mail that has none.
pub async fn discard(
    Held(state): Held<State>,
    visit: Visit,
    Path(thread): Path<ThreadId>,
    Form(pressed): Form<Pressed>,
) -> Result<Redirect, Failure> {
    genuine(&state, &visit, &pressed.teken)?;
    let mail = InteractionId(pressed.wat);
    let done = press(&state, &visit, Button::Discard(mail)).await;
    back(thread, done, "weggegooid")
}

/// What a button says.
#[derive(Clone, Copy)]
enum Button {
    Approve(OutboxId),
    Arrived(OutboxId),
    Discard(InteractionId),
}

/// Two colleagues who press at the same moment wait for each other in turn; the database sends one
/// of them away, who then finds what the other did.
async fn press(state: &State, visit: &Visit, button: Button) -> store::Result<()> {
    match press_once(state, visit, button).await {
        Err(error) if error.is_retryable() => press_once(state, visit, button).await,
        done => done,
    }
}

async fn press_once(state: &State, visit: &Visit, button: Button) -> store::Result<()> {
    let act = async |tx: &TenantTx| match button {
        Button::Approve(draft) => store::drafts::approve(tx, draft, None).await,
        Button::Arrived(mail) => store::drafts::arrived(tx, mail).await,
        Button::Discard(mail) => store::drafts::discard(tx, mail, None).await,
    };
    state.store().as_user(&visit.claims, act).await
}

/// A tick's form.
#[derive(Deserialize)]
pub struct Ticked {
    /// Proves that the form is ours.
    teken: String,
    /// The list to go back to.
    #[serde(default)]
    toon: String,
}

/// Somebody dealt with a notification. Twice is no harm.
pub async fn done(
    Held(state): Held<State>,
    visit: Visit,
    Path(notice): Path<NotificationId>,
    Form(ticked): Form<Ticked>,
) -> Result<Redirect, Failure> {
    genuine(&state, &visit, &ticked.teken)?;
    let marked = state
        .store()
        .as_user(&visit.claims, async |tx| store::notifications::mark_done(tx, notice).await)
        .await;
    match marked {
        Ok(()) | Err(Error::Absent { .. }) => Ok(Redirect::to(&list_address(&ticked.toon))),
        Err(error) => Err(error.into()),
    }
}

fn genuine(state: &State, visit: &Visit, token: &str) -> Result<(), Failure> {
    if !visit.may_act {
        return Err(Failure::NotAllowed);
    }
    if state.0.keys.same(token, &visit.form_token) { Ok(()) } else { Err(Failure::StaleForm) }
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
