//! A shop whose replies wait to be sent, and its provider.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use loket::config::Common;
use loket::database::{self, Content, DATABASE, Database};
use loket::pipeline::{self, Care, Desk, OpenMailboxes, Post, Reading, Remote};
use loket::secrets::{KeySource, Secret, Vault};
use loket::serving;
use loket::shop_file::ShopFile;
use loket::shop_setup::{self, AUTHSERV_ID, Folders, MadeShop};
use mail::imap::Limits;
use mail::network::Network;
use mail::smtp::TimeLimits;
use serde_json::json;
use store::jobs::{ClaimedJob, JobKind, claim};
use store::mailboxes::{ActiveMailbox, MailboxKind, NewMailbox, SentCopies};
use store::managed::OnProgress;
use store::outbox::OutboxRow;
use store::secrets::SecretRow;
use store::{MailboxId, OutboxId};
use tokio::task::JoinHandle;

use super::authority::Authority;
use super::sent::Sent;
use super::smtp::Peer;

/// A lease that no test outlives.
pub const LONG: Duration = Duration::from_mins(1);
const SHOP: &str = "info@winkel.example";

/// Everything; the database is stopped by [`Lab::stop`].
pub struct Lab {
    root: PathBuf,
    pub common: Common,
    database: Option<Database>,
    owner: tokio_postgres::Config,
    pub desk: Arc<Desk>,
    pub shop: MadeShop,
    folders: Folders,
    pub mailbox: MailboxId,
    pub peer: Peer,
    pub sent: Sent,
    pub authority: Authority,
    mails: AtomicU32,
    reader: Option<JoinHandle<()>>,
}

/// What a lab is made with.
pub struct Wishes {
    pub name: &'static str,
    /// Whether mail that was sent turns up in Sent.
    pub keeps: bool,
    /// Whether that is known.
    pub copies: SentCopies,
    pub undo_seconds: i32,
    /// So many mails in an hour.
    pub send_limit: Option<i64>,
    pub settling: Duration,
    /// Whether the mailbox is read here.
    pub reads: bool,
}

impl Wishes {
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            keeps: true,
            copies: SentCopies::Kept,
            undo_seconds: 0,
            send_limit: None,
            settling: Duration::from_secs(1),
            reads: true,
        }
    }
}

impl Lab {
    pub async fn new(wishes: Wishes) -> Self {
        let root = PathBuf::from(format!("/tmp/lks-{}-{}", std::process::id(), wishes.name));
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let common = Common {
            data_dir: root.join("data"),
            listen: "127.0.0.1:0".parse().unwrap(),
            database_url: None,
            postgres_bin: None,
        };
        let database =
            database::open(&common, DATABASE, Content::Keep, OnProgress::default()).await.unwrap();
        let authority = Authority::new();
        fs::write(root.join("ca.pem"), authority.pem()).unwrap();
        let peer = Peer::start(&authority, false).await;
        let sent = Sent::start(&authority, &peer, wishes.keeps).await;

        let keys = KeySource::in_data_dir(&common.data_dir);
        let vault = Vault::open(keys, &database.store, serving::now()).await.unwrap();
        let vault = Arc::new(vault);
        let admin = shop_setup::make_admin(&database.store).await.unwrap();
        let mut file = ShopFile::demo().unwrap();
        SHOP.clone_into(&mut file.shop.gmail_email);
        file.shop.undo_seconds = wishes.undo_seconds;
        file.shop.max_reply_age_hours = 24;
        let folders = Folders::make(&root.join("mail")).unwrap();
        let shop =
            shop_setup::make(&database.store, admin, "eigenaar@winkel.example", &file, &folders)
                .await
                .unwrap();
        let mailbox = connect(&database, &vault, &shop, &wishes, peer.port, sent.port).await;
        let limits = TimeLimits {
            connect: Duration::from_secs(3),
            command: Duration::from_secs(3),
            block: Duration::from_secs(3),
            answer: Duration::from_secs(3),
        };
        let network = Network::new(authority.pem().as_bytes(), true).unwrap();
        let reading = Reading {
            vault: Some(Arc::clone(&vault)),
            network: network.clone(),
            limits: Limits::default(),
        };
        let post = Post { vault: Some(vault), network, limits, settling: wishes.settling };
        let desk = serving::desk_with(&common, &database, reading, post).unwrap();
        let which = ActiveMailbox { tenant_id: shop.tenant, mailbox_id: mailbox };
        let reader = wishes.reads.then(|| tokio::spawn(read(Arc::clone(&desk), which)));
        let mails = AtomicU32::new(0);
        let owner = database.owner.clone();
        let database = Some(database);
        Self {
            root,
            common,
            database,
            owner,
            desk,
            shop,
            folders,
            mailbox,
            peer,
            sent,
            authority,
            mails,
            reader,
        }
    }

    pub fn ca(&self) -> PathBuf {
        self.root.join("ca.pem")
    }

    /// Customers write, and are answered; the replies wait.
    pub async fn replies(&self, count: u32) -> Vec<OutboxId> {
        for _ in 0..count {
            let number = self.mails.fetch_add(1, Ordering::Relaxed);
            self.put(number, &format!("klant{number}@example.nl"), "");
        }
        self.work_in().await
    }

    /// A customer writes.
    pub fn put(&self, number: u32, from: &str, header: &str) {
        let order = 10_000 + number;
        let domain = from.rsplit('@').next().unwrap();
        let raw = format!(
            "Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={domain}; \
             dkim=pass header.d={domain}; spf=pass smtp.mailfrom={from}\r\n\
             From: Sanne <{from}>\r\nTo: <{SHOP}>\r\nSubject: Annuleren\r\n{header}\
             Message-ID: <klant{number}@{domain}>\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n\
             Hallo,\r\n\r\nIk wil bestelling {order} annuleren.\r\n\r\nGroet,\r\nSanne\r\n"
        );
        self.put_raw(&format!("{number:05}.mail"), raw.as_bytes());
    }

    pub fn put_raw(&self, name: &str, raw: &[u8]) {
        let temporary = self.folders.inbox.join("tmp").join(name);
        fs::write(&temporary, raw).unwrap();
        fs::rename(temporary, self.folders.inbox.join("new").join(name)).unwrap();
    }

    /// Reads, files and answers what is there. Returns the replies that may leave.
    pub async fn work_in(&self) -> Vec<OutboxId> {
        let mut open = OpenMailboxes::default();
        for mailbox in store::mailboxes::active(&self.desk.store).await.unwrap() {
            if mailbox.mailbox_id == self.shop.mailbox {
                while pipeline::receive(&self.desk, &mut open, mailbox).await.unwrap().more {}
            }
        }
        let tenant = self.shop.tenant;
        let jobs = claim(&self.desk.store, JobKind::Ingest, 256, LONG).await.unwrap();
        if !jobs.is_empty() {
            for (_, result) in pipeline::ingest(&self.desk, tenant, &jobs).await {
                result.unwrap();
            }
        }
        let mut answers = claim(&self.desk.store, JobKind::Answer, 256, LONG).await.unwrap();
        while !answers.is_empty() {
            answers = pipeline::answer_many(&self.desk, tenant, &answers).await.unwrap().put_off;
        }
        let text = "select subject_id from public.jobs where kind = 'deliver' order by subject_id";
        let rows = self.behind().await.query(text, &[]).await.unwrap();
        rows.iter().map(|row| OutboxId(row.get(0))).collect()
    }

    /// A connection that sees and may do everything.
    pub async fn behind(&self) -> tokio_postgres::Client {
        let (client, connection) = self.owner.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// The deliver jobs that are due.
    pub async fn due(&self, lease: Duration) -> Vec<ClaimedJob> {
        claim(&self.desk.store, JobKind::Deliver, 256, lease).await.unwrap()
    }

    /// One turn of the sender.
    pub async fn turn(&self) {
        let jobs = self.due(LONG).await;
        self.work(&jobs).await;
    }

    pub async fn work(&self, jobs: &[ClaimedJob]) {
        let failed = pipeline::post(&self.desk, self.shop.tenant, jobs).await.unwrap().unwrap();
        assert!(failed.is_empty(), "{failed:?}");
    }

    /// Makes what waits due at once.
    pub async fn hurry(&self) {
        let text = "update public.jobs set run_at = now() where kind = 'deliver'";
        self.behind().await.execute(text, &[]).await.unwrap();
    }

    pub async fn row(&self, mail: OutboxId) -> OutboxRow {
        let row = self.desk.store.as_worker(self.shop.tenant, async |tx| {
            store::outbox::load_for_delivery(tx, mail).await
        });
        row.await.unwrap().unwrap()
    }

    /// State and its reason.
    pub async fn state(&self, mail: OutboxId) -> (String, Option<String>) {
        let text = "select state, state_reason from public.outbox where id = $1";
        let row = self.behind().await.query_one(text, &[&mail.0]).await.unwrap();
        (row.get(0), row.get(1))
    }

    /// What the shop was told of its sending, newest last: type and detail.
    pub async fn told(&self) -> Vec<String> {
        let text = "select type || ' ' || detail from public.notifications \
            where type <> 'action_needed' order by created_at, id";
        let rows = self.behind().await.query(text, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub async fn copies(&self) -> String {
        let text = "select sent_copies from public.mailboxes where kind = 'imap'";
        self.behind().await.query_one(text, &[]).await.unwrap().get(0)
    }

    /// From here on nobody reads the mailbox.
    pub async fn stop_reading(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
            drop(reader.await);
        }
    }

    pub async fn stop(mut self) {
        self.stop_reading().await;
        if let Some(database) = self.database.take() {
            database.stop().await.unwrap();
        }
        let _ = fs::remove_dir_all(&self.root);
    }

    /// How another process gets into the database, as its owner.
    pub fn url(&self) -> String {
        let postgres = self.database.as_ref().unwrap().managed.as_ref().unwrap();
        let host = postgres.socket_directory().to_str().unwrap().replace('/', "%2F");
        let port = self.owner.get_ports().first().copied().unwrap();
        let (user, name) = (self.owner.get_user().unwrap(), self.owner.get_dbname().unwrap());
        format!("postgres://{user}@{host}:{port}/{name}")
    }
}

impl Drop for Lab {
    /// A test that failed leaves its directory, and no server.
    fn drop(&mut self) {
        if self.database.is_none() {
            return;
        }
        eprintln!("the directory is kept: {}", self.root.display());
        let pid = self.common.data_dir.join("postgres/cluster/postmaster.pid");
        let pid = fs::read_to_string(pid).unwrap_or_default();
        let pid = pid.lines().next().and_then(|pid| pid.parse().ok());
        if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
    }
}

/// Reads the mailbox as a node does, and is called more often.
async fn read(desk: Arc<Desk>, which: ActiveMailbox) {
    let mut remote = Remote::open(&desk, which).await.unwrap();
    loop {
        while remote.catch_up(&desk, Care::Usual).await.unwrap().more {}
        remote.errands(&desk).await.unwrap();
        let called = tokio::time::sleep(Duration::from_millis(30));
        assert!(remote.wait(&desk, called).await.unwrap());
    }
}

async fn connect(
    database: &Database,
    vault: &Vault,
    shop: &MadeShop,
    wishes: &Wishes,
    smtp: u16,
    imap: u16,
) -> MailboxId {
    let id = MailboxId::new();
    let secret = Secret::from("geheim");
    let sealed = vault.seal(SecretRow::of_mailbox(shop.tenant, id), &secret).unwrap();
    let mut config = json!({
        "imap": { "host": "localhost", "port": imap, "security": "tls" },
        "smtp": { "host": "localhost", "port": smtp, "security": "tls" },
        "user": SHOP,
    });
    if let Some(mails) = wishes.send_limit {
        config["send_limit"] = json!({ "mails": mails, "seconds": 3600 });
    }
    let mailbox = NewMailbox {
        id,
        kind: MailboxKind::Imap,
        address: "verkoop@winkel.example".to_owned(),
        config,
        secret_encrypted: Some(sealed),
    };
    database
        .store
        .as_user(&shop.claims(), async |tx| store::mailboxes::insert(tx, &mailbox).await)
        .await
        .unwrap();
    let copies = wishes.copies;
    database
        .store
        .as_worker(shop.tenant, async |tx| store::sending::set_sent_copies(tx, id, copies).await)
        .await
        .unwrap();
    id
}
