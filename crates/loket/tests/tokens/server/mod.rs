//! Dovecot, and the authority that it shows.

#[path = "../../../../mail/tests/support/authority.rs"]
#[expect(clippy::new_without_default, reason = "as the tests of the client have it")]
pub mod authority;
#[path = "../../../../mail/tests/support/dovecot.rs"]
#[expect(dead_code, reason = "the tests of the client use the rest")]
pub mod dovecot;
