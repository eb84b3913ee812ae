//! The mails of accounts: what they say, and how they leave.
//!
//! The words stand beside the other templates. It must not know who may have which mail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use anyhow::Context;
use domain::contract::Language;
use domain::message::Address;
use jiff::Timestamp;
use mail::outgoing::Outgoing;
use mail::transport::Transport;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::refusal::Refusal;

/// Mails that may be on their way at once; more are refused.
const ROOM: usize = 256;

/// Section and entry to text.
type Words = BTreeMap<String, BTreeMap<String, String>>;

static DUTCH: LazyLock<Words> =
    LazyLock::new(|| words(include_str!("../../templates/platform_mail.nl.toml")));
static ENGLISH: LazyLock<Words> =
    LazyLock::new(|| words(include_str!("../../templates/platform_mail.en.toml")));

#[expect(clippy::expect_used, reason = "both files are compiled in and read by a test")]
fn words(file: &str) -> Words {
    toml::from_str(file).expect("a file of texts that parses")
}

/// A mail of the platform to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Prove the address of a new account.
    Confirm,
    /// Choose a new password.
    Recover,
    /// Sign in without one.
    MagicLink,
    /// Join.
    Invite,
    /// Prove the address that is wanted.
    EmailChangeNew,
    /// Agree from the address that is left.
    EmailChangeCurrent,
    /// The address that is wanted is another account's.
    AddressTaken,
    /// The shop may begin.
    Approved,
    /// The shop may not begin, and why.
    Rejected,
}

impl Occasion {
    const fn section(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Recover => "recover",
            Self::MagicLink => "magic_link",
            Self::Invite => "invite",
            Self::EmailChangeNew => "email_change_new",
            Self::EmailChangeCurrent => "email_change_current",
            Self::AddressTaken => "address_taken",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// What a mail is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    /// Where to click.
    pub link: String,
    /// What can be typed instead.
    pub code: String,
    /// How long both are good for, in seconds.
    pub seconds: u32,
    /// Where Loket lives.
    pub site: String,
}

/// The mail for an occasion.
pub fn letter(occasion: Occasion, language: Language, to: &str, filling: &Filling) -> Letter {
    let dutch = language == Language::Dutch;
    let words = if dutch { &*DUTCH } else { &*ENGLISH };
    let say = |section: &str, entry: &str| {
        words.get(section).and_then(|entries| entries.get(entry)).map_or("", String::as_str)
    };
    let time = match filling.seconds {
        short if short < 7200 => say("time", "minutes").replace("{n}", &(short / 60).to_string()),
        long => say("time", "hours").replace("{n}", &(long / 3600).to_string()),
    };
    let fill = |text: &str| {
        text.replace("{link}", &filling.link)
            .replace("{code}", &filling.code)
            .replace("{time}", &time)
            .replace("{site}", &filling.site)
    };
    let body = [say(occasion.section(), "body"), say("frame", "closing")].join("\n");
    Letter {
        to: to.to_owned(),
        subject: fill(say(occasion.section(), "subject")),
        text: fill(&body),
    }
}

fn said(language: Language, section: &str, entry: &str) -> &'static str {
    let words = if language == Language::Dutch { &*DUTCH } else { &*ENGLISH };
    words.get(section).and_then(|entries| entries.get(entry)).map_or("", String::as_str)
}

/// A mail that asks for nothing: a shop was approved or turned down, an address wanted.
pub fn standing_letter(
    occasion: Occasion,
    language: Language,
    to: &str,
    site: &str,
    reason: &str,
) -> Letter {
    let text = said(language, occasion.section(), "body");
    // The reason last: it is somebody's own words and is not filled in again.
    let text = text.replace("{site}", site).replace("{reason}", reason);
    let subject = said(language, occasion.section(), "subject").to_owned();
    Letter { to: to.to_owned(), subject, text }
}

/// The mail that invites a colleague to a shop.
pub fn colleague_letter(
    language: Language,
    to: &str,
    link: &str,
    shop: &str,
    site: &str,
) -> Letter {
    let shop: String = shop.chars().filter(|c| !c.is_control()).collect();
    let text = said(language, "colleague", "body").replace("{site}", site).replace("{link}", link);
    let text = text.replace("{shop}", &shop);
    let subject = said(language, "colleague", "subject").replace("{shop}", &shop);
    Letter { to: to.to_owned(), subject, text }
}

/// A way for the platform's own mails to leave. It may block.
pub trait PlatformMail: Send + Sync + std::fmt::Debug {
    /// Hands one over; when it returns, the mail is kept safely somewhere.
    fn send(&self, letter: &Letter, now: Timestamp) -> anyhow::Result<()>;
}

/// A mail directory, read by whoever runs Loket. The default, until an SMTP server is set.
#[derive(Debug)]
pub struct MailDirectory {
    from: Address,
    transport: Transport,
    domain: String,
}

impl MailDirectory {
    /// `platform-mail` in the data directory, in the name of `host`.
    pub fn new(data_dir: &Path, host: &str) -> Self {
        let named = host.contains('.') && host.parse::<std::net::IpAddr>().is_err();
        let domain = if named { host } else { "loket.localhost" };
        let from = Address { name: "Loket".to_owned(), email: format!("loket@{domain}") };
        Self::in_the_name_of(data_dir, from)
    }

    /// The same in somebody's name.
    pub fn in_the_name_of(data_dir: &Path, from: Address) -> Self {
        let domain = from.domain().to_owned();
        Self { from, transport: Transport::Maildir(Self::place(data_dir)), domain }
    }

    /// Where the mails lie.
    pub fn place(data_dir: &Path) -> PathBuf {
        data_dir.join("platform-mail")
    }
}

impl PlatformMail for MailDirectory {
    fn send(&self, letter: &Letter, now: Timestamp) -> anyhow::Result<()> {
        let message_id = format!("{}@{}", Uuid::now_v7().simple(), self.domain);
        let outgoing = Outgoing {
            message_id: message_id.clone(),
            from: self.from.clone(),
            to: Address { name: String::new(), email: letter.to.clone() },
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            html: None,
            in_reply_to: None,
            references: Vec::new(),
            date: now,
            automatic: true,
        };
        let bytes = outgoing.to_bytes().context("the mail cannot be written")?;
        self.transport.send(&message_id, &bytes).context("the mail cannot be kept")
    }
}

/// Sends mails beside the request that asked for them, so that its answer takes as long whether
/// there is somebody to write to or not.
#[derive(Debug, Clone)]
pub struct Post {
    mail: Arc<dyn PlatformMail>,
    room: Arc<Semaphore>,
}

impl Post {
    /// Over this way.
    pub fn new(mail: Arc<dyn PlatformMail>) -> Self {
        Self { mail, room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Runs `work` later. Refused when very much is waiting already.
    pub fn later(
        &self,
        work: impl Future<Output = Result<(), Refusal>> + Send + 'static,
    ) -> Result<(), Refusal> {
        let room = Arc::clone(&self.room).try_acquire_owned();
        let permit = room.map_err(|_| Refusal::too_many("over_email_send_rate_limit", 60))?;
        tokio::spawn(async move {
            if let Err(refusal) = work.await {
                tracing::warn!(code = refusal.code(), "a mail of the platform was not sent");
            }
            drop(permit);
        });
        Ok(())
    }

    /// Hands a mail over.
    pub async fn send(&self, letter: Letter, now: Timestamp) -> Result<(), Refusal> {
        let mail = Arc::clone(&self.mail);
        let sent = tokio::task::spawn_blocking(move || mail.send(&letter, now)).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                Err(Refusal::defect(&*error as &(dyn std::error::Error + 'static)))
            }
            Err(error) => Err(Refusal::defect(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occasion_has_its_words_in_both_languages() {
        let filling = Filling {
            link: "https://loket.example/x".to_owned(),
            code: "123456".to_owned(),
            seconds: 600,
            site: "https://loket.example".to_owned(),
        };
        for occasion in [
            Occasion::Confirm,
            Occasion::Recover,
            Occasion::MagicLink,
            Occasion::Invite,
            Occasion::EmailChangeNew,
            Occasion::EmailChangeCurrent,
        ] {
            let dutch = letter(occasion, Language::Dutch, "a@b.example", &filling);
            let english = letter(occasion, Language::English, "a@b.example", &filling);
            for letter in [&dutch, &english] {
                assert!(!letter.subject.is_empty());
                assert!(letter.text.contains("https://loket.example/x"), "{}", letter.text);
                assert!(letter.text.contains("123456") && letter.text.contains("10 minu"));
                assert!(!letter.text.contains(['{', '}']), "{}", letter.text);
            }
            assert_ne!(dutch.text, english.text);
        }
    }
}
