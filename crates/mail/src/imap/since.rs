//! What a folder received since a day, whatever was read of it before.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::ImapError;
use super::answer::Token;
use super::connection::ImapConnection;
use super::fetch::Listed;
use super::folders::Folder;
use super::line::Line;

impl ImapConnection {
    /// The mails of the open folder that came at `since` or later, by number; some that are up to
    /// two days older may be among them, as IMAP knows days only, and servers their own zone.
    pub async fn list_since(
        &mut self,
        folder: &Folder,
        since: Timestamp,
    ) -> Result<Vec<Listed>, ImapError> {
        let day = since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(since);
        let day = day.to_zoned(TimeZone::UTC).strftime("%d-%b-%Y").to_string();
        let answers =
            self.command(Line::new("UID SEARCH").word("SINCE").word(&day), "searching").await?;
        let mut wanted = HashSet::new();
        for data in answers {
            let mut words = data.iter().filter_map(Token::atom);
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("SEARCH")) {
                wanted.extend(words.filter_map(|word| word.parse::<u32>().ok()));
            }
        }
        let Some(first) = wanted.iter().min() else { return Ok(Vec::new()) };
        let listing = self.list_after(folder, first.saturating_sub(1), usize::MAX).await?;
        Ok(listing.mails.into_iter().filter(|mail| wanted.contains(&mail.uid)).collect())
    }
}
