//! New mail after a cursor: first numbers and sizes, then bodies in pieces.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::answer::Token;
use super::connection::{Answers, ImapConnection};
use super::folders::Folder;
use super::line::Line;
use super::{ImapError, Limits};
use crate::mailbox::MAX_RAW_BYTES;

/// Numbers asked for in one command; mailboxes of many years have gaps, so empty windows grow.
const WINDOW: u32 = 500;
/// What the list of one window may weigh.
pub(super) const LIST_BYTES: usize = 4 * 1024 * 1024;
/// A body is fetched in pieces of this size, so that no server decides what we hold in memory.
const PIECE_BYTES: usize = 1024 * 1024;
/// A header beyond this is cut.
const HEADER_BYTES: usize = 256 * 1024;
/// What comes around a piece.
const AROUND_BYTES: usize = 64 * 1024;
/// Message-IDs are a hint; no honest one is longer.
const MAX_MESSAGE_ID: usize = 500;

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

/// A body as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its number.
    pub uid: u32,
    /// The mail; of one that is too large, or that the server cannot read itself, the header.
    pub raw: Vec<u8>,
    /// Whether `raw` is the whole mail.
    pub whole: bool,
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

    /// The highest number in the open folder; 0 when it is empty.
    pub async fn highest(&mut self) -> Result<u32, ImapError> {
        if self.exists == 0 {
            return Ok(0);
        }
        let answers = self.command(Line::new("UID FETCH").word("* (UID)"), "listing mail").await?;
        Ok(answers.iter().filter_map(|data| Item::read(data)?.uid()).max().unwrap_or(0))
    }

    async fn list(&mut self, range: &str, from: u32) -> Result<Vec<Listed>, ImapError> {
        let line = Line::new("UID FETCH")
            .word(range)
            .word("(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])");
        let mut answers = Answers::default();
        self.run(line, "listing mail", LIST_BYTES, self.limits.piece, &mut answers).await?;
        let listed = answers.data.iter().filter_map(|data| Item::read(data)?.listed());
        let listed: BTreeMap<u32, Listed> = listed.map(|mail| (mail.uid, mail)).collect();
        Ok(listed.into_values().filter(|mail| mail.uid >= from).collect())
    }

    /// The numbers from `from` to `to` that belong to a mail of the open folder, with the time at
    /// which it came in.
    pub async fn numbers(
        &mut self,
        from: u32,
        to: u32,
    ) -> Result<Vec<(u32, Option<Timestamp>)>, ImapError> {
        let line = Line::new("UID FETCH").word(&format!("{from}:{to}")).word("(UID INTERNALDATE)");
        let mut answers = Answers::default();
        self.run(line, "counting mail", LIST_BYTES, self.limits.piece, &mut answers).await?;
        let listed = answers.data.iter().filter_map(|data| Item::read(data)?.listed());
        let listed: BTreeMap<u32, Option<Timestamp>> =
            listed.map(|mail| (mail.uid, mail.received_at)).collect();
        Ok(listed.into_iter().filter(|(uid, _)| (from..=to).contains(uid)).collect())
    }

    /// The mails of a set such as `3:7,9`.
    pub(super) async fn weigh(&mut self, set: &str) -> Result<Vec<Weighed>, ImapError> {
        let line = Line::new("UID FETCH").word(set).word("(UID RFC822.SIZE INTERNALDATE)");
        let mut answers = Answers::default();
        self.run(line, "weighing mail", LIST_BYTES, self.limits.piece, &mut answers).await?;
        let listed = answers.data.iter().filter_map(|data| Item::read(data)?.listed());
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

    /// The header of a mail, cut where it is too long; `None` when the mail is gone.
    pub async fn header(&mut self, mail: &Listed) -> Result<Option<Vec<u8>>, ImapError> {
        Ok(self.header_only(mail).await?.map(|body| body.raw))
    }

    /// The bodies of these mails, in their order. Those that were moved or deleted meanwhile are
    /// missing. Nothing is marked as read.
    pub async fn bodies(&mut self, mails: &[Listed]) -> Result<Vec<Body>, ImapError> {
        let mut bodies = Vec::with_capacity(mails.len());
        let mut group: Vec<&Listed> = Vec::new();
        let mut weight = 0_u64;
        for mail in mails {
            if !group.is_empty() && weight.saturating_add(mail.size_bytes) > PIECE_BYTES as u64 {
                self.group(&group, &mut bodies).await?;
                group.clear();
                weight = 0;
            }
            weight = weight.saturating_add(mail.size_bytes);
            group.push(mail);
        }
        if !group.is_empty() {
            self.group(&group, &mut bodies).await?;
        }
        Ok(bodies)
    }

    /// A mail that the server cannot read keeps nobody from the others.
    async fn group(&mut self, group: &[&Listed], bodies: &mut Vec<Body>) -> Result<(), ImapError> {
        if let [only] = group {
            bodies.extend(self.body(only).await?);
            return Ok(());
        }
        match self.pieces(group, 0).await {
            Ok(mut pieces) => {
                for mail in group {
                    let Some(raw) = pieces.remove(&mail.uid) else { continue };
                    bodies.extend(self.rest_of(mail, raw).await?);
                }
                Ok(())
            }
            Err(ImapError::Refused { .. }) => {
                for mail in group {
                    bodies.extend(self.body(mail).await?);
                }
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    async fn body(&mut self, mail: &Listed) -> Result<Option<Body>, ImapError> {
        if mail.size_bytes > MAX_RAW_BYTES {
            return self.header_only(mail).await;
        }
        match self.pieces(&[mail], 0).await {
            Ok(mut pieces) => match pieces.remove(&mail.uid) {
                Some(raw) => self.rest_of(mail, raw).await,
                None => Ok(None),
            },
            Err(ImapError::Refused { .. }) => self.header_only(mail).await,
            Err(other) => Err(other),
        }
    }

    /// Goes on where the first piece ended.
    async fn rest_of(&mut self, mail: &Listed, first: Vec<u8>) -> Result<Option<Body>, ImapError> {
        let mut last = first.len();
        let mut raw = first;
        while last >= PIECE_BYTES {
            if raw.len() as u64 > MAX_RAW_BYTES {
                return self.header_only(mail).await;
            }
            let piece = self.pieces(&[mail], raw.len()).await?.remove(&mail.uid);
            let piece = piece.unwrap_or_default();
            last = piece.len();
            raw.extend(piece);
        }
        Ok(Some(Body { uid: mail.uid, raw, whole: true }))
    }

    async fn header_only(&mut self, mail: &Listed) -> Result<Option<Body>, ImapError> {
        let item = format!("(UID BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)");
        let line = Line::new("UID FETCH").word(&mail.uid.to_string()).word(&item);
        let budget = HEADER_BYTES.saturating_add(AROUND_BYTES);
        let mut answers = Answers::default();
        let raw = match self.run(line, "a header", budget, self.limits.piece, &mut answers).await {
            Ok(()) => {
                let found = answers.data.iter().filter_map(|data| Item::read(data));
                found
                    .filter(|item| item.uid() == Some(mail.uid))
                    .find_map(|item| item.text("BODY[HEADER]"))
            }
            // It cannot even say that much; the mail is recorded all the same.
            Err(ImapError::Refused { .. }) => Some(Vec::new()),
            Err(other) => return Err(other),
        };
        Ok(raw.map(|raw| Body { uid: mail.uid, raw, whole: false }))
    }

    /// One piece of each mail, from `offset` on.
    async fn pieces(
        &mut self,
        mails: &[&Listed],
        offset: usize,
    ) -> Result<BTreeMap<u32, Vec<u8>>, ImapError> {
        let uids: Vec<String> = mails.iter().map(|mail| mail.uid.to_string()).collect();
        let line = Line::new("UID FETCH")
            .word(&uids.join(","))
            .word(&format!("(UID BODY.PEEK[]<{offset}.{PIECE_BYTES}>)"));
        let budget = PIECE_BYTES.saturating_add(AROUND_BYTES).saturating_mul(mails.len());
        let Limits { piece, .. } = self.limits;
        let mut answers = Answers::default();
        self.run(line, "a mail", budget, piece, &mut answers).await?;
        let mut pieces = BTreeMap::new();
        for data in &answers.data {
            let Some(item) = Item::read(data) else { continue };
            if let (Some(uid), Some(text)) = (item.uid(), item.text("BODY[]")) {
                pieces.insert(uid, text);
            }
        }
        Ok(pieces)
    }
}

/// `FETCH (NAME value NAME value)`: names and values at the top; lists are passed over.
struct Item<'a>(Vec<(&'a str, &'a Token)>);

impl<'a> Item<'a> {
    fn read(data: &'a [Token]) -> Option<Self> {
        let [Token::Atom(_), Token::Atom(word), Token::Open, rest @ ..] = data else { return None };
        if !word.eq_ignore_ascii_case("FETCH") {
            return None;
        }
        let (mut pairs, mut name, mut depth) = (Vec::new(), None, 0_usize);
        for token in rest {
            match token {
                Token::Open => depth = depth.saturating_add(1),
                Token::Close if depth == 0 => break,
                Token::Close => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        name = None;
                    }
                }
                _ if depth > 0 => {}
                value => match name.take() {
                    Some(name) => pairs.push((name, value)),
                    None => name = value.atom(),
                },
            }
        }
        Some(Self(pairs))
    }

    fn value(&self, wanted: &str) -> Option<&'a Token> {
        let found = |name: &str| {
            // `BODY[]<0>` is the piece of `BODY[]` that begins there.
            let whole = name.rsplit_once('<').map_or(name, |(whole, _)| whole);
            whole.eq_ignore_ascii_case(wanted)
        };
        self.0.iter().find(|(name, _)| found(name)).map(|(_, value)| *value)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.value(name)?.atom()?.parse().ok()
    }

    fn uid(&self) -> Option<u32> {
        self.number("UID").filter(|uid| *uid > 0)
    }

    fn text(&self, name: &str) -> Option<Vec<u8>> {
        match self.value(name)? {
            Token::Text(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }

    fn listed(&self) -> Option<Listed> {
        let date = self.value("INTERNALDATE").and_then(Token::string);
        let header = self.0.iter().find(|(name, _)| name.starts_with("BODY[HEADER.FIELDS"));
        let header = header.and_then(|(_, value)| value.string());
        Some(Listed {
            uid: self.uid()?,
            size_bytes: self.number("RFC822.SIZE").unwrap_or(0),
            received_at: date.as_deref().and_then(internal_date),
            message_id: header.as_deref().and_then(message_id),
        })
    }
}

/// `"17-Jul-1996 02:44:25 -0700"`, the day with a blank in front of one figure.
fn internal_date(text: &str) -> Option<Timestamp> {
    let parsed = strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    parsed.to_timestamp().ok()
}

fn message_id(header: &str) -> Option<String> {
    let (_, value) = header.split_once(':')?;
    let value = value.split_once('<').map_or(value, |(_, value)| value);
    let id: String = value
        .split('>')
        .next()?
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(MAX_MESSAGE_ID)
        .collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_ids() {
        let seen = |text: &str| internal_date(text).map(|at| at.to_string());
        assert_eq!(seen("17-Jul-1996 02:44:25 -0700").as_deref(), Some("1996-07-17T09:44:25Z"));
        assert_eq!(seen(" 7-Jan-2026 00:00:00 +0100").as_deref(), Some("2026-01-06T23:00:00Z"));
        assert_eq!(seen("yesterday"), None);
        assert_eq!(message_id("Message-ID: <a@b>\r\n\r\n").as_deref(), Some("a@b"));
        assert_eq!(message_id("Message-ID:\r\n <a@\r\n b>\r\n").as_deref(), Some("a@b"));
        assert_eq!(message_id("\r\n"), None);
        assert_eq!(message_id("Message-ID: <>\r\n"), None);
    }
}
