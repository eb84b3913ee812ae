//! What a browser could do with HTML, told by its tokens alone and by a list of its own.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

#[derive(Default)]
struct Tags(RefCell<Vec<Tag>>);

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            self.0.borrow_mut().push(tag);
        }
        TokenSinkResult::Continue
    }
}

/// Elements that run, load, send, move, or change how what follows is read.
const NEVER: &str = "script style iframe frame frameset object embed applet form input button \
    select option textarea isindex keygen meta link base svg math template noscript noembed \
    noframes xmp plaintext listing title audio video source track canvas dialog marquee portal \
    image picture body html head map area slot details summary";

/// Everything in `html` that is active or asks another server, except pictures over the web when
/// `pictures` are allowed.
pub fn findings(html: &str, pictures: bool) -> Vec<String> {
    let tokenizer = Tokenizer::new(Tags::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _unused = tokenizer.feed(&input);
    tokenizer.end();
    let mut found = Vec::new();
    for tag in tokenizer.sink.0.borrow().iter() {
        let name = tag.name.to_lowercase();
        if NEVER.split_whitespace().any(|never| never == name) || name.contains(['-', ':']) {
            found.push(format!("<{name}>"));
        }
        for attribute in &tag.attrs {
            let key = attribute.name.local.to_lowercase();
            let value = attribute.value.trim().to_lowercase();
            if !is_calm(&name, &key, &value, pictures) {
                found.push(format!("<{name} {key}=\"{value}\">"));
            }
        }
    }
    found
}

fn is_calm(name: &str, key: &str, value: &str, pictures: bool) -> bool {
    let picture = ["png", "jpeg", "gif", "webp"]
        .iter()
        .any(|kind| value.starts_with(&format!("data:image/{kind};base64,")));
    match key {
        "href" => {
            name == "a"
                && ["https://", "http://", "mailto:", "tel:"].iter().any(|ok| value.starts_with(ok))
        }
        "src" => {
            let web = value.starts_with("https://") || value.starts_with("http://");
            name == "img" && (picture || value.starts_with("cid:") || (web && pictures))
        }
        "style" => is_calm_style(value),
        // A title may say anything, a class or an id nothing.
        "title" | "alt" | "width" | "height" | "align" | "valign" | "bgcolor" | "color"
        | "face" | "size" | "border" | "cellpadding" | "cellspacing" | "colspan" | "rowspan"
        | "span" | "start" | "dir" | "lang" => true,
        "rel" => value == "noopener noreferrer nofollow",
        "target" => value == "_blank",
        _ => false,
    }
}

/// By name, not by what a value contains: a typeface may be called anything, `curly` too.
fn is_calm_style(style: &str) -> bool {
    let never = ["position", "z-index", "content", "cursor", "behavior"];
    let never_in = ["animation", "transition", "filter", "binding", "mask", "clip"];
    let fetches_or_moves = |declaration: &str| {
        let name = declaration.split(':').next().unwrap_or_default().trim();
        never.contains(&name) || never_in.iter().any(|part| name.contains(part))
    };
    // Every function but those that name a colour: url(), expression(), image-set(), attr().
    let mut calls: Vec<&str> = style.split('(').collect();
    calls.pop();
    let runs = |before: &&str| {
        let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '-').next();
        !name.is_some_and(|name| ["rgb", "rgba", "hsl", "hsla"].contains(&name))
    };
    !["\\", "@", "/*"].iter().any(|sign| style.contains(sign))
        && !style.split(';').any(fetches_or_moves)
        && !calls.iter().any(runs)
}
