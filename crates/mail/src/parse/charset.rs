//! Bytes to text, whatever the declared character set says.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes bytes; `true` when the declaration could not be followed.
///
/// Valid UTF-8 with characters beyond ASCII is UTF-8 whatever is declared: no text in
/// another character set looks like it by chance. What is declared as Latin-1, or as
/// nothing at all, is windows-1252, as browsers have it (WHATWG Encoding Standard).
pub(super) fn to_text(bytes: &[u8], declared: Option<&str>) -> (String, bool) {
    let label = declared.unwrap_or_default().trim().trim_matches('"').to_ascii_lowercase();
    let stateful = matches!(label.as_str(), "utf-7" | "unicode-1-1-utf-7" | "hz-gb-2312")
        || label.starts_with("iso-2022")
        || label.starts_with("utf-16")
        || label.starts_with("utf-32");
    if !stateful && let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), false);
    }
    match label.as_str() {
        "" => (windows_1252(bytes), false),
        "utf-8" | "utf8" | "us-ascii" | "ascii" | "unknown-8bit" | "x-unknown" => {
            (mostly_utf8(bytes), true)
        }
        "iso-8859-1" | "latin1" | "iso8859-1" | "windows-1252" | "cp1252" | "ansi_x3.4-1968" => {
            (windows_1252(bytes), false)
        }
        _ => match charset_decoder(label.as_bytes()) {
            Some(decoder) => (decoder(bytes), false),
            None => (mostly_utf8(bytes), true),
        },
    }
}

/// UTF-8 with a few bad bytes stays UTF-8; otherwise the bytes are windows-1252.
fn mostly_utf8(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let bad = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let good = text.chars().filter(|c| !c.is_ascii()).count().saturating_sub(bad);
    if good > bad { text.into_owned() } else { windows_1252(bytes) }
}

fn windows_1252(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decoder) => decoder(bytes),
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
