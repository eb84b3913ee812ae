//! Files of a mail, and its HTML: what is listed, where it stands, and what is never done with it
//! (hazards C20, C23).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail::parse::{files, parse};
use sha2::{Digest, Sha256};

fn mixed(parts: &[String]) -> String {
    let mut mail = String::from(
        "From: klant@example.nl\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=grens\r\n\r\n",
    );
    for part in parts {
        mail.extend(["--grens\r\n", part, "\r\n"]);
    }
    mail + "--grens--\r\n"
}

fn attachment(head: &str, bytes: &[u8]) -> String {
    format!("{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", wrapped(bytes))
}

fn wrapped(bytes: &[u8]) -> String {
    let line = STANDARD.encode(bytes);
    let lines: Vec<&str> =
        line.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

#[test]
fn c23_what_is_listed_can_be_cut_out_again() {
    let photo: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let page = "<html><script>alert(1)</script></html>";
    let raw = mixed(&[
        "Content-Type: text/plain\r\n\r\nZie de foto.".to_owned(),
        attachment(
            "Content-Type: image/jpeg; name=\"x.jpg\"\r\nContent-ID: <foto@x>\r\n\
             Content-Disposition: inline; filename*=UTF-8''j%C3%A4s.jpg",
            &photo,
        ),
        format!("Content-Type: text/html; name=\"p.html\"\r\nContent-Disposition: attachment\r\n\r\n{page}"),
        "Content-Type: application/zip\r\nContent-Disposition: attachment; filename=leeg.zip\r\n\r\n".to_owned(),
        "Content-Type: text/csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\
         Content-Disposition: attachment; filename=a.csv\r\n\r\na;=C3=A9=\r\n;b".to_owned(),
        "Content-Type: message/rfc822\r\n\r\nSubject: oud\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n\
         --in\r\nContent-Type: application/zip; name=binnen.zip\r\n\r\nPK\r\n--in--\r\n".to_owned(),
    ]);
    let parsed = parse(raw.as_bytes()).unwrap();
    let listed = &parsed.files.listed;
    let told: Vec<(&str, &str, &str, &str)> = listed
        .iter()
        .map(|file| {
            let name = file.safe_name.as_str();
            (file.path.as_str(), name, file.content_type.as_str(), file.disposition.as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("2", "jäs.jpg", "image/jpeg", "inline"),
            ("3", "p.html", "text/html", "attachment"),
            ("4", "leeg.zip", "application/zip", "attachment"),
            ("5", "a.csv", "text/csv", "attachment"),
            ("6", "oud.eml", "message/rfc822", ""),
        ]
    );
    assert_eq!(listed[0].content_id.as_deref(), Some("foto@x"));
    let wanted: [&[u8]; 4] = [&photo, page.as_bytes(), b"", "a;é;b".as_bytes()];
    for (file, wanted) in listed.iter().zip(wanted) {
        let encoded = &raw.as_bytes()[file.offset..file.offset + file.length];
        let bytes = files::decoded(&file.encoding, encoded);
        assert_eq!(bytes, wanted, "{}", file.safe_name);
        assert_eq!(file.size, bytes.len() as u64);
        assert_eq!(file.sha256.unwrap()[..], Sha256::digest(&bytes)[..]);
    }
    assert_eq!(parsed.message.text, "Zie de foto.");
    assert_eq!(parsed.html, None);
}

#[test]
fn c20_a_mail_of_nothing_but_files_and_of_too_many() {
    let raw = b"From: a@example.nl\r\nContent-Type: application/pdf; name=f.pdf\r\n\r\n%PDF-1.7";
    let parsed = parse(raw).unwrap();
    assert_eq!(parsed.files.listed[0].path, "1");
    assert_eq!(parsed.files.listed[0].size, 8);
    assert_eq!(parsed.message.text, "");
    let one = |n: usize| {
        format!(
            "Content-Type: application/zip\r\nContent-Disposition: attachment; filename={n}.zip\r\n\r\nPK"
        )
    };
    let many: Vec<String> = (0..10_000).map(one).collect();
    let begun = Instant::now();
    let parsed = parse(mixed(&many).as_bytes()).unwrap();
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    assert_eq!(parsed.files.listed.len(), 100);
    assert_eq!(parsed.files.left_out, 399, "the parser splits 500 parts, the mail itself is one");
    assert!(parsed.flags.too_many_parts);
}

#[test]
fn c26_large_files_are_listed_and_beyond_the_bound_without_a_hash() {
    let large = vec![b'A'; 27 * 1024 * 1024];
    let small = vec![7_u8; 1000];
    let head = |name: &str| {
        format!("Content-Type: video/mp4; name={name}\r\nContent-Disposition: attachment")
    };
    let raw =
        mixed(&[attachment(&head("groot.mp4"), &large), attachment(&head("klein.mp4"), &small)]);
    let parsed = parse(raw.as_bytes()).unwrap();
    let [first, second] = &parsed.files.listed[..] else { unreachable!() };
    assert_eq!((first.sha256, first.size), (None, large.len() as u64));
    assert_eq!(second.sha256.unwrap()[..], Sha256::digest(&small)[..], "behind the text's bound");
    assert!(parsed.flags.too_large);
}

#[test]
fn html_is_found_where_it_is_shown() {
    let html = "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Caf=E9</p>";
    let plain = "Content-Type: text/plain\r\n\r\na < b";
    let alternative = format!(
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n{plain}\r\n--b\r\n{html}\r\n--b--"
    );
    let of = |raw: String| parse(raw.as_bytes()).unwrap().html;
    assert_eq!(of(mixed(&[alternative])).as_deref(), Some("<p>Café</p>"));
    assert_eq!(of(mixed(&[plain.to_owned()])), None);
    assert_eq!(of(html.to_owned()).as_deref(), Some("<p>Café</p>"));
    let both = of(mixed(&[html.to_owned(), plain.to_owned()])).unwrap();
    assert!(both.contains("<p>Café</p>") && both.contains("a &lt; b"), "{both}");
    let hung = "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<p>x</p>";
    assert_eq!(of(mixed(&[plain.to_owned(), hung.to_owned()])), None, "a file is no text");
    let inside = format!("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n{html}");
    assert_eq!(of(mixed(&[plain.to_owned(), inside])), None, "nor is a mail inside the mail");
}
