//! The path of one mail, effects only. What it means and what may be done about it is
//! decided by the half of the same name in `domain`.

mod receive; // mail comes in: raw bytes are stored, the cursor moves after the commit
mod thread; // automatic and filtered mail leaves, the rest finds its conversation
mod answer; // facts, domain::answer, and everything it leaves behind in one write
mod deliver; // the last look, the wire, and what became of it
mod receipt; // why it was done, kept for ever

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use store::Store;

use crate::keys::Key;
use crate::shop::{ShopError, Shops};

pub use answer::{answer, give_up as hold_for_person};
pub use deliver::deliver;
pub use receive::{OpenMailboxes, Received, receive};
pub use thread::ingest;

/// What every stage needs. One per process, shared.
#[derive(Debug)]
pub struct Desk {
    /// The database.
    pub store: Arc<Store>,
    /// Signs our Message-IDs.
    pub message_id_key: Key,
    /// Where the indexes of mail directories are kept.
    pub data_dir: PathBuf,
    /// Shops, ready to decide with.
    pub shops: Shops,
    /// The clock; tests and replays bring their own.
    pub now: fn() -> Timestamp,
}

/// Why a stage could not do its work. The job runner decides whether to try again.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The database said no.
    #[error("the database could not do it")]
    Store(#[from] store::Error),
    /// The shop's rules or templates cannot be used.
    #[error("the shop cannot be decided with")]
    Shop(#[from] ShopError),
    /// The mailbox could not be read.
    #[error("the mailbox could not be read")]
    Mailbox(#[from] mail::mailbox::MailboxError),
    /// The mailbox's settings cannot be used.
    #[error("the mailbox is not set up right: {0}")]
    MailboxConfig(String),
    /// The mail could not be written as bytes.
    #[error("the reply could not be put into a mail")]
    Outgoing(#[from] mail::outgoing::OutgoingError),
    /// The mail could not be handed over.
    #[error("the reply could not be handed over")]
    Transport(#[from] mail::transport::TransportError),
    /// What the job is about is not there.
    #[error("what the job is about is not there: {0}")]
    Absent(uuid::Uuid),
    /// A receipt could not be written as JSON.
    #[error("the receipt could not be written")]
    Receipt(#[from] serde_json::Error),
    /// A blocking task ended in a panic.
    #[error("a task ended in a panic")]
    Panicked,
}

impl StageError {
    /// Whether somebody else holds the job now, so that this attempt must leave no trace.
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Store(store::Error::StaleLease(_)))
    }

    /// Whether another mail changed what the decision was based on.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(store::Error::Conflict(_)))
    }
}
