//! Mail of which it is not sure what it is, or whose: a person decides, and nothing is thrown
//! aside unseen (hazards C11, C30, C31).

use std::time::Duration;

use loket::pipeline;
use loket::shop_setup::AUTHSERV_ID;
use store::ingest::{CustodyRow, Fate, custody};
use store::jobs::{JobKind, claim};

use super::by_hand;
use super::lab::{Lab, put};
use super::mails::address;

const WITHDRAWS: &str =
    "Ik ben op vakantie tot 12 december en wil mijn bestelling 50001 van vorige week herroepen.";

fn mail(from: &str, message_id: &str, more: &str, text: &str) -> Vec<u8> {
    let domain = from.rsplit('@').next().unwrap();
    format!(
        "Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={domain}\r\n\
         From: {from}\r\n{more}To: {}\r\nSubject: Mijn bestelling\r\nMessage-ID: <{message_id}>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        address(0)
    )
    .into_bytes()
}

/// Takes these mails in and answers what is to be answered; in the order of the mails.
async fn worked(mails: &[Vec<u8>]) -> Vec<CustodyRow> {
    Box::pin(work(mails)).await
}

async fn work(mails: &[Vec<u8>]) -> Vec<CustodyRow> {
    let mut lab = Lab::new("doubt");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops.first().unwrap();
    for (number, raw) in mails.iter().enumerate() {
        put(&shop.folders, &format!("{number:05}.klant"), raw);
    }
    by_hand::take_in(&desk).await;
    for job in claim(&desk.store, JobKind::Answer, 100, Duration::from_mins(1)).await.unwrap() {
        pipeline::answer(&desk, &job).await.unwrap();
    }
    let tenant = shop.made.tenant;
    let rows = desk.store.as_worker(tenant, async |tx| custody(tx).await).await.unwrap();
    database.stop().await.unwrap();
    assert_eq!(rows.len(), mails.len());
    rows
}

fn reasons(row: &CustodyRow) -> String {
    row.reasons.as_ref().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_c31_what_may_be_a_person_is_put_before_a_person() {
    let form = "Reply-To: Anna <anna@klant.example>\r\n";
    let own = address(0);
    let colleague = format!("jan@{}", own.rsplit('@').next().unwrap());
    let rows = worked(&[
        // What a person answers by itself, to see that the others are not held for something else.
        mail("bram@klant.example", "1@x", "", "Ik wil bestelling 50002 herroepen."),
        mail("anna@klant.example", "2@x", "", WITHDRAWS),
        mail("marketing@firma.example", "3@x", "", "Ik wil bestelling 50003 herroepen."),
        mail(&own, "4@x", form, "Ik wil bestelling 50004 herroepen."),
        mail(&colleague, "5@x", "", "Ik wil bestelling 50005 herroepen."),
        // And what is automatic is still thrown aside.
        mail("daan@klant.example", "6@x", "Auto-Submitted: auto-replied\r\n", WITHDRAWS),
        mail(&own, "7@x", "", "Ik wil bestelling 50006 herroepen."),
    ])
    .await;
    assert_eq!(rows[0].fate, Some(Fate::Answered), "{:?}", rows[0]);
    for (row, reason) in [
        (&rows[1], "looks_automatic"),
        (&rows[2], "looks_automatic"),
        (&rows[3], "contact_form"),
        (&rows[4], "colleague"),
    ] {
        assert_ne!(row.fate, Some(Fate::Answered), "{row:?}");
        assert!(row.interaction_id.is_some() && reasons(row).contains(reason), "{row:?}");
    }
    assert_eq!(rows[3].customer_email.as_deref(), Some("anna@klant.example"));
    assert!(reasons(&rows[3]).contains("sender_unverified"), "nobody vouches for a form's word");
    for row in &rows[5..] {
        assert_eq!((row.fate, row.outbox_state), (Some(Fate::Automatic), None), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c3_c30_the_same_mail_twice_is_answered_once() {
    let text = "Ik wil bestelling 50001 herroepen.";
    let first = mail("anna@klant.example", "een@x", "", text);
    let rows =
        worked(&[first.clone(), first.clone(), mail("bram@klant.example", "een@x", "", text)])
            .await;
    assert_eq!(rows[0].fate, Some(Fate::Answered));
    let second = (rows[1].fate, rows[1].fate_reason.as_deref(), rows[1].thread_id);
    assert_eq!(second, (Some(Fate::Automatic), Some("duplicate"), rows[0].thread_id));
    assert_eq!(rows[2].fate, Some(Fate::Answered), "somebody else's number is theirs");
    assert_ne!(rows[2].thread_id, rows[0].thread_id);

    let other = "Ik wil bestelling 50002 annuleren.";
    let rows = worked(&[first, mail("anna@klant.example", "een@x", "", other)]).await;
    assert_ne!(rows[1].fate, Some(Fate::Answered), "another mail under the same number");
    assert!(reasons(&rows[1]).contains("same_number"), "{:?}", rows[1]);
    assert_eq!(rows[1].thread_id, rows[0].thread_id);
}

/// Hazard C15: who has seen a Message-ID of ours and writes in the customer's name does not get into
/// their conversation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c15_an_unproved_sender_joins_no_conversation() {
    let mut lab = Lab::new("joins");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = &lab.shops[0];
    let rows = async || {
        let read = async |tx: &store::TenantTx| custody(tx).await;
        desk.store.as_worker(shop.made.tenant, read).await.unwrap()
    };
    let text = "Ik wil bestelling 50001 herroepen.";
    put(&shop.folders, "00001.klant", &mail("anna@klant.example", "1@x", "", text));
    by_hand::take_in(&desk).await;
    let minute = Duration::from_mins(1);
    for job in claim(&desk.store, JobKind::Answer, 10, minute).await.unwrap() {
        pipeline::answer(&desk, &job).await.unwrap();
    }
    for job in claim(&desk.store, JobKind::Deliver, 10, minute).await.unwrap() {
        pipeline::deliver(&desk, &job).await.unwrap();
    }
    let first = rows().await.remove(0);
    let reply = format!("In-Reply-To: <{}>\r\n", first.reply_message_id.unwrap());
    let proved = mail("anna@klant.example", "2@x", &reply, "Hoe lang duurt dat?");
    let claimed = String::from_utf8(mail("anna@klant.example", "3@x", &reply, "En nu?")).unwrap();
    let claimed = claimed.replace("dmarc=pass", "dmarc=fail");
    put(&shop.folders, "00002.klant", &proved);
    put(&shop.folders, "00003.klant", claimed.as_bytes());
    by_hand::take_in(&desk).await;
    let rows = rows().await;
    assert_eq!(rows[1].thread_id, first.thread_id);
    assert!(rows[2].thread_id.is_some() && rows[2].thread_id != first.thread_id, "{:?}", rows[2]);
    database.stop().await.unwrap();
}
