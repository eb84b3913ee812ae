//! The text a person sees when HTML of our own making is shown. Used for the plain part of
//! a reply and by the guard, which must read what the customer will read.

/// Turns simple HTML into text: blocks become lines, list items get a dash, entities are
/// decoded, everything in angle brackets disappears. Linear in its length.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, behind)) = rest.split_once('<') {
        push_decoded(before, &mut text);
        let Some((tag, after)) = behind.split_once('>') else {
            // A bracket that closes nowhere is text.
            text.push('<');
            push_decoded(behind, &mut text);
            return tidy(&text);
        };
        rest = after;
        let closing = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .flat_map(char::to_lowercase)
            .collect();
        match (name.as_str(), closing) {
            ("br" | "tr" | "div" | "h1" | "h2" | "h3", _) => text.push('\n'),
            ("p" | "ul" | "ol" | "table" | "hr" | "blockquote", _) => text.push_str("\n\n"),
            ("li", false) => text.push_str("\n- "),
            ("td" | "th", false) => text.push(' '),
            _ => {}
        }
    }
    push_decoded(rest, &mut text);
    tidy(&text)
}

/// Decodes entities and folds the source's own line breaks into spaces.
fn push_decoded(source: &str, text: &mut String) {
    let mut rest = source;
    while let Some((before, behind)) = rest.split_once('&') {
        push_folded(before, text);
        let decoded = behind.split_once(';').and_then(|(name, after)| Some((entity(name)?, after)));
        let (character, after) = decoded.unwrap_or(('&', behind));
        text.push(character);
        rest = after;
    }
    push_folded(rest, text);
}

fn push_folded(source: &str, text: &mut String) {
    text.extend(source.chars().map(|c| if c == '\n' || c == '\r' || c == '\t' { ' ' } else { c }));
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "euro" => '€',
        "eacute" => 'é',
        "euml" => 'ë',
        "iuml" => 'ï',
        "ndash" => '–',
        "mdash" => '—',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number)?
        }
    })
}

/// No trailing blanks, no runs of blanks, at most one empty line between paragraphs.
fn tidy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if !(line.is_empty() && lines.last().is_none_or(String::is_empty)) {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_person_would() {
        let html = "<p>Beste Sanne,</p>\n<p>Je krijgt 15&nbsp;% terug &amp; meer.<br>Groet</p><ul><li>een</li><li>twee</li></ul>";
        assert_eq!(
            plain(html),
            "Beste Sanne,\n\nJe krijgt 15 % terug & meer.\nGroet\n\n- een\n- twee"
        );
    }

    #[test]
    fn survives_broken_markup() {
        assert_eq!(plain("a < b &unknown; &#x31;&#50; <"), "a < b &unknown; 12 <");
    }
}
