//! What is known of providers that give tokens, and of Zoho's data centres: data, with what the
//! person who runs Loket adds. A provider without a client of ours is not offered.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use store::mailboxes::MailboxKind;

use super::http::Url;
use crate::secrets::Secret;

/// What is known beforehand.
const KNOWN: &str = include_str!("providers.toml");

/// Why a list of providers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    /// It cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It holds a secret and others can read it.
    #[error("{0} holds a client's secret and can be read by others; run: chmod 600 {0}")]
    Open(PathBuf),
    /// It is no such list.
    #[error("the list of providers is not right: {0}")]
    Shape(String),
}

/// A mail server: `host` or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Server {
    /// Its name.
    pub host: String,
    /// Its port, where it is not the usual one.
    pub port: Option<u16>,
}

impl TryFrom<String> for Server {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            None if !text.is_empty() => Ok(Self { host: text, port: None }),
            Some((host, port)) if !host.is_empty() => {
                let port = port.parse().map_err(|_| format!("{text} has no port"))?;
                Ok(Self { host: host.to_owned(), port: Some(port) })
            }
            _ => Err("a server without a name".to_owned()),
        }
    }
}

/// Where a mailbox is read and where its mail is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// IMAP, usually on 993.
    pub imap: Server,
    /// SMTP, usually on 465.
    pub smtp: Server,
}

/// One that gives tokens. The file `providers.toml` says what each field means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "said in the file that they are read from")]
pub struct Provider {
    pub name: String,
    pub title: String,
    pub family: String,
    pub kind: MailboxKind,
    #[serde(default)]
    pub location: Option<String>,
    pub authorize: Url,
    pub token: Url,
    #[serde(default)]
    pub userinfo: Option<Url>,
    #[serde(default = "email_field")]
    pub email_field: String,
    pub scope: String,
    #[serde(default)]
    pub needs: Option<String>,
    #[serde(default)]
    pub ask: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub places: Vec<Place>,
    #[serde(default)]
    pub client_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    pub client_secret: Option<Secret>,
}

fn email_field() -> String {
    "email".to_owned()
}

fn secret<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(source)?.map(Secret::new))
}

/// A data centre.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    name: String,
    places: Vec<Place>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    oauth: Vec<Provider>,
    #[serde(default)]
    region: Vec<Region>,
}

/// All that is known of providers.
#[derive(Debug, Clone)]
pub struct Providers {
    oauth: Vec<Provider>,
    regions: Vec<Region>,
}

impl Providers {
    /// What Loket comes with; none of them has a client yet.
    pub fn known() -> Result<Self, ProvidersError> {
        Self { oauth: Vec::new(), regions: Vec::new() }.with(KNOWN)
    }

    /// None at all: nothing is offered and nothing is tried.
    pub const fn none() -> Self {
        Self { oauth: Vec::new(), regions: Vec::new() }
    }

    /// With what a file adds. One that holds a client's secret must be for its owner alone.
    pub fn with_file(self, path: &Path) -> Result<Self, ProvidersError> {
        let unreadable = |source| ProvidersError::File { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let open = fs::metadata(path).map_err(unreadable)?.mode() & 0o077 != 0;
        let with = self.with(&text)?;
        if open && with.oauth.iter().any(|provider| provider.client_secret.is_some()) {
            return Err(ProvidersError::Open(path.to_owned()));
        }
        Ok(with)
    }

    /// With what a text in the same form adds; entries of the same name are replaced.
    pub fn with(mut self, text: &str) -> Result<Self, ProvidersError> {
        // What the parser quotes may be a secret.
        let list: List = toml::from_str(text)
            .map_err(|error| ProvidersError::Shape(error.message().to_owned()))?;
        for region in list.region {
            if region.places.is_empty() {
                return Err(ProvidersError::Shape(format!("{} has no places", region.name)));
            }
            match self.regions.iter_mut().find(|known| known.name == region.name) {
                Some(known) => *known = region,
                None => self.regions.push(region),
            }
        }
        for mut provider in list.oauth {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if provider.name.is_empty() || !provider.name.chars().all(plain) {
                return Err(ProvidersError::Shape(format!("{:?} is no name", provider.name)));
            }
            if let Some(region) = provider.region.take() {
                provider.places.extend_from_slice(self.places_of(&region));
            }
            if provider.places.is_empty() || provider.kind == MailboxKind::Maildir {
                return Err(ProvidersError::Shape(format!("{} has no places", provider.name)));
            }
            match self.oauth.iter_mut().find(|known| known.name == provider.name) {
                Some(known) => *known = provider,
                None => self.oauth.push(provider),
            }
        }
        Ok(self)
    }

    /// With a client for each family that `client` knows one of: id and secret.
    #[must_use]
    pub fn with_clients(
        mut self,
        client: impl Fn(&str) -> Option<(String, Option<Secret>)>,
    ) -> Self {
        for provider in &mut self.oauth {
            if let Some((id, secret)) = client(&provider.family) {
                (provider.client_id, provider.client_secret) = (Some(id), secret);
            }
        }
        self
    }

    /// The provider of this name, whether or not there is a client for it.
    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.oauth.iter().find(|provider| provider.name == name)
    }

    /// Those that can be offered for a mailbox of this kind.
    pub fn offered(&self, kind: MailboxKind) -> impl Iterator<Item = &Provider> {
        self.oauth.iter().filter(move |it| it.kind == kind && it.client_id.is_some())
    }

    /// The data centre that somebody came back from, as the provider calls it. Only one that is on
    /// the list, of the same family, with a client: never an address that somebody brings along.
    pub fn at(&self, asked: &Provider, location: &str) -> Option<&Provider> {
        self.oauth.iter().find(|it| {
            it.family == asked.family
                && it.client_id.is_some()
                && it.location.as_deref() == Some(location)
        })
    }

    /// Zoho's data centres, by name.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.iter().map(|region| region.name.as_str())
    }

    /// The servers of a data centre; empty where there is none of this name.
    pub fn places_of(&self, region: &str) -> &[Place] {
        self.regions.iter().find(|it| it.name == region).map_or(&[], |it| &it.places)
    }

    /// All servers of Zoho, each once, in the order of the list.
    pub fn all_places(&self) -> impl Iterator<Item = &Place> {
        self.regions.iter().flat_map(|region| &region.places)
    }
}

impl Provider {
    /// Whether what was consented to is enough to read mail. Providers let people take back parts
    /// of what was asked for.
    pub fn is_enough(&self, scope: Option<&str>) -> bool {
        let (Some(needs), Some(scope)) = (&self.needs, scope) else { return true };
        scope.split([' ', ',']).any(|part| part == needs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loket_knows_is_whole_and_offers_nothing_without_a_client() {
        let known = Providers::known().unwrap();
        assert_eq!(known.offered(MailboxKind::Gmail).count(), 0);
        let google = known.find("google").unwrap();
        assert_eq!(google.token.as_str(), "https://oauth2.googleapis.com/token");
        assert!(google.is_enough(Some("openid https://mail.google.com/")));
        assert!(!google.is_enough(Some("openid email")));
        let regions: Vec<&str> = known.regions().collect();
        assert_eq!(regions, ["eu", "com", "in", "com.au", "jp", "sa", "ca"]);
        assert_eq!(known.all_places().count(), 14);
        for region in regions {
            let place = known.places_of(region).first().unwrap();
            let there = known.oauth.iter().filter(|it| it.places.first() == Some(place));
            assert_eq!(there.count(), 1, "{region} has tokens as well");
        }
        let clients = known.with_clients(|family| {
            (family == "zoho").then(|| ("id".to_owned(), Some(Secret::from("geheim"))))
        });
        assert_eq!(clients.offered(MailboxKind::Zoho).count(), 7);
        assert_eq!(clients.offered(MailboxKind::Gmail).count(), 0);
        let eu = clients.find("zoho-eu").unwrap();
        assert_eq!(clients.at(eu, "in").unwrap().name, "zoho-in");
        assert!(clients.at(eu, "evil.example").is_none());
    }

    #[test]
    fn l9_a_list_that_is_wrong_is_refused_and_secrets_are_not_quoted() {
        let known = || Providers::known().unwrap();
        let whole = r#"
            [[oauth]]
            name = "eigen"
            title = "Eigen"
            family = "eigen"
            kind = "imap"
            authorize = "https://id.example/authorize"
            token = "https://id.example/token"
            scope = "mail"
            client_id = "loket"
            client_secret = "heel geheim"
            places = [{ imap = "imap.example:1993", smtp = "smtp.example" }]
        "#;
        let with = known().with(whole).unwrap();
        let own = with.find("eigen").unwrap();
        assert_eq!(own.places[0].imap.port, Some(1993));
        assert!(!format!("{own:?}").contains("heel geheim"));
        for (from, to) in [
            ("https://id.example/token", "http://id.example/token"),
            ("name = \"eigen\"", "name = \"Eigen naam\""),
            ("kind = \"imap\"", "kind = \"maildir\""),
            ("scope = \"mail\"", "scop = \"mail\""),
            ("imap.example:1993", "imap.example:x"),
            ("client_id = \"loket\"", "client_id = 7"),
        ] {
            let refused = known().with(&whole.replace(from, to)).unwrap_err().to_string();
            assert!(!refused.contains("heel geheim"), "{refused}");
        }
    }
}
