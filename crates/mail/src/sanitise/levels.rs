//! Tokens in, balanced HTML out: linear in its input, bounded in its output, with nothing but
//! elements of a list. Raw text, other namespaces, templates and forms do not survive it, so
//! whoever reads the result reads it as it was written.

use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::attributes::{self, Images};

/// Bytes that are read.
const MOST_INPUT: usize = 4 * 1024 * 1024;
/// Bytes that are written, but for the ends of what is open.
const MOST_OUTPUT: usize = 1024 * 1024;
/// Elements that are written.
const MOST_ELEMENTS: usize = 20_000;
/// Elements inside one another.
const DEEPEST: usize = 100;
/// Of these, such as a browser opens again by itself: each level multiplies what it makes.
const DEEPEST_EMPHASIS: usize = 12;

/// What is written with.
pub(super) struct Rules<'a> {
    pub kind: Kind,
    pub images: &'a Images<'a>,
}

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A customer's mail, to be looked at.
    Mail,
    /// The shop's own words, to be sent.
    Reply,
}

/// Elements of a reply.
pub(super) const REPLY: [&str; 10] = ["a", "b", "br", "em", "i", "li", "ol", "p", "strong", "ul"];
/// Elements of a mail.
pub(super) const MAIL: [&str; 69] = [
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];
/// Of these nothing is kept, whatever they hold.
const DROPPED: [&str; 15] = [
    "script",
    "style",
    "iframe",
    "noembed",
    "noframes",
    "xmp",
    "title",
    "textarea",
    "plaintext",
    "svg",
    "math",
    "template",
    "select",
    "object",
    "frameset",
];
const EMPHASIS: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u", "nobr",
];
const VOID: [&str; 5] = ["br", "hr", "img", "wbr", "col"];

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Levelled {
    pub html: String,
    pub remote_images: usize,
    pub cut: bool,
}

/// Writes `html` anew.
pub(super) fn level(html: &str, rules: &Rules<'_>) -> Levelled {
    let read = start_of(html, MOST_INPUT);
    let writer = Writer { rules, state: RefCell::default() };
    let tokenizer = Tokenizer::new(writer, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(read));
    let _no_scripts_to_wait_for = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.state.take();
    while let Some(name) = state.open.pop() {
        state.out.html.extend(["</", &name, ">"]);
    }
    state.out.cut |= read.len() < html.len();
    state.out
}

/// The text up to `most` bytes, at a character.
pub(super) fn start_of(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Whether there is a letter or a picture in it.
pub(super) fn shows_something(html: &str) -> bool {
    html.contains("<img")
        || html.split('<').enumerate().any(|(number, piece)| {
            let text =
                if number == 0 { piece } else { piece.split_once('>').map_or("", |(_, t)| t) };
            text.replace("&nbsp;", "")
                .chars()
                .any(|c| !c.is_whitespace() && !crate::parse::clean::is_invisible(c))
        })
}

#[derive(Debug, Default)]
struct State {
    out: Levelled,
    elements: usize,
    open: Vec<String>,
    emphasis: usize,
    /// Elements that were not written, by name: their ends are not written either.
    unwritten: HashMap<String, usize>,
    /// The element whose end is awaited, and how many of its kind are open inside it.
    skipping: Option<(String, usize)>,
}

struct Writer<'a> {
    rules: &'a Rules<'a>,
    state: RefCell<State>,
}

impl TokenSink for Writer<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                return state.start(&tag, self.rules);
            }
            Token::TagToken(tag) => state.end(&tag.name.to_lowercase()),
            Token::CharacterTokens(text) => state.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn start(&mut self, tag: &Tag, rules: &Rules<'_>) -> TokenSinkResult<()> {
        let name = tag.name.to_lowercase();
        let raw = raw_text(&name);
        if let Some((awaited, depth)) = &mut self.skipping {
            if *awaited == name && raw.is_none() && !tag.self_closing {
                *depth += 1;
            }
            return raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
        }
        if DROPPED.contains(&name.as_str()) {
            if name == "plaintext" {
                self.skipping = Some((name, 1));
                return TokenSinkResult::Plaintext;
            }
            if raw.is_some() || !tag.self_closing {
                self.skipping = Some((name, 1));
            }
            return raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
        }
        let listed = match rules.kind {
            Kind::Mail => MAIL.contains(&name.as_str()),
            Kind::Reply => REPLY.contains(&name.as_str()),
        };
        if listed {
            self.close_implied(&name);
            self.write(name, tag, rules);
        }
        TokenSinkResult::Continue
    }

    fn write(&mut self, name: String, tag: &Tag, rules: &Rules<'_>) {
        let void = VOID.contains(&name.as_str());
        let emphasis = EMPHASIS.contains(&name.as_str());
        let full = self.elements >= MOST_ELEMENTS || self.out.html.len() >= MOST_OUTPUT;
        self.out.cut |= full;
        let too_deep =
            self.open.len() >= DEEPEST || (emphasis && self.emphasis >= DEEPEST_EMPHASIS);
        let kept = attributes::kept(&name, tag, rules);
        // A link to nowhere, a picture that is none.
        let Some(kept) = kept.filter(|_| !full && (void || !too_deep)) else {
            if !void {
                *self.unwritten.entry(name).or_default() += 1;
            }
            return;
        };
        self.out.remote_images += usize::from(kept.remote_image);
        self.elements += 1;
        self.out.html.extend(["<", &name, &kept.text, ">"]);
        if !void {
            self.emphasis += usize::from(emphasis);
            self.open.push(name);
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((awaited, depth)) = &mut self.skipping {
            if awaited == name {
                *depth -= 1;
                if *depth == 0 {
                    self.skipping = None;
                }
            }
            return;
        }
        if let Some(unwritten) = self.unwritten.get_mut(name).filter(|number| **number > 0) {
            *unwritten -= 1;
            return;
        }
        // The end of something around a table does not end the table.
        let of_table = matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th");
        let wall = |open: &String| !of_table && matches!(open.as_str(), "td" | "th" | "table");
        let place =
            self.open.iter().rev().take_while(|open| !wall(open)).position(|open| open == name);
        if let Some(place) = place {
            self.close(place + 1);
        }
    }

    fn close(&mut self, levels: usize) {
        for _ in 0..levels {
            let Some(name) = self.open.pop() else { return };
            if EMPHASIS.contains(&name.as_str()) {
                self.emphasis = self.emphasis.saturating_sub(1);
            }
            self.out.html.extend(["</", &name, ">"]);
        }
    }

    /// Ends that HTML lets people leave out.
    fn close_implied(&mut self, name: &str) {
        let (closes, stops): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "table", "td", "th", "blockquote", "div"]),
            "dd" | "dt" => (&["dd", "dt"], &["dl", "table", "td", "th"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr"], &["tbody", "thead", "tfoot", "table"]),
            "tbody" | "thead" | "tfoot" => (&["tbody", "thead", "tfoot", "colgroup"], &["table"]),
            "p" | "div" | "table" | "ul" | "ol" | "blockquote" | "hr" | "pre" | "center" | "h1"
            | "h2" | "h3" | "h4" | "h5" | "h6" => {
                if self.open.last().is_some_and(|last| last == "p") {
                    self.close(1);
                }
                return;
            }
            "a" => (&["a"], &["table", "td", "th", "div"]),
            _ => return,
        };
        let inside = self.open.iter().rev().take_while(|open| !stops.contains(&open.as_str()));
        let found = inside.clone().position(|open| closes.contains(&open.as_str()));
        if let Some(place) = found {
            self.close(place + 1);
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipping.is_some() {
            return;
        }
        if self.out.html.len() >= MOST_OUTPUT {
            self.out.cut = true;
            return;
        }
        escape(text, &mut self.out.html);
    }
}

/// Text, or the value of an attribute, with no sign in it that means something.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
}

/// Elements whose content is no markup.
fn raw_text(name: &str) -> Option<RawKind> {
    match name {
        "script" => Some(ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(Rawtext),
        "title" | "textarea" => Some(Rcdata),
        _ => None,
    }
}
