//! The bytes of an answer, and their way into a directory.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use domain::message::Address;
use mail::outgoing::{Outgoing, OutgoingError};
use mail::parse::parse;
use mail::transport::Transport;
use proptest::prelude::*;

fn answer() -> Outgoing {
    let address =
        |name: &str, email: &str| Address { name: name.to_owned(), email: email.to_owned() };
    Outgoing {
        message_id: "loket1.abc@winkel.nl".to_owned(),
        from: address("Eva van Winkel & Zoon", "info@winkel.nl"),
        to: address("René", "rene@klant.nl"),
        subject: "Re: Retour – één broek".to_owned(),
        text: "Beste René,\n\nU krijgt € 12,50 terug.\n".to_owned(),
        html: Some("<p>Beste René,</p><p>U krijgt € 12,50 terug.</p>".to_owned()),
        in_reply_to: Some("a@klant.nl".to_owned()),
        references: vec!["0@klant.nl".to_owned(), "a@klant.nl".to_owned()],
        date: "2025-03-03T09:12:00Z".parse().unwrap(),
        automatic: true,
    }
}

/// CRLF only, 7-bit, no line longer than RFC 5322 allows.
fn check_wire(bytes: &[u8]) {
    assert!(bytes.is_ascii());
    assert!(!bytes.contains(&0));
    for line in bytes.split(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(!content.contains(&b'\r'), "a bare CR");
        assert!(content.len() <= 998, "a line of {}", content.len());
    }
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(!text.replace("\r\n", "").contains('\n'), "a bare LF");
}

fn header_names(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().to_owned();
    let names = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    names.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn the_sent_bytes_carry_what_they_must_and_nothing_else() {
    let bytes = answer().to_bytes().unwrap();
    check_wire(&bytes);
    let message = parse(&bytes).unwrap().message;
    assert_eq!(message.header("auto-submitted"), Some("auto-replied"));
    assert_eq!(message.header("x-auto-response-suppress"), Some("All"));
    assert_eq!(message.message_id.as_deref(), Some("loket1.abc@winkel.nl"));
    assert_eq!(message.in_reply_to, ["a@klant.nl"]);
    assert_eq!(message.references, ["0@klant.nl", "a@klant.nl"]);
    assert_eq!(message.from.email, "info@winkel.nl");
    assert_eq!(
        (message.to[0].name.as_str(), message.to[0].email.as_str()),
        ("René", "rene@klant.nl")
    );
    assert_eq!(message.subject, "Re: Retour – één broek");
    assert_eq!(message.text, "Beste René,\n\nU krijgt € 12,50 terug.");
    assert_eq!(message.date.unwrap().to_string(), "2025-03-03T09:12:00Z");
    let mut names = header_names(&bytes);
    names.sort();
    assert_eq!(
        names,
        [
            "Auto-Submitted",
            "Content-Type",
            "Date",
            "From",
            "In-Reply-To",
            "MIME-Version",
            "Message-ID",
            "References",
            "Subject",
            "To",
            "X-Auto-Response-Suppress"
        ]
    );
    assert_eq!(bytes, answer().to_bytes().unwrap(), "a retry is the same mail");
}

#[test]
fn headers_cannot_be_written_by_a_text() {
    let mut mail = answer();
    let evil = "x\r\nBcc: evil@example.com\r\n\r\nbody\0\u{202e}";
    mail.subject = format!("{evil}{}", "s".repeat(2000));
    mail.from.name = evil.to_owned();
    mail.to.name = evil.to_owned();
    mail.references = vec![evil.to_owned(), "ok@x.nl".to_owned()];
    mail.in_reply_to = Some(evil.to_owned());
    let bytes = mail.to_bytes().unwrap();
    check_wire(&bytes);
    assert!(!header_names(&bytes).iter().any(|name| name.eq_ignore_ascii_case("bcc")));
    let message = parse(&bytes).unwrap().message;
    assert_eq!(message.to.len(), 1);
    assert_eq!(message.references, ["ok@x.nl"]);
    assert!(message.subject.chars().count() <= 250);
    for broken in ["a@b\r\nBcc: c@d", "", "a", "a@b, c@d", "a@b@c", "<a@b>", "a b@c", "é@b.nl"] {
        mail.to.email = broken.to_owned();
        assert!(matches!(mail.to_bytes(), Err(OutgoingError::BadAddress(_))), "{broken:?}");
    }
}

#[test]
fn bodies_cannot_end_the_transfer() {
    for body in [
        "a\n.\nb",
        "a\r.\rb",
        "a\n.\r\nMAIL FROM:<x@y>\r\n",
        ".",
        "From here",
        "--=_loket_x--",
        "spatie \ntab\t\n",
        "a\0b",
    ] {
        let mut mail = answer();
        mail.text = body.to_owned();
        mail.html = None;
        let bytes = mail.to_bytes().unwrap();
        check_wire(&bytes);
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.split("\r\n").any(|line| line.starts_with('.')), "{body:?}");
        let expected = body.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
        assert_eq!(parse(&bytes).unwrap().message.text.trim(), expected.trim(), "{body:?}");
    }
}

#[test]
fn long_conversations_keep_their_first_and_newest_references() {
    let mut mail = answer();
    mail.references = (0..200).map(|number| format!("{number}@klant.nl")).collect();
    let references = parse(&mail.to_bytes().unwrap()).unwrap().message.references;
    assert_eq!(references.len(), 20);
    assert_eq!((references[0].as_str(), references[19].as_str()), ("0@klant.nl", "199@klant.nl"));
}

#[test]
fn sending_twice_is_sending_once() {
    let path = std::env::temp_dir().join(format!("loket-out-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let transport = Transport::Maildir(path.clone());
    let bytes = answer().to_bytes().unwrap();
    assert!(!transport.contains("loket1.abc@winkel.nl").unwrap());
    transport.send("loket1.abc@winkel.nl", &bytes).unwrap();
    transport.send("<loket1.abc@winkel.nl>", &bytes).unwrap();
    assert!(transport.contains("loket1.abc@winkel.nl").unwrap());
    let new: Vec<_> =
        std::fs::read_dir(path.join("new")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(std::fs::read(&new[0]).unwrap(), bytes);
    assert!(std::fs::read_dir(path.join("tmp")).unwrap().next().is_none());
    // A reader took it in.
    let name = new[0].file_name().unwrap().to_str().unwrap();
    std::fs::rename(&new[0], path.join("cur").join(format!("{name}:2,S"))).unwrap();
    assert!(transport.contains("loket1.abc@winkel.nl").unwrap());
    transport.send("loket1.abc@winkel.nl", &bytes).unwrap();
    assert!(std::fs::read_dir(path.join("new")).unwrap().next().is_none(), "no second copy");
    std::fs::remove_dir_all(&path).unwrap();
}

proptest! {
    #[test]
    fn any_text_arrives_as_it_was(text in "[ -~\n\t.=é€]{0,300}", html in proptest::option::of("\\PC{0,200}")) {
        let mut mail = answer();
        mail.text.clone_from(&text);
        mail.html = html;
        let bytes = mail.to_bytes().unwrap();
        check_wire(&bytes);
        if !text.trim().is_empty() {
            let found = parse(&bytes).unwrap().message.text;
            prop_assert_eq!(found.trim(), text.trim());
        }
    }
}

/// What a person read and let go says nothing of machines, and a domain in other letters is
/// written as every server takes it.
#[test]
fn a_persons_reply_is_not_marked_and_a_domain_in_other_letters_is_reached() {
    let mut outgoing = answer();
    outgoing.automatic = false;
    "rené@bücher.example".clone_into(&mut outgoing.to.email);
    assert!(outgoing.to_bytes().is_err(), "what stands before the @ has no other form");
    "rene@bücher.example".clone_into(&mut outgoing.to.email);
    let bytes = outgoing.to_bytes().unwrap();
    check_wire(&bytes);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("<rene@xn--bcher-kva.example>"), "{text}");
    for mark in ["Auto-Submitted", "X-Auto-Response-Suppress"] {
        assert!(!text.contains(mark), "{mark}");
    }
    let envelope = mail::smtp::Envelope::new("info@winkel.nl", &["rene@bücher.example"]);
    assert!(envelope.is_ok());
}
