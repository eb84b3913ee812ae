//! A Loket with accounts on a database of its own, and a client that speaks to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use loket::auth::{Auth, AuthOptions, Rate};
use loket::web::{Access, State, router};
use serde_json::{Value, json};
use store::{Claims, Store, UserId};
use tokio_postgres::Client;
use tower::ServiceExt;

use crate::support::Database;

pub const SITE: &str = "http://localhost:8080";
pub const PASSWORD: &str = "vier fietsen op zolder";
pub const OTHER_PASSWORD: &str = "zeven kratten in de schuur";

pub struct Lab {
    pub auth: Auth,
    pub store: Arc<Store>,
    pub behind: Client,
    pub pages: Router,
    pub data_dir: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The refusal: status and code.
    pub fn refused(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!(self.header("x-sb-error-code"), code, "{}", self.text);
        (self.status.as_u16(), code)
    }

    pub fn cookies(&self) -> Vec<String> {
        let all = self.headers.get_all("set-cookie").iter();
        all.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
    }
}

/// A mail as its reader sees it.
#[derive(Debug, Clone)]
pub struct Mail {
    pub subject: String,
    pub text: String,
}

impl Mail {
    pub fn link(&self) -> &str {
        self.text.lines().find(|line| line.contains("/auth/v1/verify?")).unwrap().trim()
    }

    pub fn secret(&self) -> &str {
        self.link().split_once("token=").unwrap().1.split_once('&').unwrap().0
    }

    pub fn code(&self) -> String {
        let line = self.text.lines().find(|line| line.contains("code")).unwrap();
        line.chars().filter(char::is_ascii_digit).collect()
    }

    /// The link without the site it leads to.
    pub fn path(&self) -> &str {
        self.link().strip_prefix(SITE).unwrap()
    }
}

/// Limits that no test reaches by itself.
pub fn wide() -> AuthOptions {
    let wide = Rate { burst: 10_000, every: Duration::from_millis(1) };
    AuthOptions {
        site_url: Some(SITE.to_owned()),
        auth_rate_sign_in: wide,
        auth_rate_account: wide,
        auth_rate_sign_up: wide,
        auth_rate_mail: wide,
        auth_rate_address: wide,
        auth_rate_code: wide,
        auth_rate_token: wide,
        ..AuthOptions::default()
    }
}

impl Lab {
    pub async fn new() -> Self {
        Self::with(wide()).await
    }

    pub async fn with(options: AuthOptions) -> Self {
        let log = tracing_subscriber::fmt().with_env_filter("warn").with_test_writer();
        let _first = log.try_init();
        let Database { store, behind, .. } = Database::new().await;
        let store = Arc::new(store);
        let name = format!("loket-auth-{}", uuid::Uuid::now_v7().simple());
        let data_dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&data_dir).unwrap();
        let (auth, pages) = opened(&store, options, &data_dir);
        Self { auth, store, behind, pages, data_dir }
    }

    /// The same installation with other options, as after a restart.
    pub fn restarted(mut self, options: AuthOptions) -> Self {
        (self.auth, self.pages) = opened(&self.store, options, &self.data_dir);
        self
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.pages.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub fn request(method: &str, path: &str) -> axum::http::request::Builder {
        Self::request_from(method, path, "192.0.2.1")
    }

    pub fn request_from(method: &str, path: &str, from: &str) -> axum::http::request::Builder {
        let from = SocketAddr::new(from.parse().unwrap(), 4000);
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8080")
            .header("x-supabase-api-version", "2024-01-01")
            .extension(ConnectInfo(from))
    }

    /// Asks `/auth/v1` with JSON, as somebody or as nobody.
    pub async fn ask(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let mut request = Self::request(method, &format!("/auth/v1{path}"))
            .header("apikey", self.auth.publishable_key())
            .header("content-type", "application/json;charset=UTF-8");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, "", body).await
    }

    /// A confirmed person, made by the platform.
    pub async fn person(&self, email: &str) -> String {
        let new = json!({ "email": email, "password": PASSWORD, "email_confirm": true });
        let made = self.ask("POST", "/admin/users", self.auth.service_key(), &new).await;
        assert_eq!(made.status, 200, "{}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn try_password(&self, email: &str, password: &str) -> Answer {
        let shown = json!({ "email": email, "password": password });
        self.post("/token?grant_type=password", &shown).await
    }

    pub async fn sign_in(&self, email: &str) -> Value {
        let answer = self.try_password(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/token?grant_type=refresh_token", &json!({ "refresh_token": token })).await
    }

    /// The newest mail to an address, once `count` of them are there.
    pub async fn mail(&self, to: &str, count: usize) -> Mail {
        for _ in 0..200 {
            let mut mails = self.mails(to);
            if mails.len() >= count {
                assert_eq!(mails.len(), count, "more mails than expected");
                return mails.pop().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{to} never got mail number {count}");
    }

    /// All mails to an address, oldest first.
    pub fn mails(&self, to: &str) -> Vec<Mail> {
        let place = self.data_dir.join("platform-mail/new");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            let raw = std::fs::read_to_string(entry.path()).unwrap();
            let (head, body) = raw.split_once("\r\n\r\n").unwrap();
            let line = |name: &str| {
                let line = head.lines().find(|line| line.starts_with(name)).unwrap_or_default();
                line.to_owned()
            };
            if !line("To:").contains(&format!("<{to}>")) {
                continue;
            }
            let mail = Mail { subject: line("Subject:"), text: unquoted(body) };
            found.push((line("Message-ID:"), mail));
        }
        // The ids are ordered by time.
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found.into_iter().map(|(_, mail)| mail).collect()
    }
}

fn opened(store: &Arc<Store>, options: AuthOptions, data_dir: &Path) -> (Auth, Router) {
    let listen: SocketAddr = "127.0.0.1:8080".parse().unwrap();
    let auth = Auth::open(Arc::clone(store), options, data_dir, listen).unwrap();
    let nobody = Claims { user_id: UserId(uuid::Uuid::nil()), tenant_id: None };
    let access = Access { key: "k".repeat(64), user: nobody };
    let state = State::new(Arc::clone(store), access).with_auth(auth.clone());
    (auth, router(state))
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.data_dir);
    }
}

/// Quoted-printable (RFC 2045) back to text.
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
        if let (b'=', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap()
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
