//! Who asks, looked at once more where something is written for them.
//!
//! A request is let in when its headers are there; its body may come much later, and meanwhile
//! its session may have ended, the person been banned, or a second factor turned on. So each
//! transaction that writes holds their session first. It must not know what is written.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use store::AuthTx;
use store::auth::{AuthUser, SessionRow};

use super::Auth;
use super::refusal::Refusal;
use super::wire::Signed;

/// How long a body may take, from its first byte to its last.
const BODY_TIME: Duration = Duration::from_secs(10);

/// A whole body of at most `limit` bytes, if it comes in time.
pub async fn in_time(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_TIME, to_bytes(body, limit)).await {
        Ok(bytes) => bytes.map_err(|_| Refusal::too_large()),
        Err(_) => Err(Refusal::too_slow()),
    }
}

impl Auth {
    /// Somebody in a live session, if they still may do anything.
    pub(super) fn admitted(
        &self,
        user: Option<AuthUser>,
        session: Option<SessionRow>,
    ) -> Result<Signed, Refusal> {
        let user = user.ok_or_else(|| {
            Refusal::forbidden("user_not_found", "User from sub claim in JWT does not exist")
        })?;
        let session = session.ok_or_else(|| {
            let text = "Session from session_id claim in JWT does not exist";
            Refusal::forbidden("session_not_found", text)
        })?;
        if self.is_barred(&user) {
            return Err(Refusal::forbidden("user_banned", "User is banned"));
        }
        Ok(Signed { user, session })
    }

    /// Whether somebody is banned, or suspended by a platform admin.
    pub(super) fn is_barred(&self, user: &AuthUser) -> bool {
        user.suspended || user.banned_until.is_some_and(|until| until > self.now())
    }

    /// Writes something for a signed-in person: they and their session as they are now, and both
    /// stay so until it is done. A refusal writes nothing as long as `work` gives it first.
    pub(super) async fn write_for<T>(
        &self,
        signed: &Signed,
        work: impl AsyncFnOnce(&AuthTx, Signed) -> store::Result<Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let (user, session) = (signed.user.id, signed.session.id);
        let done = self.0.store.as_auth(async |tx| {
            store::auth::hold(tx, session, user).await?;
            let person = store::auth::by_id(tx, user).await?;
            let session = store::auth::find(tx, session, user).await?;
            match self.admitted(person, session) {
                Ok(now) => work(tx, now).await,
                Err(refusal) => Ok(Err(refusal)),
            }
        });
        done.await?
    }
}
