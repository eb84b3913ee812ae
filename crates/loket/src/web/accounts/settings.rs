//! What an owner sets about the shop.

use std::ops::RangeInclusive;

use askama::Template;
use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use domain::contract::Percentage;
use serde_json::{Value, json};
use store::shops::{ShopRow, ShopSettings};

use super::super::State;
use super::super::failure::Failure;
use super::super::texts::Texts;
use super::days;
use super::form::{Field, Mistakes, Posted, Sheet, html};
use super::platform::Told;
use super::shop::{is_web_address, with_scheme};
use super::signature::sanitised;
use super::visitor::Someone;

/// The fields of the form.
const FIELDS: [&str; 22] = [
    "bedrijfsnaam",
    "shop_url",
    "taalvoorkeur",
    "retouradres",
    "ai_persona_name",
    "maximaal_extra_compensatie",
    "dagen_retour",
    "dagen_terugbetaling",
    "dagen_antwoord",
    "werkdagen-1",
    "werkdagen-2",
    "werkdagen-3",
    "werkdagen-4",
    "werkdagen-5",
    "werkdagen-6",
    "werkdagen-7",
    "feestdagen",
    "signature_html",
    "automatic_sending",
    "undo_seconds",
    "max_reply_age_hours",
    "n8n_workflow_id",
];
/// Each number of days: field, key in `dagen_instellingen`, fewest, most, usual.
const DAYS: [(&str, &str, u64, u64, u64); 3] = [
    ("dagen_retour", "return", 14, 365, 14),
    ("dagen_terugbetaling", "refund", 1, 14, 14),
    ("dagen_antwoord", "reply", 1, 14, 2),
];

/// Seconds for which a reply that nobody read can be called back; as the database checks them.
const UNDO_SECONDS: RangeInclusive<i32> = 0..=3600;
/// Hours after which such a reply goes to a person instead; as the database checks them.
const REPLY_AGE_HOURS: RangeInclusive<i32> = 1..=720;

/// The page: the form, and how the signature looks.
#[derive(Debug, Template)]
#[template(path = "accounts/settings.html")]
struct Page {
    sheet: Sheet,
    tab: &'static str,
    owner: bool,
    frame: super::super::frame::Frame,
    preview: String,
}

async fn load(state: &State, someone: &Someone) -> Result<ShopRow, Failure> {
    someone.owner()?;
    let claims = &someone.person.claims;
    let shop = state.store().as_user(claims, async |tx| store::shops::load(tx).await).await?;
    shop.ok_or(Failure::NotFound)
}

/// `GET /instellingen`. Whoever owns no shop has only their own safety to look after.
pub async fn form(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    if !someone.person.owns_shop() {
        return Err(Failure::Elsewhere("/instellingen/beveiliging".to_owned()));
    }
    let shop = load(&state, &someone).await?;
    let values = |name: &str| held(&shop, name);
    let ticked = shop.automatic_sending;
    let mut sheet = sheet(&someone, &values, ticked, &Mistakes::default());
    if told.melding == "opgeslagen" {
        sheet.note = Some(("good", someone.t.get("settings.saved").to_owned()));
    }
    page(&someone, sheet, &shop.signature_html)
}

fn page(someone: &Someone, sheet: Sheet, signature: &str) -> Result<Response, Failure> {
    let preview = sanitised(signature);
    html(&Page { sheet, tab: "shop", owner: true, frame: someone.frame(), preview })
}

fn weekdays(t: Texts) -> Vec<(String, String)> {
    days::WEEK.map(|day| (day.to_owned(), t.word("weekday", day))).to_vec()
}

/// A setting as its field shows it.
fn held(shop: &ShopRow, name: &str) -> String {
    if let Some((_, key, _, _, usual)) = DAYS.into_iter().find(|(field, ..)| *field == name) {
        let days = shop.dagen_instellingen.get(key).and_then(Value::as_u64);
        return days.unwrap_or(usual).to_string();
    }
    match name {
        "bedrijfsnaam" => shop.bedrijfsnaam.clone(),
        "shop_url" => shop.shop_url.clone(),
        "taalvoorkeur" => shop.taalvoorkeur.clone(),
        "retouradres" => shop.retouradres.clone(),
        "ai_persona_name" => shop.ai_persona_name.clone(),
        "maximaal_extra_compensatie" => percent(shop.maximaal_extra_compensatie),
        "signature_html" => shop.signature_html.clone(),
        "undo_seconds" => shop.undo_seconds.to_string(),
        "max_reply_age_hours" => shop.max_reply_age_hours.to_string(),
        "n8n_workflow_id" => shop.n8n_workflow_id.clone().unwrap_or_default(),
        "werkdagen" => days::working(&shop.dagen_instellingen),
        "feestdagen" => days::holidays(&shop.dagen_instellingen),
        _ => String::new(),
    }
}

/// `15` or `12,5`; without a float.
fn percent(value: Percentage) -> String {
    let points = value.basis_points();
    match (points / 100, points % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole},{part:02}").trim_end_matches('0').to_owned(),
    }
}

/// Reads `15`, `12,5` or `12.50`; at most 25.
fn read_percent(typed: &str) -> Option<Percentage> {
    let (whole, part) = typed.split_once([',', '.']).unwrap_or((typed, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    let points = whole.parse::<i64>().ok()? * 100 + part;
    (points <= 2500).then(|| Percentage::from_basis_points(points).ok()).flatten()
}

fn sheet(
    someone: &Someone,
    value: &dyn Fn(&str) -> String,
    automatic: bool,
    mistakes: &Mistakes,
) -> Sheet {
    let t: Texts = someone.t;
    let languages = [("NL", "layout.dutch"), ("EN", "layout.english")]
        .map(|(value, key)| (value.to_owned(), t.get(key).to_owned()))
        .to_vec();
    let field = |name, kind| Field::new(name, kind, t).holding(value(name));
    let fields = vec![
        field("bedrijfsnaam", "text"),
        field("shop_url", "text"),
        field("taalvoorkeur", "select").choosing(languages),
        field("retouradres", "textarea"),
        field("ai_persona_name", "text"),
        field("signature_html", "textarea").optional(),
        field("maximaal_extra_compensatie", "text"),
        field("dagen_retour", "number"),
        field("dagen_terugbetaling", "number"),
        field("dagen_antwoord", "number"),
        field("werkdagen", "choices").choosing(weekdays(t)),
        field("feestdagen", "textarea").optional(),
        field("n8n_workflow_id", "text").optional(),
        field("automatic_sending", "checkbox").ticked(automatic),
        field("undo_seconds", "number"),
        field("max_reply_age_hours", "number"),
    ];
    let token = someone.person.form_token.clone();
    let mut sheet = Sheet::new(someone.frame(), "settings", "/instellingen", token);
    sheet.quiet = true;
    sheet.with(fields, mistakes)
}

/// What an owner sets, checked.
struct Wanted {
    settings: ShopSettings,
    extra: Percentage,
    undo_seconds: i32,
    max_reply_age_hours: i32,
}

/// A whole number within bounds.
fn bounded(typed: &str, bounds: &RangeInclusive<i32>) -> Option<i32> {
    typed.parse().ok().filter(|number| bounds.contains(number))
}

/// What was typed, checked.
fn read(posted: &Posted, shop: &ShopRow, t: Texts) -> Result<Wanted, Mistakes> {
    let mut mistakes = Mistakes::default();
    for (field, most) in [("bedrijfsnaam", 200), ("retouradres", 500), ("ai_persona_name", 60)] {
        mistakes.bounded(field, posted.get(field), most);
    }
    let shop_url = with_scheme(posted.get("shop_url"));
    if !is_web_address(&shop_url) {
        mistakes.add("shop_url", "url");
    }
    if !["NL", "EN"].contains(&posted.get("taalvoorkeur")) {
        mistakes.add("taalvoorkeur", "choose");
    }
    if posted.get("signature_html").len() > 10_000 {
        mistakes.add("signature_html", "long");
    }
    if posted.get("n8n_workflow_id").len() > 200 {
        mistakes.add("n8n_workflow_id", "long");
    }
    let extra = read_percent(posted.get("maximaal_extra_compensatie"));
    if extra.is_none() {
        mistakes.add("maximaal_extra_compensatie", "percent");
    }
    let days = read_days(posted, shop, t, &mut mistakes);
    let undo = bounded(posted.get("undo_seconds"), &UNDO_SECONDS);
    let age = bounded(posted.get("max_reply_age_hours"), &REPLY_AGE_HOURS);
    if undo.is_none() {
        mistakes.add("undo_seconds", "undo_seconds");
    }
    if age.is_none() {
        mistakes.add("max_reply_age_hours", "max_reply_age_hours");
    }
    let (Some(extra), Some(undo_seconds), Some(max_reply_age_hours), true) =
        (extra, undo, age, mistakes.none())
    else {
        return Err(mistakes);
    };
    let settings = ShopSettings {
        bedrijfsnaam: posted.get("bedrijfsnaam").to_owned(),
        shop_url,
        ai_persona_name: posted.get("ai_persona_name").to_owned(),
        taalvoorkeur: posted.get("taalvoorkeur").to_owned(),
        retouradres: posted.get("retouradres").to_owned(),
        dagen_instellingen: Value::Object(days),
        signature_html: sanitised(posted.get("signature_html")),
        automatic_sending: posted.ticked("automatic_sending"),
    };
    Ok(Wanted { settings, extra, undo_seconds, max_reply_age_hours })
}

/// Terms, working days and days off, beside what else stands there.
fn read_days(
    posted: &Posted,
    shop: &ShopRow,
    t: Texts,
    mistakes: &mut Mistakes,
) -> serde_json::Map<String, Value> {
    let mut days = shop.dagen_instellingen.as_object().cloned().unwrap_or_default();
    for (field, key, fewest, most, _) in DAYS {
        let typed = posted.get(field).parse::<u64>().ok();
        match typed.filter(|days| (fewest..=most).contains(days)) {
            Some(number) => {
                days.insert(key.to_owned(), json!(number));
            }
            None => mistakes.add(field, "days"),
        }
    }
    match days::read_working(&posted.chosen("werkdagen", &days::WEEK)) {
        Some(working) => drop(days.insert(days::WORKING.to_owned(), working)),
        None => mistakes.add("werkdagen", "weekdays"),
    }
    match days::read_holidays(posted.get("feestdagen")) {
        Ok(holidays) => drop(days.insert(days::HOLIDAYS.to_owned(), holidays)),
        Err(line) => {
            let words = t.fill("mistake.holidays", "line", &line);
            mistakes.say("feestdagen", words);
        }
    }
    days
}

/// `POST /instellingen`.
pub async fn save(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    let shop = load(&state, &someone).await?;
    posted.only(&FIELDS)?;
    let wanted = match read(&posted, &shop, someone.t) {
        Ok(read) => read,
        Err(mistakes) => {
            let value = |name: &str| match name {
                "werkdagen" => posted.chosen(name, &days::WEEK),
                name => posted.get(name).to_owned(),
            };
            let automatic = posted.ticked("automatic_sending");
            let sheet = sheet(&someone, &value, automatic, &mistakes);
            return page(&someone, sheet, posted.get("signature_html"));
        }
    };
    let workflow = Some(posted.get("n8n_workflow_id")).filter(|text| !text.is_empty());
    let done = state.store().as_user(&someone.person.claims, async |tx| {
        store::shops::save_settings(tx, &wanted.settings).await?;
        store::sending::save_wishes(tx, wanted.undo_seconds, wanted.max_reply_age_hours).await?;
        store::shops::save_bounds(tx, wanted.extra, workflow).await
    });
    done.await?;
    someone.auth.sessions().forget(someone.person.user_id);
    Ok(Redirect::to("/instellingen?melding=opgeslagen").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_read_as_they_are_shown() {
        for text in ["0", "15", "12,5", "25", "7,25"] {
            assert_eq!(percent(read_percent(text).unwrap()), text);
        }
        for wrong in ["", "26", "25,01", "-1", "1e1", "5,123", "x", ",5"] {
            assert_eq!(read_percent(wrong), None, "{wrong}");
        }
    }
}
