//! Digests of people's passwords, for those made on the command line or by the set-up link.

use super::Secret;
use crate::auth::passwords::{acceptable, digest};
use crate::auth::{AuthOptions, Refusal};

/// Why a password is none.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short, too long, too easily guessed, or not to be hashed.
    #[error("{0}")]
    Refused(String),
}

impl From<Refusal> for PasswordError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.message().to_owned())
    }
}

/// The Argon2id digest of a new password, as a PHC string, if it is good enough by the rules of
/// signing up. `known` are words an attacker would try first. Takes tens of milliseconds.
pub fn hash_password(password: &Secret, known: &[&str]) -> Result<String, PasswordError> {
    acceptable(password.expose(), known, &AuthOptions::default())?;
    Ok(digest(password.expose())?)
}
