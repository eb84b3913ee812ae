//! D4 and H7: nodes are stopped in the middle of sending and continued when their leases are long
//! over, each as the first or as the last. `LOKET_CRASH_STOPS` sets how often.

use std::fs;
use std::time::{Duration, Instant};

use loket::database::DATABASE;
use rustix::process::Signal;
use store::Host;

use super::lab::Server;
use super::post::{Copies, Post, wish};
use super::random::Random;
use super::smtp_side::smtp::Manners;

const LEASE: Duration = Duration::from_secs(2);
/// Mails of one round.
const MAILS: u32 = 4;

/// A second node on the first one's database.
fn beside(post: &Post) -> Server {
    let data = post.lab.common().data_dir.clone();
    let other = post.lab.root().join("other");
    fs::create_dir_all(other.join("keys")).unwrap();
    for entry in fs::read_dir(data.join("keys")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), other.join("keys").join(entry.file_name())).unwrap();
    }
    let owner = post.lab.owner.as_ref().unwrap();
    let Some(Host::Unix(directory)) = owner.get_hosts().first() else { panic!("a socket") };
    let host = directory.to_str().unwrap().replace('/', "%2F");
    let door = owner.get_ports().first().unwrap();
    let url = format!("postgres://postgres@{host}:{door}/{DATABASE}");
    let serve = ["--lease-seconds", "2", "--settle-seconds", "10", "--private-mail-hosts"];
    let serve = [&serve[..], &["--mail-ca", post.certificates()]].concat();
    post.lab.serve_in(&other, "other.log", Some(&url), &serve)
}

/// Waits until the provider is at this point of a conversation.
async fn moment(post: &Post, round: u64, random: &mut Random) {
    let heard =
        |word: &str| post.peer.state().heard.iter().filter(|line| line.starts_with(word)).count();
    let counted = || match round % 4 {
        // It has the mail and has not said so.
        0 => post.peer.state().dots,
        1 => heard("DATA"),
        2 => heard("RCPT"),
        _ => heard("MAIL"),
    };
    let (before, begun) = (counted(), Instant::now());
    while counted() == before && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
    assert!(counted() > before, "nothing was sent\n{}", post.lab.log());
    tokio::time::sleep(random.time(Duration::from_millis(3))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_h7_nodes_that_stood_still_in_mid_send_double_nothing() {
    let stops = std::env::var("LOKET_CRASH_STOPS").ok().and_then(|text| text.parse().ok());
    let stops: u64 = stops.unwrap_or(4);
    let mut random = Random::new(Random::seed());
    let post = Post::new("paused", 1, Copies::Kept).await;
    let mut one = post.serve_with("2");
    one.ready(Duration::from_secs(30)).await;
    let mut other = beside(&post);
    other.ready(Duration::from_secs(30)).await;
    post.until("public.mailboxes where connected_at is not null", 1).await;
    let mut written = 0;
    for round in 0..stops {
        for _ in 0..MAILS {
            let thinks = Duration::from_millis(300);
            post.peer.next_mail(Manners { thinks, ..Manners::default() });
        }
        let waits = async {
            for _ in 0..MAILS {
                post.arrive(0, &format!("mail{written}"), &wish(0, written));
                written += 1;
            }
        };
        tokio::join!(moment(&post, round, &mut random), waits);
        one.signal(Signal::STOP);
        other.signal(Signal::STOP);
        tokio::time::sleep(LEASE + Duration::from_millis(500)).await;
        // Whoever goes on first may be the one who was sending, or the one who takes over.
        let order = if random.below(2) == 0 { [&one, &other] } else { [&other, &one] };
        for node in order {
            node.signal(Signal::CONT);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    post.until("public.outbox where state = 'sent'", i64::from(written)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut ids: Vec<String> =
        post.peer.taken().iter().map(super::smtp_side::smtp::Taken::message_id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    let wanted = usize::try_from(written).unwrap();
    assert_eq!((all, ids.len()), (wanted, wanted), "none lost, none doubled");
    println!("paused: {stops} stops of two nodes, {all} replies once each");
}
