//! Shops whose mail lies in Dovecot, and the provider that takes their replies.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use loket::database::{self, Content, DATABASE};
use loket::secrets::{KeySource, Secret, Vault};
use loket::serving;
use loket::shop_setup::AUTHSERV_ID;
use serde_json::{Value, json};
use store::MailboxId;
use store::mailboxes::{MailboxKind, NewMailbox};
use store::managed::{OnProgress, Options};
use store::secrets::SecretRow;
use tokio_postgres::{Client, NoTls};

use super::imap_side::dovecot::Dovecot;
use super::lab::{Lab, Server};
use super::mails;
use super::smtp_side::authority::Authority;
use super::smtp_side::smtp::{Peer, Taken};

/// What Dovecot needs to hold a thousand connections without root. It looks at once a second where
/// the system lets one account watch no more directories.
const MANY: &str = "\
default_client_limit = 8000
mailbox_idle_check_interval = 1 secs
service imap-login {
  service_count = 0
  process_limit = 4
}
service imap {
  process_limit = 4000
}
";

/// As `tests/dovecot/dovecot.conf` calls it.
pub const SENT: &str = "Verzonden post";

/// What is known of the provider before the first mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// It puts what it takes into Sent, and Loket knows.
    Kept,
    /// Loket takes it to do so, and nothing depends on it.
    Assumed,
    /// It does not, and nobody knows yet.
    Unknown,
}

/// Everything.
pub struct Post {
    pub lab: Lab,
    pub dovecot: Dovecot,
    pub peer: Peer,
    certificates: PathBuf,
}

/// Where the shops' mail lies and leaves.
pub struct Servers {
    pub dovecot: Dovecot,
    /// Who vouches for both, PEM.
    pub roots: String,
    /// `smtp` of a mailbox's settings.
    pub smtp: Value,
    /// The account of the shop of this number, in both.
    pub user: fn(usize) -> String,
}

impl Post {
    /// So many shops, each with a mailbox of its own, whose replies a peer of ours takes.
    pub async fn new(name: &str, shops: usize, copies: Copies) -> Self {
        let users: Vec<String> = (0..shops).map(user).collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let dovecot = Dovecot::start_configured(&users, 10, MANY);
        let authority = Authority::new();
        let peer = Peer::start(&authority, false).await;
        let roots = format!("{}{}", dovecot.root, authority.pem());
        let smtp = json!({ "host": "localhost", "port": peer.port, "security": "tls" });
        Self::on(name, shops, copies, peer, Servers { dovecot, roots, smtp, user }).await
    }

    /// The same on these servers.
    pub async fn on(
        name: &str,
        shops: usize,
        copies: Copies,
        peer: Peer,
        servers: Servers,
    ) -> Self {
        let Servers { dovecot, roots, smtp, user } = servers;
        let mut lab = Lab::new(name);
        let certificates = lab.root().join("ca.pem");
        fs::write(&certificates, roots).unwrap();
        let common = lab.common().clone();
        let database =
            database::open(&common, DATABASE, Content::Keep, OnProgress::default()).await.unwrap();
        lab.make_shops_in(&database.store, shops).await;
        lab.owner = Some(database.owner.clone());
        let keys = KeySource::in_data_dir(&common.data_dir);
        let vault = Vault::open(keys, &database.store, serving::now()).await.unwrap();
        let behind = connect(&database.owner).await;
        // What comes in goes out by the mailbox, not by a directory.
        behind.batch_execute("delete from public.mailboxes where kind = 'maildir'").await.unwrap();
        for (number, shop) in lab.shops.iter().enumerate() {
            let id = MailboxId::new();
            let password = Secret::new(format!("geheim {}", user(number)));
            let sealed = vault.seal(SecretRow::of_mailbox(shop.made.tenant, id), &password);
            let mailbox = NewMailbox {
                id,
                kind: MailboxKind::Imap,
                address: mails::address(number),
                config: json!({
                    "imap": { "host": "localhost", "port": dovecot.imaps, "security": "tls" },
                    "smtp": smtp,
                    "user": user(number),
                    "authserv_id": AUTHSERV_ID,
                    "send_limit": { "mails": 100_000, "seconds": 3600 },
                }),
                secret_encrypted: Some(sealed.unwrap()),
            };
            let insert = async |tx: &store::TenantTx| store::mailboxes::insert(tx, &mailbox).await;
            database.store.as_user(&shop.made.claims(), insert).await.unwrap();
        }
        if copies != Copies::Unknown {
            let known = "update public.mailboxes set sent_copies = 'kept'";
            behind.batch_execute(known).await.unwrap();
        }
        drop(behind);
        database.stop().await.unwrap();
        let post = Self { lab, dovecot, peer, certificates };
        if copies == Copies::Kept {
            post.keep_copies();
        }
        post
    }

    /// What the provider takes turns up in Sent a moment later.
    fn keep_copies(&self) {
        let (peer, sents) = (self.peer.clone(), self.sents());
        tokio::spawn(async move {
            let mut kept = 0;
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let taken = peer.taken();
                for mail in taken.iter().skip(kept) {
                    let number: usize = mail
                        .from
                        .trim_start_matches("service@winkel")
                        .split('.')
                        .next()
                        .unwrap()
                        .parse()
                        .unwrap();
                    put_into(&sents[number], &format!("kopie.{kept}"), &mail.bytes);
                    kept += 1;
                }
            }
        });
    }

    fn sents(&self) -> Vec<PathBuf> {
        let folder = |number| self.dovecot.maildir(&user(number)).join(format!(".{SENT}"));
        (0..self.lab.shops.len()).map(folder).collect()
    }

    /// Starts the server.
    pub fn serve(&self) -> Server {
        self.serve_with("3")
    }

    /// With a lease of so many seconds.
    pub fn serve_with(&self, lease: &str) -> Server {
        self.serve_with_more(lease, &[])
    }

    pub fn serve_with_more(&self, lease: &str, more: &[&str]) -> Server {
        let ca = self.certificates.to_str().unwrap();
        let settle = ["--settle-seconds", "10", "--private-mail-hosts", "--mail-ca", ca];
        self.lab.serve(&[&["--lease-seconds", lease], &settle[..], more].concat())
    }

    /// The file that lets another node reach the mail servers.
    pub fn certificates(&self) -> &str {
        self.certificates.to_str().unwrap()
    }

    /// A mail arrives in the inbox of the shop of this number.
    pub fn arrive(&self, shop: usize, name: &str, raw: &[u8]) {
        put_into(&self.dovecot.maildir(&user(shop)), name, raw);
    }

    /// Somebody sends a mail from the shop's mailbox with a program of their own.
    pub fn sent_by_hand(&self, shop: usize, name: &str, raw: &[u8]) {
        put_into(&self.sents()[shop], name, raw);
    }

    /// A connection that sees and may do everything; anew for each use, as servers come and go.
    pub async fn behind(&self) -> Client {
        let begun = Instant::now();
        loop {
            if let Some(client) = self.try_behind().await {
                return client;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "no database\n{}", self.lab.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn try_behind(&self) -> Option<Client> {
        let data_dir = self.lab.common().data_dir.canonicalize().ok()?;
        let mut owner = store::managed::look(&Options::new(data_dir)).await.ok()?.running?;
        owner.dbname(DATABASE);
        let (client, connection) = owner.connect(NoTls).await.ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    /// A number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        self.try_count(sql).await.unwrap()
    }

    async fn try_count(&self, sql: &str) -> Result<i64, tokio_postgres::Error> {
        let sql = format!("select count(*) from {sql}");
        Ok(self.behind().await.query_one(&sql, &[]).await?.get(0))
    }

    /// Waits until the number is this one.
    pub async fn until(&self, sql: &str, wanted: i64) {
        self.until_within(sql, wanted, Duration::from_mins(1)).await;
    }

    /// The same with more patience.
    pub async fn until_within(&self, sql: &str, wanted: i64, patience: Duration) {
        let begun = Instant::now();
        loop {
            // Whatever is killed meanwhile is back a moment later.
            let found = self.try_count(sql).await;
            if found.as_ref().ok() == Some(&wanted) {
                return;
            }
            let late = begun.elapsed() > patience;
            assert!(!late, "{sql}: {found:?}, not {wanted}\n{}", self.lab.log());
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// Waits until so many mails were taken by the provider, and returns them.
    pub async fn taken(&self, wanted: usize) -> Vec<Taken> {
        let begun = Instant::now();
        while self.peer.taken().len() < wanted {
            let late = begun.elapsed() > Duration::from_mins(1);
            assert!(!late, "{} of {wanted} replies\n{}", self.peer.taken().len(), self.lab.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.peer.taken()
    }
}

/// Puts a mail under this name into a mail directory, folder or inbox, as a delivery would.
pub fn put_into(directory: &Path, name: &str, mail: &[u8]) {
    for part in ["tmp", "new", "cur"] {
        let part = directory.join(part);
        if !part.exists() {
            fs::create_dir_all(&part).unwrap();
            let user = directory.ancestors().skip(1).take(2);
            for path in user.chain([directory, &part]) {
                give(path);
            }
        }
    }
    let temporary = directory.join("tmp").join(name);
    fs::write(&temporary, mail).unwrap();
    give(&temporary);
    fs::rename(temporary, directory.join("new").join(name)).unwrap();
}

/// Root's Dovecot runs as `nobody`, who has to read it.
fn give(path: &Path) {
    if rustix::process::geteuid().is_root() {
        let _ = std::os::unix::fs::chown(path, Some(65_534), Some(65_534));
    }
}

/// The account of the shop of this number.
pub fn user(number: usize) -> String {
    format!("winkel{number}")
}

async fn connect(owner: &store::Config) -> Client {
    let (client, connection) = owner.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A customer's mail that is answered by itself.
pub fn wish(shop: usize, number: u32) -> Vec<u8> {
    written(shop, number, "", &format!("Ik wil bestelling {} annuleren.", 10_000 + number))
}

/// A customer's mail, with more lines in its header.
pub fn written(shop: usize, number: u32, header: &str, text: &str) -> Vec<u8> {
    let from = format!("klant{number}@klant.example");
    format!(
        "Authentication-Results: {AUTHSERV_ID};\r\n spf=pass smtp.mailfrom={from};\r\n \
         dkim=pass header.i=@klant.example;\r\n dmarc=pass header.from=klant.example\r\n\
         From: Sanne <{from}>\r\nTo: {}\r\nSubject: Bestelling\r\n\
         Message-ID: <m{number}.{}@klant.example>\r\n{header}\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Hallo,\r\n\r\n{text}\r\n\r\nGroet,\r\nSanne\r\n",
        mails::address(shop),
        text.len(),
    )
    .into_bytes()
}
