//! Transfer encodings, read leniently: a damaged part gives what can be read of it.

use sha2::{Digest, Sha256};

/// Decoded bytes, and whether they had to be repaired.
pub(super) struct Decoded {
    pub bytes: Vec<u8>,
    pub repaired: bool,
}

/// Undoes the transfer encoding with this name.
pub(super) fn transfer(encoding: &str, bytes: &[u8]) -> Decoded {
    let name = encoding.trim().to_ascii_lowercase();
    match name.as_str() {
        "base64" => base64(bytes),
        "quoted-printable" => quoted_printable(bytes),
        _ => Decoded { bytes: bytes.to_vec(), repaired: false },
    }
}

/// The size of a part once decoded, without decoding it.
pub(super) fn decoded_size(encoding: &str, bytes: &[u8]) -> u64 {
    let name = encoding.trim().to_ascii_lowercase();
    let size = match name.as_str() {
        "base64" => bytes.iter().filter(|byte| sextet(**byte).is_some()).count() * 3 / 4,
        "quoted-printable" => {
            // Every `=` stands before two characters that vanish.
            bytes.len().saturating_sub(2 * bytes.split(|byte| *byte == b'=').skip(1).count())
        }
        _ => bytes.len(),
    };
    size as u64
}

/// SHA-256 and size of a part once decoded. Large parts are decoded piece by piece.
pub(super) fn digest(encoding: &str, bytes: &[u8]) -> ([u8; 32], u64) {
    const PIECE: usize = 64 * 1024;
    if !encoding.trim().eq_ignore_ascii_case("base64") {
        let decoded = transfer(encoding, bytes).bytes;
        return (Sha256::digest(&decoded).into(), decoded.len() as u64);
    }
    let (mut hash, mut size, mut bits) = (Sha256::new(), 0, Bits::default());
    let mut out = Vec::with_capacity(PIECE);
    for piece in bytes.chunks(PIECE) {
        out.clear();
        bits.read(piece, &mut out);
        hash.update(&out);
        size += out.len() as u64;
    }
    (hash.finalize().into(), size)
}

fn base64(bytes: &[u8]) -> Decoded {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut bits = Bits::default();
    bits.read(bytes, &mut out);
    Decoded { bytes: out, repaired: bits.repaired }
}

/// What of Base64 is not yet a whole byte.
#[derive(Default)]
struct Bits {
    buffer: u32,
    count: u8,
    repaired: bool,
}

impl Bits {
    fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            match (sextet(byte), byte) {
                (Some(value), _) => {
                    self.buffer = (self.buffer << 6) | u32::from(value);
                    self.count += 6;
                    if self.count >= 8 {
                        self.count -= 8;
                        out.push(u8::try_from((self.buffer >> self.count) & 0xff).unwrap_or(0));
                    }
                }
                // Padding ends a run; some clients concatenate several.
                (None, b'=') => (self.buffer, self.count) = (0, 0),
                (None, b'\r' | b'\n' | b' ' | b'\t') => {}
                (None, _) => self.repaired = true,
            }
        }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn quoted_printable(bytes: &[u8]) -> Decoded {
    let mut out = Vec::with_capacity(bytes.len());
    let mut repaired = false;
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        if let [high, low, behind @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = behind;
            continue;
        }
        // A soft line break, perhaps with blanks that a relay added before it.
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        match rest.get(blanks) {
            Some(b'\n') => rest = rest.get(blanks + 1..).unwrap_or_default(),
            None => rest = &[],
            Some(_) => {
                repaired = true;
                out.push(b'=');
            }
        }
    }
    Decoded { bytes: out, repaired }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
