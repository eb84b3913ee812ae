//! Which operating system account the server runs as.
//!
//! Postgres refuses to run as root. An ordinary user's server runs as that user; root's runs as
//! whoever owns the cluster, or for a new one as `postgres`, or else as `nobody`.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::error::{Error, Explain};

/// The account that owns the cluster's files and runs its processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// For messages.
    pub name: String,
    /// The owner of the files.
    pub uid: u32,
    /// Their group.
    pub gid: u32,
    /// Whether Loket itself is root, and has to hand over files and drop privileges.
    pub switch: bool,
}

impl Account {
    /// Chooses the account for the cluster in `cluster`, which need not exist yet.
    pub(super) async fn choose(cluster: &Path) -> Result<Self, Error> {
        let me = rustix::process::geteuid().as_raw();
        let owner = match std::fs::metadata(cluster) {
            Ok(metadata) => Some((metadata.uid(), metadata.gid())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(source).explain("reading", cluster),
        };
        match (me, owner) {
            (0, Some((uid, gid))) if uid != 0 => {
                Ok(Self { name: name_of(uid).await, uid, gid, switch: true })
            }
            (0, _) => Self::unprivileged().await,
            (_, Some((uid, _))) if uid != me => {
                Err(Error::Foreign { directory: cluster.to_owned(), owner: uid, me })
            }
            _ => Ok(Self {
                name: name_of(me).await,
                uid: me,
                gid: rustix::process::getegid().as_raw(),
                switch: false,
            }),
        }
    }

    /// `postgres` where a package made it, else `nobody`.
    async fn unprivileged() -> Result<Self, Error> {
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (ask_id("-u", name).await, ask_id("-g", name).await)
                && uid != 0
            {
                return Ok(Self { name: name.to_owned(), uid, gid, switch: true });
            }
        }
        Err(Error::NoAccount)
    }

    /// A command that runs as this account, in its own process group (else a ^C in the terminal
    /// would end the server before Loket has put its work away), with nothing of the caller's
    /// environment that could change what Postgres does (`PGDATA`, `PGPORT`, a locale).
    ///
    /// The standard library drops the supplementary groups together with the user id.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir("/").process_group(0);
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LOCPATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.switch {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Hands a file or directory of ours over to this account. Never follows into what is inside.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        if self.switch {
            chown(path, Some(self.uid), Some(self.gid)).explain("handing over", path)?;
        }
        Ok(())
    }

    /// The topmost directory on the way to `directory` that this account cannot enter, if any.
    ///
    /// Asks the kernel by going there rather than reading mode bits, so that access lists and
    /// security modules count too.
    pub(super) async fn closed_at(&self, directory: &Path) -> Option<PathBuf> {
        if !self.switch || self.can_enter(directory).await {
            return None;
        }
        let mut ancestors: Vec<&Path> = directory.ancestors().collect();
        ancestors.reverse();
        for ancestor in ancestors {
            if !self.can_enter(ancestor).await {
                return Some(ancestor.to_owned());
            }
        }
        None
    }

    async fn can_enter(&self, directory: &Path) -> bool {
        let mut command = self.command("/bin/sh");
        command.args(["-c", ":"]).current_dir(directory);
        command.status().await.is_ok_and(|status| status.success())
    }
}

async fn name_of(uid: u32) -> String {
    ask("-nu", &uid.to_string()).await.unwrap_or_else(|| format!("user {uid}"))
}

async fn ask_id(flag: &str, name: &str) -> Option<u32> {
    ask(flag, name).await?.parse().ok()
}

/// `id` knows every source of accounts (files, LDAP, macOS Directory Services).
async fn ask(flag: &str, name: &str) -> Option<String> {
    let output = Command::new("id")
        .args([flag, name])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
