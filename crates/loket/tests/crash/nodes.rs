//! H6 and H7: two nodes on one database share the work and double nothing, whether one of them
//! stands still for longer than its leases or dies.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use loket::config::Common;
use loket::database::{self, Content};
use rustix::process::Signal;
use store::managed::{Managed, OnProgress, Options};

use super::lab::{Lab, put};
use super::mails;
use super::random::Random;
use super::reckoning;

const MAILS: usize = 200;
/// An operator's own Postgres: a role that owns its database, may make the runtime logins, and
/// is no superuser.
const OWNER: &str = "create role winkels login createrole";
const DATABASE: &str = "create database winkels owner winkels";

async fn psql(postgres: &Managed, statement: &str) {
    let done = Command::new(postgres.programs().await.unwrap().join("psql"))
        .args(["-X", "-q", "-U", "postgres", "-d", "postgres", "-c", statement, "-h"])
        .arg(postgres.socket_directory())
        .status()
        .unwrap();
    assert!(done.success(), "{statement}");
}

/// `postgres://` with the socket's directory as the host.
fn url(postgres: &Managed) -> String {
    let directory = postgres.socket_directory();
    let host = directory.to_str().unwrap().replace('%', "%25").replace('/', "%2F");
    let port = postgres.superuser_config().get_ports().first().copied().unwrap();
    format!("postgres://winkels@{host}:{port}/winkels")
}

/// The nodes of one installation have the same keys.
fn copy_keys(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.join("keys")).unwrap();
    for entry in std::fs::read_dir(from.join("keys")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join("keys").join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h6_h7_two_nodes_share_the_work_without_doubles() {
    let mut lab = Lab::new("nodes");
    let postgres = Managed::start(&Options::new(lab.root().join("theirs"))).await.unwrap();
    psql(&postgres, OWNER).await;
    psql(&postgres, DATABASE).await;
    let url = url(&postgres);
    let one = lab.common().data_dir.clone();
    let other = lab.root().join("other");
    let common = Common { database_url: Some(url.clone()), ..lab.common().clone() };
    std::fs::create_dir_all(&one).unwrap();
    let database = database::open(&common, "", Content::Keep, OnProgress::default()).await.unwrap();
    lab.make_shops_in(&database.store, 1).await;
    lab.owner = Some(database.owner.clone());
    copy_keys(&one, &other);

    let shop = lab.shops.first().unwrap().clone();
    let mut random = Random::new(Random::seed());
    let mails = mails::generate(0, MAILS, &shop.file.build().unwrap(), &mut random);
    let lease = ["--lease-seconds", "2"];
    let mut reader = lab.serve_in(&one, "one.log", Some(&url), &lease);
    let mut helper =
        lab.serve_in(&other, "other.log", Some(&url), &["--lease-seconds", "2", "--no-mailboxes"]);
    reader.ready(Duration::from_mins(1)).await;
    helper.ready(Duration::from_mins(1)).await;
    let (first, second) = mails.split_at(MAILS / 2);
    for mail in first {
        put(&shop.folders, &mail.name, &mail.raw);
    }
    // The reader stands still at work until its leases have run out, and then goes on with
    // what the helper has done meanwhile.
    let begun = Instant::now();
    while !reader.log().contains("a job is done") {
        assert!(begun.elapsed() < Duration::from_mins(1), "nothing was done:\n{}", reader.log());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    reader.signal(Signal::STOP);
    tokio::time::sleep(Duration::from_secs(6)).await;
    reader.signal(Signal::CONT);
    reckoning::settled(&lab, &[first.to_vec()], Duration::from_mins(1)).await;
    assert!(helper.log().contains("a job is done"), "the helper did nothing:\n{}", helper.log());
    // The helper dies at work; what it held goes back when its leases run out.
    for mail in second {
        put(&shop.folders, &mail.name, &mail.raw);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    helper.kill();
    let mails = [mails];
    reckoning::settled(&lab, &mails, Duration::from_mins(1)).await;
    let store = lab.look_in().await.unwrap();
    reckoning::check(&lab, &store, &mails).await;
    drop(store);
    drop(reader);
    database.stop().await.unwrap();
    postgres.stop().await.unwrap();
}
