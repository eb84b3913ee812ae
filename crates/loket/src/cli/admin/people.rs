//! `loket admin create`: a platform admin.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;
use store::UserId;

use super::{Desk, InTheNameOf, ask};
use crate::secrets::hash_password;

/// The options.
#[derive(Debug, Args)]
pub struct Create {
    /// The address of the new platform admin.
    #[arg(long)]
    email: String,

    #[command(flatten)]
    by: InTheNameOf,

    /// Why there is another one; for the audit log.
    #[arg(long, default_value = "added from the command line")]
    reason: String,
}

/// Makes the person where there is none with this address, and makes them an admin.
pub async fn create(desk: &Desk<'_>, options: &Create) -> anyhow::Result<()> {
    let store = desk.store();
    let email = address(&options.email)?;
    let first = store::admin::platform_admins(store).await?.is_empty();
    if !first && options.by.admin.is_none() {
        bail!("there is a platform admin already: name one with --as, who makes this one");
    }
    let by = if first { None } else { Some(options.by.find(store).await?) };
    let (user, made) = person(desk, &email).await?;
    match by {
        None => store::admin::make_first(store, user).await?,
        Some(by) => {
            let set = async |tx: &store::AdminTx| {
                store::admin::set_platform_role(tx, user, true, &options.reason).await
            };
            store.as_admin(by, set).await.context("the role could not be given")?;
        }
    }
    let who = if made { "was made and" } else { "was there already and" };
    let value = json!({ "user_id": user, "email": email, "new_person": made, "first": first });
    desk.say(&format!("{email} {who} is a platform admin now"), &value)
}

/// The person who proved this address; made with a password where there is none. Somebody who only
/// signed up with it may be anybody: the account is taken from them.
pub async fn person(desk: &Desk<'_>, email: &str) -> anyhow::Result<(UserId, bool)> {
    let store = desk.store();
    if let Some(user) = store::users::by_email(store, email).await? {
        return Ok((user, false));
    }
    let password = ask::password(&format!("password for {email}"))?;
    let digest = hash_password(&password, &[email])?;
    if let Some(user) = store::users::take_unproved(store, email, &digest).await? {
        return Ok((user, true));
    }
    let user = UserId::new();
    if !store::users::create(store, user, email, &digest).await? {
        bail!("somebody registered {email} meanwhile: run it again");
    }
    Ok((user, true))
}

/// A mail address, as far as a command line can tell.
pub fn address(text: &str) -> anyhow::Result<String> {
    let text = text.trim().to_lowercase();
    let fits = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    if !fits || text.len() > 320 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        bail!("{} is no mail address", text.escape_debug());
    }
    Ok(text)
}
