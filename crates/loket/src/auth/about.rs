//! What this installation offers (settings, health, public keys), and what it does not.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Auth;
use super::refusal::Refusal;

/// Ways in that clients know and that are not offered here.
const PROVIDERS: [&str; 8] =
    ["apple", "azure", "bitbucket", "discord", "facebook", "github", "gitlab", "google"];

/// `GET /settings`.
pub async fn settings(State(auth): State<Auth>) -> Json<Value> {
    let mut external: serde_json::Map<String, Value> =
        PROVIDERS.iter().map(|name| ((*name).to_owned(), json!(false))).collect();
    external.insert("email".to_owned(), json!(true));
    external.insert("phone".to_owned(), json!(false));
    external.insert("anonymous_users".to_owned(), json!(false));
    Json(json!({
        "external": external,
        "disable_signup": auth.0.options.auth_disable_signup,
        "mailer_autoconfirm": auth.0.options.auth_autoconfirm,
        "phone_autoconfirm": false,
        "sms_provider": "",
        "saml_enabled": false,
        "passkeys_enabled": false,
    }))
}

/// `GET /health`, in the words clients look for.
pub async fn health() -> Json<Value> {
    Json(json!({
        "version": concat!("loket-", env!("CARGO_PKG_VERSION")),
        "name": "GoTrue",
        "description": "GoTrue is a user registration and authentication API",
    }))
}

/// `GET /.well-known/jwks.json`: the public keys.
pub async fn keys(State(auth): State<Auth>) -> Response {
    let mut response = Json(auth.0.signing.published()).into_response();
    let value = HeaderValue::from_static("public, max-age=600");
    response.headers_mut().insert(CACHE_CONTROL, value);
    response
}

/// No such address.
pub async fn nothing() -> Refusal {
    Refusal::absent("not_found", "Not found")
}

/// An address of ours, asked in another way.
pub async fn wrong_method() -> Refusal {
    Refusal::wrong_method()
}

/// OAuth is not offered.
pub async fn no_provider() -> Refusal {
    Refusal::invalid("Unsupported provider: provider is not enabled")
}

/// SAML is not offered.
pub async fn no_sso() -> Refusal {
    Refusal::absent("saml_provider_disabled", "SAML 2.0 is disabled")
}

/// Passkeys are not offered.
pub async fn no_passkeys() -> Refusal {
    Refusal::absent("passkey_disabled", "Passkeys are disabled")
}

/// Further identities are not linked.
pub async fn no_linking() -> Refusal {
    Refusal::absent("manual_linking_disabled", "Manual linking is disabled")
}
