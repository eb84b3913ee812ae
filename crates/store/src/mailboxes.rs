//! Mailboxes, and mail as it comes in: stored raw before anything reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::doors::{Purpose, Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{JobId, MailboxId, RawId, TenantId};
use crate::session::Params;
use crate::sql::sql;

/// How a mailbox is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailboxKind {
    /// A directory of files.
    Maildir,
    /// Any IMAP server.
    Imap,
    /// Gmail over IMAP.
    Gmail,
    /// Zoho over IMAP.
    Zoho,
}

impl MailboxKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maildir => "maildir",
            Self::Imap => "imap",
            Self::Gmail => "gmail",
            Self::Zoho => "zoho",
        }
    }
}

/// A mailbox to add.
#[derive(Debug, Clone)]
pub struct NewMailbox {
    /// Its id.
    pub id: MailboxId,
    /// How it is reached.
    pub kind: MailboxKind,
    /// Its mail address; stored in lower case.
    pub address: String,
    /// Hosts, ports, directory; no secrets.
    pub config: Value,
    /// The envelope around the password, see `tenants.gmail_password_encrypted`.
    pub secret_encrypted: Option<String>,
}

/// A mailbox as stored.
#[derive(Debug, Clone, Deserialize)]
pub struct Mailbox {
    /// Its id.
    pub id: MailboxId,
    /// How it is reached.
    pub kind: MailboxKind,
    /// Its mail address.
    pub address: String,
    /// Hosts, ports, directory.
    pub config: Value,
    /// The envelope around the password; always `None` for people.
    pub secret_encrypted: Option<String>,
    /// How far it was read.
    pub cursor: Value,
    /// Why it is not read; `None` while it is.
    pub paused_reason: Option<String>,
}

/// Where a mailbox belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ActiveMailbox {
    /// The shop.
    pub tenant_id: TenantId,
    /// The mailbox.
    pub mailbox_id: MailboxId,
}

/// A mail as fetched.
#[derive(Debug, Clone)]
pub struct IncomingRaw {
    /// Chosen by the caller.
    pub id: RawId,
    /// IMAP UIDVALIDITY; 0 where there is none.
    pub uidvalidity: i64,
    /// IMAP UID, or the mailbox kind's own number.
    pub uid: i64,
    /// SHA-256 of `raw`.
    pub sha256: [u8; 32],
    /// A hint only, without angle brackets.
    pub message_id: Option<String>,
    /// When the mailbox received it.
    pub received_at: Timestamp,
    /// The RFC 5322 bytes.
    pub raw: Vec<u8>,
}

/// All mailboxes to read, of all active shops.
pub async fn active(store: &Store) -> Result<Vec<ActiveMailbox>> {
    store
        .as_system(Purpose::Mailboxes, async |tx| {
            tx.session.all(sql!("mailboxes", "active"), &[]).await
        })
        .await
}

/// Adds a mailbox that is a directory of this machine: for the command line, no shop names one.
/// Kind and secret of `mailbox` are not looked at.
pub async fn add_directory(store: &Store, tenant: TenantId, mailbox: &NewMailbox) -> Result<()> {
    let params: Params<'_> = &[&tenant, &mailbox.id, &mailbox.address, &mailbox.config];
    store
        .as_setup(async |tx| {
            tx.session.execute(sql!("mailboxes", "add_directory"), params).await.map(drop)
        })
        .await
}

/// Adds a mailbox. One that is a directory is refused: see [`add_directory`].
pub async fn insert(tx: &TenantTx, mailbox: &NewMailbox) -> Result<()> {
    let kind = mailbox.kind.as_str();
    let params: Params<'_> = &[
        &tx.tenant(),
        &mailbox.id,
        &kind,
        &mailbox.address,
        &mailbox.config,
        &mailbox.secret_encrypted,
    ];
    tx.session.execute(sql!("mailboxes", "insert"), params).await.map(drop)
}

/// One mailbox with its secret: workers only, people are refused.
pub async fn load(tx: &TenantTx, mailbox: MailboxId) -> Result<Option<Mailbox>> {
    tx.session.first(sql!("mailboxes", "load"), &[&tx.tenant(), &mailbox]).await
}

/// The shop's mailboxes without secrets.
pub async fn list(tx: &TenantTx) -> Result<Vec<Mailbox>> {
    tx.session.all(sql!("mailboxes", "list"), &[&tx.tenant()]).await
}

/// Remembers how far a mailbox was read, where no mail came.
pub async fn save_cursor(tx: &TenantTx, mailbox: MailboxId, cursor: &Value) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox, cursor];
    let changed = tx.session.execute(sql!("mailboxes", "save_cursor"), params).await?;
    crate::expect_change(changed, "mailbox", mailbox.0)
}

/// Stops reading a mailbox for a reason, or with `None` reads it again.
pub async fn pause(tx: &TenantTx, mailbox: MailboxId, reason: Option<&str>) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &reason];
    let changed = tx.session.execute(sql!("mailboxes", "pause"), params).await?;
    crate::expect_change(changed, "mailbox", mailbox.0)
}

/// Stores a batch, makes it due for ingest, and moves the cursor (`None` leaves it), all in one
/// statement. Mail with a key that is there already is skipped. Returns the ids that were new.
pub async fn receive_batch(
    tx: &TenantTx,
    mailbox: MailboxId,
    batch: &[IncomingRaw],
    cursor: Option<&Value>,
) -> Result<Vec<RawId>> {
    #[derive(Deserialize)]
    struct Received {
        mailboxes: i64,
        accepted: Vec<RawId>,
    }
    let ids: Vec<RawId> = batch.iter().map(|mail| mail.id).collect();
    let uidvalidities: Vec<i64> = batch.iter().map(|mail| mail.uidvalidity).collect();
    let uids: Vec<i64> = batch.iter().map(|mail| mail.uid).collect();
    let hashes: Vec<&[u8]> = batch.iter().map(|mail| mail.sha256.as_slice()).collect();
    let message_ids: Vec<Option<&str>> =
        batch.iter().map(|mail| mail.message_id.as_deref()).collect();
    let received: Vec<Timestamp> = batch.iter().map(|mail| mail.received_at).collect();
    let raws: Vec<&[u8]> = batch.iter().map(|mail| mail.raw.as_slice()).collect();
    let jobs: Vec<JobId> = batch.iter().map(|_| JobId::new()).collect();
    let params: Params<'_> = &[
        &tx.tenant(),
        &mailbox,
        &ids,
        &uidvalidities,
        &uids,
        &hashes,
        &message_ids,
        &received,
        &raws,
        &jobs,
        &cursor,
    ];
    let stored: Received = tx.session.one(sql!("mailboxes", "receive"), params).await?;
    if stored.mailboxes == 1 {
        return Ok(stored.accepted);
    }
    Err(tx.session.fail(Error::Absent { what: "mailbox", id: mailbox.0 }))
}
