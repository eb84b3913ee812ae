//! What goes to the terminal: results to standard output, everything else to standard error.

use std::io::{self, Write};

/// Writes one line to standard output. A reader that went away is no error of ours.
pub fn line(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// Writes one line to standard error.
pub fn note(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes what went wrong, with its causes.
pub fn error(error: &anyhow::Error) {
    note(&format!("loket: {error:#}"));
}
