//! Copies of a whole database: taken while everything runs, put back whole or not at all.
//!
//! Postgres' own programs do the copying (`pg_dump`, `pg_restore`, `psql`). Putting back is one
//! transaction that clears the database, fills it and marks every mailbox: there is no moment at
//! which a server could meet a database that was put back and does not say so.
//!
//! It must not know files, keys or command lines.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config};

use crate::address;
use crate::error::{Error, Result};
use crate::migrate::RUNTIME_ROLES;
use crate::session::Params;
use crate::sql::{Sql, sql};

/// What a failed program said is cut to this.
const MOST_SAID: u64 = 4_000;
/// How long connections of our own that were closed may take to be gone.
const GOING: Duration = Duration::from_secs(5);

/// Why a copy could not be made or put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] Error),
    /// A program is not on this machine.
    #[error(
        "{0} cannot be run: install Postgres' client programs, or set LOKET_POSTGRES_BIN to where \
         they are"
    )]
    NoProgram(&'static str, #[source] std::io::Error),
    /// A program gave up.
    #[error("{0} gave up: {1}")]
    Program(&'static str, String),
    /// A copy could not be read or written.
    #[error("the copy could not be read or written")]
    Io(#[from] std::io::Error),
}

/// Where Postgres' programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Looked into first; then `PATH`.
    pub directory: Option<PathBuf>,
}

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Contents {
    /// Now, by the database's clock.
    pub taken_at: Timestamp,
    /// As the server says it.
    pub server_version: String,
    /// Shops.
    pub shops: i64,
    /// People with an account.
    pub people: i64,
    /// Mails as they came in.
    pub mails: i64,
}

/// Whose database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Standing {
    /// Loket's tables are there.
    pub ours: bool,
    /// There are tables in `public`.
    pub has_tables: bool,
}

/// How a copy is put back.
#[derive(Debug, Clone, Copy)]
pub struct PutBack {
    /// The copy's moment: what was sent since then is to be read from Sent.
    pub taken_at: Timestamp,
    /// The keys are lost: mailbox passwords are taken out.
    pub without_secrets: bool,
}

/// What the database holds, asked as its owner.
pub async fn contents(owner: &Config) -> Result<Contents> {
    one(owner, sql!("backup", "contents"), &[]).await
}

/// Whose database it is, asked as its owner.
pub async fn standing(owner: &Config) -> Result<Standing> {
    one(owner, sql!("backup", "standing"), &[]).await
}

/// Whether people's accounts are Supabase's: then a copy of ours would not hold them.
pub async fn auth_is_foreign(owner: &Config) -> Result<bool> {
    #[derive(Deserialize)]
    struct Foreign {
        is_foreign: bool,
    }
    let row: Foreign = one(owner, sql!("migrate", "auth_is_foreign"), &[]).await?;
    Ok(row.is_foreign)
}

/// Whether a server is connected to the database. Connections that were closed a moment ago are
/// waited for.
pub async fn is_served(owner: &Config) -> Result<bool> {
    #[derive(Deserialize)]
    struct Others {
        connections: i64,
    }
    let begun = tokio::time::Instant::now();
    let roles = RUNTIME_ROLES.as_slice();
    loop {
        let others: Others = one(owner, sql!("backup", "others"), &[&roles]).await?;
        if others.connections == 0 {
            return Ok(false);
        }
        if begun.elapsed() > GOING {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many mailboxes still catch up after a restore.
pub async fn catching_up(owner: &Config) -> Result<i64> {
    #[derive(Deserialize)]
    struct Mailboxes {
        mailboxes: i64,
    }
    let row: Mailboxes = one(owner, sql!("backup", "catching_up"), &[]).await?;
    Ok(row.mailboxes)
}

/// Marks a database that was put back by other means to the state of `taken_at`. Returns how many
/// mailboxes catch up.
pub async fn mark(owner: &Config, taken_at: Timestamp) -> Result<i32> {
    #[derive(Deserialize)]
    struct Marked {
        mailboxes: i32,
    }
    let row: Marked = one(owner, sql!("backup", "mark"), &[&taken_at]).await?;
    Ok(row.mailboxes)
}

/// Writes a copy of the database in `pg_dump`'s custom format, as of one moment.
pub async fn dump(
    owner: &Config,
    programs: &Programs,
    into: &mut (impl AsyncWrite + Unpin),
) -> std::result::Result<(), BackupError> {
    const NAME: &str = "pg_dump";
    let mut command = programs.command(NAME, owner);
    command.args(["--format=custom", "--no-password", "--lock-wait-timeout=60s"]);
    let mut child = spawn(NAME, &mut command)?;
    let (mut out, said) = (child.stdout.take(), listen(&mut child));
    if let Some(out) = &mut out {
        tokio::io::copy(out, into).await?;
    }
    ended(NAME, child, said).await
}

/// Puts a copy in the place of all that the database holds, and marks it: one transaction.
pub async fn put_back(
    owner: &Config,
    programs: &Programs,
    copy: &mut (impl AsyncRead + Unpin),
    how: PutBack,
) -> std::result::Result<(), BackupError> {
    const READER: &str = "pg_restore";
    const WRITER: &str = "psql";
    let mut command = programs.command(READER, owner);
    command.args(["--file=-", "--format=custom"]).stdin(Stdio::piped());
    let mut reader = spawn(READER, &mut command)?;
    let mut command = programs.command(WRITER, owner);
    command
        .args(["--no-psqlrc", "--quiet", "--no-password", "--single-transaction"])
        .args(["--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"])
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .stdin(Stdio::piped());
    let mut writer = spawn(WRITER, &mut command)?;
    let (reader_said, writer_said) = (listen(&mut reader), listen(&mut writer));
    let (Some(mut into_reader), Some(mut script), Some(mut into_writer)) =
        (reader.stdin.take(), reader.stdout.take(), writer.stdin.take())
    else {
        return Err(BackupError::Program(WRITER, "it has no standard input".to_owned()));
    };
    let feed = async {
        // What ends early says why itself.
        let _ = tokio::io::copy(copy, &mut into_reader).await;
        drop(into_reader);
    };
    let pass_on = async {
        into_writer.write_all(sql!("backup", "clear").text.as_bytes()).await?;
        tokio::io::copy(&mut script, &mut into_writer).await
    };
    let ((), passed) = tokio::join!(feed, pass_on);
    let read = ended(READER, reader, reader_said).await;
    if read.is_ok() && passed.is_ok() {
        // Nothing of this is reached, and nothing is committed, unless all before it was right.
        let _ = into_writer.write_all(end(how).as_bytes()).await;
    } else if read.is_err() && passed.is_ok() {
        // Half a copy: the end of its input would commit it.
        writer.start_kill()?;
    }
    drop(into_writer);
    let written = ended(WRITER, writer, writer_said).await;
    // A writer that gave up ends the reader; the other way round it was killed by us.
    if passed.is_err() { written.and(read) } else { read.and(written) }
}

/// What follows the copy.
fn end(how: PutBack) -> String {
    let secrets = if how.without_secrets { sql!("backup", "forget_secrets").text } else { "" };
    // A time prints without anything that would have to be quoted.
    let mark = sql!("backup", "mark").text.replace("$1", &format!("'{}'", how.taken_at));
    format!("\n{}{secrets}{mark}", sql!("backup", "end_sessions").text)
}

impl Programs {
    fn command(&self, name: &str, owner: &Config) -> Command {
        let beside = self.directory.as_ref().map(|directory| directory.join(name));
        let mut command = match beside.filter(|path| path.is_file()) {
            Some(path) => Command::new(path),
            None => Command::new(name),
        };
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("PG") {
                command.env_remove(variable);
            }
        }
        // By the environment: a command line can be read by everybody on the machine.
        match owner.get_hosts().first() {
            Some(Host::Tcp(host)) => command.env("PGHOST", host),
            Some(Host::Unix(path)) => command.env("PGHOST", path),
            None => &mut command,
        };
        if let Some(port) = owner.get_ports().first() {
            command.env("PGPORT", port.to_string());
        }
        if let Some(user) = owner.get_user() {
            command.env("PGUSER", user);
        }
        if let Some(database) = owner.get_dbname() {
            command.env("PGDATABASE", database);
        }
        if let Some(password) = owner.get_password() {
            command.env("PGPASSWORD", String::from_utf8_lossy(password).as_ref());
        }
        command.envs(address::for_programs(owner)).env("PGAPPNAME", "loket").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }
}

fn spawn(name: &'static str, command: &mut Command) -> std::result::Result<Child, BackupError> {
    command.spawn().map_err(|source| BackupError::NoProgram(name, source))
}

/// Reads what a program complains of while it works: a full pipe would stop it.
fn listen(child: &mut Child) -> tokio::task::JoinHandle<String> {
    let said = child.stderr.take();
    tokio::spawn(async move {
        let Some(mut said) = said else { return String::new() };
        let mut kept = Vec::new();
        let _ = (&mut said).take(MOST_SAID).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut said, &mut tokio::io::sink()).await;
        String::from_utf8_lossy(&kept).trim().to_owned()
    })
}

async fn ended(
    name: &'static str,
    mut child: Child,
    said: tokio::task::JoinHandle<String>,
) -> std::result::Result<(), BackupError> {
    let status = child.wait().await?;
    let said = said.await.unwrap_or_default();
    if status.success() { Ok(()) } else { Err(BackupError::Program(name, said)) }
}

async fn one<T: DeserializeOwned>(owner: &Config, sql: Sql, params: Params<'_>) -> Result<T> {
    let failed = |source| Error::statement(sql.name, source);
    let (client, connection) = owner.connect(address::tls()).await.map_err(failed)?;
    let ask = async move { ask(client, sql, params).await };
    let (row, _ended) = tokio::join!(ask, connection);
    row
}

async fn ask<T: DeserializeOwned>(client: Client, sql: Sql, params: Params<'_>) -> Result<T> {
    let row = client.query_one(sql.text, params).await;
    let row = row.map_err(|source| Error::statement(sql.name, source))?;
    crate::row::read(&row)
        .map_err(|error| Error::Row { statement: sql.name, reason: error.to_string() })
}
