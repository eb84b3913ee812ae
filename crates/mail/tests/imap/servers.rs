//! What a real server does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as URL;
use hmac::{KeyInit as _, Mac as _};
use mail::imap::{Auth, ImapConnection, ImapError, Security};

use super::dovecot::Dovecot;
use super::settings;

const MAIL: &str = "From: Sanne <sanne@example.nl>\nTo: winkel@example.nl\n\
    Message-ID: <een@example.nl>\nSubject: Retour\n\nHoi, ik wil retourneren.\n";

#[tokio::test]
async fn sent_is_found_filled_and_searched() {
    let dovecot = Dovecot::start(&["winkel"]);
    for (port, security) in [(dovecot.imaps, Security::Tls), (dovecot.imap, Security::StartTls)] {
        let mut connection =
            ImapConnection::connect(&settings(port, security, &dovecot.root, "winkel"))
                .await
                .expect("signed in");
        assert!(connection.can("idle"));
        let sent = connection.sent_folder().await.expect("listed").expect("a folder");
        assert_eq!(sent, "Verzonden post");
        let id = format!("antwoord.{port}@example.nl");
        assert!(connection.find_by_message_id(&sent, &id).await.expect("searched").is_empty());
        let mail = format!("Message-ID: <{id}>\r\nSubject: Re\r\n\r\nDag\r\n");
        connection.append(&sent, mail.as_bytes()).await.expect("stored");
        assert_eq!(connection.find_by_message_id(&sent, &id).await.expect("searched").len(), 1);
        let refused = connection.append("Er is geen map die zo heet/x\\y", b"x\r\n").await;
        assert!(matches!(refused, Err(ImapError::Refused { .. })), "{refused:?}");
        connection.noop().await.expect("a refusal does not end the connection");
        connection.close().await;
    }
}

#[tokio::test]
async fn examine_changes_nothing() {
    let dovecot = Dovecot::start(&["winkel"]);
    dovecot.deliver("winkel", MAIL);
    let settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    let inbox = connection.examine("INBOX").await.expect("opened");
    assert_eq!((inbox.exists, inbox.uid_next), (1, Some(2)));
    assert!(inbox.uidvalidity > 0);
    let missing = connection.examine("Bestaat niet").await;
    assert!(matches!(missing, Err(ImapError::Refused { command: "EXAMINE", .. })), "{missing:?}");
    let injected = connection.examine("INBOX\"\r\nL9 DELETE \"Sent").await;
    assert!(matches!(injected, Err(ImapError::Unsayable(_))), "{injected:?}");
}

#[tokio::test]
async fn what_is_wrong_is_told_apart() {
    let dovecot = Dovecot::start(&["winkel"]);
    let right = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let failure = async |change: &dyn Fn(&mut mail::imap::ImapSettings)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        ImapConnection::connect(&wrong).await.expect_err("refused").kind()
    };
    for password in ["fout", "fo\"u\\t", "fóút", ""] {
        let found = failure(&|wrong| wrong.auth = Auth::Password(password.to_owned())).await;
        assert_eq!(found, "auth_refused", "{password}");
    }
    assert_eq!(failure(&|wrong| wrong.host = "nergens.invalid".to_owned()).await, "host_unknown");
    assert_eq!(failure(&|wrong| wrong.port = 1).await, "unreachable");
    let strange = super::authority::Authority::new();
    let network = mail::network::Network::new(strange.root.as_bytes(), true).expect("a root");
    assert_eq!(failure(&|wrong| wrong.network = network.clone()).await, "certificate_refused");
    assert_eq!(failure(&|wrong| wrong.host = "127.0.0.1".to_owned()).await, "certificate_refused");
    let public = mail::network::Network::new(dovecot.root.as_bytes(), false).expect("a root");
    assert_eq!(failure(&|wrong| wrong.network = public.clone()).await, "host_unknown");
    assert_eq!(failure(&|wrong| wrong.port = dovecot.imap).await, "not_encrypted");
    // A password that no quoted string holds goes another way.
    dovecot.set_password("winkel", "gehéim");
    let mut odd = right.clone();
    odd.auth = Auth::Password("gehéim".to_owned());
    ImapConnection::connect(&odd).await.expect("signed in");
}

#[tokio::test]
async fn c7_too_many_connections_is_busy_not_a_wrong_password() {
    let dovecot = Dovecot::start_with(&["winkel"], 1);
    let settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    let first = ImapConnection::connect(&settings).await.expect("signed in");
    let second = ImapConnection::connect(&settings).await.expect_err("refused");
    assert_eq!(second.kind(), "busy", "{second}");
    first.close().await;
}

#[tokio::test]
async fn a_token_opens_until_it_has_run_out() {
    let dovecot = Dovecot::start(&["winkel"]);
    let mut settings = settings(dovecot.imaps, Security::Tls, &dovecot.root, "winkel");
    settings.auth = Auth::XOAuth2(token("winkel", 3600));
    let mut connection = ImapConnection::connect(&settings).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    for wrong in [token("winkel", -3600), token("ander", 3600), "geen token".to_owned()] {
        settings.auth = Auth::XOAuth2(wrong);
        let refused = ImapConnection::connect(&settings).await.expect_err("refused");
        assert_eq!(refused.kind(), "auth_refused", "{refused}");
    }
}

/// A signed token for this user that ends so many seconds from now.
fn token(user: &str, seconds: i64) -> String {
    #[expect(clippy::disallowed_methods, reason = "the server reads its own clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now");
    let now = i64::try_from(now.as_secs()).expect("a time");
    let head = URL.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL.encode(format!(
        r#"{{"sub":"{user}","email":"{user}","iat":{},"exp":{}}}"#,
        now - 7200,
        now + seconds
    ));
    let mut mac =
        hmac::Hmac::<sha2::Sha256>::new_from_slice(super::dovecot::TOKEN_KEY).expect("a key");
    mac.update(format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", URL.encode(mac.finalize().into_bytes()))
}
