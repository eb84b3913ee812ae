//! How many bytes of mail may be on their way from mail servers into the database at a time, over
//! all mailboxes of the process: a server decides what it says, and not what we hold.
//!
//! Who asks first is served first, so that nobody is passed over. Mail that needs more than an
//! ordinary batch comes one at a time, so that two of them cannot take what the others need. What
//! is stored is held a second time for as long as the statement runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// What all mailboxes together hold.
const MOST_BYTES: u64 = 128 * 1024 * 1024;
/// What an ordinary batch holds.
pub const BATCH_BYTES: u64 = 16 * 1024 * 1024;
/// How long a batch may take to come: slower servers are not waited for, others are waiting.
const BATCH_TIME: Duration = Duration::from_mins(3);
/// How long a mail that comes alone may take.
const ALONE_TIME: Duration = Duration::from_mins(10);
/// A permit stands for this many bytes.
const UNIT: u64 = 1024;

/// The room that is left.
#[derive(Debug)]
pub struct Room {
    units: Semaphore,
    alone: Semaphore,
    most: AtomicU64,
}

/// A part of the room, until it is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    /// Bytes.
    pub bytes: u64,
    /// How long it may take to fill it.
    pub time: Duration,
    _units: Option<SemaphorePermit<'a>>,
    _alone: Option<SemaphorePermit<'a>>,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(MOST_BYTES)
    }
}

impl Room {
    fn of(bytes: u64) -> Self {
        let units = usize::try_from(bytes / UNIT).unwrap_or(Semaphore::MAX_PERMITS);
        Self { units: Semaphore::new(units), alone: Semaphore::new(1), most: AtomicU64::new(0) }
    }

    /// Waits until there is room for this many bytes; more than an ordinary batch, and whoever
    /// else wants as much has to be done.
    pub async fn take(&self, bytes: u64) -> Taken<'_> {
        // Neither is ever closed.
        let alone = if bytes > BATCH_BYTES { self.alone.acquire().await.ok() } else { None };
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let units = self.units.acquire_many(units).await.ok();
        let time = if alone.is_some() { ALONE_TIME } else { BATCH_TIME };
        Taken { bytes, time, _units: units, _alone: alone }
    }

    /// Notes what came into a part of it.
    pub fn note(&self, taken: &Taken<'_>, received: u64) {
        self.most.fetch_max(received, Ordering::Relaxed);
        if received > taken.bytes {
            tracing::error!(received, room = taken.bytes, "more mail came than there was room for");
        }
    }

    /// The most bytes that came in one go.
    pub fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Hazard C26: many mailboxes that come back at once hold no more than there is room for, and
    /// each gets its turn.
    #[tokio::test]
    async fn c26_mailboxes_share_the_room_and_all_get_their_turn() {
        let room = Arc::new(Room::of(64 * UNIT));
        let (held, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let served = Arc::new(AtomicUsize::new(0));
        let mut mailboxes = tokio::task::JoinSet::new();
        for number in 0..200_u64 {
            let (room, held, most, served) =
                (Arc::clone(&room), Arc::clone(&held), Arc::clone(&most), Arc::clone(&served));
            mailboxes.spawn(async move {
                let wanted = (1 + number % 40) * UNIT;
                let taken = room.take(wanted).await;
                let now = held.fetch_add(wanted, Ordering::SeqCst) + wanted;
                most.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(1)).await;
                held.fetch_sub(wanted, Ordering::SeqCst);
                room.note(&taken, wanted);
                served.fetch_add(1, Ordering::SeqCst);
            });
        }
        while mailboxes.join_next().await.is_some() {}
        assert_eq!(served.load(Ordering::SeqCst), 200);
        assert!(most.load(Ordering::SeqCst) <= 64 * UNIT);
        assert!(most.load(Ordering::SeqCst) >= 32 * UNIT, "it is used");
    }

    #[tokio::test]
    async fn mail_that_is_too_large_for_a_batch_leaves_room_for_the_others() {
        let room = Room::default();
        let large = room.take(mail::imap::ROOM_FOR_ANY).await;
        let second =
            tokio::time::timeout(Duration::from_millis(50), room.take(mail::imap::ROOM_FOR_ANY));
        assert!(second.await.is_err(), "one at a time");
        let batches = [room.take(BATCH_BYTES).await, room.take(BATCH_BYTES).await];
        assert!(batches.iter().all(|batch| batch.time < large.time));
    }
}
