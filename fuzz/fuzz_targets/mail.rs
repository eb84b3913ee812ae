//! Any bytes, read as a mail and made into what is stored of it: every text can be stored and
//! shown, everything has a bound, every file can be cut out again.
#![no_main]

use std::sync::LazyLock;

use domain::contract::FilterType;
use domain::filter::{FilterRow, Filters};
use domain::message::automatic::{bounced_message_ids, classify};
use domain::message::{Address, Message, identity, reply};
use domain::thread::{Belongs, Candidate, belongs_to, references};
use libfuzzer_sys::fuzz_target;
use mail::parse::files::{File, decoded};
use mail::parse::{Parsed, clean, parse};
use mail::sanitise::kept;
use uuid::Uuid;

/// Characters kept of one header value, and of an address (RFC 5321, section 4.5.3.1).
const VALUE_CHARS: usize = 2000;
const ADDRESS_CHARS: usize = 320;
/// Bytes of a Message-ID.
const ID_BYTES: usize = 998;

static FILTERS: LazyLock<Filters> = LazyLock::new(|| {
    let row = |text: &str, is_regex| FilterRow {
        id: Uuid::nil(),
        filter_type: FilterType::Spam,
        email_address: Some(text.to_owned()),
        domain: Some(text.to_owned()),
        is_regex,
    };
    Filters::compile(&[row("reclame.example", false), row("^(a|b|ab)*promo", true)]).0
});

fuzz_target!(|raw: &[u8]| {
    let parsed = parse(raw).expect("every input gives a message");
    assert_eq!(parse(raw).as_ref(), Ok(&parsed), "read twice it is another");
    texts(&parsed.message, raw.len());
    ids(&parsed.message);
    files(raw, &parsed);
    meaning(&parsed.message);
    if let Some(html) = &parsed.html {
        let kept = kept(html);
        assert!(!kept.html.contains('\0') && kept.html.len() <= 16 * html.len() + 64 * 1024);
    }
    stored(&parsed.message);
});

/// No NUL, no control characters, nothing invisible, no line ends where a line is meant.
fn texts(message: &Message, raw: usize) {
    let Message { text, subject, report, from, reply_to, to, cc, headers, attachments, .. } =
        message;
    for body in [text, report] {
        let sound =
            |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || clean::is_invisible(c));
        assert!(body.chars().all(sound), "{body:?}");
        // A reference such as `&nGt;` is two signs of three bytes each at most.
        assert!(body.len() <= 16 * raw + 1024, "{} bytes of {raw}", body.len());
    }
    line(subject, VALUE_CHARS);
    let people = to.iter().chain(cc).chain(reply_to).chain(Some(from));
    for Address { name, email } in people {
        line(name, VALUE_CHARS);
        line(email, ADDRESS_CHARS);
        assert!(!email.contains(char::is_whitespace), "{email:?}");
        assert_eq!(*email, email.to_lowercase(), "one person, two spellings");
    }
    assert!(to.len() <= 200 && cc.len() <= 200 && headers.len() <= 500);
    for header in headers {
        line(&header.name, 200);
        line(&header.value, VALUE_CHARS);
    }
    for file in attachments {
        assert!(!file.name.is_empty() && !file.name.contains(['/', '\\']), "{file:?}");
    }
}

fn line(text: &str, most: usize) {
    assert!(text.chars().count() <= most, "{} characters: {text}", text.chars().count());
    let sound = |c: char| !(c.is_control() || clean::is_invisible(c));
    assert!(text.chars().all(sound) && text.trim() == text, "{text:?}");
}

fn ids(message: &Message) {
    let named = [&message.in_reply_to, &message.references, &message.reported_message_ids];
    for id in named.into_iter().flatten().chain(&message.message_id) {
        assert!(!id.is_empty() && id.len() <= ID_BYTES, "{id:?}");
        line(id, ID_BYTES);
        assert!(!id.contains([' ', '<', '>']), "{id:?}");
    }
    assert!(named.iter().all(|ids| ids.len() <= 500));
    assert!(references(message).len() <= 50);
}

/// What the table of files takes, and what cutting one out again relies on.
fn files(raw: &[u8], parsed: &Parsed) {
    assert!(parsed.files.listed.len() <= 100);
    for file in &parsed.files.listed {
        let File { safe_name, name, content_type, disposition, offset, length, size, .. } = file;
        assert!(!safe_name.is_empty() && !safe_name.starts_with('.'), "{file:?}");
        assert!(!safe_name.contains(['/', '\\', '\0']), "{file:?}");
        assert!(safe_name.chars().count() <= 120 && name.chars().count() <= 255, "{file:?}");
        assert!(!name.contains('\0') && content_type.chars().count() <= 127, "{file:?}");
        assert!(matches!(disposition.as_str(), "attachment" | "inline" | ""), "{file:?}");
        assert!(file.content_id.as_ref().is_none_or(|id| id.len() <= 500), "{file:?}");
        let bytes = raw.get(*offset..offset + length).expect("it stands in the mail");
        assert!(file.sha256.is_some(), "nothing is that large here");
        assert_eq!(decoded(&file.encoding, bytes).len() as u64, *size, "{file:?}");
    }
}

/// What decides where it goes ends, and says what can be written down.
fn meaning(message: &Message) {
    if let Some(automatic) = classify(message) {
        assert!(automatic.told_by.len() <= 4096, "{automatic:?}");
    }
    for id in bounced_message_ids(message) {
        assert!(!id.is_empty() && !id.contains('\0'), "{id:?}");
    }
    let verified = identity::is_verified(message, "mx.winkel.example");
    assert!(!(verified && message.from_in_doubt));
    identity::reply_goes_elsewhere(message);
    FILTERS.admit(&message.from.email);
    let candidate = Candidate {
        thread_id: Uuid::from_u128(7),
        customer_email: "klant@mail.example".to_owned(),
        message_id: "loket1.a@winkel.example".to_owned(),
    };
    if belongs_to(message, &[candidate]) == Belongs::To(Uuid::from_u128(7)) {
        assert_eq!(message.from.email, "klant@mail.example");
    }
    let stripped = reply::strip_with_subject(&message.subject, &message.text);
    assert_eq!(stripped.new_text.is_empty(), message.text.trim().is_empty());
}

/// Batches go to the database as JSON, and come back as they were.
fn stored(message: &Message) {
    let json = serde_json::to_string(message).expect("texts are UTF-8");
    assert!(!json.contains("\\u0000"), "no database takes it");
    let again: Message = serde_json::from_str(&json).expect("it was just written");
    assert_eq!(again, *message);
}
