//! An envelope: XChaCha20-Poly1305 around a password, bound to its row and column.
//!
//! Bytes: `LK` 1 · key id (6) · nonce (24) · ciphertext and tag. In Base64 the first nine bytes
//! are twelve characters of their own, so the database can count by key without opening any. The
//! associated data is those nine bytes and `tenant|table.column|row`: an envelope that was moved
//! to another shop, column or row does not open there.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use store::secrets::SecretRow;
use zeroize::Zeroizing;

use super::ring::{KeyId, Ring, RingError};
use super::{Secret, random};

/// What it is, and the version of its shape.
const MAGIC: &[u8; 3] = b"LK\x01";
/// Magic and key id.
const HEADER_BYTES: usize = 9;
/// The header in Base64.
const HEADER_CHARACTERS: usize = 12;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// No mail provider has longer passwords.
const MOST_BYTES: usize = 1024;
/// Tokens are longer. They begin with a NUL, which no password holds.
const MOST_TOKEN_BYTES: usize = 8192;

/// As the old system wrote it: with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why an envelope does not open.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It is none.
    #[error("this is no envelope")]
    NotAnEnvelope,
    /// Its key is not on the ring.
    #[error("the key {0} is not on the ring")]
    UnknownKey(KeyId),
    /// It was changed, or belongs to another row.
    #[error("the envelope was changed or belongs to another row")]
    Refused,
    /// A password of this length is none.
    #[error("a mailbox password has 1 to {MOST_BYTES} bytes")]
    Length,
    /// The ring cannot be used.
    #[error(transparent)]
    Ring(#[from] RingError),
}

/// What a column holds.
#[derive(Debug)]
pub enum Kept {
    /// An envelope, closed with this key.
    Envelope(KeyId),
    /// A password in Base64, as the old system kept them.
    Plain(Secret),
    /// Neither.
    Unknown,
}

/// Tells what a column holds. A password is taken for one only where Base64 gives text without
/// control characters: nothing is guessed.
pub fn kept(text: &str) -> Kept {
    let text = text.trim();
    let Ok(bytes) = LENIENT.decode(text).map(Zeroizing::new) else { return Kept::Unknown };
    if bytes.starts_with(MAGIC) {
        return split(&bytes).map_or(Kept::Unknown, |(id, _, _)| Kept::Envelope(id));
    }
    match std::str::from_utf8(&bytes) {
        Ok(password)
            if (1..=MOST_BYTES).contains(&password.len())
                && !password.chars().any(char::is_control) =>
        {
            Kept::Plain(Secret::from(password))
        }
        _ => Kept::Unknown,
    }
}

fn split(bytes: &[u8]) -> Option<(KeyId, &[u8], &[u8])> {
    let (magic, rest) = bytes.split_at_checked(MAGIC.len())?;
    let (id, rest) = rest.split_first_chunk::<6>()?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
    (magic == MAGIC && sealed.len() > TAG_BYTES).then_some((KeyId(*id), nonce, sealed))
}

fn header(id: KeyId) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header.iter_mut().zip(MAGIC.iter().chain(&id.0)).for_each(|(place, byte)| *place = *byte);
    header
}

/// The characters that envelopes closed with this key begin with.
pub fn prefix(id: KeyId) -> String {
    general_purpose::STANDARD.encode(header(id))
}

/// The key that envelopes with this beginning were closed with.
pub(super) fn key_of_prefix(prefix: &str) -> Option<KeyId> {
    let bytes = general_purpose::STANDARD.decode(prefix).ok()?;
    let id = bytes.strip_prefix(MAGIC)?;
    (prefix.len() == HEADER_CHARACTERS).then_some(KeyId(id.try_into().ok()?))
}

fn bound_to(id: KeyId, row: SecretRow) -> Vec<u8> {
    let SecretRow { tenant_id, place, row_id } = row;
    let mut data = header(id).to_vec();
    data.extend_from_slice(format!("{tenant_id}|{}|{row_id}", place.as_str()).as_bytes());
    data
}

/// Closes a password for a row, with the ring's current key.
pub(super) fn seal(ring: &Ring, row: SecretRow, secret: &Secret) -> Result<String, EnvelopeError> {
    let password = secret.expose().as_bytes();
    let most = if password.starts_with(b"\0") { MOST_TOKEN_BYTES } else { MOST_BYTES };
    if !(1..=most).contains(&password.len()) {
        return Err(EnvelopeError::Length);
    }
    let (id, key) = ring.current()?;
    let nonce = random::<NONCE_BYTES>().map_err(RingError::Random)?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload { msg: password, aad: &bound_to(id, row) };
    let sealed =
        cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| EnvelopeError::Length)?;
    let mut bytes = header(id).to_vec();
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(general_purpose::STANDARD.encode(bytes))
}

/// Opens the envelope of a row.
pub(super) fn open(ring: &Ring, row: SecretRow, text: &str) -> Result<Secret, EnvelopeError> {
    let bytes = general_purpose::STANDARD.decode(text);
    let bytes = bytes.map_err(|_| EnvelopeError::NotAnEnvelope)?;
    let (id, nonce, sealed) = split(&bytes).ok_or(EnvelopeError::NotAnEnvelope)?;
    let key = ring.find(id).ok_or(EnvelopeError::UnknownKey(id))?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| EnvelopeError::NotAnEnvelope)?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload { msg: sealed, aad: &bound_to(id, row) };
    let opened = cipher.decrypt(&XNonce::from(nonce), payload);
    let opened = Zeroizing::new(opened.map_err(|_| EnvelopeError::Refused)?);
    let text = std::str::from_utf8(&opened).map_err(|_| EnvelopeError::Refused)?;
    Ok(Secret::from(text))
}
