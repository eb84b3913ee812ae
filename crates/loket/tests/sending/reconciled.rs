//! `loket reconcile`: through whoever reads the mailbox, else over a connection of its own.

use std::process::{Command, Output};

use super::lab::{Lab, Wishes};

async fn command(lab: &Lab) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loket"));
    command
        .args(["reconcile", "--private-mail-hosts", "--wait-seconds", "20", "--mail-ca"])
        .arg(lab.ca())
        .arg("--data-dir")
        .arg(lab.ca().with_file_name("commanded"))
        .env("LOKET_KEY_FILE", lab.common.data_dir.join("keys/mailbox.ring"))
        .env("LOKET_DATABASE_URL", lab.url());
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    (status.code().unwrap_or(-1), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_asks_whoever_reads_or_holds_the_mailbox_itself() {
    let mut lab = Lab::new(Wishes::named("reconcile")).await;
    let connected = "select count(*) from public.mailboxes where connected_at is not null";
    while lab.behind().await.query_one(connected, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let take = "update public.mailboxes set lease_owner = gen_random_uuid(), \
        lease_until = now() + interval '1 hour' where kind = 'imap'";
    lab.behind().await.execute(take, &[]).await.unwrap();
    let all = "verkoop@winkel.example: 0 in the mailbox, 0 accounted for (none recorded)";
    // Somebody reads it, and answers.
    let (code, said) = command(&lab).await;
    assert!(code == 0 && said.contains(all), "{code} {said}");
    // Somebody has it and does not answer: it is not signed in to beside them.
    lab.stop_reading().await;
    let (code, said) = command(&lab).await;
    assert!(code == 1 && said.contains("did not answer"), "{code} {said}");
    // Nobody has it: the command takes it, and gives it back.
    let free = "update public.mailboxes set lease_until = now() where kind = 'imap'";
    lab.behind().await.execute(free, &[]).await.unwrap();
    let (code, said) = command(&lab).await;
    assert!(code == 0 && said.contains(all), "{code} {said}");
    let held = "select count(*) from public.mailboxes where lease_until > now() and kind = 'imap'";
    assert_eq!(lab.behind().await.query_one(held, &[]).await.unwrap().get::<_, i64>(0), 0);
    lab.stop().await;
}
