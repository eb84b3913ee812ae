//! What becomes of a mail after an attempt, and of the mails behind it.

use std::time::Duration;

use mail::smtp::{Outcome, Phase, Reply, Trouble};
use store::jobs::{ClaimedJob, finish};
use store::mailboxes::SentCopies;
use store::outbox::OutboxRow;
use store::{OutboxId, TenantTx};

use super::post::{Next, Turn};
use super::{Desk, StageError, budget, unknown, within};
use crate::oauth::TokenError;

/// After a refusal that passes (4xx): the usual growing pauses, the last one again and again.
const AFTER_REFUSAL: [Duration; 7] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
];
/// After a server that could not be reached or said nothing about the mail.
const AFTER_BREAK: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(3),
    Duration::from_mins(5),
    Duration::from_mins(15),
];
/// Then a person has to decide (RFC 5321, section 4.5.4.1, asks for four to five days).
const LONGEST: Duration = Duration::from_hours(4 * 24);
/// A provider that says that it was too much is left alone for this long.
const AFTER_QUOTA: Duration = Duration::from_hours(1);
/// Whether a mailbox that was stopped may send again is looked at so often.
const STOPPED: Duration = Duration::from_mins(1);
/// A server that cannot be reached for this long is worth a notification.
const OUTAGE: Duration = Duration::from_mins(15);

/// Works out what an outcome means for the mail and for those behind it.
pub(super) async fn settle(
    turn: &mut Turn<'_>,
    job: &ClaimedJob,
    row: &OutboxRow,
    bytes: &[u8],
    outcome: Outcome,
) -> Result<Next, StageError> {
    let desk = turn.desk;
    match outcome {
        Outcome::Accepted { reply, .. } => {
            accepted(turn, job, row, bytes, &reply).await?;
            Ok(Next::GoOn)
        }
        Outcome::Refused { reply, .. } if budget::is_quota(&reply) => {
            quota(desk, job, row, &reply).await
        }
        Outcome::Later { reply, .. } if budget::is_quota(&reply) => {
            quota(desk, job, row, &reply).await
        }
        Outcome::Refused { phase, reply, .. } => {
            told(job, phase, &reply);
            refused(turn, job, row, phase, &reply).await
        }
        Outcome::Later { phase, reply, .. } => {
            told(job, phase, &reply);
            let whole = matches!(phase, Phase::Connect | Phase::Login);
            let pauses: &[Duration] = if whole { &AFTER_BREAK } else { &AFTER_REFUSAL };
            let after = defer(desk, job, row.id, pauses, Some(&said(&reply)), None).await?;
            Ok(if whole { Next::Stop(after) } else { Next::GoOn })
        }
        Outcome::NotSent(phase, trouble) => not_sent(desk, job, row, phase, &trouble).await,
        Outcome::LoginRefused(reply) => {
            told(job, Phase::Login, &reply);
            login_refused(turn, job, row, &reply).await?;
            Ok(Next::Stop(STOPPED))
        }
        Outcome::TooLate => {
            tracing::warn!(job.id = %job.job_id.0, "a worker stood still for too long to send");
            // Counted: a server for which every try is too late would be tried for ever.
            let notice = Some((OUTAGE, "smtp.unreachable"));
            defer(desk, job, row.id, &AFTER_BREAK, None, notice).await?;
            Ok(Next::GoOn)
        }
        Outcome::Unknown(trouble) => {
            tracing::warn!(job.id = %job.job_id.0, reason = %trouble, "the outcome of a mail is unknown");
            unknown::begin(desk, &turn.route, job, row).await?;
            Ok(Next::GoOn)
        }
    }
}

/// A refusal for good: of this mail, or of whatever comes from this mailbox, when the server does
/// not know yet whom it is for. Then the next mail would fare no better.
async fn refused(
    turn: &Turn<'_>,
    job: &ClaimedJob,
    row: &OutboxRow,
    phase: Phase,
    reply: &Reply,
) -> Result<Next, StageError> {
    let early = matches!(phase, Phase::Connect | Phase::Login | Phase::Sender);
    if early && !budget::is_size(reply) {
        let (reason, detail) = ("sender_refused", "smtp.sender_refused");
        shut(turn, job, row, Shut::Sending { reason, detail, reply: &said(reply) }).await?;
        return Ok(Next::Stop(STOPPED));
    }
    within(turn.desk, job, async |tx| {
        store::sending::note_reply(tx, row.id, &said(reply)).await?;
        store::outbox::fail(tx, row.id, &format!("smtp_{}", reply.code)).await?;
        finish(tx, job.lease()).await
    })
    .await?;
    Ok(Next::GoOn)
}

/// The provider leaves no room: it waits, and the shop is told once.
pub(super) async fn no_room(
    desk: &Desk,
    job: &ClaimedJob,
    after: Duration,
) -> Result<(), StageError> {
    within(desk, job, async |tx| {
        store::sending::notify_once(tx, "mailbox_trouble", "medium", "smtp.budget").await?;
        store::jobs::release(tx, job.lease(), after, "no_room").await
    })
    .await
}

/// Nothing can make a mail of it.
pub(super) async fn unsendable(
    desk: &Desk,
    job: &ClaimedJob,
    mail: OutboxId,
) -> Result<(), StageError> {
    within(desk, job, async |tx| {
        store::outbox::hold(tx, mail, "unsendable").await?;
        finish(tx, job.lease()).await
    })
    .await
}

async fn accepted(
    turn: &Turn<'_>,
    job: &ClaimedJob,
    row: &OutboxRow,
    bytes: &[u8],
    reply: &Reply,
) -> Result<(), StageError> {
    let desk = turn.desk;
    let (said, route) = (said(reply), &turn.route);
    let mark = async |tx: &TenantTx| {
        store::sending::note_reply(tx, row.id, &said).await?;
        store::outbox::mark_sent(tx, row.id).await?;
        if route.on_trial {
            store::sending::pause_mailbox(tx, route.mailbox, None).await?;
        }
        if route.sent_copies == SentCopies::Kept {
            return Ok(());
        }
        // Whoever reads the mailbox finds out whether Sent shows it by itself, and puts a copy
        // there where it does not.
        store::sent::want_copy(tx, row.id, route.mailbox, bytes).await
    };
    let marked = within(desk, job, async |tx| {
        mark(tx).await?;
        finish(tx, job.lease()).await
    })
    .await;
    match marked {
        // Somebody else holds the job by now, and will find it sent.
        Err(error) if error.is_stale() => {
            desk.store.as_worker(job.tenant_id, mark).await?;
        }
        marked => marked?,
    }
    Ok(())
}

async fn quota(
    desk: &Desk,
    job: &ClaimedJob,
    row: &OutboxRow,
    reply: &Reply,
) -> Result<Next, StageError> {
    within(desk, job, async |tx| {
        store::sending::requeue(tx, row.id, false, Some(&said(reply))).await?;
        store::sending::notify_once(tx, "mailbox_trouble", "high", "smtp.budget").await?;
        store::jobs::release(tx, job.lease(), AFTER_QUOTA, "quota").await
    })
    .await?;
    Ok(Next::Stop(AFTER_QUOTA))
}

async fn not_sent(
    desk: &Desk,
    job: &ClaimedJob,
    row: &OutboxRow,
    phase: Phase,
    trouble: &Trouble,
) -> Result<Next, StageError> {
    tracing::warn!(
        tenant.id = %job.tenant_id.0, job.id = %job.job_id.0, %phase, reason = %trouble,
        "a mail could not be handed over"
    );
    let notice = match trouble {
        Trouble::Certificate(_) => Some((Duration::ZERO, "smtp.certificate")),
        Trouble::NoEncryption => Some((Duration::ZERO, "smtp.no_encryption")),
        Trouble::NoCommonLogin | Trouble::UnusableLogin => Some((Duration::ZERO, "smtp.no_login")),
        _ => Some((OUTAGE, "smtp.unreachable")),
    };
    let after = defer(desk, job, row.id, &AFTER_BREAK, None, notice).await?;
    let whole = matches!(phase, Phase::Connect | Phase::Login);
    Ok(if whole { Next::Stop(after) } else { Next::GoOn })
}

/// Refused at the first try with this password: no other try makes it better, and providers lock
/// mailboxes that are tried again. All replies wait for a new password. Mail goes on coming in: a
/// provider may have sending switched off, or another name for it.
async fn login_refused(
    turn: &mut Turn<'_>,
    job: &ClaimedJob,
    row: &OutboxRow,
    reply: &Reply,
) -> Result<(), StageError> {
    let (reason, detail) = ("login_refused", "smtp.login_refused");
    shut(turn, job, row, Shut::Sending { reason, detail, reply: &said(reply) }).await
}

/// There is nothing to sign in with: the provider's consent is gone, which only a person can give
/// anew, or it gives no token just now.
pub(super) async fn no_token(
    turn: &Turn<'_>,
    job: &ClaimedJob,
    row: &OutboxRow,
    error: &TokenError,
) -> Result<Next, StageError> {
    tracing::warn!(
        tenant.id = %job.tenant_id.0, job.id = %job.job_id.0, error = %store::Chain(error),
        "there is no token to send with"
    );
    if error.needs_person() {
        let reply = error.to_string();
        let (reason, detail, reply) = ("grant_refused", "smtp.grant_refused", reply.as_str());
        shut(turn, job, row, Shut::All { reason, detail, reply }).await?;
        return Ok(Next::Stop(STOPPED));
    }
    let notice = Some((OUTAGE, "smtp.no_token"));
    Ok(Next::Stop(defer(turn.desk, job, row.id, &AFTER_BREAK, None, notice).await?))
}

/// What is paused, and why.
enum Shut<'a> {
    /// Sending alone.
    Sending { reason: &'static str, detail: &'static str, reply: &'a str },
    /// The mailbox: what opens it is gone.
    All { reason: &'static str, detail: &'static str, reply: &'a str },
}

async fn shut(
    turn: &Turn<'_>,
    job: &ClaimedJob,
    row: &OutboxRow,
    what: Shut<'_>,
) -> Result<(), StageError> {
    let mailbox = turn.route.mailbox;
    within(turn.desk, job, async |tx| {
        let (detail, reply) = match what {
            Shut::Sending { reason, detail, reply } => {
                store::sending::pause_mailbox(tx, mailbox, Some(reason)).await?;
                (detail, reply)
            }
            Shut::All { reason, detail, reply } => {
                store::mailboxes::pause(tx, mailbox, Some(reason)).await?;
                (detail, reply)
            }
        };
        store::sending::requeue(tx, row.id, false, Some(reply)).await?;
        store::sending::notify_once(tx, "mailbox_trouble", "high", detail).await?;
        store::jobs::release(tx, job.lease(), STOPPED, "login_refused").await
    })
    .await
}

/// Puts it off, or before a person when that has gone on for too long. Returns for how long.
async fn defer(
    desk: &Desk,
    job: &ClaimedJob,
    mail: OutboxId,
    pauses: &[Duration],
    reply: Option<&str>,
    notice: Option<(Duration, &str)>,
) -> Result<Duration, StageError> {
    let defer = desk.store.as_worker(job.tenant_id, async |tx| {
        let deferred = store::sending::requeue(tx, mail, true, reply).await?;
        let since = Duration::from_secs(u64::try_from(deferred.for_seconds).unwrap_or(0));
        if let Some((patience, detail)) = notice
            && since >= patience
        {
            store::sending::notify_once(tx, "mailbox_trouble", "high", detail).await?;
        }
        if since >= LONGEST {
            store::outbox::hold(tx, mail, "not_delivered").await?;
            finish(tx, job.lease()).await?;
            return Ok(Duration::ZERO);
        }
        let place = usize::try_from(deferred.deferrals).unwrap_or(usize::MAX).saturating_sub(1);
        let after = pauses.get(place).or(pauses.last()).copied().unwrap_or(OUTAGE);
        store::jobs::release(tx, job.lease(), after, "deferred").await?;
        Ok(after)
    });
    Ok(defer.await?)
}

/// For the people of the shop.
fn said(reply: &Reply) -> String {
    format!("{} {}", reply.code, reply.text)
}

fn told(job: &ClaimedJob, phase: Phase, reply: &Reply) {
    tracing::warn!(
        tenant.id = %job.tenant_id.0, job.id = %job.job_id.0, %phase, %reply,
        "a mail server refused"
    );
}
