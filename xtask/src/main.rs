//! Developer tasks: `cargo xtask corpora` and what joins it.
#![expect(clippy::print_stdout, reason = "its output is what a developer runs it for")]

mod corpora;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Developer tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Holds the code against outside test material and prints how much of it fits.
    Corpora(corpora::Options),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().task {
        Task::Corpora(options) => corpora::run(&options),
    }
}
