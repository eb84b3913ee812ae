//! Mail handed over to a shop's provider (SMTP submission, RFC 6409).
//!
//! What became of a mail is a value, [`Outcome`], and says in which of three ways a hand-over can
//! end: certainly not sent, certainly accepted, or unknown. It is unknown only when the connection
//! broke between the final dot and the answer to it (RFC 1047). Nobody else can tell these apart,
//! so the wire is spoken here and not by a library (`docs/adr/0015-own-smtp-client.md`).
//!
//! It must not know what a mail says, nor whether it may leave: the caller looks once more after
//! [`Session::offer`] and before [`Offered::hand_over`].

mod login; // who we are
mod outcome; // what became of it
mod reply; // what a server says
mod session; // from the first byte to a session that takes mail
mod transfer; // one mail
mod wire; // bytes that cannot be mistaken for commands

use std::time::Duration;

pub use login::{Login, Token};
pub use outcome::{Outcome, Phase, Recipient, Trouble};
pub use reply::Reply;
pub use session::Session;
pub use transfer::Offered;
pub use wire::{Envelope, WireError, WireMail};

/// When encryption begins. There is no way without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// With the first byte, as on port 465 (RFC 8314).
    Implicit,
    /// After `STARTTLS`, as on port 587; a server that does not offer it gets nothing.
    StartTls,
}

impl Security {
    /// What is usual on this port: 465 begins encrypted, every other port by `STARTTLS`.
    pub const fn usual(port: u16) -> Self {
        if port == 465 { Self::Implicit } else { Self::StartTls }
    }
}

/// Where to hand mail over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Usually 465 or 587.
    pub port: u16,
    /// When encryption begins.
    pub security: Security,
}

/// How long each step may take. What ends before the final dot is certainly not sent, so these
/// are about patience; only [`TimeLimits::answer`] is about doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// To reach the server and to agree on encryption.
    pub connect: Duration,
    /// For each command before the mail itself.
    pub command: Duration,
    /// For each part of the mail to be taken off our hands.
    pub block: Duration,
    /// For the answer to the final dot. RFC 5321, section 4.5.3.2.6, asks for 10 minutes: a
    /// client that gives up sooner makes doubles.
    pub answer: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_mins(1),
            block: Duration::from_mins(1),
            answer: Duration::from_mins(10),
        }
    }
}
