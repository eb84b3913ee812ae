//! Loket, the service counter: everything the binary does, wired together.
//!
//! `cli` holds one file per command, `pipeline` the path of a mail, `jobs` the three durable
//! seams that drive it, `web` the pages, `auth` accounts. What a mail means and what may be done about it is in `domain`.

pub mod auth;
pub mod backup_file;
pub mod cli;
pub mod config;
pub mod database;
pub mod jobs;
pub mod keys;
pub mod oauth;
pub mod pipeline;
pub mod secrets;
pub mod serving;
pub mod shop;
pub mod shop_file;
pub mod web;
pub mod shop_setup;
