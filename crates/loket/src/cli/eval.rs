//! `loket eval`: how well the reader reads labelled mails, and which ones it misread.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use domain::understand::score::{Labels, Row, Score};
use domain::understand::{Earlier, Input, read};
use serde::Deserialize;
use serde_json::{Value, json};

use super::explain::{Line, earlier, read_line};
use super::output;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files with one labelled mail per line, as `explain --batch` reads them, with `labels`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Prints the table as JSON.
    #[arg(long)]
    json: bool,
    /// Prints no misses.
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Deserialize)]
struct Labelled {
    #[serde(flatten)]
    line: Line,
    labels: Labels,
    #[serde(default)]
    hard_negative: bool,
}

/// Runs the command. A line that cannot be read is reported and counts as no mail.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut score = Score::default();
    let (mut misses, mut broken) = (Vec::new(), 0_usize);
    for path in &arguments.files {
        let file =
            File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let (mut input, mut line) = (BufReader::new(file), Vec::new());
        let mut number = 0_usize;
        while read_line(&mut input, &mut line)? > 0 {
            number += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice::<Labelled>(&line) {
                Ok(mail) => one(&mail, &mut score, &mut misses),
                Err(error) => {
                    broken += 1;
                    output::note(&format!("{}:{number}: {error}", path.display()));
                }
            }
        }
    }
    if arguments.json {
        return print_json(&score, &misses, broken, arguments.quiet);
    }
    print(&score, &misses, arguments.quiet)
}

fn one(mail: &Labelled, score: &mut Score, misses: &mut Vec<Value>) {
    let thread = earlier(&mail.line.thread);
    let thread: Vec<Earlier<'_>> =
        thread.iter().map(|(by_shop, body)| Earlier { by_shop: *by_shop, body }).collect();
    let reading =
        read(&Input { subject: &mail.line.subject, body: &mail.line.body, thread: &thread });
    for miss in score.add(&reading, &mail.labels) {
        misses.push(json!({ "id": mail.line.id, "miss": miss }));
    }
    if mail.hard_negative {
        score.add_quiet(&reading);
    }
}

fn print(score: &Score, misses: &[Value], quiet: bool) -> anyhow::Result<()> {
    if !quiet {
        for miss in misses {
            let text = |key| miss.get(key).map(|value: &Value| value.to_string());
            let (id, miss) = (text("id").unwrap_or_default(), text("miss").unwrap_or_default());
            output::line(&format!("{} {}", id.trim_matches('"'), miss.trim_matches('"')))?;
        }
    }
    output::line(&format!(
        "\n{:<28} {:>7} {:>9} {:>7} {:>7}",
        "label", "mails", "precision", "recall", "f1"
    ))?;
    for Row { label, support, precision, recall, f1 } in score.table() {
        let (precision, recall, f1) = (shown(precision), shown(recall), shown(f1));
        output::line(&format!("{label:<28} {support:>7} {precision:>9} {recall:>7} {f1:>7}"))?;
    }
    let (alarms, quiet_mails) = score.alarms();
    output::line(&format!(
        "\n{} mails; {alarms} of {quiet_mails} hard negatives alarm",
        score.mails()
    ))
}

fn print_json(score: &Score, misses: &[Value], broken: usize, quiet: bool) -> anyhow::Result<()> {
    let (alarms, quiet_mails) = score.alarms();
    let shown = json!({
        "mails": score.mails(),
        "unreadable_lines": broken,
        "labels": score.table(),
        "hard_negatives": { "mails": quiet_mails, "alarms": alarms },
        "misses": if quiet { Value::Null } else { Value::from(misses.to_vec()) },
    });
    output::line(&serde_json::to_string_pretty(&shown)?)
}

/// Basis points as a share with three decimals at most: 9 350 is `0.935`.
fn shown(basis_points: u32) -> String {
    format!("{}.{:04}", basis_points / 10_000, basis_points % 10_000)
}
