//! Any text, taken apart into what is new and what is old: bounded, made of the mail's own lines,
//! and nothing that a person wrote is lost.
#![no_main]

use domain::message::reply::{Stripped, strip_with_subject};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // The first line is the subject, as it decides how a header block is read.
    let (subject, text) = text.split_once('\n').unwrap_or(("", text));
    // The parser hands over clean texts only.
    let text = mail::parse::clean::body(text);
    let stripped = strip_with_subject(&mail::parse::clean::header(subject), &text);
    bounded(&text, &stripped);
    made_of_the_mails_lines(&text, &stripped);
    if stripped.forwarded.is_none() {
        nothing_is_lost(&text, &stripped);
    }
    assert_eq!(stripped.new_text.is_empty(), text.trim().is_empty(), "a mail was silenced");
    assert_eq!(stripped.readable.is_empty(), text.trim().is_empty(), "a mail was silenced");
});

/// No part is much longer than the whole.
fn bounded(text: &str, stripped: &Stripped) {
    let most = 2 * text.len() + 2;
    let Stripped { new_text, readable, closing, signature, quoted, forwarded } = stripped;
    for part in [new_text, readable, closing, signature, quoted] {
        assert!(part.len() <= most, "{} bytes of {}", part.len(), text.len());
    }
    if let Some(forwarded) = forwarded {
        assert!(forwarded.body.len() <= most && forwarded.note.len() <= most);
        assert!(forwarded.date.len() <= most && forwarded.subject.len() <= most + 4096);
        assert!(forwarded.to.len() + forwarded.cc.len() <= text.len());
    }
}

/// Nobody's words are invented, and no two lines become one.
fn made_of_the_mails_lines(text: &str, stripped: &Stripped) {
    let Stripped { new_text, readable, closing, signature, quoted, forwarded } = stripped;
    let body = forwarded.as_ref().map_or("", |forwarded| forwarded.body.as_str());
    for part in [new_text, readable, closing, signature, quoted, body] {
        let mut rest = text;
        for line in part.lines().map(str::trim).filter(|line| !line.is_empty()) {
            // In their order, each at most once: linear, and stricter than looking anywhere.
            let found = rest.find(line).or_else(|| {
                rest = text;
                text.find(line)
            });
            let Some(at) = found else { panic!("{line:?} is not in the mail") };
            rest = &rest[at + line.len()..];
        }
    }
}

/// What is not new is quoted, signed or said in closing.
fn nothing_is_lost(text: &str, stripped: &Stripped) {
    let Stripped { new_text, readable, closing, signature, quoted, .. } = stripped;
    let parts = [new_text, readable, closing, signature, quoted];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let kept = parts.iter().any(|part| part.contains(line));
        assert!(kept, "{line:?} was lost");
    }
}
