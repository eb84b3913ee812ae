//! Commands, one at a time, each with a limit of time and bytes.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::answer::{Answer, Status, Token, read};
use super::line::Line;
use super::wire::{Budget, read_unit};
use super::{ImapError, Limits, printable};

/// No honest server tells more beside its answer to one command.
const MOST_TOLD: usize = 256;
/// What is kept of the answers to an ordinary command: a list of ten thousand folders fits.
const MOST_TOKENS: usize = 128 * 1024;

/// What the answers to an ordinary command may weigh; a list of ten thousand folders fits.
pub(super) const SMALL_BYTES: usize = 1024 * 1024;

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
        let mut answers = Answers::<All>::default();
        self.run(line, step, SMALL_BYTES, self.limits.step, &mut answers).await?;
        Ok(answers.data.units)
    }

    pub(super) async fn run<K: Keep>(
        &mut self,
        line: Line,
        step: &'static str,
        bytes: usize,
        limit: Duration,
        answers: &mut Answers<K>,
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
            let mut answers = Answers::<All>::default();
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
    pub(super) async fn finish<K: Keep>(
        &mut self,
        command: &'static str,
        tag: &str,
        budget: &mut Budget,
        answers: &mut Answers<K>,
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

/// What becomes of data that came: kept, or taken for what it says and dropped at once, so that
/// no server decides how much is held.
pub trait Keep {
    /// Takes one piece of data.
    fn keep(&mut self, data: Vec<Token>) -> Result<(), ImapError>;
}

/// Keeps all of it, up to a bound.
#[derive(Debug, Default)]
pub struct All {
    /// In the order in which it came.
    pub units: Vec<Vec<Token>>,
    tokens: usize,
}

impl Keep for All {
    fn keep(&mut self, data: Vec<Token>) -> Result<(), ImapError> {
        self.tokens = self.tokens.saturating_add(data.len());
        if self.tokens > MOST_TOKENS {
            return Err(ImapError::Protocol("it answers more than it was asked"));
        }
        self.units.push(data);
        Ok(())
    }
}

impl<F: FnMut(Vec<Token>) -> Result<(), ImapError>> Keep for F {
    fn keep(&mut self, data: Vec<Token>) -> Result<(), ImapError> {
        self(data)
    }
}

/// What came in answer to a command.
#[derive(Debug, Default)]
pub struct Answers<K = All> {
    /// Untagged data.
    pub data: K,
    /// Untagged OK, with their codes: the first of them.
    pub told: Vec<String>,
    /// What stood behind the OK that ended the command.
    pub ended: String,
}

impl<K: Keep> Answers<K> {
    /// Data goes to `data`.
    pub(super) const fn to(data: K) -> Self {
        Self { data, told: Vec::new(), ended: String::new() }
    }

    /// Keeps an answer. `Some` when the command has ended: done, or with the server's reason.
    /// Answers to commands that were never given are an error: the server is out of step.
    pub(super) fn take(
        &mut self,
        answer: Answer,
        expected: &str,
        exists: &mut u32,
    ) -> Result<Option<Result<(), String>>, ImapError> {
        match answer {
            Answer::Status { tag: Some(tag), status, text } if tag == expected => {
                if status == Status::Ok {
                    self.ended = text;
                    Ok(Some(Ok(())))
                } else {
                    Ok(Some(Err(text)))
                }
            }
            Answer::Status { tag: Some(_), .. } => {
                Err(ImapError::Protocol("it answers what was not asked"))
            }
            Answer::Status { tag: None, status: Status::Bye, text } => Err(ended_by(&text)),
            Answer::Status { tag: None, text, .. } => {
                if self.told.len() < MOST_TOLD {
                    self.told.push(text);
                }
                Ok(None)
            }
            Answer::GoOn(_) => Err(ImapError::Protocol("it asks for more than there is")),
            Answer::Data(data) => {
                note_exists(&data, exists);
                self.data.keep(data)?;
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
