//! The path of one mail, effects only. What it means and what may be done about it is
//! decided by the half of the same name in `domain`.

mod receive; // mail comes in: raw bytes are stored, the cursor moves after the commit
mod remote; // the same from a server: IMAP
mod room; // how much mail may be on its way at a time
mod credentials; // what a mailbox is opened with
mod suspects; // which mail was being parsed when the process died
mod parsing; // raw bytes of a batch as messages
mod beside; // files and HTML of a mail, for people who look at it
mod machines; // what machines wrote
mod known; // whose word on senders counts, which conversations are meant
mod history; // older mail that was brought in finds its conversation
mod thread; // automatic and filtered mail leaves, the rest finds its conversation
mod answer; // facts, domain::answer, one write for a batch
mod aftermath; // what a decision leaves behind, ready to be written
mod deliver; // the last look, the wire, and what became of it
mod ingest; // as many mails at a time as fit into memory
mod lanes; // one sender a shop
mod receipt; // why it was done, kept for ever
mod recover; // after a restore: what was sent since the backup

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use store::{RawId, Store};
use uuid::Uuid;

use crate::keys::Key;
use crate::oauth::{TokenError, Tokens};
use crate::shop::{ShopError, Shops};

pub use answer::{Answered, answer, answer_many, give_up as hold_for_person};
pub use deliver::{Post, deliver, deliver_many, post, way_out};
pub use ingest::{count_suspects, ingest};
pub use lanes::Lanes;
pub use receive::{MaildirConfig, OpenMailboxes, Received, receive};
pub use recover::recover;
pub use remote::{
    Care, Errands, Reading, Remote, RemoteConfig, RemoteCursor, Spot, Stumbles, sign_in,
};
pub use room::Room;
pub use suspects::Suspects;

/// Reads raw bytes as a message.
pub type Parse = fn(&[u8]) -> Result<mail::parse::Parsed, mail::parse::ParseError>;

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
    /// The parser; tests bring one that breaks.
    pub parse: Parse,
    /// Tells which mail was being parsed when the process died.
    pub suspects: Suspects,
    /// What reading mail over a network needs.
    pub reading: Arc<Reading>,
    /// Who we are among the nodes on one database. The same after a restart, so that our own
    /// leases are not waited for.
    pub node: Uuid,
    /// How much mail may be on its way in.
    pub room: Room,
    /// What sending over SMTP needs.
    pub post: Arc<Post>,
    /// Which shops' replies are leaving.
    pub lanes: Lanes,
    /// Gives access tokens for mailboxes that a provider opens by consent.
    pub tokens: Arc<Tokens>,
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
    /// The mailbox could not be read over the network.
    #[error("the mailbox could not be read")]
    Imap(#[from] mail::imap::ImapError),
    /// There is no token to open the mailbox with.
    #[error("the mailbox's provider gives no token")]
    Token(#[source] TokenError),
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
    Absent(Uuid),
    /// A receipt could not be written as JSON.
    #[error("the receipt could not be written")]
    Receipt(#[from] serde_json::Error),
    /// The marks of mail that is being parsed cannot be read or removed.
    #[error("the marks of mail that is being parsed cannot be used")]
    Suspects(#[from] std::io::Error),
    /// The batch that the mail was part of failed as a whole.
    #[error(transparent)]
    Shared(Arc<Self>),
    /// The job was claimed again and again, and no attempt came to any end.
    #[error("the job was taken up too often")]
    TakenUpTooOften,
    /// Parsing this mail does not come to an end. Its thread is lost until the process ends.
    #[error("the mail {} takes too long to parse", .0.0)]
    TookTooLong(RawId),
    /// Reading what a mail means does not come to an end.
    #[error("the mail takes too long to read")]
    ReadTooLong,
    /// A blocking task ended in a panic.
    #[error("a task ended in a panic")]
    Panicked,
}

impl From<TokenError> for StageError {
    /// The database's trouble stays the database's, and an envelope that does not open is the
    /// mailbox's.
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => Self::Store(error),
            TokenError::Envelope(error) => Self::MailboxConfig(error.to_string()),
            TokenError::Unreadable(error) => Self::MailboxConfig(error.to_string()),
            other => Self::Token(other),
        }
    }
}

impl StageError {
    /// Whether somebody else holds the job now, so that this attempt must leave no trace.
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Store(store::Error::StaleLease(_)))
    }

    /// Whether the same work may well succeed later, the mail being innocent: the database is
    /// away or restarting, or somebody else was faster.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(store::Error::CommitUnknown(_)) => true,
            Self::Store(error) => error.is_retryable(),
            Self::Token(error) => !error.needs_person(),
            Self::Shared(error) => error.is_passing(),
            _ => false,
        }
    }

    /// Whether what the work was about is gone.
    pub const fn is_about_nothing(&self) -> bool {
        matches!(self, Self::Absent(_))
    }

    /// The mail whose parsing did not come to an end.
    pub const fn stuck_at(&self) -> Option<RawId> {
        match self {
            Self::TookTooLong(raw) => Some(*raw),
            _ => None,
        }
    }

    /// Whether the mail itself may be the reason, so that trying again without end would be in
    /// vain. The database's own trouble, however long it lasts, is counted against no mail.
    pub fn may_be_the_mails_fault(&self) -> bool {
        match self {
            Self::Panicked | Self::TookTooLong(_) => true,
            Self::Store(error) => error.may_be_the_values_fault(),
            Self::Shared(error) => error.may_be_the_mails_fault(),
            _ => false,
        }
    }

    /// Whether another mail changed what the decision was based on.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(store::Error::Conflict(_)))
    }
}
