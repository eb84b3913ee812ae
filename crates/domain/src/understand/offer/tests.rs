//! How answers read: the cases in `cases.toml`, and which offers are open.

use serde::Deserialize;

use super::*;
use crate::understand::Earlier;

#[derive(Deserialize)]
struct Cases {
    answers: Vec<Answers>,
    counters: Vec<Counters>,
}

/// Texts that all answer the same.
#[derive(Deserialize)]
struct Answers {
    offered: String,
    response: String,
    texts: Vec<String>,
}

/// Texts that ask for something else.
#[derive(Deserialize)]
struct Counters {
    offered: String,
    texts: Vec<Counter>,
}

#[derive(Deserialize)]
struct Counter {
    says: String,
    percentage: Option<i64>,
    amount: Option<i64>,
}

const TEN: &str = "Wil je het artikel liever houden? Dan bieden we je, geheel vrijblijvend, 10% van \
                   de aankoopprijs terug. Laat het ons weten als je dat wilt.";
const TEN_EN: &str = "Would you rather keep the item? Then we offer you, entirely without \
                      obligation, 10% of the purchase price back. Let us know.";

fn cases() -> Cases {
    toml::from_str(include_str!("cases.toml")).unwrap()
}

fn answer_to(offered: &str, text: &str) -> Option<Answer> {
    let offer = offer_in(&fold(offered), Setting::Last).unwrap();
    response(offer, text, "Re: x", &super::learned::WEIGHTS)
}

#[test]
fn what_a_text_answers() {
    let mut wrong = Vec::new();
    for group in cases().answers {
        for text in &group.texts {
            let got = answer_to(&group.offered, text).map(|it| it.response);
            let got = got.map_or("none".to_owned(), |it| it.to_string());
            if got != group.response {
                wrong.push(format!("{} expected, {got} read: {text}", group.response));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_number_asked_for() {
    let mut wrong = Vec::new();
    for group in cases().counters {
        for Counter { says, percentage, amount } in &group.texts {
            let got = answer_to(&group.offered, says);
            let found = got.map(|it| (it.percentage.map(i64::from), it.amount.map(|it| it.0)));
            let counters = got.is_some_and(|it| it.response == OfferResponse::Counter);
            if !counters || found != Some((*percentage, *amount)) {
                wrong.push(format!("{percentage:?} {amount:?} expected, {got:?} read: {says}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_an_open_offer_of_money_is_answered() {
    for text in [
        "We hebben je retour van bestelling 1 ontvangen. Je krijgt 54,95 terug.",
        "You can return within 100 days, free pick-up included.",
        "Sleep tight! Monitors now 15% off",
        "Alleen deze week: 15% op alle stadsfietsen!",
        "The coat shows signs of wear. We will deduct 40%.",
        "Zullen we hem omruilen voor een M? Dan mail ik het label.",
        "Your order has shipped. Total: € 35,00.",
    ] {
        assert_eq!(offer_in(&fold(text), Setting::Quoted), None, "{text}");
    }
}

#[test]
fn the_offered_amount() {
    for (text, hundredths, unit) in [
        (TEN, 1000, Unit::Percent),
        (TEN_EN, 1000, Unit::Percent),
        ("Voor de pixels op je monitor (299 euro) geven we je graag € 25 terug.", 2500, Unit::Euro),
        ("Zullen we je een bon van 7,50 sturen?", 750, Unit::Euro),
        ("Sorry again! 10% to make up for it?", 1000, Unit::Percent),
        ("Would EUR 12.50 be acceptable for the creased sheets?", 1250, Unit::Euro),
        ("Hi, we could do 18%, would that be OK?", 1800, Unit::Percent),
        ("We'd like to give you twenty per cent back.", 2000, Unit::Percent),
    ] {
        let found = offer_in(&fold(text), Setting::Quoted).map(|it| (it.hundredths, it.unit));
        assert_eq!(found, Some((Some(hundredths), unit)), "{text}");
    }
}

#[test]
fn the_last_word_of_the_shop_needs_few_words_to_offer() {
    for text in ["Hi Ann, 12%?", "Hallo Corine, als gebaar 15 euro?", "Tien procentjes dan."] {
        assert!(offer_in(&fold(text), Setting::Last).is_some(), "{text}");
        assert!(offered_in(&[(true, text)]).is_some_and(|it| it.latest), "{text}");
    }
    for text in ["Je bestelling van € 40 is onderweg.", "Wat is je ordernummer?"] {
        assert!(offer_in(&fold(text), Setting::Last).is_none(), "{text}");
    }
}

fn offered_in(thread: &[(bool, &str)]) -> Option<Offer> {
    let thread: Vec<Earlier<'_>> =
        thread.iter().map(|(by_shop, body)| Earlier { by_shop: *by_shop, body }).collect();
    offer(&Input { thread: &thread, ..Input::default() }, "")
}

#[test]
fn the_latest_offer_of_the_shop_is_open_until_it_is_agreed() {
    let accepted = "Fijn, dan spreken we af dat je 10% van de aankoopprijs terugkrijgt.";
    let found = offered_in(&[(true, TEN), (false, "nee"), (true, "15% dan?")]);
    assert_eq!(found.and_then(|it| it.hundredths), Some(1500));
    assert_eq!(offered_in(&[(true, TEN), (true, accepted)]), None);
    assert_eq!(offered_in(&[(false, "Ik wil 20% korting.")]), None);
    let earlier = offered_in(&[(true, TEN), (true, "Welke maat zoek je?")]);
    assert_eq!(earlier.map(|it| it.latest), Some(false));
}
