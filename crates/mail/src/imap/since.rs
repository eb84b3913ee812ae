//! What a folder received since a day, whatever was read of it before.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::ImapError;
use super::answer::Token;
use super::connection::{All, Answers, ImapConnection};
use super::fetch::{LIST_BYTES, Listed, Weighed};
use super::folders::Folder;
use super::line::Line;

/// Numbers that are searched in one command.
const SEARCHED: u32 = 50_000;
/// A command line is no longer than this, as old servers want it.
const MAX_LINE: usize = 900;

/// Mail of a folder since a day, without its texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Older {
    /// By number, the newest of them.
    pub mails: Vec<Weighed>,
    /// Whether there are more.
    pub more: bool,
}

impl ImapConnection {
    /// The mails of the open folder up to number `up_to` that came at `since` or later, the newest
    /// `most` of them. Only numbers, sizes and times are asked for.
    pub async fn weigh_since(
        &mut self,
        up_to: u32,
        since: Timestamp,
        most: usize,
    ) -> Result<Older, ImapError> {
        let (mut mails, mut to, mut width) = (Vec::new(), up_to, SEARCHED);
        while to > 0 && mails.len() <= most {
            let from = to.saturating_sub(width.saturating_sub(1)).max(1);
            let found = self.search_since(from, to, since).await?;
            if found.is_empty() {
                width = width.saturating_mul(8);
            }
            // The newest first, so that no more is asked than is wanted.
            for range in ranges(&found).iter().rev() {
                if mails.len() > most {
                    break;
                }
                let weighed = self.weigh(range).await?;
                mails.extend(weighed.into_iter().filter(|mail| {
                    (from..=to).contains(&mail.uid) && mail.received_at.is_none_or(|at| at >= since)
                }));
            }
            to = from.saturating_sub(1);
        }
        mails.sort_by_key(|mail| mail.uid);
        mails.dedup_by_key(|mail| mail.uid);
        let beyond = mails.len().saturating_sub(most);
        Ok(Older { mails: mails.split_off(beyond), more: beyond > 0 })
    }

    async fn search_since(
        &mut self,
        from: u32,
        to: u32,
        since: Timestamp,
    ) -> Result<Vec<u32>, ImapError> {
        let line = Line::new("UID SEARCH")
            .word("UID")
            .word(&format!("{from}:{to}"))
            .word("SINCE")
            .word(&day_of(since));
        let mut answers = Answers::<All>::default();
        self.run(line, "searching", LIST_BYTES, self.limits.piece, &mut answers).await?;
        let mut found: Vec<u32> =
            found(&answers.data.units).filter(|uid| (from..=to).contains(uid)).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The mails of the open folder that came at `since` or later, by number; some that are up to
    /// two days older may be among them, as IMAP knows days only, and servers their own zone.
    pub async fn list_since(
        &mut self,
        folder: &Folder,
        since: Timestamp,
    ) -> Result<Vec<Listed>, ImapError> {
        let line = Line::new("UID SEARCH").word("SINCE").word(&day_of(since));
        let answers = self.command(line, "searching").await?;
        let wanted: HashSet<u32> = found(&answers).collect();
        let Some(first) = wanted.iter().min() else { return Ok(Vec::new()) };
        let listing = self.list_after(folder, first.saturating_sub(1), usize::MAX).await?;
        Ok(listing.mails.into_iter().filter(|mail| wanted.contains(&mail.uid)).collect())
    }
}

/// The day before, as IMAP writes it: servers know days only, in a zone of their own.
fn day_of(since: Timestamp) -> String {
    let day = since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(since);
    day.to_zoned(TimeZone::UTC).strftime("%d-%b-%Y").to_string()
}

/// The numbers in answers to a search.
fn found(answers: &[Vec<Token>]) -> impl Iterator<Item = u32> {
    answers.iter().flat_map(|data| {
        let mut words = data.iter().filter_map(Token::atom);
        let search = words.next().is_some_and(|word| word.eq_ignore_ascii_case("SEARCH"));
        words.filter(move |_| search).filter_map(|word| word.parse::<u32>().ok())
    })
}

/// Numbers, lowest first, as sets such as `3:7,9` that fit into a line.
fn ranges(uids: &[u32]) -> Vec<String> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if last.saturating_add(1) == *uid => *last = *uid,
            _ => runs.push((*uid, *uid)),
        }
    }
    let mut sets: Vec<String> = Vec::new();
    for (first, last) in runs {
        let run = if first == last { first.to_string() } else { format!("{first}:{last}") };
        match sets.last_mut() {
            Some(set) if set.len().saturating_add(run.len()) < MAX_LINE => {
                set.push(',');
                set.push_str(&run);
            }
            _ => sets.push(run),
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_sets_that_fit_into_a_line() {
        assert_eq!(ranges(&[]), Vec::<String>::new());
        assert_eq!(ranges(&[3, 4, 5, 7, 9, 10]), ["3:5,7,9:10"]);
        let odd: Vec<u32> = (0..1000).map(|n| 2 * n + 1_000_001).collect();
        let sets = ranges(&odd);
        assert!(sets.len() > 1 && sets.iter().all(|set| set.len() <= MAX_LINE));
        let numbers: Vec<u32> =
            sets.iter().flat_map(|set| set.split(',')).map(|uid| uid.parse().unwrap()).collect();
        assert_eq!(numbers, odd);
    }

    #[test]
    fn a_day_more_is_asked_for() {
        let since: Timestamp = "2026-03-01T00:30:00Z".parse().unwrap();
        assert_eq!(day_of(since), "28-Feb-2026");
    }
}
