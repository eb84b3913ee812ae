//! The shop's mailbox: does it work, and a new password where it does not. Also the try that the
//! wizard makes: what is wrong is said before anything is saved.

use std::time::Duration;

use axum::extract::{Query, State as Held};
use axum::response::{IntoResponse, Redirect, Response};
use mail::imap::{ImapConnection, ImapError, Limits};
use serde_json::Value;
use store::TenantTx;
use store::mailboxes::{Mailbox, MailboxKind};
use store::secrets::SecretRow;
use tokio::time::timeout;

use super::super::State;
use super::super::failure::Failure;
use super::super::when;
use super::form::{Field, Mistakes, Posted, Sheet, Way};
use super::platform::Told;
use super::visitor::Someone;
use crate::pipeline::RemoteConfig;
use crate::secrets::Secret;

/// A page that waits for longer looks broken.
const PATIENCE: Duration = Duration::from_secs(20);
const HERE: &str = "/instellingen/mailbox";

/// Signs in once with what was typed. What is wrong comes back as a field and the key of its
/// sentence; `None` when it works, or where this server reads no mail.
pub async fn wrong_with(
    state: &State,
    kind: MailboxKind,
    config: &Value,
    password: &str,
) -> Result<Option<(&'static str, &'static str)>, Failure> {
    let Some(reading) = state.0.reading.as_deref() else { return Ok(None) };
    let config = RemoteConfig::read(config).map_err(|error| Failure::defect(&error))?;
    let mut settings = config.settings(reading, &Secret::new(password.to_owned()));
    let short = Duration::from_secs(8);
    settings.limits = Limits { connect: short, step: short, ..settings.limits };
    let tried = match timeout(PATIENCE, ImapConnection::connect(&settings)).await {
        Ok(Ok(connection)) => {
            connection.close().await;
            return Ok(None);
        }
        Ok(Err(error)) => error,
        Err(_) => ImapError::TimedOut("signing in"),
    };
    let server = match kind {
        MailboxKind::Zoho => "regio",
        MailboxKind::Imap => "imap_host",
        _ => "email",
    };
    Ok(Some(match tried {
        ImapError::AuthRefused(_) if kind == MailboxKind::Zoho => ("wachtwoord", "zoho_refused"),
        ImapError::AuthRefused(_) | ImapError::Unsayable(_) => ("wachtwoord", "auth_refused"),
        ImapError::Busy(_) => ("wachtwoord", "mailbox_busy"),
        ImapError::HostUnknown(_) => (server, "host_unknown"),
        ImapError::CertificateRefused(_) => (server, "certificate_refused"),
        ImapError::NotEncrypted => (server, "not_encrypted"),
        _ => (server, "mailbox_unreachable"),
    }))
}

/// The mailbox that is reached over a network.
async fn load(state: &State, someone: &Someone) -> Result<Mailbox, Failure> {
    someone.owner()?;
    let list = async |tx: &TenantTx| store::mailboxes::list(tx).await;
    let mailboxes = state.store().as_user(&someone.person.claims, list).await?;
    let found = mailboxes.into_iter().find(|mailbox| mailbox.kind != MailboxKind::Maildir);
    found.ok_or(Failure::NotFound)
}

fn sheet(someone: &Someone, mailbox: &Mailbox, mistakes: &Mistakes) -> Sheet {
    let t = someone.t;
    let password = Field::new("wachtwoord", "password", t).bare();
    let hint = Some(t.get("field.app_password.hint"));
    let password = Field { label: t.get("field.app_password.label"), hint, ..password };
    let token = someone.person.form_token.clone();
    let mut sheet = Sheet::new(someone.frame(), "settings_mailbox", HERE, token);
    sheet.lead = format!("{} · {}", mailbox.address, sheet.lead);
    sheet.note = Some(if let Some(reason) = &mailbox.paused_reason {
        let said = t.find(&format!("notice_detail.mailbox.{reason}"));
        ("wait", said.unwrap_or_else(|| t.get("mailbox_state.paused")).to_owned())
    } else if let Some(trouble) = &mailbox.trouble {
        let said = t.find(&format!("notice_detail.mailbox.{trouble}"));
        ("wait", said.unwrap_or_else(|| t.get("mailbox_state.trouble")).to_owned())
    } else if let Some(read) = mailbox.last_read_at {
        ("good", format!("{} {}", t.get("mailbox_state.works"), when::exact(read, t)))
    } else {
        ("wait", t.get("mailbox_state.waiting").to_owned())
    });
    sheet.quiet = true;
    if !mistakes.none() {
        sheet.note = None;
    }
    let mut sheet = sheet.with(vec![password], mistakes);
    sheet.ways.push(Way::to("/instellingen", t.get("account.settings")));
    sheet
}

/// `GET /instellingen/mailbox`.
pub async fn form(
    Held(state): Held<State>,
    Query(told): Query<Told>,
    someone: Someone,
) -> Result<Response, Failure> {
    let mailbox = load(&state, &someone).await?;
    let mut sheet = sheet(&someone, &mailbox, &Mistakes::default());
    if told.melding == "opgeslagen" {
        sheet.note = Some(("good", someone.t.get("mailbox_state.saved").to_owned()));
    }
    sheet.answer()
}

/// `POST /instellingen/mailbox`: a new password is tried, saved, and what was missed comes in.
pub async fn save(
    Held(state): Held<State>,
    someone: Someone,
    posted: Posted,
) -> Result<Response, Failure> {
    let mailbox = load(&state, &someone).await?;
    posted.only(&["wachtwoord"])?;
    let typed = posted.exact("wachtwoord");
    let password: String = match mailbox.kind {
        MailboxKind::Gmail => typed.split_whitespace().collect(),
        _ => typed.to_owned(),
    };
    let mut mistakes = Mistakes::default();
    mistakes.bounded("wachtwoord", &password, 500);
    if mistakes.none()
        && let Some((_, key)) = wrong_with(&state, mailbox.kind, &mailbox.config, &password).await?
    {
        mistakes.add("wachtwoord", key);
    }
    if !mistakes.none() {
        return sheet(&someone, &mailbox, &mistakes).answer();
    }
    let vault = state.0.vault.as_ref().ok_or(Failure::NotFound)?;
    let tenant = someone.person.claims.tenant_id.ok_or(Failure::NotFound)?;
    let secret = Secret::new(password);
    let rows = [SecretRow::of_mailbox(tenant, mailbox.id), SecretRow::of_tenant(tenant)];
    let mut sealed = Vec::with_capacity(rows.len());
    for row in rows {
        sealed.push((row, vault.seal(row, &secret).map_err(|error| Failure::defect(&error))?));
    }
    let save = async |tx: &TenantTx| {
        for (row, envelope) in &sealed {
            store::secrets::save(tx, *row, envelope).await?;
        }
        Ok(())
    };
    state.store().as_user(&someone.person.claims, save).await?;
    Ok(Redirect::to("/instellingen/mailbox?melding=opgeslagen").into_response())
}
