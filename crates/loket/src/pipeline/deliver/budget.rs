//! What a provider lets a mailbox send, as data.

use std::sync::LazyLock;
use std::time::Duration;

use mail::smtp::Reply;
use serde::Deserialize;
use store::mailboxes::MailboxKind;

const PROVIDERS: &str = include_str!("providers.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Providers {
    limit: Vec<Entry>,
    quota: Quota,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: MailboxKind,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    not_domains: Vec<String>,
    mails: i64,
    seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    enhanced: Vec<String>,
}

/// So many mails in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub mails: i64,
    /// Within the last so many seconds.
    pub seconds: u64,
}

impl Limit {
    /// How far back mails count.
    pub const fn window(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
static KNOWN: LazyLock<Providers> =
    LazyLock::new(|| toml::from_str(PROVIDERS).expect("providers.toml can be read"));

/// The limits of this mailbox; none where the provider is not known.
pub fn limits(kind: MailboxKind, address: &str) -> Vec<Limit> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_in = |list: &[String]| list.iter().any(|it| it == domain);
    let fits = |entry: &&Entry| {
        entry.kind == kind
            && (entry.domains.is_empty() || is_in(&entry.domains))
            && !is_in(&entry.not_domains)
    };
    let limit = |entry: &Entry| Limit { mails: entry.mails, seconds: entry.seconds };
    KNOWN.limit.iter().filter(fits).map(limit).collect()
}

/// Whether a provider says that the mailbox sent too much; then the mail itself is innocent.
pub fn is_quota(reply: &Reply) -> bool {
    reply.enhanced.as_ref().is_some_and(|code| KNOWN.quota.enhanced.contains(code))
}

/// Whether a server says that this one mail is too large for it: then it says nothing of others.
pub fn is_size(reply: &Reply) -> bool {
    reply.code == 552 || reply.enhanced.as_deref().is_some_and(|code| code == "5.3.4")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_has_its_limit() {
        let of = |kind, address| {
            limits(kind, address)
                .iter()
                .map(|limit| (limit.mails, limit.seconds))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(MailboxKind::Zoho, "info@winkel.nl"), [(45, 3600)]);
        assert_eq!(of(MailboxKind::Gmail, "winkel@gmail.com"), [(450, 86400)]);
        assert_eq!(of(MailboxKind::Gmail, "info@winkel.nl"), [(1800, 86400)]);
        assert_eq!(of(MailboxKind::Imap, "info@winkel.nl"), []);
    }

    #[test]
    fn too_much_is_told_from_no() {
        let reply = |enhanced: Option<&str>| Reply {
            code: 550,
            enhanced: enhanced.map(str::to_owned),
            text: String::new(),
        };
        assert!(is_quota(&reply(Some("5.4.5"))));
        assert!(!is_quota(&reply(Some("5.1.1"))) && !is_quota(&reply(None)));
    }
}
