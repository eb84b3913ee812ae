//! Typed ids, so that a thread cannot be passed where an interaction is meant.

use std::fmt;

use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// What an error in a parameter or column is passed on as.
type Failure = Box<dyn std::error::Error + Sync + Send>;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh `UUIDv7`: ordered by time, made here and never by the database.
            #[expect(clippy::new_without_default, reason = "a default that differs each time misleads")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
                self.0.to_sql(kind, out)
            }
            fn accepts(kind: &Type) -> bool {
                <Uuid as ToSql>::accepts(kind)
            }
            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
                Uuid::from_sql(kind, raw).map(Self)
            }
            fn accepts(kind: &Type) -> bool {
                <Uuid as FromSql>::accepts(kind)
            }
        }
    )+};
}

ids! {
    /// A shop.
    TenantId,
    /// A person who can sign in.
    UserId,
    /// A shop's mailbox.
    MailboxId,
    /// A mail as it came.
    RawId,
    /// A conversation.
    ThreadId,
    /// A customer mail in a conversation.
    InteractionId,
    /// A file of a customer mail.
    AttachmentId,
    /// An outgoing mail.
    OutboxId,
    /// A piece of due work.
    JobId,
    /// The fencing token of a lease.
    LeaseToken,
    /// A filter.
    FilterId,
    /// A notification.
    NotificationId,
    /// A row of the ladder's ledger.
    OfferId,
    /// An audit entry.
    AuditId,
    /// An API key of a shop.
    ApiKeyId,
    /// An invitation of a colleague.
    InvitationId,
    /// What a person answered in the mailbox itself.
    PersonAnswerId,
    /// A comparison of a mailbox with what is recorded of it.
    ReconciliationId,
    /// A bringing in of older mail.
    HistoryId,
}
