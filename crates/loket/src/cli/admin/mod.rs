//! `loket admin`: what whoever runs Loket does from the command line, beside a running server
//! too. Results go to standard output, as JSON with `--json`.

mod ask;
mod keys;
mod people;
mod shop;
mod shop_key;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use store::{Store, UserId};

use super::output;
use crate::config::{Common, MailboxKeys};
use crate::database::{self, Database};

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a platform admin; the first one, or another in the name of one.
    Create(people::Create),
    /// Shops: add, list, approve, reject, suspend, resume, and their API keys.
    Shop {
        #[command(subcommand)]
        command: shop::Command,
    },
    /// The keys that close mailbox passwords.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
        #[command(flatten)]
        keys: MailboxKeys,
    },
    /// Mailbox passwords.
    Secrets {
        #[command(subcommand)]
        command: keys::SecretsCommand,
        #[command(flatten)]
        keys: MailboxKeys,
    },
}

/// In whose name.
#[derive(Debug, Args)]
struct InTheNameOf {
    /// The address of the platform admin in whose name this is done; not needed where there is
    /// only one.
    #[arg(long = "as", value_name = "EMAIL")]
    admin: Option<String>,
}

impl InTheNameOf {
    /// The admin who was named, or the only one.
    async fn find(&self, store: &Store) -> anyhow::Result<UserId> {
        let admins = store::admin::platform_admins(store).await?;
        let wanted = self.admin.as_ref().map(|email| email.to_lowercase());
        let mut fitting = admins
            .iter()
            .filter(|admin| wanted.as_ref().is_none_or(|wanted| admin.email == *wanted));
        match (fitting.next(), fitting.next(), &wanted) {
            (Some(admin), None, _) => Ok(admin.user_id),
            (Some(_), Some(_), _) => bail!("there are several platform admins: name one with --as"),
            (None, _, Some(email)) => bail!("{email} is no platform admin"),
            (None, _, None) => {
                bail!("there is no platform admin yet: loket admin create --email YOU@EXAMPLE")
            }
        }
    }
}

/// What a command is given.
struct Desk<'a> {
    common: &'a Common,
    database: &'a Database,
    json: bool,
}

impl Desk<'_> {
    fn store(&self) -> &Store {
        &self.database.store
    }

    /// Prints one result: for people, or as JSON.
    fn say(&self, text: &str, value: &impl Serialize) -> anyhow::Result<()> {
        if self.json { output::line(&serde_json::to_string(value)?) } else { output::line(text) }
    }
}

/// Runs the command.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let database =
        database::open_beside(common).await.context("the database could not be opened")?;
    let context = Desk { common, database: &database, json: arguments.json };
    let done = match &arguments.command {
        Command::Create(options) => people::create(&context, options).await,
        Command::Shop { command } => shop::run(&context, command).await,
        Command::Keys { command, keys } => keys::run(&context, command, keys).await,
        Command::Secrets { command, keys } => keys::run_secrets(&context, command, keys).await,
    };
    let stopped = database.stop().await;
    done.and(stopped)
}
