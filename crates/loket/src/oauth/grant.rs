//! What is kept in the envelope of a mailbox: a password, or a provider's consent.
//!
//! A consent begins with a NUL, which no password can hold: forms refuse it, and neither IMAP nor
//! SMTP could say it.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::secrets::Secret;

/// Begins a consent.
const GRANT: &str = "\0oauth1\n";
/// Begins an access token.
const ACCESS: &str = "\0access1\n";

/// What opens a mailbox.
#[derive(Debug, Clone)]
pub enum MailboxSecret {
    /// A password, mostly one made for this use.
    Password(Secret),
    /// A provider's consent.
    Grant(Grant),
}

/// A provider's consent: what access tokens are asked for with.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The provider, by its name in the list of providers.
    pub provider: String,
    /// The refresh token.
    pub refresh: Secret,
    /// What was consented to, as the provider says it.
    pub scope: String,
}

/// An access token as it is stored.
#[derive(Debug, Clone)]
pub(super) struct KeptAccess {
    /// Which consent it came from.
    pub grant: String,
    /// The token.
    pub token: Secret,
}

/// Why what was in an envelope opens nothing.
#[derive(Debug, thiserror::Error)]
#[error("what is kept of the provider's consent cannot be read")]
pub struct Unreadable;

impl MailboxSecret {
    /// What an envelope held.
    pub fn of(opened: Secret) -> Result<Self, Unreadable> {
        let text = opened.expose();
        if let Some(text) = text.strip_prefix(GRANT) {
            return Grant::read(text).map(Self::Grant);
        }
        if text.starts_with('\0') {
            return Err(Unreadable);
        }
        Ok(Self::Password(opened))
    }

    /// What goes into an envelope.
    pub fn to_secret(&self) -> Secret {
        match self {
            Self::Password(password) => password.clone(),
            Self::Grant(grant) => grant.to_secret(),
        }
    }
}

impl Grant {
    fn read(text: &str) -> Result<Self, Unreadable> {
        let mut lines = text.splitn(3, '\n');
        let mut next = || lines.next().ok_or(Unreadable);
        let (provider, scope, refresh) = (next()?.to_owned(), next()?.to_owned(), next()?);
        if refresh.is_empty() {
            return Err(Unreadable);
        }
        Ok(Self { provider, scope, refresh: Secret::from(refresh) })
    }

    fn to_secret(&self) -> Secret {
        let line = |text: &str| text.replace('\n', " ");
        Secret::new(format!(
            "{GRANT}{}\n{}\n{}",
            line(&self.provider),
            line(&self.scope),
            self.refresh.expose()
        ))
    }

    /// Tells this consent from any other, without telling what it is.
    pub(super) fn mark(&self) -> String {
        use std::fmt::Write as _;
        let text = Zeroizing::new(format!("{}\n{}", self.provider, self.refresh.expose()));
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(16).fold(String::new(), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
    }
}

impl KeptAccess {
    pub(super) fn of(opened: &Secret) -> Option<Self> {
        let (grant, token) = opened.expose().strip_prefix(ACCESS)?.split_once('\n')?;
        Some(Self { grant: grant.to_owned(), token: Secret::from(token) })
    }

    pub(super) fn to_secret(&self) -> Secret {
        Secret::new(format!("{ACCESS}{}\n{}", self.grant, self.token.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(refresh: &str) -> Grant {
        Grant {
            provider: "google".to_owned(),
            refresh: Secret::from(refresh),
            scope: "https://mail.google.com/ openid".to_owned(),
        }
    }

    #[test]
    fn l2_a_password_a_consent_and_an_access_token_are_never_taken_for_one_another() {
        let kept = MailboxSecret::Grant(grant("1//a\"b")).to_secret();
        let MailboxSecret::Grant(back) = MailboxSecret::of(kept.clone()).unwrap() else {
            panic!("a consent")
        };
        assert_eq!((back.provider.as_str(), back.refresh.expose()), ("google", "1//a\"b"));
        assert_eq!(back.scope, "https://mail.google.com/ openid");
        assert_eq!(back.mark(), grant("1//a\"b").mark());
        assert_ne!(back.mark(), grant("2").mark());
        let password = MailboxSecret::of(Secret::from("oauth1\ngoogle\n\nx")).unwrap();
        assert!(matches!(password, MailboxSecret::Password(_)));
        let access = KeptAccess { grant: back.mark(), token: Secret::from("ya29") }.to_secret();
        assert_eq!(KeptAccess::of(&access).unwrap().token.expose(), "ya29");
        assert!(MailboxSecret::of(access).is_err());
        assert!(KeptAccess::of(&kept).is_none());
        assert!(MailboxSecret::of(Secret::from("\0oauth1\ngoogle\nscope")).is_err());
        assert!(!format!("{back:?}").contains("1//a"));
    }
}
