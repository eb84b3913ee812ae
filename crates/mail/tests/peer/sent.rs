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
    /// All that lies there; the first has number 1.
    pub mails: Vec<Vec<u8>>,
    /// How many of the mails that were sent were looked at for it.
    taken: usize,
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

    /// With what was sent since.
    fn filled(&self) -> MutexGuard<'_, Folder> {
        let taken = self.smtp.taken();
        let mut folder = self.folder();
        let known = folder.taken;
        if folder.keeps {
            folder.mails.extend(taken.iter().skip(known).map(|mail| mail.bytes.clone()));
        }
        folder.taken = taken.len();
        folder
    }

    fn find(&self, message_id: &str) -> String {
        let mut folder = self.filled();
        folder.looks += 1;
        let found = folder.mails.iter().zip(1_u32..);
        let found = found.filter(|(bytes, _)| id_of(bytes) == message_id);
        let numbers: Vec<String> = found.map(|(_, uid)| uid.to_string()).collect();
        numbers.join(" ")
    }

    /// The answers to `UID FETCH 3:* (...)`.
    fn list(&self, folder: &str, range: &str) -> Vec<String> {
        let all = self.filled();
        let mails: &[Vec<u8>] = if folder == "INBOX" { &[] } else { &all.mails };
        let last = u32::try_from(mails.len()).unwrap();
        let number = |text: &str| text.parse().unwrap_or(last);
        let (from, to) = range.split_once(':').unwrap_or((range, range));
        // As real servers do: a star is the last one, whatever stands before it.
        let (from, to) = (number(from).min(number(to)), number(to).max(number(from).min(last)));
        let listed = mails.iter().zip(1_u32..).filter(|(_, uid)| (from..=to).contains(uid));
        let line = |(bytes, uid): (&Vec<u8>, u32)| {
            let header = format!("Message-ID: <{}>\r\n\r\n", id_of(bytes));
            format!(
                "* {uid} FETCH (UID {uid} RFC822.SIZE {} BODY[HEADER.FIELDS (MESSAGE-ID)] {{{}}}\r\n{header})",
                bytes.len(),
                header.len(),
            )
        };
        listed.map(line).collect()
    }

    async fn converse<S>(&self, mut stream: BufReader<S>) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        say(&mut stream, "* OK peer").await?;
        let mut open = "INBOX".to_owned();
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
                command.split('"').nth(1).unwrap_or_default().clone_into(&mut open);
                let held = if open == "INBOX" { 0 } else { self.filled().mails.len() };
                say(&mut stream, &format!("* {held} EXISTS")).await?;
                say(&mut stream, "* OK [UIDVALIDITY 7] ok").await?;
                say(&mut stream, &format!("* OK [UIDNEXT {}] ok", held + 1)).await?;
            } else if upper.starts_with("STATUS") {
                let next = self.filled().mails.len() + 1;
                let told = format!("* STATUS \"Verzonden\" (UIDVALIDITY 7 UIDNEXT {next})");
                say(&mut stream, &told).await?;
            } else if upper.starts_with("UID FETCH") {
                let range = command.split(' ').nth(2).unwrap_or_default();
                for line in self.list(&open, range) {
                    say(&mut stream, &line).await?;
                }
            } else if upper.starts_with("UID SEARCH") {
                let wanted = command.split('"').nth(1).unwrap_or_default().trim_matches(['<', '>']);
                say(&mut stream, format!("* SEARCH {}", self.find(wanted)).trim_end()).await?;
            } else if upper.starts_with("APPEND") {
                let size = command.rsplit('{').next().unwrap_or_default();
                let size: usize = size.trim_end_matches('}').parse().unwrap();
                say(&mut stream, "+ go on").await?;
                let mut bytes = vec![0; size];
                stream.read_exact(&mut bytes).await?;
                let mut end = String::new();
                stream.read_line(&mut end).await?;
                let mut folder = self.filled();
                folder.mails.push(bytes.clone());
                folder.appended.push(bytes);
            }
            say(&mut stream, &format!("{tag} OK done")).await?;
            if upper.starts_with("LOGOUT") {
                return Ok(());
            }
        }
    }
}

fn id_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut lines = text.split("\r\n").take_while(|line| !line.is_empty());
    let id = lines.find_map(|line| line.strip_prefix("Message-ID: "));
    id.unwrap_or_default().trim_matches(['<', '>']).to_owned()
}

async fn say<S>(stream: &mut BufReader<S>, line: &str) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}
