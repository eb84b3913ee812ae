//! Mail comes in from a server: what arrived behind the cursor is stored, then the cursor moves.
//!
//! A mailbox that is reached for the first time is read from its end on: older mail is not
//! answered. When the server numbers its mail anew (UIDVALIDITY), every mail is compared with what
//! is stored, first by Message-ID, time and size, then by its bytes; only what is new is answered.

mod answers; // what people wrote in the mailbox itself
mod history; // older mail, when somebody asks for it
mod reconcile; // what is recorded, beside what the server holds
mod sent; // what lies in Sent

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mail::imap::{Auth, Body, Folder, ImapConnection, ImapSettings, Limits, Listed, Security};
use mail::network::Network;
use mail::providers;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::mailboxes::{ActiveMailbox, IncomingRaw, ListedMail, Mailbox};
use store::{RawId, TenantTx};
use tokio::time::Instant;

pub use sent::Errands;

use super::receive::Received;
use super::{Desk, StageError, credentials};
use crate::secrets::Vault;

/// The one folder that is read. Gmail's others are labels on the same mails.
const FOLDER: &str = "INBOX";
/// Mails stored in one go.
const BATCH: usize = 50;
/// Mails compared in one go.
const COMPARED: usize = 500;
/// A batch ends behind the mail that goes beyond this.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;
/// How often the folder is opened anew, and the mailbox noted as read.
const REOPEN: Duration = Duration::from_mins(5);

/// What reading over a network needs. One per process.
#[derive(Debug)]
pub struct Reading {
    /// Opens mailbox passwords; without it no server is signed in to.
    pub vault: Option<Arc<Vault>>,
    /// Which servers are spoken to, and who may vouch for them.
    pub network: Network,
    /// How long each step may take.
    pub limits: Limits,
}

impl Reading {
    /// Reads mail directories only: without keys no server is signed in to.
    pub fn without_keys(network: Network) -> Self {
        Self { vault: None, network, limits: Limits::default() }
    }
}

/// How a mailbox behind IMAP is set up (`mailboxes.config`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RemoteConfig {
    /// Where mail is read.
    pub imap: Place,
    /// Mostly the whole address.
    pub user: String,
    /// The name under which the provider signs its checks of senders, where it is not a known one.
    /// Without any no mail is answered by itself.
    #[serde(default)]
    pub authserv_id: Option<String>,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When TLS begins; without it port 143 begins with STARTTLS, every other with TLS.
    #[serde(default)]
    pub security: Option<Encryption>,
}

/// When TLS begins, as it is written in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// With the first byte.
    Tls,
    /// After STARTTLS.
    StartTls,
}

impl Place {
    const fn security(&self) -> Security {
        match (self.security, self.port) {
            (Some(Encryption::StartTls), _) | (None, 143) => Security::StartTls,
            _ => Security::Tls,
        }
    }
}

impl RemoteConfig {
    /// Reads the settings of a mailbox.
    pub fn read(config: &Value) -> Result<Self, StageError> {
        serde_json::from_value(config.clone())
            .map_err(|error| StageError::MailboxConfig(error.to_string()))
    }

    /// Whose word on senders counts.
    pub fn authserv_id(&self) -> Option<String> {
        let known = || providers::authserv_id(&self.imap.host).map(str::to_owned);
        self.authserv_id.clone().or_else(known)
    }

    /// How the server is reached with this password or token.
    pub fn settings(&self, reading: &Reading, auth: Auth) -> ImapSettings {
        ImapSettings {
            host: self.imap.host.clone(),
            port: self.imap.port,
            security: self.imap.security(),
            user: self.user.clone(),
            auth,
            network: reading.network.clone(),
            limits: reading.limits,
        }
    }
}

/// How far a mailbox was read (`mailboxes.cursor`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RemoteCursor {
    /// Identity of the numbering; 0 before the first connection.
    pub uidvalidity: u32,
    /// Every mail up to this number is recorded.
    pub uid: u32,
    /// Up to this number mails may have been seen under another numbering.
    #[serde(default)]
    pub compare_up_to: u32,
    /// The number behind which reading began. `None` where the server numbered its mail anew since:
    /// then the time tells which mail is older.
    #[serde(default)]
    pub began: Option<u32>,
}

/// A mailbox that is open.
#[derive(Debug)]
pub struct Remote {
    which: ActiveMailbox,
    row: Mailbox,
    connection: ImapConnection,
    folder: Folder,
    opened: Instant,
    cursor: RemoteCursor,
    /// The folder of what was sent, once it was found.
    sent: Option<String>,
    /// Older mail that is still to be brought in.
    rest: Option<history::Rest>,
}

/// Signs in, with what is stored: a password, or a provider's consent.
pub async fn sign_in(
    desk: &Desk,
    which: ActiveMailbox,
    row: &Mailbox,
) -> Result<ImapConnection, StageError> {
    let config = RemoteConfig::read(&row.config)?;
    let access = credentials::access(which.tenant_id, row)?;
    credentials::connect(desk, &access, |auth| config.settings(&desk.reading, auth)).await
}

impl Remote {
    /// Connects. The first time, the cursor is put behind all that is there.
    pub async fn open(desk: &Desk, which: ActiveMailbox) -> Result<Self, StageError> {
        let row = load(desk, which).await?;
        let mut connection = sign_in(desk, which, &row).await?;
        let folder = connection.examine(FOLDER).await?;
        let cursor = serde_json::from_value(row.cursor.clone()).unwrap_or_default();
        let opened = Instant::now();
        let mut remote =
            Self { which, row, connection, folder, opened, cursor, sent: None, rest: None };
        if remote.row.connected_at.is_none() {
            remote.begin_here(desk).await?;
        }
        remote.note(desk, async |tx| store::mailboxes::well(tx, which.mailbox_id).await).await?;
        Ok(remote)
    }

    async fn begin_here(&mut self, desk: &Desk) -> Result<(), StageError> {
        let uid = self.highest().await?;
        let uidvalidity = self.folder.uidvalidity;
        let latest = RemoteCursor { uidvalidity, uid, compare_up_to: 0, began: Some(uid) };
        let (value, mailbox) = (serde_json::to_value(latest)?, self.which.mailbox_id);
        let begin =
            async |tx: &TenantTx| store::mailboxes::first_connected(tx, mailbox, &value).await;
        if let Some(at) = desk.store.as_worker(self.which.tenant_id, begin).await? {
            self.row.connected_at = Some(at);
            self.cursor = latest;
        }
        Ok(())
    }

    async fn highest(&mut self) -> Result<u32, StageError> {
        Ok(match self.folder.uid_next {
            Some(next) => next.saturating_sub(1),
            None => self.connection.highest().await?,
        })
    }

    /// Stores the next batch.
    pub async fn catch_up(&mut self, desk: &Desk) -> Result<Received, StageError> {
        if self.cursor.uidvalidity != self.folder.uidvalidity {
            tracing::warn!(
                tenant.id = %self.which.tenant_id.0, mailbox.id = %self.which.mailbox_id.0,
                "the server numbers its mail anew; what was seen is recognised"
            );
            let compare_up_to = self.highest().await?;
            let uidvalidity = self.folder.uidvalidity;
            self.cursor = RemoteCursor { uidvalidity, uid: 0, compare_up_to, began: None };
        }
        let comparing = self.cursor.uid < self.cursor.compare_up_to;
        let limit = if comparing { COMPARED } else { BATCH };
        let listing = self.connection.list_after(&self.folder, self.cursor.uid, limit).await?;
        if listing.mails.is_empty() && listing.up_to == self.cursor.uid {
            return Ok(Received { accepted: 0, more: false });
        }
        let known =
            if comparing { self.known(desk, &listing.mails).await? } else { HashSet::new() };
        let mut chosen = Chosen { wanted: Vec::new(), up_to: listing.up_to, more: listing.more };
        chosen.choose(&listing.mails, |mail| known.contains(&mail.uid) || self.is_old(mail));
        let bodies = self.connection.bodies(&chosen.wanted).await?;
        let gone = chosen.wanted.len().saturating_sub(bodies.len());
        if gone > 0 {
            tracing::info!(
                tenant.id = %self.which.tenant_id.0, mailbox.id = %self.which.mailbox_id.0, gone,
                "mail was moved or deleted before it was read"
            );
        }
        let cursor = RemoteCursor { uid: chosen.up_to, ..self.cursor };
        let incoming = self.incoming(desk, &chosen.wanted, bodies);
        let accepted = self.store(desk, incoming, cursor).await?;
        self.cursor = cursor;
        Ok(Received { accepted, more: chosen.more })
    }

    /// While mails are compared: whether it was there before the shop connected.
    fn is_old(&self, mail: &Listed) -> bool {
        let (Some(at), Some(connected)) = (mail.received_at, self.row.connected_at) else {
            return false;
        };
        mail.uid <= self.cursor.compare_up_to && at < connected
    }

    async fn known(&self, desk: &Desk, mails: &[Listed]) -> Result<HashSet<u32>, StageError> {
        let listed: Vec<ListedMail> = mails
            .iter()
            .filter(|mail| mail.uid <= self.cursor.compare_up_to)
            .map(|mail| ListedMail {
                uid: mail.uid,
                message_id: mail.message_id.clone(),
                received_at: mail.received_at,
                size_bytes: mail.size_bytes,
            })
            .collect();
        let (mailbox, numbering) = (self.which.mailbox_id, self.folder.uidvalidity);
        let recognise = async |tx: &TenantTx| {
            store::mailboxes::recognise(tx, mailbox, numbering, &listed).await
        };
        let known = desk.store.as_worker(self.which.tenant_id, recognise).await?;
        Ok(known.into_iter().collect())
    }

    fn incoming(&self, desk: &Desk, wanted: &[Listed], bodies: Vec<Body>) -> Vec<IncomingRaw> {
        let listed = |uid: u32| wanted.iter().find(|mail| mail.uid == uid);
        let raw = |body: Body| {
            let listed = listed(body.uid);
            let length = body.raw.len() as u64;
            let told = listed.map_or(0, |mail| mail.size_bytes);
            IncomingRaw {
                id: RawId::new(),
                uidvalidity: i64::from(self.folder.uidvalidity),
                uid: i64::from(body.uid),
                sha256: Sha256::digest(&body.raw).into(),
                message_id: listed.and_then(|mail| mail.message_id.clone()),
                received_at: listed.and_then(|mail| mail.received_at).unwrap_or_else(desk.now),
                // More than there is of it marks a mail of which only the header was taken.
                size_bytes: if body.whole { length } else { told.max(length.saturating_add(1)) },
                raw: body.raw,
                seen: false,
            }
        };
        bodies.into_iter().map(raw).collect()
    }

    async fn store(
        &self,
        desk: &Desk,
        incoming: Vec<IncomingRaw>,
        cursor: RemoteCursor,
    ) -> Result<usize, StageError> {
        let (mailbox, numbering) = (self.which.mailbox_id, self.folder.uidvalidity);
        let compare_up_to = i64::from(self.cursor.compare_up_to);
        let value = serde_json::to_value(cursor)?;
        let work = async |tx: &TenantTx| {
            let (compared, mut fresh): (Vec<IncomingRaw>, Vec<IncomingRaw>) =
                incoming.into_iter().partition(|mail| mail.uid <= compare_up_to);
            if !compared.is_empty() {
                let met =
                    store::mailboxes::recognise_bytes(tx, mailbox, numbering, &compared).await?;
                for mail in compared {
                    match met.iter().find(|met| i64::from(met.uid) == mail.uid) {
                        Some(met) if met.same => {}
                        met => fresh.push(IncomingRaw { seen: met.is_some(), ..mail }),
                    }
                }
            }
            store::mailboxes::receive_batch(tx, mailbox, &fresh, Some(&value)).await
        };
        Ok(desk.store.as_worker(self.which.tenant_id, work).await?.len())
    }

    /// Waits for mail, and proves that the server still lives. `false` when the shop changed how
    /// the mailbox is reached: open it again. Ends early when `called` does.
    pub async fn wait(
        &mut self,
        desk: &Desk,
        called: impl Future<Output = ()>,
    ) -> Result<bool, StageError> {
        self.connection.wait_or(called).await?;
        self.connection.noop().await?;
        if self.opened.elapsed() >= REOPEN {
            self.open_inbox().await?;
        }
        let row = load(desk, self.which).await?;
        let same =
            row.config == self.row.config && row.secret_encrypted == self.row.secret_encrypted;
        self.row = row;
        Ok(same)
    }

    /// Asks the server for what is new, without waiting for it.
    pub async fn look_again(&mut self) -> Result<(), StageError> {
        Ok(self.connection.noop().await?)
    }

    async fn open_inbox(&mut self) -> Result<(), StageError> {
        self.folder = self.connection.examine(FOLDER).await?;
        self.opened = Instant::now();
        Ok(())
    }

    /// Notes that it was read to its end.
    pub async fn caught_up(&self, desk: &Desk) -> Result<(), StageError> {
        let mailbox = self.which.mailbox_id;
        self.note(desk, async |tx| store::mailboxes::read_to_the_end(tx, mailbox).await).await
    }

    async fn note(
        &self,
        desk: &Desk,
        work: impl AsyncFnOnce(&TenantTx) -> store::Result<()>,
    ) -> Result<(), StageError> {
        Ok(desk.store.as_worker(self.which.tenant_id, work).await?)
    }
}

async fn load(desk: &Desk, which: ActiveMailbox) -> Result<Mailbox, StageError> {
    let load = async |tx: &TenantTx| store::mailboxes::load(tx, which.mailbox_id).await;
    let row = desk.store.as_worker(which.tenant_id, load).await?;
    row.ok_or(StageError::Absent(which.mailbox_id.0))
}

/// What is fetched of a listing.
struct Chosen {
    wanted: Vec<Listed>,
    up_to: u32,
    more: bool,
}

impl Chosen {
    /// All but what `skip` names, until it weighs enough.
    fn choose(&mut self, mails: &[Listed], skip: impl Fn(&Listed) -> bool) {
        let (mut bytes, mut before) = (0_u64, None);
        for mail in mails {
            if !skip(mail) {
                let full = bytes >= BATCH_BYTES || self.wanted.len() >= BATCH;
                if let (true, Some(before)) = (full, before) {
                    self.up_to = before;
                    self.more = true;
                    return;
                }
                bytes = bytes.saturating_add(mail.size_bytes);
                self.wanted.push(mail.clone());
            }
            before = Some(mail.uid);
        }
    }
}
