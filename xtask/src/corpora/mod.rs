//! The code held against test material that nobody on the project wrote.
//!
//! One module per kind of set; each returns scores, and this prints one table. A set that
//! is not there is skipped with a notice. A goal that is missed makes the run fail.

mod addresses; // new addresses in a customer's sentences
mod bounces; // delivery reports of many mail systems
mod forwards; // mails passed on, by many clients
mod injection; // instructions hidden in customer mail
mod intents; // what short English texts ask for
mod markup; // hostile HTML
mod mime; // malformed and malicious messages
mod moods; // the tone of English sentences
mod policy; // another shop's policy in our rules
mod replies; // quotes and signatures of many clients
mod shop; // the made-up shops that the sets above run on
mod soak; // thousands of real mails
mod threads; // references between list mails

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

/// What to run.
#[derive(clap::Args)]
pub struct Options {
    /// The folder with the sets.
    #[arg(long, default_value = "../shared/corpora")]
    corpora: PathBuf,
    /// Only sets whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Print the cases that do not fit.
    #[arg(long)]
    misses: bool,
}

/// How much of one set fits.
pub struct Score {
    /// The set, and the part of it.
    name: String,
    total: usize,
    passed: usize,
    /// The percentage that must fit; reported only when absent.
    goal: Option<usize>,
    /// Whether missing the goal fails the run.
    binding: bool,
    /// The cases that do not fit, with what was found.
    misses: Vec<String>,
}

impl Score {
    /// An empty score.
    pub fn new(name: impl Into<String>, goal: Option<usize>) -> Self {
        Self { name: name.into(), total: 0, passed: 0, goal, binding: true, misses: Vec::new() }
    }

    /// An empty score with a goal that is printed in brackets and fails nothing.
    pub fn aiming(name: impl Into<String>, goal: usize) -> Self {
        Self { binding: false, ..Self::new(name, Some(goal)) }
    }

    /// Counts one case; `miss` describes it when it does not fit.
    pub fn count(&mut self, fits: bool, miss: impl FnOnce() -> String) {
        self.total += 1;
        if fits {
            self.passed += 1;
        } else {
            self.misses.push(miss());
        }
    }

    fn is_met(&self) -> bool {
        self.goal.filter(|_| self.binding).is_none_or(|goal| self.passed * 100 >= goal * self.total)
    }

    /// The goal as the table shows it.
    fn shown_goal(&self) -> String {
        match self.goal {
            None => "-".to_owned(),
            Some(goal) if self.binding => goal.to_string(),
            Some(goal) => format!("({goal})"),
        }
    }

    /// In tenths of a per cent, rounded down.
    fn per_mille(&self) -> usize {
        (self.passed * 1000).checked_div(self.total).unwrap_or(1000)
    }
}

/// The suites, in the order of the table.
const SUITES: [Suite; 12] = [
    replies::scores,
    forwards::scores,
    bounces::scores,
    mime::scores,
    markup::scores,
    soak::scores,
    policy::scores,
    injection::scores,
    threads::scores,
    addresses::scores,
    intents::scores,
    moods::scores,
];

/// Runs all sets and prints the table.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if !options.corpora.is_dir() {
        println!("corpora: no folder {}, nothing to do", options.corpora.display());
        return Ok(ExitCode::SUCCESS);
    }
    let mut scores = Vec::new();
    for suite in SUITES {
        let wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only));
        scores.extend(suite(&options.corpora, &wanted)?);
    }
    for score in scores.iter().filter(|_| options.misses) {
        for miss in &score.misses {
            println!("--- {}: {miss}", score.name);
        }
    }
    println!("{:<44} {:>6} {:>6} {:>7} {:>6}", "set", "cases", "fit", "%", "goal");
    for score in &scores {
        let goal = score.shown_goal();
        let (whole, tenth) = (score.per_mille() / 10, score.per_mille() % 10);
        let mark = if score.is_met() { "" } else { "  MISSED" };
        println!(
            "{:<44} {:>6} {:>6} {:>5}.{tenth} {goal:>6}{mark}",
            score.name, score.total, score.passed, whole
        );
    }
    let met = scores.iter().all(Score::is_met);
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a set was asked for.
type Wanted<'a> = &'a dyn Fn(&str) -> bool;

/// Runs the sets of one kind.
type Suite = fn(&Path, Wanted<'_>) -> anyhow::Result<Vec<Score>>;

/// The cases of a set: one JSON object per line. Empty when the file is absent.
fn cases(corpora: &Path, set: &str, file: &str) -> anyhow::Result<Vec<Value>> {
    let path = corpora.join(set).join(file);
    if !path.is_file() {
        println!("corpora: no {}, skipped", path.display());
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).with_context(|| path.display().to_string()))
        .collect()
}

/// All files of a folder and its folders, in order.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The time that a piece of work takes: the best of three tries when the first is slow, for
/// the machine may be busy with something else.
fn best_time<T>(
    limit: Duration,
    work: impl Fn() -> anyhow::Result<T>,
) -> anyhow::Result<(T, Duration)> {
    let mut best: Option<(T, Duration)> = None;
    for _ in 0..3 {
        let start = Instant::now();
        let done = work()?;
        let took = start.elapsed();
        if best.as_ref().is_none_or(|(_, known)| took < *known) {
            best = Some((done, took));
        }
        if took <= limit {
            break;
        }
    }
    best.context("it was run at least once")
}

/// The text at a key, or the empty string.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
