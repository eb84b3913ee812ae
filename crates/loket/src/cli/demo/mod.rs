//! `loket demo`: a shop with a mailbox of sample mails, worked through before your eyes.
//!
//! It has a database of its own, made anew each time, and touches no other.

pub mod sample;
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use store::ingest::{CustodyRow, custody, fates};
use store::jobs::{JobKind, next_due};
use store::managed::OnProgress;
use tokio::time::Instant;

use super::output;
use super::serve::Doors;
use crate::auth::{AuthOptions, MailDirectory};
use crate::config::Common;
use crate::database::{self, Content, Database};
use crate::jobs::{Pace, Workers};
use crate::pipeline::Desk;
use crate::secrets::{KeySource, Vault};
use crate::serving;
use crate::shop_file::ShopFile;
use crate::shop_setup::{self, Folders, MadeShop};
use sample::Sample;

/// The demo's own database in the private Postgres.
const DATABASE: &str = "loket_demo";
/// Whose shop it is.
const OWNER: &str = "eigenaar@linnenenleer.example";
/// A mail that is not worked by then will not be: the demo fails instead of hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Works the mailbox through, prints the table and exits.
    #[arg(long)]
    once: bool,
    /// Prints the table as JSON lines.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    if common.database_url.is_some() {
        bail!("the demo runs on a private Postgres only: unset LOKET_DATABASE_URL");
    }
    let progress = OnProgress::new(|step| output::note(&format!("  {step}")));
    output::note("Loket demo: starting the database");
    let database = database::open(common, DATABASE, Content::Fresh, progress).await?;
    let done = on_database(common, arguments, &database).await;
    let stopped = database.stop().await;
    done.and(stopped)
}

async fn on_database(
    common: &Common,
    arguments: &Arguments,
    database: &Database,
) -> anyhow::Result<()> {
    let folders = fresh_folders(&common.data_dir)?;
    let desk = serving::desk(common, database)?;
    let admin = shop_setup::make_admin(&desk.store).await?;
    let shop = shop_setup::make(&desk.store, admin, OWNER, &ShopFile::demo()?, &folders).await?;
    let pace = Pace { poll: Duration::from_millis(200), ..Pace::default() };
    let workers = serving::workers(&desk, pace);
    let worked = work_through(&desk, &workers, &shop, &folders).await;
    if let Err(error) = worked {
        workers.drain().await;
        return Err(error);
    }
    let rows = desk.store.as_worker(shop.tenant, async |tx| custody(tx).await).await?;
    table::print(&sample::all()?, &rows, arguments.json)?;
    if !arguments.once {
        let asked_to_stop = tokio::spawn(serving::asked_to_stop());
        let accounts = AuthOptions::default();
        let keys = KeySource::in_data_dir(&common.data_dir);
        let vault = Vault::open(keys, &desk.store, serving::now()).await?;
        let doors =
            Doors { vault: Arc::new(vault), set_up: None, claims: shop.claims(), shows: true };
        output::note(&format!(
            "  mails of the platform (confirmations, invitations) lie in {}",
            MailDirectory::place(&common.data_dir).join("new").display()
        ));
        super::serve::dashboard(common, &desk, &accounts, doors, asked_to_stop).await?;
    }
    workers.drain().await;
    Ok(())
}

/// The demo's mail directories below the data directory, without what an earlier one left.
fn fresh_folders(data_dir: &Path) -> anyhow::Result<Folders> {
    let root = data_dir.canonicalize()?.join("demo");
    if root.exists() {
        std::fs::remove_dir_all(&root)
            .with_context(|| format!("{} cannot be cleared", root.display()))?;
    }
    Folders::make(&root)
}

/// Drops one sample mail after the other into the mailbox, as its sender would: a mail that
/// answers a reply of ours waits until that reply has left.
async fn work_through(
    desk: &Arc<Desk>,
    workers: &Workers,
    shop: &MadeShop,
    folders: &Folders,
) -> anyhow::Result<()> {
    let samples = sample::all()?;
    let bar = ProgressBar::new(u64::try_from(samples.len()).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} mails  {wide_msg}")?;
    bar.set_style(style);
    let begun = Instant::now();
    for (fed, sample) in samples.iter().enumerate() {
        bar.set_message(sample.name.clone());
        let rows = if sample.answers.is_empty() {
            Vec::new()
        } else {
            desk.store.as_worker(shop.tenant, async |tx| custody(tx).await).await?
        };
        let reply = |name: &str| reply_to(&samples, &rows, name);
        sample.put_into(&folders.inbox, reply)?;
        workers.calls.mailboxes.notify_one();
        settled(desk, shop, i64::try_from(fed + 1)?)
            .await
            .with_context(|| format!("the sample mail {} was not worked", sample.name))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_millis();
    output::note(&format!("  {} mails worked in {seconds} ms", samples.len()));
    Ok(())
}

/// The Message-ID of our reply to the sample mail called `name`.
fn reply_to(samples: &[Sample], rows: &[CustodyRow], name: &str) -> Option<String> {
    let position = samples.iter().position(|sample| sample.name == name)?;
    rows.get(position)?.reply_message_id.clone()
}

/// Waits until `expected` mails have their fate and every reply has left.
async fn settled(desk: &Desk, shop: &MadeShop, expected: i64) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let counts = desk.store.as_worker(shop.tenant, async |tx| fates(tx).await).await?;
        let known: i64 =
            counts.iter().filter(|(fate, _)| fate != "unknown").map(|(_, mails)| mails).sum();
        if known >= expected && next_due(&desk.store, JobKind::Deliver).await?.is_none() {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            bail!("nothing moved for {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
