//! A reply is plain paragraphs. Whatever could hide, load or lead away is an objection.

use super::{Objection, ObjectionKind};
use crate::decide::Terms;

/// Which part of the reply is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What the rules say.
    Body,
    /// The shop's own signature, sanitised when it was saved.
    Signature,
}

/// Tags without attributes that a body may hold.
const BODY_TAGS: &[&str] = &["p", "br", "ul", "ol", "li", "strong", "em", "b", "i", "a"];
/// What a signature may hold besides.
const SIGNATURE_TAGS: &[&str] = &["div", "span", "table", "tbody", "tr", "td", "img", "hr"];

/// Reports markup and links that may not stand here. What the text of a body shows as a link is
/// for [`bare_links`].
pub fn inspect(html: &str, place: Place, terms: &Terms, objections: &mut Vec<Objection>) {
    let mut rest = html;
    while let Some((_, behind)) = rest.split_once('<') {
        let Some((tag, after)) = behind.split_once('>') else {
            objections.push(Objection::new(ObjectionKind::Markup, behind));
            break;
        };
        rest = after;
        judge_tag(tag, place, terms, objections);
    }
}

fn judge_tag(tag: &str, place: Place, terms: &Terms, objections: &mut Vec<Objection>) {
    let inner = tag.trim_start_matches('/').trim_end_matches('/').trim();
    let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let named = |tags: &[&str]| tags.iter().any(|tag| name.eq_ignore_ascii_case(tag));
    let known = named(BODY_TAGS) || (place == Place::Signature && named(SIGNATURE_TAGS));
    let is_link = named(&["a"]);
    let scripted = !attributes.is_empty() && is_scripted(attributes);
    let attributes_fit = is_link || place == Place::Signature || attributes.is_empty();
    if !known || scripted || !attributes_fit {
        objections.push(Objection::new(ObjectionKind::Markup, tag));
        return;
    }
    if is_link && place == Place::Body && !tag.starts_with('/') {
        let target = attributes
            .trim()
            .strip_prefix("href=\"")
            .and_then(|value| value.strip_suffix('"'))
            .unwrap_or(attributes);
        if !is_own(target, terms) {
            objections.push(Objection::new(ObjectionKind::Link, target));
        }
    }
}

fn is_scripted(attributes: &str) -> bool {
    let lower = attributes.to_ascii_lowercase();
    ["on", "style", "javascript:", "data:", "expression("]
        .iter()
        .any(|bad| lower.split(|c: char| c.is_whitespace() || c == ';').any(|a| a.starts_with(bad)))
        || lower.contains("javascript:")
}

/// Addresses in the text that mail programs would turn into links.
pub fn bare_links(text: &str, terms: &Terms, objections: &mut Vec<Objection>) {
    // Each of them holds one of these.
    for word in text.split_whitespace().filter(|word| word.contains(['.', ':'])) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
        if !word.contains(['.', ':']) {
            continue;
        }
        let lower = word.to_lowercase();
        let looks_like_one =
            lower.contains("://") || lower.starts_with("www.") || ends_like_a_host(&lower);
        if looks_like_one && !is_own(&lower, terms) && word != terms.bedrijfsnaam {
            objections.push(Objection::new(ObjectionKind::Link, word));
        }
    }
}

/// `shop.example/path`: letters, a dot, and a short ending of letters.
fn ends_like_a_host(word: &str) -> bool {
    if word.contains('@') {
        return false;
    }
    let host = word.split(['/', '?', '#']).next().unwrap_or(word);
    host.rsplit_once('.').is_some_and(|(name, end)| {
        name.chars().count() >= 2
            && (2..=12).contains(&end.len())
            && end.chars().all(|c| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.')
    })
}

/// Whether a link leads to the shop's own site.
fn is_own(target: &str, terms: &Terms) -> bool {
    let host_of = |url: &str| {
        let url = url.to_lowercase();
        let url = url.strip_prefix("https://").unwrap_or(&url);
        let host = url.split(['/', '?', '#', ':']).next().unwrap_or(url);
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    };
    let own = host_of(&terms.shop_url);
    !own.is_empty() && host_of(target) == own && !target.contains('@')
}
