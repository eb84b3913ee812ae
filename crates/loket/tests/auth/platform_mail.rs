//! The platform's own mails over SMTP: none is lost while the server is away, and none goes twice
//! that was taken.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::message::Address;
use loket::auth::{
    AuthOptions, Letter, MailDirectory, MailServer, PlatformMail as _, PlatformServer,
};
use mail::network::Network;
use mail::smtp::{Login, Security, Server, Token};

use crate::authority::Authority;
use crate::smtp::{Manners, Peer, Welcome};

fn directory(name: &str) -> PathBuf {
    let place = std::env::temp_dir().join(format!("loket-platform-{name}-{}", std::process::id()));
    let _absent = std::fs::remove_dir_all(&place);
    std::fs::create_dir_all(&place).unwrap();
    place
}

fn letter(to: &str) -> Letter {
    Letter {
        to: to.to_owned(),
        subject: "Bevestig je adres".to_owned(),
        text: "Je code is 123456.\n.\nGroet".to_owned(),
    }
}

fn count(place: &Path, folder: &str) -> usize {
    std::fs::read_dir(MailDirectory::place(place).join(folder)).map_or(0, Iterator::count)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_leave_over_smtp_once_the_server_takes_them() {
    let authority = Authority::new();
    let peer = Peer::start(&authority, false).await;
    // Away at first, then unwilling for the moment, then willing; one address does not exist.
    peer.state().welcomes.push_back(Welcome { greeting: None, ..Welcome::default() });
    let refused = ("weg@klant.example".to_owned(), "550 5.1.1 no such user".to_owned());
    peer.state().usual = Manners { rcpt: vec![refused], ..Manners::default() };
    let place = directory("leave");
    let platform = PlatformServer {
        server: Server {
            host: "localhost".to_owned(),
            port: peer.port,
            security: Security::Implicit,
        },
        login: Login::Password { user: "loket".to_owned(), password: Token::new("geheim") },
        from: Address { name: "Loket".to_owned(), email: "post@loket.example".to_owned() },
    };
    let network = Network::new(authority.pem().as_bytes(), true).unwrap();
    let post = MailServer::start(&place, platform, network);
    let now = "2026-11-23T09:00:00Z".parse().unwrap();
    post.send(&letter("anna@klant.example"), now).unwrap();
    assert_eq!(count(&place, "new"), 1, "kept before anything is said to a server");
    until("the first mail", || peer.taken().len() == 1).await;
    until("it is put away", || count(&place, "cur") == 1 && count(&place, "new") == 0).await;

    post.send(&letter("weg@klant.example"), now).unwrap();
    post.send(&letter("bram@klant.example"), now).unwrap();
    until("the rest", || peer.taken().len() == 2 && count(&place, "new") == 0).await;
    assert_eq!((count(&place, "cur"), count(&place, "failed")), (2, 1));
    let taken = peer.taken();
    assert_eq!(taken[0].to, ["anna@klant.example"]);
    assert_eq!(taken[1].to, ["bram@klant.example"]);
    assert!(taken[0].header("From").contains("post@loket.example"));
    assert!(taken[0].message_id().ends_with("@loket.example"));
    assert!(String::from_utf8_lossy(&taken[0].bytes).contains("123456"));
    std::fs::remove_dir_all(place).unwrap();
}

#[test]
fn a_server_is_set_whole_or_not_at_all() {
    let place = directory("options");
    let secret = place.join("password");
    std::fs::write(&secret, "geheim\n").unwrap();
    let options = |server: &str, from: Option<&str>| AuthOptions {
        platform_smtp: Some(server.to_owned()),
        platform_smtp_password_file: Some(secret.clone()),
        platform_from: from.map(str::to_owned),
        ..AuthOptions::default()
    };
    assert!(PlatformServer::of(&AuthOptions::default()).unwrap().is_none());
    let from = Some("post@loket.example");
    let said = |options: &AuthOptions| PlatformServer::of(options).unwrap_err().to_string();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&secret, open).unwrap();
    assert!(said(&options("smtp.example:587", from)).contains("chmod 600"));
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&secret, closed).unwrap();
    assert!(said(&options("smtp.example", from)).contains("smtp.example.nl:587"));
    assert!(said(&options("smtp.example:587", None)).contains("--platform-from"));
    let server = PlatformServer::of(&options("smtp.example:465", from)).unwrap().unwrap();
    assert_eq!((server.server.port, server.server.security), (465, Security::Implicit));
    assert!(!format!("{server:?}").contains("geheim"), "a password printed itself");
    std::fs::remove_dir_all(place).unwrap();
}
