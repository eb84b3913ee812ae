//! A database of its own on one cluster, a data directory, and the real binary on both.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use loket::secrets::{KeySource, Vault};
use serde_json::Value;
use store::{Config, Logins, Store};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

use crate::cluster::Cluster;

pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start("loket_super"))
}

/// What the binary said.
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The lines of standard output as JSON.
    pub fn json(&self) -> Vec<Value> {
        assert!(self.ok, "{}", self.err);
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub struct Lab {
    pub data_dir: PathBuf,
    pub owner: Config,
    pub url: String,
    pub store: Store,
    /// As superuser, for looking behind the doors.
    pub behind: Client,
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.data_dir));
    }
}

/// Connects and lets the connection run beside the test.
pub async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// How the command line names this database.
pub fn url_of(config: &Config) -> String {
    let Some(Host::Unix(socket)) = config.get_hosts().first() else { panic!("no socket") };
    let socket = socket.display().to_string().replace('/', "%2F");
    format!("postgres://{}@{socket}/{}", config.get_user().unwrap(), config.get_dbname().unwrap())
}

pub async fn empty_database() -> Config {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("lab_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let client = connect(&cluster().superuser("postgres")).await;
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    cluster().superuser(&name)
}

impl Lab {
    pub async fn new() -> Self {
        let owner = empty_database().await;
        store::migrate::migrate(&owner).await.unwrap();
        let store = Store::connect(&Logins::beside(&owner, None)).await.unwrap();
        let name = format!("loket-secrets-{}", uuid::Uuid::now_v7().simple());
        let data_dir = std::env::temp_dir().join(name);
        fs::create_dir(&data_dir).unwrap();
        let behind = connect(&owner).await;
        Self { data_dir, url: url_of(&owner), owner, store, behind }
    }

    pub fn keys(&self) -> KeySource {
        KeySource::in_data_dir(&self.data_dir)
    }

    pub fn key_file(&self) -> PathBuf {
        self.data_dir.join("keys/mailbox.ring")
    }

    pub async fn vault(&self) -> Vault {
        Vault::open(self.keys(), &self.store, loket::serving::now()).await.unwrap()
    }

    /// Runs the binary with this standard input.
    pub fn loket(&self, arguments: &[&str], stdin: &str) -> Said {
        self.loket_on(&self.data_dir, arguments, stdin, &[])
    }

    pub fn loket_on(
        &self,
        data_dir: &Path,
        arguments: &[&str],
        stdin: &str,
        variables: &[(&str, &str)],
    ) -> Said {
        // The logins are the cluster's: two commands on two databases would set them at once.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = Command::new(env!("CARGO_BIN_EXE_loket"))
            .args(arguments)
            .arg("--data-dir")
            .arg(data_dir)
            .args(["--database-url", &self.url])
            .env_remove("LOKET_KEY_FILE")
            .env_remove("LOKET_MAILBOX_KEYS")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that asks for nothing may be gone already.
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        Said {
            ok: status.success(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}
