//! Where mailbox secrets lie: envelopes in Base64 that this crate can move but not open.

use serde::{Deserialize, Serialize};
use tokio_postgres::Config;
use uuid::Uuid;

use crate::address;
use crate::doors::{Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{MailboxId, TenantId};
use crate::session::Params;
use crate::sql::sql;

/// A column that holds envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// The contract's column.
    #[serde(rename = "tenants.gmail_password_encrypted")]
    Tenant,
    /// Each mailbox's own.
    #[serde(rename = "mailboxes.secret_encrypted")]
    Mailbox,
}

impl Place {
    /// `table.column`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenants.gmail_password_encrypted",
            Self::Mailbox => "mailboxes.secret_encrypted",
        }
    }
}

/// Which secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub struct SecretRow {
    /// The shop.
    pub tenant_id: TenantId,
    /// The column.
    pub place: Place,
    /// The row: the shop itself, or the mailbox.
    pub row_id: Uuid,
}

impl SecretRow {
    /// The shop's own column.
    pub const fn of_tenant(tenant_id: TenantId) -> Self {
        Self { tenant_id, place: Place::Tenant, row_id: tenant_id.0 }
    }

    /// A mailbox's.
    pub const fn of_mailbox(tenant_id: TenantId, mailbox: MailboxId) -> Self {
        Self { tenant_id, place: Place::Mailbox, row_id: mailbox.0 }
    }
}

/// How many secrets a key closes in one column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Usage {
    /// The column.
    pub place: Place,
    /// The first 12 characters of its envelopes, which name the key; `None` for what is no
    /// envelope at all.
    pub key_prefix: Option<String>,
    /// How many.
    pub secrets: i64,
}

#[derive(Deserialize)]
struct Changed {
    changed: bool,
}

/// Which keys are in use, in all shops: counts only.
pub async fn usage(store: &Store) -> Result<Vec<Usage>> {
    store.as_setup(async |tx| tx.session.all(sql!("secrets", "usage"), &[]).await).await
}

/// The next secrets, behind `after`, whose envelope does not begin with `current`: ids only.
pub async fn to_renew(
    store: &Store,
    current: &str,
    after: Option<SecretRow>,
    limit: u16,
) -> Result<Vec<SecretRow>> {
    let (tenant, place, row) = after.map_or((TenantId(Uuid::nil()), "", Uuid::nil()), |after| {
        (after.tenant_id, after.place.as_str(), after.row_id)
    });
    store
        .as_setup(async |tx| {
            let params: Params<'_> = &[&current, &tenant, &place, &row, &i32::from(limit)];
            tx.session.all(sql!("secrets", "to_renew"), params).await
        })
        .await
}

/// The envelope in a row of this transaction's shop; `None` when there is none. Workers only.
pub async fn read(tx: &TenantTx, row: SecretRow) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Found {
        secret: Option<String>,
    }
    let params: Params<'_> = &[&tx.tenant(), &row.row_id];
    let found: Option<Found> = match row.place {
        Place::Tenant => tx.session.first(sql!("secrets", "read_tenant"), params).await?,
        Place::Mailbox => tx.session.first(sql!("secrets", "read_mailbox"), params).await?,
    };
    Ok(found.and_then(|found| found.secret))
}

/// Puts `new` where `old` was; `false` when `old` is there no more. Workers only.
pub async fn replace(tx: &TenantTx, row: SecretRow, old: &str, new: &str) -> Result<bool> {
    let params: Params<'_> = &[&row.place.as_str(), &row.row_id, &old, &new];
    let row: Changed = tx.session.one(sql!("secrets", "replace"), params).await?;
    Ok(row.changed)
}

/// Saves an envelope for a person's shop. They can never read it back. Owners only.
pub async fn save(tx: &TenantTx, row: SecretRow, envelope: &str) -> Result<()> {
    let changed = match row.place {
        Place::Tenant => {
            let params: Params<'_> = &[&tx.tenant(), &envelope];
            tx.session.execute(sql!("secrets", "save_tenant"), params).await?
        }
        Place::Mailbox => {
            let params: Params<'_> = &[&tx.tenant(), &row.row_id, &envelope];
            tx.session.execute(sql!("secrets", "save_mailbox"), params).await?
        }
    };
    crate::expect_change(changed, "secret", row.row_id)
}

/// Takes the shop's own password away, once a provider's consent is in its place. Owners only.
pub async fn forget_password(tx: &TenantTx) -> Result<()> {
    tx.session.execute(sql!("secrets", "forget_tenant"), &[&tx.tenant()]).await.map(drop)
}

/// Writes the tables that hold secrets anew, as their owner, so that what was replaced is not in
/// their files any more. Both are locked meanwhile, for as long as they are large.
pub async fn rewrite_tables(owner: &Config) -> Result<()> {
    let sql = sql!("secrets", "rewrite");
    let failed = |source| Error::statement(sql.name, source);
    let (client, connection) = owner.connect(address::tls()).await.map_err(failed)?;
    let work = async move {
        // Each in a transaction of its own: a vacuum takes no other.
        for statement in sql.text.split_inclusive(';') {
            client.batch_execute(statement).await?;
        }
        Ok(())
    };
    let (done, _ended) = tokio::join!(work, connection);
    done.map_err(failed)
}
