//! One task a mailbox. What one of them does, fails at or dies of delays no other.
//!
//! Which mailboxes are ours stands in the database (`private.claim_mailboxes`), so that several
//! nodes share them. A task ends when its mailbox is not ours any more: paused, its shop
//! stopped, or taken by another node.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use mail::imap::ImapError;
use store::mailboxes::{ActiveMailbox, MailboxKind};
use store::{MailboxId, TenantTx};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::backoff::Backoff;
use super::{Calls, Pace};
use crate::pipeline::{Desk, OpenMailboxes, Remote, StageError, receive, recover};

/// A node reads at most so many.
const MOST_MAILBOXES: u16 = 5000;
/// Trouble that lasts this long is told to the shop.
const PATIENCE: Duration = Duration::from_mins(5);

/// Starts the reader.
pub fn start(
    desk: &Arc<Desk>,
    calls: &Arc<Calls>,
    pace: Pace,
    stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (desk, calls) = (Arc::clone(desk), Arc::clone(calls));
    let supervisor = Supervisor { desk, calls, pace, stopping, tasks: HashMap::new() };
    tokio::spawn(supervisor.run())
}

/// Who reads one mailbox, and what calls him.
struct Task {
    reading: JoinHandle<()>,
    /// Rings when the mailbox may hold new mail, or something else is wanted of it.
    rung: watch::Sender<u64>,
}

impl Task {
    fn ring(&self) {
        self.rung.send_modify(|rings| *rings += 1);
    }
}

struct Supervisor {
    desk: Arc<Desk>,
    calls: Arc<Calls>,
    pace: Pace,
    stopping: watch::Receiver<bool>,
    tasks: HashMap<MailboxId, Task>,
}

impl Supervisor {
    async fn run(mut self) {
        let (calls, mut stopping) = (Arc::clone(&self.calls), self.stopping.clone());
        while !*stopping.borrow() {
            let store = &self.desk.store;
            match store::mailboxes::claim(store, self.desk.node, self.pace.lease, MOST_MAILBOXES)
                .await
            {
                Ok(ours) => {
                    self.keep(&ours);
                    self.call().await;
                }
                // Who reads goes on reading until the lease may have ended: a mail stored by two
                // nodes is stored once.
                Err(error) => {
                    tracing::warn!(error = %store::Chain(&error), "the mailboxes cannot be listed");
                }
            }
            tokio::select! {
                () = calls.mailboxes.notified() => self.tasks.values().for_each(Task::ring),
                () = tokio::time::sleep(self.pace.poll) => {}
                changed = stopping.changed() => if changed.is_err() { break },
            }
        }
        for (_, task) in self.tasks.drain() {
            // It stops by itself between two mails; one that waits for a server is cut off there.
            task.reading.abort();
            drop(task.reading.await);
        }
        if let Err(error) = store::mailboxes::release(&self.desk.store, self.desk.node).await {
            tracing::warn!(error = %store::Chain(&error), "the mailboxes stay ours until their leases end");
        }
    }

    /// Calls those of whose mailbox more is wanted than new mail.
    async fn call(&self) {
        match store::sent::called(&self.desk.store, self.desk.node).await {
            Ok(called) => {
                let tasks = called.iter().filter_map(|it| self.tasks.get(&it.mailbox_id));
                tasks.for_each(Task::ring);
            }
            Err(error) => {
                tracing::warn!(error = %store::Chain(&error), "what is wanted of mailboxes cannot be listed");
            }
        }
    }

    /// Starts what is missing and ends what is not ours.
    fn keep(&mut self, ours: &[ActiveMailbox]) {
        self.tasks.retain(|id, task| {
            let stays = ours.iter().any(|mailbox| mailbox.mailbox_id == *id);
            if !stays {
                task.reading.abort();
            }
            stays && !task.reading.is_finished()
        });
        for mailbox in ours {
            self.tasks.entry(mailbox.mailbox_id).or_insert_with(|| {
                let (rung, bell) = watch::channel(0_u64);
                let reader = Reader {
                    desk: Arc::clone(&self.desk),
                    calls: Arc::clone(&self.calls),
                    pace: self.pace,
                    which: *mailbox,
                    bell,
                    backoff: Backoff::default(),
                };
                Task { reading: tokio::spawn(reader.run()), rung }
            });
        }
    }
}

/// Reads one mailbox until it is told to stop.
struct Reader {
    desk: Arc<Desk>,
    calls: Arc<Calls>,
    pace: Pace,
    which: ActiveMailbox,
    bell: watch::Receiver<u64>,
    backoff: Backoff,
}

impl Reader {
    async fn run(mut self) {
        loop {
            // A panic is this mailbox's alone, and is tried again as any other failure is.
            let read = AssertUnwindSafe(self.read()).catch_unwind().await;
            let error = match read.unwrap_or(Err(StageError::Panicked)) {
                Ok(()) => continue,
                Err(error) => error,
            };
            if let Some(reason) = needs_person(&error)
                && self.pause(reason).await
            {
                return;
            }
            self.note(&error).await;
            let pause = self.backoff.next(random());
            tracing::warn!(
                tenant.id = %self.which.tenant_id.0,
                mailbox.id = %self.which.mailbox_id.0,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                error = %store::Chain(&error),
                "a mailbox cannot be read"
            );
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads until something fails, or the mailbox is to be opened anew.
    async fn read(&mut self) -> Result<(), StageError> {
        let mailbox = self.which.mailbox_id;
        let load = async |tx: &TenantTx| store::mailboxes::load(tx, mailbox).await;
        let row = self.desk.store.as_worker(self.which.tenant_id, load).await?;
        match row.ok_or(StageError::Absent(mailbox.0))?.kind {
            MailboxKind::Maildir => self.read_directory().await,
            _ => self.read_server().await,
        }
    }

    async fn read_directory(&mut self) -> Result<(), StageError> {
        let mut open = OpenMailboxes::default();
        let mut recovered = false;
        loop {
            self.bell.mark_unchanged();
            let received = receive(&self.desk, &mut open, self.which).await?;
            self.backoff = Backoff::default();
            self.call(received.accepted);
            if received.more {
                continue;
            }
            if !std::mem::replace(&mut recovered, true) {
                recover(&self.desk, self.which).await?;
            }
            // The supervisor holds the other end for as long as this task lives.
            let _ = tokio::time::timeout(self.pace.poll, self.bell.changed()).await;
        }
    }

    async fn read_server(&mut self) -> Result<(), StageError> {
        let desk = Arc::clone(&self.desk);
        let mut remote = Remote::open(&desk, self.which).await?;
        let mut noted = None::<tokio::time::Instant>;
        let mut recovered = false;
        loop {
            self.bell.mark_unchanged();
            let received = remote.catch_up(&desk).await?;
            self.backoff = Backoff::default();
            self.call(received.accepted);
            if received.more {
                continue;
            }
            if !std::mem::replace(&mut recovered, true) {
                recover(&desk, self.which).await?;
            }
            let done = remote.errands(&desk).await?;
            self.call(done.fetched);
            if done.settles {
                self.calls.deliver.notify_one();
            }
            if noted.is_none_or(|at| at.elapsed() >= PATIENCE) {
                remote.caught_up(&desk).await?;
                noted = Some(tokio::time::Instant::now());
            }
            if done.more {
                // New mail goes first, also while older mail is brought in.
                remote.look_again().await?;
                continue;
            }
            // The supervisor holds the other end for as long as this task lives.
            let called = async { drop(self.bell.changed().await) };
            if !remote.wait(&desk, called).await? {
                return Ok(());
            }
        }
    }

    fn call(&self, accepted: usize) {
        if accepted > 0 {
            self.calls.ingest.notify_one();
        }
    }

    /// The first refusal is the last: providers lock out whoever goes on guessing. `false` when it
    /// could not be noted; then it is tried again after a pause.
    async fn pause(&self, reason: &str) -> bool {
        let mailbox = self.which.mailbox_id;
        let pause = async |tx: &TenantTx| store::mailboxes::pause_for(tx, mailbox, reason).await;
        let paused = self.desk.store.as_worker(self.which.tenant_id, pause).await;
        tracing::warn!(
            tenant.id = %self.which.tenant_id.0, mailbox.id = %mailbox.0,
            reason,
            "the sign-in of a mailbox was refused; it is not tried again until it is connected anew"
        );
        paused.is_ok()
    }

    async fn note(&self, error: &StageError) {
        // The database's trouble is not the mailbox's, and could not be written down anyway.
        if error.is_passing() && !matches!(error, StageError::Token(_)) {
            return;
        }
        let (word, mailbox) = (word(error), self.which.mailbox_id);
        let note =
            async |tx: &TenantTx| store::mailboxes::trouble(tx, mailbox, word, PATIENCE).await;
        if let Err(error) = self.desk.store.as_worker(self.which.tenant_id, note).await {
            tracing::warn!(error = %store::Chain(&error), "a mailbox's trouble was not noted");
        }
    }
}

/// `mailboxes.paused_reason` of a refused sign-in.
pub const AUTH_REFUSED: &str = "auth_refused";

/// `mailboxes.paused_reason` of a refused sign-in, where only a person can mend it.
const fn needs_person(error: &StageError) -> Option<&'static str> {
    match error {
        StageError::Imap(error) if error.needs_person() => Some(AUTH_REFUSED),
        StageError::Token(error) if error.needs_person() => Some(error.word()),
        _ => None,
    }
}

/// The trouble in a word that the pages have a text for.
const fn word(error: &StageError) -> &'static str {
    match error {
        StageError::Imap(ImapError::HostUnknown(_)) => "host_unknown",
        StageError::Imap(ImapError::CertificateRefused(_)) => "certificate_refused",
        StageError::Imap(ImapError::NotEncrypted) => "not_encrypted",
        StageError::Imap(ImapError::Busy(_)) => "busy",
        StageError::Imap(_) | StageError::Mailbox(_) => "unreachable",
        StageError::Token(error) => error.word(),
        _ => "broken",
    }
}

/// Spreads the next attempts of many mailboxes over time; nothing secret.
fn random() -> u32 {
    let [.., a, b, c, d] = *Uuid::now_v7().as_bytes();
    u32::from_be_bytes([a, b, c, d])
}
