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
use tokio::time::Instant;
use uuid::Uuid;

use super::backoff::Backoff;
use super::{Calls, Pace};
use crate::pipeline::{
    Care, Desk, OpenMailboxes, Received, Remote, StageError, Stumbles, receive, recover,
};

/// A node reads at most so many.
const MOST_MAILBOXES: u16 = 5000;
/// Trouble that lasts this long is told to the shop.
const PATIENCE: Duration = Duration::from_mins(5);
/// A server that lets nobody in, and does not say why, is tried so often before only a person can
/// mend it. The first pause is longer than after other failures: providers lock who guesses.
const MOST_NOT_LET_IN: u32 = 7;
/// How much longer.
const NOT_LET_IN_PAUSES: u32 = 30;
/// A connection that lived so long is none that a provider throws off.
const LIVED: Duration = Duration::from_mins(5);
/// A server that tells of mail without end is asked no more often than this.
const BETWEEN_WAKES: Duration = Duration::from_secs(1);
/// Mails of a batch that is read one by one after it failed.
const ONE_BY_ONE: usize = 50;

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
                    backoff: Backoff::starting(self.pace.pause),
                    stumbles: Stumbles::default(),
                    not_let_in: 0,
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
    /// Where reading failed, and how often.
    stumbles: Stumbles,
    /// How often in a row the server let nobody in and did not say why.
    not_let_in: u32,
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
            self.count_not_let_in(&error);
            if let Some(reason) = self.needs_person(&error)
                && self.pause(reason).await
            {
                return;
            }
            self.note(&error).await;
            let pause = self.pause_after(&error);
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

    fn count_not_let_in(&mut self, error: &StageError) {
        let again = matches!(error, StageError::Imap(ImapError::NotLetIn(_)));
        self.not_let_in = if again { self.not_let_in.saturating_add(1) } else { 0 };
    }

    /// `mailboxes.paused_reason` of a refused sign-in, where only a person can mend it.
    fn needs_person(&self, error: &StageError) -> Option<&'static str> {
        match error {
            StageError::Imap(error) if error.needs_person() => Some(AUTH_REFUSED),
            StageError::Token(error) if error.needs_person() => Some(error.word()),
            _ => (self.not_let_in >= MOST_NOT_LET_IN).then_some(AUTH_REFUSED),
        }
    }

    fn pause_after(&mut self, error: &StageError) -> Duration {
        if matches!(error, StageError::Imap(ImapError::NotLetIn(_))) {
            let doublings = self.not_let_in.saturating_sub(1).min(MOST_NOT_LET_IN);
            return self.pace.pause.saturating_mul(NOT_LET_IN_PAUSES << doublings);
        }
        self.backoff.next(random())
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
            self.backoff.reset();
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
        self.not_let_in = 0;
        let opened = Instant::now();
        let (mut noted, mut looked) = (None::<Instant>, opened);
        let (mut recovered, mut waited, mut is_well) = (false, false, false);
        loop {
            self.bell.mark_unchanged();
            let received = self.catch_up(&desk, &mut remote).await?;
            // A server that lets in and throws off again is not asked more often for that.
            if !is_well && (waited || opened.elapsed() >= LIVED) {
                remote.well(&desk).await?;
                self.backoff.reset();
                is_well = true;
            }
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
                noted = Some(Instant::now());
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
            waited = true;
            tokio::time::sleep_until(looked + BETWEEN_WAKES).await;
            looked = Instant::now();
        }
    }

    /// Stores the next batch, as carefully as it takes to get past what failed.
    async fn catch_up(&mut self, desk: &Desk, remote: &mut Remote) -> Result<Received, StageError> {
        let spot = remote.spot();
        let care = self.stumbles.care(spot);
        match remote.catch_up(desk, care).await {
            Ok(received) => {
                self.stumbles.passed(care, ONE_BY_ONE);
                if self.stumbles.was_the_mail() {
                    self.backoff.reset();
                }
                // There may be more behind what was taken alone.
                let more = received.more || (care != Care::Usual && remote.spot() != spot);
                Ok(Received { more, ..received })
            }
            Err(error) => {
                if may_be_a_mail(&error) {
                    self.stumbles.failed(spot);
                }
                Err(error)
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

/// Whether one mail may be what the server fails at, and not the line or the time of the day.
fn may_be_a_mail(error: &StageError) -> bool {
    match error {
        StageError::Imap(error) => matches!(
            error,
            ImapError::Closed(_)
                | ImapError::Unreachable(_)
                | ImapError::TimedOut(_)
                | ImapError::Protocol(_)
                | ImapError::Refused { .. }
        ),
        other => other.may_be_the_mails_fault(),
    }
}

/// The trouble in a word that the pages have a text for.
const fn word(error: &StageError) -> &'static str {
    match error {
        StageError::Imap(ImapError::HostUnknown(_)) => "host_unknown",
        StageError::Imap(ImapError::CertificateRefused(_)) => "certificate_refused",
        StageError::Imap(ImapError::NotEncrypted) => "not_encrypted",
        StageError::Imap(ImapError::Busy(_) | ImapError::NotLetIn(_)) => "busy",
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
