//! One spelling for what looks the same, so that a number cannot hide from the guard.

use unicode_normalization::UnicodeNormalization;

/// First code point (digit zero) of the decimal digit blocks that mail clients show.
const DIGIT_ZEROES: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810,
];

/// NFKC, lower case, Latin digits, no invisible characters, one kind of blank.
pub fn normalised(text: &str) -> String {
    if text.is_ascii() {
        return ascii(text);
    }
    text.nfkc()
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
        .flat_map(char::to_lowercase)
        .collect()
}

/// The same for the common case: in ASCII, NFKC changes nothing.
fn ascii(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| match c {
            '\n' => '\n',
            '`' => '\'',
            c if c.is_whitespace() => ' ',
            c => c.to_ascii_lowercase(),
        })
        .collect()
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
    use super::normalised;

    #[test]
    fn the_short_way_is_the_long_way() {
        let all: String = (0..128).map(char::from).collect();
        // One letter beyond ASCII takes the long way.
        assert_eq!(format!("{}é", normalised(&all)), normalised(&format!("{all}é")));
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
