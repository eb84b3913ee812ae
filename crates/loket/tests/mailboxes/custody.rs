//! Sent is read over the one connection, a person's answer there counts, and what is missing here
//! is found and fetched once.

use std::time::Duration;

use store::reconcile::Reconciliation;
use store::{ReconciliationId, TenantTx};

use super::{CONNECTED, Lab, SETTLED, STORED};

/// The folder of the test server that is marked as Sent.
const SENT: &str = "Verzonden post";
const ANSWERS: &str = "public.person_answers";

impl Lab {
    /// A mail in Sent, as a colleague's mail program leaves it there.
    pub(super) fn put_sent(&self, id: &str, to: &str, subject: &str, header: &str, text: &str) {
        let mail = format!(
            "From: Winkel <winkel@example.nl>\nTo: {to}\nSubject: {subject}\n\
             Message-ID: <{id}@mua.example.nl>\n{header}\n{text}\n"
        );
        self.dovecot.put("winkel", SENT, &mail);
    }

    pub(super) async fn run(&self, sql: &str) {
        self.behind.execute(sql, &[]).await.unwrap();
    }

    pub(super) async fn text(&self, sql: &str) -> String {
        self.behind.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Asks whoever reads the mailbox to compare, and waits for the answer.
    pub(super) async fn reconcile(&self) -> Reconciliation {
        let (store, tenant, id) = (&self.desk.store, self.shop.tenant, ReconciliationId::new());
        let ask = async |tx: &TenantTx| store::reconcile::ask(tx, id, self.mailbox, true).await;
        store.as_worker(tenant, ask).await.unwrap();
        self.until(
            &format!("public.reconciliations where id = '{id}' and finished_at is not null"),
            1,
        )
        .await;
        let load = async |tx: &TenantTx| store::reconcile::load(tx, id).await;
        store.as_worker(tenant, load).await.unwrap().unwrap()
    }

    fn files_in_sent(&self, message_id: &str) -> usize {
        let place = self.dovecot.maildir("winkel").join(format!(".{SENT}"));
        let holds = |path: std::path::PathBuf| {
            std::fs::read_to_string(path).is_ok_and(|text| text.contains(message_id))
        };
        ["cur", "new"]
            .iter()
            .filter_map(|part| std::fs::read_dir(place.join(part)).ok())
            .flatten()
            .flatten()
            .filter(|entry| holds(entry.path()))
            .count()
    }
}

const DECIDED: &str = "public.customer_interactions where state <> 'received'";

/// Hazard D8: a person answers in the mailbox itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_a_person_s_answer_in_the_mailbox_withdraws_ours() {
    let mut lab = Lab::open().await;
    // From before the shop connected: nothing of ours is concerned.
    lab.put_sent(
        "oud",
        "sanne1@example.nl",
        "Re: Vraag 1",
        "In-Reply-To: <1@example.nl>\n",
        "Oud.",
    );
    lab.start();
    lab.until(CONNECTED, 1).await;
    for number in 1..=3 {
        lab.deliver(number);
    }
    lab.until(DECIDED, 3).await;
    // One waits as a draft; one is about to leave; of the third the sending was begun.
    let all = "public.outbox";
    assert_eq!(lab.count(all).await, 3, "each has a reply ready");
    lab.run("update public.outbox set state = 'held'").await;
    let state = "update public.outbox o set state = ";
    let of = |number: u32| format!("where o.recipient = 'sanne{number}@example.nl'");
    lab.run(&format!("{state}'queued', not_before = now() + interval '1 hour' {}", of(2))).await;
    lab.run(&format!("{state}'sending', sending_at = now() {}", of(3))).await;
    lab.run("update public.customer_interactions set state = 'answered' where customer_email <> 'sanne1@example.nl'")
        .await;

    lab.put_sent(
        "een",
        "Sanne <sanne1@example.nl>",
        "Re: Vraag 1",
        "In-Reply-To: <1@example.nl>\n",
        "Dag Sanne, hij komt morgen.\n\nGroet, Bram\n\nOp 1 mei schreef Sanne:\n> Waar blijft hij?",
    );
    // By its subject alone, and again as a copy.
    for _ in 0..2 {
        lab.put_sent("twee", "sanne2@example.nl", "RE: vraag 2", "", "Hij is onderweg.");
    }
    lab.put_sent(
        "drie",
        "sanne3@example.nl",
        "Re: Vraag 3",
        "References: <3@example.nl>\n",
        "Kwijt.",
    );
    // To a supplier, an absence, and to a customer about something else: none of them answers.
    lab.put_sent(
        "vier",
        "leverancier@example.com",
        "Re: Vraag 1",
        "In-Reply-To: <1@example.nl>\n",
        "?",
    );
    lab.put_sent(
        "vijf",
        "sanne1@example.nl",
        "Re: Vraag 1",
        "Auto-Submitted: auto-replied\n",
        "Weg.",
    );
    lab.put_sent("zes", "sanne1@example.nl", "Nieuwe collectie", "", "Kijk eens.");
    lab.until("public.sent_messages", 7).await;
    assert_eq!(lab.count(ANSWERS).await, 3);

    let cancelled =
        "public.outbox where state = 'cancelled' and state_reason = 'answered_in_mailbox'";
    assert_eq!(lab.count(cancelled).await, 2);
    assert_eq!(
        lab.count("public.outbox where state = 'sending'").await,
        1,
        "what is leaving leaves"
    );
    assert_eq!(lab.count("public.customer_interactions where state = 'answered'").await, 3);
    assert_eq!(lab.count("public.raw_messages where fate_reason = 'answered_in_mailbox'").await, 2);
    assert_eq!(
        lab.count("public.conversation_threads where answered_by_person_at is not null").await,
        3
    );
    let said = lab
        .text("select ai_response from public.customer_interactions where customer_email = 'sanne1@example.nl'")
        .await;
    assert!(said.contains("hij komt morgen") && !said.contains("Waar blijft"), "{said}");
    lab.stop().await;
}

/// Hazard C8: whatever is wanted of a mailbox, one connection does it; a copy is put into Sent
/// once, whoever dies in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c8_one_connection_does_all_and_a_copy_is_put_there_once() {
    let mut lab = Lab::open_with(1).await;
    lab.start();
    lab.until(CONNECTED, 1).await;
    lab.deliver(1);
    lab.until(DECIDED, 1).await;
    let id = lab.text("select message_id from public.outbox").await;
    lab.run("update public.mailboxes set sent_copies = 'ours' where kind = 'imap'").await;
    let wish = format!(
        "update public.outbox o set state = 'sent', sent_at = now(), look_at = now(), mailbox_id = m.id, \
         sent_copy = convert_to(E'Message-ID: <{id}>\\r\\nSubject: Re\\r\\n\\r\\nDag\\r\\n', 'UTF8') \
         from public.mailboxes m where m.kind = 'imap'"
    );
    let put = "public.outbox where sent_copy is null and look_at is null";
    // The second time as after a crash between putting it there and noting that.
    for _ in 0..2 {
        lab.run(&wish).await;
        lab.until(put, 1).await;
        assert_eq!(lab.files_in_sent(&id), 1);
    }
    lab.put_sent("een", "sanne1@example.nl", "Re: Vraag 1", "", "Dag.");
    lab.until(ANSWERS, 1).await;
    assert_eq!(lab.reconcile().await.on_server, 1);
    lab.deliver(2);
    lab.until(SETTLED, 2).await;
    assert_eq!(lab.dovecot.sign_ins("winkel"), 1);
    assert_eq!(lab.count("public.mailboxes where trouble is not null").await, 0);
    lab.stop().await;
}

/// Nothing is missing, and what is missing is fetched once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_recorded_is_found_and_fetched_once() {
    let mut lab = Lab::open().await;
    lab.deliver(9);
    lab.start();
    lab.until(CONNECTED, 1).await;
    for number in 1..=4 {
        lab.deliver(number);
    }
    lab.until(SETTLED, 4).await;
    let first = lab.reconcile().await;
    assert_eq!((first.on_server, first.accounted, first.fetched), (4, 4, 0));
    assert_eq!(first.fates.values().sum::<i64>(), 4);

    // A gap here: of one mail its own row, of another all; and one was deleted there.
    let before = lab
        .text("select id::text from public.raw_messages where message_id = '2@example.nl'")
        .await;
    lab.run("delete from public.raw_messages where message_id in ('2@example.nl', '3@example.nl')")
        .await;
    lab.run("delete from public.conversation_threads where customer_email = 'sanne3@example.nl'")
        .await;
    let inbox = lab.dovecot.maildir("winkel");
    for entry in ["cur", "new"]
        .iter()
        .flat_map(|part| std::fs::read_dir(inbox.join(part)).unwrap().flatten())
    {
        if std::fs::read_to_string(entry.path()).is_ok_and(|text| text.contains("<4@example.nl>")) {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let found = lab.reconcile().await;
    assert_eq!((found.on_server, found.accounted, found.fetched), (3, 3, 2), "{found:?}");
    assert_eq!((found.missing.len(), found.moved_away), (2, 1), "{found:?}");
    lab.until(SETTLED, 4).await;
    let after = lab
        .text("select id::text from public.raw_messages where message_id = '2@example.nl'")
        .await;
    assert_eq!(after, before, "put back as it was");
    assert_eq!(lab.count("public.customer_interactions").await, 4, "none is worked twice");
    let again = lab.reconcile().await;
    assert_eq!((again.on_server, again.accounted, again.fetched), (3, 3, 0));
    assert!(again.missing.is_empty());

    // And every night by itself.
    lab.run("delete from public.raw_messages where message_id = '1@example.nl'").await;
    lab.run("update public.mailboxes set reconcile_at = now() - interval '1 minute' where kind = 'imap'").await;
    lab.until(
        "public.reconciliations where nightly and finished_at is not null and fetched = 1",
        1,
    )
    .await;
    assert_eq!(lab.count("public.mailboxes where kind = 'imap' and reconcile_at > now()").await, 1);
    assert_eq!(lab.count(STORED).await, 4);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(lab.count("public.reconciliations where nightly").await, 1, "one a night");
    lab.stop().await;
}

/// Hazards C2, C3: neither a missing nor a repeated Message-ID makes one mail of two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_c3_mails_without_or_with_the_same_message_id_are_all_accounted_for() {
    let mut lab = Lab::open().await;
    lab.start();
    lab.until(CONNECTED, 1).await;
    let head = "From: Sanne <sanne@example.nl>\nTo: winkel@example.nl\nSubject: Vraag\n";
    for _ in 0..2 {
        lab.dovecot.deliver("winkel", &format!("{head}\nWaar blijft bestelling 101?\n"));
    }
    for text in ["Waar blijft bestelling 102?", "Laat maar, hij is er."] {
        let mail = format!("{head}Message-ID: <zelfde@example.nl>\n\n{text}\n");
        lab.dovecot.deliver("winkel", &mail);
    }
    lab.until(SETTLED, 4).await;
    let found = lab.reconcile().await;
    assert_eq!((found.on_server, found.accounted, found.fetched), (4, 4, 0));
    assert_eq!(lab.count("public.customer_interactions").await, 4);
    lab.stop().await;
}
