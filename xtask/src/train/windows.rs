//! Learning which part of a mail speaks for a label: only the whole mail is labelled.
//!
//! First every window of a mail with the label is taken to say so; then, twice, only the one
//! that the weights found so far score highest. In a mail without the label no window says so.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights are rounded to eight bits on purpose"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "dense tables whose sizes are constants; a wrong place must end the training"
)]

use domain::understand::classifier::{LABELS, Weights};
use domain::understand::windows::weights::{OWN, WindowWeights};
use domain::understand::windows::{
    BESIDE, CONTEXT, LETTERS, ORDERED, PAIRS, SINGLES, SKIPS, WINDOW_GROUPS, WINDOW_LABELS,
    WINDOW_NUMBERS, WINDOW_SIZES, WORDS, Window, beside, ordered, pairs, skips, windows,
};
use domain::understand::{Features, SINGLE};

use super::learn::{Example, cost, most, weight};
use super::separate::{Row, rounded, separate};

/// Passes over the windows.
const ROUNDS: usize = 20;
/// How often the best window of each mail is chosen anew.
const CHOICES: usize = 2;
/// How much each group counts, in the order of [`WINDOW_SIZES`].
const GROUP: [f64; WINDOW_GROUPS] = [1.0, 0.8, 0.9, 0.6, 0.8, 0.6, 0.5, 0.4];
/// In how many windows a number of the groups in [`OWN`] must stand to be learned.
const SEEN_IN: [u32; OWN.len()] = [2, 3, 3, 2];

/// The numbers of one of the groups in [`OWN`] in a window.
fn numbers(features: &Features, window: &Window, group: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    let add = |number| numbers.push(number);
    match group {
        PAIRS => pairs(&window.singles(features), add),
        SKIPS => skips(window, features, add),
        BESIDE => beside(window, features, add),
        ORDERED => ordered(window, features, add),
        _ => {}
    }
    numbers
}

/// Where each group's rows start in the table that is learned.
fn start(group: usize) -> u32 {
    WINDOW_SIZES.iter().take(group).sum::<usize>() as u32
}

/// The rows of a window in one table.
fn row(weights: &Weights, features: &Features, window: &Window) -> Row {
    let mut row = Row::default();
    for (group, share) in GROUP.iter().enumerate() {
        let known = |number: &u32| weights.row(group, *number).map(u32::from);
        let mut places: Vec<u32> = match group {
            WORDS => window.words(features).iter().filter_map(known).collect(),
            LETTERS => window.letters(features).iter().filter_map(known).collect(),
            SINGLES => window.singles(features),
            CONTEXT => features.mail[SINGLE].clone(),
            _ => numbers(features, window, group)
                .into_iter()
                .filter_map(|number| weights.windows.row(group, number).map(u32::from))
                .collect(),
        };
        for place in &mut places {
            *place += start(group);
        }
        places.sort_unstable();
        row.add_group(&places, *share);
    }
    row
}

/// Learns the windows of `weights`, whose words and letters are known already.
pub fn learn(weights: &mut Weights, all: &[Features], examples: &[Example]) {
    let cut: Vec<Vec<Window>> = all.iter().map(windows).collect();
    for (place, group) in OWN.into_iter().enumerate() {
        let each = all.iter().zip(&cut).flat_map(|(features, windows)| {
            windows.iter().flat_map(move |window| {
                let mut numbers = numbers(features, window, group);
                numbers.sort_unstable();
                numbers.dedup();
                numbers
            })
        });
        weights.windows.known[place] =
            most(each, SEEN_IN[place], WINDOW_SIZES[group], WINDOW_NUMBERS[group]);
    }
    let mails: Vec<Vec<Row>> = all
        .iter()
        .zip(&cut)
        .map(|(features, windows)| windows.iter().map(|it| row(weights, features, it)).collect())
        .collect();
    for (label, name) in WINDOW_LABELS.iter().enumerate() {
        let place = LABELS.iter().position(|it| it == name).unwrap_or(0);
        let known: Vec<(&[Row], bool, f64)> = mails
            .iter()
            .zip(examples)
            .filter_map(|(rows, it)| Some((rows.as_slice(), it.truth[place]?, it.worth)))
            .collect();
        let (values, bias) = one(&known, name);
        store(&mut weights.windows, label, &values, bias);
    }
}

/// The weights of one label.
fn one(mails: &[(&[Row], bool, f64)], name: &str) -> (Vec<f64>, f64) {
    let size = WINDOW_SIZES.iter().sum();
    let mut learned: Option<(Vec<f64>, f64)> = None;
    for _ in 0..=CHOICES {
        let mut windows: Vec<(&Row, bool, f64)> = Vec::new();
        for (rows, there, worth) in mails {
            let cost = cost(name) * weight(name, *there) * worth;
            match &learned {
                Some((values, _)) if *there => {
                    windows.extend(highest(rows, values).map(|row| (row, true, cost)));
                }
                _ => {
                    let share = if *there { (rows.len() as f64).sqrt() } else { 1.0 };
                    windows.extend(rows.iter().map(|row| (row, *there, cost / share)));
                }
            }
        }
        learned = Some(separate(&windows, size, ROUNDS));
    }
    learned.unwrap_or_default()
}

/// The row with the highest score, the first of several.
fn highest<'a>(rows: &'a [Row], values: &[f64]) -> Option<&'a Row> {
    let mut best: Option<(f64, &Row)> = None;
    for row in rows {
        let score = row.score(values);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, row));
        }
    }
    best.map(|(_, row)| row)
}

/// Rounds one label's weights to eight bits with one scale per group.
fn store(weights: &mut WindowWeights, label: usize, values: &[f64], bias: f64) {
    weights.bias[label] = (bias * 1000.0).round() as i32;
    for group in 0..WINDOW_GROUPS {
        let from = start(group) as usize;
        let (own, unit) = rounded(&values[from..from + WINDOW_SIZES[group]]);
        weights.scale[group][label] = (unit * GROUP[group] * 1e6).round() as u32;
        for (row, weight) in own.into_iter().enumerate() {
            weights.set(group, row, label, weight);
        }
    }
}
