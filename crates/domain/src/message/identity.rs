//! Who vouches for the sender? Only the mailbox's own provider, by its topmost
//! `Authentication-Results` (RFC 8601). A sender can write such a header too, so any below the
//! provider's own, or under another name, counts for nothing (hazard C17).

use super::Message;

/// Whether the provider called `authserv_id` vouches for the domain in From: DMARC passed for it,
/// or without a DMARC verdict a DKIM signature or SPF check of the same domain.
///
/// Doubt is no: a From that could be read in two ways, an encoded word in the header (senders
/// choose the addresses that providers repeat there), or one verdict of several that is no pass.
pub fn is_verified(message: &Message, authserv_id: &str) -> bool {
    let Some(results) = message.header("authentication-results") else { return false };
    if message.from_in_doubt || results.contains("=?") {
        return false;
    }
    // Senders choose part of what stands in comments and quotes.
    let results = without_comments(results);
    let mut clauses = results.split(';').map(str::trim);
    let named = clauses
        .next()
        .and_then(|first| first.split_whitespace().next())
        .is_some_and(|id| !id.is_empty() && id.eq_ignore_ascii_case(authserv_id.trim()));
    let domain = message.from.domain();
    if !named || domain.is_empty() {
        return false;
    }
    let clauses: Vec<Clause> = clauses.filter_map(Clause::read).collect();
    let of = |method: &'static str| clauses.iter().filter(move |clause| clause.method == method);
    let aligned = |clause: &Clause, properties: &[&str]| {
        clause
            .values(properties)
            .any(|signed| signed == domain || domain.ends_with(&format!(".{signed}")))
    };
    if of("dmarc").next().is_some() {
        // What it says of another domain than the one we read says nothing.
        return of("dmarc").all(|clause| {
            clause.result == "pass" && clause.values(&["header.from"]).all(|from| from == domain)
        });
    }
    of("dkim").any(|clause| clause.result == "pass" && aligned(clause, &["header.d", "header.i"]))
        || of("spf").any(|clause| clause.result == "pass" && aligned(clause, &["smtp.mailfrom"]))
}

/// `method=result property=value ...` (RFC 8601, section 2.2), in lower case.
struct Clause {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Clause {
    fn read(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let (method, rest) = text.split_once('=')?;
        // `dkim/1=pass` names a version.
        let method = method.split('/').next().unwrap_or_default().trim();
        let mut words = rest.split_whitespace();
        let result = words.next()?.to_owned();
        let properties = words
            .filter_map(|word| word.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Some(Self { method: method.to_owned(), result, properties })
    }

    /// The domains that these properties name.
    fn values(&self, names: &[&str]) -> impl Iterator<Item = &str> {
        self.properties
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.trim_matches(['<', '>']))
            .map(|value| value.rsplit('@').next().unwrap_or(value))
    }
}

/// The header without what stands in round brackets or quotes (RFC 8601 allows both anywhere); a
/// blank stays in their place. Zoho writes `dmarc=pass(p=none)`.
fn without_comments(text: &str) -> String {
    let (mut kept, mut depth, mut quoted) = (String::with_capacity(text.len()), 0_usize, false);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if quoted || depth > 0 => {
                characters.next();
            }
            '"' if depth == 0 => {
                quoted = !quoted;
                kept.push(' ');
            }
            _ if quoted => {}
            '(' => depth = depth.saturating_add(1),
            ')' if depth > 0 => {
                depth = depth.saturating_sub(1);
                kept.push(' ');
            }
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// Whether an answer is asked for at another domain than the sender's (hazard C18).
pub fn reply_goes_elsewhere(message: &Message) -> bool {
    message.reply_to.as_ref().is_some_and(|reply_to| {
        !reply_to.email.is_empty() && reply_to.domain() != message.from.domain()
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Address, Header};
    use super::*;

    fn mail(results: &[&str]) -> Message {
        Message {
            from: Address { name: String::new(), email: "sanne@example.nl".to_owned() },
            headers: results
                .iter()
                .map(|value| Header {
                    name: "authentication-results".to_owned(),
                    value: (*value).to_owned(),
                })
                .collect(),
            ..Message::default()
        }
    }

    #[test]
    fn only_the_providers_word_counts() {
        let us = "mx.google.com";
        let verified = |results: &[&str]| is_verified(&mail(results), us);
        assert!(verified(&[
            "mx.google.com; dkim=pass header.i=@x; dmarc=pass header.from=example.nl"
        ]));
        assert!(verified(&["mx.google.com; dkim=pass header.d=example.nl header.s=k"]));
        assert!(verified(&["MX.google.com 1; spf=pass smtp.mailfrom=bounce@example.nl"]));
        assert!(!verified(&["mx.google.com; dmarc=fail; dkim=pass header.d=example.nl"]));
        assert!(!verified(&["mx.google.com; dkim=pass header.d=evil.example"]));
        assert!(!verified(&["mx.google.com; spf=pass smtp.mailfrom=x@evil.example"]));
        assert!(!verified(&["mx.google.com; none"]));
        assert!(!verified(&[]));
    }

    #[test]
    fn comments_are_no_results() {
        let us = "mx.zohomail.eu";
        let verified = |results: &str| is_verified(&mail(&[results]), us);
        assert!(verified(
            "mx.zohomail.eu; dkim=pass; spf=pass (zohomail.eu: domain of example.nl designates 1.2.3.4) \
             smtp.mailfrom=s@example.nl; dmarc=pass(p=none dis=none) header.from=example.nl"
        ));
        assert!(!verified("mx.zohomail.eu; spf=fail (of \\) x; dmarc=pass) ; dmarc=fail(p=none)"));
        assert!(!verified("mx.zohomail.eu; spf=fail (a (b; dmarc=pass) c)"));
        assert!(!verified(
            "mx.zohomail.eu; spf=fail smtp.mailfrom=\"; dmarc=pass ;\"@evil.example"
        ));
        assert!(!verified("mx.zohomail.eu; spf=fail (never closed; dmarc=pass"));
    }

    /// Hazard C17: what the envelope sender smuggles into the provider's header, and verdicts on
    /// somebody else.
    #[test]
    fn c17_a_verdict_is_on_the_sender_we_read_or_on_nobody() {
        let us = "mx.google.com";
        let verified = |results: &str| is_verified(&mail(&[results]), us);
        let smuggled = "=?utf-8?q?=29=3Bdmarc=3Dpass=3B=28?=@evil.example";
        assert!(!verified(&format!(
            "mx.google.com; spf=pass (google.com: domain of {smuggled} designates 1.2.3.4) \
             smtp.mailfrom={smuggled}; dmarc=pass header.from=example.nl"
        )));
        assert!(!verified("mx.google.com; dmarc=pass header.from=evil.example"));
        assert!(!verified("mx.google.com; dmarc=pass header.from=nl"));
        assert!(!verified("mx.google.com; dmarc=pass; dmarc=fail header.from=example.nl"));
        assert!(!verified("mx.google.com; dmarc=none; dkim=pass header.d=example.nl"));
        assert!(verified("mx.google.com; dmarc=pass header.from=<sanne@example.nl>"));
        let mut doubtful = mail(&["mx.google.com; dmarc=pass header.from=example.nl"]);
        doubtful.from_in_doubt = true;
        assert!(!is_verified(&doubtful, us));
    }

    /// Hazard C17: the sender's own header stands below the provider's.
    #[test]
    fn c17_a_header_of_the_senders_own_is_ignored() {
        let us = "mx.google.com";
        let own = "mx.google.com; dmarc=pass";
        assert!(!is_verified(&mail(&["mx.google.com; dmarc=fail", own]), us));
        assert!(!is_verified(&mail(&["evil.example; dmarc=pass"]), us));
        assert!(!is_verified(&mail(&["mx.google.com.evil.example; dmarc=pass"]), us));
    }

    #[test]
    fn c18_reply_to_another_domain() {
        let mut message = mail(&[]);
        assert!(!reply_goes_elsewhere(&message));
        message.reply_to = Some(Address { name: String::new(), email: "s@example.nl".to_owned() });
        assert!(!reply_goes_elsewhere(&message));
        message.reply_to =
            Some(Address { name: String::new(), email: "s@evil.example".to_owned() });
        assert!(reply_goes_elsewhere(&message));
    }
}
