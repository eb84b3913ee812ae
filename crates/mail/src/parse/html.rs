//! HTML as the text a person would read.

/// As text.
#[must_use]
pub fn to_text(html: &str) -> String {
    html2text::from_read(html.as_bytes(), 100_000).unwrap_or_default()
}
