//! D1, D2: kill -9 of the real server around the final dot. Each reply arrives exactly once.
//!
//! `LOKET_CRASH_DOTS` sets how many kills; 20 without it.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::lab::{Lab, Wishes};
use super::smtp::Manners;

/// Each kill meets one of these.
fn moments() -> [Manners; 4] {
    let slow = Duration::from_millis(400);
    [
        // D1: it has the mail, and has not said so.
        Manners { thinks: slow, ..Manners::default() },
        // D2: it has said so; the kill comes right after.
        Manners { thinks: Duration::from_millis(5), ..Manners::default() },
        // The mail went down with the connection.
        Manners { thinks: slow, delivers: false, answer: None, ..Manners::default() },
        // It hung up on us after taking it.
        Manners { thinks: Duration::from_millis(5), answer: None, ..Manners::default() },
    ]
}

fn serve(lab: &Lab, log: &std::fs::File) -> Child {
    Command::new(env!("CARGO_BIN_EXE_loket"))
        .args(["serve", "--listen", "127.0.0.1:0", "--private-mail-hosts"])
        .args(["--lease-seconds", "2", "--settle-seconds", "10", "--mail-ca"])
        .arg(lab.ca())
        // A place of its own on the same database: this process holds the other.
        .arg("--data-dir")
        .arg(lab.ca().with_file_name("served"))
        .env("LOKET_KEY_FILE", lab.common.data_dir.join("keys/mailbox.ring"))
        .env("LOKET_DATABASE_URL", lab.url())
        .env("LOKET_LOG", "warn,loket=debug")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.try_clone().unwrap())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_d2_each_reply_arrives_exactly_once_whenever_the_server_is_killed() {
    let kills: u32 =
        std::env::var("LOKET_CRASH_DOTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let begun = Instant::now();
    let lab = Lab::new(Wishes { reads: false, ..Wishes::named("dots") }).await;
    let mut replies = lab.replies(kills + 10).await;
    // The directory's numbering is this process's; the served one reads the mailbox it sends from.
    let directory = "update public.mailboxes set paused_reason = 'test' where kind = 'maildir'";
    lab.behind().await.execute(directory, &[]).await.unwrap();
    replies.sort();
    let log = std::fs::File::create(lab.ca().with_file_name("serve.log")).unwrap();
    let moments = moments();
    let mut server = serve(&lab, &log);
    for kill in 0..kills {
        let manners = moments.get(usize::try_from(kill).unwrap() % moments.len()).unwrap().clone();
        let answers = manners.thinks < Duration::from_millis(100);
        let dots = dots(&lab);
        lab.peer.next_mail(manners);
        let waiting = Instant::now();
        while self::dots(&lab) == dots && waiting.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if answers {
            tokio::time::sleep(Duration::from_millis(6 + u64::from(kill % 3) * 3)).await;
        }
        assert!(server.try_wait().unwrap().is_none(), "the server ended by itself, see {log:?}");
        server.kill().unwrap();
        server.wait().unwrap();
        // Whose process is gone loses its leases; only the waiting for that is left out.
        let text = "update public.jobs set run_at = now(), locked_until = now() \
            where locked_until is not null";
        lab.behind().await.execute(text, &[]).await.unwrap();
        server = serve(&lab, &log);
    }
    let waiting = Instant::now();
    loop {
        let text = "select count(*) from public.outbox where state <> 'sent'";
        let left: i64 = lab.behind().await.query_one(text, &[]).await.unwrap().get(0);
        if left == 0 {
            break;
        }
        assert!(waiting.elapsed() < Duration::from_mins(1), "{left} replies were not sent");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let mut ids: Vec<String> =
        lab.peer.taken().iter().map(super::smtp::Taken::message_id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((all, ids.len()), (replies.len(), replies.len()), "none lost, none doubled");
    println!(
        "dots: {kills} kills, {all} replies once each, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    lab.stop().await;
}

/// Mails that came to their final dot.
fn dots(lab: &Lab) -> usize {
    lab.peer.state().dots
}
