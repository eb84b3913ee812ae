//! Brings a database up to date: forward only, each file once, under one lock.
//!
//! Each migration is one transaction together with its record, so a process killed midway leaves
//! a database that the next run continues with. Files that were applied may not change.

use postgres_protocol::password::scram_sha_256;
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Config};

use crate::address;
use crate::error::{Error, Result};
use crate::sql::{Sql, sql};

/// The part of Supabase Auth's schema we use, for our own Postgres.
const BOOTSTRAP_AUTH: &str = include_str!("../../../db/bootstrap_auth.sql");

/// A file of `db/migrations`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Number in the file name, from 1 without gaps.
    pub version: i32,
    /// Name in the file name.
    pub name: &'static str,
    /// What it says.
    pub text: &'static str,
}

macro_rules! migrations {
    ($($version:literal $file:literal),+ $(,)?) => {
        /// Every migration, oldest first.
        pub const MIGRATIONS: &[Migration] = &[$(Migration {
            version: $version,
            name: $file,
            text: include_str!(concat!("../../../db/migrations/", $file, ".sql")),
        }),+];
    };
}

migrations! {
    1 "0001_private_schema",
    2 "0002_tenants_and_profiles",
    3 "0003_business_rules",
    4 "0004_mailboxes_and_raw_messages",
    5 "0005_conversations",
    6 "0006_offers",
    7 "0007_outbox",
    8 "0008_jobs",
    9 "0009_notifications_and_filters",
    10 "0010_chat",
    11 "0011_events_and_audit",
    12 "0012_contract_functions",
    13 "0013_row_security",
    14 "0014_system_functions",
    15 "0015_members_and_roles",
    16 "0016_approval",
    17 "0017_invitations",
    18 "0018_api_keys",
    19 "0019_setup_and_secrets",
    20 "0020_accounts",
    21 "0021_registration",
    22 "0022_standing_and_masters",
    23 "0023_reading",
    24 "0024_sending",
    25 "0025_proof_and_standing",
    26 "0026_custody",
    27 "0027_tokens",
    28 "0028_attachments",
    29 "0029_restored",
    30 "0030_doubt",
    31 "0031_budget",
    32 "0032_cheaper_rows",
    33 "0033_standing_sending",
    34 "0034_history",
}

/// Connects as the owner and migrates. Returns how many migrations were applied.
pub async fn migrate(owner: &Config) -> Result<usize> {
    with_owner(owner, run).await
}

/// The roles that Loket's server logs in with.
pub(crate) const RUNTIME_ROLES: [&str; 6] =
    ["loket_user", "loket_worker", "loket_admin", "loket_system", "loket_setup", "loket_auth"];

/// Gives the runtime logins this password, for servers that ask for one. Keep it secret: it
/// is all a runtime login needs. Only a salted hash of it is sent.
pub async fn set_passwords(owner: &Config, password: &str) -> Result<()> {
    let salted = scram_sha_256(password.as_bytes());
    with_owner(owner, async |client| {
        // Two nodes that start at once would change the same row of the catalogue. The lock ends
        // with the connection.
        simple(client, sql!("migrate", "lock")).await?;
        for role in RUNTIME_ROLES {
            // A hash of our own making, in a fixed alphabet: nothing to quote.
            let text = format!("alter role {role} login password '{salted}'");
            let changed = client.batch_execute(&text).await;
            changed.map_err(|source| Error::statement("migrate.set_passwords", source))?;
        }
        Ok(())
    })
    .await
}

async fn with_owner<T>(
    owner: &Config,
    work: impl AsyncFnOnce(&mut Client) -> Result<T>,
) -> Result<T> {
    let connected = owner.connect(address::tls()).await;
    let (mut client, connection) =
        connected.map_err(|source| Error::Statement { statement: "migrate.connect", source })?;
    // The client is dropped when the work is done, and that ends the connection.
    let work = async move { work(&mut client).await };
    let (done, _ended) = tokio::join!(work, connection);
    done
}

async fn run(client: &mut Client) -> Result<usize> {
    simple(client, sql!("migrate", "lock")).await?;
    let applied = locked(client).await;
    // When this fails the connection is gone, and the lock with it.
    drop(simple(client, sql!("migrate", "unlock")).await);
    applied
}

async fn locked(client: &mut Client) -> Result<usize> {
    let pending = match applied(client).await? {
        Some(pending) if pending.is_empty() => return Ok(0),
        pending => pending,
    };
    if !flag(client, sql!("migrate", "auth_is_foreign")).await? {
        let bootstrap = Sql { name: "bootstrap_auth", text: BOOTSTRAP_AUTH };
        simple(client, bootstrap).await?;
    }
    if flag(client, sql!("migrate", "owner_role")).await? {
        simple(client, sql!("migrate", "become_owner")).await?;
    }
    let outcome = apply(client, pending).await;
    drop(simple(client, sql!("migrate", "become_self")).await);
    outcome
}

async fn apply(client: &mut Client, pending: Option<Vec<Migration>>) -> Result<usize> {
    let pending = if let Some(pending) = pending {
        pending
    } else {
        simple(client, sql!("migrate", "prepare")).await?;
        MIGRATIONS.to_vec()
    };
    for migration in &pending {
        let failed = |source| Error::statement(migration.name, source);
        let tx = client.transaction().await.map_err(failed)?;
        tx.batch_execute(migration.text).await.map_err(failed)?;
        let hash = hash(migration);
        tx.execute(
            sql!("migrate", "record").text,
            &[&migration.version, &migration.name, &hash.as_slice()],
        )
        .await
        .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        tracing::info!(migration = migration.name, "applied");
    }
    Ok(pending.len())
}

/// How many migrations are still to be applied.
pub(crate) async fn pending(client: &Client) -> Result<usize> {
    Ok(applied(client).await?.map_or(MIGRATIONS.len(), |pending| pending.len()))
}

/// What is still to be applied; `None` when the database was never migrated.
async fn applied(client: &Client) -> Result<Option<Vec<Migration>>> {
    let applied = sql!("migrate", "applied");
    let failed = |source| Error::statement(applied.name, source);
    if !flag(client, sql!("migrate", "is_known")).await? {
        return Ok(None);
    }
    let mut pending = MIGRATIONS.to_vec();
    for row in client.query(applied.text, &[]).await.map_err(failed)? {
        let version: i32 = row.try_get("version").map_err(failed)?;
        let then: Vec<u8> = row.try_get("sha256").map_err(failed)?;
        let known = pending.iter().position(|migration| migration.version == version);
        let known = known.ok_or(Error::MigrationUnknown { version })?;
        if hash(&pending.remove(known)) != then {
            return Err(Error::MigrationChanged { version });
        }
    }
    Ok(Some(pending))
}

fn hash(migration: &Migration) -> Vec<u8> {
    Sha256::digest(migration.text.as_bytes()).to_vec()
}

async fn simple(client: &Client, sql: Sql) -> Result<()> {
    client.batch_execute(sql.text).await.map_err(|source| Error::statement(sql.name, source))
}

async fn flag(client: &Client, sql: Sql) -> Result<bool> {
    let failed = |source| Error::statement(sql.name, source);
    let row = client.query_one(sql.text, &[]).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}
