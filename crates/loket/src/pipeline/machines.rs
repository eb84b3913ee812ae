//! What machines wrote: to which conversation it belongs, and which mail of ours came back.

use domain::message::Message;
use domain::message::automatic::{AutomaticKind, bounced_message_ids, classify};
use domain::thread::references;
use store::ingest::KnownThread;
use uuid::Uuid;

/// The Message-IDs that a mail names, one way or another. What is quoted in a text is looked for
/// in bounces alone.
pub(super) fn named(message: &Message) -> Vec<String> {
    let is_bounce = classify(message).is_some_and(|it| matches!(it.kind, AutomaticKind::Bounce(_)));
    let quoted = if is_bounce { bounced_message_ids(message) } else { Vec::new() };
    let reported = message.reported_message_ids.iter().cloned();
    references(message).into_iter().chain(reported).chain(quoted).collect()
}

/// A bounce goes to the conversation of the mail that bounced, an out-of-office note to that
/// of the mail it answers; other automatic mail has none.
pub(super) fn automatic_thread(
    message: &Message,
    kind: AutomaticKind,
    known: &[KnownThread],
) -> Option<Uuid> {
    let bounced = matches!(kind, AutomaticKind::Bounce(_) | AutomaticKind::DelayWarning);
    let mut named = if bounced { bounced_message_ids(message) } else { Vec::new() };
    named.extend(references(message));
    named.iter().find_map(|id| {
        known
            .iter()
            .find(|thread| {
                thread.message_id == *id && (bounced || thread.customer_email == message.from.email)
            })
            .map(|thread| thread.thread_id.0)
    })
}

/// The mail of ours that a report says will not arrive.
pub(super) fn came_back(
    message: &Message,
    kind: AutomaticKind,
    known: &[KnownThread],
) -> Option<String> {
    if !matches!(kind, AutomaticKind::Bounce(_)) {
        return None;
    }
    let named = bounced_message_ids(message);
    named.into_iter().find(|id| known.iter().any(|thread| thread.message_id == *id))
}

/// The kind of an automatic mail as it is stored.
pub(super) fn word(kind: AutomaticKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|value| value.get("kind").and_then(serde_json::Value::as_str).map(str::to_owned))
        .unwrap_or_else(|| "automatic".to_owned())
}
