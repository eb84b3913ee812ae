//! A mailbox behind a real Dovecot, read by the real workers with tokens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loket::config::Common;
use loket::database::Database;
use loket::jobs::{Pace, Workers};
use loket::pipeline::{Desk, Post, Reading};
use loket::secrets::Vault;
use loket::shop_file::ShopFile;
use loket::shop_setup::{self, Folders, MadeShop};
use mail::imap::Limits;
use mail::network::Network;
use serde_json::json;
use store::secrets::SecretRow;
use store::{Logins, MailboxId, Store};
use tokio_postgres::{Client, NoTls};

use super::provider::{Gift, Manner, Provider};
use super::source::{grant, new_mailbox};
use crate::server::dovecot::Dovecot;
use crate::support::Cluster;

const USER: &str = "winkel@example.nl";

/// One shop with a mailbox that is opened by consent.
struct Lab {
    desk: Arc<Desk>,
    vault: Arc<Vault>,
    shop: MadeShop,
    mailbox: MailboxId,
    dovecot: Dovecot,
    provider: Provider,
    behind: Client,
    workers: Option<Workers>,
    directory: PathBuf,
    _cluster: Cluster,
}

impl Lab {
    async fn open() -> Self {
        let dovecot = Dovecot::start(&[USER]);
        let provider = Provider::start(USER).await;
        let cluster = Cluster::start("loket_super");
        let owner = cluster.superuser("postgres");
        store::migrate::migrate(&owner).await.unwrap();
        let store = Arc::new(Store::connect(&Logins::beside(&owner, None)).await.unwrap());
        let (behind, connection) = owner.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let directory =
            std::env::temp_dir().join(format!("loket-tokens-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&directory).unwrap();
        let admin = shop_setup::make_admin(&store).await.unwrap();
        let file = ShopFile::demo().unwrap();
        let folders = Folders::make(&directory.join("shop")).unwrap();
        let shop = shop_setup::make(&store, admin, "eigenaar@winkel.example", &file, &folders)
            .await
            .unwrap();
        let vault = Arc::new(Vault::for_trial(loket::serving::now()).unwrap());
        let mailbox = MailboxId::new();
        let row = SecretRow::of_mailbox(shop.tenant, mailbox);
        let closed = vault.seal(row, &grant("verversing-0").to_secret()).unwrap();
        let new = new_mailbox(mailbox, dovecot.imaps, 1, closed);
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
            network: Network::new(dovecot.root.as_bytes(), true).unwrap(),
            limits: Limits { idle: Duration::from_secs(1), ..Limits::default() },
        };
        let post = Post::without_keys(reading.network.clone());
        let database = Database { store, managed: None, owner };
        let tokens = provider.tokens(dovecot.imaps, 1);
        let desk = loket::serving::desk_with_tokens(&common, &database, reading, post, tokens);
        Self {
            desk: desk.unwrap(),
            vault,
            shop,
            mailbox,
            dovecot,
            provider,
            behind,
            workers: None,
            directory,
            _cluster: cluster,
        }
    }

    fn start(&mut self) {
        let pace = Pace { poll: Duration::from_millis(200), ..Pace::default() };
        self.workers = Some(Workers::start(&self.desk, pace));
    }

    async fn stop(&mut self) {
        if let Some(workers) = self.workers.take() {
            workers.drain().await;
        }
    }

    fn deliver(&self, number: u32) {
        self.dovecot.deliver(
            USER,
            &format!(
                "From: Sanne <sanne{number}@example.nl>\nTo: {USER}\n\
                 Subject: Vraag {number}\nMessage-ID: <{number}@example.nl>\n\n\
                 Hoi, waar blijft bestelling 10{number}? Groet, Sanne\n"
            ),
        );
    }

    async fn count(&self, sql: &str) -> i64 {
        let sql = format!("select count(*) from {sql}");
        self.behind.query_one(&sql, &[]).await.unwrap().get(0)
    }

    async fn until(&self, sql: &str, wanted: i64) {
        let until = Instant::now() + Duration::from_secs(40);
        loop {
            let found = self.count(sql).await;
            if found == wanted {
                return;
            }
            let asked = self.provider.asked();
            assert!(Instant::now() < until, "{sql}: {found}, not {wanted}; asked {asked}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The owner connects the mailbox anew.
    async fn reconnect(&self, refresh: &str) {
        let row = SecretRow::of_mailbox(self.shop.tenant, self.mailbox);
        let closed = self.vault.seal(row, &grant(refresh).to_secret()).unwrap();
        let config = new_mailbox(self.mailbox, self.dovecot.imaps, 1, String::new()).config;
        let save = async |tx: &store::TenantTx| {
            store::tokens::reconnect(tx, self.mailbox, &config, &closed).await
        };
        self.desk.store.as_user(&self.shop.claims(), save).await.unwrap();
    }

    /// Ends the session that reads, as a provider does when a token ends: the worker sees other
    /// settings and opens the mailbox again.
    async fn end_session(&self) {
        let config = json!({ "opened_again": uuid::Uuid::now_v7() });
        let change = "update public.mailboxes set config = config || $1 where kind = 'imap'";
        self.behind.execute(change, &[&config]).await.unwrap();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

const CONNECTED: &str = "public.mailboxes where kind = 'imap' and connected_at is not null";
const SETTLED: &str = "public.raw_messages where fate is not null";
const PAUSED: &str = "public.mailboxes where paused_reason = 'grant_refused'";
const TOLD: &str = "public.notifications where type = 'mailbox_trouble' and action_required
    and detail = 'mailbox.grant_refused'";
const TROUBLED: &str = "public.mailboxes where trouble = 'token_unreachable'";

/// C9: mail is read with a token; one that the server does not take any more in the middle of the
/// day is replaced once, and the reading goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_token_refused_in_mid_session_is_replaced_once_and_reading_goes_on() {
    let mut lab = Lab::open().await;
    // It ends in three seconds, and is said to live an hour.
    lab.provider.next(Manner::Gives(Gift { lives: 3, ..Gift::default() }));
    lab.start();
    lab.until(CONNECTED, 1).await;
    lab.deliver(1);
    lab.until(SETTLED, 1).await;
    assert_eq!(lab.provider.asked(), 1);
    tokio::time::sleep(Duration::from_secs(4)).await;
    lab.end_session().await;
    lab.deliver(2);
    lab.until(SETTLED, 2).await;
    assert_eq!(lab.provider.asked(), 2);
    assert_eq!(lab.count(PAUSED).await, 0);
    // The next session uses what is there.
    lab.end_session().await;
    lab.deliver(3);
    lab.until(SETTLED, 3).await;
    lab.stop().await;
    assert_eq!(lab.provider.asked(), 2);
    assert_eq!(lab.count("public.notifications where type = 'mailbox_trouble'").await, 0);
}

/// C9: a consent that was taken back pauses at the first word, the shop is told once, nobody is
/// asked again, and a new consent catches up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_a_withdrawn_consent_pauses_at_once_and_a_new_one_catches_up() {
    let mut lab = Lab::open().await;
    lab.provider.next(Manner::Gives(Gift { lives: 1, says: 1, ..Gift::default() }));
    lab.start();
    lab.until(CONNECTED, 1).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    lab.provider.withdraw();
    lab.end_session().await;
    lab.deliver(1);
    lab.until(PAUSED, 1).await;
    let asked = lab.provider.asked();
    lab.deliver(2);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(lab.count(TOLD).await, 1);
    assert_eq!(lab.provider.asked(), asked, "nobody is asked again");
    assert_eq!(lab.count("public.raw_messages").await, 0);
    lab.provider.state().refresh = "opnieuw".to_owned();
    lab.reconnect("opnieuw").await;
    lab.until(SETTLED, 2).await;
    assert_eq!(lab.count(PAUSED).await, 0);
    lab.stop().await;
}

/// C9: a server that refuses a new token as well is not tried a third time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c9_two_refused_tokens_pause() {
    let mut lab = Lab::open().await;
    lab.provider.state().usual = Manner::Gives(Gift { lives: -60, ..Gift::default() });
    lab.start();
    lab.until(PAUSED, 1).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(lab.provider.asked(), 2);
    assert_eq!(lab.count(TOLD).await, 1);
    lab.stop().await;
}

/// C7: a provider that is out of order is waited for, and the mailbox is not paused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c7_a_provider_out_of_order_is_waited_for() {
    let mut lab = Lab::open().await;
    lab.provider.state().usual = Manner::Says(503, "{}");
    lab.start();
    lab.until(TROUBLED, 1).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(lab.provider.asked() <= 3, "{} questions", lab.provider.asked());
    assert_eq!(lab.count("public.mailboxes where paused_reason is not null").await, 0);
    lab.provider.state().usual = Manner::Gives(Gift::default());
    lab.until(CONNECTED, 1).await;
    lab.until(TROUBLED, 0).await;
    lab.stop().await;
}
