//! Which part of a mail is new: not quoted, not forwarded, not the signature.
//!
//! It knows how mail programs mark a quotation, and nothing about what the words mean.
//! [`parts`] is the one door, so that another splitter can take its place.

/// A mail body cut in three. Every line of the body is in exactly one part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// What the customer wrote now.
    pub new: String,
    /// Name, address and small print under it.
    pub signature: String,
    /// What stood there already: earlier mails, forwarded mails.
    pub quoted: String,
}

/// A closing line is followed by a signature of at most this many lines.
const SIGNATURE_LINES: usize = 9;

/// Cuts `body` in new text, signature and quoted history.
pub(super) fn parts(body: &str) -> Parts {
    let lines: Vec<&str> = body.lines().map(str::trim_end).collect();
    let mut parts = Parts::default();
    let mut fresh: Vec<&str> = Vec::with_capacity(lines.len());
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let rest = lines.get(index..).unwrap_or_default();
        if is_quoted_line(line) {
            push(&mut parts.quoted, line.trim_start_matches(['>', ' ', '|']));
        } else if let Some(length) = introduction(rest) {
            let after = rest.get(length..).unwrap_or_default();
            let marked = after.iter().find(|line| !line.is_empty());
            if !marked.is_some_and(|line| is_quoted_line(line)) {
                for line in after {
                    push(&mut parts.quoted, line.trim_start_matches(['>', ' ', '|']));
                }
                break;
            }
            index += length;
            continue;
        } else if is_header_block(rest) || is_divider(line) {
            for line in rest {
                push(&mut parts.quoted, line.trim_start_matches(['>', ' ']));
            }
            break;
        } else {
            fresh.push(line);
        }
        index += 1;
    }
    split_signature(&fresh, &mut parts);
    parts
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn is_quoted_line(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('>') || line.starts_with("| ")
}

/// `Op .. schreef ..:` and its like, over at most three lines: how many lines it takes.
fn introduction(lines: &[&str]) -> Option<usize> {
    const OPENINGS: [&str; 10] =
        ["Op ", "On ", "Am ", "Le ", "op ", "on ", "Den ", "El ", "Il ", "Em "];
    const VERBS: [&str; 7] =
        ["schreef", "wrote", "schrieb", "a écrit", "heeft geschreven", "geschreven", "sent"];
    let first = lines.first()?.trim_start_matches(['-', ' ', '*']);
    let opens = OPENINGS.iter().any(|opening| first.starts_with(opening))
        || first.ends_with("schreef:")
        || first.ends_with("wrote:");
    if !opens || !first.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut seen = 0;
    for (index, line) in lines.iter().take(3).enumerate() {
        seen += line.len();
        let line = line.trim();
        if (line.ends_with(':') || line.ends_with("----")) && seen < 300 {
            let together = lines.get(..=index)?.join(" ");
            return VERBS.iter().any(|verb| together.contains(verb)).then_some(index + 1);
        }
        if line.is_empty() {
            return None;
        }
    }
    None
}

/// `-----Original Message-----` and its like.
fn is_divider(line: &str) -> bool {
    let line = line.trim();
    if line.len() > 20 && line.chars().all(|letter| letter == '_') {
        return true;
    }
    let dashed = line.starts_with("--") || line.starts_with("==") || line.starts_with("__");
    if !dashed && !line.starts_with(['b', 'B']) {
        return false;
    }
    let lower = line.to_lowercase();
    let named = [
        "oorspronkelijk",
        "original message",
        "doorgestuurd",
        "forwarded",
        "origineel bericht",
        "ursprüngliche",
        "message d'origine",
        "message transféré",
    ];
    dashed && named.iter().any(|name| lower.contains(name))
        || (lower.starts_with("begin doorgestuurd bericht")
            || lower.starts_with("begin forwarded message"))
}

/// A block of `Van:`/`From:` with at least one more header right after it.
fn is_header_block(lines: &[&str]) -> bool {
    const FIRST: [&str; 4] = ["van:", "from:", "von:", "de :"];
    const MORE: [&str; 14] = [
        "verzonden:",
        "aan:",
        "onderwerp:",
        "datum:",
        "sent:",
        "to:",
        "subject:",
        "date:",
        "cc:",
        "gesendet:",
        "an:",
        "betreff:",
        "envoyé :",
        "objet :",
    ];
    let is = |line: &str, names: &[&str]| {
        let line = line.trim_start_matches(['*', ' ']);
        if !line.contains(':') {
            return false;
        }
        let line = line.to_lowercase();
        names.iter().any(|name| line.starts_with(name))
    };
    lines.first().is_some_and(|line| is(line, &FIRST))
        && lines.iter().skip(1).take(4).any(|line| is(line, &MORE))
}

/// Moves what follows `-- ` or a closing such as `Met vriendelijke groet` to the signature.
fn split_signature(fresh: &[&str], parts: &mut Parts) {
    let mut cut = fresh.len();
    if let Some(at) = fresh.iter().position(|line| matches!(*line, "--" | "-- " | "—")) {
        cut = at;
    }
    let filled = |range: &[&str]| range.iter().filter(|line| !line.trim().is_empty()).count();
    for (index, line) in fresh.iter().enumerate().take(cut).skip(1) {
        let after = fresh.get(index + 1..cut).unwrap_or_default();
        if is_closing(line) && filled(after) <= SIGNATURE_LINES {
            cut = index + 1;
            break;
        }
    }
    let own = fresh.get(..cut).unwrap_or_default();
    cut = unannounced(own).unwrap_or(cut);
    let mut postscript = false;
    for (index, line) in fresh.iter().enumerate() {
        postscript = postscript || index >= cut && is_postscript(line);
        push(if index < cut || postscript { &mut parts.new } else { &mut parts.signature }, line);
    }
}

fn is_postscript(line: &str) -> bool {
    let lower = line.trim_start().to_lowercase();
    ["ps", "p.s", "nb", "n.b"].iter().any(|mark| {
        lower.strip_prefix(mark).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    })
}

/// Where a signature without a closing starts: a last paragraph of short lines, the first
/// a name, with a postcode, a telephone number or `|` further on, and no `:` before it.
fn unannounced(lines: &[&str]) -> Option<usize> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let start = lines.get(..=last)?.iter().rposition(|line| line.trim().is_empty())? + 1;
    let paragraph = lines.get(start..=last)?;
    let before = lines.get(..start)?.iter().rev().find(|line| !line.trim().is_empty())?;
    let name = paragraph.first()?.trim();
    let words: Vec<&str> = name.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let capitals = words.iter().filter(|word| word.starts_with(char::is_uppercase)).count();
    let named = (2..=7).contains(&words.len())
        && !name.ends_with([':', '?', '.', '!'])
        && capitals * 2 >= words.len()
        && (!name.bytes().any(|byte| byte.is_ascii_digit()) || name.contains('|'));
    let digits = |line: &str| line.bytes().filter(u8::is_ascii_digit).count() >= 4;
    let told = paragraph.iter().any(|line| line.contains(" | ") || digits(line));
    let short = paragraph.iter().all(|line| line.len() < 100);
    let small = paragraph.len() >= 2 && paragraph.len() <= 7;
    (named && told && short && small && !before.trim_end().ends_with(':')).then_some(start)
}

/// A line that says goodbye and nothing else.
fn is_closing(line: &str) -> bool {
    let line = line.trim().trim_end_matches([',', '.', '!', ' ']);
    line.split_whitespace().nth(6).is_none() && says_goodbye(line)
}

fn says_goodbye(line: &str) -> bool {
    const CLOSINGS: [&str; 44] = [
        "met vriendelijke groet",
        "vriendelijke groet",
        "met groet",
        "groet",
        "groetjes",
        "gr",
        "mvg",
        "hoogachtend",
        "met de meeste hoogachting",
        "met hoogachting",
        "liefs",
        "hgroet",
        "met sportieve groet",
        "beste groet",
        "hartelijke groet",
        "met hartelijke groet",
        "met gevoelens van",
        "kind regards",
        "best regards",
        "regards",
        "warm regards",
        "best",
        "best wishes",
        "with best wishes",
        "yours sincerely",
        "yours faithfully",
        "yours truly",
        "sincerely",
        "cheers",
        "many thanks",
        "thanks",
        "thank you",
        "kindest regards",
        "br",
        "with kind regards",
        "with friendly greetings",
        "greetings",
        "greets",
        "love",
        "respectfully",
        "mfg",
        "cordially",
        "cordialement",
        "mit freundlichen",
    ];
    let line = line.to_lowercase();
    CLOSINGS.iter().any(|closing| {
        line.strip_prefix(closing).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with("en") && rest.len() < 8
                || rest.starts_with([',', ' '])
                    && rest.split_whitespace().count() <= 3
                    && !rest.contains(['?', ':'])
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_and_signature_leave_the_new_text() {
        let cut = parts(
            "Graag ruilen.\n\nGroetjes,\nAn\nStraat 1\n\nOp do 20 mrt 2025 om 14:02 schreef X <x@y.example>:\n> Hoi\n> order 12",
        );
        assert_eq!(cut.new.trim(), "Graag ruilen.\n\nGroetjes,");
        assert_eq!(cut.signature.trim(), "An\nStraat 1");
        assert_eq!(cut.quoted.trim(), "Hoi\norder 12");
    }

    #[test]
    fn header_blocks_and_dividers_start_the_history() {
        let outlook =
            parts("Nee.\n\nVan: Shop <s@x.example>\nVerzonden: dinsdag\nAan: Jan\n\nTekst");
        assert_eq!(outlook.new.trim(), "Nee.");
        assert!(outlook.quoted.contains("Tekst"));
        let forwarded = parts("Zie onder\n---------- Doorgestuurd bericht ---------\nVan: Els\nx");
        assert_eq!(forwarded.new.trim(), "Zie onder");
    }

    #[test]
    fn answers_between_quoted_lines_are_new() {
        let cut = parts("On 3 May 2025 Jo wrote:\n> Is blue fine?\nYes it is.\n> And the size?\nM");
        assert_eq!(cut.new.trim(), "Yes it is.\nM");
    }

    #[test]
    fn a_postscript_is_new_again() {
        let cut = parts("Hallo\nstuur het\nGroet,\nJan\nPS: order 12 ook");
        assert!(cut.new.contains("order 12"));
    }
}
