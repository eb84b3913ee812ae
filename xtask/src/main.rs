//! Developer tasks. `cargo xtask help` lists them.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod train;

#[derive(Parser)]
#[command(name = "xtask", about = "What a developer runs.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Trains the reader's classifier from `evals/train`.
    Train(train::Arguments),
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Train(arguments) => train::run(&arguments),
    }
}
