//! The pure core of Loket: what a customer mail means, and what may be done about it.
//!
//! Nothing here awaits, reads a clock, draws randomness, or knows a database or a network:
//! time is a parameter, and what must happen is returned as a value with its reasons.
//! The modules stand in the order in which a mail meets them; start at [`message`].
//!
//! The effectful half of each stage has the same name in the `loket` crate's `pipeline`.
//! [`decide`] and [`guard`] have none, and that absence is the architecture.

#![deny(clippy::float_arithmetic)]

pub mod contract; // the names the database and the outside world share with us
pub mod policy; // what a shop promises: typed rules, loaded from `policies/`

pub mod message; // what a mail is, and which part of it is new
pub mod filter; // unwanted mail leaves
pub mod thread; // which conversation it belongs to
pub mod understand; // what the customer wants
pub mod decide; // what may be done about it, and why
pub mod compose; // the draft in the assistant's name
pub mod guard; // does the draft say only what was decided?
pub mod answer; // read, decide, compose, guard in one call
pub mod deliver; // sent, or held for a person: the only two ends
pub mod notify; // who must know
