//! Which mail was being parsed when the process died (hazard C10).
//!
//! While a mail is parsed a file of its name lies in the data directory. What lies there at
//! the next start ended the last process, or was struck by chance within the same few
//! microseconds; it is counted against that mail, and one that was counted often enough is
//! set aside unparsed. Claims of jobs are not counted: whoever pulls the plug three times
//! would have innocent mail set aside.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use store::{RawId, TenantId};
use uuid::Uuid;

/// The directory of marks.
#[derive(Debug)]
pub struct Suspects {
    directory: PathBuf,
    patience: Duration,
}

/// A mail may take this long to parse, and as much again for each ten megabytes of it. Ordinary
/// ones take less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(10);

impl Suspects {
    /// Opens the directory below the data directory; made when absent.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let directory = data_dir.join("parsing");
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, patience: PATIENCE })
    }

    /// With another patience.
    #[must_use]
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long a mail of this size may take before it counts as one that never ends.
    pub fn patience(&self, bytes: usize) -> Duration {
        let tens = u32::try_from(bytes / 10_000_000).unwrap_or(u32::MAX);
        self.patience.saturating_mul(tens.saturating_add(1))
    }

    /// Runs `parse` while the mail is marked. A mark that cannot be set (a full disk) stops
    /// nobody: then only this protection is missing.
    pub fn while_marked<T>(&self, tenant: TenantId, raw: RawId, parse: impl FnOnce() -> T) -> T {
        let mark = self.mark(tenant, raw);
        let marked = File::create(&mark).is_ok();
        let parsed = parse();
        if marked {
            // Left behind it would count once against an innocent mail.
            let _ = fs::remove_file(&mark);
        }
        parsed
    }

    /// The mails that were being parsed when a process ended.
    pub fn left_behind(&self) -> io::Result<Vec<(TenantId, RawId)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if let Some((tenant, raw)) = name.to_str().and_then(|name| name.split_once('_'))
                && let (Ok(tenant), Ok(raw)) = (tenant.parse::<Uuid>(), raw.parse::<Uuid>())
            {
                found.push((TenantId(tenant), RawId(raw)));
            }
        }
        Ok(found)
    }

    /// Takes the mark away, once it was counted.
    pub fn forget(&self, tenant: TenantId, raw: RawId) -> io::Result<()> {
        fs::remove_file(self.mark(tenant, raw))
    }

    fn mark(&self, tenant: TenantId, raw: RawId) -> PathBuf {
        self.directory.join(format!("{}_{}", tenant.0, raw.0))
    }
}
