//! The pages of accounts, asked as browsers would, on a real Postgres: from sign-up to an approved
//! shop, and what nobody may do. The names A1 to A28 and B1 to B20 are those of the hazards.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
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

#[path = "../auth/lab.rs"]
#[expect(dead_code, reason = "the tests of accounts on the wire use the rest")]
mod lab;

mod browser;
mod doors;
mod flow;
mod older;
mod pages;
mod roles;
mod shops;
mod surfaces;
mod takeover;
