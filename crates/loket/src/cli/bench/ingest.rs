//! One mail a transaction through the store's own functions, beside pgbench doing the least
//! that a mail could cost the same server. Rounds alternate, medians are compared.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use domain::contract::Language;
use domain::message::Message;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::ingest::{InteractionState, NewInteraction, record_alone};
use store::jobs::{ClaimedJob, JobKind, claim};
use store::mailboxes::{IncomingRaw, receive_batch};
use store::{InteractionId, JobId, RawId, Store, TenantId, ThreadId};

use super::{Line, median, per_second};
use crate::cli::demo::sample;
use crate::config::Common;
use crate::database::Database;
use crate::serving::now;
use crate::shop_file::ShopFile;
use crate::shop_setup::{self, Folders, MadeShop};

const TABLES: &str = include_str!("../../../../../db/bench/tables.sql");
const SCRIPT: &str = include_str!("../../../../../db/bench/ingest.sql");
const SHOPS: usize = 32;
/// Transactions under way at the same time, ours and pgbench's.
const CLIENTS: usize = 8;
const MAILS_OF_SHOP: usize = 125;
const PGBENCH_SECONDS: &str = "5";
/// Our lowest rate as a part of pgbench's.
const FLOOR: &str = "0.5";

/// Measures and prints.
pub async fn measure(database: &Database, common: &Common, rounds: usize) -> anyhow::Result<()> {
    let yardstick = Yardstick::prepare(database, common).await?;
    let messages: Vec<(Vec<u8>, Message)> = sample::all()?
        .into_iter()
        .filter_map(|sample| {
            Some((sample.raw.to_vec(), mail::parse::parse(sample.raw).ok()?.message))
        })
        .collect();
    let messages = Arc::new(messages);
    let shops = make_shops(database, common).await?;
    let (mut ours, mut crowded, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let mut now = Vec::new();
        for deal in [by_shop, in_a_row] {
            let work = receive(&database.store, &shops, &messages, round, now.len()).await?;
            now.push(record(&database.store, deal(work)).await?);
        }
        let theirs_now = yardstick.run().await?;
        // The first of each only warms up.
        if let (true, [ours_now, crowded_now]) = (round > 0, now.as_slice()) {
            ours.push(*ours_now);
            crowded.push(*crowded_now);
            theirs.push(theirs_now);
        }
    }
    let theirs = median(theirs)?;
    Line::rate("ingest", median(ours)?, "mails/s", theirs).print(format!(
        "one mail a transaction by {CLIENTS} clients in {SHOPS} shops, each shop's mails one after the \
         other as by the server's workers: job fenced, thread, interaction, answer job, event and \
         their indexes, row security; yardstick: pgbench -M prepared, pipelined, {CLIENTS} clients, any of \
         {SHOPS} shops, thread, interaction, outbox, 1 in 10 a notification on bare tables; both with \
         synchronous_commit on; floor {FLOOR}"
    ))?;
    Line::rate("ingest_crowded", median(crowded)?, "mails/s", theirs).print(format!(
        "the same with all {CLIENTS} clients in one shop at a time, whose events are counted one \
         commit after the other; no floor"
    ))
}

/// Each shop's mails by one client, its shops in turns: a shop is worked by one at a time.
fn by_shop(work: Vec<Work>) -> Vec<Vec<Work>> {
    let mut shops: Vec<(TenantId, usize)> = Vec::new();
    let mut turns: Vec<(usize, usize, Work)> = Vec::new();
    for mail in work {
        let known = shops.iter().position(|(tenant, _)| *tenant == mail.tenant);
        let shop = known.unwrap_or_else(|| {
            shops.push((mail.tenant, 0));
            shops.len().saturating_sub(1)
        });
        if let Some((_, turn)) = shops.get_mut(shop) {
            turns.push((*turn, shop, mail));
            *turn = turn.saturating_add(1);
        }
    }
    turns.sort_by_key(|(turn, ..)| *turn);
    dealt(turns.into_iter().map(|(_, shop, mail)| (shop, mail)))
}

/// As they were claimed: shop after shop.
fn in_a_row(work: Vec<Work>) -> Vec<Vec<Work>> {
    dealt(work.into_iter().enumerate())
}

fn dealt(work: impl Iterator<Item = (usize, Work)>) -> Vec<Vec<Work>> {
    let mut shares: Vec<Vec<Work>> = (0..CLIENTS).map(|_| Vec::new()).collect();
    for (place, mail) in work {
        if let Some(share) = shares.get_mut(place % CLIENTS) {
            share.push(mail);
        }
    }
    shares
}

async fn make_shops(database: &Database, common: &Common) -> anyhow::Result<Vec<MadeShop>> {
    let admin = shop_setup::make_admin(&database.store).await?;
    let folders = Folders::make(&common.data_dir.join("mail/none"))?;
    let mut shops = Vec::new();
    for number in 0..SHOPS {
        let owner = format!("owner{number}@loket.example");
        let file = ShopFile::demo()?;
        shops.push(shop_setup::make(&database.store, admin, &owner, &file, &folders).await?);
    }
    Ok(shops)
}

/// A claimed mail, ready to be recorded.
struct Work {
    tenant: TenantId,
    mail: NewInteraction,
}

/// Stores the raw mails and claims their jobs: not measured.
async fn receive(
    store: &Store,
    shops: &[MadeShop],
    messages: &[(Vec<u8>, Message)],
    round: usize,
    again: usize,
) -> anyhow::Result<Vec<Work>> {
    let received_at = now();
    let first = (round * 2 + again) * MAILS_OF_SHOP;
    for shop in shops {
        let mut batch = Vec::new();
        for (number, (raw, _)) in messages.iter().cycle().take(MAILS_OF_SHOP).enumerate() {
            batch.push(IncomingRaw {
                id: RawId::new(),
                uidvalidity: 1,
                uid: i64::try_from(first + number)?,
                sha256: Sha256::digest(raw).into(),
                message_id: None,
                received_at,
                raw: raw.clone(),
                size_bytes: raw.len() as u64,
                imported: None,
            });
        }
        store
            .as_worker(shop.tenant, async |tx| receive_batch(tx, shop.mailbox, &batch, None).await)
            .await?;
    }
    let mut work = Vec::new();
    loop {
        let jobs = claim(store, JobKind::Ingest, 4_000, Duration::from_mins(10)).await?;
        if jobs.is_empty() {
            return Ok(work);
        }
        for (job, (_, message)) in jobs.iter().zip(messages.iter().cycle()) {
            work.push(Work { tenant: job.tenant_id, mail: interaction(job, message, received_at) });
        }
    }
}

fn interaction(job: &ClaimedJob, message: &Message, received_at: Timestamp) -> NewInteraction {
    NewInteraction {
        lease: Some(job.lease()),
        id: InteractionId::new(),
        thread_id: ThreadId::new(),
        raw_message_id: Some(RawId(job.subject_id)),
        customer_email: message.from.email.clone(),
        from_name: message.from.name.clone(),
        subject: message.subject.clone(),
        message_id: message.message_id.clone(),
        in_reply_to: message.in_reply_to.first().cloned(),
        message_references: message.references.clone(),
        sender_verified: true,
        reply_to_elsewhere: false,
        doubt: None,
        received_at,
        message_body: message.text.clone(),
        language: Language::Dutch,
        state: InteractionState::Received,
        fate: None,
        fate_reason: None,
        answer_job_id: Some(JobId::new()),
        run_at: None,
    }
}

/// Records every mail, several at a time; the rate is what is measured.
async fn record(store: &Arc<Store>, shares: Vec<Vec<Work>>) -> anyhow::Result<f64> {
    let count = shares.iter().map(Vec::len).sum();
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for share in shares {
        let store = Arc::clone(store);
        clients.spawn(async move {
            for Work { tenant, mail } in share {
                record_alone(&store, tenant, &mail).await?;
            }
            store::Result::Ok(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done??;
    }
    Ok(per_second(count, begun.elapsed()))
}

/// pgbench on the same server.
struct Yardstick {
    pgbench: PathBuf,
    script: PathBuf,
    socket: PathBuf,
    port: u16,
}

impl Yardstick {
    async fn prepare(database: &Database, common: &Common) -> anyhow::Result<Self> {
        let managed = database.managed.as_ref().context("the benchmark has its own Postgres")?;
        let programs = managed.programs().await?;
        let (psql, pgbench) = (programs.join("psql"), programs.join("pgbench"));
        let tables = common.data_dir.join("bench-tables.sql");
        let script = common.data_dir.join("bench-ingest.sql");
        std::fs::write(&tables, TABLES)?;
        std::fs::write(&script, SCRIPT)?;
        let ports = database.owner.get_ports();
        let port = ports.first().copied().context("the port of the private Postgres")?;
        let socket = managed.socket_directory();
        let made = on_server(&psql, &socket, port, "postgres")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", super::DATABASE, "-f"])
            .arg(&tables)
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("{} cannot be run", psql.display()))?;
        if !made.success() {
            bail!("the tables of the yardstick could not be made");
        }
        Ok(Self { pgbench, script, socket, port })
    }

    /// Transactions a second.
    async fn run(&self) -> anyhow::Result<f64> {
        let clients = CLIENTS.to_string();
        let mut command = on_server(&self.pgbench, &self.socket, self.port, "loket_worker");
        command.args(["-n", "-M", "prepared", "-j", "2", "-T", PGBENCH_SECONDS, "-c", &clients]);
        command.args(["-D", &format!("shops={SHOPS}"), "-D", "length=40", "-f"]);
        command.arg(&self.script).arg(super::DATABASE);
        let done = tokio::process::Command::from(command).output().await?;
        let said = String::from_utf8_lossy(&done.stdout);
        let rate = said.lines().find_map(|line| {
            line.strip_prefix("tps = ")?.split_whitespace().next()?.parse::<f64>().ok()
        });
        rate.filter(|_| done.status.success())
            .with_context(|| format!("pgbench failed: {}", String::from_utf8_lossy(&done.stderr)))
    }
}

fn on_server(program: &Path, socket: &Path, port: u16, user: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("-h").arg(socket).arg("-p").arg(port.to_string()).args(["-U", user]);
    command
}
