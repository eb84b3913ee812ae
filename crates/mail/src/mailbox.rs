//! Where mail comes from: one enum, a variant per kind of mailbox, the same methods for all.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::maildir::Maildir;

/// Raw messages beyond this many bytes are cut; [`Fetched::size_bytes`] says so.
pub const MAX_RAW_BYTES: u64 = 50 * 1024 * 1024;

/// How far a mailbox has been read. Stored by the caller, after its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// Identity of the numbering (RFC 3501, section 2.3.1.1); 0 before the first fetch.
    /// When the mailbox answers with another one, every message counts as unread, and the
    /// sha256 of the raw bytes tells what was seen before.
    pub uidvalidity: u32,
    /// The highest uid that was handed out; 0 for none.
    pub uid: u32,
}

/// A message as the mailbox holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Identity of the numbering that `uid` belongs to.
    pub uidvalidity: u32,
    /// Never reused within one `uidvalidity`, growing with arrival.
    pub uid: u32,
    /// When the mailbox took it in (IMAP: INTERNALDATE). Deadlines count from here, never
    /// from the Date header.
    pub received_at: Timestamp,
    /// The bytes, at most [`MAX_RAW_BYTES`].
    pub raw: Vec<u8>,
    /// The size in the mailbox; larger than `raw.len()` when the message was cut.
    pub size_bytes: u64,
}

/// What one fetch brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// In the order of their uids.
    pub messages: Vec<Fetched>,
    /// Where the next fetch goes on; equal to the old cursor when nothing was new.
    pub cursor: Cursor,
    /// Uids up to the new cursor whose messages were moved or deleted before they were read.
    pub vanished: Vec<u32>,
}

/// A mailbox of a shop. Reading never changes it: nothing is moved, marked or deleted.
#[derive(Debug)]
pub enum Mailbox {
    /// A directory with `new/` and `cur/`.
    Maildir(Maildir),
}

impl Mailbox {
    /// The next messages after `cursor`, at most `limit`. Blocking: call it from a thread
    /// that may wait.
    pub fn fetch_after(&mut self, cursor: &Cursor, limit: usize) -> Result<Batch, MailboxError> {
        match self {
            Self::Maildir(maildir) => maildir.fetch_after(cursor, limit),
        }
    }

    /// The cursor behind everything that is there now, for a shop that connects a mailbox
    /// with old mail in it.
    pub fn latest(&mut self) -> Result<Cursor, MailboxError> {
        match self {
            Self::Maildir(maildir) => maildir.latest(),
        }
    }
}

/// Why a mailbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// The directory or one of its files could not be read.
    #[error("the mailbox at {path} could not be read")]
    Unreadable {
        /// What was being read.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The index of uids could not be written or is damaged.
    #[error("the index of the mailbox at {path} could not be used")]
    Index {
        /// The index file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The numbering is used up (four thousand million messages).
    #[error("the mailbox has no uids left")]
    UidsUsedUp,
}
