//! Mail about mail: delivery reports, in the form of RFC 3464 or in prose.

use std::sync::LazyLock;

use regex::Regex;

use super::phrases::PHRASES;
use super::{Automatic, AutomaticKind, BounceReason, start_of};
use crate::message::Message;

/// Bytes of the text that are read; the original message stands behind them.
const READ: usize = 6000;

/// Tells a report about a mail of ours.
pub(super) fn classify(message: &Message) -> Option<Automatic> {
    if message.is_report
        && let Some(found) = by_report(message)
    {
        return Some(found);
    }
    let failed = message.header("x-failed-recipients");
    if let Some(recipients) = failed {
        return Some(bounce(message, format!("x-failed-recipients: {recipients}")));
    }
    let sender = sender_mark(message)?;
    let text = start_of(&message.text, READ);
    let about_delivery =
        PHRASES.bounce_subjects.is_match(&message.subject) || PHRASES.bounce_texts.is_match(text);
    if PHRASES.delay_subjects.is_match(&message.subject)
        && !PHRASES.bounce_texts.is_match(&message.subject)
    {
        return Some(Automatic {
            kind: AutomaticKind::DelayWarning,
            told_by: sender.header,
            is_certain: true,
        });
    }
    (about_delivery || sender.certain).then(|| bounce(message, sender.header))
}

/// `multipart/report` with a machine-readable half, or at least from a mail system.
fn by_report(message: &Message) -> Option<Automatic> {
    static ACTION: LazyLock<Regex> = LazyLock::new(|| super::pattern(r"(?im)^action:\s*([a-z]+)"));
    static DISPOSITION: LazyLock<Regex> =
        LazyLock::new(|| super::pattern(r"(?im)^disposition:\s*([^\r\n]*)"));
    let actions: Vec<String> = ACTION
        .captures_iter(&message.report)
        .filter_map(|found| found.get(1))
        .map(|action| action.as_str().to_ascii_lowercase())
        .collect();
    let has = |wanted: &str| actions.iter().any(|action| action == wanted);
    let told = |kind, by: &str| {
        Some(Automatic {
            kind,
            told_by: format!("delivery report, action: {by}"),
            is_certain: true,
        })
    };
    if has("failed") {
        // Sent by a filter that wants to be answered, dressed as a report.
        if sender_mark(message).is_none()
            && PHRASES.challenge_texts.is_match(start_of(&message.text, READ))
        {
            return None;
        }
        return told(AutomaticKind::Bounce(reason(message)), "failed");
    }
    if has("delayed") {
        return told(AutomaticKind::DelayWarning, "delayed");
    }
    if has("delivered") || has("relayed") || has("expanded") {
        return told(AutomaticKind::Notification, "delivered");
    }
    DISPOSITION.captures(&message.report).and_then(|found| found.get(1)).map(|value| Automatic {
        kind: AutomaticKind::Notification,
        told_by: format!("disposition: {}", start_of(value.as_str(), 100)),
        is_certain: true,
    })
}

fn bounce(message: &Message, told_by: String) -> Automatic {
    Automatic { kind: AutomaticKind::Bounce(reason(message)), told_by, is_certain: true }
}

struct Mark {
    header: String,
    /// Only mail systems write so; no phrase is needed besides.
    certain: bool,
}

/// The sender is a mail system, or there is none to send an answer to.
fn sender_mark(message: &Message) -> Option<Mark> {
    let from = &message.from;
    let local = from.email.split('@').next().unwrap_or_default();
    let name = from.name.to_lowercase();
    let header = || format!("from: {} <{}>", from.name, from.email);
    if PHRASES.bounce_senders.contains(local) {
        return Some(Mark {
            header: header(),
            certain: local != "postmaster" && local != "mailer",
        });
    }
    if PHRASES.bounce_names.iter().any(|known| name.contains(known)) {
        return Some(Mark { header: header(), certain: false });
    }
    if let Some(path) = message.header("return-path").filter(|path| is_null(path)) {
        return Some(Mark { header: format!("return-path: {path}"), certain: false });
    }
    let report = message.is_report.then(|| "content-type: multipart/report".to_owned())?;
    Some(Mark { header: report, certain: false })
}

/// `<>`: reports are sent from no address, so that none is sent about them (RFC 5321, 4.5.5).
pub(super) fn is_null(path: &str) -> bool {
    let path = path.trim();
    path.starts_with("<>") || path.is_empty()
}

/// Why, as far as it can be read: the report first, then the prose.
fn reason(message: &Message) -> BounceReason {
    let text = start_of(&message.text, READ);
    // The diagnosis stands in the report; its other fields name hosts, not reasons.
    let fields = message.report.lines().filter(|line| {
        let line = line.trim_start().to_ascii_lowercase();
        ![
            "reporting-mta",
            "remote-mta",
            "received-from",
            "arrival-date",
            "final-rec",
            "original-rec",
            "x-",
        ]
        .iter()
        .any(|field| line.starts_with(field))
    });
    let report = fields.collect::<Vec<_>>().join(" ");
    let find = |text: &str| {
        PHRASES
            .reasons
            .iter()
            .find(|(_, pattern)| pattern.is_match(text))
            .map(|(reason, _)| *reason)
    };
    find(&report)
        .or_else(|| find(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
        .unwrap_or(BounceReason::Unknown)
}

/// `Message-ID: <...>` lines in a text, where an old mail system quotes the original.
pub(super) fn quoted_message_ids(text: &str) -> Vec<String> {
    static ID: LazyLock<Regex> =
        LazyLock::new(|| super::pattern(r"(?im)^[> \t]*message-id:\s*<([^<>\s]{3,990})>"));
    ID.captures_iter(text)
        .filter_map(|found| found.get(1))
        .map(|id| id.as_str().to_owned())
        .collect()
}
