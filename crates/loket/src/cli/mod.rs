//! The commands. One file each; this one reads the command line and sets the exit code:
//! 0 done, 1 failed, 2 wrong usage.

mod auth_keys;
mod admin;
mod backup;
mod bench;
mod demo;
mod doctor;
mod eval;
mod explain;
mod import;
mod migrate;
mod output;
mod reconcile;
mod report;
mod restore;
mod serve;

use std::process::ExitCode;
use std::time::Duration;

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
    /// Works a sample mailbox through before your eyes, then opens the dashboard.
    Demo(demo::Arguments),
    /// Reads, answers and sends mail, and serves the dashboard.
    Serve(Box<serve::Arguments>),
    /// Brings the database up to date.
    Migrate,
    /// Says what would be done with a mail and why, without a database or a network.
    Explain(explain::Arguments),
    /// Prints the keys that clients of `/auth/v1` are configured with.
    AuthKeys(auth_keys::Arguments),
    /// Looks whether everything is in order, and says what to do where it is not.
    Doctor(doctor::Arguments),
    /// Compares what the mailboxes hold with what is recorded: nothing may be missing.
    Reconcile(reconcile::Arguments),
    /// Measures how fast Loket is on this machine, beside the same work done bare.
    Bench(bench::Arguments),
    /// Measures the reader against labelled mails.
    Eval(eval::Arguments),
    /// Platform admins, shops, API keys and the keys for mailbox passwords.
    Admin(admin::Arguments),
    /// Takes over the shops, people, rules and conversations of the system before Loket.
    Import(import::Arguments),
    /// Copies the whole database into one file, while everything runs.
    Backup(backup::Arguments),
    /// Puts a backup in the place of the database.
    Restore(restore::Arguments),
}

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let common = arguments.common;
    logs();
    let done = match arguments.command {
        Command::Explain(options) => explain::run(&options),
        Command::Eval(options) => eval::run(&options),
        Command::AuthKeys(options) => auth_keys::run(&common, &options),
        Command::Doctor(options) => on_runtime(doctor::run(&common, &options)),
        Command::Reconcile(options) => on_runtime(reconcile::run(&common, &options)),
        Command::Bench(options) => on_runtime(bench::run(&common, &options)),
        Command::Demo(options) => on_runtime(demo::run(&common, &options)),
        Command::Serve(options) => on_runtime(serve::run(&common, &options)),
        Command::Admin(options) => on_runtime(admin::run(&common, &options)),
        Command::Import(options) => on_runtime(import::run(&common, &options)),
        Command::Backup(options) => on_runtime(backup::run(&common, &options)),
        Command::Restore(options) => on_runtime(restore::run(&common, &options)),
        Command::Migrate => on_runtime(migrate::run(&common)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// How long threads that are still at work are waited for when all is done.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Runs a command that waits for things.
fn on_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // A mail whose parsing never ends keeps its thread, and must not keep the process.
    runtime.shutdown_timeout(LAST_PATIENCE);
    done
}

/// What would log statements with the values in them, mail and secrets among them. Kept quiet
/// whatever is asked for.
const SILENT: [&str; 2] = ["tokio_postgres=warn", "postgres_types=warn"];

/// Logs go to standard error: no bodies, no addresses. `LOKET_LOG` sets how much.
fn logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("LOKET_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,loket=info"));
    let silent = SILENT.iter().filter_map(|directive| directive.parse().ok());
    let filter = silent.fold(filter, tracing_subscriber::EnvFilter::add_directive);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
