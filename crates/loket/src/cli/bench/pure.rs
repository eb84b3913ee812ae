//! The pure path on one core: raw bytes, parsed, stripped, read, decided, composed, guarded.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context;
use domain::answer::{Case, answer};
use domain::compose::compose;
use domain::decide::{Facts, Sender, ThreadState, decide};
use domain::guard::{self, approve};
use domain::message::Message;
use domain::message::reply::strip;
use domain::understand::{Input, read};
use rustix::time::{ClockId, clock_gettime};

use super::{Line, median, per_second};
use crate::cli::demo::sample;
use crate::serving::now;
use crate::shop::Shop;
use crate::shop_file::ShopFile;

/// A round takes at least this long.
const ROUND: Duration = Duration::from_secs(2);
/// The floor (`docs/performance.md`), in mails a second and core.
const FLOOR: f64 = 5_000.0;

/// What this thread has used of a core: on a machine that does other work too, the time on the
/// wall says how busy the others are.
fn used() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Measures and prints.
pub fn measure(rounds: usize) -> anyhow::Result<()> {
    let shop = ShopFile::demo()?.build()?;
    let raws: Vec<&[u8]> = sample::all()?.into_iter().map(|sample| sample.raw).collect();
    let bytes: usize = raws.iter().map(|raw| raw.len()).sum();
    let (mut rates, mut on_the_wall) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (begun, used_before) = (Instant::now(), used());
        let mut count = 0;
        while begun.elapsed() < ROUND {
            for raw in &raws {
                let message = mail::parse::parse(raw).context("a sample mail")?.message;
                black_box(whole(&message, &shop));
                count += 1;
            }
        }
        rates.push(per_second(count, used().saturating_sub(used_before)));
        on_the_wall.push(per_second(count, begun.elapsed()));
    }
    Line::plain("pure_path_wall", median(on_the_wall)?, "mails/s")
        .print("the same by the clock on the wall: less where the machine does other work")?;
    Line::rate("pure_path", median(rates)?, "mails/s/core", FLOOR).print(format!(
        "mails per second of one core's time, raw MIME bytes to answer: parse, strip, read, decide, compose, guard; {} sample mails of \
         {} bytes on average; yardstick: the floor",
        raws.len(),
        bytes / raws.len().max(1)
    ))?;
    steps(&raws, &shop, rounds)
}

fn sender(message: &Message) -> Sender {
    Sender {
        email: message.from.email.clone(),
        name: message.from.name.clone(),
        verified: true,
        reply_to_elsewhere: false,
        doubt: None,
    }
}

fn whole(message: &Message, shop: &Shop) -> domain::answer::Answer {
    let now = now();
    answer(&Case {
        now,
        received_at: now,
        subject: &message.subject,
        body: &message.text,
        earlier: &[],
        sender: &sender(message),
        terms: &shop.terms,
        templates: &shop.templates,
        thread: &ThreadState::default(),
        order: None,
    })
}

/// What each step costs by itself. Reading strips too, so stripping counts within it as well.
fn steps(raws: &[&[u8]], shop: &Shop, rounds: usize) -> anyhow::Result<()> {
    let names = ["step_parse", "step_strip", "step_read", "step_decide_compose", "step_guard"];
    let mut costs: [Vec<f64>; 5] = Default::default();
    for _ in 0..rounds {
        let mut sums = [Duration::ZERO; 5];
        let begun = Instant::now();
        let mut count = 0;
        while begun.elapsed() < ROUND {
            for raw in raws {
                for (sum, taken) in sums.iter_mut().zip(timed(raw, shop)?) {
                    *sum += taken;
                }
                count += 1;
            }
        }
        for (cost, sum) in costs.iter_mut().zip(sums) {
            cost.push(1_000_000.0 / per_second(count, sum));
        }
    }
    for (name, cost) in names.into_iter().zip(costs) {
        Line::plain(name, median(cost)?, "us/mail").print("the step alone, same mails")?;
    }
    Ok(())
}

fn timed(raw: &[u8], shop: &Shop) -> anyhow::Result<[Duration; 5]> {
    let begun = used();
    let message = mail::parse::parse(raw).context("a sample mail")?.message;
    let parsed = used();
    black_box(strip(&message.text));
    let stripped = used();
    let reading = read(&Input { subject: &message.subject, body: &message.text, thread: &[] });
    let read = used();
    let (now, sender, thread) = (now(), sender(&message), ThreadState::default());
    let decision = decide(&Facts {
        now,
        received_at: now,
        terms: &shop.terms,
        sender: &sender,
        thread: &thread,
        reading: &reading,
        watch_word: None,
        order: None,
    });
    let draft = compose(&decision, &shop.terms, &sender, &message.subject, &shop.templates)?;
    let composed = used();
    if let Some(draft) = draft {
        let context = guard::Context {
            decision: &decision,
            terms: &shop.terms,
            sender: &sender,
            subject: &message.subject,
        };
        black_box(approve(draft, &context).is_ok());
    }
    let times = [begun, parsed, stripped, read, composed, used()];
    let mut steps = [Duration::ZERO; 5];
    for (step, pair) in steps.iter_mut().zip(times.windows(2)) {
        if let [before, after] = pair {
            *step = after.saturating_sub(*before);
        }
    }
    Ok(steps)
}
