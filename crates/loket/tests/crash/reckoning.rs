//! The reckoning at the end: each mail one row, one fate, one reply at most.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use store::Store;
use store::ingest::{CustodyRow, Fate, custody};
use store::jobs::{JobKind, given_up, next_due};
use store::outbox::{OutboxState, stuck_sending};

use super::lab::{Lab, LabShop};
use super::mails::{Expected, OVER_BUDGET, TestMail, within_budget};

/// A reply as it left.
#[derive(Debug)]
pub struct Reply {
    /// Without angle brackets.
    pub message_id: String,
    /// Without angle brackets.
    pub in_reply_to: String,
    /// The only recipient.
    pub to: String,
}

/// Waits until every mail has its fate and no job is due. Panics with what is missing.
pub async fn settled(lab: &Lab, mails: &[Vec<TestMail>], patience: Duration) {
    let wanted: i64 = mails.iter().map(|mails| i64::try_from(mails.len()).unwrap()).sum();
    let begun = Instant::now();
    let mut last = String::from("nothing was seen");
    let mut store = None;
    while begun.elapsed() < patience {
        if store.is_none() {
            store = lab.look_in().await.ok();
        }
        if let Some(open) = &store {
            match progress(open, &lab.shops).await {
                Ok((known, 0)) if known == wanted => return,
                Ok((known, kinds)) => last = format!("{known} fates, {kinds} kinds of jobs left"),
                Err(error) => {
                    last = error.to_string();
                    store = None;
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("not settled within {patience:?}, of {wanted} mails: {last}\n{}", tail(&lab.log()));
}

/// The end of a log.
pub fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(40)).copied().collect::<Vec<_>>().join("\n")
}

async fn progress(store: &Store, shops: &[LabShop]) -> store::Result<(i64, usize)> {
    let mut known = 0;
    for shop in shops {
        let fates =
            store.as_worker(shop.made.tenant, async |tx| store::ingest::fates(tx).await).await?;
        known += fates.iter().filter(|(fate, _)| fate != "unknown").map(|(_, n)| n).sum::<i64>();
    }
    let mut kinds = 0;
    for kind in [JobKind::Ingest, JobKind::Answer, JobKind::Deliver] {
        kinds += usize::from(next_due(store, kind).await?.is_some());
    }
    Ok((known, kinds))
}

/// Checks every shop and counts the fates.
pub async fn check(
    lab: &Lab,
    store: &Store,
    mails: &[Vec<TestMail>],
) -> BTreeMap<&'static str, usize> {
    let mut fates = BTreeMap::new();
    for (shop, mails) in lab.shops.iter().zip(mails) {
        let tenant = shop.made.tenant;
        let rows = store.as_worker(tenant, async |tx| custody(tx).await).await.unwrap();
        let index = lab.common().data_dir.join(format!("mailboxes/{}.index", shop.made.mailbox.0));
        check_shop(mails, &rows, &names(&index), &replies(&shop.folders.sent.join("new")));
        let left = store.as_worker(tenant, async |tx| given_up(tx).await).await.unwrap();
        assert!(left.is_empty(), "jobs were given up: {left:?}");
        for row in &rows {
            *fates.entry(row.fate.map_or("none", Fate::as_str)).or_default() += 1;
        }
    }
    for kind in [JobKind::Ingest, JobKind::Answer, JobKind::Deliver] {
        assert_eq!(next_due(store, kind).await.unwrap(), None, "a {kind:?} job is left");
    }
    let stuck = stuck_sending(store, Duration::ZERO).await.unwrap();
    assert!(stuck.is_empty(), "outgoing mail is stuck: {stuck:?}");
    fates
}

/// One shop: its mails, what the database says of them, their names by uid, and what left.
pub fn check_shop(
    mails: &[TestMail],
    rows: &[CustodyRow],
    names: &BTreeMap<i64, String>,
    replies: &[Reply],
) {
    check_mails(mails, rows, names);
    check_replies(rows, replies, mails);
}

/// File name by uid, from the index of the mailbox.
fn names(index: &Path) -> BTreeMap<i64, String> {
    let text = fs::read_to_string(index).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let (uid, name) = line.split_once(' ').unwrap();
            (uid.parse().unwrap(), name.to_owned())
        })
        .collect()
}

/// Each mail has one row, one fate, and the fate it must have.
fn check_mails(mails: &[TestMail], rows: &[CustodyRow], names: &BTreeMap<i64, String>) {
    let mut fates: BTreeMap<&str, Fate> = BTreeMap::new();
    for row in rows {
        let name = names.get(&row.uid).unwrap_or_else(|| panic!("uid {} is unknown", row.uid));
        let fate = row.fate.unwrap_or_else(|| panic!("{name} has no fate"));
        assert!(fates.insert(name, fate).is_none(), "{name} was stored or answered twice");
    }
    assert_eq!(fates.len(), mails.len(), "mails that were stored");
    let mut eager: BTreeMap<usize, Vec<Fate>> = BTreeMap::new();
    for mail in mails {
        let fate =
            *fates.get(mail.name.as_str()).unwrap_or_else(|| panic!("{} is lost", mail.name));
        match mail.expected {
            Expected::Fate(expected) => {
                let row = rows.iter().find(|row| names.get(&row.uid) == Some(&mail.name));
                assert_eq!(fate.as_str(), expected, "{} {row:?}", mail.name);
            }
            Expected::OneOf(customer) => eager.entry(customer).or_default().push(fate),
        }
    }
    for (customer, fates) in eager {
        let count = |wanted: Fate| fates.iter().filter(|fate| **fate == wanted).count();
        assert_eq!(fates.len(), OVER_BUDGET);
        let got = (count(Fate::Answered), count(Fate::Drafted));
        assert_eq!(got, within_budget(), "customer {customer} was answered more than the budget");
    }
}

/// What lies in the outgoing directory is what was answered, once each, and nothing else.
fn check_replies(rows: &[CustodyRow], replies: &[Reply], mails: &[TestMail]) {
    let answered: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row.fate == Some(Fate::Answered))
        .map(|row| {
            assert_eq!(row.outbox_state, Some(OutboxState::Sent), "{row:?}");
            row.reply_message_id.as_deref().unwrap()
        })
        .collect();
    let sent: BTreeSet<&str> = replies.iter().map(|reply| reply.message_id.as_str()).collect();
    assert_eq!(sent.len(), replies.len(), "two mails with one Message-ID were sent");
    assert_eq!(sent, answered, "what was sent is what was answered");
    let to: BTreeSet<&str> = replies.iter().map(|reply| reply.in_reply_to.as_str()).collect();
    assert_eq!(to.len(), replies.len(), "two mails answer the same mail");
    let asked: BTreeSet<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
    assert!(to.is_subset(&asked), "a reply to a mail that nobody wrote");
    for row in rows.iter().filter(|row| row.fate != Some(Fate::Answered)) {
        assert!(
            matches!(row.outbox_state, None | Some(OutboxState::Held)),
            "what waits for a person was not sent: {row:?}"
        );
    }
    for row in rows.iter().filter(|row| row.fate == Some(Fate::Answered)) {
        let reply = replies.iter().find(|r| Some(&r.message_id) == row.reply_message_id.as_ref());
        assert_eq!(reply.map(|reply| &reply.to), row.customer_email.as_ref());
    }
}

fn replies(folder: &Path) -> Vec<Reply> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let raw = fs::read(entry.unwrap().path()).unwrap();
            let message = mail::parse::parse(&raw).unwrap().message;
            Reply {
                message_id: message.message_id.unwrap(),
                in_reply_to: message.in_reply_to.first().unwrap().clone(),
                to: message.to.first().unwrap().email.clone(),
            }
        })
        .collect()
}
