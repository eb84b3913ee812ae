//! Where the private Postgres keeps its things, and who may touch them.
//!
//! Inside `<data-dir>/postgres/` (or, where root's server cannot get there, inside a directory
//! under `/var/lib/loket` that `moved-to` names):
//!
//! | name | what | owner |
//! |---|---|---|
//! | `lock` | held for life by the Loket that works here; its process id | Loket |
//! | `cluster/` | Postgres' own data directory, its logs under `log/` | the server |
//! | `cluster.new-*` | an initdb that was not finished; removed at the next start | the server |
//! | `socket-*/` | the Unix socket, mode 0700 | the server |
//! | `socket-directory` | where the socket is when this path is too long for one | Loket |
//! | `startup.log` | what the server said before its log opened | Loket |
//! | `port`, `password` | only where TCP was asked for, mode 0600 | Loket |

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use uuid::Uuid;

use super::account::Account;
use super::error::{Error, Explain};

/// The longest path a Unix socket may have, in bytes.
const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
/// What Postgres appends to the directory, at its longest.
const SOCKET_NAME: &str = "/.s.PGSQL.65535";
/// Root may be run on an ordinary user's data directory, and must not be led astray in it.
const NO_SYMLINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
/// How long a lock may stay taken before its holder is named.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
/// Directories and files are numbered until a free name is found; this many are tried.
const NAMES: u32 = 10_000;

/// The directory that holds everything of the private Postgres.
#[derive(Debug)]
pub(super) struct Place {
    /// `<data-dir>/postgres`.
    anchor: PathBuf,
    /// The same, or what `moved-to` names.
    home: PathBuf,
    /// Held open for life: closing it gives the lock back.
    locks: Vec<File>,
}

impl Place {
    /// Opens (or makes) the place for `data_dir` and takes its lock.
    pub(super) fn open(data_dir: &Path) -> Result<Self, Error> {
        if !data_dir.exists() {
            fs::create_dir_all(data_dir).explain("making", data_dir)?;
            set_mode(data_dir, 0o711)?;
        }
        let data_dir = fs::canonicalize(data_dir).explain("reading", data_dir)?;
        let anchor = data_dir.join("postgres");
        make_directory(&anchor, 0o711)?;
        let locks = vec![lock(&anchor, &data_dir)?];
        let pointer = anchor.join("moved-to");
        let mut place = Self { home: anchor.clone(), anchor, locks };
        if let Some(directory) = read_if_there(&pointer)? {
            let directory = PathBuf::from(directory.trim_end_matches('\n'));
            if !directory.join("cluster").exists() && !directory.join("belongs-to").exists() {
                return Err(Error::Gone { directory, pointer });
            }
            place.locks.push(lock(&directory, &data_dir)?);
            place.home = directory;
        }
        Ok(place)
    }

    /// Makes sure the server's account can get here; a new cluster is put under `elsewhere` when
    /// it cannot. Returns that directory if it was chosen just now.
    pub(super) async fn settle(
        &mut self,
        account: &Account,
        elsewhere: &Path,
    ) -> Result<Option<PathBuf>, Error> {
        let Some(closed_at) = account.closed_at(&self.home).await else { return Ok(None) };
        let unreachable = |directory: &Path, fallback: String| Error::Unreachable {
            account: account.name.clone(),
            directory: directory.to_owned(),
            closed_at: closed_at.clone(),
            fallback,
        };
        if self.cluster().exists() {
            return Err(unreachable(&self.home, "a database is already there".to_owned()));
        }
        let home = make_elsewhere(elsewhere, &self.anchor).map_err(|error| {
            unreachable(&self.home, format!("nor would another place do: {error}"))
        })?;
        if let Some(closed) = account.closed_at(&home).await {
            let reason = format!("nor {}, closed at {}", home.display(), closed.display());
            return Err(unreachable(&self.home, reason));
        }
        self.locks.push(lock(&home, &self.anchor)?);
        write_atomically(&self.anchor.join("moved-to"), &home.to_string_lossy(), 0o644, None)?;
        self.home.clone_from(&home);
        Ok(Some(home))
    }

    /// Postgres' own data directory.
    pub(super) fn cluster(&self) -> PathBuf {
        self.home.join("cluster")
    }

    /// A file or directory beside the cluster.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// An empty directory for initdb to fill. Whatever an interrupted initdb left is removed;
    /// where that fails (its orphan may still be writing) it waits for the next start. The name is
    /// never used twice: an orphan that finds its work gone tidies up after itself by name.
    pub(super) fn unfinished_cluster(&self, account: &Account) -> Result<PathBuf, Error> {
        for entry in fs::read_dir(&self.home).explain("reading", &self.home)? {
            let entry = entry.explain("reading", &self.home)?;
            if entry.file_name().to_string_lossy().starts_with("cluster.new-")
                && let Err(error) = fs::remove_dir_all(entry.path())
            {
                tracing::warn!(directory = %entry.path().display(), %error, "left for later");
            }
        }
        let directory = self.home.join(format!("cluster.new-{}", Uuid::now_v7().simple()));
        private_builder().create(&directory).explain("making", &directory)?;
        set_mode(&directory, 0o700)?;
        account.give(&directory)?;
        Ok(directory)
    }

    /// Makes the finished cluster visible under its name, all at once.
    pub(super) fn finish_cluster(&self, unfinished: &Path) -> Result<(), Error> {
        let cluster = self.cluster();
        fs::rename(unfinished, &cluster).explain("renaming", unfinished)?;
        File::open(&self.home)
            .and_then(|directory| directory.sync_all())
            .explain("flushing", &self.home)
    }

    /// The directory for the socket: here, or a short one where this path is too long.
    ///
    /// Named after the cluster's inode, so that two clusters never share one. Where somebody
    /// deletes the data directory under a running server and begins anew, the old server notices
    /// within a minute, ends, and removes the socket at its path: that must not be the new one's.
    pub(super) fn socket_directory(&self, account: &Account) -> Result<PathBuf, Error> {
        let cluster = self.cluster();
        let inode = fs::metadata(&cluster).explain("reading", &cluster)?.ino();
        let here = self.home.join(format!("socket-{inode}"));
        if fits(&here) {
            make_directory(&here, 0o700)?;
            account.give(&here)?;
            return Ok(here);
        }
        let note = self.home.join("socket-directory");
        if let Some(remembered) = read_if_there(&note)? {
            let remembered = PathBuf::from(remembered.trim_end_matches('\n'));
            if is_private(&remembered, account) {
                return Ok(remembered);
            }
            // Temporary directories go at a reboot. Taking the same name again keeps the address
            // for whoever has it; somebody else's directory of that name is never used.
            if private_builder().create(&remembered).is_ok() {
                set_mode(&remembered, 0o700)?;
                account.give(&remembered)?;
                return Ok(remembered);
            }
        }
        let mut tried = Vec::new();
        for parent in ["/tmp", "/var/tmp"].map(Path::new) {
            match make_numbered(parent, &format!("loket-{}-", account.uid), 0o700) {
                Ok(directory) => {
                    account.give(&directory)?;
                    write_atomically(&note, &directory.to_string_lossy(), 0o644, None)?;
                    return Ok(directory);
                }
                Err(error) => tried.push(error.to_string()),
            }
        }
        Err(Error::NoSocketDirectory { detail: tried.join("; ") })
    }
}

/// Writes beside `path` and renames, so that a reader or a crash sees the old or the new content.
/// Never follows a symlink at `path`: root writes this way into directories the server owns.
pub(super) fn write_atomically(
    path: &Path,
    content: &str,
    mode: u32,
    owner: Option<&Account>,
) -> Result<(), Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).explain("removing", &temporary);
        }
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)
        .explain("making", &temporary)?;
    if let Some(account) = owner.filter(|account| account.switch) {
        std::os::unix::fs::fchown(&file, Some(account.uid), Some(account.gid))
            .explain("handing over", &temporary)?;
    }
    file.write_all(content.as_bytes())
        .and_then(|()| file.sync_all())
        .explain("writing", &temporary)?;
    fs::rename(&temporary, path).explain("writing", path)
}

/// An empty file to write to. Like [`write_atomically`], never through a symlink.
pub(super) fn emptied(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(NO_SYMLINK)
        .open(path)
        .explain("making", path)
}

/// A text file's content; `None` where there is no such file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).explain("reading", path),
    }
}

/// Takes the lock, or says who has it. Child processes do not inherit the file, but between its
/// fork and its exec a child of this process holds it a moment longer than we do: hence the
/// patience.
fn lock(home: &Path, data_dir: &Path) -> Result<File, Error> {
    let path = home.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(NO_SYMLINK)
        .open(&path)
        .explain("opening", &path)?;
    let deadline = Instant::now() + LOCK_PATIENCE;
    let taken = loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            taken => break taken,
        }
    };
    match taken {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).explain("reading", &path)?;
            let pid = if pid.trim().is_empty() { "unknown" } else { pid.trim() }.to_owned();
            return Err(Error::InUse { directory: data_dir.to_owned(), pid });
        }
        Err(error) => return Err(error).explain("locking", &path),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .explain("writing", &path)?;
    Ok(file)
}

/// A new directory under `base`, which says whom it belongs to.
fn make_elsewhere(base: &Path, anchor: &Path) -> Result<PathBuf, Error> {
    if !base.exists() {
        fs::create_dir_all(base).explain("making", base)?;
        set_mode(base, 0o711)?;
    }
    let home = make_numbered(base, "postgres-", 0o711)?;
    write_atomically(&home.join("belongs-to"), &anchor.to_string_lossy(), 0o644, None)?;
    Ok(home)
}

/// The first free `parent/PREFIXnumber`, made in one step so that two cannot get the same.
fn make_numbered(parent: &Path, prefix: &str, mode: u32) -> Result<PathBuf, Error> {
    for number in 1..=NAMES {
        let directory = parent.join(format!("{prefix}{number}"));
        match private_builder().create(&directory) {
            Ok(()) => {
                set_mode(&directory, mode)?;
                return Ok(directory);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).explain("making", &directory),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists)).explain("making a name in", parent)
}

fn private_builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Makes `directory` unless it is there, and sets its mode whatever the umask says.
fn make_directory(directory: &Path, mode: u32) -> Result<(), Error> {
    match private_builder().create(directory) {
        Ok(()) => set_mode(directory, mode),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).explain("making", directory),
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .explain("setting permissions of", path)
}

/// Whether a socket in `directory` keeps to the limit, and its name can stand in a settings file.
fn fits(directory: &Path) -> bool {
    directory.to_str().is_some_and(|text| {
        text.len() + SOCKET_NAME.len() <= SOCKET_PATH_LIMIT && !text.contains('\n')
    })
}

/// A real directory (no symlink) of the server's account that nobody else can enter.
fn is_private(directory: &Path, account: &Account) -> bool {
    fs::symlink_metadata(directory).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == account.uid && metadata.mode() & 0o777 == 0o700
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_of_107_bytes_fits_and_one_of_108_does_not() {
        let longest = SOCKET_PATH_LIMIT - SOCKET_NAME.len();
        assert!(fits(Path::new(&"d".repeat(longest))));
        assert!(!fits(Path::new(&"d".repeat(longest + 1))));
    }
}
