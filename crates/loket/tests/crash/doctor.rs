//! `loket doctor` says what is wrong, and only then.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use super::lab::Lab;

/// The names of the checks that found something, and whether the exit code says so too.
fn red(lab: &Lab) -> Vec<String> {
    let done = Command::new(env!("CARGO_BIN_EXE_loket"))
        .args(["doctor", "--json", "--data-dir"])
        .arg(&lab.common().data_dir)
        .env_remove("LOKET_DATABASE_URL")
        .output()
        .unwrap();
    let checks: Vec<Value> = String::from_utf8(done.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!checks.is_empty());
    let red: Vec<String> = checks
        .iter()
        .filter(|check| check["ok"] == false)
        .map(|check| {
            assert!(check["next"].is_string(), "what to do is missing: {check}");
            check["name"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(done.status.code(), Some(i32::from(!red.is_empty())));
    red
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_is_red_where_something_is_wrong_and_only_there() {
    let mut lab = Lab::new("doctor");
    assert_eq!(red(&lab), ["data directory"]);
    lab.make_shops(1).await;
    let data_dir = lab.common().data_dir.clone();
    let key = loket::keys::key(&data_dir, "message-id").map(drop);
    key.unwrap();
    assert_eq!(red(&lab), [""; 0]);
    assert!(lab.postmaster().is_none(), "what was started for the check was stopped");

    let key = data_dir.join("keys/message-id.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let inbox = lab.shops.first().unwrap().folders.inbox.clone();
    fs::remove_dir_all(&inbox).unwrap();
    assert_eq!(red(&lab), ["keys", "mailbox"]);
}
