//! Supabase's own linter over the schema that `loket serve` made.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::supabase::{Serve, npm};

/// The socket of the private Postgres under a data directory.
fn socket(data_dir: &Path) -> PathBuf {
    let postgres = data_dir.join("postgres");
    let directory = std::fs::read_dir(&postgres)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("socket-"))
        .unwrap();
    directory.join(".s.PGSQL.5432")
}

/// A port that leads to the socket, which is all the linter can reach.
fn port_to(socket: PathBuf) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = UnixStream::connect(&socket).unwrap();
            let (near_in, far_in) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || copy_out(far_in, near));
            std::thread::spawn(move || copy_in(near_in, far));
        }
    });
    port
}

fn copy_out(mut from: UnixStream, mut to: TcpStream) {
    let _ended = io::copy(&mut from, &mut to);
    let _closed = to.shutdown(std::net::Shutdown::Both);
}

fn copy_in(mut from: TcpStream, mut to: UnixStream) {
    let _ended = io::copy(&mut from, &mut to);
    let _closed = to.shutdown(std::net::Shutdown::Both);
}

/// What the linter objects to, from a warning up: its exit and its findings by name.
fn lint(place: &Path, port: u16) -> (bool, Vec<String>) {
    let run = Command::new(place.join("node_modules/.bin/supabase"))
        .args(["db", "advisors", "--level", "warn", "--fail-on", "warn", "--agent", "no"])
        .args(["--output-format", "json", "--remote"])
        .arg(format!("postgresql://postgres@127.0.0.1:{port}/loket?sslmode=disable"))
        .env("DO_NOT_TRACK", "1")
        .env("SUPABASE_TELEMETRY_DISABLED", "1")
        .current_dir(place)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let answer: serde_json::Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&run.stderr)));
    let findings = answer["results"].as_array().unwrap();
    let name = |finding: &serde_json::Value| {
        format!("{}: {}", finding["name"].as_str().unwrap(), finding["detail"].as_str().unwrap())
    };
    (run.status.success(), findings.iter().map(name).collect())
}

async fn run(socket: &Path, statements: &str) {
    let mut config = tokio_postgres::Config::new();
    config.host_path(socket.parent().unwrap()).user("postgres").dbname("loket");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(statements).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn supabases_linter_finds_a_planted_fault_and_nothing_else() {
    let place = npm("supabase-linter", &["install", "--no-package-lock"]);
    let serve = Serve::start();
    let socket = socket(&serve.data_dir);
    let port = port_to(socket.clone());
    // Without the setting several lints return nothing.
    run(&socket, "alter database loket set pgrst.db_schemas = 'public'").await;

    run(
        &socket,
        "create table public.planted (id uuid primary key, gmail_password text);
         grant select on public.planted to anon;
         create view public.planted_view as select id from public.planted;
         grant select on public.planted_view to anon;",
    )
    .await;
    let (passed, findings) = lint(&place, port);
    assert!(!passed);
    for wanted in ["rls_disabled_in_public", "security_definer_view"] {
        assert!(findings.iter().any(|finding| finding.starts_with(wanted)), "{findings:?}");
    }

    run(&socket, "drop view public.planted_view; drop table public.planted;").await;
    let (passed, findings) = lint(&place, port);
    assert_eq!(findings, Vec::<String>::new());
    assert!(passed);
}
