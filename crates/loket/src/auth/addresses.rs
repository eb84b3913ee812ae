//! Mail addresses as people type them, and texts as parts of links.

use super::refusal::Refusal;

/// An address as it is kept: lower case, plain, one `@`. Stricter than RFC 5322, as mail
/// providers are.
pub fn email(typed: &str) -> Result<String, Refusal> {
    let wrong = || Refusal::invalid("Unable to validate email address: invalid format");
    let text = typed.trim().to_lowercase();
    if text.is_empty() || text.len() > 254 {
        return Err(wrong());
    }
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let plain = |c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let local_is_good = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let domain_is_good = domain.contains('.') && domain.split('.').all(label);
    if local_is_good && domain_is_good { Ok(text) } else { Err(wrong()) }
}

/// A text as a part of a query or fragment: all but letters, digits and `-._~` escaped.
pub fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _infallible = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// `address#name=value&...`, with the values escaped.
pub fn with_fragment(address: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("{address}#{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_one_plain_address() {
        assert_eq!(email(" Sanne+x@Winkel.Example "), Ok("sanne+x@winkel.example".to_owned()));
        for wrong in [
            "",
            "a",
            "a@",
            "@b.nl",
            "a@b",
            "a b@c.nl",
            "a@b.nl\r\nBcc: c@d.nl",
            "a@b.nl,c@d.nl",
            "<a@b.nl>",
            "a@@b.nl",
            "a@b..nl",
            "a..b@c.nl",
            "a@-b.nl",
            "\"a\"@b.nl",
        ] {
            assert!(email(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn parts_of_links_are_escaped() {
        assert_eq!(escaped("a b/&=ü"), "a%20b%2F%26%3D%C3%BC");
        assert_eq!(
            with_fragment("https://x", &[("a", "1 2"), ("b", "c")]),
            "https://x#a=1%202&b=c"
        );
    }
}
