//! Mail over the wire, against a server that misbehaves on request.
#![expect(
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "tests: what fails is a test that fails"
)]

#[path = "../peer/authority.rs"]
mod authority;
#[path = "../peer/smtp.rs"]
mod peer;

mod hostile;
mod outcomes;
mod sign_in;

use std::time::Duration;

use authority::Authority;
use mail::network::Network;
use mail::smtp::{
    Envelope, Login, Outcome, Security, Server, Session, TimeLimits, Token, WireMail,
};
use peer::Peer;

/// Short, so that silence is noticed.
const LIMITS: TimeLimits = TimeLimits {
    connect: Duration::from_secs(3),
    command: Duration::from_millis(500),
    block: Duration::from_secs(3),
    answer: Duration::from_millis(500),
};

/// A server and a way to it.
struct Lab {
    peer: Peer,
    network: Network,
    server: Server,
}

impl Lab {
    async fn new(security: Security) -> Self {
        let authority = Authority::new();
        let peer = Peer::start(&authority, security == Security::StartTls).await;
        let network = Network::new(authority.pem().as_bytes(), true).unwrap();
        let server = Server { host: "localhost".to_owned(), port: peer.port, security };
        Self { peer, network, server }
    }

    async fn session(&self) -> Result<Session, Outcome> {
        Session::connect(&self.server, &login(), &self.network, LIMITS).await
    }

    /// One mail to these, over a session of its own.
    async fn send(&self, to: &[&str]) -> Outcome {
        let mut session = match self.session().await {
            Ok(session) => session,
            Err(outcome) => return outcome,
        };
        send(&mut session, to).await
    }
}

async fn send(session: &mut Session, to: &[&str]) -> Outcome {
    let mail = wire(b"Message-ID: <a@b.nl>\r\n\r\nHello\r\n");
    match session.offer(&Envelope::new("info@winkel.nl", to).unwrap(), &mail).await {
        Ok(offered) => offered.hand_over(&mail, || true).await,
        Err(outcome) => outcome,
    }
}

fn wire(bytes: &[u8]) -> WireMail {
    WireMail::new(bytes).unwrap()
}

fn login() -> Login {
    Login::Password { user: "info@winkel.nl".to_owned(), password: Token::new("geheim") }
}
