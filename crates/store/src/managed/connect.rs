//! Short superuser connections: looking whether the server is up, making a database.

use std::future::Future;

use tokio_postgres::{Client, Config, NoTls};

use super::error::Error;

const CREATE_DATABASE: &str = include_str!("../../../../db/managed/create_database.sql");
const DROP_DATABASE: &str = include_str!("../../../../db/managed/drop_database.sql");
const SET_PASSWORD: &str = include_str!("../../../../db/managed/set_password.sql");

/// Connects and hangs up.
pub(super) async fn probe(config: &Config) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    drop(client);
    connection.await
}

/// Makes database `name` unless it is there; says whether it was made.
pub(super) async fn create_database(config: &Config, name: &str) -> Result<bool, Error> {
    run_built_statement(config, CREATE_DATABASE, name).await
}

/// Drops database `name` and whoever is connected to it; says whether it was there.
pub(super) async fn drop_database(config: &Config, name: &str) -> Result<bool, Error> {
    run_built_statement(config, DROP_DATABASE, name).await
}

/// Gives the superuser a password, for logging in by TCP.
pub(super) async fn set_password(config: &Config, password: &str) -> Result<(), Error> {
    run_built_statement(config, SET_PASSWORD, password).await.map(drop)
}

/// Lets the server build a statement around `argument` (it knows how to quote) and runs it.
async fn run_built_statement(config: &Config, query: &str, argument: &str) -> Result<bool, Error> {
    on_connection(config, |client| async move {
        let Some(row) = client.query_opt(query, &[&argument]).await? else { return Ok(false) };
        client.batch_execute(row.try_get(0)?).await?;
        Ok(true)
    })
    .await
}

/// Drives a connection for as long as `work` takes, without a task of its own.
async fn on_connection<T, Work, Running>(config: &Config, work: Work) -> Result<T, Error>
where
    Work: FnOnce(Client) -> Running,
    Running: Future<Output = Result<T, Error>>,
{
    let (client, connection) = config.connect(NoTls).await?;
    // The client goes at the end of the work, and with it the connection.
    let (result, ended) = tokio::join!(work(client), connection);
    let value = result?;
    ended?;
    Ok(value)
}
