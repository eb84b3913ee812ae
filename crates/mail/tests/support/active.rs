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
        "style" => {
            let active = ["url", "expression", "import", "behavior", "binding", "\\", "@", "/*"];
            let moves = ["position", "z-index", "content:", "animation", "filter", "cursor"];
            !active.iter().chain(&moves).any(|bad| value.contains(bad))
        }
        // A title may say anything, a class or an id nothing.
        "title" | "alt" | "width" | "height" | "align" | "valign" | "bgcolor" | "color"
        | "face" | "size" | "border" | "cellpadding" | "cellspacing" | "colspan" | "rowspan"
        | "span" | "start" | "dir" | "lang" => true,
        "rel" => value == "noopener noreferrer nofollow",
        "target" => value == "_blank",
        _ => false,
    }
}
