//! The real `@supabase/supabase-js`, from `tests/supabase-js`, against a real `loket serve`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// A running `loket serve` on a port of its own; it ends with the test.
pub struct Serve {
    child: Child,
    pub data_dir: PathBuf,
    pub url: String,
    log: Arc<Mutex<String>>,
}

impl Serve {
    pub fn start() -> Self {
        let name = format!("loket-supabase-js-{}", uuid::Uuid::now_v7().simple());
        let data_dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&data_dir).unwrap();
        // Wide limits: one address does here in seconds what people do in weeks.
        let mut command = Command::new(env!("CARGO_BIN_EXE_loket"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data_dir);
        for limit in ["sign-in", "sign-up", "mail", "address", "code"] {
            command.args([format!("--auth-rate-{limit}"), "100+1".to_owned()]);
        }
        let mut child = command
            .env_remove("LOKET_DATABASE_URL")
            .env("LOKET_LOG", "trace")
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (said, hears) = mpsc::channel();
        let kept = Arc::new(Mutex::new(String::new()));
        let keeps = Arc::clone(&kept);
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let plain = without_colour(&line);
                let mut kept = keeps.lock().unwrap();
                kept.push_str(&plain);
                kept.push('\n');
                drop(kept);
                if let Some((_, address)) = plain.split_once("ready address=") {
                    let _heard = said.send(format!("http://{}", address.trim()));
                } else if plain.contains("ERROR") || plain.contains("WARN") {
                    eprintln!("{plain}");
                }
            }
        });
        let url = hears.recv_timeout(Duration::from_mins(1)).expect("loket serve never was ready");
        Self { child, data_dir, url, log: kept }
    }

    /// Everything it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        let _asked = Command::new("kill").args(["-TERM", &pid]).status();
        let _ended = self.child.wait();
        let _gone = std::fs::remove_dir_all(&self.data_dir);
    }
}

fn without_colour(line: &str) -> String {
    let mut plain = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain
}

fn keys(data_dir: &Path) -> (String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_loket"))
        .args(["auth-keys", "--json", "--secret", "--data-dir"])
        .arg(data_dir)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let keys: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let key = |name: &str| keys[name].as_str().unwrap().to_owned();
    (key("publishable"), key("secret"))
}

/// Runs npm in a folder of `tests/`; returns that folder.
pub fn npm(folder: &str, arguments: &[&str]) -> PathBuf {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(folder);
    let installed = Command::new("npm")
        .args(arguments)
        .args(["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
        .current_dir(&place)
        .status()
        .expect("npm is missing: run scripts/setup tests");
    assert!(installed.success());
    place
}

#[test]
fn the_real_client_lives_a_whole_life() {
    let place = npm("supabase-js", &["ci"]);
    let serve = Serve::start();
    let (publishable, secret) = keys(&serve.data_dir);
    let run = Command::new("node")
        .arg("life.mjs")
        .current_dir(&place)
        .env("LOKET_URL", &serve.url)
        .env("LOKET_PUBLISHABLE_KEY", publishable)
        .env("LOKET_SECRET_KEY", secret)
        .env("LOKET_PLATFORM_MAIL", serve.data_dir.join("platform-mail"))
        .output()
        .expect("node is missing: run scripts/setup tests");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    let error = String::from_utf8_lossy(&run.stderr).into_owned();
    println!("{said}");
    assert!(run.status.success(), "{said}\n{error}");
    assert!(said.contains("14 steps"), "{said}");
    keeps_to_itself(&serve, &place);
}

/// L1: after a whole life and every kind of error, the log has no password, no token, no code, no
/// address, and nothing of a mail; at the level that says most.
fn keeps_to_itself(serve: &Serve, place: &Path) {
    let errors = r#"
        const url = process.env.LOKET_URL, secret = 'geheim-sleutel-4711'
        const json = { 'content-type': 'application/json', authorization: `Bearer ${secret}.a.b`, apikey: secret }
        const form = { 'content-type': 'application/x-www-form-urlencoded', cookie: `loket-access=${secret}; loket-gast=${secret}` }
        for (const path of ['/auth/v1/signup', '/auth/v1/token?grant_type=password', '/auth/v1/verify', '/auth/v1/user', '/auth/v1/recover', '/auth/v1/admin/users'])
          for (const body of [`{"email":"${secret}@winkel.example","password":"${secret}"}`, `{"email": ${secret}`, `{"${secret}":1}`, `{"email":"${secret}@winkel.example","token":"${secret}","type":"signup"}`])
            await fetch(url + path, { method: 'POST', headers: json, body })
        for (const path of [`/binnen?soort=signup&sleutel=${secret}`, `/toegang?sleutel=${secret}`, `/uitnodiging?sleutel=${secret}`, `/eerste-beheerder?sleutel=${secret}`, `/auth/v1/verify?token=${secret}&type=recovery`, `/inloggen?terug=/${secret}`, `/${secret}`])
          await fetch(url + path, { headers: form, redirect: 'manual' })
        for (const path of ['/inloggen', '/registreren', '/binnen', '/wachtwoord-vergeten', '/uitloggen', '/instellingen'])
          await fetch(url + path, { method: 'POST', headers: form, redirect: 'manual', body: `email=${secret}%40winkel.example&wachtwoord=${secret}&teken=${secret}&sleutel=${secret}` })
    "#;
    let run = Command::new("node")
        .args(["--input-type=module", "--eval", errors])
        .current_dir(place)
        .env("LOKET_URL", &serve.url)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let log = serve.log();
    assert!(log.contains("ready address="), "it does log: {log}");
    let mut told = vec![
        "winkel.example".to_owned(),
        "sanne".to_owned(),
        "fietsen".to_owned(),
        "kratten".to_owned(),
        "4711".to_owned(),
        "eyJ".to_owned(),
        "$argon2".to_owned(),
        "Bearer".to_owned(),
        "sb_secret".to_owned(),
    ];
    // Whatever was in a mail: links, codes, sentences.
    for mail in std::fs::read_dir(serve.data_dir.join("platform-mail/new")).unwrap() {
        let raw = std::fs::read_to_string(mail.unwrap().path()).unwrap();
        let body = raw.split_once("\r\n\r\n").unwrap().1.replace("=\r\n", "").replace("=3D", "=");
        told.extend(body.split_whitespace().filter(|word| word.len() > 24).map(str::to_owned));
        let codes = body
            .split_whitespace()
            .filter(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
        told.extend(codes.map(|code| format!(" {code} ")));
    }
    // Where it is reached is no secret.
    told.retain(|word| !serve.url.contains(word.as_str()));
    for word in &told {
        let line = log.lines().find(|line| line.contains(word.as_str()));
        assert_eq!(line, None, "{word} is in the log");
    }
}
