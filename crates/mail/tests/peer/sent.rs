//! The Sent folder of a provider: an IMAP server that knows the mails a [`Peer`] took, where it
//! keeps copies, and those that were put there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::authority::Authority;
use super::smtp::Peer;

#[derive(Debug, Default)]
pub struct Folder {
    /// Whether mail that was sent turns up by itself.
    pub keeps: bool,
    /// What was put there.
    pub appended: Vec<Vec<u8>>,
    /// How often somebody searched.
    pub looks: usize,
    /// Refuses every sign-in.
    pub closed: bool,
}

/// A running server. Ends with the runtime.
#[derive(Debug, Clone)]
pub struct Sent {
    pub port: u16,
    smtp: Peer,
    folder: Arc<Mutex<Folder>>,
}

impl Sent {
    pub async fn start(authority: &Authority, smtp: &Peer, keeps: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = Arc::new(Mutex::new(Folder { keeps, ..Folder::default() }));
        let sent = Self { port, smtp: smtp.clone(), folder };
        let (serving, acceptor) = (sent.clone(), authority.acceptor());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sent, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        // A client that hangs up is its own affair.
                        let _ = sent.converse(BufReader::new(stream)).await;
                    }
                });
            }
        });
        sent
    }

    pub fn folder(&self) -> MutexGuard<'_, Folder> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holds(&self, message_id: &str) -> bool {
        let mut folder = self.folder();
        folder.looks += 1;
        let kept =
            folder.keeps && self.smtp.taken().iter().any(|taken| taken.message_id() == message_id);
        let own = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains(message_id);
        kept || folder.appended.iter().any(own)
    }

    async fn converse<S>(&self, mut stream: BufReader<S>) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        say(&mut stream, "* OK peer").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
            let upper = command.to_ascii_uppercase();
            if upper.starts_with("CAPABILITY") {
                say(&mut stream, "* CAPABILITY IMAP4rev1 SPECIAL-USE").await?;
            } else if upper.starts_with("LOGIN") && self.folder().closed {
                say(&mut stream, &format!("{tag} NO [AUTHENTICATIONFAILED] no")).await?;
                continue;
            } else if upper.starts_with("LIST") {
                say(&mut stream, "* LIST (\\HasNoChildren) \"/\" \"INBOX\"").await?;
                say(&mut stream, "* LIST (\\HasNoChildren \\Sent) \"/\" \"Verzonden\"").await?;
            } else if upper.starts_with("EXAMINE") {
                say(&mut stream, "* 1 EXISTS").await?;
                say(&mut stream, "* OK [UIDVALIDITY 7] ok").await?;
            } else if upper.starts_with("UID SEARCH") {
                let wanted = command.split('"').nth(1).unwrap_or_default().trim_matches(['<', '>']);
                let found = if self.holds(wanted) { "* SEARCH 3" } else { "* SEARCH" };
                say(&mut stream, found).await?;
            } else if upper.starts_with("APPEND") {
                let size = command.rsplit('{').next().unwrap_or_default();
                let size: usize = size.trim_end_matches('}').parse().unwrap();
                say(&mut stream, "+ go on").await?;
                let mut bytes = vec![0; size];
                stream.read_exact(&mut bytes).await?;
                let mut end = String::new();
                stream.read_line(&mut end).await?;
                self.folder().appended.push(bytes);
            }
            say(&mut stream, &format!("{tag} OK done")).await?;
            if upper.starts_with("LOGOUT") {
                return Ok(());
            }
        }
    }
}

async fn say<S>(stream: &mut BufReader<S>, line: &str) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}
