//! `loket restore`: puts a backup in the place of the database.
//!
//! Afterwards every shop catches up before it answers or sends anything: see `pipeline::recover`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use store::backup::{self, PutBack};
use store::managed::OnProgress;
use store::{Config, migrate};

use super::backup::programs;
use super::output;
use crate::backup_file::{self, Header, fingerprint};
use crate::config::{Common, MailboxKeys};
use crate::database::{self, Content, DATABASE, Database};
use crate::keys;
use crate::secrets::{KeySource, Vault};

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A file made by `loket backup`.
    #[arg(required_unless_present = "as_of", conflicts_with = "as_of")]
    file: Option<PathBuf>,

    /// Takes the place of what the database holds now. Without it only an empty one is filled.
    #[arg(long, conflicts_with = "as_of")]
    replace: bool,

    /// The keys are lost: mailbox passwords are taken out, and every shop types its own again.
    #[arg(long, conflicts_with = "as_of")]
    without_keys: bool,

    /// The database was put back by other means (a snapshot, a provider's backup) to its state at
    /// this time: only lets every shop catch up from there. RFC 3339, as 2026-11-22T03:00:00Z.
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,

    #[command(flatten)]
    keys: MailboxKeys,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let Some(file) = &arguments.file else {
        let as_of = arguments.as_of.context("name a file or a time")?;
        return mark(common, as_of).await;
    };
    let (header, mut copy) = backup_file::open(file).await?;
    if !arguments.without_keys {
        try_keys(common, &header, &arguments.keys.source(common))?;
    }
    refuse_strangers(common).await?;
    let database = open(common).await?;
    let put_back = async {
        let owner = &database.owner;
        free(&database, arguments.replace).await?;
        let how = PutBack { taken_at: header.taken_at, without_secrets: arguments.without_keys };
        backup::put_back(owner, &programs(common).await, &mut copy, how)
            .await
            .context("nothing was put back, and nothing changed")?;
        migrate::migrate(owner)
            .await
            .context("the backup is there, but could not be brought up to date")?;
        backup::catching_up(owner).await.map_err(anyhow::Error::from)
    };
    let done = put_back.await;
    database.stop().await?;
    let mailboxes = done?;
    output::line(&format!(
        "{} shops and {} mails are back, as of {}",
        header.shops, header.mails, header.taken_at
    ))?;
    told(mailboxes, header.taken_at)
}

async fn mark(common: &Common, as_of: Timestamp) -> anyhow::Result<()> {
    let database = open(common).await?;
    database.store.close();
    let marked = async {
        refuse_served(&database.owner).await?;
        backup::mark(&database.owner, as_of).await.map_err(anyhow::Error::from)
    };
    let marked = marked.await;
    database.stop().await?;
    told(i64::from(marked?), as_of)
}

fn told(mailboxes: i64, since: Timestamp) -> anyhow::Result<()> {
    output::line(&format!(
        "{mailboxes} mailboxes will first read what was sent since {since}; until then their shops \
         answer and send nothing"
    ))?;
    output::line("start `loket serve`; `loket doctor` says which mailboxes still catch up")
}

async fn open(common: &Common) -> anyhow::Result<Database> {
    let progress = OnProgress::new(|step| output::note(&format!("  {step}")));
    database::open(common, DATABASE, Content::Keep, progress).await
}

/// A database of somebody else's is not touched, whatever was asked for.
async fn refuse_strangers(common: &Common) -> anyhow::Result<()> {
    let Some(url) = &common.database_url else { return Ok(()) };
    let owner = database::address(url)?;
    if backup::auth_is_foreign(&owner).await? {
        bail!(
            "people's accounts are Supabase's on this database: put it back with Supabase's own \
             backups, and run `loket restore --as-of TIME` afterwards"
        );
    }
    let standing = backup::standing(&owner).await?;
    if standing.has_tables && !standing.ours {
        bail!("the database holds tables that are not Loket's: name an empty one");
    }
    Ok(())
}

/// Nobody works on it, and nothing is in it that was not given up for the backup.
async fn free(database: &Database, replace: bool) -> anyhow::Result<()> {
    database.store.close();
    refuse_served(&database.owner).await?;
    let contents = backup::contents(&database.owner).await?;
    if (contents.shops > 0 || contents.people > 0) && !replace {
        bail!(
            "the database is not empty: it holds {} shops, {} people and {} mails. Run `loket \
             backup` on it if you may want them, then `loket restore --replace`; nothing was changed",
            contents.shops,
            contents.people,
            contents.mails
        );
    }
    Ok(())
}

async fn refuse_served(owner: &Config) -> anyhow::Result<()> {
    if backup::is_served(owner).await? {
        bail!(
            "a server works on this database: stop every `loket serve` first; nothing was changed"
        );
    }
    Ok(())
}

/// Tries the keys of this machine on what the backup holds.
fn try_keys(common: &Common, header: &Header, source: &KeySource) -> anyhow::Result<()> {
    let place = match source {
        KeySource::File(path) => path.display().to_string(),
        KeySource::Given(_) => "LOKET_MAILBOX_KEYS".to_owned(),
    };
    let wanted: Vec<String> = header
        .mailbox_keys
        .iter()
        .map(|key| format!("{} closes {} passwords", key.key, key.secrets))
        .collect();
    let what_to_do = format!(
        "the backup needs these keys for mailbox passwords: {}. Copy `keys/` of the installation \
         that made it to {}, or name the file with --key-file. If they are lost, use \
         --without-keys: every shop then types its mailbox password again. Nothing was changed",
        wanted.join(", "),
        common.data_dir.join("keys").display()
    );
    if !header.mailbox_keys.is_empty() {
        let vault = Vault::of_keys(source.clone())
            .with_context(|| format!("{place} cannot be used; {what_to_do}"))?;
        for sample in &header.samples {
            vault
                .open_envelope(sample.row(), &sample.envelope)
                .with_context(|| format!("{place} does not open the passwords; {what_to_do}"))?;
        }
        let ids: Vec<String> = vault.key_ids()?.iter().map(ToString::to_string).collect();
        if header.mailbox_keys.iter().any(|key| !ids.contains(&key.key)) {
            bail!("{place} holds only {}; {what_to_do}", ids.join(", "));
        }
    }
    let here = keys::existing(&common.data_dir, "message-id")?;
    let here = here.map(|key| fingerprint(key.bytes()));
    if header.message_id_key.is_some() && here != header.message_id_key {
        bail!(
            "{} is not the key that signed the mails of this backup: answers of customers would \
             not be recognised. Copy `keys/` of the installation that made it, or use \
             --without-keys. Nothing was changed",
            common.data_dir.join("keys/message-id.key").display()
        );
    }
    Ok(())
}
