//! The whole way over real servers: mail arrives in Dovecot, the real binary reads, answers and
//! sends it on a private Postgres, and is killed, stopped, or put back from a backup meanwhile.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    reason = "helpers of tests: clippy only exempts the tests themselves"
)]

#[path = "../crash/lab.rs"]
mod lab;
#[path = "../crash/mails.rs"]
mod mails;
#[path = "../crash/random.rs"]
mod random;
#[path = "../crash/reckoning.rs"]
mod reckoning;

mod imap_side; // Dovecot
mod smtp_side; // a provider that misbehaves on request

mod crash; // H1, H2: kill -9 of the server and of Postgres while mail comes and goes
mod paused; // D4, H7: nodes that stand still in the middle of sending
mod postfix; // Debian's Postfix
mod post; // shops behind Dovecot, and where their replies go
mod restore; // K2: a backup is put back, and nobody is answered a second time
mod scale; // J2, J3: many mailboxes, and a loud neighbour
mod talk; // a talk of five turns between a customer and a shop, and what a real server refuses
