//! `GET /api/v1/profile`: the person and their shop, in the one round trip that finds them.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use store::{TenantId, UserId};

use crate::auth::{NotSignedIn, SignedIn};

/// What is answered. Never a secret: the database leaves them out.
#[derive(Debug, Serialize)]
struct Profile<'a> {
    user_id: UserId,
    email: &'a str,
    full_name: &'a str,
    role: &'a str,
    aal: &'a str,
    tenant_id: Option<TenantId>,
    tenant_role: Option<&'a str>,
    tenant: Option<&'a Value>,
}

/// The handler: by cookie or by bearer.
pub async fn show(person: Result<SignedIn, NotSignedIn>) -> Response {
    let person = match person {
        Ok(person) => person,
        Err(why) => return problem(why),
    };
    let profile = Profile {
        user_id: person.user_id,
        email: &person.email,
        full_name: &person.full_name,
        role: &person.role,
        aal: &person.aal,
        tenant_id: person.tenant_id,
        tenant_role: person.tenant_id.map(|_| person.tenant_role.as_str()),
        tenant: person.tenant.as_ref(),
    };
    Json(profile).into_response()
}

/// RFC 9457.
fn problem(why: NotSignedIn) -> Response {
    let (status, code, title) = match why {
        NotSignedIn::Nobody => (StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first"),
        NotSignedIn::FactorDue => {
            (StatusCode::FORBIDDEN, "insufficient_aal", "The second factor is due")
        }
    };
    let body =
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code });
    (status, [(CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
