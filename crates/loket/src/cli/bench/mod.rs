//! `loket bench`: how fast this build is on this machine, beside a yardstick measured in the
//! same run. JSON lines.
//!
//! It works in a directory of its own and touches no other database. Durations are the
//! shell's to measure: nothing below the binary reads a clock.

mod accounts; // sign-ins in a storm, and who asks
mod footprint; // size, start, memory
mod http; // asks a server of ours
mod ingest; // one mail a transaction, beside pgbench doing the least
mod pure; // raw bytes to answer, on one core, without a database
mod whole; // raw mail in a mailbox to a decision in the database

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use store::managed::OnProgress;

use super::output;
use crate::config::Common;
use crate::database::{self, Content, Database};

/// Its own database, made anew each time.
const DATABASE: &str = "loket_bench";

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Measures only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Where the benchmark's Postgres and mail go; made when absent and kept. Without it, a
    /// directory that is removed afterwards.
    #[arg(long)]
    bench_dir: Option<PathBuf>,
    /// How often each figure is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: u16,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Raw bytes to answer.
    Pure,
    /// Raw mail to a conversation in the database.
    Ingest,
    /// Raw mail in a mailbox to a decision.
    Whole,
    /// A storm of sign-ins, and the profile.
    Accounts,
    /// Size, start, memory.
    Footprint,
}

/// A figure beside its yardstick.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    value: f64,
    unit: &'static str,
    /// The yardstick's own value, in the same unit; `null` where there is none.
    yardstick: Option<f64>,
    /// Above 1 is better than the yardstick.
    ratio: Option<f64>,
    /// What was measured, and what the yardstick is.
    measured: String,
}

impl Line {
    /// More is better.
    fn rate(name: &'static str, value: f64, unit: &'static str, yardstick: f64) -> Self {
        let ratio = Some(rounded(value / yardstick));
        Self {
            name,
            value: rounded(value),
            unit,
            yardstick: Some(rounded(yardstick)),
            ratio,
            measured: String::new(),
        }
    }

    /// Less is better.
    fn cost(name: &'static str, value: f64, unit: &'static str, yardstick: f64) -> Self {
        let ratio = Some(rounded(yardstick / value));
        Self {
            name,
            value: rounded(value),
            unit,
            yardstick: Some(rounded(yardstick)),
            ratio,
            measured: String::new(),
        }
    }

    /// Only itself.
    fn plain(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self {
            name,
            value: rounded(value),
            unit,
            yardstick: None,
            ratio: None,
            measured: String::new(),
        }
    }

    fn print(mut self, measured: impl Into<String>) -> anyhow::Result<()> {
        self.measured = measured.into();
        output::line(&serde_json::to_string(&self)?)
    }
}

/// Three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The middle one.
fn median(mut values: Vec<f64>) -> anyhow::Result<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("nothing was measured")
}

/// Mails in a time, as a rate.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
fn per_second(count: usize, elapsed: std::time::Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// Runs the command.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        output::note("this is a debug build: its figures say nothing; use --release");
    }
    if common.database_url.is_some() {
        bail!("the benchmark runs on a private Postgres only: unset LOKET_DATABASE_URL");
    }
    let wanted = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let rounds = usize::from(arguments.rounds);
    if wanted(Part::Pure) {
        pure::measure(rounds)?;
    }
    let directory = Directory::make(arguments.bench_dir.clone())?;
    let common = Common { data_dir: directory.path.clone(), ..common.clone() };
    if wanted(Part::Ingest) {
        let database = open(&common).await?;
        let measured = ingest::measure(&database, &common, rounds).await;
        database.stop().await?;
        measured?;
    }
    if wanted(Part::Whole) {
        for _ in 0..1 {
            let database = open(&common).await?;
            let measured = whole::measure(&database, &common).await;
            database.stop().await?;
            measured?;
        }
    }
    if wanted(Part::Accounts) {
        let database = open(&common).await?;
        let measured = accounts::measure(&database, &common, rounds).await;
        database.stop().await?;
        measured?;
    }
    if wanted(Part::Footprint) {
        footprint::measure(&common, rounds).await?;
    }
    Ok(())
}

async fn open(common: &Common) -> anyhow::Result<Database> {
    database::open(common, DATABASE, Content::Fresh, OnProgress::default()).await
}

/// The benchmark's directory, removed with the value unless it was named.
struct Directory {
    path: PathBuf,
    keep: bool,
}

impl Directory {
    fn make(named: Option<PathBuf>) -> anyhow::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let keep = named.is_some();
        let path = named.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("loket-bench-{}", std::process::id()))
        });
        std::fs::create_dir_all(&path)
            .with_context(|| format!("{} cannot be made", path.display()))?;
        // Root's Postgres runs as another account, which has to get there.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        Ok(Self { path: path.canonicalize()?, keep })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed lies in the directory for temporary files.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
