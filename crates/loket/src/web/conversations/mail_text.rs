//! A customer's mail as a person reads it: the new words first, with the words that led to a
//! conclusion marked, and the old conversation folded away.

use domain::message::reply::{Stripped, strip_with_subject};

/// A stretch of text; marked when it led to a conclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// What was concluded from them, for people.
    pub mark: Option<String>,
}

/// A mail taken apart for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// The new text.
    pub spans: Vec<Span>,
    /// Old conversation, signature and forwarded mail; empty when there is none.
    pub folded: String,
}

/// Marks are looked for in this many characters; the rest is shown without.
const SEARCHED: usize = 20_000;

/// Takes a mail apart. `evidence` holds words and what was concluded from them.
pub fn read(subject: &str, body: &str, evidence: &[(String, String)]) -> MailText {
    let stripped = strip_with_subject(subject, body);
    MailText { spans: marked(stripped.readable.trim(), evidence), folded: folded(&stripped) }
}

fn folded(stripped: &Stripped) -> String {
    let forwarded = stripped.forwarded.as_ref().map_or("", |forwarded| forwarded.body.as_str());
    let forwarded = if stripped.readable.contains(forwarded) { "" } else { forwarded };
    let parts = [stripped.signature.as_str(), forwarded, stripped.quoted.as_str()];
    let kept: Vec<&str> =
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect();
    kept.join("\n\n")
}

/// Splits `text` at the words of the evidence. Case and line breaks do not matter; where two
/// overlap, the earlier and then the longer wins.
fn marked(text: &str, evidence: &[(String, String)]) -> Vec<Span> {
    let folded = fold(text);
    let mut found: Vec<(usize, usize, &str)> = evidence
        .iter()
        .filter_map(|(words, label)| {
            find(&folded, words).map(|(from, to)| (from, to, label.as_str()))
        })
        .collect();
    found.sort_by_key(|(from, to, _)| (*from, std::cmp::Reverse(*to)));
    let mut spans = Vec::new();
    let mut done = 0;
    for (from, to, label) in found {
        let (Some(before), Some(words)) = (text.get(done..from), text.get(from..to)) else {
            // It begins inside the mark before it.
            continue;
        };
        if !before.is_empty() {
            spans.push(Span { text: before.to_owned(), mark: None });
        }
        spans.push(Span { text: words.to_owned(), mark: Some(label.to_owned()) });
        done = to;
    }
    if let Some(rest) = text.get(done..).filter(|rest| !rest.is_empty()) {
        spans.push(Span { text: rest.to_owned(), mark: None });
    }
    spans
}

/// Each character in lower case with its place and end; white space as one blank.
fn fold(text: &str) -> Vec<(usize, usize, char)> {
    let mut folded: Vec<(usize, usize, char)> = Vec::new();
    for (at, c) in text.char_indices().take(SEARCHED) {
        let end = at + c.len_utf8();
        if c.is_whitespace() {
            if folded.last().is_some_and(|(_, _, last)| *last != ' ') {
                folded.push((at, end, ' '));
            }
        } else {
            folded.push((at, end, c.to_lowercase().next().unwrap_or(c)));
        }
    }
    folded
}

fn find(text: &[(usize, usize, char)], words: &str) -> Option<(usize, usize)> {
    let wanted: Vec<char> = fold(words.trim()).into_iter().map(|(_, _, c)| c).collect();
    if wanted.is_empty() {
        return None;
    }
    let window = text
        .windows(wanted.len())
        .find(|window| window.iter().zip(&wanted).all(|((_, _, here), wanted)| here == wanted))?;
    Some((window.first()?.0, window.last()?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(spans: &[Span]) -> String {
        spans.iter().map(|span| span.text.as_str()).collect()
    }

    #[test]
    fn marks_words_and_loses_none() {
        let text = "Ik wil MIJN\ngeld terug, en anders bel ik mijn advocaat.";
        let evidence = [
            ("mijn advocaat".to_owned(), "dreiging".to_owned()),
            ("ik wil mijn geld terug".to_owned(), "retour".to_owned()),
            ("geld terug, en".to_owned(), "overlapt".to_owned()),
            ("staat er niet".to_owned(), "niets".to_owned()),
            (String::new(), "leeg".to_owned()),
        ];
        let spans = marked(text, &evidence);
        assert_eq!(plain(&spans), text);
        let marks: Vec<_> = spans.iter().filter_map(|span| span.mark.as_deref()).collect();
        assert_eq!(marks, ["retour", "dreiging"]);
    }

    #[test]
    fn letters_that_change_length_in_lower_case_do_no_harm() {
        let text = "İİİ wat een ADRES";
        let spans = marked(text, &[("een adres".to_owned(), "adres".to_owned())]);
        assert_eq!(plain(&spans), text);
        assert_eq!(spans.last().map(|span| span.text.as_str()), Some("een ADRES"));
    }

    #[test]
    fn the_old_conversation_is_folded() {
        let body = "Prima, doe maar.\n\nGroet, Sanne\n\nOp 3 nov. 2026 schreef Eva <eva@winkel.example>:\n> Wil je het houden?\n";
        let text = read("Re: Jas", body, &[]);
        assert!(plain(&text.spans).starts_with("Prima, doe maar."));
        assert!(!plain(&text.spans).contains("Wil je het houden?"));
        assert!(text.folded.contains("Wil je het houden?"));
    }
}
