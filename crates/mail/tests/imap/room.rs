//! What a server says of sizes is not believed, and what it leaves out is not lost (hazards C26
//! to C28).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mail::imap::{ImapConnection, ImapError, Listed, ROOM_FOR_ANY, Security, room_for};

use super::peer::{Peer, TlsTalk};
use super::settings;

const MOST: u64 = 16 << 20;

async fn open(peer: &Peer) -> ImapConnection {
    let settings = settings(peer.port, Security::Tls, &peer.root, "winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    connection
}

fn mail(uid: u32, size_bytes: u64) -> Listed {
    Listed { uid, size_bytes, received_at: None, message_id: None }
}

/// `UID FETCH 1,2 (UID BODY.PEEK[]<0.100>)`: the numbers, where to begin, how much.
fn piece(asked: &str) -> Option<(Vec<u32>, usize, usize)> {
    let (range, item) = asked.strip_prefix("UID FETCH ")?.split_once(' ')?;
    let (offset, length) =
        item.strip_prefix("(UID BODY.PEEK[]<")?.strip_suffix(">)")?.split_once('.')?;
    let uids = range.split(',').map(|uid| uid.parse().expect("a number")).collect();
    Some((uids, offset.parse().ok()?, length.parse().ok()?))
}

/// Fifty mails of no size at all that never end: what may come is what there is room for.
#[tokio::test]
async fn c26_c27_sizes_that_lie_take_no_more_than_the_room_there_is() {
    let said = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&said);
    let peer = Peer::tls(move |mut talk: TlsTalk| {
        let counted = Arc::clone(&counted);
        async move {
            talk.let_in().await?;
            talk.open(50).await?;
            loop {
                let (tag, asked) = talk.command().await?;
                let Some((uids, offset, length)) = piece(&asked) else {
                    talk.say(format!(
                        "* 1 FETCH (UID 1 BODY[HEADER]<0> {{12}}\r\nSubject: x\r\n)\r\n{tag} OK\r\n"
                    ))
                    .await?;
                    continue;
                };
                for uid in uids {
                    let head = format!("* 1 FETCH (UID {uid} BODY[]<{offset}> {{{length}}}\r\n");
                    let text = "x".repeat(length);
                    talk.say(format!("{head}{text})\r\n")).await?;
                    counted.fetch_add(length as u64, Ordering::SeqCst);
                }
                talk.say(format!("{tag} OK\r\n")).await?;
            }
        }
    })
    .await;
    let mut connection = open(&peer).await;
    let mails: Vec<Listed> = (1..=50).map(|uid| mail(uid, 0)).collect();
    let room = room_for(&mails, MOST);
    let fetched = connection.bodies(&mails, room).await.expect("fetched");
    assert_eq!((fetched.done, fetched.bodies.len()), (0, 0), "the first wants more than there is");
    assert!(fetched.received <= room, "{} of {room}", fetched.received);
    assert_eq!(said.swap(0, Ordering::SeqCst), fetched.received);
    // Alone it is told to be too large, by what came of it.
    let alone = connection.bodies(&mails[..1], ROOM_FOR_ANY).await.expect("fetched");
    assert_eq!((alone.done, alone.bodies[0].whole), (1, false));
    assert_eq!(alone.bodies[0].raw, b"Subject: x\r\n");
    assert!(alone.received <= ROOM_FOR_ANY, "{}", alone.received);
    assert_eq!(said.load(Ordering::SeqCst), alone.received);
}

/// Honest mail of all sizes comes whole, in several goes.
#[tokio::test]
async fn c26_honest_mail_comes_whole_whatever_the_room() {
    let sizes = [10_usize, 70_000, 3_000_000, 1_048_576, 0, 65_536, 900_000];
    let peer = Peer::tls(move |mut talk: TlsTalk| async move {
        talk.let_in().await?;
        talk.open(7).await?;
        loop {
            let (tag, asked) = talk.command().await?;
            let (uids, offset, length) = piece(&asked).expect("a piece");
            for uid in uids {
                let size = sizes[uid as usize - 1];
                let text = "y".repeat(length.min(size.saturating_sub(offset)));
                let long = text.len();
                talk.say(format!(
                    "* 1 FETCH (UID {uid} BODY[]<{offset}> {{{long}}}\r\n{text})\r\n"
                ))
                .await?;
            }
            talk.say(format!("{tag} OK\r\n")).await?;
        }
    })
    .await;
    let mut connection = open(&peer).await;
    let mails: Vec<Listed> = (1..=7).map(|uid| mail(uid, sizes[uid as usize - 1] as u64)).collect();
    for most in [5 << 20, MOST] {
        let (mut rest, mut came) = (mails.as_slice(), Vec::new());
        while !rest.is_empty() {
            let room = room_for(rest, most);
            let fetched = connection.bodies(rest, room).await.expect("fetched");
            assert!(fetched.received <= room && fetched.done > 0);
            came.extend(fetched.bodies);
            rest = &rest[fetched.done..];
        }
        let found: Vec<(u32, usize, bool)> =
            came.iter().map(|body| (body.uid, body.raw.len(), body.whole)).collect();
        let wanted: Vec<(u32, usize, bool)> =
            (1..=7).map(|uid| (uid, sizes[uid as usize - 1], true)).collect();
        assert_eq!(found, wanted);
    }
}

/// Brackets without end in what nobody asked for: not kept, or the end of the connection.
#[tokio::test]
async fn c27_what_was_not_asked_for_is_not_kept() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(1).await?;
        let brackets = format!("* 1 FETCH {}\r\n", "(".repeat(60_000));
        let mail = "* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n";
        talk.answer(&format!("{}{mail}", brackets.repeat(4))).await?;
        talk.answer(&brackets.repeat(12)).await?;
        talk.be_silent().await
    })
    .await;
    let mut connection = open(&peer).await;
    let fetched = connection.bodies(&[mail(1, 3)], MOST).await.expect("fetched");
    assert_eq!(fetched.bodies[0].raw, b"abc");
    let ended = connection.noop().await;
    assert!(matches!(ended, Err(ImapError::Protocol(_))), "{ended:?}");
}

/// Mail that is there and does not come is asked for once more, and recorded in any case.
#[tokio::test]
async fn c28_what_is_listed_and_does_not_come_is_not_passed_over() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(4).await?;
        // One comes, one at the second time, one never, and one is gone.
        talk.answer("* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n* 2 FETCH (UID 2 BODY[] NIL)\r\n")
            .await?;
        talk.answer(
            "* 2 FETCH (UID 2 RFC822.SIZE 3 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n\
             * 3 FETCH (UID 3 RFC822.SIZE 3 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n",
        )
        .await?;
        talk.answer("* 2 FETCH (UID 2 BODY[]<0> {3}\r\ndef)\r\n").await?;
        talk.answer("").await?;
        talk.answer("").await?;
        talk.be_silent().await
    })
    .await;
    let mut connection = open(&peer).await;
    let mails: Vec<Listed> = (1..=4).map(|uid| mail(uid, 3)).collect();
    let fetched = connection.bodies(&mails, MOST).await.expect("fetched");
    assert_eq!((fetched.done, fetched.gone), (4, vec![4]));
    let found: Vec<(u32, &[u8], bool)> =
        fetched.bodies.iter().map(|body| (body.uid, body.raw.as_slice(), body.whole)).collect();
    assert_eq!(found, [(1, &b"abc"[..], true), (2, b"def", true), (3, b"", false)]);
}

/// The middle of a mail does not come: what is there is never taken for all of it.
#[tokio::test]
async fn c28_a_mail_cut_in_the_middle_is_not_taken_for_whole() {
    const PIECE: usize = 1 << 20;
    // What stands where its second piece should be, and whether the first may count as all.
    for (said_size, second, whole) in [
        (2 * PIECE, "", false),
        (2 * PIECE, "* 1 FETCH (UID 1 BODY[]<1048576> NIL)\r\n", false),
        // The beginning once more: it overlooks where to begin.
        (2 * PIECE, "* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n", false),
        // It is not longer, and the server says so in one way or the other.
        (PIECE, "", true),
        (2 * PIECE, "* 1 FETCH (UID 1 BODY[]<1048576> \"\")\r\n", true),
    ] {
        let peer = Peer::tls(move |mut talk: TlsTalk| async move {
            talk.let_in().await?;
            talk.open(1).await?;
            let text = "z".repeat(PIECE);
            talk.answer(&format!("* 1 FETCH (UID 1 BODY[]<0> {{{PIECE}}}\r\n{text})\r\n")).await?;
            talk.answer(second).await?;
            talk.answer(second).await?;
            talk.be_silent().await
        })
        .await;
        let mut connection = open(&peer).await;
        let fetched = connection.bodies(&[mail(1, said_size as u64)], MOST).await.expect("fetched");
        let body = &fetched.bodies[0];
        assert_eq!((body.raw.len(), body.whole), (PIECE, whole), "{said_size} {second:?}");
    }
}
