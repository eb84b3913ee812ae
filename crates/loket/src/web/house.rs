//! What holds for every answer, whatever the page: which host it may be asked under, in which
//! language, and what a browser may do with it.

use axum::extract::{Request, State as Held};
use axum::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, LOCATION,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::contract::Language;

use super::State;
use super::access::cookie;
use super::failure::{Failure, Spoken, page};

/// Where the chosen language is kept.
const LANGUAGE_COOKIE: &str = "loket_taal";

/// Nothing but our own files; no frames but those of a customer's mail, no inline code, no foreign
/// form targets.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; \
    frame-ancestors 'none'; form-action 'self'; base-uri 'none'";

/// An answer that holds what a stranger made. It never gets the rights of a page of ours: whatever
/// opens it, it runs nothing, sends nothing and is of no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A file of a mail, to be kept and not shown.
    File,
    /// A mail as it was laid out, in a frame of ours; its own pictures stand in it.
    Mail,
    /// The same, with pictures of other servers, which learn that somebody looks.
    MailWithPictures,
}

impl Foreign {
    const fn policy(self) -> &'static str {
        match self {
            Self::File => "sandbox; default-src 'none'; frame-ancestors 'none'",
            Self::Mail => {
                "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
                 form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
                 sandbox allow-popups allow-popups-to-escape-sandbox"
            }
            Self::MailWithPictures => {
                "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; \
                 form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
                 upgrade-insecure-requests; \
                 sandbox allow-popups allow-popups-to-escape-sandbox"
            }
        }
    }

    const fn framing(self) -> &'static str {
        match self {
            Self::File => "DENY",
            Self::Mail | Self::MailWithPictures => "SAMEORIGIN",
        }
    }
}

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // The access link has the key in its address: it must not travel on.
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Around every handler.
pub async fn keep(Held(state): Held<State>, request: Request, next: Next) -> Response {
    let wish = wished_language(request.headers());
    let api = ["/auth/", "/api/"].iter().any(|start| request.uri().path().starts_with(start));
    let probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let mut response = if !probe && !is_our_host(request.headers(), &state.0.hosts) {
        Failure::ForeignHost.into_response()
    } else if let Some(redirect) = language_switch(&request) {
        redirect
    } else {
        next.run(request).await
    };
    // The same refusal for a person who looks at a page.
    if is_cross_site(&response) && !api {
        response = Failure::StaleForm.into_response();
    }
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let spoken = response.extensions_mut().remove::<Spoken>().map(|spoken| spoken.0);
        response = page(&failure, spoken.unwrap_or(wish));
    }
    let foreign = response.extensions_mut().remove::<Foreign>();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(foreign) = foreign {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(foreign.policy()));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static(foreign.framing()));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}

fn is_cross_site(response: &Response) -> bool {
    let code = response.headers().get("x-sb-error-code");
    response.status() == StatusCode::FORBIDDEN && code.is_some_and(|code| code == "cross_site")
}

/// Whether a request came over TLS, as the proxy in front says. Believing it wrongly only makes
/// the cookie stricter.
pub fn is_https(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https")
}

/// Bare addresses and `localhost` cannot be pointed elsewhere; a name must be one of ours.
fn is_our_host(headers: &HeaderMap, ours: &[String]) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = host_name(host);
    name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok()
        || ours.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

/// Without the port, and without the brackets around an IPv6 address.
fn host_name(host: &str) -> &str {
    if let Some(behind) = host.strip_prefix('[') {
        return behind.split_once(']').map_or(behind, |(address, _)| address);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// `?taal=en` anywhere: remembered, and the address without it again.
fn language_switch(request: &Request) -> Option<Response> {
    if request.method() != Method::GET {
        return None;
    }
    let query = request.uri().query()?;
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("taal="))?;
    let language = ours(asked)?;
    let cookie = language_cookie(language, request.headers());
    let back = without_language(request.uri());
    let headers = AppendHeaders([(SET_COOKIE, cookie), (LOCATION, back)]);
    Some((StatusCode::SEE_OTHER, headers).into_response())
}

/// What remembers a chosen language.
pub fn language_cookie(language: Language, headers: &HeaderMap) -> String {
    format!(
        "{LANGUAGE_COOKIE}={language}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{}",
        if is_https(headers) { "; Secure" } else { "" }
    )
}

/// The path and the rest of the query. A path of `//host` would lead elsewhere.
fn without_language(uri: &Uri) -> String {
    let rest: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("taal="))
        .collect();
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    if rest.is_empty() { path } else { format!("{path}?{}", rest.join("&")) }
}

/// The address of the same page in a language.
pub fn address_in(here: &str, language: Language) -> String {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("taal="));
    let switch = format!("taal={language}");
    let pairs: Vec<&str> = kept.chain([switch.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// What the visitor chose earlier.
pub fn chosen_language(headers: &HeaderMap) -> Option<Language> {
    cookie(headers, LANGUAGE_COOKIE).and_then(ours)
}

/// What the visitor chose, or else the first of ours that the browser asks for, or else Dutch.
pub fn wished_language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|list| list.to_str().ok());
    let first = || {
        accepted?.split(',').find_map(|entry| {
            let tag = entry.split([';', '-']).next()?;
            ours(tag.trim())
        })
    };
    chosen_language(headers).or_else(first).unwrap_or(Language::Dutch)
}

fn ours(text: &str) -> Option<Language> {
    match text {
        "nl" => Some(Language::Dutch),
        "en" => Some(Language::English),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_and_bare_addresses() {
        let asked = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            is_our_host(&headers, &["loket.example".to_owned()])
        };
        for host in ["localhost:8080", "127.0.0.1", "[::1]:80", "loket.example", "Loket.Example:1"]
        {
            assert!(asked(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "loket.example.evil", ""] {
            assert!(!asked(host), "{host}");
        }
    }

    #[test]
    fn the_switch_keeps_the_rest_and_stays_here() {
        let uri: Uri = "/x?toon=wacht&taal=en&zoek=a".parse().unwrap();
        assert_eq!(without_language(&uri), "/x?toon=wacht&zoek=a");
        let uri: Uri = "//evil.example/?taal=en".parse().unwrap_or_default();
        assert!(!without_language(&uri).starts_with("//"));
        assert_eq!(address_in("/?a=1&taal=nl", Language::English), "/?a=1&taal=en");
    }
}
