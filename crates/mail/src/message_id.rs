//! Our own Message-IDs: they name the interaction they answer and carry an HMAC, so that
//! a reply can be joined to its thread and a forged one cannot (hazards: CVE-2026-47123).
//!
//! Pure functions; the key belongs to the caller.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Marks the form below, so that a later one can live beside it.
const PREFIX: &str = "loket1.";
/// Bytes of the HMAC that are kept: 128 bits.
const MAC_BYTES: usize = 16;

/// What one of our Message-IDs says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The shop that sent it.
    pub tenant_id: Uuid,
    /// The interaction it answers.
    pub interaction_id: Uuid,
}

/// Makes the Message-ID, without angle brackets: `loket1.<tenant><interaction><mac>@domain`.
///
/// Lower-case hexadecimal, because some relays change the case of what they quote.
#[must_use]
pub fn make(origin: Origin, key: &[u8], domain: &str) -> String {
    let domain: String = domain
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .collect::<String>()
        .to_ascii_lowercase();
    let domain = if domain.is_empty() { "localhost".to_owned() } else { domain };
    let mac = authenticate(origin, key).finalize().into_bytes();
    let mut id = String::from(PREFIX);
    let bytes = origin.tenant_id.as_bytes().iter().chain(origin.interaction_id.as_bytes());
    id.push_str(&to_hex(bytes.chain(mac.iter().take(MAC_BYTES))));
    id.push('@');
    id.push_str(&domain);
    id
}

/// Reads one of our Message-IDs back, with or without angle brackets; `None` when it is not
/// ours, is damaged, or was made with another key. The comparison takes constant time.
#[must_use]
pub fn verify(message_id: &str, key: &[u8]) -> Option<Origin> {
    let id = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    let (local, _domain) = id.rsplit_once('@')?;
    let lower = local.to_ascii_lowercase();
    let bytes = from_hex(lower.strip_prefix(PREFIX)?)?;
    let (tenant, rest) = bytes.split_at_checked(16)?;
    let (interaction, mac) = rest.split_at_checked(16)?;
    if mac.len() != MAC_BYTES {
        return None;
    }
    let origin = Origin {
        tenant_id: Uuid::from_slice(tenant).ok()?,
        interaction_id: Uuid::from_slice(interaction).ok()?,
    };
    authenticate(origin, key).verify_truncated_left(mac).ok()?;
    Some(origin)
}

fn authenticate(origin: Origin, key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    mac.update(b"loket message-id 1\0");
    mac.update(origin.tenant_id.as_bytes());
    mac.update(origin.interaction_id.as_bytes());
    mac
}

/// Lower-case hexadecimal.
pub(crate) fn to_hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()));
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, d| sum * 16 + d)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"a key of the tests";

    fn origin() -> Origin {
        Origin { tenant_id: Uuid::from_u128(7), interaction_id: Uuid::from_u128(u128::MAX - 3) }
    }

    #[test]
    fn what_was_made_is_read_back() {
        let id = make(origin(), KEY, "mail.example.nl");
        assert!(id.ends_with("@mail.example.nl"), "{id}");
        assert_eq!(verify(&id, KEY), Some(origin()));
        assert_eq!(verify(&format!(" <{}> ", id.to_uppercase()), KEY), Some(origin()));
    }

    #[test]
    fn another_key_or_one_changed_digit_is_refused() {
        let id = make(origin(), KEY, "example.nl");
        assert_eq!(verify(&id, b"another key"), None);
        for place in PREFIX.len()..id.find('@').unwrap() {
            let mut forged = id.clone().into_bytes();
            forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(verify(&forged, KEY), None, "{forged}");
        }
    }

    #[test]
    fn what_is_not_ours_is_refused_without_panic() {
        for id in ["", "<>", "@", "loket1.@x", "loket1.zz@x", "loket1.é0@x", "CAF=x@mail.gmail.com"]
        {
            assert_eq!(verify(id, KEY), None, "{id}");
        }
        let mut cut = make(origin(), KEY, "x").replace("@x", "");
        cut.truncate(cut.len() - 2);
        assert_eq!(verify(&format!("{cut}@x"), KEY), None);
    }

    #[test]
    fn a_domain_cannot_break_out_of_the_header() {
        let id = make(origin(), KEY, "Evil.nl>\r\nBcc: a@b");
        assert!(id.ends_with("@evil.nlbccab"), "{id}");
    }
}
