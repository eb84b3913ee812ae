//! A signature as it may stand under a mail: a short list of tags without attributes, and links.
//! Everything else is taken away, or becomes text.

/// Tags that stay, without attributes.
const KEPT: [&str; 9] = ["p", "br", "ul", "ol", "li", "strong", "em", "b", "i"];
/// Tags whose contents go as well.
const DROPPED: [&str; 6] = ["script", "style", "iframe", "object", "template", "svg"];

/// The signature with nothing in it that loads, hides or runs. Doing it twice changes nothing.
pub fn sanitised(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = html;
    while let Some((text, behind)) = rest.split_once('<') {
        put_text(&mut out, text);
        let begins_tag = behind.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        let Some((tag, after)) = behind.split_once('>').filter(|_| begins_tag) else {
            out.push_str("&lt;");
            rest = behind;
            continue;
        };
        rest = after;
        let closing = tag.starts_with('/');
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        if DROPPED.contains(&name.as_str()) && !closing {
            rest = behind_end(after, &name);
        } else if let Some(kept) = KEPT.into_iter().find(|kept| *kept == name) {
            put_tag(&mut out, &mut open, kept, closing, "");
        } else if name == "a" {
            match (closing, link(tag)) {
                (true, _) => put_tag(&mut out, &mut open, "a", true, ""),
                (false, Some(address)) => {
                    put_tag(&mut out, &mut open, "a", false, &format!(" href=\"{address}\""));
                }
                (false, None) => {}
            }
        }
    }
    put_text(&mut out, rest);
    while let Some(name) = open.pop() {
        out.extend(["</", name, ">"]);
    }
    out.trim().to_owned()
}

fn behind_end<'a>(after: &'a str, name: &str) -> &'a str {
    let lower = after.to_ascii_lowercase();
    let end = lower.find(&format!("</{name}"));
    let behind = end.and_then(|end| after.split_at_checked(end)).map_or("", |(_, behind)| behind);
    behind.split_once('>').map_or("", |(_, behind)| behind)
}

fn put_tag(
    out: &mut String,
    open: &mut Vec<&'static str>,
    name: &'static str,
    closing: bool,
    attribute: &str,
) {
    if name == "br" {
        out.extend(["<", name, ">"]);
    } else if !closing {
        open.push(name);
        out.extend(["<", name, attribute, ">"]);
    } else if open.contains(&name) {
        while let Some(last) = open.pop() {
            out.extend(["</", last, ">"]);
            if last == name {
                break;
            }
        }
    }
}

/// Text with its signs escaped; what is escaped already stays so.
fn put_text(out: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '&' if is_entity(text, at) => out.push('&'),
            '&' => out.push_str("&amp;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() && !"\n\t".contains(c) => {}
            c => out.push(c),
        }
    }
}

fn is_entity(text: &str, at: usize) -> bool {
    let behind = text.split_at_checked(at).map_or("", |(_, behind)| behind);
    let name = behind.trim_start_matches('&').split_once(';').map_or("", |(name, _)| name);
    let plain = name.strip_prefix('#').unwrap_or(name);
    !plain.is_empty() && plain.len() <= 8 && plain.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Where a link leads, if it leads to a page or a mail address.
fn link(tag: &str) -> Option<String> {
    let at = tag.to_ascii_lowercase().find("href=")?;
    let (_, value) = tag.split_at_checked(at)?;
    let value = value.split_at_checked(5)?.1.trim_start();
    let address = match value.chars().next()? {
        quote @ ('"' | '\'') => value.trim_start_matches(quote).split(quote).next()?,
        _ => value.split(char::is_whitespace).next()?,
    };
    let address = address.trim();
    let lower = address.to_ascii_lowercase();
    let leads = ["https://", "mailto:"].iter().any(|start| lower.starts_with(start));
    let plain =
        address.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"\"'<>`\\".contains(c));
    (leads && plain).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::sanitised;

    #[test]
    fn what_is_simple_stays() {
        for same in [
            "<p>Groet,<br>Noor</p>",
            "<p><b>Linnen &amp; Leer</b> <a href=\"https://winkel.example/x?a=1\">site</a></p>",
            "Noor",
            "",
        ] {
            assert_eq!(sanitised(same), same);
        }
    }

    #[test]
    fn what_runs_loads_or_hides_is_gone() {
        for (evil, left) in [
            ("<script>alert(1)</script>Noor", "Noor"),
            ("<p onclick=\"x()\" style=\"display:none\">Noor</p>", "<p>Noor</p>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "x"),
            ("<a href=' java\nscript:x'>x</a>", "x"),
            ("<img src=x onerror=alert(1)>Noor", "Noor"),
            ("<svg><script>x</script></svg>y", "y"),
            ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
            ("a < b", "a &lt; b"),
            ("<p>open", "<p>open</p>"),
            ("</p>los", "los"),
            (
                "<a href=\"https://x.example/\" onmouseover=x>y</a>",
                "<a href=\"https://x.example/\">y</a>",
            ),
        ] {
            assert_eq!(sanitised(evil), left, "{evil}");
            assert_eq!(sanitised(left), left);
        }
    }
}
