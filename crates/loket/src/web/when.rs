//! Moments as people say them: `5 min geleden`, `gisteren 14:05`, `18 nov`; exact in the title.

use std::sync::LazyLock;

use domain::compose::moment;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::texts::Texts;

/// Dutch and Belgian time, as in the mails themselves (Directive 2000/84/EC).
static DUTCH_TIME: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC));

/// A moment on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// For machines.
    pub iso: String,
    /// `3 maart 2026 om 14:05 uur`.
    pub exact: String,
    /// How long ago, or which day.
    pub relative: String,
}

/// A moment in full, for logs and lists.
pub fn exact(at: Timestamp, t: Texts) -> String {
    moment(at, t.language())
}

/// Says a moment as seen from `now`.
pub fn when(at: Timestamp, now: Timestamp, t: Texts) -> When {
    When { iso: at.to_string(), exact: moment(at, t.language()), relative: relative(at, now, t) }
}

fn relative(at: Timestamp, now: Timestamp, t: Texts) -> String {
    let minutes = now.duration_since(at).as_secs() / 60;
    let (then, today) = (at.to_zoned(DUTCH_TIME.clone()), now.to_zoned(DUTCH_TIME.clone()));
    let days = days_between(&then, &today);
    let time = format!("{:02}:{:02}", then.hour(), then.minute());
    match (minutes, days) {
        (..1, _) => t.get("time.now").to_owned(),
        (1..60, _) => t.fill("time.minutes", "n", &minutes.to_string()),
        (_, 0) | (60..360, _) => t.fill("time.hours", "n", &(minutes / 60).to_string()),
        (_, 1) => t.fill("time.yesterday", "time", &time),
        (_, 2..7) => {
            let day =
                nth(t.get("time.weekdays"), i32::from(then.weekday().to_monday_zero_offset()));
            format!("{day} {time}")
        }
        _ => {
            let month = nth(t.get("time.months"), i32::from(then.month()) - 1);
            let year = if then.year() == today.year() {
                String::new()
            } else {
                format!(" {}", then.year())
            };
            format!("{} {month}{year}", then.day())
        }
    }
}

/// Midnights between two moments.
fn days_between(then: &Zoned, today: &Zoned) -> i32 {
    today.date().since(then.date()).map_or(i32::MAX, |span| span.get_days())
}

fn nth(words: &str, index: i32) -> &str {
    usize::try_from(index).ok().and_then(|index| words.split(' ').nth(index)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::contract::Language;

    use super::*;

    #[test]
    fn from_just_now_to_last_year() {
        let now: Timestamp = "2026-11-22T09:30:00Z".parse().unwrap();
        let said = |at: &str| relative(at.parse().unwrap(), now, Texts::of(Language::Dutch));
        assert_eq!(said("2026-11-22T09:29:40Z"), "zojuist");
        assert_eq!(said("2026-11-22T09:05:00Z"), "25 min geleden");
        assert_eq!(said("2026-11-22T06:05:00Z"), "3 uur geleden");
        assert_eq!(said("2026-11-21T13:05:00Z"), "gisteren 14:05");
        assert_eq!(said("2026-11-18T13:05:00Z"), "wo 14:05");
        assert_eq!(said("2026-11-03T13:05:00Z"), "3 nov");
        assert_eq!(said("2025-11-03T13:05:00Z"), "3 nov 2025");
    }
}
