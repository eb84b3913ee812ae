//! What no server should do, and some do (hazards C6, C7, C27, C35).

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mail::imap::{ImapConnection, ImapError, Listed, ROOM_FOR_ANY, Security, Woken};

use super::peer::{Peer, Talk, TlsTalk};
use super::settings;

async fn connect(peer: &Peer) -> Result<ImapConnection, ImapError> {
    ImapConnection::connect(&settings(peer.port, Security::Tls, &peer.root, "winkel")).await
}

fn mail(uid: u32) -> Listed {
    Listed { uid, size_bytes: 3, received_at: None, message_id: None }
}

/// Hazard C6: the line is dead, and nobody says so.
#[tokio::test]
async fn c6_silence_after_idle_is_noticed() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(0).await?;
        talk.command().await?;
        talk.say("+ idling\r\n").await?;
        talk.be_silent().await
    })
    .await;
    let mut connection = connect(&peer).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    let begun = Instant::now();
    let noticed = connection.wait().await;
    assert!(matches!(noticed, Err(ImapError::TimedOut(_))), "{noticed:?}");
    let limits = super::quick();
    assert!(begun.elapsed() < limits.idle + limits.wake + Duration::from_secs(2));
    let usual = mail::imap::Limits::default();
    assert!(usual.idle + usual.wake < Duration::from_mins(1));
}

#[tokio::test]
async fn c6_without_idle_it_is_asked() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(0).await?;
        let (tag, _) = talk.command().await?;
        talk.say(format!("{tag} NO not today\r\n")).await?;
        let asked = talk.answer("").await?;
        assert_eq!(asked, "NOOP");
        talk.be_silent().await
    })
    .await;
    let mut connection = connect(&peer).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    assert_eq!(connection.wait().await.expect("refused"), Woken::Silence);
    assert_eq!(connection.wait().await.expect("asked"), Woken::Silence);
}

#[tokio::test]
async fn c7_what_passes_is_told_from_what_does_not() {
    for (said, kind) in [
        ("NO [UNAVAILABLE] later", "busy"),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", "busy"),
        ("NO [OVERQUOTA] Account exceeded command or bandwidth limits", "busy"),
        ("NO Temporary system problem", "busy"),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "auth_refused"),
        ("NO [ALERT] Application-specific password required", "auth_refused"),
        ("NO LOGIN failed.", "auth_refused"),
        ("NO [ALERT] Please log in via your web browser", "auth_refused"),
        ("NO Your account is not enabled for IMAP use", "auth_refused"),
        ("NO System Error (Failure)", "not_let_in"),
        ("NO Lookup failed abcd1234", "not_let_in"),
        ("BAD what", "not_let_in"),
    ] {
        let peer = Peer::tls(move |mut talk: TlsTalk| async move {
            talk.say("* OK hello\r\n").await?;
            talk.answer("* CAPABILITY IMAP4rev1\r\n").await?;
            let (tag, _) = talk.command().await?;
            talk.say(format!("{tag} {said}\r\n")).await
        })
        .await;
        assert_eq!(connect(&peer).await.expect_err("refused").kind(), kind, "{said}");
    }
    for (said, kind) in [("* BYE Too many connections", "busy"), ("* BYE Autologout", "closed")] {
        let peer = Peer::tls(move |mut talk: TlsTalk| async move {
            talk.let_in().await?;
            talk.open(0).await?;
            talk.command().await?;
            talk.say(format!("+ idling\r\n{said}\r\n")).await
        })
        .await;
        let mut connection = connect(&peer).await.expect("signed in");
        connection.examine("INBOX").await.expect("opened");
        assert_eq!(connection.wait().await.expect_err("ended").kind(), kind, "{said}");
    }
}

/// One byte a second: a mail or a greeting that never comes to its end.
#[tokio::test]
async fn c7_dripping_is_given_up() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        for byte in "* OK ".bytes().chain(std::iter::repeat_n(b'x', 100)) {
            talk.say([byte]).await?;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    })
    .await;
    let begun = Instant::now();
    assert_eq!(connect(&peer).await.expect_err("given up").kind(), "timed_out");
    assert!(begun.elapsed() < Duration::from_secs(8));
}

/// Each answer to "give me mail 1" ends the connection, soon, and costs little.
#[tokio::test]
async fn c27_nonsense_ends_the_connection_and_nothing_else() {
    let nonsense: Vec<Vec<u8>> = vec![
        b"* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\n".to_vec(),
        b"* 1 FETCH (UID 1 BODY[]<0> {3000000}\r\n".to_vec(),
        b"* 1 FETCH (UID 1 X ".iter().copied().chain(std::iter::repeat_n(b'x', 1 << 17)).collect(),
        b"Z9 OK that was another\r\n".to_vec(),
        b"+ more\r\n".to_vec(),
        b"* 1 FETCH (UID 1 BODY[]<0> {1}\r\nx)\r\n".repeat(60_000),
        [b"* 1 FETCH (".to_vec(), b"X {1}\r\nx ".repeat(100), b")\r\n".to_vec()].concat(),
    ];
    for said in nonsense {
        let shown = String::from_utf8_lossy(&said).chars().take(40).collect::<String>();
        let said = Arc::new(said);
        let peer = Peer::tls(move |mut talk: TlsTalk| {
            let said = Arc::clone(&said);
            async move {
                talk.let_in().await?;
                talk.open(1).await?;
                talk.command().await?;
                talk.say(said.as_slice()).await?;
                talk.be_silent().await
            }
        })
        .await;
        let mut connection = connect(&peer).await.expect("signed in");
        connection.examine("INBOX").await.expect("opened");
        let ended = connection.bodies(&[mail(1)], ROOM_FOR_ANY).await;
        assert!(matches!(ended, Err(ImapError::Protocol(_))), "{shown}: {ended:?}");
    }
}

/// Ends programs that read lists by recursion.
#[tokio::test]
async fn c27_brackets_without_end_are_read() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(1).await?;
        talk.answer(&format!("* 1 FETCH (BODYSTRUCTURE {}\r\n", "(".repeat(60_000))).await?;
        // Is it still there?
        talk.answer("").await?;
        talk.be_silent().await
    })
    .await;
    let mut connection = connect(&peer).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    let fetched = connection.bodies(&[mail(1)], ROOM_FOR_ANY).await.expect("read");
    assert_eq!((fetched.bodies.len(), fetched.gone), (0, vec![1]));
}

/// A mail that goes away while it is fetched is missing; the others are there.
#[tokio::test]
async fn c27_expunge_midway() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(3).await?;
        talk.answer(
            "* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n* 2 EXPUNGE\r\n\
             * 2 FETCH (BODY[]<0> {3}\r\nxyz UID 3)\r\n* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n",
        )
        .await?;
        assert!(talk.answer("").await?.starts_with("UID FETCH 2 (UID RFC822.SIZE"));
        talk.be_silent().await
    })
    .await;
    let mut connection = connect(&peer).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    let asked = [mail(1), mail(2), mail(3)];
    let fetched = connection.bodies(&asked, ROOM_FOR_ANY).await.expect("fetched");
    assert_eq!((fetched.done, fetched.gone), (3, vec![2]));
    let found: Vec<(u32, &[u8])> =
        fetched.bodies.iter().map(|it| (it.uid, it.raw.as_slice())).collect();
    assert_eq!(found, [(1, &b"abc"[..]), (3, b"xyz")]);
}

/// A mail that the server itself cannot read keeps nobody from the next.
#[tokio::test]
async fn a_mail_the_server_cannot_read_is_recorded_by_its_header() {
    let peer = Peer::tls(async |mut talk: TlsTalk| {
        talk.let_in().await?;
        talk.open(2).await?;
        loop {
            let (tag, asked) = talk.command().await?;
            let answer = match asked.split(' ').nth(2) {
                Some("1") => "* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n".to_owned(),
                Some("2") if asked.contains("[HEADER]") => {
                    "* 2 FETCH (UID 2 BODY[HEADER]<0> {12}\r\nSubject: x\r\n)\r\n".to_owned()
                }
                _ => {
                    talk.say(format!("{tag} NO [SERVERERROR] damaged\r\n")).await?;
                    continue;
                }
            };
            talk.say(format!("{answer}{tag} OK\r\n")).await?;
        }
    })
    .await;
    let mut connection = connect(&peer).await.expect("signed in");
    connection.examine("INBOX").await.expect("opened");
    let fetched = connection.bodies(&[mail(1), mail(2)], ROOM_FOR_ANY).await.expect("fetched");
    let whole: Vec<(u32, bool)> =
        fetched.bodies.iter().map(|body| (body.uid, body.whole)).collect();
    assert_eq!(whole, [(1, true), (2, false)]);
}

/// Hazard C35: whoever strips STARTTLS, or slips words in before TLS, hears no password.
#[tokio::test]
async fn c35_nothing_is_said_before_tls() {
    let scripts = [
        ("* PREAUTH welcome\r\n", ""),
        ("* OK hello\r\n", "L0 BAD unknown command\r\n"),
        ("* OK hello\r\n", "L0 OK go\r\n* OK injected\r\nL1 OK injected\r\n"),
    ];
    for (greeting, answer) in scripts {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&heard);
        let peer = Peer::plain(move |mut talk: Talk<_>, tls| {
            let noted = Arc::clone(&noted);
            async move {
                talk.say(greeting).await?;
                let line = talk.hear().await?;
                noted.lock().expect("unlocked").push(line);
                talk.say(answer).await?;
                let _broken: io::Result<_> = tls.accept(talk.0.into_inner()).await;
                Ok(())
            }
        })
        .await;
        let settings = settings(peer.port, Security::StartTls, &peer.root, "winkel");
        let refused = ImapConnection::connect(&settings).await.expect_err("refused");
        assert!(matches!(refused, ImapError::NotEncrypted), "{greeting}{answer}: {refused:?}");
        let heard = heard.lock().expect("unlocked");
        assert!(heard.iter().all(|line| line == "L0 STARTTLS"), "{heard:?}");
    }
}
