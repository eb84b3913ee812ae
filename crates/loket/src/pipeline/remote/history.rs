//! Older mail on request: counted first, then brought in a little at a time over the connection that
//! reads the inbox, so that new mail never waits for more than one small batch of it.
//!
//! What is brought in is what was there before the shop connected. Everything since then is read, or
//! found missing, in the usual way, and answered. How far it has come is told by what is stored: a
//! process that starts again asks the server which of its numbers are not known yet.

use std::collections::VecDeque;
use std::time::Duration;

use mail::imap::{Folder, ImapError, Older, Weighed};
use store::history::{Amount, HistoryState, Wanted};
use store::{HistoryId, TenantTx};

use super::answers::By;
use super::sent::{SentCursor, is_ours};
use super::{Desk, Remote, StageError};

/// The most mails that are brought in at once.
const MOST_MAILS: usize = 20_000;
/// Mails in one go.
const BATCH: usize = 25;
/// A batch ends before the mail that goes beyond this.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;
/// Mails that wait for their places before more are fetched: a new mail is placed behind them.
const WAITING: i64 = 100;
/// How long they are waited for before new mail is looked for again.
const PAUSE: Duration = Duration::from_millis(200);
/// Steps that may fail one after the other.
const MOST_ATTEMPTS: i32 = 5;

/// What is still to be fetched, as long as the connection lives.
#[derive(Debug)]
pub(super) struct Rest {
    of: HistoryId,
    uidvalidity: u32,
    inbox: VecDeque<Weighed>,
    /// `None` before Sent was looked into.
    sent: Option<VecDeque<Weighed>>,
}

/// What a step brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Step {
    /// Whether there is more to do, as soon as new mail was looked after.
    pub more: bool,
    /// Mails that were stored.
    pub stored: usize,
}

const MORE: Step = Step { more: true, stored: 0 };
const NO_MORE: Step = Step { more: false, stored: 0 };

impl Remote {
    /// Does one step of what is wanted.
    pub(super) async fn bring_history(
        &mut self,
        desk: &Desk,
        wanted: Option<Wanted>,
    ) -> Result<Step, StageError> {
        let Some(wanted) = wanted else {
            self.rest = None;
            return Ok(NO_MORE);
        };
        // What lies in Sent answers mails that have their place.
        let drained =
            self.rest.as_ref().is_some_and(|it| it.of == wanted.id && it.inbox.is_empty());
        if wanted.unplaced >= WAITING || (drained && wanted.unplaced > 0) {
            tokio::time::sleep(PAUSE).await;
            return Ok(MORE);
        }
        let attempt = async |tx: &TenantTx| store::history::attempt(tx, wanted.id).await;
        let attempts = desk.store.as_worker(self.which.tenant_id, attempt).await?;
        if attempts.is_some_and(|attempts| attempts > MOST_ATTEMPTS) {
            return self.end_history(desk, wanted.id, Some("gave_up")).await;
        }
        let step = match wanted.state {
            HistoryState::Counting => self.count_history(desk, &wanted).await,
            _ => self.next_history(desk, &wanted).await,
        };
        match step {
            Err(StageError::Imap(error @ (ImapError::Refused { .. } | ImapError::Busy(_)))) => {
                tracing::warn!(tenant.id = %self.which.tenant_id.0, reason = %error, "older mail cannot be read");
                self.rest = None;
                self.open_inbox().await?;
                Ok(NO_MORE)
            }
            step => step,
        }
    }

    async fn end_history(
        &mut self,
        desk: &Desk,
        id: HistoryId,
        failure: Option<&str>,
    ) -> Result<Step, StageError> {
        self.rest = None;
        tracing::info!(
            tenant.id = %self.which.tenant_id.0, mailbox.id = %self.which.mailbox_id.0, failure,
            "bringing in older mail has ended"
        );
        self.note(desk, async |tx| store::history::finish(tx, id, failure).await).await?;
        Ok(NO_MORE)
    }

    async fn count_history(&mut self, desk: &Desk, wanted: &Wanted) -> Result<Step, StageError> {
        let older = self.older(desk, wanted).await?;
        let amount = Amount {
            mails: older.mails.len() as u64,
            bytes: older.mails.iter().map(|mail| mail.size_bytes).sum(),
            left_out: older.more,
        };
        self.note(desk, async |tx| store::history::counted(tx, wanted.id, amount).await).await?;
        Ok(NO_MORE)
    }

    /// What was in the inbox before the shop connected and is not known yet.
    async fn older(&mut self, desk: &Desk, wanted: &Wanted) -> Result<Older, StageError> {
        let up_to = self.cursor.began.unwrap_or(self.cursor.uid);
        let mut older = self.connection.weigh_since(up_to, wanted.since, MOST_MAILS).await?;
        if self.cursor.began.is_none() {
            older.mails.retain(|mail| self.is_before(mail));
        }
        let held: Vec<u32> = older.mails.iter().map(|mail| mail.uid).collect();
        let (mailbox, numbering) = (self.which.mailbox_id, self.folder.uidvalidity);
        let missing =
            async |tx: &TenantTx| store::reconcile::missing(tx, mailbox, numbering, &held).await;
        let missing = desk.store.as_worker(self.which.tenant_id, missing).await?;
        // Both are by number.
        older.mails.retain(|mail| missing.binary_search(&mail.uid).is_ok());
        Ok(older)
    }

    /// Whether it came before the shop connected; of one without a time nobody knows.
    fn is_before(&self, mail: &Weighed) -> bool {
        mail.received_at.zip(self.row.connected_at).is_some_and(|(at, since)| at < since)
    }

    async fn next_history(&mut self, desk: &Desk, wanted: &Wanted) -> Result<Step, StageError> {
        let numbering = self.folder.uidvalidity;
        let stands = |rest: &&mut Rest| rest.of == wanted.id && rest.uidvalidity == numbering;
        let batch = if let Some(rest) = self.rest.as_mut().filter(stands) {
            next_batch(&mut rest.inbox)
        } else {
            let mut inbox = self.older(desk, wanted).await?.mails.into();
            let batch = next_batch(&mut inbox);
            let rest = Rest { of: wanted.id, uidvalidity: numbering, inbox, sent: None };
            self.rest = Some(rest);
            batch
        };
        if !batch.is_empty() {
            return self.bring_in(desk, wanted, &batch).await;
        }
        if wanted.unplaced > 0 {
            return Ok(MORE);
        }
        let more = self.bring_sent(desk, wanted).await;
        // Whatever came of it, the inbox is what waiting is about.
        self.open_inbox().await?;
        if more? { Ok(MORE) } else { self.end_history(desk, wanted.id, None).await }
    }

    async fn bring_in(
        &mut self,
        desk: &Desk,
        wanted: &Wanted,
        batch: &[u32],
    ) -> Result<Step, StageError> {
        let listed = self.connection.list_these(batch).await?;
        let (mailbox, id) = (self.which.mailbox_id, wanted.id);
        let (mut rest, mut stored) = (listed.as_slice(), 0_usize);
        while !rest.is_empty() {
            let (mut fetched, _room) = self.fetch(desk, rest).await?;
            // Nobody waits for older mail that has gone.
            fetched.gone.clear();
            let (these, later) = rest.split_at(fetched.done.clamp(1, rest.len()));
            rest = later;
            let incoming = self.incoming(desk, these, fetched);
            let receive =
                async |tx: &TenantTx| store::history::receive(tx, mailbox, id, &incoming).await;
            let taken = desk.store.as_worker(self.which.tenant_id, receive).await?;
            let Some(taken) = taken else { return Ok(Step { more: false, stored }) };
            stored = stored.saturating_add(taken);
        }
        Ok(Step { more: true, stored })
    }

    /// What the shop itself wrote then, a batch at a time. `true`: there is more.
    async fn bring_sent(&mut self, desk: &Desk, wanted: &Wanted) -> Result<bool, StageError> {
        let Some(folder) = self.connection.sent_folder().await? else { return Ok(false) };
        let opened = self.connection.examine(&folder).await?;
        let mut rest = match self.rest.as_mut().and_then(|rest| rest.sent.take()) {
            Some(rest) => rest,
            None => self.older_sent(wanted, &folder, &opened).await?,
        };
        let batch = next_batch(&mut rest);
        let Some(last) = batch.last() else { return Ok(false) };
        let listed = self.connection.list_these(&batch).await?;
        let mut found = Vec::new();
        for mail in &listed {
            if !is_ours(desk, mail) {
                found.extend(self.person_answer(desk, mail, By::Reference).await?);
            }
        }
        let cursor = SentCursor { folder, uidvalidity: opened.uidvalidity, uid: *last };
        let (mailbox, id, value) =
            (self.which.mailbox_id, wanted.id, serde_json::to_value(&cursor)?);
        let store =
            async |tx: &TenantTx| store::history::answers(tx, mailbox, id, &value, &found).await;
        let running = desk.store.as_worker(self.which.tenant_id, store).await?.is_some();
        let more = running && !rest.is_empty();
        if let Some(held) = self.rest.as_mut() {
            held.sent = Some(rest);
        }
        Ok(more)
    }

    /// What lies in Sent from before the shop connected and was not looked at yet.
    async fn older_sent(
        &mut self,
        wanted: &Wanted,
        folder: &str,
        opened: &Folder,
    ) -> Result<VecDeque<Weighed>, StageError> {
        let cursor: SentCursor = serde_json::from_value(wanted.cursor.clone()).unwrap_or_default();
        let same = cursor.folder == folder && cursor.uidvalidity == opened.uidvalidity;
        let from = if same { cursor.uid } else { 0 };
        let highest = match opened.uid_next {
            Some(next) => next.saturating_sub(1),
            None => self.connection.highest().await?,
        };
        let all = self.connection.weigh_since(highest, wanted.since, MOST_MAILS).await?.mails;
        Ok(all.into_iter().filter(|mail| mail.uid > from && self.is_before(mail)).collect())
    }
}

/// The next numbers, oldest first, as many as fit together; at least one.
fn next_batch(mails: &mut VecDeque<Weighed>) -> Vec<u32> {
    let (mut batch, mut bytes) = (Vec::new(), 0_u64);
    while let Some(mail) = mails.front() {
        bytes = bytes.saturating_add(mail.size_bytes);
        if !batch.is_empty() && (batch.len() >= BATCH || bytes > BATCH_BYTES) {
            break;
        }
        batch.push(mail.uid);
        mails.pop_front();
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_small_and_never_empty() {
        let mib = 1024 * 1024;
        let rest = |sizes: &[u64]| -> VecDeque<Weighed> {
            let weighed =
                |(uid, size): (u32, &u64)| Weighed { uid, size_bytes: *size, received_at: None };
            (1..).zip(sizes).map(weighed).collect()
        };
        let mut many = rest(&[100; 60]);
        let sizes = [(); 4].map(|()| next_batch(&mut many).len());
        assert_eq!(sizes, [25, 25, 10, 0]);
        let mut large = rest(&[mib, 40 * mib, mib, 2 * mib, u64::MAX]);
        let batches = [(); 5].map(|()| next_batch(&mut large));
        assert_eq!(batches, [vec![1], vec![2], vec![3, 4], vec![5], vec![]]);
    }
}
