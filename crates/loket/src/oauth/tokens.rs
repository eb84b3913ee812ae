//! Access tokens that live long enough to be used.
//!
//! One is asked for at a time, over all nodes: a provider that gives a new refresh token with each
//! access token takes an old one for theft when it comes twice. What came is stored, the refresh
//! token with it, before anybody uses it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mail::network::Network;
use store::secrets::SecretRow;
use store::tokens::{Fresh, Stored};
use store::{MailboxId, Store, TenantTx};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::endpoint::{self, Granted, TokenError};
use super::grant::{Grant, KeptAccess, MailboxSecret};
use super::http::{Http, HttpLimits};
use super::providers::{Provider, Providers};
use crate::secrets::{Secret, Vault};

/// A token that is given out lives at least this long, or half of what it lived when it was new.
const MARGIN: u32 = 300;
/// Whoever has the turn has it for so long; longer than any request takes.
const TURN: Duration = Duration::from_mins(1);
/// How often somebody who waits for another's turn looks.
const LOOK: Duration = Duration::from_millis(150);
/// What came is tried to be stored for so long.
const STORING: Duration = Duration::from_secs(30);

/// What a mailbox is opened with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A password.
    Password(Secret),
    /// An access token.
    Token(Secret),
}

/// Whose mailbox is to be opened, and what opens it, as it was loaded.
#[derive(Debug, Clone)]
pub struct Access {
    /// The row of the envelope.
    pub row: SecretRow,
    /// The envelope.
    pub closed: String,
}

#[derive(Debug, Clone)]
struct Held {
    mark: String,
    token: Secret,
    until: Timestamp,
}

/// One place a mailbox, so that those who ask for the same wait for one answer.
type Place = Arc<tokio::sync::Mutex<Option<Held>>>;

/// Gives access tokens. One per process.
#[derive(Debug)]
pub struct Tokens {
    providers: Providers,
    http: Http,
    clock: fn() -> Timestamp,
    places: Mutex<HashMap<MailboxId, Place>>,
}

impl Tokens {
    /// Asks these providers over this network.
    pub fn new(providers: Providers, network: Network, clock: fn() -> Timestamp) -> Self {
        Self::with_limits(providers, network, HttpLimits::default(), clock)
    }

    /// The same, with other patience.
    pub fn with_limits(
        providers: Providers,
        network: Network,
        limits: HttpLimits,
        clock: fn() -> Timestamp,
    ) -> Self {
        let http = Http::new(network, limits);
        Self { providers, http, clock, places: Mutex::default() }
    }

    /// What is known of providers.
    pub const fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Gets the first tokens for a code that somebody brought back, and whose mailbox it is.
    pub async fn exchange(
        &self,
        provider: &Provider,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Granted, TokenError> {
        let http = &self.http;
        let mut granted = endpoint::exchange(http, provider, code, verifier, redirect_uri).await?;
        if granted.address.is_none() && granted.refresh.is_some() {
            granted.address = endpoint::address(http, provider, &granted.access).await?;
        }
        Ok(granted)
    }

    /// What opens the mailbox now. `refused`: a token that a mail server did not take, so that
    /// another is needed whatever the clock says.
    pub async fn credential(
        self: &Arc<Self>,
        store: &Arc<Store>,
        vault: &Arc<Vault>,
        access: &Access,
        refused: Option<&Secret>,
    ) -> Result<Credential, TokenError> {
        let opened = vault.open_envelope(access.row, &access.closed)?;
        let grant = match MailboxSecret::of(opened)? {
            MailboxSecret::Password(password) => return Ok(Credential::Password(password)),
            MailboxSecret::Grant(grant) => grant,
        };
        let place = self.place(MailboxId(access.row.row_id));
        let mut held = place.lock().await;
        let mark = grant.mark();
        if let Some(held) = held.as_ref()
            && held.mark == mark
            && self.is_good(held, refused)
        {
            return Ok(Credential::Token(held.token.clone()));
        }
        let asker = Asker {
            tokens: Arc::clone(self),
            store: Arc::clone(store),
            vault: Arc::clone(vault),
            row: access.row,
        };
        let found = asker.shared(refused).await?;
        let token = found.token.clone();
        *held = Some(found);
        Ok(Credential::Token(token))
    }

    fn place(&self, mailbox: MailboxId) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(mailbox).or_default())
    }

    fn is_good(&self, held: &Held, refused: Option<&Secret>) -> bool {
        (self.clock)() < held.until
            && refused.is_none_or(|refused| refused.expose() != held.token.expose())
    }
}

/// On behalf of one mailbox.
#[derive(Debug, Clone)]
struct Asker {
    tokens: Arc<Tokens>,
    store: Arc<Store>,
    vault: Arc<Vault>,
    row: SecretRow,
}

impl Asker {
    /// The token that all nodes share, or a new one.
    async fn shared(&self, refused: Option<&Secret>) -> Result<Held, TokenError> {
        let (tenant, mailbox) = (self.row.tenant_id, MailboxId(self.row.row_id));
        let begun = Instant::now();
        loop {
            let look = async |tx: &TenantTx| store::tokens::look(tx, mailbox).await;
            let stored = self.store.as_worker(tenant, look).await?.ok_or(TokenError::Changed)?;
            if let Some(held) = self.kept(&stored, refused)? {
                return Ok(held);
            }
            if !stored.refreshing {
                let turn = Uuid::now_v7();
                let take =
                    async |tx: &TenantTx| store::tokens::take_turn(tx, mailbox, turn, TURN).await;
                if let Some(stored) = self.store.as_worker(tenant, take).await? {
                    // A task of its own: whoever waits for it may be cut off, and a refresh token
                    // that was given and not stored would be lost.
                    let (asker, refused) = (self.clone(), refused.cloned());
                    let asking = tokio::spawn(async move {
                        let answer = asker.ask(&stored, refused.as_ref()).await;
                        asker.give_back(turn).await;
                        answer
                    });
                    return asking.await.map_err(|_| TokenError::Odd("it broke us"))?;
                }
            }
            if begun.elapsed() > TURN + LOOK {
                return Err(TokenError::Busy("somebody else asks".to_owned()));
            }
            sleep(LOOK).await;
        }
    }

    /// The stored token, where it is still good and from the consent that holds now.
    fn kept(&self, stored: &Stored, refused: Option<&Secret>) -> Result<Option<Held>, TokenError> {
        let (_, grant) = self.consent(stored)?;
        let (Some(access), Some(until)) = (&stored.access_encrypted, stored.access_until) else {
            return Ok(None);
        };
        // One that does not open, after a lost key for example, is done without.
        let Ok(opened) = self.vault.open_envelope(self.row, access) else { return Ok(None) };
        let kept = KeptAccess::of(&opened).filter(|kept| kept.grant == grant.mark());
        let held = kept.map(|kept| Held { mark: kept.grant, token: kept.token, until });
        Ok(held.filter(|held| self.tokens.is_good(held, refused)))
    }

    fn consent<'a>(&self, stored: &'a Stored) -> Result<(&'a str, Grant), TokenError> {
        let closed = stored.secret_encrypted.as_deref().ok_or(TokenError::Changed)?;
        match MailboxSecret::of(self.vault.open_envelope(self.row, closed)?)? {
            MailboxSecret::Grant(grant) => Ok((closed, grant)),
            MailboxSecret::Password(_) => Err(TokenError::Changed),
        }
    }

    /// Asks the provider. Only whoever has the turn.
    async fn ask(&self, stored: &Stored, refused: Option<&Secret>) -> Result<Held, TokenError> {
        // Somebody may have been done between the look and the turn.
        if let Some(held) = self.kept(stored, refused)? {
            return Ok(held);
        }
        let (closed, grant) = self.consent(stored)?;
        let unknown = || TokenError::Client(grant.provider.clone(), "it is unknown".to_owned());
        let provider = self.tokens.providers.find(&grant.provider).ok_or_else(unknown)?;
        let granted = endpoint::refresh(&self.tokens.http, provider, &grant).await?;
        let rotated = granted.refresh.filter(|new| new.expose() != grant.refresh.expose());
        let grant = Grant { refresh: rotated.clone().unwrap_or(grant.refresh), ..grant };
        let rotated = match rotated {
            Some(_) => {
                let secret = MailboxSecret::Grant(grant.clone()).to_secret();
                Some(self.vault.seal(self.row, &secret)?)
            }
            None => None,
        };
        let margin = MARGIN.min(granted.seconds / 2);
        let good = SignedDuration::from_secs(i64::from(granted.seconds.saturating_sub(margin)));
        let now = (self.tokens.clock)();
        let until = now.saturating_add(good).unwrap_or(now);
        let kept = KeptAccess { grant: grant.mark(), token: granted.access };
        let access = self.vault.seal(self.row, &kept.to_secret())?;
        let rotated = rotated.as_deref();
        let fresh = Fresh { secret: closed, rotated, access: &access, until };
        if !self.keep(fresh).await? {
            return Err(TokenError::Changed);
        }
        Ok(Held { mark: kept.grant, token: kept.token, until })
    }

    /// Stores what came. The database may be away for a moment, and the refresh token before this
    /// one may be dead already.
    async fn keep(&self, fresh: Fresh<'_>) -> Result<bool, TokenError> {
        let begun = Instant::now();
        loop {
            let keep = async |tx: &TenantTx| store::tokens::keep(tx, self.row, fresh).await;
            match self.store.as_worker(self.row.tenant_id, keep).await {
                Err(error) if error.is_retryable() && begun.elapsed() < STORING => {
                    sleep(LOOK).await;
                }
                kept => return Ok(kept?),
            }
        }
    }

    async fn give_back(&self, turn: Uuid) {
        let mailbox = MailboxId(self.row.row_id);
        let give = async |tx: &TenantTx| store::tokens::give_back(tx, mailbox, turn).await;
        if let Err(error) = self.store.as_worker(self.row.tenant_id, give).await {
            // It runs out by itself.
            tracing::debug!(error = %store::Chain(&error), "a turn was not given back");
        }
    }
}
