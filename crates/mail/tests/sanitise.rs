//! What the sanitiser leaves of hostile, broken and endless HTML (hazards C24, 1.5).

#[path = "support/active.rs"]
mod active;

use std::time::Instant;

use active::findings;
use mail::sanitise::{Remote, kept, reply, shown};

fn cases() -> Vec<String> {
    let lines = include_str!("sanitise_cases.txt").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| line.replace("\\n", "\n")).collect()
}

fn nothing(_: &str) -> Option<String> {
    None
}

#[test]
fn c24_of_every_case_nothing_active_is_left() {
    let cases = cases();
    assert!(cases.len() > 100, "{}", cases.len());
    for case in &cases {
        let kept_once = kept(case);
        assert_eq!(findings(&kept_once.html, true), [] as [String; 0], "{case}");
        assert_eq!(kept(&kept_once.html).html, kept_once.html, "twice: {case}");
        let blocked = shown(&kept_once.html, Remote::Withheld, &nothing);
        assert_eq!(findings(&blocked, false), [] as [String; 0], "{case}");
        let sent = reply(case);
        assert_eq!(findings(&sent, false), [] as [String; 0], "{case}");
        assert!(!sent.contains("style=") && !sent.contains("<img"), "{sent}");
        assert_eq!(reply(&sent), sent, "twice: {case}");
    }
}

/// Each case inside each other one, and behind it: what one opens must not free the other.
#[test]
fn c24_pairs_of_cases_free_nothing() {
    let cases = cases();
    for outer in cases.iter().step_by(3) {
        for inner in &cases {
            let both = format!("<div>{outer}<p>{inner}</div>{outer}");
            let kept = kept(&both);
            assert_eq!(findings(&kept.html, true), [] as [String; 0], "{both}");
        }
    }
}

/// The check itself finds what is active.
#[test]
fn the_check_can_fail() {
    for bad in [
        "<script>x</script>",
        "<p onclick=x>",
        "<a href=javascript:x>",
        "<img src=https://a.example/b>",
        "<p style='background:url(x)'>",
        "<p style='width:expression(x)'>",
        "<p style='background: image-set(x)'>",
        "<p style='color:red; position :fixed'>",
        "<p style='-moz-binding:x'>",
        "<svg>",
        "<x-y>",
        "<img src=data:image/svg+xml;base64,AA>",
    ] {
        assert!(!findings(bad, false).is_empty(), "{bad}");
    }
}

#[test]
fn what_people_write_stays() {
    let html = "<div style=\"font-family:Arial;color:#222\"><p>Beste <b>Eva</b>,</p>\
        <table width=\"100%\" cellpadding=\"0\"><tr><td bgcolor=\"#eeeeee\" style=\"padding:8px\">Maat \
        <i>M</i> &amp; L</td></tr></table><ul><li>een<li>twee</ul>\
        <a href=\"https://winkel.example/?a=1&amp;b=2\">link</a><blockquote>oud</blockquote></div>";
    let kept = kept(html);
    for part in [
        "font-family:Arial",
        "<b>Eva</b>",
        "bgcolor=\"#eeeeee\"",
        "<li>een</li><li>twee</li>",
        "href=\"https://winkel.example/?a=1&amp;b=2\"",
        "rel=\"noopener noreferrer nofollow\"",
        "target=\"_blank\"",
        "<blockquote>oud</blockquote>",
        "&amp; L",
    ] {
        assert!(kept.html.contains(part), "{part} is not in {}", kept.html);
    }
    assert_eq!((kept.remote_images, kept.cut), (0, false));
}

/// C25: remote pictures are counted, and only fetched when somebody asks; the mail's own stand
/// where they belong; what only tells that somebody looked is gone in any case.
#[test]
fn c25_pictures() {
    let html = "<p>Zie <img src=\"CID:foto@x\" alt=\"De jas\" width=\"200\"> en \
        <img src='https://a.example/b.png' alt='Logo'> en <img src='http://a.example/c.png'>\
        <img src='https://a.example/p.gif' width='1' height='1'></p>";
    let kept = kept(html);
    assert_eq!(kept.remote_images, 2);
    assert!(!kept.html.contains("p.gif"), "{}", kept.html);
    let inline = |id: &str| (id == "foto@x").then(|| "data:image/png;base64,iVBO".to_owned());
    let blocked = shown(&kept.html, Remote::Withheld, &inline);
    assert!(blocked.contains("src=\"data:image/png;base64,iVBO\""), "{blocked}");
    assert!(!blocked.contains("a.example") && blocked.contains("alt=\"Logo\""), "{blocked}");
    let fetched = shown(&kept.html, Remote::Fetched, &inline);
    assert!(fetched.contains("https://a.example/b.png"), "{fetched}");
    let active = |_: &str| Some("data:image/svg+xml;base64,AAAA".to_owned());
    assert!(!shown(&kept.html, Remote::Withheld, &active).contains("svg"));
}

/// C20: whatever is deep, long or multiplies is read in linear time and bounded.
#[test]
fn c20_deep_long_and_multiplying() {
    let many = |piece: &str, times: usize| piece.repeat(times);
    let different = (0..100_000).fold(String::new(), |text, n| text + &format!("<b title={n}>"));
    for (what, html) in [
        ("deep", many("<div>", 200_000)),
        ("deep tables", many("<table><tr><td>", 60_000)),
        ("deep quotes", many("<blockquote>x", 80_000)),
        ("different emphasis", different + &many("<p>x</p>", 50_000)),
        ("reopened", many("<b>", 11) + &many("<div>x</div>", 80_000)),
        ("reopened links", many("<p><font size=1><b><i>x</p>", 40_000)),
        ("unclosed attribute", "<a href=\"".to_owned() + &many("x", 1_000_000)),
        ("attributes", "<p ".to_owned() + &many("a=1 ", 200_000) + ">"),
        ("signs", many("<", 1_000_000)),
        ("references", many("&amp", 250_000)),
        ("ends", many("</div>", 150_000)),
        ("mixed ends", many("<a><div></a></div>", 50_000)),
        ("style", format!("<p style=\"{}\">", many("color:red;", 100_000))),
        ("script", "<script>".to_owned() + &many("<!--<script>", 80_000)),
        ("select", many("<select><option>", 60_000)),
        ("svg", many("<svg>", 200_000)),
    ] {
        let begun = Instant::now();
        let kept = kept(&html);
        let took = begun.elapsed();
        println!("{what}: {} bytes to {} in {took:?}", html.len(), kept.html.len());
        assert!(took.as_secs() < 2, "{what} took {took:?}");
        assert!(kept.html.len() < 8 * 1024 * 1024, "{what}: {}", kept.html.len());
    }
}

#[test]
fn what_is_cut_says_so() {
    assert!(kept(&"<p>x</p>".repeat(30_000)).cut);
    assert!(kept(&"x".repeat(1_100_000)).cut);
    assert!(!kept("<p>x</p>").cut);
    assert_eq!(kept("<p>&nbsp;<br> </p>").html, "", "nothing to be seen");
    assert_eq!(kept("é".repeat(600_000).as_str()).html.chars().next(), Some('é'));
}

#[test]
fn replies_keep_what_a_reply_may_hold() {
    for same in [
        "<p>Groet,<br>Noor</p>",
        "<p><b>Linnen &amp; Leer</b> <a href=\"https://winkel.example/x?a=1\">site</a></p>",
        "{{#x}}<p>Dag {{name}}</p>{{/x}}",
        "Noor",
        "",
    ] {
        assert_eq!(reply(same), same);
    }
    assert_eq!(reply("<p style=color:red>Dag <img src=x> <u>u</u></p>"), "<p>Dag  u</p>");
    assert_eq!(reply("<a href='http://a.example/'>x</a>"), "x");
}
