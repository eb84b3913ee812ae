//! `POST /logout`: ends this session, all of them, or all others.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use store::UserId;
use uuid::Uuid;

use super::Auth;
use super::refusal::Refusal;
use super::wire::Signed;

/// Which sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of the person.
    Global,
    /// The one that asks.
    Local,
    /// All but that one.
    Others,
}

/// As asked for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    scope: Option<String>,
}

/// The handler.
pub async fn log_out(
    State(auth): State<Auth>,
    Query(asked): Query<Asked>,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    let scope = match asked.scope.as_deref() {
        None | Some("" | "global") => Scope::Global,
        Some("local") => Scope::Local,
        Some("others") => Scope::Others,
        Some(other) => {
            return Err(Refusal::invalid(format!("Unsupported logout scope {other:?}")));
        }
    };
    auth.sign_out(signed.user.id, signed.session.id, scope).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Auth {
    /// Ends sessions. What they still hold is worth nothing within seconds.
    pub async fn sign_out(&self, user: UserId, session: Uuid, scope: Scope) -> Result<(), Refusal> {
        let ended = self.0.store.as_auth(async |tx| {
            store::auth::hold(tx, session, user).await?;
            match scope {
                Scope::Global => store::auth::end_all(tx, user).await,
                Scope::Local => store::auth::end(tx, session, user).await,
                Scope::Others => store::auth::end_others(tx, session, user).await,
            }
        });
        ended.await?;
        self.0.sessions.forget(user);
        Ok(())
    }
}
