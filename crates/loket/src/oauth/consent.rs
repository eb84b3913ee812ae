//! The way to a provider and back: authorization code with PKCE (RFC 7636) and a state that only
//! the session it was made for can bring back.
//!
//! Nothing is kept between the two: the state carries what was asked for with a mark that only
//! this server makes, and the verifier is made from the state by the same key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::http::append_pairs;
use super::providers::Provider;

/// How long somebody may take at the provider's.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// What the consent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The mailbox of a shop that registers.
    Register,
    /// The mailbox of a shop that has one.
    Reconnect,
}

impl Purpose {
    const fn letter(self) -> &'static str {
        match self {
            Self::Register => "r",
            Self::Reconnect => "c",
        }
    }
}

/// Why what came back is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// It was not asked for by this session.
    #[error("this was not asked for by this session")]
    Foreign,
    /// It took too long.
    #[error("it took too long")]
    TooLate,
}

/// What the person decided at the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// They, or whoever administers their mail, said no.
    Denied,
    /// The provider did not go along with it.
    Other,
}

impl Refused {
    /// What an `error` in the address means.
    pub fn of(error: &str) -> Self {
        match error {
            "access_denied" | "consent_required" | "admin_policy_enforced" => Self::Denied,
            _ => Self::Other,
        }
    }
}

/// What was asked for, as it came back.
#[derive(Debug)]
pub struct Asked {
    /// The provider's name.
    pub provider: String,
    /// What for.
    pub purpose: Purpose,
    /// What proves at the token endpoint that it was us who asked.
    pub verifier: String,
}

/// The address that somebody is sent to. `mark` makes a text of at least 43 plain characters that
/// only this server can make again.
pub fn address(
    provider: &Provider,
    purpose: Purpose,
    session: Uuid,
    redirect_uri: &str,
    now: Timestamp,
    mark: impl Fn(&str) -> String,
) -> String {
    let until = now.saturating_add(PATIENCE).unwrap_or(now).as_second();
    let nonce = Uuid::now_v7().simple();
    let said = format!("{}.{}.{until}.{nonce}", provider.name, purpose.letter());
    let state = format!("{said}.{}", mark(&bound(&said, session)));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier(&state, &mark)));
    let mut address = provider.authorize.as_str().to_owned();
    address.push(if address.contains('?') { '&' } else { '?' });
    let id = provider.client_id.as_deref().unwrap_or_default();
    let ours = [
        ("response_type", "code"),
        ("client_id", id),
        ("redirect_uri", redirect_uri),
        ("scope", provider.scope.as_str()),
        ("state", &state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    append_pairs(&mut address, &ours);
    for (name, value) in &provider.ask {
        append_pairs(&mut address, &[(name, value)]);
    }
    address
}

/// Takes a state back. `same` compares without telling by its duration.
pub fn back(
    state: &str,
    session: Uuid,
    now: Timestamp,
    mark: impl Fn(&str) -> String,
    same: impl Fn(&str, &str) -> bool,
) -> Result<Asked, ConsentError> {
    let (said, given) = state.rsplit_once('.').ok_or(ConsentError::Foreign)?;
    if !same(given, &mark(&bound(said, session))) {
        return Err(ConsentError::Foreign);
    }
    let mut parts = said.split('.');
    let mut next = || parts.next().ok_or(ConsentError::Foreign);
    let (provider, purpose, until) = (next()?.to_owned(), next()?, next()?);
    let purpose = match purpose {
        "r" => Purpose::Register,
        _ => Purpose::Reconnect,
    };
    let until: i64 = until.parse().map_err(|_| ConsentError::Foreign)?;
    if now.as_second() > until {
        return Err(ConsentError::TooLate);
    }
    Ok(Asked { provider, purpose, verifier: verifier(state, &mark) })
}

fn bound(said: &str, session: Uuid) -> String {
    format!("loket oauth state 1 {session} {said}")
}

fn verifier(state: &str, mark: impl Fn(&str) -> String) -> String {
    mark(&format!("loket oauth verifier 1 {state}"))
}

#[cfg(test)]
mod tests {
    use super::super::providers::Providers;
    use super::*;

    #[test]
    fn b12_a_state_comes_back_to_its_own_session_only_and_in_time() {
        let mark = |text: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(format!("key {text}")));
        let same = |left: &str, right: &str| left == right;
        let providers = Providers::known().unwrap();
        let google = providers.find("google").unwrap();
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let (ours, other) = (Uuid::now_v7(), Uuid::now_v7());
        let back_to = "https://loket.example/mailbox/verbonden";
        let address = address(google, Purpose::Reconnect, ours, back_to, now, mark);
        assert!(address.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"));
        assert!(address.contains("&access_type=offline&prompt=consent"));
        let value = |name: &str| {
            let rest = address.split_once(&format!("&{name}=")).unwrap().1;
            rest.split('&').next().unwrap().to_owned()
        };
        assert_eq!(value("redirect_uri"), "https%3A%2F%2Floket.example%2Fmailbox%2Fverbonden");
        let state = value("state");
        let asked = back(&state, ours, now, mark, same).unwrap();
        assert_eq!((asked.provider.as_str(), asked.purpose), ("google", Purpose::Reconnect));
        assert!((43..=128).contains(&asked.verifier.len()));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&asked.verifier));
        assert_eq!(value("code_challenge"), challenge);
        assert!(!address.contains(&asked.verifier));
        let refused = |state: &str, session, now| back(state, session, now, mark, same).err();
        assert_eq!(refused(&state, other, now), Some(ConsentError::Foreign));
        let late = now + SignedDuration::from_mins(16);
        assert_eq!(refused(&state, ours, late), Some(ConsentError::TooLate));
        for forged in [state.replace(".c.", ".r."), state.replace("google", "zoho-eu")] {
            assert_eq!(refused(&forged, ours, now), Some(ConsentError::Foreign));
        }
        for nothing in ["", ".", "google", "a.b.c.d.e"] {
            assert_eq!(refused(nothing, ours, now), Some(ConsentError::Foreign));
        }
    }
}
