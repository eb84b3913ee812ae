//! C10: mail that breaks the parser is set aside, and the next mails go on.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use loket::config::Common;
use loket::database::{self, Content, DATABASE};
use loket::jobs::Pace;
use loket::pipeline::{Desk, Suspects};
use loket::serving;
use mail::parse::{ParseError, Parsed};
use store::ingest::{Fate, custody};
use store::managed::OnProgress;

use super::lab::{Lab, put};
use super::mails::{self, Expected};
use super::random::Random;
use super::reckoning;

/// Tells the worker process where to work.
const DATA_DIR: &str = "LOKET_CRASH_DATA_DIR";
const MAILS: usize = 30;
/// How often a mail may end the process before it is set aside.
const DEATHS: usize = 3;

/// A parser that three sorts of mail break, each in a way of its own.
fn fragile(raw: &[u8]) -> Result<Parsed, ParseError> {
    let has = |word: &[u8]| raw.windows(word.len()).any(|window| window == word);
    if has(b"THIS ENDS THE PROCESS") {
        std::process::abort();
    }
    assert!(!has(b"THIS PANICS"), "as the mail asks");
    if has(b"THIS IS REFUSED") {
        return Err(ParseError);
    }
    mail::parse::parse(raw)
}

/// The worker process: ends by itself only through the mail, or when all is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is run by the other test as a process of its own"]
async fn worker_that_dies() {
    let Some(data_dir) = std::env::var_os(DATA_DIR) else { return };
    let common = Common {
        data_dir: data_dir.into(),
        listen: "127.0.0.1:0".parse().unwrap(),
        database_url: None,
        postgres_bin: None,
    };
    let database =
        database::open(&common, DATABASE, Content::Keep, OnProgress::default()).await.unwrap();
    let desk = serving::desk(&common, &database).unwrap();
    let desk = Arc::new(Desk {
        parse: fragile,
        store: Arc::clone(&desk.store),
        message_id_key: desk.message_id_key.clone(),
        data_dir: desk.data_dir.clone(),
        shops: loket::shop::Shops::default(),
        now: desk.now,
        suspects: Suspects::open(&common.data_dir).unwrap(),
        reading: Arc::clone(&desk.reading),
        node: desk.node,
        post: Arc::clone(&desk.post),
        room: loket::pipeline::Room::default(),
        lanes: desk.lanes.clone(),
        tokens: Arc::clone(&desk.tokens),
    });
    let pace =
        Pace { lease: Duration::from_secs(1), poll: Duration::from_millis(100), ..Pace::default() };
    let workers = serving::workers(&desk, pace);
    std::future::pending::<()>().await;
    drop(workers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_mail_that_breaks_the_parser_is_set_aside_and_the_rest_goes_on() {
    let mut lab = Lab::new("poison");
    lab.make_shops(1).await;
    let shop = lab.shops.first().unwrap().clone();
    let mut random = Random::new(Random::seed());
    let mut mails = mails::generate(0, MAILS, &shop.file.build().unwrap(), &mut random);
    for (place, words) in
        [(8, "THIS ENDS THE PROCESS"), (12, "THIS PANICS"), (20, "THIS IS REFUSED")]
    {
        let mail = mails.get_mut(place).unwrap();
        mail.raw.extend_from_slice(words.as_bytes());
        mail.expected = Expected::Fate(Fate::Quarantined.as_str());
    }
    for mail in &mails {
        put(&shop.folders, &mail.name, &mail.raw);
    }
    let mails = [mails];
    let mut deaths = 0;
    let mut worker = loop {
        let mut worker = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "poison::worker_that_dies", "--nocapture"])
            .env(DATA_DIR, &lab.common().data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if deaths == DEATHS {
            break worker;
        }
        let status = worker.wait().unwrap();
        assert!(!status.success(), "the mail ends the process");
        deaths += 1;
    };
    reckoning::settled(&lab, &mails, Duration::from_mins(1)).await;
    assert!(worker.try_wait().unwrap().is_none(), "the process lives on after {DEATHS} deaths");
    let store = lab.look_in().await.unwrap();
    reckoning::check(&lab, &store, &mails).await;
    let rows = store.as_worker(shop.made.tenant, async |tx| custody(tx).await).await.unwrap();
    let unreadable =
        rows.iter().filter(|row| row.fate_reason.as_deref() == Some("unreadable")).count();
    assert_eq!(unreadable, 3, "one each");
    worker.kill().unwrap();
    worker.wait().unwrap();
}
