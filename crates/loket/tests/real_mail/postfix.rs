//! Debian's Postfix on loopback, in a directory of its own: submission with STARTTLS and sign-in,
//! delivery into Dovecot by LMTP. Its master changes accounts, so it wants root.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Debian's and Ubuntu's place.
const PROGRAM: &str = "/usr/sbin/postfix";
/// As every installation has them; none in a chroot.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// A running server.
pub struct Postfix {
    process: Child,
    directory: PathBuf,
    /// Submission, with a certificate that the tests trust.
    pub port: u16,
    /// The same with a certificate of somebody else.
    pub strange_port: u16,
}

/// What it is made with.
pub struct Ground<'a> {
    /// A directory that is not there yet.
    pub directory: PathBuf,
    /// Certificate and key, PEM.
    pub own: (String, String),
    /// Those of somebody whom nobody trusts.
    pub strange: (String, String),
    /// Dovecot's door for sign-ins.
    pub auth_port: u16,
    /// Dovecot's door for mail.
    pub lmtp_port: u16,
    /// The name under which verdicts on senders are signed.
    pub authserv_id: &'a str,
    /// Mail to these goes to Dovecot; senders of the last are vouched for.
    pub domains: [&'a str; 2],
}

impl Postfix {
    pub fn start(ground: &Ground<'_>) -> Self {
        let directory = ground.directory.clone();
        for folder in ["etc", "queue", "data"] {
            fs::create_dir_all(directory.join(folder)).unwrap();
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        let (uid, gid) = account();
        chown(directory.join("data"), Some(uid), Some(gid)).unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.join("etc").join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let chain = |(certificate, key): &(String, String)| format!("{key}{certificate}");
        let own = write("own.pem", &chain(&ground.own));
        let strange = write("strange.pem", &chain(&ground.strange));
        let (port, strange_port) = (free_port(), free_port());
        let [shop, customer] = ground.domains;
        // As a provider does it for mail that it checked.
        let verdict = format!(
            "/^(.*@{})$/ PREPEND Authentication-Results: {}; spf=pass smtp.mailfrom=$1; \
             dkim=pass header.i=@{customer}; dmarc=pass header.from={customer}\n",
            customer.replace('.', "\\."),
            ground.authserv_id
        );
        let verdict = write("verdicts", &verdict);
        let root = directory.display();
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {root}/queue\ndata_directory = {root}/data\n\
             maillog_file = {root}/maillog\nmaillog_file_prefixes = {root}\nmyhostname = mail.test\n\
             mydestination =\nmynetworks =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             alias_maps =\nalias_database =\nlocal_recipient_maps =\n\
             smtpd_tls_security_level = encrypt\nsmtpd_tls_chain_files = {own}\n\
             smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = inet:127.0.0.1:{auth}\nsmtpd_sasl_security_options = noanonymous\n\
             smtpd_relay_restrictions = permit_sasl_authenticated, reject\n\
             smtpd_sender_restrictions = check_sender_access regexp:{verdict}\n\
             smtpd_reject_unlisted_recipient = no\nvirtual_mailbox_domains = {shop}, {customer}\n\
             virtual_transport = lmtp:inet:127.0.0.1:{lmtp}\nvirtual_mailbox_maps =\n",
            auth = ground.auth_port,
            lmtp = ground.lmtp_port,
        );
        write("main.cf", &main);
        let master = format!(
            "127.0.0.1:{port} inet n - n - - smtpd\n127.0.0.1:{strange_port} inet n - n - - smtpd\n  \
             -o smtpd_tls_chain_files={strange}\n{SERVICES}"
        );
        write("master.cf", &master);
        let process = Command::new(PROGRAM)
            .arg("-c")
            .arg(directory.join("etc"))
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.join("said")).unwrap())
            .spawn()
            .expect("this test needs Postfix: run ./scripts/setup tests");
        let mut postfix = Self { process, directory, port, strange_port };
        postfix.wait();
        postfix
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().unwrap();
            let late = begun.elapsed() > Duration::from_secs(20);
            assert!(ended.is_none() && !late, "Postfix does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it says of itself.
    pub fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.directory.join(name)).unwrap_or_default();
        format!("{}{}", read("said"), read("maillog"))
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what Postfix says of it:\n{}", self.log());
        }
        let mut stop = Command::new(PROGRAM);
        stop.arg("-c").arg(self.directory.join("etc")).arg("stop");
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The account that the package made.
fn account() -> (u32, u32) {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postfix:"));
    let line = line.expect("this test needs Postfix: run ./scripts/setup tests");
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).unwrap().port()
}
