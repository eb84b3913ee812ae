//! A Postgres of Loket's own, for when nobody names another.
//!
//! Start at [`Managed::start`]: it finds the server programs (`binaries`), settles where the data
//! goes and who owns it (`place`, `account`), makes the cluster once (`cluster`, `settings`), and
//! adopts or starts the server (`postmaster`). [`Managed::supervise`] then keeps it up.
//!
//! It must not know Loket's tables or roles: it hands out connection settings, and what is inside
//! the databases is the rest of this crate's business. Why it is built this way, and what it
//! costs: `docs/adr/0010-private-postgres.md`.

mod account;
mod binaries;
mod cluster;
mod connect;
mod durability;
mod error;
mod look;
mod place;
mod postmaster;
mod progress;
mod settings;
mod supervise;
mod tcp;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use self::account::Account;
use self::place::Place;
use self::postmaster::{Ground, Postmaster, Readiness};
use self::settings::Listen;

pub use self::binaries::Binaries;
pub use self::durability::check_durability;
pub use self::error::Error;
pub use self::look::{Seen, look};
pub use self::progress::{OnProgress, Progress};
pub use self::tcp::Tcp;

/// The role initdb makes, which owns the cluster. For migrations only, never for serving.
const SUPERUSER: &str = "postgres";
/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the private Postgres is to be run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Loket's data directory; the cluster goes into `postgres/` below it. Made if missing.
    pub data_dir: PathBuf,
    /// Where the server programs are.
    pub binaries: Binaries,
    /// Whether other programs on this machine may connect by TCP.
    pub tcp: Tcp,
    /// Where root's cluster goes when `data_dir` lies where the server's account cannot enter.
    pub elsewhere: PathBuf,
    /// Is told what happens.
    pub progress: OnProgress,
}

impl Options {
    /// The defaults: search for the programs, no TCP, `/var/lib/loket` as the way out, no reports.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries: Binaries::default(),
            tcp: Tcp::default(),
            elsewhere: PathBuf::from("/var/lib/loket"),
            progress: OnProgress::default(),
        }
    }
}

/// A running private Postgres.
///
/// Holds the data directory's lock for as long as it lives. Dropping it without [`Self::stop`]
/// leaves the server running, as a crash of Loket would; the next start adopts it.
#[derive(Debug)]
pub struct Managed {
    options: Options,
    place: Place,
    account: Account,
    listen: Listen,
    /// `None` once stopped.
    postmaster: Mutex<Option<Postmaster>>,
}

impl Managed {
    /// Brings the server up, from whatever state it was left in, and waits until it answers.
    pub async fn start(options: &Options) -> Result<Self, Error> {
        let begun = Instant::now();
        let mut place = Place::open(&options.data_dir)?;
        let account = Account::choose(&place.cluster()).await?;
        if let Some(directory) = place.settle(&account, &options.elsewhere).await? {
            options
                .progress
                .tell(&Progress::Elsewhere { directory, account: account.name.clone() });
        }
        let cluster = place.cluster();
        if cluster::major(&cluster)?.is_none() {
            let installed = binaries::find(&options.binaries, &cluster, None, &account).await?;
            options
                .progress
                .tell(&Progress::Making { major: installed.major, directory: cluster.clone() });
            cluster::make(&place, &account, &installed).await?;
        }
        let socket_directory = place.socket_directory(&account)?;
        let (tcp, port) = tcp::choose(options.tcp, &place.beside("port"))?;
        let managed = Self {
            options: options.clone(),
            place,
            account,
            listen: Listen { socket_directory, port, tcp },
            postmaster: Mutex::new(None),
        };
        let postmaster = managed.adopt_or_start().await?;
        managed.postmaster.lock().await.replace(postmaster);
        if tcp {
            let password = tcp::password(&managed.password_file())?;
            connect::set_password(&managed.superuser_config(), &password).await?;
        }
        options.progress.tell(&Progress::Ready { took: begun.elapsed() });
        Ok(managed)
    }

    /// Uses the server that runs, if its settings are the ones wanted; starts one otherwise.
    async fn adopt_or_start(&self) -> Result<Postmaster, Error> {
        let cluster = self.place.cluster();
        let changed = settings::write(&cluster, &self.listen, &self.account)?;
        let config = self.superuser_config();
        let startup_log = self.place.beside("startup.log");
        let ground = Ground {
            cluster: &cluster,
            startup_log: &startup_log,
            account: &self.account,
            config: &config,
            socket: &self.socket(),
        };
        if let Some(mut running) = postmaster::running(&cluster).await? {
            // Something that tidies temporary directories may have taken its socket.
            let readiness =
                if changed { Readiness::Unreachable } else { running.wait_ready(&ground).await? };
            match readiness {
                Readiness::Ready => {
                    self.options.progress.tell(&Progress::Adopted { pid: running.pid });
                    return Ok(running);
                }
                Readiness::Unreachable => {
                    self.options.progress.tell(&Progress::Restarting { pid: running.pid });
                    running.stop(&cluster).await?;
                }
                Readiness::Ended => {}
            }
        }
        let major = cluster::major(&cluster)?;
        let installed =
            binaries::find(&self.options.binaries, &cluster, major, &self.account).await?;
        self.options.progress.tell(&Progress::Starting {
            major: installed.major,
            binaries: installed.directory.clone(),
        });
        Postmaster::start(&ground, &installed).await
    }

    /// Starts the server again at the address it had.
    async fn revive(&self) -> Result<Postmaster, Error> {
        // A temporary directory may have been swept away together with the socket.
        let directory = self.place.socket_directory(&self.account)?;
        if directory != self.listen.socket_directory {
            let detail = format!("{} is not ours any more", self.listen.socket_directory.display());
            return Err(Error::NoSocketDirectory { detail });
        }
        self.adopt_or_start().await
    }

    /// How to connect as the cluster's superuser. For migrations and administration only.
    pub fn superuser_config(&self) -> Config {
        self.config_for(SUPERUSER, "postgres")
    }

    /// How to connect as `role` to `database`, over the socket. No password: reaching the socket
    /// is the proof.
    pub fn config_for(&self, role: &str, database: &str) -> Config {
        let mut config = Config::new();
        config
            .host_path(&self.listen.socket_directory)
            .port(self.listen.port)
            .user(role)
            .dbname(database)
            .ssl_mode(SslMode::Disable)
            .application_name("loket")
            .connect_timeout(CONNECT_TIMEOUT);
        config
    }

    /// The TCP port on 127.0.0.1, where [`Options::tcp`] asked for one.
    pub fn tcp_port(&self) -> Option<u16> {
        self.listen.tcp.then_some(self.listen.port)
    }

    /// The file (mode 0600) with the superuser's password for TCP.
    pub fn password_file(&self) -> PathBuf {
        self.place.beside("password")
    }

    /// Where the server's programs are; `psql` and `pgbench` lie there too where they are
    /// installed.
    pub async fn programs(&self) -> Result<PathBuf, Error> {
        let cluster = self.place.cluster();
        let major = cluster::major(&cluster)?;
        let found = binaries::find(&self.options.binaries, &cluster, major, &self.account).await?;
        Ok(found.directory)
    }

    /// Postgres' own data directory, for messages and `loket doctor`.
    pub fn cluster_directory(&self) -> PathBuf {
        self.place.cluster()
    }

    /// The directory of the Unix socket, for `psql -h`.
    pub fn socket_directory(&self) -> PathBuf {
        self.listen.socket_directory.clone()
    }

    fn socket(&self) -> PathBuf {
        self.listen.socket_directory.join(format!(".s.PGSQL.{}", self.listen.port))
    }

    /// Makes database `name` unless it is there; says whether it was made.
    pub async fn ensure_database(&self, name: &str) -> Result<bool, Error> {
        connect::create_database(&self.superuser_config(), name).await
    }

    /// Drops database `name`, with everything in it and whoever is connected: for the demo and
    /// for benchmarks. Says whether it was there.
    pub async fn drop_database(&self, name: &str) -> Result<bool, Error> {
        connect::drop_database(&self.superuser_config(), name).await
    }

    /// The server's process id; `None` once stopped.
    pub async fn pid(&self) -> Option<i32> {
        self.postmaster.lock().await.as_ref().map(|postmaster| postmaster.pid)
    }

    /// Stops the server: open transactions are rolled back, what was committed is on disk.
    /// Stopping twice is no error. The lock is kept until this value is dropped.
    pub async fn stop(&self) -> Result<(), Error> {
        let mut postmaster = self.postmaster.lock().await;
        if let Some(running) = postmaster.as_mut() {
            running.stop(&self.place.cluster()).await?;
            *postmaster = None;
        }
        Ok(())
    }
}
