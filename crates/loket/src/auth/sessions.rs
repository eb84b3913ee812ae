//! Whether a session still lives: asked by every protected route, and by every open stream.
//!
//! What was seen is believed for two seconds, so that signing out, a new password, another role
//! or a suspension ends access everywhere within five. It must not know what is protected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::auth::Person;
use store::{Store, UserId};
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

    /// For a stream: says when its session ends.
    pub fn watch(self: &Arc<Self>, session: Uuid, user: UserId) -> Watch {
        Watch { sessions: Arc::clone(self), session, user, first: None }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(Uuid, UserId), Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one session for a stream.
#[derive(Debug)]
pub struct Watch {
    sessions: Arc<Sessions>,
    session: Uuid,
    user: UserId,
    /// The person as first seen: what they may see must not change under an open stream.
    first: Option<Arc<Person>>,
}

impl Watch {
    /// Waits until the session has ended, or the person's role or shop is another one. It may
    /// be dropped and waited for again.
    pub async fn ended(&mut self) {
        let mut looked = Instant::now();
        loop {
            match self.sessions.person(self.session, self.user).await {
                Ok(None) => return,
                Ok(Some(person)) => {
                    looked = Instant::now();
                    let first = self.first.get_or_insert_with(|| Arc::clone(&person));
                    let same = first.claims() == person.claims()
                        && first.role == person.role
                        && first.tenant_role == person.tenant_role
                        && !person.factor_due;
                    if !same {
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
