//! A mail whose sending broke off after the final dot: it is in Sent, or provably is not, or a
//! person decides. It is never sent again on a guess (RFC 1047).
//!
//! Who sends looks into no mailbox. Whoever reads this one looks into its Sent as well and notes
//! what lies there; here a conclusion is drawn from that.

use std::time::Duration;

use store::TenantTx;
use store::jobs::{ClaimedJob, finish};
use store::mailboxes::SentCopies;
use store::outbox::OutboxRow;

use super::post::release;
use super::route::Route;
use super::{Desk, StageError, within};

/// So many looks that find nothing, each begun after the whole time of settling, are a proof where
/// the provider is known to keep copies.
pub const LOOKS: i32 = 3;
/// Whose Sent cannot be looked into for so long leaves it to a person.
const BLIND_FOR_SECONDS: i64 = 24 * 3600;

/// From here on nobody knows whether it was sent. Whoever reads the mailbox is called.
pub(super) async fn begin(
    desk: &Desk,
    route: &Route,
    job: &ClaimedJob,
    row: &OutboxRow,
) -> Result<(), StageError> {
    within(desk, job, async |tx| {
        store::sent::outcome_unknown(tx, row.id, route.mailbox).await?;
        store::jobs::release(tx, job.lease(), patience(desk), "outcome_unknown").await
    })
    .await
}

/// Draws the conclusion that can be drawn.
pub(super) async fn resolve(
    desk: &Desk,
    route: &Route,
    job: &ClaimedJob,
    row: &OutboxRow,
) -> Result<(), StageError> {
    if row.lies_in_sent {
        return within(desk, job, async |tx| {
            store::outbox::mark_sent(tx, row.id).await?;
            know(tx, route, SentCopies::Kept).await?;
            finish(tx, job.lease()).await
        })
        .await;
    }
    let Some(age) = row.unknown_for_seconds else { return begin(desk, route, job, row).await };
    if row.sent_looks < LOOKS {
        if age > BLIND_FOR_SECONDS {
            return person(desk, job, row).await;
        }
        // Its job is due the moment that a look settles it.
        return release(desk, job, patience(desk), "settling").await;
    }
    // Not finding it where nothing is kept says nothing.
    if route.sent_copies != SentCopies::Kept {
        return person(desk, job, row).await;
    }
    within(desk, job, async |tx| {
        // Provably never accepted.
        store::sending::requeue(tx, row.id, false, None).await?;
        store::jobs::release(tx, job.lease(), Duration::ZERO, "not_sent").await
    })
    .await
}

/// How soon it is asked again where nobody calls.
fn patience(desk: &Desk) -> Duration {
    desk.post.settling / 10
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
