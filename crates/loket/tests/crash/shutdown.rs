//! H5: SIGTERM takes no new work, ends what is under way, and leaves with 0.

use std::time::Duration;

use rustix::process::Signal;

use super::lab::{Lab, put};
use super::mails;
use super::random::Random;
use super::reckoning;

const MAILS: usize = 120;
/// Draining may take 30 s, stopping Postgres a little more.
const PATIENCE: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h5_sigterm_drains_and_exits_with_0() {
    let mut lab = Lab::new("term");
    lab.make_shops(1).await;
    let shop = lab.shops.first().unwrap().clone();
    let mut random = Random::new(Random::seed());
    let mails = mails::generate(0, MAILS, &shop.file.build().unwrap(), &mut random);
    for mail in &mails {
        put(&shop.folders, &mail.name, &mail.raw);
    }
    // A job that were left leased would be out of reach for an hour.
    let serve = ["--lease-seconds", "3600"];
    for _ in 0..3 {
        let mut server = lab.serve(&serve);
        server.ready(Duration::from_secs(30)).await;
        tokio::time::sleep(random.time(Duration::from_millis(600))).await;
        server.signal(Signal::TERM);
        let status = server.wait(PATIENCE);
        let log = reckoning::tail(&lab.log());
        assert!(status.success(), "{status}\n{log}");
        assert!(lab.postmaster().is_none(), "the private Postgres is stopped too\n{log}");
    }
    let server = lab.serve(&serve);
    let mails = [mails];
    reckoning::settled(&lab, &mails, Duration::from_mins(1)).await;
    let store = lab.look_in().await.unwrap();
    reckoning::check(&lab, &store, &mails).await;
    drop(server);
    // L1: who wrote, and what, is nowhere in what four servers logged.
    let log = lab.log();
    assert!(log.lines().count() > 8, "they do log: {log}");
    for mail in mails.iter().flatten() {
        let raw = String::from_utf8_lossy(&mail.raw);
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
        let from = head.lines().find(|line| line.starts_with("From:")).unwrap_or_default();
        let from = from.split(['<', '>', ' ']).find(|part| part.contains('@'));
        let told = from.into_iter().chain(body.lines().map(str::trim).filter(|it| it.len() > 15));
        for told in told {
            assert!(!log.contains(told), "{told:?} is in the log");
        }
    }
}
