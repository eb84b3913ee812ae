//! Mailboxes that a provider opens by consent (OAuth 2, RFC 6749 and 9700) instead of a password.
//!
//! `providers` is what is known of them, as data; `grant` what is kept in a mailbox's envelope;
//! `http` a small client, `endpoint` what is said to a token endpoint; `tokens` gives access tokens
//! that live long enough; `consent` is the way to the provider and back. It must not know IMAP,
//! SMTP or pages.

mod consent;
mod endpoint;
mod grant;
mod http;
mod providers;
mod tokens;

pub use consent::{Asked, ConsentError, Purpose, Refused, address, back};
pub use endpoint::{Granted, TokenError};
pub use grant::{Grant, MailboxSecret};
pub use http::{Http, HttpError, HttpLimits};
pub use providers::{Place, Provider, Providers, ProvidersError, Server};
pub use tokens::{Access, Credential, Tokens};
