//! K2: the machine is lost after a backup, and what was answered since then is not answered a
//! second time, though every mail still lies in the inbox.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use loket::config::Common;
use loket::database::{self, Content};
use rustix::process::Signal;
use store::managed::{Managed, OnProgress, Options};
use tokio_postgres::{Client, NoTls};

use super::lab::{Lab, Server, kill};
use super::mails;
use super::post::{Copies, Post, wish, written};

const CONNECTED: &str = "public.mailboxes where connected_at is not null";
const MARKED: &str = "public.mailboxes where catch_up_from is not null";
const SETTLED: &str = "public.raw_messages where fate is not null";
const SENT: &str = "public.outbox where state = 'sent'";

fn loket(post: &Post, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loket"))
        .args(arguments)
        .arg("--data-dir")
        .arg(&post.lab.common().data_dir)
        .env_remove("LOKET_DATABASE_URL")
        .output()
        .unwrap()
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// What it said when it did nothing.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A backup is made beside the running server.
fn back_up(post: &Post) -> PathBuf {
    let place = post.lab.root().join("copies");
    fs::create_dir_all(&place).unwrap();
    let said = done(&loket(post, &["backup", place.to_str().unwrap()]));
    assert!(said.contains("is not in the file"), "{said}");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.pop().unwrap()
}

/// The machine is gone; what is left are the keys, elsewhere. Returns their place.
fn lose_everything(post: &Post, server: Server) -> PathBuf {
    let data = &post.lab.common().data_dir;
    let kept = post.lab.root().join("kept-keys");
    fs::rename(data.join("keys"), &kept).unwrap();
    let postmaster = post.lab.postmaster().unwrap();
    server.kill();
    kill(postmaster, Signal::KILL);
    while Path::new(&format!("/proc/{postmaster}")).exists() && post.lab.postmaster().is_some() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    fs::remove_dir_all(data).unwrap();
    kept
}

fn give_keys(post: &Post, kept: &Path) {
    let keys = post.lab.common().data_dir.join("keys");
    fs::create_dir_all(&keys).unwrap();
    for entry in fs::read_dir(kept).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), keys.join(entry.file_name())).unwrap();
    }
}

/// Each customer's Message-ID that a reply answers.
fn answered(post: &Post) -> Vec<String> {
    post.peer.taken().iter().map(|mail| mail.header("In-Reply-To")).collect()
}

fn none_twice(post: &Post) {
    let all = answered(post);
    let once: BTreeSet<&String> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "somebody was answered a second time: {all:?}");
}

/// What the catalogue says of tables, rights, policies, functions and the like.
async fn schema(behind: &Client) -> BTreeSet<String> {
    let rows = behind.query(include_str!("catalogue.sql"), &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn same(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let differs: Vec<&String> = before.symmetric_difference(after).collect();
    assert!(
        before.len() > 500 && differs.is_empty(),
        "the schema came back as it was: {differs:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k2_what_was_answered_after_the_backup_is_not_answered_again() {
    let post = Post::new("k2", 1, Copies::Kept).await;
    let server = post.serve();
    post.until(CONNECTED, 1).await;
    for number in 0..5 {
        post.arrive(0, &format!("voor{number}"), &wish(0, number));
    }
    post.taken(5).await;
    post.until(SENT, 5).await;
    let file = back_up(&post);
    let before = schema(&post.behind().await).await;
    for number in 5..25 {
        post.arrive(0, &format!("na{number}"), &wish(0, number));
    }
    let replies = post.taken(25).await;
    post.until(SENT, 25).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let kept = lose_everything(&post, server);

    // Meanwhile: three write, and one of the shop answers a fourth by hand.
    for number in 25..29 {
        post.arrive(0, &format!("weg{number}"), &wish(0, number));
    }
    let by_hand = wish(0, 28);
    let by_hand = mail::parse::parse(&by_hand).unwrap().message.message_id.unwrap();
    let by_hand = format!(
        "From: {}\r\nTo: klant28@klant.example\r\nSubject: Re: Bestelling\r\n\
         Message-ID: <telefoon@winkel.example>\r\nIn-Reply-To: <{by_hand}>\r\n\r\nKomt goed!\r\n",
        mails::address(0)
    );
    post.sent_by_hand(0, "telefoon", by_hand.as_bytes());

    let path = file.to_str().unwrap();
    let damaged = post.lab.root().join("damaged");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let said = refused(&loket(&post, &["restore", damaged.to_str().unwrap()]));
    assert!(said.contains("damaged"), "{said}");
    let without = refused(&loket(&post, &["restore", path]));
    assert!(without.contains("Copy `keys/`") && without.contains("--key-file"), "{without}");
    give_keys(&post, &kept);
    let said = done(&loket(&post, &["restore", path]));
    assert!(said.contains("1 shops and 5 mails are back"), "{said}");
    let again = refused(&loket(&post, &["restore", path]));
    assert!(again.contains("not empty") && again.contains("--replace"), "{again}");
    done(&loket(&post, &["restore", path, "--replace"]));

    let server = post.serve();
    post.until(MARKED, 0).await;
    same(&before, &schema(&post.behind().await).await);
    post.taken(28).await;
    post.until(SETTLED, 29).await;
    post.until(SENT, 28).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(post.peer.taken().len(), 28, "{:?}", answered(&post));
    none_twice(&post);
    let by_person = "public.raw_messages where fate_reason = 'answered_by_person'";
    assert_eq!(post.count(by_person).await, 1);
    assert_eq!(post.count("public.jobs").await, 0);
    // The reply that the backup had never seen is in its conversation, and its answer finds it.
    let reply = replies.iter().find(|mail| mail.to == ["klant7@klant.example"]).unwrap();
    let header = format!("In-Reply-To: <{}>\r\n", reply.message_id());
    post.arrive(0, "verder", &written(0, 7, &header, "Dank je wel, dat is mooi geregeld!"));
    post.until(SETTLED, 30).await;
    let threads = "(select distinct thread_id from public.customer_interactions \
        where customer_email = 'klant7@klant.example') t";
    assert_eq!(post.count(threads).await, 1, "the talk goes on");
    let text = "public.customer_interactions where customer_email = 'klant7@klant.example' \
        and ai_response like '%10007%'";
    assert_eq!(post.count(text).await, 1, "what was said is there to be read");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k2_where_sent_proves_nothing_a_person_decides() {
    let post = Post::new("k2ours", 1, Copies::Unknown).await;
    let server = post.serve();
    post.until(CONNECTED, 1).await;
    post.arrive(0, "voor", &wish(0, 0));
    post.taken(1).await;
    // Found out with the first mail; from then on a copy of each is put there by us.
    post.until("public.mailboxes where sent_copies = 'ours'", 1).await;
    let file = back_up(&post);
    for number in 1..3 {
        post.arrive(0, &format!("na{number}"), &wish(0, number));
    }
    post.taken(3).await;
    post.until(SENT, 3).await;
    // Whoever reads the mailbox has put the copies there.
    post.until("public.outbox where sent_copy is null", 3).await;
    let kept = lose_everything(&post, server);
    post.arrive(0, "weg", &wish(0, 3));
    give_keys(&post, &kept);
    // INTERNALDATE knows whole seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    done(&loket(&post, &["restore", file.to_str().unwrap()]));
    let server = post.serve();
    post.until(MARKED, 0).await;
    post.until(SETTLED, 4).await;
    // The two that were answered are known by our copies; the third may have been.
    assert_eq!(post.count("public.raw_messages where fate = 'answered'").await, 3);
    let unproved = "public.raw_messages where fate = 'held' and fate_reason = 'restore_unproved'";
    assert_eq!(post.count(unproved).await, 1);
    let told = "public.notifications where detail = 'restore.unproved' and action_required";
    assert_eq!(post.count(told).await, 1);
    post.arrive(0, "nieuw", &wish(0, 4));
    post.taken(4).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(post.peer.taken().len(), 4);
    none_twice(&post);
    drop(server);
}

/// K9: an operator's own Postgres, whose owner is no superuser, and roles that may not do it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k9_an_owner_who_is_no_superuser_puts_a_backup_back_and_others_fail_loudly() {
    let mut lab = Lab::new("k9");
    let theirs = Managed::start(&Options::new(lab.root().join("theirs"))).await.unwrap();
    let root = connect(&theirs.superuser_config()).await;
    for statement in [
        "create role winkels login createrole",
        "create role vreemd login",
        "create database winkels owner winkels",
        "create database terug owner winkels",
        "create database bezet owner winkels",
    ] {
        root.batch_execute(statement).await.unwrap();
    }
    let directory = theirs.socket_directory();
    let host = directory.to_str().unwrap().replace('/', "%2F");
    let port = theirs.superuser_config().get_ports().first().copied().unwrap();
    let url = |role: &str, name: &str| format!("postgres://{role}@{host}:{port}/{name}");
    fs::create_dir_all(&lab.common().data_dir).unwrap();
    let common = Common { database_url: Some(url("winkels", "winkels")), ..lab.common().clone() };
    let database = database::open(&common, "", Content::Keep, OnProgress::default()).await.unwrap();
    lab.make_shops_in(&database.store, 2).await;
    database.stop().await.unwrap();
    let before = schema(&connect(&theirs.config_for("postgres", "winkels")).await).await;

    let run = |url: String, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loket"));
        command.args(arguments).arg("--data-dir").arg(&lab.common().data_dir);
        command.env("LOKET_DATABASE_URL", url).output().unwrap()
    };
    let file = lab.root().join("kopie");
    let file = file.to_str().unwrap();
    done(&run(url("winkels", "winkels"), &["backup", file]));
    let there = refused(&run(url("winkels", "winkels"), &["backup", file]));
    assert!(there.contains("is there already"), "{there}");
    let other = lab.root().join("andere");
    refused(&run(url("vreemd", "winkels"), &["backup", other.to_str().unwrap()]));
    assert!(!other.exists(), "half a copy is none");

    done(&run(url("winkels", "terug"), &["restore", file]));
    let back = connect(&theirs.config_for("postgres", "terug")).await;
    same(&before, &schema(&back).await);
    let shops: i64 =
        back.query_one("select count(*) from public.tenants", &[]).await.unwrap().get(0);
    assert_eq!(shops, 2);
    // Once more in its own place, and by other means.
    done(&run(url("winkels", "winkels"), &["restore", file, "--replace"]));
    let winkels = connect(&theirs.config_for("postgres", "winkels")).await;
    same(&before, &schema(&winkels).await);
    winkels.batch_execute("update public.mailboxes set catch_up_from = null").await.unwrap();
    let as_of = ["restore", "--as-of", "2026-11-22T03:00:00Z"];
    let said = done(&run(url("winkels", "winkels"), &as_of));
    assert!(said.contains("2 mailboxes will first read"), "{said}");
    let marked =
        "select count(*) from public.mailboxes where catch_up_from = '2026-11-22T03:00:00Z'";
    let marked: i64 = winkels.query_one(marked, &[]).await.unwrap().get(0);
    assert_eq!(marked, 2);
    // Somebody else's tables are left alone, whatever is asked for.
    let bezet = connect(&theirs.config_for("winkels", "bezet")).await;
    bezet.batch_execute("create table public.boeken (titel text)").await.unwrap();
    let said = refused(&run(url("winkels", "bezet"), &["restore", file, "--replace"]));
    assert!(said.contains("not Loket's"), "{said}");
    bezet.query("select * from public.boeken", &[]).await.unwrap();
    theirs.stop().await.unwrap();
}

async fn connect(config: &store::Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
