//! `loket demo --once` as a newcomer runs it: a fresh directory, the whole path, the table.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// How many sample mails must end as expected, in percent. The rest is the reader's to win;
/// what must never be sent is held to without exception below.
const FLOOR: usize = 80;

#[test]
fn the_demo_works_the_sample_mailbox_through() {
    let data = std::env::temp_dir().join(format!("loket-demo-{}", std::process::id()));
    let run = Command::new(env!("CARGO_BIN_EXE_loket"))
        .args(["demo", "--once", "--json", "--data-dir"])
        .arg(&data)
        .env_remove("LOKET_DATABASE_URL")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{said}");
    let sent = fs::read_dir(data.join("demo/sent/new")).unwrap().count();
    fs::remove_dir_all(&data).unwrap();

    let found: BTreeMap<String, Value> = String::from_utf8(run.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| (row["mail"].as_str().unwrap().to_owned(), row))
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample/expected.toml");
    let expected: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(found.len(), expected.len(), "every mail has its row");

    let (mut right, mut answered) = (0, 0);
    for (mail, expected) in &expected {
        let wanted = expected["fate"].as_str().unwrap();
        let fate = found[mail]["fate"].as_str().unwrap();
        assert_ne!(fate, "under way", "{mail}");
        answered += usize::from(fate == "answered");
        right += usize::from(fate == wanted);
        if fate != wanted {
            println!("{mail}: expected {wanted}, got {fate}");
        }
        let for_a_person = expected.get("rules").is_some_and(|rules| {
            rules.as_array().unwrap().iter().any(|rule| rule.as_str() == Some("dreiging_detectie"))
        });
        assert!(!(for_a_person && fate == "answered"), "{mail} must wait for a person");
        if matches!(wanted, "automatic" | "filtered") {
            assert_eq!(fate, wanted, "{mail}");
        }
    }
    assert_eq!(sent, answered, "each intended reply left once");
    println!("{right} of {} end as expected", expected.len());
    assert!(right * 100 >= expected.len() * FLOOR, "{right} of {}", expected.len());
}
