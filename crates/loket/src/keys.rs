//! The secrets in the data directory: made on first use, mode 0600, never printed.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A secret of 32 random bytes.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

/// The directory of keys below the data directory.
fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// The key called `name`; made when absent. A key that others can read is refused, because
/// whoever read it once can use it for ever.
pub fn key(data_dir: &Path, name: &str) -> anyhow::Result<Key> {
    let directory = directory(data_dir);
    fs::create_dir_all(&directory)
        .with_context(|| format!("the key directory {} cannot be made", directory.display()))?;
    fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    let path = directory.join(format!("{name}.key"));
    if !path.exists() {
        make(&path).with_context(|| format!("the key {} cannot be made", path.display()))?;
    }
    read(&path)
}

/// How many keys there are; an error names the first that cannot be used. Makes none.
pub fn check(data_dir: &Path) -> anyhow::Result<usize> {
    let directory = directory(data_dir);
    let entries = fs::read_dir(&directory)
        .with_context(|| format!("the key directory {} cannot be read", directory.display()))?;
    let mut count = 0;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "key") {
            read(&path)?;
            count += 1;
        }
    }
    Ok(count)
}

/// The key called `name`, if it was made already.
pub fn existing(data_dir: &Path, name: &str) -> anyhow::Result<Option<Key>> {
    let path = directory(data_dir).join(format!("{name}.key"));
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

fn read(path: &Path) -> anyhow::Result<Key> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "the key {} can be read by others (mode {:o}); run: chmod 600 {}",
            path.display(),
            mode & 0o777,
            path.display()
        );
    }
    let bytes = fs::read(path)?;
    if bytes.len() != 32 {
        bail!("the key {} is damaged: restore it from a backup", path.display());
    }
    Ok(Key(bytes))
}

/// Writes under another name first, so that a half-written key is never found.
fn make(path: &Path) -> io::Result<()> {
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let temporary = path.with_extension(format!("new{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    // Two starting at once: the first one's key stays.
    match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(&temporary),
    }
}
