//! What the command line and the environment set. Read once; nothing else looks at them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Where Loket keeps its things and where it listens. The same for every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Where the private Postgres, the keys and the mail directories go.
    #[arg(long, env = "LOKET_DATA_DIR", default_value = "./.loket", global = true)]
    pub data_dir: PathBuf,

    /// Where the web server listens.
    #[arg(long, env = "LOKET_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: SocketAddr,

    /// A Postgres of yours, as its owner: `postgres://owner@host/database`. Without it Loket
    /// runs a private one.
    #[arg(long, env = "LOKET_DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,

    /// Where the Postgres programs are, when they are not found by themselves.
    #[arg(long, env = "LOKET_POSTGRES_BIN", global = true)]
    pub postgres_bin: Option<PathBuf>,
}
