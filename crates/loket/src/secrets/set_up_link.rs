//! The link with which the first platform admin comes in, where nobody is one yet.
//!
//! Its token lives in this process only; what is kept of it is a hash, and the database refuses a
//! second first admin whatever the link says. The page behind it is the web's.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use store::{Store, UserId};

use super::password::{PasswordError, hash_password};
use super::{Secret, random};

/// The page behind the link; the token follows.
pub const SET_UP_PATH: &str = "/eerste-beheerder?sleutel=";

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Wrong, used, or there is a platform admin by now.
    #[error("this link is not good any more")]
    Closed,
    /// The password is none.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Somebody has that address already.
    #[error("somebody is registered with this address already")]
    AddressTaken,
    /// The database refused.
    #[error("the platform admin could not be made")]
    Store(#[from] store::Error),
}

/// An open link. Shared between who prints it and who serves its page.
#[derive(Debug)]
pub struct SetUpLink {
    hash: Mutex<Option<[u8; 32]>>,
}

impl SetUpLink {
    /// Opens a link where there is no platform admin; the token goes into the address that is
    /// printed. `None` where there is one.
    pub async fn issue(store: &Store) -> anyhow::Result<Option<(Self, Secret)>> {
        if !store::admin::platform_admins(store).await?.is_empty() {
            return Ok(None);
        }
        let bytes = zeroize::Zeroizing::new(random::<32>()?);
        let token = URL_SAFE_NO_PAD.encode(bytes.as_slice());
        let hash = Sha256::digest(&token).into();
        Ok(Some((Self { hash: Mutex::new(Some(hash)) }, Secret::new(token))))
    }

    /// Whether the page may be shown for this token.
    pub fn admits(&self, token: &str) -> bool {
        let hash = self.hash.lock().unwrap_or_else(PoisonError::into_inner);
        // Digests are compared: their bytes say nothing about the token's.
        let given: [u8; 32] = Sha256::digest(token).into();
        hash.is_some_and(|hash| hash == given)
    }

    /// Makes the first platform admin and closes the link.
    pub async fn accept(
        &self,
        store: &Store,
        token: &str,
        email: &str,
        password: &Secret,
    ) -> Result<UserId, LinkError> {
        if !self.admits(token) {
            return Err(LinkError::Closed);
        }
        let digest = hash_password(password, &[email])?;
        if !store::admin::platform_admins(store).await?.is_empty() {
            self.close();
            return Err(LinkError::Closed);
        }
        let unproved = store::users::take_unproved(store, email, &digest).await?;
        let user = unproved.unwrap_or_else(UserId::new);
        if unproved.is_none() && !store::users::create(store, user, email, &digest).await? {
            return Err(LinkError::AddressTaken);
        }
        match store::admin::make_first(store, user).await {
            Err(store::Error::Forbidden { .. }) => {
                self.close();
                Err(LinkError::Closed)
            }
            made => {
                made?;
                self.close();
                Ok(user)
            }
        }
    }

    fn close(&self) {
        *self.hash.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
