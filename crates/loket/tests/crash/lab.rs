//! A directory, shops in it, and server processes to be killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use loket::config::Common;
use loket::database::{self, Content, DATABASE};
use loket::shop_file::ShopFile;
use loket::shop_setup::{self, Folders, MadeShop};
use rustix::process::{Pid, Signal};
use store::managed::OnProgress;
use store::{Config, Logins, Store};

use super::mails;

/// A directory that goes with the test, and the Postgres in it as well.
pub struct Lab {
    root: PathBuf,
    common: Common,
    /// How the owner of the private Postgres connects.
    pub owner: Option<Config>,
    /// What was made in it.
    pub shops: Vec<LabShop>,
}

/// A shop with its mail directories.
#[derive(Debug, Clone)]
pub struct LabShop {
    /// Its rows.
    pub made: MadeShop,
    /// Its mail.
    pub folders: Folders,
    /// Its values.
    pub file: ShopFile,
}

impl Lab {
    /// An empty directory. World-readable: a private Postgres started by root runs as another
    /// account, which has to get there.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = PathBuf::from(format!("/tmp/lkt-{}-{number}-{name}", std::process::id()));
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let root = root.canonicalize().unwrap();
        let common = Common {
            data_dir: root.join("data"),
            listen: "127.0.0.1:0".parse().unwrap(),
            database_url: None,
            postgres_bin: None,
        };
        Self { root, common, owner: None, shops: Vec::new() }
    }

    /// What the command line would have said.
    pub const fn common(&self) -> &Common {
        &self.common
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes shops in the private Postgres and stops it again.
    pub async fn make_shops(&mut self, count: usize) {
        let database = database::open(&self.common, DATABASE, Content::Keep, OnProgress::default())
            .await
            .unwrap();
        self.make_shops_in(&database.store, count).await;
        self.owner = Some(database.owner.clone());
        database.stop().await.unwrap();
    }

    /// Makes shops in this database.
    pub async fn make_shops_in(&mut self, store: &Store, count: usize) {
        let admin = shop_setup::make_admin(store).await.unwrap();
        for number in 0..count {
            let mut file = ShopFile::demo().unwrap();
            file.shop.gmail_email = mails::address(number);
            let folders = Folders::make(&self.root.join(format!("mail{number}"))).unwrap();
            let owner = format!("eigenaar{number}@winkel.example");
            let made = shop_setup::make(store, admin, &owner, &file, &folders).await.unwrap();
            self.shops.push(LabShop { made, folders, file });
        }
    }

    /// A way into the private Postgres while a server runs on it.
    pub async fn look_in(&self) -> store::Result<Store> {
        Store::connect(&Logins::beside(self.owner.as_ref().expect("shops were made"), None)).await
    }

    /// Starts `loket serve`; what it logs is appended to `serve.log`.
    pub fn serve(&self, extra: &[&str]) -> Server {
        self.serve_in(&self.common.data_dir, "serve.log", None, extra)
    }

    /// Starts a node on a data directory, with a log of its own.
    pub fn serve_in(
        &self,
        data_dir: &Path,
        log: &str,
        database_url: Option<&str>,
        extra: &[&str],
    ) -> Server {
        let log = self.root.join(log);
        let file = fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let said_before = file.metadata().unwrap().len();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loket"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(extra);
        command.arg("--data-dir").arg(data_dir);
        command
            .env_remove("LOKET_DATABASE_URL")
            .env("LOKET_LOG", "warn,loket=debug")
            .env("NO_COLOR", "1");
        if let Some(url) = database_url {
            command.env("LOKET_DATABASE_URL", url);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Server { child: command.spawn().unwrap(), log, said_before }
    }

    /// What the servers logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root.join("serve.log")).unwrap_or_default()
    }

    /// The process number of the private Postgres, while it runs.
    pub fn postmaster(&self) -> Option<i32> {
        pid_in(&self.common.data_dir.join("postgres/cluster"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for place in ["data", "theirs"] {
            if let Some(pid) = pid_in(&self.root.join(place).join("postgres/cluster")) {
                kill(pid, Signal::QUIT);
                std::thread::sleep(Duration::from_millis(500));
            }
        }
        if std::thread::panicking() {
            eprintln!("the directory is kept: {}", self.root.display());
        } else {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// The server of this cluster. While one is being started its file names the starter, and
/// after a crash anybody, so the process itself is asked too.
fn pid_in(cluster: &Path) -> Option<i32> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    (line.contains("postgres\0-D") && line.contains(&*cluster.to_string_lossy())).then_some(pid)
}

/// Puts a mail into a mailbox the way a mail server does: written beside it, then renamed.
pub fn put(folders: &Folders, name: &str, raw: &[u8]) {
    let temporary = folders.inbox.join("tmp").join(name);
    fs::write(&temporary, raw).unwrap();
    fs::rename(temporary, folders.inbox.join("new").join(name)).unwrap();
}

/// A server process. Ended with the value.
pub struct Server {
    child: Child,
    log: PathBuf,
    said_before: u64,
}

impl Server {
    /// Its process number.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// What this process logged.
    pub fn log(&self) -> String {
        let all = fs::read(&self.log).unwrap_or_default();
        let own = usize::try_from(self.said_before).unwrap().min(all.len());
        String::from_utf8_lossy(all.split_at(own).1).into_owned()
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self, patience: Duration) {
        let begun = Instant::now();
        while !self.log().contains("serve: ready") {
            assert!(self.ended().is_none() && begun.elapsed() < patience, "{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it ended by itself.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.end();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal);
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self, patience: Duration) -> std::process::ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(begun.elapsed() < patience, "the server did not end within {patience:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends a signal to a process that may be gone already.
pub fn kill(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// The children of a process, as /proc tells; none where there is no /proc.
pub fn children(parent: i32) -> Vec<i32> {
    let stat = |pid: i32| -> Option<i32> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| stat(*pid) == Some(parent))
        .collect()
}
