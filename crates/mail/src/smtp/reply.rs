//! What a server says: a code and some text, over one line or several (RFC 5321, section 4.2).

use std::fmt;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::outcome::Trouble;

/// RFC 5321, section 4.5.3.1.5, allows 512; servers that say more are bounded here.
const MOST_LINE_BYTES: u64 = 4096;
const MOST_LINES: usize = 128;
const MOST_TEXT_CHARS: usize = 400;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub enhanced: Option<String>,
    /// The rest, lines joined by `\n`, cut, without control characters. May hold addresses: it is
    /// for the people of the shop, not for a log.
    pub text: String,
}

impl Reply {
    pub(super) const fn is_positive(&self) -> bool {
        self.code >= 200 && self.code < 300
    }
}

/// Codes only, fit for a log.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.enhanced {
            Some(enhanced) => write!(f, "{} {enhanced}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

/// Reads one reply; `lines` is what followed the code on each line.
pub(super) async fn read<S: AsyncRead + Unpin>(
    stream: &mut BufReader<S>,
) -> Result<(Reply, Vec<String>), Trouble> {
    let mut lines: Vec<String> = Vec::new();
    let mut known = None;
    loop {
        let line = read_line(stream).await?;
        let (code, last, text) = split(&line).ok_or(Trouble::Protocol("no reply code"))?;
        if known.is_some_and(|known| known != code) {
            return Err(Trouble::Protocol("two codes in one reply"));
        }
        known = Some(code);
        lines.push(text.to_owned());
        if last {
            return Ok((reply(code, &lines), lines));
        }
        if lines.len() >= MOST_LINES {
            return Err(Trouble::Protocol("a reply without end"));
        }
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Result<String, Trouble> {
    let mut line = Vec::new();
    let read = stream.take(MOST_LINE_BYTES).read_until(b'\n', &mut line).await?;
    match line.last() {
        Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
        Some(_) if u64::try_from(read).is_ok_and(|read| read >= MOST_LINE_BYTES) => {
            Err(Trouble::Protocol("a line without end"))
        }
        // Half a line is no answer: a `250` whose end never came may have been a `2500`.
        Some(_) | None => Err(Trouble::HungUp),
    }
}

fn split(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let code: u16 = code.bytes().all(|b| b.is_ascii_digit()).then(|| code.parse().ok())??;
    let last = match rest.chars().next() {
        None | Some(' ') => true,
        Some('-') => false,
        Some(_) => return None,
    };
    let text = rest.get(1..).unwrap_or_default();
    (200..600).contains(&code).then_some((code, last, text))
}

fn reply(code: u16, lines: &[String]) -> Reply {
    let enhanced = lines.first().and_then(|line| enhanced(line));
    let text = lines.join("\n");
    let text = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(MOST_TEXT_CHARS);
    Reply { code, enhanced, text: text.collect() }
}

fn enhanced(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let number = |part: &&str| (1..=3).contains(&part.len()) && part.parse::<u16>().is_ok();
    (parts.len() == 3 && parts.iter().all(number)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(said: &[u8]) -> Result<(Reply, Vec<String>), Trouble> {
        read(&mut BufReader::new(said)).await
    }

    #[tokio::test]
    async fn one_line_or_many_and_lenient_line_ends() {
        let (reply, _) = read_all(b"250 2.0.0 OK queued as 17\r\n").await.unwrap();
        assert_eq!((reply.code, reply.enhanced.as_deref()), (250, Some("2.0.0")));
        assert_eq!(reply.to_string(), "250 2.0.0");
        let (reply, lines) =
            read_all(b"250-mx.example\n250-SIZE 100\n250 AUTH PLAIN\n").await.unwrap();
        assert_eq!((reply.code, reply.enhanced), (250, None));
        assert_eq!(lines, ["mx.example", "SIZE 100", "AUTH PLAIN"]);
        assert_eq!(read_all(b"421\r\n").await.unwrap().0.code, 421);
    }

    #[tokio::test]
    async fn what_is_no_reply_is_an_error_and_bounded() {
        for said in [
            &b""[..],
            b"250",
            b"250 half",
            b"25\r\n",
            b"250_x\r\n",
            b"abc def\r\n",
            b"999 x\r\n",
            b"250-a\r\n550 b\r\n",
            b"\r\n",
            "2\u{20ac}0 x\r\n".as_bytes(),
        ] {
            assert!(read_all(said).await.is_err(), "{said:?}");
        }
        assert!(read_all(&b"2".repeat(1_000_000)).await.is_err());
        assert!(read_all(&b"250-x\r\n".repeat(100_000)).await.is_err());
    }
}
