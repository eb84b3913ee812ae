//! Finds the Postgres server programs on this machine.
//!
//! Nothing is downloaded: what is looked for is what a package manager or an installer put there.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::Error;

/// The oldest major version that works at all.
const OLDEST: u32 = 14;
/// The oldest major version Loket is tested with; anything older is a last resort.
const PREFERRED: u32 = 15;

/// Where to look for `initdb` and `postgres`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Binaries {
    /// `pg_config`, the usual places of Debian, Fedora, Homebrew and Postgres.app, and `PATH`.
    #[default]
    Search,
    /// This directory and nowhere else: what `LOKET_POSTGRES_BIN` names.
    In(PathBuf),
}

/// A directory that holds a usable server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installed {
    /// Holds `initdb` and `postgres`.
    pub directory: PathBuf,
    /// Major version.
    pub major: u32,
}

/// Finds the programs for a cluster of `cluster_major`, or for a new one where that is `None`.
pub(super) async fn find(
    wanted: &Binaries,
    cluster: &Path,
    cluster_major: Option<u32>,
    account: &Account,
) -> Result<Installed, Error> {
    let directories = match wanted {
        Binaries::In(directory) => vec![directory.clone()],
        Binaries::Search => usual_places(account).await,
    };
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for directory in directories {
        match examine(&directory, account).await {
            Ok(installed)
                if cluster_major.unwrap_or(installed.major) == installed.major
                    && (cluster_major.is_some() || installed.major >= PREFERRED) =>
            {
                return Ok(installed);
            }
            Ok(installed) => found.push(installed),
            Err(fault) => faults.push(fault),
        }
    }
    choose(found, &faults, cluster, cluster_major)
}

/// What is left to choose from when nothing was exactly right.
fn choose(
    mut found: Vec<Installed>,
    faults: &[String],
    cluster: &Path,
    cluster_major: Option<u32>,
) -> Result<Installed, Error> {
    let versions: Vec<String> = found
        .iter()
        .map(|installed| format!("{} in {}", installed.major, installed.directory.display()))
        .collect();
    if let Some(major) = cluster_major {
        let found = if versions.is_empty() {
            "no Postgres was found".to_owned()
        } else {
            format!("found: {}", versions.join(", "))
        };
        return Err(Error::OtherMajor { directory: cluster.to_owned(), cluster: major, found });
    }
    found.sort_by_key(|installed| Reverse(installed.major));
    match found.into_iter().next() {
        Some(installed) if installed.major >= OLDEST => Ok(installed),
        _ => {
            let mut looked = versions;
            looked.extend_from_slice(faults);
            let looked = if looked.is_empty() {
                "looked in the usual places and in PATH".to_owned()
            } else {
                looked.join("; ")
            };
            Err(Error::NotInstalled { looked })
        }
    }
}

/// Whether `directory` holds both programs, of which version, and whether `account` may run them.
async fn examine(directory: &Path, account: &Account) -> Result<Installed, String> {
    for program in ["initdb", "postgres"] {
        if !directory.join(program).is_file() {
            return Err(format!("{} has no {program}", directory.display()));
        }
    }
    // Debian and Homebrew put symlinks into PATH. Postgres finds its own files from where it
    // really is, and so do we.
    let real = std::fs::canonicalize(directory.join("initdb"))
        .ok()
        .and_then(|initdb| Some(initdb.parent()?.to_owned()))
        .filter(|parent| parent.join("postgres").is_file())
        .unwrap_or_else(|| directory.to_owned());
    let output = account.command(real.join("postgres")).arg("--version").output().await.map_err(
        |error| format!("{} cannot be run as `{}`: {error}", real.display(), account.name),
    )?;
    match major(&String::from_utf8_lossy(&output.stdout)) {
        Some(major) if output.status.success() => Ok(Installed { directory: real, major }),
        _ => Err(format!("{}/postgres --version says nothing sensible", real.display())),
    }
}

/// Reads `postgres (PostgreSQL) 15.20 (Debian ...)`, `... 18beta1`, `... 19devel`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The directories packages and installers use, best first, each once.
async fn usual_places(account: &Account) -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Ok(output) = account.command("pg_config").arg("--bindir").output().await
        && output.status.success()
    {
        places.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    // Debian and Ubuntu; the PGDG packages for Fedora and RHEL; Homebrew; the macOS apps.
    places.extend(versioned("/usr/lib/postgresql", "", "bin"));
    places.extend(versioned("/usr", "pgsql-", "bin"));
    for prefix in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
        places.extend(versioned(prefix, "postgresql@", "bin"));
        places.push(Path::new(prefix).join("postgresql/bin"));
    }
    places.extend(versioned("/Applications/Postgres.app/Contents/Versions", "", "bin"));
    places.extend(versioned("/Library/PostgreSQL", "", "bin"));
    places.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    places.extend(["/usr/bin", "/usr/local/pgsql/bin"].map(PathBuf::from));
    let mut kept: Vec<PathBuf> = Vec::new();
    for place in places {
        if !kept.contains(&place) && place.join("initdb").is_file() {
            kept.push(place);
        }
    }
    kept
}

/// `parent/PREFIXnumber/leaf` for each such directory, newest first.
fn versioned(parent: &str, prefix: &str, leaf: &str) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let number = OsStr::to_str(&name)?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(leaf)))
        })
        .collect();
    versions.sort_by_key(|(number, _)| Reverse(*number));
    versions.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (EnterpriseDB) 9"), None);
    }

    fn installed(major: u32) -> Installed {
        Installed { directory: PathBuf::from(format!("/pg/{major}")), major }
    }

    #[test]
    fn the_newest_of_the_old_is_a_last_resort_and_too_old_is_refused() {
        let here = Path::new("/data");
        assert_eq!(choose(vec![installed(13), installed(14)], &[], here, None).unwrap().major, 14);
        let refused = choose(vec![installed(13)], &[], here, None).unwrap_err().to_string();
        assert!(refused.contains("13 in /pg/13"), "{refused}");
        assert!(refused.contains("apt-get install -y postgresql"), "{refused}");
    }

    #[test]
    fn a_cluster_of_another_major_names_both_versions() {
        let error = choose(vec![installed(17)], &[], Path::new("/data/cluster"), Some(15));
        let text = error.unwrap_err().to_string();
        assert!(text.contains("made by Postgres 15"), "{text}");
        assert!(text.contains("found: 17 in /pg/17"), "{text}");
        assert!(text.contains("postgresql-15"), "{text}");
    }
}
