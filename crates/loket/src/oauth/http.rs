//! A small HTTPS client for token endpoints: one request a connection, over the same TLS and the
//! same refusal of private addresses as mail servers. It follows no redirect, waits for so long and
//! takes so many bytes.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mail::network::{Network, NetworkError};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::secrets::Secret;

/// The usual port of HTTPS.
const HTTPS: u16 = 443;
/// Headers of an answer, in bytes; hyper takes no less than 8192.
const MOST_HEADER_BYTES: usize = 16 * 1024;

/// How long is waited and how much is taken.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// For name, connection and TLS, each.
    pub connect: Duration,
    /// For everything together.
    pub whole: Duration,
    /// The body of an answer, in bytes.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(8), whole: Duration::from_secs(20), body: 64 * 1024 }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// There is no encrypted connection.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It took too long.
    #[error("the server did not answer in time")]
    TimedOut,
    /// More than any such answer has.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// It sends us elsewhere: the secret in the request is for nobody else.
    #[error("the server sends us elsewhere ({0})")]
    Elsewhere(u16),
    /// The other side does not speak HTTP as it should.
    #[error("the server does not speak HTTP as it should")]
    Broken(#[source] hyper::Error),
    /// The address cannot be asked for.
    #[error("this is no address of HTTPS: {0}")]
    Address(String),
}

/// An `https://` address.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Url {
    text: String,
    host: String,
    port: u16,
    path: String,
}

impl TryFrom<String> for Url {
    type Error = HttpError;

    fn try_from(text: String) -> Result<Self, HttpError> {
        let refused = || HttpError::Address(text.clone());
        let uri: Uri = text.parse().map_err(|_| refused())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(refused)?;
        let authority = uri.authority().ok_or_else(refused)?;
        if uri.scheme_str() != Some("https") || authority.as_str().contains('@') {
            return Err(refused());
        }
        let (host, port) = (host.to_owned(), uri.port_u16().unwrap_or(HTTPS));
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { text, host, port, path })
    }
}

impl Url {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// An answer. Its body may hold tokens and is wiped when it goes.
#[derive(Debug)]
pub struct Answer {
    /// From 100 to 599, never a redirect.
    pub status: u16,
    /// The whole body.
    pub body: Zeroizing<Vec<u8>>,
}

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Http {
    network: Network,
    limits: HttpLimits,
}

impl Http {
    /// Speaks to what this network allows.
    pub const fn new(network: Network, limits: HttpLimits) -> Self {
        Self { network, limits }
    }

    /// How long a request takes at most.
    pub const fn patience(&self) -> Duration {
        self.limits.whole
    }

    /// Posts a form (`application/x-www-form-urlencoded`).
    pub async fn post(&self, url: &Url, pairs: &[(&str, &str)]) -> Result<Answer, HttpError> {
        let mut body = Zeroizing::new(String::with_capacity(4096));
        append_pairs(&mut body, pairs);
        let body = Bytes::copy_from_slice(body.as_bytes());
        let mut request = request(Method::POST, url, body)?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        self.ask(url, request).await
    }

    /// Asks with a bearer token.
    pub async fn get(&self, url: &Url, token: &Secret) -> Result<Answer, HttpError> {
        let mut request = request(Method::GET, url, Bytes::new())?;
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| HttpError::Address(url.text.clone()))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        self.ask(url, request).await
    }

    async fn ask(&self, url: &Url, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        timeout(self.limits.whole, self.exchange(url, request))
            .await
            .map_err(|_| HttpError::TimedOut)?
    }

    async fn exchange(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, HttpError> {
        let HttpLimits { connect, body: most, .. } = self.limits;
        let stream = self.network.connect(&url.host, url.port, connect).await?;
        let stream = self.network.encrypt(&url.host, stream, connect).await?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MOST_HEADER_BYTES)
            .max_headers(64)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(HttpError::Broken)?;
        let conversing = async {
            let answer = sender.send_request(request).await.map_err(HttpError::Broken)?;
            let status = answer.status();
            if status.is_redirection() {
                return Err(HttpError::Elsewhere(status.as_u16()));
            }
            let body = Limited::new(answer.into_body(), most).collect().await;
            let body = body.map_err(|error| match error.downcast::<hyper::Error>() {
                Ok(error) => HttpError::Broken(*error),
                Err(error) if error.is::<LengthLimitError>() => HttpError::TooLarge(most),
                Err(_) => HttpError::TimedOut,
            })?;
            let body = Zeroizing::new(Vec::from(body.to_bytes()));
            Ok(Answer { status: status.as_u16(), body })
        };
        // The connection is driven here and not beside: when this is given up, it is gone.
        tokio::pin!(conversing);
        let mut connection = std::pin::pin!(connection);
        let mut driving = true;
        loop {
            tokio::select! {
                biased;
                answer = &mut conversing => return answer,
                _ended = &mut connection, if driving => driving = false,
            }
        }
    }
}

fn request(method: Method, url: &Url, body: Bytes) -> Result<Request<Full<Bytes>>, HttpError> {
    let host = match url.port {
        HTTPS => url.host.clone(),
        port => format!("{}:{port}", url.host),
    };
    Request::builder()
        .method(method)
        .uri(&url.path)
        .header(HOST, host)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "loket")
        .body(Full::new(body))
        .map_err(|_| HttpError::Address(url.text.clone()))
}

/// Adds `name=value` pairs, as forms and queries write them.
pub fn append_pairs(text: &mut String, pairs: &[(&str, &str)]) {
    for (name, value) in pairs {
        if !text.is_empty() && !text.ends_with('?') {
            text.push('&');
        }
        escape(text, name);
        text.push('=');
        escape(text, value);
    }
}

fn escape(text: &mut String, plain: &str) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_without_names_and_passwords() {
        let url = |text: &str| Url::try_from(text.to_owned());
        let good = url("https://accounts.zoho.eu/oauth/v2/token?x=1").unwrap();
        assert_eq!((good.host.as_str(), good.port), ("accounts.zoho.eu", 443));
        assert_eq!(good.path, "/oauth/v2/token?x=1");
        assert_eq!(url("https://localhost:8443/token").unwrap().port, 8443);
        for bad in
            ["http://accounts.zoho.eu/x", "https://a@b.example/", "/token", "https://", "ftp://x/"]
        {
            assert!(matches!(url(bad), Err(HttpError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn pairs_are_escaped() {
        let mut text = String::new();
        append_pairs(&mut text, &[("a", "b c&d"), ("é", "https://x/")]);
        assert_eq!(text, "a=b%20c%26d&%C3%A9=https%3A%2F%2Fx%2F");
    }
}
