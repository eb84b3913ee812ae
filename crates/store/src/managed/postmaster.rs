//! The server process: recognising it, starting it, waiting for it, stopping it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::error::SqlState;

use super::account::Account;
use super::binaries::Installed;
use super::connect;
use super::error::{Error, Explain};
use super::place::{emptied, read_if_there, write_atomically};

/// How long old backends and their shared memory may take to go after a crash: on a machine with
/// much else to do, one of them may not run for long.
const OLD_BACKENDS: Duration = Duration::from_mins(1);
/// How long crash recovery may take before Loket gives up waiting.
const RECOVERY: Duration = Duration::from_mins(10);
/// How long a fast shutdown (roll back, checkpoint) may take before an immediate one.
const FAST: Duration = Duration::from_secs(30);
/// How long an immediate shutdown may take.
const IMMEDIATE: Duration = Duration::from_secs(10);
/// How many bytes at the end of a log are shown.
const TAIL: usize = 2_000;

/// How often a server may be killed while it starts before Loket gives up.
const KILLED_AT_MOST: u32 = 5;
/// What Postgres says when a process was killed that it cannot start without. The second line is
/// all that is left of it when the process that collects the log was killed as well.
const KILLED: [&str; 2] = ["was terminated by signal 9", "due to startup process failure"];

/// What Postgres says while a crashed predecessor is still going; each is worth another try.
const PASSING: [&str; 3] =
    ["shared memory block", "lock file \"postmaster.pid\" already exists", "is still in use"];

/// A running server: our child, or one an earlier Loket left behind.
#[derive(Debug)]
pub(super) struct Postmaster {
    /// Its process id.
    pub pid: i32,
    /// Where this Loket started it. Needed to reap it: an unreaped process looks alive.
    child: Option<Child>,
}

/// What waiting for a server came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It takes connections.
    Ready,
    /// It ended first.
    Ended,
    /// It runs and has opened its socket, and the socket is gone.
    Unreachable,
}

/// What is needed to start a server, or to find the one that runs.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    /// Postgres' own data directory.
    pub cluster: &'a Path,
    /// Takes what the server says before its own log opens.
    pub startup_log: &'a Path,
    /// Who runs it.
    pub account: &'a Account,
    /// How to reach it, as superuser.
    pub config: &'a tokio_postgres::Config,
    /// Where it listens.
    pub socket: &'a Path,
}

/// The server that runs on this cluster, if any, as its pid file says and its process confirms.
pub(super) async fn running(cluster: &Path) -> Result<Option<Postmaster>, Error> {
    let Some(text) = read_if_there(&cluster.join("postmaster.pid"))? else { return Ok(None) };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    match pid {
        Some(pid) if is_postmaster(pid, cluster).await => Ok(Some(Postmaster { pid, child: None })),
        _ => Ok(None),
    }
}

/// Whether the server that runs here has opened its sockets, as its pid file says.
pub(super) fn has_opened(cluster: &Path) -> Result<bool, Error> {
    let text = read_if_there(&cluster.join("postmaster.pid"))?.unwrap_or_default();
    Ok(text.lines().last().is_some_and(|status| status.trim() == "ready"))
}

impl Postmaster {
    /// Starts a server and waits until it takes connections.
    pub(super) async fn start(ground: &Ground<'_>, installed: &Installed) -> Result<Self, Error> {
        let mut deadline = Instant::now() + OLD_BACKENDS;
        let mut killed = 0;
        loop {
            forget_dead_postmaster(ground)?;
            let mut postmaster = Self::spawn(ground, installed)?;
            match postmaster.wait_ready(ground).await? {
                Readiness::Ready => return Ok(postmaster),
                Readiness::Ended => {}
                // Its socket was swept away at once: only a new start makes another.
                Readiness::Unreachable if Instant::now() < deadline => {
                    postmaster.stop(ground.cluster).await?;
                    continue;
                }
                Readiness::Unreachable => {
                    postmaster.stop(ground.cluster).await?;
                    let detail = "its socket vanishes whenever it has opened".to_owned();
                    return Err(Error::NotStarted { detail, log: ground.cluster.join("log") });
                }
            }
            let detail = last_words(ground);
            // Somebody short of memory, or in a hurry, killed it while it started: that is no
            // fault of the cluster.
            let told = KILLED.iter().any(|words| detail.contains(words));
            if killed < KILLED_AT_MOST && (postmaster.was_killed() || told) {
                killed += 1;
                deadline = Instant::now() + OLD_BACKENDS;
                tracing::warn!(killed, "Postgres was killed while it started, trying again");
                sleep(Duration::from_millis(200)).await;
                continue;
            }
            if detail.contains("incompatible with server") {
                return Err(Error::Incompatible {
                    binaries: installed.directory.clone(),
                    directory: ground.cluster.to_owned(),
                    detail,
                });
            }
            if Instant::now() > deadline || !PASSING.iter().any(|words| detail.contains(words)) {
                return Err(Error::NotStarted { detail, log: ground.cluster.join("log") });
            }
            let orphans = end_orphans(ground.cluster);
            tracing::info!(orphans, "the last Postgres has not gone yet, trying again");
            sleep(Duration::from_millis(200)).await;
        }
    }

    fn spawn(ground: &Ground<'_>, installed: &Installed) -> Result<Self, Error> {
        let log = emptied(ground.startup_log)?;
        let program = installed.directory.join("postgres");
        let child = ground
            .account
            .command(&program)
            .arg("-D")
            .arg(ground.cluster)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .explain("running", &program)?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        Ok(Self { pid, child: Some(child) })
    }

    /// Waits for the server to take connections, to end, or to turn out to be out of reach.
    pub(super) async fn wait_ready(&mut self, ground: &Ground<'_>) -> Result<Readiness, Error> {
        let deadline = Instant::now() + RECOVERY;
        let mut pause = Duration::from_millis(5);
        loop {
            match timeout(Duration::from_secs(5), connect::probe(ground.config)).await {
                Ok(Ok(())) => return Ok(Readiness::Ready),
                // Up, recovering or going down: it will get somewhere.
                Ok(Err(error)) if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) => {}
                Ok(Err(error)) if error.code().is_some() => return Err(error.into()),
                Ok(Err(_)) | Err(_) => {}
            }
            if !self.is_alive(ground.cluster).await {
                return Ok(Readiness::Ended);
            }
            // Asked anew each time: the socket may go while the server is still starting.
            if has_opened(ground.cluster)? && !ground.socket.exists() {
                return Ok(Readiness::Unreachable);
            }
            if Instant::now() > deadline {
                let log = ground.cluster.join("log");
                return Err(Error::NotStarted { detail: last_words(ground), log });
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    /// Whether the process still runs. Reaps it when it was our child and has ended.
    pub(super) async fn is_alive(&mut self, cluster: &Path) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => is_postmaster(self.pid, cluster).await,
        }
    }

    /// Whether a server of ours that ended was ended by signal 9.
    fn was_killed(&mut self) -> bool {
        let status = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        status.is_some_and(|status| status.signal() == Some(Signal::KILL.as_raw()))
    }

    /// Stops the server: a fast shutdown, then an immediate one (which the next start recovers).
    pub(super) async fn stop(&mut self, cluster: &Path) -> Result<(), Error> {
        for (signal, patience) in [(Signal::INT, FAST), (Signal::QUIT, IMMEDIATE)] {
            if !self.is_alive(cluster).await {
                return Ok(());
            }
            if let Some(pid) = Pid::from_raw(self.pid) {
                match rustix::process::kill_process(pid, signal) {
                    Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                    Err(error) => return Err(error).explain("stopping the server of", cluster),
                }
            }
            let deadline = Instant::now() + patience;
            let mut pause = Duration::from_millis(5);
            while Instant::now() < deadline {
                if !self.is_alive(cluster).await {
                    return Ok(());
                }
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
        Err(Error::NotStopped { pid: self.pid })
    }
}

/// Makes a pid file of a dead server harmless.
///
/// Postgres takes over such a file by itself unless a live process happens to have that number
/// (after a reboot, or in a container, it easily has). The file also notes the shared memory,
/// which is one of the two ways a new server learns that backends of the dead one are still at
/// work, so it is not deleted. The number is replaced by our own instead: a server regards its
/// parent's number as stale, and makes all its other checks.
///
/// The caller holds the lock and has found no server running.
fn forget_dead_postmaster(ground: &Ground<'_>) -> Result<(), Error> {
    // The socket's own lock file carries no such note.
    for host in ground.config.get_hosts() {
        if let tokio_postgres::config::Host::Unix(directory) = host {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                if entry.file_name().as_bytes().ends_with(b".lock") {
                    fs::remove_file(entry.path()).explain("removing", &entry.path())?;
                }
            }
        }
    }
    let path = ground.cluster.join("postmaster.pid");
    let Some(text) = read_if_there(&path)? else { return Ok(()) };
    match text.split_once('\n') {
        Some((pid, rest)) if pid.trim().parse::<u32>().is_ok_and(|pid| pid > 0) => {
            let text = format!("{}\n{rest}", std::process::id());
            write_atomically(&path, &text, 0o600, Some(ground.account))
        }
        // Cut short by a full disk or a power failure: Postgres would refuse it for ever. It was
        // not yet whole, so no server ever ran on it.
        _ => fs::remove_file(&path).explain("removing", &path),
    }
}

/// Whether process `pid` is the server of this cluster, rather than a stranger with its number or
/// a process that has ended and was not reaped.
async fn is_postmaster(pid: i32, cluster: &Path) -> bool {
    let command_line = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(command_line) => command_line,
        Err(_) if Path::new("/proc/self").exists() => return false,
        Err(_) => command_line_by_ps(pid).await.unwrap_or_default(),
    };
    names_cluster(&command_line, cluster)
        || (command_line.windows(8).any(|word| word == b"postgres")
            && !command_line.starts_with(b"postgres: ")
            && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster))
}

/// Tells what a dead server left at work to end, as that server would have told it: each notices by
/// itself, but one in the middle of something long notices late, and until then no server starts.
/// Says how many there were; none where the system has no `/proc`.
///
/// The caller holds the lock and has found no server running.
fn end_orphans(cluster: &Path) -> usize {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let orphans = processes.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse::<i32>().ok()?;
        let command_line = fs::read(entry.path().join("cmdline")).ok()?;
        let at_work = command_line.starts_with(b"postgres: ")
            && fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == cluster);
        Pid::from_raw(pid).filter(|_| at_work)
    });
    // One that has gone meanwhile is what was wanted.
    orphans.filter(|pid| rustix::process::kill_process(*pid, Signal::QUIT).is_ok()).count()
}

/// A server carries its data directory in its arguments; its children have a title instead.
fn names_cluster(command_line: &[u8], cluster: &Path) -> bool {
    let cluster = cluster.as_os_str().as_bytes();
    !command_line.starts_with(b"postgres: ")
        && command_line.windows(8).any(|word| word == b"postgres")
        && command_line.windows(cluster.len()).any(|word| word == cluster)
}

async fn command_line_by_ps(pid: i32) -> Option<Vec<u8>> {
    let pid = pid.to_string();
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid]).output().await;
    output.ok().filter(|output| output.status.success()).map(|output| output.stdout)
}

/// The end of what the server wrote: before its log opened, else in its newest log.
fn last_words(ground: &Ground<'_>) -> String {
    let mut said = tail(ground.startup_log);
    // The log collector announces itself there, and then says nothing more.
    if !said.contains("FATAL") && !said.contains("PANIC") {
        let newest: Option<PathBuf> = fs::read_dir(ground.cluster.join("log"))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().extension() == Some(OsStr::new("log")))
            .max_by_key(|entry| entry.metadata().and_then(|metadata| metadata.modified()).ok())
            .map(|entry| entry.path());
        if let Some(log) = newest {
            said.push_str(&tail(&log));
        }
    }
    let said = said.trim();
    if said.is_empty() { "it said nothing".to_owned() } else { said.to_owned() }
}

fn tail(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let end =
        bytes.split_at_checked(bytes.len().saturating_sub(TAIL)).map_or(&[][..], |(_, end)| end);
    String::from_utf8_lossy(end).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_from_its_children_and_from_strangers() {
        let cluster = Path::new("/data/postgres/cluster");
        assert!(names_cluster(
            b"/usr/lib/postgresql/15/bin/postgres\0-D\0/data/postgres/cluster\0",
            cluster
        ));
        assert!(!names_cluster(b"postgres: loket: checkpointer /data/postgres/cluster", cluster));
        assert!(!names_cluster(b"/usr/lib/postgresql/15/bin/postgres\0-D\0/other\0", cluster));
        assert!(!names_cluster(b"", cluster));
    }
}
