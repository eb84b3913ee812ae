//! Two shops on a real Postgres, their mail worked by the real pipeline: the demo shop with the
//! sample mailbox, and a neighbour whose only customer is hostile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use domain::contract::RuleKey;
use loket::config::Common;
use loket::database::Database;
use loket::jobs::{Pace, Workers};
use loket::shop_file::{FilterEntry, ShopFile};
use loket::web::{Access, State, router};
use serde_json::json;
use store::filters::FilterValue;
use store::mailboxes::{MailboxKind, NewMailbox};
use store::rules::NewRuleVersion;
use store::shops::{NewShop, ShopSettings};
use store::{Claims, Logins, MailboxId, Store, TenantId, UserId};
use tokio_postgres::{Client, NoTls};

use crate::cluster::Cluster;

pub const KEY: &str = "5f0d1c7b9a3e48626f1b0c9d8e7a65544332211000ffeeddccbbaa9988776655";

/// What a stranger may try in every field that reaches a page.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// Everything that runs.
pub struct Counter {
    pub store: Arc<Store>,
    pub shop: Claims,
    pub neighbour: Claims,
    /// As superuser, for looking behind the doors.
    pub behind: Client,
    dir: PathBuf,
    _workers: Workers,
    _cluster: Cluster,
}

impl Counter {
    /// Opens with the sample mails up to this number.
    pub async fn open(last: usize) -> Self {
        let cluster = Cluster::start("loket_super");
        let owner = cluster.superuser("postgres");
        store::migrate::migrate(&owner).await.unwrap();
        let store = Arc::new(Store::connect(&Logins::beside(&owner, None)).await.unwrap());
        let (behind, connection) = owner.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let dir = std::env::temp_dir().join(format!("loket-web-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir_all(&dir).unwrap();

        let admin = UserId::new();
        assert!(store::users::create(&store, admin, "admin@loket.example", "x").await.unwrap());
        store::users::make_platform_admin(&store, "admin@loket.example").await.unwrap();
        let demo = ShopFile::demo().unwrap();
        let mut other = ShopFile::demo().unwrap();
        other.shop.bedrijfsnaam = format!("Buurman {HOSTILE}");
        "info@buurman.example".clone_into(&mut other.shop.gmail_email);
        let shop = open_shop(&store, admin, &demo, &dir.join("a")).await;
        let neighbour = open_shop(&store, admin, &other, &dir.join("b")).await;

        let common = Common {
            data_dir: dir.clone(),
            listen: "127.0.0.1:0".parse().unwrap(),
            database_url: None,
            postgres_bin: None,
        };
        let database = Database { store: Arc::clone(&store), managed: None, owner };
        let desk = loket::serving::desk(&common, &database).unwrap();
        let pace = Pace { poll: Duration::from_millis(200), ..Pace::default() };
        let workers = Workers::start(&desk, pace);
        let counter = Self {
            store,
            shop,
            neighbour,
            behind,
            dir: dir.clone(),
            _workers: workers,
            _cluster: cluster,
        };
        drop_in(&dir.join("b"), "hostile", hostile_mail().as_bytes(), Duration::ZERO);
        counter.load_sample(&dir.join("a"), last).await;
        counter
    }

    /// The pages of the demo shop.
    pub fn pages(&self) -> Router {
        self.pages_of(self.shop)
    }

    pub fn pages_of(&self, user: Claims) -> Router {
        let access = Access { key: KEY.to_owned(), user };
        router(State::new(Arc::clone(&self.store), access))
    }

    /// A mail to the neighbour, until it is decided on: its conversation, and itself.
    pub async fn receive(&self, id: &str, raw: &[u8]) -> (uuid::Uuid, uuid::Uuid) {
        self.receive_in("b", id, raw).await
    }

    /// A mail to the demo shop.
    pub async fn receive_own(&self, id: &str, raw: &[u8]) -> (uuid::Uuid, uuid::Uuid) {
        self.receive_in("a", id, raw).await
    }

    async fn receive_in(&self, shop: &str, id: &str, raw: &[u8]) -> (uuid::Uuid, uuid::Uuid) {
        drop_in(&self.dir.join(shop), id, raw, Duration::ZERO);
        let query = "select thread_id, id from public.customer_interactions
                     where message_id = $1 and state <> 'received'";
        let message_id = format!("{id}@example.net");
        for _ in 0..600 {
            if let Some(row) = self.behind.query_opt(query, &[&message_id]).await.unwrap() {
                return (row.get(0), row.get(1));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{id} was not worked in time");
    }

    /// Mails that answer ours go in once ours was sent, with its real Message-ID.
    async fn load_sample(&self, place: &Path, last: usize) {
        let mut files: Vec<PathBuf> =
            fs::read_dir(sample()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
        files.sort();
        files.truncate(last);
        let many = files.len();
        for (number, path) in files.iter().enumerate() {
            // Byte for byte: some of them are not UTF-8. Where ours is named, they are ASCII.
            let mut raw = fs::read(path).unwrap();
            if let Ok(mut text) = String::from_utf8(raw.clone()) {
                while let Some((_, behind)) = text.split_once("<reply-to:") {
                    let stem = behind.split_once("@sample>").unwrap().0.to_owned();
                    self.settled(number).await;
                    let ours = self.reply_to(&stem).await;
                    text = text.replace(&format!("<reply-to:{stem}@sample>"), &format!("<{ours}>"));
                }
                raw = text.into_bytes();
            }
            let left = u32::try_from(many - number).unwrap();
            let age = Duration::from_mins(37) * left.saturating_sub(1) + Duration::from_mins(7);
            let stem = path.file_stem().unwrap().to_str().unwrap();
            drop_in(place, stem, &raw, age);
        }
        self.settled(many).await;
    }

    /// Waits until this many sample mails are in and every job is done.
    async fn settled(&self, mails: usize) {
        let query = "select (select count(*) from public.raw_messages),
            (select count(*) from public.jobs where state = 'due')";
        let wanted = i64::try_from(mails).unwrap() + 1;
        for _ in 0..1500 {
            let row = self.behind.query_one(query, &[]).await.unwrap();
            let (stored, jobs): (i64, i64) = (row.get(0), row.get(1));
            if stored >= wanted && jobs == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the mails were not worked in time");
    }

    async fn reply_to(&self, stem: &str) -> String {
        let raw = fs::read_to_string(sample().join(format!("{stem}.eml"))).unwrap();
        let line = raw.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap();
        let theirs = line.split_once('<').unwrap().1.split_once('>').unwrap().0;
        let query = "select o.message_id from public.outbox o
            join public.customer_interactions i on i.tenant_id = o.tenant_id and i.id = o.interaction_id
            where i.message_id = $1";
        let rows = self.behind.query(query, &[&theirs]).await.unwrap();
        rows.first().map_or_else(|| "none@loket.example".to_owned(), |row| row.get(0))
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample")
}

fn drop_in(place: &Path, name: &str, raw: &[u8], age: Duration) {
    let new = place.join("in/new");
    let path = place.join(name);
    fs::write(&path, raw).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(SystemTime::from(loket::serving::now()) - age)
        .unwrap();
    fs::rename(path, new.join(format!("{name}.eml"))).unwrap();
}

fn hostile_mail() -> String {
    let name = HOSTILE.replace('"', "\\\"");
    format!(
        "Authentication-Results: mx.google.com; dmarc=pass header.from=example.net\r\n\
         From: \"{name}\" <boef@example.net>\r\nTo: info@buurman.example\r\nSubject: {HOSTILE}\r\n\
         Message-ID: <hostile@example.net>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {HOSTILE}\r\nIk wil mijn bestelling BB-1 retourneren.\r\n\r\n\
         On Mon, Nov 16, 2026 at 9:00, Eva <eva@buurman.example> wrote:\r\n> {HOSTILE}\r\n"
    )
}

/// Registered, approved, set up, with a mail directory.
async fn open_shop(store: &Store, admin: UserId, file: &ShopFile, place: &Path) -> Claims {
    for folder in ["in/new", "in/cur", "in/tmp", "out"] {
        fs::create_dir_all(place.join(folder)).unwrap();
    }
    let (user, tenant) = (UserId::new(), TenantId::new());
    let settings = &file.shop;
    assert!(store::users::create(store, user, &settings.gmail_email, "x").await.unwrap());
    let waiting = Claims { user_id: user, tenant_id: None };
    let new = NewShop {
        tenant_id: tenant,
        bedrijfsnaam: settings.bedrijfsnaam.clone(),
        gmail_email: settings.gmail_email.clone(),
        shop_url: settings.shop_url.clone(),
        sector: settings.sector.clone(),
        taalvoorkeur: settings.taalvoorkeur.clone(),
        retouradres: settings.retouradres.clone(),
    };
    store.as_user(&waiting, async |tx| store::shops::register(tx, &new).await).await.unwrap();
    let approved = store.as_admin(admin, async |tx| store::shops::approve(tx, tenant).await).await;
    assert!(approved.unwrap());
    let claims = Claims { user_id: user, tenant_id: Some(tenant) };
    store.as_user(&claims, async |tx| set_up(tx, file).await).await.unwrap();
    let mailbox = NewMailbox {
        id: MailboxId::new(),
        kind: MailboxKind::Maildir,
        address: settings.gmail_email.clone(),
        config: json!({
            "directory": place.join("in"),
            "outgoing": place.join("out"),
            "authserv_id": "mx.google.com",
        }),
        secret_encrypted: None,
    };
    store::mailboxes::add_directory(store, tenant, &mailbox).await.unwrap();
    claims
}

async fn set_up(tx: &store::TenantTx, file: &ShopFile) -> store::Result<()> {
    let settings = &file.shop;
    let changed = ShopSettings {
        bedrijfsnaam: settings.bedrijfsnaam.clone(),
        shop_url: settings.shop_url.clone(),
        ai_persona_name: settings.ai_persona_name.clone(),
        taalvoorkeur: settings.taalvoorkeur.clone(),
        retouradres: settings.retouradres.clone(),
        dagen_instellingen: json!({ "reply": settings.reply_days }),
        signature_html: settings.signature_html.clone(),
        automatic_sending: settings.automatic_sending,
    };
    store::shops::save_settings(tx, &changed).await?;
    store::sending::save_wishes(tx, settings.undo_seconds, settings.max_reply_age_hours).await?;
    for key in RuleKey::ALL {
        let rule = NewRuleVersion {
            rule_key: *key,
            started_from: 0,
            enabled: true,
            rule_config: file.rule_config(*key),
            html_template: json!({}),
        };
        store::rules::save(tx, &rule).await?;
    }
    for filter in &file.filters {
        let FilterEntry { filter_type, email_address, domain, is_regex } = filter.clone();
        let value =
            email_address.map(FilterValue::Address).or(domain.map(FilterValue::Domain)).unwrap();
        store::filters::insert(tx, filter_type, &value, is_regex).await?;
    }
    Ok(())
}
