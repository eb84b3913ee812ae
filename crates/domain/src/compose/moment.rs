//! Moments as customers read them, in Dutch time.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::contract::Language;
use crate::policy::texts;

/// The Netherlands and Belgium. A POSIX rule, so that the core reads no files; it holds
/// while summer time runs from the last Sunday of March to that of October
/// (Directive 2000/84/EC).
static DUTCH_TIME: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC));

/// `3 maart 2026 om 14:05 uur`, `3 March 2026 at 14:05`.
pub fn moment(at: Timestamp, language: Language) -> String {
    let local = at.to_zoned(DUTCH_TIME.clone());
    let moments = &texts().moments;
    let months = if language == Language::Dutch { &moments.months_nl } else { &moments.months_en };
    let month = usize::try_from(local.month() - 1)
        .ok()
        .and_then(|index| months.get(index))
        .map_or("", String::as_str);
    moments
        .moment
        .get(language)
        .replace("{day}", &local.day().to_string())
        .replace("{month}", month)
        .replace("{year}", &local.year().to_string())
        .replace("{time}", &format!("{:02}:{:02}", local.hour(), local.minute()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_and_winter_time() {
        let winter: Timestamp = "2026-01-03T13:05:00Z".parse().unwrap();
        let summer: Timestamp = "2026-07-03T22:05:00Z".parse().unwrap();
        assert_eq!(moment(winter, Language::Dutch), "3 januari 2026 om 14:05 uur");
        assert_eq!(moment(summer, Language::English), "4 July 2026 at 00:05");
    }
}
