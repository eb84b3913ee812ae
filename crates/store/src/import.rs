//! Reads the database before Loket and writes what was made of it, both as an owner: every shop
//! at once, in one transaction that a dry run rolls back.

use serde_json::Value;
use tokio_postgres::{Client, Config, Transaction};

use crate::address;
use crate::error::{Chain, Error, Result};
use crate::ids::TenantId;
use crate::sql::{Sql, sql};

/// A table, in the order in which rows are written: parents first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// `tenants`.
    Tenants,
    /// `auth.users`.
    Users,
    /// `auth.identities`.
    Identities,
    /// `profiles`.
    Profiles,
    /// `master_business_rules`; read, never written.
    MasterRules,
    /// `tenant_business_rules` and their first version.
    Rules,
    /// `mailboxes`; written, never read.
    Mailboxes,
    /// `conversation_threads`.
    Threads,
    /// `customer_interactions`.
    Interactions,
    /// `chat_sessions`.
    ChatSessions,
    /// `chat_messages`.
    ChatMessages,
    /// `notifications`.
    Notifications,
    /// `email_filters`.
    Filters,
}

impl Table {
    /// Every table, parents first.
    pub const ALL: &'static [Self] = &[
        Self::Tenants,
        Self::Users,
        Self::Identities,
        Self::Profiles,
        Self::MasterRules,
        Self::Rules,
        Self::Mailboxes,
        Self::Threads,
        Self::Interactions,
        Self::ChatSessions,
        Self::ChatMessages,
        Self::Notifications,
        Self::Filters,
    ];

    /// `schema.table`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tenants => "public.tenants",
            Self::Users => "auth.users",
            Self::Identities => "auth.identities",
            Self::Profiles => "public.profiles",
            Self::MasterRules => "public.master_business_rules",
            Self::Rules => "public.tenant_business_rules",
            Self::Mailboxes => "public.mailboxes",
            Self::Threads => "public.conversation_threads",
            Self::Interactions => "public.customer_interactions",
            Self::ChatSessions => "public.chat_sessions",
            Self::ChatMessages => "public.chat_messages",
            Self::Notifications => "public.notifications",
            Self::Filters => "public.email_filters",
        }
    }

    const fn read(self) -> Option<Sql> {
        Some(match self {
            Self::Tenants => sql!("import", "read_tenants"),
            Self::Users => sql!("import", "read_users"),
            Self::Identities => sql!("import", "read_identities"),
            Self::Profiles => sql!("import", "read_profiles"),
            Self::MasterRules => sql!("import", "read_master_business_rules"),
            Self::Rules => sql!("import", "read_tenant_business_rules"),
            Self::Mailboxes => return None,
            Self::Threads => sql!("import", "read_conversation_threads"),
            Self::Interactions => sql!("import", "read_customer_interactions"),
            Self::ChatSessions => sql!("import", "read_chat_sessions"),
            Self::ChatMessages => sql!("import", "read_chat_messages"),
            Self::Notifications => sql!("import", "read_notifications"),
            Self::Filters => sql!("import", "read_email_filters"),
        })
    }

    const fn write(self) -> Option<Sql> {
        Some(match self {
            Self::Tenants => sql!("import", "write_tenants"),
            Self::Users => sql!("import", "write_users"),
            Self::Identities => sql!("import", "write_identities"),
            Self::Profiles => sql!("import", "write_profiles"),
            Self::MasterRules => return None,
            Self::Rules => sql!("import", "write_tenant_business_rules"),
            Self::Mailboxes => sql!("import", "write_mailboxes"),
            Self::Threads => sql!("import", "write_conversation_threads"),
            Self::Interactions => sql!("import", "write_customer_interactions"),
            Self::ChatSessions => sql!("import", "write_chat_sessions"),
            Self::ChatMessages => sql!("import", "write_chat_messages"),
            Self::Notifications => sql!("import", "write_notifications"),
            Self::Filters => sql!("import", "write_email_filters"),
        })
    }
}

/// Rows written at a time.
const BATCH: usize = 500;

/// What became of the rows of a table.
#[derive(Debug, Clone)]
pub struct Written {
    /// The table.
    pub table: Table,
    /// Rows that are new.
    pub taken: u64,
    /// Rows that were there already.
    pub there_already: u64,
    /// Rows that the database refused: their place in what was given, and why.
    pub refused: Vec<(usize, String)>,
}

/// All rows of the tables that are there, as JSON, read in one moment and without changing
/// anything.
pub async fn read(source: &Config) -> Result<Vec<(Table, Vec<Value>)>> {
    connected(source, async |client| {
        let done = read_all(client).await;
        client.batch_execute(sql!("import", "end_reading").text).await.map_err(failed("end"))?;
        done
    })
    .await
}

async fn read_all(client: &mut Client) -> Result<Vec<(Table, Vec<Value>)>> {
    client.batch_execute(sql!("import", "begin_reading").text).await.map_err(failed("begin"))?;
    let mut tables = Vec::new();
    for table in Table::ALL {
        let Some(sql) = table.read() else { continue };
        let exists = sql!("import", "exists");
        let row = client.query_one(exists.text, &[&table.name()]).await;
        if !row.and_then(|row| row.try_get(0)).map_err(failed(exists.name))? {
            continue;
        }
        let rows = client.query(sql.text, &[]).await.map_err(failed(sql.name))?;
        let rows: std::result::Result<Vec<Value>, _> =
            rows.iter().map(|row| row.try_get(0)).collect();
        tables.push((*table, rows.map_err(failed(sql.name))?));
    }
    Ok(tables)
}

/// Writes rows of our own shape: what is there already stays. Without `keep` nothing is kept.
pub async fn write(
    owner: &Config,
    tables: &[(Table, Vec<Value>)],
    shops: &[TenantId],
    keep: bool,
) -> Result<Vec<Written>> {
    connected(owner, async |client| {
        let mut tx = client.transaction().await.map_err(failed("import.write"))?;
        let mut written = Vec::new();
        for (table, rows) in tables {
            written.push(write_table(&mut tx, *table, rows).await?);
        }
        let count = sql!("import", "count_threads");
        tx.execute(count.text, &[&shops]).await.map_err(failed(count.name))?;
        let ended = if keep { tx.commit().await } else { tx.rollback().await };
        ended.map_err(failed("import.write"))?;
        Ok(written)
    })
    .await
}

async fn write_table(tx: &mut Transaction<'_>, table: Table, rows: &[Value]) -> Result<Written> {
    let mut done = Written { table, taken: 0, there_already: 0, refused: Vec::new() };
    let Some(sql) = table.write() else { return Ok(done) };
    for (batch, start) in rows.chunks(BATCH).zip((0_usize..).step_by(BATCH)) {
        if let Ok(taken) = attempt(tx, sql, batch).await? {
            done.count(taken, batch.len());
            continue;
        }
        // One of them is refused: find out which.
        for (row, place) in batch.iter().zip(start..) {
            match attempt(tx, sql, std::slice::from_ref(row)).await? {
                Ok(taken) => done.count(taken, 1),
                Err(reason) => done.refused.push((place, reason)),
            }
        }
    }
    Ok(done)
}

impl Written {
    fn count(&mut self, taken: u64, of: usize) {
        self.taken += taken;
        self.there_already += u64::try_from(of).unwrap_or(u64::MAX).saturating_sub(taken);
    }
}

/// The rows that were new, or why the database refused one of them. What a refused row says is
/// not in the reason.
async fn attempt(
    tx: &mut Transaction<'_>,
    sql: Sql,
    rows: &[Value],
) -> Result<std::result::Result<u64, String>> {
    let savepoint = tx.savepoint("rows").await.map_err(failed(sql.name))?;
    match savepoint.execute(sql.text, &[&Value::Array(rows.to_vec())]).await {
        Ok(taken) => {
            savepoint.commit().await.map_err(failed(sql.name))?;
            Ok(Ok(taken))
        }
        Err(error) if error.as_db_error().is_some() => {
            let reason = error.as_db_error().map(|cause| match cause.constraint() {
                Some(constraint) => format!("it breaks {constraint}"),
                None => cause.message().to_owned(),
            });
            savepoint.rollback().await.map_err(failed(sql.name))?;
            Ok(Err(reason.unwrap_or_else(|| Chain(&error).to_string())))
        }
        Err(error) => Err(Error::Statement { statement: sql.name, source: error }),
    }
}

fn failed(statement: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| Error::statement(statement, source)
}

async fn connected<T>(
    config: &Config,
    work: impl AsyncFnOnce(&mut Client) -> Result<T>,
) -> Result<T> {
    let (mut client, connection) =
        config.connect(address::tls()).await.map_err(failed("import.connect"))?;
    let work = async move { work(&mut client).await };
    let (done, _ended) = tokio::join!(work, connection);
    done
}
