//! Mail comes in from a server: what arrived behind the cursor is stored, then the cursor moves.
//!
//! A mailbox that is reached for the first time is read from its end on: older mail is not
//! answered. When the server numbers its mail anew (UIDVALIDITY), every mail is compared with what
//! is stored, first by Message-ID, time and size, then by its bytes; only what is new is answered.

mod config; // how one is set up
mod care; // how carefully it is read where that has failed
mod batch; // what is fetched in one go, and how it becomes rows
mod answers; // what people wrote in the mailbox itself
mod history; // older mail, when somebody asks for it
mod reconcile; // what is recorded, beside what the server holds
mod sent; // what lies in Sent

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mail::imap::{Body, Fetched, Folder, ImapConnection, Limits, Listed, Listing};
use mail::network::Network;
use serde::{Deserialize, Serialize};
use store::TenantTx;
use store::mailboxes::{ActiveMailbox, ListedMail, Mailbox};
use tokio::time::Instant;

pub use care::{Care, Spot, Stumbles};
pub use config::RemoteConfig;
pub use sent::Errands;

use self::batch::Chosen;
use super::receive::Received;
use super::{Desk, StageError, credentials};
use crate::secrets::Vault;

/// The one folder that is read. Gmail's others are labels on the same mails.
const FOLDER: &str = "INBOX";
/// Mails stored in one go.
const BATCH: usize = 50;
/// Mails compared in one go.
const COMPARED: usize = 500;
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
        Ok(remote)
    }

    /// Where it is read.
    pub const fn spot(&self) -> Spot {
        Spot { uidvalidity: self.cursor.uidvalidity, uid: self.cursor.uid }
    }

    /// Notes that it can be read.
    pub async fn well(&self, desk: &Desk) -> Result<(), StageError> {
        let mailbox = self.which.mailbox_id;
        self.note(desk, async |tx| store::mailboxes::well(tx, mailbox).await).await
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
    pub async fn catch_up(&mut self, desk: &Desk, care: Care) -> Result<Received, StageError> {
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
        let listing = self.next(care, if comparing { COMPARED } else { BATCH }).await?;
        if listing.mails.is_empty() && listing.up_to == self.cursor.uid {
            return Ok(Received { accepted: 0, more: false });
        }
        let known =
            if comparing { self.known(desk, &listing.mails).await? } else { HashSet::new() };
        let mut chosen = Chosen { wanted: Vec::new(), up_to: listing.up_to, more: listing.more };
        chosen.choose(&listing.mails, |mail| known.contains(&mail.uid) || self.is_old(mail));
        let (fetched, _room) = match care {
            Care::Usual | Care::Alone => {
                let (fetched, room) = self.fetch(desk, &chosen.wanted).await?;
                (fetched, Some(room))
            }
            Care::HeaderOnly | Care::NumberOnly => (self.part(&chosen.wanted, care).await?, None),
        };
        chosen.end_after(fetched.done);
        if !fetched.gone.is_empty() {
            tracing::info!(
                tenant.id = %self.which.tenant_id.0, mailbox.id = %self.which.mailbox_id.0,
                gone = fetched.gone.len(),
                "mail was moved or deleted before it was read"
            );
        }
        let cursor = RemoteCursor { uid: chosen.up_to, ..self.cursor };
        let incoming = self.incoming(desk, &chosen.wanted, fetched);
        let accepted = self.store(desk, incoming, cursor).await?;
        self.cursor = cursor;
        Ok(Received { accepted, more: chosen.more })
    }

    /// What comes next, with as much of it as may be asked for.
    async fn next(&mut self, care: Care, limit: usize) -> Result<Listing, StageError> {
        let (folder, after) = (self.folder, self.cursor.uid);
        if care == Care::Usual {
            return Ok(self.connection.list_after(&folder, after, limit).await?);
        }
        let mut next = self.connection.next_number(&folder, after).await?;
        if care < Care::NumberOnly
            && let Some(mail) = next.mails.first_mut()
            && let Some(listed) = self.connection.list_these(&[mail.uid]).await?.pop()
        {
            *mail = listed;
        }
        Ok(next)
    }

    /// As much of the next mail as can be had where all of it ends the connection.
    async fn part(&mut self, wanted: &[Listed], care: Care) -> Result<Fetched, StageError> {
        let mut bodies = Vec::with_capacity(wanted.len());
        for mail in wanted {
            tracing::warn!(
                tenant.id = %self.which.tenant_id.0, mailbox.id = %self.which.mailbox_id.0,
                mail.uid, ?care,
                "a mail that cannot be fetched is recorded without its text"
            );
            bodies.push(if care == Care::HeaderOnly {
                self.connection.header_or_nothing(mail).await?
            } else {
                Body { uid: mail.uid, raw: Vec::new(), whole: false }
            });
        }
        Ok(Fetched { done: bodies.len(), bodies, ..Fetched::default() })
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
