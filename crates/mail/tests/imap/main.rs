//! The IMAP client against a real Dovecot and against a peer that misbehaves by script.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: clippy only exempts the tests themselves"
)]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/dovecot.rs"]
mod dovecot;

mod peer; // a server that does what a script says
mod servers; // what a real server does
mod reading; // new mail from a real server
mod hostile; // what no server should do
mod room; // sizes that lie, mail that does not come

use std::time::Duration;

use mail::imap::{Auth, ImapSettings, Limits, Security};
use mail::network::Network;

/// Limits short enough for tests and long enough for a busy machine.
pub fn quick() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        step: Duration::from_secs(5),
        piece: Duration::from_secs(5),
        idle: Duration::from_secs(2),
        wake: Duration::from_secs(2),
    }
}

/// How to reach `localhost` as `user`.
pub fn settings(port: u16, security: Security, root: &str, user: &str) -> ImapSettings {
    ImapSettings {
        host: "localhost".to_owned(),
        port,
        security,
        user: user.to_owned(),
        auth: Auth::Password(format!("geheim {user}")),
        network: Network::new(root.as_bytes(), true).expect("a root"),
        limits: quick(),
    }
}
