//! Tokens that are shown once: API keys and invitations. What is kept is a SHA-256, which is
//! enough for 256 random bits.
//!
//! Each carries its shop, so that looking it up asks one index of one shop.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use store::TenantId;
use uuid::Uuid;

use super::{Secret, random};

/// Begins every API key, so that a key in the wrong place is recognised.
const API_KEY: &str = "lk_";
/// Begins every invitation.
const INVITATION: &str = "lki_";
/// Characters of a key that are shown afterwards.
const SHOWN: usize = 11;
/// 16 bytes in Base64.
const TENANT_CHARACTERS: usize = 22;
/// 32 bytes in Base64.
const SECRET_CHARACTERS: usize = 43;

/// A new API key.
#[derive(Debug)]
pub struct ApiKeyText {
    /// The whole key, to show once.
    pub key: Secret,
    /// Its beginning, to recognise it by.
    pub prefix: String,
    /// What is kept.
    pub hash: [u8; 32],
}

impl ApiKeyText {
    /// A key of this shop.
    pub fn new(tenant: TenantId) -> io::Result<Self> {
        let key = token(API_KEY, tenant)?;
        let prefix = key.expose().chars().take(SHOWN).collect();
        let hash = Sha256::digest(key.expose()).into();
        Ok(Self { key, prefix, hash })
    }
}

/// A new invitation.
#[derive(Debug)]
pub struct Invitation {
    /// The token for the mail.
    pub token: Secret,
    /// What is kept.
    pub hash: [u8; 32],
}

impl Invitation {
    /// An invitation to this shop.
    pub fn new(tenant: TenantId) -> io::Result<Self> {
        let token = token(INVITATION, tenant)?;
        let hash = Sha256::digest(token.expose()).into();
        Ok(Self { token, hash })
    }
}

fn token(kind: &str, tenant: TenantId) -> io::Result<Secret> {
    let secret = zeroize::Zeroizing::new(random::<32>()?);
    let secret = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.encode(*secret));
    let tenant = URL_SAFE_NO_PAD.encode(tenant.0.as_bytes());
    Ok(Secret::new(format!("{kind}{}{tenant}", *secret)))
}

/// The shop and the hash of an API key as it was sent; `None` for what cannot be one.
pub fn parse_api_key(text: &str) -> Option<(TenantId, [u8; 32])> {
    parse(API_KEY, text)
}

/// The shop and the hash of an invitation as it was sent; `None` for what cannot be one.
pub fn parse_invitation(text: &str) -> Option<(TenantId, [u8; 32])> {
    parse(INVITATION, text)
}

fn parse(kind: &str, text: &str) -> Option<(TenantId, [u8; 32])> {
    let rest = text.strip_prefix(kind)?;
    if rest.len() != SECRET_CHARACTERS + TENANT_CHARACTERS {
        return None;
    }
    let (_, tenant) = rest.split_at_checked(SECRET_CHARACTERS)?;
    let tenant = URL_SAFE_NO_PAD.decode(tenant).ok()?;
    let tenant = TenantId(Uuid::from_slice(&tenant).ok()?);
    Some((tenant, Sha256::digest(text).into()))
}
