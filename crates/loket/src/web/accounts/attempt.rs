//! The try that comes before anything about a mailbox is saved: one live sign-in where mail is read,
//! and one where it is handed over; nothing is sent. Zoho keeps each account in one data centre and
//! all others refuse it, so where the one that was named refuses, the others are tried, one after
//! the other, each once.

use std::time::Duration;

use mail::imap::{Auth, ImapConnection, ImapError, Limits};
use mail::smtp::{Login, Outcome, Phase, Session, TimeLimits, Token, Trouble};
use serde_json::{Value, json};
use store::mailboxes::MailboxKind;
use tokio::time::{Instant, timeout};

use super::super::State;
use super::super::failure::Failure;
use super::visitor::Someone;
use crate::oauth::{Place, Server};
use crate::pipeline::{Reading, RemoteConfig, way_out};

/// One server may take so long; a page that waits for longer looks broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// All data centres together may take so long.
const PATIENCE_FOR_ALL: Duration = Duration::from_secs(45);
/// Each step of it.
const STEP: Duration = Duration::from_secs(8);
/// Where nothing is said of ports.
const IMAPS: u16 = 993;
const SMTPS: u16 = 465;
/// The ports of mail. Others could be anything: a form that tries them is a tool to look around with.
const READING_PORTS: [u16; 2] = [143, IMAPS];
const SENDING_PORTS: [u16; 4] = [25, SMTPS, 587, 2525];

/// What came of it.
#[derive(Debug)]
pub enum Tried {
    /// It works, with these settings.
    Works(Value),
    /// It does not: the field, and the key of its sentence.
    Wrong(&'static str, &'static str),
}

/// Signs in once with what somebody typed; at Zoho, where it was refused, at the other data centres
/// too. Guesses are counted: by person, and by mailbox.
pub async fn attempt(
    state: &State,
    someone: &Someone,
    kind: MailboxKind,
    config: &Value,
    auth: &Auth,
) -> Result<Tried, Failure> {
    let person = someone.person.user_id.0;
    let text = |path: &str| config.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let account = (text("/imap/host").to_lowercase(), text("/user").to_lowercase());
    if !someone.auth.may_try_mailbox(person, &account) {
        return Ok(Tried::Wrong("wachtwoord", "too_many_tries"));
    }
    let tried = reach(state, kind, config, auth).await?;
    if matches!(tried, Tried::Works(_)) {
        someone.auth.mailbox_worked(person, &account);
    }
    Ok(tried)
}

/// The same with what a provider gave, which nobody guesses. Where this server reads no mail,
/// everything works.
pub async fn reach(
    state: &State,
    kind: MailboxKind,
    config: &Value,
    auth: &Auth,
) -> Result<Tried, Failure> {
    let Some(reading) = state.0.reading.as_deref() else { return Ok(Tried::Works(config.clone())) };
    if !reading.network.allows_private_hosts() {
        for (place, ports, field) in [
            ("/imap/port", READING_PORTS.as_slice(), "imap_port"),
            ("/smtp/port", &SENDING_PORTS, "smtp_port"),
        ] {
            let port = config.pointer(place).and_then(Value::as_u64);
            if port.is_some_and(|port| !ports.iter().any(|known| u64::from(*known) == port)) {
                return Ok(Tried::Wrong(field, field));
            }
        }
    }
    let begun = Instant::now();
    let first = match sign_in(reading, config, auth).await? {
        Ok(()) => return with_way_out(reading, kind, config, auth).await,
        Err(error) => error,
    };
    if kind == MailboxKind::Zoho && may_live_elsewhere(&first) {
        let there = servers_of(config);
        for place in state.0.providers.all_places().filter(|place| Some(servers(place)) != there) {
            if begun.elapsed() >= PATIENCE_FOR_ALL {
                break;
            }
            let config = moved(config, place);
            if sign_in(reading, &config, auth).await?.is_ok() {
                return with_way_out(reading, kind, &config, auth).await;
            }
        }
    }
    let (field, key) = why(kind, &first);
    Ok(Tried::Wrong(field, key))
}

/// These settings read mail; whether they let it leave as well. Some providers take a password in
/// one place and not in the other, and a shop should not learn that from its first reply.
async fn with_way_out(
    reading: &Reading,
    kind: MailboxKind,
    config: &Value,
    auth: &Auth,
) -> Result<Tried, Failure> {
    let (server, user) = way_out(config).map_err(|error| Failure::defect(&error))?;
    let login = match auth {
        Auth::Password(password) => Login::Password { user, password: Token::new(password) },
        Auth::XOAuth2(token) => Login::Token { user, token: Token::new(token) },
    };
    let limits = TimeLimits { connect: STEP, command: STEP, ..TimeLimits::default() };
    let session = Session::connect(&server, &login, &reading.network, limits);
    match timeout(PATIENCE, session).await {
        Ok(Ok(session)) => {
            session.close().await;
            Ok(Tried::Works(config.clone()))
        }
        Ok(Err(outcome)) => {
            let (field, key) = why_nothing_leaves(kind, &outcome);
            Ok(Tried::Wrong(field, key))
        }
        Err(_) => Ok(Tried::Wrong(sending_field(kind), "smtp_unreachable")),
    }
}

/// The same settings at another place.
pub fn moved(config: &Value, place: &Place) -> Value {
    let mut config = config.clone();
    if let Some(settings) = config.as_object_mut() {
        settings.insert("imap".to_owned(), server(&place.imap, IMAPS));
        settings.insert("smtp".to_owned(), server(&place.smtp, SMTPS));
    }
    config
}

fn server(server: &Server, usual: u16) -> Value {
    json!({ "host": server.host, "port": server.port.unwrap_or(usual) })
}

/// Host and port that mail is read from.
fn servers_of(config: &Value) -> Option<(String, u16)> {
    let imap = config.get("imap")?;
    let port = u16::try_from(imap.get("port")?.as_u64()?).ok()?;
    Some((imap.get("host")?.as_str()?.to_owned(), port))
}

fn servers(place: &Place) -> (String, u16) {
    (place.imap.host.clone(), place.imap.port.unwrap_or(IMAPS))
}

/// A data centre that does not know the account refuses it, as it refuses a wrong password.
const fn may_live_elsewhere(error: &ImapError) -> bool {
    matches!(
        error,
        ImapError::AuthRefused(_)
            | ImapError::NotLetIn(_)
            | ImapError::HostUnknown(_)
            | ImapError::Unreachable(_)
    )
}

async fn sign_in(
    reading: &Reading,
    config: &Value,
    auth: &Auth,
) -> Result<Result<(), ImapError>, Failure> {
    let config = RemoteConfig::read(config).map_err(|error| Failure::defect(&error))?;
    let mut settings = config.settings(reading, auth.clone());
    settings.limits = Limits { connect: STEP, step: STEP, ..settings.limits };
    Ok(match timeout(PATIENCE, ImapConnection::connect(&settings)).await {
        Ok(Ok(connection)) => {
            connection.close().await;
            Ok(())
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(ImapError::TimedOut("signing in")),
    })
}

const fn why(kind: MailboxKind, error: &ImapError) -> (&'static str, &'static str) {
    let server = match kind {
        MailboxKind::Zoho => "regio",
        MailboxKind::Imap => "imap_host",
        _ => "email",
    };
    match error {
        ImapError::AuthRefused(_) | ImapError::NotLetIn(_) if matches!(kind, MailboxKind::Zoho) => {
            ("wachtwoord", "zoho_refused")
        }
        ImapError::AuthRefused(_) | ImapError::NotLetIn(_) | ImapError::Unsayable(_) => {
            ("wachtwoord", "auth_refused")
        }
        ImapError::Busy(_) => ("wachtwoord", "mailbox_busy"),
        ImapError::HostUnknown(_) => (server, "host_unknown"),
        ImapError::CertificateRefused(_) => (server, "certificate_refused"),
        ImapError::NotEncrypted => (server, "not_encrypted"),
        _ => (server, "mailbox_unreachable"),
    }
}

/// The field that says where mail leaves.
const fn sending_field(kind: MailboxKind) -> &'static str {
    match kind {
        MailboxKind::Zoho => "regio",
        MailboxKind::Imap => "smtp_host",
        _ => "email",
    }
}

const fn why_nothing_leaves(kind: MailboxKind, outcome: &Outcome) -> (&'static str, &'static str) {
    let server = sending_field(kind);
    match outcome {
        Outcome::LoginRefused(_)
        | Outcome::NotSent(_, Trouble::NoCommonLogin | Trouble::UnusableLogin) => {
            ("wachtwoord", "smtp_refused")
        }
        Outcome::Later { phase: Phase::Login, .. } => ("wachtwoord", "mailbox_busy"),
        Outcome::NotSent(_, Trouble::NoServer(_)) => (server, "smtp_host_unknown"),
        Outcome::NotSent(_, Trouble::Certificate(_)) => (server, "certificate_refused"),
        Outcome::NotSent(_, Trouble::NoEncryption) => (server, "not_encrypted"),
        _ => (server, "smtp_unreachable"),
    }
}
