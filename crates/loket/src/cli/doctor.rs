//! `loket doctor`: is everything in order, and what to do where it is not. Changes nothing, and
//! works beside a running server.

use std::fs::{self, File};
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use store::health::{Examination, MailboxRow, Work};
use store::mailboxes::MailboxKind;
use store::managed::{self, Binaries, Managed, OnProgress, Options};
use store::{Chain, Config, Logins, Store};

use super::output;
use crate::config::{Common, MailboxKeys};
use crate::database::{self, DATABASE};
use crate::keys;
use crate::pipeline::MaildirConfig;
use crate::secrets::{KeySource, Ring, unknown_keys};

/// Work that waits for longer needs somebody to look.
const TOO_LONG: Duration = Duration::from_mins(5);
/// With less room on the disk Postgres is about to stop.
const LEAST_ROOM_BYTES: u64 = 1 << 30;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Prints one JSON object per check.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    keys: MailboxKeys,
}

/// One check and what it found.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// What was found.
    detail: String,
    /// What to do next; `None` where all is well.
    next: Option<String>,
}

#[derive(Debug, Default)]
struct Report(Vec<Check>);

impl Report {
    fn good(&mut self, name: &'static str, detail: impl Into<String>) {
        self.0.push(Check { name, ok: true, detail: detail.into(), next: None });
    }

    fn bad(&mut self, name: &'static str, detail: impl Into<String>, next: impl Into<String>) {
        self.0.push(Check { name, ok: false, detail: detail.into(), next: Some(next.into()) });
    }

    /// Nothing may wait.
    fn none(&mut self, name: &'static str, count: i64, what: &str, next: &str) {
        if count == 0 {
            self.good(name, "none");
        } else {
            self.bad(name, format!("{count} {what}"), next);
        }
    }
}

/// Runs the command. An error is the exit code 1.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let mut report = Report::default();
    files(common, &mut report);
    let keys = &arguments.keys.source(common);
    match &common.database_url {
        Some(url) => match store::address::read(url) {
            Ok(owner) => {
                let key = keys::existing(&common.data_dir, "database").ok().flatten();
                let password = key.map(|key| key.hex());
                database_checks(&owner, password.as_deref(), keys, &mut report).await;
            }
            Err(error) => report.bad(
                "database",
                format!("LOKET_DATABASE_URL cannot be used: {error}"),
                "write it as postgres://owner@host/database",
            ),
        },
        None => private_postgres(common, keys, &mut report).await,
    }
    print(&report, arguments.json)?;
    let red = report.0.iter().filter(|check| !check.ok).count();
    if red > 0 {
        bail!("{red} of {} checks found something to do", report.0.len());
    }
    Ok(())
}

fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for check in &report.0 {
        if json {
            output::line(&serde_json::to_string(check)?)?;
            continue;
        }
        let (mark, colour) = if check.ok { ("ok ", "32") } else { ("BAD", "31") };
        let mark = if coloured { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark.to_owned() };
        output::line(&format!("{mark} {:<20} {}", check.name, check.detail))?;
        if let Some(next) = &check.next {
            output::line(&format!("    {:<20} -> {next}", ""))?;
        }
    }
    Ok(())
}

/// The data directory, the keys in it, and the room on its disk.
fn files(common: &Common, report: &mut Report) {
    let directory = &common.data_dir;
    let shown = directory.display();
    if !directory.is_dir() {
        let next = "run `loket migrate` to make it, or name another with --data-dir";
        report.bad("data directory", format!("{shown} is not there"), next);
        return;
    }
    match writable(directory) {
        Ok(()) => report.good("data directory", shown.to_string()),
        Err(error) => report.bad(
            "data directory",
            format!("{shown} cannot be written to: {error}"),
            "give it to the account that runs loket: chown, or another --data-dir",
        ),
    }
    match keys::check(directory) {
        Ok(count) => report.good("keys", format!("{count}, readable by this account only")),
        Err(error) => report.bad(
            "keys",
            format!("{error:#}"),
            "restore it from a backup or set its mode; on a new installation run `loket migrate`",
        ),
    }
    match rustix::fs::statvfs(directory) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let room = format!("{} MB free", free / (1 << 20));
            if free >= LEAST_ROOM_BYTES {
                report.good("disk", room);
            } else {
                let next = "make room: Postgres stops taking mail when the disk is full";
                report.bad("disk", room, next);
            }
        }
        Err(error) => report.bad("disk", error.to_string(), "look at the file system"),
    }
}

fn writable(directory: &Path) -> std::io::Result<()> {
    let probe = directory.join(format!(".doctor-{}", std::process::id()));
    File::create(&probe)?;
    fs::remove_file(probe)
}

/// The private Postgres: looked at where it runs, else started for the time of the check.
async fn private_postgres(common: &Common, keys: &KeySource, report: &mut Report) {
    let Ok(data_dir) = common.data_dir.canonicalize() else { return };
    let mut options = Options::new(data_dir);
    if let Some(directory) = &common.postgres_bin {
        options.binaries = Binaries::In(directory.clone());
    }
    let seen = match managed::look(&options).await {
        Ok(seen) => seen,
        Err(error) => {
            let next = "install it (apt-get install postgresql), or set LOKET_POSTGRES_BIN";
            report.bad("postgres", Chain(&error).to_string(), next);
            return;
        }
    };
    let (directory, major) = &seen.programs;
    report.good("postgres", format!("{major} in {}", directory.display()));
    if !seen.made {
        report.bad("database", "it was not made yet", "run `loket migrate`");
        return;
    }
    if let Some(mut owner) = seen.running {
        report.good("server", "the private Postgres runs");
        owner.dbname(DATABASE);
        return database_checks(&owner, None, keys, report).await;
    }
    report.good("server", "the private Postgres is stopped; started for this check");
    match database::start_managed(common, OnProgress::default()).await {
        Ok(managed) => {
            let owner = managed.config_for("postgres", DATABASE);
            database_checks(&owner, None, keys, report).await;
            stop(&managed, report).await;
        }
        Err(error) => {
            let log = seen.cluster.join("log");
            let next = format!("read the newest file in {}", log.display());
            report.bad("database", format!("{error:#}"), next);
        }
    }
}

async fn stop(managed: &Managed, report: &mut Report) {
    if let Err(error) = managed.stop().await {
        report.bad("server", Chain(&error).to_string(), "stop it by hand: pg_ctl stop");
    }
}

async fn database_checks(
    owner: &Config,
    password: Option<&str>,
    keys: &KeySource,
    report: &mut Report,
) {
    let examination = match Examination::begin(owner).await {
        Ok(examination) => examination,
        Err(error) => {
            let next = "start Postgres, or run `loket migrate` if the database was never made";
            report.bad("database", Chain(&error).to_string(), next);
            return;
        }
    };
    match examination.server().await {
        Ok(server) => {
            report.good("database", format!("reachable, Postgres {}", server.version));
            match server.durability {
                Ok(()) => report.good("durability", "an acknowledged commit is on disk"),
                Err(error) => report.bad(
                    "durability",
                    Chain(&error).to_string(),
                    "put it right in postgresql.conf and restart Postgres",
                ),
            }
            let pending = server.pending_migrations;
            let count = i64::try_from(pending).unwrap_or(i64::MAX);
            report.none("schema", count, "migrations to apply", "run `loket migrate`");
            if pending > 0 {
                return;
            }
        }
        Err(error) => {
            let next = "install the version of loket that made the database, or a newer one";
            report.bad("schema", Chain(&error).to_string(), next);
            return;
        }
    }
    match Store::connect(&Logins::beside(owner, password)).await {
        Ok(store) => {
            report.good("logins", "own nothing and bypass nothing");
            mailbox_keys(&store, keys, report).await;
            store.close();
        }
        Err(error) => report.bad(
            "logins",
            Chain(&error).to_string(),
            "run `loket migrate`; take superuser, bypassrls and ownership from the loket_* roles",
        ),
    }
    contents(&examination, report).await;
}

/// The keys for mailbox passwords: usable, and every one that is in use is there.
async fn mailbox_keys(store: &Store, keys: &KeySource, report: &mut Report) {
    const NAME: &str = "mailbox keys";
    let restore = "restore the key file from a backup, or name it with --key-file";
    let ring = match keys.read() {
        Ok(ring) => ring,
        Err(error) => return report.bad(NAME, error.to_string(), restore),
    };
    let usage = match store::secrets::usage(store).await {
        Ok(usage) => usage,
        Err(error) => return report.bad(NAME, Chain(&error).to_string(), "run `loket migrate`"),
    };
    let ids = ring.as_ref().map(Ring::ids).unwrap_or_default();
    let lost = unknown_keys(&usage, &ids);
    let plain: i64 =
        usage.iter().filter(|usage| usage.key_prefix.is_none()).map(|usage| usage.secrets).sum();
    if !lost.is_empty() {
        let names: Vec<String> =
            lost.iter().map(|(id, secrets)| format!("{id} closes {secrets}")).collect();
        let lost = format!("passwords are closed with keys that are lost: {}", names.join(", "));
        report.bad(NAME, lost, restore);
    } else if plain > 0 {
        let next = "run `loket admin secrets reencrypt`";
        report.bad(NAME, format!("{plain} passwords are in no envelope"), next);
    } else {
        let closed: i64 = usage.iter().map(|usage| usage.secrets).sum();
        report.good(NAME, format!("{}, closing {closed} passwords", ids.len()));
    }
}

async fn contents(examination: &Examination, report: &mut Report) {
    match examination.catching_up().await {
        Ok(mailboxes) => {
            let next = "start `loket serve`; a mailbox that cannot be read holds its shop back: \
                        put its password right, or take the mailbox away";
            report.none("restore", mailboxes, "mailboxes still catch up after a restore", next);
        }
        Err(error) => report.bad("restore", Chain(&error).to_string(), "run `loket migrate`"),
    }
    match examination.mailboxes().await {
        Ok(mailboxes) => mailbox_checks(&mailboxes, report),
        Err(error) => report.bad("mailboxes", Chain(&error).to_string(), "run `loket migrate`"),
    }
    match examination.work(TOO_LONG).await {
        Ok(work) => work_checks(&work, report),
        Err(error) => report.bad("jobs", Chain(&error).to_string(), "run `loket migrate`"),
    }
}

fn work_checks(work: &Work, report: &mut Report) {
    let running = "start `loket serve`; where it runs, its log says what holds the work up";
    report.none("jobs overdue", work.overdue_jobs, "due for over 5 minutes", running);
    let person = "its mail is held: answer it in the dashboard, and read the job's last error";
    report.none("jobs given up", work.given_up_jobs, "will not be tried again", person);
    report.none("mail without fate", work.mails_without_fate, "for over 5 minutes", running);
    report.none("outbox stuck", work.stuck_sending, "sending for over 5 minutes", running);
    let lost = "this is a fault of Loket: report it, and hold the mails in the dashboard";
    report.none("outbox unattended", work.queued_without_job, "queued and nobody sends them", lost);
}

fn mailbox_checks(mailboxes: &[MailboxRow], report: &mut Report) {
    let mut trouble = 0;
    for mailbox in mailboxes {
        if let Err(reason) = readable(mailbox) {
            trouble += 1;
            report.bad(
                "mailbox",
                format!("{} of shop {}: {reason}", mailbox.id.0, mailbox.tenant_id.0),
                "put its settings right in the dashboard, or the directory's permissions",
            );
        }
    }
    if trouble == 0 {
        report.good("mailboxes", format!("{} can be read", mailboxes.len()));
    }
    reconcile_checks(mailboxes, report);
}

/// What the last comparison of each mailbox with what is recorded found.
fn reconcile_checks(mailboxes: &[MailboxRow], report: &mut Report) {
    let mut compared = 0_usize;
    for mailbox in mailboxes {
        let Some(at) = mailbox.reconciled_at else { continue };
        if mailbox.missing == 0 {
            compared = compared.saturating_add(1);
            continue;
        }
        let (id, missing, fetched) = (mailbox.id.0, mailbox.missing, mailbox.fetched);
        report.bad(
            "reconcile",
            format!("{id}: {missing} mails were not recorded at {at}, {fetched} of them fetched"),
            "run `loket reconcile --fetch`; when it finds none, all is accounted for",
        );
    }
    if compared > 0 {
        report.good("reconcile", format!("{compared} mailboxes hold nothing that is not recorded"));
    }
}

/// Mailboxes over a network are read by the server, whose pause says what went wrong.
fn readable(mailbox: &MailboxRow) -> Result<(), String> {
    if let Some(reason) = &mailbox.paused_reason {
        return Err(format!("paused: {reason}"));
    }
    if let Some(reason) = &mailbox.sending_paused_reason {
        return Err(format!("nothing is sent from it: {reason}"));
    }
    if mailbox.kind != MailboxKind::Maildir {
        return match (&mailbox.trouble, mailbox.last_read_at) {
            (None, _) => Ok(()),
            (Some(trouble), Some(read)) => {
                Err(format!("{trouble}; last read to its end at {read}"))
            }
            (Some(trouble), None) => Err(format!("{trouble}; it was never read")),
        };
    }
    let config = MaildirConfig::read(&mailbox.config).map_err(|error| error.to_string())?;
    for folder in ["new", "cur"] {
        let folder = config.directory.join(folder);
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let sent = &config.outgoing;
    fs::create_dir_all(sent)
        .and_then(|()| writable(sent))
        .map_err(|error| format!("{}: {error}", sent.display()))
}
