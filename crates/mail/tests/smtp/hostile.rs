//! Texts that try to become commands, against a server that takes any line end (D9, D10).

use domain::message::Address;
use mail::outgoing::Outgoing;
use mail::parse::parse;
use mail::smtp::{Envelope, Outcome, Security, WireMail};

use super::Lab;

const EVIL: [&str; 9] = [
    "a\n.\nb",
    "a\r.\rb",
    "a\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n\r\nspam\r\n.\r\n",
    "a\r\n.\r\nRSET\r\n",
    "a\n\r\n.\n\r\nQUIT",
    ".",
    "..\n.",
    "a\0\n.\0\nb",
    "\u{2028}.\u{2028}\u{85}.\u{85}",
];

fn mail(subject: &str, name: &str, text: &str) -> Outgoing {
    let address =
        |name: &str, email: &str| Address { name: name.to_owned(), email: email.to_owned() };
    Outgoing {
        message_id: "loket1.abc@winkel.nl".to_owned(),
        from: address(name, "info@winkel.nl"),
        to: address(name, "klant@example.nl"),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: Some(format!("<p>{text}</p>")),
        in_reply_to: Some(format!("a@b.nl{subject}")),
        references: vec![subject.to_owned(), "c@d.nl".to_owned()],
        date: "2026-03-03T09:12:00Z".parse().unwrap(),
        automatic: true,
    }
}

#[tokio::test]
async fn d9_d10_one_mail_stays_one_mail_and_its_bytes_intact() {
    let lab = Lab::new(Security::Implicit).await;
    for lenient in [false, true] {
        lab.peer.state().lenient = lenient;
        let mut session = lab.session().await.unwrap();
        for evil in EVIL {
            let long = format!("{evil}{}", "x".repeat(2000));
            let bytes = mail(&long, &long, evil).to_bytes().unwrap();
            let wire = WireMail::new(&bytes).unwrap();
            let envelope = Envelope::new("info@winkel.nl", &["klant@example.nl"]).unwrap();
            let offered = session.offer(&envelope, &wire).await.unwrap();
            let outcome = offered.hand_over(&wire, || true).await;
            assert!(matches!(outcome, Outcome::Accepted { .. }), "{evil:?}: {outcome:?}");
            let taken = std::mem::take(&mut lab.peer.state().taken);
            assert_eq!(taken.len(), 1, "{evil:?}");
            assert_eq!(taken[0].bytes, bytes, "{evil:?}");
            assert_eq!(taken[0].to, ["klant@example.nl"]);
            let parsed = parse(&taken[0].bytes).unwrap().message;
            assert_eq!(parsed.to.len(), 1);
            assert!(parsed.header("bcc").is_none());
        }
        session.close().await;
    }
    let heard = lab.peer.state().heard.clone();
    assert!(!heard.iter().any(|line| line.contains("evil") || line == "what"), "{heard:?}");
}
