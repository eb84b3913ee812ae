//! What the person in front of the screen is told while the server comes up.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A step on the way up. Its `Display` is one line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The server's account cannot enter the data directory, so the database goes here.
    Elsewhere {
        /// The directory chosen.
        directory: PathBuf,
        /// The account that cannot enter.
        account: String,
    },
    /// A new cluster is being made.
    Making {
        /// Major version.
        major: u32,
        /// Where.
        directory: PathBuf,
    },
    /// The server is being started.
    Starting {
        /// Major version.
        major: u32,
        /// Which programs are used.
        binaries: PathBuf,
    },
    /// A server an earlier Loket left is used on.
    Adopted {
        /// Its process id.
        pid: i32,
    },
    /// A running server is stopped because its settings changed or its socket is gone.
    Restarting {
        /// Its process id.
        pid: i32,
    },
    /// The server takes connections.
    Ready {
        /// Since the start was asked for.
        took: Duration,
    },
    /// The server has ended by itself and is being started again.
    Died,
    /// Starting it again failed; there will be another try.
    Failed {
        /// Why.
        reason: String,
        /// After how long.
        again_after: Duration,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere { directory, account } => write!(
                f,
                "Postgres runs as `{account}`, who cannot enter the data directory; \
                 the database goes into {} instead",
                directory.display()
            ),
            Self::Making { major, directory } => {
                write!(f, "making a Postgres {major} database in {}", directory.display())
            }
            Self::Starting { major, binaries } => {
                write!(f, "starting Postgres {major} from {}", binaries.display())
            }
            Self::Adopted { pid } => {
                write!(f, "using the Postgres that still runs (process {pid})")
            }
            Self::Restarting { pid } => {
                write!(f, "restarting Postgres (process {pid}): its settings or its socket changed")
            }
            Self::Ready { took } => write!(f, "Postgres is ready ({} ms)", took.as_millis()),
            Self::Died => write!(f, "Postgres has ended unexpectedly, starting it again"),
            Self::Failed { reason, again_after } => {
                write!(f, "{reason}; trying again in {} ms", again_after.as_millis())
            }
        }
    }
}

/// Whom to tell. The default tells nobody.
#[derive(Clone, Default)]
pub struct OnProgress(Option<Arc<Listener>>);

type Listener = dyn Fn(&Progress) + Send + Sync;

impl OnProgress {
    /// Calls `listener` for every step, on the task that does the work: it must not block.
    pub fn new(listener: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(super) fn tell(&self, progress: &Progress) {
        tracing::debug!(%progress, "private Postgres");
        if let Some(listener) = &self.0 {
            listener(progress);
        }
    }
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "OnProgress(listener)" } else { "OnProgress(nobody)" })
    }
}
