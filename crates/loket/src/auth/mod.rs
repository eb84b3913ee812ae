//! Accounts: `/auth/v1`, in the form that Supabase's clients speak, and the sessions behind it.
//!
//! One file per family of endpoints; what they share is in `wire` (bodies, bearers, refusals),
//! `tokens` and `signing` (access tokens), `secrets` (everything else that is handed out),
//! `passwords`, `limits`, `post` (mails) and `sessions` (who is still in). Pages use
//! [`SignedIn`]. It must not know what is behind the doors it opens.

mod about; // settings, health, keys, and what is not offered
mod addresses; // mail addresses and parts of links
mod admin; // people, as the platform manages them
mod factors; // second factors
mod limits; // how often
mod links; // one-time tokens and the mails with them
mod logout; // ending sessions
mod mail_server; // the mails over SMTP
mod ownership; // whose password it is
mod pages; // what pages ask for
pub(crate) mod passwords; // which are good enough, and their digests
mod post; // the mails
mod present; // who asks, where something is written
mod recover; // mails asked for: recovery, sign-in, once more
mod refusal; // what is refused, in the clients' words
mod secrets; // what is handed out
mod sessions; // who is still in
mod settings; // what an operator sets
mod signed_in; // people on pages: cookies and forms
mod signing; // keys that sign
mod signup; // new accounts
mod token; // sign-in and refresh
mod tokens; // access tokens
mod user; // one's own account
mod verify; // links and codes from mails
mod wire; // how it is spoken

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, delete, get, post};
use jiff::Timestamp;
use store::Store;
use uuid::Uuid;

pub use limits::Origin;
pub use mail_server::{MailServer, PlatformServer};
pub use ownership::Whose;
pub use pages::{DOOR, NewFactor, PageSignUp};
pub use passwords::MAX_PASSWORD_BYTES;
pub use post::{Letter, MailDirectory, PlatformMail};
pub use present::in_time;
pub use refusal::Refusal;
pub use secrets::api_keys;
pub use sessions::{Admitted, Sessions, Watch};
pub use settings::{AuthOptions, Rate, Site};
pub use signed_in::{HasAuth, NotSignedIn, Proving, SignedIn, keep_signed_in};
pub use signing::fresh_key;
pub use signup::NewAccount;
pub use tokens::{Bearer, Opened};
pub use wire::{Client, Signed, speak};

use limits::Limits;
use passwords::Hashing;
use post::Post;
use secrets::{Secrets, ServiceKey};
use signing::SigningKeys;

/// Everything accounts need. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Auth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    options: AuthOptions,
    site: Site,
    signing: SigningKeys,
    secrets: Secrets,
    service_key: ServiceKey,
    hashing: Hashing,
    limits: Limits,
    sessions: Arc<Sessions>,
    post: Post,
    clock: fn() -> Timestamp,
}

impl Auth {
    /// With the keys in the data directory, made on first use. Mails go to a directory there.
    pub fn open(
        store: Arc<Store>,
        options: AuthOptions,
        data_dir: &Path,
        listen: SocketAddr,
    ) -> anyhow::Result<Self> {
        let site = Site::of(&options, listen)?;
        let mail = Arc::new(MailDirectory::new(data_dir, &site.host));
        Self::with_mail(store, options, data_dir, site, mail)
    }

    /// The same with another way for mails to leave.
    pub fn with_mail(
        store: Arc<Store>,
        options: AuthOptions,
        data_dir: &Path,
        site: Site,
        mail: Arc<dyn PlatformMail>,
    ) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            signing: SigningKeys::open(data_dir, options.auth_signing_keys.as_deref())?,
            secrets: Secrets::open(data_dir)?,
            service_key: ServiceKey::open(data_dir)?,
            hashing: Hashing::new()?,
            limits: Limits::of(&options),
            sessions: Arc::new(Sessions::new(Arc::clone(&store))),
            post: Post::new(mail),
            clock: crate::serving::now,
            store,
            options,
            site,
        })))
    }

    /// The same on another clock, for tests. The database keeps its own.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner { clock, ..inner })),
            Err(shared) => Self(shared),
        }
    }

    /// Whether each protected route asks: who is behind a session, and does it still live?
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.0.sessions
    }

    /// Whether this person may try a sign-in at this mailbox (server, user) now. Without a bound
    /// anybody with an account could guess passwords at a provider, who would lock out this house
    /// and with it every shop.
    pub fn may_try_mailbox(&self, person: Uuid, account: &(String, String)) -> bool {
        let (limits, now) = (&self.0.limits, self.now());
        limits.mailbox.take(&person, now).is_ok()
            && limits.mailbox_account.take(account, now).is_ok()
    }

    /// A sign-in that worked was no guess, and does not count.
    pub fn mailbox_worked(&self, person: Uuid, account: &(String, String)) {
        self.0.limits.mailbox.give_back(&person);
        self.0.limits.mailbox_account.give_back(account);
    }

    /// Where people reach Loket.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// What was set.
    pub fn options(&self) -> &AuthOptions {
        &self.0.options
    }

    /// The key clients name this installation by. It opens nothing.
    pub fn publishable_key(&self) -> String {
        self.0.secrets.publishable_key()
    }

    /// The key that acts as an admin towards `/auth/v1`.
    pub fn service_key(&self) -> &str {
        self.0.service_key.reveal()
    }

    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// What an address on the wire of accounts answers; below `/auth/v1`.
    pub fn router(&self) -> Router {
        let user = get(user::show).put(user::change);
        let people = get(admin::users::list).post(admin::users::create);
        let person = get(admin::users::show).put(admin::users::change).delete(admin::users::remove);
        Router::new()
            .route("/signup", post(signup::sign_up))
            .route("/token", post(token::token))
            .route("/user", user)
            .route("/user/identities/authorize", get(about::no_linking))
            .route("/user/identities/{identity}", delete(about::no_linking))
            .route("/logout", post(logout::log_out))
            .route("/recover", post(recover::recover))
            .route("/otp", post(recover::otp))
            .route("/magiclink", post(recover::otp))
            .route("/resend", post(recover::resend))
            .route("/verify", get(verify::follow).post(verify::verify))
            .route("/factors", post(factors::enroll))
            .route("/factors/{factor}", delete(factors::unenroll))
            .route("/factors/{factor}/challenge", post(factors::challenge))
            .route("/factors/{factor}/verify", post(factors::verify))
            .route("/admin/users", people)
            .route("/admin/users/{user}", person)
            .route("/admin/users/{user}/factors", get(admin::users::factors))
            .route("/admin/users/{user}/factors/{factor}", delete(admin::users::remove_factor))
            .route("/admin/generate_link", post(admin::links::generate))
            .route("/invite", post(admin::links::invite))
            .route("/settings", get(about::settings))
            .route("/health", get(about::health))
            .route("/.well-known/jwks.json", get(about::keys))
            .route("/authorize", get(about::no_provider))
            .route("/callback", any(about::no_provider))
            .route("/sso", any(about::no_sso))
            .route("/sso/{*rest}", any(about::no_sso))
            .route("/passkeys", any(about::no_passkeys))
            .route("/passkeys/{*rest}", any(about::no_passkeys))
            .fallback(about::nothing)
            .method_not_allowed_fallback(about::wrong_method)
            .layer(from_fn_with_state(self.clone(), speak))
            .with_state(self.clone())
    }
}
