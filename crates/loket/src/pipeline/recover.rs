//! After a restore a mailbox catches up: its mail is placed, then what was sent since the backup is
//! read from Sent and recorded, and only then anything of the shop is answered or sent again.
//!
//! Until then the mark stands in the database, and neither are its jobs claimed nor does the last
//! look let a mail go. What Sent proves: see ADR 0017.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::message::Message;
use jiff::Timestamp;
use mail::imap::{ROOM_FOR_ANY, room_for};
use store::mailboxes::{ActiveMailbox, Mailbox, MailboxKind, SentCopies};
use store::recovery::{Compared, Found};
use store::{NotificationId, OutboxId, TenantId, TenantTx};

use super::receive::MaildirConfig;
use super::room::BATCH_BYTES;
use super::{Desk, StageError, sign_in};

/// How often it is asked whether all mail of the mailbox has its place.
const ASK: Duration = Duration::from_millis(250);
/// Bodies in memory at the same time.
const BATCH: usize = 25;
/// Longer texts are cut: they are kept to be read in the conversation.
const MOST_TEXT: usize = 64 * 1024;

/// Lets a mailbox catch up, if it was put back from a backup. Its mail must have been read to the
/// end.
pub async fn recover(desk: &Arc<Desk>, which: ActiveMailbox) -> Result<(), StageError> {
    let mailbox = which.mailbox_id;
    let as_worker = desk.store.as_worker(which.tenant_id, async |tx| {
        tokio::try_join!(store::recovery::mark(tx, mailbox), store::mailboxes::load(tx, mailbox))
    });
    let (Some(mark), Some(row)) = as_worker.await? else { return Ok(()) };
    while unplaced(desk, which).await? > 0 {
        tokio::time::sleep(ASK).await;
    }
    let found = match row.kind {
        MailboxKind::Maildir => Some(in_directory(desk, which.tenant_id, &row).await?),
        _ => in_sent(desk, which, &row, mark.catch_up_from).await?,
    };
    // A directory is written to by nobody else; a provider may keep nothing by itself.
    let proves = row.kind == MailboxKind::Maildir || row.sent_copies == SentCopies::Kept;
    let proves = proves && found.is_some();
    let found = found.unwrap_or_default();
    let (compared, held) = desk
        .store
        .as_worker(which.tenant_id, async |tx| {
            let compared = compare(tx, &found).await?;
            let held = if proves { 0 } else { store::recovery::hold_unproved(tx, mailbox).await? };
            store::recovery::caught_up(tx, mailbox).await?;
            Ok((compared, held))
        })
        .await?;
    tracing::info!(
        tenant.id = %which.tenant_id.0, mailbox.id = %mailbox.0, sent = found.len(),
        answered = compared.answered, unclear = compared.unclear, held,
        "a mailbox has caught up with what was sent since the backup"
    );
    Ok(())
}

/// Records what was found in Sent.
async fn compare(tx: &TenantTx, found: &[Found]) -> store::Result<Compared> {
    store::recovery::compare(tx, found).await
}

async fn unplaced(desk: &Desk, which: ActiveMailbox) -> Result<i64, StageError> {
    let count = async |tx: &TenantTx| store::recovery::unplaced(tx, which.mailbox_id).await;
    Ok(desk.store.as_worker(which.tenant_id, count).await?)
}

/// `None`: the mailbox has no folder for what was sent.
async fn in_sent(
    desk: &Arc<Desk>,
    which: ActiveMailbox,
    row: &Mailbox,
    since: Timestamp,
) -> Result<Option<Vec<Found>>, StageError> {
    let mut connection = sign_in(desk, which, row).await?;
    let Some(name) = connection.sent_folder().await? else {
        connection.close().await;
        return Ok(None);
    };
    let folder = connection.examine(&name).await?;
    let listed = connection.list_since(&folder, since).await?;
    let mut found = Vec::new();
    let mut rest = listed.as_slice();
    while !rest.is_empty() {
        // One that comes alone has all the room there may be.
        let batch = rest.get(..BATCH).unwrap_or(rest);
        let taken = desk.room.take(room_for(batch, BATCH_BYTES)).await;
        let mut fetched = connection.bodies(batch, taken.bytes).await?;
        if fetched.done == 0 {
            drop(taken);
            let taken = desk.room.take(ROOM_FOR_ANY).await;
            let alone = batch.get(..1).unwrap_or(batch);
            fetched = connection.bodies(alone, taken.bytes).await?;
        }
        for body in fetched.bodies {
            let listed = batch.iter().find(|listed| listed.uid == body.uid);
            let at = listed.and_then(|listed| listed.received_at);
            found.extend(read(desk, which.tenant_id, body.raw, at).await);
        }
        rest = rest.get(fetched.done.max(1)..).unwrap_or_default();
    }
    connection.close().await;
    Ok(Some(found))
}

/// Replies that were put into a directory.
async fn in_directory(
    desk: &Arc<Desk>,
    tenant: TenantId,
    row: &Mailbox,
) -> Result<Vec<Found>, StageError> {
    let outgoing = MaildirConfig::read(&row.config)?.outgoing;
    let raws = tokio::task::spawn_blocking(move || raws(&outgoing))
        .await
        .map_err(|_| StageError::Panicked)??;
    let mut found = Vec::with_capacity(raws.len());
    for raw in raws {
        found.extend(read(desk, tenant, raw, None).await);
    }
    Ok(found)
}

fn raws(directory: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut raws = Vec::new();
    for folder in ["new", "cur"] {
        let entries = match std::fs::read_dir(directory.join(folder)) {
            Ok(entries) => entries,
            // Nothing was ever sent.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            raws.push(std::fs::read(entry?.path())?);
        }
    }
    Ok(raws)
}

/// `None` for a mail that says neither who it is nor what it answers.
async fn read(
    desk: &Arc<Desk>,
    tenant: TenantId,
    raw: Vec<u8>,
    received_at: Option<Timestamp>,
) -> Option<Found> {
    let parse = desk.parse;
    // Its header alone says what it answers, should the rest be beyond reading.
    let parsed = tokio::task::spawn_blocking(move || {
        let whole = std::panic::catch_unwind(|| parse(&raw).ok()).ok().flatten();
        whole.or_else(|| parse(header(&raw)).ok()).map(|parsed| parsed.message)
    });
    let message = parsed.await.ok().flatten()?;
    let sent_at = received_at.or(message.date).unwrap_or_else(desk.now);
    found(desk, tenant, message, sent_at)
}

fn header(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n");
    end.and_then(|end| raw.get(..end.saturating_add(4))).unwrap_or(raw)
}

fn found(desk: &Desk, tenant: TenantId, message: Message, sent_at: Timestamp) -> Option<Found> {
    let automatic =
        message.header("auto-submitted").is_some_and(|value| !value.eq_ignore_ascii_case("no"));
    let message_id = message.message_id?;
    let ours = mail::message_id::verify(&message_id, desk.message_id_key.bytes())
        .is_some_and(|origin| origin.tenant_id == tenant.0);
    let recipients = message.to.into_iter().chain(message.cc);
    Some(Found {
        message_id,
        in_reply_to: message.in_reply_to.into_iter().next(),
        sent_at,
        recipients: recipients.map(|address| address.email.to_lowercase()).collect(),
        subject: message.subject,
        body_text: message.text.chars().take(MOST_TEXT).filter(|c| *c != '\0').collect(),
        ours,
        automatic,
        outbox_id: OutboxId::new(),
        notification_id: NotificationId::new(),
    })
}
