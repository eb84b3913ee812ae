//! How a hand-over ends (D1, D3, D4, D5, D6).

use std::cell::Cell;

use mail::smtp::{Outcome, Phase, Security, Trouble};

use super::peer::{Manners, Welcome};
use super::{Lab, send, wire};
use mail::smtp::Envelope;

#[tokio::test]
async fn accepted_is_accepted_once_and_a_session_takes_many() {
    let lab = Lab::new(Security::Implicit).await;
    let mut session = lab.session().await.unwrap();
    for _ in 0..3 {
        let outcome = send(&mut session, &["klant@example.nl"]).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    session.close().await;
    let taken = lab.peer.taken();
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[0].bytes, b"Message-ID: <a@b.nl>\r\n\r\nHello\r\n");
    assert_eq!(
        (taken[0].from.as_str(), taken[0].to.as_slice()),
        ("info@winkel.nl", &["klant@example.nl".to_owned()][..])
    );
    assert_eq!(lab.peer.state().connections, 1);
    assert_eq!(lab.peer.state().heard.last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn d5_each_phase_is_told_apart() {
    let lab = Lab::new(Security::Implicit).await;
    let manners = |phase: Phase, answer: &str| match phase {
        Phase::Sender => Manners { mail: answer.to_owned(), ..Manners::default() },
        Phase::Recipients => Manners {
            rcpt: vec![("klant@example.nl".to_owned(), answer.to_owned())],
            ..Manners::default()
        },
        Phase::Data => Manners { data: answer.to_owned(), ..Manners::default() },
        _ => Manners::answering(answer),
    };
    for phase in [Phase::Sender, Phase::Recipients, Phase::Data, Phase::Answer] {
        lab.peer.next_mail(manners(phase, "451 4.3.0 later"));
        match lab.send(&["klant@example.nl"]).await {
            Outcome::Later { phase: found, reply, .. } => {
                assert_eq!(
                    (found, reply.code, reply.enhanced.as_deref()),
                    (phase, 451, Some("4.3.0"))
                );
            }
            other => panic!("{phase}: {other:?}"),
        }
        lab.peer.next_mail(manners(phase, "550 5.1.1 never"));
        match lab.send(&["klant@example.nl"]).await {
            Outcome::Refused { phase: found, reply, .. } => {
                assert_eq!((found, reply.code), (phase, 550));
            }
            other => panic!("{phase}: {other:?}"),
        }
    }
    assert!(lab.peer.taken().is_empty());
}

#[tokio::test]
async fn a_refused_mail_leaves_the_session_for_the_next() {
    let lab = Lab::new(Security::Implicit).await;
    let mut session = lab.session().await.unwrap();
    for refusal in [
        Manners { mail: "550 5.7.1 no".to_owned(), ..Manners::default() },
        Manners {
            rcpt: vec![("klant@example.nl".to_owned(), "550 5.1.1 no".to_owned())],
            ..Manners::default()
        },
        Manners { data: "554 5.7.1 no".to_owned(), ..Manners::default() },
        Manners::answering("552 5.3.4 no"),
    ] {
        lab.peer.next_mail(refusal);
        let outcome = send(&mut session, &["klant@example.nl"]).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
        assert!(session.is_usable());
        let outcome = send(&mut session, &["klant@example.nl"]).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    assert_eq!((lab.peer.taken().len(), lab.peer.state().connections), (4, 1));
    // 421 closes the session, whatever it was the answer to.
    lab.peer.next_mail(Manners::answering("421 4.7.0 closing"));
    let outcome = send(&mut session, &["klant@example.nl"]).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(!session.is_usable());
}

#[tokio::test]
async fn d1_d3_between_the_dot_and_the_answer_it_is_unknown_and_only_there() {
    let lab = Lab::new(Security::Implicit).await;
    for delivers in [true, false] {
        lab.peer.next_mail(Manners::hanging_up(delivers));
        let outcome = lab.send(&["klant@example.nl"]).await;
        assert!(
            matches!(outcome, Outcome::Unknown(Trouble::HungUp | Trouble::Unreachable(_))),
            "{outcome:?}"
        );
    }
    assert_eq!(lab.peer.taken().len(), 1);
    // Silence, half an answer, and an answer to another question.
    lab.peer.next_mail(Manners { thinks: super::LIMITS.answer * 3, ..Manners::default() });
    let outcome = lab.send(&["klant@example.nl"]).await;
    assert!(matches!(outcome, Outcome::Unknown(Trouble::TimedOut)), "{outcome:?}");
    for answer in ["354 more", "25", "2500 ok"] {
        lab.peer.next_mail(Manners::answering(answer));
        let outcome = lab.send(&["klant@example.nl"]).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer}: {outcome:?}");
    }
    // Before the dot it is certain.
    lab.peer.next_mail(Manners { body_lines: Some(1), ..Manners::default() });
    let large = wire(&b"0123456789012345678901234567890123456789\r\n".repeat(500_000));
    let mut session = lab.session().await.unwrap();
    let envelope = Envelope::new("info@winkel.nl", &["klant@example.nl"]).unwrap();
    let outcome = session.offer(&envelope, &large).await.unwrap().hand_over(&large, || true).await;
    assert!(matches!(outcome, Outcome::NotSent(Phase::Body, _)), "{outcome:?}");
    for welcome in [
        Welcome { greeting: None, ..Welcome::default() },
        Welcome { greeting: Some("554 5.7.1 go away".to_owned()), ..Welcome::default() },
        Welcome { greeting: Some("421 4.3.2 later".to_owned()), ..Welcome::default() },
    ] {
        lab.peer.state().welcomes.push_back(welcome);
        let outcome = lab.send(&["klant@example.nl"]).await;
        assert!(
            outcome.is_certainly_not_sent() && !matches!(outcome, Outcome::Refused { .. }),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn d4_who_is_too_late_sends_nothing() {
    let lab = Lab::new(Security::Implicit).await;
    let mail = wire(b"Message-ID: <a@b.nl>\r\n\r\nHello\r\n");
    let envelope = Envelope::new("info@winkel.nl", &["klant@example.nl"]).unwrap();
    // Before DATA, and with the whole mail over the wire but for its end.
    for asked_before in [0, 1] {
        let mut session = lab.session().await.unwrap();
        let asked = Cell::new(0);
        let in_time = || asked.replace(asked.get() + 1) < asked_before;
        let offered = session.offer(&envelope, &mail).await.unwrap();
        assert!(matches!(offered.hand_over(&mail, in_time).await, Outcome::TooLate));
        assert!(!session.is_usable());
    }
    // Withdrawn before DATA: the session goes on.
    let mut session = lab.session().await.unwrap();
    session.offer(&envelope, &mail).await.unwrap().withdraw().await;
    assert!(matches!(send(&mut session, &["klant@example.nl"]).await, Outcome::Accepted { .. }));
    assert_eq!(lab.peer.taken().len(), 1);
}

#[tokio::test]
async fn d6_each_recipient_has_an_answer_of_its_own() {
    let lab = Lab::new(Security::Implicit).await;
    let mixed = |one: &str, other: &str| Manners {
        rcpt: vec![
            ("een@example.nl".to_owned(), one.to_owned()),
            ("twee@example.nl".to_owned(), other.to_owned()),
        ],
        ..Manners::default()
    };
    lab.peer.next_mail(mixed("550 5.1.1 unknown", "250 2.1.5 ok"));
    match lab.send(&["een@example.nl", "twee@example.nl"]).await {
        Outcome::Accepted { recipients, .. } => {
            let found: Vec<_> = recipients
                .iter()
                .map(|it| (it.address.as_str(), it.taken, it.reply.code))
                .collect();
            assert_eq!(found, [("een@example.nl", false, 550), ("twee@example.nl", true, 250)]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.peer.taken()[0].to, ["twee@example.nl"]);
    lab.peer.next_mail(mixed("550 5.1.1 unknown", "450 4.2.1 busy"));
    match lab.send(&["een@example.nl", "twee@example.nl"]).await {
        Outcome::Later { phase: Phase::Recipients, reply, recipients } => {
            assert_eq!((reply.code, recipients.len()), (450, 2));
        }
        other => panic!("{other:?}"),
    }
    lab.peer.next_mail(mixed("550 5.1.1 unknown", "551 5.1.6 moved"));
    let outcome = lab.send(&["een@example.nl", "twee@example.nl"]).await;
    assert!(matches!(outcome, Outcome::Refused { phase: Phase::Recipients, .. }), "{outcome:?}");
}
