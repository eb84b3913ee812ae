//! Commands, one at a time, each with a limit of time and bytes.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::answer::{Answer, Status, Token, number_in_code, read};
use super::line::Line;
use super::wire::{Budget, read_unit};
use super::{ImapError, Limits, printable};

/// What the answers to an ordinary command may weigh; a list of ten thousand folders fits.
const SMALL_BYTES: usize = 1024 * 1024;

/// A signed-in connection. After any error but [`ImapError::Refused`] and [`ImapError::Busy`] it
/// is of no use any more: drop it.
#[derive(Debug)]
pub struct ImapConnection {
    pub(super) stream: BufReader<TlsStream<TcpStream>>,
    pub(super) limits: Limits,
    capabilities: BTreeSet<String>,
    commands: u32,
    /// Of the folder that is open now: how many mails it holds, as far as the server told.
    pub(super) exists: u32,
}

/// A folder that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// Identity of the numbering (RFC 3501, section 2.3.1.1).
    pub uidvalidity: u32,
    /// Every mail that comes gets this number or a higher one; `None` where the server does not
    /// say.
    pub uid_next: Option<u32>,
    /// How many mails it holds.
    pub exists: u32,
}

/// The server said NO or BAD.
#[derive(Debug)]
pub struct Refusal {
    /// To which command.
    pub command: &'static str,
    /// And why.
    pub text: String,
}

impl ImapConnection {
    pub(super) fn over(stream: BufReader<TlsStream<TcpStream>>, limits: Limits) -> Self {
        Self { stream, limits, capabilities: BTreeSet::new(), commands: 0, exists: 0 }
    }

    /// Whether the server offers this capability; case does not matter.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability.to_ascii_uppercase())
    }

    /// Something that was offered does not work.
    pub(super) fn cannot(&mut self, capability: &str) {
        self.capabilities.remove(capability);
    }

    pub(super) async fn learn_capabilities(&mut self) -> Result<(), ImapError> {
        let answers = self.command(Line::new("CAPABILITY"), "listing capabilities").await?;
        self.capabilities.clear();
        for data in answers {
            let mut words = data.iter().filter_map(Token::atom);
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("CAPABILITY")) {
                self.capabilities.extend(words.map(str::to_ascii_uppercase));
            }
        }
        Ok(())
    }

    /// Opens a folder to read it; nothing in it is changed, no mail becomes "seen".
    pub async fn examine(&mut self, folder: &str) -> Result<Folder, ImapError> {
        self.exists = 0;
        let line = Line::new("EXAMINE").text(folder)?;
        let mut answers = Answers::default();
        self.run(line, "opening a folder", SMALL_BYTES, self.limits.step, &mut answers).await?;
        let told = |name: &str| answers.told.iter().find_map(|text| number_in_code(text, name));
        let uidvalidity = told("UIDVALIDITY")
            .filter(|identity| *identity > 0)
            .ok_or(ImapError::Protocol("a folder has no UIDVALIDITY"))?;
        Ok(Folder { uidvalidity, uid_next: told("UIDNEXT"), exists: self.exists })
    }

    /// The uids of the mails in `folder` whose Message-ID is this one, without angle brackets.
    /// Opens the folder; empty means that the server knows none.
    pub async fn find_by_message_id(
        &mut self,
        folder: &str,
        message_id: &str,
    ) -> Result<Vec<u32>, ImapError> {
        self.examine(folder).await?;
        let line = Line::new("UID SEARCH").word("HEADER Message-ID").text(message_id)?;
        let answers = self.command(line, "searching").await?;
        let mut found = Vec::new();
        for data in answers {
            let mut words = data.iter().filter_map(Token::atom);
            if words.next().is_some_and(|word| word.eq_ignore_ascii_case("SEARCH")) {
                found.extend(words.filter_map(|word| word.parse::<u32>().ok()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Puts a mail into a folder, marked as read.
    pub async fn append(&mut self, folder: &str, mail: &[u8]) -> Result<(), ImapError> {
        let line = Line::new("APPEND").text(folder)?;
        let mut line = line.word("(\\Seen)").word(&format!("{{{}}}", mail.len()));
        line.command = "APPEND";
        let tag = self.begin(&line).await?;
        let step = self.limits.piece;
        let append = async {
            let mut budget = Budget { bytes: SMALL_BYTES };
            let mut answers = Answers::default();
            loop {
                match self.next(&mut budget).await? {
                    Answer::GoOn(_) => break,
                    other => {
                        if let Some(ended) = answers.take(other, &tag, &mut self.exists)? {
                            ended.map_err(|text| Refusal { command: "APPEND", text })?;
                            return Err(ImapError::Protocol("it ends APPEND before the mail"));
                        }
                    }
                }
            }
            let writer = self.stream.get_mut();
            writer.write_all(mail).await.map_err(ImapError::Unreachable)?;
            writer.write_all(b"\r\n").await.map_err(ImapError::Unreachable)?;
            writer.flush().await.map_err(ImapError::Unreachable)?;
            self.finish("APPEND", &tag, &mut budget, &mut answers).await
        };
        timeout(step, append).await.map_err(|_| ImapError::TimedOut("storing a mail"))?
    }

    /// The folder where the provider keeps what was sent: the one it marks so (RFC 6154), else
    /// one with a name that mail programs use; `None` when there is neither.
    pub async fn sent_folder(&mut self) -> Result<Option<String>, ImapError> {
        let line = Line::new("LIST").text("")?.text("*")?;
        let line = if self.can("SPECIAL-USE") && self.can("LIST-EXTENDED") {
            line.word("RETURN (SPECIAL-USE)")
        } else {
            line
        };
        let answers = self.command(line, "listing folders").await?;
        let folders: Vec<(Vec<String>, String)> =
            answers.iter().filter_map(|data| listed(data)).collect();
        let marked = folders
            .iter()
            .find(|(marks, _)| marks.iter().any(|mark| mark.eq_ignore_ascii_case("\\Sent")));
        if let Some((_, name)) = marked {
            return Ok(Some(name.clone()));
        }
        let called = |name: &str| {
            // Below INBOX on servers that put everything there.
            let last = name.rsplit(['.', '/']).next().unwrap_or(name);
            SENT_NAMES.iter().any(|known| last.eq_ignore_ascii_case(known))
        };
        let named = folders.iter().find(|(marks, name)| {
            called(name) && !marks.iter().any(|mark| mark.eq_ignore_ascii_case("\\NoSelect"))
        });
        Ok(named.map(|(_, name)| name.clone()))
    }

    /// Asks whether the server still lives, and for what is new in the open folder.
    pub async fn noop(&mut self) -> Result<(), ImapError> {
        self.command(Line::new("NOOP"), "a sign of life").await.map(drop)
    }

    /// Says goodbye, briefly; whether the server answers does not matter.
    pub async fn close(mut self) {
        let goodbye = async {
            let _ = self.begin(&Line::new("LOGOUT")).await;
            let _ = self.stream.get_mut().shutdown().await;
        };
        let _ = timeout(Duration::from_secs(2), goodbye).await;
    }

    /// A command whose answers are short.
    pub(super) async fn command(
        &mut self,
        line: Line,
        step: &'static str,
    ) -> Result<Vec<Vec<Token>>, ImapError> {
        let mut answers = Answers::default();
        self.run(line, step, SMALL_BYTES, self.limits.step, &mut answers).await?;
        Ok(answers.data)
    }

    pub(super) async fn run(
        &mut self,
        line: Line,
        step: &'static str,
        bytes: usize,
        limit: Duration,
        answers: &mut Answers,
    ) -> Result<(), ImapError> {
        let command = line.command;
        let run = async {
            let tag = self.begin(&line).await?;
            self.finish(command, &tag, &mut Budget { bytes }, answers).await
        };
        timeout(limit, run).await.map_err(|_| ImapError::TimedOut(step))?
    }

    /// A command in which the server asks for more; `reply` gets the number of the question.
    pub(super) async fn converse(
        &mut self,
        line: Line,
        step: &'static str,
        reply: impl Fn(usize) -> String,
    ) -> Result<(), ImapError> {
        let (command, limit) = (line.command, self.limits.step);
        let talk = async {
            let tag = self.begin(&line).await?;
            let mut budget = Budget { bytes: SMALL_BYTES };
            let mut answers = Answers::default();
            let mut asked = 0_usize;
            loop {
                match self.next(&mut budget).await? {
                    Answer::GoOn(_) => {
                        self.say(reply(asked).as_bytes()).await?;
                        asked = asked.saturating_add(1);
                    }
                    other => {
                        if let Some(ended) = answers.take(other, &tag, &mut self.exists)? {
                            return Ok(ended.map_err(|text| Refusal { command, text })?);
                        }
                    }
                }
            }
        };
        timeout(limit, talk).await.map_err(|_| ImapError::TimedOut(step))?
    }

    pub(super) async fn greeting(&mut self) -> Result<Answer, ImapError> {
        let limit = self.limits.step;
        let mut budget = Budget { bytes: SMALL_BYTES };
        timeout(limit, self.next(&mut budget))
            .await
            .map_err(|_| ImapError::TimedOut("the greeting"))?
    }

    /// Sends a command and returns its tag.
    pub(super) async fn begin(&mut self, line: &Line) -> Result<String, ImapError> {
        self.commands = self.commands.wrapping_add(1);
        let tag = format!("L{}", self.commands);
        let whole = [tag.as_bytes(), b" ", line.bytes.as_slice()].concat();
        self.say(&whole).await?;
        Ok(tag)
    }

    pub(super) async fn say(&mut self, line: &[u8]) -> Result<(), ImapError> {
        let writer = self.stream.get_mut();
        let whole = [line, b"\r\n"].concat();
        writer.write_all(&whole).await.map_err(ImapError::Unreachable)?;
        writer.flush().await.map_err(ImapError::Unreachable)
    }

    /// Reads on until the command has ended.
    pub(super) async fn finish(
        &mut self,
        command: &'static str,
        tag: &str,
        budget: &mut Budget,
        answers: &mut Answers,
    ) -> Result<(), ImapError> {
        loop {
            let answer = self.next(budget).await?;
            if let Some(ended) = answers.take(answer, tag, &mut self.exists)? {
                return Ok(ended.map_err(|text| Refusal { command, text })?);
            }
        }
    }

    pub(super) async fn next(&mut self, budget: &mut Budget) -> Result<Answer, ImapError> {
        Ok(read(read_unit(&mut self.stream, budget).await?))
    }
}

/// What servers and mail programs call the folder when they do not mark it.
const SENT_NAMES: [&str; 9] = [
    "Sent",
    "Sent Items",
    "Sent Messages",
    "Sent Mail",
    "Verzonden",
    "Verzonden items",
    "Verzonden berichten",
    "Verstuurd",
    "Gesendet",
];

/// The marks and the name in `LIST (\HasNoChildren \Sent) "/" Sent`.
fn listed(data: &[Token]) -> Option<(Vec<String>, String)> {
    let mut tokens = data.iter();
    if !tokens.next()?.atom()?.eq_ignore_ascii_case("LIST") || *tokens.next()? != Token::Open {
        return None;
    }
    let mut marks = Vec::new();
    loop {
        match tokens.next()? {
            Token::Close => break,
            token => marks.extend(token.string()),
        }
    }
    tokens.next()?;
    Some((marks, tokens.next()?.string()?))
}

/// What came in answer to a command.
#[derive(Debug, Default)]
pub struct Answers {
    /// Untagged data.
    pub data: Vec<Vec<Token>>,
    /// Untagged OK, with their codes.
    pub told: Vec<String>,
}

impl Answers {
    /// Keeps an answer. `Some` when the command has ended: done, or with the server's reason.
    /// Answers to commands that were never given are an error: the server is out of step.
    fn take(
        &mut self,
        answer: Answer,
        expected: &str,
        exists: &mut u32,
    ) -> Result<Option<Result<(), String>>, ImapError> {
        match answer {
            Answer::Status { tag: Some(tag), status, text } if tag == expected => {
                Ok(Some(if status == Status::Ok { Ok(()) } else { Err(text) }))
            }
            Answer::Status { tag: Some(_), .. } => {
                Err(ImapError::Protocol("it answers what was not asked"))
            }
            Answer::Status { tag: None, status: Status::Bye, text } => Err(ended_by(&text)),
            Answer::Status { tag: None, text, .. } => {
                self.told.push(text);
                Ok(None)
            }
            Answer::GoOn(_) => Err(ImapError::Protocol("it asks for more than there is")),
            Answer::Data(data) => {
                note_exists(&data, exists);
                self.data.push(data);
                Ok(None)
            }
        }
    }
}

/// `* 23 EXISTS` comes whenever the server likes.
pub(super) fn note_exists(data: &[Token], exists: &mut u32) {
    if let [Token::Atom(number), Token::Atom(word)] = data
        && word.eq_ignore_ascii_case("EXISTS")
        && let Ok(number) = number.parse()
    {
        *exists = number;
    }
}

/// A BYE that names a limit is a busy server; any other is an end.
pub(super) fn ended_by(text: &str) -> ImapError {
    match ImapError::from(Refusal { command: "the connection", text: text.to_owned() }) {
        busy @ ImapError::Busy(_) => busy,
        _ => ImapError::Closed(printable(text)),
    }
}
