//! The private Postgres against a real one: every state it can be found in, as root and as a user.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: clippy only exempts the tests themselves"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use store::managed::{
    Binaries, Error, Managed, OnProgress, Options, Progress, Tcp, check_durability,
};
use tokio_postgres::{Client, Config, NoTls};

const PLACE: &str = "LOKET_TEST_DATA_DIR";

/// A directory of its own; whatever server still runs in it is ended with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(format!("/tmp/lkt-{}-{number}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(fs::canonicalize(path).unwrap())
    }

    fn options(&self) -> (Options, Arc<Mutex<Vec<Progress>>>) {
        options(&self.0.join("data"), &self.0.join("elsewhere"))
    }

    fn cluster(&self) -> PathBuf {
        self.0.join("data/postgres/cluster")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut clusters = vec![self.0.join("data/postgres/cluster")];
        clusters.extend(
            fs::read_dir(self.0.join("elsewhere"))
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path().join("cluster")),
        );
        for cluster in clusters {
            if let Some(pid) = pid_in(&cluster)
                && fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
                    String::from_utf8_lossy(&line).contains(&*cluster.to_string_lossy())
                })
            {
                signal(pid, Signal::QUIT);
                std::thread::sleep(Duration::from_millis(300));
            }
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(data_dir: &Path, elsewhere: &Path) -> (Options, Arc<Mutex<Vec<Progress>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let options = Options {
        elsewhere: elsewhere.to_owned(),
        progress: OnProgress::new(move |step| listener.lock().unwrap().push(step.clone())),
        ..Options::new(data_dir)
    };
    (options, told)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn pid_in(cluster: &Path) -> Option<i32> {
    fs::read_to_string(cluster.join("postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

fn signal(pid: i32, signal: Signal) {
    rustix::process::kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn answer(managed: &Managed, query: &str) -> String {
    let client = connect(&managed.superuser_config()).await;
    client.query_one(query, &[]).await.unwrap().get(0)
}

/// The children of a postmaster that was killed end by themselves, a moment later.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// This test binary again, running only the ignored test `hold` on `data_dir`.
fn second_process(data_dir: &Path, elsewhere: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "hold", "--nocapture", "--test-threads=1"])
        .env(PLACE, data_dir)
        .env("LOKET_TEST_ELSEWHERE", elsewhere)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_until_it_says(child: &mut Child, word: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(word)), "it never said {word}");
}

#[tokio::test]
#[ignore = "run by other tests, as a second process"]
async fn hold() {
    let place = |name| PathBuf::from(std::env::var_os(name).expect("run by other tests only"));
    let (options, _) = options(&place(PLACE), &place("LOKET_TEST_ELSEWHERE"));
    let managed = Managed::start(&options).await.unwrap();
    println!("holding {}", managed.pid().await.unwrap());
    tokio::time::sleep(Duration::from_mins(2)).await;
}

#[tokio::test]
async fn first_start_warm_start_adoption_and_stop() {
    let scratch = Scratch::new("first");
    let (options, told) = scratch.options();

    let begun = Instant::now();
    let managed = Managed::start(&options).await.unwrap();
    let cold = begun.elapsed();
    assert!(matches!(told.lock().unwrap().first(), Some(Progress::Making { .. })));
    assert!(matches!(told.lock().unwrap().last(), Some(Progress::Ready { .. })));
    assert!(managed.ensure_database("Kiosk \"é\"").await.unwrap());
    assert!(!managed.ensure_database("Kiosk \"é\"").await.unwrap());
    let client = connect(&managed.config_for("postgres", "Kiosk \"é\"")).await;
    client.batch_execute("create table kept as select upper('één') as word").await.unwrap();
    check_durability(&client).await.unwrap();
    for (setting, value) in [
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C.UTF-8"),
        ("listen_addresses", ""),
        ("jit", "off"),
        ("password_encryption", "scram-sha-256"),
        ("max_connections", "60"),
    ] {
        assert_eq!(answer(&managed, &format!("show {setting}")).await, value, "{setting}");
    }
    let socket = fs::metadata(managed.socket_directory()).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o700);
    let cluster = fs::metadata(managed.cluster_directory()).unwrap();
    assert_eq!(cluster.permissions().mode() & 0o777, 0o700);
    assert_ne!(cluster.uid(), 0, "the server must never run as root");
    drop(client);

    let begun = Instant::now();
    managed.stop().await.unwrap();
    let stopping = begun.elapsed();
    managed.stop().await.unwrap();
    assert!(!scratch.cluster().join("postmaster.pid").exists(), "a clean stop leaves no pid file");
    drop(managed);

    let begun = Instant::now();
    let managed = Managed::start(&options).await.unwrap();
    let warm = begun.elapsed();
    let client = connect(&managed.config_for("postgres", "Kiosk \"é\"")).await;
    let word: String = client.query_one("select word from kept", &[]).await.unwrap().get(0);
    assert_eq!(word, "ÉÉN");
    drop(client);
    let pid = managed.pid().await.unwrap();
    drop(managed);

    let begun = Instant::now();
    let managed = Managed::start(&options).await.unwrap();
    let adopting = begun.elapsed();
    assert_eq!(managed.pid().await, Some(pid), "the server that runs is used on");
    managed.stop().await.unwrap();
    println!("cold {cold:?}, warm {warm:?}, adopting {adopting:?}, stop {stopping:?}");
}

#[tokio::test]
async fn a_killed_postmaster_is_started_again() {
    let scratch = Scratch::new("killed");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let client = connect(&managed.superuser_config()).await;
    client.batch_execute("create table kept as select 42 as number").await.unwrap();
    // A backend at work when its postmaster dies holds on to the shared memory.
    let busy = tokio::spawn(async move {
        let _ = client.batch_execute("select pg_sleep(60)").await;
    });
    let first = managed.pid().await.unwrap();
    signal(first, Signal::KILL);
    drop(managed);

    let begun = Instant::now();
    let managed = Managed::start(&options).await.unwrap();
    println!("after kill -9 of the postmaster: {:?}", begun.elapsed());
    assert_ne!(managed.pid().await, Some(first));
    assert_eq!(answer(&managed, "select number::text from kept").await, "42");
    busy.abort();

    // Supervised, it comes back by itself at the same address, again and again.
    let config = managed.superuser_config();
    let killer = async {
        for _ in 0..3 {
            let pid = managed.pid().await.unwrap();
            signal(pid, Signal::KILL);
            let begun = Instant::now();
            while managed.pid().await == Some(pid) {
                assert!(begun.elapsed() < Duration::from_secs(15), "not revived");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            connect(&config).await.simple_query("select 1").await.unwrap();
            println!("supervised: back after {:?}", begun.elapsed());
        }
    };
    tokio::select! {
        _ = managed.supervise() => unreachable!("supervision never ends"),
        () = killer => {}
    }
    managed.stop().await.unwrap();
}

#[tokio::test]
async fn an_old_backend_that_lingers_is_waited_for_and_never_run_beside() {
    let scratch = Scratch::new("lingering");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let client = connect(&managed.superuser_config()).await;
    let row = client.query_one("select pg_backend_pid()", &[]).await.unwrap();
    let backend: i32 = row.get(0);
    // Stopped, it cannot notice that its postmaster is gone: as one stuck on a slow disk.
    signal(backend, Signal::STOP);
    signal(managed.pid().await.unwrap(), Signal::KILL);
    drop(managed);

    let held_up = Duration::from_secs(2);
    // A thread, so that the backend is let go even where the test fails first.
    let release = std::thread::spawn(move || {
        std::thread::sleep(held_up);
        signal(backend, Signal::CONT);
    });
    let begun = Instant::now();
    let managed = Managed::start(&options).await.unwrap();
    assert!(begun.elapsed() >= held_up, "two servers' processes were on one cluster");
    release.join().unwrap();
    managed.stop().await.unwrap();
}

#[tokio::test]
async fn a_stopped_server_is_not_revived() {
    let scratch = Scratch::new("stopped");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    tokio::select! {
        _ = managed.supervise() => unreachable!("supervision never ends"),
        () = async {
            managed.stop().await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        } => {}
    }
    assert_eq!(managed.pid().await, None);
    assert!(!scratch.cluster().join("postmaster.pid").exists());
}

#[tokio::test]
async fn a_pid_file_whose_number_a_stranger_has_now_is_no_obstacle() {
    let scratch = Scratch::new("recycled");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let socket_lock = managed.socket_directory().join(".s.PGSQL.5432.lock");
    let pid_file = scratch.cluster().join("postmaster.pid");
    let pid = managed.pid().await.unwrap();
    signal(pid, Signal::KILL);
    drop(managed);
    eventually("the socket's process is gone", || {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.is_empty())
            || !Path::new(&format!("/proc/{pid}")).exists()
    })
    .await;

    // The stranger must belong to the server's own account: others Postgres ignores by itself.
    let owner = fs::metadata(scratch.cluster()).unwrap();
    let mut stranger = Command::new("sleep");
    stranger.arg("60").current_dir("/");
    if is_root() {
        stranger.gid(owner.gid()).uid(owner.uid());
    }
    let mut stranger = stranger.spawn().unwrap();
    for file in [&pid_file, &socket_lock] {
        let text = fs::read_to_string(file).unwrap();
        fs::write(file, text.replacen(&pid.to_string(), &stranger.id().to_string(), 1)).unwrap();
    }

    let managed = Managed::start(&options).await.unwrap();
    assert_ne!(managed.pid().await, i32::try_from(stranger.id()).ok());
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger must not be touched");
    managed.stop().await.unwrap();
    drop(managed);

    // A pid file cut short, as a full disk leaves it.
    fs::write(&pid_file, "").unwrap();
    Managed::start(&options).await.unwrap().stop().await.unwrap();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn a_second_loket_is_refused_by_pid_and_a_killed_one_leaves_its_server_behind() {
    let scratch = Scratch::new("two");
    let (options, told) = scratch.options();
    let mut other = second_process(&options.data_dir, &options.elsewhere);
    wait_until_it_says(&mut other, "holding");

    let refused = Managed::start(&options).await.unwrap_err();
    assert!(matches!(&refused, Error::InUse { .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("process {}", other.id())), "{refused}");

    other.kill().unwrap();
    other.wait().unwrap();
    let managed = Managed::start(&options).await.unwrap();
    assert!(matches!(told.lock().unwrap().first(), Some(Progress::Adopted { .. })));
    managed.stop().await.unwrap();
}

#[tokio::test]
async fn a_loket_killed_during_initdb_leaves_nothing_half_made() {
    for pause in [5, 60, 200, 400] {
        let scratch = Scratch::new("half");
        let (options, _) = scratch.options();
        let mut other = second_process(&options.data_dir, &options.elsewhere);
        let postgres = options.data_dir.join("postgres");
        eventually("initdb has begun", || {
            fs::read_dir(&postgres)
                .into_iter()
                .flatten()
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("cluster.new-"))
        })
        .await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        other.kill().unwrap();
        other.wait().unwrap();

        let managed = Managed::start(&options).await.unwrap();
        assert_eq!(answer(&managed, "select 'whole'").await, "whole");
        managed.stop().await.unwrap();
        drop(managed);
    }
}

#[tokio::test]
async fn a_cluster_that_is_none_and_one_of_another_major_are_named() {
    let scratch = Scratch::new("broken");
    let (options, _) = scratch.options();
    fs::create_dir_all(scratch.cluster()).unwrap();
    let refused = Managed::start(&options).await.unwrap_err();
    assert!(refused.to_string().contains("no PG_VERSION"), "{refused}");

    fs::create_dir_all(scratch.cluster().join("global")).unwrap();
    fs::write(scratch.cluster().join("global/pg_control"), "").unwrap();
    fs::write(scratch.cluster().join("PG_VERSION"), "11\n").unwrap();
    let refused = Managed::start(&options).await.unwrap_err();
    assert!(matches!(refused, Error::OtherMajor { cluster: 11, .. }), "{refused}");
    assert!(refused.to_string().contains("made by Postgres 11"), "{refused}");
}

#[tokio::test]
async fn a_format_the_binaries_cannot_read_is_named() {
    let scratch = Scratch::new("format");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    managed.stop().await.unwrap();
    drop(managed);
    // The second field is the format's version; Postgres reads it before any checksum.
    let control = scratch.cluster().join("global/pg_control");
    let mut bytes = fs::read(&control).unwrap();
    bytes[8..12].copy_from_slice(&1201_u32.to_ne_bytes());
    fs::write(&control, bytes).unwrap();
    let begun = Instant::now();
    let refused = Managed::start(&options).await.unwrap_err();
    assert!(matches!(refused, Error::Incompatible { .. }), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(5), "trying again would not help");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let scratch = Scratch::new("port");
    let (mut options, _) = scratch.options();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    options.tcp = Tcp::Port(taken.local_addr().unwrap().port());
    let refused = Managed::start(&options).await.unwrap_err().to_string();
    assert!(refused.contains("Address already in use"), "{refused}");
}

#[tokio::test]
async fn a_missing_postgres_is_answered_with_what_to_install() {
    let scratch = Scratch::new("missing");
    let (mut options, _) = scratch.options();
    options.binaries = Binaries::In(scratch.0.clone());
    let refused = Managed::start(&options).await.unwrap_err().to_string();
    for word in ["has no initdb", "apt-get install -y postgresql", "dnf install", "brew install"] {
        assert!(refused.contains(word), "{refused}");
    }
    assert!(!scratch.cluster().exists());
}

#[tokio::test]
async fn a_deep_path_gets_a_short_socket_directory_and_keeps_it() {
    let scratch = Scratch::new("deep");
    let (mut options, _) = scratch.options();
    options.data_dir = scratch.0.join("d".repeat(120)).join("it's, \"odd\"");
    let managed = Managed::start(&options).await.unwrap();
    let socket = managed.socket_directory();
    assert!(socket.starts_with("/tmp"), "{}", socket.display());
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    managed.stop().await.unwrap();
    drop(managed);

    // A reboot empties /tmp.
    fs::remove_dir_all(&socket).unwrap();
    let managed = Managed::start(&options).await.unwrap();
    assert_eq!(managed.socket_directory(), socket);
    assert_eq!(answer(&managed, "select 'there'").await, "there");
    managed.stop().await.unwrap();
    drop(managed);

    // A name somebody else has taken meanwhile is never used.
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
    let managed = Managed::start(&options).await.unwrap();
    assert_ne!(managed.socket_directory(), socket);
    managed.stop().await.unwrap();
    let _ = fs::remove_dir_all(managed.socket_directory());
    fs::remove_dir_all(&socket).unwrap();
}

#[tokio::test]
async fn a_socket_that_was_tidied_away_comes_back() {
    let scratch = Scratch::new("tidied");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let socket = managed.socket_directory().join(".s.PGSQL.5432");
    fs::remove_file(&socket).unwrap();
    tokio::select! {
        _ = managed.supervise() => unreachable!("supervision never ends"),
        () = eventually("the socket is back", || socket.exists()) => {}
    }
    eventually("it is ready", || managed_answers(&socket)).await;
    drop(managed);
    let _ = fs::remove_file(&socket);
    let managed = Managed::start(&options).await.unwrap();
    assert_eq!(answer(&managed, "select 'back'").await, "back");
    managed.stop().await.unwrap();
}

fn managed_answers(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}

#[tokio::test]
async fn a_data_directory_deleted_under_a_running_server_begins_anew_beside_it() {
    let scratch = Scratch::new("deleted");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let (old, old_socket) = (managed.pid().await.unwrap(), managed.socket_directory());
    drop(managed);
    fs::remove_dir_all(&options.data_dir).unwrap();
    let managed = Managed::start(&options).await.unwrap();
    assert_ne!(managed.pid().await, Some(old));
    assert_ne!(managed.socket_directory(), old_socket, "the old server would remove it");
    signal(old, Signal::QUIT);
    eventually("the old server is gone", || {
        fs::read(format!("/proc/{old}/cmdline")).map_or(true, |line| line.is_empty())
    })
    .await;
    assert_eq!(answer(&managed, "select 'new'").await, "new");
    managed.stop().await.unwrap();
}

#[test]
fn starting_can_be_handed_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    let options = Options::new("/nowhere");
    is_send(&Managed::start(&options));
}

#[tokio::test]
async fn tcp_only_where_asked_for_and_only_with_the_password() {
    let scratch = Scratch::new("tcp");
    let (mut options, told) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    assert_eq!(managed.tcp_port(), None);
    drop(managed);

    // The server that runs has other settings: it is restarted, not adopted.
    options.tcp = Tcp::AnyFree;
    let managed = Managed::start(&options).await.unwrap();
    assert!(told.lock().unwrap().iter().any(|step| matches!(step, Progress::Restarting { .. })));
    let port = managed.tcp_port().unwrap();
    let file = fs::metadata(managed.password_file()).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let password = fs::read_to_string(managed.password_file()).unwrap();
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user("postgres").dbname("postgres");
    assert!(config.connect(NoTls).await.is_err(), "no password, no entry");
    assert!(config.clone().password("guessed").connect(NoTls).await.is_err());
    connect(config.password(password.trim())).await.simple_query("select 1").await.unwrap();
    managed.stop().await.unwrap();
    drop(managed);

    let managed = Managed::start(&options).await.unwrap();
    assert_eq!(managed.tcp_port(), Some(port), "the same port again");
    managed.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_could_lose_commits_is_refused() {
    let scratch = Scratch::new("durable");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let client = connect(&managed.superuser_config()).await;
    check_durability(&client).await.unwrap();
    client.batch_execute("set synchronous_commit = local").await.unwrap();
    check_durability(&client).await.unwrap();
    client.batch_execute("set synchronous_commit = off").await.unwrap();
    let refused = check_durability(&client).await.unwrap_err().to_string();
    assert!(refused.contains("synchronous_commit = off"), "{refused}");
    client.batch_execute("reset synchronous_commit").await.unwrap();
    for setting in ["fsync", "full_page_writes"] {
        client.batch_execute(&format!("alter system set {setting} = off")).await.unwrap();
        client.batch_execute("select pg_reload_conf()").await.unwrap();
        let begun = Instant::now();
        let refused = loop {
            match check_durability(&client).await {
                Err(refused) => break refused.to_string(),
                Ok(()) => assert!(begun.elapsed() < Duration::from_secs(5), "{setting} accepted"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(refused.contains(&format!("{setting} = off")), "{refused}");
        client.batch_execute(&format!("alter system reset {setting}")).await.unwrap();
        client.batch_execute("select pg_reload_conf()").await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        check_durability(&client).await.unwrap();
    }
    managed.stop().await.unwrap();
}

#[tokio::test]
async fn logs_carry_no_statements_and_no_values() {
    let scratch = Scratch::new("logs");
    let (options, _) = scratch.options();
    let managed = Managed::start(&options).await.unwrap();
    let client = connect(&managed.superuser_config()).await;
    client.batch_execute("create table once (address text unique)").await.unwrap();
    for _ in 0..2 {
        let insert = "insert into once values ('sanne@example.com')";
        let _ = client.batch_execute(insert).await;
    }
    managed.stop().await.unwrap();
    let logs: String = fs::read_dir(scratch.cluster().join("log"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(logs.contains("duplicate key"), "{logs}");
    assert!(!logs.contains("sanne@"), "{logs}");
}

#[tokio::test]
async fn roots_checkout_in_a_closed_directory_puts_the_database_elsewhere() {
    if !is_root() {
        println!("skipped: only root's server runs as somebody else");
        return;
    }
    let scratch = Scratch::new("closed");
    let (options, told) = scratch.options();
    let closed = scratch.0.join("data");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();

    let managed = Managed::start(&options).await.unwrap();
    assert!(matches!(told.lock().unwrap().first(), Some(Progress::Elsewhere { .. })));
    let cluster = managed.cluster_directory();
    assert!(cluster.starts_with(&options.elsewhere), "{}", cluster.display());
    managed.ensure_database("kept").await.unwrap();
    managed.stop().await.unwrap();
    drop(managed);

    // Found again at the next start, still one Loket at a time.
    let managed = Managed::start(&options).await.unwrap();
    assert_eq!(managed.cluster_directory(), cluster);
    assert!(!managed.ensure_database("kept").await.unwrap());
    assert!(matches!(Managed::start(&options).await, Err(Error::InUse { .. })));
    managed.stop().await.unwrap();
    drop(managed);

    // Gone is said, never silently begun anew.
    fs::remove_dir_all(&options.elsewhere).unwrap();
    let refused = Managed::start(&options).await.unwrap_err();
    assert!(matches!(refused, Error::Gone { .. }), "{refused}");

    // Where the way out is closed too, the refusal says where and what to do.
    fs::remove_file(closed.join("postgres/moved-to")).unwrap();
    let mut options = options;
    options.elsewhere = closed.join("inside");
    let refused = Managed::start(&options).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("closed at {}", closed.display())), "{refused}");
    assert!(refused.contains("--data-dir"), "{refused}");
}

#[test]
fn the_same_holds_for_an_ordinary_user() {
    if !is_root() {
        println!("skipped: already an ordinary user");
        return;
    }
    // A checkout under /root cannot be entered: run a copy of this test from where it can.
    let scratch = Scratch::new("nobody");
    let program = scratch.0.join("managed");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--nocapture", "--test-threads=2"])
        .args(["--skip", "the_same_holds", "--skip", "killed_during_initdb"])
        .current_dir("/")
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: no setpriv ({error})");
            return;
        }
    };
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    assert!(said.contains("test first_start_warm_start_adoption_and_stop"), "it ran nothing");
}
