//! Files of a customer's mail: listed on the page, and handed over as bytes that no browser runs
//! (hazards A22, C23).

use axum::extract::{Path, State as Held};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, body::Bytes};
use domain::contract::Language;
use sha2::{Digest, Sha256};
use store::attachments::{AttachedFile, AttachmentRow};
use store::{AttachmentId, ThreadId};

use super::super::State;
use super::super::access::Visit;
use super::super::failure::Failure;
use super::super::house::Foreign;
use super::super::texts::Texts;

/// Types that are handed over under their own name: a browser that shows them runs nothing. All
/// others are bytes.
const HARMLESS: [&str; 5] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"];

/// What kinds of files there are, by the ending of their names.
const KINDS: [(&str, &str); 8] = [
    ("picture", "png jpg jpeg gif webp heic heif bmp tif tiff avif"),
    ("pdf", "pdf"),
    ("table", "csv xls xlsx ods numbers tsv"),
    ("text", "txt doc docx odt rtf pages md log"),
    ("archive", "zip rar 7z gz tar bz2 xz tgz"),
    ("mail", "eml msg mbox"),
    ("calendar", "ics vcs"),
    ("media", "mp3 m4a wav ogg mp4 mov avi mkv webm aac 3gp"),
];

/// Endings that run something, or lead elsewhere, when somebody opens them.
const RISKY: &str = "exe com scr bat cmd pif msi msp vbs vbe js jse ws wsf wsh hta ps1 psm1 jar lnk \
    reg cpl dll sys iso img vhd vhdx apk app dmg pkg deb rpm sh command py pl rb php html htm xhtml \
    shtml mht mhtml svg xml xsl swf docm dotm xlsm xltm xlam pptm potm ppam xll one chm url desktop \
    gadget inf application appref-ms library-ms searchconnector-ms settingcontent-ms";

/// A file as the page lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Where it can be had; none when it cannot.
    pub address: Option<String>,
    /// As it will be called on a disk.
    pub name: String,
    /// For its icon.
    pub kind: &'static str,
    /// What it is, in words.
    pub what: String,
    /// How large it is.
    pub size: String,
    /// Whether opening it may do harm.
    pub risky: bool,
    /// Whether it is a picture inside the text.
    pub inside: bool,
}

impl FileView {
    /// Of a conversation at `here`.
    pub fn of(row: &AttachmentRow, here: &str, t: Texts) -> Self {
        let ending = row.safe_name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let ending = ending.to_lowercase();
        let has = |list: &str| list.split_whitespace().any(|known| known == ending);
        let kind = KINDS.iter().find(|(_, endings)| has(endings)).map_or("other", |(kind, _)| kind);
        let nameless = row.file_name.trim().is_empty() && row.content_type != "message/rfc822";
        Self {
            address: row.available.then(|| format!("{here}/bijlagen/{}", row.id)),
            name: if nameless { t.get("file.nameless").to_owned() } else { row.safe_name.clone() },
            kind,
            what: t.word("file_kind", kind),
            size: size(row.size_bytes, t),
            risky: has(RISKY),
            inside: row.content_id.is_some()
                && row.disposition != "attachment"
                && HARMLESS.contains(&row.content_type.as_str())
                && kind == "picture",
        }
    }
}

/// `812 B`, `14 kB`, `1,2 MB`: in the powers of ten that file managers show.
fn size(bytes: i64, t: Texts) -> String {
    let tenths = |unit: i64| {
        let tenths = (bytes + unit / 20) / (unit / 10);
        let comma = if t.language() == Language::Dutch { ',' } else { '.' };
        if tenths >= 100 {
            (tenths / 10).to_string()
        } else {
            format!("{}{comma}{}", tenths / 10, tenths % 10)
        }
    };
    match bytes {
        ..1_000 => format!("{} B", bytes.max(0)),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

/// The bytes differ from those that were listed.
#[derive(Debug, thiserror::Error)]
#[error("the bytes of a file are not those that came with the mail")]
struct Changed;

/// `/gesprekken/{thread}/bijlagen/{file}`
pub async fn download(
    Held(state): Held<State>,
    visit: Visit,
    Path((thread, file)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let thread: ThreadId = thread.parse().map_err(|_| Failure::NotFound)?;
    let file: AttachmentId = file.parse().map_err(|_| Failure::NotFound)?;
    let read = async |tx: &store::TenantTx| store::attachments::file(tx, thread, file).await;
    let found = state.store().as_user(&visit.claims, read).await?.ok_or(Failure::NotFound)?;
    // A photograph of some megabytes is worked at for some milliseconds.
    let work = tokio::task::spawn_blocking(move || opened(found));
    let (head, bytes) = work.await.map_err(|error| Failure::defect(&error))??;
    Ok((Extension(Foreign::File), head, bytes).into_response())
}

type Head = [(axum::http::HeaderName, String); 2];

fn opened(file: AttachedFile) -> Result<(Head, Bytes), Failure> {
    let (Some(hash), Some(encoded)) = (file.sha256, file.encoded) else {
        return Err(Failure::NotFound);
    };
    let bytes =
        checked(&file.encoding, &encoded, &hash).ok_or_else(|| Failure::defect(&Changed))?;
    let declared = file.content_type.to_ascii_lowercase();
    let kind = HARMLESS.iter().find(|kind| **kind == declared);
    let kind = kind.map_or("application/octet-stream", |kind| *kind);
    let head =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition(&file.safe_name))];
    Ok((head, Bytes::from(bytes)))
}

/// Decoded bytes with this hash.
pub(super) fn checked(encoding: &str, encoded: &[u8], sha256: &[u8]) -> Option<Vec<u8>> {
    let bytes = mail::parse::files::decoded(encoding, encoded);
    (Sha256::digest(&bytes).as_slice() == sha256).then_some(bytes)
}

/// `attachment` with the name twice: in ASCII for old programs, and whole (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    use std::fmt::Write as _;
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " .-_()+,='&".contains(c) { c } else { '_' })
        .collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!#$&+^`|".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            let _infallible = write!(whole, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_header_cannot_break_out() {
        assert_eq!(
            disposition("foto's é.jpg"),
            "attachment; filename=\"foto's _.jpg\"; filename*=UTF-8''foto%27s%20%C3%A9.jpg"
        );
        for evil in ["a\"; x=\"b", "a\r\nSet-Cookie: x", "a\\\"", "a;b%0d%0a", "a\u{202e}b"] {
            let header = disposition(evil);
            let name = header.strip_prefix("attachment; filename=\"").unwrap();
            let (plain, whole) = name.split_once('"').unwrap();
            assert!(!plain.contains(['\\', '\r', '\n', ';', '%']), "{header}");
            let whole = whole.strip_prefix("; filename*=UTF-8''").unwrap();
            let token = |c: char| c.is_ascii_alphanumeric() || "-._~!#$&+^`|%".contains(c);
            assert!(whole.chars().all(token), "{header}");
            assert!(axum::http::HeaderValue::from_str(&header).is_ok());
        }
    }

    #[test]
    fn sizes_as_people_say_them() {
        let (nl, en) = (Texts::of(Language::Dutch), Texts::of(Language::English));
        for (bytes, dutch) in [
            (0, "0 B"),
            (812, "812 B"),
            (14_200, "14 kB"),
            (1_240_000, "1,2 MB"),
            (9_960_000, "10 MB"),
            (25_000_000, "25 MB"),
        ] {
            assert_eq!(size(bytes, nl), dutch);
        }
        assert_eq!(size(1_240_000, en), "1.2 MB");
    }
}
