//! Mailbox providers: what a shop fills in, and what is kept of it.

use domain::contract::Language;
use serde_json::{Value, json};
use store::mailboxes::MailboxKind;

use super::super::texts::Texts;
use super::form::{Field, Help, Mistakes, Posted};
use crate::oauth::{MailboxSecret, Place, Providers};
use crate::secrets::Secret;

/// Somebody who does not know where their Zoho is: all of it is tried.
const ANYWHERE: &str = "onbekend";

/// The fields of the form.
pub const FIELDS: [&str; 10] = [
    "provider",
    "email",
    "wachtwoord",
    "regio",
    "zoho_host",
    "imap_host",
    "imap_port",
    "smtp_host",
    "smtp_port",
    "gebruiker",
];

/// A mailbox as somebody filled it in.
#[derive(Debug)]
pub struct Wanted {
    /// How it is reached.
    pub kind: MailboxKind,
    /// Its address, lower case.
    pub address: String,
    /// Hosts, ports, user; no secret.
    pub config: Value,
    /// What opens it: as typed, without the blanks that providers show in app passwords, or the
    /// provider's consent.
    pub secret: MailboxSecret,
}

/// Reads the form.
pub fn read(posted: &Posted, providers: &Providers) -> Result<Wanted, Mistakes> {
    let mut mistakes = Mistakes::default();
    let address = posted.get("email").to_lowercase();
    if !looks_like_address(&address) {
        mistakes.add("email", "email");
    }
    let typed = posted.exact("wachtwoord");
    if typed.trim().is_empty() {
        mistakes.add("wachtwoord", "empty");
    } else if typed.len() > 500 {
        mistakes.add("wachtwoord", "long");
    }
    let (kind, servers) = servers(posted, providers, &mut mistakes);
    let [(imap, imap_port), (smtp, smtp_port)] = servers;
    let user = match kind {
        MailboxKind::Imap => user(posted, &address),
        _ => address.clone(),
    };
    if !mistakes.none() {
        return Err(mistakes);
    }
    let config = json!({
        "imap": { "host": imap, "port": imap_port },
        "smtp": { "host": smtp, "port": smtp_port },
        "user": user,
    });
    let password = match kind {
        MailboxKind::Gmail => typed.split_whitespace().collect(),
        _ => typed.to_owned(),
    };
    let secret = MailboxSecret::Password(Secret::new(password));
    Ok(Wanted { kind, address, config, secret })
}

/// A server's name and port.
type Named = (String, u16);

/// Which kind of mailbox, and the servers of its incoming and outgoing mail.
fn servers(
    posted: &Posted,
    providers: &Providers,
    mistakes: &mut Mistakes,
) -> (MailboxKind, [Named; 2]) {
    let usual = |imap: String, smtp: String| [(imap, 993), (smtp, 465)];
    match posted.get("provider") {
        "gmail" => {
            (MailboxKind::Gmail, usual("imap.gmail.com".to_owned(), "smtp.gmail.com".to_owned()))
        }
        "zoho" => {
            let region = posted.get("regio");
            let own = posted.get("zoho_host");
            let servers = if region == "pro" && !own.is_empty() {
                let imap = host(posted, mistakes, "zoho_host");
                let smtp = imap.replacen("imap", "smtp", 1);
                usual(imap, smtp)
            } else if let Some(place) = zoho_place(providers, region) {
                let named = |server: &crate::oauth::Server, port: u16| {
                    (server.host.clone(), server.port.unwrap_or(port))
                };
                [named(&place.imap, 993), named(&place.smtp, 465)]
            } else {
                mistakes.add("regio", "choose");
                usual(String::new(), String::new())
            };
            (MailboxKind::Zoho, servers)
        }
        "imap" => (MailboxKind::Imap, own_servers(posted, mistakes)),
        _ => {
            mistakes.add("provider", "choose");
            (MailboxKind::Imap, usual(String::new(), String::new()))
        }
    }
}

/// Where the try begins. Those with a domain of their own are mostly on the second server of a data
/// centre; the try goes through all of them anyway.
fn zoho_place<'a>(providers: &'a Providers, region: &str) -> Option<&'a Place> {
    let first = || providers.regions().next().map(|name| providers.places_of(name));
    match region {
        "pro" => first()?.last(),
        ANYWHERE => first()?.first(),
        region => providers.places_of(region).first(),
    }
}

/// Where mail is read and where it is handed over: the setting, its fields, and the usual port.
const SERVERS: [(&str, &str, &str, u16); 2] =
    [("imap", "imap_host", "imap_port", 993), ("smtp", "smtp_host", "smtp_port", 465)];

fn own_servers(posted: &Posted, mistakes: &mut Mistakes) -> [Named; 2] {
    SERVERS.map(|(_, host_field, port_field, usual)| {
        (host(posted, mistakes, host_field), port(posted, mistakes, port_field, usual))
    })
}

/// The name to sign in with: mostly the whole address.
fn user(posted: &Posted, address: &str) -> String {
    let typed = Some(posted.get("gebruiker")).filter(|user| !user.is_empty());
    typed.unwrap_or(address).to_owned()
}

/// The settings of a mailbox at a provider that is not known, with other servers. What is not on the
/// form stays; how a server encrypts stays where the server does.
pub fn with_servers(
    config: &Value,
    address: &str,
    posted: &Posted,
    mistakes: &mut Mistakes,
) -> Value {
    let mut config = config.clone();
    let Some(settings) = config.as_object_mut() else { return config };
    for (name, host_field, port_field, usual) in SERVERS {
        let held = settings.get(name);
        let text = |what: &str| held.and_then(|held| held.get(what)).and_then(Value::as_str);
        let number = held.and_then(|held| held.get("port")).and_then(Value::as_u64);
        // What stands was set by whoever may: a server in the house has a name without dots.
        let stands = text("host") == Some(posted.get(host_field));
        let port = port(posted, mistakes, port_field, usual);
        if stands && number == Some(u64::from(port)) {
            continue;
        }
        let host = if stands {
            posted.get(host_field).to_owned()
        } else {
            host(posted, mistakes, host_field)
        };
        settings.insert(name.to_owned(), json!({ "host": host, "port": port }));
    }
    settings.insert("user".to_owned(), json!(user(posted, address)));
    config
}

/// The form of these settings as it would have been filled in.
pub fn as_posted(config: &Value, address: &str) -> Posted {
    let text = |place: &str| match config.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let user = Some(text("/user")).filter(|user| user != address).unwrap_or_default();
    Posted::holding([
        ("imap_host", text("/imap/host")),
        ("imap_port", text("/imap/port")),
        ("smtp_host", text("/smtp/host")),
        ("smtp_port", text("/smtp/port")),
        ("gebruiker", user),
    ])
}

/// Names of [`server_fields`].
pub const SERVER_FIELDS: [&str; 5] =
    ["imap_host", "imap_port", "smtp_host", "smtp_port", "gebruiker"];

/// The fields for servers of a provider that is not known.
pub fn server_fields(posted: &Posted, t: Texts) -> Vec<Field> {
    let usual = [("imap_host", ""), ("imap_port", "993"), ("smtp_host", ""), ("smtp_port", "465")];
    let servers = usual.map(|(name, usual)| {
        let held = Some(posted.get(name)).filter(|it| !it.is_empty()).unwrap_or(usual);
        let kind = if usual.is_empty() { "text" } else { "number" };
        Field::new(name, kind, t).holding(held)
    });
    let user = Field::new("gebruiker", "text", t).holding(posted.get("gebruiker")).optional();
    servers.into_iter().chain([user]).collect()
}

fn host(posted: &Posted, mistakes: &mut Mistakes, field: &'static str) -> String {
    let host = posted.get(field).to_lowercase();
    if !is_host(&host) {
        mistakes.add(field, "host");
    }
    host
}

fn port(posted: &Posted, mistakes: &mut Mistakes, field: &'static str, usual: u16) -> u16 {
    match posted.get(field) {
        "" => usual,
        typed => typed.parse::<u16>().ok().filter(|port| *port > 0).unwrap_or_else(|| {
            mistakes.add(field, "port");
            usual
        }),
    }
}

/// A mail address, as far as that shows: the mailbox itself has the last word.
pub fn looks_like_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain =
        text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>\",;()".contains(c));
    plain && !local.is_empty() && is_host(domain) && text.len() <= 254
}

/// A host name with a dot: no address of this machine or its network.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b >= 0x80)
    };
    let named =
        text.rsplit('.').next().is_some_and(|last| last.bytes().any(|b| !b.is_ascii_digit()));
    text.contains('.') && text.len() <= 253 && named && text.split('.').all(label)
}

/// The fields as they stand for one provider. Without JavaScript each provider is a page of its
/// own: `/winkel/mailbox?soort=zoho`.
pub fn fields(provider: &str, posted: &Posted, providers: &Providers, t: Texts) -> Vec<Field> {
    let email = Field::new("email", "email", t);
    let email = email.holding(posted.get("email")).filled_in_as("email");
    let mut fields = vec![Field { label: t.get("field.mailbox.label"), hint: None, ..email }];
    match provider {
        "zoho" => {
            let words = |value: &str| (value.to_owned(), t.word("zoho", &value.replace('.', "_")));
            let options = providers.regions().chain([ANYWHERE, "pro"]).map(words).collect();
            let region = Some(posted.get("regio")).filter(|it| !it.is_empty()).unwrap_or("eu");
            fields.push(Field::new("regio", "select", t).holding(region).choosing(options));
            let own = Field::new("zoho_host", "text", t).holding(posted.get("zoho_host"));
            fields.push(own.optional());
        }
        "imap" => fields.extend(server_fields(posted, t)),
        _ => {}
    }
    let password = Field::new("wachtwoord", "password", t).bare();
    let label =
        if provider == "imap" { "field.mail_password.label" } else { "field.app_password.label" };
    let hint = Some(t.get("field.app_password.hint"));
    fields.push(Field { label: t.get(label), hint, ..password });
    fields
}

/// The kind of mailbox that a provider's page is about.
pub fn kind(provider: &str) -> MailboxKind {
    match provider {
        "gmail" => MailboxKind::Gmail,
        "zoho" => MailboxKind::Zoho,
        _ => MailboxKind::Imap,
    }
}

/// Numbered steps to an app password.
pub fn help(provider: &str, t: Texts) -> Help {
    let steps = (1..=6).filter_map(|n| t.find(&format!("provider.{provider}.step{n}"))).collect();
    let title = t.find(&format!("provider.{provider}.help")).unwrap_or_default();
    Help { title, steps }
}

/// The contract's word for a language.
pub const fn taalvoorkeur(language: Language) -> &'static str {
    match language {
        Language::Dutch => "NL",
        _ => "EN",
    }
}
