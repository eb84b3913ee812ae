//! Automatic mail by header, sender and wording; and people who must not be taken for it.

use super::{AutomaticKind, BounceReason, bounced_message_ids, classify};
use crate::message::{Address, Header, Message};

fn mail(from: &str, subject: &str, text: &str) -> Message {
    Message {
        from: Address { name: String::new(), email: from.to_owned() },
        subject: subject.to_owned(),
        text: text.to_owned(),
        ..Message::default()
    }
}

fn with(headers: &[(&str, &str)], mut message: Message) -> Message {
    message.headers = headers
        .iter()
        .map(|(name, value)| Header { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    message
}

fn kind(message: &Message) -> Option<AutomaticKind> {
    classify(message).map(|found| found.kind)
}

#[test]
fn every_header_of_the_loop_guard_tells() {
    for (name, value, expected) in [
        ("auto-submitted", "auto-replied", AutomaticKind::AutoReply),
        ("auto-submitted", "auto-generated; type=x", AutomaticKind::Notification),
        ("return-path", "<>", AutomaticKind::AutoReply),
        ("precedence", "auto_reply", AutomaticKind::AutoReply),
        ("precedence", "Bulk", AutomaticKind::Newsletter),
        ("precedence", "junk", AutomaticKind::Newsletter),
        ("precedence", "list", AutomaticKind::MailingList),
        ("list-id", "<a.example.org>", AutomaticKind::MailingList),
        ("list-post", "<mailto:a@example.org>", AutomaticKind::MailingList),
        ("list-unsubscribe", "<mailto:a@example.org>", AutomaticKind::Newsletter),
        ("x-auto-response-suppress", "DR, OOF, AutoReply", AutomaticKind::AutoReply),
        ("feedback-id", "1:2:3", AutomaticKind::Newsletter),
        ("x-autoreply", "yes", AutomaticKind::AutoReply),
        ("x-autorespond", "", AutomaticKind::AutoReply),
        ("x-auto-generated", "1", AutomaticKind::Notification),
        ("x-loop", "desk@example.nl", AutomaticKind::AutoReply),
    ] {
        let message =
            with(&[(name, value)], mail("jan@klant.nl", "Mijn pakket", "Waar blijft het?"));
        let found = classify(&message).unwrap_or_else(|| panic!("{name}: {value}"));
        assert_eq!(found.kind, expected, "{name}: {value}");
        assert!(found.told_by.starts_with(name), "{}", found.told_by);
    }
}

#[test]
fn headers_that_say_no_say_nothing() {
    for (name, value) in [
        ("auto-submitted", "no"),
        ("precedence", "normal"),
        ("x-auto-response-suppress", "None"),
        ("return-path", "<jan@klant.nl>"),
    ] {
        let message =
            with(&[(name, value)], mail("jan@klant.nl", "Mijn pakket", "Waar blijft het?"));
        assert_eq!(classify(&message), None, "{name}: {value}");
    }
}

#[test]
fn senders_that_nobody_reads() {
    for (from, expected) in [
        ("noreply@x.nl", AutomaticKind::NoReplySender),
        ("no-reply@x.nl", AutomaticKind::NoReplySender),
        ("niet-beantwoorden@x.nl", AutomaticKind::NoReplySender),
        ("do_not_reply@x.nl", AutomaticKind::NoReplySender),
        ("owner-lijst@x.nl", AutomaticKind::MailingList),
        ("lijst-request@x.nl", AutomaticKind::MailingList),
        ("lijst-bounces+jan=klant.nl@x.nl", AutomaticKind::MailingList),
        ("nieuwsbrief@x.nl", AutomaticKind::Newsletter),
        ("notifications@x.nl", AutomaticKind::Notification),
    ] {
        assert_eq!(kind(&mail(from, "Bericht", "Hallo")), Some(expected), "{from}");
    }
    let mut form = mail("noreply@shop.nl", "Contactformulier", "Waar is mijn pakket?");
    form.reply_to = Some(Address { name: "Jan".into(), email: "jan@klant.nl".into() });
    assert_eq!(classify(&form), None, "a contact form carries a customer");
}

#[test]
fn absences_and_answers_by_their_wording() {
    for (subject, text, expected) in [
        (
            "Automatisch antwoord: Uw retour",
            "Ik ben met vakantie tot 3 maart.",
            AutomaticKind::OutOfOffice,
        ),
        (
            "Automatic reply: Your return",
            "I am out of office until Monday.",
            AutomaticKind::OutOfOffice,
        ),
        (
            "Re: Uw retour",
            "Ik ben momenteel niet aanwezig. Ik ben weer bereikbaar op 3 maart.",
            AutomaticKind::OutOfOffice,
        ),
        (
            "Abwesenheitsnotiz: Ihre Retoure",
            "Ich bin bis zum 3. März nicht im Büro.",
            AutomaticKind::OutOfOffice,
        ),
        (
            "Réponse automatique : votre retour",
            "Je suis absent jusqu'au 3 mars.",
            AutomaticKind::OutOfOffice,
        ),
        (
            "Re: hello",
            "This is an automated response. We will answer soon.",
            AutomaticKind::AutoReply,
        ),
        ("Ontvangstbevestiging", "Wij hebben uw bericht ontvangen.", AutomaticKind::AutoReply),
        (
            "Re: vraag",
            "Dit is een automatisch gegenereerd bericht, gelieve niet te antwoorden.",
            AutomaticKind::AutoReply,
        ),
    ] {
        assert_eq!(kind(&mail("x@bedrijf.nl", subject, text)), Some(expected), "{subject}");
    }
}

#[test]
fn people_are_left_alone() {
    for (subject, text) in [
        ("Vakantie: pakket komt te laat", "Wij gaan vrijdag op vakantie, komt het pakket nog?"),
        ("Retour", "Mijn pakket kon niet worden bezorgd, zegt de koerier. Wat nu?"),
        ("Undeliverable package", "The courier says my parcel could not be delivered."),
        (
            "Re: Uw bestelling",
            "Bedankt!\n\nOp 3 mrt 2025 om 10:12 schreef Winkel <a@b.nl>:\n> Dit is een automatisch gegenereerd bericht.",
        ),
        ("Afmelden", "Ik wil mij graag uitschrijven voor de nieuwsbrief."),
        ("Verlof van mijn man", "Hij is met verlof, kan ik het pakket op zijn naam ophalen?"),
        ("Bedankt voor uw bericht", "Ik stuur het morgen terug."),
    ] {
        assert_eq!(classify(&mail("jan@klant.nl", subject, text)), None, "{subject}");
    }
}

/// Hazard C11: what only sounds automatic may be a person with a right that runs from today.
#[test]
fn c11_wording_and_doubtful_names_prove_nothing() {
    let is_certain = |message: &Message| classify(message).map(|found| found.is_certain);
    for text in [
        "Ik ben op vakantie en wil mijn bestelling van vorige week herroepen.",
        "Ik ben op vakantie tot 12 december. Ik wil bestelling 1234 herroepen.",
        "Waarom staat er dat ik niet op deze e-mail kan reageren? Niet op deze e-mail reageren!",
        "Please put my name on the guest list and cancel order 1234.",
    ] {
        let said = is_certain(&mail("jan@klant.nl", "Bestelling 1234", text));
        assert_ne!(said, Some(true), "{text}");
    }
    for text in [
        "Ik ben met vakantie tot 3 maart. Bij spoed: bel 06 12345678.",
        "I am out of office until Monday and will read your mail when I return.",
    ] {
        assert_eq!(is_certain(&mail("jan@klant.nl", "Afwezig", text)), Some(true), "{text}");
    }
    let ours = "Re: Wij hebben je bericht ontvangen";
    assert_eq!(is_certain(&mail("jan@klant.nl", ours, "Ik herroep 1234.")), Some(false));
    for local in ["marketing", "news", "updates", "system", "receipts", "robot", "nobody"] {
        let from = format!("{local}@firma.nl");
        assert_eq!(
            is_certain(&mail(&from, "Retour", "Ik stuur hem terug.")),
            Some(false),
            "{from}"
        );
    }
    assert_eq!(is_certain(&mail("no-reply@firma.nl", "Retour", "Hallo")), Some(true));
    let asks = with(
        &[("x-auto-response-suppress", "RN, NRN")],
        mail("jan@klant.nl", "Retour", "Ik stuur hem terug."),
    );
    assert_eq!(classify(&asks), None, "only receipts are not wanted");
    let told = with(&[("auto-submitted", "auto-replied")], mail("jan@klant.nl", "x", "Afwezig"));
    assert_eq!(is_certain(&told), Some(true));
}

#[test]
fn bounces_with_their_reason() {
    for (text, expected) in [
        ("<a@b.nl>: 550 5.1.1 User unknown", BounceReason::UserUnknown),
        ("<a@b.nl>: 552 5.2.2 Mailbox full", BounceReason::OverQuota),
        ("Het postvak is vol.", BounceReason::OverQuota),
        ("554 5.7.1 blocked using Spamhaus", BounceReason::Spam),
        ("Host or domain name not found", BounceReason::DomainError),
        ("552 message size exceeds limit", BounceReason::MessageTooLarge),
    ] {
        let message = mail("mailer-daemon@x.nl", "Undelivered Mail Returned to Sender", text);
        assert_eq!(kind(&message), Some(AutomaticKind::Bounce(expected)), "{text}");
    }
    let mut report = mail("beheer@x.nl", "Rapport", "");
    report.is_report = true;
    report.report = "Final-Recipient: rfc822; a@b.nl\nAction: failed\nStatus: 5.1.1\n".to_owned();
    assert_eq!(kind(&report), Some(AutomaticKind::Bounce(BounceReason::UserUnknown)));
    report.report = "Action: delayed\nStatus: 4.4.7\n".to_owned();
    assert_eq!(kind(&report), Some(AutomaticKind::DelayWarning));
    report.report = "Disposition: manual-action/MDN-sent-manually; displayed\n".to_owned();
    assert_eq!(kind(&report), Some(AutomaticKind::Notification));
}

#[test]
fn a_bounce_names_the_mail_that_bounced() {
    let mut message = mail(
        "mailer-daemon@x.nl",
        "failure notice",
        "--- Below this line is a copy\n\nMessage-ID: <two@shop.nl>\n> message-id: <three@shop.nl>\n",
    );
    message.message_id = Some("bounce@x.nl".into());
    message.reported_message_ids = vec!["one@shop.nl".into()];
    message.in_reply_to = vec!["one@shop.nl".into(), "four@shop.nl".into()];
    assert_eq!(
        bounced_message_ids(&message),
        ["one@shop.nl", "two@shop.nl", "three@shop.nl", "four@shop.nl"]
    );
}

#[test]
fn our_own_mail_coming_back_is_a_loop() {
    let mut message = mail("shop@x.nl", "Re: vraag", "Beste Jan");
    message.message_id = Some("loket1.00ff@x.nl".into());
    assert_eq!(kind(&message), Some(AutomaticKind::OwnLoop));
}

/// Hazard C19: a link or a code that proves an address is put before a person, whatever it sounds
/// like; people who write of such things are not taken for machines.
#[test]
fn c19_what_proves_an_address_is_doubtful_and_never_certain() {
    for (subject, text) in [
        ("Je verificatiecode", "Je code is 481516. Heb je dit niet aangevraagd, annuleer dan."),
        ("Bevestig je e-mailadres", "Klik op https://chat.example/v?t=1 om verder te gaan."),
        ("Welcome", "Please confirm your email: https://bank.example/c/1"),
        ("Reset", "Reset your password at https://zoek.example/r. I want to return: go back."),
        ("Hallo", "Your one-time password: 4815. If you did not request it, cancel the order."),
    ] {
        let found = classify(&mail("team@derde.example", subject, text));
        assert!(found.is_some_and(|found| !found.is_certain), "{subject}: {text}");
    }
    for text in [
        "Ik heb de bevestiging van bestelling 10234 niet gekregen.",
        "Kunt u bevestigen dat bestelling 10234 geannuleerd is?",
        "I did not ask for this size, order 10234. Please exchange it.",
        "De kortingscode ZOMER werkt niet bij bestelling 10234.",
        "Mijn wachtwoord werkt niet meer, kan ik bestelling 10234 zo retourneren?",
    ] {
        assert_eq!(classify(&mail("anna@klant.example", "Vraag", text)), None, "{text}");
    }
}
