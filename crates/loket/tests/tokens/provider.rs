//! A provider of our own: a token endpoint that misbehaves on request, and whoever asks it is
//! written down.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use loket::oauth::{HttpLimits, Providers, Tokens};
use mail::network::Network;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::authority::Authority;
use crate::server::dovecot::TOKEN_KEY;

/// What it does when a token is asked for.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Gives one.
    Gives(Gift),
    /// Answers this.
    Says(u16, &'static str),
    /// Gives one after a while.
    Slow(Duration),
    /// Never ends its answer.
    Endless,
    /// Sends us elsewhere.
    Elsewhere(String),
    /// Hangs up.
    HangsUp,
}

/// A token, as it is and as it is said to be.
#[derive(Debug, Clone)]
pub struct Gift {
    /// How long mail servers take it, in seconds.
    pub lives: i64,
    /// How long it is said to live.
    pub says: u32,
    /// Whether a new refresh token comes with it, and ends the one before.
    pub rotates: bool,
    /// What was consented to.
    pub scope: &'static str,
}

impl Default for Gift {
    fn default() -> Self {
        Self { lives: 3600, says: 3600, rotates: false, scope: "mail openid" }
    }
}

#[derive(Debug)]
pub struct State {
    /// For the next questions, in order; then `usual`.
    pub script: VecDeque<Manner>,
    pub usual: Manner,
    /// The one refresh token that is good.
    pub refresh: String,
    /// Whose mailbox it is.
    pub user: String,
    /// What userinfo says instead.
    pub says_address: Option<String>,
    /// Codes that people brought back, with the challenge and the way back they were made with.
    pub codes: HashMap<String, (String, String)>,
    /// All that was asked, in order.
    pub asked: Vec<HashMap<String, String>>,
    /// All access tokens it gave.
    pub gave: Vec<String>,
}

/// A running provider. Ends with the runtime.
#[derive(Debug, Clone)]
pub struct Provider {
    pub port: u16,
    pub root: String,
    state: Arc<Mutex<State>>,
}

impl Provider {
    /// For the mailbox of this user.
    pub async fn start(user: &str) -> Self {
        let authority = Authority::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            script: VecDeque::new(),
            usual: Manner::Gives(Gift::default()),
            refresh: "verversing-0".to_owned(),
            user: user.to_owned(),
            says_address: None,
            codes: HashMap::new(),
            asked: Vec::new(),
            gave: Vec::new(),
        };
        let provider =
            Self { port, root: authority.pem().to_owned(), state: Arc::new(Mutex::new(state)) };
        let (serving, acceptor) = (provider.clone(), authority.acceptor());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (provider, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        // A client that hangs up is its own affair.
                        let _ = provider.serve(BufReader::new(stream)).await;
                    }
                });
            }
        });
        provider
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often a token was asked for.
    pub fn asked(&self) -> usize {
        self.state().asked.len()
    }

    /// Waits for the first question.
    pub async fn until_asked(&self) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.asked() == 0 {
            assert!(Instant::now() < until, "nobody asks");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The next questions are answered so.
    pub fn next(&self, manner: Manner) {
        self.state().script.push_back(manner);
    }

    /// Takes every consent back.
    pub fn withdraw(&self) {
        "niets meer".clone_into(&mut self.state().refresh);
    }

    /// Somebody consents, having been sent here with this challenge: the code they bring back.
    pub fn consented(&self, challenge: &str, back_to: &str) -> String {
        let mut state = self.state();
        let code = format!("code-{}", state.codes.len());
        state.codes.insert(code.clone(), (challenge.to_owned(), back_to.to_owned()));
        code
    }

    /// The list of providers with this one, whose mailboxes are behind `imap` and `smtp`.
    pub fn list(&self, imap: u16, smtp: u16) -> Providers {
        let port = self.port;
        let text = format!(
            r#"
            [[oauth]]
            name = "eigen"
            title = "Testmail"
            family = "eigen"
            kind = "imap"
            authorize = "https://localhost:{port}/authorize"
            token = "https://localhost:{port}/token"
            userinfo = "https://localhost:{port}/userinfo"
            scope = "mail openid"
            needs = "mail"
            ask = {{ prompt = "consent" }}
            client_id = "loket"
            client_secret = "het geheim van de client"
            places = [{{ imap = "localhost:{imap}", smtp = "localhost:{smtp}" }}]
            "#
        );
        Providers::none().with(&text).unwrap()
    }

    /// What gives tokens: patient for two seconds.
    pub fn tokens(&self, imap: u16, smtp: u16) -> Arc<Tokens> {
        let network = Network::new(self.root.as_bytes(), true).unwrap();
        let limits = HttpLimits {
            connect: Duration::from_secs(2),
            whole: Duration::from_secs(2),
            body: 64 * 1024,
        };
        Arc::new(Tokens::with_limits(self.list(imap, smtp), network, limits, loket::serving::now))
    }

    async fn serve<S>(&self, mut stream: BufReader<S>) -> std::io::Result<()>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let (mut first, mut length, mut bearer) = (String::new(), 0, String::new());
        stream.read_line(&mut first).await?;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => value.strip_prefix("Bearer ").unwrap().clone_into(&mut bearer),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        if first.starts_with("GET /userinfo") {
            let known = self.state().gave.contains(&bearer);
            let address = {
                let state = self.state();
                state.says_address.clone().unwrap_or_else(|| state.user.clone())
            };
            let text = format!(r#"{{"email":"{address}"}}"#);
            return answer(&mut stream, if known { 200 } else { 401 }, "", &text).await;
        }
        assert!(first.starts_with("POST /token"), "{first}");
        let form = form(&String::from_utf8(body).unwrap());
        let manner = {
            let mut state = self.state();
            state.asked.push(form.clone());
            let next = state.script.pop_front();
            next.unwrap_or_else(|| state.usual.clone())
        };
        let gift = match manner {
            Manner::Gives(gift) => gift,
            Manner::Slow(wait) => {
                tokio::time::sleep(wait).await;
                Gift { rotates: true, ..Gift::default() }
            }
            Manner::Says(status, text) => return answer(&mut stream, status, "", text).await,
            Manner::Elsewhere(to) => {
                return answer(&mut stream, 307, &format!("Location: {to}\r\n"), "").await;
            }
            Manner::HangsUp => return Ok(()),
            Manner::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                loop {
                    stream.write_all(&[b'x'; 4096]).await?;
                    stream.flush().await?;
                }
            }
        };
        let (status, text) = self.give(&form, &gift);
        answer(&mut stream, status, "", &text).await
    }

    fn give(&self, form: &HashMap<String, String>, gift: &Gift) -> (u16, String) {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        if (get("client_id"), get("client_secret")) != ("loket", "het geheim van de client") {
            return (401, r#"{"error":"invalid_client"}"#.to_owned());
        }
        let mut state = self.state();
        let first = get("grant_type") == "authorization_code";
        let right = if first {
            let made = state.codes.remove(get("code"));
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier")));
            made.is_some_and(|made| made == (challenge, get("redirect_uri").to_owned()))
        } else {
            get("refresh_token") == state.refresh
        };
        if !right {
            return (400, r#"{"error":"invalid_grant"}"#.to_owned());
        }
        let number = state.gave.len();
        if gift.rotates || first {
            state.refresh = format!("verversing-{}", number + 1);
        }
        let access = token(&state.user, gift.lives, number);
        state.gave.push(access.clone());
        let refresh = if gift.rotates || first {
            format!(r#","refresh_token":"{}""#, state.refresh)
        } else {
            String::new()
        };
        let (says, scope) = (gift.says, gift.scope);
        let text = format!(
            r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":{says},"scope":"{scope}"{refresh}}}"#
        );
        (200, text)
    }
}

async fn answer<S: AsyncWriteExt + Unpin>(
    stream: &mut S,
    status: u16,
    header: &str,
    body: &str,
) -> std::io::Result<()> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} x\r\n{header}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await
}

fn form(body: &str) -> HashMap<String, String> {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

/// Takes the percent signs out of a part of an address or a form.
pub fn plain(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(&behind[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A signed token for this user that ends so many seconds from now.
fn token(user: &str, seconds: i64, number: usize) -> String {
    let now = loket::serving::now().as_second();
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let body = URL_SAFE_NO_PAD.encode(format!(
        r#"{{"sub":"{user}","email":"{user}","jti":"{number}","iat":{},"exp":{}}}"#,
        now - 7200,
        now + seconds
    ));
    let mut mac = Hmac::<Sha256>::new_from_slice(TOKEN_KEY).unwrap();
    mac.update(format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
