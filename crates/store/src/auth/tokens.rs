//! One-time tokens of mails. Only digests come in here.

use serde::Deserialize;
use uuid::Uuid;

use super::users::{AuthUser, by_id};
use crate::doors::AuthTx;
use crate::error::Result;
use crate::ids::UserId;
use crate::sql::sql;

/// What a token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A sign-up or an invitation.
    ConfirmationToken,
    /// A recovery or a sign-in by mail.
    RecoveryToken,
    /// The address that is wanted.
    EmailChangeTokenNew,
    /// The address that is left.
    EmailChangeTokenCurrent,
}

impl TokenKind {
    /// As the database calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmationToken => "confirmation_token",
            Self::RecoveryToken => "recovery_token",
            Self::EmailChangeTokenNew => "email_change_token_new",
            Self::EmailChangeTokenCurrent => "email_change_token_current",
        }
    }
}

/// A token to be kept.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose.
    pub user: UserId,
    /// What it proves.
    pub kind: TokenKind,
    /// Digest of the secret in the link.
    pub link_digest: String,
    /// Digest of the code that can be typed instead.
    pub code_digest: String,
    /// The address the mail goes to, lower case.
    pub email: String,
}

/// A token that was spent by taking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// Whose it was.
    pub user_id: UserId,
    /// What it proves.
    pub token_type: TokenKind,
}

/// Keeps a token; an earlier one of the same kind is void.
pub async fn put(tx: &AuthTx, new: &NewToken) -> Result<()> {
    let kind = new.kind.as_str();
    let id = Uuid::now_v7();
    let put = sql!("auth", "put_token");
    tx.session.execute(put, &[&id, &new.user, &kind, &new.link_digest, &new.email]).await?;
    let note = sql!("auth", "note_token");
    tx.session.execute(note, &[&new.user, &kind, &new.code_digest]).await.map(drop)
}

/// Spends the token with this digest, if it is one of `kinds` and at most `seconds` old.
pub async fn take_by_link(
    tx: &AuthTx,
    digest: &str,
    kinds: &[TokenKind],
    seconds: u32,
) -> Result<Option<Taken>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let seconds = f64::from(seconds);
    tx.session.first(sql!("auth", "take_by_link"), &[&digest, &kinds, &seconds]).await
}

/// Whom the link of a sign-up would prove; it is not spent.
pub async fn behind_link(tx: &AuthTx, digest: &str, seconds: u32) -> Result<Option<AuthUser>> {
    #[derive(Deserialize)]
    struct Behind {
        user_id: UserId,
    }
    let seconds = f64::from(seconds);
    let statement = sql!("auth", "behind_link");
    let found: Option<Behind> = tx.session.first(statement, &[&digest, &seconds]).await?;
    match found {
        Some(behind) => by_id(tx, behind.user_id).await,
        None => Ok(None),
    }
}

/// Spends the token mailed to `email` whose code has this digest.
pub async fn take_by_code(
    tx: &AuthTx,
    email: &str,
    digest: &str,
    kinds: &[TokenKind],
    seconds: u32,
) -> Result<Option<Taken>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let seconds = f64::from(seconds);
    tx.session.first(sql!("auth", "take_by_code"), &[&email, &kinds, &seconds, &digest]).await
}

/// Voids every token of somebody.
pub async fn drop_all(tx: &AuthTx, user: UserId) -> Result<()> {
    tx.session.execute(sql!("auth", "drop_tokens"), &[&user]).await.map(drop)
}
