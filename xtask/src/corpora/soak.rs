//! Real mail in quantity: nothing may fail, take long or come out broken, and what people
//! wrote to people must not be taken for automatic mail.

use std::path::Path;
use std::time::Duration;

use domain::message::automatic::{AutomaticKind, classify};
use domain::message::reply;

use super::mime::soundness;
use super::{Score, Wanted, best_time, files};

/// The most time one real mail may take, in an unoptimised build on a busy machine.
const LIMIT: Duration = Duration::from_millis(200);

/// Soundness of all, and who wrote the personal ones.
pub fn scores(corpora: &Path, wanted: Wanted<'_>) -> anyhow::Result<Vec<Score>> {
    if !wanted("mail-spamassassin") {
        return Ok(Vec::new());
    }
    let folder = corpora.join("mail-spamassassin");
    let mut sound = Score::new("mail-spamassassin, sound", Some(100));
    let mut people = Score::new("mail-spamassassin, personal not flagged", Some(97));
    let mut newsletters = Score::new("mail-spamassassin, newsletters flagged", None);
    for path in files(&folder)?.iter().filter(|path| path.extension().is_some_and(|e| e == "eml")) {
        let raw = std::fs::read(path)?;
        let ((parsed, found, stripped), took) = best_time(LIMIT, || {
            let parsed = mail::parse::parse(&raw)?;
            let found = classify(&parsed.message);
            let stripped = reply::strip(&parsed.message.text);
            Ok((parsed, found, stripped))
        })?;
        let name = path.strip_prefix(&folder).unwrap_or(path).display().to_string();
        let mut wrong = soundness(&raw, &parsed.message);
        if took > LIMIT {
            wrong.push(format!("took {took:?}"));
        }
        if !parsed.message.text.trim().is_empty() && stripped.new_text.is_empty() {
            wrong.push("nothing new".to_owned());
        }
        sound.count(wrong.is_empty(), || format!("{name}: {}", wrong.join("; ")));
        if name.starts_with("easy-ham") {
            // Lists and feeds are rightly flagged, by their headers; the rest are people.
            let told = found.as_ref().map(|found| found.kind);
            let bulk = matches!(told, Some(AutomaticKind::MailingList | AutomaticKind::Newsletter));
            people.count(found.is_none() || bulk, || format!("{name}: {found:?}"));
        } else if name.starts_with("hard-ham") {
            newsletters.count(found.is_some(), || format!("{name}: {:?}", parsed.message.subject));
        }
    }
    Ok(vec![sound, people, newsletters])
}
