//! The way a shop's replies leave over SMTP: which mailbox, which server, who we say we are.

use mail::smtp::{Login, Security, Server, Token};
use serde::Deserialize;
use store::MailboxId;
use store::mailboxes::{Mailbox, MailboxKind, SentCopies};
use store::{TenantId, TenantTx};

use super::budget::{Limit, limits};
use crate::oauth::{Access, Credential};
use crate::pipeline::{StageError, credentials};

/// What `mailboxes.config` says of sending; the rest is for reading.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    smtp: ServerConfig,
    user: String,
    /// In place of what is known of the provider.
    #[serde(default)]
    send_limit: Option<Limit>,
}

#[derive(Debug, Clone, Deserialize)]
struct ServerConfig {
    host: String,
    port: u16,
    /// In place of what is usual on the port.
    #[serde(default)]
    security: Option<Encryption>,
}

impl Config {
    fn read(settings: &serde_json::Value) -> Result<Self, StageError> {
        let config = serde_json::from_value(settings.clone());
        config.map_err(|error| StageError::MailboxConfig(error.to_string()))
    }
}

impl ServerConfig {
    fn server(self) -> Server {
        Server {
            security: match self.security {
                Some(Encryption::Tls) => Security::Implicit,
                Some(Encryption::StartTls) => Security::StartTls,
                None => Security::usual(self.port),
            },
            host: self.host,
            port: self.port,
        }
    }
}

/// Where mail leaves by these settings of a mailbox, and who we say we are there.
pub fn way_out(settings: &serde_json::Value) -> Result<(Server, String), StageError> {
    let Config { smtp, user, .. } = Config::read(settings)?;
    Ok((smtp.server(), user))
}

/// When encryption begins.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encryption {
    Tls,
    StartTls,
}

/// A mailbox to send from.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// Its row.
    pub mailbox: MailboxId,
    /// Its address: sender, and From.
    pub address: String,
    /// Where mail is handed over.
    pub server: Server,
    /// Who we are there.
    pub user: String,
    /// What proves it.
    pub access: Access,
    /// What the provider allows.
    pub limits: Vec<Limit>,
    /// Why nothing goes; `None` while mail may go.
    pub paused: Option<String>,
    /// Whether sending is paused, and tried once more.
    pub on_trial: bool,
    /// Whether what is sent turns up in Sent.
    pub sent_copies: SentCopies,
}

/// Whether the shop sends over SMTP at all: the mailbox to load, in the order of their addresses.
pub(super) fn candidate(mailboxes: &[Mailbox]) -> Option<MailboxId> {
    let by_post = |mailbox: &&Mailbox| mailbox.kind != MailboxKind::Maildir;
    mailboxes.iter().find(by_post).map(|mailbox| mailbox.id)
}

/// The mailbox that mail leaves from; `None` for a shop whose mail goes into a directory.
pub(super) async fn load(tx: &TenantTx) -> store::Result<Option<Mailbox>> {
    let mailboxes = store::mailboxes::list(tx).await?;
    match candidate(&mailboxes) {
        Some(id) => store::mailboxes::load(tx, id).await,
        None => Ok(None),
    }
}

impl Route {
    /// Puts together what is needed. What proves who we are stays closed until somebody is spoken
    /// to.
    pub fn of(tenant: TenantId, mailbox: &Mailbox) -> Result<Self, StageError> {
        let Config { smtp, user, send_limit } = Config::read(&mailbox.config)?;
        let access = credentials::access(tenant, mailbox)?;
        let limits = match send_limit {
            Some(limit) => vec![limit],
            None => limits(mailbox.kind, &mailbox.address),
        };
        Ok(Self {
            mailbox: mailbox.id,
            address: mailbox.address.clone(),
            server: smtp.server(),
            user,
            access,
            limits,
            paused: mailbox.paused_reason.clone().or_else(|| {
                let reason = mailbox.sending_paused_reason.clone();
                reason.filter(|_| !mailbox.may_send)
            }),
            on_trial: mailbox.sending_paused_reason.is_some(),
            sent_copies: mailbox.sent_copies,
        })
    }

    /// How we prove who we are, with this.
    pub fn login(&self, credential: &Credential) -> Login {
        let user = self.user.clone();
        match credential {
            Credential::Password(password) => {
                Login::Password { user, password: Token::new(password.expose()) }
            }
            Credential::Token(token) => Login::Token { user, token: Token::new(token.expose()) },
        }
    }
}
