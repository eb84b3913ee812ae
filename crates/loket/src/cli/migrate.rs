//! `loket migrate`: brings the database up to date and exits.

use store::managed::OnProgress;

use super::output;
use crate::config::Common;
use crate::database::{self, Content, DATABASE};
use crate::keys;

/// Runs the command.
pub async fn run(common: &Common) -> anyhow::Result<()> {
    let progress = OnProgress::new(|step| output::note(&format!("  {step}")));
    let database = database::open(common, DATABASE, Content::Keep, progress).await?;
    // Made here at the latest, so that a missing key is a lost one from now on.
    keys::key(&common.data_dir, "message-id")?;
    output::line("the database is up to date")?;
    database.stop().await
}
