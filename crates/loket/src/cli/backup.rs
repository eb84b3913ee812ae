//! `loket backup`: a copy of the whole database in one file, taken while everything runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use store::backup::{self, Programs};
use store::managed::{self, Binaries, Options};
use store::secrets::SecretRow;
use tokio::io::AsyncReadExt as _;

use super::output;
use crate::backup_file::{Header, KeyInUse, Sample, Writing, fingerprint};
use crate::config::Common;
use crate::database::{self, Database};
use crate::keys;
use crate::secrets::unknown_keys;

/// Envelopes that go along, to try keys on.
const SAMPLES: u16 = 5;
/// Pieces on their way to the file.
const PIPE_BYTES: usize = 256 * 1024;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to write, which must not be there, or a directory to put one into. It holds all
    /// mail: keep it where only you can read it. Keys are not in it; copy `keys/` once, to
    /// another place.
    target: PathBuf,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let database = database::open_beside(common).await?;
    let made = make(common, &database, &arguments.target).await;
    database.stop().await?;
    let (path, header, bytes) = made?;
    output::line(&format!(
        "{}: {} shops, {} mails, as of {}, {} bytes",
        path.display(),
        header.shops,
        header.mails,
        header.taken_at,
        bytes
    ))?;
    for key in &header.mailbox_keys {
        output::line(&format!(
            "{} mailbox passwords are closed with key {}, which is not in the file",
            key.secrets, key.key
        ))?;
    }
    output::line("keep a copy of the keys apart from it: without them no mailbox opens again")
}

async fn make(
    common: &Common,
    database: &Database,
    target: &Path,
) -> anyhow::Result<(PathBuf, Header, u64)> {
    let header = describe(common, database).await?;
    let path = if target.is_dir() {
        let at = header.taken_at.strftime("%Y%m%dT%H%M%SZ");
        target.join(format!("loket-{at}.backup"))
    } else {
        target.to_owned()
    };
    if path.exists() {
        bail!("{} is there already: name another file", path.display());
    }
    // Whole or not at all: what was begun has another name.
    let mut begun = path.clone().into_os_string();
    begun.push(".part");
    let begun = PathBuf::from(begun);
    let writing = Writing::begin(&begun, header.clone()).await?;
    let written = write(common, database, writing).await;
    let done = match written {
        Ok(bytes) => std::fs::rename(&begun, &path).map(|()| bytes).map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    if done.is_err() {
        drop(std::fs::remove_file(&begun));
    }
    let bytes = done?;
    // The name has to be on disk as well.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok((path, header, bytes))
}

async fn write(common: &Common, database: &Database, mut writing: Writing) -> anyhow::Result<u64> {
    let programs = programs(common).await;
    let (mut into, mut from) = tokio::io::duplex(PIPE_BYTES);
    let dump = async {
        let dumped = backup::dump(&database.owner, &programs, &mut into).await;
        drop(into);
        dumped
    };
    let keep = async {
        let mut piece = vec![0_u8; PIPE_BYTES];
        loop {
            let read = from.read(&mut piece).await?;
            match piece.get(..read) {
                Some(read) if !read.is_empty() => writing.piece(read).await?,
                _ => return Ok::<_, std::io::Error>(writing),
            }
        }
    };
    let (dumped, kept) = tokio::join!(dump, keep);
    let writing = kept.context("the backup could not be written")?;
    dumped.context("the database could not be copied")?;
    writing.end().await
}

async fn describe(common: &Common, database: &Database) -> anyhow::Result<Header> {
    if backup::auth_is_foreign(&database.owner).await? {
        bail!(
            "people's accounts are Supabase's on this database, and would not be in the file: use \
             Supabase's backups, and run `loket restore --as-of TIME` after one was put back"
        );
    }
    // Asked before the copy begins: what is sent from here on is looked for again.
    let contents = backup::contents(&database.owner).await?;
    let usage = store::secrets::usage(&database.store).await?;
    let mailbox_keys = unknown_keys(&usage, &[])
        .into_iter()
        .map(|(key, secrets)| KeyInUse { key, secrets })
        .collect();
    // No envelope begins like this, so that every one is told of.
    let rows = store::secrets::to_renew(&database.store, "-", None, SAMPLES).await?;
    let mut samples = Vec::new();
    for row in rows {
        samples.extend(sample(database, row).await?);
    }
    let message_id = keys::existing(&common.data_dir, "message-id")?;
    Ok(Header {
        loket_backup: Header::FORMAT,
        taken_at: contents.taken_at,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        migration: store::migrate::MIGRATIONS.last().map_or(0, |migration| migration.version),
        server_version: contents.server_version,
        shops: contents.shops,
        mails: contents.mails,
        mailbox_keys,
        samples,
        message_id_key: message_id.map(|key| fingerprint(key.bytes())),
        sha256: String::new(),
    })
}

async fn sample(database: &Database, row: SecretRow) -> anyhow::Result<Option<Sample>> {
    let read = async |tx: &store::TenantTx| store::secrets::read(tx, row).await;
    let envelope = database.store.as_worker(row.tenant_id, read).await?;
    let SecretRow { tenant_id, place, row_id } = row;
    Ok(envelope.map(|envelope| Sample { tenant_id: tenant_id.0, place, row_id, envelope }))
}

/// Postgres' programs: beside the server's own where they are found, else on `PATH`.
pub async fn programs(common: &Common) -> Programs {
    let mut options = Options::new(common.data_dir.clone());
    if let Some(directory) = &common.postgres_bin {
        options.binaries = Binaries::In(directory.clone());
    }
    let seen = managed::look(&options).await;
    Programs { directory: seen.ok().map(|seen| seen.programs.0) }
}
