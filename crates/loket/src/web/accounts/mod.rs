//! Accounts on pages: from sign-up to an approved shop, signing in, and everything a person, an
//! owner or a platform admin sets.
//!
//! `form` is what every form shares, `visitor` who is behind a request. Everything is asked of
//! [`crate::auth`] and of the store's doors; it must not know SQL, digests or tokens.

mod attempt; // a live sign-in before anything is saved
mod connect; // a mailbox opened by its provider's consent
mod days; // working days and holidays of a shop
mod devices; // where somebody is signed in, their password, their second factor
mod first_admin; // the one-time page
mod form; // fields, mistakes, pages with a form
mod grounds; // why a shop is turned down
mod invitation; // a colleague comes in
mod mailbox; // providers and what they need
mod older; // older mail, when the shop wants it
mod platform; // shops to approve, and all others
mod platform_shop; // one shop, as the platform sees it
mod profile; // `/api/v1/profile`
mod rules; // master rules
mod settings; // what an owner sets
mod settings_mailbox; // the mailbox: does it work, a new password
mod settings_people; // colleagues, keys, the log
mod shop; // the wizard, and the wait
mod sign_in; // in and out
mod signature; // what may stand under a mail
mod sign_up; // new accounts and links from mails
mod visitor; // who is behind a request

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};

use super::State;
use super::failure::Failure;
use crate::auth::{DOOR, SignedIn};

/// The page of whoever has to sign in first, and back afterwards when they were only looking.
pub fn sign_in_first(method: &Method, here: &str, proving: bool) -> Failure {
    let page = if proving { "/inloggen/code" } else { "/inloggen" };
    let back = if *method == Method::GET { own_path(here).unwrap_or_default() } else { "" };
    Failure::Elsewhere(match back {
        "" | "/" => page.to_owned(),
        back => format!("{page}?terug={}", escaped(back)),
    })
}

/// Where somebody belongs: every way in ends here, so that each goes on where they left off.
pub fn home_of(person: &SignedIn) -> &'static str {
    if person.claims.tenant_id.is_some() {
        return "/";
    }
    match person.tenant_status.as_deref() {
        _ if person.is_platform_admin() => "/beheer",
        Some("pending_approval" | "suspended" | "rejected") => "/wachten",
        _ => "/winkel",
    }
}

/// A path on this site to go on to; nothing that a browser could take for another site's.
fn own_path(wanted: &str) -> Option<&str> {
    let plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let one_slash = wanted.starts_with('/') && !wanted.starts_with("//");
    let bounded = wanted.len() <= 500 && !wanted.starts_with("/auth/");
    (plain && one_slash && bounded).then_some(wanted)
}

/// A text as part of a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            let _infallible = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Every address of accounts.
pub fn pages() -> Router<State> {
    Router::new()
        .route("/registreren", get(sign_up::form).post(sign_up::submit))
        .route("/registreren/code", post(sign_up::code))
        .route(DOOR, get(sign_up::door).post(sign_up::enter))
        .route("/inloggen", get(sign_in::form).post(sign_in::submit))
        .route("/inloggen/code", get(sign_in::code_form).post(sign_in::code))
        .route("/wachtwoord-vergeten", get(sign_in::forgotten_form).post(sign_in::forgotten))
        .route("/wachtwoord-nieuw", get(sign_in::new_password_form).post(sign_in::new_password))
        .route("/uitloggen", post(sign_in::sign_out))
        .route("/winkel", get(shop::form).post(shop::submit))
        .route("/winkel/mailbox", get(shop::mailbox_form).post(shop::mailbox))
        .route("/winkel/mailbox/verbinden", get(connect::register))
        .route(connect::BACK, get(connect::back))
        .route("/wachten", get(shop::waiting))
        .route("/wachten/status", get(shop::standing))
        .route("/eerste-beheerder", get(first_admin::form).post(first_admin::submit))
        .route("/uitnodiging", get(invitation::form).post(invitation::accept))
        .route("/api/v1/profile", get(profile::show))
        .merge(settings_pages())
        .merge(platform_pages())
}

fn settings_pages() -> Router<State> {
    Router::new()
        .route("/instellingen", get(settings::form).post(settings::save))
        .route("/instellingen/mailbox", get(settings_mailbox::form).post(settings_mailbox::save))
        .route("/instellingen/mailbox/verbinden", get(connect::reconnect))
        .route("/instellingen/mailbox/geschiedenis", get(older::form).post(older::save))
        .route("/instellingen/mensen", get(settings_people::people).post(settings_people::invite))
        .route("/instellingen/mensen/rol", post(settings_people::change_role))
        .route("/instellingen/mensen/weg", post(settings_people::remove))
        .route("/instellingen/sleutels", get(settings_people::keys).post(settings_people::make_key))
        .route("/instellingen/sleutels/intrekken", post(settings_people::revoke_key))
        .route("/instellingen/logboek", get(settings_people::log))
        .route("/instellingen/beveiliging", get(devices::page))
        .route("/instellingen/wachtwoord", post(devices::change_password))
        .route("/instellingen/tweede-stap", post(devices::begin_factor))
        .route("/instellingen/tweede-stap/bevestigen", post(devices::confirm_factor))
        .route("/instellingen/tweede-stap/uit", post(devices::drop_factor))
        .route("/instellingen/apparaten/uit", post(devices::end_device))
}

fn platform_pages() -> Router<State> {
    Router::new()
        .route("/beheer", get(platform::shops))
        .route("/beheer/regels", get(rules::rules))
        .route("/beheer/regels/{rule}", get(rules::rule).post(rules::save))
        .route("/beheer/winkels/{shop}", get(platform_shop::page))
        .route("/beheer/winkels/{shop}/goedkeuren", post(platform_shop::approve))
        .route("/beheer/winkels/{shop}/stand", post(platform_shop::change_standing))
        .route("/beheer/winkels/{shop}/inkijken", post(platform_shop::look_inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ways_back_on_this_site() {
        for ours in ["/", "/gesprekken/1?x=y", "/instellingen/mensen"] {
            assert_eq!(own_path(ours), Some(ours));
        }
        for foreign in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x",
            "",
            "/auth/v1/verify?token=x",
        ] {
            assert_eq!(own_path(foreign), None, "{foreign}");
        }
    }
}
