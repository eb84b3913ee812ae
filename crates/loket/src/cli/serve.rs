//! `loket serve`: mail is read, answered and sent, and the dashboard listens.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use mail::imap::Limits;
use mail::network::Network;
use mail::smtp::TimeLimits;
use store::managed::OnProgress;
use store::{Claims, Store, UserId};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::output;
use crate::auth::{Auth, AuthOptions, MailServer, PlatformServer, Site};
use crate::config::{Common, MailProviders, MailboxKeys};
use crate::database::{self, Content, DATABASE, Database};
use crate::jobs::Pace;
use crate::oauth::Tokens;
use crate::pipeline::{Desk, Post, Reading};
use crate::secrets::{SET_UP_PATH, SetUpLink, Vault};
use crate::web::{self, Access};
use crate::{keys, serving};

/// So long a database that goes away while Loket starts is waited for.
const OPENING: Duration = Duration::from_mins(1);

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Seconds a claimed job is held; a crash delays its jobs by this much.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    lease_seconds: u64,

    /// Seconds a mail whose sending broke off is looked for in Sent, before its absence there
    /// proves that it was never sent.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    settle_seconds: u64,

    /// A PEM file of certificate authorities to trust for mail servers, beside the usual ones.
    #[arg(long, env = "LOKET_MAIL_CA", value_name = "FILE")]
    mail_ca: Option<PathBuf>,

    /// Lets mail servers stand on this machine or in a private network. Whoever sets up a shop
    /// can then make this program speak to them.
    #[arg(long, env = "LOKET_PRIVATE_MAIL_HOSTS")]
    private_mail_hosts: bool,

    /// Leaves the mailboxes to another node on the same database and only answers and sends.
    #[arg(long)]
    no_mailboxes: bool,

    /// Whose shop the dashboard shows: the address of a person, until people sign in
    /// themselves. Without it there are only the health pages.
    #[arg(long, env = "LOKET_DASHBOARD_AS")]
    dashboard_as: Option<String>,

    #[command(flatten)]
    keys: MailboxKeys,

    #[command(flatten)]
    providers: MailProviders,

    #[command(flatten)]
    auth: AuthOptions,
}

/// Runs the command until it is asked to stop.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    // From here on a request to stop is kept until there is something to stop; before, it would
    // end the process and leave Postgres running.
    let asked_to_stop = tokio::spawn(serving::asked_to_stop());
    let progress = OnProgress::new(|step| tracing::info!("{step}"));
    let database = database::open(common, DATABASE, Content::Keep, progress).await?;
    let served = on_database(common, arguments, &database, asked_to_stop).await;
    let stopped = database.stop().await;
    served.and(stopped)
}

async fn on_database(
    common: &Common,
    arguments: &Arguments,
    database: &Database,
    asked_to_stop: JoinHandle<()>,
) -> anyhow::Result<()> {
    let mut supervised = pin!(async {
        match &database.managed {
            Some(managed) => {
                managed.supervise().await;
            }
            None => std::future::pending().await,
        }
    });
    let opened = tokio::select! {
        opened = patiently(async || open(common, arguments, database).await) => opened?,
        () = &mut supervised => return Ok(()),
    };
    let Opened { claims, vault, set_up } = opened;
    let vault = Arc::new(vault);
    let doors = Doors {
        vault: Arc::clone(&vault),
        set_up: set_up.map(Arc::new),
        claims,
        shows: arguments.dashboard_as.is_some(),
    };
    let network = network(arguments)?;
    let tokens = Tokens::new(arguments.providers.read()?, network.clone(), serving::now);
    let vault_of_post = Arc::clone(&vault);
    let reading =
        Reading { vault: Some(vault), network: network.clone(), limits: Limits::default() };
    let post = Post {
        vault: Some(vault_of_post),
        network,
        limits: TimeLimits::default(),
        settling: Duration::from_secs(arguments.settle_seconds),
    };
    let desk = serving::desk_with_tokens(common, database, reading, post, Arc::new(tokens))?;
    let pace = Pace {
        lease: Duration::from_secs(arguments.lease_seconds),
        mailboxes: !arguments.no_mailboxes,
        ..Pace::default()
    };
    let workers = serving::workers(&desk, pace);
    let served = tokio::select! {
        served = dashboard(common, &desk, &arguments.auth, doors, asked_to_stop) => served,
        () = &mut supervised => Ok(()),
    };
    tracing::info!("stopping");
    workers.drain().await;
    served
}

/// What the database knows before anything is served.
struct Opened {
    claims: Claims,
    vault: Vault,
    set_up: Option<SetUpLink>,
}

async fn open(
    common: &Common,
    arguments: &Arguments,
    database: &Database,
) -> anyhow::Result<Opened> {
    let claims = match &arguments.dashboard_as {
        Some(email) => claims_of(&database.store, email).await?,
        // Nobody: a person who does not exist sees no shop.
        None => Claims { user_id: UserId(Uuid::nil()), tenant_id: None },
    };
    // Without the keys every mailbox password would look wrong, one by one: then nothing starts.
    let vault = Vault::open(arguments.keys.source(common), &database.store, serving::now()).await?;
    let set_up = offer_set_up(common, &database.store).await?;
    Ok(Opened { claims, vault, set_up })
}

/// A database that goes away just then is waited for: whoever supervises it starts it again.
async fn patiently<T>(work: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let begun = tokio::time::Instant::now();
    loop {
        match work().await {
            Err(error) if went_away(&error) && begun.elapsed() < OPENING => {
                tracing::warn!(error = %error, "the database went away while Loket was starting");
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            worked => return worked,
        }
    }
}

fn went_away(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<store::Error>())
        .any(|error| error.is_retryable() || matches!(error, store::Error::CommitUnknown(_)))
}

/// Which mail servers are spoken to.
fn network(arguments: &Arguments) -> anyhow::Result<Network> {
    let extra = match &arguments.mail_ca {
        Some(path) => {
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?
        }
        None => Vec::new(),
    };
    Ok(Network::new(&extra, arguments.private_mail_hosts)?)
}

/// Where there is no platform admin yet, says how the first one comes in. Printed, not logged: the
/// link is a key.
async fn offer_set_up(common: &Common, store: &Store) -> anyhow::Result<Option<SetUpLink>> {
    let Some((link, token)) = SetUpLink::issue(store).await? else { return Ok(None) };
    output::line("there is no platform admin yet; make the first one with")?;
    output::line("  loket admin create --email YOU@EXAMPLE")?;
    output::line("or, until this server stops, through this link:")?;
    output::line(&format!("  http://{}{SET_UP_PATH}{}", common.listen, token.expose()))?;
    Ok(Some(link))
}

async fn claims_of(store: &Store, email: &str) -> anyhow::Result<Claims> {
    let user = store::users::by_email(store, email)
        .await?
        .with_context(|| format!("there is nobody with the address {email}"))?;
    let profile = store::users::profile(store, user)
        .await?
        .with_context(|| format!("{email} has no profile"))?;
    Ok(profile.claims())
}

/// What the pages open with, besides accounts.
#[derive(Debug)]
pub struct Doors {
    /// Closes mailbox passwords.
    pub vault: Arc<Vault>,
    /// Lets the first platform admin in; `None` where there is one.
    pub set_up: Option<Arc<SetUpLink>>,
    /// Who is taken to be behind the terminal's key.
    pub claims: Claims,
    /// Whether the terminal prints that key.
    pub shows: bool,
}

/// Serves the pages until it is asked to stop. The link that opens them is printed, not logged:
/// it holds a key.
pub async fn dashboard(
    common: &Common,
    desk: &Arc<Desk>,
    accounts: &AuthOptions,
    doors: Doors,
    asked_to_stop: JoinHandle<()>,
) -> anyhow::Result<()> {
    let key = keys::key(&common.data_dir, "dashboard")?.hex();
    let access = Access { key: key.clone(), user: doors.claims };
    let listener = TcpListener::bind(common.listen).await.with_context(|| {
        format!("{} is taken or not ours; choose another with --listen", common.listen)
    })?;
    let address = listener.local_addr()?;
    let state = web::State::new(Arc::clone(&desk.store), access)
        .with_vault(doors.vault)
        .with_set_up(doors.set_up);
    let state = match desk.reading.vault {
        Some(_) => {
            state.with_reading(Arc::clone(&desk.reading)).with_tokens(Arc::clone(&desk.tokens))
        }
        None => state,
    };
    let ours = patiently(async || Ok(store::auth::is_ours(&desk.store).await?)).await?;
    let state = if ours {
        let store = Arc::clone(&desk.store);
        let data_dir = &common.data_dir;
        let auth = match PlatformServer::of(accounts)? {
            None => Auth::open(store, accounts.clone(), data_dir, address)?,
            Some(server) => {
                let network = desk.post.network.clone();
                let mail = Arc::new(MailServer::start(data_dir, server, network));
                let site = Site::of(accounts, address)?;
                Auth::with_mail(store, accounts.clone(), data_dir, site, mail)?
            }
        };
        state.with_auth(auth)
    } else {
        tracing::warn!(
            "people are Supabase's on this database: /auth/v1 is theirs, not served here"
        );
        state
    };
    tracing::info!(%address, "ready");
    if doors.shows {
        output::line(&format!("\ndashboard  http://{address}/toegang?sleutel={key}"))?;
        output::line("           (this link is the key: keep it to yourself; Ctrl-C stops)")?;
    }
    let closing = state.clone();
    let pages = web::router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, pages)
        .with_graceful_shutdown(async move {
            // A listener for signals that failed is a reason to stop as well.
            let _ = asked_to_stop.await;
            closing.close();
        })
        .await?;
    Ok(())
}
