//! Mail comes in: a batch of raw bytes is stored before anything looks inside it, and the
//! cursor moves in the same transaction. The shop's mailbox is only read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use mail::mailbox::{Cursor, Mailbox};
use mail::maildir::Maildir;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::mailboxes::{ActiveMailbox, IncomingRaw};
use store::{MailboxId, RawId};

use super::{Desk, StageError};

/// Mails fetched and stored in one go.
const BATCH: usize = 50;

/// How a mailbox of kind `maildir` is set up (`mailboxes.config`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaildirConfig {
    /// Where mail comes in: a directory with `new/` and `cur/`.
    pub directory: PathBuf,
    /// Where replies go.
    pub outgoing: PathBuf,
    /// The name under which whoever fills the directory signs its checks of senders, as in
    /// `Authentication-Results: mx.example.org; ...`. Without it no mail is answered by itself.
    #[serde(default)]
    pub authserv_id: Option<String>,
}

impl MaildirConfig {
    /// Reads the settings of a mailbox.
    pub fn read(config: &serde_json::Value) -> Result<Self, StageError> {
        serde_json::from_value(config.clone())
            .map_err(|error| StageError::MailboxConfig(error.to_string()))
    }
}

/// Mailboxes that were opened, so that a poll need not list a directory again.
#[derive(Debug, Default)]
pub struct OpenMailboxes {
    open: HashMap<MailboxId, Mailbox>,
}

/// What one visit brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Mails that were new to us.
    pub accepted: usize,
    /// Whether the mailbox may hold more.
    pub more: bool,
}

/// Fetches the next batch of a mail directory and stores it.
pub async fn receive(
    desk: &Desk,
    open: &mut OpenMailboxes,
    which: ActiveMailbox,
) -> Result<Received, StageError> {
    let row = desk
        .store
        .as_worker(which.tenant_id, async |tx| store::mailboxes::load(tx, which.mailbox_id).await)
        .await?
        .ok_or(StageError::Absent(which.mailbox_id.0))?;
    let cursor: Cursor = serde_json::from_value(row.cursor.clone()).unwrap_or_default();
    let mailbox = match open.open.remove(&which.mailbox_id) {
        Some(mailbox) => mailbox,
        None => open_maildir(&desk.data_dir, which.mailbox_id, &MaildirConfig::read(&row.config)?)?,
    };
    let fetched = tokio::task::spawn_blocking(move || {
        let mut mailbox = mailbox;
        let batch = mailbox.fetch_after(&cursor, BATCH);
        (mailbox, batch)
    })
    .await;
    let (mailbox, batch) = fetched.map_err(|_| StageError::Panicked)?;
    open.open.insert(which.mailbox_id, mailbox);
    let batch = batch?;
    if batch.messages.is_empty() && batch.cursor == cursor {
        return Ok(Received { accepted: 0, more: false });
    }
    let more = batch.messages.len() >= BATCH;
    let new_cursor = serde_json::to_value(batch.cursor)?;
    let incoming: Vec<IncomingRaw> = batch
        .messages
        .into_iter()
        .map(|message| IncomingRaw {
            id: RawId::new(),
            uidvalidity: i64::from(message.uidvalidity),
            uid: i64::from(message.uid),
            sha256: Sha256::digest(&message.raw).into(),
            message_id: None,
            received_at: message.received_at,
            size_bytes: message.size_bytes,
            raw: message.raw,
            imported: None,
        })
        .collect();
    let accepted = desk
        .store
        .as_worker(which.tenant_id, async |tx| {
            store::mailboxes::receive_batch(tx, which.mailbox_id, &incoming, Some(&new_cursor))
                .await
        })
        .await?;
    Ok(Received { accepted: accepted.len(), more })
}

fn open_maildir(
    data_dir: &Path,
    mailbox: MailboxId,
    config: &MaildirConfig,
) -> Result<Mailbox, StageError> {
    let indexes = data_dir.join("mailboxes");
    std::fs::create_dir_all(&indexes)
        .map_err(|source| mail::mailbox::MailboxError::Index { path: indexes.clone(), source })?;
    let index = indexes.join(format!("{}.index", mailbox.0));
    Ok(Mailbox::Maildir(Maildir::open(&config.directory, index)?))
}
