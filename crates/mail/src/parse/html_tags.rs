//! What HTML elements and character references mean to a reader.

use mail_parser::decoders::html::add_html_token;

/// Begins and ends on lines of its own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "div"
            | "p"
            | "table"
            | "tr"
            | "ul"
            | "ol"
            | "dl"
            | "dt"
            | "dd"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "center"
            | "address"
            | "article"
            | "section"
            | "header"
            | "footer"
            | "form"
            | "fieldset"
            | "tbody"
            | "body"
            | "main"
            | "figure"
    )
}

/// Has no content and no end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr"
            | "img"
            | "input"
            | "meta"
            | "link"
            | "base"
            | "area"
            | "col"
            | "wbr"
            | "source"
    )
}

/// Word and Outlook write every line as a paragraph without a gap.
pub(super) fn is_tight(tag: &str) -> bool {
    tag.contains("MsoNormal")
        || tag.contains("MsoPlainText")
        || tag.contains("margin:0")
        || tag.contains("margin: 0")
}

/// An element that a reader cannot see.
pub(super) fn is_hidden(tag: &str) -> bool {
    let lower: String = tag
        .chars()
        .take(4096)
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    let style = lower.split_once("style=").map_or("", |(_, style)| style);
    [
        "display:none",
        "visibility:hidden",
        "mso-hide:all",
        "font-size:0;",
        "font-size:0px",
        "font-size:0\"",
        "max-height:0;",
        "max-height:0px",
    ]
    .iter()
    .any(|mark| style.contains(mark))
        || tag.split_whitespace().skip(1).any(|word| word.eq_ignore_ascii_case("hidden"))
}

/// Text with its character references decoded.
pub(super) fn entities(text: &str) -> String {
    const LONGEST: usize = 34;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let end = reference.bytes().take(LONGEST).position(|byte| byte == b';');
        match end.and_then(|end| reference.split_at_checked(end + 1)) {
            Some((token, behind)) if token.is_ascii() => {
                add_html_token(&mut out, token.as_bytes(), false);
                rest = behind;
            }
            _ => {
                out.push('&');
                rest = reference.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}
