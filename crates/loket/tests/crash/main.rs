//! Crashes: nothing is lost and nothing is doubled, whatever is killed and whenever.
//!
//! Each test runs the real binary on a data directory of its own with a private Postgres.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: clippy only exempts the tests themselves"
)]

mod by_hand; // the stages one by one, without workers
mod catalogue; // lines of docs/hazards.md that need several mails, shops or a day
mod corpora; // machines and people of many origins
mod doctor; // what is wrong, and only then
mod doubt; // what may be a person is put before a person
mod kills; // H1, H2: kill -9 of the server and of Postgres under load
mod lab; // a directory, shops in it, and server processes
mod mails; // what customers write
mod moved; // a worker that stands still at the worst moment
mod nodes; // H6, H7: two nodes on one database
mod poison; // C10: mail that breaks the parser
mod random; // numbers that can be drawn again
mod reckoning; // each mail one row, one fate, one reply
mod shutdown; // H5: SIGTERM
mod together; // mails that share a transaction
