//! The file of a backup: one line of JSON that says what it is, then `pg_dump`'s custom format.
//! `tail -n +2 FILE | pg_restore --file=-` reads it without Loket.
//!
//! It holds no keys; it says which keys its mailbox passwords are closed with, and holds a few of
//! the envelopes, so that the keys can be tried before anything is put back.

use std::path::Path;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::TenantId;
use store::secrets::{Place, SecretRow};
use tokio::fs::File;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, BufReader,
};
use uuid::Uuid;

/// Which form this is.
const FORMAT: u32 = 1;
/// The line is never longer.
const MOST_HEADER: u64 = 64 * 1024;
/// Stands where the digest of the rest comes, until it is known: as long as it.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a backup says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Header {
    /// Which form of file; 1.
    pub loket_backup: u32,
    /// The database's own moment; all that was committed before is in it.
    pub taken_at: Timestamp,
    /// The program that made it.
    pub version: String,
    /// The newest migration that it has.
    pub migration: i32,
    /// Of the server it was taken from.
    pub server_version: String,
    /// Shops in it.
    pub shops: i64,
    /// Mails in it, as they came.
    pub mails: i64,
    /// The keys that mailbox passwords are closed with, and how many each closes.
    pub mailbox_keys: Vec<KeyInUse>,
    /// Some of those passwords, closed, to try the keys on.
    pub samples: Vec<Sample>,
    /// A digest that tells one key for Message-IDs from another; `None` where there was none.
    pub message_id_key: Option<String>,
    /// SHA-256 of what follows the line, in hexadecimal digits.
    pub sha256: String,
}

/// A key, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyInUse {
    /// Its id, or what stands for it in the envelopes of a key that is not here.
    pub key: String,
    /// How many passwords it closes.
    pub secrets: i64,
}

/// A closed password and where it lies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sample {
    /// The shop.
    pub tenant_id: Uuid,
    /// The column.
    pub place: Place,
    /// The row.
    pub row_id: Uuid,
    /// The envelope.
    pub envelope: String,
}

impl Sample {
    /// Which secret it is.
    pub const fn row(&self) -> SecretRow {
        SecretRow { tenant_id: TenantId(self.tenant_id), place: self.place, row_id: self.row_id }
    }
}

impl Header {
    /// The form that this program writes.
    pub const FORMAT: u32 = FORMAT;

    fn line(&self) -> anyhow::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        if line.len() as u64 > MOST_HEADER {
            bail!("what the backup says of itself is too long");
        }
        Ok(line)
    }
}

/// A backup that is being written: under another name until it is whole and on disk.
#[derive(Debug)]
pub struct Writing {
    file: File,
    header: Header,
    digest: Sha256,
    bytes: u64,
}

impl Writing {
    /// Begins. The file must not be there, and only its owner can read it.
    pub async fn begin(path: &Path, header: Header) -> anyhow::Result<Self> {
        let mut options = tokio::fs::OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let mut file = options
            .open(path)
            .await
            .with_context(|| format!("{} cannot be made", path.display()))?;
        let header = Header { sha256: NO_DIGEST.to_owned(), ..header };
        file.write_all(&header.line()?).await?;
        Ok(Self { file, header, digest: Sha256::new(), bytes: 0 })
    }

    /// Takes the next piece.
    pub async fn piece(&mut self, piece: &[u8]) -> std::io::Result<()> {
        self.digest.update(piece);
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        self.file.write_all(piece).await
    }

    /// Puts the digest into the line, which keeps its length, and waits for the disk. Returns how
    /// many bytes follow the line.
    pub async fn end(mut self) -> anyhow::Result<u64> {
        self.header.sha256 = hexadecimal(&self.digest.finalize());
        self.file.seek(std::io::SeekFrom::Start(0)).await?;
        self.file.write_all(&self.header.line()?).await?;
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(self.bytes)
    }
}

/// Opens a backup and reads all of it once. Refused when a byte of it is not what was written.
/// The reader stands behind the line.
pub async fn open(path: &Path) -> anyhow::Result<(Header, BufReader<File>)> {
    let (header, mut reader) = open_unread(path).await?;
    let mut digest = Sha256::new();
    let mut piece = vec![0_u8; 128 * 1024];
    loop {
        let read = reader.read(&mut piece).await?;
        match piece.get(..read) {
            Some(read) if !read.is_empty() => digest.update(read),
            _ => break,
        }
    }
    if hexadecimal(&digest.finalize()) != header.sha256 {
        bail!("{} is damaged or was not written to its end: use another backup", path.display());
    }
    open_unread(path).await
}

async fn open_unread(path: &Path) -> anyhow::Result<(Header, BufReader<File>)> {
    let file =
        File::open(path).await.with_context(|| format!("{} cannot be read", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    (&mut reader).take(MOST_HEADER).read_until(b'\n', &mut line).await?;
    let header: Header = serde_json::from_slice(&line)
        .with_context(|| format!("{} is no backup made by `loket backup`", path.display()))?;
    if header.loket_backup != FORMAT {
        bail!("{} was made by a newer program: use that one", path.display());
    }
    Ok((header, reader))
}

/// Tells one key from another, and nothing else of it.
pub fn fingerprint(key: &[u8]) -> String {
    let digest = Sha256::new().chain_update(b"loket key fingerprint").chain_update(key).finalize();
    hexadecimal(digest.get(..8).unwrap_or_default())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
