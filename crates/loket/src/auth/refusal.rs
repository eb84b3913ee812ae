//! What is refused, in the words Supabase's clients know: a status, a code, a message.
//!
//! Two forms on the wire, by the header `X-Supabase-Api-Version`; see [`super::wire`].

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::Chain;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Reasons why a password is weak.
    reasons: Vec<&'static str>,
    /// Whether the client expects the form of OAuth.
    oauth: bool,
    /// Seconds to wait.
    wait: Option<u64>,
}

impl Refusal {
    fn of(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, reasons: Vec::new(), oauth: false, wait: None }
    }

    /// 400.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 `validation_failed`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::bad("validation_failed", message)
    }

    /// 401.
    pub fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 403.
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::FORBIDDEN, code, message)
    }

    /// 404.
    pub fn absent(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND, code, message)
    }

    /// 405.
    pub fn wrong_method() -> Self {
        Self::of(StatusCode::METHOD_NOT_ALLOWED, "validation_failed", "Method not allowed")
    }

    /// 408.
    pub fn too_slow() -> Self {
        Self::of(StatusCode::REQUEST_TIMEOUT, "request_timeout", "Request body took too long")
    }

    /// 413.
    pub fn too_large() -> Self {
        let text = "Request body is too large";
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", text)
    }

    /// 422.
    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 422 `weak_password`.
    pub fn weak_password(message: impl Into<String>, reason: &'static str) -> Self {
        let mut refusal = Self::unprocessable("weak_password", message);
        refusal.reasons.push(reason);
        refusal
    }

    /// 429, to be tried again after so many seconds.
    pub fn too_many(code: &'static str, wait: u64) -> Self {
        let text = match code {
            "over_email_send_rate_limit" => {
                format!("For security purposes, you can only request this after {wait} seconds.")
            }
            _ => "Request rate limit reached".to_owned(),
        };
        let mut refusal = Self::of(StatusCode::TOO_MANY_REQUESTS, code, text);
        refusal.wait = Some(wait.max(1));
        refusal
    }

    /// 400 in the form of OAuth.
    pub fn oauth(code: &'static str, message: impl Into<String>) -> Self {
        let mut refusal = Self::bad(code, message);
        refusal.oauth = true;
        refusal
    }

    /// The refusal of whoever does not know the password, and of whoever does not exist.
    pub fn credentials() -> Self {
        Self::bad("invalid_credentials", "Invalid login credentials")
    }

    /// A mailed token that is not, or no longer, right.
    pub fn expired() -> Self {
        Self::forbidden("otp_expired", "Token has expired or is invalid")
    }

    /// Our fault: the cause goes to the log under an id.
    pub fn defect(error: &(dyn std::error::Error + 'static)) -> Self {
        let id: String = uuid::Uuid::now_v7().simple().to_string().chars().skip(20).collect();
        tracing::error!(%id, error = %Chain(error), "an auth request failed");
        let text = format!("Unexpected failure, please check server logs for {id}");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "unexpected_failure", text)
    }

    /// The code clients tell refusals apart by.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Why a password is weak: `length` or `pwned`.
    pub fn reason(&self) -> Option<&'static str> {
        self.reasons.first().copied()
    }

    /// In words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// As an answer, in the newer form or the older one.
    pub fn answer(&self, newer: bool) -> Response {
        let mut body = if self.oauth {
            json!({ "error": self.code, "error_description": self.message })
        } else if newer {
            json!({ "code": self.code, "message": self.message })
        } else {
            json!({ "code": self.status.as_u16(), "error_code": self.code, "msg": self.message })
        };
        if !self.reasons.is_empty()
            && let Value::Object(fields) = &mut body
        {
            fields.insert("weak_password".to_owned(), json!({ "reasons": self.reasons }));
        }
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert("x-sb-error-code", HeaderValue::from_static(self.code));
        if let Some(wait) = self.wait {
            headers.insert("retry-after", HeaderValue::from(wait));
        }
        response
    }
}

impl From<store::Error> for Refusal {
    /// What the database did not do. A value of the client that it cannot hold is the client's.
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::Absent { what: "user", .. } => {
                Self::absent("user_not_found", "User not found")
            }
            store::Error::Absent { what: "factor", .. } => {
                Self::absent("mfa_factor_not_found", "MFA factor with that ID not found")
            }
            store::Error::Constraint { .. } => {
                Self::bad("conflict", "The request conflicts with what is there")
            }
            _ => Self::defect(&error),
        }
    }
}

/// Without a form of its own yet: [`super::wire::speak`] knows which form the client reads.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
