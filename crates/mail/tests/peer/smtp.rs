//! A mail server of our own that misbehaves on request: it refuses, hangs up, falls silent or
//! takes any line end, at any point of the conversation, and keeps what it took.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;

/// What it does with one connection before any mail.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// `None`: it hangs up without a word.
    pub greeting: Option<String>,
    /// How long it keeps the client waiting for it.
    pub hesitates: Duration,
    /// What `EHLO` is answered with, after the greeting line.
    pub offers: Vec<String>,
    /// The answer to `STARTTLS`, as it goes over the wire; more than a line is an injection.
    pub start_tls: String,
    /// The last answer to a sign-in.
    pub auth: String,
}

impl Welcome {
    /// As usual, with encryption to be asked for.
    pub fn by_start_tls() -> Self {
        let usual = Self::default();
        Self { offers: [vec!["STARTTLS".to_owned()], usual.offers].concat(), ..usual }
    }
}

impl Default for Welcome {
    fn default() -> Self {
        Self {
            greeting: Some("220 peer.test ESMTP".to_owned()),
            hesitates: Duration::ZERO,
            offers: vec!["SIZE 1000000".to_owned(), "AUTH PLAIN LOGIN XOAUTH2".to_owned()],
            start_tls: "220 go ahead\r\n".to_owned(),
            auth: "235 2.7.0 welcome".to_owned(),
        }
    }
}

/// What it does with one mail.
#[derive(Debug, Clone)]
pub struct Manners {
    pub mail: String,
    /// By recipient; all others get `250`.
    pub rcpt: Vec<(String, String)>,
    pub data: String,
    /// How long it thinks before it answers `DATA`.
    pub hesitates: Duration,
    /// Hangs up after this many lines of the mail.
    pub body_lines: Option<usize>,
    /// Whether it takes the mail into its own hands.
    pub delivers: bool,
    /// `None`: it hangs up instead of answering.
    pub answer: Option<String>,
    /// How long it thinks before it answers the final dot.
    pub thinks: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            mail: "250 2.1.0 ok".to_owned(),
            rcpt: Vec::new(),
            data: "354 go on".to_owned(),
            hesitates: Duration::ZERO,
            body_lines: None,
            delivers: true,
            answer: Some("250 2.0.0 queued".to_owned()),
            thinks: Duration::ZERO,
        }
    }
}

impl Manners {
    pub fn answering(answer: &str) -> Self {
        let delivers = answer.starts_with('2');
        Self { answer: Some(answer.to_owned()), delivers, ..Self::default() }
    }

    pub fn hanging_up(delivers: bool) -> Self {
        Self { answer: None, delivers, ..Self::default() }
    }
}

/// A mail it took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub bytes: Vec<u8>,
}

impl Taken {
    /// Without angle brackets.
    pub fn message_id(&self) -> String {
        self.header("Message-ID").trim_matches(['<', '>']).to_owned()
    }

    /// A header, unfolded; empty when absent.
    pub fn header(&self, name: &str) -> String {
        let text = String::from_utf8_lossy(&self.bytes).replace("\r\n ", " ");
        let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub struct State {
    /// For the next connections, in order; then `welcome`.
    pub welcomes: VecDeque<Welcome>,
    /// For all others.
    pub welcome: Welcome,
    /// For the next mails, in order; then `usual`.
    pub manners: VecDeque<Manners>,
    /// What is done when nothing was asked for.
    pub usual: Manners,
    /// Takes any of CR, LF and CRLF for a line end, and a dot between any two for the end.
    pub lenient: bool,
    pub taken: Vec<Taken>,
    /// Commands, in order, secrets and all.
    pub heard: Vec<String>,
    pub connections: usize,
    /// Mails that came to their final dot, taken or not.
    pub dots: usize,
}

/// A running server. Ends with the runtime.
#[derive(Debug, Clone)]
pub struct Peer {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Peer {
    /// `start_tls`: begins in the clear.
    pub async fn start(authority: &Authority, start_tls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = Self { port, state: Arc::default() };
        let (accepting, acceptor) = (peer.clone(), authority.acceptor());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (peer, acceptor) = (accepting.clone(), acceptor.clone());
                tokio::spawn(async move {
                    // A client that hangs up is its own affair.
                    let _ = peer.serve(stream, acceptor, start_tls).await;
                });
            }
        });
        peer
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state().taken.clone()
    }

    pub fn next_mail(&self, manners: Manners) {
        self.state().manners.push_back(manners);
    }

    async fn serve(
        &self,
        stream: TcpStream,
        acceptor: TlsAcceptor,
        start_tls: bool,
    ) -> std::io::Result<()> {
        let welcome = {
            let mut state = self.state();
            state.connections += 1;
            state.welcomes.pop_front().unwrap_or_else(|| state.welcome.clone())
        };
        let Some(greeting) = welcome.greeting.clone() else { return Ok(()) };
        tokio::time::sleep(welcome.hesitates).await;
        if !start_tls {
            let mut stream = BufReader::new(acceptor.accept(stream).await?);
            say(&mut stream, &greeting).await?;
            return self.converse(stream, &welcome).await;
        }
        let mut open = BufReader::new(stream);
        say(&mut open, &greeting).await?;
        loop {
            let Some(line) = self.hear(&mut open).await? else { return Ok(()) };
            match line.split_whitespace().next().unwrap_or_default() {
                "EHLO" => offer(&mut open, &welcome.offers).await?,
                "STARTTLS" => {
                    open.write_all(welcome.start_tls.as_bytes()).await?;
                    open.flush().await?;
                    if !welcome.start_tls.starts_with("220") {
                        continue;
                    }
                    let stream = acceptor.accept(open.into_inner()).await?;
                    return self.converse(BufReader::new(stream), &welcome).await;
                }
                _ => say(&mut open, "530 5.7.0 STARTTLS first").await?,
            }
        }
    }

    async fn hear<S>(&self, stream: &mut BufReader<S>) -> std::io::Result<Option<String>>
    where
        S: AsyncRead + Unpin,
    {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        self.state().heard.push(line.clone());
        Ok(Some(line))
    }

    async fn converse<S>(&self, mut stream: BufReader<S>, welcome: &Welcome) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut manners = Manners::default();
        let (mut from, mut to) = (String::new(), Vec::new());
        while let Some(line) = self.hear(&mut stream).await? {
            let upper = line.to_ascii_uppercase();
            if upper.starts_with("EHLO") {
                offer(&mut stream, &welcome.offers).await?;
            } else if upper.starts_with("AUTH") {
                self.sign_in(&mut stream, &upper, &welcome.auth).await?;
            } else if let Some(address) = upper.strip_prefix("MAIL FROM:") {
                manners = {
                    let mut state = self.state();
                    state.manners.pop_front().unwrap_or_else(|| state.usual.clone())
                };
                from = bare(address);
                to.clear();
                say(&mut stream, &manners.mail).await?;
            } else if let Some(address) = upper.strip_prefix("RCPT TO:") {
                let address = bare(address);
                let own = manners.rcpt.iter().find(|(of, _)| *of == address);
                let answer = own.map_or("250 2.1.5 ok", |(_, answer)| answer.as_str()).to_owned();
                if answer.starts_with('2') {
                    to.push(address);
                }
                say(&mut stream, &answer).await?;
            } else if upper == "DATA" {
                tokio::time::sleep(manners.hesitates).await;
                say(&mut stream, &manners.data).await?;
                if !manners.data.starts_with("354") {
                    continue;
                }
                let Some(bytes) = self.take_body(&mut stream, &manners).await? else {
                    return Ok(());
                };
                self.state().dots += 1;
                if manners.delivers {
                    let taken = Taken { from: from.clone(), to: to.clone(), bytes };
                    self.state().taken.push(taken);
                }
                tokio::time::sleep(manners.thinks).await;
                let Some(answer) = &manners.answer else { return Ok(()) };
                say(&mut stream, answer).await?;
            } else if upper == "RSET" {
                say(&mut stream, "250 2.0.0 ok").await?;
            } else if upper == "QUIT" {
                say(&mut stream, "221 2.0.0 bye").await?;
                return Ok(());
            } else {
                say(&mut stream, "500 5.5.2 what").await?;
            }
        }
        Ok(())
    }

    async fn sign_in<S>(
        &self,
        stream: &mut BufReader<S>,
        command: &str,
        answer: &str,
    ) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if command == "AUTH LOGIN" {
            for question in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                say(stream, question).await?;
                self.hear(stream).await?;
            }
        } else if command.starts_with("AUTH XOAUTH2") && !answer.starts_with('2') {
            // As Google does: the reason first, the refusal after an empty line.
            say(stream, "334 eyJzdGF0dXMiOiI0MDAifQ==").await?;
            self.hear(stream).await?;
        }
        say(stream, answer).await
    }

    /// `None`: it hung up midway.
    async fn take_body<S>(
        &self,
        stream: &mut BufReader<S>,
        manners: &Manners,
    ) -> std::io::Result<Option<Vec<u8>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let lenient = self.state().lenient;
        let (mut body, mut lines) = (Vec::new(), 0);
        loop {
            let mut line = Vec::new();
            if lenient {
                any_line(stream, &mut line).await?;
            } else {
                strict_line(stream, &mut line).await?;
            }
            if line.is_empty() {
                return Ok(None);
            }
            lines += 1;
            if manners.body_lines.is_some_and(|most| lines > most) {
                return Ok(None);
            }
            let content: &[u8] = line.trim_ascii_end();
            if content == b"." {
                return Ok(Some(body));
            }
            body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

async fn strict_line<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
    line: &mut Vec<u8>,
) -> std::io::Result<()> {
    while !line.ends_with(b"\r\n") {
        if stream.read_until(b'\n', line).await? == 0 {
            line.clear();
            return Ok(());
        }
    }
    Ok(())
}

/// Ends at CR, LF or CRLF.
async fn any_line<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
    line: &mut Vec<u8>,
) -> std::io::Result<()> {
    loop {
        let Ok(byte) = stream.read_u8().await else {
            line.clear();
            return Ok(());
        };
        line.push(byte);
        if byte == b'\n' {
            return Ok(());
        }
        if byte == b'\r' {
            if stream.fill_buf().await?.first() == Some(&b'\n') {
                line.push(stream.read_u8().await?);
            }
            return Ok(());
        }
    }
}

async fn offer<S>(stream: &mut BufReader<S>, offers: &[String]) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut lines = vec!["peer.test".to_owned()];
    lines.extend_from_slice(offers);
    let last = lines.len() - 1;
    for (place, line) in lines.iter().enumerate() {
        let separator = if place == last { ' ' } else { '-' };
        stream.write_all(format!("250{separator}{line}\r\n").as_bytes()).await?;
    }
    stream.flush().await
}

async fn say<S>(stream: &mut BufReader<S>, line: &str) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

fn bare(address: &str) -> String {
    let inside = address.split(['<', '>']).nth(1).unwrap_or_default();
    inside.to_ascii_lowercase()
}
