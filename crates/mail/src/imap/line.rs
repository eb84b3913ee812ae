//! A command as it is written: no text of others becomes a second one.

use super::ImapError;

/// A command that is being written.
#[derive(Debug)]
pub struct Line {
    pub(super) command: &'static str,
    pub(super) bytes: Vec<u8>,
}

impl Line {
    /// Begins with the name.
    pub fn new(command: &'static str) -> Self {
        Self { command, bytes: command.as_bytes().to_vec() }
    }

    /// Adds what is no text of others: numbers, names of items.
    pub fn word(mut self, word: &str) -> Self {
        self.bytes.push(b' ');
        self.bytes.extend(word.as_bytes());
        self
    }

    /// Adds a quoted string. Bytes above 127 pass, as folder names of old servers hold them;
    /// what would end the line does not.
    pub fn text(mut self, text: &str) -> Result<Self, ImapError> {
        if text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(ImapError::Unsayable("a name or password"));
        }
        self.bytes.extend(b" \"");
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.bytes.push(b'\\');
            }
            self.bytes.push(byte);
        }
        self.bytes.push(b'"');
        Ok(self)
    }
}
