//! `loket explain` and `loket eval` as their users meet them: the binary, files and pipes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const LOKET: &str = env!("CARGO_BIN_EXE_loket");
const MAILS: usize = 10_000;

fn mail(number: usize) -> Value {
    let order = 10_000 + number;
    let body = match number % 4 {
        0 => format!("Hallo, ik wil bestelling {order} graag retourneren. Groet, Sanne"),
        1 => format!("Please cancel order {order}, thanks."),
        2 => "Mijn advocaat neemt contact met u op als u niet betaalt.".to_owned(),
        _ => "Waar blijft mijn pakket?\n\n> quoted\n> text\n".repeat(20),
    };
    json!({ "id": number, "from": "Sanne <s@example.nl>", "subject": "Vraag", "body": body })
}

/// The most memory the process ever held, in kB.
fn peak_memory(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_line_is_answered_while_the_input_stays_open() {
    let mut child = Command::new(LOKET)
        .args(["explain", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 0..3 {
        input.write_all(format!("{}\n", mail(number)).as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], number);
    }
    drop(input);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_batch_streams_in_order_and_in_bounded_memory() {
    let file = std::env::temp_dir().join(format!("loket-batch-{}.jsonl", std::process::id()));
    let mut batch = String::new();
    for number in 0..MAILS {
        if number == 5_000 {
            batch.push_str("{\"id\": \"broken\", \"body\": \n{\"id\": \"no body\"}\n\n");
        }
        writeln!(batch, "{}", mail(number)).unwrap();
    }
    fs::write(&file, batch).unwrap();
    let mut child = Command::new(LOKET)
        .args(["explain", "--batch"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut ids, mut errors) = (Vec::new(), Vec::new());
    // More is left than a pipe holds, so the process still lives when its memory is read.
    for _ in 0..MAILS - 500 {
        take(&lines.next().unwrap().unwrap(), &mut ids, &mut errors);
    }
    let peak = peak_memory(pid);
    for line in lines {
        take(&line.unwrap(), &mut ids, &mut errors);
    }
    assert!(child.wait().unwrap().success());
    fs::remove_file(&file).unwrap();
    assert_eq!(ids, (0..MAILS).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(errors, ["null", "\"no body\""]);
    println!("peak memory {peak} kB over {MAILS} mails");
    assert!(peak < 100_000, "{peak} kB");
}

fn take(line: &str, ids: &mut Vec<String>, errors: &mut Vec<String>) {
    let answer: Value = serde_json::from_str(line).unwrap();
    let id = answer["id"].to_string();
    if answer.get("error").is_some() {
        errors.push(id);
        return;
    }
    for key in ["reading", "decision", "draft", "guard", "because"] {
        assert!(answer.get(key).is_some(), "{key} is missing in {line}");
    }
    ids.push(id);
}

#[test]
fn a_mail_as_a_file_is_explained() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/001-retour-jurk.eml");
    let text = Command::new(LOKET).args(["explain", sample]).output().unwrap();
    assert!(text.status.success());
    assert!(String::from_utf8(text.stdout).unwrap().contains("why"));
    let json = Command::new(LOKET).args(["explain", sample, "--json"]).output().unwrap();
    let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(answer["reading"]["language"], "nl");
    let absent = Command::new(LOKET).args(["explain", "no-such-file.eml"]).output().unwrap();
    assert_eq!(absent.status.code(), Some(1));
    let message = String::from_utf8(absent.stderr).unwrap();
    assert!(message.contains("no-such-file.eml cannot be read"), "{message}");
    let shop = Command::new(LOKET).args(["explain", sample, "--shop", "nobody"]).output().unwrap();
    assert!(String::from_utf8(shop.stderr).unwrap().contains("there is no shop `nobody`"));
}

#[test]
fn eval_prints_a_table_and_goes_on_after_a_broken_line() {
    let file = std::env::temp_dir().join(format!("loket-eval-{}.jsonl", std::process::id()));
    let mut good = mail(0);
    good["labels"] = json!({ "language": "nl", "intents": ["return"], "mood": "neutral" });
    fs::write(&file, format!("{good}\nnot json\n{good}\n")).unwrap();
    let path = file.to_str().unwrap();
    let text = Command::new(LOKET).args(["eval", path]).output().unwrap();
    fs::remove_file(&file).unwrap();
    let table = String::from_utf8(text.stdout).unwrap();
    assert!(table.contains("intent:return") && table.contains("2 mails"), "{table}");
    assert!(String::from_utf8(text.stderr).unwrap().contains(":2:"));
}
