//! `loket admin shop`: a real shop without the web, and a shop's standing.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use store::TenantId;
use store::admin::Standing;
use store::shops::ShopRow;

use super::{Desk, InTheNameOf, people, shop_key};
use crate::shop_file::ShopFile;
use crate::shop_setup::{self, Folders};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Registers the shop of a shop file, approves it and fills in its settings.
    Add(Add),
    /// Lists the shops.
    List {
        /// Only those that stand so.
        #[arg(long, value_parser = ["pending_approval", "approved", "suspended", "rejected"])]
        status: Option<String>,
        #[command(flatten)]
        by: InTheNameOf,
    },
    /// Approves a shop that waits.
    Approve {
        /// The shop: its id, its mailbox's address or its name.
        shop: String,
        #[command(flatten)]
        by: InTheNameOf,
    },
    /// Turns down a shop that waits.
    Reject(WithReason),
    /// Stops an approved shop: no mail is fetched, its queue is held, its people see nothing.
    Suspend(WithReason),
    /// Lets a suspended shop go on.
    Resume(WithReason),
    /// API keys of a shop.
    Key {
        #[command(subcommand)]
        command: shop_key::Command,
    },
}

/// The options of adding.
#[derive(Debug, Args)]
pub struct Add {
    /// A file like `crates/loket/sample/shop.toml`.
    file: String,

    /// The address of the owner; a person who is not there yet is made, with a password that is
    /// asked for.
    #[arg(long)]
    owner: String,

    /// The mail directory: `inbox` and `sent` are made in it. Below the data directory without it.
    #[arg(long)]
    mail_dir: Option<PathBuf>,

    /// The name under which whoever fills the directory signs its checks of senders. Without it
    /// no mail is answered by itself.
    #[arg(long)]
    authserv_id: Option<String>,

    /// Registers it only; an admin approves it later.
    #[arg(long)]
    pending: bool,

    #[command(flatten)]
    by: InTheNameOf,
}

/// A shop and why.
#[derive(Debug, Args)]
pub struct WithReason {
    /// The shop: its id, its mailbox's address or its name.
    shop: String,
    /// Why; the shop can read it.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    by: InTheNameOf,
}

/// Runs the command.
pub async fn run(desk: &Desk<'_>, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add(options) => add(desk, options).await,
        Command::List { status, by } => list(desk, status.as_deref(), by).await,
        Command::Approve { shop, by } => {
            let admin = by.find(desk.store()).await?;
            let shop = find(desk, by, shop).await?;
            let done = store::admin::approve(desk.store(), admin, shop.tenant_id).await;
            stands(desk, &shop, "approved", done)
        }
        Command::Reject(options) => stand(desk, options, Standing::Rejected).await,
        Command::Suspend(options) => stand(desk, options, Standing::Suspended).await,
        Command::Resume(options) => stand(desk, options, Standing::Resumed).await,
        Command::Key { command } => shop_key::run(desk, command).await,
    }
}

async fn add(desk: &Desk<'_>, options: &Add) -> anyhow::Result<()> {
    let store = desk.store();
    let file = ShopFile::named(&options.file)?;
    file.build().context("the shop file cannot be used")?;
    let admin = if options.pending { None } else { Some(options.by.find(store).await?) };
    let email = people::address(&options.owner)?;
    let (owner, _) = people::person(desk, &email).await?;
    let profile = store::users::profile(store, owner).await?;
    if profile.is_some_and(|profile| profile.tenant.is_some()) {
        bail!("{email} has a shop already");
    }
    let shop = shop_setup::register(store, owner, &file).await?;
    let name = &file.shop.bedrijfsnaam;
    let Some(admin) = admin else {
        let value =
            json!({ "tenant_id": shop.tenant, "owner": owner, "status": "pending_approval" });
        return desk.say(&format!("{name} waits for approval: {}", shop.tenant), &value);
    };
    let root = match &options.mail_dir {
        Some(directory) => directory.clone(),
        None => desk.common.data_dir.join("mail").join(shop.tenant.to_string()),
    };
    let mut folders = Folders::make(&root)?;
    // The server may run from another directory.
    folders.inbox = folders.inbox.canonicalize()?;
    folders.sent = folders.sent.canonicalize()?;
    folders.authserv_id.clone_from(&options.authserv_id);
    store::admin::approve(store, admin, shop.tenant).await?;
    shop_setup::set_up(store, &shop, &file, &folders).await?;
    let value = json!({
        "tenant_id": shop.tenant, "owner": owner, "status": "approved",
        "inbox": folders.inbox, "sent": folders.sent,
    });
    let text = format!(
        "{name} is open: {}\n  owner  {email}\n  inbox  {}\n  sent   {}",
        shop.tenant,
        folders.inbox.display(),
        folders.sent.display()
    );
    desk.say(&text, &value)
}

async fn shops(
    desk: &Desk<'_>,
    status: Option<&str>,
    by: &InTheNameOf,
) -> anyhow::Result<Vec<ShopRow>> {
    let admin = by.find(desk.store()).await?;
    Ok(desk.store().as_admin(admin, async |tx| store::shops::list(tx, status).await).await?)
}

async fn list(desk: &Desk<'_>, status: Option<&str>, by: &InTheNameOf) -> anyhow::Result<()> {
    for shop in shops(desk, status, by).await? {
        let ShopRow { tenant_id, bedrijfsnaam, gmail_email, status, .. } = &shop;
        let value = json!({
            "tenant_id": tenant_id, "bedrijfsnaam": bedrijfsnaam, "gmail_email": gmail_email,
            "status": status, "active": shop.active, "created_at": shop.created_at,
        });
        // Names are the shop's own words: nothing in them may move the cursor.
        let name = bedrijfsnaam.escape_debug();
        desk.say(&format!("{tenant_id}  {status:<16}  {gmail_email}  {name}"), &value)?;
    }
    Ok(())
}

/// The one shop that was meant.
pub(super) async fn find(
    desk: &Desk<'_>,
    by: &InTheNameOf,
    wanted: &str,
) -> anyhow::Result<ShopRow> {
    let id = wanted.parse::<TenantId>().ok();
    let mut fitting = shops(desk, None, by).await?.into_iter().filter(|shop| {
        id == Some(shop.tenant_id)
            || shop.gmail_email.eq_ignore_ascii_case(wanted)
            || shop.bedrijfsnaam == wanted
    });
    match (fitting.next(), fitting.next()) {
        (Some(shop), None) => Ok(shop),
        (Some(_), Some(_)) => bail!("several shops are called that: name its id"),
        (None, _) => bail!("there is no shop {}", wanted.escape_debug()),
    }
}

async fn stand(desk: &Desk<'_>, options: &WithReason, standing: Standing) -> anyhow::Result<()> {
    let WithReason { shop, reason, by } = options;
    let admin = by.find(desk.store()).await?;
    let shop = find(desk, by, shop).await?;
    let id = shop.tenant_id;
    let done = store::admin::set_standing(desk.store(), admin, id, standing, reason).await;
    let word = match standing {
        Standing::Rejected => "rejected",
        Standing::Suspended => "suspended",
        Standing::Resumed => "approved",
    };
    stands(desk, &shop, word, done)
}

fn stands(
    desk: &Desk<'_>,
    shop: &ShopRow,
    word: &str,
    done: store::Result<bool>,
) -> anyhow::Result<()> {
    use store::{Constraint, Error};
    let changed = match done {
        Err(Error::Constraint { constraint: Constraint::StatusStep, .. }) => {
            bail!("the shop is {} and cannot become {word} from there", shop.status)
        }
        Err(Error::Constraint { constraint: Constraint::Reason, .. }) => {
            bail!("a reason of at least 5 characters is needed")
        }
        done => done?,
    };
    let value = json!({ "tenant_id": shop.tenant_id, "status": word, "changed": changed });
    let was = if changed { "is" } else { "was already" };
    desk.say(&format!("{} {was} {word}", shop.bedrijfsnaam.escape_debug()), &value)
}
