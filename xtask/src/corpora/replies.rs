//! Quotes and signatures. Every set has its own idea of what remains of a mail, so each is
//! held against the field that means the same:
//!
//! - crisp: the first stretch of own text, without closing and signature: `new_text`;
//! - discourse: the text without the old conversation and without a marked signature, but
//!   with its closing and with the quotes answered in between: `readable`;
//! - talon: everything that is not quoted, signatures included;
//! - quotequail: what it would show unfolded.

use std::collections::HashSet;
use std::path::Path;

use domain::message::reply::{Stripped, strip};
use serde_json::Value;

use super::{Score, Wanted, cases, text};

/// The scores of all four sets.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    let mut scores = Vec::new();
    if wanted("reply-crisp") {
        scores.extend(crisp(&cases(corpora, "reply-crisp", "cases.jsonl")?));
    }
    if wanted("reply-discourse-trimmer") {
        scores.push(discourse(&cases(corpora, "reply-discourse-trimmer", "cases.jsonl")?));
    }
    if wanted("reply-talon") {
        scores.push(talon(&cases(corpora, "reply-talon", "cases.jsonl")?));
    }
    if wanted("reply-quotequail") {
        scores.push(quotequail(&cases(corpora, "reply-quotequail", "cases.jsonl")?));
    }
    Ok(scores)
}

/// Lines without blanks at their ends, no empty lines around.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

/// Words only: for sets that compare without white space.
fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn miss(case: &Value, expected: &str, found: &str) -> String {
    format!("{}\n  expected {expected:?}\n  found    {found:?}", text(case, "id"))
}

fn crisp(cases: &[Value]) -> Vec<Score> {
    let mut exact = Score::new("reply-crisp, exact", Some(90));
    let mut signatures = Score::new("reply-crisp, no false signature", Some(90));
    for case in cases {
        let expect = case.get("expect").unwrap_or(&Value::Null);
        let stripped = strip(text(case, "input"));
        let found = tidy(&stripped.new_text);
        let fragments = expect.get("fragments").and_then(Value::as_u64).unwrap_or(0);
        for key in ["first_fragment_trimmed", "visible_text"] {
            let Some(expected) = expect.get(key).and_then(Value::as_str).map(tidy) else {
                continue;
            };
            // With four and more fragments own text goes on below the first quote.
            let goes_on = fragments >= 4 && found.starts_with(&format!("{expected}\n"));
            exact.count(found == expected || goes_on, || miss(case, &expected, &found));
        }
        if fragments == 1 {
            let whole = tidy(text(case, "input"));
            let kept = stripped.signature.is_empty() && stripped.quoted.is_empty();
            signatures.count(kept, || miss(case, &whole, &found));
        }
    }
    vec![exact, signatures]
}

fn discourse(cases: &[Value]) -> Score {
    let mut score = Score::new("reply-discourse-trimmer", Some(85));
    for case in cases {
        let expected = tidy(text(case.get("expect").unwrap_or(&Value::Null), "reply"));
        let found = tidy(&strip(text(case, "input")).readable);
        score.count(found == expected, || miss(case, &expected, &found));
    }
    score
}

fn talon(cases: &[Value]) -> Score {
    let mut score = Score::new("reply-talon", Some(85));
    for case in cases {
        let Some(Value::Object(expect)) = case.get("expect") else { continue };
        let input = text(case, "input");
        let input = match text(case, "format") {
            "eml" => mail::parse::parse(input.as_bytes())
                .map(|parsed| parsed.message.text)
                .unwrap_or_default(),
            "html" => mail::parse::html::to_text(input),
            _ => input.to_owned(),
        };
        let stripped = strip(&input);
        for (key, expected) in expect {
            let expected = tidy(expected.as_str().unwrap_or_default());
            let (found, fits) = match key.as_str() {
                "signature" => {
                    let found = tidy(&format!("{}\n{}", stripped.closing, stripped.signature));
                    let fits = words(&found) == words(&expected);
                    (found, fits)
                }
                key => {
                    let found = not_quoted(&stripped);
                    // Where markup is expected, its text is compared.
                    let expected = if key.contains("html") {
                        mail::parse::html::to_text(&expected)
                    } else {
                        expected.clone()
                    };
                    let fits =
                        found == expected || (key != "reply" && words(&found) == words(&expected));
                    (found, fits)
                }
            };
            score.count(fits, || miss(case, &expected, &found));
        }
    }
    score
}

/// What talon means by a reply: own text, closing and signature, no quote.
fn not_quoted(stripped: &Stripped) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let quoted: HashSet<&str> =
        stripped.quoted.lines().map(str::trim).filter(|line| line.starts_with('>')).collect();
    for line in stripped.readable.lines().filter(|line| !quoted.contains(line.trim())) {
        // A quote that was taken out leaves one gap.
        if !(line.is_empty() && lines.last().is_some_and(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    let found = tidy(&format!("{}\n\n{}", tidy(&lines.join("\n")), stripped.signature));
    // A mail of nothing but quotes is kept whole.
    if found.is_empty() { tidy(&stripped.readable) } else { found }
}

fn quotequail(cases: &[Value]) -> Score {
    let mut score = Score::new("reply-quotequail", None);
    for case in cases.iter().filter(|case| text(case, "format") == "text") {
        let expect = case.get("expect").unwrap_or(&Value::Null);
        let stripped = strip(text(case, "input"));
        let expected = expect.get("expected_quote_intro_line").or_else(|| expect.get("expected"));
        match expected {
            Some(Value::Array(parts)) => {
                let shown = |part: &&Value| part.get(0).and_then(Value::as_bool).unwrap_or(false);
                let parts = parts.iter().filter(shown).filter_map(|part| part.get(1)?.as_str());
                let expected = tidy(&parts.collect::<Vec<_>>().join("\n"));
                let found = tidy(&stripped.new_text);
                score.count(found == expected, || miss(case, &expected, &found));
            }
            Some(expected @ Value::Object(_)) => {
                let (fits, found) = unwraps(expected, &stripped);
                score.count(fits, || miss(case, &expected.to_string(), &found));
            }
            _ => {}
        }
    }
    score
}

fn unwraps(expected: &Value, stripped: &Stripped) -> (bool, String) {
    let found = format!("{stripped:?}");
    let top = tidy(text(expected, "text_top"));
    if text(expected, "type") == "forward" {
        let Some(forwarded) = &stripped.forwarded else { return (false, found) };
        let fits = tidy(&forwarded.body) == tidy(text(expected, "text"))
            && forwarded.subject == text(expected, "subject")
            && forwarded.date == text(expected, "date")
            && forwarded.note.starts_with(&top);
        return (fits, found);
    }
    (stripped.new_text.starts_with(&top) && !top.is_empty(), found)
}
