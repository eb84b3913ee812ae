//! What can go wrong between Loket and its database.

use std::fmt;

use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::ids::{JobId, TenantId};

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What could not be done. `Display` never prints its source; [`Chain`] does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection could be had.
    #[error("no database connection could be had")]
    Connect(#[source] deadpool_postgres::PoolError),
    /// The pool could not be built.
    #[error("the connection pool could not be built")]
    Pool(#[source] deadpool_postgres::BuildError),
    /// A statement failed.
    #[error("{statement} failed")]
    Statement {
        /// `file.statement` in `db/queries`.
        statement: &'static str,
        /// What the server or the connection said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The commit's outcome is unknown: the connection broke while it was under way.
    #[error("it is unknown whether the transaction was committed")]
    CommitUnknown(#[source] tokio_postgres::Error),
    /// A row does not have the shape the code expects.
    #[error("{statement} returned an unexpected row: {reason}")]
    Row {
        /// `file.statement` in `db/queries`.
        statement: &'static str,
        /// Which column and why.
        reason: String,
    },
    /// A value the database's rules forbid.
    #[error("{statement} breaks {constraint:?}")]
    Constraint {
        /// `file.statement` in `db/queries`.
        statement: &'static str,
        /// Which rule.
        constraint: Constraint,
    },
    /// The caller may not do this.
    #[error("{statement} is not allowed")]
    Forbidden {
        /// `file.statement` in `db/queries`.
        statement: &'static str,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// Another worker holds the job by now, or it is finished.
    #[error("the lease of job {0} is stale")]
    StaleLease(JobId),
    /// Another mail changed the same offer accounts meanwhile: load the facts again and decide anew.
    #[error("the offers of shop {0} changed meanwhile")]
    Conflict(TenantId),
    /// What was to be changed is not there, or not in the state for it. Another shop's is not there.
    #[error("{what} {id} is not there")]
    Absent {
        /// What was looked for.
        what: &'static str,
        /// Its id.
        id: Uuid,
    },
    /// A statement of the transaction failed and the caller went on as if it had not.
    #[error("the transaction failed earlier and was rolled back")]
    Swallowed,
    /// The database login has more rights than a server may have.
    #[error("the database login {login} {reason}: Loket refuses to run with it")]
    UnsafeLogin {
        /// The role.
        login: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A migration that was applied reads differently now.
    #[error("migration {version} was changed after it was applied")]
    MigrationChanged {
        /// Its number.
        version: i32,
    },
    /// The database has a migration this program does not know: it is newer than the program.
    #[error("the database is newer than this program: migration {version} is unknown")]
    MigrationUnknown {
        /// Its number.
        version: i32,
    },
    /// A value cannot be written as JSON.
    #[error("a value cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

/// A rule of the schema that callers tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The person has a shop already.
    OneShopPerPerson,
    /// The shop has this mailbox address already.
    MailboxAddress,
    /// The same filter exists.
    SameFilter,
    /// Opening a shop needs a reason of some length.
    Reason,
    /// The shop is not in the state for this step of its approval.
    StatusStep,
    /// A shop keeps an owner.
    LastOwner,
    /// A shop sends so many invitations a day.
    DailyInvitations,
    /// Nobody does this to themselves.
    NotOneself,
    /// The parent row does not exist, or belongs to another shop.
    Parent(String),
    /// Any other, by its name.
    Other(String),
}

impl Constraint {
    fn from_name(name: &str, state: &SqlState) -> Self {
        match name {
            "tenants_one_per_person" => Self::OneShopPerPerson,
            "mailboxes_address_key" => Self::MailboxAddress,
            "email_filters_value_key" => Self::SameFilter,
            "audit_log_reason" => Self::Reason,
            "tenants_status_step" => Self::StatusStep,
            "profiles_last_owner" => Self::LastOwner,
            "tenant_invitations_daily" => Self::DailyInvitations,
            "profiles_not_oneself" => Self::NotOneself,
            _ if *state == SqlState::FOREIGN_KEY_VIOLATION => Self::Parent(name.to_owned()),
            _ => Self::Other(name.to_owned()),
        }
    }
}

impl Error {
    /// The error of a statement, told apart by what the caller can do about it.
    pub(crate) fn statement(statement: &'static str, source: tokio_postgres::Error) -> Self {
        let Some(cause) = source.as_db_error() else {
            return Self::Statement { statement, source };
        };
        let state = cause.code();
        if let Some(name) = cause.constraint() {
            return Self::Constraint { statement, constraint: Constraint::from_name(name, state) };
        }
        if *state == SqlState::INSUFFICIENT_PRIVILEGE {
            return Self::Forbidden { statement, source };
        }
        Self::Statement { statement, source }
    }

    /// Whether the same transaction may well succeed when tried again: serialisation failures,
    /// deadlocks, lost connections, a server that restarts. Nothing was written, except perhaps
    /// after [`Error::CommitUnknown`], which is therefore not among them.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Conflict(_) => true,
            Self::Statement { source, .. } => {
                source.is_closed() || source.code().is_none_or(is_passing)
            }
            _ => false,
        }
    }
}

impl Error {
    /// Whether what was to be written may itself be the reason: values that a column cannot hold
    /// (SQLSTATE classes 22 and 23), too much of something (54), or a row that cannot be read or
    /// made into JSON. Everything else (no room, no time, locks, rights) is the database's trouble.
    pub fn may_be_the_values_fault(&self) -> bool {
        match self {
            Self::Row { .. } | Self::Json(_) | Self::Constraint { .. } => true,
            Self::Statement { source, .. } => source.code().is_some_and(|state| {
                ["22", "23", "54"].iter().any(|class| state.code().starts_with(class))
            }),
            _ => false,
        }
    }
}

/// SQLSTATEs that pass: class 08, serialisation, deadlock, lock timeout, restart, no room.
pub(crate) fn is_passing(state: &SqlState) -> bool {
    state.code().starts_with("08")
        || [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
        ]
        .contains(state)
}

/// Prints an error with all its causes, for logs. Server errors with SQLSTATE and constraint, but
/// never with their detail, which quotes row values.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            match cause.downcast_ref::<tokio_postgres::error::DbError>() {
                Some(db) => {
                    write!(f, ": {} (SQLSTATE {}", db.message(), db.code().code())?;
                    if let Some(constraint) = db.constraint() {
                        write!(f, ", constraint {constraint}")?;
                    }
                    write!(f, ")")?;
                }
                None => write!(f, ": {cause}")?,
            }
            next = cause.source();
        }
        Ok(())
    }
}
