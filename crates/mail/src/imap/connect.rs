//! From a host name to a signed-in connection. Until TLS stands nothing is said but STARTTLS,
//! and nothing that was heard before it is remembered (CVE-2011-0411 and its many successors).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::answer::{Answer, Status};
use super::connection::{ImapConnection, Refusal};
use super::line::Line;
use super::{Auth, ImapError, ImapSettings, Security, printable};

/// The tag of the one command that is not encrypted.
const STARTTLS: &str = "L0";
/// The greeting and the answer to STARTTLS are short.
const MAX_PLAIN_BYTES: usize = 4096;
/// Each idle mailbox holds such a buffer; bodies come in pieces through it.
const BUFFER_BYTES: usize = 4096;

impl ImapConnection {
    /// Connects, encrypts and signs in.
    pub async fn connect(settings: &ImapSettings) -> Result<Self, ImapError> {
        let stream = encrypted(settings).await?;
        let reader = BufReader::with_capacity(BUFFER_BYTES, stream);
        let mut connection = Self::over(reader, settings.limits);
        if settings.security == Security::Tls {
            greeting(connection.greeting().await?)?;
        }
        connection.learn_capabilities().await?;
        connection.sign_in(&settings.user, &settings.auth).await?;
        // Servers tell more to those they know.
        connection.learn_capabilities().await?;
        Ok(connection)
    }

    async fn sign_in(&mut self, user: &str, auth: &Auth) -> Result<(), ImapError> {
        let plain = |text: &str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let signed_in = match auth {
            Auth::XOAuth2(token) => {
                if user.contains('\u{1}') || token.contains('\u{1}') {
                    return Err(ImapError::Unsayable("the user or token"));
                }
                let said = format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}");
                self.authenticate("AUTHENTICATE XOAUTH2", said.as_bytes()).await
            }
            Auth::Password(password)
                if plain(user) && plain(password) && !self.can("LOGINDISABLED") =>
            {
                let line = Line::new("LOGIN").text(user)?.text(password)?;
                self.command(line, "signing in").await.map(drop)
            }
            Auth::Password(password) => {
                if user.contains('\0') || password.contains('\0') {
                    return Err(ImapError::Unsayable("the user or password"));
                }
                let said = format!("\0{user}\0{password}");
                self.authenticate("AUTHENTICATE PLAIN", said.as_bytes()).await
            }
        };
        signed_in.map_err(why_not_in)
    }

    /// One message of SASL (RFC 3501, section 6.2.2). A second challenge is an explanation of the
    /// refusal (RFC 7628 and Google's XOAUTH2): it is acknowledged, and the refusal follows.
    async fn authenticate(&mut self, command: &'static str, said: &[u8]) -> Result<(), ImapError> {
        let said = BASE64.encode(said);
        self.converse(Line::new(command), "signing in", |challenge| {
            if challenge == 0 { said.clone() } else { String::new() }
        })
        .await
    }
}

fn greeting(answer: Answer) -> Result<(), ImapError> {
    match answer {
        Answer::Status { tag: None, status: Status::Ok, .. } => Ok(()),
        Answer::Status { tag: None, status: Status::Bye, text } => {
            Err(ImapError::Busy(printable(&text)))
        }
        _ => Err(ImapError::Protocol("it does not greet")),
    }
}

/// What servers say when the user, the password or the right to IMAP is the reason (RFC 5530,
/// section 3, and the words of those that give no code).
const NOT_THEM: [&str; 22] = [
    "[authenticationfailed]",
    "[authorizationfailed]",
    "[expired]",
    "[privacyrequired]",
    "[contactadmin]",
    "credential",
    "password",
    "authentication fail",
    "authenticate fail",
    "auth fail",
    "login fail",
    "login incorrect",
    "logon fail",
    "invalid login",
    "invalid user",
    "unknown user",
    "username",
    "web browser",
    "web login",
    "enabled for imap",
    "imap access",
    "disabled",
];

/// A refused sign-in is the password's fault where the server says so. Anything else may be its
/// bad day: Gmail's "System Error (Failure)" says NO to everybody.
fn why_not_in(error: ImapError) -> ImapError {
    match error {
        ImapError::Refused { text, .. } => {
            let said = text.to_ascii_lowercase();
            if NOT_THEM.iter().any(|words| said.contains(words)) {
                ImapError::AuthRefused(text)
            } else {
                ImapError::NotLetIn(text)
            }
        }
        other => other,
    }
}

async fn encrypted(settings: &ImapSettings) -> Result<TlsStream<TcpStream>, ImapError> {
    let (network, limits, host) = (&settings.network, settings.limits, &settings.host);
    let mut stream = network.connect(host, settings.port, limits.connect).await?;
    if settings.security == Security::StartTls {
        timeout(limits.step, start_tls(&mut stream))
            .await
            .map_err(|_| ImapError::TimedOut("starting TLS"))??;
    }
    Ok(network.encrypt(host, stream, limits.step).await?)
}

/// Asks for TLS. Bytes are read one by one: whatever somebody slipped in behind the answer stays
/// in the socket, is taken for TLS, and breaks the handshake.
async fn start_tls(stream: &mut TcpStream) -> Result<(), ImapError> {
    let mut left = MAX_PLAIN_BYTES;
    let hello = plain_line(stream, &mut left).await?.to_ascii_uppercase();
    if hello.starts_with("* BYE") {
        return Err(ImapError::Busy(printable(&hello)));
    }
    // PREAUTH would have us signed in, unencrypted, as somebody else.
    if !hello.starts_with("* OK") {
        return Err(ImapError::NotEncrypted);
    }
    let asked = format!("{STARTTLS} STARTTLS\r\n");
    stream.write_all(asked.as_bytes()).await.map_err(ImapError::Unreachable)?;
    loop {
        let line = plain_line(stream, &mut left).await?.to_ascii_uppercase();
        if let Some(answer) = line.strip_prefix(STARTTLS) {
            let agreed = answer.trim_start().starts_with("OK");
            return if agreed { Ok(()) } else { Err(ImapError::NotEncrypted) };
        }
    }
}

async fn plain_line(stream: &mut TcpStream, left: &mut usize) -> Result<String, ImapError> {
    let mut line = Vec::new();
    loop {
        let byte = match stream.read_u8().await {
            Ok(byte) => byte,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(ImapError::Closed("before TLS".to_owned()));
            }
            Err(error) => return Err(ImapError::Unreachable(error)),
        };
        *left = left.checked_sub(1).ok_or(ImapError::Protocol("it never starts TLS"))?;
        if byte == b'\n' {
            return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
        line.push(byte);
    }
}

impl From<Refusal> for ImapError {
    /// Hazard C7: what passes by itself is told apart from what does not.
    fn from(refusal: Refusal) -> Self {
        let Refusal { command, text } = refusal;
        let said = text.to_ascii_lowercase();
        let passes = [
            "[unavailable]",
            "[inuse]",
            "[limit]",
            "[serverbug]",
            "[overquota]",
            "too many",
            "bandwidth limits",
            "try again",
            "temporar",
        ];
        let text = printable(&text);
        if passes.iter().any(|words| said.contains(words)) {
            Self::Busy(text)
        } else {
            Self::Refused { command, text }
        }
    }
}
