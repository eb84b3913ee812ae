//! What an answer to FETCH says of one mail.

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::answer::Token;
use super::fetch::Listed;

/// Message-IDs are a hint; no honest one is longer.
const MAX_MESSAGE_ID: usize = 500;

/// `FETCH (NAME value NAME value)`: names and values at the top; lists are passed over.
pub struct Item(Vec<(String, Token)>);

impl Item {
    /// `None` for what is no answer to FETCH.
    pub fn read(data: Vec<Token>) -> Option<Self> {
        let [Token::Atom(_), Token::Atom(word), Token::Open, ..] = data.as_slice() else {
            return None;
        };
        if !word.eq_ignore_ascii_case("FETCH") {
            return None;
        }
        let (mut pairs, mut name, mut depth) = (Vec::new(), None, 0_usize);
        for token in data.into_iter().skip(3) {
            match token {
                Token::Open => depth = depth.saturating_add(1),
                Token::Close if depth == 0 => break,
                Token::Close => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        name = None;
                    }
                }
                _ if depth > 0 => {}
                value => match (name.take(), value) {
                    (Some(name), value) => pairs.push((name, value)),
                    (None, Token::Atom(word)) => name = Some(word),
                    (None, _) => {}
                },
            }
        }
        Some(Self(pairs))
    }

    fn place(&self, wanted: &str) -> Option<usize> {
        let found = |name: &str| {
            // `BODY[]<0>` is the piece of `BODY[]` that begins there.
            let whole = name.rsplit_once('<').map_or(name, |(whole, _)| whole);
            whole.eq_ignore_ascii_case(wanted)
        };
        self.0.iter().position(|(name, _)| found(name))
    }

    fn value(&self, wanted: &str) -> Option<&Token> {
        self.0.get(self.place(wanted)?).map(|(_, value)| value)
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.value(name)?.atom()?.parse().ok()
    }

    /// Its number.
    pub fn uid(&self) -> Option<u32> {
        self.number("UID").filter(|uid| *uid > 0)
    }

    /// A literal or quoted string that begins at `offset`; `NIL` is none. A server that overlooks
    /// where it was to begin does not answer what was asked.
    pub fn into_text(mut self, name: &str, offset: usize) -> Option<Vec<u8>> {
        match self.0.swap_remove(self.place(name)?) {
            (name, Token::Text(bytes)) if offset == 0 || begins_at(&name, offset) => Some(bytes),
            _ => None,
        }
    }

    /// A mail in a list.
    pub fn listed(&self) -> Option<Listed> {
        let date = self.value("INTERNALDATE").and_then(Token::string);
        let header = self.0.iter().find(|(name, _)| name.starts_with("BODY[HEADER.FIELDS"));
        let header = header.and_then(|(_, value)| value.string());
        Some(Listed {
            uid: self.uid()?,
            size_bytes: self.number("RFC822.SIZE").unwrap_or(0),
            received_at: date.as_deref().and_then(internal_date),
            message_id: header.as_deref().and_then(message_id),
        })
    }
}

/// `BODY[]<1048576>`.
fn begins_at(name: &str, offset: usize) -> bool {
    let origin = name.rsplit_once('<').and_then(|(_, origin)| origin.strip_suffix('>'));
    origin.and_then(|origin| origin.parse().ok()) == Some(offset)
}

/// `"17-Jul-1996 02:44:25 -0700"`, the day with a blank in front of one figure.
fn internal_date(text: &str) -> Option<Timestamp> {
    let parsed = strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    parsed.to_timestamp().ok()
}

fn message_id(header: &str) -> Option<String> {
    let (_, value) = header.split_once(':')?;
    let value = value.split_once('<').map_or(value, |(_, value)| value);
    let id: String = value
        .split('>')
        .next()?
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(MAX_MESSAGE_ID)
        .collect();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_ids() {
        let seen = |text: &str| internal_date(text).map(|at| at.to_string());
        assert_eq!(seen("17-Jul-1996 02:44:25 -0700").as_deref(), Some("1996-07-17T09:44:25Z"));
        assert_eq!(seen(" 7-Jan-2026 00:00:00 +0100").as_deref(), Some("2026-01-06T23:00:00Z"));
        assert_eq!(seen("yesterday"), None);
        assert_eq!(message_id("Message-ID: <a@b>\r\n\r\n").as_deref(), Some("a@b"));
        assert_eq!(message_id("Message-ID:\r\n <a@\r\n b>\r\n").as_deref(), Some("a@b"));
        assert_eq!(message_id("\r\n"), None);
        assert_eq!(message_id("Message-ID: <>\r\n"), None);
    }
}
