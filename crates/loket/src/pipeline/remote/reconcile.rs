//! What is recorded of a mailbox, beside what the server holds: nothing may be missing.
//!
//! Only mail since the reading began counts: by number, or by time where the server numbered its
//! mail anew. What is missing is fetched and goes the usual way; a mail whose own row was lost
//! while its conversation knows it is put back and not worked again.

use std::collections::HashSet;

use mail::imap::{Fetched, Listed};
use store::TenantTx;
use store::mailboxes::IncomingRaw;
use store::reconcile::{Asked, Findings};

use super::{BATCH, Desk, Remote, StageError};

/// Numbers asked for in one command.
const WINDOW: u32 = 5000;

impl Remote {
    /// Does what was asked for. Returns how many mails were missing and came in.
    pub(super) async fn reconcile_all(
        &mut self,
        desk: &Desk,
        asked: &[Asked],
    ) -> Result<usize, StageError> {
        let mut fetched = 0_usize;
        let mailbox = self.which.mailbox_id;
        for asked in asked {
            let findings = self.reconcile(desk, asked.fetches).await?;
            fetched = fetched.saturating_add(usize::try_from(findings.fetched).unwrap_or(0));
            let finish = async |tx: &TenantTx| {
                store::sent::prune(tx, mailbox).await?;
                store::reconcile::finish(tx, asked.id, None, &findings).await
            };
            desk.store.as_worker(self.which.tenant_id, finish).await?;
        }
        Ok(fetched)
    }

    /// Whether the server numbers its mail as it did when it was last read; otherwise nothing can
    /// be compared before it was read again.
    pub const fn is_numbered_as_recorded(&self) -> bool {
        self.cursor.uidvalidity == self.folder.uidvalidity
    }

    /// Compares, and with `takes_in` fetches what is missing.
    pub async fn reconcile(&mut self, desk: &Desk, takes_in: bool) -> Result<Findings, StageError> {
        let (mailbox, tenant) = (self.which.mailbox_id, self.which.tenant_id);
        let numbering = self.folder.uidvalidity;
        let listed = self.held().await?;
        let mut held: Vec<u32> = listed.iter().map(|(uid, _)| *uid).collect();
        let missing =
            async |tx: &TenantTx| store::reconcile::missing(tx, mailbox, numbering, &held).await;
        let mut missing = desk.store.as_worker(tenant, missing).await?;
        // Mail from before the shop connected need not be recorded, but may be.
        let older: HashSet<u32> =
            listed.into_iter().filter_map(|(uid, older)| older.then_some(uid)).collect();
        let passed_over: HashSet<u32> =
            missing.iter().copied().filter(|uid| older.contains(uid)).collect();
        missing.retain(|uid| !passed_over.contains(uid));
        held.retain(|uid| !passed_over.contains(uid));
        let mut still_missing = missing.len();
        let mut fetched = 0_usize;
        if takes_in {
            for batch in missing.chunks(BATCH) {
                let (came, gone) = self.fetch_missing(desk, batch).await?;
                fetched = fetched.saturating_add(came);
                still_missing = still_missing.saturating_sub(came.saturating_add(gone));
            }
        }
        if !missing.is_empty() {
            tracing::warn!(
                tenant.id = %tenant.0, mailbox.id = %mailbox.0, missing = missing.len(), fetched,
                "mail was in the mailbox and not recorded"
            );
        }
        let count = async |tx: &TenantTx| {
            let moved = store::reconcile::moved_away(tx, mailbox, numbering, &held).await?;
            Ok((moved, store::reconcile::fates(tx, mailbox).await?))
        };
        let (moved_away, fates) = desk.store.as_worker(tenant, count).await?;
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(Findings {
            on_server: number(held.len()),
            accounted: number(held.len().saturating_sub(still_missing)),
            fetched: number(fetched),
            moved_away,
            missing: missing.into_iter().map(i64::from).collect(),
            fates,
        })
    }

    /// The numbers that the server holds, of mail since the reading began and up to where it
    /// has come; of each whether it is from before the shop connected.
    async fn held(&mut self) -> Result<Vec<(u32, bool)>, StageError> {
        let mut held = Vec::new();
        let mut from = self.cursor.began.unwrap_or(0).saturating_add(1);
        while from <= self.cursor.uid {
            let to = from.saturating_add(WINDOW - 1).min(self.cursor.uid);
            for (uid, received_at) in self.connection.numbers(from, to).await? {
                let older = self.cursor.began.is_none()
                    && received_at.zip(self.row.connected_at).is_some_and(|(at, since)| at < since);
                held.push((uid, older));
            }
            from = to.saturating_add(1);
        }
        Ok(held)
    }

    /// How many of these came in, and how many are not there any more.
    async fn fetch_missing(
        &mut self,
        desk: &Desk,
        uids: &[u32],
    ) -> Result<(usize, usize), StageError> {
        let listed = self.connection.list_these(uids).await?;
        let (mut came, mut gone) = (0_usize, uids.len().saturating_sub(listed.len()));
        let mut rest = listed.as_slice();
        while !rest.is_empty() {
            let (mut fetched, _room) = self.fetch(desk, rest).await?;
            gone = gone.saturating_add(std::mem::take(&mut fetched.gone).len());
            let (these, later) = rest.split_at(fetched.done.clamp(1, rest.len()));
            rest = later;
            came = came.saturating_add(self.take_in(desk, these, fetched).await?);
        }
        Ok((came, gone))
    }

    /// Records what was missing. Returns how many came in.
    async fn take_in(
        &self,
        desk: &Desk,
        listed: &[Listed],
        fetched: Fetched,
    ) -> Result<usize, StageError> {
        let incoming = self.incoming(desk, listed, fetched);
        let mailbox = self.which.mailbox_id;
        let store = async |tx: &TenantTx| {
            let rows = store::reconcile::lost_rows(tx, &incoming).await?;
            let (mut fresh, mut came): (Vec<IncomingRaw>, usize) = (Vec::new(), 0);
            for mail in incoming {
                let lost = rows.iter().find(|row| {
                    row.received_at == mail.received_at
                        && mail.message_id.as_deref() == Some(row.message_id.as_str())
                });
                match lost {
                    Some(row) if store::reconcile::put_back(tx, mailbox, &mail, row).await? => {
                        came = came.saturating_add(1);
                    }
                    _ => fresh.push(mail),
                }
            }
            let new = store::mailboxes::receive_batch(tx, mailbox, &fresh, None).await?;
            Ok(came.saturating_add(new.len()))
        };
        Ok(desk.store.as_worker(self.which.tenant_id, store).await?)
    }
}
