//! The pages: server-rendered, in Dutch and English, without JavaScript but for what is live.
//!
//! Each noun has a `loader` that reads (through [`store::Store::as_user`] and nothing else), a
//! `view` that puts it into words, and a template that lays it out. It must not know how mail is
//! fetched, decided on or sent. Start at [`router`].

mod access; // who may look
mod accounts; // sign-up, sign-in, approval, settings
mod assets; // stylesheet, script, fonts
mod conversations; // the list, one conversation, its receipts
mod failure; // what went wrong, as a page
mod frame; // what every page has
mod health; // for whoever watches the process
mod house; // what holds for every answer: host, headers, language
mod live; // what moved, as it moves
mod texts; // words in two languages
mod when; // moments as people say them

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use jiff::Timestamp;
use store::Store;
use tokio::sync::watch;

pub use access::Access;

use access::Keys;

use crate::auth::{Auth, HasAuth, keep_signed_in};
use crate::oauth::{Providers, Tokens};
use crate::pipeline::Reading;
use crate::secrets::{SetUpLink, Vault};

/// What every page needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct State(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    access: Access,
    keys: Keys,
    auth: Option<Auth>,
    vault: Option<Arc<Vault>>,
    reading: Option<Arc<Reading>>,
    set_up: Option<Arc<SetUpLink>>,
    tokens: Option<Arc<Tokens>>,
    /// What is known of mail providers; those that give tokens are offered with `tokens` only.
    providers: Arc<Providers>,
    hosts: Vec<String>,
    clock: fn() -> Timestamp,
    closing: watch::Sender<bool>,
}

impl State {
    /// For pages about the shop in `access`, read from `store`. Answers on `localhost` and on
    /// bare addresses; other names need [`State::with_hosts`].
    pub fn new(store: Arc<Store>, access: Access) -> Self {
        let keys = Keys::of(&access);
        let (closing, _) = watch::channel(false);
        let hosts = Vec::new();
        let (auth, vault, reading, set_up) = (None, None, None, None);
        let clock = crate::serving::now;
        let tokens = None;
        // What Loket comes with is whole: a test says so.
        let providers = Arc::new(Providers::known().unwrap_or_else(|_| Providers::none()));
        Self(Arc::new(Inner {
            store,
            access,
            keys,
            auth,
            vault,
            reading,
            set_up,
            tokens,
            providers,
            hosts,
            clock,
            closing,
        }))
    }

    /// Also answers to these host names (without port). Every other name is refused, so that a
    /// foreign page cannot reach Loket by pointing its own name at this machine.
    #[must_use]
    pub fn with_hosts(self, hosts: Vec<String>) -> Self {
        self.changed(|inner| inner.hosts = hosts)
    }

    /// With accounts: people sign in themselves, and `/auth/v1` is served. The site's own host
    /// name is answered to.
    #[must_use]
    pub fn with_auth(self, auth: Auth) -> Self {
        self.changed(|inner| {
            inner.hosts.push(auth.site().host.clone());
            inner.auth = Some(auth);
        })
    }

    /// With the keys that close mailbox passwords: shops can register theirs.
    #[must_use]
    pub fn with_vault(self, vault: Arc<Vault>) -> Self {
        self.changed(|inner| inner.vault = Some(vault))
    }

    /// With the way to mail servers: a mailbox is tried before it is saved.
    #[must_use]
    pub fn with_reading(self, reading: Arc<Reading>) -> Self {
        self.changed(|inner| inner.reading = Some(reading))
    }

    /// With providers that open mailboxes by consent: shops can connect theirs so.
    #[must_use]
    pub fn with_tokens(self, tokens: Arc<Tokens>) -> Self {
        self.changed(|inner| {
            inner.providers = Arc::new(tokens.providers().clone());
            inner.tokens = Some(tokens);
        })
    }

    /// With the open link for the first platform admin.
    #[must_use]
    pub fn with_set_up(self, link: Option<Arc<SetUpLink>>) -> Self {
        self.changed(|inner| inner.set_up = link)
    }

    /// With another clock, for tests and for pictures that stay the same.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        self.changed(|inner| inner.clock = clock)
    }

    /// Ends every live stream, so that a graceful shutdown does not wait for open pages.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            store: Arc::clone(&shared.store),
            access: shared.access.clone(),
            keys: shared.keys.clone(),
            auth: shared.auth.clone(),
            vault: shared.vault.clone(),
            reading: shared.reading.clone(),
            set_up: shared.set_up.clone(),
            tokens: shared.tokens.clone(),
            providers: Arc::clone(&shared.providers),
            hosts: shared.hosts.clone(),
            clock: shared.clock,
            closing: shared.closing.clone(),
        });
        change(&mut inner);
        Self(Arc::new(inner))
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }
}

impl HasAuth for State {
    fn auth(&self) -> Option<&Auth> {
        self.0.auth.as_ref()
    }
}

/// Every address Loket answers on.
pub fn router(state: State) -> Router {
    let pages = pages();
    let pages = match state.auth() {
        Some(auth) => pages.nest("/auth/v1", auth.router().with_state(())),
        None => pages,
    };
    let signed = state.clone();
    pages
        .layer(from_fn(move |request, next| keep_signed_in(signed.clone(), request, next)))
        .layer(from_fn_with_state(state.clone(), house::keep))
        .with_state(state)
}

fn pages() -> Router<State> {
    Router::new()
        .route("/", get(conversations::page))
        .route("/lijst", get(conversations::list))
        .route("/gesprekken/{thread}", get(conversations::thread))
        .route("/gesprekken/{thread}/verloop", get(conversations::course))
        .route("/gesprekken/{thread}/bijlagen/{file}", get(conversations::download))
        .route("/gesprekken/{thread}/opgemaakt/{mail}", get(conversations::frame))
        .route("/gesprekken/{thread}/goedkeuren", post(conversations::approve))
        .route("/gesprekken/{thread}/terughalen", post(conversations::recall))
        .route("/gesprekken/{thread}/aangekomen", post(conversations::arrived))
        .route("/gesprekken/{thread}/weggooien", post(conversations::discard))
        .route("/meldingen/{notice}/gedaan", post(conversations::done))
        .route("/events", get(live::events))
        .route("/toegang", get(access::enter))
        .route("/assets/{file}", get(assets::serve))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(accounts::pages())
        .fallback(failure::not_found)
        .method_not_allowed_fallback(failure::not_found)
}
