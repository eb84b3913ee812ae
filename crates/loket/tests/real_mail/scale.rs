//! J2 and J3: many mailboxes in IDLE, mail for all of them at a steady rate, and one shop that gets
//! much more than the others. Prints JSON lines; the small form is part of every run.
//!
//! `LOKET_SCALE_MAILBOXES`, `LOKET_SCALE_RATE` (mails a second for all), `LOKET_SCALE_NOISE` (mails a
//! second for one more) and `LOKET_SCALE_SECONDS` set the size. A debug build takes more memory and
//! time than a release build.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;

use super::lab::Server;
use super::post::{Copies, Post, written};
use super::random::Random;

/// Goal of J2: from the mailbox into the database.
const GOAL: Duration = Duration::from_secs(5);
const CONNECTED: &str = "public.mailboxes where connected_at is not null";

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Mails that were put into mailboxes, by Message-ID, and when.
struct Sender {
    put: HashMap<String, Timestamp>,
    number: u32,
}

impl Sender {
    fn put(&mut self, post: &Post, shop: usize) -> String {
        self.number += 1;
        let text = "Is de tas ook in het groen te koop?";
        let raw = written(shop, self.number, "", text);
        let id = mail::parse::parse(&raw).unwrap().message.message_id.unwrap();
        self.put.insert(id.clone(), loket::serving::now());
        post.arrive(shop, &format!("maat{}", self.number), &raw);
        id
    }

    /// Mails at a steady rate to all but the first shop, and to the first one besides. Returns the
    /// Message-IDs of the others'.
    async fn steadily(
        &mut self,
        post: &Post,
        rate: u32,
        noise: u32,
        lasts: Duration,
    ) -> Vec<String> {
        let mut random = Random::new(Random::seed());
        let (mut ids, begun, mut quiet, mut loud) = (Vec::new(), Instant::now(), 0.0, 0.0);
        let shops = u64::try_from(post.lab.shops.len()).unwrap();
        while begun.elapsed() < lasts {
            let due = begun.elapsed().as_secs_f64();
            while quiet < due * f64::from(rate) {
                let shop = 1 + random.below(shops - 1);
                ids.push(self.put(post, usize::try_from(shop).unwrap()));
                quiet += 1.0;
            }
            while loud < due * f64::from(noise) {
                self.put(post, 0);
                loud += 1.0;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ids
    }

    /// How long each of these took into the database, in milliseconds, shortest first.
    async fn delays(&self, post: &Post, ids: &[String]) -> Vec<i64> {
        let all = i64::try_from(self.put.len()).unwrap();
        post.until("public.raw_messages", all).await;
        let text =
            "select message_id, stored_at from public.raw_messages where message_id = any ($1)";
        let rows = post.behind().await.query(text, &[&ids]).await.unwrap();
        assert_eq!(rows.len(), ids.len());
        let delay = |row: &tokio_postgres::Row| {
            let (id, stored): (String, Timestamp) = (row.get(0), row.get(1));
            (stored.as_millisecond() - self.put[&id].as_millisecond()).max(0)
        };
        let mut delays: Vec<i64> = rows.iter().map(delay).collect();
        delays.sort_unstable();
        delays
    }
}

fn part(sorted: &[i64], of_hundred: usize) -> i64 {
    *sorted.get((sorted.len() * of_hundred / 100).min(sorted.len() - 1)).unwrap()
}

/// Resident memory, in kB.
fn resident(server: &Server) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j2_j3_many_mailboxes_and_a_loud_neighbour() {
    let mailboxes = number("LOKET_SCALE_MAILBOXES", 20).max(2);
    let (rate, noise) = (number("LOKET_SCALE_RATE", 10), number("LOKET_SCALE_NOISE", 33));
    let lasts = Duration::from_secs(u64::from(number("LOKET_SCALE_SECONDS", 4)));
    let shops = usize::try_from(mailboxes).unwrap();
    let begun = Instant::now();
    let post = Post::new("scale", shops, Copies::Assumed).await;
    let made = begun.elapsed();
    let mut server = post.serve_with_more("30", &["--no-mailboxes"]);
    server.ready(Duration::from_mins(1)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let empty = resident(&server);
    server.kill();
    let server = post.serve_with("30");
    let begun = Instant::now();
    post.until_within(CONNECTED, i64::from(mailboxes), Duration::from_mins(5)).await;
    let connected = begun.elapsed();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = resident(&server);
    let mut sender = Sender { put: HashMap::new(), number: 0 };
    let ids = sender.steadily(&post, rate, 0, lasts).await;
    let quiet = sender.delays(&post, &ids).await;
    let ids = sender.steadily(&post, rate, noise, lasts).await;
    let beside = sender.delays(&post, &ids).await;
    let busy = resident(&server);
    drop(server);
    let (base, loud) = (part(&quiet, 99), part(&beside, 99));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and counts of a test")]
    let ratio = loud as f64 / base.max(1) as f64;
    let line = json!({
        "mailboxes": mailboxes,
        "rate": rate,
        "noise": noise,
        "seconds": lasts.as_secs(),
        "made_s": made.as_secs(),
        "connected_s": connected.as_secs_f64(),
        "empty_kb": empty,
        "idle_kb": idle,
        "kb_a_mailbox": (idle - empty) / i64::from(mailboxes),
        "busy_kb": busy,
        "quiet_ms": { "mails": quiet.len(), "p50": part(&quiet, 50), "p99": base },
        "loud_ms": { "mails": beside.len(), "p50": part(&beside, 50), "p99": loud },
        "ratio_p99": ratio,
    });
    println!("scale: {line}");
    let goal = i64::try_from(GOAL.as_millis()).unwrap();
    assert!(base < goal && loud < goal, "{line}");
}
