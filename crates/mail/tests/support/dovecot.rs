//! A real Dovecot on loopback, without root, in a directory of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::authority::Authority;

/// Signs the access tokens that the server takes (JWT, HS256).
pub const TOKEN_KEY: &[u8] = b"a key of the tests that opens nothing else";
/// Debian's and Ubuntu's place; others have it on the PATH.
const PROGRAMS: [&str; 2] = ["/usr/sbin/dovecot", "dovecot"];
const NOBODY: u32 = 65_534;

/// A running server.
pub struct Dovecot {
    process: Child,
    directory: PathBuf,
    /// Port of TLS from the first byte.
    pub imaps: u16,
    /// Port of STARTTLS.
    pub imap: u16,
    /// The root that vouches for it, PEM.
    pub root: String,
    delivered: AtomicU32,
}

impl Dovecot {
    /// Starts one with these users, each with the password `geheim <user>`.
    pub fn start(users: &[&str]) -> Self {
        Self::start_with(users, 10)
    }

    /// As [`Self::start`], with at most so many connections a user.
    pub fn start_with(users: &[&str], connections: u32) -> Self {
        Self::start_configured(users, connections, "")
    }

    /// With more lines in its configuration; `@USER@` in them is who it runs as.
    pub fn start_configured(users: &[&str], connections: u32, more: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("loket-dovecot-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        for folder in ["run", "state", "mail"] {
            fs::create_dir_all(directory.join(folder)).expect("a directory");
        }
        let authority = Authority::new();
        let (certificate, key) = authority.issue("localhost");
        fs::write(directory.join("server.pem"), certificate).expect("written");
        fs::write(directory.join("server.key"), key).expect("written");
        fs::create_dir_all(directory.join("keys/default/HS256")).expect("a directory");
        let key = directory.join("keys/default/HS256/default");
        fs::write(key, BASE64.encode(TOKEN_KEY)).expect("written");
        let oauth = format!(
            "introspection_mode = local\nusername_attribute = email\n\
             local_validation_key_dict = fs:posix:prefix={}/keys/\n",
            directory.display()
        );
        fs::write(directory.join("oauth2.conf.ext"), oauth).expect("written");
        let lines: Vec<String> =
            users.iter().map(|user| format!("{user}:{{PLAIN}}geheim {user}::::::\n")).collect();
        fs::write(directory.join("users"), lines.concat()).expect("written");
        let (imap, imaps) = (free_port(), free_port());
        let root = running_as_root();
        let (user, group) = if root {
            ("nobody".to_owned(), output("id", &["-gn", "nobody"]))
        } else {
            (output("id", &["-un"]), output("id", &["-gn"]))
        };
        let config = format!("{}{more}", include_str!("../dovecot/dovecot.conf"))
            .replace("@ROOT@", directory.to_str().expect("a plain path"))
            .replace("@USER@", &user)
            .replace("@GROUP@", &group)
            .replace("@IMAP@", &imap.to_string())
            .replace("@IMAPS@", &imaps.to_string())
            .replace("@CONNECTIONS@", &connections.to_string());
        fs::write(directory.join("dovecot.conf"), config).expect("written");
        if root {
            give(&directory);
        }
        let process = launch(&directory, root);
        let dovecot = Self {
            process,
            directory,
            imaps,
            imap,
            root: authority.root,
            delivered: AtomicU32::new(0),
        };
        dovecot.wait();
        dovecot
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.imaps)).is_err() {
            let log = fs::read_to_string(self.directory.join("dovecot.log")).unwrap_or_default();
            assert!(Instant::now() < until, "Dovecot does not start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Puts a mail into the user's inbox, as a delivery would.
    pub fn deliver(&self, user: &str, mail: &str) {
        self.put(user, "", mail);
    }

    /// Puts a mail into a folder of the user's.
    pub fn put(&self, user: &str, folder: &str, mail: &str) {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let mut place = self.maildir(user);
        if !folder.is_empty() {
            place.push(format!(".{folder}"));
        }
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(place.join(part)).expect("a directory");
        }
        let name = format!("{}.{number:06}.test", std::process::id());
        let temporary = place.join("tmp").join(&name);
        fs::write(&temporary, mail.replace('\n', "\r\n")).expect("written");
        if running_as_root() {
            give(&self.directory.join("mail"));
        }
        fs::rename(temporary, place.join("new").join(name)).expect("moved");
    }

    /// How often this user signed in.
    pub fn sign_ins(&self, user: &str) -> usize {
        let log = fs::read_to_string(self.directory.join("dovecot.log")).unwrap_or_default();
        let signed_in =
            |line: &&str| line.contains("Login:") && line.contains(&format!("<{user}>"));
        log.lines().filter(signed_in).count()
    }

    /// The user's mail directory.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.directory.join("mail").join(user).join("Maildir")
    }

    /// Makes the server forget its numbering of the inbox: it comes back with another
    /// UIDVALIDITY, as after a move to another machine.
    pub fn renumber(&self, user: &str) {
        for name in ["dovecot-uidlist", "dovecot-uidvalidity"] {
            let _ = fs::remove_file(self.maildir(user).join(name));
        }
        for entry in fs::read_dir(self.maildir(user)).expect("a directory").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("dovecot.index") || name.starts_with("dovecot-uidvalidity.") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Changes a user's password.
    pub fn set_password(&self, user: &str, password: &str) {
        let file = self.directory.join("users");
        let lines = fs::read_to_string(&file).expect("the users");
        let changed: Vec<String> = lines
            .lines()
            .map(|line| {
                if line.starts_with(&format!("{user}:")) {
                    format!("{user}:{{PLAIN}}{password}::::::\n")
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        fs::write(&file, changed.concat()).expect("written");
        // The server looks at the second in which it was changed.
        let written = fs::File::options().append(true).open(&file).expect("the users");
        let before = written.metadata().and_then(|data| data.modified()).expect("a time");
        let later = before + Duration::from_secs(2);
        written.set_modified(later).expect("a time");
        std::thread::sleep(Duration::from_millis(1500));
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.directory.join("dovecot.log")).unwrap_or_default();
            eprintln!("what Dovecot says of it:\n{log}");
        }
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn launch(directory: &Path, root: bool) -> Child {
    for program in PROGRAMS {
        let mut command = Command::new(program);
        command.args(["-F", "-c"]).arg(directory.join("dovecot.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        if let Ok(process) = command.spawn() {
            return process;
        }
    }
    panic!("these tests need Dovecot: run ./scripts/setup tests, or apt-get install dovecot-imapd");
}

/// Gives a directory and all in it to whom the server runs as.
fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("given");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a directory").flatten() {
            // The server moves its files while we look.
            if entry.path().exists() && fs::symlink_metadata(entry.path()).is_ok() {
                give_quietly(&entry.path());
            }
        }
    }
}

fn give_quietly(path: &Path) {
    let _ = chown(path, Some(NOBODY), Some(NOBODY));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        give_quietly(&entry.path());
    }
}

fn running_as_root() -> bool {
    output("id", &["-u"]) == "0"
}

fn output(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output().expect("a program of every system");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port()
}
