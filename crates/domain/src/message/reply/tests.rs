//! Mails as Dutch and English clients write them, and the bounds of the reading.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{strip, strip_with_subject};

const QUESTION: &str = "Hallo,\n\nIk wil mijn bestelling 10234 graag retourneren.";

/// The new text is the question; what was cut off is somewhere else.
fn check(rest: &str) {
    let stripped = strip(&format!("{QUESTION}\n\n{rest}"));
    assert_eq!(stripped.new_text, QUESTION, "with {rest:?}");
}

#[test]
fn introductions_of_dutch_and_english_clients() {
    for introduction in [
        "Op ma 3 mrt 2025 om 10:12 schreef Winkel Voorbeeld <info@voorbeeld.nl>:",
        "Op ma 3 mrt 2025 om 10:12 schreef Winkel Voorbeeld <\ninfo@voorbeeld.nl>:",
        "Op 3 mrt. 2025, om 10:12 heeft Winkel Voorbeeld <info@voorbeeld.nl> het volgende geschreven:",
        "Op 3 mrt. 2025 om 10:12 heeft Winkel Voorbeeld\n<info@voorbeeld.nl> het volgende geschreven:",
        "Op 03-03-2025 om 10:12 schreef Winkel Voorbeeld:",
        "Op maandag 3 maart 2025 10:12 schreef Winkel <info@voorbeeld.nl>:",
        "On Mon, Mar 3, 2025 at 10:12 AM Example Shop <info@example.com> wrote:",
        "On 3 Mar 2025, at 10:12, Example Shop <info@example.com> wrote:",
        "On 03/03/2025 10:12, Example Shop wrote:",
        "Am Mo., 3. März 2025 um 10:12 Uhr schrieb Laden <info@laden.de>:",
        "Le lun. 3 mars 2025 à 10:12, Boutique <info@boutique.fr> a écrit :",
        "Citeren Winkel <info@voorbeeld.nl>:",
    ] {
        check(&format!("{introduction}\n\n> Beste klant,\n>\n> Wij willen u 15% teruggeven.\n"));
    }
    // Without quote marks only an introduction with an address, or of a known form, will do.
    check(
        "Op ma 3 mrt 2025 om 10:12 schreef Winkel <info@voorbeeld.nl>:\n\nWij geven u 15% terug.",
    );
}

#[test]
fn header_blocks_and_separators() {
    for header in [
        "Van: Winkel <info@voorbeeld.nl>\nVerzonden: maandag 3 maart 2025 10:12\nAan: Jan\nOnderwerp: Retour",
        "Van: Winkel [mailto:info@voorbeeld.nl]\nVerzonden: maandag 3 maart 2025 10:12\nAan: Jan\nOnderwerp: Retour",
        "*Van:* Winkel <info@voorbeeld.nl>\n*Verzonden:* maandag 3 maart 2025\n*Onderwerp:* Retour",
        "________________________________\nVan: Winkel <info@voorbeeld.nl>\nVerzonden: maandag 3 maart 2025\nAan: Jan\nOnderwerp: Retour",
        "-----Oorspronkelijk bericht-----\nVan: Winkel\nVerzonden: maandag 3 maart 2025 10:12\nAan: Jan\nOnderwerp: Retour",
        "-------- Oorspronkelijk bericht --------\nVan: Winkel <info@voorbeeld.nl>\nDatum: 03-03-2025 10:12 (GMT+01:00)\nAan: jan@klant.nl\nOnderwerp: Retour",
        "From: Shop <info@example.com>\nSent: Monday, March 3, 2025 10:12 AM\nTo: Jan\nSubject: Return",
        "-----Original Message-----\nFrom: Shop\nSent: Monday, March 3, 2025\nTo: Jan\nSubject: Return",
        "---- Op ma, 03 mrt 2025 10:12:00 +0100 info@voorbeeld.nl schreef ----",
    ] {
        check(&format!("{header}\n\nWij willen u 15% teruggeven.\n"));
    }
}

#[test]
fn lines_of_mobile_clients_are_signatures() {
    for line in [
        "Verstuurd vanaf mijn iPhone",
        "Verzonden vanaf mijn Samsung Galaxy-smartphone.",
        "Verstuurd vanuit Outlook voor Android<https://aka.ms/AAb9ysg>",
        "Download Outlook voor iOS<https://aka.ms/o0ukef>",
        "Outlook voor Android downloaden<https://aka.ms/AAb9ysg>",
        "Verzonden vanuit Mail voor Windows",
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Sent from Yahoo Mail on Android",
        "Sent with Proton Mail secure email.",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
    ] {
        check(line);
        assert_eq!(strip(&format!("{QUESTION}\n\n{line}")).signature, line);
    }
}

#[test]
fn closings_are_set_apart_but_shown() {
    for closing in [
        "Met vriendelijke groet,\nJan de Vries",
        "Mvg Jan",
        "Groetjes, Anna",
        "Alvast bedankt!\nAnna",
        "Kind regards,\n\nJan de Vries\nKerkstraat 12\n1234 AB Utrecht\n06-12345678",
    ] {
        check(closing);
        let stripped = strip(&format!("{QUESTION}\n\n{closing}"));
        assert_eq!(stripped.closing, closing);
        assert!(stripped.readable.ends_with(closing), "{stripped:?}");
    }
    check("-- \nJan de Vries\nwww.example.nl");
}

#[test]
fn what_is_said_below_a_closing_is_kept() {
    let stripped = strip("Ik wil ruilen.\n\nGroeten,\nAnna\n\nPS: kan het ook een maat groter?");
    assert_eq!(stripped.new_text, "Ik wil ruilen.\n\nPS: kan het ook een maat groter?");
    let below =
        "Ik wil ruilen.\n\nVerstuurd vanaf mijn iPhone\n\nO ja, en ik schakel mijn advocaat in.";
    assert!(
        strip(below).new_text.contains("advocaat"),
        "words below a phone's line are the customer's"
    );
}

#[test]
fn sentences_that_look_like_headers_stay() {
    for text in [
        "Op maandag schreef ik jullie al:\n\nmijn pakket is stuk.",
        "Op 3 maart 2025 om 10:12 schreef ik jullie het volgende:\n\nmijn pakket is stuk.",
        "Op 3 maart 2025 schreef uw collega Sanne mij:\n\nu krijgt uw geld terug.",
        "Op 12 februari heb ik besteld.\nDatum: 12 februari\nOnderwerp: retour\nIk hoor graag.",
        "Naam: Jan\nVan: Utrecht\nNaar: Amsterdam\nIk wil het adres wijzigen.",
        "Verstuurd vanaf het postkantoor in Zwolle op 3 maart, maar nooit aangekomen.",
        "With regards to my order:\nit never came.",
        "Prijzen:\n------------\nBroek 10 euro\nJas 20 euro\nKunnen jullie dit bevestigen?",
    ] {
        assert_eq!(strip(text).new_text, text);
    }
}

#[test]
fn answers_between_quotes_are_kept() {
    let text = "Op ma 3 mrt 2025 om 10:12 schreef Winkel <info@voorbeeld.nl>:\n\n\
        > Wat is uw ordernummer?\n\n10234\n\n> Wilt u ruilen of uw geld terug?\n\nGeld terug graag.\n";
    let stripped = strip(text);
    assert_eq!(stripped.new_text, "10234\n\nGeld terug graag.");
    assert!(stripped.readable.contains("> Wat is uw ordernummer?"), "{stripped:?}");
    let tight = "> Wilt u 15% korting en het artikel houden, of liever alles terugsturen?\nnee, alles terug\n> Groet";
    assert_eq!(strip(tight).new_text, "nee, alles terug");
}

#[test]
fn a_forward_is_read() {
    let text = "Zie hieronder, klopt dit?\n\n---------- Doorgestuurd bericht ---------\nVan: Winkel Voorbeeld <Info@Voorbeeld.nl>\n\
        Datum: ma 3 mrt 2025 om 10:12\nOnderwerp: Uw retour\nAan: Jan <jan@klant.nl>, piet@klant.nl\n\n\nU krijgt 15% terug.\n";
    let stripped = strip(text);
    let forwarded = stripped.forwarded.unwrap();
    assert_eq!(stripped.new_text, "Zie hieronder, klopt dit?");
    assert_eq!(forwarded.note, "Zie hieronder, klopt dit?");
    assert_eq!(forwarded.subject, "Uw retour");
    assert_eq!(
        (forwarded.from.name.as_str(), forwarded.from.email.as_str()),
        ("Winkel Voorbeeld", "info@voorbeeld.nl")
    );
    assert_eq!(
        forwarded.to.iter().map(|to| to.email.as_str()).collect::<Vec<_>>(),
        ["jan@klant.nl", "piet@klant.nl"]
    );
    assert_eq!(forwarded.body, "U krijgt 15% terug.");
}

#[test]
fn the_subject_tells_a_forward_from_a_reply() {
    let text = "Van: Winkel <info@voorbeeld.nl>\nVerzonden: maandag 3 maart 2025\nAan: Jan\nOnderwerp: Retour\n\nU krijgt 15% terug.";
    let text = format!("Klopt dit?\n\n{text}");
    assert!(strip_with_subject("RE: Retour", &text).forwarded.is_none());
    let forwarded = strip_with_subject("FW: Retour", &text).forwarded.unwrap();
    assert_eq!(
        (forwarded.note.as_str(), forwarded.body.as_str()),
        ("Klopt dit?", "U krijgt 15% terug.")
    );
}

#[test]
fn something_is_always_left() {
    for text in
        ["> Alleen een quote.", "Groetjes, Anna", "-- \nJan", "Verstuurd vanaf mijn iPhone", "👍"]
    {
        assert!(!strip(text).new_text.is_empty(), "{text:?}");
    }
    assert_eq!(strip(" \n\n").new_text, "");
}

/// The worst kinds of lines, a part of a megabyte of each and five of all: the square would take days.
#[test]
fn long_mails_take_linear_time() {
    let pieces = [
        "Op 3 mrt 2025 om 10:12 schreef\n",
        "> > > a\n",
        "Van: a@b\n",
        "a\n",
        "\n",
        "--\n",
        "On 1\n\n",
        "Groeten,\n",
        "<",
        "a@",
        "-- On 1",
        "----- Forwarded Message ----- From: a@b",
        "> ",
        "Mvg \n",
        "____________\n",
        "1 januari 2025 12:00 a@b\n",
    ];
    let texts = pieces.iter().map(|piece| piece.repeat(300_000 / piece.len()));
    for text in texts.chain([pieces.concat().repeat(5_000_000 / pieces.concat().len())]) {
        let start = Instant::now();
        let stripped = strip(&text);
        let took = start.elapsed();
        let piece: String = text.chars().take(20).collect();
        assert!(took < Duration::from_mins(2), "{piece:?} took {took:?}");
        assert!(!stripped.new_text.is_empty() || text.trim().is_empty());
    }
}

fn any_mail() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~äé>|\n]{0,30}",
        Just("Op 3 mrt 2025 om 10:12 schreef Jan <jan@x.nl>:\n".to_owned()),
        Just("Van: Jan <jan@x.nl>\nAan: Piet\nOnderwerp: ß€\n".to_owned()),
        Just("----- Doorgestuurd bericht -----".to_owned()),
        Just("> ".to_owned()),
        Just("Groetjes, ".to_owned()),
        Just("-- \n".to_owned()),
        "\\PC{0,12}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_or_vanishes(subject in "\\PC{0,20}", text in any_mail()) {
        let stripped = strip_with_subject(&subject, &text);
        prop_assert_eq!(stripped.new_text.is_empty(), text.trim().is_empty());
    }

    #[test]
    fn plain_words_stay_as_they_are(words in proptest::collection::vec("[a-z]{1,8}", 1..40)) {
        let text = words.join(" ");
        prop_assert_eq!(strip(&text).new_text, text);
    }
}

/// Hazard C33: indented by a blank of two bytes beside one of one byte.
#[test]
fn c33_a_forwarded_line_with_a_wide_blank_is_kept() {
    let text = "Begin doorgestuurd bericht:\n\nVan: Jan <jan@klant.example>\nOnderwerp: x\n\n een\n\u{a0}twee\n";
    let forwarded = strip_with_subject("Fwd: x", text).forwarded.unwrap();
    assert_eq!(forwarded.body, "een\ntwee");
}
