//! What is said to a token endpoint (RFC 6749, sections 4.1.3 and 6), and what its answers mean.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::grant::{Grant, Unreadable};
use super::http::{Answer, Http, HttpError};
use super::providers::Provider;
use crate::secrets::{EnvelopeError, Secret};

/// A provider that does not say how long its token lives: taken for this many seconds.
const USUAL_LIFE: u32 = 600;
/// No token is believed to live longer than a day.
const LONGEST_LIFE: u32 = 86_400;
/// The longest token, in bytes: two fit into a line of SMTP or IMAP in Base64.
const LONGEST_TOKEN: usize = 6_000;

/// What a provider gave.
#[derive(Debug)]
pub struct Granted {
    /// Opens the mailbox for a while.
    pub access: Secret,
    /// For so many seconds.
    pub seconds: u32,
    /// Gets the next one; `None` where the one before stays good.
    pub refresh: Option<Secret>,
    /// What was consented to; `None`: what was asked for.
    pub scope: Option<String>,
    /// Whose mailbox it is, where the provider said it in an id token.
    pub address: Option<String>,
}

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The consent is gone: taken back, run out, or ended by a new password. Only a person can
    /// give another.
    #[error("the provider's consent is gone ({0})")]
    Withdrawn(String),
    /// A mail server refused two tokens in a row, the second of them new.
    #[error("the mail server refused a new token: {0}")]
    Refused(String),
    /// The client of this installation is not known there, or is missing here: whoever runs Loket
    /// has to mend it.
    #[error("the client for {0} does not work ({1})")]
    Client(String, String),
    /// It has too much to do, or is out of order: it passes.
    #[error("the provider gives no token just now ({0})")]
    Busy(String),
    /// It cannot be reached, or sends what no token endpoint should.
    #[error("the provider's token endpoint cannot be used")]
    Http(#[from] HttpError),
    /// It answers something else.
    #[error("the provider's answer is none: {0}")]
    Odd(&'static str),
    /// Somebody connected the mailbox anew, or removed it, meanwhile.
    #[error("the mailbox was connected anew meanwhile")]
    Changed,
    /// What is kept cannot be opened.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// What is kept is none.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The database could not do it.
    #[error("the database could not do it")]
    Store(#[from] store::Error),
}

impl TokenError {
    /// Whether only a person of the shop can mend it, by connecting anew.
    pub const fn needs_person(&self) -> bool {
        matches!(self, Self::Withdrawn(_) | Self::Refused(_))
    }

    /// The trouble in a word that the pages have a text for.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Withdrawn(_) | Self::Refused(_) => "grant_refused",
            Self::Client(..) => "token_client",
            Self::Busy(_) | Self::Http(_) | Self::Odd(_) => "token_unreachable",
            Self::Changed | Self::Envelope(_) | Self::Unreadable(_) | Self::Store(_) => "broken",
        }
    }
}

#[derive(Deserialize)]
struct Said {
    access_token: Option<String>,
    expires_in: Option<Value>,
    refresh_token: Option<String>,
    scope: Option<String>,
    id_token: Option<String>,
    error: Option<String>,
}

/// Gets an access token for a consent.
pub async fn refresh(
    http: &Http,
    provider: &Provider,
    grant: &Grant,
) -> Result<Granted, TokenError> {
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", grant.refresh.expose())];
    ask(http, provider, &pairs).await
}

/// Gets the first tokens, for the code that somebody brought back.
pub async fn exchange(
    http: &Http,
    provider: &Provider,
    code: &str,
    verifier: &str,
    redirect_uri: &str,
) -> Result<Granted, TokenError> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect_uri),
    ];
    ask(http, provider, &pairs).await
}

async fn ask(
    http: &Http,
    provider: &Provider,
    pairs: &[(&str, &str)],
) -> Result<Granted, TokenError> {
    let missing = || TokenError::Client(provider.name.clone(), "it is not set up here".to_owned());
    let id = provider.client_id.as_deref().ok_or_else(missing)?;
    let mut pairs = pairs.to_vec();
    pairs.push(("client_id", id));
    if let Some(secret) = &provider.client_secret {
        pairs.push(("client_secret", secret.expose()));
    }
    let answer = http.post(&provider.token, &pairs).await?;
    read(provider, &answer)
}

fn read(provider: &Provider, answer: &Answer) -> Result<Granted, TokenError> {
    if answer.status >= 500 || answer.status == 429 {
        return Err(TokenError::Busy(answer.status.to_string()));
    }
    let said: Said =
        serde_json::from_slice(&answer.body).map_err(|_| TokenError::Odd("it is no JSON"))?;
    // Zoho answers 200 with an error in it.
    if let Some(error) = said.error {
        return Err(refusal(provider, &printable(&error)));
    }
    if answer.status != 200 {
        return Err(TokenError::Busy(answer.status.to_string()));
    }
    let bounded = |token: String| {
        let plain = token.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        (plain && !token.is_empty() && token.len() <= LONGEST_TOKEN).then(|| Secret::new(token))
    };
    let access = said.access_token.ok_or(TokenError::Odd("it holds no access token"))?;
    let access = bounded(access).ok_or(TokenError::Odd("its access token is none"))?;
    let refresh = match said.refresh_token.filter(|token| !token.is_empty()) {
        Some(token) => Some(bounded(token).ok_or(TokenError::Odd("its refresh token is none"))?),
        None => None,
    };
    Ok(Granted {
        access,
        seconds: seconds(said.expires_in.as_ref()),
        refresh,
        scope: said.scope,
        address: said.id_token.as_deref().and_then(address_in),
    })
}

/// A number, or a number in a text.
fn seconds(said: Option<&Value>) -> u32 {
    let number = said.and_then(|said| match said {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.unwrap_or(USUAL_LIFE).min(LONGEST_LIFE)
}

fn refusal(provider: &Provider, code: &str) -> TokenError {
    match code {
        // `invalid_code` is what Zoho says of a refresh token that was taken back.
        "invalid_grant" | "invalid_code" | "interaction_required" | "consent_required" => {
            TokenError::Withdrawn(code.to_owned())
        }
        "invalid_client"
        | "unauthorized_client"
        | "invalid_client_secret"
        | "invalid_scope"
        | "unsupported_grant_type"
        | "redirect_uri_mismatch"
        | "invalid_redirect_uri"
        | "org_internal"
        | "deleted_client"
        | "disabled_client" => TokenError::Client(provider.name.clone(), code.to_owned()),
        // What nobody knows must not stop a mailbox.
        _ => TokenError::Busy(code.to_owned()),
    }
}

/// The address in an id token. It came from the token endpoint itself over TLS, so its signature
/// says nothing that the connection did not (`OpenID` Connect Core 1.0, section 3.1.3.7, rule 6).
fn address_in(id_token: &str) -> Option<String> {
    let payload = id_token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    address_of(&claims, "email")
}

fn address_of(claims: &Value, field: &str) -> Option<String> {
    let proved = match claims.get("email_verified") {
        Some(Value::Bool(proved)) => *proved,
        Some(Value::String(proved)) => proved == "true",
        Some(_) => false,
        None => true,
    };
    let address = claims.get(field)?.as_str()?.trim().to_lowercase();
    (proved && address.contains('@')).then_some(address)
}

/// Whose mailbox a token opens, as the provider's userinfo says it; `None` where it says nothing.
pub async fn address(
    http: &Http,
    provider: &Provider,
    access: &Secret,
) -> Result<Option<String>, TokenError> {
    let Some(url) = &provider.userinfo else { return Ok(None) };
    let answer = http.get(url, access).await?;
    if answer.status != 200 {
        return Err(TokenError::Busy(answer.status.to_string()));
    }
    let claims: Value =
        serde_json::from_slice(&answer.body).map_err(|_| TokenError::Odd("it is no JSON"))?;
    Ok(address_of(&claims, &provider.email_field))
}

/// An error code for logs and notices: one line of at most 60 characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::super::providers::Providers;
    use super::*;

    fn said(status: u16, body: &str) -> Result<Granted, TokenError> {
        let providers = Providers::known().unwrap();
        let body = zeroize::Zeroizing::new(body.as_bytes().to_vec());
        read(providers.find("zoho-eu").unwrap(), &Answer { status, body })
    }

    #[test]
    fn c9_what_a_token_endpoint_says() {
        let granted = said(200, r#"{"access_token":"a.b","expires_in":"3599"}"#).unwrap();
        assert_eq!((granted.access.expose(), granted.seconds), ("a.b", 3599));
        assert!(granted.refresh.is_none());
        let forever = said(200, r#"{"access_token":"a","expires_in":99999999999}"#).unwrap();
        assert_eq!(forever.seconds, USUAL_LIFE);
        let claims = URL_SAFE_NO_PAD.encode(r#"{"email":"Info@Winkel.example"}"#);
        let id = format!(r#"{{"access_token":"a","id_token":"h.{claims}.s"}}"#);
        assert_eq!(said(200, &id).unwrap().address.as_deref(), Some("info@winkel.example"));
        let unproved = URL_SAFE_NO_PAD.encode(r#"{"email":"a@b.example","email_verified":false}"#);
        let id = format!(r#"{{"access_token":"a","id_token":"h.{unproved}.s"}}"#);
        assert_eq!(said(200, &id).unwrap().address, None);
        for (status, body, word) in [
            (400, r#"{"error":"invalid_grant"}"#, "grant_refused"),
            (200, r#"{"error":"invalid_code"}"#, "grant_refused"),
            (401, r#"{"error":"invalid_client"}"#, "token_client"),
            (400, r#"{"error":"Access Denied"}"#, "token_unreachable"),
            (500, r#"{"error":"invalid_grant"}"#, "token_unreachable"),
            (429, "", "token_unreachable"),
            (404, "{}", "token_unreachable"),
            (200, "<html>", "token_unreachable"),
            (200, "{}", "token_unreachable"),
            (200, r#"{"access_token":""}"#, "token_unreachable"),
            (200, r#"{"access_token":"a\r\nb"}"#, "token_unreachable"),
        ] {
            let error = said(status, body).unwrap_err();
            assert_eq!(error.word(), word, "{status} {body}: {error}");
            assert_eq!(error.needs_person(), word == "grant_refused");
        }
    }
}
