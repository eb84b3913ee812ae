//! Loket, the service counter: the binary that wires the crates together.
//!
//! `cli` holds one file per command, `pipeline` the path of a mail, `jobs` the three durable
//! seams that drive it. What a mail means and what may be done about it is in `domain`.

mod cli;
mod config;
mod database;
mod jobs;
mod keys;
mod pipeline;
mod shop;
mod shop_file;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
