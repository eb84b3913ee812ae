//! Developer tasks, one module each: `cargo xtask --help` names them.
#![expect(clippy::print_stdout, reason = "its output is what a developer runs it for")]

mod corpora;
mod tidy;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Developer tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Holds the code against outside test material and prints how much of it fits.
    Corpora(corpora::Options),
    /// Holds the tree against the rules of the house and names every place that breaks one.
    Tidy,
    /// Trains the reader's classifier from `evals/train`.
    Train(train::Arguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().task {
        Task::Corpora(options) => corpora::run(&options),
        Task::Tidy => tidy::run(),
        Task::Train(arguments) => train::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}
