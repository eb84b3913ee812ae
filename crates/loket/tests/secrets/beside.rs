//! The commands beside a running `loket serve` with its private Postgres, and an interrupted
//! rotation by the real binary.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use loket::config::Common;
use loket::database;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A data directory that goes with the test. World-readable: the private Postgres of root runs
/// as another account, which has to get there.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Place {
    fn new() -> Self {
        let place = PathBuf::from(format!("/tmp/lks-{}", std::process::id()));
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
        Self(place)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loket"));
        command.args(arguments).arg("--data-dir").arg(self.0.join("data"));
        command.env_remove("LOKET_DATABASE_URL").stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Vec<Value> {
        let mut child = self.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdin.take().unwrap().write_all(stdin.as_bytes()));
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let out = String::from_utf8(done.stdout).unwrap();
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn wait_for(child: &mut Child, wanted: &str) -> String {
    let out = BufReader::new(child.stdout.take().unwrap());
    out.lines().map(Result::unwrap).find(|line| line.contains(wanted)).unwrap()
}

/// How many conversations the owner sees.
async fn conversations(common: &Common) -> usize {
    let database = database::open_beside(common).await.unwrap();
    let store = &database.store;
    let owner = store::users::by_email(store, "eigenaar@linnen.example").await.unwrap().unwrap();
    let claims = store::users::profile(store, owner).await.unwrap().unwrap().claims();
    let page = async |tx: &store::TenantTx| store::conversations::page(tx, None, None, 9).await;
    let seen = store.as_user(&claims, page).await.unwrap().len();
    database.stop().await.unwrap();
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_comes_to_life_while_the_server_runs() {
    let place = Place::new();
    let mut serve = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut serve = serve.stderr(Stdio::null()).spawn().unwrap();
    let link = wait_for(&mut serve, "http://");
    let token = link.split_once("sleutel=").unwrap().1.to_owned();
    assert!(token.len() > 40, "{link}");

    let password = "een lang wachtwoord\n";
    let create = ["admin", "create", "--email", "baas@platform.example", "--json"];
    assert_eq!(place.run(&create, password)[0]["first"], true);
    let add = ["admin", "shop", "add", "demo", "--owner", "eigenaar@linnen.example", "--json"];
    let shop = place.run(&add, password);
    assert_eq!(shop[0]["status"], "approved");
    // The server reads the new shop's mail and answers for it, without a restart.
    let inbox = PathBuf::from(shop[0]["inbox"].as_str().unwrap());
    let mail = "From: klant@x.example\r\nTo: info@linnen.example\r\nSubject: Retour\r\n\
        Message-ID: <een@x.example>\r\n\r\nIk wil bestelling 48213 graag retour sturen.\r\n";
    fs::write(inbox.join("new/een.eml"), mail).unwrap();
    let common = Common {
        data_dir: place.0.join("data"),
        listen: "127.0.0.1:0".parse().unwrap(),
        database_url: None,
        postgres_bin: None,
    };
    let begun = Instant::now();
    while conversations(&common).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the server did not read the mail");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let rotated = place.run(&["admin", "keys", "rotate", "--json"], "");
    assert_eq!(rotated[0]["troubles"].as_array().unwrap().len(), 0);
    assert_eq!(place.run(&["admin", "keys", "list", "--json"], "").len(), 2);

    kill_process(Pid::from_child(&serve), Signal::TERM).unwrap();
    assert!(serve.wait().unwrap().success());
    // Where nothing runs, the commands bring the database up and stop it again.
    let listed = place.run(&["admin", "shop", "list", "--json"], "");
    assert_eq!(listed[0]["tenant_id"], shop[0]["tenant_id"]);
    assert!(fs::read_dir(inbox.join("new")).unwrap().next().is_some(), "mail is only read");
}
