//! Older mail on request: counted, brought in beside new mail, once, and never answered.

use std::time::{Duration, SystemTime};

use store::history::{HistoryImport, HistoryState};
use store::{HistoryId, TenantTx};

use super::{CONNECTED, Lab};

const OLD: &str = "public.raw_messages where history and fate = 'imported'";
const UNPLACED: &str = "public.raw_messages where fate is null";

impl Lab {
    /// A customer's mail; the provider vouches for its sender, or does not.
    fn customer(&self, id: &str, from: &str, references: &str, vouched: bool) {
        let verdict = if vouched { "pass" } else { "fail" };
        self.dovecot.deliver(
            "winkel",
            &format!(
                "Authentication-Results: mx.test; dmarc={verdict} header.from=example.nl\n\
                 From: Klant <{from}>\nTo: winkel@example.nl\nSubject: Trui te klein\n\
                 Message-ID: <{id}@example.nl>\nReferences: {references}\n\n\
                 Hoi, mijn trui van bestelling 10042 is te klein ({id}). Groet, Sanne\n"
            ),
        );
    }

    /// Lets the mail with this Message-ID have come in so many days ago.
    fn age(&self, id: &str, days: u64) {
        let then = SystemTime::from(loket::serving::now()) - Duration::from_secs(days * 86_400);
        let mut aged = 0;
        for part in ["new", "cur"] {
            let Ok(entries) = std::fs::read_dir(self.dovecot.maildir("winkel").join(part)) else {
                continue;
            };
            for path in entries.flatten().map(|entry| entry.path()) {
                let holds = std::fs::read_to_string(&path)
                    .is_ok_and(|text| text.contains(&format!("Message-ID: <{id}@")));
                if holds {
                    let file = std::fs::File::options().write(true).open(&path).unwrap();
                    file.set_modified(then).unwrap();
                    aged += 1;
                }
            }
        }
        assert_eq!(aged, 1, "{id}");
    }

    async fn vouch(&self) {
        let name = "update public.mailboxes set config = config || '{\"authserv_id\": \"mx.test\"}'
                    where kind = 'imap'";
        self.behind.execute(name, &[]).await.unwrap();
    }

    async fn newest(&self) -> HistoryImport {
        let newest = async |tx: &TenantTx| store::history::newest(tx, self.mailbox).await;
        self.desk.store.as_user(&self.shop.claims(), newest).await.unwrap().unwrap()
    }

    async fn becomes(&self, state: HistoryState) -> HistoryImport {
        let wanted = format!(
            "public.history_imports where state = '{}'
            and asked_at = (select max(asked_at) from public.history_imports)",
            state.as_str()
        );
        self.until(&wanted, 1).await;
        self.newest().await
    }

    /// Asks, and waits until it was counted.
    async fn count_days(&self, days: i16) -> HistoryImport {
        let ask = async |tx: &TenantTx| {
            store::history::ask(tx, HistoryId::new(), self.mailbox, days).await
        };
        assert!(self.desk.store.as_user(&self.shop.claims(), ask).await.unwrap());
        self.becomes(HistoryState::Counted).await
    }

    async fn begin(&self, import: &HistoryImport) {
        let begin = async |tx: &TenantTx| store::history::begin(tx, import.id).await;
        assert!(self.desk.store.as_user(&self.shop.claims(), begin).await.unwrap());
    }

    async fn at_least(&self, sql: &str, wanted: i64) {
        for _ in 0..600 {
            if self.count(sql).await >= wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{sql}: never {wanted}");
    }
}

/// Hazard C5: only who asks for it gets older mail, as conversations, without an answer to any of
/// it; what the customer writes next sees them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c5_older_mail_comes_on_request_and_is_never_answered() {
    let mut lab = Lab::open().await;
    lab.vouch().await;
    lab.customer("c1", "sanne@example.nl", "", true);
    lab.customer("c2", "sanne@example.nl", "<c1@example.nl> <s1@mua.example.nl>", true);
    lab.customer("vals", "sanne@example.nl", "<c1@example.nl>", false);
    lab.customer("no-reply", "no-reply@example.nl", "", true);
    lab.customer("ouder", "sanne@example.nl", "", true);
    lab.age("ouder", 100);
    lab.put_sent(
        "s1",
        "sanne@example.nl",
        "Re: Trui te klein",
        "In-Reply-To: <c1@example.nl>\n",
        "Stuur hem maar terug.",
    );
    lab.put_sent(
        "s2",
        "leverancier@example.com",
        "Re: Trui te klein",
        "In-Reply-To: <c1@example.nl>\n",
        "?",
    );
    // A second old at least: servers tell whole seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    lab.start();
    lab.until(CONNECTED, 1).await;

    let counted = lab.count_days(30).await;
    assert_eq!((counted.found, counted.left_out), (4, false));
    assert!(counted.found_bytes > 800, "{counted:?}");
    assert_eq!(lab.count("public.raw_messages").await, 0, "nothing before somebody says yes");
    lab.begin(&counted).await;
    let done = lab.becomes(HistoryState::Done).await;
    assert_eq!((done.taken, done.answers), (4, 1));

    assert_eq!(lab.count(OLD).await, 4);
    let talk = "public.customer_interactions where state = 'imported' and thread_id =
        (select thread_id from public.customer_interactions where message_id = 'c1@example.nl')";
    assert_eq!(lab.count(talk).await, 2, "one conversation, without the forged mail");
    assert_eq!(lab.count("public.customer_interactions").await, 3);
    assert_eq!(
        lab.count("public.person_answers where history and body_text = 'Stuur hem maar terug.'")
            .await,
        1
    );
    for nothing in [
        "public.jobs",
        "public.outbox",
        "public.notifications",
        "public.receipts",
        "public.events where kind like 'interaction.%' or kind like 'raw.%'",
        "public.conversation_threads where status = 'open'",
    ] {
        assert_eq!(lab.count(nothing).await, 0, "{nothing}");
    }
    assert_eq!(
        lab.text(
            "select fate_reason from public.raw_messages where message_id = 'no-reply@example.nl'"
        )
        .await,
        "no_reply_sender"
    );

    // Asked again, and further back: nothing comes twice.
    let again = lab.count_days(365).await;
    assert_eq!(again.found, 1);
    lab.begin(&again).await;
    assert_eq!(lab.becomes(HistoryState::Done).await.taken, 1);
    assert_eq!(lab.count(OLD).await, 5);
    assert_eq!(lab.count("public.person_answers").await, 1);
    assert_eq!(lab.count_days(90).await.found, 0);

    // What comes now is answered, and goes on where the customer was; a forger begins anew.
    lab.customer("c3", "sanne@example.nl", "<c2@example.nl>", true);
    lab.customer("vals2", "sanne@example.nl", "<c2@example.nl>", false);
    lab.until("public.receipts", 2).await;
    let of = |id: &str| {
        format!(
            "select thread_id::text from public.customer_interactions where message_id = '{id}@example.nl'"
        )
    };
    assert_eq!(lab.text(&of("c3")).await, lab.text(&of("c1")).await);
    assert_ne!(lab.text(&of("vals2")).await, lab.text(&of("c1")).await);
    assert_eq!(lab.count("public.conversation_threads where status = 'open'").await, 2);
    lab.stop().await;
}

/// Hazards C1, C4: stopped, asked for again and restarted in the middle, each mail comes once, and a
/// mail that arrives meanwhile is answered once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_older_mail_comes_once_whatever_is_stopped_meanwhile() {
    let mut lab = Lab::open().await;
    lab.vouch().await;
    for number in 1..=160 {
        lab.customer(&format!("oud{number}"), &format!("klant{number}@example.nl"), "", true);
    }
    tokio::time::sleep(Duration::from_millis(1100)).await;
    lab.start();
    lab.until(CONNECTED, 1).await;
    let first = lab.count_days(30).await;
    assert_eq!(first.found, 160);
    lab.begin(&first).await;
    lab.at_least("public.raw_messages", 25).await;
    let stop = async |tx: &TenantTx| store::history::stop(tx, first.id).await;
    assert!(lab.desk.store.as_user(&lab.shop.claims(), stop).await.unwrap());
    lab.until(UNPLACED, 0).await;
    let there = lab.count("public.raw_messages").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(lab.count("public.raw_messages").await, there, "stopped is stopped");
    assert!(there < 160, "it was stopped in the middle");

    let second = lab.count_days(30).await;
    assert_eq!(second.found, 160 - there);
    lab.begin(&second).await;
    lab.at_least("public.raw_messages", there + 25).await;
    lab.customer("nieuw", "nieuw@example.nl", "", true);
    lab.stop().await;
    lab.start();
    assert_eq!(lab.becomes(HistoryState::Done).await.taken, 160 - there);
    lab.until("public.receipts", 1).await;
    lab.until(UNPLACED, 0).await;
    assert_eq!(lab.count(OLD).await, 160);
    assert_eq!(lab.count("public.raw_messages").await, 161);
    assert_eq!(lab.count("public.customer_interactions where state = 'imported'").await, 160);
    assert_eq!(lab.count("public.customer_interactions where state <> 'imported'").await, 1);
    assert_eq!(lab.count("public.outbox").await, 1, "one answer, to the mail that arrived");
    assert_eq!(lab.dovecot.sign_ins("winkel"), 2, "one session at a time");

    // Comparing passes over what was there before.
    let findings = lab.reconcile().await;
    assert_eq!((findings.on_server, findings.accounted, findings.moved_away), (1, 1, 0));
    lab.stop().await;
}
