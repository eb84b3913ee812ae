//! What is known of mail providers beforehand, by the host their mail is read from.

/// The name under which a provider signs its checks of senders (RFC 8601). Only names that were
/// seen in real mail are here: under a wrong one every sender counts as unproven.
const CHECKS: [(&str, &str); 7] = [
    ("imap.gmail.com", "mx.google.com"),
    ("imap.zoho.com", "mx.zohomail.com"),
    ("imappro.zoho.com", "mx.zohomail.com"),
    ("imap.zoho.eu", "mx.zohomail.eu"),
    ("imappro.zoho.eu", "mx.zohomail.eu"),
    ("imap.zoho.in", "mx.zohomail.in"),
    ("imappro.zoho.in", "mx.zohomail.in"),
];

/// Under which name this host's provider says who a sender is; `None` where nobody knows, and no
/// mail is answered by itself.
pub fn authserv_id(imap_host: &str) -> Option<&'static str> {
    let known = CHECKS.iter().find(|(host, _)| host.eq_ignore_ascii_case(imap_host));
    known.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_hosts() {
        assert_eq!(authserv_id("IMAP.gmail.com"), Some("mx.google.com"));
        assert_eq!(authserv_id("imappro.zoho.eu"), Some("mx.zohomail.eu"));
        assert_eq!(authserv_id("imap.gmail.com.evil.example"), None);
    }
}
