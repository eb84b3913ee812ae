//! Mails that share a transaction: each is decided as if it had been alone, and what belongs to
//! the same customer or order takes turns.

use std::time::Duration;

use loket::pipeline;
use loket::shop_setup::AUTHSERV_ID;
use store::TenantId;
use store::ingest::custody;
use store::jobs::{ClaimedJob, JobKind, claim};

use super::by_hand;
use super::lab::{Lab, put};
use super::mails::address;

/// Who writes about which order. Numbers 1 and 3 are one customer, 0 and 4 one order, 5 a third
/// turn of both.
const MAILS: [(&str, u32); 7] = [
    ("anna", 50_001),
    ("bram", 50_002),
    ("chris", 50_003),
    ("bram", 50_009),
    ("daan", 50_001),
    ("anna", 50_002),
    ("evi", 50_004),
];

fn mail(number: usize, who: &str, order: u32, shop: usize) -> Vec<u8> {
    let from = format!("{who}@klant.example");
    format!(
        "Authentication-Results: {AUTHSERV_ID};\r\n spf=pass smtp.mailfrom={from};\r\n \
         dkim=pass header.i=@klant.example;\r\n dmarc=pass header.from=klant.example\r\n\
         From: {from}\r\nTo: {}\r\nSubject: Krassen\r\n\
         Message-ID: <samen{number}.s{shop}@klant.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Hallo,\r\n\r\nEr zitten krassen op de tafel van bestelling {order}. \
         Ik wil graag een deel van mijn geld terug.\r\n\r\nGroet\r\n",
        address(shop)
    )
    .into_bytes()
}

/// Claims every answer job of a shop, in the order of its mails.
async fn answers(desk: &pipeline::Desk, tenant: TenantId) -> Vec<ClaimedJob> {
    let mut jobs = claim(&desk.store, JobKind::Answer, 100, Duration::from_mins(1)).await.unwrap();
    jobs.retain(|job| job.tenant_id == tenant);
    jobs.sort_by_key(|job| job.subject_id);
    jobs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_of_one_customer_or_order_take_turns_and_end_as_one_by_one() {
    let mut lab = Lab::new("together");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 2)).await;
    let tenants: Vec<TenantId> = lab.shops.iter().map(|shop| shop.made.tenant).collect();
    let mut ends = Vec::new();
    for (shop, together) in [(0, true), (1, false)] {
        for (number, (who, order)) in MAILS.iter().enumerate() {
            let raw = mail(number, who, *order, shop);
            put(&lab.shops[shop].folders, &format!("{number:05}.klant"), &raw);
        }
        by_hand::take_in(&desk).await;
        let mut jobs = answers(&desk, tenants[shop]).await;
        assert_eq!(jobs.len(), MAILS.len());
        if together {
            let mut batches = Vec::new();
            while !jobs.is_empty() {
                let answered = pipeline::answer_many(&desk, tenants[shop], &jobs).await.unwrap();
                batches.push(jobs.len() - answered.put_off.len());
                jobs = answered.put_off;
            }
            // 0 1 2 6, then 3 4, and 5 after 1, 3 and 4.
            assert_eq!(batches.iter().sum::<usize>(), MAILS.len());
            assert!((2..=3).contains(&batches.len()) && batches[0] == 4, "{batches:?}");
        } else {
            for job in jobs {
                pipeline::answer(&desk, &job).await.unwrap();
            }
        }
        let rows = desk.store.as_worker(tenants[shop], async |tx| custody(tx).await).await.unwrap();
        let end: Vec<_> = rows
            .into_iter()
            .map(|row| {
                (row.uid, row.fate, row.fate_reason, row.intents, row.compensatie_percentage)
            })
            .collect();
        ends.push(end);
    }
    assert_eq!(ends[0], ends[1]);
    let offered = ends[0].iter().filter(|end| end.4.is_some_and(|part| part.basis_points() > 0));
    assert!(offered.count() >= 2, "the mails move the ledger: {:?}", ends[0]);
    database.stop().await.unwrap();
}
