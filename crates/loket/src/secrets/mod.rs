//! Secrets: mailbox passwords in envelopes, the keys that close them, and the tokens that are
//! shown once.
//!
//! `text` is a secret that never prints itself; `ring` are the keys, `envelope` what they close,
//! `vault` both together with what the database holds, `renewal` moves rows to the current key.
//! `tokens` makes API keys and invitations, `set_up_link` lets the first platform admin in. It must
//! not know IMAP: who opens a mailbox asks the [`Vault`] for its password and forgets it again.

mod envelope;
mod password;
mod renewal;
mod ring;
mod set_up_link;
mod text;
mod tokens;
mod vault;

use std::io::{self, Read};

pub use envelope::{EnvelopeError, Kept, kept, prefix};
pub use password::{PasswordError, hash_password};
pub use renewal::{Plain, Tally, Trouble, renew};
pub use ring::{KeyId, Ring, RingError};
pub use set_up_link::{LinkError, SET_UP_PATH, SetUpLink};
pub use text::Secret;
pub use tokens::{ApiKeyText, Invitation, parse_api_key, parse_invitation};
pub use vault::{KeySource, Vault, VaultChange, VaultError, unknown_keys};

/// Random bytes of the operating system.
fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
