//! One mail: offered, looked at once more by the caller, handed over.

use std::fmt::Write as _;

use tokio::io::AsyncWriteExt;

use super::Session;
use super::outcome::{Outcome, Phase, Recipient, Trouble};
use super::reply;
use super::session::within;
use super::wire::{Envelope, WireMail};

/// How much of a mail is written under one time limit.
const BLOCK_BYTES: usize = 16 * 1024;

/// A mail that the server wants, of which no byte was sent yet.
#[derive(Debug)]
pub struct Offered<'a> {
    session: &'a mut Session,
    recipients: Vec<Recipient>,
}

impl Session {
    /// Names sender and recipients. At least one of them is taken, or it is certain that nothing
    /// will be sent.
    pub async fn offer(
        &mut self,
        envelope: &Envelope,
        mail: &WireMail,
    ) -> Result<Offered<'_>, Outcome> {
        let mut line = format!("MAIL FROM:<{}>", envelope.from());
        if self.sizes {
            let _ = write!(line, " SIZE={}", mail.size());
        }
        let reply = match self.ask(&line).await {
            Ok(reply) => reply,
            Err(trouble) => return Err(Outcome::NotSent(Phase::Sender, trouble)),
        };
        if !reply.is_positive() {
            self.forget().await;
            return Err(Outcome::refused(Phase::Sender, reply, Vec::new()));
        }
        let mut recipients = Vec::with_capacity(envelope.to().len());
        for address in envelope.to() {
            let reply = match self.ask(&format!("RCPT TO:<{address}>")).await {
                Ok(reply) => reply,
                Err(trouble) => return Err(Outcome::NotSent(Phase::Recipients, trouble)),
            };
            let taken = reply.is_positive();
            recipients.push(Recipient { address: address.clone(), taken, reply });
        }
        if recipients.iter().any(|recipient| recipient.taken) && self.usable {
            return Ok(Offered { session: self, recipients });
        }
        self.forget().await;
        // One that may be taken later keeps the mail alive for all.
        let telling = recipients.iter().find(|recipient| recipient.reply.code < 500);
        let telling = telling.or(recipients.first()).map(|recipient| recipient.reply.clone());
        match telling {
            Some(reply) => Err(Outcome::refused(Phase::Recipients, reply, recipients)),
            None => Err(Outcome::NotSent(Phase::Recipients, Trouble::Protocol("no recipients"))),
        }
    }

    /// Ends a mail that was begun, so that the next one can be offered.
    async fn forget(&mut self) {
        if self.usable {
            let forgotten = self.ask("RSET").await;
            self.usable &= forgotten.is_ok_and(|reply| reply.is_positive());
        }
    }
}

impl Offered<'_> {
    /// Lets it be. The session takes another mail.
    pub async fn withdraw(self) {
        self.session.forget().await;
    }

    /// Sends it. `in_time` is asked right before `DATA` and again right before the final dot, the
    /// byte after which nothing can be taken back; where it says no, nothing was sent.
    pub async fn hand_over(self, mail: &WireMail, in_time: impl Fn() -> bool) -> Outcome {
        let Self { session, recipients } = self;
        if !in_time() {
            session.usable = false;
            return Outcome::TooLate;
        }
        match session.ask("DATA").await {
            Ok(reply) if reply.code == 354 => {}
            Ok(reply) => {
                session.forget().await;
                return Outcome::refused(Phase::Data, reply, recipients);
            }
            Err(trouble) => {
                session.usable = false;
                return Outcome::NotSent(Phase::Data, trouble);
            }
        }
        if let Err(trouble) = session.write_body(mail).await {
            session.usable = false;
            return Outcome::NotSent(Phase::Body, trouble);
        }
        if !in_time() {
            // Hanging up in the middle of a mail is how it is taken back.
            session.usable = false;
            return Outcome::TooLate;
        }
        session.finish(recipients).await
    }
}

impl Session {
    async fn write_body(&mut self, mail: &WireMail) -> Result<(), Trouble> {
        for block in mail.stuffed().chunks(BLOCK_BYTES) {
            let writing = async {
                self.stream.write_all(block).await?;
                self.stream.flush().await?;
                Ok(())
            };
            within(self.limits.block, writing).await?;
        }
        Ok(())
    }

    /// From the first byte of the final dot on, every failure is an unknown outcome.
    async fn finish(&mut self, recipients: Vec<Recipient>) -> Outcome {
        let answered = within(self.limits.answer, async {
            self.stream.write_all(b".\r\n").await?;
            self.stream.flush().await?;
            reply::read(&mut self.stream).await
        });
        match answered.await {
            Ok((reply, _)) if reply.is_positive() => Outcome::Accepted { reply, recipients },
            Ok((reply, _)) if reply.code >= 400 => {
                self.usable &= reply.code != 421;
                Outcome::refused(Phase::Answer, reply, recipients)
            }
            Ok(_) => {
                self.usable = false;
                Outcome::Unknown(Trouble::Protocol("no answer to the mail"))
            }
            Err(trouble) => {
                self.usable = false;
                Outcome::Unknown(trouble)
            }
        }
    }
}
