//! The one sanitiser: what of HTML that somebody else wrote may be kept, shown or sent
//! (hazards C24, 1.5).
//!
//! Two programs in a row have to agree. `levels` reads the tokens and writes them anew,
//! balanced, from a short list of elements and attributes, within bounds of depth and number; so
//! the second, ammonia, meets nothing that is deep, endless or of another namespace, and decides
//! itself once more. What is kept is looked at again each time it is shown.
//!
//! It must not know where the HTML came from, nor who looks at it.

mod attributes; // which attributes, with which values
mod levels; // tokens, balanced and bounded
mod lists; // ammonia, told what may stand
mod styles; // inline styles

use attributes::Images;
use levels::{Kind, Rules, level};

/// How far one round of the two may still change what the round before left: malformed tables are
/// put in order by the second and renumbered by the first.
const ROUNDS: usize = 3;
/// Bytes of a mail's HTML that are read: five times what the large providers show of a mail.
const MOST_INPUT: usize = 512 * 1024;

/// HTML of a mail as it is kept: harmless, with the addresses of its pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// The content of a page's body; empty when nothing could be shown.
    pub html: String,
    /// Pictures that another server would be asked for.
    pub remote_images: usize,
    /// Whether there was more than is kept.
    pub cut: bool,
}

/// Whether pictures of other servers are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// Their place is shown, with what they are called.
    Withheld,
    /// The browser fetches them.
    Fetched,
}

/// HTML of a mail, to be kept. Doing it twice changes nothing.
#[must_use]
pub fn kept(html: &str) -> Kept {
    let rules = Rules { kind: Kind::Mail, images: &Images::Kept };
    let read = levels::start_of(html, MOST_INPUT);
    let first = level(read, &rules);
    let mut kept = Kept {
        html: lists::mail(&first.html),
        remote_images: first.remote_images,
        cut: first.cut || read.len() < html.len(),
    };
    for _ in 1..ROUNDS {
        let again = level(&kept.html, &rules);
        let html = lists::mail(&again.html);
        kept.remote_images = again.remote_images;
        let same = html == kept.html;
        kept.html = html;
        if same {
            break;
        }
    }
    if !levels::shows_something(&kept.html) {
        kept.html.clear();
    }
    kept
}

/// HTML of a mail, to be shown: sanitised again, with pictures of the mail itself in place.
/// `inline` gives a `data:` address for a Content-ID, without angle brackets.
#[must_use]
pub fn shown(kept: &str, remote: Remote, inline: &dyn Fn(&str) -> Option<String>) -> String {
    let images = Images::Shown { remote, inline };
    lists::mail(&level(kept, &Rules { kind: Kind::Mail, images: &images }).html)
}

/// HTML that the shop sends: paragraphs, lists, emphasis, and links to pages and mail addresses.
/// For signatures and templates. Doing it twice changes nothing.
#[must_use]
pub fn reply(html: &str) -> String {
    let rules = Rules { kind: Kind::Reply, images: &Images::Kept };
    let mut clean = lists::reply(&level(html, &rules).html);
    for _ in 1..ROUNDS {
        let again = lists::reply(&level(&clean, &rules).html);
        let same = again == clean;
        clean = again;
        if same {
            break;
        }
    }
    clean.trim().to_owned()
}
