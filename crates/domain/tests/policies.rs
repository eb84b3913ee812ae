//! The cases beside the rules: every mail in `policies/*/cases.toml` goes through the core and
//! must end as its case says.
//!
//! Twice: once with what a careful person reads in it (`reading`), which holds the rules, the
//! templates and the guard to the case without exception; and once with what the reader reads,
//! which says how often the whole of it gets there. How well the reader reads as such is
//! measured by `loket eval`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a case that cannot be read fails the test")]

#[expect(dead_code, reason = "the desk of the decisions, of which the cases need a part")]
mod support;
#[path = "support/cases.rs"]
mod cases;

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::path::Path;

use cases::{Case, Cases, Expect, Writer, request, rules_with};
use domain::compose::{Draft, Templates, compose};
use domain::contract::{Language, Percentage, RuleKey};
use domain::decide::{Action, Decision, Part, Verdict, watch_word};
use domain::guard::{Context, Objection, approve, inspect};
use domain::understand::{self, Input, Reading};
use support::Desk;

/// The least number of cases a rule has, and of those in English.
const AT_LEAST: (usize, usize) = (40, 12);

/// What became of one mail.
struct Outcome {
    reading: Reading,
    decision: Decision,
    draft: Option<Draft>,
    objections: Vec<Objection>,
    sent: bool,
}

#[test]
fn every_case_beside_the_rules_holds() {
    let mut wrong = String::new();
    let mut seen = BTreeSet::new();
    for key in RuleKey::ALL {
        let cases = cases_of(*key);
        let mut english = 0;
        for case in &cases {
            assert!(seen.insert(case.says.clone()), "said twice: {}", case.says);
            match play(case, case.reading.alone()) {
                Err(refused) if refused == case.expect.refused => {}
                Err(refused) => {
                    writeln!(wrong, "\n### {key}: {}\n  {refused:?}", case.says).unwrap();
                }
                Ok(outcome) => {
                    english += usize::from(outcome.decision.language == Language::English);
                    let problems = problems(&case.expect, &outcome);
                    if !problems.is_empty() {
                        wrong.push_str(&report(*key, case, &outcome, &problems));
                    }
                }
            }
        }
        println!("{key}: {} cases, {english} of them in English", cases.len());
        if cases.len() < AT_LEAST.0 || english < AT_LEAST.1 {
            writeln!(wrong, "\n### {key}: {} cases, {english} in English", cases.len()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{} cases fail\n{wrong}", wrong.matches("\n### ").count());
}

/// How many of the mails end as their case says with the reader alone, in basis points. A
/// floor under what was measured, so that a worse reader is noticed.
const READER_FLOOR: usize = 7_000;

#[test]
fn the_reader_alone_ends_most_cases_right() {
    let (mut mails, mut right, mut missed) = (0, 0, String::new());
    for key in RuleKey::ALL {
        for case in cases_of(*key).iter().filter(|case| case.mail.is_some()) {
            let Ok(outcome) = play(case, read(case)) else { continue };
            mails += 1;
            let problems = problems(&case.expect, &outcome);
            if problems.is_empty() {
                right += 1;
            } else {
                writeln!(missed, "  {key}: {}", case.says).unwrap();
            }
        }
    }
    println!("the reader alone ends {right} of {mails} cases right; not:\n{missed}");
    assert!(right * 10_000 >= mails * READER_FLOOR, "{right} of {mails}");
}

fn cases_of(key: RuleKey) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies").join(key.as_str());
    let text = std::fs::read_to_string(path.join("cases.toml")).unwrap();
    let cases: Cases = toml::from_str(&text).unwrap_or_else(|error| panic!("{key}: {error}"));
    cases.case
}

/// Reads, decides, composes and inspects, as the shell does; or what the rules refuse.
fn play(case: &Case, reading: Reading) -> Result<Outcome, Vec<String>> {
    let mut desk = Desk::new();
    desk.received_at = case.received.unwrap_or(desk.received_at);
    desk.now = desk.received_at;
    case.shop.over(&mut desk.terms);
    case.sender.over(&mut desk.sender);
    desk.terms.rules = rules_with(&case.rules)?;
    desk.thread = case.thread_state(desk.now);
    desk.order.clone_from(&case.order);
    desk.reading = reading;
    let mail = case.mail.as_deref().unwrap_or_default();
    let words = &desk.terms.rules.dreiging_detectie.config.extra_words;
    let text = format!("{}\n{mail}", case.subject);
    desk.watch_word = watch_word(&text, words).map(str::to_owned);
    let decision = desk.decide();
    assert_eq!(decision, desk.decide(), "{}", case.says);
    let templates = Templates::master().unwrap();
    let draft = compose(&decision, &desk.terms, &desk.sender, &case.subject, &templates)
        .unwrap_or_else(|error| panic!("{}: {error}", case.says));
    let context = Context {
        decision: &decision,
        terms: &desk.terms,
        sender: &desk.sender,
        subject: &case.subject,
    };
    let objections = draft.as_ref().map(|draft| inspect(draft, &context)).unwrap_or_default();
    let sent = draft.clone().is_some_and(|draft| approve(draft, &context).is_ok());
    Ok(Outcome { reading: desk.reading, decision, draft, objections, sent })
}

/// What the reader reads.
fn read(case: &Case) -> Reading {
    let thread: Vec<_> = case
        .thread
        .iter()
        .map(|earlier| understand::Earlier {
            by_shop: earlier.from == Writer::Shop,
            body: &earlier.body,
        })
        .collect();
    let body = case.mail.as_deref().unwrap_or_default();
    understand::read(&Input { subject: &case.subject, body, thread: &thread })
}

/// Where the outcome differs from what the case names, and from what holds for every case.
fn problems(expect: &Expect, outcome: &Outcome) -> Vec<String> {
    let Outcome { decision, draft, .. } = outcome;
    let mut problems = floors(outcome);
    if !expect.refused.is_empty() {
        problems.push(format!("these were saved: {:?}", expect.refused));
    }
    let mut compare = Compare(&mut problems);
    compare.equal("action", expect.action.as_ref(), &decision.action);
    let percentage = expect.compensatie_percentage.map(Percentage::from_percents);
    compare.equal("compensatie_percentage", percentage.as_ref(), &decision.compensatie_percentage);
    compare.equal("ladder_stap", expect.ladder_stap.as_ref(), &decision.ladder_stap.number());
    compare.equal("dreiging", expect.dreiging.as_ref(), &decision.dreiging_detected);
    compare.equal("annulering", expect.annulering.as_ref(), &decision.annulering_aangevraagd);
    let level = u8::from(decision.escalation_level);
    compare.equal("escalation_level", expect.escalation_level.as_ref(), &level);
    compare.equal("sent", expect.sent.as_ref(), &outcome.sent);
    compare.equal("language", expect.language.as_ref(), &decision.language);
    let says = decision.parts.iter().map(passage).collect();
    compare.equal("says", expect.says.as_ref(), &says);
    let ledger = decision.ledger.iter().map(|entry| entry.kind).collect();
    compare.equal("ledger", expect.ledger.as_ref(), &ledger);
    for (word, verdict) in &expect.rulings {
        compare.equal(word, Some(&Some(*verdict)), &decision.ruling(request(word)));
    }
    let objections = outcome.objections.iter().map(|objection| objection.kind).collect();
    compare.equal("objections", Some(&expect.objections), &objections);
    let codes: Vec<_> = decision.because.iter().map(|reason| reason.code).collect();
    let kinds: Vec<_> = decision.alerts.iter().map(|alert| alert.kind).collect();
    let text = draft.as_ref().map(Draft::text).unwrap_or_default();
    compare.holds("because", &expect.because, |code| codes.contains(code));
    compare.holds("not_because", &expect.not_because, |code| !codes.contains(code));
    compare.holds("alerts", &expect.alerts, |kind| kinds.contains(kind));
    compare.holds("draft_has", &expect.draft_has, |words| text.contains(words.as_str()));
    compare.holds("draft_lacks", &expect.draft_lacks, |words| !text.contains(words.as_str()));
    problems
}

/// What holds for every mail, whatever its case names.
fn floors(outcome: &Outcome) -> Vec<String> {
    let Outcome { reading, decision, draft, objections, sent } = outcome;
    let mut problems = Vec::new();
    let mut floor = |holds: bool, what: &str| {
        if !holds {
            problems.push(format!("floor: {what}"));
        }
    };
    let denied = decision.rulings.iter().any(|ruling| ruling.verdict == Verdict::Deny);
    let person = reading.threat() || reading.must_escalate();
    floor(!(*sent && denied), "a decision against the customer is never sent");
    floor(!(*sent && person), "a threat or a wish for a person is never answered by itself");
    let clean = objections.is_empty();
    floor(*sent == (clean && decision.action == Action::Reply), "decided and clean is sent");
    floor(
        draft.as_ref().is_none_or(|draft| draft.disclosure_html.contains("AI")),
        "every draft says that an AI wrote it",
    );
    floor(!decision.because.is_empty(), "every decision has a reason");
    problems
}

/// Collects differences.
struct Compare<'a>(&'a mut Vec<String>);

impl Compare<'_> {
    fn equal<T: PartialEq + Debug>(&mut self, name: &str, expected: Option<&T>, found: &T) {
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            self.0.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }

    fn holds<T: Debug>(&mut self, name: &str, expected: &[T], test: impl Fn(&T) -> bool) {
        for value in expected.iter().filter(|value| !test(value)) {
            self.0.push(format!("{name}: {value:?} does not hold"));
        }
    }
}

fn passage(part: &Part) -> String {
    format!("{}.{}", part.rule.map_or("frame", RuleKey::as_str), part.section)
}

/// Everything a person needs to see what happened.
fn report(key: RuleKey, case: &Case, outcome: &Outcome, problems: &[String]) -> String {
    let Outcome { reading, decision, draft, objections, sent } = outcome;
    let reasons: Vec<_> = decision
        .because
        .iter()
        .map(|reason| format!("{} {}", reason.code.as_str(), reason.fact))
        .collect();
    let mail = case.mail.as_deref().unwrap_or("(no mail, only a reading)");
    let draft = draft.as_ref().map_or_else(|| "(no draft)".to_owned(), Draft::text);
    format!(
        "\n### {key}: {}\n  - {}\n-- mail: {}\n{mail}\n-- reading: {}\n-- decision: {:?}, level {:?}, {} %, \
         step {}, rulings {:?}\n   because {:?}\n   says {:?}\n   ledger {:?}\n-- draft \
         (sent: {sent}, objections: {objections:?}):\n{draft}\n",
        case.says,
        problems.join("\n  - "),
        case.subject,
        serde_json::to_string(reading).unwrap(),
        decision.action,
        decision.escalation_level,
        decision.compensatie_percentage,
        decision.ladder_stap.number(),
        decision.rulings,
        reasons,
        decision.parts.iter().map(passage).collect::<Vec<_>>(),
        decision.ledger,
    )
}
