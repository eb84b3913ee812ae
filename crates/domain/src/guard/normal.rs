//! One spelling for what looks the same, so that a number cannot hide from the guard.

use unicode_normalization::UnicodeNormalization;

/// First code point (digit zero) of the decimal digit blocks that mail clients show.
const DIGIT_ZEROES: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810,
];

/// NFKC, lower case, Latin digits, no invisible characters, one kind of blank.
pub fn normalised(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // Nothing before an ASCII character changes with what stands behind it, so pieces that
        // begin with one are normalised by themselves. The last one before a foreign character may
        // be joined with it (an e and its accent) and belongs to its piece.
        let foreign = rest.bytes().position(|byte| !byte.is_ascii());
        let plain = foreign.map_or(rest.len(), |at| at.saturating_sub(1));
        let (ascii, behind) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        push_ascii(ascii, &mut result);
        let piece = behind.bytes().skip(1).position(|byte| byte.is_ascii());
        let piece = piece.map_or(behind.len(), |at| at + 1);
        let (foreign, behind) = behind.split_at_checked(piece).unwrap_or((behind, ""));
        push_any(foreign, &mut result);
        rest = behind;
    }
    result
}

fn push_any(text: &str, result: &mut String) {
    let characters = text
        .nfkc()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_whitespace() { if c == '\n' { '\n' } else { ' ' } } else { c })
        .map(latin_digit)
        .map(|c| match c {
            '٪' | '﹪' => '%',
            '’' | '‘' | '`' => '\'',
            '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
            '٫' => ',',
            other => other,
        })
        .flat_map(char::to_lowercase);
    result.extend(characters);
}

/// The same for the common case: in ASCII, NFKC changes nothing.
fn push_ascii(text: &str, result: &mut String) {
    let bytes = text.bytes().filter_map(|byte| match byte {
        b'\n' => Some('\n'),
        b'\t' | b' ' => Some(' '),
        b'`' => Some('\''),
        0..=0x1F | 0x7F => None,
        byte => Some(char::from(byte.to_ascii_lowercase())),
    });
    result.extend(bytes);
}

/// Characters that take no room: zero-width, direction marks, soft hyphens, tags,
/// variation selectors, controls.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}'
    ) || (c.is_control() && c != '\n' && c != '\t')
}

fn latin_digit(c: char) -> char {
    let code = u32::from(c);
    if code < 0x0660 {
        return c;
    }
    DIGIT_ZEROES
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .and_then(|zero| char::from_digit(code - zero, 10))
        .unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::normalised;

    #[test]
    fn the_short_way_is_the_long_way() {
        let all: String = (0..128).map(char::from).collect();
        assert_eq!(normalised(&all), whole(&all));
    }

    /// The whole text by the long way.
    fn whole(text: &str) -> String {
        let mut result = String::new();
        super::push_any(text, &mut result);
        result
    }

    #[test]
    fn pieces_are_joined_as_the_whole_is() {
        for text in [
            "e\u{301}e\u{301}\u{323}",
            "\u{301}a",
            "a\u{200B}\u{301}b",
            "ﬁ½e\u{300}",
            "가\u{11A8}x",
            "é",
            "",
        ] {
            assert_eq!(normalised(text), whole(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_the_same_in_pieces(
            text in "[a-eA-E0-9%`\\x00-\\x20À-ÿ\\u{300}-\\u{330}\\u{1100}-\\u{11FF}\\u{2000}-\\u{2070}①-⑳½€]{0,60}"
        ) {
            prop_assert_eq!(normalised(&text), whole(&text));
        }
    }

    #[test]
    fn hidden_and_foreign_digits_become_plain() {
        assert_eq!(normalised("١٥٪"), "15%");
        assert_eq!(normalised("１５％"), "15%");
        assert_eq!(normalised("1\u{200B}5\u{00AD} %"), "15 %");
        assert_eq!(normalised("𝟏𝟓 PROCENT"), "15 procent");
        assert_eq!(normalised("½"), "1⁄2");
    }
}
