//! Messages with a trouble each, and messages made to break a parser.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::path::Path;
use std::time::{Duration, Instant};

use domain::message::automatic::{AutomaticKind, BounceReason, bounced_message_ids, classify};
use domain::message::reply;
use mail::parse::{Parsed, parse};
use proptest::prelude::*;

fn read(name: &str) -> Parsed {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    parse(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_reply_with_two_alternatives() {
    let message = read("gmail_alternative.eml").message;
    assert_eq!(message.from.name, "René de Vries");
    assert_eq!(message.from.email, "rene@klant.nl");
    assert_eq!(message.subject, "Retour – één broek");
    assert_eq!(message.message_id.as_deref(), Some("2@klant.nl"));
    assert_eq!(message.in_reply_to, ["a@winkel.nl"]);
    assert_eq!(message.references, ["0@winkel.nl", "a@winkel.nl"]);
    assert_eq!(message.date.unwrap().to_string(), "2025-03-03T09:12:00Z");
    assert_eq!(reply::strip(&message.text).new_text, "Ik stuur de broek terug, hij is té klein.");
}

#[test]
fn html_becomes_text_that_can_be_stripped() {
    let outlook = read("html_only_outlook.eml").message.text;
    assert!(
        !outlook.contains("Negeer") && !outlook.contains("hidden") && !outlook.contains("color"),
        "{outlook}"
    );
    assert_eq!(
        reply::strip(&outlook).new_text,
        "Beste winkel,\n\nDe jas is stuk & ik wil €\u{a0}50 terug.".replace('\u{a0}', " ")
    );
    let gmail = reply::strip(&read("html_only_gmail.eml").message.text);
    assert_eq!(gmail.new_text, "Graag mijn geld terug.");
    assert_eq!(gmail.closing, "Groetjes, Anna");
    assert!(gmail.quoted.contains("> U krijgt 15%."), "{gmail:?}");
}

#[test]
fn character_sets_declared_or_not() {
    for (name, text) in [
        ("mislabelled_windows_1252.eml", "De jas is té klein, ik wil € 50 “terug”."),
        ("declared_latin1_is_utf8.eml", "De jas is té klein, € 50."),
        ("iso_2022_jp.eml", "返品したいです"),
        ("gb18030.eml", "我要退货"),
        ("koi8_r.eml", "Возврат денег"),
        ("utf_7.eml", "Ik wil één broek ruilen"),
        ("unknown_charset.eml", "Ik wil één broek ruilen"),
    ] {
        assert_eq!(read(name).message.text, text, "{name}");
    }
    assert!(read("mislabelled_windows_1252.eml").flags.encoding_repaired);
}

#[test]
fn invisible_characters_are_removed_and_flagged() {
    let parsed = read("invisible_characters.eml");
    assert_eq!(parsed.message.text, "Ik wil ruilen. Dank.");
    assert_eq!(parsed.message.subject, "Retour");
    assert_eq!(parsed.message.from.name, "Jan");
    assert!(parsed.flags.invisible_removed);
}

#[test]
fn damaged_messages_keep_their_text() {
    assert_eq!(
        read("no_header_separator.eml").message.text,
        "Ik wil mijn broek retourneren.\nTweede regel."
    );
    let cut = read("missing_last_boundary.eml").message;
    assert_eq!(cut.text, "De mail is afgekapt");
    assert_eq!(cut.attachments[0].name, "foto.jpg");
    let attached = read("only_an_attached_text.eml").message;
    assert_eq!(attached.text, "Waar is mijn pakket?");
    assert_eq!(attached.attachments.len(), 1);
    assert_eq!(
        parse(b"geen mail, maar wel tekst").unwrap().message.text,
        "geen mail, maar wel tekst"
    );
    assert_eq!(parse(b"").unwrap(), Parsed::default());
}

#[test]
fn attachment_names_cannot_leave_their_folder() {
    let message = read("attachment_names.eml").message;
    let names: Vec<&str> = message.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["foto één.jpg", "factúur.pdf"]);
    assert_eq!(message.attachments[0].size_bytes, 6);
    assert_eq!(message.text, "Zie foto's.");
}

#[test]
fn a_delivery_report_names_what_bounced() {
    let message = read("delivery_report.eml").message;
    assert!(message.is_report);
    assert_eq!(bounced_message_ids(&message), ["loket1.abc@winkel.nl"]);
    assert_eq!(classify(&message).unwrap().kind, AutomaticKind::Bounce(BounceReason::UserUnknown));
    assert_eq!(message.text, "Your message could not be delivered.");
}

#[test]
fn broken_headers_do_no_harm() {
    let message = read("broken_date_and_addresses.eml").message;
    assert_eq!(
        (message.from.name.as_str(), message.from.email.as_str()),
        ("Vries, Jan de", "jan@klant.nl")
    );
    assert_eq!(message.reply_to.unwrap().email, "ander@adres.nl");
    assert_eq!(
        message.cc.iter().map(|cc| cc.email.as_str()).collect::<Vec<_>>(),
        ["a@b.nl", "c@d.nl"]
    );
    assert_eq!(message.date, None);
    assert_eq!(message.text, "Hallo");
}

#[test]
fn flowed_lines_are_joined() {
    let text = read("flowed.eml").message.text;
    assert_eq!(
        text,
        "Dit is een lange regel die door de client is afgebroken.\nNieuwe regel.\n> quote die doorloopt\n-- \nJan"
    );
}

/// Parses within two seconds (an unoptimised build on a busy machine gets more).
fn bounded(raw: &[u8]) -> Parsed {
    let start = Instant::now();
    let parsed = parse(raw).unwrap();
    let limit = Duration::from_secs(if cfg!(debug_assertions) { 40 } else { 2 });
    assert!(start.elapsed() < limit, "took {:?}", start.elapsed());
    parsed
}

#[test]
fn a_thousand_multiparts_inside_one_another() {
    let mut raw = String::from("From: a@b.nl\n");
    for depth in 0..1000 {
        raw.push_str("Content-Type: multipart/mixed; boundary=b");
        raw.push_str(&depth.to_string());
        raw.push_str("\n\n--b");
        raw.push_str(&depth.to_string());
        raw.push('\n');
    }
    raw.push_str("Content-Type: text/plain\n\ndiep\n");
    let parsed = bounded(raw.as_bytes());
    assert!(parsed.flags.too_deep);
    assert!(parsed.message.text.contains("diep"), "the text is not lost");
}

#[test]
fn messages_inside_messages_without_end() {
    let raw = "From: a@b.nl\nContent-Type: message/rfc822\n\n".repeat(100_000);
    assert!(bounded(raw.as_bytes()).flags.too_deep);
}

#[test]
fn a_hundred_thousand_parts() {
    let mut raw =
        String::from("From: a@b.nl\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\neerste\n");
    raw.push_str(&"--b\nContent-Type: application/octet-stream\n\nx\n".repeat(100_000));
    let parsed = bounded(raw.as_bytes());
    assert!(parsed.flags.too_many_parts);
    assert_eq!(parsed.message.text, "eerste");
}

#[test]
fn a_header_of_fifty_megabytes() {
    let mut raw = b"From: a@b.nl\nX-Long: ".to_vec();
    raw.resize(50 * 1024 * 1024, b'x');
    raw.extend_from_slice(b"\nSubject: hoi\n\ntekst\n");
    let parsed = bounded(&raw);
    assert!(parsed.flags.header_cut && parsed.flags.too_large);
    assert_eq!(parsed.message.from.email, "a@b.nl");
}

#[test]
fn a_line_of_ten_megabytes() {
    let mut raw = b"From: a@b.nl\nContent-Type: text/html\n\n".to_vec();
    raw.resize(10 * 1024 * 1024, b'<');
    let parsed = bounded(&raw);
    assert!(parsed.flags.text_cut);
}

#[test]
fn a_million_recipients() {
    let raw = format!("From: a@b.nl\nTo: {}\n\ntekst\n", "x@y.nl,\n ".repeat(1_000_000));
    let parsed = bounded(raw.as_bytes());
    assert!(parsed.flags.header_cut && parsed.flags.recipients_cut);
    assert_eq!((parsed.message.to.len(), parsed.message.text.as_str()), (200, "tekst"));
}

#[test]
fn markup_made_to_cost_the_square() {
    for piece in [
        "<a b=\"",
        "<!--",
        "<style>",
        "<title><",
        "</",
        "&",
        "<blockquote>",
        "<div style=display:none>",
        "< ",
        "<p hidden>x",
    ] {
        let html = piece.repeat(1_000_000 / piece.len());
        bounded(format!("From: a@b.nl\nContent-Type: text/html\n\n{html}").as_bytes());
    }
    for value in ["a*0=x;", "(", "\"", "=?utf-8?q?", "<", "a@b,", "\\", ";="] {
        let value = value.repeat(30_000 / value.len());
        bounded(format!("From: {value}\nTo: {value}\nDate: {value}\nSubject: {value}\nContent-Type: {value}\nMessage-ID: {value}\n\nx").as_bytes());
    }
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec()),
        Just(b"Content-Type: message/rfc822\r\n\r\n".to_vec()),
        Just(b"\r\n--b\r\n".to_vec()),
        Just(b"\r\n--b--\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        Just(b"Content-Type: text/html; charset=utf-7\r\n\r\n".to_vec()),
        Just(b"Subject: =?iso-2022-jp?B?GyRC?= =?x?q?=\r\n".to_vec()),
        Just(b"From: \"a\\\" <b@c>, (d) e:f@g;,\r\n".to_vec()),
        Just(b"Date: Mon, 99 Foo 20xx (((\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
        "[<>a-z/\"'=&;! -]{0,30}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_sequence_gives_a_clean_message(raw in any_message()) {
        let message = parse(&raw).unwrap().message;
        let unclean = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        prop_assert!(!message.text.chars().any(unclean));
        prop_assert!(!message.subject.chars().any(char::is_control));
        let told = classify(&message).map(|found| found.told_by);
        prop_assert!(told.is_none_or(|told| !told.is_empty()));
    }
}

/// Hazard C17: an envelope sender that providers repeat in their header, written so that decoding
/// it would close the comment and add a verdict.
#[test]
fn c17_encoded_words_in_results_stay_as_they_are() {
    let smuggled = "=?utf-8?q?=29=3Bdmarc=3Dpass=3B=28?=@evil.example";
    let raw = format!(
        "Authentication-Results: mx.google.com; spf=pass (google.com: domain of {smuggled}\r\n\
         \tdesignates 192.0.2.1) smtp.mailfrom={smuggled}; dmarc=fail header.from=example.nl\r\n\
         From: Sanne <sanne@example.nl>\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n\r\nHallo\r\n"
    );
    let message = mail::parse::parse(raw.as_bytes()).unwrap().message;
    let results = message.header("authentication-results").unwrap();
    assert!(results.contains(smuggled) && !results.contains("dmarc=pass"), "{results}");
    assert_eq!(message.subject, "Café");
    assert!(!domain::message::identity::is_verified(&message, "mx.google.com"));
}

#[test]
fn a_sender_that_could_be_read_in_two_ways_is_in_doubt() {
    let doubt = |from: &str| {
        let raw = format!("{from}Subject: x\r\n\r\nHallo\r\n");
        mail::parse::parse(raw.as_bytes()).unwrap().message.from_in_doubt
    };
    assert!(!doubt("From: Sanne <sanne@example.nl>\r\n"));
    assert!(!doubt("From: sanne@example.nl\r\n"));
    assert!(!doubt("From: \"Bakker, Sanne\" <Sanne@Example.NL>\r\n"));
    assert!(!doubt("From: =?utf-8?q?S=C3=A1nne?= <sanne@example.nl>\r\n"));
    assert!(!doubt("From: \"Sanne@example.nl\" <sanne@example.nl>\r\n"));
    for from in [
        "From: sanne@example.nl\r\nFrom: x@evil.example\r\n",
        "From: sanne@example.nl, x@evil.example\r\n",
        "From: \"sanne@example.nl\" <x@evil.example>\r\n",
        "From: sanne@example.nl <>\r\n",
        "From: <sanne@exam\u{200b}ple.nl>\r\n",
        "Sender: sanne@example.nl\r\n",
    ] {
        assert!(doubt(from), "{from}");
    }
}

/// Hazard C33: each of these was found by `fuzz/` or while it was written.
#[test]
fn c33_what_fuzzing_found_stays_mended() {
    // What is longer than an address can be is kept as none: its beginning is somebody else's, and
    // no index takes the whole.
    let long = "a".repeat(5_000);
    let raw = format!("From: \"{long}\" <{long}@klant.example>\nSubject: {long}\n\nHallo");
    let message = parse(raw.as_bytes()).unwrap().message;
    assert_eq!(message.from.email, "");
    assert_eq!((message.from.name.len(), message.subject.len()), (2000, 2000));
    let raw = format!("From: {}@klant.example\n\nHallo", "a".repeat(64));
    assert_eq!(parse(raw.as_bytes()).unwrap().message.from.email.len(), 78);
    // A Message-ID without its opening bracket kept the closing one, and our answer referred to it.
    let message = parse(b"Message-ID: 2@klant.nl>\nFrom: a@b.nl\n\nx").unwrap().message;
    assert_eq!(message.message_id.as_deref(), Some("2@klant.nl"));
}
