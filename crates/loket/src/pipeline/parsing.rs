//! Raw mails of a batch, parsed on a thread that may take its time.

use std::collections::HashMap;
use std::sync::Arc;

use mail::parse::Parsed;
use store::ingest::RawMessage;
use store::jobs::ClaimedJob;
use store::{RawId, TenantId};

use super::beside::Beside;
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

/// Parses on a thread that may take its time. Mail that was counted too often is not parsed
/// again.
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
    let desk = Arc::clone(desk);
    let parse = move |(job, mut raw): (ClaimedJob, RawMessage)| {
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
    };
    tokio::task::spawn_blocking(move || mails.into_iter().map(parse).collect())
        .await
        .map_err(|_| StageError::Panicked)
}

/// Of a mail that is too large only the header was taken: nobody may answer what nobody read.
fn is_whole(raw: &RawMessage) -> bool {
    usize::try_from(raw.size_bytes).is_ok_and(|size| size <= raw.raw.len())
}
