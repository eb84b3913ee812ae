//! Documents name only what exists: files, folders, tests.

use std::collections::BTreeSet;

use super::Problem;
use super::tree::{File, Tree};

/// Documents at the root that are held to this; those under `docs/` all are.
/// The changelog is not: it tells of what was.
const AT_THE_ROOT: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];
/// A name with one of these endings is a file of ours.
const ENDINGS: &[&str] =
    &["rs", "toml", "sql", "md", "html", "jsonl", "bin", "eml", "conf", "sh", "css", "js"];

/// A word in backticks, and where it stands.
struct Quoted<'a> {
    line: usize,
    word: &'a str,
}

fn documents(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files().iter().filter(|file| {
        let listed = AT_THE_ROOT.contains(&file.path.as_str()) || file.path.starts_with("docs/");
        listed && file.has_extension("md")
    })
}

/// The lines outside fenced blocks, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return false;
        }
        !fenced
    })
}

fn quoted(text: &str) -> Vec<Quoted<'_>> {
    prose(text)
        .flat_map(|(line, content)| {
            content.split('`').skip(1).step_by(2).map(move |word| Quoted { line, word })
        })
        .collect()
}

/// Every path in backticks and every relative link leads somewhere.
///
/// A path is a word whose first part is a folder or file at the root, or that ends like a file
/// of ours. The latter may be shortened from the left: `guard/mod.rs`. `*` and `<word>` stand
/// for any name, `{a,b}` for each of both.
pub fn named_paths_exist(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in documents(tree) {
        for Quoted { line, word } in quoted(&file.text) {
            for path in expanded(word) {
                if is_path(tree, &path) && !exists(tree, &path) {
                    problems.push(Problem::at(&file.path, line, format!("`{path}` is not there")));
                }
            }
        }
        for (line, target) in links(&file.text) {
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = joined(folder, target);
            if !tree.paths().contains(path.trim_end_matches('/')) {
                problems.push(Problem::at(&file.path, line, format!("links to nothing: {target}")));
            }
        }
    }
    for name in AT_THE_ROOT.iter().filter(|name| tree.text(name).is_none()) {
        problems.push(Problem::new(*name, "is missing"));
    }
    problems
}

/// Each invariant of `ARCHITECTURE.md` and each line of `docs/hazards.md` names its test, and each
/// test that is named is there.
///
/// In ARCHITECTURE a test is named behind `Test:` or `Tests:`, in backticks; among the hazards in
/// the last cell of the line, which says `waits:` where there is nothing to test yet.
pub fn named_tests_exist(tree: &Tree) -> Vec<Problem> {
    let known = functions(tree);
    let mut problems = Vec::new();
    for (place, names_of) in [
        ("ARCHITECTURE.md", invariants as fn(&str) -> Vec<(usize, Option<&str>)>),
        ("docs/hazards.md", hazards),
    ] {
        let Some(text) = tree.text(place) else {
            problems.push(Problem::new(place, "is missing"));
            continue;
        };
        for (line, names) in names_of(text) {
            let Some(names) = names else {
                problems.push(Problem::at(place, line, "this line names no test"));
                continue;
            };
            for name in names.split('`').skip(1).step_by(2) {
                if !known.contains(name) {
                    let sentence = format!("no test is called `{name}`");
                    problems.push(Problem::at(place, line, sentence));
                }
            }
        }
    }
    problems
}

/// Where tests are named in ARCHITECTURE; `None` for an invariant without one.
fn invariants(text: &str) -> Vec<(usize, Option<&str>)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        if content.starts_with("## ") {
            inside = content.contains("nvariants");
        }
        let tests = content.split_once("Test: ").or_else(|| content.split_once("Tests: "));
        match tests {
            Some((_, names)) => found.push((line, Some(names))),
            None if inside && content.starts_with("- ") => found.push((line, None)),
            None => {}
        }
    }
    found
}

/// Where tests are named among the hazards: in every line of a table that begins with a number.
fn hazards(text: &str) -> Vec<(usize, Option<&str>)> {
    let numbered = |cell: &str| {
        cell.starts_with(|c: char| c.is_ascii_uppercase())
            && cell.chars().skip(1).all(|c| c.is_ascii_digit())
    };
    let named = |content| -> Option<&str> {
        let content: &str = content;
        let last = content.trim_end_matches('|').rsplit('|').next()?;
        (last.contains('`') || last.contains("waits:")).then_some(last)
    };
    prose(text)
        .filter(|(_, content)| {
            content
                .split('|')
                .nth(1)
                .map(str::trim)
                .is_some_and(|cell| !cell.is_empty() && numbered(cell))
        })
        .map(|(line, content)| (line, named(content)))
        .collect()
}

/// The names of every function in a Rust file.
fn functions(tree: &Tree) -> BTreeSet<&str> {
    let files = tree.files().iter().filter(|file| file.has_extension("rs"));
    files
        .flat_map(|file| file.text.split("fn ").skip(1))
        .filter_map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next())
        .filter(|name| !name.is_empty())
        .collect()
}

/// `{a,b}` written out.
fn expanded(word: &str) -> Vec<String> {
    let parts = word.split_once('{').and_then(|(before, rest)| {
        let (choices, after) = rest.split_once('}')?;
        choices.contains(',').then_some((before, choices, after))
    });
    match parts {
        None => vec![word.to_owned()],
        Some((before, choices, after)) => choices
            .split(',')
            .flat_map(|choice| expanded(&format!("{before}{}{after}", choice.trim())))
            .collect(),
    }
}

fn is_path(tree: &Tree, word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/*<>".contains(c);
    let starts_elsewhere = word.starts_with(['/', '~', '<', '*']) || word.starts_with("./");
    if word.is_empty() || !word.chars().all(plain) || starts_elsewhere || word.contains("//") {
        return false;
    }
    let first = word.split('/').next().unwrap_or_default();
    let from_the_root = word.contains('/') && tree.paths().contains(first);
    let ending = word
        .rsplit_once('.')
        .is_some_and(|(name, ending)| !name.is_empty() && ENDINGS.contains(&ending));
    from_the_root || ending
}

fn exists(tree: &Tree, word: &str) -> bool {
    let wanted: Vec<&str> = word.trim_end_matches('/').split('/').collect();
    let file = word.rsplit('/').next().is_some_and(|name| name.contains('.'));
    tree.paths().iter().any(|path| {
        let own: Vec<&str> = path.split('/').collect();
        let start = own.len().checked_sub(wanted.len());
        let tail = start.and_then(|start| own.get(start..));
        let shortened = file && tail.is_some_and(|tail| matches(&wanted, tail));
        matches(&wanted, &own) || shortened
    })
}

fn matches(wanted: &[&str], own: &[&str]) -> bool {
    wanted.len() == own.len() && wanted.iter().zip(own).all(|(want, have)| part_matches(want, have))
}

/// One part of a path, where `*` and `<word>` stand for anything.
fn part_matches(want: &str, have: &str) -> bool {
    let open = want.find(['*', '<']);
    let close = want.rfind(['*', '>']);
    match (open, close) {
        (Some(open), Some(close)) => {
            let before = want.get(..open).unwrap_or_default();
            let after = want.get(close + 1..).unwrap_or_default();
            have.len() >= before.len() + after.len()
                && have.starts_with(before)
                && have.ends_with(after)
        }
        _ => want == have,
    }
}

/// Relative links, without their anchors.
fn links(text: &str) -> Vec<(usize, &str)> {
    prose(text)
        .flat_map(|(line, content)| {
            content
                .split("](")
                .skip(1)
                .filter_map(move |rest| Some((line, rest.split_once(')')?.0)))
        })
        .map(|(line, target)| (line, target.split('#').next().unwrap_or_default()))
        .filter(|(_, target)| !target.is_empty() && !target.contains(':'))
        .collect()
}

/// `target` as seen from `folder`, with `..` resolved.
fn joined(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
