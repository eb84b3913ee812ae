//! `loket admin keys` and `loket admin secrets`: the keys for mailbox passwords, and what they
//! close. All of it works beside a running server.

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;
use store::secrets::Usage;

use super::Desk;
use crate::cli::output;
use crate::config::MailboxKeys;
use crate::secrets::{KeyId, Plain, Tally, Vault, prefix, renew};
use crate::serving;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists the keys, and how many passwords each closes.
    List,
    /// Makes a new key the current one and moves every password to it. Stopped midway, it goes
    /// on where it was.
    Rotate {
        /// Moves at most this many passwords now.
        #[arg(long, value_name = "COUNT")]
        most: Option<u64>,
        /// Goes on with the current key: makes no new one.
        #[arg(long)]
        resume: bool,
    },
    /// Takes away old keys that close nothing any more.
    Retire,
}

/// What to do with the passwords.
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Closes passwords that are still kept in plain Base64, as the system before Loket did.
    Reencrypt,
}

async fn vault(desk: &Desk<'_>, keys: &MailboxKeys) -> anyhow::Result<Vault> {
    Ok(Vault::open(keys.source(desk.common), desk.store(), serving::now()).await?)
}

/// Runs `loket admin keys`.
pub async fn run(desk: &Desk<'_>, command: &Command, keys: &MailboxKeys) -> anyhow::Result<()> {
    let vault = vault(desk, keys).await?;
    match command {
        Command::List => list(desk, &vault).await,
        Command::Rotate { most, resume } => rotate(desk, &vault, *most, *resume).await,
        Command::Retire => retire(desk, &vault).await,
    }
}

async fn list(desk: &Desk<'_>, vault: &Vault) -> anyhow::Result<()> {
    let usage = store::secrets::usage(desk.store()).await?;
    for (number, id) in vault.key_ids()?.into_iter().enumerate() {
        let closes = closed_by(&usage, id);
        let word = if number == 0 { "current" } else { "old" };
        let value = json!({ "key": id.to_string(), "current": number == 0, "secrets": closes });
        desk.say(&format!("{id}  {word:<7}  closes {closes}"), &value)?;
    }
    let plain: i64 =
        usage.iter().filter(|usage| usage.key_prefix.is_none()).map(|usage| usage.secrets).sum();
    if plain > 0 {
        output::note(&format!(
            "{plain} passwords are in no envelope: run `loket admin secrets reencrypt`"
        ));
    }
    Ok(())
}

fn closed_by(usage: &[Usage], id: KeyId) -> i64 {
    let prefix = prefix(id);
    let fitting = usage.iter().filter(|usage| usage.key_prefix.as_ref() == Some(&prefix));
    fitting.map(|usage| usage.secrets).sum()
}

async fn rotate(
    desk: &Desk<'_>,
    vault: &Vault,
    most: Option<u64>,
    resume: bool,
) -> anyhow::Result<()> {
    if !resume {
        vault.add_key(serving::now())?;
    }
    let tally = renew(desk.store(), vault, Plain::Leave, most).await?;
    report(desk, &tally, "moved to the new key", tally.renewed)?;
    let usage = store::secrets::usage(desk.store()).await?;
    let current = vault.key_ids()?.first().copied().context("the ring has no key")?;
    let elsewhere: i64 = usage
        .iter()
        .filter(|usage| usage.key_prefix.is_some())
        .map(|usage| usage.secrets)
        .sum::<i64>()
        - closed_by(&usage, current);
    output::note(&if elsewhere == 0 {
        "every password is closed with the current key; `loket admin keys retire` takes the old \
         one away, an hour from now at the earliest"
            .to_owned()
    } else {
        format!("{elsewhere} are still to be moved: run `loket admin keys rotate --resume`")
    });
    finish(&tally)
}

async fn retire(desk: &Desk<'_>, vault: &Vault) -> anyhow::Result<()> {
    let usage = store::secrets::usage(desk.store()).await?;
    let gone = vault.retire(&usage, serving::now())?;
    let ids: Vec<String> = gone.iter().map(ToString::to_string).collect();
    let text = match ids.as_slice() {
        [] => "no key can go: each is current, in use, or was current less than an hour ago".into(),
        ids => format!("taken away: {}", ids.join(", ")),
    };
    desk.say(&text, &json!({ "retired": ids }))
}

/// Runs `loket admin secrets`.
pub async fn run_secrets(
    desk: &Desk<'_>,
    command: &SecretsCommand,
    keys: &MailboxKeys,
) -> anyhow::Result<()> {
    let SecretsCommand::Reencrypt = command;
    let vault = vault(desk, keys).await?;
    let tally = renew(desk.store(), &vault, Plain::Close, None).await?;
    if tally.closed > 0 {
        // The old rows lie in the tables' files until these are written anew.
        store::secrets::rewrite_tables(&desk.database.owner).await?;
        output::note(
            "the tables were written anew; backups and dumps made before this still hold the \
             passwords: delete them, and have the shops change theirs if one went astray",
        );
    }
    report(desk, &tally, "closed", tally.closed)?;
    finish(&tally)
}

fn report(desk: &Desk<'_>, tally: &Tally, word: &str, count: u64) -> anyhow::Result<()> {
    let mut lines = vec![format!("{count} {word}")];
    for (count, what) in [
        (tally.left_plain, "in plain Base64, left: run `loket admin secrets reencrypt`"),
        (tally.changed_meanwhile, "changed by their owners meanwhile"),
    ] {
        if count > 0 {
            lines.push(format!("{count} {what}"));
        }
    }
    for trouble in &tally.troubles {
        let (place, shop, reason) = (trouble.place, trouble.tenant_id, &trouble.reason);
        lines.push(format!("left as it is: {place} of shop {shop}: {reason}"));
    }
    desk.say(&lines.join("\n"), tally)
}

/// Rows that could not be read are for a person to look at: the exit code says so.
fn finish(tally: &Tally) -> anyhow::Result<()> {
    match tally.troubles.len() {
        0 => Ok(()),
        count => bail!("{count} passwords were left as they are"),
    }
}
