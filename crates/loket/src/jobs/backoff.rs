//! How long to leave alone what failed: longer each time, and never all at once.

use std::time::Duration;

/// Providers lift their locks by the hour.
const LONGEST: Duration = Duration::from_hours(1);

/// Failures so far.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    first: Duration,
    failures: u32,
}

impl Backoff {
    /// None so far; the pause after the first will be this one.
    pub const fn starting(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// Forgets what failed.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure: doubling up to an hour, and between half of that and the
    /// whole by `random`.
    pub fn next(&mut self, random: u32) -> Duration {
        let whole = self.first.saturating_mul(1 << self.failures.min(20)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
        let share = millis.saturating_mul(u64::from(random)) / u64::from(u32::MAX);
        half.saturating_add(Duration::from_millis(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_an_hour_and_is_spread() {
        let first = Duration::from_secs(2);
        let (mut early, mut late) = (Backoff::starting(first), Backoff::starting(first));
        let mut last = Duration::ZERO;
        for _ in 0..20 {
            let (shortest, most) = (early.next(0), late.next(u32::MAX));
            assert_eq!(shortest, most / 2);
            assert!(most >= last && most <= LONGEST);
            last = most;
        }
        assert_eq!(last, LONGEST);
        late.reset();
        assert_eq!(late.next(u32::MAX), first);
    }
}
