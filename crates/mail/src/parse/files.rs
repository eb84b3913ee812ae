//! What hangs beside the text of a message: attachments and pictures inside it (hazard C23).
//!
//! They are listed and hashed, never unpacked, opened or guessed at. Their bytes stay where they
//! are: a listing says where in the raw message they stand and how they are encoded.

use super::tree::{Content, Part};
use super::{body, clean, decode, limits};

/// One file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its place in the tree of parts, as IMAP counts: `2.1`.
    pub path: String,
    /// As the sender named it, decoded, without control characters; may be empty.
    pub name: String,
    /// The same as it may be written to a disk, see [`safe_name`].
    pub safe_name: String,
    /// As the sender declared it: `image/jpeg`.
    pub content_type: String,
    /// `attachment`, `inline` or empty.
    pub disposition: String,
    /// What the HTML calls it by, without angle brackets.
    pub content_id: Option<String>,
    /// Its transfer encoding, lower case; empty for none.
    pub encoding: String,
    /// Where its encoded bytes begin in the raw message.
    pub offset: usize,
    /// How many encoded bytes there are.
    pub length: usize,
    /// Decoded size in bytes; an estimate where there is no hash.
    pub size: u64,
    /// SHA-256 of the decoded bytes; `None` when it is larger than can be had.
    pub sha256: Option<[u8; 32]>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    /// In their order in the message, at most a hundred.
    pub listed: Vec<File>,
    /// How many more there are.
    pub left_out: usize,
}

/// The bytes of a file from its encoded ones.
#[must_use]
pub fn decoded(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    decode::transfer(encoding, bytes).bytes
}

/// Lists the files of a message. `raw` is what `root` was split from.
pub(super) fn list(raw: &[u8], root: &Part<'_>) -> Files {
    let mut files = Files::default();
    match &root.content {
        Content::Multipart(parts) => walk(raw, parts, "", &mut files),
        _ => look(raw, root, "1", &mut files),
    }
    files
}

fn walk(raw: &[u8], parts: &[Part<'_>], above: &str, files: &mut Files) {
    for (part, number) in parts.iter().zip(1_usize..) {
        let path = if above.is_empty() { number.to_string() } else { format!("{above}.{number}") };
        match &part.content {
            Content::Multipart(parts) => walk(raw, parts, &path, files),
            _ => look(raw, part, &path, files),
        }
    }
}

fn look(raw: &[u8], part: &Part<'_>, path: &str, files: &mut Files) {
    let (bytes, message) = match &part.content {
        Content::Leaf(bytes) if body::is_file(part) => (*bytes, None),
        Content::Message(inner, bytes) => (*bytes, Some(inner.header.text("subject"))),
        _ => return,
    };
    if files.listed.len() >= limits::FILES {
        files.left_out += 1;
        return;
    }
    let Some(offset) = place(raw, bytes) else { return };
    let encoding = match message {
        Some(_) => String::new(),
        None => part.header.text("content-transfer-encoding").trim().to_ascii_lowercase(),
    };
    let (kind, subtype) = (&part.content_type.kind, &part.content_type.subtype);
    let content_type: String =
        clean::header(&format!("{kind}/{subtype}")).chars().take(127).collect();
    let name = name(part, message);
    let estimate = decode::decoded_size(&encoding, bytes);
    let (sha256, size) = if estimate > limits::FILE_BYTES {
        (None, estimate)
    } else {
        let (hash, size) = decode::digest(&encoding, bytes);
        (Some(hash), size)
    };
    let id = part.header.text("content-id");
    let id = id.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
    files.listed.push(File {
        path: path.to_owned(),
        safe_name: safe_name(&name, &content_type),
        name,
        content_type,
        disposition: match part.disposition.as_str() {
            known @ ("attachment" | "inline") => known.to_owned(),
            _ => String::new(),
        },
        content_id: Some(id).filter(|id| !id.is_empty() && id.len() <= 500),
        encoding: encoding.chars().take(40).collect(),
        offset,
        length: bytes.len(),
        size,
        sha256,
    });
}

/// As the sender named it: for the record, never for a disk.
fn name(part: &Part<'_>, message: Option<String>) -> String {
    let disposition = part.header.parameters("content-disposition");
    let given = disposition.as_ref().and_then(|found| found.get("filename"));
    let given = given.or_else(|| part.content_type.get("name")).map(str::to_owned);
    let subject = || message.filter(|subject| !subject.is_empty()).map(|it| format!("{it}.eml"));
    let name = given.or_else(subject).unwrap_or_default();
    let printable = name.chars().filter(|c| !c.is_control());
    printable.take(limits::FILE_NAME_CHARS).collect()
}

/// Where a slice begins in the bytes it was cut from.
fn place(raw: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(raw.as_ptr().addr())?;
    let there = raw.get(offset..)?.get(..part.len())?;
    (there.as_ptr().addr() == part.as_ptr().addr()).then_some(offset)
}

/// A name that can be written to any disk and says what it is: the last component, without what
/// cannot be seen, what turns the reading direction, and what a shell or a file system reads as
/// something else. Never empty, no dot in front, at most 120 characters, its ending kept.
#[must_use]
pub fn safe_name(name: &str, content_type: &str) -> String {
    const LONGEST: usize = 120;
    let clean = body::file_name(name);
    let signs: String =
        clean.chars().map(|c| if "<>:\"|?*%;`$\\/".contains(c) { '_' } else { c }).collect();
    let plain = signs.trim_matches(['.', ' ']);
    let (stem, ending) = match plain.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.chars().count() <= 12 => {
            (stem, ending.to_owned())
        }
        _ => (plain, usual_ending(content_type).to_owned()),
    };
    let device = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let room = LONGEST.saturating_sub(ending.chars().count() + 1);
    let mut safe: String = stem.chars().take(room).collect();
    safe.truncate(safe.trim_end_matches(['.', ' ']).len());
    if is_device(&device) {
        safe.insert(0, '_');
    }
    if !ending.is_empty() {
        safe.push('.');
        safe.push_str(&ending);
    }
    safe
}

/// Names that Windows keeps for devices.
fn is_device(name: &str) -> bool {
    let numbered = name.len() == 4 && name.ends_with(|c: char| c.is_ascii_digit());
    matches!(name, "CON" | "PRN" | "AUX" | "NUL")
        || (numbered && (name.starts_with("COM") || name.starts_with("LPT")))
}

/// The ending of a file that was given none.
fn usual_ending(content_type: &str) -> &'static str {
    match content_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "text/plain" => "txt",
        "text/calendar" => "ics",
        "message/rfc822" => "eml",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn c23_names() {
        for (name, safe) in [
            ("factuur.pdf", "factuur.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            (".htaccess", "htaccess"),
            ("\u{200b}.htaccess", "htaccess"),
            ("foto\u{202e}gpj.exe", "fotogpj.exe"),
            ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
            ("a\"; filename=\"b.exe", "a__ filename=_b.exe"),
            ("CON.txt", "_CON.txt"),
            ("naam. . .", "naam"),
            ("", "unnamed"),
            ("..", "unnamed"),
            ("fóto's van de jas 1.jpg", "fóto's van de jas 1.jpg"),
        ] {
            assert_eq!(safe_name(name, "application/zip"), safe, "{name}");
        }
        assert_eq!(safe_name("", "image/png"), "unnamed.png");
        assert_eq!(safe_name("foto", "image/jpeg"), "foto.jpg");
        let long = safe_name(&format!("{}.pdf", "x".repeat(500)), "application/pdf");
        assert!(long.chars().count() <= 120, "{long}");
        assert!(safe_name(&"y".repeat(500), "").chars().count() <= 120);
    }
}
