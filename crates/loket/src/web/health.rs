//! For whoever watches the process: whether it lives, and whether it can do its work.

use std::time::Duration;

use axum::extract::State as Held;
use axum::http::StatusCode;

use super::State;

/// Longer than this is as good as no answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers, through the same door the pages use.
pub async fn ready(Held(state): Held<State>) -> (StatusCode, &'static str) {
    let claims = state.0.access.user;
    let asked = state.store().as_user(&claims, async |tx| store::events::bounds(tx).await);
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(error = %store::Chain(&error), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database is slow to answer\n"),
    }
}
