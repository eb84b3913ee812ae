//! What can go wrong with the private Postgres, in sentences that say what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the private Postgres. Each message is written for the person who runs Loket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable Postgres was found on this machine.
    #[error(
        "no Postgres server found ({looked}). Install version 15 or newer:\n  \
         Debian, Ubuntu:  sudo apt-get install -y postgresql\n  \
         Fedora, RHEL:    sudo dnf install -y postgresql-server\n  \
         macOS:           brew install postgresql@17\n\
         or name the directory that holds initdb and postgres in LOKET_POSTGRES_BIN, \
         or point LOKET_DATABASE_URL to a Postgres that already runs"
    )]
    NotInstalled {
        /// Where was looked and what was wrong with what was there.
        looked: String,
    },
    /// The cluster was made by a major version that is not installed (any more).
    #[error(
        "the database in {} was made by Postgres {cluster}, which is not on this machine ({found}). \
         Install Postgres {cluster} (Debian, Ubuntu: sudo apt-get install -y postgresql-{cluster}; \
         Fedora: postgresql-server {cluster}; macOS: brew install postgresql@{cluster}), \
         or move the data to the newer version with pg_upgrade or `loket backup` and `loket restore`",
        .directory.display()
    )]
    OtherMajor {
        /// The cluster's directory.
        directory: PathBuf,
        /// Its major version.
        cluster: u32,
        /// Which versions were found.
        found: String,
    },
    /// The binaries refuse the cluster's on-disk format (catalog version, block size).
    #[error(
        "the Postgres binaries in {} cannot read the database in {}: {detail}. \
         Use the build of Postgres that made it",
        .binaries.display(), .directory.display()
    )]
    Incompatible {
        /// The binaries' directory.
        binaries: PathBuf,
        /// The cluster's directory.
        directory: PathBuf,
        /// What Postgres said.
        detail: String,
    },
    /// The cluster's directory exists, yet holds no cluster.
    #[error(
        "{} exists but is not a whole Postgres database ({detail}). \
         Restore it from a backup, or move it away to begin anew",
        .directory.display()
    )]
    NotACluster {
        /// The cluster's directory.
        directory: PathBuf,
        /// What is missing.
        detail: String,
    },
    /// The database was put elsewhere (see `place`), and is not there any more.
    #[error(
        "the database that belongs to this data directory was at {}, and is gone. \
         Restore it there, or delete {} to begin anew",
        .directory.display(), .pointer.display()
    )]
    Gone {
        /// Where it was.
        directory: PathBuf,
        /// The file that says so.
        pointer: PathBuf,
    },
    /// Postgres refuses to run as root, and the account it runs as cannot get to the directory.
    #[error(
        "Postgres may not run as root, so it runs as `{account}`, and `{account}` cannot enter {} \
         (closed at {}); {fallback}. \
         Choose a place it can reach with --data-dir (for example /var/lib/loket), \
         or run Loket as an ordinary user",
        .directory.display(), .closed_at.display()
    )]
    Unreachable {
        /// The account the server would run as.
        account: String,
        /// Where the data was to go.
        directory: PathBuf,
        /// The topmost directory that account cannot enter.
        closed_at: PathBuf,
        /// Why the fallback would not do either.
        fallback: String,
    },
    /// Root, and no account to run the server as.
    #[error(
        "Postgres may not run as root, and this machine has neither a `postgres` nor a `nobody` \
         account to run it as. Run Loket as an ordinary user"
    )]
    NoAccount,
    /// The files belong to someone else.
    #[error(
        "{} belongs to user id {owner}, and Loket runs as user id {me}. \
         Run Loket as the user that made it, or choose another --data-dir",
        .directory.display()
    )]
    Foreign {
        /// The cluster's directory.
        directory: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who asks.
        me: u32,
    },
    /// Another Loket works in this data directory.
    #[error(
        "another Loket (process {pid}) is using {}. Stop it first, or choose another --data-dir",
        .directory.display()
    )]
    InUse {
        /// The data directory.
        directory: PathBuf,
        /// The process id the other one wrote into the lock file, or `unknown`.
        pid: String,
    },
    /// No directory short enough for a Unix socket could be made.
    #[error("no directory for the database's socket: {detail}")]
    NoSocketDirectory {
        /// What was tried.
        detail: String,
    },
    /// A program of Postgres failed.
    #[error("{program} failed ({status}): {output}")]
    Program {
        /// The program's name.
        program: &'static str,
        /// How it ended.
        status: String,
        /// The last lines it wrote.
        output: String,
    },
    /// The server did not come up.
    #[error("Postgres did not start: {detail}. Its log is in {}", .log.display())]
    NotStarted {
        /// The last lines it wrote.
        detail: String,
        /// The directory of its logs.
        log: PathBuf,
    },
    /// The server did not go down.
    #[error("Postgres (process {pid}) did not stop, neither on a fast nor on an immediate request")]
    NotStopped {
        /// The server's process id.
        pid: i32,
    },
    /// A setting without which an acknowledged commit can be lost.
    #[error(
        "this Postgres runs with {setting} = {value}: mail that was acknowledged could be lost in a \
         crash. Turn it on (look at `alter system`, `alter role` and `alter database` too)"
    )]
    NotDurable {
        /// `fsync`, `full_page_writes` or `synchronous_commit`.
        setting: String,
        /// What it stands on.
        value: String,
    },
    /// The server answered with an error.
    #[error("the private Postgres refused: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// A file or a process could not be worked with.
    #[error("{action} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Whether the same may well succeed when tried again: the server went away or is starting.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database(source) => {
                source.is_closed() || source.code().is_none_or(crate::error::is_passing)
            }
            _ => false,
        }
    }
}

/// Gives an `io::Error` the file and the verb without which it says nothing.
pub(super) trait Explain<T> {
    /// Names what was tried on which file.
    fn explain(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Explain<T> for Result<T, E> {
    fn explain(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { action, path: path.to_owned(), source: source.into() })
    }
}
