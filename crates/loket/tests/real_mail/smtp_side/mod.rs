//! A provider that takes mail and misbehaves on request, as the tests of the client use it.

#[path = "../../../../mail/tests/peer/authority.rs"]
pub mod authority;
#[path = "../../../../mail/tests/peer/smtp.rs"]
pub mod smtp;
