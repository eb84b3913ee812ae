//! `loket import supabase`: takes over what the system before Loket kept, from its database or
//! from a dump of it. May be repeated: what is there already stays as it is.

mod accounts;
mod content;
mod dump;
mod plan;
mod row;
mod rules;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use store::import::{Table, Written};

use self::accounts::Known;
use self::plan::Plan;
use self::row::Row;
use self::rules::OldNames;
use super::output;
use crate::config::{Common, MailboxKeys};
use crate::database::{self, Database};
use crate::secrets::Vault;
use crate::serving;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// From the Supabase project of the system before Loket.
    Supabase(Supabase),
}

/// The options of the one source there is.
#[derive(Debug, Args)]
#[group(id = "source", required = true, multiple = false, args = ["url", "dump"])]
struct Supabase {
    /// Its database: `postgres://user:password@host/database`. It is only read.
    #[arg(long, env = "LOKET_IMPORT_URL", hide_env_values = true)]
    url: Option<String>,

    /// A plain SQL dump of its schemas `public` and `auth`. It is read, never executed.
    #[arg(long, value_name = "FILE")]
    dump: Option<PathBuf>,

    /// Says what would be taken and what not, and takes nothing.
    #[arg(long)]
    dry_run: bool,

    /// Takes its admins as platform admins; without it they are ordinary people.
    #[arg(long)]
    with_admins: bool,

    /// Where every refused row goes, with the reason.
    #[arg(long, value_name = "FILE", default_value = "import-report.json")]
    report: PathBuf,

    /// Prints JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    keys: MailboxKeys,
}

type Tables = BTreeMap<Table, Vec<Row>>;

/// Runs the command.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let From::Supabase(options) = &arguments.from;
    let (tables, unread) = read(options).await?;
    if tables.values().all(Vec::is_empty) {
        bail!("there is no row of a known table in it");
    }
    let database =
        database::open_beside(common).await.context("the database could not be opened")?;
    let done = take(common, options, &database, &tables, &unread).await;
    let stopped = database.stop().await;
    done.and(stopped)
}

async fn read(options: &Supabase) -> anyhow::Result<(Tables, Vec<String>)> {
    if let Some(path) = &options.dump {
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        if bytes.starts_with(b"PGDMP") {
            bail!("this dump is not plain SQL: make it with pg_dump --format=plain");
        }
        let text =
            String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
        let read = dump::read(&text);
        return Ok((read.tables, read.unread));
    }
    let url = options.url.as_deref().unwrap_or_default();
    let source = store::address::read(url).context("--url cannot be used")?;
    let tables = store::import::read(&source).await.context("the source could not be read")?;
    let rows = |rows: Vec<serde_json::Value>| {
        let objects = rows.into_iter().filter_map(|row| match row {
            serde_json::Value::Object(row) => Some(Row(row)),
            _ => None,
        });
        objects.collect()
    };
    Ok((tables.into_iter().map(|(table, values)| (table, rows(values))).collect(), Vec::new()))
}

async fn take(
    common: &Common,
    options: &Supabase,
    database: &Database,
    tables: &Tables,
    unread: &[String],
) -> anyhow::Result<()> {
    let now = serving::now();
    let vault = if options.dry_run {
        // Keys that go with the dry run: it changes nothing, not even by making keys.
        Vault::for_trial(now)?
    } else {
        Vault::open(options.keys.source(common), &database.store, now).await?
    };
    let mut plan = planned(tables, options.with_admins, &vault)?;
    let written =
        store::import::write(&database.owner, &plan.tables(), &plan.shops, !options.dry_run)
            .await
            .context("nothing was taken")?;
    for table in &written {
        for (place, reason) in &table.refused {
            if let Some(row) = plan.row_at(table.table, *place) {
                plan.refuse(table.table, &row, reason.clone());
            }
        }
    }
    let report = json!({
        "dry_run": options.dry_run, "at": now,
        "tables": written.iter().map(counts).collect::<Vec<_>>(),
        "refused": plan.refused, "remarks": plan.remarks, "unread": unread,
    });
    write_report(&options.report, &report)?;
    print(options, &report, &written, &plan, unread)
}

/// Every table in order: what belongs to a row that is refused is refused with it.
fn planned(tables: &Tables, with_admins: bool, vault: &Vault) -> anyhow::Result<Plan> {
    let none: &[Row] = &[];
    let rows = |table: Table| tables.get(&table).map_or(none, Vec::as_slice);
    let (mut plan, mut known) = (Plan::default(), Known::default());
    accounts::tenants(&mut plan, &mut known, rows(Table::Tenants), vault);
    accounts::memberships(&mut known, rows(Table::Profiles));
    accounts::users(&mut plan, &mut known, rows(Table::Users));
    accounts::identities(&mut plan, &known, rows(Table::Identities));
    accounts::profiles(&mut plan, &known, rows(Table::Profiles), with_admins);
    for row in rows(Table::MasterRules) {
        plan.remark(Table::MasterRules, row, "master rules are Loket's own and are not taken");
    }
    let (old, masters) = (rows(Table::Rules), rows(Table::MasterRules));
    content::rules(&mut plan, &known, old, masters, &OldNames::read()?);
    let threads = content::threads(&mut plan, &known, rows(Table::Threads));
    content::interactions(&mut plan, &known, rows(Table::Interactions), &threads);
    content::chats(&mut plan, &known, rows(Table::ChatSessions), rows(Table::ChatMessages));
    content::notifications(&mut plan, &known, rows(Table::Notifications), &threads);
    content::filters(&mut plan, &known, rows(Table::Filters));
    Ok(plan)
}

fn counts(written: &Written) -> serde_json::Value {
    json!({
        "table": written.table.name(), "taken": written.taken,
        "there_already": written.there_already,
    })
}

/// The report holds customers' mails: only its owner may read it.
fn write_report(path: &Path, report: &serde_json::Value) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("the report {} cannot be written", path.display()))?;
    serde_json::to_writer_pretty(&mut file, report)?;
    Ok(file.write_all(b"\n")?)
}

fn print(
    options: &Supabase,
    report: &serde_json::Value,
    written: &[Written],
    plan: &Plan,
    unread: &[String],
) -> anyhow::Result<()> {
    if options.json {
        return output::line(&report.to_string());
    }
    let word = if options.dry_run { "would be taken" } else { "taken" };
    for table in written {
        let (name, taken, there) = (table.table.name(), table.taken, table.there_already);
        output::line(&format!("{name:<32} {taken:>7} {word}, {there:>7} there already"))?;
    }
    for refused in &plan.refused {
        let id = refused.id.escape_debug();
        output::line(&format!("refused  {} {id}: {}", refused.table, refused.reason))?;
    }
    for remark in &plan.remarks {
        output::line(&format!(
            "note     {} {}: {}",
            remark.table,
            remark.id.escape_debug(),
            remark.what
        ))?;
    }
    for line in unread {
        output::line(&format!("unread   {line}"))?;
    }
    let path = options.report.display();
    output::line(&format!("{} rows refused; all of them are in {path}", plan.refused.len()))
}

#[cfg(test)]
mod tests;
