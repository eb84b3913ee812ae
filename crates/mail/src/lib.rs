//! The only crate that knows IMAP, SMTP and MIME.
//!
//! Mail comes in through a [`mailbox::Mailbox`], becomes a `domain::message::Message` in
//! [`parse`], and goes out as bytes made by [`outgoing`] through a [`transport::Transport`].
//! It must not know what a mail means, nor the database: whoever calls it stores the raw
//! bytes first and moves the cursor after the commit.

pub mod network; // to a server, encrypted
pub mod imap; // a mailbox behind IMAP
pub mod providers; // what is known of them beforehand
pub mod mailbox; // where mail comes from
pub mod maildir; // a mailbox that is a directory
pub mod parse; // raw bytes to a message, within bounds
pub mod sanitise; // what of foreign HTML may be kept, shown or sent
pub mod message_id; // our own Message-IDs, which cannot be forged
pub mod address; // one that every server understands
pub mod outgoing; // an answer as bytes
pub mod smtp; // those bytes over the wire to the shop's provider
pub mod transport; // where those bytes go
