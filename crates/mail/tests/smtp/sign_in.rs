//! Who we are, and to whom that is said (C9, C35).

use mail::network::Network;
use mail::smtp::{Login, Outcome, Phase, Security, Server, Session, Token, Trouble};

use super::authority::Authority;
use super::peer::Welcome;
use super::{LIMITS, Lab, login};

fn token() -> Login {
    Login::Token { user: "info@winkel.nl".to_owned(), token: Token::new("ya29.x") }
}

fn offering(auth: &str) -> Welcome {
    Welcome { offers: vec![auth.to_owned()], ..Welcome::default() }
}

#[tokio::test]
async fn each_way_in_says_what_it_should() {
    let lab = Lab::new(Security::Implicit).await;
    for (welcome, login, said) in [
        (offering("AUTH LOGIN PLAIN"), login(), "AUTH PLAIN AGluZm9Ad2lua2VsLm5sAGdlaGVpbQ=="),
        (offering("AUTH=LOGIN"), login(), "Z2VoZWlt"),
        (
            offering("auth xoauth2 PLAIN"),
            token(),
            "AUTH XOAUTH2 dXNlcj1pbmZvQHdpbmtlbC5ubAFhdXRoPUJlYXJlciB5YTI5LngBAQ==",
        ),
    ] {
        lab.peer.state().welcomes.push_back(welcome);
        let session = Session::connect(&lab.server, &login, &lab.network, LIMITS).await.unwrap();
        assert_eq!(lab.peer.state().heard.last().map(String::as_str), Some(said));
        session.close().await;
    }
}

#[tokio::test]
async fn c9_a_refusal_is_told_from_a_bad_moment() {
    let lab = Lab::new(Security::Implicit).await;
    for (login, offers) in
        [(login(), "AUTH PLAIN"), (login(), "AUTH LOGIN"), (token(), "AUTH XOAUTH2")]
    {
        for code in ["535 5.7.8 wrong", "534 5.7.9 app password needed"] {
            let welcome = Welcome { auth: code.to_owned(), ..offering(offers) };
            lab.peer.state().welcomes.push_back(welcome);
            let outcome =
                Session::connect(&lab.server, &login, &lab.network, LIMITS).await.unwrap_err();
            assert!(matches!(outcome, Outcome::LoginRefused(_)), "{offers}: {outcome:?}");
        }
        let welcome = Welcome { auth: "454 4.7.0 later".to_owned(), ..offering(offers) };
        lab.peer.state().welcomes.push_back(welcome);
        let outcome =
            Session::connect(&lab.server, &login, &lab.network, LIMITS).await.unwrap_err();
        assert!(matches!(outcome, Outcome::Later { phase: Phase::Login, .. }), "{outcome:?}");
    }
    lab.peer.state().welcomes.push_back(offering("AUTH CRAM-MD5"));
    let outcome = lab.session().await.unwrap_err();
    assert!(
        matches!(outcome, Outcome::NotSent(Phase::Login, Trouble::NoCommonLogin)),
        "{outcome:?}"
    );
    let odd = Login::Password { user: "a\0b".to_owned(), password: Token::new("x\r\nQUIT") };
    let outcome = Session::connect(&lab.server, &odd, &lab.network, LIMITS).await.unwrap_err();
    assert!(
        matches!(outcome, Outcome::NotSent(Phase::Login, Trouble::UnusableLogin)),
        "{outcome:?}"
    );
}

#[test]
fn secrets_do_not_print() {
    let shown = format!("{:?} {:?}", login(), token());
    assert!(!shown.contains("geheim") && !shown.contains("ya29"), "{shown}");
}

#[tokio::test]
async fn starttls_works_and_is_never_given_up() {
    let lab = Lab::new(Security::StartTls).await;
    let starttls = || Welcome {
        offers: vec!["STARTTLS".to_owned(), "AUTH PLAIN".to_owned()],
        ..Welcome::default()
    };
    lab.peer.state().welcomes.push_back(starttls());
    let session = lab.session().await.unwrap();
    session.close().await;
    lab.peer.state().heard.clear();
    // Stripped, refused, and answered with words before encryption (CVE-2011-0411).
    for welcome in [
        Welcome { offers: vec!["AUTH PLAIN".to_owned()], ..Welcome::default() },
        Welcome { start_tls: "502 5.5.1 no\r\n".to_owned(), ..starttls() },
        Welcome { start_tls: "220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n".to_owned(), ..starttls() },
    ] {
        lab.peer.state().welcomes.push_back(welcome.clone());
        let outcome = lab.session().await.unwrap_err();
        assert!(matches!(outcome, Outcome::NotSent(Phase::Connect, _)), "{welcome:?}: {outcome:?}");
    }
    let heard = lab.peer.state().heard.clone();
    assert!(!heard.iter().any(|line| line.starts_with("AUTH")), "{heard:?}");
}

#[tokio::test]
async fn c35_a_certificate_is_checked_before_a_word_is_said() {
    let mut lab = Lab::new(Security::Implicit).await;
    lab.network = Network::new(b"", true).unwrap();
    let outcome = lab.session().await.unwrap_err();
    assert!(
        matches!(outcome, Outcome::NotSent(Phase::Connect, Trouble::Certificate(_))),
        "{outcome:?}"
    );
    // Vouched for, but of another name.
    let other = Authority::vouching_for("smtp.example.com");
    let peer = super::peer::Peer::start(&other, false).await;
    lab.network = Network::new(other.pem().as_bytes(), true).unwrap();
    lab.server = Server { port: peer.port, ..lab.server };
    let outcome = lab.session().await.unwrap_err();
    assert!(
        matches!(outcome, Outcome::NotSent(Phase::Connect, Trouble::Certificate(_))),
        "{outcome:?}"
    );
    assert!(peer.state().heard.is_empty() && lab.peer.state().heard.is_empty());
    // Nobody there at all.
    lab.server.port = 1;
    let outcome = lab.session().await.unwrap_err();
    assert!(
        matches!(outcome, Outcome::NotSent(Phase::Connect, Trouble::Unreachable(_))),
        "{outcome:?}"
    );
}
