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
        let tag = tag.trim_start_matches('/');
        let end = tag.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = tag.get(..end).unwrap_or_default();
        let is_one = |of: &[&str]| of.iter().any(|known| name.eq_ignore_ascii_case(known));
        if is_one(&["br", "tr", "div", "h1", "h2", "h3"]) {
            text.push('\n');
        } else if is_one(&["p", "ul", "ol", "table", "hr", "blockquote"]) {
            text.push_str("\n\n");
        } else if is_one(&["li"]) && !closing {
            text.push_str("\n- ");
        } else if is_one(&["td", "th"]) && !closing {
            text.push(' ');
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
    for (number, line) in source.split(['\n', '\r', '\t']).enumerate() {
        if number > 0 {
            text.push(' ');
        }
        text.push_str(line);
    }
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
    let mut result = String::with_capacity(text.len());
    let mut after_text = false;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let first = words.next();
        if first.is_none() && !after_text {
            continue;
        }
        if !result.is_empty() {
            result.push('\n');
        }
        after_text = first.is_some();
        result.push_str(first.unwrap_or_default());
        for word in words {
            result.push(' ');
            result.push_str(word);
        }
    }
    result.truncate(result.trim_end().len());
    result
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
    fn one_empty_line_at_most_and_none_at_the_ends() {
        assert_eq!(tidy(" \n\n a  b \n\n\t\n c\n \nd\n \n"), "a b\n\nc\n\nd");
    }

    #[test]
    fn survives_broken_markup() {
        assert_eq!(plain("a < b &unknown; &#x31;&#50; <"), "a < b &unknown; 12 <");
    }
}
