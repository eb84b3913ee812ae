//! How long to leave alone what failed: longer each time, and never all at once.

use std::time::Duration;

/// The pause after a first failure. Silence on a line that broke must not cost a minute (C6).
const FIRST: Duration = Duration::from_secs(2);
/// Providers lift their locks by the hour.
const LONGEST: Duration = Duration::from_hours(1);

/// Failures so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure: doubling up to an hour, and between half of that and the
    /// whole by `random`.
    pub fn next(&mut self, random: u32) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(11)).min(LONGEST);
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
        let (mut early, mut late) = (Backoff::default(), Backoff::default());
        let mut last = Duration::ZERO;
        for _ in 0..20 {
            let (shortest, most) = (early.next(0), late.next(u32::MAX));
            assert_eq!(shortest, most / 2);
            assert!(most >= last && most <= LONGEST);
            last = most;
        }
        assert_eq!(last, LONGEST);
        assert_eq!(Backoff::default().next(u32::MAX), FIRST);
    }
}
