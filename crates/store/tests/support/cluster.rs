//! A throw-away Postgres for one test binary: its own directory and socket, no durability.
//! It ends with the process, however that ends: a shell waits on a pipe and then sweeps up.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use store::Config;

/// A running server.
pub struct Cluster {
    dir: PathBuf,
    superuser: &'static str,
    /// Holds the pipe whose end tells the shell to stop the server.
    _sweeper: Child,
}

impl Cluster {
    /// Starts one whose superuser has this name.
    pub fn start(superuser: &'static str) -> Self {
        let bin = binaries();
        let dir = std::env::temp_dir().join(format!("loket-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&dir).unwrap();
        let account = unprivileged();
        if let Some((uid, gid)) = account {
            std::os::unix::fs::chown(&dir, Some(uid), Some(gid)).unwrap();
        }
        let data = dir.join("data");
        let mut initdb = as_account(&bin.join("initdb"), account);
        initdb.args(["--auth=trust", "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8"]);
        run(initdb.arg("-U").arg(superuser).arg("-D").arg(&data));
        let options = format!(
            "-k {} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=300",
            dir.display()
        );
        let mut start = as_account(&bin.join("pg_ctl"), account);
        start.args(["-w", "-s", "-o", &options, "-l"]).arg(dir.join("log"));
        run(start.arg("-D").arg(&data).arg("start"));
        let mut sweeper = as_account(Path::new("/bin/sh"), account);
        let script =
            r#"cat >/dev/null; "$1/pg_ctl" -s -D "$2/data" -m immediate stop; rm -rf "$2""#;
        sweeper.args(["-c", script, "sweeper"]).arg(&bin).arg(&dir);
        let sweeper = sweeper
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { dir, superuser, _sweeper: sweeper }
    }

    /// As this role to this database.
    pub fn login(&self, role: &str, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.dir).user(role).dbname(database);
        config
    }

    /// As the superuser to this database.
    pub fn superuser(&self, database: &str) -> Config {
        self.login(self.superuser, database)
    }

    /// All rows of a database as `pg_dump` writes them.
    pub fn dump_data(&self, database: &str) -> String {
        self.dump_whole(database, &["--data-only"])
    }

    /// A database as `pg_dump` writes it with these options.
    pub fn dump_whole(&self, database: &str, options: &[&str]) -> String {
        let output = as_account(&binaries().join("pg_dump"), None)
            .args(options)
            .args(["-U", self.superuser, "-h"])
            .arg(&self.dir)
            .arg(database)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The schema as `pg_dump` writes it, without what differs between versions.
    pub fn dump(&self, database: &str) -> String {
        let output = as_account(&binaries().join("pg_dump"), None)
            .args(["--schema-only", "-n", "public", "-n", "private", "-U", self.superuser, "-h"])
            .arg(&self.dir)
            .arg(database)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let kept = text.lines().filter(|line| {
            let noise = ["SET ", "SELECT pg_catalog.set_config", "\\", "-- Dumped", "--\n"];
            !noise.iter().any(|start| line.starts_with(start)) && *line != "--"
        });
        let mut result = String::new();
        for line in kept {
            if !(line.is_empty() && result.ends_with("\n\n")) {
                result.push_str(line);
                result.push('\n');
            }
        }
        result
    }
}

/// Debian's versions newest first, then whatever `pg_config` names.
fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    found.sort();
    found.retain(|bin| bin.join("initdb").exists());
    found.pop().unwrap_or_else(|| {
        let output = Command::new("pg_config").arg("--bindir").output();
        let output = output.expect("the tests need PostgreSQL 15 or newer on this machine");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// Postgres refuses to run as root: then the account `postgres`, or else `nobody`.
fn unprivileged() -> Option<(u32, u32)> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    find("postgres").or_else(|| find("nobody"))
}

fn as_account(program: &Path, account: Option<(u32, u32)>) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}

fn run(command: &mut Command) {
    let output = command.stdout(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
