//! Whose mail is let in. Patterns are checked by the caller before they are saved.

use domain::contract::FilterType;

use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::FilterId;
use crate::session::Params;
use crate::sql::sql;

pub use crate::ingest::{FilterRow, filters as list};

/// What a filter compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterValue {
    /// The whole address, or a pattern for it.
    Address(String),
    /// The domain, or a pattern for it.
    Domain(String),
}

/// Adds a filter. The same filter twice breaks [`crate::Constraint::SameFilter`].
pub async fn insert(
    tx: &TenantTx,
    filter_type: FilterType,
    value: &FilterValue,
    is_regex: bool,
) -> Result<FilterId> {
    let id = FilterId::new();
    let (address, domain) = match value {
        FilterValue::Address(address) => (Some(address.as_str()), None),
        FilterValue::Domain(domain) => (None, Some(domain.as_str())),
    };
    let params: Params<'_> =
        &[&tx.tenant(), &id, &filter_type.as_str(), &address, &domain, &is_regex, &tx.actor()];
    tx.session.execute(sql!("filters", "insert"), params).await?;
    Ok(id)
}

/// Deletes a filter.
pub async fn delete(tx: &TenantTx, filter: FilterId) -> Result<()> {
    let changed = tx.session.execute(sql!("filters", "delete"), &[&tx.tenant(), &filter]).await?;
    crate::expect_change(changed, "filter", filter.0)
}
