//! Looks at a private Postgres without touching it: no lock, no start, nothing written.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::account::Account;
use super::error::Error;
use super::place::read_if_there;
use super::{CONNECT_TIMEOUT, Options, SUPERUSER, binaries, cluster, postmaster};

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// Postgres' own data directory.
    pub cluster: PathBuf,
    /// Whether there is a cluster already.
    pub made: bool,
    /// Where the server programs are, and their major version.
    pub programs: (PathBuf, u32),
    /// How to reach the server that runs, as superuser; `None` while none runs.
    pub running: Option<Config>,
}

/// Looks at the private Postgres of a data directory, which may be in use.
pub async fn look(options: &Options) -> Result<Seen, Error> {
    let anchor = options.data_dir.join("postgres");
    let home = match read_if_there(&anchor.join("moved-to"))? {
        Some(directory) => PathBuf::from(directory.trim_end_matches('\n')),
        None => anchor,
    };
    let directory = home.join("cluster");
    let account = Account::choose(&directory).await?;
    let major = cluster::major(&directory)?;
    let found = binaries::find(&options.binaries, &directory, major, &account).await?;
    let mut running = None;
    if major.is_some() && postmaster::running(&directory).await?.is_some() {
        let inode = fs::metadata(&directory).map(|metadata| metadata.ino()).unwrap_or_default();
        let mut places = vec![home.join(format!("socket-{inode}"))];
        if let Some(note) = read_if_there(&home.join("socket-directory"))? {
            places.push(PathBuf::from(note.trim_end_matches('\n')));
        }
        running = places.into_iter().find_map(config_of);
    }
    Ok(Seen {
        cluster: directory,
        made: major.is_some(),
        programs: (found.directory, found.major),
        running,
    })
}

/// The socket in a directory names its port.
fn config_of(directory: PathBuf) -> Option<Config> {
    let port = fs::read_dir(&directory).ok()?.flatten().find_map(|entry| {
        entry.file_name().to_str()?.strip_prefix(".s.PGSQL.")?.parse::<u16>().ok()
    })?;
    let mut config = Config::new();
    config
        .host_path(directory)
        .port(port)
        .user(SUPERUSER)
        .ssl_mode(SslMode::Disable)
        .application_name("loket")
        .connect_timeout(CONNECT_TIMEOUT);
    Some(config)
}
