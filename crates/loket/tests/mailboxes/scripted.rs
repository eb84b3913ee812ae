//! An IMAP server of a few lines that breaks where a test says.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::peer::{Peer, TlsTalk};

/// What it does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Hands it out.
    None,
    /// Ends the connection when its text is asked for.
    Text,
    /// And when its header is.
    Header,
    /// And when anything but its number is.
    Listing,
    /// Lists it, does not hand it out, and by then it is gone.
    Gone,
}

/// What it does when it is to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Waits.
    Waits,
    /// Ends the connection.
    Ends,
    /// Tells of mail that is not there, at once and again.
    Babbles,
}

/// The server's side, shared with the test.
#[derive(Debug)]
pub struct Script {
    /// By number.
    pub mails: Mutex<BTreeMap<u32, (String, Fault)>>,
    /// Of waiting.
    pub idle: Idle,
    /// What it says to who signs in, in place of OK.
    pub refusal: Mutex<Option<&'static str>>,
    /// How often somebody signed in.
    pub sign_ins: AtomicUsize,
    /// How often somebody asked what there is.
    pub lists: AtomicUsize,
}

impl Script {
    /// An empty folder.
    pub fn new(idle: Idle) -> Arc<Self> {
        let (sign_ins, lists) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (mails, refusal) = (Mutex::default(), Mutex::default());
        Arc::new(Self { mails, idle, refusal, sign_ins, lists })
    }

    /// Puts a mail of this number there.
    pub fn put(&self, uid: u32, fault: Fault) {
        let mail = format!(
            "From: Sanne <sanne{uid}@example.nl>\r\nTo: winkel@example.nl\r\n\
             Subject: Vraag {uid}\r\nMessage-ID: <{uid}@example.nl>\r\n\r\n\
             Hoi, waar blijft bestelling 10{uid}? Groet, Sanne\r\n"
        );
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).insert(uid, (mail, fault));
    }

    /// Starts to listen.
    pub async fn serve(self: &Arc<Self>) -> Peer {
        let script = Arc::clone(self);
        Peer::tls(move |talk: TlsTalk| {
            let script = Arc::clone(&script);
            async move { script.talk(talk).await }
        })
        .await
    }

    async fn talk(&self, mut talk: TlsTalk) -> io::Result<()> {
        talk.say("* OK hello\r\n").await?;
        loop {
            let (tag, asked) = talk.command().await?;
            let answer = match asked.split(' ').next().unwrap_or_default() {
                "CAPABILITY" => "* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN SASL-IR\r\n".to_owned(),
                "LOGIN" | "AUTHENTICATE" => {
                    self.sign_ins.fetch_add(1, Ordering::SeqCst);
                    if asked.starts_with("AUTHENTICATE") && asked.split(' ').count() == 2 {
                        talk.say("+ \r\n").await?;
                        talk.hear().await?;
                    }
                    let refusal = *self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(said) = refusal {
                        talk.say(format!("{tag} {said}\r\n")).await?;
                        continue;
                    }
                    String::new()
                }
                "EXAMINE" => {
                    let (count, next) = self.size();
                    format!(
                        "* {count} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {next}] x\r\n"
                    )
                }
                "UID" => self.fetch(&asked)?,
                "IDLE" => {
                    talk.say("+ idling\r\n").await?;
                    match self.idle {
                        Idle::Ends => return talk.say("* BYE see you\r\n").await,
                        Idle::Babbles => talk.say("* 9 EXISTS\r\n").await?,
                        Idle::Waits => {}
                    }
                    talk.hear().await?;
                    String::new()
                }
                _ => String::new(),
            };
            talk.say(format!("{answer}{tag} OK done\r\n")).await?;
        }
    }

    fn size(&self) -> (usize, u32) {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        (mails.len(), mails.keys().last().map_or(1, |last| last + 1))
    }

    /// `UID FETCH 1,5:9 (...)`.
    fn fetch(&self, asked: &str) -> io::Result<String> {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = asked.strip_prefix("UID FETCH ").unwrap_or_default();
        let (range, item) = rest.split_once(' ').unwrap_or((rest, ""));
        let last = mails.keys().last().copied().unwrap_or(0);
        let number = |word: &str| if word == "*" { last } else { word.parse().unwrap_or(0) };
        let within = |uid: u32| {
            range.split(',').any(|part| match part.split_once(':') {
                Some((from, to)) => {
                    let (from, to) = (number(from), number(to));
                    (from.min(to)..=from.max(to)).contains(&uid)
                }
                None => number(part) == uid,
            })
        };
        let (lists, text, header) =
            (item.contains("RFC822.SIZE"), item.contains("BODY.PEEK[]"), item.contains("[HEADER]"));
        if lists {
            self.lists.fetch_add(1, Ordering::SeqCst);
        }
        let mut answer = String::new();
        let mut gone = Vec::new();
        for (uid, (mail, fault)) in mails.iter().filter(|(uid, _)| within(**uid)) {
            let breaks = match fault {
                Fault::Text => text,
                Fault::Header => text || header,
                Fault::Listing => text || header || lists,
                Fault::None | Fault::Gone => false,
            };
            if breaks {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let date = "INTERNALDATE \"17-Jul-2026 02:44:25 +0000\"";
            let size = mail.len();
            let told = if *fault == Fault::Gone && text {
                gone.push(*uid);
                continue;
            } else if text {
                format!("BODY[]<0> {{{size}}}\r\n{mail}")
            } else if header {
                let head = mail.split_inclusive("\r\n\r\n").next().unwrap_or_default();
                let size = head.len();
                format!("BODY[HEADER]<0> {{{size}}}\r\n{head}")
            } else if lists {
                format!(
                    "RFC822.SIZE {size} {date} \
                     BODY[HEADER.FIELDS (MESSAGE-ID)] \"Message-ID: <{uid}@example.nl>\""
                )
            } else {
                date.to_owned()
            };
            answer.extend([format!("* 1 FETCH (UID {uid} ").as_str(), &told, ")\r\n"]);
        }
        for uid in &gone {
            mails.remove(uid);
        }
        Ok(answer)
    }
}
