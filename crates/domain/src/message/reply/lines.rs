//! A text as lines, each with its quote mark taken off.

/// Longer lines are prose: they are never searched for headers, so that the cost of a line
/// has a bound.
pub(super) const LONGEST_HEADER_LINE: usize = 1500;

/// One line of a mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// As it stands in the mail, without the line end.
    pub raw: &'a str,
    /// Behind one level of quoting, trimmed.
    pub inner: &'a str,
    /// Stands behind `>`, `|` or initials with `>`.
    pub quoted: bool,
}

impl<'a> Line<'a> {
    fn new(raw: &'a str) -> Self {
        let raw = raw.trim_end_matches(['\r', '\u{feff}']).trim_start_matches('\u{feff}');
        match unquoted(raw) {
            Some(inner) => Self { raw, inner: trim(inner), quoted: true },
            None => Self { raw, inner: trim(raw), quoted: false },
        }
    }

    /// Nothing but white space, or a bare quote mark.
    pub fn is_blank(&self) -> bool {
        self.inner.is_empty()
    }

    /// Blank and not quoted.
    pub fn is_gap(&self) -> bool {
        self.inner.is_empty() && !self.quoted
    }

    /// The line behind one level of quoting, with its indentation.
    pub fn unquoted(&self) -> &'a str {
        unquoted(self.raw).map_or(self.raw, |inner| inner.strip_prefix(' ').unwrap_or(inner))
    }
}

/// All lines of a text.
pub(super) fn split(text: &str) -> Vec<Line<'_>> {
    text.lines().map(Line::new).collect()
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}')
}

/// What is behind the quote mark; `None` when there is none.
fn unquoted(raw: &str) -> Option<&str> {
    let start = raw.trim_start_matches([' ', '\t', '\u{a0}']);
    if raw.len() - start.len() > 4 {
        return None;
    }
    if let Some(rest) = start.strip_prefix('>') {
        // `>>> look here <<<` is an ornament.
        return (!start.trim_end().ends_with("<<")).then_some(rest);
    }
    if let Some(rest) = start.strip_prefix('|') {
        // A row of a table ends in a bar, too.
        let table = rest.contains('|');
        return (!table && (rest.is_empty() || rest.starts_with(' '))).then_some(rest);
    }
    let initials = start.bytes().take_while(u8::is_ascii_uppercase).count();
    if (1..=3).contains(&initials) {
        return start.get(initials..).and_then(|rest| rest.strip_prefix('>'));
    }
    None
}

/// The quoted line `index` broke in two on its way, and the line behind it is the rest.
///
/// Only when it cannot be an answer written between quotes: the quote goes on directly
/// behind it, and the line above stopped in the middle of a long sentence or a link. In a
/// mail where that happened (`wrapped`) the sentence above may have come to its end.
pub(super) fn is_broken_quote(lines: &[Line<'_>], index: usize, wrapped: bool) -> bool {
    let neighbours = (
        index.checked_sub(1).and_then(|above| lines.get(above)),
        lines.get(index),
        lines.get(index + 1),
    );
    let (Some(above), Some(line), Some(below)) = neighbours else { return false };
    if line.quoted || line.is_gap() || !above.quoted || !below.quoted || above.is_blank() {
        return false;
    }
    let open_link = above.inner.rfind("http").is_some_and(|at| {
        above.inner.get(at..).is_some_and(|link| link.contains("://") && !link.contains(' '))
    });
    let stopped = wrapped || !above.inner.ends_with(['.', '?', '!', ':', ';']);
    let goes_on = line.inner.chars().next().is_some_and(|c| !c.is_uppercase());
    open_link || (stopped && goes_on && above.inner.chars().count() >= 60)
}

/// The line stands directly between two quoted ones: part of a mail that was passed on by a
/// client that wraps lines, where nobody answers in between.
pub(super) fn is_between_quotes(lines: &[Line<'_>], index: usize) -> bool {
    let quoted = |place: Option<usize>| {
        place.and_then(|place| lines.get(place)).is_some_and(|line| line.quoted)
    };
    lines.get(index).is_some_and(|line| !line.is_gap())
        && quoted(index.checked_sub(1))
        && quoted(index.checked_add(1))
}
