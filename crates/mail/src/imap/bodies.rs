//! Bodies, in pieces, and no more of them at a time than the caller has room for.
//!
//! What a server says of sizes decides how a body is asked for, never how much of it is taken:
//! only what came is counted.

use std::collections::BTreeMap;

use super::answer::Token;
use super::connection::{Answers, ImapConnection};
use super::fetch::Listed;
use super::item::Item;
use super::line::Line;
use super::{ImapError, Limits};
use crate::mailbox::MAX_RAW_BYTES;

/// A body is fetched in pieces of at most this size.
const PIECE_BYTES: usize = 1024 * 1024;
/// The first piece of a mail that is said to be small. Most mail is smaller.
const SMALL_PIECE_BYTES: usize = 64 * 1024;
/// First pieces that are asked for in one command weigh at most this much.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
/// A header beyond this is cut.
const HEADER_BYTES: usize = 256 * 1024;
/// What comes around the pieces of a command, news of other mails included.
const AROUND_BYTES: usize = 256 * 1024;

/// A caller with this much room gets any mail, if it is alone.
pub const ROOM_FOR_ANY: u64 = MAX_RAW_BYTES + 4 * PIECE_BYTES as u64;

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

/// What became of mails that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Those that came.
    pub bodies: Vec<Body>,
    /// Those that the folder does not hold any more.
    pub gone: Vec<u32>,
    /// So many, from the first on, are in `bodies` or `gone`; the others are to be asked for
    /// again. 0 where the first one alone wants more room.
    pub done: usize,
    /// Bytes of mail that came, those of bodies that were not finished included.
    pub received: u64,
}

/// How much room these mails want; what is beyond `most` is fetched at another time. More than
/// `most` for a mail that has to come alone: then it is [`ROOM_FOR_ANY`].
pub fn room_for(mails: &[Listed], most: u64) -> u64 {
    let comes_alone = |mail: &Listed| (most..=MAX_RAW_BYTES).contains(&mail.size_bytes);
    if mails.first().is_some_and(comes_alone) {
        return ROOM_FOR_ANY;
    }
    let told = mails.iter().fold(0_u64, |sum, mail| sum.saturating_add(mail.size_bytes));
    told.saturating_add(GROUP_BYTES as u64).min(most)
}

/// Mails whose first pieces are asked for in one command.
struct Group<'a> {
    mails: &'a [Listed],
    piece: usize,
}

impl<'a> Group<'a> {
    /// Those at the front; at least one of them, if there is any.
    fn first_of(mails: &'a [Listed]) -> Self {
        let (mut count, mut piece) = (0_usize, SMALL_PIECE_BYTES);
        for mail in mails {
            // Of one that is too large no piece is asked for.
            if mail.size_bytes > MAX_RAW_BYTES {
                count = count.max(1);
                break;
            }
            let size = usize::try_from(mail.size_bytes).unwrap_or(usize::MAX);
            // One more than it has shows that it has no more.
            let wider = size.saturating_add(1).clamp(piece, PIECE_BYTES);
            let with_it = count.saturating_add(1);
            if count > 0 && wider.saturating_mul(with_it) > GROUP_BYTES {
                break;
            }
            (count, piece) = (with_it, wider);
        }
        Self { mails: mails.get(..count).unwrap_or_default(), piece }
    }

    const fn weight(&self) -> u64 {
        (self.piece as u64).saturating_mul(self.mails.len() as u64)
    }
}

impl ImapConnection {
    /// The header of a mail, cut where it is too long; `None` when the mail is gone.
    pub async fn header(&mut self, mail: &Listed) -> Result<Option<Vec<u8>>, ImapError> {
        Ok(self.header_only(mail).await?.map(|body| body.raw))
    }

    /// Bodies of these mails, from the first on, until `room` bytes may have come. Nothing is
    /// marked as read. What the server lists and does not hand out is asked for once more.
    pub async fn bodies(&mut self, mails: &[Listed], room: u64) -> Result<Fetched, ImapError> {
        let mut fetched = Fetched::default();
        let mut missing = Vec::new();
        loop {
            let group = Group::first_of(mails.get(fetched.done..).unwrap_or_default());
            let after = fetched.received.saturating_add(group.weight());
            if group.mails.is_empty() || (fetched.done > 0 && after > room) {
                break;
            }
            let wanted = fetched.done.saturating_add(group.mails.len());
            self.group(&group, room, &mut fetched, &mut missing).await?;
            if fetched.done < wanted {
                break;
            }
        }
        if !missing.is_empty() {
            self.once_more(&missing, room, &mut fetched).await?;
        }
        Ok(fetched)
    }

    /// A mail that the server cannot read keeps nobody from the others.
    async fn group(
        &mut self,
        group: &Group<'_>,
        room: u64,
        fetched: &mut Fetched,
        missing: &mut Vec<u32>,
    ) -> Result<(), ImapError> {
        let known_too_large = |mail: &Listed| mail.size_bytes > MAX_RAW_BYTES;
        let first = match group.mails {
            [only] if known_too_large(only) => None,
            mails => match self.pieces(mails, 0, group.piece, fetched).await {
                Ok(pieces) => Some(pieces),
                Err(ImapError::Refused { .. }) => None,
                Err(other) => return Err(other),
            },
        };
        let Some(mut pieces) = first else {
            return self.one_by_one(group.mails, room, fetched, missing).await;
        };
        for mail in group.mails {
            if let Some(raw) = pieces.remove(&mail.uid) {
                let begun = Begun { raw, piece: group.piece };
                let Some(body) = self.rest_of(mail, begun, room, fetched).await? else {
                    return Ok(());
                };
                fetched.bodies.push(body);
            } else {
                missing.push(mail.uid);
            }
            fetched.done = fetched.done.saturating_add(1);
        }
        Ok(())
    }

    /// After a refusal of several, or of the first piece of one.
    async fn one_by_one(
        &mut self,
        mails: &[Listed],
        room: u64,
        fetched: &mut Fetched,
        missing: &mut Vec<u32>,
    ) -> Result<(), ImapError> {
        for mail in mails {
            let refused = mails.len() == 1 || mail.size_bytes > MAX_RAW_BYTES;
            let one = std::slice::from_ref(mail);
            let first = if refused { None } else { self.piece(one, 0, fetched).await? };
            let body = match first {
                Some(raw) => {
                    let begun = Begun { raw, piece: PIECE_BYTES };
                    let Some(body) = self.rest_of(mail, begun, room, fetched).await? else {
                        return Ok(());
                    };
                    Some(body)
                }
                None => self.header_only(mail).await?,
            };
            match body {
                Some(body) => fetched.bodies.push(body),
                None => missing.push(mail.uid),
            }
            fetched.done = fetched.done.saturating_add(1);
        }
        Ok(())
    }

    /// Goes on where the first piece ended. `None`: it wants more room than there is.
    async fn rest_of(
        &mut self,
        mail: &Listed,
        begun: Begun,
        room: u64,
        fetched: &mut Fetched,
    ) -> Result<Option<Body>, ImapError> {
        let Begun { mut raw, piece } = begun;
        let (mut last, mut full) = (raw.len(), piece);
        let mut asked_again = false;
        loop {
            // Shorter than it was said to be: what is behind it decides, not what was said.
            if last < full && raw.len() as u64 >= mail.size_bytes {
                return Ok(Some(Body { uid: mail.uid, raw, whole: true }));
            }
            if raw.len() as u64 > MAX_RAW_BYTES {
                return self.header_or_nothing(mail).await.map(Some);
            }
            if fetched.received.saturating_add(PIECE_BYTES as u64) > room {
                return Ok(None);
            }
            let one = std::slice::from_ref(mail);
            match self.piece(one, raw.len(), fetched).await? {
                Some(next) if next.is_empty() => {
                    return Ok(Some(Body { uid: mail.uid, raw, whole: true }));
                }
                Some(next) => {
                    (last, full) = (next.len(), PIECE_BYTES);
                    raw.extend(next);
                }
                None if raw.len() as u64 == mail.size_bytes => {
                    return Ok(Some(Body { uid: mail.uid, raw, whole: true }));
                }
                None if asked_again => {
                    return Ok(Some(Body { uid: mail.uid, raw, whole: false }));
                }
                None => asked_again = true,
            }
        }
    }

    /// What was listed and did not come: gone, or recorded with as much as there is of it.
    async fn once_more(
        &mut self,
        missing: &[u32],
        room: u64,
        fetched: &mut Fetched,
    ) -> Result<(), ImapError> {
        let there = self.list_these(missing).await?;
        let is_there = |uid: &u32| there.iter().any(|mail| mail.uid == *uid);
        fetched.gone.extend(missing.iter().copied().filter(|uid| !is_there(uid)));
        for mail in &there {
            let one = std::slice::from_ref(mail);
            let room_left = fetched.received.saturating_add(PIECE_BYTES as u64) <= room;
            let found = if room_left { self.piece(one, 0, fetched).await? } else { None };
            let body = match found {
                Some(raw) => {
                    let begun = Begun { raw, piece: PIECE_BYTES };
                    self.rest_of(mail, begun, room, fetched).await?
                }
                None => None,
            };
            let body = match body {
                Some(body) => body,
                None => self.header_or_nothing(mail).await?,
            };
            fetched.bodies.push(body);
        }
        Ok(())
    }

    /// The header of a mail that is there, or the bare fact that it is.
    pub async fn header_or_nothing(&mut self, mail: &Listed) -> Result<Body, ImapError> {
        let nothing = Body { uid: mail.uid, raw: Vec::new(), whole: false };
        Ok(self.header_only(mail).await?.unwrap_or(nothing))
    }

    async fn header_only(&mut self, mail: &Listed) -> Result<Option<Body>, ImapError> {
        let item = format!("(UID BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)");
        let line = Line::new("UID FETCH").word(&mail.uid.to_string()).word(&item);
        let budget = HEADER_BYTES.saturating_add(AROUND_BYTES);
        let mut found = None;
        let mut answers = Answers::to(|data: Vec<Token>| {
            let item = Item::read(data).filter(|item| item.uid() == Some(mail.uid));
            if let Some(text) = item.and_then(|item| item.into_text("BODY[HEADER]", 0)) {
                found = Some(text);
            }
            Ok(())
        });
        let asked = self.run(line, "a header", budget, self.limits.piece, &mut answers).await;
        drop(answers);
        let raw = match asked {
            Ok(()) => found,
            // It cannot even say that much; the mail is recorded all the same.
            Err(ImapError::Refused { .. }) => Some(Vec::new()),
            Err(other) => return Err(other),
        };
        Ok(raw.map(|raw| Body { uid: mail.uid, raw, whole: false }))
    }

    /// One piece of one mail; `None` where the server does not hand it out.
    async fn piece(
        &mut self,
        mail: &[Listed],
        offset: usize,
        fetched: &mut Fetched,
    ) -> Result<Option<Vec<u8>>, ImapError> {
        match self.pieces(mail, offset, PIECE_BYTES, fetched).await {
            Ok(pieces) => Ok(pieces.into_values().next()),
            Err(ImapError::Refused { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// One piece of each mail, from `offset` on.
    async fn pieces(
        &mut self,
        mails: &[Listed],
        offset: usize,
        length: usize,
        fetched: &mut Fetched,
    ) -> Result<BTreeMap<u32, Vec<u8>>, ImapError> {
        let uids: Vec<String> = mails.iter().map(|mail| mail.uid.to_string()).collect();
        let line = Line::new("UID FETCH")
            .word(&uids.join(","))
            .word(&format!("(UID BODY.PEEK[]<{offset}.{length}>)"));
        let budget = length.saturating_mul(mails.len()).saturating_add(AROUND_BYTES);
        let Limits { piece, .. } = self.limits;
        let mut pieces = BTreeMap::new();
        let mut answers = Answers::to(|data: Vec<Token>| {
            let Some(item) = Item::read(data) else { return Ok(()) };
            let uid = item.uid().filter(|uid| mails.iter().any(|mail| mail.uid == *uid));
            if let (Some(uid), Some(text)) = (uid, item.into_text("BODY[]", offset)) {
                pieces.insert(uid, text);
            }
            Ok(())
        });
        self.run(line, "a mail", budget, piece, &mut answers).await?;
        drop(answers);
        let came = pieces.values().fold(0_u64, |sum, text| sum.saturating_add(text.len() as u64));
        fetched.received = fetched.received.saturating_add(came);
        Ok(pieces)
    }
}

/// A body whose first piece came.
struct Begun {
    raw: Vec<u8>,
    /// As much was asked for.
    piece: usize,
}
