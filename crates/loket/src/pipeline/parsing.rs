//! Raw mails of a batch, parsed on a thread that may take its time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use mail::parse::Parsed;
use store::ingest::RawMessage;
use store::jobs::ClaimedJob;
use store::{RawId, TenantId};

use super::beside::Beside;
use super::suspects::Suspects;
use super::thread::MOST_ATTEMPTS;
use super::{Desk, StageError};

/// A raw mail, and what it says unless it cannot be read.
pub(super) struct ParsedMail {
    pub job: ClaimedJob,
    pub raw: RawMessage,
    /// Whether it is more than a header.
    pub whole: bool,
    pub parsed: Option<Parsed>,
    beside: Beside,
}

impl ParsedMail {
    /// What is beside its text, once.
    pub fn take_beside(&mut self) -> (RawId, Beside) {
        (self.raw.id, std::mem::take(&mut self.beside))
    }
}

/// What the thread that parses is at, for whoever waits for it.
#[derive(Default)]
struct Progress {
    now: Mutex<Option<(RawId, usize, Instant)>>,
    /// Nobody waits any more: what is behind it is parsed elsewhere.
    given_up: AtomicBool,
}

impl Progress {
    fn at(&self, raw: RawId, bytes: usize) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((raw, bytes, Instant::now()));
    }

    /// The mail that takes longer than anyone has patience for.
    fn stuck(&self, suspects: &Suspects) -> Option<RawId> {
        let now = *self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.filter(|(_, bytes, since)| since.elapsed() > suspects.patience(*bytes))
            .map(|(raw, ..)| raw)
    }
}

/// Parses on a thread that may take its time. Mail that was counted too often is not parsed
/// again. A thread cannot be ended from outside: one that does not come to an end is left behind,
/// and who waits goes on with [`StageError::TookTooLong`].
pub(super) async fn parse_all(
    desk: &Arc<Desk>,
    tenant: TenantId,
    jobs: &[ClaimedJob],
    raws: Vec<RawMessage>,
) -> Result<Vec<ParsedMail>, StageError> {
    let mut raws: HashMap<RawId, RawMessage> = raws.into_iter().map(|raw| (raw.id, raw)).collect();
    let mut mails = Vec::with_capacity(jobs.len());
    for job in jobs {
        let raw = raws.remove(&RawId(job.subject_id)).ok_or(StageError::Absent(job.subject_id))?;
        mails.push((job.clone(), raw));
    }
    let progress = Arc::new(Progress::default());
    let (at_work, seen) = (Arc::clone(desk), Arc::clone(&progress));
    let mut parsing = tokio::task::spawn_blocking(move || {
        let going_on = |_: &(ClaimedJob, RawMessage)| !seen.given_up.load(Ordering::Relaxed);
        let parse = |(job, raw): (ClaimedJob, RawMessage)| {
            seen.at(raw.id, raw.raw.len());
            parse(&at_work, tenant, job, raw)
        };
        mails.into_iter().take_while(going_on).map(parse).collect()
    });
    let look = desk.suspects.patience(0) / 4;
    loop {
        match tokio::time::timeout(look, &mut parsing).await {
            Ok(parsed) => return parsed.map_err(|_| StageError::Panicked),
            Err(_) => {
                if let Some(raw) = progress.stuck(&desk.suspects) {
                    progress.given_up.store(true, Ordering::Relaxed);
                    return Err(StageError::TookTooLong(raw));
                }
            }
        }
    }
}

fn parse(desk: &Desk, tenant: TenantId, job: ClaimedJob, mut raw: RawMessage) -> ParsedMail {
    let whole = is_whole(&raw);
    let read = || {
        let mut parsed = (desk.parse)(&raw.raw).ok()?;
        let beside = Beside::of(&mut parsed);
        Some((parsed, beside))
    };
    let (parsed, beside) = (raw.attempts < MOST_ATTEMPTS && whole)
        .then(|| desk.suspects.while_marked(tenant, raw.id, read))
        .flatten()
        .unzip();
    let beside = beside.unwrap_or_default();
    // All that is still wanted of it is what it said.
    raw.raw = Vec::new();
    ParsedMail { job, raw, whole, parsed, beside }
}

/// Of a mail that is too large only the header was taken: nobody may answer what nobody read.
fn is_whole(raw: &RawMessage) -> bool {
    usize::try_from(raw.size_bytes).is_ok_and(|size| size <= raw.raw.len())
}
