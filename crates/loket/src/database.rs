//! Brings the database up: the private Postgres or somebody's own, migrated and opened.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use store::health::Examination;
use store::managed::{self, Binaries, Managed, OnProgress, Options};
use store::{Config, Logins, Store, migrate};

use tokio::time::Instant;

use crate::config::Common;
use crate::keys;

/// The name of the database in the private Postgres.
pub const DATABASE: &str = "loket";

/// How long a database that goes away or comes up is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open database. Call [`Database::stop`] at the end of a clean exit.
#[derive(Debug)]
pub struct Database {
    /// The way in.
    pub store: Arc<Store>,
    /// The private Postgres, when there is one.
    pub managed: Option<Managed>,
    /// How the owner connects; for migrations and benchmarks only.
    pub owner: Config,
}

impl Database {
    /// Stops the private Postgres.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.store.close();
        if let Some(managed) = self.managed {
            managed.stop().await.context("Postgres could not be stopped")?;
        }
        Ok(())
    }
}

/// What to do with the database's content on opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Keep what is there.
    Keep,
    /// Begin with an empty database: for the demo and for benchmarks, never for a shop.
    Fresh,
}

/// The owner's address of somebody's own Postgres, see [`store::address::read`].
pub fn address(url: &str) -> anyhow::Result<Config> {
    store::address::read(url).context("LOKET_DATABASE_URL cannot be used")
}

/// Starts, migrates and opens the database called `name`.
pub async fn open(
    common: &Common,
    name: &str,
    content: Content,
    progress: OnProgress,
) -> anyhow::Result<Database> {
    let (managed, owner, password) = if let Some(url) = &common.database_url {
        let config = address(url)?;
        // One password for the four runtime logins, known to this installation only.
        (None, config, Some(keys::key(&common.data_dir, "database")?.hex()))
    } else {
        let managed = start_managed(common, progress).await?;
        if content == Content::Fresh {
            managed.drop_database(name).await?;
        }
        let owner = managed.config_for("postgres", name);
        (Some(managed), owner, None)
    };
    let opened = patiently(managed.as_ref(), name, &owner, password.as_deref());
    let store = match &managed {
        // Should it die meanwhile, it is started again.
        Some(managed) => tokio::select! {
            opened = opened => opened?,
            never = managed.supervise() => match never {},
        },
        None => opened.await?,
    };
    Ok(Database { store: Arc::new(store), managed, owner })
}

/// Opens the database for a command that works beside a running server; brings it up where none
/// runs.
pub async fn open_beside(common: &Common) -> anyhow::Result<Database> {
    if common.database_url.is_none()
        && let Some(mut owner) = running(common).await?
    {
        owner.dbname(DATABASE);
        let examination = Examination::begin(&owner).await?;
        if examination.server().await?.pending_migrations > 0 {
            bail!("the running server's database is older than this program: restart the server");
        }
        let store = Store::connect(&Logins::beside(&owner, None)).await?;
        return Ok(Database { store: Arc::new(store), managed: None, owner });
    }
    open(common, DATABASE, Content::Keep, OnProgress::default()).await
}

/// How to reach the private Postgres that runs; `None` while it does not.
async fn running(common: &Common) -> anyhow::Result<Option<Config>> {
    let Ok(data_dir) = common.data_dir.canonicalize() else { return Ok(None) };
    let mut options = Options::new(data_dir);
    if let Some(directory) = &common.postgres_bin {
        options.binaries = Binaries::In(directory.clone());
    }
    Ok(managed::look(&options).await?.running)
}

/// Postgres may die while it is being opened, or an operator's own be on its way up: what
/// passes is tried again for a while.
async fn patiently(
    managed: Option<&Managed>,
    name: &str,
    owner: &Config,
    password: Option<&str>,
) -> anyhow::Result<Store> {
    let begun = Instant::now();
    loop {
        match prepare(managed, name, owner, password).await {
            Err(error) if passes(&error) && begun.elapsed() < PATIENCE => {
                tracing::warn!(error = %format!("{error:#}"), "the database cannot be opened yet");
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            done => return done,
        }
    }
}

fn passes(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<store::Error>().is_some_and(store::Error::is_retryable)
            || cause
                .downcast_ref::<store::managed::Error>()
                .is_some_and(store::managed::Error::is_passing)
    })
}

async fn prepare(
    managed: Option<&Managed>,
    name: &str,
    owner: &Config,
    password: Option<&str>,
) -> anyhow::Result<Store> {
    if let Some(managed) = managed {
        managed.ensure_database(name).await?;
    }
    migrate::migrate(owner).await.context("the database could not be brought up to date")?;
    if let Some(password) = password {
        migrate::set_passwords(owner, password).await?;
    }
    let logins = Logins::beside(owner, password);
    Store::connect(&logins).await.context("the database refused Loket's logins")
}

/// Starts the private Postgres below the data directory.
pub async fn start_managed(common: &Common, progress: OnProgress) -> anyhow::Result<Managed> {
    std::fs::create_dir_all(&common.data_dir).with_context(|| {
        format!("the data directory {} cannot be made", common.data_dir.display())
    })?;
    let data_dir = common.data_dir.canonicalize()?;
    let mut options = Options::new(data_dir);
    options.progress = progress;
    if let Some(directory) = &common.postgres_bin {
        options.binaries = Binaries::In(directory.clone());
    }
    Ok(Managed::start(&options).await?)
}
