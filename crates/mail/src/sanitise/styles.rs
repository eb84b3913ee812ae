//! Inline styles: how something looks, never where something is fetched or put.

/// Longest style of one element, in bytes.
const LONGEST: usize = 4_000;

/// Properties that may stand.
pub(super) const PROPERTIES: [&str; 62] = [
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "clear",
    "color",
    "direction",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

/// Functions that only name a colour.
const COLOURS: [&str; 4] = ["rgb", "rgba", "hsl", "hsla"];

/// The declarations that may stay, as `name:value;name:value`.
pub(super) fn kept(style: &str) -> String {
    if style.len() > LONGEST {
        return String::new();
    }
    let pairs = style.split(';').filter_map(|declaration| {
        let (name, value) = declaration.split_once(':')?;
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim();
        (PROPERTIES.contains(&name.as_str()) && is_harmless(value))
            .then(|| format!("{name}:{value}"))
    });
    pairs.collect::<Vec<_>>().join(";")
}

fn is_harmless(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " #%.,()!+-'\"/_".contains(c);
    let paired = |sign: char| value.matches(sign).count().is_multiple_of(2);
    let mut calls = value.split('(');
    let last = calls.next_back();
    let colours = calls.all(|before| {
        let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').next();
        name.is_some_and(|name| COLOURS.contains(&name.to_ascii_lowercase().as_str()))
    });
    let closed = value.matches('(').count() == value.matches(')').count();
    !value.is_empty()
        && value.chars().all(plain)
        && paired('"')
        && paired('\'')
        && !value.contains("//")
        && colours
        && closed
        && last.is_some()
}

/// Whether something is too small to be seen.
pub(super) fn is_tiny(style: &str) -> bool {
    style.split(';').filter_map(|declaration| declaration.split_once(':')).any(|(name, value)| {
        let side = matches!(name.trim().to_ascii_lowercase().as_str(), "width" | "height");
        side && matches!(value.trim(), "0" | "0px" | "1px" | "2px")
    })
}
