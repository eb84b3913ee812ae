//! One connection during one transaction. It goes back to the pool only after a clean end.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Object, Pool};
use serde::de::DeserializeOwned;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::row;
use crate::sql::Sql;

/// What a statement is given.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A pooled connection in a transaction.
///
/// Dropped before its end (a cancelled request, a panic), it is closed and never reused: the next
/// borrower can then neither see this shop nor lose a write in a transaction left open.
#[derive(Debug)]
pub(crate) struct Session {
    object: Option<Object>,
    failed: AtomicBool,
}

impl Session {
    /// Takes a connection; no transaction yet.
    pub(crate) async fn open(pool: &Pool) -> Result<Self> {
        let object = pool.get().await.map_err(Error::Connect)?;
        Ok(Self { object: Some(object), failed: AtomicBool::new(false) })
    }

    /// The connection.
    pub(crate) fn object(&self) -> Result<&Object> {
        self.object.as_ref().ok_or(Error::Swallowed)
    }

    /// Sends BEGIN and the claims in one message. It must be polled before any other statement.
    pub(crate) async fn begin(&self, text: &str) -> Result<()> {
        let begun = self.object()?.batch_execute(text).await;
        begun.map_err(|source| Error::Statement { statement: "begin", source })
    }

    /// Commits or rolls back. Only then may another borrower have the connection.
    pub(crate) async fn end<T>(self, work: Result<T>) -> Result<T> {
        let work = match work {
            Ok(_) if self.failed.load(Ordering::Relaxed) => Err(Error::Swallowed),
            work => work,
        };
        let end = if work.is_ok() { "commit" } else { "rollback" };
        let ended = self.object()?.batch_execute(end).await;
        match (work, ended) {
            (Ok(value), Ok(())) => {
                self.give_back();
                Ok(value)
            }
            (Ok(_), Err(source)) if source.as_db_error().is_none() => {
                Err(Error::CommitUnknown(source))
            }
            (Ok(_), Err(source)) => Err(Error::statement("commit", source)),
            (Err(error), Ok(())) => {
                self.give_back();
                Err(error)
            }
            // Not rolled back: dropping closes the connection, and the server rolls back.
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// Puts the connection back; only after a clean end, or when no transaction was begun.
    pub(crate) fn give_back(mut self) {
        drop(self.object.take());
    }

    /// Whatever the caller returns, this transaction will not be committed.
    pub(crate) fn fail(&self, error: Error) -> Error {
        self.failed.store(true, Ordering::Relaxed);
        error
    }

    /// Makes sure statements are known to the server, so that a flight of several keeps its order.
    pub(crate) async fn prepare(&self, sql: Sql) -> Result<Statement> {
        let prepared = self.object()?.prepare_cached(sql.text).await;
        prepared.map_err(|source| self.fail(Error::statement(sql.name, source)))
    }

    async fn rows(&self, sql: Sql, params: Params<'_>) -> Result<Vec<Row>> {
        let statement = self.prepare(sql).await?;
        let rows = self.object()?.query(&statement, params).await;
        rows.map_err(|source| self.fail(Error::statement(sql.name, source)))
    }

    /// All rows.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        sql: Sql,
        params: Params<'_>,
    ) -> Result<Vec<T>> {
        let rows = self.rows(sql, params).await?;
        rows.iter().map(|row| read(sql, row)).collect()
    }

    /// All rows, each with the id in its column `of`: what it belongs to.
    pub(crate) async fn all_of<T: DeserializeOwned>(
        &self,
        sql: Sql,
        params: Params<'_>,
    ) -> Result<Vec<(Uuid, T)>> {
        let belongs = |row: &Row| {
            let of = row.try_get("of");
            of.map_err(|error| Error::Row { statement: sql.name, reason: error.to_string() })
        };
        let rows = self.rows(sql, params).await?;
        rows.iter().map(|row| Ok((belongs(row)?, read(sql, row)?))).collect()
    }

    /// The first row, if there is one.
    pub(crate) async fn first<T: DeserializeOwned>(
        &self,
        sql: Sql,
        params: Params<'_>,
    ) -> Result<Option<T>> {
        let rows = self.rows(sql, params).await?;
        rows.first().map(|row| read(sql, row)).transpose()
    }

    /// The one row of a statement that always has one.
    pub(crate) async fn one<T: DeserializeOwned>(&self, sql: Sql, params: Params<'_>) -> Result<T> {
        Self::only(sql, &self.rows(sql, params).await?)
    }

    /// The one row of these.
    pub(crate) fn only<T: DeserializeOwned>(sql: Sql, rows: &[Row]) -> Result<T> {
        let none = || Error::Row { statement: sql.name, reason: "no row".to_owned() };
        read(sql, rows.first().ok_or_else(none)?)
    }

    /// How many rows were changed.
    pub(crate) async fn execute(&self, sql: Sql, params: Params<'_>) -> Result<u64> {
        let statement = self.prepare(sql).await?;
        let changed = self.object()?.execute(&statement, params).await;
        changed.map_err(|source| self.fail(Error::statement(sql.name, source)))
    }
}

fn read<T: DeserializeOwned>(sql: Sql, row: &Row) -> Result<T> {
    row::read(row).map_err(|error| Error::Row { statement: sql.name, reason: error.to_string() })
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            tracing::debug!("a transaction was abandoned; its connection is closed");
            drop(Object::take(object));
        }
    }
}
