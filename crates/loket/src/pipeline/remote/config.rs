//! How a mailbox behind IMAP is set up.

use mail::imap::{Auth, ImapSettings, Security};
use mail::providers;
use serde::Deserialize;
use serde_json::Value;

use super::{Reading, StageError};

/// How a mailbox behind IMAP is set up (`mailboxes.config`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RemoteConfig {
    /// Where mail is read.
    pub imap: Place,
    /// Mostly the whole address.
    pub user: String,
    /// The name under which the provider signs its checks of senders, where it is not a known one.
    /// Without any no mail is answered by itself.
    #[serde(default)]
    pub authserv_id: Option<String>,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When TLS begins; without it port 143 begins with STARTTLS, every other with TLS.
    #[serde(default)]
    pub security: Option<Encryption>,
}

/// When TLS begins, as it is written in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// With the first byte.
    Tls,
    /// After STARTTLS.
    StartTls,
}

impl Place {
    const fn security(&self) -> Security {
        match (self.security, self.port) {
            (Some(Encryption::StartTls), _) | (None, 143) => Security::StartTls,
            _ => Security::Tls,
        }
    }
}

impl RemoteConfig {
    /// Reads the settings of a mailbox.
    pub fn read(config: &Value) -> Result<Self, StageError> {
        serde_json::from_value(config.clone())
            .map_err(|error| StageError::MailboxConfig(error.to_string()))
    }

    /// Whose word on senders counts.
    pub fn authserv_id(&self) -> Option<String> {
        let known = || providers::authserv_id(&self.imap.host).map(str::to_owned);
        self.authserv_id.clone().or_else(known)
    }

    /// How the server is reached with this password or token.
    pub fn settings(&self, reading: &Reading, auth: Auth) -> ImapSettings {
        ImapSettings {
            host: self.imap.host.clone(),
            port: self.imap.port,
            security: self.imap.security(),
            user: self.user.clone(),
            auth,
            network: reading.network.clone(),
            limits: reading.limits,
        }
    }
}
