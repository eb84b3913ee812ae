//! What an operator sets about accounts: flags and `LOKET_` variables, read once.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::http::Uri;
use clap::Args;

/// How often something may be done: `3+20` is three at once, and then one every 20 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How long until one more is allowed.
    pub every: Duration,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not of the form 3+20 (at once, then one per seconds)");
        let (burst, seconds) = text.split_once('+').ok_or_else(wrong)?;
        let burst: u32 = burst.trim().parse().map_err(|_| wrong())?;
        let seconds: u64 = seconds.trim().parse().map_err(|_| wrong())?;
        if burst == 0 {
            return Err("at least one must be allowed".to_owned());
        }
        Ok(Self { burst, every: Duration::from_secs(seconds) })
    }
}

/// The options about accounts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub struct AuthOptions {
    /// Where people reach Loket: `https://loket.example`. Links in mails are built from it and
    /// from nothing else. Without it, where the server listens.
    #[arg(long, env = "LOKET_SITE_URL")]
    pub site_url: Option<String>,

    /// Further addresses a link may lead back to, with commas; `*` stands for a part without
    /// a slash, `**` for anything.
    #[arg(long, env = "LOKET_AUTH_REDIRECT_ALLOW", value_delimiter = ',')]
    pub auth_redirect_allow: Vec<String>,

    /// Lets people in without proving their address. For trying things out.
    #[arg(long, env = "LOKET_AUTH_AUTOCONFIRM")]
    pub auth_autoconfirm: bool,

    /// Lets nobody sign up; people are invited or made by an admin.
    #[arg(long, env = "LOKET_AUTH_DISABLE_SIGNUP")]
    pub auth_disable_signup: bool,

    /// Fewest characters of a new password.
    #[arg(long, env = "LOKET_AUTH_PASSWORD_MIN_LENGTH", default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(6..=256))]
    pub auth_password_min_length: u16,

    /// How hard to guess a new password must be: 0 (not looked at) to 4.
    #[arg(long, env = "LOKET_AUTH_PASSWORD_SCORE", default_value_t = 2,
        value_parser = clap::value_parser!(u8).range(0..=4))]
    pub auth_password_score: u8,

    /// Digits of the codes in mails.
    #[arg(long, env = "LOKET_AUTH_OTP_LENGTH", default_value_t = 6,
        value_parser = clap::value_parser!(u8).range(6..=10))]
    pub auth_otp_length: u8,

    /// Seconds that a mail for recovery, sign-in or change of address is good for.
    #[arg(long, env = "LOKET_AUTH_OTP_SECONDS", default_value_t = 600,
        value_parser = clap::value_parser!(u32).range(60..=86_400))]
    pub auth_otp_seconds: u32,

    /// Seconds that a confirmation or an invitation is good for.
    #[arg(long, env = "LOKET_AUTH_CONFIRMATION_SECONDS", default_value_t = 86_400,
        value_parser = clap::value_parser!(u32).range(60..=172_800))]
    pub auth_confirmation_seconds: u32,

    /// Seconds an access token is good for.
    #[arg(long, env = "LOKET_AUTH_TOKEN_SECONDS", default_value_t = 3600,
        value_parser = clap::value_parser!(u32).range(30..=86_400))]
    pub auth_token_seconds: u32,

    /// Seconds in which an older refresh token still gets the latest one.
    #[arg(long, env = "LOKET_AUTH_REUSE_SECONDS", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(0..=60))]
    pub auth_reuse_seconds: u32,

    /// The keys that sign tokens: a JWK set with private keys, mode 0600. The first that has
    /// `"key_ops": ["sign"]` signs, all are published. Made in the data directory when absent.
    #[arg(long, env = "LOKET_AUTH_SIGNING_KEYS")]
    pub auth_signing_keys: Option<PathBuf>,

    /// The mail server for the platform's own mails, `smtp.example.nl:587`: confirmations, new
    /// passwords, invitations. Without it they lie in `platform-mail` in the data directory.
    #[arg(long, env = "LOKET_PLATFORM_SMTP", requires_all = ["platform_from", "platform_smtp_password_file"])]
    pub platform_smtp: Option<String>,

    /// The user name there; the address of --platform-from without it.
    #[arg(long, env = "LOKET_PLATFORM_SMTP_USER")]
    pub platform_smtp_user: Option<String>,

    /// A file with the password there, mode 0600.
    #[arg(long, env = "LOKET_PLATFORM_SMTP_PASSWORD_FILE")]
    pub platform_smtp_password_file: Option<PathBuf>,

    /// The address that the platform's own mails come from.
    #[arg(long, env = "LOKET_PLATFORM_FROM")]
    pub platform_from: Option<String>,

    /// Addresses of proxies whose X-Forwarded-For is believed, with commas.
    #[arg(long, env = "LOKET_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,

    /// Sign-ins that may fail per client address.
    #[arg(long, env = "LOKET_AUTH_RATE_SIGN_IN", default_value = "3+20")]
    pub auth_rate_sign_in: Rate,

    /// Sign-ins per account, from wherever: wide, so that nobody is locked out by others.
    #[arg(long, env = "LOKET_AUTH_RATE_ACCOUNT", default_value = "1800+2")]
    pub auth_rate_account: Rate,

    /// Sign-ups per client address.
    #[arg(long, env = "LOKET_AUTH_RATE_SIGN_UP", default_value = "3+1200")]
    pub auth_rate_sign_up: Rate,

    /// Mails asked for per client address.
    #[arg(long, env = "LOKET_AUTH_RATE_MAIL", default_value = "3+1200")]
    pub auth_rate_mail: Rate,

    /// Mails to one address.
    #[arg(long, env = "LOKET_AUTH_RATE_ADDRESS", default_value = "3+3600")]
    pub auth_rate_address: Rate,

    /// Codes tried per account or factor.
    #[arg(long, env = "LOKET_AUTH_RATE_CODE", default_value = "5+60")]
    pub auth_rate_code: Rate,

    /// Tokens refreshed and links followed per client address.
    #[arg(long, env = "LOKET_AUTH_RATE_TOKEN", default_value = "150+2")]
    pub auth_rate_token: Rate,

    /// Mailbox sign-ins that may fail per person: providers lock out the address that guesses.
    #[arg(long, env = "LOKET_AUTH_RATE_MAILBOX", default_value = "10+360")]
    pub auth_rate_mailbox: Rate,

    /// Mailbox sign-ins that may fail per mailbox, from whomever.
    #[arg(long, env = "LOKET_AUTH_RATE_MAILBOX_ACCOUNT", default_value = "5+720")]
    pub auth_rate_mailbox_account: Rate,
}

impl Default for AuthOptions {
    /// What holds when nothing is set.
    fn default() -> Self {
        let rate = |burst, seconds| Rate { burst, every: Duration::from_secs(seconds) };
        Self {
            site_url: None,
            auth_redirect_allow: Vec::new(),
            auth_autoconfirm: false,
            auth_disable_signup: false,
            auth_password_min_length: 10,
            auth_password_score: 2,
            auth_otp_length: 6,
            auth_otp_seconds: 600,
            auth_confirmation_seconds: 86_400,
            auth_token_seconds: 3600,
            auth_reuse_seconds: 10,
            auth_signing_keys: None,
            platform_smtp: None,
            platform_smtp_user: None,
            platform_smtp_password_file: None,
            platform_from: None,
            trusted_proxies: Vec::new(),
            auth_rate_sign_in: rate(3, 20),
            auth_rate_account: rate(1800, 2),
            auth_rate_sign_up: rate(3, 1200),
            auth_rate_mail: rate(3, 1200),
            auth_rate_address: rate(3, 3600),
            auth_rate_code: rate(5, 60),
            auth_rate_token: rate(150, 2),
            auth_rate_mailbox: rate(10, 360),
            auth_rate_mailbox_account: rate(5, 720),
        }
    }
}

/// Where people reach Loket, and where links may lead.
#[derive(Debug, Clone)]
pub struct Site {
    /// `https://loket.example`, without a slash at the end.
    pub url: String,
    /// `loket.example`, without a port.
    pub host: String,
    /// Whether it is served over TLS, as everything is but this machine to itself: cookies are
    /// bound to TLS then.
    pub secure: bool,
    allowed: Vec<String>,
}

impl Site {
    /// From the options, or from where the server listens.
    pub fn of(options: &AuthOptions, listen: SocketAddr) -> anyhow::Result<Self> {
        let url = match &options.site_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if listen.ip().is_unspecified() => format!("http://127.0.0.1:{}", listen.port()),
            None => format!("http://{listen}"),
        };
        let parsed: Uri = url.parse().context("LOKET_SITE_URL is not an address")?;
        let secure = match parsed.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => bail!("LOKET_SITE_URL must begin with https:// or http://"),
        };
        let host = parsed.host().context("LOKET_SITE_URL names no host")?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let here = host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let secure = secure || !here;
        Ok(Self { url, host, secure, allowed: options.auth_redirect_allow.clone() })
    }

    /// Where a link leads back to: what was asked for, when it is ours or allowed, else home.
    pub fn back_to(&self, wanted: Option<&str>) -> String {
        match wanted.map(str::trim) {
            Some(wanted) if self.allows(wanted) => wanted.to_owned(),
            _ => self.url.clone(),
        }
    }

    fn allows(&self, wanted: &str) -> bool {
        let plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !plain || wanted.contains('@') || wanted.contains("/..") || wanted.contains('#') {
            return false;
        }
        let ours = wanted
            .strip_prefix(&self.url)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        ours || self.allowed.iter().any(|pattern| matches(pattern, wanted))
    }

    /// Whether a browser's `Origin` may read our answers.
    pub fn allows_origin(&self, origin: &str) -> bool {
        let its = |address: &str| {
            let uri: Uri = address.replace('*', "x").parse().ok()?;
            Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
        };
        origin == self.url
            || self
                .allowed
                .iter()
                .filter(|pattern| !host_of(pattern).contains('*'))
                .any(|pattern| its(pattern).as_deref() == Some(origin))
    }
}

fn host_of(pattern: &str) -> &str {
    let rest = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

/// `*` stands for anything without a slash or dot, `**` for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, behind)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let (wide, behind) = match behind.strip_prefix('*') {
        Some(behind) => (true, behind),
        None => (false, behind),
    };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    for end in ends {
        let Some((taken, left)) = rest.split_at_checked(end) else { continue };
        if !wide && taken.contains(['/', '.']) {
            return false;
        }
        if matches(behind, left) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(allowed: &[&str]) -> Site {
        let options = AuthOptions {
            site_url: Some("https://loket.example/".to_owned()),
            auth_redirect_allow: allowed.iter().map(|&text| text.to_owned()).collect(),
            ..AuthOptions::default()
        };
        Site::of(&options, "127.0.0.1:1".parse().unwrap()).unwrap()
    }

    #[test]
    fn links_lead_home_or_where_it_was_allowed() {
        let site = site(&["https://*.shop.example/back", "https://app.example/**"]);
        for there in [
            "https://loket.example/x?y=1",
            "https://a.shop.example/back",
            "https://app.example/a/b",
        ] {
            assert_eq!(site.back_to(Some(there)), there);
        }
        for elsewhere in [
            "https://evil.example",
            "https://loket.example.evil.example/",
            "https://loket.example@evil.example/",
            "https://loket.example:99@evil.example/",
            "https://a.b.shop.example/back",
            "https://evil.example/.shop.example/back",
            "//evil.example",
            "javascript:alert(1)",
            "https://loket.example\\.evil.example",
            "",
        ] {
            assert_eq!(site.back_to(Some(elsewhere)), "https://loket.example", "{elsewhere}");
        }
        assert!(site.allows_origin("https://app.example"));
        assert!(!site.allows_origin("https://a.shop.example"));
        assert!(!site.allows_origin("null"));
    }

    #[test]
    fn rates_read_as_they_are_written() {
        assert_eq!("3+20".parse(), Ok(Rate { burst: 3, every: Duration::from_secs(20) }));
        for wrong in ["", "3", "0+1", "a+b", "-1+2"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
