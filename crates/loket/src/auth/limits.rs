//! How often: token buckets by key, on a clock that is passed in.
//!
//! The generic cell rate algorithm: one moment per key says when its bucket is full again. It
//! must not know what is counted. (Written out rather than taken from a crate, because what
//! turned out not to count is given back and the clock must be ours.)

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::settings::{AuthOptions, Rate};

/// Keys kept at most; when there are more, the fullest buckets are forgotten first.
const MAX_KEYS: usize = 100_000;

/// A bucket per key.
#[derive(Debug)]
pub struct Limit<K> {
    rate: Rate,
    full_at: Mutex<HashMap<K, i128>>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// Empty buckets of this rate.
    pub fn new(rate: Rate) -> Self {
        Self { rate, full_at: Mutex::default() }
    }

    /// Takes one; or says how many seconds to wait.
    pub fn take(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        let now = now.as_nanosecond();
        let every = nanoseconds(self.rate.every);
        let mut full_at = self.lock();
        if full_at.len() >= MAX_KEYS && !full_at.contains_key(key) {
            make_room(&mut full_at, now);
        }
        let moment = full_at.get(key).copied().unwrap_or(now).max(now);
        let room = every * i128::from(self.rate.burst);
        let after = moment + every;
        if after - now > room {
            let wait = (after - now - room) / 1_000_000_000 + 1;
            return Err(u64::try_from(wait).unwrap_or(60));
        }
        full_at.insert(key.clone(), after);
        Ok(())
    }

    /// Gives one back that turned out not to count.
    pub fn give_back(&self, key: &K) {
        if let Some(moment) = self.lock().get_mut(key) {
            *moment -= nanoseconds(self.rate.every);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, i128>> {
        self.full_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Forgets full buckets; where there are none, the eighth that is nearest to full. A flood of keys
/// then pushes out its own, and neither locks others out nor empties a bucket that is much used.
fn make_room<K: Hash + Eq>(full_at: &mut HashMap<K, i128>, now: i128) {
    full_at.retain(|_, moment| *moment > now);
    if full_at.len() < MAX_KEYS {
        return;
    }
    let mut moments: Vec<i128> = full_at.values().copied().collect();
    let eighth = moments.len() / 8;
    let (_, limit, _) = moments.select_nth_unstable(eighth);
    let limit = *limit;
    let mut room = eighth + 1;
    full_at.retain(|_, moment| {
        let goes = *moment <= limit && room > 0;
        room -= usize::from(goes);
        !goes
    });
}

fn nanoseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 1_000_000)
}

/// Somewhere requests come from: an address, or the /64 that one household has in IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin(IpAddr);

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::from([a, b, c, d, 0, 0, 0, 0]))
            }
            IpAddr::V4(_) => Self(address.to_canonical()),
        }
    }
}

/// Every limit there is.
#[derive(Debug)]
pub struct Limits {
    /// Failed sign-ins by client address.
    pub failed: Limit<Origin>,
    /// Sign-ins by account.
    pub account: Limit<String>,
    /// Sign-ups by client address.
    pub sign_up: Limit<Origin>,
    /// Mails asked for, by client address.
    pub mail: Limit<Origin>,
    /// Mails by address.
    pub address: Limit<String>,
    /// Codes tried, by account or factor.
    pub code: Limit<String>,
    /// Refreshes and links, by client address.
    pub token: Limit<Origin>,
    /// Mailbox sign-ins that failed, by person.
    pub mailbox: Limit<Uuid>,
    /// Mailbox sign-ins that failed, by server and user.
    pub mailbox_account: Limit<(String, String)>,
}

impl Limits {
    /// As set.
    pub fn of(options: &AuthOptions) -> Self {
        Self {
            failed: Limit::new(options.auth_rate_sign_in),
            account: Limit::new(options.auth_rate_account),
            sign_up: Limit::new(options.auth_rate_sign_up),
            mail: Limit::new(options.auth_rate_mail),
            address: Limit::new(options.auth_rate_address),
            code: Limit::new(options.auth_rate_code),
            token: Limit::new(options.auth_rate_token),
            mailbox: Limit::new(options.auth_rate_mailbox),
            mailbox_account: Limit::new(options.auth_rate_mailbox_account),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_by_one() {
        let limit = Limit::new("3+20".parse().unwrap());
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
        for _ in 0..3 {
            assert_eq!(limit.take(&"a", at(0)), Ok(()));
            limit.give_back(&"a");
            assert_eq!(limit.take(&"a", at(0)), Ok(()));
        }
        assert!(limit.take(&"a", at(0)).is_err_and(|wait| (20..=21).contains(&wait)));
        assert_eq!(limit.take(&"b", at(0)), Ok(()), "others are not concerned");
        assert!(limit.take(&"a", at(19)).is_err());
        assert_eq!(limit.take(&"a", at(20)), Ok(()));
        assert!(limit.take(&"a", at(20)).is_err());
        for _ in 0..3 {
            assert_eq!(limit.take(&"a", at(1000)), Ok(()), "it fills up again");
        }
        assert!(limit.take(&"a", at(1000)).is_err(), "and not above the brim");
    }

    #[test]
    fn a_flood_of_keys_locks_nobody_out_and_frees_nobody() {
        let limit = Limit::new("3+20".parse().unwrap());
        let now = Timestamp::from_second(1_000).unwrap();
        for _ in 0..3 {
            assert_eq!(limit.take(&usize::MAX, now), Ok(()));
        }
        for key in 0..MAX_KEYS + 50_000 {
            assert_eq!(limit.take(&key, now), Ok(()), "{key}");
        }
        assert!(limit.take(&usize::MAX, now).is_err(), "the empty bucket is remembered");
        assert!(limit.lock().len() <= MAX_KEYS);
    }

    #[test]
    fn a_household_is_one_origin() {
        let origin = |text: &str| Origin::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:1"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    }
}
