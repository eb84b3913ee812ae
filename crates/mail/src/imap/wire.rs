//! Lines and literals off the wire, within bounds.
//!
//! IMAP's framing is all that is known here: a line ends with LF (the CR before it is dropped,
//! absent or not), and `{12}` at the end of a line means that twelve bytes follow, and then more
//! of the line (RFC 3501, section 4.3).

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::ImapError;

/// No line of an honest server is longer: answers with mail in them come as literals.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// No answer has more literals: a header and a body are two.
const MAX_LITERALS: usize = 16;

/// What the answers to one command may cost. Whoever spends it is thrown off.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Bytes of all literals and lines together.
    pub bytes: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), ImapError> {
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or(ImapError::Protocol("it answers more than it was asked"))?;
        Ok(())
    }
}

/// One answer: its text, cut where a literal stood, and the literals.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Always one more than there are literals.
    pub text: Vec<Vec<u8>>,
    /// In their order.
    pub literals: Vec<Vec<u8>>,
}

/// Reads one answer. Nothing is kept of one that is cut short, so a caller that gives up on it
/// must give up the connection.
pub async fn read_unit<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    budget: &mut Budget,
) -> Result<Unit, ImapError> {
    let mut unit = Unit::default();
    loop {
        let line = read_line(reader, budget).await?;
        let announced = if has_literals(&unit, &line) { literal_length(&line)? } else { None };
        unit.text.push(line);
        let Some(length) = announced else { return Ok(unit) };
        if unit.literals.len() >= MAX_LITERALS {
            return Err(ImapError::Protocol("an answer has too many literals"));
        }
        // Spent before a byte of it is read or a byte of memory taken.
        budget.spend(length)?;
        let mut literal = Vec::with_capacity(length);
        let mut rest = (&mut *reader).take(length as u64);
        rest.read_to_end(&mut literal).await.map_err(ImapError::Unreachable)?;
        if literal.len() < length {
            return Err(ImapError::Closed("in the middle of a literal".to_owned()));
        }
        unit.literals.push(literal);
    }
}

/// Status lines are text for people up to their end, whatever that looks like.
fn has_literals(unit: &Unit, line: &[u8]) -> bool {
    if !unit.text.is_empty() {
        return true;
    }
    let second = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let status = [&b"OK"[..], b"NO", b"BAD", b"BYE", b"PREAUTH"];
    line.starts_with(b"* ") && !status.iter().any(|word| second.eq_ignore_ascii_case(word))
}

async fn read_line<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    budget: &mut Budget,
) -> Result<Vec<u8>, ImapError> {
    let mut line = Vec::new();
    loop {
        let available = reader.fill_buf().await.map_err(ImapError::Unreachable)?;
        if available.is_empty() {
            return Err(ImapError::Closed("without a word".to_owned()));
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(available.len(), |end| end.saturating_add(1));
        line.extend(available.iter().take(taken));
        reader.consume(taken);
        budget.spend(taken)?;
        if line.len() > MAX_LINE_BYTES {
            return Err(ImapError::Protocol("a line never ends"));
        }
        if end.is_some() {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(line);
        }
    }
}

/// The length in a `{12}` at the end of the line; `None` when there is none.
fn literal_length(line: &[u8]) -> Result<Option<usize>, ImapError> {
    let Some(line) = line.strip_suffix(b"}") else { return Ok(None) };
    let Some(open) = line.iter().rposition(|byte| *byte == b'{') else { return Ok(None) };
    let digits = line.get(open.saturating_add(1)..).unwrap_or_default();
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<usize>().ok());
    number.map(Some).ok_or(ImapError::Protocol("a literal is longer than there are numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], limit: usize) -> Result<Unit, ImapError> {
        let mut reader = tokio::io::BufReader::with_capacity(7, bytes);
        read_unit(&mut reader, &mut Budget { bytes: limit }).await
    }

    #[tokio::test]
    async fn lines_and_literals() {
        let unit = read(b"* 1 FETCH (BODY[] {5}\r\nab\r\nc UID 3)\r\nnext", 100).await.unwrap();
        assert_eq!(unit.literals, [b"ab\r\nc"]);
        assert_eq!(unit.text, [b"* 1 FETCH (BODY[] {5}".to_vec(), b" UID 3)".to_vec()]);
        let bare = read(b"* OK bare line feed\n", 100).await.unwrap();
        assert_eq!(bare.text, [b"* OK bare line feed"]);
        let status = read(b"* OK braces {5}\r\n", 100).await.unwrap();
        assert_eq!(status.text.len(), 1);
    }

    /// Hazard C27: nobody makes us take memory or wait for ever.
    #[tokio::test]
    async fn c27_giants_are_refused() {
        let giant = read(b"* 1 FETCH (BODY[] {99999999999}\r\nx", 1 << 20).await;
        assert!(matches!(giant, Err(ImapError::Protocol(_))), "{giant:?}");
        let greater = read(b"* 1 FETCH (X {99999999999999999999999999}\r\nx", 1 << 20).await;
        assert!(matches!(greater, Err(ImapError::Protocol(_))), "{greater:?}");
        let endless = read(&vec![b'x'; 1 << 18], 1 << 20).await;
        assert!(matches!(endless, Err(ImapError::Protocol(_))), "{endless:?}");
        let many = [b"* 1 FETCH (".to_vec(), b"{1}\r\nx".repeat(40), b")\r\n".to_vec()].concat();
        let many = read(&many, 1 << 20).await;
        assert!(matches!(many, Err(ImapError::Protocol(_))), "{many:?}");
    }

    #[tokio::test]
    async fn an_end_is_told_as_one() {
        for cut in [&b""[..], b"* OK half", b"* 1 FETCH (BODY[] {5}\r\nab"] {
            let ended = read(cut, 100).await;
            assert!(matches!(ended, Err(ImapError::Closed(_))), "{ended:?}");
        }
    }
}
