//! Mailboxes behind a real IMAP server, read by the real workers into a real Postgres.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails should say so at once"
)]

#[path = "../../../mail/tests/support/authority.rs"]
mod authority;
#[expect(dead_code, reason = "the store's own tests use the rest")]
#[path = "../../../store/tests/support/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "the tests of the client use the rest")]
#[path = "../../../mail/tests/support/dovecot.rs"]
mod dovecot;

#[expect(dead_code, reason = "the tests of the client use the rest")]
#[path = "../../../mail/tests/imap/peer.rs"]
mod peer;

mod scripted; // an IMAP server that breaks where a test says
mod broken; // what such servers must not do to a shop
mod history; // older mail, when somebody asks for it
mod custody; // Sent, people who answer there, and nothing that is not recorded

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loket::config::Common;
use loket::database::Database;
use loket::jobs::{Pace, Workers};
use loket::pipeline::{Desk, Post, Reading};
use loket::secrets::{Secret, Vault};
use loket::shop_file::ShopFile;
use loket::shop_setup::{self, Folders, MadeShop};
use mail::imap::Limits;
use mail::network::Network;
use serde_json::json;
use store::mailboxes::{MailboxKind, NewMailbox};
use store::secrets::SecretRow;
use store::{Logins, MailboxId, Store};
use tokio_postgres::{Client, NoTls};

use cluster::Cluster;
use dovecot::Dovecot;

/// One shop with a mailbox behind IMAP.
struct Lab {
    desk: Arc<Desk>,
    vault: Arc<Vault>,
    shop: MadeShop,
    mailbox: MailboxId,
    dovecot: Dovecot,
    behind: Client,
    workers: Option<Workers>,
    directory: PathBuf,
    _cluster: Cluster,
}

impl Lab {
    async fn open() -> Self {
        Self::open_with(10).await
    }

    /// With a server that lets in so many connections at a time.
    async fn open_with(connections: u32) -> Self {
        let dovecot = Dovecot::start_with(&["winkel"], connections);
        let (port, root) = (dovecot.imaps, dovecot.root.clone());
        Self::open_at(dovecot, port, &root).await
    }

    /// With the mailbox at a server for which `root` vouches.
    async fn open_at(dovecot: Dovecot, port: u16, root: &str) -> Self {
        let cluster = Cluster::start("loket_super");
        let owner = cluster.superuser("postgres");
        store::migrate::migrate(&owner).await.unwrap();
        let store = Arc::new(Store::connect(&Logins::beside(&owner, None)).await.unwrap());
        let (behind, connection) = owner.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let directory =
            std::env::temp_dir().join(format!("loket-mailboxes-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&directory).unwrap();
        let admin = shop_setup::make_admin(&store).await.unwrap();
        let file = ShopFile::demo().unwrap();
        let folders = Folders::make(&directory.join("shop")).unwrap();
        let shop = shop_setup::make(&store, admin, "eigenaar@winkel.example", &file, &folders)
            .await
            .unwrap();
        let vault = Arc::new(Vault::for_trial(loket::serving::now()).unwrap());
        let mailbox = MailboxId::new();
        let new = NewMailbox {
            id: mailbox,
            kind: MailboxKind::Imap,
            address: "winkel@example.nl".to_owned(),
            config: json!({
                "imap": { "host": "localhost", "port": port, "security": "tls" },
                "smtp": { "host": "localhost", "port": 1 },
                "user": "winkel",
            }),
            secret_encrypted: Some(seal(&vault, &shop, mailbox, "geheim winkel")),
        };
        let insert = async |tx: &store::TenantTx| store::mailboxes::insert(tx, &new).await;
        store.as_user(&shop.claims(), insert).await.unwrap();
        let common = Common {
            data_dir: directory.clone(),
            listen: "127.0.0.1:0".parse().unwrap(),
            database_url: None,
            postgres_bin: None,
        };
        let reading = Reading {
            vault: Some(Arc::clone(&vault)),
            network: Network::new(root.as_bytes(), true).unwrap(),
            limits: Limits { idle: Duration::from_secs(2), ..Limits::default() },
        };
        let sending = Post::without_keys(reading.network.clone());
        let database = Database { store, managed: None, owner };
        let desk = loket::serving::desk_with(&common, &database, reading, sending).unwrap();
        let workers = None;
        Self { desk, vault, shop, mailbox, dovecot, behind, workers, directory, _cluster: cluster }
    }

    fn start(&mut self) {
        self.start_with(Pace::default().pause);
    }

    /// With this pause after a first failure.
    fn start_with(&mut self, pause: Duration) {
        let pace = Pace { poll: Duration::from_millis(200), pause, ..Pace::default() };
        self.workers = Some(Workers::start(&self.desk, pace));
    }

    async fn stop(&mut self) {
        if let Some(workers) = self.workers.take() {
            workers.drain().await;
        }
    }

    fn deliver(&self, number: u32) {
        self.dovecot.deliver(
            "winkel",
            &format!(
                "From: Sanne <sanne{number}@example.nl>\nTo: winkel@example.nl\n\
                 Subject: Vraag {number}\nMessage-ID: <{number}@example.nl>\n\n\
                 Hoi, waar blijft bestelling 10{number}? Groet, Sanne\n"
            ),
        );
    }

    /// A number from the database.
    async fn count(&self, sql: &str) -> i64 {
        let sql = format!("select count(*) from {sql}");
        self.behind.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// Waits until the number is this one.
    async fn until(&self, sql: &str, wanted: i64) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let found = self.count(sql).await;
            if found == wanted {
                return;
            }
            assert!(Instant::now() < until, "{sql}: {found}, not {wanted}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn seal(vault: &Vault, shop: &MadeShop, mailbox: MailboxId, password: &str) -> String {
    let row = SecretRow::of_mailbox(shop.tenant, mailbox);
    vault.seal(row, &Secret::new(password.to_owned())).unwrap()
}

const CONNECTED: &str = "public.mailboxes where connected_at is not null";
const STORED: &str = "public.raw_messages";
const SETTLED: &str = "public.raw_messages where fate is not null";
const PAUSED: &str = "public.mailboxes where paused_reason = 'auth_refused'";
const TOLD: &str = "public.notifications where type = 'mailbox_trouble' and action_required";

/// Hazards C5, C4, C1: old mail is not answered, new mail is read once, and a server that numbers
/// its mail anew gets nothing answered again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_is_read_once_whatever_the_server_calls_it() {
    let mut lab = Lab::open().await;
    for number in 1..=3 {
        lab.deliver(number);
    }
    lab.start();
    lab.until(CONNECTED, 1).await;
    for number in 4..=6 {
        lab.deliver(number);
    }
    lab.until(SETTLED, 3).await;
    lab.stop().await;
    // Given back, so that another node need not wait.
    assert_eq!(lab.count("public.mailboxes where lease_until is not null").await, 0);
    assert_eq!(lab.count("public.customer_interactions").await, 3);

    lab.dovecot.renumber("winkel");
    for number in 7..=9 {
        lab.deliver(number);
    }
    lab.start();
    lab.until(SETTLED, 6).await;
    // Looked at again, and again nothing is new.
    tokio::time::sleep(Duration::from_secs(3)).await;
    lab.stop().await;
    assert_eq!(lab.count(STORED).await, 6);
    assert_eq!(lab.count("public.customer_interactions").await, 6);
    assert_eq!(lab.count("public.raw_messages where fate = 'imported'").await, 0);
    assert_eq!(lab.count("(select distinct uidvalidity from public.raw_messages) u").await, 1);
}

/// Hazard C9: the first refusal pauses, the shop is told, and a new password catches up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_refused_password_pauses_and_a_new_one_catches_up() {
    let mut lab = Lab::open().await;
    lab.start();
    lab.until(CONNECTED, 1).await;
    lab.stop().await;
    lab.dovecot.set_password("winkel", "een nieuw wachtwoord");
    lab.deliver(1);
    lab.start();
    lab.until(PAUSED, 1).await;
    lab.deliver(2);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(lab.count(TOLD).await, 1);
    assert_eq!(lab.count(STORED).await, 0);

    let closed = seal(&lab.vault, &lab.shop, lab.mailbox, "een nieuw wachtwoord");
    let row = SecretRow::of_mailbox(lab.shop.tenant, lab.mailbox);
    let save = async |tx: &store::TenantTx| store::secrets::save(tx, row, &closed).await;
    lab.desk.store.as_user(&lab.shop.claims(), save).await.unwrap();
    lab.until(SETTLED, 2).await;
    assert_eq!(lab.count(PAUSED).await, 0);
    lab.stop().await;
}

/// Two nodes share mailboxes: what one reads the other leaves alone, until it is given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_mailboxes_without_doubles() {
    let lab = Lab::open().await;
    let (store, lease) = (&lab.desk.store, Duration::from_secs(2));
    let [first, second] = [uuid::Uuid::now_v7(), uuid::Uuid::now_v7()];
    let claim =
        async |node, limit| store::mailboxes::claim(store, node, lease, limit).await.unwrap().len();
    // The shop has two: its directory, and the one behind IMAP.
    assert_eq!(claim(first, 1).await, 1);
    assert_eq!(claim(second, 10).await, 1);
    assert_eq!((claim(first, 10).await, claim(second, 10).await), (1, 1));
    store::mailboxes::release(store, first).await.unwrap();
    assert_eq!(claim(second, 10).await, 2);
    // One that died is waited for no longer than its lease.
    tokio::time::sleep(lease + Duration::from_millis(200)).await;
    assert_eq!(claim(first, 10).await, 2);
    assert_eq!(claim(second, 10).await, 0);
}
