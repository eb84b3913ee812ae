//! H1 and H2: kill -9 of the server, the postmaster and backends while mail comes in and
//! replies go out.
//!
//! `LOKET_CRASH_KILLS` and `LOKET_CRASH_MAILS` set the size, `LOKET_CRASH_SEED` repeats a run.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::lab::{Lab, Server, children, kill, put};
use super::mails::{self, TestMail};
use super::random::Random;
use super::reckoning;

/// Mails of one shop: fewer replies than a shop may give by itself in an hour.
const MAILS_OF_SHOP: usize = 250;
/// The longest time between two kills.
const LULL: Duration = Duration::from_secs(2);
/// The short lease that makes a crash's delay short.
const SERVE: &[&str] = &["--lease-seconds", "3"];

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Server,
    Postmaster,
    Backend,
    /// As in a power cut: the server and the postmaster together.
    Both,
}

const VICTIMS: [Victim; 8] = [
    Victim::Server,
    Victim::Server,
    Victim::Server,
    Victim::Server,
    Victim::Postmaster,
    Victim::Backend,
    Victim::Backend,
    Victim::Both,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h1_h2_nothing_is_lost_or_doubled_whatever_is_killed() {
    let begun = Instant::now();
    let (kills, count) = (number("LOKET_CRASH_KILLS", 30), number("LOKET_CRASH_MAILS", 1000));
    let seed = Random::seed();
    println!("crash: LOKET_CRASH_SEED={seed} LOKET_CRASH_KILLS={kills} LOKET_CRASH_MAILS={count}");
    let mut random = Random::new(seed);
    let mut lab = Lab::new("crash");
    lab.make_shops(count.div_ceil(MAILS_OF_SHOP)).await;
    let mails = write_mails(&lab, count, &mut random);

    let mut waiting = shuffled(&mails, &mut random);
    let mut server = lab.serve(SERVE);
    let mut killed = std::collections::BTreeMap::<Victim, usize>::new();
    for left in (1..=kills).rev() {
        // The mails are spread over the kills, so that each meets work.
        for _ in 0..waiting.len().div_ceil(left) {
            let Some((shop, mail)) = waiting.pop() else { break };
            put(&lab.shops.get(shop).unwrap().folders, &mail.name, &mail.raw);
        }
        tokio::time::sleep(random.time(LULL)).await;
        let victim = *random.one_of(&VICTIMS);
        *killed.entry(victim).or_default() += 1;
        server = strike(&lab, server, victim, &mut random);
    }
    let calm = Instant::now();
    reckoning::settled(&lab, &mails, Duration::from_mins(2)).await;
    let drained = calm.elapsed();
    assert!(server.ended().is_none(), "the server stays up when Postgres dies");
    let store = lab.look_in().await.unwrap();
    let fates = reckoning::check(&lab, &store, &mails).await;
    for fate in ["answered", "drafted", "held", "filtered", "automatic", "quarantined"] {
        assert!(fates.contains_key(fate), "no mail met the fate {fate}: {fates:?}");
    }

    // One more start finds nothing left to do.
    server.kill();
    let server = lab.serve(SERVE);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let store = lab.look_in().await.unwrap();
    assert_eq!(reckoning::check(&lab, &store, &mails).await, fates, "a restart changes nothing");
    drop(server);
    println!(
        "crash: {kills} kills {killed:?}, {count} mails {fates:?}, drained in {:.1} s, {:.1} s in all",
        drained.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
}

fn write_mails(lab: &Lab, count: usize, random: &mut Random) -> Vec<Vec<TestMail>> {
    lab.shops
        .iter()
        .enumerate()
        .map(|(shop_number, shop)| {
            let of_shop = (count - shop_number * MAILS_OF_SHOP).min(MAILS_OF_SHOP);
            mails::generate(shop_number, of_shop, &shop.file.build().unwrap(), random)
        })
        .collect()
}

/// All mails with their shop's number, in random order.
fn shuffled(mails: &[Vec<TestMail>], random: &mut Random) -> Vec<(usize, TestMail)> {
    let mut all: Vec<(u64, usize, TestMail)> = mails
        .iter()
        .enumerate()
        .flat_map(|(shop, mails)| mails.iter().map(move |mail| (shop, mail)))
        .map(|(shop, mail)| (random.next(), shop, mail.clone()))
        .collect();
    all.sort_by_key(|(place, ..)| *place);
    all.into_iter().map(|(_, shop, mail)| (shop, mail)).collect()
}

/// Kills, and starts again what does not start again by itself.
fn strike(lab: &Lab, mut server: Server, victim: Victim, random: &mut Random) -> Server {
    assert!(
        server.ended().is_none(),
        "the server ended by itself\n{}",
        reckoning::tail(&lab.log())
    );
    let postmaster = lab.postmaster();
    if let (Victim::Postmaster | Victim::Both, Some(pid)) = (victim, postmaster) {
        kill(pid, Signal::KILL);
    }
    if let (Victim::Backend, Some(pid)) = (victim, postmaster) {
        let backends = children(pid);
        if !backends.is_empty() {
            kill(*random.one_of(&backends), Signal::KILL);
        }
    }
    if matches!(victim, Victim::Server | Victim::Both) {
        server.kill();
        return lab.serve(SERVE);
    }
    server
}
