//! The keys that close mailbox passwords: a file of mode 0600, newest first, or the environment.
//!
//! A key's id is made from the key, so a wrong key cannot pass for the right one. The first key
//! closes; all of them open.

use std::fmt::{self, Write as _};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::random;

/// The first line of the file.
const HEADING: &str = "# Loket's keys for mailbox passwords, newest first. Back this file up: \
    without it every shop has to give its password again.";
/// A random key practically never has fewer different bytes among its 32.
const LEAST_DIFFERENT_BYTES: usize = 16;

/// Names a key: the beginning of its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(super) [u8; 6]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key of the ring.
#[derive(Clone)]
struct RingKey {
    id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
    /// When it became the current one; none where it came from the environment.
    since: Option<Timestamp>,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// Others can read the file.
    #[error("the key file {path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A key is no Base64 of 32 bytes.
    #[error(
        "key {0} of the ring is not 32 bytes in Base64; make one with: openssl rand -base64 32"
    )]
    Short(usize),
    /// A key that is not random.
    #[error(
        "key {0} of the ring is an example or was typed by hand; make one with: openssl rand -base64 32"
    )]
    Example(usize),
    /// The id beside a key is another key's.
    #[error("key {0} of the ring is damaged: restore the file from a backup")]
    Damaged(usize),
    /// There is no key in it.
    #[error("the ring has no key: restore the file from a backup")]
    Empty,
    /// The file cannot be read or written.
    #[error("the key file {path} cannot be used")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No random bytes could be had.
    #[error("no random bytes could be had")]
    Random(#[source] io::Error),
}

/// Keys, the current one first.
#[derive(Clone)]
pub struct Ring {
    keys: Vec<RingKey>,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| key.id)).finish()
    }
}

impl Ring {
    /// A ring of one new key.
    pub fn new(now: Timestamp) -> Result<Self, RingError> {
        Ok(Self { keys: vec![new_key(now)?] })
    }

    /// Keys as Base64, newest first, separated by commas.
    pub fn parse_list(text: &str) -> Result<Self, RingError> {
        let parse = |(number, text): (usize, &str)| {
            let bytes = decode(number, text.trim())?;
            Ok(RingKey { id: key_id(&bytes), bytes, since: None })
        };
        Self::of((1..).zip(text.split(',')).map(parse).collect::<Result<_, _>>()?)
    }

    /// Reads a file; `None` when there is none. A file that others can read is refused.
    pub fn read(path: &Path) -> Result<Option<Self>, RingError> {
        let failed = |source| RingError::File { path: path.to_owned(), source };
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed)?,
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(RingError::Open { path: path.to_owned(), mode });
        }
        let text = Zeroizing::new(io::read_to_string(file).map_err(failed)?);
        Self::parse_file(&text).map(Some)
    }

    fn parse_file(text: &str) -> Result<Self, RingError> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parse = |(number, line): (usize, &str)| {
            let mut words = line.split_whitespace();
            let (first, second) = (words.next().unwrap_or_default(), words.next());
            // A line of only a key is one somebody put there by hand.
            let (id, key) = second.map_or((None, first), |key| (Some(first), key));
            let bytes = decode(number, key)?;
            let key = RingKey {
                id: key_id(&bytes),
                bytes,
                since: words.next().and_then(|since| since.parse().ok()),
            };
            match id {
                Some(id) if id != key.id.to_string() => Err(RingError::Damaged(number)),
                _ => Ok(key),
            }
        };
        Self::of((1..).zip(lines).map(parse).collect::<Result<_, _>>()?)
    }

    fn of(keys: Vec<RingKey>) -> Result<Self, RingError> {
        if keys.is_empty() { Err(RingError::Empty) } else { Ok(Self { keys }) }
    }

    /// Writes the file whole or not at all: beside it, flushed, then renamed.
    pub fn write(&self, path: &Path) -> Result<(), RingError> {
        let failed = |source| RingError::File { path: path.to_owned(), source };
        self.try_write(path).map_err(failed)
    }

    fn try_write(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let beside = path.with_extension(format!("new{}", std::process::id()));
        let mut text = Zeroizing::new(format!("{HEADING}\n"));
        for key in &self.keys {
            let encoded = Zeroizing::new(STANDARD.encode(key.bytes.as_slice()));
            let since = key.since.map(|since| since.to_string()).unwrap_or_default();
            // Writing to a String does not fail.
            let _ = writeln!(text, "{} {} {since}", key.id, *encoded);
        }
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(directory)?.sync_all()
    }

    /// Puts a new key in front.
    pub fn add(&mut self, now: Timestamp) -> Result<KeyId, RingError> {
        let key = new_key(now)?;
        let id = key.id;
        self.keys.insert(0, key);
        Ok(id)
    }

    /// Takes away the keys that nothing is closed with, except the current one and any that was
    /// current less than an hour ago: a server may just be writing with it. Returns their ids.
    pub fn retire(&mut self, in_use: &[KeyId], now: Timestamp) -> Vec<KeyId> {
        let hour_ago = now.checked_sub(1.hour()).unwrap_or(Timestamp::MIN);
        // A key was current until the one in front of it came.
        let until: Vec<Option<Timestamp>> =
            std::iter::once(None).chain(self.keys.iter().map(|key| key.since)).collect();
        let mut gone = Vec::new();
        let mut number = 0_usize;
        self.keys.retain(|key| {
            let replaced = until.get(number).copied().flatten();
            let current = number == 0;
            number = number.saturating_add(1);
            let lately = replaced.is_some_and(|at| at > hour_ago);
            let keep = current || lately || in_use.contains(&key.id);
            if !keep {
                gone.push(key.id);
            }
            keep
        });
        gone
    }

    /// The ids, the current one first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(|key| key.id).collect()
    }

    /// The key that closes.
    pub(super) fn current(&self) -> Result<(KeyId, &[u8; 32]), RingError> {
        self.keys.first().map(|key| (key.id, &*key.bytes)).ok_or(RingError::Empty)
    }

    /// The key with this id.
    pub(super) fn find(&self, id: KeyId) -> Option<&[u8; 32]> {
        self.keys.iter().find(|key| key.id == id).map(|key| &*key.bytes)
    }
}

fn new_key(now: Timestamp) -> Result<RingKey, RingError> {
    let bytes = Zeroizing::new(random::<32>().map_err(RingError::Random)?);
    Ok(RingKey { id: key_id(&bytes), bytes, since: Some(now) })
}

fn key_id(bytes: &[u8; 32]) -> KeyId {
    let digest = Sha256::new().chain_update(b"loket key id").chain_update(bytes).finalize();
    let mut id = [0; 6];
    id.iter_mut().zip(digest).for_each(|(place, byte)| *place = byte);
    KeyId(id)
}

fn decode(number: usize, text: &str) -> Result<Zeroizing<[u8; 32]>, RingError> {
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| RingError::Short(number))?);
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| RingError::Short(number))?;
    let key = Zeroizing::new(key);
    let mut different = key.to_vec();
    different.sort_unstable();
    different.dedup();
    let typed = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    // What documents show as an example is typed text.
    if typed || different.len() < LEAST_DIFFERENT_BYTES {
        return Err(RingError::Example(number));
    }
    Ok(key)
}
