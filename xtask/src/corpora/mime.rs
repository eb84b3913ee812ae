//! Malformed, deeply nested and oddly encoded messages: parsed without failure, quickly,
//! into clean text, and never into nothing where a part has text.

use std::path::Path;
use std::time::Duration;

use domain::message::Message;

use super::{Score, Wanted, best_time, files};

/// The sets with raw messages, and the endings of their files.
const SETS: [(&str, &[&str]); 5] = [
    ("mime-mikel-mail", &["eml"]),
    ("mime-cpython", &["txt"]),
    ("mime-perl-mimetools", &["msg"]),
    ("mime-kde", &["mbox"]),
    ("mime-horde-roundcube", &["eml", "txt", "msg"]),
];

/// The most time a message may take, in an unoptimised build on a busy machine.
const LIMIT: Duration = Duration::from_millis(200);

/// One score per set.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    let mut scores = Vec::new();
    for (set, endings) in SETS.iter().filter(|(set, _)| wanted(set)) {
        let mut score = Score::new(*set, Some(100));
        for path in files(&corpora.join(set))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ending = path.extension().unwrap_or_default().to_string_lossy();
            if name == "LICENCE.txt" || !endings.contains(&ending.as_ref()) {
                continue;
            }
            let raw = std::fs::read(&path)?;
            let (parsed, took) = best_time(LIMIT, || Ok(mail::parse::parse(&raw)?))?;
            let mut wrong = soundness(&raw, &parsed.message);
            if took > LIMIT {
                wrong.push(format!("took {took:?}"));
            }
            score.count(wrong.is_empty(), || format!("{name}: {}", wrong.join("; ")));
        }
        scores.push(score);
    }
    Ok(scores)
}

/// What is wrong with a parsed message, whatever it was parsed from.
pub fn soundness(raw: &[u8], message: &Message) -> Vec<String> {
    let mut wrong = Vec::new();
    let names = [&message.from].into_iter().chain(&message.to).chain(&message.cc);
    let headers = message.headers.iter().map(|header| header.value.as_str());
    let lines = names.flat_map(|address| [address.name.as_str(), address.email.as_str()]);
    for line in lines.chain(headers).chain([message.subject.as_str()]) {
        if line.chars().any(|c| c.is_control() || mail::parse::clean::is_invisible(c)) {
            wrong.push(format!("unclean header {line:?}"));
        }
    }
    let unclean = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || mail::parse::clean::is_invisible(c)
    };
    if message.text.chars().any(unclean) {
        wrong.push("unclean text".to_owned());
    }
    if message.text.is_empty() && has_text(raw) {
        wrong.push("a text part has text, the message has none".to_owned());
    }
    wrong
}

/// Whether the message visibly has text: asks another parser.
fn has_text(raw: &[u8]) -> bool {
    let Some(found) = mail_parser::MessageParser::default().parse(raw) else { return false };
    let texts = (0..found.text_body_count()).filter_map(|place| found.body_text(place));
    texts.into_iter().any(|text| text.chars().any(char::is_alphanumeric))
}
