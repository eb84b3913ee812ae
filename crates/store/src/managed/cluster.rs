//! Makes a new cluster, whole or not at all, and recognises an existing one.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::SUPERUSER;
use super::account::Account;
use super::binaries::Installed;
use super::error::{Error, Explain};
use super::place::{Place, read_if_there, write_atomically};
use super::settings;

/// The major version of the cluster in `directory`; `None` where there is none yet.
pub(super) fn major(directory: &Path) -> Result<Option<u32>, Error> {
    if !directory.exists() {
        return Ok(None);
    }
    let broken = |detail: &str| Error::NotACluster {
        directory: directory.to_owned(),
        detail: detail.to_owned(),
    };
    let version = read_if_there(&directory.join("PG_VERSION"))?
        .ok_or_else(|| broken("it has no PG_VERSION"))?;
    let major = version.trim().parse().map_err(|_| broken("its PG_VERSION is no number"))?;
    // Without it Postgres would only say "could not open file".
    if !directory.join("global/pg_control").exists() {
        return Err(broken("it has no global/pg_control"));
    }
    Ok(Some(major))
}

/// Runs initdb into an unfinished name, adds our files, flushes and renames.
///
/// initdb itself flushes what it wrote, so that after the rename even a power cut leaves a whole
/// cluster. A kill before the rename leaves a directory the next start removes.
pub(super) async fn make(
    place: &Place,
    account: &Account,
    installed: &Installed,
) -> Result<(), Error> {
    let unfinished = place.unfinished_cluster(account)?;
    let first = initdb(&unfinished, account, installed, &["--locale=C.UTF-8"]).await;
    if let Err(Error::Program { output, .. }) = &first
        && output.contains("invalid locale")
    {
        // Older macOS has no C.UTF-8. Sorting stays by code point, letters still know their case.
        // initdb empties the directory again when it fails.
        let locale = ["--locale=C", "--lc-ctype=en_US.UTF-8"];
        initdb(&unfinished, account, installed, &locale).await?;
    } else {
        first?;
    }
    let access = unfinished.join("pg_hba.conf");
    write_atomically(&access, settings::ACCESS, 0o600, Some(account))?;
    let main = unfinished.join("postgresql.conf");
    OpenOptions::new()
        .append(true)
        .open(&main)
        .and_then(|mut file| {
            file.write_all(settings::INCLUDE.as_bytes())?;
            file.sync_all()
        })
        .explain("writing", &main)?;
    place.finish_cluster(&unfinished)
}

async fn initdb(
    directory: &Path,
    account: &Account,
    installed: &Installed,
    locale: &[&str],
) -> Result<(), Error> {
    let program = installed.directory.join("initdb");
    let output = account
        .command(&program)
        .arg("--pgdata")
        .arg(directory)
        .args(["--username", SUPERUSER, "--encoding=UTF8", "--data-checksums"])
        .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
        .args(locale)
        .output()
        .await
        .explain("running", &program)?;
    if output.status.success() {
        return Ok(());
    }
    // A new directory for a new try, should initdb have left something behind.
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.explain("removing", &path)?;
    }
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stdout));
    Err(Error::Program {
        program: "initdb",
        status: output.status.to_string(),
        output: said.trim().to_owned(),
    })
}
