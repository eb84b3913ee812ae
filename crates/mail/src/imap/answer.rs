//! What an answer says: a status, a request to go on, or data as a flat row of tokens.
//!
//! Lists stay flat, with their brackets as tokens: depth costs nothing and cannot exhaust a
//! stack. Nothing here fails; what cannot be read is left out, and whoever needed it says so.

use super::wire::Unit;

/// What is read of one answer. No line has more words than this, only more brackets.
const MOST_TOKENS: usize = 32 * 1024;

/// How a command ended, or what the server wants to have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// Not done.
    No,
    /// Not understood.
    Bad,
    /// The connection ends.
    Bye,
    /// Signed in without being asked: never accepted.
    Preauth,
}

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// `+`: the server waits for more of the command.
    GoOn(String),
    /// `* OK [CODE] text` without a tag, `A1 OK [CODE] text` with one.
    Status {
        /// `None` for `*`.
        tag: Option<String>,
        /// How it ended.
        status: Status,
        /// What stands behind, the code in brackets included.
        text: String,
    },
    /// `* ...`.
    Data(Vec<Token>),
}

/// A piece of data.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Token {
    /// Begins a list.
    Open,
    /// Ends one.
    Close,
    /// A bare word or number; `BODY[HEADER.FIELDS (DATE)]<0>` is one.
    Atom(String),
    /// A quoted string or literal.
    Text(Vec<u8>),
}

impl Token {
    /// The bare word, if it is one.
    pub fn atom(&self) -> Option<&str> {
        match self {
            Self::Atom(word) => Some(word),
            _ => None,
        }
    }

    /// A word or string as text.
    pub fn string(&self) -> Option<String> {
        match self {
            Self::Atom(word) => Some(word.clone()),
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }
}

/// Reads an answer.
pub fn read(unit: Unit) -> Answer {
    let first = String::from_utf8_lossy(unit.text.first().map_or(&[][..], Vec::as_slice));
    let (tag, rest) = first.split_once(' ').unwrap_or((&first, ""));
    if tag == "+" {
        return Answer::GoOn(rest.to_owned());
    }
    let (word, text) = rest.split_once(' ').unwrap_or((rest, ""));
    if let Some(status) = status(word) {
        let tag = (tag != "*").then(|| tag.to_owned());
        return Answer::Status { tag, status, text: text.to_owned() };
    }
    Answer::Data(tokens(unit))
}

fn status(word: &str) -> Option<Status> {
    let known = [
        ("OK", Status::Ok),
        ("NO", Status::No),
        ("BAD", Status::Bad),
        ("BYE", Status::Bye),
        ("PREAUTH", Status::Preauth),
    ];
    known.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, status)| *status)
}

/// The number in `[UIDVALIDITY 7]` and its like.
pub fn number_in_code(text: &str, name: &str) -> Option<u32> {
    let code = text.strip_prefix('[')?.split(']').next()?;
    let (found, number) = code.split_once(' ')?;
    if !found.eq_ignore_ascii_case(name) {
        return None;
    }
    number.trim().parse().ok()
}

fn tokens(unit: Unit) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut literals = unit.literals.into_iter();
    let last = unit.text.len().saturating_sub(1);
    for (place, line) in unit.text.iter().enumerate() {
        let literal = if place < last { literals.next() } else { None };
        // The announcement of a literal is not data.
        let cut = literal.as_ref().and_then(|_| line.iter().rposition(|byte| *byte == b'{'));
        split(line.get(..cut.unwrap_or(line.len())).unwrap_or_default(), &mut tokens);
        tokens.extend(literal.map(Token::Text));
    }
    // The star in front of every answer.
    if tokens.first().and_then(Token::atom) == Some("*") {
        tokens.remove(0);
    }
    tokens
}

fn split(line: &[u8], tokens: &mut Vec<Token>) {
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if tokens.len() >= MOST_TOKENS {
            return;
        }
        match byte {
            b' ' => {}
            b'(' => tokens.push(Token::Open),
            b')' => tokens.push(Token::Close),
            b'"' => {
                let mut text = Vec::new();
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => text.extend(bytes.next()),
                        _ => text.push(byte),
                    }
                }
                tokens.push(Token::Text(text));
            }
            _ => {
                let mut word = vec![byte];
                let mut bracketed = byte == b'[';
                while let Some(next) = bytes.peek().copied() {
                    if !bracketed && matches!(next, b' ' | b'(' | b')' | b'"') {
                        break;
                    }
                    bracketed = (bracketed || next == b'[') && next != b']';
                    word.push(next);
                    bytes.next();
                }
                tokens.push(Token::Atom(String::from_utf8_lossy(&word).into_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Answer {
        read(Unit { text: vec![text.as_bytes().to_vec()], literals: Vec::new() })
    }

    #[test]
    fn statuses() {
        let Answer::Status { tag, status, text } = line("A1 NO [AUTHENTICATIONFAILED] no \"way")
        else {
            panic!("no status");
        };
        assert_eq!((tag.as_deref(), status), (Some("A1"), Status::No));
        assert_eq!(text, "[AUTHENTICATIONFAILED] no \"way");
        assert!(matches!(line("* bye"), Answer::Status { status: Status::Bye, tag: None, .. }));
        assert!(matches!(line("+ idling"), Answer::GoOn(_)));
        assert_eq!(number_in_code("[UIDVALIDITY 77] ok", "uidvalidity"), Some(77));
        assert_eq!(number_in_code("[UIDVALIDITY x] ok", "uidvalidity"), None);
        assert_eq!(number_in_code("[UIDVALIDITY", "uidvalidity"), None);
    }

    #[test]
    fn a_list_is_flat() {
        let unit = Unit {
            text: vec![
                br"* 2 FETCH (UID 9 BODY[HEADER.FIELDS (MESSAGE-ID)] {4}".to_vec(),
                br#" X ("a \"b\"" NIL))"#.to_vec(),
            ],
            literals: vec![b"abcd".to_vec()],
        };
        let Answer::Data(tokens) = read(unit) else { panic!("no data") };
        let words: Vec<String> = tokens.iter().filter_map(Token::string).collect();
        assert_eq!(
            words,
            [
                "2",
                "FETCH",
                "UID",
                "9",
                "BODY[HEADER.FIELDS (MESSAGE-ID)]",
                "abcd",
                "X",
                "a \"b\"",
                "NIL"
            ]
        );
        assert_eq!(tokens.iter().filter(|token| **token == Token::Open).count(), 2);
    }

    /// A hundred thousand opening brackets end other programs by a stack that is used up.
    #[test]
    fn c27_depth_costs_nothing() {
        let deep = |depth| format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(depth));
        let Answer::Data(tokens) = line(&deep(20_000)) else { panic!("no data") };
        assert_eq!(tokens.len(), 20_004);
        // And no memory either: what nobody needs is not kept.
        let Answer::Data(tokens) = line(&deep(60_000)) else { panic!("no data") };
        assert!(tokens.len() <= MOST_TOKENS);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_read(text in proptest::collection::vec(proptest::collection::vec(0_u8..=255, 0..40), 0..4)) {
            let literals = text.iter().skip(1).map(|_| b"x".to_vec()).collect();
            let _ = read(Unit { text, literals });
        }
    }
}
