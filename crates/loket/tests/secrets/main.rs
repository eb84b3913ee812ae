//! Mailbox secrets and the admin commands, against a real Postgres and with the real binary
//! (hazards L1 to L6, L10, L14, B18).
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests: a test may panic")]

mod beside; // the commands while a server holds the private Postgres
#[path = "../../../store/tests/support/cluster.rs"]
#[expect(dead_code, clippy::expect_used, reason = "the store's own tests use the rest")]
mod cluster;
mod commands; // first admin, shops and their standing, API keys
mod envelopes; // L2, L5, L6: what opens, what does not, and what is no key
mod lab; // a database, a data directory and the binary
mod rotation; // L1, L3, L4, L10, L14: on a database with shops
