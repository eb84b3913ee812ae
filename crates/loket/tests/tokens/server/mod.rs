//! Dovecot, and the authority that it shows.

#[path = "../../../../mail/tests/support/authority.rs"]
pub mod authority;
#[path = "../../../../mail/tests/support/dovecot.rs"]
#[expect(dead_code, reason = "the tests of the client use the rest")]
pub mod dovecot;
