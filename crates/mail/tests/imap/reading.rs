//! New mail from a real server.

use std::time::Duration;

use mail::imap::{ImapConnection, Security, Woken};

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
    let bodies = connection.bodies(&first.mails).await.expect("fetched");
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
