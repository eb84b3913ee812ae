//! The folder in which the provider keeps what was sent.

use mail::imap::{ImapConnection, ImapError, ImapSettings, Limits, Security};

use crate::oauth::Access;
use crate::pipeline::{Desk, StageError, credentials};

/// A shop's Sent folder, reached anew for each look: looks are rare, and providers count
/// connections.
#[derive(Debug, Clone)]
pub(super) struct SentFolder {
    /// Of the IMAP server.
    pub host: String,
    /// Usually 993.
    pub port: u16,
    /// Whether encryption begins with the first byte.
    pub tls_at_once: bool,
    /// Mostly the address.
    pub user: String,
    /// What opens the mailbox.
    pub access: Access,
}

/// Why it could not be looked into.
#[derive(Debug, thiserror::Error)]
pub(super) enum SentError {
    /// The mailbox could not be used.
    #[error(transparent)]
    Imap(#[from] ImapError),
    /// The mailbox could not be signed in to.
    #[error(transparent)]
    SignIn(#[from] StageError),
    /// There is no folder that could be it.
    #[error("the mailbox has no folder for sent mail")]
    NoFolder,
}

impl SentFolder {
    /// Whether the mail with this Message-ID is there.
    pub async fn contains(&self, desk: &Desk, message_id: &str) -> Result<bool, SentError> {
        let (mut connection, folder) = self.open(desk).await?;
        let found = connection.find_by_message_id(&folder, message_id).await;
        connection.close().await;
        Ok(!found?.is_empty())
    }

    /// Puts a copy there.
    pub async fn append(&self, desk: &Desk, bytes: &[u8]) -> Result<(), SentError> {
        let (mut connection, folder) = self.open(desk).await?;
        let stored = connection.append(&folder, bytes).await;
        connection.close().await;
        Ok(stored?)
    }

    async fn open(&self, desk: &Desk) -> Result<(ImapConnection, String), SentError> {
        let settings = |auth| ImapSettings {
            host: self.host.clone(),
            port: self.port,
            security: if self.tls_at_once { Security::Tls } else { Security::StartTls },
            user: self.user.clone(),
            auth,
            network: desk.post.network.clone(),
            limits: Limits::default(),
        };
        let mut connection = credentials::connect(desk, &self.access, settings).await?;
        if let Some(folder) = connection.sent_folder().await? {
            return Ok((connection, folder));
        }
        connection.close().await;
        Err(SentError::NoFolder)
    }
}
