//! Waiting for mail (RFC 2177), without believing that a silent server has none.

use tokio::io::AsyncBufReadExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use super::ImapError;
use super::answer::{Answer, Status, Token};
use super::connection::{All, Answers, ImapConnection, ended_by, note_exists};
use super::line::Line;
use super::wire::Budget;

/// What an hour of one IDLE may say; an honest server says a line a mail.
const IDLE_BYTES: usize = 256 * 1024;

/// Why waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// The server told of a change.
    Told,
    /// It was silent for as long as [`super::Limits::idle`]: look all the same.
    Silence,
    /// Whoever waits was called away.
    Called,
}

impl ImapConnection {
    /// Waits until the server tells of a change in the open folder, or for as long as it may be
    /// silent. Afterwards the server has proved that it lives (hazard C6). Dropping the future
    /// half-way makes the connection useless.
    pub async fn wait(&mut self) -> Result<Woken, ImapError> {
        self.wait_or(std::future::pending()).await
    }

    /// As [`Self::wait`], and no longer than until `called` is done.
    pub async fn wait_or(&mut self, called: impl Future<Output = ()>) -> Result<Woken, ImapError> {
        tokio::pin!(called);
        if !self.can("IDLE") {
            let woken = tokio::select! {
                () = tokio::time::sleep(self.limits.idle) => Woken::Silence,
                () = &mut called => Woken::Called,
            };
            self.noop().await?;
            return Ok(woken);
        }
        let until = Instant::now() + self.limits.idle;
        let tag = self.begin(&Line::new("IDLE")).await?;
        let mut budget = Budget { bytes: IDLE_BYTES };
        let mut idling = false;
        let woken = loop {
            // Looking whether there is anything takes nothing off the wire, so it can be given up.
            let readable = timeout_at(until, self.readable());
            let readable = tokio::select! {
                readable = readable => readable,
                // Only once the server has agreed: before, its answer is still to come.
                () = &mut called, if idling => break Woken::Called,
            };
            match readable {
                Err(_) if idling => break Woken::Silence,
                Err(_) => return Err(ImapError::TimedOut("IDLE")),
                Ok(readable) => readable?,
            }
            let answer = timeout(self.limits.step, self.next(&mut budget));
            match answer.await.map_err(|_| ImapError::TimedOut("IDLE"))?? {
                Answer::GoOn(_) => idling = true,
                Answer::Data(data) => {
                    note_exists(&data, &mut self.exists);
                    if idling && is_news(&data) {
                        break Woken::Told;
                    }
                }
                Answer::Status { tag: None, status: Status::Bye, text } => {
                    return Err(ended_by(&text));
                }
                Answer::Status { tag: None, .. } => {}
                // Offered, and refused: from now on it is asked now and then.
                Answer::Status { tag: Some(_), .. } if !idling => {
                    self.cannot("IDLE");
                    return Ok(Woken::Silence);
                }
                Answer::Status { tag: Some(_), .. } => {
                    return Err(ImapError::Protocol("it ends IDLE by itself"));
                }
            }
        };
        let limit = self.limits.wake;
        let done = async {
            self.say(b"DONE").await?;
            self.finish("IDLE", &tag, &mut budget, &mut Answers::<All>::default()).await
        };
        timeout(limit, done).await.map_err(|_| ImapError::TimedOut("ending IDLE"))??;
        Ok(woken)
    }

    async fn readable(&mut self) -> Result<(), ImapError> {
        // An end shows in the read that follows.
        self.stream.fill_buf().await.map(drop).map_err(ImapError::Unreachable)
    }
}

/// A mail came, went or changed: flags alone are nothing to look for.
fn is_news(data: &[Token]) -> bool {
    let word = data.get(1).and_then(Token::atom);
    word.is_some_and(|word| {
        word.eq_ignore_ascii_case("EXISTS") || word.eq_ignore_ascii_case("RECENT")
    })
}
