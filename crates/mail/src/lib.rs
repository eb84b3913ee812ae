//! The only crate that knows IMAP, SMTP and MIME.
