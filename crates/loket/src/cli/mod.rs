//! The commands. One file each; this one reads the command line and sets the exit code:
//! 0 done, 1 failed, 2 wrong usage.

mod explain;
mod output;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Common;

#[derive(Debug, Parser)]
#[command(name = "loket", version, about, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what would be done with a mail and why, without a database or a network.
    Explain(explain::Arguments),
}

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Explain(options) => explain::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
