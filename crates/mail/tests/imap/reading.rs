//! New mail from a real server.

use std::time::Duration;

use mail::imap::{ImapConnection, Security, Woken, room_for};

use super::dovecot::Dovecot;
use super::settings;

fn mail(number: u32, body: &str) -> String {
    format!(
        "From: Sanne <sanne@example.nl>\nTo: winkel@example.nl\nSubject: Nummer {number}\n\
         Message-ID: <{number}@example.nl>\n\n{body}\n"
    )
}

#[tokio::test]
async fn mail_behind_a_cursor_comes_whole_and_stays_unread() {
    let dovecot = Dovecot::start(&["winkel"]);
    let large = "Een lange mail met veel tekst erin, tot hij groot genoeg is.\n".repeat(50_000);
    for number in 1..=7 {
        dovecot.deliver("winkel", &mail(number, if number == 4 { &large } else { "Hoi" }));
    }
    let settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    let folder = connection.examine("INBOX").await.expect("opened");
    let first = connection.list_after(&folder, 2, 3).await.expect("listed");
    let uids: Vec<u32> = first.mails.iter().map(|mail| mail.uid).collect();
    assert_eq!((uids, first.up_to, first.more), (vec![3, 4, 5], 5, true));
    let second = connection.list_after(&folder, first.up_to, 10).await.expect("listed");
    assert_eq!((second.mails.len(), second.up_to, second.more), (2, 7, false));
    let third = connection.list_after(&folder, 7, 10).await.expect("listed");
    assert_eq!((third.mails.len(), third.up_to, third.more), (0, 7, false));
    let (third, ids): (Vec<_>, Vec<_>) =
        first.mails.iter().map(|mail| (mail.received_at, mail.message_id.clone())).unzip();
    assert!(third.iter().all(Option::is_some));
    assert!(ids.iter().all(|id| id.as_ref().is_some_and(|id| id.ends_with("@example.nl"))));
    let room = room_for(&first.mails, 16 << 20);
    let fetched = connection.bodies(&first.mails, room).await.expect("fetched");
    assert_eq!((fetched.done, fetched.gone.len()), (3, 0));
    let bodies = fetched.bodies;
    assert!(fetched.received <= room);
    for (body, listed) in bodies.iter().zip(&first.mails) {
        assert_eq!((body.raw.len() as u64, body.whole), (listed.size_bytes, true));
    }
    assert!(bodies.get(1).is_some_and(|body| body.raw.len() > 3_000_000));
    connection.close().await;
    let unread = std::fs::read_dir(dovecot.maildir("winkel").join("cur")).expect("a directory");
    let seen = |name: &str| name.split(":2,").nth(1).is_some_and(|flags| flags.contains('S'));
    assert!(unread.flatten().all(|entry| !seen(&entry.file_name().to_string_lossy())));
}

#[tokio::test]
async fn idle_wakes_and_finds_what_came() {
    let dovecot = Dovecot::start(&["winkel"]);
    let mut settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    settings.limits.idle = Duration::from_secs(1);
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    let folder = connection.examine("INBOX").await.expect("opened");
    assert_eq!(connection.wait().await.expect("waited"), Woken::Silence);
    dovecot.deliver("winkel", &mail(1, "Hoi"));
    // Told at once, or found after a silence: either way it is there.
    let _ = connection.wait().await.expect("waited");
    connection.noop().await.expect("alive");
    let found = connection.list_after(&folder, 0, 10).await.expect("listed");
    assert_eq!(found.mails.len(), 1);
}

#[tokio::test]
async fn another_numbering_shows() {
    let dovecot = Dovecot::start(&["winkel"]);
    dovecot.deliver("winkel", &mail(1, "Hoi"));
    let settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    let before = connection.examine("INBOX").await.expect("opened");
    connection.close().await;
    // Dovecot numbers by the second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    dovecot.renumber("winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    let after = connection.examine("INBOX").await.expect("opened");
    assert_ne!(before.uidvalidity, after.uidvalidity);
}

/// Sent is asked about, and written to, without leaving the inbox.
#[tokio::test]
async fn a_folder_is_asked_about_and_a_copy_gets_a_number() {
    let dovecot = Dovecot::start(&["winkel"]);
    dovecot.deliver("winkel", &mail(1, "Hoi"));
    let settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    let before = connection.status("Verzonden post").await.expect("asked");
    let copy = b"Message-ID: <kopie@example.nl>\r\nSubject: Re\r\n\r\nDag\r\n";
    let number = connection.append("Verzonden post", copy).await.expect("stored");
    assert_eq!(number, before.uidvalidity.zip(before.uid_next), "as it was announced");
    let after = connection.status("Verzonden post").await.expect("asked");
    assert_eq!(after.uid_next, before.uid_next.map(|next| next + 1));
    // The inbox is still the open folder.
    let numbers = connection.numbers(1, 100).await.expect("counted");
    assert!(matches!(numbers.as_slice(), [(1, Some(_))]), "{numbers:?}");
    let listed = connection.list_these(&[1, 7]).await.expect("listed");
    assert_eq!(listed.len(), 1);
    let header = connection.header(&listed[0]).await.expect("fetched").expect("there");
    assert!(String::from_utf8_lossy(&header).contains("Subject: Nummer 1"));
    assert_eq!(dovecot.sign_ins("winkel"), 1);
}

#[tokio::test]
async fn who_waits_can_be_called_away_and_goes_on() {
    let dovecot = Dovecot::start(&["winkel"]);
    let settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        let called = tokio::time::sleep(Duration::from_millis(50));
        assert_eq!(connection.wait_or(called).await.expect("waited"), Woken::Called);
        connection.noop().await.expect("alive");
    }
    // Called before the server agreed to wait: nothing is out of step.
    assert_eq!(connection.wait_or(async {}).await.expect("waited"), Woken::Called);
    connection.noop().await.expect("alive");
    assert!(begun.elapsed() < Duration::from_secs(20), "not the whole time of waiting");
}
