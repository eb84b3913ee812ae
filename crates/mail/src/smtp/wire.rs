//! Bytes as they go over the wire. What could be taken for the end of a mail or for a command,
//! by a strict server or a lenient one, is refused here, whoever built it (hazards D9, D10).

use super::outcome::Trouble;

/// RFC 5321, section 4.5.3.1.6, without the line end.
const MOST_LINE_BYTES: usize = 998;
/// RFC 5321, section 4.5.3.1.3.
const MOST_ADDRESS_BYTES: usize = 254;

/// Why a mail or an address must not go over the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A CR without LF, or the other way round: lenient servers take either for a line end.
    #[error("the mail has a line end that is none")]
    BareLineEnd,
    /// NUL or a byte above 127.
    #[error("the mail has a byte that is not 7-bit text")]
    NotSevenBit,
    /// Longer than 998 bytes.
    #[error("the mail has a line that is too long")]
    LongLine,
    /// Nothing in it.
    #[error("the mail is empty")]
    Empty,
    /// Not one plain address.
    #[error("an address cannot be used")]
    Address,
    /// Nobody to send it to.
    #[error("the mail has no recipient")]
    NoRecipient,
}

impl From<WireError> for Trouble {
    fn from(_: WireError) -> Self {
        Self::Protocol("the mail itself")
    }
}

/// A mail that was looked through and made ready: lines that begin with a dot have two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireMail {
    /// Ends in CRLF.
    stuffed: Vec<u8>,
    size: usize,
}

impl WireMail {
    /// Looks through the bytes of a mail.
    pub fn new(mail: &[u8]) -> Result<Self, WireError> {
        if mail.is_empty() {
            return Err(WireError::Empty);
        }
        let mut stuffed = Vec::with_capacity(mail.len() + 16);
        let mut lines = mail.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let is_last = lines.peek().is_none();
            let content = match line.strip_suffix(b"\r") {
                Some(content) if !is_last => content,
                _ if !is_last => return Err(WireError::BareLineEnd),
                _ => line,
            };
            if content.contains(&b'\r') {
                return Err(WireError::BareLineEnd);
            }
            if content.iter().any(|byte| *byte == 0 || *byte > 127) {
                return Err(WireError::NotSevenBit);
            }
            if content.len() > MOST_LINE_BYTES {
                return Err(WireError::LongLine);
            }
            if is_last && content.is_empty() {
                break;
            }
            if content.first() == Some(&b'.') {
                stuffed.push(b'.');
            }
            stuffed.extend_from_slice(content);
            stuffed.extend_from_slice(b"\r\n");
        }
        Ok(Self { stuffed, size: mail.len() })
    }

    /// As it is sent, without the final dot.
    pub(super) fn stuffed(&self) -> &[u8] {
        &self.stuffed
    }

    /// In bytes, as `SIZE` counts (RFC 1870).
    pub(super) const fn size(&self) -> usize {
        self.size
    }
}

/// Who sends and who receives, as servers see it; the headers are another matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    from: String,
    to: Vec<String>,
}

impl Envelope {
    /// Plain addresses only.
    pub fn new(from: &str, to: &[&str]) -> Result<Self, WireError> {
        if to.is_empty() {
            return Err(WireError::NoRecipient);
        }
        let to = to.iter().map(|address| plain(address)).collect::<Result<_, _>>()?;
        Ok(Self { from: plain(from)?, to })
    }

    pub(super) fn from(&self) -> &str {
        &self.from
    }

    pub(super) fn to(&self) -> &[String] {
        &self.to
    }
}

fn plain(address: &str) -> Result<String, WireError> {
    let address = crate::address::with_ascii_domain(address);
    let allowed =
        |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\\' | ',' | ';');
    let whole = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    let fits = address.len() <= MOST_ADDRESS_BYTES && address.chars().all(allowed);
    if whole && fits { Ok(address.into_owned()) } else { Err(WireError::Address) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(mail: &[u8]) -> Vec<u8> {
        WireMail::new(mail).unwrap().stuffed().to_vec()
    }

    #[test]
    fn dots_are_doubled_at_the_start_of_lines_only() {
        assert_eq!(stuffed(b"a\r\n.\r\nb. .\r\n..c\r\n"), b"a\r\n..\r\nb. .\r\n...c\r\n");
        assert_eq!(stuffed(b"no line end"), b"no line end\r\n");
        assert_eq!(stuffed(b".\r\n"), b"..\r\n");
    }

    #[test]
    fn what_a_lenient_server_could_take_for_an_end_is_refused() {
        for (mail, error) in [
            (&b"a\n.\nQUIT\n"[..], WireError::BareLineEnd),
            (b"a\r.\rMAIL FROM:<x@y>\r\n", WireError::BareLineEnd),
            (b"a\n.\r\nMAIL FROM:<x@y>\r\n", WireError::BareLineEnd),
            (b"a\r\n.\rb\r\n", WireError::BareLineEnd),
            (b"a\r", WireError::BareLineEnd),
            (b"a\0b\r\n", WireError::NotSevenBit),
            ("é\r\n".as_bytes(), WireError::NotSevenBit),
            (&[b'x'; 999], WireError::LongLine),
            (b"", WireError::Empty),
        ] {
            assert_eq!(WireMail::new(mail), Err(error), "{mail:?}");
        }
        assert!(WireMail::new(&[b'x'; 998]).is_ok());
    }

    #[test]
    fn an_envelope_holds_plain_addresses() {
        assert!(Envelope::new("a@b.nl", &["c+d@e.nl", "o'neil@f.nl"]).is_ok());
        assert_eq!(Envelope::new("a@b.nl", &[]), Err(WireError::NoRecipient));
        for bad in
            ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b>\r\nRCPT TO:<x@y>", "<a@b>", "é@b.nl"]
        {
            assert_eq!(Envelope::new("a@b.nl", &[bad]), Err(WireError::Address), "{bad:?}");
        }
        assert_eq!(
            Envelope::new("a@b.nl", &[&format!("{}@b.nl", "a".repeat(260))]),
            Err(WireError::Address)
        );
    }
}
