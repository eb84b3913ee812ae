//! Sent is read over the connection that reads the inbox: providers count connections, and one
//! reader a mailbox knows what he put there himself.
//!
//! Three things come of it: a mail of ours that lies there was sent; one that three readings did
//! not find, each begun when it had had its time, was not, where the provider is known to keep
//! copies; and what lies there and is not ours was written by a person.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use mail::imap::{Folder, ImapError, Listed};
use serde::{Deserialize, Serialize};
use store::TenantTx;
use store::mailboxes::SentCopies;
use store::outbox::OutboxState;
use store::person_answers::NewPersonAnswer;
use store::sent::{Look, Looked, Seen};

use super::super::deliver::LOOKS;
use super::{Desk, Remote, StageError};

/// Mails of Sent that are noted in one go.
const BATCH: usize = 200;
/// A folder that cannot be looked into is tried again after so long.
const BLIND: Duration = Duration::from_mins(1);
/// A copy that cannot be put there is tried again after so long.
const REFUSED: Duration = Duration::from_mins(15);
/// And no longer than this after the mail was sent.
const TOO_LATE: Duration = Duration::from_hours(72);

/// How far Sent was read (`mailboxes.sent_cursor`), or looked through for older mail
/// (`history_imports.cursor`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SentCursor {
    /// Which folder; empty while there was none.
    pub folder: String,
    /// Identity of the numbering.
    pub uidvalidity: u32,
    /// Every mail up to this number was noted.
    pub uid: u32,
}

/// What a visit of everything but the inbox brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Errands {
    /// A mail of unknown outcome may be settled now.
    pub settles: bool,
    /// Mails that were missing, or older and asked for, and came in.
    pub fetched: usize,
    /// There is more to do as soon as new mail was looked after.
    pub more: bool,
}

impl Remote {
    /// Does what is wanted of this mailbox besides new mail: Sent, comparing what is recorded with
    /// what is there, and a little of the older mail that was asked for.
    pub async fn errands(&mut self, desk: &Desk) -> Result<Errands, StageError> {
        let mailbox = self.which.mailbox_id;
        let wanted = async |tx: &TenantTx| {
            store::reconcile::tonight(tx, mailbox).await?;
            let due = store::sent::due(tx, mailbox).await?;
            let asked = store::reconcile::waiting(tx, mailbox).await?;
            Ok((due, asked, store::history::wanted(tx, mailbox).await?))
        };
        let (due, asked, older) = desk.store.as_worker(self.which.tenant_id, wanted).await?;
        let settles = self.look_after_sent(desk, &due).await?;
        let fetched = self.reconcile_all(desk, &asked).await?;
        let older = self.bring_history(desk, older).await?;
        Ok(Errands { settles, fetched: fetched.saturating_add(older.stored), more: older.more })
    }

    async fn look_after_sent(&mut self, desk: &Desk, due: &[Look]) -> Result<bool, StageError> {
        if self.sent.is_none() {
            self.sent = self.connection.sent_folder().await?;
        }
        let Some(folder) = self.sent.clone() else {
            return self.without_folder(desk, due).await;
        };
        let cursor = self.sent_cursor();
        if due.is_empty()
            && let Some(cursor) = &cursor
            && cursor.folder == folder
        {
            let now = self.connection.status(&folder).await;
            let nothing_new = now.is_ok_and(|now| {
                now.uidvalidity == Some(cursor.uidvalidity)
                    && now.uid_next.is_some_and(|next| next.saturating_sub(1) == cursor.uid)
            });
            if nothing_new {
                return Ok(false);
            }
        }
        let visited = self.visit_sent(desk, &folder, cursor, due).await;
        // Whatever came of it, the inbox is what waiting is about.
        self.open_inbox().await?;
        match visited {
            Err(StageError::Imap(error @ (ImapError::Refused { .. } | ImapError::Busy(_)))) => {
                tracing::warn!(tenant.id = %self.which.tenant_id.0, reason = %error, "Sent cannot be looked into");
                self.sent = None;
                self.postpone(desk, due).await
            }
            visited => visited,
        }
    }

    fn sent_cursor(&self) -> Option<SentCursor> {
        serde_json::from_value(self.row.sent_cursor.clone()).ok()
    }

    /// What lies in a folder that is not there yet will be read from its beginning.
    async fn without_folder(&mut self, desk: &Desk, due: &[Look]) -> Result<bool, StageError> {
        if self.sent_cursor().is_none() {
            self.note_seen(desk, 0, &[], &[], &SentCursor::default(), None).await?;
        }
        self.postpone(desk, due).await
    }

    /// Nothing can be said of what is due.
    async fn postpone(&self, desk: &Desk, due: &[Look]) -> Result<bool, StageError> {
        let later = |look: &Look| Looked {
            id: look.id,
            counts: false,
            next_seconds: (!is_too_late(look)).then_some(BLIND.as_secs_f64()),
        };
        let looks: Vec<Looked> = due.iter().map(later).collect();
        self.note_looks(desk, &looks).await
    }

    async fn visit_sent(
        &mut self,
        desk: &Desk,
        folder: &str,
        cursor: Option<SentCursor>,
        due: &[Look],
    ) -> Result<bool, StageError> {
        let begun = (desk.now)();
        let opened = self.connection.examine(folder).await?;
        let named = folder.to_owned();
        let fresh = SentCursor { folder: named, uidvalidity: opened.uidvalidity, uid: 0 };
        let mut cursor = match cursor {
            Some(cursor) if cursor.folder == folder && cursor.uidvalidity == opened.uidvalidity => {
                cursor
            }
            // Another folder, or numbered anew: what came since the shop connected is compared.
            Some(_) => fresh,
            // What lies there before anything was read is not looked at.
            None => {
                let uid = match opened.uid_next {
                    Some(next) => next.saturating_sub(1),
                    None => self.connection.highest().await?,
                };
                SentCursor { uid, ..fresh }
            }
        };
        let mut met = HashSet::new();
        let mut settles = self.read_on(desk, opened, &mut cursor, begun, &mut met).await?;
        let mut looks = Vec::new();
        for look in due {
            let seen = look.seen || met.contains(&look.message_id);
            looks.push(match look.state {
                OutboxState::Sending => self.look_for(desk, &cursor, look, seen).await?,
                OutboxState::Sent if look.wants_copy => {
                    self.look_after_copy(desk, &cursor, look, seen).await?
                }
                _ => Looked { id: look.id, counts: false, next_seconds: None },
            });
        }
        settles |= self.note_looks(desk, &looks).await?;
        Ok(settles)
    }

    /// Notes what came behind the cursor, up to the end.
    async fn read_on(
        &mut self,
        desk: &Desk,
        opened: Folder,
        cursor: &mut SentCursor,
        begun: Timestamp,
        met: &mut HashSet<String>,
    ) -> Result<bool, StageError> {
        let mut settles = false;
        loop {
            let listing = self.connection.list_after(&opened, cursor.uid, BATCH).await?;
            let answers = self.persons(desk, &listing.mails).await?;
            let seen: Vec<Seen> =
                listing.mails.iter().map(|mail| (mail.uid, mail.message_id.clone())).collect();
            met.extend(seen.iter().filter_map(|(_, id)| id.clone()));
            cursor.uid = listing.up_to;
            let end = (!listing.more).then_some(begun);
            settles |=
                self.note_seen(desk, opened.uidvalidity, &seen, &answers, cursor, end).await?;
            if !listing.more {
                return Ok(settles);
            }
        }
    }

    async fn note_seen(
        &mut self,
        desk: &Desk,
        uidvalidity: u32,
        seen: &[Seen],
        answers: &[NewPersonAnswer],
        cursor: &SentCursor,
        to_the_end: Option<Timestamp>,
    ) -> Result<bool, StageError> {
        let (mailbox, value) = (self.which.mailbox_id, serde_json::to_value(cursor)?);
        let note = async |tx: &TenantTx| {
            for answer in answers {
                let done = store::person_answers::record(tx, mailbox, answer).await?;
                tracing::info!(
                    tenant.id = %self.which.tenant_id.0, thread.id = %answer.thread_id.0,
                    withdrawn = done.withdrawn, "a person answered in the mailbox itself"
                );
            }
            store::sent::seen(tx, mailbox, uidvalidity, seen, &value, to_the_end).await
        };
        let settles = desk.store.as_worker(self.which.tenant_id, note).await?;
        self.row.sent_cursor = value;
        Ok(settles)
    }

    /// A mail of which nobody knows whether it was sent.
    async fn look_for(
        &mut self,
        desk: &Desk,
        cursor: &SentCursor,
        look: &Look,
        seen: bool,
    ) -> Result<Looked, StageError> {
        let settling = desk.post.settling;
        let age = millis(look.unknown_for_ms);
        let later = |after: Duration| Looked {
            id: look.id,
            counts: false,
            next_seconds: Some(after.as_secs_f64()),
        };
        let counts = |next_seconds| Looked { id: look.id, counts: true, next_seconds };
        if seen || look.sent_looks >= LOOKS {
            return Ok(counts(None));
        }
        // The provider may still be putting it there.
        if let Some(left) = settling.checked_sub(age).filter(|left| !left.is_zero()) {
            return Ok(later(left.min(settling / 10)));
        }
        // Besides the listing the server is asked for this one, so that one of the two may err.
        if self.find(desk, cursor, &look.message_id).await? {
            return Ok(counts(None));
        }
        let last = look.sent_looks.saturating_add(1) >= LOOKS;
        Ok(counts((!last).then(|| (settling / 30).as_secs_f64())))
    }

    /// A mail that was sent and of which a copy may be wanted.
    async fn look_after_copy(
        &mut self,
        desk: &Desk,
        cursor: &SentCursor,
        look: &Look,
        seen: bool,
    ) -> Result<Looked, StageError> {
        let done = Looked { id: look.id, counts: false, next_seconds: None };
        let later = |after: Duration| Looked { next_seconds: Some(after.as_secs_f64()), ..done };
        let unknown = self.row.sent_copies == SentCopies::Unknown;
        if self.row.sent_copies == SentCopies::Kept || is_too_late(look) {
            self.copied(desk, look, None).await?;
            return Ok(done);
        }
        let enough = desk.post.settling / 10;
        if !seen
            && unknown
            && let Some(left) = enough.checked_sub(millis(look.sent_for_ms))
            && !left.is_zero()
        {
            return Ok(later(left.min(enough / 3)));
        }
        // Looked for before anything is put there: it may have been put there by whoever died
        // before saying so.
        if seen || self.find(desk, cursor, &look.message_id).await? {
            self.copied(desk, look, unknown.then_some(SentCopies::Kept)).await?;
            return Ok(done);
        }
        let copy = async |tx: &TenantTx| store::sent::copy(tx, look.id).await;
        let Some(bytes) = desk.store.as_worker(self.which.tenant_id, copy).await? else {
            return Ok(done);
        };
        match self.connection.append(&cursor.folder, &bytes).await {
            Ok(number) => {
                if let Some((numbering, uid)) = number.filter(|at| at.0 == cursor.uidvalidity) {
                    let seen = [(uid, Some(look.message_id.clone()))];
                    self.note_seen(desk, numbering, &seen, &[], cursor, None).await?;
                }
                self.copied(desk, look, unknown.then_some(SentCopies::Ours)).await?;
                Ok(done)
            }
            Err(error @ (ImapError::Refused { .. } | ImapError::Busy(_))) => {
                tracing::warn!(tenant.id = %self.which.tenant_id.0, reason = %error, "no copy was put into Sent");
                Ok(later(REFUSED))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the server finds it in Sent.
    async fn find(
        &mut self,
        desk: &Desk,
        cursor: &SentCursor,
        message_id: &str,
    ) -> Result<bool, StageError> {
        let found = self.connection.find_by_message_id(&cursor.folder, message_id).await?;
        let seen: Vec<Seen> =
            found.into_iter().map(|uid| (uid, Some(message_id.to_owned()))).collect();
        if !seen.is_empty() {
            self.note_seen(desk, cursor.uidvalidity, &seen, &[], cursor, None).await?;
        }
        Ok(!seen.is_empty())
    }

    /// Its copy is dealt with; `learnt` says what the first one showed of the provider.
    async fn copied(
        &mut self,
        desk: &Desk,
        look: &Look,
        learnt: Option<SentCopies>,
    ) -> Result<(), StageError> {
        let mailbox = self.which.mailbox_id;
        let note = async |tx: &TenantTx| {
            if let Some(copies) = learnt {
                store::sending::set_sent_copies(tx, mailbox, copies).await?;
            }
            store::sent::copied(tx, look.id).await
        };
        desk.store.as_worker(self.which.tenant_id, note).await?;
        self.row.sent_copies = learnt.unwrap_or(self.row.sent_copies);
        Ok(())
    }

    async fn note_looks(&self, desk: &Desk, looks: &[Looked]) -> Result<bool, StageError> {
        if looks.is_empty() {
            return Ok(false);
        }
        let note = async |tx: &TenantTx| store::sent::looked(tx, looks).await;
        Ok(desk.store.as_worker(self.which.tenant_id, note).await?)
    }

    /// Whether it came in since the shop connected, and is none of ours.
    pub(super) fn is_persons(&self, desk: &Desk, mail: &Listed) -> bool {
        let since = match (mail.received_at, self.row.connected_at) {
            // Servers tell whole seconds.
            (Some(at), Some(connected)) => at.as_second() >= connected.as_second(),
            _ => true,
        };
        since && !is_ours(desk, mail)
    }
}

/// Whether it bears a Message-ID that we gave it.
pub(super) fn is_ours(desk: &Desk, mail: &Listed) -> bool {
    let key = desk.message_id_key.bytes();
    mail.message_id.as_deref().is_some_and(|id| mail::message_id::verify(id, key).is_some())
}

fn is_too_late(look: &Look) -> bool {
    look.state == OutboxState::Sent && millis(look.sent_for_ms) > TOO_LATE
}

fn millis(told: Option<i64>) -> Duration {
    Duration::from_millis(told.and_then(|it| u64::try_from(it).ok()).unwrap_or(0))
}
