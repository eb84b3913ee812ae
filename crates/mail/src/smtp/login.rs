//! Who we are. Neither a password nor a token ever shows in a log.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A password or an access token; prints as `***` and is wiped when it goes.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes a text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How we prove that the mailbox is ours.
#[derive(Debug, Clone)]
pub enum Login {
    /// PLAIN (RFC 4616), or LOGIN where a server knows nothing else.
    Password {
        /// Usually the address.
        user: String,
        /// Of the mailbox, or made by the provider for us.
        password: Token,
    },
    /// XOAUTH2, as Google, Microsoft and Zoho have it.
    Token {
        /// The address.
        user: String,
        /// Without `Bearer`.
        token: Token,
    },
}

/// A command line that holds a secret.
pub(super) type SecretLine = Zeroizing<String>;

/// What is said, in turn.
pub(super) enum Words {
    /// One command, with all it takes.
    AtOnce(SecretLine),
    /// A command, then an answer to each of two questions.
    Asked(SecretLine, SecretLine),
}

impl Login {
    /// The best way in that the server offers; `None` when it offers none of ours.
    /// `offered` is upper case.
    pub(super) fn words(&self, offered: &[String]) -> Option<Words> {
        let offers = |name: &str| offered.iter().any(|it| it == name);
        match self {
            Self::Password { user, password } if offers("PLAIN") => {
                let all = Zeroizing::new(format!("\0{user}\0{}", password.0.as_str()));
                Some(Words::AtOnce(line("AUTH PLAIN ", &all)))
            }
            Self::Password { user, password } if offers("LOGIN") => {
                Some(Words::Asked(line("", user), line("", &password.0)))
            }
            Self::Token { user, token } if offers("XOAUTH2") => {
                let bearer = token.0.as_str();
                let all = Zeroizing::new(format!("user={user}\x01auth=Bearer {bearer}\x01\x01"));
                Some(Words::AtOnce(line("AUTH XOAUTH2 ", &all)))
            }
            _ => None,
        }
    }

    /// Whether a character would end one of the parts that the other side takes apart.
    pub(super) fn is_usable(&self) -> bool {
        let (Self::Password { user, password: secret } | Self::Token { user, token: secret }) =
            self;
        let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        plain(user) && plain(&secret.0)
    }
}

fn line(command: &str, words: &str) -> SecretLine {
    // Long enough from the start: growing would leave copies behind.
    let mut line = String::with_capacity(command.len() + words.len() * 4 / 3 + 8);
    line.push_str(command);
    STANDARD.encode_string(words, &mut line);
    Zeroizing::new(line)
}
