//! Random numbers from a printed seed, so that a run can be repeated.

use std::time::Duration;

/// A stream of numbers (splitmix64).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The seed of `LOKET_CRASH_SEED`, else one from the clock.
    pub fn seed() -> u64 {
        let named = std::env::var("LOKET_CRASH_SEED").ok();
        named.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            u64::try_from(loket::serving::now().as_microsecond()).expect("after 1970")
        })
    }

    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of these, which are not none.
    pub fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let index = self.below(things.len() as u64);
        things.get(usize::try_from(index).expect("small")).expect("below the length")
    }

    /// A time below `longest`.
    pub fn time(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(longest.as_micros()).expect("short")))
    }
}
