//! The only crate that knows SQL.
//!
//! It offers doors ([`Store::as_user`], [`Store::as_worker`], [`Store::as_admin`],
//! [`Store::as_system`], [`Store::as_api_key`], [`Store::as_setup`], [`Store::as_auth`]), each a
//! transaction with the claims of one kind of caller, and one module of functions per aggregate. It must not know why anything is decided: that is `domain`, nor
//! when anything runs: that is the binary. Start reading at [`Store`].

mod doors;
mod error;
mod flight;
mod ids;
mod row;
mod session;
mod sql;

pub mod address;
pub mod admin;
pub mod answer;
pub mod api_keys;
pub mod attachments;
pub mod auth;
pub mod backup;
pub mod conversations;
pub mod desk;
pub mod directory;
pub mod drafts;
pub mod events;
pub mod filters;
pub mod health;
pub mod history;
pub mod import;
pub mod ingest;
pub mod jobs;
pub mod mailboxes;
pub mod managed;
pub mod migrate;
pub mod notifications;
pub mod outbox;
pub mod person_answers;
pub mod reconcile;
pub mod recovery;
pub mod sending;
pub mod sent;
pub mod rules;
pub mod secrets;
pub mod shops;
pub mod tokens;
pub mod users;

pub use api_keys::ApiKeyClaims;
pub use doors::{AdminTx, AuthTx, Claims, Logins, Purpose, SetupTx, Store, SystemTx, TenantTx};
pub use error::{Chain, Constraint, Error, Result};
pub use ids::{
    ApiKeyId, AttachmentId, AuditId, FilterId, HistoryId, InteractionId, InvitationId, JobId,
    LeaseToken, MailboxId, NotificationId, OfferId, OutboxId, PersonAnswerId, RawId,
    ReconciliationId, TenantId, ThreadId, UserId,
};
/// How to reach a server: the driver's own configuration.
pub use tokio_postgres::Config;
pub use tokio_postgres::config::Host;

/// Exactly one row must have changed; none means it is not there, or another shop's.
fn expect_change(changed: u64, what: &'static str, id: uuid::Uuid) -> Result<()> {
    if changed == 1 { Ok(()) } else { Err(Error::Absent { what, id }) }
}
