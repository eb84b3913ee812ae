//! Refuses a server that could lose an acknowledged commit.

use tokio_postgres::Client;

use super::error::Error;

const QUERY: &str = include_str!("../../../../db/managed/durability.sql");

/// Checks, in this very session, that `fsync` and `full_page_writes` are on and that
/// `synchronous_commit` is not off. For any Postgres, ours or an external one.
///
/// `synchronous_commit` can be set per role and per database, so ask once per login role. Its
/// values `local`, `remote_write` and `remote_apply` pass: each waits for the local disk, and they
/// differ only in what they wait for on replicas.
pub async fn check_durability(client: &Client) -> Result<(), Error> {
    for row in client.query(QUERY, &[]).await? {
        let setting: String = row.try_get(0)?;
        let value: String = row.try_get(1)?;
        let durable = match setting.as_str() {
            "synchronous_commit" => value != "off",
            _ => value == "on",
        };
        if !durable {
            return Err(Error::NotDurable { setting, value });
        }
    }
    Ok(())
}
