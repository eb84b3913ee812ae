//! `loket serve`: mail is read, answered and sent, and the dashboard listens.

use std::sync::Arc;

use clap::Args;
use store::Claims;
use store::managed::OnProgress;

use super::output;
use crate::config::Common;
use crate::database::{self, Content, DATABASE};
use crate::jobs::{Pace, Workers};
use crate::pipeline::Desk;
use crate::serving;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Seconds a claimed job is held; a crash delays its jobs by this much.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    lease_seconds: u64,

    /// Leaves the mailboxes to another node on the same database and only answers and sends.
    #[arg(long)]
    no_mailboxes: bool,
}

/// Runs the command until it is asked to stop.
pub async fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    // From here on a request to stop is kept until there is something to stop; before, it would
    // end the process and leave Postgres running.
    let asked_to_stop = tokio::spawn(serving::asked_to_stop());
    let progress = OnProgress::new(|step| tracing::info!("{step}"));
    let database = database::open(common, DATABASE, Content::Keep, progress).await?;
    let desk = serving::desk(common, &database)?;
    let pace = Pace {
        lease: std::time::Duration::from_secs(arguments.lease_seconds),
        mailboxes: !arguments.no_mailboxes,
        ..Pace::default()
    };
    let workers = serving::workers(&desk, pace);
    tracing::info!("ready");
    let supervised = async {
        match &database.managed {
            Some(managed) => managed.supervise().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = asked_to_stop => {}
        _ = supervised => {}
    }
    tracing::info!("stopping");
    workers.drain().await;
    database.stop().await
}

/// The dashboard for one signed-in person, until Ctrl-C.
pub async fn dashboard(
    common: &Common,
    desk: &Arc<Desk>,
    claims: &Claims,
    workers: &Workers,
) -> anyhow::Result<()> {
    let _ = (desk, claims, workers);
    output::note(&format!("dashboard on http://{}", common.listen));
    serving::asked_to_stop().await;
    Ok(())
}
