//! Moves mailbox secrets to the current key, row by row, beside a running server. It can be
//! stopped anywhere: the next run goes on with what is left.

use store::Store;
use store::secrets::{self, SecretRow};

use super::envelope::{EnvelopeError, Kept, kept};
use super::ring::RingError;
use super::vault::Vault;

/// Rows looked up at a time.
const BATCH: u16 = 100;

/// What to do with passwords that the old system kept in plain Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// Leave them.
    Leave,
    /// Close them.
    Close,
}

/// What a run did.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Envelopes moved to the current key.
    pub renewed: u64,
    /// Passwords in plain Base64 that were closed.
    pub closed: u64,
    /// Passwords in plain Base64 that were left.
    pub left_plain: u64,
    /// Rows whose owner wrote a new password meanwhile: they have the current key already.
    pub changed_meanwhile: u64,
    /// Rows that were left as they are, and why.
    pub troubles: Vec<Trouble>,
}

/// A row that could not be moved.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Trouble {
    /// The shop.
    pub tenant_id: store::TenantId,
    /// The column.
    pub place: &'static str,
    /// Why.
    pub reason: String,
}

/// Moves every row, or the first `most` rows that need it.
pub async fn renew(
    store: &Store,
    vault: &Vault,
    plain: Plain,
    most: Option<u64>,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut after = None;
    let mut done = 0_u64;
    loop {
        let current = vault.current_prefix()?;
        let rows = secrets::to_renew(store, &current, after, BATCH).await?;
        if rows.is_empty() {
            return Ok(tally);
        }
        for row in rows {
            if most.is_some_and(|most| done >= most) {
                return Ok(tally);
            }
            renew_row(store, vault, plain, row, &mut tally).await?;
            done = done.saturating_add(1);
            after = Some(row);
        }
    }
}

async fn renew_row(
    store: &Store,
    vault: &Vault,
    plain: Plain,
    row: SecretRow,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let tenant = row.tenant_id;
    let read = async |tx: &store::TenantTx| secrets::read(tx, row).await;
    let Some(old) = store.as_worker(tenant, read).await? else {
        tally.changed_meanwhile += 1;
        return Ok(());
    };
    let is_plain = matches!(kept(&old), Kept::Plain(_));
    if is_plain && plain == Plain::Leave {
        tally.left_plain += 1;
        return Ok(());
    }
    let new = match opened_and_sealed(vault, row, &old) {
        Ok(new) => new,
        // No ring, no randomness: nothing to do with this row.
        Err(EnvelopeError::Ring(error)) => return Err(RingError::into(error)),
        Err(error) => {
            let (place, reason) = (row.place.as_str(), error.to_string());
            tally.troubles.push(Trouble { tenant_id: tenant, place, reason });
            return Ok(());
        }
    };
    let replace = async |tx: &store::TenantTx| secrets::replace(tx, row, &old, &new).await;
    let count = match (store.as_worker(tenant, replace).await?, is_plain) {
        (true, true) => &mut tally.closed,
        (true, false) => &mut tally.renewed,
        (false, _) => &mut tally.changed_meanwhile,
    };
    *count += 1;
    Ok(())
}

fn opened_and_sealed(vault: &Vault, row: SecretRow, old: &str) -> Result<String, EnvelopeError> {
    let secret = match kept(old) {
        Kept::Envelope(_) => vault.open_envelope(row, old)?,
        Kept::Plain(secret) => secret,
        Kept::Unknown => return Err(EnvelopeError::NotAnEnvelope),
    };
    vault.seal(row, &secret)
}
