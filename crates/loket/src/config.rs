//! What the command line and the environment set. Read once; nothing else looks at them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::oauth::{Providers, ProvidersError};
use crate::secrets::{KeySource, Secret};

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

/// Where the keys for mailbox passwords are. `LOKET_MAILBOX_KEYS` gives the keys themselves, newest
/// first, separated by commas, and goes before a file.
#[derive(Debug, Clone, Default, Args)]
pub struct MailboxKeys {
    /// The file with the keys for mailbox passwords; `keys/mailbox.ring` in the data directory
    /// without it.
    #[arg(long, env = "LOKET_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

impl MailboxKeys {
    /// What was set.
    pub fn source(&self, common: &Common) -> KeySource {
        match std::env::var("LOKET_MAILBOX_KEYS") {
            Ok(keys) => KeySource::Given(Secret::new(keys)),
            Err(_) => self
                .key_file
                .clone()
                .map_or_else(|| KeySource::in_data_dir(&common.data_dir), KeySource::File),
        }
    }
}

/// Providers that open a mailbox by consent. `LOKET_GOOGLE_CLIENT_ID` and `LOKET_GOOGLE_CLIENT_SECRET`
/// are Loket's client at Google, `LOKET_ZOHO_CLIENT_ID` and `LOKET_ZOHO_CLIENT_SECRET` that at Zoho;
/// without one its button is not shown.
#[derive(Debug, Clone, Default, Args)]
pub struct MailProviders {
    /// A file of further providers, in the form of `crates/loket/src/oauth/providers.toml`.
    #[arg(long, env = "LOKET_OAUTH_PROVIDERS", value_name = "FILE")]
    pub oauth_providers: Option<PathBuf>,
}

impl MailProviders {
    /// What is known, with what was set.
    pub fn read(&self) -> Result<Providers, ProvidersError> {
        let known = Providers::known()?;
        let known = match &self.oauth_providers {
            Some(path) => known.with_file(path)?,
            None => known,
        };
        Ok(known.with_clients(|family| {
            let set = |what: &str| {
                let family = family.to_ascii_uppercase().replace('-', "_");
                let value = std::env::var(format!("LOKET_{family}_CLIENT_{what}")).ok();
                value.filter(|value| !value.is_empty())
            };
            Some((set("ID")?, set("SECRET").map(Secret::new)))
        }))
    }
}
