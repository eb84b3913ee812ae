//! The store against a real Postgres. One binary, so that one cluster serves all tests.

#[path = "../support/mod.rs"]
mod support;

mod cancellation;
mod catalog;
mod isolation;
mod migrations;
mod path_of_a_mail;
mod settings;
mod work;
