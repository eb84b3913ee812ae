//! Accounts, asked as clients and browsers would, on a real Postgres. One binary, so that one
//! cluster serves all tests. The names B1 to B20 are those of the hazards they keep off.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

#[path = "../../../store/tests/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::expect_used,
    reason = "the store's own tests use the rest"
)]
mod support;

#[path = "../../../mail/tests/peer/authority.rs"]
#[expect(unreachable_pub, reason = "the tests of mail use it too")]
mod authority;
#[path = "../../../mail/tests/peer/smtp.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests of mail use the rest")]
mod smtp;

mod accounts;
mod factors;
mod guesses;
mod linter;
mod lab;
mod mails;
mod pages;
mod platform_mail;
mod people;
mod sessions;
mod stalled;
mod supabase;
mod tokens;
