//! A transaction of one statement, there and back once: BEGIN with the claims, the statement and
//! COMMIT are sent together, and no row stays locked while an answer travels.
//!
//! Only for a statement that fails by itself where nothing may be written: COMMIT is on its way
//! before anybody here has seen a result. It must not know what the statements mean.

use serde::de::DeserializeOwned;
use tokio_postgres::Error as Said;

use crate::doors::{Store, begin_with};
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::session::{Params, Session};
use crate::sql::Sql;

impl Store {
    /// One statement as a worker for one shop, which returns one row. It is committed where it
    /// does not fail. [`Error::CommitUnknown`] when the connection broke.
    pub(crate) async fn at_once<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        sql: Sql,
        params: Params<'_>,
    ) -> Result<T> {
        let session = Session::open(&self.worker).await?;
        // Known to the server before anything leaves, so that the three keep their order.
        let statement = session.prepare(sql).await?;
        let opening = begin_worker(tenant);
        let connection = session.object()?;
        let (begun, rows, committed) = tokio::join!(
            biased;
            connection.batch_execute(&opening),
            connection.query(&statement, params),
            connection.batch_execute("commit"),
        );
        begun.map_err(|source| failed("begin", source))?;
        let rows = rows.map_err(|source| failed(sql.name, source));
        // Behind a statement that failed it rolls back, and says so without an error.
        committed.map_err(|source| failed("commit", source))?;
        session.give_back();
        Session::only(sql, &rows?)
    }
}

/// BEGIN for a worker of one shop.
pub(crate) fn begin_worker(tenant: TenantId) -> String {
    begin_with(30, &[("app.tenant_id", &tenant.to_string())])
}

/// What the server refused was not committed; what the connection lost may have been.
fn failed(statement: &'static str, source: Said) -> Error {
    if source.as_db_error().is_some() {
        Error::statement(statement, source)
    } else {
        Error::CommitUnknown(source)
    }
}
