//! A real Postgres for the tests: one cluster per binary, one migrated template, a database each.

mod cluster;
mod world;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use store::{Config, Logins, Store};
use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::{Client, NoTls};

pub use cluster::Cluster;
pub use world::{
    Shop, World, answer_write, incoming, minutes_past, new_interaction, new_outbox, no_lease,
};

static TEMPLATE: OnceCell<()> = OnceCell::const_new();
static CREATING: Mutex<()> = Mutex::const_new(());
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The cluster of this binary.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start("loket_super"))
}

/// A database of its own, migrated.
pub struct Database {
    pub name: String,
    pub store: Store,
    /// As superuser, for looking behind the doors.
    pub behind: Client,
}

impl Database {
    /// A fresh one with the default pool sizes.
    pub async fn new() -> Self {
        Self::with_pool(8).await
    }

    /// A fresh one with `pool_size` connections per kind of caller.
    pub async fn with_pool(pool_size: usize) -> Self {
        let name = create_from_template().await;
        let owner = cluster().superuser(&name);
        let mut logins = Logins::beside(&owner, None);
        logins.pool_size = pool_size;
        let store = Store::connect(&logins).await.unwrap();
        let behind = connect(&owner).await;
        Self { name, store, behind }
    }
}

/// An empty database without anything of ours.
pub async fn empty_database(cluster: &Cluster) -> String {
    let name = fresh_name();
    let client = connect(&cluster.superuser("postgres")).await;
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    name
}

/// Connects and lets the connection run beside the test.
pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn create_from_template() -> String {
    TEMPLATE
        .get_or_init(|| async {
            let client = connect(&cluster().superuser("postgres")).await;
            client.batch_execute("create database loket_template").await.unwrap();
            store::migrate::migrate(&cluster().superuser("loket_template")).await.unwrap();
        })
        .await;
    let name = fresh_name();
    let _one_at_a_time = CREATING.lock().await;
    let client = connect(&cluster().superuser("postgres")).await;
    // The migrating connection may take a moment to be gone.
    for _ in 0..50 {
        let create = format!("create database {name} template loket_template");
        match client.batch_execute(&create).await {
            Ok(()) => return name,
            Err(error) if error.code().is_some_and(|code| code.code() == "55006") => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("the template stayed in use")
}

fn fresh_name() -> String {
    format!("loket_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Compares with a file of the repository; `UPDATE_EXPECT=1` writes it anew.
pub fn expect_file(path: &str, actual: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != actual {
        let mut lines = expected.lines();
        let differing = actual.lines().enumerate().find(|(_, line)| lines.next() != Some(*line));
        panic!("{} is out of date, first at {differing:?}; UPDATE_EXPECT=1", path.display());
    }
}
