//! The three durable seams, and what drives them.
//!
//! | kind    | about            | handler              | when it is given up                   |
//! |---------|------------------|----------------------|---------------------------------------|
//! | ingest  | a raw mail       | `pipeline::ingest`   | the mail is quarantined               |
//! | answer  | an interaction   | `pipeline::answer`   | the mail is held for a person         |
//! | deliver | an outgoing mail | `pipeline::deliver`  | the reply is held for a person        |
//!
//! A job ends done, is due again later, or is given up, and giving up puts the mail before a
//! person. There is no fourth way and none is silent.

mod backoff;
mod failure; // what becomes of a job that failed
mod mailboxes;
mod runner;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::pipeline::Desk;

/// How the workers work.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a claimed job is ours. A crash delays its jobs by this much.
    pub lease: Duration,
    /// How often the database is asked when nobody calls.
    pub poll: Duration,
    /// Shops worked at the same time, per kind.
    pub together: usize,
    /// Whether mailboxes are read. Of several nodes on one database the one that holds the
    /// lease reads a mailbox. A mail directory's numbering belongs to the data directory of
    /// whoever reads it: where there are mail directories, one node reads.
    pub mailboxes: bool,
    /// How long a mailbox is left alone after a first failure; twice as long after each other, up
    /// to an hour.
    pub pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(2),
            together: 8,
            mailboxes: true,
            // Silence on a line that broke must not cost a minute (C6).
            pause: Duration::from_secs(2),
        }
    }
}

/// Calls from one stage to the next within this process, so that nobody waits for a poll.
/// A lost call costs one poll, never a mail.
#[derive(Debug, Default)]
pub struct Calls {
    /// Raw mail is waiting.
    pub ingest: Notify,
    /// Mail is waiting for an answer.
    pub answer: Notify,
    /// Replies are waiting to leave.
    pub deliver: Notify,
    /// A mailbox may hold new mail.
    pub mailboxes: Notify,
}

/// The workers of one process.
#[derive(Debug)]
pub struct Workers {
    /// Wakes them.
    pub calls: Arc<Calls>,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Workers {
    /// Starts the workers of every kind and the reader of mailboxes.
    pub fn start(desk: &Arc<Desk>, pace: Pace) -> Self {
        let calls = Arc::new(Calls::default());
        let (stop, stopping) = watch::channel(false);
        let mut tasks = runner::start(desk, &calls, pace, &stopping);
        if pace.mailboxes {
            tasks.push(mailboxes::start(desk, &calls, pace, stopping));
        }
        Self { calls, stop, tasks }
    }

    /// Takes no new work, waits for what is under way (at most 30 s), and ends (hazard H5).
    pub async fn drain(self) {
        // Nobody listening means that every worker has ended already.
        let _ = self.stop.send(true);
        let all = async {
            for task in self.tasks {
                drop(task.await);
            }
        };
        if tokio::time::timeout(Duration::from_secs(30), all).await.is_err() {
            tracing::warn!("work was still under way after 30 s; its leases run out by themselves");
        }
    }
}
