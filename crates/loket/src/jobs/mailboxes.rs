//! Visits every active mailbox in turn. One that cannot be read is left for a while and
//! delays no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use store::MailboxId;
use store::mailboxes::{ActiveMailbox, active};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Calls, Pace};
use crate::pipeline::{Desk, OpenMailboxes, receive};

/// A mailbox that failed is left alone for this long, doubling up to an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Starts the reader.
pub fn start(
    desk: &Arc<Desk>,
    calls: &Arc<Calls>,
    pace: Pace,
    stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (desk, calls) = (Arc::clone(desk), Arc::clone(calls));
    tokio::spawn(async move { Reader::default().run(&desk, &calls, pace, stopping).await })
}

#[derive(Debug, Default)]
struct Reader {
    open: OpenMailboxes,
    resting: HashMap<MailboxId, (Instant, Duration)>,
}

impl Reader {
    async fn run(
        mut self,
        desk: &Desk,
        calls: &Calls,
        pace: Pace,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            if *stopping.borrow() {
                return;
            }
            let called = calls.mailboxes.notified();
            let more = match active(&desk.store).await {
                Ok(mailboxes) => self.visit_all(desk, calls, &mailboxes).await,
                Err(error) => {
                    tracing::warn!(error = %store::Chain(&error), "the mailboxes cannot be listed");
                    false
                }
            };
            if more {
                continue;
            }
            tokio::select! {
                () = called => {}
                () = tokio::time::sleep(pace.poll) => {}
                changed = stopping.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn visit_all(&mut self, desk: &Desk, calls: &Calls, mailboxes: &[ActiveMailbox]) -> bool {
        let mut more = false;
        for mailbox in mailboxes {
            let id = mailbox.mailbox_id;
            if self.resting.get(&id).is_some_and(|(until, _)| *until > Instant::now()) {
                continue;
            }
            match receive(desk, &mut self.open, *mailbox).await {
                Ok(received) => {
                    self.resting.remove(&id);
                    more |= received.more;
                    if received.accepted > 0 {
                        calls.ingest.notify_one();
                    }
                }
                // The database's trouble is not the mailbox's: it is read when that has passed.
                Err(error) if error.is_passing() => {
                    tracing::warn!(
                        tenant.id = %mailbox.tenant_id.0,
                        error = %store::Chain(&error),
                        "mail could not be stored"
                    );
                    return false;
                }
                Err(error) => {
                    let pause = self
                        .resting
                        .get(&id)
                        .map_or(FIRST_PAUSE, |(_, last)| (*last * 2).min(LONGEST_PAUSE));
                    self.resting.insert(id, (Instant::now() + pause, pause));
                    tracing::warn!(
                        tenant.id = %mailbox.tenant_id.0,
                        mailbox.id = %id.0,
                        pause_seconds = pause.as_secs(),
                        error = %store::Chain(&error),
                        "a mailbox cannot be read"
                    );
                }
            }
        }
        more
    }
}
