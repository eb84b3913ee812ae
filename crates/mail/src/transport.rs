//! Where the bytes of an answer go: one enum, a variant per kind of transport.
//!
//! Sending is idempotent by Message-ID where the other side allows it, and after an unknown
//! outcome [`Transport::contains`] answers whether the mail is there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A way to hand over mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// A Maildir that takes the outgoing mail; its folders are made when absent.
    Maildir(PathBuf),
}

/// Why a mail was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The directory could not be written or read. Whether the mail is there is unknown:
    /// ask [`Transport::contains`] before trying again.
    #[error("the mail directory at {path} could not be used")]
    Directory {
        /// The Maildir.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Transport {
    /// Hands over one mail. When it returns `Ok`, the mail survives a power cut. Sending the
    /// same Message-ID again replaces the same file: there is never a second one in `new/`.
    pub fn send(&self, message_id: &str, bytes: &[u8]) -> Result<(), TransportError> {
        match self {
            Self::Maildir(path) => deliver(path, message_id, bytes)
                .map_err(|source| TransportError::Directory { path: path.clone(), source }),
        }
    }

    /// Whether a mail with this Message-ID was handed over ("look in Sent").
    pub fn contains(&self, message_id: &str) -> Result<bool, TransportError> {
        match self {
            Self::Maildir(path) => is_there(path, message_id)
                .map_err(|source| TransportError::Directory { path: path.clone(), source }),
        }
    }
}

fn deliver(maildir: &Path, message_id: &str, bytes: &[u8]) -> io::Result<()> {
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(maildir.join(folder))?;
    }
    if is_there(maildir, message_id)? {
        return Ok(());
    }
    let name = file_name(message_id);
    // The process number keeps two senders of one mail apart until the rename.
    let temporary = maildir.join("tmp").join(format!("{name}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let folder = maildir.join("new");
    fs::rename(&temporary, folder.join(&name))?;
    File::open(&folder)?.sync_all()
}

fn is_there(maildir: &Path, message_id: &str) -> io::Result<bool> {
    let name = file_name(message_id);
    if maildir.join("new").try_exists().unwrap_or(false)
        && maildir.join("new").join(&name).try_exists()?
    {
        return Ok(true);
    }
    // A reader may have moved it on, adding flags behind a colon.
    let entries = match fs::read_dir(maildir.join("cur")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let found = entry?.file_name();
        if found.to_string_lossy().split(':').next() == Some(name.as_str()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Derived from the Message-ID alone and safe in every file system.
fn file_name(message_id: &str) -> String {
    let id = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    let digest = Sha256::digest(id.as_bytes());
    let mut name = crate::message_id::to_hex(digest.iter().take(20));
    name.push_str(".loket");
    name
}
