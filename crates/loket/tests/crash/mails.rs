//! What customers write: plain mails of every sort, each with the fate it must meet.

use domain::answer::{Case, Outcome, answer};
use domain::decide::{Sender, ThreadState};
use loket::serving::now;
use loket::shop::Shop;
use loket::shop_setup::AUTHSERV_ID;
use store::ingest::Fate;

use super::random::Random;

/// Automatic replies to one address in a day (hazards, decision 11).
const BUDGET: usize = 3;
/// A customer who goes over the budget writes this often.
pub const OVER_BUDGET: usize = 5;

/// A mail to drop into a mailbox.
#[derive(Debug, Clone)]
pub struct TestMail {
    /// Its file name in the mailbox.
    pub name: String,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// The RFC 5322 bytes.
    pub raw: Vec<u8>,
    /// What must become of it.
    pub expected: Expected,
}

/// What must become of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// Exactly this.
    Fate(FateName),
    /// One of [`OVER_BUDGET`] mails of the customer of this number, of which the budget lets
    /// out so many that the rest is drafted.
    OneOf(usize),
}

/// A fate that can be sorted.
pub type FateName = &'static str;

struct Sort {
    from: &'static str,
    header: &'static str,
    verified: bool,
    subject: &'static str,
    body: &'static str,
    fate: Option<Fate>,
}

const fn written(subject: &'static str, body: &'static str) -> Sort {
    Sort { from: "", header: "", verified: true, subject, body, fate: None }
}

/// The sorts; `{n}` is the order number. Where no fate is given, the core says which.
const SORTS: &[Sort] = &[
    written("Retour", "Hallo,\n\nIk wil bestelling {n} retourneren.\n\nGroet,\nSanne"),
    written("Annuleren", "Hallo,\n\nIk wil bestelling {n} annuleren.\n\nGroet,\nDaan"),
    written("Return", "Hello,\n\nI want to return order {n}.\n\nKind regards,\nEmma"),
    written("Pakket", "Hallo,\n\nWaar is mijn pakket van bestelling {n}?\n\nGroet,\nNoor"),
    written("Advocaat", "Als ik mijn geld niet terugkrijg, schakel ik mijn advocaat in."),
    written("Terug", "Hallo,\n\nGraag retour van bestelling {n}.\n\nGroet,\nMees"),
    written("Vraag", "Hallo,\n\nIs de tas ook in het groen te koop?\n\nGroet,\nLotte"),
    written("Dank", "Hallo,\n\nHartelijk dank voor de snelle hulp!\n\nGroet,\nFemke"),
    Sort {
        verified: false,
        ..written("Retour", "Hallo,\n\nIk wil bestelling {n} retourneren.\n\nGroet,\nJip")
    },
    Sort {
        header: "Auto-Submitted: auto-replied\r\n",
        fate: Some(Fate::Automatic),
        ..written("Afwezig", "Ik ben er niet. Bestelling {n} lees ik later.")
    },
    Sort {
        from: "verkoop{n}@linkbouw.example",
        fate: Some(Fate::Filtered),
        ..written("Links", "Wij bouwen links voor uw winkel.")
    },
];

/// `count` mails to the shop of this number.
pub fn generate(
    shop_number: usize,
    count: usize,
    shop: &Shop,
    random: &mut Random,
) -> Vec<TestMail> {
    let mut mails: Vec<TestMail> = (0..count)
        .map(|number| {
            if number % 97 == 0 {
                return broken(shop_number, number);
            }
            let sort = random.one_of(SORTS);
            one(shop_number, number, None, sort, shop)
        })
        .collect();
    // A few customers write more often in a day than a machine may answer.
    for eager in 0..count.div_ceil(100) {
        let first = 1 + eager * 60;
        for (number, mail) in mails.iter_mut().enumerate().skip(first).take(OVER_BUDGET) {
            *mail = one(shop_number, number, Some(eager), written_return(), shop);
        }
    }
    mails
}

const fn written_return() -> &'static Sort {
    match SORTS.first() {
        Some(sort) => sort,
        None => unreachable!(),
    }
}

fn one(
    shop_number: usize,
    number: usize,
    eager: Option<usize>,
    sort: &Sort,
    shop: &Shop,
) -> TestMail {
    let order = format!("{}", 10_000 + shop_number * 10_000 + number);
    let from = match (eager, sort.from) {
        (Some(eager), _) => format!("veelschrijver{eager}@klant.example"),
        (None, "") => format!("klant{number}@klant.example"),
        (None, pattern) => pattern.replace("{n}", &number.to_string()),
    };
    let body = sort.body.replace("{n}", &order);
    let message_id = format!("m{number}.s{shop_number}@klant.example");
    let verdict = if sort.verified { "pass" } else { "fail" };
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let raw = format!(
        "Authentication-Results: {AUTHSERV_ID};\r\n spf={verdict} smtp.mailfrom={from};\r\n \
         dkim={verdict} header.i=@{domain};\r\n dmarc={verdict} header.from={domain}\r\n\
         From: {from}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{message_id}>\r\n{}\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
        address(shop_number),
        sort.subject,
        sort.header,
        body.replace('\n', "\r\n"),
    )
    .into_bytes();
    let alone = sort.fate.unwrap_or_else(|| decided(&raw, &from, sort.verified, shop));
    let expected = match eager {
        Some(eager) if alone == Fate::Answered => Expected::OneOf(eager),
        _ => Expected::Fate(alone.as_str()),
    };
    TestMail { name: format!("{number:05}.klant"), message_id, raw, expected }
}

/// Bytes that are no mail: there is nobody to answer.
fn broken(shop_number: usize, number: usize) -> TestMail {
    let mut raw = b"\0\xff\xfe=?utf-8?Q?=ZZ?= boundary=\"\r\n\r\n--\r\n".to_vec();
    raw.extend(number.to_be_bytes());
    TestMail {
        name: format!("{number:05}.kapot"),
        message_id: format!("none{number}.s{shop_number}"),
        raw,
        expected: Expected::Fate(Fate::Quarantined.as_str()),
    }
}

/// What the core says of the mail on its own.
fn decided(raw: &[u8], from: &str, verified: bool, shop: &Shop) -> Fate {
    let message = mail::parse::parse(raw).expect("a plain mail").message;
    let sender = Sender {
        email: from.to_owned(),
        name: String::new(),
        verified,
        reply_to_elsewhere: false,
        doubt: None,
    };
    let now = now();
    let answer = answer(&Case {
        now,
        received_at: now,
        subject: &message.subject,
        body: &message.text,
        earlier: &[],
        sender: &sender,
        terms: &shop.terms,
        templates: &shop.templates,
        thread: &ThreadState::default(),
        order: None,
    });
    match answer.outcome {
        Outcome::Send(_) => Fate::Answered,
        Outcome::Keep(_) => Fate::Drafted,
        Outcome::Nothing => Fate::Held,
    }
}

/// The mail address of the shop of this number.
pub fn address(shop_number: usize) -> String {
    format!("service@winkel{shop_number}.example")
}

/// How many of an eager customer's mails must be answered and how many drafted.
pub const fn within_budget() -> (usize, usize) {
    (BUDGET, OVER_BUDGET - BUDGET)
}
