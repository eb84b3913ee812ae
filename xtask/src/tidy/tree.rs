//! The files of the repository, read once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;

/// Folders that begin with a dot and belong to the tree; every other one is left out.
const DOT_FOLDERS: &[&str] = &[".cargo", ".ci"];
/// What running the fuzz targets leaves beside them.
const MADE_BY_FUZZING: &[&str] = &["target", "corpus", "artifacts", "coverage"];
/// Larger files are data; they exist, but are not read.
const MAX_BYTES: u64 = 1_000_000;

/// A text file.
#[derive(Debug, Clone)]
pub struct File {
    /// From the root, with `/` between the parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl File {
    /// Whether its name ends in `.extension`.
    pub fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, own)| own == extension)
    }
}

/// The tree.
#[derive(Debug, Default)]
pub struct Tree {
    files: Vec<File>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads everything below `root` but build output and hidden folders.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, "")?;
        tree.files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(tree)
    }

    /// A tree made up for a test.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            let parts: Vec<&str> = path.split('/').collect();
            for end in 1..=parts.len() {
                tree.paths.insert(parts[..end].join("/"));
            }
            tree.files.push(File { path: (*path).to_owned(), text: (*text).to_owned() });
        }
        tree
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> anyhow::Result<()> {
        let entries = fs::read_dir(folder).with_context(|| format!("cannot list {prefix:?}"))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let hidden = name.starts_with('.') && !DOT_FOLDERS.contains(&name.as_str());
                let built = prefix.is_empty() && name.starts_with("target");
                let built = built || (prefix == "fuzz" && MADE_BY_FUZZING.contains(&name.as_str()));
                if hidden || built || name == "node_modules" {
                    continue;
                }
                self.paths.insert(path.clone());
                self.walk(&entry.path(), &path)?;
            } else if kind.is_file() {
                // A worktree's `.git` is a file.
                if name == ".git" {
                    continue;
                }
                self.paths.insert(path.clone());
                if entry.metadata()?.len() <= MAX_BYTES
                    && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
                {
                    self.files.push(File { path, text });
                }
            }
        }
        Ok(())
    }

    /// Every text file, by path.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The files below `folder` (`crates/domain/`).
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }

    /// One file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Every file and folder.
    pub fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }
}
