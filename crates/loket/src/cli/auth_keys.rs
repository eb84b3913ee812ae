//! `loket auth-keys`: what clients of `/auth/v1` are configured with.

use clap::Args;
use serde_json::json;

use super::output;
use crate::auth::api_keys;
use crate::config::Common;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Prints the secret key as well, which acts as an admin: keep it to yourself.
    #[arg(long)]
    secret: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. Keys that were not made yet are made.
pub fn run(common: &Common, arguments: &Arguments) -> anyhow::Result<()> {
    let (publishable, secret) = api_keys(&common.data_dir)?;
    let secret = arguments.secret.then_some(secret);
    if arguments.json {
        return output::line(&json!({ "publishable": publishable, "secret": secret }).to_string());
    }
    output::line(&format!("publishable  {publishable}"))?;
    match secret {
        Some(secret) => output::line(&format!("secret       {secret}")),
        None => Ok(()),
    }
}
