//! A mailbox that is a directory: `new/` and `cur/`, one file per message, the part of the
//! file name before `:` unique and unchanging (<https://cr.yp.to/proto/maildir.html>).
//!
//! The directory belongs to the shop and is only read. Which name got which uid is kept in
//! an index file of our own, one line per message, appended and flushed to disk before a uid
//! is handed out. So uids stay the same over restarts, moves from `new/` to `cur/` and
//! changes of flags, and a mail that comes back out of the spam folder gets a new, higher
//! uid of its own and is not missed.
//!
//! Cost: a poll of an unchanged mailbox is two `stat` calls, whatever its size. A changed
//! one costs one listing of names; only new files are looked at, only wanted ones are read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use crate::mailbox::{Batch, Cursor, Fetched, MAX_RAW_BYTES, MailboxError};

/// A batch stops after this many bytes, so that a mailbox of large mails does not fill memory.
const MAX_BATCH_BYTES: u64 = 64 * 1024 * 1024;
/// A directory that changed within this time before it was listed may change again without
/// its time of change moving on; it is listed once more.
const UNSETTLED: Duration = Duration::from_secs(2);
/// First line of the index file, followed by the uidvalidity.
const INDEX_HEADER: &str = "loket-maildir-index 1 ";

/// A Maildir, with the uids of its messages.
#[derive(Debug)]
pub struct Maildir {
    directory: PathBuf,
    index_path: PathBuf,
    uidvalidity: u32,
    /// Unique part of the file name to uid, for all messages ever seen.
    uids: HashMap<String, u32>,
    /// Uid to the place where the file was last seen.
    present: BTreeMap<u32, PathBuf>,
    last_uid: u32,
    listed: Option<Listing>,
}

/// When the directories were last listed, and how they looked.
#[derive(Debug, Clone, Copy)]
struct Listing {
    changed: [Option<SystemTime>; 2],
    first_seen_so: Instant,
    listed_at: Instant,
}

impl Maildir {
    /// Opens the mailbox at `directory`, with its index at `index_path` (made when absent,
    /// in a directory that exists and is ours).
    ///
    /// Two processes must not use one index at the same time: the mailbox lease sees to that.
    pub fn open(
        directory: impl Into<PathBuf>,
        index_path: impl Into<PathBuf>,
    ) -> Result<Self, MailboxError> {
        let (directory, index_path) = (directory.into(), index_path.into());
        let index = read_or_make_index(&index_path)
            .map_err(|source| MailboxError::Index { path: index_path.clone(), source })?;
        let last_uid = index.uids.values().copied().max().unwrap_or(0);
        Ok(Self {
            directory,
            index_path,
            uidvalidity: index.uidvalidity,
            uids: index.uids,
            present: BTreeMap::new(),
            last_uid,
            listed: None,
        })
    }

    /// The next messages after `cursor`, oldest first, at most `limit`.
    pub fn fetch_after(&mut self, cursor: &Cursor, limit: usize) -> Result<Batch, MailboxError> {
        self.refresh()?;
        let after = if cursor.uidvalidity == self.uidvalidity { cursor.uid } else { 0 };
        let mut batch = Batch {
            cursor: Cursor { uidvalidity: self.uidvalidity, uid: after },
            ..Batch::default()
        };
        let Some(first) = after.checked_add(1) else { return Ok(batch) };
        let wanted: Vec<(u32, PathBuf)> = self
            .present
            .range(first..)
            .take(limit)
            .map(|(uid, path)| (*uid, path.clone()))
            .collect();
        let mut all_read = wanted.len() < limit;
        let mut bytes = 0_u64;
        for (uid, path) in wanted {
            if bytes >= MAX_BATCH_BYTES {
                all_read = false;
                break;
            }
            if let Some(fetched) = self.read(uid, &path)? {
                bytes = bytes.saturating_add(fetched.raw.len() as u64);
                batch.messages.push(fetched);
            }
            batch.cursor.uid = uid;
        }
        if all_read {
            batch.cursor.uid = batch.cursor.uid.max(self.last_uid);
        }
        // Uids leave no gaps, so whatever was numbered and not read is gone.
        let read: HashSet<u32> = batch.messages.iter().map(|message| message.uid).collect();
        batch.vanished = (first..=batch.cursor.uid).filter(|uid| !read.contains(uid)).collect();
        Ok(batch)
    }

    /// The cursor behind everything that is there now.
    pub fn latest(&mut self) -> Result<Cursor, MailboxError> {
        self.refresh()?;
        Ok(Cursor { uidvalidity: self.uidvalidity, uid: self.last_uid })
    }

    /// Reads one message; when it is no longer where it was listed, looks for it once more.
    fn read(&mut self, uid: u32, path: &Path) -> Result<Option<Fetched>, MailboxError> {
        match read_file(path) {
            Ok(file) => return Ok(Some(self.fetched(uid, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(MailboxError::Unreadable { path: path.into(), source }),
        }
        self.listed = None;
        self.refresh()?;
        let Some(moved) = self.present.get(&uid) else { return Ok(None) };
        match read_file(moved) {
            Ok(file) => Ok(Some(self.fetched(uid, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(MailboxError::Unreadable { path: moved.clone(), source }),
        }
    }

    fn fetched(
        &self,
        uid: u32,
        (raw, size_bytes, received_at): (Vec<u8>, u64, Timestamp),
    ) -> Fetched {
        Fetched { uidvalidity: self.uidvalidity, uid, received_at, raw, size_bytes }
    }

    /// Lists the directories again if they may have changed, and gives new files a uid.
    fn refresh(&mut self) -> Result<(), MailboxError> {
        let folders = [self.directory.join("new"), self.directory.join("cur")];
        let changed =
            folders.each_ref().map(|folder| fs::metadata(folder).and_then(|m| m.modified()).ok());
        let now = Instant::now();
        if self.listed.is_some_and(|listing| listing.still_holds(&changed)) {
            return Ok(());
        }
        let mut present = BTreeMap::new();
        let mut unknown = Vec::new();
        for folder in &folders {
            self.list(folder, &mut present, &mut unknown)?;
        }
        unknown.sort();
        unknown.dedup_by(|a, b| a.1 == b.1);
        self.number(unknown, &mut present)?;
        self.present = present;
        let first_seen_so = match self.listed {
            Some(listing) if listing.changed == changed => listing.first_seen_so,
            _ => now,
        };
        self.listed = Some(Listing { changed, first_seen_so, listed_at: now });
        Ok(())
    }

    fn list(
        &self,
        folder: &Path,
        present: &mut BTreeMap<u32, PathBuf>,
        unknown: &mut Vec<(SystemTime, String, PathBuf)>,
    ) -> Result<(), MailboxError> {
        let unreadable = |source| MailboxError::Unreadable { path: folder.into(), source };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') || name.contains('\n') {
                continue;
            }
            let unique = name.split(':').next().unwrap_or_default();
            if let Some(uid) = self.uids.get(unique) {
                present.insert(*uid, entry.path());
                continue;
            }
            // Links and directories are no messages; a file may vanish while we look.
            let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
            if metadata.is_file() {
                let arrived = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                unknown.push((arrived, unique.to_owned(), entry.path()));
            }
        }
        Ok(())
    }

    /// Appends new names to the index, flushed to disk, before their uids are used.
    fn number(
        &mut self,
        unknown: Vec<(SystemTime, String, PathBuf)>,
        present: &mut BTreeMap<u32, PathBuf>,
    ) -> Result<(), MailboxError> {
        if unknown.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        let mut given = Vec::with_capacity(unknown.len());
        let mut uid = self.last_uid;
        for (_, unique, path) in unknown {
            uid = uid.checked_add(1).ok_or(MailboxError::UidsUsedUp)?;
            let _ = writeln!(lines, "{uid} {unique}");
            given.push((uid, unique, path));
        }
        append_durably(&self.index_path, &lines)
            .map_err(|source| MailboxError::Index { path: self.index_path.clone(), source })?;
        self.last_uid = uid;
        for (uid, unique, path) in given {
            self.uids.insert(unique, uid);
            present.insert(uid, path);
        }
        Ok(())
    }
}

impl Listing {
    fn still_holds(&self, changed: &[Option<SystemTime>; 2]) -> bool {
        self.changed == *changed
            && changed.iter().all(Option::is_some)
            && self.listed_at.duration_since(self.first_seen_so) >= UNSETTLED
    }
}

struct Index {
    uidvalidity: u32,
    uids: HashMap<String, u32>,
}

fn read_or_make_index(path: &Path) -> io::Result<Index> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return make_index(path),
        Err(error) => return Err(error),
    };
    let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    // A line without its end was cut off by a crash before the uid was handed out.
    let whole =
        text.rfind('\n').and_then(|end| text.split_at_checked(end + 1)).unwrap_or_default().0;
    if whole.is_empty() {
        // Cut off while it was made: no uid was handed out, so a new numbering harms nobody.
        return make_index(path);
    }
    if whole.len() < text.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole.len() as u64)?;
    }
    let mut lines = whole.lines();
    let uidvalidity = lines
        .next()
        .and_then(|line| line.strip_prefix(INDEX_HEADER))
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| damaged("its first line is not ours"))?;
    let mut uids = HashMap::new();
    for line in lines {
        let (uid, unique) = line.split_once(' ').ok_or_else(|| damaged("a line has no uid"))?;
        uids.insert(unique.to_owned(), uid.parse().map_err(|_| damaged("a uid is no number"))?);
    }
    Ok(Index { uidvalidity, uids })
}

/// A new numbering, whole or not there at all. Its uidvalidity is the file system's time of
/// making, in seconds: a mailbox whose index was lost gets another one, as RFC 3501 asks.
fn make_index(path: &Path) -> io::Result<Index> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let mut file = File::create(&unfinished)?;
    let made = file.metadata()?.modified()?;
    let seconds = made.duration_since(SystemTime::UNIX_EPOCH).map_or(1, |age| age.as_secs());
    let uidvalidity = u32::try_from(seconds).unwrap_or(u32::MAX).max(1);
    file.write_all(format!("{INDEX_HEADER}{uidvalidity}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent)?.sync_all()?;
    }
    Ok(Index { uidvalidity, uids: HashMap::new() })
}

/// Appends whole lines. What a full disk left of them is taken back, so that the next lines
/// are not glued to a torn one.
fn append_durably(path: &Path, lines: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        file.set_len(before)?;
    }
    written
}

fn read_file(path: &Path) -> io::Result<(Vec<u8>, u64, Timestamp)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut raw = Vec::new();
    file.take(MAX_RAW_BYTES).read_to_end(&mut raw)?;
    let received_at = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Ok((raw, metadata.len(), received_at.unwrap_or(Timestamp::UNIX_EPOCH)))
}
