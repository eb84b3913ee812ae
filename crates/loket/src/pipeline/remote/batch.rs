//! One batch: what is fetched of a listing within the room there is, and how it becomes rows.

use mail::imap::{Body, Fetched, ImapError, Listed, ROOM_FOR_ANY, room_for};
use sha2::{Digest as _, Sha256};
use store::mailboxes::IncomingRaw;
use store::{RawId, TenantTx};

use super::super::room::{BATCH_BYTES, Taken};
use super::{BATCH, Desk, Remote, RemoteCursor, StageError};

/// `raw_messages.fate_reason` of a mail that was gone before it could be fetched.
const VANISHED: &str = "vanished";
/// And of one that was seen under another number.
const RENUMBERED: &str = "renumbered";

impl Remote {
    /// Bodies of these mails, from the first on, as far as there is room for them. The room is
    /// held until what came is stored.
    pub(super) async fn fetch<'a>(
        &mut self,
        desk: &'a Desk,
        mails: &[Listed],
    ) -> Result<(Fetched, Taken<'a>), StageError> {
        let mut room = room_for(mails, BATCH_BYTES);
        loop {
            let taken = desk.room.take(room).await;
            let alone = room > BATCH_BYTES;
            let asked = if alone { mails.get(..1).unwrap_or(mails) } else { mails };
            let bodies = self.connection.bodies(asked, taken.bytes);
            let fetched = tokio::time::timeout(taken.time, bodies)
                .await
                .map_err(|_| ImapError::TimedOut("mail"))??;
            desk.room.note(&taken, fetched.received);
            if fetched.done > 0 || mails.is_empty() || alone {
                return Ok((fetched, taken));
            }
            // It is larger than it was said to be.
            room = ROOM_FOR_ANY;
        }
    }

    /// What came of `wanted`, as rows. What is gone has one as well: it was listed.
    pub(super) fn incoming(
        &self,
        desk: &Desk,
        wanted: &[Listed],
        fetched: Fetched,
    ) -> Vec<IncomingRaw> {
        let gone = fetched.gone.iter().map(|uid| Body { uid: *uid, raw: Vec::new(), whole: false });
        let gone: Vec<IncomingRaw> = gone
            .map(|body| IncomingRaw { imported: Some(VANISHED), ..self.row_of(desk, wanted, body) })
            .collect();
        let came = fetched.bodies.into_iter().map(|body| self.row_of(desk, wanted, body));
        came.chain(gone).collect()
    }

    fn row_of(&self, desk: &Desk, wanted: &[Listed], body: Body) -> IncomingRaw {
        let listed = wanted.iter().find(|mail| mail.uid == body.uid);
        let length = body.raw.len() as u64;
        let told = listed.map_or(0, |mail| mail.size_bytes);
        IncomingRaw {
            id: RawId::new(),
            uidvalidity: i64::from(self.folder.uidvalidity),
            uid: i64::from(body.uid),
            sha256: Sha256::digest(&body.raw).into(),
            message_id: listed.and_then(|mail| mail.message_id.clone()),
            received_at: listed.and_then(|mail| mail.received_at).unwrap_or_else(desk.now),
            // More than there is of it marks a mail of which only the header was taken.
            size_bytes: if body.whole { length } else { told.max(length.saturating_add(1)) },
            raw: body.raw,
            imported: None,
        }
    }

    pub(super) async fn store(
        &self,
        desk: &Desk,
        incoming: Vec<IncomingRaw>,
        cursor: RemoteCursor,
    ) -> Result<usize, StageError> {
        let (mailbox, numbering) = (self.which.mailbox_id, self.folder.uidvalidity);
        let compare_up_to = i64::from(self.cursor.compare_up_to);
        let value = serde_json::to_value(cursor)?;
        let work = async |tx: &TenantTx| {
            let (compared, mut fresh): (Vec<IncomingRaw>, Vec<IncomingRaw>) =
                incoming.into_iter().partition(|mail| mail.uid <= compare_up_to);
            if !compared.is_empty() {
                let met =
                    store::mailboxes::recognise_bytes(tx, mailbox, numbering, &compared).await?;
                for mail in compared {
                    match met.iter().find(|met| i64::from(met.uid) == mail.uid) {
                        Some(met) if met.same => {}
                        // Known by its Message-ID alone: kept, and not answered again.
                        Some(_) => fresh.push(IncomingRaw { imported: Some(RENUMBERED), ..mail }),
                        None => fresh.push(mail),
                    }
                }
            }
            store::mailboxes::receive_batch(tx, mailbox, &fresh, Some(&value)).await
        };
        Ok(desk.store.as_worker(self.which.tenant_id, work).await?.len())
    }
}

/// What is fetched of a listing.
pub(super) struct Chosen {
    /// Those that are to be fetched.
    pub wanted: Vec<Listed>,
    /// Every mail up to this number is in it, or is not wanted.
    pub up_to: u32,
    /// Whether there may be more behind it.
    pub more: bool,
}

impl Chosen {
    /// All but what `skip` names, until it weighs enough.
    pub fn choose(&mut self, mails: &[Listed], skip: impl Fn(&Listed) -> bool) {
        let (mut bytes, mut before) = (0_u64, None);
        for mail in mails {
            if !skip(mail) {
                let full = bytes >= BATCH_BYTES || self.wanted.len() >= BATCH;
                if let (true, Some(before)) = (full, before) {
                    self.up_to = before;
                    self.more = true;
                    return;
                }
                bytes = bytes.saturating_add(mail.size_bytes);
                self.wanted.push(mail.clone());
            }
            before = Some(mail.uid);
        }
    }

    /// Only the first of them were fetched.
    pub fn end_after(&mut self, done: usize) {
        if let Some(next) = self.wanted.get(done) {
            self.up_to = next.uid.saturating_sub(1);
            self.more = true;
            self.wanted.truncate(done);
        }
    }
}
