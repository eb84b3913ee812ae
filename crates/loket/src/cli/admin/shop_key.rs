//! `loket admin shop key`: API keys of a shop. A key is shown once.

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use serde_json::json;
use store::api_keys::{self, NewApiKey, Scope};
use store::{ApiKeyId, TenantId};

use super::{Desk, InTheNameOf, shop};
use crate::secrets::ApiKeyText;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a key and shows it, this once.
    Create {
        /// The shop: its id, its mailbox's address or its name.
        shop: String,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it opens; may be given several times.
        #[arg(long = "scope", required = true)]
        scopes: Vec<ScopeName>,
        #[command(flatten)]
        by: InTheNameOf,
    },
    /// Lists the keys, revoked ones too.
    List {
        /// The shop.
        shop: String,
        #[command(flatten)]
        by: InTheNameOf,
    },
    /// Puts a new key in the place of another, which is dead at once.
    Rotate {
        /// The shop.
        shop: String,
        /// The id of the old key.
        key: ApiKeyId,
        #[command(flatten)]
        by: InTheNameOf,
    },
    /// Ends a key at once.
    Revoke {
        /// The shop.
        shop: String,
        /// The id of the key.
        key: ApiKeyId,
        #[command(flatten)]
        by: InTheNameOf,
    },
}

/// A scope on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScopeName {
    /// Reading what the shop's people read.
    Read,
    /// Working the mail.
    Mail,
    /// Working the chat.
    Chat,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Mail => Self::Mail,
            ScopeName::Chat => Self::Chat,
        }
    }
}

/// Runs the command.
pub async fn run(desk: &Desk<'_>, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Create { shop, name, scopes, by } => {
            let shop = shop::find(desk, by, shop).await?.tenant_id;
            let mut wanted: Vec<Scope> = Vec::new();
            for scope in scopes.iter().copied().map(Scope::from) {
                if !wanted.contains(&scope) {
                    wanted.push(scope);
                }
            }
            make(desk, shop, name, wanted, None).await
        }
        Command::Rotate { shop, key, by } => {
            let shop = shop::find(desk, by, shop).await?.tenant_id;
            make(desk, shop, "", Vec::new(), Some(*key)).await
        }
        Command::List { shop, by } => {
            let shop = shop::find(desk, by, shop).await?.tenant_id;
            list(desk, shop).await
        }
        Command::Revoke { shop, key, by } => {
            let shop = shop::find(desk, by, shop).await?.tenant_id;
            let end =
                async |tx: &store::SetupTx| api_keys::revoke_as_operator(tx, shop, *key).await;
            if !desk.store().as_setup(end).await? {
                bail!("there is no live key {key} of this shop");
            }
            desk.say(&format!("{key} opens nothing any more"), &json!({ "revoked": key }))
        }
    }
}

async fn make(
    desk: &Desk<'_>,
    shop: TenantId,
    name: &str,
    scopes: Vec<Scope>,
    replaces: Option<ApiKeyId>,
) -> anyhow::Result<()> {
    let text = ApiKeyText::new(shop).context("no random bytes could be had")?;
    let key = NewApiKey {
        id: ApiKeyId::new(),
        name: name.to_owned(),
        prefix: text.prefix,
        key_hash: text.hash,
        scopes,
        replaces,
    };
    desk.store()
        .as_setup(async |tx| api_keys::create_as_operator(tx, shop, &key).await)
        .await
        .context("the key could not be made; is the id of the old one right?")?;
    let value = json!({ "id": key.id, "prefix": key.prefix, "key": text.key.expose() });
    let shown =
        format!("{}\n  id {}; this is the only time the key is shown", text.key.expose(), key.id);
    desk.say(&shown, &value)
}

async fn list(desk: &Desk<'_>, shop: TenantId) -> anyhow::Result<()> {
    let keys = desk.store().as_setup(async |tx| api_keys::list_as_operator(tx, shop).await).await?;
    for key in keys {
        let state = key.revoked_at.map_or_else(|| "live".to_owned(), |at| format!("revoked {at}"));
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let line = format!(
            "{}  {}...  {}  {}  {state}",
            key.id,
            key.prefix,
            scopes.join("+"),
            key.name.escape_debug()
        );
        desk.say(&line, &key)?;
    }
    Ok(())
}
