//! `loket explain`: one mail, or a stream of them as JSON lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use domain::answer::{Answer, Case, answer};
use domain::contract::{Cents, Language, Percentage};
use domain::decide::{OrderFacts, Sender, ThreadState};
use domain::understand::{Earlier, Reading};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use super::output;
use crate::shop::Shop;
use crate::shop_file::ShopFile;

/// A line of a batch is at most this long; a longer one is answered with an error.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// How much is read at once.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// The options.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mail as a file; `-` reads standard input.
    #[arg(required_unless_present = "batch")]
    mail: Option<PathBuf>,
    /// A file with one JSON object per line (id, from, subject, body, optional thread); `-`
    /// reads standard input. Answers stream in the same order.
    #[arg(long, conflicts_with = "mail")]
    batch: Option<PathBuf>,
    /// The shop whose rules apply: `demo`, or the path of a shop file.
    #[arg(long, default_value = "demo")]
    shop: String,
    /// What the shop's system says about the order, as a JSON file.
    #[arg(long, conflicts_with = "batch")]
    order: Option<PathBuf>,
    /// Prints JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// One line of a batch.
#[derive(Debug, Deserialize)]
pub struct Line {
    /// Comes back with the answer.
    #[serde(default)]
    pub id: Value,
    /// The sender: `Name <address>` or an address.
    #[serde(default)]
    pub from: String,
    /// The subject.
    #[serde(default)]
    pub subject: String,
    /// The whole text.
    pub body: String,
    /// Earlier messages, oldest first: texts, or objects with `from` and `body`.
    #[serde(default)]
    pub thread: Value,
    /// What the shop's system says about the order.
    #[serde(default)]
    pub order: Option<OrderFacts>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let shop = ShopFile::named(&arguments.shop)?.build()?;
    if let Some(path) = &arguments.batch {
        return batch(path, &shop);
    }
    let Some(path) = &arguments.mail else { bail!("name a mail, or --batch FILE") };
    let raw = if path.as_os_str() == "-" {
        io::read_to_string(io::stdin())?.into_bytes()
    } else {
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?
    };
    let message = mail::parse::parse(&raw)
        .with_context(|| format!("{} is not a mail that can be read", path.display()))?
        .message;
    let order = match &arguments.order {
        Some(path) => Some(serde_json::from_reader(File::open(path)?)?),
        None => None,
    };
    let line = Line {
        id: Value::Null,
        from: format!("{} <{}>", message.from.name, message.from.email),
        subject: message.subject.clone(),
        body: message.text.clone(),
        thread: Value::Null,
        order,
    };
    let automatic = domain::message::automatic::classify(&message);
    let answer = explain(&line, &shop);
    if arguments.json {
        let mut shown = shown(&line, &answer);
        if let (Some(fields), Some(automatic)) = (shown.as_object_mut(), automatic) {
            fields.insert("automatic".to_owned(), serde_json::to_value(automatic)?);
        }
        return output::line(&serde_json::to_string_pretty(&shown)?);
    }
    if let Some(automatic) = automatic {
        output::line(&format!("written by a machine ({}): never answered\n", automatic.told_by))?;
    }
    output::line(&super::report::answer(&answer))
}

/// Streams a batch: one line in, one line out, nothing kept in between.
fn batch(path: &PathBuf, shop: &Shop) -> anyhow::Result<()> {
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?)
    };
    let mut input = BufReader::with_capacity(READ_AHEAD_BYTES, source);
    let mut output = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        // Whoever writes one line and waits for its answer must not wait for a full buffer.
        if input.buffer().is_empty() {
            match output.flush() {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                flushed => flushed?,
            }
        }
        let length = read_line(&mut input, &mut line)?;
        if length == 0 {
            return Ok(());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let shown = if length > MAX_LINE_BYTES {
            json!({ "id": null, "error": "the line is too long" })
        } else {
            match serde_json::from_slice::<Line>(&line) {
                Ok(line) => shown(&line, &explain(&line, shop)),
                Err(error) => json!({ "id": id_of(&line), "error": error.to_string() }),
            }
        };
        match serde_json::to_writer(&mut output, &shown)
            .map_err(io::Error::from)
            .and_then(|()| output.write_all(b"\n"))
        {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
}

/// Reads one line into `line`, which keeps at most [`MAX_LINE_BYTES`]; says how long the line
/// was.
pub fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let mut length = 0_usize;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(length);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        if line.len() < MAX_LINE_BYTES {
            line.extend(buffer.iter().take(taken));
        }
        length += taken;
        input.consume(taken);
        if end.is_some() {
            return Ok(length);
        }
    }
}

/// The id of a line that could not be used otherwise.
fn id_of(line: &[u8]) -> Value {
    serde_json::from_slice::<Value>(line)
        .ok()
        .and_then(|value| value.get("id").cloned())
        .unwrap_or(Value::Null)
}

/// Works one line as if its sender were vouched for and nothing had been said before.
pub fn explain(line: &Line, shop: &Shop) -> Answer {
    let earlier = earlier(&line.thread);
    let earlier: Vec<Earlier<'_>> =
        earlier.iter().map(|(by_shop, body)| Earlier { by_shop: *by_shop, body }).collect();
    let now = now();
    answer(&Case {
        now,
        received_at: now,
        subject: &line.subject,
        body: &line.body,
        earlier: &earlier,
        sender: &sender(&line.from),
        terms: &shop.terms,
        templates: &shop.templates,
        thread: &ThreadState::default(),
        order: line.order.as_ref(),
    })
}

#[expect(clippy::disallowed_methods, reason = "the shell is where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// `Name <address>` apart.
fn sender(from: &str) -> Sender {
    let (name, email) = match from.rsplit_once('<') {
        Some((name, rest)) => (name, rest.trim_end_matches(['>', ' '])),
        None => ("", from),
    };
    Sender {
        email: email.trim().to_lowercase(),
        name: name.trim().trim_matches('"').to_owned(),
        verified: true,
        reply_to_elsewhere: false,
        doubt: None,
    }
}

/// The earlier messages, in whatever of the usual forms they come.
pub fn earlier(thread: &Value) -> Vec<(bool, String)> {
    let text = |value: &Value| {
        ["body", "text", "content", "message"]
            .iter()
            .find_map(|key| value.get(*key).and_then(Value::as_str))
            .map(str::to_owned)
    };
    let by_shop = |value: &Value| {
        ["from", "role", "sender", "sender_type", "direction", "author"]
            .iter()
            .find_map(|key| value.get(*key).and_then(Value::as_str))
            .is_some_and(|who| {
                matches!(
                    who.to_lowercase().as_str(),
                    "shop"
                        | "agent"
                        | "eva"
                        | "assistant"
                        | "out"
                        | "outgoing"
                        | "outbound"
                        | "admin"
                        | "ai"
                        | "winkel"
                        | "merchant"
                        | "support"
                        | "seller"
                )
            })
    };
    match thread {
        Value::String(text) => vec![(true, text.clone())],
        Value::Array(items) => items
            .iter()
            .filter_map(|item| match item {
                Value::String(text) => Some((true, text.clone())),
                other => Some((by_shop(other), text(other)?)),
            })
            .collect(),
        Value::Object(_) => text(thread).map(|text| (by_shop(thread), text)).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The answer as JSON.
fn shown(line: &Line, answer: &Answer) -> Value {
    let decision = &answer.decision;
    let sentences = |language| -> Vec<String> {
        decision.because.iter().map(|reason| reason.sentence(language)).collect()
    };
    json!({
        "id": line.id,
        "reading": ShownReading::of(&answer.reading),
        "decision": decision,
        "because": { "nl": sentences(Language::Dutch), "en": sentences(Language::English) },
        "draft": answer.draft().map(|draft| json!({
            "subject": draft.subject,
            "language": draft.language,
            "text": draft.text(),
            "html": draft.html(),
        })),
        "guard": {
            "sends": answer.sends(),
            "objections": answer.objections,
            "template_error": answer.template_error.as_ref().map(ToString::to_string),
        },
    })
}

/// A reading under the names that `explain` and `eval` share.
#[derive(Debug, Serialize)]
pub struct ShownReading<'a> {
    language: Language,
    intents: domain::contract::IntentSet,
    threat: bool,
    threat_kind: Option<domain::contract::ThreatKind>,
    mood: domain::contract::Mood,
    offer_response: Option<domain::contract::OfferResponse>,
    counter_percentage: Option<Number>,
    counter_amount_eur: Option<Number>,
    order_number: Option<&'a str>,
    new_address: Option<&'a domain::understand::NewAddress>,
    must_escalate: bool,
    escalate: &'a [domain::contract::EscalationReason],
    evidence: &'a [domain::understand::Evidence],
}

impl<'a> ShownReading<'a> {
    /// Of a reading.
    pub fn of(reading: &'a Reading) -> Self {
        Self {
            language: reading.language,
            intents: reading.intents,
            threat: reading.threat(),
            threat_kind: reading.threat_kind,
            mood: reading.mood,
            offer_response: reading.offer_response,
            counter_percentage: reading.counter_percentage.and_then(percent),
            counter_amount_eur: reading.counter_amount.and_then(euros),
            order_number: reading.order_number.as_deref(),
            new_address: reading.new_address.as_ref(),
            must_escalate: reading.must_escalate(),
            escalate: &reading.escalate,
            evidence: &reading.evidence,
        }
    }
}

/// 1250 basis points as the JSON number 12.5, whole percents without a point.
fn percent(percentage: Percentage) -> Option<Number> {
    hundredths(i64::from(percentage.basis_points()))
}

fn euros(cents: Cents) -> Option<Number> {
    hundredths(cents.0)
}

fn hundredths(value: i64) -> Option<Number> {
    if value % 100 == 0 {
        return Some(Number::from(value / 100));
    }
    format!("{}.{:02}", value / 100, value.unsigned_abs() % 100).parse().ok()
}
