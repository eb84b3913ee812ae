//! The ring and what the database holds, together: closes and opens mailbox passwords.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use store::Store;
use store::secrets::{SecretRow, Usage};

use super::envelope::{self, EnvelopeError};
use super::ring::{KeyId, Ring, RingError};
use super::text::Secret;

/// Where the keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file that Loket may make and rotate.
    File(PathBuf),
    /// Keys of the environment: rotated by whoever sets it.
    Given(Secret),
}

impl KeySource {
    /// The file in the data directory.
    pub fn in_data_dir(data_dir: &Path) -> Self {
        Self::File(data_dir.join("keys/mailbox.ring"))
    }

    /// The keys; `None` when the file is not there.
    pub fn read(&self) -> Result<Option<Ring>, RingError> {
        match self {
            Self::File(path) => Ring::read(path),
            Self::Given(list) => Ring::parse_list(list.expose()).map(Some),
        }
    }
}

/// Why the vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keys cannot be used.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// Rows are closed with keys that are not here.
    #[error(
        "{secrets} mailbox passwords are closed with keys that are lost ({}): restore the key \
         file from a backup; nothing was changed", .ids.join(", ")
    )]
    Lost {
        /// How many.
        secrets: i64,
        /// Which keys.
        ids: Vec<String>,
    },
    /// The database could not be asked.
    #[error("the database could not be asked which keys are in use")]
    Store(#[from] store::Error),
}

/// What the file looked like when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    seconds: i64,
    nanoseconds: i64,
}

#[derive(Debug)]
struct Read {
    ring: Ring,
    stamp: Option<Stamp>,
}

/// Closes and opens mailbox passwords. A ring that is rotated while it runs is noticed at the
/// next use.
#[derive(Debug)]
pub struct Vault {
    source: KeySource,
    read: Mutex<Read>,
}

impl Vault {
    /// Opens the vault for a server: refused while the database holds envelopes whose key is not
    /// here, since their passwords would look wrong one by one. Keys are made where there are
    /// neither keys nor envelopes.
    pub async fn open(
        source: KeySource,
        store: &Store,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        let found = source.read()?;
        let usage = store::secrets::usage(store).await?;
        let known = found.as_ref().map(Ring::ids).unwrap_or_default();
        let lost = unknown_keys(&usage, &known);
        if !lost.is_empty() {
            let secrets = lost.iter().map(|(_, secrets)| secrets).sum();
            let ids = lost.into_iter().map(|(id, _)| id).collect();
            return Err(VaultError::Lost { secrets, ids });
        }
        Ok(Self::with(source, found, now)?)
    }

    /// With the keys as they are; made where the file is not there.
    fn with(source: KeySource, found: Option<Ring>, now: Timestamp) -> Result<Self, RingError> {
        let ring = match (found, &source) {
            (Some(ring), _) => ring,
            (None, KeySource::File(path)) => {
                let ring = Ring::new(now)?;
                ring.write(path)?;
                ring
            }
            (None, KeySource::Given(_)) => return Err(RingError::Empty),
        };
        let stamp = stamp(&source);
        Ok(Self { source, read: Mutex::new(Read { ring, stamp }) })
    }

    /// Without asking a database; the keys must be there already.
    pub fn of_keys(source: KeySource) -> Result<Self, RingError> {
        let ring = source.read()?.ok_or(RingError::Empty)?;
        let stamp = stamp(&source);
        Ok(Self { source, read: Mutex::new(Read { ring, stamp }) })
    }

    /// With a key of its own that nobody keeps: for trying out.
    pub fn for_trial(now: Timestamp) -> Result<Self, RingError> {
        let read = Mutex::new(Read { ring: Ring::new(now)?, stamp: None });
        Ok(Self { source: KeySource::Given(Secret::from("")), read })
    }

    /// Closes a password for its row, with the key that is current now.
    pub fn seal(&self, row: SecretRow, secret: &Secret) -> Result<String, EnvelopeError> {
        envelope::seal(&self.ring()?, row, secret)
    }

    /// Opens the envelope of a row. One that was changed or moved is reported in the log as well:
    /// somebody wrote into the database by hand.
    pub fn open_envelope(&self, row: SecretRow, text: &str) -> Result<Secret, EnvelopeError> {
        let opened = envelope::open(&self.ring()?, row, text);
        if let Err(EnvelopeError::Refused | EnvelopeError::NotAnEnvelope) = &opened {
            tracing::error!(
                tenant_id = %row.tenant_id, place = row.place.as_str(), row = %row.row_id,
                "a mailbox secret was changed or moved in the database"
            );
        }
        opened
    }

    /// The ids of the keys, the current one first.
    pub fn key_ids(&self) -> Result<Vec<KeyId>, RingError> {
        Ok(self.ring()?.ids())
    }

    /// What envelopes of the current key begin with.
    pub(super) fn current_prefix(&self) -> Result<String, RingError> {
        let ring = self.ring()?;
        Ok(envelope::prefix(ring.current()?.0))
    }

    /// Puts a new key in front, in the file. Running servers use it from their next write on.
    pub fn add_key(&self, now: Timestamp) -> Result<KeyId, VaultChange> {
        self.change(|ring| ring.add(now))
    }

    /// Takes away the keys that no row uses any more.
    pub fn retire(&self, usage: &[Usage], now: Timestamp) -> Result<Vec<KeyId>, VaultChange> {
        let used = usage.iter().filter_map(|usage| usage.key_prefix.as_deref());
        let used: Vec<KeyId> = used.filter_map(envelope::key_of_prefix).collect();
        self.change(|ring| Ok(ring.retire(&used, now)))
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Ring) -> Result<T, RingError>,
    ) -> Result<T, VaultChange> {
        let KeySource::File(path) = &self.source else { return Err(VaultChange::Given) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ring = Ring::read(path)?.ok_or(RingError::Empty)?;
        let changed = change(&mut ring)?;
        ring.write(path)?;
        *read = Read { ring, stamp: stamp(&self.source) };
        Ok(changed)
    }

    /// The keys as they are now: read again when the file changed.
    fn ring(&self) -> Result<Ring, RingError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.source);
        if now.is_some()
            && now != read.stamp
            && let Some(ring) = self.source.read()?
        {
            *read = Read { ring, stamp: now };
        }
        Ok(read.ring.clone())
    }
}

/// Why the ring was not changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultChange {
    /// The keys are the environment's.
    #[error("the keys come from LOKET_MAILBOX_KEYS: put the new key in front there, and restart")]
    Given,
    /// The file cannot be used.
    #[error(transparent)]
    Ring(#[from] RingError),
}

fn stamp(source: &KeySource) -> Option<Stamp> {
    let KeySource::File(path) = source else { return None };
    let file = std::fs::metadata(path).ok()?;
    Some(Stamp {
        inode: file.ino(),
        length: file.len(),
        seconds: file.mtime(),
        nanoseconds: file.mtime_nsec(),
    })
}

/// The keys that rows are closed with and that are not among `known`, each with how many rows.
pub fn unknown_keys(usage: &[Usage], known: &[KeyId]) -> Vec<(String, i64)> {
    let mut lost: Vec<(String, i64)> = Vec::new();
    for usage in usage {
        let Some(prefix) = &usage.key_prefix else { continue };
        let id = envelope::key_of_prefix(prefix);
        if id.is_some_and(|id| known.contains(&id)) {
            continue;
        }
        let id = id.map_or_else(|| "unreadable".to_owned(), |id| id.to_string());
        match lost.iter_mut().find(|(other, _)| *other == id) {
            Some((_, secrets)) => *secrets = secrets.saturating_add(usage.secrets),
            None => lost.push((id, usage.secrets)),
        }
    }
    lost
}
