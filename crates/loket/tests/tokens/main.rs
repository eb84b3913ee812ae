//! Mailboxes that a provider opens by consent: real Dovecot with XOAUTH2, a mail server and a token
//! server of our own that misbehave on request, a real Postgres. The names are those of the hazards.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: clippy only exempts the tests themselves"
)]

#[path = "../../../mail/tests/peer/authority.rs"]
#[expect(unreachable_pub, reason = "the tests of sending use the rest")]
mod authority;
#[path = "../../../mail/tests/peer/sent.rs"]
#[expect(unreachable_pub, reason = "the tests of sending use the rest")]
mod sent;
#[path = "../../../mail/tests/peer/smtp.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests of sending use the rest")]
mod smtp;
#[path = "../sending/lab.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests of sending use the rest")]
mod outgoing;

#[path = "../../../store/tests/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::expect_used,
    reason = "the store's own tests use the rest"
)]
mod support;

#[path = "../auth/lab.rs"]
#[expect(dead_code, reason = "the tests of accounts on the wire use the rest")]
mod lab;
#[path = "../accounts/browser.rs"]
#[expect(dead_code, reason = "the tests of accounts use the rest")]
mod browser;

#[expect(clippy::expect_used, reason = "as the tests of the client have it")]
mod server; // Dovecot

mod connecting; // on the page
mod provider; // a token server that misbehaves
mod reading; // IMAP
mod sending; // SMTP by the same token
mod source; // what gives tokens
mod zoho; // data centres, by trying
