//! Which attributes may stand, with which values.

use html5ever::tokenizer::Tag;

use super::Remote;
use super::levels::{Kind, Rules, escape};
use super::styles;

/// Longest address of a link or a picture, in bytes.
const LONGEST_ADDRESS: usize = 4_000;
/// Longest picture written into the mail itself, in bytes of its address.
const LONGEST_PICTURE: usize = 300_000;
/// Longest other value, in bytes.
const LONGEST_VALUE: usize = 500;
/// Pictures of this many points and fewer are there to tell that somebody looked.
const SMALLEST_PICTURE: u32 = 2;
/// Kinds of pictures that hold nothing but a picture.
pub const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What becomes of pictures.
pub(super) enum Images<'a> {
    /// Their addresses are kept.
    Kept,
    /// They are put in place, or a word in theirs.
    Shown { remote: Remote, inline: &'a dyn Fn(&str) -> Option<String> },
}

/// The attributes of one element as text, with a blank before each.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub text: String,
    pub remote_image: bool,
}

/// What is kept of an element's attributes; `None` when the element makes no sense without what
/// was taken.
pub(super) fn kept(name: &str, tag: &Tag, rules: &Rules<'_>) -> Option<Attributes> {
    let value = |wanted: &str| {
        let found = tag.attrs.iter().find(|attr| &*attr.name.local == wanted);
        found.map(|attr| attr.value.to_string())
    };
    let mut kept = Attributes::default();
    if name == "a" {
        let address = value("href").and_then(|address| link(&address, rules.kind))?;
        kept.put("href", &address);
    }
    if name == "img" {
        let sides = [value("width"), value("height")];
        let style = value("style").unwrap_or_default();
        if sides.iter().flatten().any(|side| is_tiny(side)) || styles::is_tiny(&style) {
            return None;
        }
        kept.picture(&value("src").unwrap_or_default(), rules.images);
        if let Some(called) = value("alt").filter(|called| called.len() <= LONGEST_VALUE) {
            kept.put("alt", &called);
        }
    }
    if rules.kind == Kind::Mail {
        for attribute in plain_attributes(name).iter().chain(&GENERIC) {
            let Some(held) = value(attribute) else { continue };
            if let Some(held) = fitting(attribute, &held) {
                kept.put(attribute, &held);
            }
        }
    }
    Some(kept)
}

impl Attributes {
    fn put(&mut self, name: &str, value: &str) {
        self.text.extend([" ", name, "=\""]);
        escape(value, &mut self.text);
        self.text.push('"');
    }

    fn picture(&mut self, address: &str, images: &Images<'_>) {
        let address = address.trim();
        let lower: String = address.chars().take(12).flat_map(char::to_lowercase).collect();
        if lower.starts_with("cid:") {
            let id = address.split_once(':').map_or("", |(_, id)| id);
            match images {
                Images::Kept if address.len() <= LONGEST_VALUE => self.put("src", address),
                Images::Shown { inline, .. } => {
                    if let Some(data) = inline(id).filter(|data| is_picture(data)) {
                        self.put("src", &data);
                    }
                }
                Images::Kept => {}
            }
        } else if lower.starts_with("data:") {
            if address.len() <= LONGEST_PICTURE && is_picture(address) {
                self.put("src", address);
            }
        } else if is_web(&lower) && address.len() <= LONGEST_ADDRESS {
            self.remote_image = true;
            if !matches!(images, Images::Shown { remote: Remote::Withheld, .. }) {
                self.put("src", address);
            }
        }
    }
}

/// Attributes of every element.
pub(super) const GENERIC: [&str; 5] = ["style", "dir", "lang", "title", "align"];

/// Attributes of one element besides [`GENERIC`], links and pictures.
pub(super) fn plain_attributes(name: &str) -> &'static [&'static str] {
    match name {
        "img" => &["width", "height"],
        "table" => &["width", "border", "cellpadding", "cellspacing", "bgcolor"],
        "tr" => &["bgcolor", "valign"],
        "td" | "th" => &["width", "height", "colspan", "rowspan", "valign", "bgcolor"],
        "col" | "colgroup" => &["span", "width"],
        "font" => &["color", "face", "size"],
        "ol" => &["start"],
        "hr" => &["width"],
        _ => &[],
    }
}

/// A value that means nothing but what its attribute is for.
fn fitting(attribute: &str, value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || (attribute != "style" && value.len() > LONGEST_VALUE) {
        return None;
    }
    let only = |fits: fn(char) -> bool| value.chars().all(fits).then(|| value.to_owned());
    match attribute {
        "style" => Some(styles::kept(value)).filter(|style| !style.is_empty()),
        "width" | "height" => {
            let number = value.trim_end_matches(['%', 'p', 'x', ' ']);
            let fits = number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
            (fits && !number.is_empty()).then(|| value.to_owned())
        }
        // A table with a cell over a million columns keeps a browser busy.
        "colspan" | "rowspan" | "span" => {
            value.parse::<u16>().ok().filter(|cells| (1..=100).contains(cells))?;
            Some(value.to_owned())
        }
        "border" | "cellpadding" | "cellspacing" | "start" | "size" => {
            (value.len() <= 4).then_some(())?;
            only(|c| c.is_ascii_digit() || c == '+' || c == '-')
        }
        "bgcolor" | "color" => only(|c| c.is_ascii_alphanumeric() || c == '#'),
        "align" | "valign" | "dir" => only(|c| c.is_ascii_alphabetic()),
        "lang" => only(|c| c.is_ascii_alphanumeric() || c == '-'),
        "face" => only(|c| c.is_alphanumeric() || " ,-'".contains(c)),
        "title" => Some(value.to_owned()),
        _ => None,
    }
}

/// Where a link leads, when that is a page, an address or a telephone. Relative ones lead nowhere.
fn link(address: &str, kind: Kind) -> Option<String> {
    let address: String = address.trim().chars().filter(|c| !c.is_control()).collect();
    let lower: String = address.chars().take(10).flat_map(char::to_lowercase).collect();
    let leads = match kind {
        Kind::Mail => is_web(&lower) || lower.starts_with("mailto:") || lower.starts_with("tel:"),
        Kind::Reply => lower.starts_with("https://") || lower.starts_with("mailto:"),
    };
    let plain = address.chars().all(|c| !c.is_whitespace() && !"\"'<>`\\".contains(c));
    (leads && plain && address.len() <= LONGEST_ADDRESS).then_some(address)
}

fn is_web(lower: &str) -> bool {
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// A picture written out, of a kind that holds nothing else.
pub(super) fn is_picture(address: &str) -> bool {
    let Some((kind, data)) = address.strip_prefix("data:").and_then(|it| it.split_once(";base64,"))
    else {
        return false;
    };
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    PICTURES.contains(&kind) && data.bytes().all(base64)
}

fn is_tiny(side: &str) -> bool {
    let side = side.trim().trim_end_matches("px").trim_end();
    side.parse::<u32>().is_ok_and(|points| points <= SMALLEST_PICTURE)
}
