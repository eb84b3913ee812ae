//! A mail whose sending broke off after the final dot: it is in Sent, or provably is not, or a
//! person decides. It is never sent again on a guess (RFC 1047).

use std::sync::Arc;
use std::time::Duration;

use store::TenantTx;
use store::jobs::{ClaimedJob, finish};
use store::mailboxes::SentCopies;
use store::outbox::OutboxRow;

use super::post::{Turn, release};
use super::route::Route;
use super::{Desk, StageError, within};

/// So many looks that find nothing, the last one after the whole time of settling, are a proof
/// where the provider is known to keep copies.
const LOOKS: i32 = 3;
/// A mailbox that cannot be looked into is tried again after this long.
const BLIND: Duration = Duration::from_mins(1);
/// And after so long a person is asked.
const BLIND_FOR_SECONDS: i64 = 24 * 3600;

/// When it is first looked for.
pub(super) fn first_look(desk: &Desk) -> Duration {
    desk.post.settling / 10
}

/// Looks for it once, and draws the conclusion that can be drawn.
pub(super) async fn resolve(
    desk: &Desk,
    route: &Route,
    job: &ClaimedJob,
    row: &OutboxRow,
) -> Result<(), StageError> {
    let age = row.sending_for_seconds.and_then(|age| u64::try_from(age).ok()).unwrap_or_default();
    let due = next_look(desk, row.sent_looks);
    if let Some(wait) = due.checked_sub(Duration::from_secs(age)).filter(|wait| !wait.is_zero()) {
        return release(desk, job, wait, "settling").await;
    }
    match route.sent.contains(desk, &row.message_id).await {
        Ok(true) => {
            within(desk, job, async |tx| {
                store::outbox::mark_sent(tx, row.id).await?;
                know(tx, route, SentCopies::Kept).await?;
                finish(tx, job.lease()).await
            })
            .await
        }
        Ok(false) if route.sent_copies == SentCopies::Kept => {
            within(desk, job, async |tx| {
                if store::sending::note_look(tx, row.id).await? < LOOKS {
                    let wait = next_look(desk, row.sent_looks + 1).saturating_sub(due);
                    return store::jobs::release(tx, job.lease(), wait, "not_in_sent").await;
                }
                // Provably never accepted.
                store::sending::requeue(tx, row.id, false, None).await?;
                store::jobs::release(tx, job.lease(), Duration::ZERO, "not_sent").await
            })
            .await
        }
        // Not finding it where nothing is kept says nothing.
        Ok(false) => person(desk, job, row).await,
        Err(_) if row.sending_for_seconds.is_some_and(|age| age > BLIND_FOR_SECONDS) => {
            person(desk, job, row).await
        }
        Err(error) => {
            tracing::warn!(tenant.id = %job.tenant_id.0, reason = %error, "Sent cannot be looked into");
            release(desk, job, BLIND, "sent_unreadable").await
        }
    }
}

/// The first look after a tenth of the settling time, then half, then all of it.
fn next_look(desk: &Desk, looks: i32) -> Duration {
    let settling = desk.post.settling;
    match looks {
        0 => settling / 10,
        1 => settling / 2,
        _ => settling,
    }
}

async fn person(desk: &Desk, job: &ClaimedJob, row: &OutboxRow) -> Result<(), StageError> {
    within(desk, job, async |tx| {
        store::outbox::hold(tx, row.id, "outcome_unknown").await?;
        finish(tx, job.lease()).await
    })
    .await
}

async fn know(tx: &TenantTx, route: &Route, copies: SentCopies) -> store::Result<()> {
    if route.sent_copies == copies {
        return Ok(());
    }
    store::sending::set_sent_copies(tx, route.mailbox, copies).await
}

/// After the first mail that a mailbox sent: finds out whether it turns up in Sent. Where it does
/// not, a copy of each is put there, for the shop's people. Beside the sending, since it takes a
/// while; what is lost by a crash is found out with the next mail.
pub(super) fn after_sending(turn: &Turn<'_>, row: &OutboxRow, bytes: &[u8]) {
    if turn.route.sent_copies == SentCopies::Kept {
        return;
    }
    let (desk, tenant, route) = (Arc::clone(turn.desk), turn.tenant, turn.route.clone());
    let (message_id, bytes) = (row.message_id.clone(), bytes.to_vec());
    tokio::spawn(async move {
        if route.sent_copies == SentCopies::Unknown {
            match probe(&desk, &route, &message_id).await {
                Some(SentCopies::Ours) => {}
                Some(copies) => return note(&desk, tenant, &route, copies).await,
                None => return,
            }
        }
        match route.sent.append(&desk, &bytes).await {
            Ok(()) => note(&desk, tenant, &route, SentCopies::Ours).await,
            Err(error) => {
                tracing::warn!(tenant.id = %tenant.0, reason = %error, "no copy was put into Sent");
            }
        }
    });
}

/// `None`: the mailbox could not be looked into.
async fn probe(desk: &Desk, route: &Route, message_id: &str) -> Option<SentCopies> {
    let settling = desk.post.settling;
    for wait in [settling / 150, settling / 30, settling / 10] {
        tokio::time::sleep(wait).await;
        match route.sent.contains(desk, message_id).await {
            Ok(true) => return Some(SentCopies::Kept),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(reason = %error, "Sent cannot be looked into");
                return None;
            }
        }
    }
    Some(SentCopies::Ours)
}

async fn note(desk: &Desk, tenant: store::TenantId, route: &Route, copies: SentCopies) {
    let noted = desk.store.as_worker(tenant, async |tx| know(tx, route, copies).await).await;
    if let Err(error) = noted {
        tracing::warn!(error = %store::Chain(&error), "what Sent keeps could not be noted");
    }
}
