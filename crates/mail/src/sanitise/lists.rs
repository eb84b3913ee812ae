//! Ammonia, told what may stand. It knows nothing of what [`super::levels`] did and decides for
//! itself.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::attributes::{GENERIC, is_picture, plain_attributes};
use super::levels::{MAIL, REPLY};
use super::styles::PROPERTIES;

static MAIL_LIST: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut attributes: HashMap<&str, HashSet<&str>> =
        MAIL.iter().map(|name| (*name, plain_attributes(name).iter().copied().collect())).collect();
    attributes.entry("a").or_default().insert("href");
    attributes.entry("img").or_default().extend(["src", "alt"]);
    let mut builder = Builder::empty();
    builder
        .tags(MAIL.into_iter().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(attributes)
        .generic_attributes(GENERIC.into_iter().collect())
        .filter_style_properties(PROPERTIES.into_iter().collect())
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
        .url_relative(UrlRelative::Deny)
        .attribute_filter(only_pictures)
        .set_tag_attribute_value("a", "target", "_blank")
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true);
    builder
});

static REPLY_LIST: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(REPLY.into_iter().collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(["https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true);
    builder
});

/// `data:` and `cid:` are for pictures.
fn only_pictures<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let lower: String = value.trim().chars().take(5).flat_map(char::to_lowercase).collect();
    let kept = match (element, attribute) {
        ("img", "src") => !lower.starts_with("data:") || is_picture(value),
        (_, "href") => !lower.starts_with("data:") && !lower.starts_with("cid:"),
        _ => true,
    };
    kept.then_some(Cow::Borrowed(value))
}

/// What may stand in a mail that is looked at.
pub(super) fn mail(html: &str) -> String {
    MAIL_LIST.clean(html).to_string()
}

/// What may stand in a mail that is sent.
pub(super) fn reply(html: &str) -> String {
    REPLY_LIST.clean(html).to_string()
}
