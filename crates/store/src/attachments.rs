//! What hangs beside the text of customers' mails, and how those mails look. Bytes of files are cut
//! out of the raw mail when somebody asks for them; there is no second copy.

use serde::{Deserialize, Serialize};

use crate::doors::TenantTx;
use crate::error::{Error, Result};
use crate::ids::{AttachmentId, InteractionId, RawId, ThreadId};
use crate::row::{bytes, optional_bytes};
use crate::session::Params;
use crate::sql::sql;

/// A file to list.
#[derive(Debug, Clone, Serialize)]
pub struct NewAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// The mail, recorded before.
    pub interaction_id: InteractionId,
    /// The raw mail that holds the bytes.
    pub raw_message_id: RawId,
    /// Which file of the mail, 1 to 100.
    pub place: i16,
    /// Its part, as IMAP counts.
    pub part_path: String,
    /// As the sender named it. Must hold no NUL.
    pub file_name: String,
    /// As it may be written to a disk; not empty, without slashes or a dot in front.
    pub safe_name: String,
    /// As declared.
    pub content_type: String,
    /// `attachment`, `inline` or empty.
    pub disposition: String,
    /// Without angle brackets.
    pub content_id: Option<String>,
    /// Transfer encoding; empty for none.
    pub encoding: String,
    /// Where the encoded bytes begin in the raw mail.
    pub raw_offset: i32,
    /// How many there are.
    pub raw_length: i32,
    /// Decoded size in bytes.
    pub size_bytes: i64,
    /// SHA-256 of the decoded bytes, in hexadecimal; `None` when it cannot be had.
    pub sha256: Option<String>,
}

/// How a mail looks, to be kept.
#[derive(Debug, Clone, Serialize)]
pub struct NewMessageView {
    /// The mail, recorded before.
    pub interaction_id: InteractionId,
    /// Sanitised; `None` for none.
    pub html: Option<String>,
    /// Pictures of other servers in it.
    pub remote_images: i32,
    /// Whether there was more.
    pub html_cut: bool,
    /// Files beyond those that are listed.
    pub files_left_out: i32,
}

/// A file as a page lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AttachmentRow {
    /// Its id.
    pub id: AttachmentId,
    /// The mail.
    pub interaction_id: InteractionId,
    /// As the sender named it; may be empty.
    pub file_name: String,
    /// As it may be written to a disk.
    pub safe_name: String,
    /// As declared.
    pub content_type: String,
    /// `attachment`, `inline` or empty.
    pub disposition: String,
    /// What the HTML calls it by.
    pub content_id: Option<String>,
    /// Decoded size in bytes.
    pub size_bytes: i64,
    /// Whether it can be had.
    pub available: bool,
}

/// How a mail looks, without its HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct MessageViewRow {
    /// The mail.
    pub interaction_id: InteractionId,
    /// Whether there is HTML.
    pub formatted: bool,
    /// Pictures of other servers in it.
    pub remote_images: i32,
    /// Whether there was more.
    pub html_cut: bool,
    /// Files beyond those that are listed.
    pub files_left_out: i32,
}

/// A file with its bytes as they stand in the raw mail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AttachedFile {
    /// As it may be written to a disk.
    pub safe_name: String,
    /// As declared.
    pub content_type: String,
    /// Transfer encoding; empty for none.
    pub encoding: String,
    /// Of the decoded bytes; `None` when it cannot be had.
    #[serde(deserialize_with = "optional_bytes")]
    pub sha256: Option<Vec<u8>>,
    /// Encoded; `None` when the raw mail is no longer kept.
    #[serde(deserialize_with = "optional_bytes")]
    pub encoded: Option<Vec<u8>>,
}

/// A picture inside a mail's text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Picture {
    /// What the HTML calls it by.
    pub content_id: String,
    /// One of four kinds that are nothing but pictures, as declared.
    pub content_type: String,
    /// Transfer encoding; empty for none.
    pub encoding: String,
    /// Of the decoded bytes.
    #[serde(deserialize_with = "bytes")]
    pub sha256: Vec<u8>,
    /// Encoded.
    #[serde(deserialize_with = "bytes")]
    pub encoded: Vec<u8>,
}

/// Lists files and keeps how mails look. Their interactions are recorded in the same transaction.
pub async fn record(
    tx: &TenantTx,
    files: &[NewAttachment],
    views: &[NewMessageView],
) -> Result<()> {
    let files = serde_json::to_value(files).map_err(Error::Json)?;
    let views = serde_json::to_value(views).map_err(Error::Json)?;
    let params: Params<'_> = &[&tx.tenant(), &files, &views];
    tx.session.execute(sql!("attachments", "record"), params).await.map(drop)
}

/// Files of all mails of a conversation, in the order of each mail.
pub async fn of_thread(tx: &TenantTx, thread: ThreadId) -> Result<Vec<AttachmentRow>> {
    tx.session.all(sql!("attachments", "of_thread"), &[&tx.tenant(), &thread]).await
}

/// How the mails of a conversation look; what is text only is left out.
pub async fn views_of_thread(tx: &TenantTx, thread: ThreadId) -> Result<Vec<MessageViewRow>> {
    tx.session.all(sql!("attachments", "views_of_thread"), &[&tx.tenant(), &thread]).await
}

/// One file of a conversation; `None` when it is not there, or another shop's.
pub async fn file(
    tx: &TenantTx,
    thread: ThreadId,
    file: AttachmentId,
) -> Result<Option<AttachedFile>> {
    tx.session.first(sql!("attachments", "file"), &[&tx.tenant(), &thread, &file]).await
}

/// The HTML of one mail of a conversation, as it was kept.
pub async fn html(tx: &TenantTx, thread: ThreadId, mail: InteractionId) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct View {
        html: String,
    }
    let params: Params<'_> = &[&tx.tenant(), &thread, &mail];
    let found: Option<View> = tx.session.first(sql!("attachments", "view"), params).await?;
    Ok(found.map(|found| found.html))
}

/// Pictures inside a mail's text, the first ones up to `most` decoded bytes together.
pub async fn pictures(tx: &TenantTx, mail: InteractionId, most: i64) -> Result<Vec<Picture>> {
    tx.session.all(sql!("attachments", "pictures"), &[&tx.tenant(), &mail, &most]).await
}
