//! One mail that is to be answered: plain values in one statement, which fails by itself where the
//! lease is not held any more.

use domain::message::Doubt;
use serde::Deserialize;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::{InteractionState, NewInteraction, record_messages};
use crate::doors::{Store, TenantTx};
use crate::error::{Error, Result};
use crate::ids::{JobId, TenantId};
use crate::jobs::Lease;
use crate::sql::{Sql, sql};

const STATEMENT: Sql = sql!("ingest", "record_one");

/// Records one mail, see [`record_messages`].
pub async fn record_message(tx: &TenantTx, mail: &NewInteraction) -> Result<()> {
    let Some(values) = Values::of(tx.tenant(), mail) else {
        return record_messages(tx, std::slice::from_ref(mail)).await;
    };
    let recorded: Result<Fenced> = tx.session.one(STATEMENT, &values.params()).await;
    values.judge(recorded).map_err(|error| tx.session.fail(error))
}

/// The same in a transaction of its own, where nothing else is to be written: it goes there and
/// back once. [`Error::CommitUnknown`] when the connection broke; the lease then says whether it
/// is to be done again.
pub async fn record_alone(store: &Store, tenant: TenantId, mail: &NewInteraction) -> Result<()> {
    let Some(values) = Values::of(tenant, mail) else {
        return store.as_worker(tenant, async |tx| record_message(tx, mail).await).await;
    };
    values.judge(store.at_once::<Fenced>(tenant, STATEMENT, &values.params()).await)
}

/// The statement's only row.
#[derive(Deserialize)]
struct Fenced {
    fenced: i64,
}

/// What the statement is given.
struct Values<'a> {
    tenant: TenantId,
    mail: &'a NewInteraction,
    lease: Lease,
    answer_job_id: JobId,
    language: &'static str,
    doubt: Option<&'static str>,
}

impl<'a> Values<'a> {
    /// `None` for a mail of another kind: it takes the way of the many.
    fn of(tenant: TenantId, mail: &'a NewInteraction) -> Option<Self> {
        let plain = mail.fate.is_none() && mail.state == InteractionState::Received;
        let (lease, answer_job_id) = (mail.lease?, mail.answer_job_id?);
        let (language, doubt) = (mail.language.as_str(), mail.doubt.map(Doubt::as_str));
        plain.then_some(Self { tenant, mail, lease, answer_job_id, language, doubt })
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 20] {
        let mail = self.mail;
        [
            &self.tenant,
            &mail.id,
            &self.lease.job_id,
            &self.lease.lease_token,
            &self.answer_job_id,
            &mail.thread_id,
            &mail.raw_message_id,
            &mail.customer_email,
            &mail.from_name,
            &mail.subject,
            &mail.message_id,
            &mail.in_reply_to,
            &mail.message_references,
            &mail.sender_verified,
            &mail.reply_to_elsewhere,
            &mail.received_at,
            &mail.message_body,
            &self.language,
            &mail.run_at,
            &self.doubt,
        ]
    }

    /// Dividing by the jobs that were held fails where there was none.
    fn judge(&self, recorded: Result<Fenced>) -> Result<()> {
        let stale = || Error::StaleLease(self.lease.job_id);
        match recorded {
            Ok(Fenced { fenced: 1 }) => Ok(()),
            Ok(_) => Err(stale()),
            Err(Error::Statement { source, .. })
                if source.code() == Some(&SqlState::DIVISION_BY_ZERO) =>
            {
                Err(stale())
            }
            Err(error) => Err(error),
        }
    }
}
