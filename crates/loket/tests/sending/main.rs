//! Replies leave over SMTP: once, or not at all, or a person is asked.
//!
//! The mail server and the Sent folder are our own and misbehave on request; the database is a
//! private Postgres.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    reason = "helpers of tests: clippy only exempts the tests themselves"
)]

#[path = "../../../mail/tests/peer/authority.rs"]
mod authority;
#[path = "../../../mail/tests/peer/sent.rs"]
mod sent;
#[path = "../../../mail/tests/peer/smtp.rs"]
mod smtp;

mod fence; // what keeps a reply back at the last moment
mod killed; // kill -9 around the final dot
mod lab; // a shop, its provider, and replies that wait
mod outcomes; // what becomes of a mail
mod reconciled; // the command, with and without a server that reads
