//! Whether a session still lives: asked by every protected route, and by every open stream.
//!
//! What was seen is believed for two seconds, so that signing out, a new password, another role
//! or a suspension ends access everywhere within five. It must not know what is protected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::auth::Person;
use store::users::TenantRole;
use store::{Claims, Store, UserId};
use tokio::time::Instant;
use uuid::Uuid;

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_secs(2);
/// A stream whose session could not be looked at for so long ends as well.
const BLIND: Duration = Duration::from_secs(4);
/// Sessions remembered at most.
const MAX_REMEMBERED: usize = 10_000;

/// When a session was looked at, and what was seen.
type Seen = (Instant, Option<Arc<Person>>);

/// Looks sessions up, at most once in two seconds each.
#[derive(Debug)]
pub struct Sessions {
    store: Arc<Store>,
    seen: Mutex<HashMap<(Uuid, UserId), Seen>>,
}

impl Sessions {
    /// On this database.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// Who is behind a session; `None` when it ended, or they are banned or suspended.
    pub async fn person(&self, session: Uuid, user: UserId) -> store::Result<Option<Arc<Person>>> {
        let key = (session, user);
        let now = Instant::now();
        if let Some((when, person)) = self.lock().get(&key)
            && now.duration_since(*when) < BELIEVED
        {
            return Ok(person.clone());
        }
        let person = store::auth::person(&self.store, session, user).await?.map(Arc::new);
        let mut seen = self.lock();
        if seen.len() >= MAX_REMEMBERED {
            seen.retain(|_, (when, _)| now.duration_since(*when) < BELIEVED);
            if seen.len() >= MAX_REMEMBERED {
                seen.clear();
            }
        }
        // As old as the question: what happened while it was asked may have been missed.
        seen.insert(key, (now, person.clone()));
        Ok(person)
    }

    /// Forgets what was seen of a person: something of theirs changed just now.
    pub fn forget(&self, user: UserId) {
        self.lock().retain(|(_, whose), _| *whose != user);
    }

    /// Forgets everything, so that the next question of anybody is asked.
    pub fn forget_all(&self) {
        self.lock().clear();
    }

    /// For a stream: says when its session ends, or is no longer what it was let in as.
    pub fn watch(self: &Arc<Self>, admitted: Admitted) -> Watch {
        Watch { sessions: Arc::clone(self), admitted }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(Uuid, UserId), Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one session for a stream.
#[derive(Debug)]
pub struct Watch {
    sessions: Arc<Sessions>,
    admitted: Admitted,
}

/// What a stream was let in as. It may be two seconds old by then, so it is what counts, and not
/// what the stream sees first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The session.
    pub session: Uuid,
    /// Whose rows are read.
    pub claims: Claims,
    /// `user` or `admin` of the platform.
    pub role: String,
    /// What they may do in their shop.
    pub tenant_role: TenantRole,
}

impl Admitted {
    fn is(&self, person: &Person) -> bool {
        self.claims == person.claims()
            && self.role == person.role
            && self.tenant_role == person.tenant_role
            && !person.factor_due
    }
}

impl Watch {
    /// Waits until the session has ended, or the person's role or shop is another one. It may
    /// be dropped and waited for again.
    pub async fn ended(&mut self) {
        let mut looked = Instant::now();
        loop {
            let Admitted { session, claims, .. } = &self.admitted;
            match self.sessions.person(*session, claims.user_id).await {
                Ok(None) => return,
                Ok(Some(person)) => {
                    looked = Instant::now();
                    if !self.admitted.is(&person) {
                        return;
                    }
                }
                Err(_) if looked.elapsed() > BLIND => return,
                Err(_) => {}
            }
            tokio::time::sleep(BELIEVED).await;
        }
    }
}
