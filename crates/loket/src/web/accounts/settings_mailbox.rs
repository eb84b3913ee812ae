//! The shop's mailbox: does it work, and a new password, a new consent or another server where it
//! does not.

use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use mail::imap::Auth;
use store::TenantTx;
use store::mailboxes::{Mailbox, MailboxKind};
use store::secrets::SecretRow;

use super::super::State;
use super::super::failure::Failure;
use super::super::when;
use super::attempt::{Tried, attempt};
use super::connect;
use super::form::{Field, Mistakes, Posted, Sheet, Way};
use super::mailbox::{SERVER_FIELDS, as_posted, server_fields, with_servers};
use super::platform::Told;
use super::visitor::Someone;
use crate::secrets::Secret;

const HERE: &str = "/instellingen/mailbox";

/// The mailbox that is reached over a network.
pub async fn load(state: &State, someone: &Someone) -> Result<Mailbox, Failure> {
    someone.owner()?;
    let list = async |tx: &TenantTx| store::mailboxes::list(tx).await;
    let mailboxes = state.store().as_user(&someone.person.claims, list).await?;
    let found = mailboxes.into_iter().find(|mailbox| mailbox.kind != MailboxKind::Maildir);
    found.ok_or(Failure::NotFound)
}

fn sheet(
    state: &State,
    someone: &Someone,
    mailbox: &Mailbox,
    typed: &Posted,
    mistakes: &Mistakes,
) -> Sheet {
    let t = someone.t;
    let password = Field::new("wachtwoord", "password", t).bare();
    let hint = Some(t.get("field.app_password.hint"));
    let password = Field { label: t.get("field.app_password.label"), hint, ..password };
    let token = someone.person.form_token.clone();
    let mut sheet = Sheet::new(someone.frame(), "settings_mailbox", HERE, token);
    let by = mailbox.config.get("oauth").and_then(serde_json::Value::as_str);
    let by = by.and_then(|name| state.0.providers.find(name));
    let by = by.map(|provider| t.fill("connect.by", "provider", &provider.title) + " ");
    sheet.lead = format!("{} · {}{}", mailbox.address, by.unwrap_or_default(), sheet.lead);
    sheet.connects = connect::ways(state, mailbox.kind, HERE, t);
    sheet.note = Some(if let Some(reason) = &mailbox.paused_reason {
        let said = t.find(&format!("notice_detail.mailbox.{reason}"));
        ("wait", said.unwrap_or_else(|| t.get("mailbox_state.paused")).to_owned())
    } else if let Some(trouble) = &mailbox.trouble {
        let said = t.find(&format!("notice_detail.mailbox.{trouble}"));
        ("wait", said.unwrap_or_else(|| t.get("mailbox_state.trouble")).to_owned())
    } else if let Some(reason) = &mailbox.sending_paused_reason {
        let said = t.find(&format!("notice_detail.smtp.{reason}"));
        ("wait", said.unwrap_or_else(|| t.get("mailbox_state.paused")).to_owned())
    } else if let Some(read) = mailbox.last_read_at {
        ("good", format!("{} {}", t.get("mailbox_state.works"), when::exact(read, t)))
    } else {
        ("wait", t.get("mailbox_state.waiting").to_owned())
    });
    sheet.quiet = true;
    (sheet.tab, sheet.owner) = ("mailbox", true);
    if !mistakes.none() {
        sheet.note = None;
    }
    let mut fields = match mailbox.kind {
        MailboxKind::Imap => server_fields(typed, t),
        _ => Vec::new(),
    };
    fields.push(password);
    let mut sheet = sheet.with(fields, mistakes);
    sheet.ways.push(Way::to("/instellingen/mailbox/geschiedenis", t.get("history.link")));
    sheet
}

/// `GET /instellingen/mailbox`.
pub async fn form(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    let mailbox = load(&state, &someone).await?;
    let stands = as_posted(&mailbox.config, &mailbox.address);
    let mut sheet = sheet(&state, &someone, &mailbox, &stands, &Mistakes::default());
    if told.melding == "opgeslagen" {
        sheet.note = Some(("good", someone.t.get("mailbox_state.saved").to_owned()));
    } else if let Some(said) = someone.t.find(&format!("connect.{}", told.melding)) {
        let tone = if told.melding == "verbonden" { "good" } else { "serious" };
        sheet.note = Some((tone, said.to_owned()));
    }
    sheet.answer()
}

/// `POST /instellingen/mailbox`: what is new is tried, saved, and what was missed comes in.
pub async fn save(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    let mailbox = load(&state, &someone).await?;
    let own = mailbox.kind == MailboxKind::Imap;
    let names: Vec<&str> = ["wachtwoord"].into_iter().chain(SERVER_FIELDS).collect();
    posted.only(if own { &names } else { &["wachtwoord"] })?;
    let typed = posted.exact("wachtwoord");
    let password: String = match mailbox.kind {
        MailboxKind::Gmail => typed.split_whitespace().collect(),
        _ => typed.to_owned(),
    };
    let mut mistakes = Mistakes::default();
    mistakes.bounded("wachtwoord", &password, 500);
    let mut config = mailbox.config.clone();
    if own {
        config = with_servers(&config, &mailbox.address, &posted, &mut mistakes);
    }
    if let Some(settings) = config.as_object_mut() {
        settings.remove("oauth");
    }
    if mistakes.none() {
        let auth = Auth::Password(password.clone());
        match attempt(&state, &someone, mailbox.kind, &config, &auth).await? {
            Tried::Works(works) => config = works,
            Tried::Wrong(field, key) => {
                mistakes.add(if own { field } else { "wachtwoord" }, key);
            }
        }
    }
    if !mistakes.none() {
        return sheet(&state, &someone, &mailbox, &posted, &mistakes).answer();
    }
    let vault = state.0.vault.as_ref().ok_or(Failure::NotFound)?;
    let tenant = someone.person.claims.tenant_id.ok_or(Failure::NotFound)?;
    let secret = Secret::new(password);
    let seal = |row| vault.seal(row, &secret).map_err(|error| Failure::defect(&error));
    let of_shop = SecretRow::of_tenant(tenant);
    let (for_mailbox, for_shop) =
        (seal(SecretRow::of_mailbox(tenant, mailbox.id))?, seal(of_shop)?);
    let save = async |tx: &TenantTx| {
        store::tokens::reconnect(tx, mailbox.id, &config, &for_mailbox).await?;
        store::secrets::save(tx, of_shop, &for_shop).await
    };
    state.store().as_user(&someone.person.claims, save).await?;
    Ok(Redirect::to("/instellingen/mailbox?melding=opgeslagen").into_response())
}
