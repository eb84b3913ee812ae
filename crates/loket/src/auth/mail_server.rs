//! The platform's own mails over SMTP. Each is kept in a directory first, so that nothing is lost
//! while the server is away, and handed over from there until the server takes it.
//!
//! A mail whose outcome nobody knows goes again: a code that arrives twice harms nobody, and one
//! that never arrives keeps somebody out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use domain::message::Address;
use jiff::Timestamp;
use mail::network::Network;
use mail::smtp::{
    Envelope, Login, Outcome, Security, Server, Session, TimeLimits, Token, WireMail,
};
use tokio::sync::Notify;

use super::AuthOptions;
use super::post::{Letter, MailDirectory, PlatformMail};

/// How often is looked for mails that somebody else put there.
const LOOK: Duration = Duration::from_mins(1);
/// After a server that did not take a mail; the last one again and again.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
];
/// What was not taken for this long is set aside: its link is dead by then.
const KEPT: Duration = Duration::from_hours(24);

/// How the platform's own mails leave, as an operator set it.
#[derive(Debug, Clone)]
pub struct PlatformServer {
    /// Where to.
    pub server: Server,
    /// Who we are there.
    pub login: Login,
    /// In whose name.
    pub from: Address,
}

impl PlatformServer {
    /// What the options say; `None` where mails stay in their directory.
    pub fn of(options: &AuthOptions) -> anyhow::Result<Option<Self>> {
        let Some(place) = &options.platform_smtp else { return Ok(None) };
        let wrong = || format!("--platform-smtp {place:?} is not of the form smtp.example.nl:587");
        let (host, port) = place.rsplit_once(':').with_context(wrong)?;
        let port: u16 = port.parse().with_context(wrong)?;
        let from = options.platform_from.as_deref().unwrap_or_default().trim();
        ensure!(
            from.contains('@') && !from.contains(char::is_whitespace),
            "--platform-smtp needs --platform-from: the address that accounts get mail from"
        );
        let file = options.platform_smtp_password_file.as_deref();
        let file = file.context("--platform-smtp needs --platform-smtp-password-file")?;
        let user = options.platform_smtp_user.clone().unwrap_or_else(|| from.to_owned());
        Ok(Some(Self {
            server: Server { host: host.to_owned(), port, security: Security::usual(port) },
            login: Login::Password { user, password: password(file)? },
            from: Address { name: "Loket".to_owned(), email: from.to_lowercase() },
        }))
    }
}

fn password(file: &Path) -> anyhow::Result<Token> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file)
            .with_context(|| format!("{} cannot be read", file.display()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            bail!("{0} can be read by others; run: chmod 600 {0}", file.display());
        }
    }
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    ensure!(!text.is_empty(), "{} is empty", file.display());
    Ok(Token::new(text))
}

/// Keeps mails, and hands them over beside the requests.
#[derive(Debug)]
pub struct MailServer {
    directory: MailDirectory,
    bell: Arc<Notify>,
}

impl MailServer {
    /// Begins to hand over what lies in the directory. Ends with the runtime.
    pub fn start(data_dir: &Path, platform: PlatformServer, network: Network) -> Self {
        let bell = Arc::new(Notify::new());
        let directory = MailDirectory::in_the_name_of(data_dir, platform.from.clone());
        let carrier = Carrier {
            place: MailDirectory::place(data_dir),
            platform,
            network,
            bell: Arc::clone(&bell),
            clock: crate::serving::now,
        };
        tokio::spawn(carrier.run());
        Self { directory, bell }
    }
}

impl PlatformMail for MailServer {
    fn send(&self, letter: &Letter, now: Timestamp) -> anyhow::Result<()> {
        self.directory.send(letter, now)?;
        self.bell.notify_one();
        Ok(())
    }
}

struct Carrier {
    place: PathBuf,
    platform: PlatformServer,
    network: Network,
    bell: Arc<Notify>,
    clock: fn() -> Timestamp,
}

/// What keeps the rest of the mails waiting. It says nothing of who was written to.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("the mail server does not let us in")]
    LoginRefused,
    #[error("the mail server did not take a mail")]
    Server,
    #[error("the mails cannot be read or moved")]
    Directory(#[from] std::io::Error),
}

impl From<Outcome> for Stop {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::LoginRefused(_) => Self::LoginRefused,
            _ => Self::Server,
        }
    }
}

impl Carrier {
    async fn run(self) {
        let mut failures = 0_usize;
        loop {
            let Err(stop) = self.round().await else {
                failures = 0;
                // The bell is kept when it rang meanwhile.
                let _ = tokio::time::timeout(LOOK, self.bell.notified()).await;
                continue;
            };
            tracing::warn!(error = %stop, "mails of the platform wait");
            let next = match stop {
                // Whoever is refused and goes on guessing is locked out.
                Stop::LoginRefused => PAUSES.last(),
                _ => PAUSES.get(failures).or(PAUSES.last()),
            };
            failures = failures.saturating_add(1);
            tokio::time::sleep(next.copied().unwrap_or(LOOK)).await;
        }
    }

    /// Hands over all that waits, oldest first.
    async fn round(&self) -> Result<(), Stop> {
        let waiting = self.waiting()?;
        if waiting.is_empty() {
            return Ok(());
        }
        let (server, login) = (&self.platform.server, &self.platform.login);
        let limits = TimeLimits::default();
        let mut session =
            Session::connect(server, login, &self.network, limits).await.map_err(Stop::from)?;
        for file in waiting {
            let bytes = std::fs::read(&file)?;
            let Some((envelope, wire)) = self.ready(&bytes) else {
                tracing::warn!("a mail of the platform cannot be sent as it is; it is set aside");
                self.put(&file, "failed")?;
                continue;
            };
            let outcome = match session.offer(&envelope, &wire).await {
                Ok(offered) => offered.hand_over(&wire, || true).await,
                Err(outcome) => outcome,
            };
            match outcome {
                Outcome::Accepted { .. } => self.put(&file, "cur")?,
                Outcome::Refused { reply, .. } => {
                    tracing::warn!(%reply, "a mail of the platform was refused; it is set aside");
                    self.put(&file, "failed")?;
                }
                other => return Err(other.into()),
            }
            if !session.is_usable() {
                return Err(Stop::Server);
            }
        }
        session.close().await;
        Ok(())
    }

    fn ready(&self, bytes: &[u8]) -> Option<(Envelope, WireMail)> {
        let message = mail::parse::parse(bytes).ok()?.message;
        let to = &message.to.first()?.email;
        let envelope = Envelope::new(&self.platform.from.email, &[to]).ok()?;
        Some((envelope, WireMail::new(bytes).ok()?))
    }

    /// What waits, oldest first; what waited too long is set aside.
    fn waiting(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let entries = match std::fs::read_dir(self.place.join("new")) {
            Ok(entries) => entries,
            // Nothing was ever sent.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let written = entry.metadata()?.modified()?;
            let written = Timestamp::try_from(written).map_err(std::io::Error::other)?;
            found.push((written, entry.path()));
        }
        found.sort();
        let dead = (self.clock)().saturating_sub(KEPT).map_err(std::io::Error::other)?;
        let (old, fresh): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(written, _)| *written < dead);
        for (_, file) in &old {
            self.put(file, "failed")?;
        }
        Ok(fresh.into_iter().map(|(_, file)| file).collect())
    }

    fn put(&self, file: &Path, folder: &str) -> std::io::Result<()> {
        let folder = self.place.join(folder);
        std::fs::create_dir_all(&folder)?;
        let name = file.file_name().unwrap_or_default();
        std::fs::rename(file, folder.join(name))
    }
}
