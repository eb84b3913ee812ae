//! H1 and H2 over IMAP and SMTP: mail arrives in Dovecot, replies leave to a provider that hangs up
//! now and then, and the server, the postmaster and backends are killed with signal 9 meanwhile.
//!
//! `LOKET_CRASH_KILLS` (of the server), `LOKET_CRASH_POSTGRES_KILLS` and `LOKET_CRASH_MAILS` set the
//! size, `LOKET_CRASH_SEED` repeats a run.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use store::ingest::{Fate, custody};
use store::jobs::given_up;
use store::outbox::stuck_sending;

use super::lab::{Server, children, kill};
use super::mails::{self, TestMail};
use super::post::{Copies, Post, user};
use super::random::Random;
use super::reckoning::{self, Reply};
use super::smtp_side::smtp::{Manners, Taken};

/// Mails of one shop: fewer replies than a shop may give by itself in an hour.
const MAILS_OF_SHOP: usize = 250;
/// The longest time between two kills.
const LULL: Duration = Duration::from_millis(1600);

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Server,
    Postmaster,
    Backend,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h1_h2_over_imap_and_smtp_each_mail_ends_once_and_each_reply_leaves_once() {
    let begun = Instant::now();
    let of_server = number("LOKET_CRASH_KILLS", 5);
    let of_postgres = number("LOKET_CRASH_POSTGRES_KILLS", 2);
    let count = number("LOKET_CRASH_MAILS", 100);
    let seed = Random::seed();
    println!(
        "mail crash: LOKET_CRASH_SEED={seed} LOKET_CRASH_KILLS={of_server} \
         LOKET_CRASH_POSTGRES_KILLS={of_postgres} LOKET_CRASH_MAILS={count}"
    );
    let mut random = Random::new(seed);
    let post = Post::new("mailcrash", count.div_ceil(MAILS_OF_SHOP), Copies::Kept).await;
    let mails = write_mails(&post, count, &mut random);
    let mut waiting: Vec<(usize, TestMail)> = mails
        .iter()
        .enumerate()
        .flat_map(|(shop, mails)| mails.iter().map(move |mail| (shop, mail.clone())))
        .collect();
    shuffle(&mut waiting, &mut random);
    let mut victims = vec![Victim::Server; of_server];
    victims.extend(
        (0..of_postgres).map(
            |turn| {
                if turn % 2 == 0 { Victim::Postmaster } else { Victim::Backend }
            },
        ),
    );
    shuffle(&mut victims, &mut random);

    let shops = i64::try_from(mails.len()).unwrap();
    let mut server = post.serve();
    // What lies there before the first connection is not answered.
    post.until("public.mailboxes where connected_at is not null", shops).await;
    for (done, victim) in victims.iter().enumerate() {
        for _ in 0..waiting.len().div_ceil(victims.len() - done) {
            let Some((shop, mail)) = waiting.pop() else { break };
            post.arrive(shop, &mail.name, &mail.raw);
        }
        for _ in 0..2 {
            post.peer.next_mail(manners(&mut random));
        }
        tokio::time::sleep(random.time(LULL)).await;
        server = strike(&post, server, *victim, &mut random);
    }
    let calm = Instant::now();
    let patience = Duration::from_secs(60 + u64::try_from(count / 10).unwrap());
    reckoning::settled(&post.lab, &mails, patience).await;
    let drained = calm.elapsed();
    assert!(server.ended().is_none(), "the server stays up when Postgres dies");
    let fates = check(&post, &mails).await;
    // One more start finds nothing left to do.
    server.kill();
    let server = post.serve();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(check(&post, &mails).await, fates, "a restart changes nothing");
    drop(server);
    let (connections, dots) = {
        let state = post.peer.state();
        (state.connections, state.dots)
    };
    println!(
        "mail crash: {of_server} + {of_postgres} kills, {count} mails {fates:?}, {} replies once \
         each over {connections} connections and {dots} final dots, drained in {:.1} s, {:.1} s in all",
        post.peer.taken().len(),
        drained.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
}

fn write_mails(post: &Post, count: usize, random: &mut Random) -> Vec<Vec<TestMail>> {
    let shops = post.lab.shops.iter().enumerate();
    shops
        .map(|(number, shop)| {
            let of_shop = (count - number * MAILS_OF_SHOP).min(MAILS_OF_SHOP);
            mails::generate(number, of_shop, &shop.file.build().unwrap(), random)
        })
        .collect()
}

fn shuffle<T>(things: &mut [T], random: &mut Random) {
    for last in (1..things.len()).rev() {
        let other = random.below(last as u64 + 1);
        things.swap(last, usize::try_from(other).unwrap());
    }
}

/// Slow, as usual, or hanging up in the worst moment, with the mail or without.
fn manners(random: &mut Random) -> Manners {
    let thinks = random.time(Duration::from_millis(400));
    match random.below(4) {
        0 => Manners { thinks, ..Manners::hanging_up(true) },
        1 => Manners { thinks, ..Manners::hanging_up(false) },
        _ => Manners { thinks, ..Manners::default() },
    }
}

/// Kills, and starts again what does not start again by itself.
fn strike(post: &Post, mut server: Server, victim: Victim, random: &mut Random) -> Server {
    let ended = server.ended();
    assert!(ended.is_none(), "it ended by itself\n{}", reckoning::tail(&post.lab.log()));
    let postmaster = post.lab.postmaster();
    match (victim, postmaster) {
        (Victim::Server, _) => {
            server.kill();
            return post.serve();
        }
        (Victim::Postmaster, Some(pid)) => kill(pid, Signal::KILL),
        (Victim::Backend, Some(pid)) => {
            let backends = children(pid);
            if !backends.is_empty() {
                kill(*random.one_of(&backends), Signal::KILL);
            }
        }
        (_, None) => {}
    }
    server
}

async fn check(post: &Post, mails: &[Vec<TestMail>]) -> BTreeMap<&'static str, usize> {
    let store = post.lab.look_in().await.unwrap();
    let taken = post.peer.taken();
    let mut fates = BTreeMap::new();
    for (number, (shop, mails)) in post.lab.shops.iter().zip(mails).enumerate() {
        let tenant = shop.made.tenant;
        let rows = store.as_worker(tenant, async |tx| custody(tx).await).await.unwrap();
        let address = mails::address(number);
        let replies: Vec<Reply> =
            taken.iter().filter(|mail| mail.from == address).map(reply).collect();
        reckoning::check_shop(mails, &rows, &names(post, number), &replies);
        let left = store.as_worker(tenant, async |tx| given_up(tx).await).await.unwrap();
        assert!(left.is_empty(), "jobs were given up: {left:?}");
        for row in &rows {
            *fates.entry(row.fate.map_or("none", Fate::as_str)).or_default() += 1;
        }
    }
    let stuck = stuck_sending(&store, Duration::ZERO).await.unwrap();
    assert!(stuck.is_empty(), "outgoing mail is stuck: {stuck:?}");
    fates
}

fn reply(mail: &Taken) -> Reply {
    Reply {
        message_id: mail.message_id(),
        in_reply_to: mail.header("In-Reply-To").trim_matches(['<', '>']).to_owned(),
        to: mail.to.first().unwrap().clone(),
    }
}

/// File name by uid, as Dovecot notes it: `7 W123 :name:2,S`.
fn names(post: &Post, shop: usize) -> BTreeMap<i64, String> {
    let list = post.dovecot.maildir(&user(shop)).join("dovecot-uidlist");
    let text = fs::read_to_string(list).unwrap();
    let entry = |line: &str| {
        let (left, name) = line.split_once(" :")?;
        let uid = left.split(' ').next()?.parse().ok()?;
        Some((uid, name.split(':').next()?.to_owned()))
    };
    text.lines().skip(1).filter_map(entry).collect()
}
