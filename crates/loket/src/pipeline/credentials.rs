//! What a mailbox is opened with, handed to IMAP and SMTP. A token that a server refuses is replaced
//! once, by a new one; refused again, the mailbox waits for a person.

use mail::imap::{Auth, ImapConnection, ImapError, ImapSettings};
use store::TenantId;
use store::mailboxes::Mailbox;
use store::secrets::SecretRow;

use super::{Desk, StageError};
use crate::oauth::{Access, Credential, TokenError};
use crate::secrets::{Secret, Vault};

/// The envelope of a mailbox that was loaded with its secret.
pub fn access(tenant: TenantId, mailbox: &Mailbox) -> Result<Access, StageError> {
    let closed = mailbox.secret_encrypted.clone();
    let closed =
        closed.ok_or_else(|| StageError::MailboxConfig("it has no password".to_owned()))?;
    Ok(Access { row: SecretRow::of_mailbox(tenant, mailbox.id), closed })
}

/// What opens the mailbox now; `refused` is a token that a server did not take.
pub async fn credential(
    desk: &Desk,
    vault: Option<&std::sync::Arc<Vault>>,
    access: &Access,
    refused: Option<&Secret>,
) -> Result<Credential, StageError> {
    let no_keys =
        || StageError::MailboxConfig("there are no keys to open its password with".to_owned());
    let vault = vault.ok_or_else(no_keys)?;
    Ok(desk.tokens.credential(&desk.store, vault, access, refused).await?)
}

/// Signs in over IMAP; `settings` says where.
pub async fn connect(
    desk: &Desk,
    access: &Access,
    settings: impl Fn(Auth) -> ImapSettings,
) -> Result<ImapConnection, StageError> {
    let vault = desk.reading.vault.as_ref().or(desk.post.vault.as_ref());
    let token = match credential(desk, vault, access, None).await? {
        Credential::Password(password) => {
            let auth = Auth::Password(password.expose().to_owned());
            return Ok(ImapConnection::connect(&settings(auth)).await?);
        }
        Credential::Token(token) => token,
    };
    let by = |token: &Secret| settings(Auth::XOAuth2(token.expose().to_owned()));
    match ImapConnection::connect(&by(&token)).await {
        Err(ImapError::AuthRefused(_)) => {}
        connected => return Ok(connected?),
    }
    let Credential::Token(token) = credential(desk, vault, access, Some(&token)).await? else {
        return Err(TokenError::Changed.into());
    };
    match ImapConnection::connect(&by(&token)).await {
        Err(ImapError::AuthRefused(said)) => Err(TokenError::Refused(said).into()),
        connected => Ok(connected?),
    }
}
