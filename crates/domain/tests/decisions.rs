//! What must hold for every decision, over random facts and random talks.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use domain::compose::{Templates, compose};
use domain::contract::{
    EscalationLevel, EscalationReason, Intent, Language, Mood, OfferResponse, Percentage,
    ThreatKind,
};
use domain::decide::ladder::{ceiling, same_number};
use domain::decide::{Action, Decision, LedgerKind, OrderFacts, ReasonCode, Request, Verdict};
use domain::guard::{Context, approve, inspect};
use domain::message::Doubt;
use domain::policy::OrderStatus;
use jiff::SignedDuration;
use proptest::prelude::*;
use support::{Desk, answer, offered, reading, threat};

fn codes(decision: &Decision) -> Vec<ReasonCode> {
    decision.because.iter().map(|reason| reason.code).collect()
}

fn sent(desk: &Desk, decision: &Decision) -> bool {
    let templates = Templates::master().unwrap();
    let draft = compose(decision, &desk.terms, &desk.sender, "Vraag", &templates).unwrap();
    let context = Context { decision, terms: &desk.terms, sender: &desk.sender, subject: "Vraag" };
    draft.is_some_and(|draft| approve(draft, &context).is_ok())
}

#[test]
fn a_plain_return_is_granted_and_sent() {
    let desk = Desk::new().wants(&[Intent::Return]);
    let decision = desk.decide();
    assert_eq!(decision.action, Action::Reply);
    assert_eq!(decision.ruling(Request::Return), Some(Verdict::Allow));
    assert!(codes(&decision).contains(&ReasonCode::WithdrawalRight));
    assert!(sent(&desk, &decision));
}

#[test]
fn the_default_is_to_hold() {
    let decision = Desk::new().decide();
    assert_eq!(decision.action, Action::Hold);
    for intent in [Intent::Question, Intent::OrderStatus, Intent::Invoice, Intent::Complaint] {
        assert_eq!(Desk::new().wants(&[intent]).decide().action, Action::Hold, "{intent}");
        let both = Desk::new().wants(&[Intent::Return, intent]).decide();
        let expected = if intent == Intent::Complaint { Action::Reply } else { Action::Hold };
        assert_eq!(both.action, expected, "return and {intent}");
    }
}

/// What a wall is made of.
type Change = fn(&mut Desk);

#[test]
fn every_wall_holds() {
    let open = Desk::new().wants(&[Intent::Return]);
    let walled = |change: fn(&mut Desk)| {
        let mut desk = open.clone();
        change(&mut desk);
        desk.decide()
    };
    assert_eq!(walled(|_| {}).action, Action::Reply);
    let walls: [(Change, ReasonCode); 14] = [
        (|desk| desk.terms.active = false, ReasonCode::ShopNotActive),
        (|desk| desk.terms.automatic_sending = false, ReasonCode::DraftsOnly),
        (|desk| desk.sender.verified = false, ReasonCode::SenderUnverified),
        (|desk| desk.sender.reply_to_elsewhere = true, ReasonCode::ReplyToElsewhere),
        (|desk| desk.sender.doubt = Some(Doubt::LooksAutomatic), ReasonCode::LooksAutomatic),
        (|desk| desk.sender.doubt = Some(Doubt::ContactForm), ReasonCode::ContactForm),
        (|desk| desk.sender.doubt = Some(Doubt::Colleague), ReasonCode::Colleague),
        (|desk| desk.sender.doubt = Some(Doubt::PartlyRead), ReasonCode::PartlyRead),
        (|desk| desk.sender.doubt = Some(Doubt::SameNumber), ReasonCode::SameNumber),
        (|desk| desk.reading.language = Language::German, ReasonCode::LanguageNotOurs),
        (|desk| desk.thread.automatic_replies_to_address = 3, ReasonCode::BudgetSpent),
        (|desk| desk.thread.automatic_replies_of_shop = 400, ReasonCode::ShopBreaker),
        (|desk| desk.thread.person_took_over = true, ReasonCode::PersonTookOver),
        (|desk| desk.thread.newer_mail_waits = true, ReasonCode::NewerMailWaits),
    ];
    for (change, code) in walls {
        let decision = walled(change);
        assert_eq!(decision.action, Action::Hold, "{code:?}");
        assert!(codes(&decision).contains(&code), "{code:?}");
    }
    let mut watched = open.clone();
    watched.watch_word = Some("notaris".to_owned());
    assert_eq!(watched.decide().action, Action::Hold);
}

#[test]
fn a_threat_leaves_only_an_acknowledgement() {
    for kind in ThreatKind::ALL {
        let mut desk = Desk::new().with_ladder().wants(&[
            Intent::Return,
            Intent::Cancel,
            Intent::Compensation,
        ]);
        (desk.reading.threat_kind, desk.reading.escalate) = threat(*kind);
        let decision = desk.decide();
        assert_eq!(decision.action, Action::Hold, "{kind}");
        assert_eq!(decision.escalation_level, EscalationLevel::Serious);
        assert!(decision.compensatie_percentage.is_zero());
        assert_eq!(decision.parts.len(), 1, "{:?}", decision.parts);
        assert!(!sent(&desk, &decision));
    }
}

#[test]
fn the_ladder_is_off_until_it_is_turned_on() {
    let decision = Desk::new().wants(&[Intent::Compensation]).decide();
    assert_eq!(decision.action, Action::Hold);
    assert!(codes(&decision).contains(&ReasonCode::LadderOff));
}

#[test]
fn the_right_to_return_stands_before_the_offer() {
    let desk = Desk::new().with_ladder().wants(&[Intent::Compensation]);
    let decision = desk.decide();
    let sections: Vec<_> = decision.parts.iter().map(|part| part.section.as_str()).collect();
    assert_eq!(sections, ["right", "offer"]);
    assert_eq!(decision.compensatie_percentage, Percentage::from_percents(10));
    assert!(sent(&desk, &decision));
}

/// Money for keeping an item is only for whoever has it, and only for their own order.
#[test]
fn an_order_that_is_not_with_its_customer_gets_no_offer() {
    let order = |status, belongs_to_sender| {
        Some(OrderFacts {
            number: "10234".to_owned(),
            status,
            belongs_to_sender,
            changed_before: false,
            wants_exchange: false,
            reason: None,
            refund_method: None,
        })
    };
    let mut desk = Desk::new().with_ladder().wants(&[Intent::Compensation]);
    desk.order = order(OrderStatus::Delivered, true);
    assert_eq!(desk.decide().compensatie_percentage, Percentage::from_percents(10));
    for status in OrderStatus::ALL.iter().filter(|status| **status != OrderStatus::Delivered) {
        desk.order = order(*status, true);
        let decision = desk.decide();
        assert_eq!(decision.action, Action::Hold, "{status:?}");
        assert!(codes(&decision).contains(&ReasonCode::CompensationStatus), "{status:?}");
        assert!(decision.compensatie_percentage.is_zero() && decision.ledger.is_empty());
    }
    desk.order = order(OrderStatus::Delivered, false);
    let foreign = desk.decide();
    assert_eq!(foreign.action, Action::Hold);
    assert!(codes(&foreign).contains(&ReasonCode::NotTheirOrder));
    assert!(foreign.compensatie_percentage.is_zero() && foreign.ledger.is_empty());
}

#[test]
fn beside_a_threat_no_compensation_is_granted() {
    let mut desk = Desk::new().with_ladder().wants(&[Intent::Compensation]);
    assert_eq!(desk.decide().ruling(Request::Compensation), Some(Verdict::Allow));
    (desk.reading.threat_kind, desk.reading.escalate) = threat(ThreatKind::Legal);
    assert_eq!(desk.decide().ruling(Request::Compensation), Some(Verdict::Unknown));
}

#[test]
fn a_haggler_gets_the_next_step_at_most() {
    let mut desk = Desk::new().with_ladder();
    desk.thread.ledger = vec![offered(10, 1, desk.now, None)];
    desk.reading = answer(OfferResponse::Counter, Some(90));
    let decision = desk.decide();
    assert_eq!(decision.compensatie_percentage, Percentage::from_percents(15));
    assert_eq!(decision.ladder_stap.number(), 2);
    desk.reading = answer(OfferResponse::Counter, Some(12));
    assert_eq!(desk.decide().compensatie_percentage, Percentage::from_percents(12));
    desk.thread.ledger.push(offered(15, 2, desk.now, None));
    desk.reading = answer(OfferResponse::Counter, Some(90));
    let exhausted = desk.decide();
    assert_eq!(exhausted.action, Action::Hold);
    assert!(codes(&exhausted).contains(&ReasonCode::LadderExhausted));
}

#[test]
fn a_refusal_ends_the_ladder_and_states_the_way_back() {
    let mut desk = Desk::new().with_ladder();
    desk.thread.ledger = vec![offered(10, 1, desk.now, None)];
    desk.reading = answer(OfferResponse::Reject, None);
    let decision = desk.decide();
    assert_eq!(decision.action, Action::Reply);
    assert!(decision.parts.iter().any(|part| part.section == "right"));
    assert!(sent(&desk, &decision));
    desk.record(&decision, true);
    desk.reading = reading(&[Intent::Compensation]);
    let again = desk.decide();
    assert_eq!(again.action, Action::Hold);
    assert!(codes(&again).contains(&ReasonCode::LadderUsed));
}

#[test]
fn an_answer_without_an_offer_is_held() {
    for response in OfferResponse::ALL {
        let mut desk = Desk::new().with_ladder();
        desk.reading = answer(*response, Some(40));
        let decision = desk.decide();
        assert_eq!(decision.action, Action::Hold, "{response}");
        assert!(decision.compensatie_percentage.is_zero());
    }
}

/// Hazard E27: mood and language of the threat change no right and no amount.
#[test]
fn e27_mood_changes_no_right() {
    let parts = |mood| {
        let mut desk = Desk::new().with_ladder().wants(&[Intent::Return, Intent::Compensation]);
        desk.reading.mood = mood;
        let decision = desk.decide();
        (decision.parts, decision.rulings, decision.compensatie_percentage, decision.action)
    };
    for mood in Mood::ALL {
        assert_eq!(parts(*mood), parts(Mood::Neutral), "{mood}");
    }
}

#[test]
fn order_numbers_are_compared_without_spaces_and_case() {
    assert!(same_number("#NL 882 13", "nl88213"));
    assert!(!same_number("NL-88213", "NL-88214"));
}

fn any_desk() -> impl Strategy<Value = Desk> {
    let intents = prop::collection::vec(0..Intent::ALL.len(), 0..4);
    let response = prop::option::of(0..OfferResponse::ALL.len());
    let moods = 0..Mood::ALL.len();
    let reading_parts = (intents, response, prop::option::of(0_u16..=100), moods, 0_usize..3);
    let state = (prop::option::of(0..ThreatKind::ALL.len()), any::<[bool; 8]>(), 0_u32..5);
    (reading_parts, state).prop_map(
        |((intents, response, wish, mood, order), (kind, flags, sent))| {
            let mut desk = Desk::new();
            if flags[0] {
                desk = desk.with_ladder();
            }
            desk.terms.rules.onderhandeling_logica.config.offer_on_return = flags[1];
            desk.reading = reading(&intents.iter().map(|i| Intent::ALL[*i]).collect::<Vec<_>>());
            desk.reading.offer_response = response.map(|i| OfferResponse::ALL[i]);
            desk.reading.counter_percentage = wish.map(Percentage::from_percents);
            desk.reading.mood = Mood::ALL[mood];
            desk.reading.order_number =
                ["", "A-1", "B-2"].get(order).filter(|o| !o.is_empty()).map(|o| (*o).to_owned());
            if let Some(kind) = kind.filter(|_| flags[2]) {
                (desk.reading.threat_kind, desk.reading.escalate) = threat(ThreatKind::ALL[kind]);
            }
            if flags[3] && flags[4] {
                desk.reading.escalate.push(EscalationReason::AsksForPerson);
            }
            desk.sender.verified = !(flags[5] && flags[6]);
            desk.terms.automatic_sending = !(flags[6] && flags[7]);
            desk.thread.automatic_replies_to_address = sent;
            desk
        },
    )
}

proptest! {
    #[test]
    fn the_same_facts_give_the_same_decision(desk in any_desk()) {
        prop_assert_eq!(desk.decide(), desk.decide());
    }

    #[test]
    fn a_threat_or_a_wish_for_a_person_is_never_answered_by_itself(desk in any_desk()) {
        let decision = desk.decide();
        if desk.reading.threat() || desk.reading.must_escalate() {
            prop_assert_eq!(decision.action, Action::Hold);
            prop_assert!(!sent(&desk, &decision));
        }
    }

    /// Our own templates never say more than what was decided, whatever was decided.
    #[test]
    fn every_draft_of_ours_passes_the_guard(desk in any_desk()) {
        let decision = desk.decide();
        let templates = Templates::master().unwrap();
        if let Some(draft) = compose(&decision, &desk.terms, &desk.sender, "x", &templates).unwrap() {
            let context = Context { decision: &decision, terms: &desk.terms, sender: &desk.sender, subject: "x" };
            prop_assert_eq!(inspect(&draft, &context), vec![], "{}", draft.text());
        }
    }

    #[test]
    fn a_negative_ruling_is_never_sent(desk in any_desk()) {
        let decision = desk.decide();
        if decision.rulings.iter().any(|ruling| ruling.verdict == Verdict::Deny) {
            prop_assert_eq!(decision.action, Action::Hold);
        }
    }

    /// Over any talk of up to twelve mails, across orders and threads: no offer above the
    /// ceiling, steps never skip or fall, and what was accepted is accepted once.
    #[test]
    fn the_ladder_keeps_its_bounds(
        talk in prop::collection::vec(any_desk(), 1..12),
        start in 1_i64..5_000, step in 0_i64..6_000, cap in 1_i64..10_000, extra in 0_i64..10_000,
        ladders in 1_u8..4,
    ) {
        let mut desk = Desk::new().with_ladder();
        let config = &mut desk.terms.rules.onderhandeling_logica.config;
        config.start_percentage = Percentage::from_basis_points(start.min(cap)).unwrap();
        config.step_percentage = Percentage::from_basis_points(step).unwrap();
        config.cap_percentage = Percentage::from_basis_points(cap).unwrap();
        config.ladders_per_customer_month = ladders;
        desk.terms.maximaal_extra_compensatie = Percentage::from_basis_points(extra).unwrap();
        let config = desk.terms.rules.onderhandeling_logica.config.clone();
        let limit = ceiling(&config, desk.terms.maximaal_extra_compensatie);
        for mail in talk {
            desk.reading = mail.reading;
            let decision = desk.decide();
            prop_assert!(decision.compensatie_percentage <= limit);
            prop_assert!(decision.compensatie_percentage <= config.cap_percentage);
            for entry in &decision.ledger {
                prop_assert!(entry.percentage <= limit);
                prop_assert!(entry.ladder_stap <= config.max_steps);
            }
            let released = sent(&desk, &decision);
            desk.record(&decision, released);
            desk.now += SignedDuration::from_mins(1);
        }
        let accepted = |order: Option<&str>| desk.thread.ledger.iter()
            .filter(|entry| entry.kind == LedgerKind::Accepted)
            .filter(|entry| entry.order_number.as_deref() == order)
            .count();
        for order in [None, Some("A-1"), Some("B-2")] {
            prop_assert!(accepted(order) <= 1, "{:?}", desk.thread.ledger);
        }
        let begun = desk.thread.ledger.iter()
            .filter(|entry| entry.kind == LedgerKind::Offered && entry.ladder_stap.number() == 1)
            .count();
        prop_assert!(begun <= usize::from(ladders), "{:?}", desk.thread.ledger);
    }
}
