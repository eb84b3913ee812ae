//! How the database is, for whoever runs it: asked as its owner, answered in counts.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_postgres::{Client, Config};

use crate::address;
use crate::error::{Error, Result};
use crate::ids::{MailboxId, TenantId};
use crate::mailboxes::MailboxKind;
use crate::managed;
use crate::sql::{Sql, sql};

/// What is true of the server whatever it holds.
#[derive(Debug)]
pub struct Server {
    /// As the server says it.
    pub version: String,
    /// The setting with which it could lose an acknowledged commit.
    pub durability: std::result::Result<(), managed::Error>,
    /// Migrations that are not applied yet; all of them in an empty database.
    pub pending_migrations: usize,
}

/// What waits longer than it should, in all shops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Work {
    /// Jobs that were due long ago and nobody took.
    pub overdue_jobs: i64,
    /// Jobs that will not be tried again by themselves.
    pub given_up_jobs: i64,
    /// Mails that were stored long ago and have no fate.
    pub mails_without_fate: i64,
    /// Outgoing mails whose sending was begun long ago and never reported on.
    pub stuck_sending: i64,
    /// Outgoing mails that nobody will send.
    pub queued_without_job: i64,
}

/// A mailbox of an active shop.
#[derive(Debug, Clone, Deserialize)]
pub struct MailboxRow {
    /// The shop.
    pub tenant_id: TenantId,
    /// The mailbox.
    pub id: MailboxId,
    /// How it is reached.
    pub kind: MailboxKind,
    /// Hosts, ports, directory.
    pub config: Value,
    /// Why it is not read; `None` while it is.
    pub paused_reason: Option<String>,
    /// Why nothing is sent from it; `None` while mail may leave.
    pub sending_paused_reason: Option<String>,
    /// Why it cannot be read just now.
    pub trouble: Option<String>,
    /// When it was first reached.
    pub connected_at: Option<Timestamp>,
    /// When it was last read to the end.
    pub last_read_at: Option<Timestamp>,
    /// When it was last compared with what is recorded.
    pub reconciled_at: Option<Timestamp>,
    /// How many mails were not recorded then.
    pub missing: i64,
    /// How many of those were fetched.
    pub fetched: i64,
}

/// A connection of the owner.
#[derive(Debug)]
pub struct Examination {
    client: Client,
    connection: tokio::task::JoinHandle<std::result::Result<(), tokio_postgres::Error>>,
}

impl Examination {
    /// Connects as the owner.
    pub async fn begin(owner: &Config) -> Result<Self> {
        let failed = |source| Error::Statement { statement: "health.connect", source };
        let (client, connection) = owner.connect(address::tls()).await.map_err(failed)?;
        Ok(Self { client, connection: tokio::spawn(connection) })
    }

    /// Looks at the server.
    pub async fn server(&self) -> Result<Server> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }
        let version: Version = self.one(sql!("health", "version"), &[]).await?;
        Ok(Server {
            version: version.version,
            durability: managed::check_durability(&self.client).await,
            pending_migrations: crate::migrate::pending(&self.client).await?,
        })
    }

    /// Looks for work that lies about for longer than `too_long`.
    pub async fn work(&self, too_long: Duration) -> Result<Work> {
        self.one(sql!("health", "work"), &[&too_long.as_secs_f64()]).await
    }

    /// The mailboxes of all active shops, without secrets.
    pub async fn mailboxes(&self) -> Result<Vec<MailboxRow>> {
        self.all(sql!("health", "mailboxes"), &[]).await
    }

    /// Mailboxes that still catch up after a restore.
    pub async fn catching_up(&self) -> Result<i64> {
        #[derive(Deserialize)]
        struct Mailboxes {
            mailboxes: i64,
        }
        let row: Mailboxes = self.one(sql!("backup", "catching_up"), &[]).await?;
        Ok(row.mailboxes)
    }

    async fn one<T: DeserializeOwned>(
        &self,
        sql: Sql,
        params: crate::session::Params<'_>,
    ) -> Result<T> {
        let none = || Error::Row { statement: sql.name, reason: "no row".to_owned() };
        self.all(sql, params).await?.into_iter().next().ok_or_else(none)
    }

    async fn all<T: DeserializeOwned>(
        &self,
        sql: Sql,
        params: crate::session::Params<'_>,
    ) -> Result<Vec<T>> {
        let failed = |source| Error::statement(sql.name, source);
        let rows = self.client.query(sql.text, params).await.map_err(failed)?;
        let wrong = |error: crate::row::RowError| Error::Row {
            statement: sql.name,
            reason: error.to_string(),
        };
        rows.iter().map(|row| crate::row::read(row).map_err(wrong)).collect()
    }
}

impl Drop for Examination {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
