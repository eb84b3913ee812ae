//! A mailbox behind IMAP (RFC 3501, RFC 9051 where servers agree).
//!
//! The server on the other side is whatever a shop typed into a form: it may be slow, silent,
//! broken or hostile, and thousands of other mailboxes share this process. So every answer is
//! bounded in bytes, lines and time, nothing here recurses, and a connection that broke a rule
//! is thrown away. Encryption is not optional: nothing is said before TLS but STARTTLS itself.
//!
//! It must not know what a mail means, nor whose mailbox it is.

mod wire; // bounded lines and literals
mod answer; // what a line says
mod connect; // TLS or STARTTLS, the greeting, who we are
mod line; // a command as it is written
mod connection; // commands, one at a time
mod folders; // opening one, asking about one, putting a mail into one
mod item; // what is said of one mail
mod fetch; // which mail lies behind a cursor
mod bodies; // what it says, within the room there is
mod since; // mail since a day
mod idle; // waiting for mail

use std::fmt;
use std::time::Duration;

use crate::network::{Network, NetworkError};

pub use bodies::{Body, Fetched, ROOM_FOR_ANY, room_for};
pub use connection::ImapConnection;
pub use fetch::{Listed, Listing, Weighed};
pub use folders::{Folder, FolderState};
pub use idle::Woken;
pub use since::Older;

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// With the first byte (port 993).
    Tls,
    /// After STARTTLS (port 143); a server that does not offer it is not talked to.
    StartTls,
}

/// How we prove whose mailbox it is.
#[derive(Clone)]
pub enum Auth {
    /// A password, mostly one made for this use.
    Password(String),
    /// An OAuth access token, as Google and Zoho take it.
    XOAuth2(String),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(..)",
            Self::XOAuth2(_) => "XOAuth2(..)",
        })
    }
}

/// Where a mailbox is and how it is opened.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    /// Name in the certificate; a number only where the certificate names one.
    pub host: String,
    /// 993, 143 or what the shop was told.
    pub port: u16,
    /// When TLS begins.
    pub security: Security,
    /// Mostly the whole address.
    pub user: String,
    /// Password or token.
    pub auth: Auth,
    /// Which servers may be talked to, and whose certificates are believed.
    pub network: Network,
    /// How long each step may take.
    pub limits: Limits,
}

/// How long a step may take before the connection counts as dead.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Name look-up and TCP together.
    pub connect: Duration,
    /// The TLS handshake, the greeting, and each command whose answer is short.
    pub step: Duration,
    /// A piece of a mail, at most a megabyte; slower lines than that are not waited for.
    pub piece: Duration,
    /// How long IDLE is left alone before it is asked whether it still lives. With `wake` it is
    /// how long a mail may wait when the server has gone silent: hazard C6 allows 60 s.
    pub idle: Duration,
    /// How long a server may take to come out of IDLE.
    pub wake: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            step: Duration::from_secs(30),
            piece: Duration::from_mins(2),
            idle: Duration::from_secs(40),
            wake: Duration::from_secs(10),
        }
    }
}

/// Why the mailbox could not be used. What the server said is cut to a line of printable text.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// The host has no address on the public internet.
    #[error("there is no mail server called {0}")]
    HostUnknown(String),
    /// Nothing listens there, or the network is away.
    #[error("the server could not be reached")]
    Unreachable(#[source] std::io::Error),
    /// The server's certificate is not for this host, has run out, or nobody vouches for it.
    #[error("the server's certificate is not to be trusted: {0}")]
    CertificateRefused(String),
    /// The server offers no encryption, or something stood between us and it. Nothing was said.
    #[error("the server offers no encryption")]
    NotEncrypted,
    /// The server does not take this user and password or token.
    #[error("the server refused the sign-in: {0}")]
    AuthRefused(String),
    /// The server let nobody in, and did not say that the user or the password is the reason.
    #[error("the server did not let us in: {0}")]
    NotLetIn(String),
    /// Too many connections, a quota, or an outage of the provider: it passes.
    #[error("the server is busy: {0}")]
    Busy(String),
    /// The server ended the connection.
    #[error("the server ended the connection: {0}")]
    Closed(String),
    /// The server refused a command, without saying that this passes.
    #[error("the server refused {command}: {text}")]
    Refused {
        /// Its name.
        command: &'static str,
        /// What the server said.
        text: String,
    },
    /// The server said what no IMAP server may say, or more of it than anybody needs.
    #[error("the server does not speak IMAP as it should: {0}")]
    Protocol(&'static str),
    /// The server was silent or too slow.
    #[error("the server did not answer in time ({0})")]
    TimedOut(&'static str),
    /// A name or Message-ID of ours cannot be said in IMAP.
    #[error("{0} cannot be put into an IMAP command")]
    Unsayable(&'static str),
}

impl ImapError {
    /// Whether only a person can mend it, by a new password: trying again gets a mailbox locked.
    pub const fn needs_person(&self) -> bool {
        matches!(self, Self::AuthRefused(_))
    }

    /// Its kind in a word, for logs, states and texts in other languages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::HostUnknown(_) => "host_unknown",
            Self::Unreachable(_) => "unreachable",
            Self::CertificateRefused(_) => "certificate_refused",
            Self::NotEncrypted => "not_encrypted",
            Self::AuthRefused(_) => "auth_refused",
            Self::NotLetIn(_) => "not_let_in",
            Self::Busy(_) => "busy",
            Self::Closed(_) => "closed",
            Self::Refused { .. } => "refused",
            Self::Protocol(_) => "protocol",
            Self::TimedOut(_) => "timed_out",
            Self::Unsayable(_) => "unsayable",
        }
    }
}

impl From<NetworkError> for ImapError {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::HostUnknown(host) | NetworkError::HostPrivate(host) => {
                Self::HostUnknown(host)
            }
            NetworkError::Unreachable(source) => Self::Unreachable(source),
            NetworkError::CertificateRefused(why) | NetworkError::Roots(why) => {
                Self::CertificateRefused(why)
            }
            NetworkError::NotTls(_) => Self::NotEncrypted,
            NetworkError::TimedOut => Self::TimedOut("connecting"),
        }
    }
}

/// What a server said, fit for a log line and a page: one line, printable, at most 200 characters.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).take(200).collect::<String>().trim().to_owned()
}
