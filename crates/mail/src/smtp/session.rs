//! From the first byte to a session that takes mail. A [`Session`] exists only on an encrypted
//! stream, so nothing about us can be said on any other.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::login::Words;
use super::outcome::{Outcome, Phase, Trouble};
use super::reply::{self, Reply};
use super::{Login, Security, Server, TimeLimits};
use crate::network::{Network, NetworkError};

/// How we introduce ourselves: an address literal that says nothing about the house, since many
/// servers write it into the mail.
const OUR_NAME: &str = "EHLO [127.0.0.1]";

/// A stream in both directions, read by lines.
pub(super) type Lines<S> = BufReader<S>;

/// A server that let us in and takes mail, one after the other.
#[derive(Debug)]
pub struct Session {
    pub(super) stream: Lines<TlsStream<TcpStream>>,
    pub(super) limits: TimeLimits,
    /// Whether it takes `SIZE` (RFC 1870).
    pub(super) sizes: bool,
    /// Whether it still listens.
    pub(super) usable: bool,
}

impl Session {
    /// Connects, encrypts, and signs in. What fails is certain: nothing was sent.
    pub async fn connect(
        server: &Server,
        login: &Login,
        network: &Network,
        limits: TimeLimits,
    ) -> Result<Self, Outcome> {
        if !login.is_usable() {
            return Err(Outcome::NotSent(Phase::Login, Trouble::UnusableLogin));
        }
        let stream =
            network.connect(&server.host, server.port, limits.connect).await.map_err(no_way)?;
        let (stream, greeted) = match server.security {
            Security::Implicit => (stream, false),
            Security::StartTls => (start_tls(stream, limits).await?, true),
        };
        let encrypted =
            network.encrypt(&server.host, stream, limits.connect).await.map_err(no_way)?;
        let mut stream = BufReader::new(encrypted);
        if !greeted {
            greeting(&mut stream, limits).await?;
        }
        let offers = introduce(&mut stream, limits).await?;
        let mut session = Self {
            stream,
            limits,
            sizes: offers.iter().any(|it| word(it) == "SIZE"),
            usable: true,
        };
        session.sign_in(login, &offers).await?;
        Ok(session)
    }

    async fn sign_in(&mut self, login: &Login, offers: &[String]) -> Result<(), Outcome> {
        let broken = |trouble| Outcome::NotSent(Phase::Login, trouble);
        // Some servers write `AUTH=LOGIN` for clients of the last century.
        let ways: Vec<String> = offers
            .iter()
            .filter_map(|offer| offer.strip_prefix("AUTH"))
            .flat_map(|ways| ways.split([' ', '=']).map(str::to_owned))
            .collect();
        let words = login.words(&ways).ok_or_else(|| broken(Trouble::NoCommonLogin))?;
        let mut reply = match &words {
            Words::AtOnce(line) => self.ask(line).await,
            Words::Asked(..) => self.ask("AUTH LOGIN").await,
        }
        .map_err(broken)?;
        if let Words::Asked(user, password) = &words {
            for word in [user, password] {
                if reply.code == 334 {
                    reply = self.ask(word).await.map_err(broken)?;
                }
            }
        } else if reply.code == 334 {
            // XOAUTH2 gives its reason as a question; an empty answer brings the refusal.
            reply = self.ask("").await.map_err(broken)?;
        }
        match reply.code {
            235 => Ok(()),
            500..=599 => Err(Outcome::LoginRefused(reply)),
            _ => Err(Outcome::refused(Phase::Login, reply, Vec::new())),
        }
    }

    /// Says a line and waits for the answer.
    pub(super) async fn ask(&mut self, line: &str) -> Result<Reply, Trouble> {
        let asked = ask(&mut self.stream, line, self.limits.command).await;
        self.usable &= asked.as_ref().is_ok_and(|(reply, _)| reply.code != 421);
        asked.map(|(reply, _)| reply)
    }

    /// Whether it takes another mail.
    pub const fn is_usable(&self) -> bool {
        self.usable
    }

    /// Says goodbye, not waiting long for an answer.
    pub async fn close(mut self) {
        if self.usable {
            let goodbye = async {
                if ask(&mut self.stream, "QUIT", Duration::from_secs(2)).await.is_ok() {
                    // Whether the other side hears the very last word matters to nobody.
                    let _ = self.stream.get_mut().shutdown().await;
                }
            };
            let _ = timeout(Duration::from_secs(3), goodbye).await;
        }
    }
}

fn no_way(error: NetworkError) -> Outcome {
    let trouble = match error {
        NetworkError::CertificateRefused(reason) => Trouble::Certificate(reason),
        NetworkError::NotTls(_) => Trouble::NoEncryption,
        NetworkError::TimedOut => Trouble::TimedOut,
        NetworkError::Unreachable(error) => Trouble::Unreachable(error),
        unknown => Trouble::NoServer(unknown.to_string()),
    };
    Outcome::NotSent(Phase::Connect, trouble)
}

/// On the open stream nothing is said but `EHLO` and `STARTTLS`, and nothing of what was said
/// there is believed afterwards.
async fn start_tls(stream: TcpStream, limits: TimeLimits) -> Result<TcpStream, Outcome> {
    let broken = |trouble| Outcome::NotSent(Phase::Connect, trouble);
    let mut open = BufReader::new(stream);
    greeting(&mut open, limits).await?;
    let offers = introduce(&mut open, limits).await?;
    if !offers.iter().any(|offer| word(offer) == "STARTTLS") {
        return Err(broken(Trouble::NoEncryption));
    }
    let (reply, _) = ask(&mut open, "STARTTLS", limits.command).await.map_err(broken)?;
    match reply.code {
        220 => {}
        400..=499 => return Err(Outcome::refused(Phase::Connect, reply, Vec::new())),
        _ => return Err(broken(Trouble::NoEncryption)),
    }
    if !open.buffer().is_empty() {
        // Somebody in between put words where the encrypted ones begin (CVE-2011-0411).
        return Err(broken(Trouble::Protocol("words before encryption")));
    }
    Ok(open.into_inner())
}

async fn greeting<S>(stream: &mut Lines<S>, limits: TimeLimits) -> Result<(), Outcome>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reply, _) = within(limits.command, reply::read(stream))
        .await
        .map_err(|trouble| Outcome::NotSent(Phase::Connect, trouble))?;
    if reply.code == 220 { Ok(()) } else { Err(turned_away(reply)) }
}

/// What the server offers, in upper case.
async fn introduce<S>(stream: &mut Lines<S>, limits: TimeLimits) -> Result<Vec<String>, Outcome>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reply, lines) = ask(stream, OUR_NAME, limits.command)
        .await
        .map_err(|trouble| Outcome::NotSent(Phase::Connect, trouble))?;
    if reply.code != 250 {
        return Err(turned_away(reply));
    }
    Ok(lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect())
}

/// A server that turns us away says nothing about the mail: 5xx here must not fail it.
fn turned_away(reply: Reply) -> Outcome {
    match reply.code {
        400..=599 => Outcome::Later { phase: Phase::Connect, reply, recipients: Vec::new() },
        _ => Outcome::NotSent(Phase::Connect, Trouble::Protocol("no greeting")),
    }
}

fn word(offer: &str) -> &str {
    offer.split_whitespace().next().unwrap_or_default()
}

async fn ask<S>(
    stream: &mut Lines<S>,
    line: &str,
    limit: Duration,
) -> Result<(Reply, Vec<String>), Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut whole = zeroize::Zeroizing::new(String::with_capacity(line.len() + 2));
    whole.push_str(line);
    whole.push_str("\r\n");
    let asking = async {
        stream.write_all(whole.as_bytes()).await?;
        stream.flush().await?;
        reply::read(stream).await
    };
    within(limit, asking).await
}

/// Gives up after a while.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout(limit, work).await.unwrap_or(Err(Trouble::TimedOut))
}
