//! The rules of the house that no compiler knows, each a check over the files of the tree.
//!
//! `cargo test -p xtask` runs them one by one, `cargo xtask tidy` all at once. A check reads
//! files and nothing else: it starts no program and needs no network. Start at [`CHECKS`].

mod crates;
mod documents;
mod glossary;
mod policies;
mod rust;
mod tree;
mod words;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use tree::Tree;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, with `:line` where one line is at fault.
    pub place: String,
    /// What is wrong there.
    pub sentence: String,
}

impl Problem {
    fn new(place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { place: place.into(), sentence: sentence.into() }
    }

    fn at(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), sentence)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.sentence)
    }
}

/// A rule of the house.
type Check = fn(&Tree) -> Vec<Problem>;

/// Every rule by its name.
const CHECKS: &[(&str, Check)] = &[
    ("file size", rust::files_are_short),
    ("function size", rust::functions_are_short),
    ("module docs", rust::modules_say_what_they_are_for),
    ("SQL and HTML", rust::no_sql_or_html),
    ("what crates know", crates::know_only_their_own),
    ("pure domain", crates::domain_is_pure),
    ("approval", crates::only_the_guard_approves),
    ("transactions", crates::no_transaction_spans_a_network_call),
    ("open ends", words::no_open_ends),
    ("machine paths", words::no_machine_paths),
    ("named paths", documents::named_paths_exist),
    ("named tests", documents::named_tests_exist),
    ("glossary", glossary::is_complete),
    ("rules", policies::rules_have_cases_and_replies),
    ("passages", policies::passages_are_licensed),
    ("texts", policies::codes_have_texts),
];

/// Runs every check and prints what it found.
pub fn run() -> anyhow::Result<ExitCode> {
    let tree = Tree::read(root())?;
    let mut found = 0_usize;
    for (name, check) in CHECKS {
        let problems = check(&tree);
        for problem in &problems {
            println!("{name}: {problem}");
        }
        found += problems.len();
    }
    println!("{} checks over {} files, {found} problems", CHECKS.len(), tree.files().len());
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[cfg(test)]
mod tests;
