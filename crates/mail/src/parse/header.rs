//! Header sections: split within bounds, values decoded one by one.

use std::borrow::Cow;

use domain::message::{Address, Header};
use mail_parser::parsers::MessageStream;
use mail_parser::{DateTime, HeaderValue};

use super::{Flags, clean, limits};

/// One field as it stands in the message.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    /// Lower case.
    pub name: String,
    /// Still folded and encoded, at most [`limits::FIELD_BYTES`].
    pub value: &'a [u8],
}

/// The header of a message or a part.
#[derive(Debug, Clone, Default)]
pub(super) struct Section<'a> {
    pub fields: Vec<Field<'a>>,
}

/// Splits a message or part into its header and its body. A line that is neither a field nor
/// a continuation ends the header, for some programs forget the empty line.
pub(super) fn split<'a>(bytes: &'a [u8], flags: &mut Flags) -> (Section<'a>, &'a [u8]) {
    let mut section = Section::default();
    let mut used = 0;
    let mut field: Option<(String, usize, usize)> = None;
    for (start, line) in lines(bytes) {
        let end = start + line.len();
        if is_blank(line) {
            keep(bytes, field, &mut section, &mut used, flags);
            return (section, bytes.get(end..).unwrap_or_default());
        }
        let folded = line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        match (folded, &mut field) {
            (true, Some((_, _, value_end))) => *value_end = end,
            (true, None) if section.fields.is_empty() => {}
            _ => match name(line) {
                Some((name, value)) => {
                    keep(bytes, field.take(), &mut section, &mut used, flags);
                    field = Some((name, start + value, end));
                }
                // The envelope line of an mbox file, sometimes quoted.
                None if start < 3
                    && (line.starts_with(b"From ") || line.starts_with(b">From ")) => {}
                None => {
                    keep(bytes, field, &mut section, &mut used, flags);
                    return (section, bytes.get(start..).unwrap_or_default());
                }
            },
        }
    }
    keep(bytes, field, &mut section, &mut used, flags);
    (section, &[])
}

/// The lines of a text with their starts, line ends included.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    bytes.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let here = start;
        start += line.len();
        (here, line)
    })
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n" | b"\r")
}

/// A field name in lower case and where the value begins.
fn name(line: &[u8]) -> Option<(String, usize)> {
    let colon = line.iter().take(200).position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let sound = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    sound.then(|| (String::from_utf8_lossy(name).to_ascii_lowercase(), colon + 1))
}

fn keep<'a>(
    bytes: &'a [u8],
    field: Option<(String, usize, usize)>,
    section: &mut Section<'a>,
    used: &mut usize,
    flags: &mut Flags,
) {
    let Some((name, start, end)) = field else { return };
    let end = if end - start > limits::FIELD_BYTES {
        flags.header_cut = true;
        start + limits::FIELD_BYTES
    } else {
        end
    };
    *used += end - start;
    if *used > limits::SECTION_BYTES || section.fields.len() >= limits::FIELDS {
        flags.header_cut = true;
        return;
    }
    section.fields.push(Field { name, value: bytes.get(start..end).unwrap_or_default() });
}

impl Section<'_> {
    /// The first field with this name (lower case).
    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value)
    }

    /// One line of clean text; empty when the field is absent.
    pub fn text(&self, name: &str) -> String {
        self.raw(name).map(unstructured).unwrap_or_default()
    }

    /// The addresses of all fields with this name, lower case, at most [`limits::ADDRESSES`].
    pub fn addresses(&self, name: &str, flags: &mut Flags) -> Vec<Address> {
        let mut found = Vec::new();
        for field in self.fields.iter().filter(|field| field.name == name) {
            let value = terminated(field.value);
            let HeaderValue::Address(addresses) = MessageStream::new(&value).parse_address() else {
                continue;
            };
            for one in addresses.iter() {
                if found.len() >= limits::ADDRESSES {
                    flags.recipients_cut = true;
                    break;
                }
                found.push(address(one));
            }
        }
        found.retain(|one| *one != Address::default());
        found
    }

    /// Whether two readers could take different addresses for the sender's: more than one, none,
    /// or one that is not written plainly (RFC 5322, section 3.6.2, allows one From field). A
    /// server's word on "the" sender then says nothing of the one we read.
    pub fn doubts_sender(&self, from: &Address) -> bool {
        let mut fields = self.fields.iter().filter(|field| field.name == "from");
        let (Some(field), None) = (fields.next(), fields.next()) else { return true };
        let text = as_text(field.value).to_lowercase();
        let value = terminated(field.value);
        let HeaderValue::Address(addresses) = MessageStream::new(&value).parse_address() else {
            return true;
        };
        let mut found = addresses.iter();
        let (Some(one), None) = (found.next(), found.next()) else { return true };
        let plain = one.address().is_some_and(|address| address.eq_ignore_ascii_case(&from.email));
        // Programs write the address as the name too; another one there is one for somebody.
        !plain || text.matches('@').count() != text.matches(from.email.as_str()).count()
    }

    /// The Message-IDs of a field, without angle brackets.
    pub fn ids(&self, name: &str) -> Vec<String> {
        let Some(raw) = self.raw(name) else { return Vec::new() };
        ids(&String::from_utf8_lossy(raw))
    }

    /// The Date field, if it can be read.
    pub fn date(&self) -> Option<jiff::Timestamp> {
        let value = terminated(self.raw("date")?);
        let HeaderValue::DateTime(date) = MessageStream::new(&value).parse_date() else {
            return None;
        };
        let plausible = DateTime::is_valid(&date);
        jiff::Timestamp::from_second(date.to_timestamp()).ok().filter(|_| plausible)
    }

    /// A field with parameters: `Content-Type`, `Content-Disposition`.
    pub fn parameters(&self, name: &str) -> Option<Parameters> {
        let value = terminated(self.raw(name)?);
        let HeaderValue::ContentType(found) = MessageStream::new(&value).parse_content_type()
        else {
            return None;
        };
        let pairs = found.attributes().unwrap_or_default().iter();
        Some(Parameters {
            kind: found.ctype().trim().to_ascii_lowercase(),
            subtype: found.subtype().unwrap_or_default().trim().to_ascii_lowercase(),
            pairs: pairs
                .map(|pair| (pair.name.to_ascii_lowercase(), pair.value.to_string()))
                .collect(),
        })
    }

    /// All fields, unfolded and clean, in their order. Nothing is decoded: machines wrote them for
    /// machines, and an encoded word could bring brackets and semicolons that nobody put there
    /// (RFC 2047, section 5, allows it in no such field).
    pub fn all(&self) -> Vec<Header> {
        let clean = |field: &Field<'_>| Header {
            name: clean::header(&field.name),
            value: cut(clean::header(&as_text(field.value))),
        };
        self.fields.iter().map(clean).collect()
    }
}

/// A value such as `text/plain; charset=utf-8`.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    /// Lower case: `text`.
    pub kind: String,
    /// Lower case: `plain`; may be empty.
    pub subtype: String,
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// `kind/subtype` without parameters.
    pub fn bare(kind: &str, subtype: &str) -> Self {
        Self { kind: kind.to_owned(), subtype: subtype.to_owned(), pairs: Vec::new() }
    }

    /// The first parameter with this name (lower case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Everything between angle brackets; where there are none, words that look like Message-IDs.
pub(super) fn ids(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut push = |id: &str| {
        let id = clean::header(id).replace(' ', "");
        if !id.is_empty() && id.len() <= 998 && found.len() < limits::IDS && !found.contains(&id) {
            found.push(id);
        }
    };
    if text.contains('<') {
        for piece in text.split('<').skip(1) {
            push(piece.split('>').next().unwrap_or_default());
        }
    } else {
        // A bracket that closes and never opened belongs to nobody, least of all to our answer.
        let words = text.split_whitespace().filter_map(|word| word.split('>').next());
        words.filter(|word| word.contains('@')).for_each(push);
    }
    found
}

fn address(found: &mail_parser::Addr<'_>) -> Address {
    let name = cut(clean::header(found.name().unwrap_or_default()));
    let email = clean::header(found.address().unwrap_or_default()).replace(' ', "").to_lowercase();
    // A name that is an address where the address is missing.
    if email.is_empty() && name.contains('@') && !name.contains(' ') {
        return Address { email: sound(name.to_lowercase()), name: String::new() };
    }
    Address { name, email: sound(email) }
}

/// What is longer than an address can be is none: its beginning would be somebody else's.
fn sound(email: String) -> String {
    if email.chars().count() > limits::ADDRESS_CHARS { String::new() } else { email }
}

/// The start of a header value, as much as is kept.
fn cut(text: String) -> String {
    match text.char_indices().nth(limits::VALUE_CHARS) {
        None => text,
        Some((end, _)) => text.get(..end).unwrap_or_default().trim_end().to_owned(),
    }
}

fn unstructured(raw: &[u8]) -> String {
    let value = terminated(raw);
    match MessageStream::new(&value).parse_unstructured() {
        HeaderValue::Text(text) => cut(clean::header(&text)),
        _ => String::new(),
    }
}

/// The value as it is written.
fn as_text(raw: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(raw) {
        Ok(text) => text.into(),
        Err(_) => super::charset::to_text(raw, None).0.into(),
    }
}

/// The value as UTF-8 with a line end, as the decoder of values wants it.
fn terminated(raw: &[u8]) -> Vec<u8> {
    let text = as_text(raw);
    let mut value = text.trim().as_bytes().to_vec();
    value.extend_from_slice(b"\r\n");
    value
}
