//! Older mail of the shop's mailbox: how far back, how much that is, and then the shop's yes.

use axum::extract::{Query, State as Held};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::history::{HistoryImport, HistoryState};
use store::mailboxes::Mailbox;
use store::{HistoryId, TenantTx};

use super::super::State;
use super::super::failure::Failure;
use super::super::texts::Texts;
use super::form::{Field, Mistakes, Posted, Sheet, Way};
use super::settings_mailbox;
use super::visitor::Someone;

const HERE: &str = "/instellingen/mailbox/geschiedenis";
/// How far back it may go, as the database checks it.
const DAYS: [i16; 3] = [30, 90, 365];
/// Seconds after which a page asks anew how far it is.
const AGAIN: HeaderValue = HeaderValue::from_static("3");

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// `ja`: another stretch of time than the one that was counted.
    #[serde(default)]
    anders: String,
}

/// `GET /instellingen/mailbox/geschiedenis`.
pub async fn form(
    Held(state): Held<State>,
    Query(asked): Query<Asked>,
    someone: Someone,
) -> Result<Response, Failure> {
    let mailbox = settings_mailbox::load(&state, &someone).await?;
    let newest = async |tx: &TenantTx| store::history::newest(tx, mailbox.id).await;
    let newest = state.store().as_user(&someone.person.claims, newest).await?;
    let token = someone.person.form_token.clone();
    let mut sheet = Sheet::new(someone.frame(), "settings_history", HERE, token);
    (sheet.tab, sheet.owner, sheet.quiet) = ("mailbox", true, true);
    sheet.ways.push(Way::to("/instellingen/mailbox", someone.t.get("history.back")));
    let moving = match &newest {
        Some(import) if asked.anders != "ja" || import.state == HistoryState::Running => {
            shown(&mut sheet, import, &mailbox, someone.t)
        }
        _ => false,
    };
    if sheet.hidden.is_empty() {
        let days = newest.as_ref().map_or(90, |import| import.days);
        let options = DAYS
            .map(|days| (days.to_string(), someone.t.fill("history.days", "n", &days.to_string())));
        let field = Field::new("hoever", "select", someone.t)
            .choosing(options.to_vec())
            .holding(days.to_string());
        sheet = sheet.carrying("wat", "tellen").with(vec![field], &Mistakes::default());
    }
    let mut response = sheet.answer()?;
    if moving {
        response.headers_mut().insert(header::REFRESH, AGAIN);
    }
    Ok(response)
}

/// Says how far it is. `true`: the page will soon say something else.
fn shown(sheet: &mut Sheet, import: &HistoryImport, mailbox: &Mailbox, t: Texts) -> bool {
    let say = |key: &str| {
        t.get(key)
            .replace("{n}", &import.days.to_string())
            .replace("{taken}", &grouped(import.taken, t))
            .replace("{found}", &grouped(import.found, t))
            .replace("{answers}", &grouped(import.answers, t))
            .replace("{size}", &size(import.found_bytes, t))
    };
    let mut carry = |what: &str, id: HistoryId, button: &str| {
        sheet.hidden = vec![("wat", what.to_owned()), ("welke", id.to_string())];
        button.clone_into(&mut sheet.button);
    };
    let (tone, key, moving) = match import.state {
        HistoryState::Counting => {
            carry("stoppen", import.id, t.get("history.stop"));
            ("wait", "history.counting", true)
        }
        HistoryState::Counted if import.found == 0 => ("good", "history.nothing", false),
        HistoryState::Counted => {
            carry("beginnen", import.id, t.get("history.begin"));
            sheet.ways.insert(0, Way::to(format!("{HERE}?anders=ja"), t.get("history.other")));
            ("wait", if import.left_out { "history.too_many" } else { "history.counted" }, false)
        }
        HistoryState::Running => {
            carry("stoppen", import.id, t.get("history.stop"));
            ("wait", "history.running", true)
        }
        HistoryState::Done => ("good", "history.done", false),
        HistoryState::Stopped => ("wait", "history.stopped", false),
        HistoryState::Failed => ("serious", "history.failed", false),
    };
    // Nobody reads it, so nothing will come of waiting.
    let stands = moving && mailbox.paused_reason.is_some();
    let words = if stands { t.get("mailbox_state.paused").to_owned() } else { say(key) };
    sheet.note = Some((tone, words));
    moving && !stands
}

/// `POST /instellingen/mailbox/geschiedenis`.
pub async fn save(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    let mailbox = settings_mailbox::load(&state, &someone).await?;
    posted.only(&["wat", "hoever", "welke"])?;
    let which = || {
        let id = posted.get("welke").parse().map_err(|_| Failure::ForeignField)?;
        Ok::<HistoryId, Failure>(HistoryId(id))
    };
    let claims = &someone.person.claims;
    // Who presses twice, or late, finds on the page what became of it.
    let _done = match posted.get("wat") {
        "tellen" => {
            let days = posted.get("hoever").parse().map_err(|_| Failure::ForeignField)?;
            if !DAYS.contains(&days) {
                return Err(Failure::ForeignField);
            }
            let ask = async |tx: &TenantTx| {
                store::history::ask(tx, HistoryId::new(), mailbox.id, days).await
            };
            state.store().as_user(claims, ask).await?
        }
        "beginnen" => {
            let id = which()?;
            let begin = async |tx: &TenantTx| store::history::begin(tx, id).await;
            state.store().as_user(claims, begin).await?
        }
        "stoppen" => {
            let id = which()?;
            let stop = async |tx: &TenantTx| store::history::stop(tx, id).await;
            state.store().as_user(claims, stop).await?
        }
        _ => return Err(Failure::ForeignField),
    };
    Ok(Redirect::to(HERE).into_response())
}

/// `1.204`, or `1,204` in English.
fn grouped(number: i64, t: Texts) -> String {
    let (digits, mark) = (number.to_string(), t.get("history.thousands"));
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push_str(mark);
        }
        text.push(digit);
    }
    text
}

/// In megabytes, rounded up.
fn size(bytes: i64, t: Texts) -> String {
    let megabytes = bytes.saturating_add(999_999) / 1_000_000;
    format!("{} MB", grouped(megabytes.max(1), t))
}

#[cfg(test)]
mod tests {
    use domain::contract::Language;

    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let (dutch, english) = (Texts::of(Language::Dutch), Texts::of(Language::English));
        assert_eq!(grouped(1204, dutch), "1.204");
        assert_eq!(grouped(1_000_000, english), "1,000,000");
        assert_eq!(grouped(7, english), "7");
        assert_eq!(size(85_200_000, dutch), "86 MB");
        assert_eq!(size(0, dutch), "1 MB");
    }
}
