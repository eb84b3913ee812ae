//! A reply leaves: the last look, `sending` committed before a byte is handed over, and on an
//! unknown outcome a look in Sent under the same Message-ID. Never a blind second try.
//!
//! Here stands what all ways have in common, and the way into a directory.

mod clock; // one that nobody sets
mod budget; // what a provider allows
mod post; // over SMTP, one mail after the other
mod route; // which mailbox, which server
mod settle; // what becomes of a mail after an attempt
mod unknown; // when nobody knows whether it was sent

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::deliver::{Objection, Withheld};
use domain::message::Address;
use jiff::Timestamp;
use mail::outgoing::Outgoing;
use mail::transport::Transport;
use store::jobs::{ClaimedJob, Lease, finish};
use store::mailboxes::Mailbox;
use store::outbox::{OutboxRow, OutboxState};
use store::{OutboxId, TenantId, TenantTx};

use super::receive::MaildirConfig;
use super::{Desk, StageError};

pub use post::{Post, post};
pub use route::way_out;
pub(super) use unknown::LOOKS;

/// A reply whose time has not come is looked at again after this long.
const TOO_EARLY: Duration = Duration::from_secs(5);
/// A reply that somebody else is moving is looked at again after this long.
const MOVED: Duration = Duration::from_secs(1);

/// Works one claimed deliver job.
pub async fn deliver(desk: &Arc<Desk>, job: &ClaimedJob) -> Result<(), StageError> {
    if let Some(failed) = post(desk, job.tenant_id, std::slice::from_ref(job)).await? {
        return failed.into_iter().next().map_or(Ok(()), |(_, error)| Err(error));
    }
    let id = OutboxId(job.subject_id);
    // The last look and `sending` are one transaction, committed before a byte is handed over.
    let (row, mailboxes, objection) = desk
        .store
        .as_worker(job.tenant_id, async |tx| {
            let row = store::outbox::load_for_delivery(tx, id).await?;
            let mailboxes = store::mailboxes::list(tx).await?;
            let objection = match &row {
                Some(row) if row.state == OutboxState::Queued && way(&mailboxes).is_some() => {
                    let objection = store::outbox::mark_sending(tx, id).await?;
                    if objection.is_none() {
                        store::jobs::keep_all(tx, std::slice::from_ref(job)).await?;
                    }
                    if objection.is_none() && !row.automatic {
                        // A person let it go: what it offers goes on record now.
                        store::outbox::record_offers(tx, id).await?;
                    }
                    objection
                }
                _ => None,
            };
            Ok((row, mailboxes, objection))
        })
        .await?;
    let row = row.ok_or(StageError::Absent(job.subject_id))?;
    let transport =
        way(&mailboxes).ok_or_else(|| StageError::MailboxConfig("no way to send".to_owned()))?;
    match (row.state, objection) {
        (OutboxState::Queued, None) => {
            hand_over(desk, &row, &transport).await?;
            sent(desk, job, &row).await
        }
        (OutboxState::Queued, Some(objection)) => withhold(desk, job, &row, objection).await,
        (OutboxState::Sending, _) => resolve(desk, job, &row, &transport).await,
        (
            OutboxState::Sent | OutboxState::Cancelled | OutboxState::Held | OutboxState::Failed,
            _,
        ) => {
            within(desk, job, async |tx| {
                store::outbox::finish_unless_queued(tx, row.id, job.lease()).await.map(drop)
            })
            .await
        }
    }
}

/// Works claimed deliver jobs of one shop: `sending` of all is committed before the first byte
/// leaves, and what was handed over is marked in one commit. Returns the jobs that are still to
/// be worked, by [`deliver`]; when it fails, that is all of them. A mail that was handed over and
/// not marked is found again under its Message-ID.
pub async fn deliver_many(
    desk: &Desk,
    tenant: TenantId,
    jobs: &[ClaimedJob],
) -> Result<Vec<ClaimedJob>, StageError> {
    let begun = desk.store.as_worker(tenant, async |tx| begin_sending(tx, jobs).await).await?;
    let Some((rows, transport)) = begun else { return Ok(jobs.to_vec()) };
    let date = (desk.now)();
    // In the order they were decided, which is the order within each conversation.
    let handed_over: HashSet<OutboxId> = tokio::task::spawn_blocking(move || {
        let leave = |row: &OutboxRow| {
            let bytes = outgoing(row, date).to_bytes()?;
            transport.send(&row.message_id, &bytes)?;
            Ok::<_, StageError>(row.id)
        };
        rows.iter().filter_map(|row| leave(row).ok()).collect()
    })
    .await
    .map_err(|_| StageError::Panicked)?;
    let (done, left): (Vec<ClaimedJob>, Vec<ClaimedJob>) =
        jobs.iter().cloned().partition(|job| handed_over.contains(&OutboxId(job.subject_id)));
    let sent: Vec<OutboxId> = handed_over.into_iter().collect();
    let leases: Vec<Lease> = done.iter().map(ClaimedJob::lease).collect();
    desk.store
        .as_worker(tenant, async |tx| {
            tokio::try_join!(
                store::outbox::mark_all_sent(tx, &sent),
                store::jobs::finish_all(tx, &leases),
            )
        })
        .await?;
    Ok(left)
}

/// The last look at every mail. Those that may go are `sending` now; the others stay as they are.
/// Only while every job is still held: whoever claims one later sees that its mail is being sent.
async fn begin_sending(
    tx: &TenantTx,
    jobs: &[ClaimedJob],
) -> store::Result<Option<(Vec<OutboxRow>, Transport)>> {
    let ids: Vec<OutboxId> = jobs.iter().map(|job| OutboxId(job.subject_id)).collect();
    let (mailboxes, mut rows) = tokio::try_join!(
        store::mailboxes::list(tx),
        store::outbox::load_all_for_delivery(tx, &ids),
    )?;
    let Some(transport) = way(&mailboxes) else { return Ok(None) };
    let (looked, ()) = tokio::try_join!(
        store::outbox::mark_all_sending(tx, &ids),
        store::jobs::keep_all(tx, jobs),
    )?;
    let free: HashSet<OutboxId> =
        looked.into_iter().filter_map(|(id, no)| no.is_none().then_some(id)).collect();
    rows.retain(|row| free.contains(&row.id));
    for row in rows.iter().filter(|row| !row.automatic) {
        // A person let it go: what it offers goes on record now.
        store::outbox::record_offers(tx, row.id).await?;
    }
    Ok(Some((rows, transport)))
}

/// How the shop's replies leave.
fn way(mailboxes: &[Mailbox]) -> Option<Transport> {
    mailboxes
        .iter()
        .find_map(|mailbox| MaildirConfig::read(&mailbox.config).ok())
        .map(|config| Transport::Maildir(config.outgoing))
}

/// A try whose outcome nobody reported: the mail is in Sent, or provably is not.
async fn resolve(
    desk: &Desk,
    job: &ClaimedJob,
    row: &OutboxRow,
    transport: &Transport,
) -> Result<(), StageError> {
    let (place, message_id) = (transport.clone(), row.message_id.clone());
    let found = tokio::task::spawn_blocking(move || place.contains(&message_id))
        .await
        .map_err(|_| StageError::Panicked)??;
    if !found {
        hand_over(desk, row, transport).await?;
    }
    sent(desk, job, row).await
}

async fn sent(desk: &Desk, job: &ClaimedJob, row: &OutboxRow) -> Result<(), StageError> {
    within(desk, job, async |tx| {
        store::outbox::mark_sent(tx, row.id).await?;
        finish(tx, job.lease()).await
    })
    .await
}

/// The last look found a reason to keep the reply.
async fn withhold(
    desk: &Desk,
    job: &ClaimedJob,
    row: &OutboxRow,
    objection: Objection,
) -> Result<(), StageError> {
    within(desk, job, async |tx| {
        match objection.consequence() {
            // Somebody who lost this job had begun. The next turn sees how far he came; without
            // its job the mail might be `sending` for ever.
            Withheld::LookAgain => {
                return store::jobs::retry(tx, job.lease(), MOVED, "moved_meanwhile").await;
            }
            // It was found in Sent while it waited: a second one would be a double.
            Withheld::WasSent => {
                if store::sent::was_sent(tx, row.id).await? {
                    store::outbox::mark_sent(tx, row.id).await?;
                }
            }
            // Its job stays: without one it would wait for ever.
            Withheld::Later => {
                return store::jobs::release(tx, job.lease(), TOO_EARLY, "too_early").await;
            }
            Withheld::Hold(reason) => store::outbox::hold(tx, row.id, reason).await?,
            Withheld::Cancel(reason) => store::outbox::cancel(tx, row.id, reason).await?,
        }
        finish(tx, job.lease()).await
    })
    .await
}

async fn hand_over(desk: &Desk, row: &OutboxRow, transport: &Transport) -> Result<(), StageError> {
    let bytes = outgoing(row, (desk.now)()).to_bytes()?;
    let (place, message_id) = (transport.clone(), row.message_id.clone());
    tokio::task::spawn_blocking(move || place.send(&message_id, &bytes))
        .await
        .map_err(|_| StageError::Panicked)??;
    Ok(())
}

/// The reply as a mail.
fn outgoing(row: &OutboxRow, date: Timestamp) -> Outgoing {
    Outgoing {
        message_id: row.message_id.clone(),
        from: Address {
            // "AI" reads the same in both languages, and the name itself must say it
            // (AI Act art. 50; AP and ACM, 2 October 2025).
            name: format!("{} (AI), {}", row.ai_persona_name, row.bedrijfsnaam),
            email: row.gmail_email.clone(),
        },
        to: Address { name: String::new(), email: row.recipient.clone() },
        subject: row.subject.clone(),
        text: row.body_text.clone(),
        html: Some(row.body_html.clone()),
        in_reply_to: row.in_reply_to.clone(),
        references: row.message_references.clone(),
        date,
        automatic: row.automatic,
    }
}

async fn within(
    desk: &Desk,
    job: &ClaimedJob,
    work: impl AsyncFnOnce(&TenantTx) -> store::Result<()>,
) -> Result<(), StageError> {
    Ok(desk.store.as_worker(job.tenant_id, work).await?)
}
