//! Words that have no place in the tree.

use super::Problem;
use super::tree::Tree;

/// This folder names what it forbids.
const OWN_FOLDER: &str = "xtask/src/tidy/";
/// Where promises to finish something later would stand.
const CODE_AND_TEXT: &[&str] = &["rs", "toml", "md", "sql", "html", "sh", "css", "js", "conf"];
const OPEN_ENDS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];
/// Folders of one machine. Ours are named from the root of the tree, the user's by a variable.
const MACHINE_PATHS: &[&str] = &["/work/", "/farm/", "/root/"];

/// Nothing is left for later in the code; what is open belongs in the tracker.
pub fn no_open_ends(tree: &Tree) -> Vec<Problem> {
    let scripts = |path: &str| path.starts_with("scripts/") || path.starts_with(".ci/");
    let mut problems = Vec::new();
    for file in tree.files().iter().filter(|file| !file.path.starts_with(OWN_FOLDER)) {
        if !CODE_AND_TEXT.iter().any(|kind| file.has_extension(kind)) && !scripts(&file.path) {
            continue;
        }
        for (number, line) in (1..).zip(file.text.lines()) {
            for word in line.split(|c: char| !c.is_alphanumeric()) {
                if OPEN_ENDS.contains(&word) {
                    problems.push(Problem::at(&file.path, number, format!("says {word}")));
                }
            }
        }
    }
    problems
}

/// No file names a folder that exists on one machine only.
pub fn no_machine_paths(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in tree.files().iter().filter(|file| !file.path.starts_with(OWN_FOLDER)) {
        for (number, line) in (1..).zip(file.text.lines()) {
            for path in MACHINE_PATHS {
                if names_folder(line, path) {
                    problems.push(Problem::at(&file.path, number, format!("names {path}")));
                }
            }
        }
    }
    problems
}

/// Whether `folder` stands in `line` as the beginning of a path, not inside a longer one.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-~*>)}]".contains(c))
    })
}
