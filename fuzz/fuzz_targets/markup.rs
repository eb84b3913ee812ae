//! Any HTML, made harmless: nothing that runs, loads or asks another server unless that was
//! wanted, and doing it again changes nothing.
#![no_main]

#[path = "../../crates/mail/tests/support/active.rs"]
mod active;

use active::findings;
use libfuzzer_sys::fuzz_target;
use mail::parse::{clean, html};
use mail::sanitise::{Remote, kept, reply, shown};

/// What the mail's own pictures are put in as; the second is what must never pass.
const PICTURES: [&str; 2] = ["data:image/png;base64,iVBO", "data:image/svg+xml;base64,PHN2Zz4="];

fuzz_target!(|html: &str| {
    let once = kept(html);
    calm(&once.html, true);
    let twice = kept(&once.html);
    assert_eq!(twice.html, once.html, "sanitised again it is another");
    assert_eq!(twice.remote_images, once.remote_images);
    assert!(once.html.len() <= 16 * html.len() + 64 * 1024, "it grew to {}", once.html.len());
    for picture in PICTURES {
        let inline = |_: &str| Some(picture.to_owned());
        let withheld = shown(&once.html, Remote::Withheld, &inline);
        calm(&withheld, false);
        let fetched = shown(&once.html, Remote::Fetched, &inline);
        calm(&fetched, true);
        // Whatever comes from a disk or another writer is looked at as a stranger's.
        calm(&shown(html, Remote::Withheld, &inline), false);
    }
    let sent = reply(html);
    calm(&sent, false);
    // In a text each `<` is written as a reference.
    let of_mails = ["img", "table", "div"].map(|tag| format!("<{tag}"));
    assert!(!of_mails.iter().any(|tag| sent.contains(tag)), "{sent}");
    assert_eq!(reply(&sent), sent, "a reply sanitised again is another");
    let text = clean::body(&html::to_text(html));
    assert!(!text.contains('\0') && !text.chars().any(clean::is_invisible));
    assert!(text.len() <= 16 * html.len() + 1024, "its text grew to {}", text.len());
});

fn calm(html: &str, pictures: bool) {
    let found = findings(html, pictures);
    assert!(found.is_empty(), "{found:?} in {html}");
}
