//! A real Dovecot, as the tests of the client use it.

#[path = "../../../../mail/tests/support/authority.rs"]
pub mod authority;
#[path = "../../../../mail/tests/support/dovecot.rs"]
pub mod dovecot;
