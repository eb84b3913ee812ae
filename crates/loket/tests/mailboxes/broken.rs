//! Servers that break at one mail, throw off whoever comes in, or talk without end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use loket::pipeline::Suspects;
use mail::parse::{ParseError, Parsed};

use super::dovecot::Dovecot;
use super::scripted::{Fault, Idle, Script};
use super::{CONNECTED, Lab, PAUSED, SETTLED, STORED, TOLD};

const QUICK: Duration = Duration::from_millis(20);
const TROUBLED: &str = "public.mailboxes where trouble = 'unreachable'";

async fn lab(script: &Arc<Script>) -> Lab {
    let peer = script.serve().await;
    Lab::open_at(Dovecot::start(&["winkel"]), peer.port, &peer.root).await
}

/// Hazard C10: mails that end the connection when they are asked for are put before a person, and
/// every other one, before and behind them, is read whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_a_mail_that_ends_the_connection_keeps_nobody_from_the_next() {
    let script = Script::new(Idle::Waits);
    let mut lab = lab(&script).await;
    lab.start_with(QUICK);
    lab.until(CONNECTED, 1).await;
    lab.stop().await;
    for uid in 1..=70 {
        let fault = match uid {
            7 => Fault::Text,
            8 | 61 => Fault::Header,
            30 => Fault::Listing,
            50 => Fault::Gone,
            _ => Fault::None,
        };
        script.put(uid, fault);
    }
    lab.start_with(QUICK);
    lab.until(SETTLED, 70).await;
    lab.until(TROUBLED, 0).await;
    lab.stop().await;
    assert_eq!(lab.count(STORED).await, 70);
    let of = |fate: &str, uids: &str| format!("{STORED} where fate {fate} and uid in ({uids})");
    assert_eq!(lab.count(&of("= 'quarantined'", "7, 8, 30, 61")).await, 4);
    assert_eq!(lab.count(&format!("{STORED} where fate = 'quarantined'")).await, 4);
    assert_eq!(lab.count("public.notifications where type = 'quarantined'").await, 4);
    // Of the first there is the header, so that a person sees whose it is.
    assert_eq!(lab.count(&format!("{STORED} where uid = 7 and length(raw) > 50")).await, 1);
    // Hazard C28: what was listed and moved away has a row and a fate.
    let gone =
        format!("{STORED} where uid = 50 and fate = 'imported' and fate_reason = 'vanished'");
    assert_eq!(lab.count(&gone).await, 1);
    assert_eq!(lab.count("public.customer_interactions").await, 65);
}

/// A server at which every text fails is trouble that the shop hears of, although it lets us in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c7_trouble_lasts_until_mail_was_read() {
    let script = Script::new(Idle::Ends);
    let mut lab = lab(&script).await;
    lab.start_with(QUICK);
    lab.until(CONNECTED, 1).await;
    lab.until(TROUBLED, 1).await;
    lab.run("update public.mailboxes set trouble_since = now() - interval '6 minutes' where trouble is not null")
        .await;
    lab.until(TOLD, 1).await;
    // It is let in again and again, and less and less often: hazard C7.
    let before = script.sign_ins.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = script.sign_ins.load(Ordering::SeqCst);
    assert!(after - before <= 9, "{before} {after}");
    assert_eq!(lab.count(TROUBLED).await, 1);
    assert_eq!(lab.count(TOLD).await, 1);
    lab.stop().await;
}

/// A server that tells of mail without end is asked once a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_tells_of_mail_without_end_is_asked_once_a_second() {
    let script = Script::new(Idle::Babbles);
    let mut lab = lab(&script).await;
    lab.start_with(QUICK);
    lab.until(CONNECTED, 1).await;
    let before = script.lists.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let asked = script.lists.load(Ordering::SeqCst) - before;
    assert!((2..=6).contains(&asked), "{asked}");
    // And what does come is read.
    script.put(1, Fault::None);
    lab.until(SETTLED, 1).await;
    lab.stop().await;
}

/// Hazards C7, C9: NO without a word about the password is tried again, and comes before a person
/// only when it goes on; then nobody signs in any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c7_c9_a_server_that_lets_nobody_in_is_tried_again_and_then_a_person_s() {
    let script = Script::new(Idle::Waits);
    *script.refusal.lock().unwrap() = Some("NO System Error (Failure)");
    let mut lab = lab(&script).await;
    lab.start_with(Duration::from_millis(2));
    while script.sign_ins.load(Ordering::SeqCst) < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(lab.count(PAUSED).await, 0);
    // It had a bad moment.
    *script.refusal.lock().unwrap() = None;
    lab.until(CONNECTED, 1).await;
    lab.stop().await;
    *script.refusal.lock().unwrap() = Some("BAD who are you");
    let before = script.sign_ins.load(Ordering::SeqCst);
    lab.start_with(Duration::from_millis(2));
    lab.until(PAUSED, 1).await;
    assert_eq!(lab.count(TOLD).await, 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    lab.stop().await;
    assert_eq!(script.sign_ins.load(Ordering::SeqCst) - before, 7);
}

static OVER: AtomicBool = AtomicBool::new(false);
static HANGING: AtomicUsize = AtomicUsize::new(0);

/// Lets the parser come to its end, however the test does.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        OVER.store(true, Ordering::SeqCst);
    }
}

/// A parser that one sort of mail keeps busy for as long as the test lasts.
fn endless(raw: &[u8]) -> Result<Parsed, ParseError> {
    let asks = b"bestelling 103?";
    if raw.windows(asks.len()).any(|window| window == asks) {
        HANGING.fetch_add(1, Ordering::SeqCst);
        while !OVER.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    mail::parse::parse(raw)
}

/// Hazard C10: a mail whose parsing never ends is set aside after three tries, of which each costs
/// one thread; nobody else waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c10_a_mail_whose_parsing_never_ends_is_set_aside() {
    let _end = End;
    let script = Script::new(Idle::Waits);
    let mut lab = lab(&script).await;
    let desk = Arc::get_mut(&mut lab.desk).unwrap();
    desk.parse = endless;
    desk.suspects = Suspects::open(&lab.directory).unwrap().patient_for(Duration::from_millis(300));
    lab.start_with(QUICK);
    lab.until(CONNECTED, 1).await;
    for uid in 1..=6 {
        script.put(uid, Fault::None);
    }
    lab.until(SETTLED, 6).await;
    script.put(7, Fault::None);
    lab.until(SETTLED, 7).await;
    lab.stop().await;
    let set_aside = format!("{STORED} where fate = 'quarantined' and attempts = 3");
    assert_eq!(lab.count(&set_aside).await, 1);
    assert_eq!(lab.count("public.customer_interactions").await, 6);
    assert_eq!(HANGING.load(Ordering::SeqCst), 3);
}
