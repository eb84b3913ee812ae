//! What went wrong, as a page in the visitor's language. The cause goes to the log with an id
//! that the page shows; the page itself tells nothing about it.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::contract::Language;
use uuid::Uuid;

use super::frame::Frame;
use super::texts::Texts;

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// There is no such page, or it is another shop's.
    NotFound,
    /// Nobody came through the link.
    NoAccess,
    /// It is elsewhere: the way to a path of ours, no page.
    Elsewhere(String),
    /// Their role does not reach so far.
    NotAllowed,
    /// The form has a field that no form of ours has.
    ForeignField,
    /// The link is not, or no longer, right.
    WrongKey,
    /// The form is too old, or not ours.
    StaleForm,
    /// Asked for under a name that is not ours.
    ForeignHost,
    /// The database cannot be reached; under this id in the log.
    Unavailable(String),
    /// Our fault; under this id in the log.
    Internal(String),
}

/// The language a handler had already found out.
#[derive(Debug, Clone, Copy)]
pub struct Spoken(pub Language);

impl Failure {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoAccess | Self::WrongKey | Self::StaleForm | Self::NotAllowed => {
                StatusCode::FORBIDDEN
            }
            Self::Elsewhere(_) => StatusCode::SEE_OTHER,
            Self::ForeignField => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its section in the texts.
    const fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NoAccess => "no_access",
            Self::Elsewhere(_) => "elsewhere",
            Self::NotAllowed => "not_allowed",
            Self::ForeignField => "foreign_field",
            Self::WrongKey => "wrong_key",
            Self::StaleForm => "stale_form",
            Self::ForeignHost => "foreign_host",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    fn log_id(&self) -> Option<&str> {
        match self {
            Self::Unavailable(id) | Self::Internal(id) => Some(id),
            _ => None,
        }
    }

    /// As an answer in this language.
    pub fn spoken(self, language: Language) -> Response {
        let mut response = self.into_response();
        response.extensions_mut().insert(Spoken(language));
        response
    }

    /// Logs a defect and keeps the id to show.
    pub fn defect(error: &(dyn std::error::Error + 'static)) -> Self {
        let id = log_id();
        tracing::error!(%id, error = %store::Chain(error), "a page failed");
        Self::Internal(id)
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        if matches!(error, store::Error::Forbidden { .. }) {
            return Self::NotAllowed;
        }
        if matches!(error, store::Error::Connect(_)) {
            let id = log_id();
            tracing::error!(%id, error = %store::Chain(&error), "the database cannot be reached");
            return Self::Unavailable(id);
        }
        Self::defect(&error)
    }
}

/// Short enough to read out over the telephone.
fn log_id() -> String {
    let id = Uuid::now_v7().simple().to_string();
    id.chars().skip(20).collect()
}

/// Without a page of its own yet: [`super::house::keep`] knows the language and lays the page out.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::Elsewhere(path) = self {
            return Redirect::to(&path).into_response();
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
    hint: &'a str,
    log_id: Option<&'a str>,
    way_back: bool,
}

/// The page for a failure.
pub fn page(failure: &Failure, language: Language) -> Response {
    let t = Texts::of(language);
    let say = |what: &str| t.get(&format!("failure.{}.{what}", failure.name()));
    let page = Page {
        frame: Frame::bare(t),
        title: say("title"),
        text: say("text"),
        hint: say("hint"),
        log_id: failure.log_id(),
        way_back: matches!(failure, Failure::NotFound | Failure::StaleForm | Failure::NotAllowed),
    };
    match page.render() {
        Ok(html) => (failure.status(), Html(html)).into_response(),
        Err(_) => failure.status().into_response(),
    }
}

/// Where no route leads.
pub async fn not_found(_: HeaderMap) -> Failure {
    Failure::NotFound
}
