//! A text cut where addresses are cut: at commas, line ends, brackets, turns such as `but`.

use super::words::{WORDS, plain};

/// What stands between a piece and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// A comma, a bracket, a dash.
    Comma,
    /// A line end.
    Line,
    /// A blank line.
    Blank,
    /// The end of a sentence, a colon, a word such as `instead`.
    Stop,
}

/// A stretch without a cut in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    /// Without blanks at its ends.
    pub text: &'a str,
    /// Its first byte in the whole text.
    pub at: usize,
    /// What stands before it.
    pub gap: Gap,
    /// Whether it stands in brackets.
    pub aside: bool,
}

/// Cuts a text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut list = Cutter { text, list: Vec::new(), start: 0, gap: Gap::Stop, depth: 0 };
    let mut skip = 0;
    for (at, letter) in text.char_indices() {
        if at < skip {
            continue;
        }
        let after = text.get(at + letter.len_utf8()..).unwrap_or_default();
        let before = text.get(list.start..at).unwrap_or_default();
        let (gap, length) = match letter {
            '\n' if after.starts_with('\n') => (Gap::Blank, 1),
            '\n' => (Gap::Line, 1),
            ',' | ';' | '|' | '·' | '•' => (Gap::Comma, letter.len_utf8()),
            '(' | ')' => (Gap::Comma, 1),
            '?' | '!' | '→' | '➡' => (Gap::Stop, letter.len_utf8()),
            '.' if ends_sentence(before, after) => (Gap::Stop, 1),
            ':' if before.ends_with(|it: char| it.is_alphabetic() || it == ' ') => (Gap::Stop, 1),
            '–' | '—' if after.starts_with(' ') => (Gap::Comma, letter.len_utf8()),
            '-' if before.ends_with(' ') && after.starts_with(' ') && !goes_on(before, after) => {
                (Gap::Comma, 1)
            }
            '-' | '=' if after.starts_with('>') => (Gap::Stop, 2),
            '/' if before.ends_with(' ') && after.starts_with(' ') => (Gap::Comma, 1),
            _ => continue,
        };
        skip = at + length;
        list.cut(at, gap, length);
        match letter {
            '(' => list.depth += 1,
            ')' => list.depth = 0,
            '\n' if gap == Gap::Blank => list.depth = 0,
            _ => {}
        }
    }
    list.cut(text.len(), Gap::Stop, 0);
    list.list
}

struct Cutter<'a> {
    text: &'a str,
    list: Vec<Piece<'a>>,
    start: usize,
    gap: Gap,
    depth: u32,
}

impl Cutter<'_> {
    /// Ends the piece at `at`; the next one comes after `gap`.
    fn cut(&mut self, at: usize, gap: Gap, length: usize) {
        let raw = self.text.get(self.start..at).unwrap_or_default();
        let mut start = self.start;
        let mut word_start = None;
        for (offset, letter) in raw.char_indices().chain([(raw.len(), ' ')]) {
            if !letter.is_whitespace() {
                word_start = word_start.or(Some(offset));
                continue;
            }
            let Some(from) = word_start.take() else { continue };
            let word = raw.get(from..offset).unwrap_or_default();
            if turns(word) {
                self.push(start, self.start + from);
                self.gap = Gap::Stop;
                start = self.start + offset;
            }
        }
        let pushed = self.push(start, at);
        self.gap = match (gap, pushed) {
            (Gap::Comma | Gap::Line, false) if self.gap != Gap::Comma => {
                // `:` at a line end goes on to the next line, an empty piece hides nothing.
                self.gap
            }
            _ => gap,
        };
        self.start = at + length;
    }

    fn push(&mut self, from: usize, to: usize) -> bool {
        let raw = self.text.get(from..to).unwrap_or_default();
        let text = raw.trim();
        if text.is_empty() {
            return false;
        }
        let at = from + (raw.len() - raw.trim_start().len());
        self.list.push(Piece { text, at, gap: self.gap, aside: self.depth > 0 });
        self.gap = Gap::Comma;
        true
    }
}

fn turns(word: &str) -> bool {
    word.len() < 18 && word.bytes().all(|it| !it.is_ascii_digit()) && {
        let known = |lower: &str| {
            WORDS.turns.contains(lower.trim_end_matches('.')) || WORDS.turns.contains(lower)
        };
        if word.bytes().any(|it| it.is_ascii_uppercase() || !it.is_ascii()) {
            known(&word.to_lowercase())
        } else {
            known(word)
        }
    }
}

/// Whether a full stop ends a sentence: not in `Bahnhofstr. 9`, `Co. Cork`, `3. OG`, `J. Smit`.
fn ends_sentence(before: &str, after: &str) -> bool {
    const SHORT: [&str; 25] = [
        "st", "str", "dr", "co", "nr", "no", "mr", "mrs", "burg", "prof", "pr", "apt", "app",
        "ave", "rd", "blvd", "ing", "ds", "mgr", "gen", "tel", "mevr", "dhr", "fam", "ul",
    ];
    if !after.is_empty() && !after.starts_with(char::is_whitespace) {
        return false;
    }
    let word = before.rsplit([' ', '\n', '(']).next().unwrap_or_default();
    let lower = plain(word);
    let next = after.split_whitespace().next().map(plain).unwrap_or_default();
    let short = word.chars().count() == 1 && word.starts_with(char::is_uppercase)
        || SHORT.contains(&lower.as_str())
        || lower.ends_with("str") && lower.len() > 4
        || word.contains('.');
    let ordinal = word.bytes().all(|it| it.is_ascii_digit()) && WORDS.storey.contains(&next);
    !short && !ordinal
}

/// `11 - loods 4` and `12 - 14` are one number.
fn goes_on(before: &str, after: &str) -> bool {
    let next = after.split_whitespace().next().map(plain).unwrap_or_default();
    before.trim_end().ends_with(|it: char| it.is_ascii_digit())
        && (WORDS.unit.contains(&next) || next.len() <= 3)
}
