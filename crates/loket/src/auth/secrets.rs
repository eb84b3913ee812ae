//! Secrets that are handed out: refresh tokens, links, codes, factors, API keys.
//!
//! All but the random ones are derived from one key of the installation, so that what the
//! database holds opens nothing by itself. It must not know what they open.

use std::path::Path;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::keys;

use super::ownership::SignUp;

/// Bytes of a session id, a counter and a tag.
const REFRESH_BYTES: usize = 16 + 8 + 16;

/// Derives secrets from the installation's key.
#[derive(Clone)]
pub struct Secrets {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// From the key in the data directory, made on first use.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let key = keys::key(data_dir, "auth")?;
        let key = Hmac::new_from_slice(key.bytes()).context("a key of any length")?;
        Ok(Self { key })
    }

    fn tag(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.key.clone().chain_update(purpose.as_bytes());
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Refresh token number `counter` of a session. Nothing about it is stored but the number.
    pub fn refresh_token(&self, session: Uuid, counter: i64) -> String {
        let counter = counter.to_be_bytes();
        let tag = self.tag("refresh", &[session.as_bytes(), &counter]);
        let mut bytes = Vec::with_capacity(REFRESH_BYTES);
        bytes.extend_from_slice(session.as_bytes());
        bytes.extend_from_slice(&counter);
        bytes.extend(tag.iter().take(16));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Session and number of a refresh token that is ours.
    pub fn read_refresh_token(&self, token: &str) -> Option<(Uuid, i64)> {
        let bytes: [u8; REFRESH_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (counter, tag) = rest.split_first_chunk::<8>()?;
        let expected = self.tag("refresh", &[session, counter]);
        let (expected, _) = expected.split_first_chunk::<16>()?;
        same(expected, tag).then_some((Uuid::from_bytes(*session), i64::from_be_bytes(*counter)))
    }

    /// What is stored of a code that was mailed.
    pub fn code_digest(&self, email: &str, code: &str) -> String {
        hex(&self.tag("code", &[email.as_bytes(), code.as_bytes()]))
    }

    /// The secret of a time-based factor: derived, so that no copy of the database has it.
    pub fn factor_secret(&self, factor: Uuid) -> Vec<u8> {
        self.tag("totp", &[factor.as_bytes()]).into_iter().take(20).collect()
    }

    /// What a browser keeps of the sign-up it sent: made of the password's digest, so that it
    /// stands for that very password and for none that was given later.
    pub fn sign_up_mark(&self, email: &str, digest: &str) -> String {
        hex(&self.tag("sign-up", &[email.as_bytes(), digest.as_bytes()]))
    }

    /// Where a sign-up came from and what password it gave, as its link carries it.
    pub fn origin_mark(&self, secret: &str, sign_up: &SignUp) -> String {
        let origin = sign_up.from.to_string();
        let parts = [secret.as_bytes(), origin.as_bytes(), sign_up.digest.as_bytes()];
        let tag = self.tag("origin", &parts);
        hex(&tag).split_at(32).0.to_owned()
    }

    /// What forms of this session must send along.
    pub fn form_token(&self, session: Uuid) -> String {
        hex(&self.tag("form", &[session.as_bytes()]))
    }

    /// The publishable key: names this installation to clients, opens nothing.
    pub fn publishable_key(&self) -> String {
        format!("sb_publishable_{}", hex(&self.tag("publishable", &[])).split_at(32).0)
    }
}

/// The key that acts as an admin towards `/auth/v1`, in a file of its own.
#[derive(Clone)]
pub struct ServiceKey(String);

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceKey(***)")
    }
}

impl ServiceKey {
    /// From the data directory, made on first use.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        Ok(Self(format!("sb_secret_{}", keys::key(data_dir, "auth-service")?.hex())))
    }

    /// Whether this is it.
    pub fn is(&self, given: &str) -> bool {
        same(&Sha256::digest(given.as_bytes()), &Sha256::digest(self.0.as_bytes()))
    }

    /// For whoever may read the data directory.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The publishable and the secret key of an installation, made on first use.
pub fn api_keys(data_dir: &Path) -> anyhow::Result<(String, String)> {
    let publishable = Secrets::open(data_dir)?.publishable_key();
    Ok((publishable, ServiceKey::open(data_dir)?.0))
}

/// A secret for a link: 256 random bits.
pub fn link_secret() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    random(&mut bytes)?;
    Ok(hex(&bytes))
}

/// What is stored of a link's secret.
pub fn link_digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// A code of so many digits, each as likely as the other.
pub fn code(digits: u8) -> anyhow::Result<String> {
    let mut text = String::new();
    while text.len() < usize::from(digits) {
        let mut bytes = [0_u8; 16];
        random(&mut bytes)?;
        // 250 is the last multiple of 10 in a byte: above it, digits would be uneven.
        let fair = bytes.iter().filter(|byte| **byte < 250);
        text.extend(fair.map(|byte| char::from(b'0' + byte % 10)));
        text.truncate(usize::from(digits));
    }
    Ok(text)
}

/// Random bytes of the system.
pub fn random(bytes: &mut [u8]) -> anyhow::Result<()> {
    use std::io::Read as _;
    let mut source = std::fs::File::open("/dev/urandom").context("there is no randomness")?;
    source.read_exact(bytes).context("there is no randomness")
}

/// Compares without telling by its duration where two texts differ.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Base32 without padding (RFC 4648), as authenticator apps take it.
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    let mut push = |value: u32| {
        let letter = ALPHABET.get(usize::try_from(value & 31).unwrap_or_default());
        text.extend(letter.map(|letter| char::from(*letter)));
    };
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

/// The bytes of a base32 text; spaces, padding and lower case are taken as they come.
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| !matches!(letter, b' ' | b'=')) {
        let value = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            letter @ b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets { key: Hmac::new_from_slice(b"test").unwrap() }
    }

    #[test]
    fn a_refresh_token_is_read_back_and_not_forged() {
        let session = Uuid::now_v7();
        let token = secrets().refresh_token(session, 7);
        assert_eq!(secrets().read_refresh_token(&token), Some((session, 7)));
        let other = Secrets { key: Hmac::new_from_slice(b"other").unwrap() };
        assert_eq!(other.read_refresh_token(&token), None);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(secrets().read_refresh_token(&URL_SAFE_NO_PAD.encode(flipped)), None);
        }
        for wrong in ["", " ", "a", "null", token.split_at(1).1] {
            assert_eq!(secrets().read_refresh_token(wrong), None);
        }
    }

    #[test]
    fn codes_are_digits_and_differ() {
        let codes: Vec<String> = (0..100).map(|_| code(6).unwrap()).collect();
        assert!(codes.iter().all(|code| code.len() == 6 && code.parse::<u32>().is_ok()));
        assert!(codes.iter().any(|code| *code != codes[0]));
    }

    #[test]
    fn base32_is_as_in_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(from_base32("mzxw 6ytb oi=").as_deref(), Some(&b"foobar"[..]));
        assert_eq!(from_base32("1"), None);
    }
}
