//! What is beside the text of a mail: its files, listed, and its HTML, sanitised. Both are for
//! people who look at the conversation; nothing is decided by them.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mail::parse::Parsed;
use mail::parse::files::{File, Files};
use mail::sanitise::{Kept, kept};
use store::attachments::{NewAttachment, NewMessageView};
use store::{AttachmentId, InteractionId, RawId, TenantTx};

/// Of one mail, without its bytes.
#[derive(Debug, Default)]
pub(super) struct Beside {
    files: Files,
    html: Option<Kept>,
}

/// Of a batch, ready to be written.
#[derive(Debug, Default)]
pub(super) struct Rows {
    files: Vec<NewAttachment>,
    views: Vec<NewMessageView>,
}

impl Beside {
    /// Takes it out of a parsed mail.
    pub fn of(parsed: &mut Parsed) -> Self {
        let html = parsed.html.take();
        Self { files: std::mem::take(&mut parsed.files), html: html.and_then(|html| looks(&html)) }
    }

    fn put(self, interaction: InteractionId, raw: RawId, rows: &mut Rows) {
        let places = 1_i16..;
        let files = self.files.listed.into_iter().zip(places);
        rows.files.extend(files.filter_map(|(file, place)| row(file, place, interaction, raw)));
        let kept = self.html.unwrap_or_default();
        if kept.html.is_empty() && self.files.left_out == 0 {
            return;
        }
        rows.views.push(NewMessageView {
            interaction_id: interaction,
            html: Some(kept.html).filter(|html| !html.is_empty()),
            remote_images: i32::try_from(kept.remote_images).unwrap_or(i32::MAX),
            html_cut: kept.cut,
            files_left_out: i32::try_from(self.files.left_out).unwrap_or(i32::MAX),
        });
    }
}

impl Rows {
    /// Of the mails that got a place in a conversation.
    pub fn of(
        places: impl Iterator<Item = (InteractionId, RawId)>,
        mut beside: HashMap<RawId, Beside>,
    ) -> Self {
        let mut rows = Self::default();
        for (interaction, raw) in places {
            if let Some(beside) = beside.remove(&raw) {
                beside.put(interaction, raw, &mut rows);
            }
        }
        rows
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.views.is_empty()
    }

    /// Writes them, where there are any, in the transaction that recorded the mails.
    pub async fn write(&self, tx: &TenantTx) -> store::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        store::attachments::record(tx, &self.files, &self.views).await
    }
}

/// A defect in the sanitiser costs the mail its looks, never its answer.
fn looks(html: &str) -> Option<Kept> {
    let kept = catch_unwind(AssertUnwindSafe(|| kept(html)));
    if kept.is_err() {
        tracing::warn!("the HTML of a mail could not be sanitised, it is shown as text only");
    }
    kept.ok().filter(|kept| !kept.html.is_empty())
}

fn row(
    file: File,
    place: i16,
    interaction_id: InteractionId,
    raw_message_id: RawId,
) -> Option<NewAttachment> {
    Some(NewAttachment {
        id: AttachmentId::new(),
        interaction_id,
        raw_message_id,
        place,
        part_path: file.path,
        file_name: file.name,
        safe_name: file.safe_name,
        content_type: file.content_type,
        disposition: file.disposition,
        content_id: file.content_id,
        encoding: file.encoding,
        raw_offset: i32::try_from(file.offset).ok()?,
        raw_length: i32::try_from(file.length).ok()?,
        size_bytes: i64::try_from(file.size).ok()?,
        sha256: file.sha256.map(|hash| hex(&hash)),
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
