//! Mails that were met before: known under the numbers that the mailbox gives them now.

use jiff::Timestamp;
use serde::Deserialize;

use super::IncomingRaw;
use crate::doors::TenantTx;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::session::Params;
use crate::sql::sql;

/// A mail as a mailbox lists it.
#[derive(Debug, Clone)]
pub struct ListedMail {
    /// Its number.
    pub uid: u32,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// When the mailbox received it.
    pub received_at: Option<Timestamp>,
    /// Its size.
    pub size_bytes: u64,
}

/// The mailbox numbers its mail anew, as `uidvalidity`: which of these are known by Message-ID, time
/// and size together? They get the number they have now. The rest must be looked at.
pub async fn recognise(
    tx: &TenantTx,
    mailbox: MailboxId,
    uidvalidity: u32,
    mails: &[ListedMail],
) -> Result<Vec<u32>> {
    #[derive(Deserialize)]
    struct Known {
        uid: u32,
    }
    let uids: Vec<i64> = mails.iter().map(|mail| i64::from(mail.uid)).collect();
    let ids: Vec<Option<&str>> = mails.iter().map(|mail| mail.message_id.as_deref()).collect();
    let times: Vec<Option<Timestamp>> = mails.iter().map(|mail| mail.received_at).collect();
    let sizes: Vec<i64> =
        mails.iter().map(|mail| i64::try_from(mail.size_bytes).unwrap_or(i64::MAX)).collect();
    let params: Params<'_> =
        &[&tx.tenant(), &mailbox, &i64::from(uidvalidity), &uids, &ids, &times, &sizes];
    let known: Vec<Known> = tx.session.all(sql!("mailboxes", "recognise"), params).await?;
    Ok(known.into_iter().map(|known| known.uid).collect())
}

/// A mail that was met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Met {
    /// Its number now.
    pub uid: u32,
    /// The same bytes: it has its number now, and need not be stored. Otherwise only its
    /// Message-ID was seen before.
    pub same: bool,
}

/// As [`recognise`], by the bytes.
pub async fn recognise_bytes(
    tx: &TenantTx,
    mailbox: MailboxId,
    uidvalidity: u32,
    mails: &[IncomingRaw],
) -> Result<Vec<Met>> {
    let uids: Vec<i64> = mails.iter().map(|mail| mail.uid).collect();
    let hashes: Vec<&[u8]> = mails.iter().map(|mail| mail.sha256.as_slice()).collect();
    let ids: Vec<Option<&str>> = mails.iter().map(|mail| mail.message_id.as_deref()).collect();
    let params: Params<'_> =
        &[&tx.tenant(), &mailbox, &i64::from(uidvalidity), &uids, &hashes, &ids];
    tx.session.all(sql!("mailboxes", "recognise_bytes"), params).await
}
