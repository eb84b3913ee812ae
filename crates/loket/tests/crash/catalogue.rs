//! Lines of the catalogue (`docs/hazards.md`) that need several mails, several shops or a day.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use loket::database::Database;
use loket::pipeline::{self, Desk};
use loket::shop_setup::AUTHSERV_ID;
use store::TenantId;
use store::ingest::{CustodyRow, Fate, custody};
use store::jobs::{JobKind, claim, next_due};
use tokio_postgres::{Client, NoTls};

use super::by_hand;
use super::lab::{Lab, LabShop, put};
use super::mails::address;

const MINUTE: Duration = Duration::from_mins(1);
/// Automatic replies to one address within a day.
const BUDGET: usize = 3;
/// Automatic replies of one shop within an hour.
const BREAKER: usize = 400;

/// A mail whose sender the provider vouches for.
fn mail(from: &str, to: usize, more: &str, subject: &str, text: &str) -> Vec<u8> {
    let domain = from.rsplit('@').next().unwrap();
    format!(
        "Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={domain}\r\nFrom: {from}\r\n\
         To: {}\r\nSubject: {subject}\r\n{more}MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        address(to)
    )
    .into_bytes()
}

async fn rows(desk: &Desk, tenant: TenantId) -> Vec<CustodyRow> {
    desk.store.as_worker(tenant, async |tx| custody(tx).await).await.unwrap()
}

fn answered(rows: &[CustodyRow]) -> usize {
    rows.iter().filter(|row| row.fate == Some(Fate::Answered)).count()
}

/// Takes in, answers as the workers do (as many together as were claimed), and sends, until nothing
/// is left.
async fn work(desk: &Arc<Desk>) {
    by_hand::take_in(desk).await;
    loop {
        let mut shops: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
        for job in claim(&desk.store, JobKind::Answer, 500, MINUTE).await.unwrap() {
            shops.entry(job.tenant_id).or_default().push(job);
        }
        if shops.is_empty() {
            break;
        }
        for (tenant, mut jobs) in shops {
            while !jobs.is_empty() {
                jobs = pipeline::answer_many(desk, tenant, &jobs).await.unwrap().put_off;
            }
        }
    }
    for job in claim(&desk.store, JobKind::Deliver, 500, MINUTE).await.unwrap() {
        pipeline::deliver(desk, &job).await.unwrap();
    }
}

/// The replies that left since the last look, by recipient and text.
fn left(shop: &LabShop) -> Vec<(String, String)> {
    let folder = shop.folders.sent.join("new");
    let mut replies = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let message = mail::parse::parse(&fs::read(&path).unwrap()).unwrap().message;
        replies.push((message.to.first().unwrap().email.clone(), message.text));
        fs::rename(&path, shop.folders.sent.join("cur").join(path.file_name().unwrap())).unwrap();
    }
    replies
}

async fn behind(database: &Database) -> Client {
    let (client, connection) = database.owner.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A machine that strips every header, answers within the second under a new subject, and spells
/// its address anew each time: three replies in all, then a person, and silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c12_a_bot_with_many_spellings_gets_three_replies_and_then_a_person() {
    let mut lab = Lab::new("bot");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops[0].clone();
    let (mut number, mut replies) = (0, 0);
    // It begins with twenty at once: a batch must not answer what one by one it would not.
    let mut waiting = 20;
    for _round in 0..12 {
        for _ in 0..waiting {
            number += 1;
            let from = format!("bot+{number}@klant.example");
            let text = format!("Ik wil bestelling {} retourneren.", 50_000 + number);
            let raw = mail(&from, 0, "", &format!("Onderwerp {number}"), &text);
            put(&shop.folders, &format!("{number:05}.bot"), &raw);
        }
        work(&desk).await;
        waiting = left(&shop).len();
        replies += waiting;
        if waiting == 0 {
            break;
        }
    }
    assert_eq!((replies, waiting), (BUDGET, 0), "it is quiet after {number} mails");
    let rows = rows(&desk, shop.made.tenant).await;
    assert_eq!(rows.len(), number);
    assert_eq!(answered(&rows), BUDGET);
    let for_people = rows.iter().filter(|row| row.fate == Some(Fate::Drafted)).count();
    assert_eq!(for_people, number - BUDGET, "the rest waits for a person");
    database.stop().await.unwrap();
}

/// Two workers that read the facts at the same time do not both take the last reply of a budget.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c12_workers_beside_each_other_share_one_budget() {
    let mut lab = Lab::new("beside");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops[0].clone();
    for number in 0..12 {
        let from = format!("b.o.t+{number}@gmail.com");
        let raw = mail(&from, 0, "", "Retour", &format!("Ik wil bestelling 5000{number} ruilen."));
        put(&shop.folders, &format!("{number:05}.bot"), &raw);
    }
    by_hand::take_in(&desk).await;
    let jobs = claim(&desk.store, JobKind::Answer, 100, MINUTE).await.unwrap();
    assert_eq!(jobs.len(), 12);
    let tasks: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                // The last one has seen all others come before it.
                for _ in 0..50 {
                    match pipeline::answer(&desk, &job).await {
                        Ok(_) => return,
                        Err(error) => {
                            assert!(error.is_conflict() || error.is_passing(), "{error:?}");
                        }
                    }
                }
                panic!("never its turn");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for job in claim(&desk.store, JobKind::Deliver, 100, MINUTE).await.unwrap() {
        pipeline::deliver(&desk, &job).await.unwrap();
    }
    assert_eq!(left(&shop).len(), BUDGET);
    database.stop().await.unwrap();
}

/// Two shops that write to each other, over a relay that strips every header.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c12_two_shops_that_answer_each_other_fall_silent() {
    let mut lab = Lab::new("two-shops");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 2)).await;
    let shops = [lab.shops[0].clone(), lab.shops[1].clone()];
    let mut replies = [0_usize; 2];
    let mut number = 0;
    // Who is written to next, from the other's address.
    let mut waiting = vec![1_usize];
    while let Some(to) = waiting.pop() {
        number += 1;
        assert!(number < 30, "they go on: {replies:?}");
        // At worst what arrives reads as a new request.
        let text = format!("Ik wil bestelling {} retourneren.", 50_000 + number);
        let raw = mail(&address(1 - to), to, "", &format!("Bericht {number}"), &text);
        put(&shops[to].folders, &format!("{number:05}.ander"), &raw);
        work(&desk).await;
        for (from, shop) in shops.iter().enumerate() {
            for (recipient, _) in left(shop) {
                assert_eq!(recipient, address(1 - from), "nobody else is written to");
                replies[from] += 1;
                waiting.push(1 - from);
            }
        }
    }
    assert!(replies.iter().all(|count| *count <= BUDGET), "{replies:?}");
    assert!(replies.iter().sum::<usize>() > 0, "they did begin");
    let mut held = 0;
    for shop in &shops {
        let rows = rows(&desk, shop.made.tenant).await;
        held += rows.len() - answered(&rows);
    }
    assert!(held > 0, "a person sees how it ended");
    database.stop().await.unwrap();
}

/// Thousands of senders, each with a domain of their own that vouches for them: the shop's breaker
/// lets so many out within an hour, the rest waits for a person, and nothing is sent to those whom
/// nobody vouches for. `LOKET_SENDERS=10000` is the full form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c13_a_flood_of_senders_trips_the_breaker() {
    let senders: usize = std::env::var("LOKET_SENDERS").map_or(600, |count| count.parse().unwrap());
    let mut lab = Lab::new("flood");
    lab.make_shops(1).await;
    let shop = lab.shops[0].clone();
    for number in 0..senders {
        let from = format!("info@domein{number}.example");
        let text = format!("Ik wil bestelling {} retourneren.", 50_000 + number);
        let mut raw = mail(&from, 0, "", "Retour", &text);
        if number % 10 == 9 {
            // Whom nobody vouches for gets nothing, breaker or not.
            raw = String::from_utf8(raw).unwrap().replace("dmarc=pass", "dmarc=fail").into_bytes();
        }
        put(&shop.folders, &format!("{number:05}.vloed"), &raw);
    }
    let mut server = lab.serve(&[]);
    server.ready(Duration::from_mins(2)).await;
    let store = lab.look_in().await.unwrap();
    let begun = std::time::Instant::now();
    let rows = loop {
        let read = async |tx: &store::TenantTx| custody(tx).await;
        let rows = store.as_worker(shop.made.tenant, read).await.unwrap();
        let known = rows.iter().filter(|row| row.fate.is_some()).count();
        if known == senders && next_due(&store, JobKind::Deliver).await.unwrap().is_none() {
            break rows;
        }
        assert!(begun.elapsed() < MINUTE * 15, "{known} of {senders}\n{}", lab.log());
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    server.kill();
    let replies = left(&shop);
    println!("{senders} senders in {:?}: {} replies", begun.elapsed(), replies.len());
    assert_eq!(answered(&rows), replies.len());
    assert!((BREAKER * 9 / 10..=BREAKER).contains(&replies.len()), "{}", replies.len());
    let forged: Vec<&CustodyRow> = rows
        .iter()
        .filter(|row| {
            let sender = row.customer_email.as_deref().unwrap();
            let number = sender.trim_start_matches("info@domein").trim_end_matches(".example");
            number.parse::<usize>().unwrap() % 10 == 9
        })
        .collect();
    assert_eq!(forged.len(), senders / 10);
    assert!(forged.iter().all(|row| row.fate != Some(Fate::Answered)), "back-scatter");
    let waits = rows.iter().filter(|row| matches!(row.fate, Some(Fate::Drafted | Fate::Held)));
    assert_eq!(waits.count(), senders - replies.len(), "everything else waits for a person");
}

/// Two mails without a Message-ID, from the same sender, under the same subject, of the same second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_two_mails_that_differ_in_their_text_alone_are_both_kept() {
    let mut lab = Lab::new("twins");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops[0].clone();
    let date = "Date: Tue, 3 Mar 2026 10:12:00 +0100\r\n";
    let texts = ["Ik wil bestelling 50001 retourneren.", "En ook bestelling 50002 retourneren."];
    for (number, text) in texts.iter().enumerate() {
        let raw = mail("anna@klant.example", 0, date, "Retour", text);
        put(&shop.folders, &format!("{number:05}.klant"), &raw);
    }
    work(&desk).await;
    let rows = rows(&desk, shop.made.tenant).await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert!(row.interaction_id.is_some() && row.fate != Some(Fate::Automatic), "{row:?}");
    }
    assert_ne!(rows[0].interaction_id, rows[1].interaction_id);
    let client = behind(&database).await;
    for text in texts {
        let kept = "select count(*) from public.customer_interactions where message_body = $1";
        let kept: i64 = client.query_one(kept, &[&text]).await.unwrap().get(0);
        assert_eq!(kept, 1, "{text}");
    }
    database.stop().await.unwrap();
}

/// A Message-ID that is ours and good, but another shop's; one that is forged; one of a shop that is
/// not there: each begins a conversation of its own, and the other shop hears nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c16_an_id_of_another_shop_joins_nothing() {
    let mut lab = Lab::new("foreign-id");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 2)).await;
    let (one, other) = (lab.shops[0].clone(), lab.shops[1].clone());
    let first = mail("anna@klant.example", 0, "", "Retour", "Ik wil bestelling 50001 retourneren.");
    put(&one.folders, "00001.klant", &first);
    work(&desk).await;
    let answered_row = rows(&desk, one.made.tenant).await.remove(0);
    let good = answered_row.reply_message_id.clone().unwrap();
    assert!(mail::message_id::verify(&good, desk.message_id_key.bytes()).is_some(), "{good}");
    let (half, other_sign) = (good.len() / 2, |c: char| if c == 'a' { 'b' } else { 'a' });
    let forged: String = good
        .chars()
        .enumerate()
        .map(|(at, c)| if at == half { other_sign(c) } else { c })
        .collect();
    for (place, id) in [&good, &forged].into_iter().enumerate() {
        let more = format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n");
        let raw = mail("anna@klant.example", 1, &more, "Re: Retour", "Hoe lang duurt dat?");
        put(&other.folders, &format!("{place:05}.klant"), &raw);
    }
    // In its own shop the good one joins, the forged one does not.
    let more = format!("In-Reply-To: <{forged}>\r\n");
    let raw = mail("anna@klant.example", 0, &more, "Re: Retour", "Hoe lang duurt dat?");
    put(&one.folders, "00002.klant", &raw);
    let more = format!("In-Reply-To: <{good}>\r\n");
    let raw = mail("anna@klant.example", 0, &more, "Re: Retour", "En wanneer komt mijn geld?");
    put(&one.folders, "00003.klant", &raw);
    work(&desk).await;
    let foreign = rows(&desk, other.made.tenant).await;
    assert_eq!(foreign.len(), 2);
    for row in &foreign {
        assert!(row.thread_id.is_some() && row.thread_id != answered_row.thread_id, "{row:?}");
    }
    assert_ne!(foreign[0].thread_id, foreign[1].thread_id, "nor each other's");
    let own = rows(&desk, one.made.tenant).await;
    assert_eq!(own.len(), 3);
    assert_ne!(own[1].thread_id, answered_row.thread_id, "a forged one joins nothing");
    assert_eq!(own[2].thread_id, answered_row.thread_id, "a good one does");
    database.stop().await.unwrap();
}

/// Whoever gets hold of a mail in which a third party proves an address (a link, a code) is the
/// owner of that address. It is no customer's, gets no answer, and nothing of it is repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c19_a_third_partys_confirmation_is_neither_answered_nor_passed_on() {
    let mut lab = Lab::new("confirmation");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops[0].clone();
    let customer = "dief@klant.example";
    let first = mail(customer, 0, "", "Retour", "Ik wil bestelling 50001 retourneren.");
    put(&shop.folders, "00000.klant", &first);
    work(&desk).await;
    let talk = rows(&desk, shop.made.tenant).await.remove(0);
    assert_eq!(left(&shop).len(), 1);
    let thread = format!("In-Reply-To: <{}>\r\n", talk.reply_message_id.clone().unwrap());
    let reply_to = format!("Reply-To: {customer}\r\n");
    // Without a header that says what they are, and from senders with names like a person's.
    let mails = [
        (
            "team@chat.example",
            "",
            "Bevestig je e-mailadres",
            "Iemand meldde zich aan met dit adres. Bevestig met https://chat.example/v?t=GEHEIM1 of de code 481516.",
        ),
        (
            "appelid@fruit.example",
            thread.as_str(),
            "Je verificatiecode",
            "Je code is 481516. Heb je dit niet aangevraagd, annuleer de aanvraag dan.",
        ),
        (
            "service@bank.example",
            reply_to.as_str(),
            "Confirm your email address",
            "Please confirm your address to open your account: https://bank.example/confirm/GEHEIM1\n\nIf you did not ask for this, you can cancel the request.",
        ),
        (
            "hello@werkruimte.example",
            "",
            "You are invited to join the workspace",
            "Click https://werkruimte.example/join/GEHEIM1 to join everybody with an address at this shop. The order of the steps does not matter.",
        ),
        (
            "accounts@zoek.example",
            "",
            "Reset your password",
            "We received a request to reset the password. Use 481516 or https://zoek.example/reset?k=GEHEIM1. I want to return to the sign-in page: go back.",
        ),
    ];
    for (number, (from, more, subject, text)) in mails.iter().enumerate() {
        let raw = mail(from, 0, more, subject, text);
        put(&shop.folders, &format!("{:05}.derde", number + 1), &raw);
    }
    work(&desk).await;
    let rows = rows(&desk, shop.made.tenant).await;
    assert_eq!(rows.len(), mails.len() + 1);
    let replies = left(&shop);
    assert!(replies.is_empty(), "{replies:?}");
    for (row, (from, ..)) in rows[1..].iter().zip(&mails) {
        assert_ne!(row.fate, Some(Fate::Answered), "{row:?}");
        assert_ne!(row.thread_id, talk.thread_id, "{from} stands below the customer's talk");
        let of = row.customer_email.as_deref().unwrap_or(from);
        assert_eq!(of, *from, "it was taken for somebody else's");
    }
    // What waits for a person and would go to anybody but whoever wrote it repeats neither link nor
    // code.
    let client = behind(&database).await;
    let drafts = "select count(*) from public.outbox where recipient like '%@klant.example' \
        and body_text || body_html ~ 'GEHEIM1|481516'";
    let repeated: i64 = client.query_one(drafts, &[]).await.unwrap().get(0);
    assert_eq!(repeated, 0);
    // Nor does what the customer writes next bring any of it.
    let more = thread.replace("In-Reply-To", "References");
    let next = mail(customer, 0, &more, "Re: Retour", "Wat is de code?");
    put(&shop.folders, "00100.klant", &next);
    work(&desk).await;
    assert!(
        left(&shop).iter().all(|(_, text)| !text.contains("GEHEIM1") && !text.contains("481516"))
    );
    database.stop().await.unwrap();
}

/// The borders of days, the night in which an hour comes twice, and zones: mail is read by its
/// number, each is kept once, and order and budgets go by instants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c32_days_and_zones_lose_nothing_and_budgets_roll() {
    let mut lab = Lab::new("days");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops[0].clone();
    let dates = [
        "Tue, 24 Mar 2026 23:59:59 +0100",
        "Wed, 25 Mar 2026 00:00:00 +0100",
        "Tue, 24 Mar 2026 23:59:59 -1200",
        "Wed, 25 Mar 2026 00:00:00 +1400",
        // The hour that comes twice, and the one that never comes.
        "Sun, 25 Oct 2026 02:30:00 +0200",
        "Sun, 25 Oct 2026 02:30:00 +0100",
        "Sun, 29 Mar 2026 02:30:00 +0100",
        "Thu, 31 Dec 2026 23:59:60 +0000",
        "Tue, 29 Feb 2028 24:00:00 +0000",
        "Thu, 1 Jan 1970 00:00:00 +0000",
    ];
    for (number, date) in dates.iter().enumerate() {
        let more = format!("Date: {date}\r\nMessage-ID: <dag{number}@klant.example>\r\n");
        let text = format!("Is artikel {number} nog te krijgen?");
        let raw = mail(&format!("klant{number}@klant.example"), 0, &more, "Vraag", &text);
        put(&shop.folders, &format!("{number:05}.klant"), &raw);
    }
    work(&desk).await;
    assert_eq!(rows(&desk, shop.made.tenant).await.len(), dates.len(), "no gap");

    // The budget of an address is the last 24 hours, not a day of any calendar.
    let ask = async |number: usize| {
        let text = format!("Ik wil bestelling {} retourneren.", 50_000 + number);
        let raw = mail("anna@klant.example", 0, "", &format!("Retour {number}"), &text);
        put(&shop.folders, &format!("{number:05}.anna"), &raw);
        work(&desk).await;
        left(&shop).len()
    };
    for number in 1..=BUDGET {
        assert_eq!(ask(number).await, 1, "{number}");
    }
    assert_eq!(ask(10).await, 0, "spent");
    let client = behind(&database).await;
    let age = "update public.outbox set created_at = now() - $1::text::interval where automatic";
    client.execute(age, &[&"23 hours 58 minutes"]).await.unwrap();
    assert_eq!(ask(11).await, 0, "still spent");
    client.execute(age, &[&"24 hours 1 minute"]).await.unwrap();
    assert_eq!(ask(12).await, 1, "and free again");
    database.stop().await.unwrap();
}

/// Moves the database's clock by so much: nobody can set it, so every time that is written down
/// moves the other way, which to every statement is the same.
async fn jump(client: &Client, clock: &str) {
    let tables = "select format('update public.%I set %s', c.table_name, \
          string_agg(format('%1$I = %1$I - %2$L::interval', c.column_name, $1::text), ', ')) \
        from information_schema.columns c \
        join information_schema.tables t using (table_schema, table_name) \
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' \
          and c.data_type = 'timestamp with time zone' and c.is_generated = 'NEVER' \
          and c.table_name = any (array['jobs', 'outbox', 'customer_interactions', \
            'conversation_threads', 'raw_messages', 'mailboxes', 'offers', 'receipts', 'notifications']) \
        group by c.table_name";
    let statements = client.query(tables, &[&clock]).await.unwrap();
    assert!(statements.len() >= 8, "{}", statements.len());
    for statement in statements {
        client.batch_execute(statement.get(0)).await.unwrap();
    }
}

/// A clock that jumps a day ahead or back sends nothing in bulk and nothing twice, and throws
/// nothing away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d21_a_clock_that_jumps_a_day_sends_nothing_in_bulk_and_loses_nothing() {
    const REPLIES: usize = 20;
    let mut lab = Lab::new("clock");
    let (database, desk) = Box::pin(by_hand::open(&mut lab, 1)).await;
    let shop = lab.shops[0].clone();
    let client = behind(&database).await;
    let ask = |number: usize| {
        let text = format!("Ik wil bestelling {} retourneren.", 50_000 + number);
        let raw = mail(&format!("klant{number}@klant.example"), 0, "", "Retour", &text);
        put(&shop.folders, &format!("{number:05}.klant"), &raw);
    };
    // One that left, and whose end nobody wrote down: the process died behind the last byte.
    ask(0);
    work(&desk).await;
    assert_eq!(fs::read_dir(shop.folders.sent.join("new")).unwrap().count(), 1);
    let forgotten = "with mail as (update public.outbox set state = 'sending', sent_at = null \
          returning tenant_id, id) \
        insert into public.jobs (tenant_id, id, kind, subject_id, run_at, locked_until, lease_token, attempt) \
        select tenant_id, gen_random_uuid(), 'deliver', id, now() + interval '1 minute', \
          now() + interval '1 minute', gen_random_uuid(), 1 from mail";
    client.batch_execute(forgotten).await.unwrap();
    // The rest can be called back for an hour.
    let wishes = "update public.tenants set undo_seconds = 3600, max_reply_age_hours = 23";
    client.batch_execute(wishes).await.unwrap();
    (1..=REPLIES).for_each(&ask);
    work(&desk).await;
    let states = async || {
        let counted = "select state || coalesce(' ' || state_reason, ''), count(*) \
            from public.outbox group by 1 order by 1";
        let rows = client.query(counted, &[]).await.unwrap();
        let state = |row: &tokio_postgres::Row| (row.get::<_, String>(0), row.get::<_, i64>(1));
        rows.iter().map(state).collect::<Vec<_>>()
    };
    let in_sent = || fs::read_dir(shop.folders.sent.join("new")).unwrap().count();
    let waiting = [("queued".to_owned(), 20), ("sending".to_owned(), 1)];
    assert_eq!(states().await, waiting);

    // A day back: what waits goes on waiting, and new mail is answered.
    jump(&client, "-1 day").await;
    ask(REPLIES + 1);
    work(&desk).await;
    assert_eq!(in_sent(), 1, "nothing leaves before its time");
    assert_eq!(states().await, [("queued".to_owned(), 21), ("sending".to_owned(), 1)]);
    jump(&client, "1 day").await;

    // A day ahead: all is due at once and older than may leave unread. Nothing leaves, nothing is
    // thrown away, and what had left is found and not sent again.
    jump(&client, "1 day").await;
    work(&desk).await;
    assert_eq!(in_sent(), 1, "neither in bulk nor twice");
    assert_eq!(states().await, [("held too_old".to_owned(), 21), ("sent".to_owned(), 1)]);
    let kept = "select count(*) from public.outbox o \
        join public.notifications n on n.tenant_id = o.tenant_id and n.interaction_id = o.interaction_id \
        where o.state = 'held' and o.body_text <> '' and n.detail = 'outbox.held'";
    let kept: i64 = client.query_one(kept, &[]).await.unwrap().get(0);
    assert_eq!(kept, 21, "each stands before a person, as it was written");
    // And back to where it was: a person lets one go, and new mail is answered as ever.
    jump(&client, "-1 day").await;
    let held = "select id from public.outbox where state = 'held' limit 1";
    let id: uuid::Uuid = client.query_one(held, &[]).await.unwrap().get(0);
    let approve =
        async |tx: &store::TenantTx| store::drafts::approve(tx, store::OutboxId(id), None).await;
    desk.store.as_user(&shop.made.claims(), approve).await.unwrap();
    client.batch_execute("update public.tenants set undo_seconds = 0").await.unwrap();
    ask(REPLIES + 2);
    work(&desk).await;
    assert_eq!(in_sent(), 3);
    database.stop().await.unwrap();
}
