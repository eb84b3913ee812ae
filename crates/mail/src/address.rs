//! Addresses as every server understands them.

use std::borrow::Cow;

/// The address with its domain in ASCII (RFC 5891): servers without SMTPUTF8 (RFC 6531) deliver to
/// `klant@xn--bcher-kva.example` as to `klant@bücher.example`. What stands before the @ has no
/// such form and stays as it is, as does what is no domain.
pub fn with_ascii_domain(address: &str) -> Cow<'_, str> {
    if address.is_ascii() {
        return Cow::Borrowed(address);
    }
    let ascii = address.rsplit_once('@').and_then(|(local, domain)| {
        let domain = idna::domain_to_ascii_strict(domain).ok()?;
        Some(format!("{local}@{domain}"))
    });
    ascii.map_or(Cow::Borrowed(address), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_in_other_letters_has_a_form_that_every_server_takes() {
        for (address, wanted) in [
            ("sanne@example.nl", "sanne@example.nl"),
            ("sanne@bücher.example", "sanne@xn--bcher-kva.example"),
            ("sanne@BÜCHER.example", "sanne@xn--bcher-kva.example"),
            ("sanne@例え.jp", "sanne@xn--r8jz45g.jp"),
            // Nothing can be made of these.
            ("jürgen@example.de", "jürgen@example.de"),
            ("sanne@a\u{202e}b.example", "sanne@a\u{202e}b.example"),
            ("ü", "ü"),
        ] {
            assert_eq!(with_ascii_domain(address), wanted);
        }
    }
}
