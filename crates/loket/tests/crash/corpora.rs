//! What machines send gets no answer, and what people write is not taken for a machine's: mails
//! of many origins through the whole of it, by the server's own workers (hazard C11).
//!
//! Beside the tree may lie collections that nobody on the project wrote (`../shared/corpora`);
//! they are used where they are. Our own mails are always used.

#![expect(clippy::indexing_slicing, reason = "values of JSON, and tables that the test made")]
#![expect(clippy::print_stdout, reason = "counts are what such a run is for")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loket::shop_setup::AUTHSERV_ID;
use serde_json::Value;
use store::ingest::{CustodyRow, Fate, custody};
use store::jobs::{JobKind, next_due};

use super::lab::{Lab, put};
use super::mails::address;

/// So many mails go into the mailbox at a time.
const BATCH: usize = 400;
/// Of the people's mails, at most one in so many may be taken for a machine's.
const ONE_IN: usize = 100;
/// Our own mails of people, spread evenly over the labelled ones.
const OWN_PEOPLE: usize = 250;

/// A mail, and where it comes from.
struct Sample {
    origin: String,
    raw: Vec<u8>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c11_no_machine_is_answered_and_people_are_heard() {
    let (machines, people) = (machines(), people());
    assert!(machines.len() >= 15 && people.len() >= OWN_PEOPLE, "our own are always there");
    let mut lab = Lab::new("corpora");
    lab.make_shops(1).await;
    let mut server = lab.serve(&[]);
    server.ready(Duration::from_mins(2)).await;
    let control = Sample { origin: "control".to_owned(), raw: control() };
    let everything: Vec<&Sample> = machines.iter().chain(&people).chain([&control]).collect();
    let rows = worked(&lab, &everything).await;
    server.kill();

    // Were nothing ever sent, nothing would be shown.
    let last = rows.last().unwrap();
    assert_eq!(last.fate, Some(Fate::Answered), "the shop answers by itself: {last:?}");
    let (of_machines, of_people) = rows.split_at(machines.len());
    let of_people = &of_people[..people.len()];
    let answered: Vec<String> = of_machines
        .iter()
        .zip(&machines)
        .filter(|(row, _)| row.fate == Some(Fate::Answered) || row.left_by_itself())
        .map(|(row, sample)| format!("{}: {row:?}", sample.origin))
        .collect();
    print("machines", of_machines, &machines);
    print("people", of_people, &people);
    assert!(answered.is_empty(), "a machine was answered:\n{}", answered.join("\n"));

    let unheard: Vec<String> = of_people
        .iter()
        .zip(&people)
        .filter(|(row, _)| !matches!(row.fate, Some(Fate::Answered | Fate::Drafted | Fate::Held)))
        .map(|(row, sample)| format!("{}: {:?} {:?}", sample.origin, row.fate, row.fate_reason))
        .collect();
    assert!(
        unheard.len() * ONE_IN <= people.len(),
        "{} of {} people were not heard:\n{}",
        unheard.len(),
        people.len(),
        unheard.join("\n")
    );
    println!("people not heard: {unheard:?}");
}

/// Whether a reply that nobody read left, or would have.
trait LeftByItself {
    fn left_by_itself(&self) -> bool;
}

impl LeftByItself for CustodyRow {
    fn left_by_itself(&self) -> bool {
        use store::outbox::OutboxState::{Failed, Queued, Sending, Sent};
        matches!(self.outbox_state, Some(Queued | Sending | Sent | Failed))
    }
}

/// Puts them into the mailbox, a batch at a time, and waits until each has its fate. In the order
/// of the mails, whatever order they were read in.
async fn worked(lab: &Lab, samples: &[&Sample]) -> Vec<CustodyRow> {
    let shop = lab.shops.first().unwrap();
    let store = lab.look_in().await.unwrap();
    for (number, sample) in samples.iter().enumerate() {
        put(&shop.folders, &format!("{number:05}.mail"), &sample.raw);
        if (number + 1) % BATCH == 0 || number + 1 == samples.len() {
            settled(&store, shop.made.tenant, number + 1, &lab.log()).await;
        }
    }
    let index = lab.common().data_dir.join(format!("mailboxes/{}.index", shop.made.mailbox.0));
    let index = fs::read_to_string(index).unwrap();
    let names: BTreeMap<i64, usize> = index
        .lines()
        .skip(1)
        .map(|line| {
            let (uid, name) = line.split_once(' ').unwrap();
            (uid.parse().unwrap(), name.split('.').next().unwrap().parse().unwrap())
        })
        .collect();
    let read = async |tx: &store::TenantTx| custody(tx).await;
    let rows = store.as_worker(shop.made.tenant, read).await.unwrap();
    let placed: BTreeMap<usize, CustodyRow> =
        rows.into_iter().map(|row| (names[&row.uid], row)).collect();
    assert_eq!(placed.len(), samples.len(), "each mail one row");
    placed.into_values().collect()
}

async fn settled(store: &store::Store, tenant: store::TenantId, wanted: usize, log: &str) {
    for _ in 0..600 {
        let fates =
            store.as_worker(tenant, async |tx| store::ingest::fates(tx).await).await.unwrap();
        let known: i64 =
            fates.iter().filter(|(fate, _)| fate != "unknown").map(|(_, count)| count).sum();
        let mut idle = usize::try_from(known).unwrap() == wanted;
        for kind in [JobKind::Ingest, JobKind::Answer, JobKind::Deliver] {
            idle &= next_due(store, kind).await.unwrap().is_none();
        }
        if idle {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    panic!("the mails are not worked\n{log}");
}

/// How many of each origin met which fate.
fn print(what: &str, rows: &[CustodyRow], samples: &[Sample]) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (row, sample) in rows.iter().zip(samples) {
        let set = sample.origin.split('/').next().unwrap();
        *counts.entry((set, row.fate.map_or("none", Fate::as_str))).or_default() += 1;
    }
    println!("{what}: {} mails", rows.len());
    for ((set, fate), count) in counts {
        println!("  {set:<28} {fate:<12} {count:>5}");
    }
}

fn control() -> Vec<u8> {
    written("controle@klant.example", "Retour", "Ik wil bestelling 50002 herroepen.")
}

/// A plain mail that a person wrote.
fn written(from: &str, subject: &str, text: &str) -> Vec<u8> {
    let subject = subject.replace(['\r', '\n'], " ");
    let head = format!(
        "From: {from}\nTo: {}\nSubject: {subject}\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
        address(0)
    );
    vouched(format!("{head}{text}\n").as_bytes())
}

/// The same mail from a sender the shop's provider vouches for: nothing is held for want of that.
fn vouched(raw: &[u8]) -> Vec<u8> {
    let from = mail::parse::parse(raw).map(|parsed| parsed.message.from).unwrap_or_default();
    let mut whole = format!(
        "Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={}\n",
        from.domain()
    )
    .into_bytes();
    // The envelope line of an mbox file would end the header.
    let raw = match raw.strip_prefix(b"From ") {
        Some(rest) => rest.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default(),
        None => raw,
    };
    whole.extend_from_slice(raw);
    whole
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora")
}

/// The files below a folder, sorted, as mails; none where there is no such folder.
fn mails_in(folder: &Path, origin: &str) -> Vec<Sample> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let sample = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        let raw = fs::read(path).unwrap();
        // Two of the bounces are plain spam with a made-up sender: nobody would vouch for that.
        let raw = if name.starts_with("spam-") { raw } else { vouched(&raw) };
        Sample { origin: format!("{origin}/{name}"), raw }
    };
    paths.iter().filter(|path| path.is_file()).map(sample).collect()
}

/// Bounces, absences, receipts, lists, newsletters.
fn machines() -> Vec<Sample> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/machines");
    let mut samples = mails_in(&own, "own machines");
    for (folder, origin) in [
        ("mime-bounces/msg", "bounces"),
        ("mime-mikel-mail/multipart_report_emails", "reports"),
        ("mail-spamassassin/hard-ham-1", "newsletters"),
    ] {
        samples.extend(mails_in(&corpora().join(folder), origin));
    }
    for folder in ["easy-ham-1", "easy-ham-2"] {
        let all = mails_in(&corpora().join("mail-spamassassin").join(folder), "lists");
        samples.extend(all.into_iter().filter(|sample| is_of_a_list(&sample.raw)));
    }
    samples
}

/// What people wrote, to a shop or to each other.
fn people() -> Vec<Sample> {
    let mut samples = labelled();
    for set in ["reply-crisp", "reply-discourse-trimmer", "reply-quotequail", "reply-talon"] {
        let path = corpora().join(set).join("cases.jsonl");
        let text = fs::read_to_string(path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let case: Value = serde_json::from_str(line).unwrap();
            let (Some("text"), Some(input)) = (case["format"].as_str(), case["input"].as_str())
            else {
                continue;
            };
            if input.trim().is_empty() || names_a_list(input) {
                continue;
            }
            let from = format!("klant{number}@{set}.example");
            let raw = written(&from, "Vraag", input);
            samples.push(Sample { origin: format!("{set}/{}", case["id"]), raw });
        }
    }
    for folder in ["easy-ham-1", "easy-ham-2"] {
        let all = mails_in(&corpora().join("mail-spamassassin").join(folder), "letters");
        samples.extend(all.into_iter().filter_map(as_a_letter));
    }
    samples
}

/// Evenly spread over our labelled mails.
fn labelled() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/train");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    let lines: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let step = (lines.len() / OWN_PEOPLE).max(1);
    let sample = |line: &String| {
        let mail: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| mail[key].as_str().unwrap_or_default().to_owned();
        Sample {
            origin: format!("own people/{}", text("id")),
            raw: written(&text("from"), &text("subject"), &text("body")),
        }
    };
    lines.iter().step_by(step).map(sample).collect()
}

/// Fields that a list, and no person's mail program, writes.
const OF_A_LIST: [&str; 9] = [
    "list-",
    "precedence:",
    "errors-to:",
    "x-beenthere:",
    "x-mailman",
    "mailing-list:",
    "x-mailing-list:",
    "x-loop:",
    "return-path:",
];

fn head(raw: &[u8]) -> (String, &[u8]) {
    let end = raw.windows(2).position(|two| two == b"\n\n").unwrap_or(raw.len());
    let (head, body) = raw.split_at(end);
    (String::from_utf8_lossy(head).into_owned(), body)
}

fn is_of_a_list(raw: &[u8]) -> bool {
    let (head, _) = head(raw);
    head.lines().any(|line| {
        let line = line.to_lowercase();
        OF_A_LIST.iter().take(6).any(|field| line.starts_with(field))
    })
}

fn names_a_list(text: &str) -> bool {
    let text = text.to_lowercase();
    ["unsubscribe", "mailing list", "listinfo", "mailing-list"].iter().any(|it| text.contains(it))
}

/// What a person wrote to a list, as if it had been written to the shop: without what the list
/// added. Feeds and what tells of the list in its text are left out.
fn as_a_letter(sample: Sample) -> Option<Sample> {
    let (head, body) = head(&sample.raw);
    let by_a_program = head.contains("rssfeeds@") || head.contains("nobody@");
    if by_a_program || names_a_list(&String::from_utf8_lossy(body)) || !is_of_a_list(&sample.raw) {
        return None;
    }
    let mut kept = String::new();
    let mut dropped = false;
    for line in head.lines() {
        if !line.starts_with([' ', '\t']) {
            let name = line.to_lowercase();
            dropped = name.starts_with("sender:")
                || name.starts_with("reply-to:")
                || name.starts_with("delivered-to:")
                || OF_A_LIST.iter().any(|field| name.starts_with(field));
        }
        if !dropped {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let mut raw = kept.trim_end().as_bytes().to_vec();
    raw.extend_from_slice(body);
    Some(Sample { origin: sample.origin, raw })
}
