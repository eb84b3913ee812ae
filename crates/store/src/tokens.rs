//! Access tokens of mailboxes that a provider opens by consent: one for all nodes, and one asker
//! at a time. Envelopes pass through here unopened.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::secrets::{SecretRow, replace};
use crate::session::Params;
use crate::sql::sql;

/// What opens a mailbox, as stored.
#[derive(Debug, Clone, Deserialize)]
pub struct Stored {
    /// The envelope around the password or the consent.
    pub secret_encrypted: Option<String>,
    /// The envelope around the newest access token.
    pub access_encrypted: Option<String>,
    /// Until when that token is given out.
    pub access_until: Option<Timestamp>,
    /// Whether somebody asks the provider for another one just now.
    pub refreshing: bool,
}

/// A token that came from the provider, ready to be stored.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    /// The envelope that the consent was read from.
    pub secret: &'a str,
    /// The envelope with the refresh token that came in its place; `None` where it stays.
    pub rotated: Option<&'a str>,
    /// The envelope around the access token.
    pub access: &'a str,
    /// Until when it is given out.
    pub until: Timestamp,
}

/// Looks, without taking the turn. `None`: there is no such mailbox. Workers only.
pub async fn look(tx: &TenantTx, mailbox: MailboxId) -> Result<Option<Stored>> {
    tx.session.first(sql!("tokens", "look"), &[&tx.tenant(), &mailbox]).await
}

/// Takes the turn to ask the provider, for at most `lease`; `None` while another has it.
pub async fn take_turn(
    tx: &TenantTx,
    mailbox: MailboxId,
    asker: Uuid,
    lease: Duration,
) -> Result<Option<Stored>> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &asker, &lease.as_secs_f64()];
    tx.session.first(sql!("tokens", "take_turn"), params).await
}

/// Gives the turn back.
pub async fn give_back(tx: &TenantTx, mailbox: MailboxId, asker: Uuid) -> Result<()> {
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &asker];
    tx.session.execute(sql!("tokens", "give_back"), params).await.map(drop)
}

/// Stores what the provider gave: a new refresh token first, for the old one may be dead by now.
/// `false` when the mailbox was connected anew meanwhile; then nothing is changed.
pub async fn keep(tx: &TenantTx, row: SecretRow, fresh: Fresh<'_>) -> Result<bool> {
    let secret = match fresh.rotated {
        Some(rotated) if replace(tx, row, fresh.secret, rotated).await? => rotated,
        Some(_) => return Ok(false),
        None => fresh.secret,
    };
    let mailbox = MailboxId(row.row_id);
    let params: Params<'_> = &[&tx.tenant(), &mailbox, &secret, &fresh.access, &fresh.until];
    Ok(tx.session.execute(sql!("tokens", "keep"), params).await? == 1)
}

/// Sets how a mailbox is reached and what opens it, together, and reads it again. Owners only.
pub async fn reconnect(
    tx: &TenantTx,
    mailbox: MailboxId,
    config: &Value,
    envelope: &str,
) -> Result<()> {
    #[derive(Deserialize)]
    struct Reconnected {
        done: bool,
    }
    let params: Params<'_> = &[&tx.tenant(), &mailbox, config, &envelope];
    let row: Reconnected = tx.session.one(sql!("tokens", "reconnect"), params).await?;
    crate::expect_change(u64::from(row.done), "mailbox", mailbox.0)
}
