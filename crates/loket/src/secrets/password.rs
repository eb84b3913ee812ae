//! Digests of people's passwords, for those made on the command line.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;

use super::Secret;

/// Shorter ones are refused, in characters.
const LEAST_CHARACTERS: usize = 10;
/// Longer ones are refused, in bytes: nothing is cut off.
const MOST_BYTES: usize = 1024;

/// Why a password is none.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {LEAST_CHARACTERS} characters")]
    Short,
    /// Too long, or with a zero byte.
    #[error("a password has at most {MOST_BYTES} bytes and no zero byte")]
    Unfit,
    /// The digest could not be made.
    #[error("the password could not be hashed")]
    Hash,
}

/// The Argon2id digest of a password, as a PHC string. Takes tens of milliseconds.
pub fn hash_password(password: &Secret) -> Result<String, PasswordError> {
    let text = password.expose();
    if text.chars().count() < LEAST_CHARACTERS {
        return Err(PasswordError::Short);
    }
    if text.len() > MOST_BYTES || text.contains('\0') {
        return Err(PasswordError::Unfit);
    }
    let digest = Argon2::default().hash_password(text.as_bytes());
    digest.map(|digest| digest.to_string()).map_err(|_| PasswordError::Hash)
}
