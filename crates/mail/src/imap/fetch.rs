//! Which mail lies behind a cursor: numbers, sizes, times, and never a body.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ImapError;
use super::answer::Token;
use super::connection::{Answers, ImapConnection};
use super::folders::Folder;
use super::item::Item;
use super::line::Line;

/// Numbers asked for in one command; mailboxes of many years have gaps, so empty windows grow.
const WINDOW: u32 = 500;
/// Numbers asked for in one command where nothing but the next one is wanted.
const MOST_NUMBERS: u32 = 5000;
/// What the list of one window may weigh.
pub(super) const LIST_BYTES: usize = 4 * 1024 * 1024;
/// Mails that are kept of one list: more than fit into its bytes when each says what was asked.
const MOST_LISTED: usize = 32 * 1024;

/// A mail as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub uid: u32,
    /// As the server says, which may be wrong.
    pub size_bytes: u64,
    /// INTERNALDATE, when it can be read.
    pub received_at: Option<Timestamp>,
    /// Without angle brackets; a hint.
    pub message_id: Option<String>,
}

/// A mail by number, size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    /// Its number.
    pub uid: u32,
    /// As the server says, which may be wrong.
    pub size_bytes: u64,
    /// INTERNALDATE, when it can be read.
    pub received_at: Option<Timestamp>,
}

/// What lies behind a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// By number.
    pub mails: Vec<Listed>,
    /// Every number up to this one is in `mails` or belongs to no mail.
    pub up_to: u32,
    /// Whether there may be more behind it.
    pub more: bool,
}

impl ImapConnection {
    /// The mails of the open folder behind number `after`, at most `limit`.
    pub async fn list_after(
        &mut self,
        folder: &Folder,
        after: u32,
        limit: usize,
    ) -> Result<Listing, ImapError> {
        let next = match folder.uid_next {
            Some(next) => next,
            None => self.highest().await?.saturating_add(1),
        };
        let mut mails = Vec::new();
        let (mut from, mut width) = (after.saturating_add(1), WINDOW);
        while from < next && mails.len() < limit {
            let to = from.saturating_add(width.saturating_sub(1)).min(next.saturating_sub(1));
            let found = self.list(&format!("{from}:{to}"), from).await?;
            if found.is_empty() {
                width = width.saturating_mul(8);
            }
            mails.extend(found);
            from = to.saturating_add(1);
        }
        // What came since the folder was opened. `n:*` names the last mail even when it is older.
        if from >= next && mails.len() < limit {
            let found = self.list(&format!("{from}:*"), from).await?;
            from = found.last().map_or(from, |last| last.uid.saturating_add(1));
            mails.extend(found);
        }
        let more = mails.len() > limit || from < next;
        let mut up_to = from.saturating_sub(1).max(after);
        if mails.len() > limit {
            mails.truncate(limit);
            up_to = mails.last().map_or(up_to, |last| last.uid);
        }
        Ok(Listing { mails, up_to, more })
    }

    /// The first mail behind number `after`, by its number alone: for folders in which the server
    /// stumbles over what it should say of a mail.
    pub async fn next_number(&mut self, folder: &Folder, after: u32) -> Result<Listing, ImapError> {
        let next = match folder.uid_next {
            Some(next) => next,
            None => self.highest().await?.saturating_add(1),
        };
        let (mut from, mut width) = (after.saturating_add(1), 1);
        while from < next {
            let to = from.saturating_add(width).min(next.saturating_sub(1));
            if let Some((uid, received_at)) = self.numbers(from, to).await?.first().copied() {
                let mail = Listed { uid, size_bytes: 0, received_at, message_id: None };
                return Ok(Listing { mails: vec![mail], up_to: uid, more: true });
            }
            from = to.saturating_add(1);
            width = width.saturating_mul(8).min(MOST_NUMBERS);
        }
        Ok(Listing { mails: Vec::new(), up_to: from.saturating_sub(1).max(after), more: false })
    }

    /// The highest number in the open folder; 0 when it is empty.
    pub async fn highest(&mut self) -> Result<u32, ImapError> {
        if self.exists == 0 {
            return Ok(0);
        }
        let answers = self.command(Line::new("UID FETCH").word("* (UID)"), "listing mail").await?;
        Ok(answers.into_iter().filter_map(|data| Item::read(data)?.uid()).max().unwrap_or(0))
    }

    async fn list(&mut self, range: &str, from: u32) -> Result<Vec<Listed>, ImapError> {
        let line = Line::new("UID FETCH")
            .word(range)
            .word("(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])");
        Ok(self.listed(line, "listing mail").await?.filter(|mail| mail.uid >= from).collect())
    }

    /// The mails that a command lists, by number.
    async fn listed(
        &mut self,
        line: Line,
        step: &'static str,
    ) -> Result<impl Iterator<Item = Listed> + use<>, ImapError> {
        let mut listed = BTreeMap::<u32, Listed>::new();
        let mut answers = Answers::to(|data: Vec<Token>| {
            let Some(mail) = Item::read(data).and_then(|item| item.listed()) else { return Ok(()) };
            if listed.len() >= MOST_LISTED {
                return Err(ImapError::Protocol("it lists more than it was asked"));
            }
            // News of its flags, which comes in between, says less of a mail.
            if mail.received_at.is_some() || !listed.contains_key(&mail.uid) {
                listed.insert(mail.uid, mail);
            }
            Ok(())
        });
        self.run(line, step, LIST_BYTES, self.limits.piece, &mut answers).await?;
        drop(answers);
        Ok(listed.into_values())
    }

    /// The numbers from `from` to `to` that belong to a mail of the open folder, with the time at
    /// which it came in.
    pub async fn numbers(
        &mut self,
        from: u32,
        to: u32,
    ) -> Result<Vec<(u32, Option<Timestamp>)>, ImapError> {
        let line = Line::new("UID FETCH").word(&format!("{from}:{to}")).word("(UID INTERNALDATE)");
        let listed = self.listed(line, "counting mail").await?;
        let asked = listed.filter(|mail| (from..=to).contains(&mail.uid));
        Ok(asked.map(|mail| (mail.uid, mail.received_at)).collect())
    }

    /// The mails of a set such as `3:7,9`.
    pub(super) async fn weigh(&mut self, set: &str) -> Result<Vec<Weighed>, ImapError> {
        let line = Line::new("UID FETCH").word(set).word("(UID RFC822.SIZE INTERNALDATE)");
        let listed = self.listed(line, "weighing mail").await?;
        let weighed =
            |Listed { uid, size_bytes, received_at, .. }| Weighed { uid, size_bytes, received_at };
        Ok(listed.map(weighed).collect())
    }

    /// What the server lists of these numbers, as far as they belong to mails.
    pub async fn list_these(&mut self, uids: &[u32]) -> Result<Vec<Listed>, ImapError> {
        let range: Vec<String> = uids.iter().map(u32::to_string).collect();
        let found = self.list(&range.join(","), 1).await?;
        Ok(found.into_iter().filter(|mail| uids.contains(&mail.uid)).collect())
    }
}
