//! `cargo xtask train`: from labelled mails to `weights.bin`, the same bytes every time.
//!
//! The domain crate knows no floating point; learning does, so it lives here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::understand::classifier::{LABEL_COUNT, LABELS, Scores, Weights};
use domain::understand::score::Score;
use domain::understand::{OfferWeights, Reading, features_of, marks, read, read_with};

mod learn;
mod mails;
mod offers;
mod separate;
mod windows;

use mails::Mail;

/// What to do.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only say whether the committed weights are fresh.
    #[arg(long)]
    check: bool,
    /// Measure by training on four fifths and reading the fifth, five times.
    #[arg(long)]
    cross_validate: bool,
    /// Print the wrongly read mails of a cross-validation, those whose label contains this.
    #[arg(long)]
    misses: Option<String>,
    /// Measure on whole files that were left out of training: names with commas between them, and
    /// once more per group of files.
    #[arg(long)]
    left_out: Vec<String>,
    /// Where to write the scores of the mails left out, for finding where to cut.
    #[arg(long)]
    scores: Option<PathBuf>,
    /// Only measure the shipped weights on a folder of labelled mails; prints figures, no texts.
    #[arg(long)]
    measure: Option<PathBuf>,
    /// Only print how long one reading takes.
    #[arg(long)]
    time: bool,
}

const WEIGHTS: &str = "crates/domain/src/understand/data/weights.bin";
const OFFER_WEIGHTS: &str = "crates/domain/src/understand/data/offer_weights.bin";

/// Runs the task from the root of the repository.
pub fn run(arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.measure {
        let mails = mails::load(folder)?;
        let mut score = Score::default();
        for mail in &mails {
            mail.with_input(|input| mail.count(&mut score, &read(input)));
        }
        print_score(&score);
        return Ok(());
    }
    let mails = mails::load(Path::new("evals/train"))?;
    let phrases = mails::phrases(Path::new("evals/train/phrases.txt"))?;
    if arguments.time {
        time(&mails);
        return Ok(());
    }
    let answers = offers::learn(&mails)?;
    if !arguments.left_out.is_empty() {
        let table = left_out(&arguments.left_out, &mails, &phrases, &answers);
        return arguments.scores.as_ref().map_or(Ok(()), |file| Ok(fs::write(file, table)?));
    }
    if arguments.cross_validate || arguments.misses.is_some() {
        cross_validate(&mails, &phrases, &answers, arguments.misses.as_deref());
        return Ok(());
    }
    let weights = learn::learn(&mails.iter().chain(&phrases).collect::<Vec<_>>(), &answers);
    let (bytes, answers) = (weights.encode(), answers.encode());
    if arguments.check {
        for (file, made) in [(WEIGHTS, &bytes), (OFFER_WEIGHTS, &answers)] {
            if !fs::read(file).is_ok_and(|old| old == *made) {
                bail!("{file} is stale: run `cargo xtask train`");
            }
        }
        print("the weights are fresh");
        return Ok(());
    }
    fs::write(OFFER_WEIGHTS, &answers).with_context(|| format!("writing {OFFER_WEIGHTS}"))?;
    fs::write(WEIGHTS, &bytes).with_context(|| format!("writing {WEIGHTS}"))?;
    let fingerprint = weights.fingerprint;
    let (count, short, size) = (mails.len(), phrases.len(), bytes.len());
    print(&format!("{count} mails, {short} phrases, {size} bytes, fingerprint {fingerprint:016x}"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a developer reads it")]
fn print(line: &str) {
    println!("{line}");
}

fn print_score(score: &Score) {
    print(&format!("{} mails", score.mails()));
    print(&format!(
        "{:26} {:>7} {:>9} {:>6} {:>6}",
        "label", "support", "precision", "recall", "f1"
    ));
    for row in score.table() {
        let show = |it: u32| format!("{}.{:02}", it / 100, it % 100);
        let (precision, recall) = (show(row.precision), show(row.recall));
        print(&format!(
            "{:26} {:>7} {precision:>9} {recall:>6} {:>6}",
            row.label,
            row.support,
            show(row.f1)
        ));
    }
    let (alarmed, all) = score.alarms();
    print(&format!("hard negatives that alarm: {alarmed} of {all}"));
}

const FOLDS: usize = 5;

fn cross_validate(mails: &[Mail], phrases: &[Mail], answers: &OfferWeights, misses: Option<&str>) {
    let mut score = Score::default();
    let mut short = Score::default();
    let mut cuts = Cuts::default();
    for fold in 0..FOLDS {
        let (test, rest): (Vec<_>, Vec<_>) =
            mails.iter().enumerate().partition(|(index, _)| index % FOLDS == fold);
        let (unseen, known): (Vec<_>, Vec<_>) =
            phrases.iter().enumerate().partition(|(index, _)| index % FOLDS == fold);
        let known = known.into_iter().map(|(_, mail)| mail);
        let learned: Vec<_> = rest.iter().map(|(_, mail)| *mail).chain(known).collect();
        let weights: Weights = learn::learn(&learned, answers);
        for (_, mail) in unseen {
            mail.count(&mut short, &mail.with_input(|input| read_with(&weights, input)));
        }
        for (_, mail) in test {
            let reading = mail.with_input(|input| read_with(&weights, input));
            let wrong = mail.count(&mut score, &reading);
            cuts.add(mail, &scores(&weights, answers, mail));
            let shown = misses.is_some_and(|label| wrong.iter().any(|it| it.contains(label)));
            if shown {
                print_miss(mail, &reading, &wrong);
            }
        }
    }
    print_score(&score);
    print("the short lines, read unseen:");
    print_score(&short);
    cuts.print();
}

fn scores(weights: &Weights, answers: &OfferWeights, mail: &Mail) -> Scores {
    mail.with_input(|input| weights.judge(&features_of(input, answers)).scores)
}

/// Measures on files that were not learned from, group by group; returns a line per mail: its
/// name, what is true, every score, and the marks that bear on the cuts.
fn left_out(groups: &[String], mails: &[Mail], phrases: &[Mail], answers: &OfferWeights) -> String {
    let mut score = Score::default();
    let mut cuts = Cuts::default();
    let mut table = String::new();
    for group in groups {
        let (test, rest): (Vec<_>, Vec<_>) =
            mails.iter().partition(|mail| group.split(',').any(|name| name == mail.file));
        let learned: Vec<_> = rest.into_iter().chain(phrases).collect();
        let weights = learn::learn(&learned, answers);
        for mail in test {
            mail.count(&mut score, &mail.with_input(|input| read_with(&weights, input)));
            let scores = scores(&weights, answers, mail);
            cuts.add(mail, &scores);
            let truth = learn::truth(mail).map(|it| it.map_or(-1, i32::from));
            let alarm = i32::from(mail.labels.must_escalate);
            let marks = mail.with_input(marks).join(" ");
            let row = [
                &mail.id,
                &alarm.to_string(),
                &format!("{truth:?}"),
                &format!("{scores:?}"),
                &marks,
            ];
            table.extend([row.map(String::as_str).join("\t").as_str(), "\n"]);
        }
    }
    print_score(&score);
    cuts.print();
    table
}

/// The scores of mails read unseen, to find from which score each label should be given.
#[derive(Default)]
struct Cuts(Vec<(Scores, [Option<bool>; LABEL_COUNT])>);

impl Cuts {
    fn add(&mut self, mail: &Mail, scores: &Scores) {
        self.0.push((*scores, learn::truth(mail)));
    }

    /// Per label the score above which F1 is highest, and that F1 in basis points.
    fn print(&self) {
        print("the best score to give a label from, and its f1:");
        for (label, name) in LABELS.iter().enumerate() {
            let worth = |cut: i32| {
                let mut counts = [0_u32; 3];
                for (scores, truth) in &self.0 {
                    let given = scores.get(label).is_some_and(|score| *score > cut);
                    let there = truth.get(label).copied().flatten();
                    let place = match (given, there) {
                        (true, Some(true)) => 0,
                        (true, Some(false)) => 1,
                        (false, Some(true)) => 2,
                        _ => continue,
                    };
                    counts.iter_mut().skip(place).take(1).for_each(|count| *count += 1);
                }
                let [hit, extra, missed] = counts;
                20_000 * hit / (2 * hit + extra + missed).max(1)
            };
            let best = (-16..8).map(|step| (worth(step * 50), step * 50)).max();
            let (worth, cut) = best.unwrap_or_default();
            print(&format!("{name:20} {cut:>6} {worth:>6}"));
        }
    }
}

fn print_miss(mail: &Mail, reading: &Reading, wrong: &[String]) {
    let answer = (reading.offer_response, reading.counter_percentage, reading.counter_amount);
    let intents: Vec<_> = reading.intents.iter().collect();
    print(&format!("== {} {wrong:?}", mail.id));
    print(&format!("   read {:?} {:?} {answer:?}", reading.order_number, reading.new_address));
    print(&format!("   {:?} {intents:?} {:?}", reading.threat_kind, reading.mood));
    print(&format!("   want {:?}", mail.labels));
    print(&format!("   {} | {}", mail.subject, mail.body.replace('\n', " / ")));
}

/// So often each mail is read: other work on the machine then shows in few of them.
const ROUNDS: usize = 60;

/// The time of one reading of a long mail, over the training mails of about that length.
fn time(mails: &[Mail]) {
    let long = |mail: &&Mail| (1_100..2_400).contains(&mail.body.len());
    let bodies: Vec<&str> = mails.iter().filter(long).map(|mail| mail.body.as_str()).collect();
    let mut best = vec![std::time::Duration::MAX; bodies.len()];
    for _ in 0..ROUNDS {
        for (body, best) in bodies.iter().zip(&mut best) {
            let input = domain::understand::Input { subject: "Re: order", body, thread: &[] };
            let start = std::time::Instant::now();
            std::hint::black_box(read(std::hint::black_box(&input)));
            *best = start.elapsed().min(*best);
        }
    }
    let best: std::time::Duration = best.into_iter().sum();
    let count = u32::try_from(bodies.len()).unwrap_or(1).max(1);
    let bytes = bodies.iter().map(|body| body.len()).sum::<usize>() / bodies.len().max(1);
    print(&format!(
        "{:?} a mail of {bytes} bytes, the mean over {count} of the best of {ROUNDS} each",
        best / count
    ));
}
