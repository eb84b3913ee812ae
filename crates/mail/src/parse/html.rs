//! HTML as the text a person would read, in one pass without a tree: its cost is linear and
//! its memory bounded however deep the elements are nested.
//!
//! Quoted blocks become `> `, rules become a line of underscores, so that old conversation is
//! recognised as in plain text. What is hidden (`display:none` and its like) and what is no
//! text (scripts, styles, comments) is left out.

use super::html_tags::{entities, is_block, is_hidden, is_tight, is_void};

/// Deeper quotes are shown at this depth.
const DEEPEST_QUOTE: usize = 10;

/// The text of an HTML document or fragment.
#[must_use]
pub fn to_text(html: &str) -> String {
    let text = Walker::new(true).walk(html);
    if text.trim().is_empty() {
        // A mail that hides everything is shown rather than lost.
        return Walker::new(false).walk(html);
    }
    text
}

struct Walker {
    out: String,
    /// Line breaks owed before the next character.
    breaks: usize,
    space: bool,
    quotes: usize,
    preformatted: usize,
    /// The element whose end is awaited, and how many of its kind are open inside it.
    skipping: Option<(String, usize)>,
    skip_hidden: bool,
    line_is_empty: bool,
    /// Tags whose quotation marks never closed, so far.
    unclosed: usize,
    /// Ends that are known not to come: looking for them again would cost the square.
    missing_ends: Vec<String>,
}

impl Walker {
    fn new(skip_hidden: bool) -> Self {
        Self {
            out: String::new(),
            breaks: 0,
            space: false,
            quotes: 0,
            preformatted: 0,
            skipping: None,
            skip_hidden,
            line_is_empty: true,
            unclosed: 0,
            missing_ends: Vec::new(),
        }
    }

    fn walk(mut self, html: &str) -> String {
        let mut rest = html;
        while let Some(open) = rest.find('<') {
            let (text, tag) = rest.split_at_checked(open).unwrap_or((rest, ""));
            self.text(text);
            rest = self.markup(tag);
        }
        self.text(rest);
        self.out
    }

    /// Reads the markup at the start of `rest`, returns what follows.
    fn markup<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some(comment) = rest.strip_prefix("<!--") {
            return match self
                .once("-->", comment, |rest| rest.split_once("-->").map(|(_, behind)| behind))
            {
                Some(behind) => behind,
                None => comment.split_once('>').map_or("", |(_, behind)| behind),
            };
        }
        let inside = rest.get(1..).unwrap_or_default();
        let closing = inside.starts_with('/');
        let name_start = inside.trim_start_matches('/');
        if !name_start.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
            // `a < b`: a sign, no tag.
            self.text("<");
            return inside;
        }
        let Some(end) = self.tag_end(inside) else { return "" };
        let tag = inside.get(..end).unwrap_or_default();
        let behind = inside.get(end + 1..).unwrap_or_default();
        let name: String = name_start
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(20)
            .collect::<String>()
            .to_ascii_lowercase();
        if closing {
            self.close(&name);
            return behind;
        }
        if matches!(name.as_str(), "script" | "style" | "title" | "textarea" | "noframes") {
            let found = self.once(&name, behind, |rest| behind_element(rest, &name));
            return found.unwrap_or(behind);
        }
        self.open(&name, tag);
        behind
    }

    /// Looks for an end once; when it is not there, it is not looked for again.
    fn once<'a>(
        &mut self,
        end: &str,
        rest: &'a str,
        look: impl Fn(&'a str) -> Option<&'a str>,
    ) -> Option<&'a str> {
        if self.missing_ends.iter().any(|missing| missing == end) {
            return None;
        }
        let found = look(rest);
        if found.is_none() {
            self.missing_ends.push(end.to_owned());
        }
        found
    }

    /// Where a tag ends; a `>` inside quotation marks does not end it, unless they do not
    /// close within reason.
    fn tag_end(&mut self, tag: &str) -> Option<usize> {
        const LONGEST_TAG: usize = 16 * 1024;
        const MOST_UNCLOSED: usize = 100;
        if self.unclosed < MOST_UNCLOSED {
            if let Some(end) = quoted_tag_end(tag, LONGEST_TAG) {
                return Some(end);
            }
            self.unclosed += 1;
        }
        tag.find('>')
    }

    fn open(&mut self, name: &str, tag: &str) {
        if let Some((awaited, depth)) = &mut self.skipping {
            if awaited == name {
                *depth += 1;
            }
            return;
        }
        if self.skip_hidden && !is_void(name) && !tag.ends_with('/') && is_hidden(tag) {
            self.skipping = Some((name.to_owned(), 1));
            return;
        }
        match name {
            "br" => self.line_break(),
            "hr" => {
                self.block(1);
                self.text("________________________________");
                self.block(1);
            }
            "blockquote" => {
                self.block(1);
                self.quotes += 1;
            }
            "pre" => {
                self.block(1);
                self.preformatted += 1;
            }
            "li" => {
                self.block(1);
                self.text("- ");
                self.space = false;
            }
            "td" | "th" => self.space = true,
            "p" => self.block(if is_tight(tag) { 1 } else { 2 }),
            _ if is_block(name) => self.block(1),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if let Some((awaited, depth)) = &mut self.skipping {
            if awaited == name {
                *depth -= 1;
            }
            if *depth == 0 {
                self.skipping = None;
            }
            return;
        }
        match name {
            "blockquote" => {
                self.block(1);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "pre" => {
                self.block(1);
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" => self.block(1),
            _ if is_block(name) => self.block(1),
            _ => {}
        }
    }

    /// At least this many line breaks before the next text.
    fn block(&mut self, breaks: usize) {
        let owed = if self.line_is_empty { breaks - 1 } else { breaks };
        self.breaks = self.breaks.max(owed);
        self.space = false;
    }

    /// `<br>`: one more line break.
    fn line_break(&mut self) {
        if self.breaks == 0 && !self.line_is_empty {
            self.breaks = 1;
        } else {
            self.new_line();
        }
        self.space = false;
        if self.breaks > 0 {
            self.flush_breaks();
        }
    }

    fn new_line(&mut self) {
        if self.line_is_empty {
            self.prefix();
        }
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        self.line_is_empty = true;
    }

    fn prefix(&mut self) {
        let depth = self.quotes.min(DEEPEST_QUOTE);
        if depth > 0 && (self.out.is_empty() || self.out.ends_with('\n')) {
            self.out.extend(std::iter::repeat_n('>', depth));
            self.out.push(' ');
        }
    }

    fn flush_breaks(&mut self) {
        for _ in 0..std::mem::take(&mut self.breaks).min(2) {
            if !self.out.is_empty() {
                self.new_line();
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipping.is_some() || text.is_empty() {
            return;
        }
        let decoded = entities(text);
        for c in decoded.chars() {
            self.character(c);
        }
    }

    fn character(&mut self, c: char) {
        if self.preformatted > 0 && c == '\n' {
            self.new_line();
        } else if c == '\u{a0}' && (self.line_is_empty || self.breaks > 0) {
            // An empty paragraph of Word: a line of its own.
            self.flush_breaks();
            self.prefix();
            self.line_is_empty = false;
        } else if c.is_whitespace() && (self.preformatted == 0 || c == '\r') {
            self.space = true;
        } else {
            self.flush_breaks();
            if self.line_is_empty {
                self.prefix();
            } else if self.space {
                self.out.push(' ');
            }
            self.space = false;
            self.line_is_empty = false;
            self.out.push(c);
        }
    }
}

fn quoted_tag_end(tag: &str, longest: usize) -> Option<usize> {
    let mut quote: Option<u8> = None;
    let mut after_equals = false;
    for (place, byte) in tag.bytes().enumerate().take(longest) {
        match (quote, byte) {
            (None, b'>') => return Some(place),
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        after_equals = byte == b'=' || (after_equals && byte.is_ascii_whitespace());
    }
    None
}

/// What follows the end of an element whose content is no text.
fn behind_element<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let mut from = rest;
    while let Some(at) = from.find("</") {
        let tag = from.get(at + 2..)?;
        let is_end = tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_end {
            return Some(tag.split_once('>').map_or("", |(_, behind)| behind));
        }
        from = tag;
    }
    None
}
