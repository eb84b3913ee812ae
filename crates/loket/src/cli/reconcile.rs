//! `loket reconcile`: what the mailboxes hold, beside what is recorded of them. Where a server
//! runs, whoever reads the mailbox compares over the connection that is open anyway; where none
//! does, this command signs in itself, and holds the mailbox meanwhile.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use mail::imap::Limits;
use mail::network::Network;
use serde_json::json;
use store::mailboxes::{ActiveMailbox, Mailbox, MailboxKind};
use store::reconcile::{Fates, Findings, Reconciliation};
use store::{ReconciliationId, TenantTx};
use tokio::time::Instant;
use uuid::Uuid;

use super::output;
use crate::config::{Common, MailboxKeys};
use crate::database::{self, Database};
use crate::pipeline::{Care, Desk, Post, Reading, Remote};
use crate::secrets::Vault;
use crate::serving;

/// How long the mailbox is held between two signs of life.
const LEASE: Duration = Duration::from_mins(1);
/// How often it is asked whether the server is done.
const ASK: Duration = Duration::from_millis(500);
/// UIDs that are printed of what is missing.
const SHOWN: usize = 20;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only this shop: its id, its mailbox's address or its name.
    #[arg(long)]
    shop: Option<String>,

    /// Fetches what is missing. Without it nothing is changed.
    #[arg(long)]
    fetch: bool,

    /// Prints one JSON object per mailbox.
    #[arg(long)]
    json: bool,

    /// How long the server that reads a mailbox is waited for, in seconds.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    wait_seconds: u64,

    /// A PEM file of certificate authorities to trust for mail servers, beside the usual ones.
    #[arg(long, env = "LOKET_MAIL_CA", value_name = "FILE")]
    mail_ca: Option<PathBuf>,

    /// Lets mail servers stand on this machine or in a private network.
    #[arg(long, env = "LOKET_PRIVATE_MAIL_HOSTS")]
    private_mail_hosts: bool,

    #[command(flatten)]
    keys: MailboxKeys,
}

/// Runs the command. Mail that is missing and was not fetched is an error: exit code 1.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let database =
        database::open_beside(common).await.context("the database could not be opened")?;
    let done = all(common, arguments, &database).await;
    let stopped = database.stop().await;
    done.and(stopped)
}

async fn all(common: &Common, arguments: &Arguments, database: &Database) -> anyhow::Result<()> {
    let desk = desk(common, arguments, database).await?;
    let (mut mailboxes, mut missing) = (0_usize, 0_i64);
    for which in store::mailboxes::active(&desk.store).await? {
        let load = async |tx: &TenantTx| {
            let shop = store::shops::load(tx).await?;
            Ok((shop, store::mailboxes::load(tx, which.mailbox_id).await?))
        };
        let (shop, row) = desk.store.as_worker(which.tenant_id, load).await?;
        let (Some(shop), Some(row)) = (shop, row) else { continue };
        let wanted = arguments.shop.as_ref().is_none_or(|wanted| {
            shop.tenant_id.to_string() == *wanted
                || shop.gmail_email.eq_ignore_ascii_case(wanted)
                || shop.bedrijfsnaam == *wanted
        });
        if !wanted {
            continue;
        }
        mailboxes = mailboxes.saturating_add(1);
        missing = missing.saturating_add(one(&desk, arguments, which, &row).await?);
    }
    if mailboxes == 0 {
        bail!("there is no mailbox that is read, of any such shop");
    }
    if missing > 0 {
        bail!("{missing} mails are not recorded; fetch them with --fetch");
    }
    Ok(())
}

async fn desk(
    common: &Common,
    arguments: &Arguments,
    database: &Database,
) -> anyhow::Result<Arc<Desk>> {
    let extra = match &arguments.mail_ca {
        Some(path) => {
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?
        }
        None => Vec::new(),
    };
    let network = Network::new(&extra, arguments.private_mail_hosts)?;
    let source = arguments.keys.source(common);
    let vault = Vault::open(source, &database.store, serving::now()).await?;
    let reading = Reading {
        vault: Some(Arc::new(vault)),
        network: network.clone(),
        limits: Limits::default(),
    };
    serving::desk_with(common, database, reading, Post::without_keys(network))
}

/// Compares one mailbox. Returns how many mails are still missing.
async fn one(
    desk: &Arc<Desk>,
    arguments: &Arguments,
    which: ActiveMailbox,
    row: &Mailbox,
) -> anyhow::Result<i64> {
    if row.kind == MailboxKind::Maildir || row.connected_at.is_none() {
        let fates = async |tx: &TenantTx| store::reconcile::fates(tx, which.mailbox_id).await;
        let fates = desk.store.as_worker(which.tenant_id, fates).await?;
        let why = if row.kind == MailboxKind::Maildir { "a directory" } else { "never read yet" };
        if arguments.json {
            let value = json!({ "mailbox": row.address, "compared": false, "fates": fates });
            output::line(&value.to_string())?;
        } else {
            output::line(&format!("{}: {why}, not compared ({})", row.address, listed(&fates)))?;
        }
        return Ok(0);
    }
    let id = ReconciliationId::new();
    let ask = async |tx: &TenantTx| {
        store::reconcile::ask(tx, id, which.mailbox_id, arguments.fetch).await
    };
    desk.store.as_worker(which.tenant_id, ask).await?;
    let done = answered(desk, arguments, which, id).await?;
    if let Some(failure) = &done.failure {
        bail!("{} could not be compared: {failure}", row.address);
    }
    print(arguments, row, &done)?;
    Ok(done.on_server.saturating_sub(done.accounted))
}

/// Waits until whoever reads the mailbox has done it, or does it when nobody reads it.
async fn answered(
    desk: &Arc<Desk>,
    arguments: &Arguments,
    which: ActiveMailbox,
    id: ReconciliationId,
) -> anyhow::Result<Reconciliation> {
    let until = Instant::now() + Duration::from_secs(arguments.wait_seconds);
    // Not the node of this data directory: that may be the server that runs.
    let owner = Uuid::now_v7();
    loop {
        let load = async |tx: &TenantTx| store::reconcile::load(tx, id).await;
        let found = desk.store.as_worker(which.tenant_id, load).await?;
        let found = found.context("the mailbox was removed meanwhile")?;
        if found.finished_at.is_some() {
            return Ok(found);
        }
        if store::reconcile::claim(&desk.store, owner, which, LEASE).await? {
            let compared = by_ourselves(desk, arguments, which, owner).await;
            store::mailboxes::release(&desk.store, owner).await?;
            let (failure, findings) = match compared {
                Ok(findings) => (None, findings),
                Err(error) => (Some(format!("{error:#}")), Findings::default()),
            };
            let finish = async |tx: &TenantTx| {
                store::reconcile::finish(tx, id, failure.as_deref(), &findings).await
            };
            desk.store.as_worker(which.tenant_id, finish).await?;
        } else if Instant::now() >= until {
            bail!("whoever reads the mailbox did not answer; `loket doctor` may know why");
        } else {
            tokio::time::sleep(ASK).await;
        }
    }
}

async fn by_ourselves(
    desk: &Arc<Desk>,
    arguments: &Arguments,
    which: ActiveMailbox,
    owner: Uuid,
) -> anyhow::Result<Findings> {
    let compare = async {
        let mut remote = Remote::open(desk, which).await?;
        if arguments.fetch {
            while remote.catch_up(desk, Care::Usual).await?.more {}
        } else if !remote.is_numbered_as_recorded() {
            bail!("the server numbers its mail anew; start `loket serve`, or use --fetch");
        }
        Ok(remote.reconcile(desk, arguments.fetch).await?)
    };
    let keep = async {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            if !store::reconcile::claim(&desk.store, owner, which, LEASE).await? {
                bail!("another node took the mailbox");
            }
        }
    };
    tokio::select! {
        compared = compare => compared,
        lost = keep => lost,
    }
}

fn print(arguments: &Arguments, row: &Mailbox, done: &Reconciliation) -> anyhow::Result<()> {
    if arguments.json {
        let value = json!({
            "mailbox": row.address, "compared": true, "on_server": done.on_server,
            "accounted": done.accounted, "missing": done.missing, "fetched": done.fetched,
            "moved_away": done.moved_away, "fates": done.fates,
        });
        return output::line(&value.to_string());
    }
    output::line(&format!(
        "{}: {} in the mailbox, {} accounted for ({})",
        row.address,
        grouped(done.on_server),
        grouped(done.accounted),
        listed(&done.fates)
    ))?;
    if done.moved_away > 0 {
        let count = grouped(done.moved_away);
        output::line(&format!("  {count} recorded, and moved or deleted in the mailbox since"))?;
    }
    if !done.missing.is_empty() {
        let uids: Vec<String> = done.missing.iter().take(SHOWN).map(i64::to_string).collect();
        let count = i64::try_from(done.missing.len()).unwrap_or(i64::MAX);
        output::line(&format!(
            "  {} not recorded: uid {}{}; {} fetched",
            grouped(count),
            uids.join(", "),
            if done.missing.len() > SHOWN { ", ..." } else { "" },
            grouped(done.fetched)
        ))?;
    }
    Ok(())
}

fn listed(fates: &Fates) -> String {
    if fates.is_empty() {
        return "none recorded".to_owned();
    }
    let each = fates.iter().map(|(fate, mails)| format!("{} {fate}", grouped(*mails)));
    each.collect::<Vec<_>>().join(", ")
}

/// `1.204`, as the shops write it.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let shown = [0, 7, 999, 1204, 1_000_000].map(grouped);
        assert_eq!(shown, ["0", "7", "999", "1.204", "1.000.000"]);
    }
}
