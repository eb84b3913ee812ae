//! What became of a mail.

use std::fmt;
use std::io;

use super::Reply;

/// How far a conversation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reaching the server, encryption, the greeting.
    Connect,
    /// Saying who we are.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipients,
    /// `DATA`, before a byte of the mail.
    Data,
    /// The mail itself, before the final dot.
    Body,
    /// The answer to the final dot.
    Answer,
}

impl Phase {
    /// The name it is stored under.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Login => "login",
            Self::Sender => "sender",
            Self::Recipients => "recipients",
            Self::Data => "data",
            Self::Body => "body",
            Self::Answer => "answer",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What went wrong without the server saying so.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no way to it, or it went away.
    #[error("the mail server cannot be reached")]
    Unreachable(#[from] io::Error),
    /// Its name leads nowhere, or where no mail server may stand.
    #[error("{0}")]
    NoServer(String),
    /// It did not answer in time.
    #[error("the mail server took too long")]
    TimedOut,
    /// It hung up.
    #[error("the mail server hung up")]
    HungUp,
    /// It is not who it should be, or speaks no encryption that we trust.
    #[error("the mail server's certificate is not to be trusted: {0}")]
    Certificate(String),
    /// It offers no encryption. Nothing was said to it.
    #[error("the mail server offers no encryption")]
    NoEncryption,
    /// It takes neither a password nor a token the way we give them.
    #[error("the mail server knows no way to sign in that we know")]
    NoCommonLogin,
    /// The user name or password has a character that none can have.
    #[error("the user name or password cannot be sent")]
    UnusableLogin,
    /// What it says is not SMTP.
    #[error("the mail server speaks nonsense: {0}")]
    Protocol(&'static str),
}

/// What one recipient's server side said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Whether the server takes mail for it.
    pub taken: bool,
    /// What it said.
    pub reply: Reply,
}

/// What became of a mail. Every variant but [`Outcome::Unknown`] is certain.
#[derive(Debug)]
pub enum Outcome {
    /// Not sent: the conversation broke before the final dot.
    NotSent(Phase, Trouble),
    /// Not sent: the server does not let us in. Trying again with the same password makes
    /// providers lock the mailbox.
    LoginRefused(Reply),
    /// Not sent: refused for good (5xx). `recipients` holds those that were asked about.
    Refused {
        /// Where.
        phase: Phase,
        /// What it said.
        reply: Reply,
        /// Each one's answer.
        recipients: Vec<Recipient>,
    },
    /// Not sent: refused for now (4xx).
    Later {
        /// Where.
        phase: Phase,
        /// What it said.
        reply: Reply,
        /// Each one's answer.
        recipients: Vec<Recipient>,
    },
    /// Not sent: the last moment to send it had passed.
    TooLate,
    /// The server took it upon itself, for the recipients that were taken.
    Accepted {
        /// What it said.
        reply: Reply,
        /// Each one's answer; at least one was taken.
        recipients: Vec<Recipient>,
    },
    /// The final dot went out and no answer to it came back: it may be sent, or not.
    Unknown(Trouble),
}

impl Outcome {
    /// By the reply's first digit.
    pub(super) fn refused(phase: Phase, reply: Reply, recipients: Vec<Recipient>) -> Self {
        match reply.code {
            400..=499 => Self::Later { phase, reply, recipients },
            500..=599 => Self::Refused { phase, reply, recipients },
            _ => Self::NotSent(phase, Trouble::Protocol("an answer to another question")),
        }
    }

    /// Whether it is certain that no server took the mail.
    pub const fn is_certainly_not_sent(&self) -> bool {
        !matches!(self, Self::Accepted { .. } | Self::Unknown(_))
    }
}
